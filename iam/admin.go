package iam

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"slices"

	"myfsio/fault"
	"myfsio/logs"
)

// adminActions are the actions of a full administrator.
var adminActions = []string{
	"list", "read", "write", "delete", "share", "policy", "create_bucket", "delete_bucket", "versioning", "tagging", "encryption", "lifecycle",
	"cors", "replication", "quota", "object_lock", "notification", "logging", "website", "iam:*",
}

// ResetAdmin gives the first administrator a new first key, enables him and ends his expiry. Where there is no
// administrator it makes one. Other users stay. A file that cannot be read is kept aside and a new one
// made. A running server takes the new key with its next request.
func ResetAdmin(o Options) (*Admin, error) {
	s, err := open(o, true)
	if err != nil {
		return nil, err
	}
	var made *Admin
	err = s.Update(func(d *Document) error {
		made = newAdmin(o)
		i := slices.IndexFunc(d.Users, func(u User) bool { return u.Admin() })
		if i < 0 {
			d.Users = append(d.Users, s.adminUser(made))
			return d.unique()
		}
		u := &d.Users[i]
		u.Enabled, u.Expires = true, Expiry{}
		u.Keys = append([]Key{s.newKey(made)}, u.Keys[min(1, len(u.Keys)):]...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// newAdmin takes the keys of the options, and random ones for those that are not given.
func newAdmin(o Options) *Admin {
	a := &Admin{AccessKey: o.AdminAccessKey, SecretKey: o.AdminSecretKey, Given: o.AdminAccessKey != "" && o.AdminSecretKey != ""}
	if a.AccessKey == "" {
		a.AccessKey = randomHex(12)
	}
	if a.SecretKey == "" {
		a.SecretKey = randomSecret(32)
	}
	return a
}

func (s *Store) adminUser(a *Admin) User {
	return User{
		ID: "u-" + randomHex(8), DisplayName: "Local Admin", Enabled: true, Keys: []Key{s.newKey(a)},
		Policies: []Policy{{Bucket: "*", Actions: slices.Clone(adminActions)}},
	}
}

func (s *Store) newKey(a *Admin) Key {
	return Key{AccessKey: a.AccessKey, SecretKey: a.SecretKey, Status: "active", CreatedAt: s.now().UTC().Format("2006-01-02T15:04:05.000000-07:00")}
}

// randomHex returns n random bytes as hexadecimal digits: access keys (8 bytes; 12 for the administrator) and user ids (8).
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}

// randomSecret returns n random bytes as URL-safe base64: secret keys (24 bytes; 32 for the administrator).
func randomSecret(n int) logs.Secret {
	b := make([]byte, n)
	rand.Read(b)
	return logs.Secret(base64.RawURLEncoding.EncodeToString(b))
}

// FindUser returns the index of the user with this id or access key.
func (d *Document) FindUser(idOrKey string) (int, error) {
	i := slices.IndexFunc(d.Users, func(u User) bool { return u.ID == idOrKey })
	if i < 0 {
		i = slices.IndexFunc(d.Users, func(u User) bool {
			return slices.ContainsFunc(u.Keys, func(k Key) bool { return k.AccessKey == idOrKey })
		})
	}
	if i < 0 {
		return -1, fault.New(fault.NoSuchUser, "There is no user %q.", clip(idOrKey))
	}
	return i, nil
}

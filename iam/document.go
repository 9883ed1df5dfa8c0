package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"myfsio/fault"
	"myfsio/logs"
)

// version is the version of the format that is written.
const version = 2

// Document is iam.json. What it holds beside the known fields is kept.
type Document struct {
	Users []User
	extra fields
}

// User is a person or a program.
type User struct {
	ID          string
	DisplayName string
	Enabled     bool
	Expires     Expiry
	Keys        []Key
	Policies    []Policy
	extra       fields
	legacy      bool // an administrator by the rule of 0.4; see Document.markLegacy
}

// Key is an access key.
type Key struct {
	AccessKey string
	SecretKey logs.Secret
	Status    string // "active"; anything else is not
	CreatedAt string
	extra     fields
}

// Policy allows actions on a bucket ("*" for all) and the keys that begin with Prefix ("" or "*" for all), or is
// an AWS document.
type Policy struct {
	Bucket   string
	Actions  []string
	Prefix   string
	Document json.RawMessage // an AWS policy document, compact; the other fields are empty then
	extra    fields
	raw      json.RawMessage // of a policy whose shape is not known: it allows nothing and is kept as it is
}

// Admin reports whether the user is an administrator.
func (u *User) Admin() bool { return u.legacy || u.holds("iam:*") }

// holds reports whether an entry for everything lists this very action.
func (u *User) holds(action string) bool {
	return slices.ContainsFunc(u.Policies, func(p Policy) bool {
		return p.short() && p.Bucket == "*" && (p.Prefix == "" || p.Prefix == "*") &&
			slices.ContainsFunc(p.Actions, func(a string) bool { return strings.EqualFold(a, action) })
	})
}

// short reports whether the policy has the short form.
func (p *Policy) short() bool { return p.raw == nil && p.Document == nil }

// markLegacy applies the rule of 0.4: where nobody holds "iam:*", those who hold "*" are administrators.
func (d *Document) markLegacy() {
	explicit := d.explicit()
	for i := range d.Users {
		u := &d.Users[i]
		u.legacy = !explicit && u.holds("*")
	}
}

// explicit reports whether somebody holds "iam:*".
func (d *Document) explicit() bool {
	return slices.ContainsFunc(d.Users, func(u User) bool { return u.holds("iam:*") })
}

// unique refuses two users or keys of the same name, and empty names.
func (d *Document) unique() error {
	ids, keys := map[string]bool{}, map[string]bool{}
	for _, u := range d.Users {
		if u.ID == "" || ids[u.ID] {
			return fault.New(fault.InvalidArgument, "The user id %q is empty or taken.", u.ID)
		}
		ids[u.ID] = true
		for _, k := range u.Keys {
			if k.AccessKey == "" || k.SecretKey == "" || keys[k.AccessKey] {
				return fault.New(fault.InvalidArgument, "The access key %q is taken, or it or its secret is empty.", k.AccessKey)
			}
			keys[k.AccessKey] = true
		}
	}
	return nil
}

// fields are the members of a JSON object that are not (yet) understood.
type fields map[string]json.RawMessage

// take moves a member to a variable and reports whether it was there and not null.
func (f fields) take(name string, to any) (bool, error) {
	raw, ok := f[name]
	delete(f, name)
	if !ok || string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return true, fmt.Errorf("%q has an unknown form", name) // the value may be a secret
	}
	return true, nil
}

// with returns a copy of f and the given members. A value that is the zero Expiry is left out.
func (f fields) with(members map[string]any) ([]byte, error) {
	all := make(map[string]any, len(f)+len(members))
	for name, raw := range f {
		all[name] = raw
	}
	for name, v := range members {
		all[name] = v
	}
	return json.Marshal(all)
}

// takeAll takes several members and returns the first error.
func (f fields) takeAll(to map[string]any) error {
	var errs []error
	for name, p := range to {
		if _, err := f.take(name, p); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// object reads a JSON object.
func object(b []byte) (fields, error) {
	var f fields
	if err := json.Unmarshal(b, &f); err != nil || f == nil {
		return nil, errors.New("not a JSON object")
	}
	return f, nil
}

// UnmarshalJSON reads version 1 or 2.
func (d *Document) UnmarshalJSON(b []byte) error {
	f, err := object(b)
	if err != nil {
		return err
	}
	v := 1
	if _, err := f.take("version", &v); err != nil {
		return err
	}
	if v < 1 || v > version {
		return fmt.Errorf("version %d of the file is not known", v)
	}
	var users []json.RawMessage
	if _, err := f.take("users", &users); err != nil {
		return err
	}
	d.extra, d.Users = f, make([]User, len(users))
	for i, raw := range users {
		read := d.Users[i].UnmarshalJSON
		if v == 1 {
			read = d.Users[i].readV1
		}
		if err := read(raw); err != nil {
			return fmt.Errorf("user %d: %w", i+1, err)
		}
	}
	return nil
}

// MarshalJSON writes version 2.
func (d Document) MarshalJSON() ([]byte, error) {
	users := d.Users
	if users == nil {
		users = []User{}
	}
	return d.extra.with(map[string]any{"version": version, "users": users})
}

// UnmarshalJSON reads a user of version 2.
func (u *User) UnmarshalJSON(b []byte) error {
	f, err := object(b)
	if err != nil {
		return err
	}
	*u = User{Enabled: true, extra: f}
	if _, err := f.take("enabled", &u.Enabled); err != nil {
		u.Enabled = false
	}
	return f.takeAll(map[string]any{
		"user_id": &u.ID, "display_name": &u.DisplayName, "access_keys": &u.Keys, "policies": &u.Policies, "expires_at": &u.Expires,
	})
}

// MarshalJSON writes a user of version 2.
func (u User) MarshalJSON() ([]byte, error) {
	m := map[string]any{
		"user_id": u.ID, "display_name": u.DisplayName, "enabled": u.Enabled,
		"access_keys": append([]Key{}, u.Keys...), "policies": append([]Policy{}, u.Policies...),
	}
	if u.Expires != (Expiry{}) {
		m["expires_at"] = u.Expires
	}
	return u.extra.with(m)
}

// UnmarshalJSON reads an access key.
func (k *Key) UnmarshalJSON(b []byte) error {
	f, err := object(b)
	if err != nil {
		return err
	}
	*k = Key{Status: "active", extra: f}
	if _, err := f.take("status", &k.Status); err != nil {
		k.Status = "unknown"
	}
	return f.takeAll(map[string]any{"access_key": &k.AccessKey, "secret_key": (*string)(&k.SecretKey), "created_at": &k.CreatedAt})
}

// MarshalJSON writes an access key, with its secret.
func (k Key) MarshalJSON() ([]byte, error) {
	m := map[string]any{"access_key": k.AccessKey, "secret_key": k.SecretKey.Reveal(), "status": k.Status}
	if k.CreatedAt != "" {
		m["created_at"] = k.CreatedAt
	}
	return k.extra.with(m)
}

// UnmarshalJSON reads a policy; one of an unknown shape is kept and allows nothing.
func (p *Policy) UnmarshalJSON(b []byte) error {
	*p = Policy{}
	f, err := object(b)
	if _, ok := f["Statement"]; ok && f["actions"] == nil && f["bucket"] == nil {
		p.Document = compact(b)
		return nil
	}
	if err == nil && f["Statement"] != nil {
		err = errors.New("both forms at once")
	}
	if err == nil {
		err = f.takeAll(map[string]any{"bucket": &p.Bucket, "actions": &p.Actions, "prefix": &p.Prefix})
	}
	if err != nil {
		*p = Policy{raw: slices.Clone(b)}
		return nil
	}
	p.extra = f
	return nil
}

// MarshalJSON writes a policy.
func (p Policy) MarshalJSON() ([]byte, error) {
	switch {
	case p.raw != nil:
		return p.raw, nil
	case p.Document != nil:
		return p.Document, nil
	}
	m := map[string]any{"bucket": p.Bucket, "actions": append([]string{}, p.Actions...)}
	if p.Prefix != "" {
		m["prefix"] = p.Prefix
	}
	return p.extra.with(m)
}

func compact(b []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil {
		return slices.Clone(b)
	}
	return out.Bytes()
}

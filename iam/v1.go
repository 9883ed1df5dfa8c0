package iam

import (
	"slices"

	"myfsio/logs"
)

// widened are the actions that were split off others after version 1.
var widened = map[string][]string{
	"write":  {"create_bucket"},
	"delete": {"delete_bucket"},
	"policy": {"versioning", "tagging", "encryption", "quota", "object_lock", "notification", "logging", "website", "cors", "lifecycle", "replication", "share"},
}

// readV1 reads a user of version 1, who has one access key and is named by it:
//
//	{"access_key", "secret_key", "display_name"?, "policies", "expires_at"?}
func (u *User) readV1(b []byte) error {
	f, err := object(b)
	if err != nil {
		return err
	}
	*u = User{Enabled: true, extra: f}
	var access, secret string
	err = f.takeAll(map[string]any{
		"access_key": &access, "secret_key": &secret, "display_name": &u.DisplayName, "policies": &u.Policies, "expires_at": &u.Expires,
	})
	if err != nil {
		return err
	}
	if _, err := f.take("enabled", &u.Enabled); err != nil {
		u.Enabled = false
	}
	u.ID = access
	if u.DisplayName == "" {
		u.DisplayName = access
	}
	u.Keys = []Key{{AccessKey: access, SecretKey: logs.Secret(secret), Status: "active"}}
	for i := range u.Policies {
		u.Policies[i].widen()
	}
	return nil
}

func (p *Policy) widen() {
	for _, a := range slices.Clone(p.Actions) {
		for _, more := range widened[a] {
			if !slices.Contains(p.Actions, more) {
				p.Actions = append(p.Actions, more)
			}
		}
	}
}

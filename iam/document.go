package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
}

// Key is an access key.
type Key struct {
	AccessKey string
	SecretKey logs.Secret
	Status    string // "active"; anything else is not
	CreatedAt string
	extra     fields
}

// Policy allows actions on a bucket ("*" for all) and the keys that begin with Prefix ("" or "*" for all).
type Policy struct {
	Bucket  string
	Actions []string
	Prefix  string
	// Document is an AWS policy document; the other fields are empty then.
	Document json.RawMessage
	extra    fields
	raw      json.RawMessage // of a policy whose shape is not known: it allows nothing and is kept as it is
}

// Admin reports whether the user is an administrator.
func (u *User) Admin() bool {
	return slices.ContainsFunc(u.Policies, func(p Policy) bool {
		return p.Bucket == "*" && (p.Prefix == "" || p.Prefix == "*") && (slices.Contains(p.Actions, "*") || slices.Contains(p.Actions, "iam:*"))
	})
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
	if p.raw != nil {
		return p.raw, nil
	}
	m := map[string]any{"bucket": p.Bucket, "actions": append([]string{}, p.Actions...)}
	if p.Prefix != "" {
		m["prefix"] = p.Prefix
	}
	return p.extra.with(m)
}

// Expiry is when credentials end. The zero value is never.
type Expiry struct {
	raw string // JSON, as in the file
	at  time.Time
	bad bool // cannot be read: taken as passed
}

// ExpiresAt returns the expiry at t.
func ExpiresAt(t time.Time) Expiry {
	t = t.UTC()
	return Expiry{raw: `"` + t.Format("2006-01-02T15:04:05.999999-07:00") + `"`, at: t}
}

// ParseExpiry reads an ISO 8601 date and time; without a zone it is in UTC. "" is never.
func ParseExpiry(s string) (Expiry, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Expiry{}, nil
	}
	iso := strings.Replace(s, " ", "T", 1)
	for _, layout := range [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, iso); err == nil { // fractions of seconds are read with each layout
			return ExpiresAt(t), nil
		}
	}
	return Expiry{}, fault.New(fault.InvalidArgument, "An expiry must look like 2031-05-01T12:00:00Z.")
}

// Passed reports whether the credentials have ended at now.
func (e Expiry) Passed(now time.Time) bool { return e.bad || e.raw != "" && !now.Before(e.at) }

// Time returns when the credentials end; ok is false for never and for what cannot be read.
func (e Expiry) Time() (t time.Time, ok bool) { return e.at, e.raw != "" && !e.bad }

// UnmarshalJSON reads a string; anything else that is not null has passed.
func (e *Expiry) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	if err == nil {
		*e, err = ParseExpiry(s)
	}
	if err != nil {
		*e = Expiry{bad: true}
	}
	if *e != (Expiry{}) {
		e.raw = string(b)
	}
	return nil
}

// MarshalJSON writes what was read.
func (e Expiry) MarshalJSON() ([]byte, error) {
	if e.raw == "" {
		return []byte("null"), nil
	}
	return []byte(e.raw), nil
}

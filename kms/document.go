package kms

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// States of keys.
const (
	stateEnabled  = "Enabled"
	stateDisabled = "Disabled"
	statePending  = "PendingDeletion"
)

// document is kms_keys.json.
type document struct {
	Keys        []*key   `json:"keys"`
	Aliases     []*alias `json:"aliases,omitempty"`
	MasterKeyID string   `json:"MasterKeyId,omitempty"` // hexadecimal; "" in files of 0.4.0: the key in force
	extra       fields
}

type key struct {
	KeyID                string     `json:"KeyId"`
	Arn                  string     `json:"Arn"`
	Description          string     `json:"Description"`
	CreationDate         string     `json:"CreationDate"`
	Enabled              bool       `json:"Enabled"`
	KeyState             string     `json:"KeyState"`
	KeyUsage             string     `json:"KeyUsage"`
	KeySpec              string     `json:"KeySpec"`
	DeletionDate         string     `json:"DeletionDate,omitempty"`
	MaterialVersion      uint32     `json:"MaterialVersion,omitempty"` // of EncryptedKeyMaterial; 0 is 1
	EncryptedKeyMaterial string     `json:"EncryptedKeyMaterial,omitempty"`
	OldKeyMaterial       []material `json:"OldKeyMaterial,omitempty"`
	KeyMaterial          string     `json:"KeyMaterial,omitempty"` // in clear, of early releases; the next change seals it
	extra                fields
}

// material is an earlier version of a key's material.
type material struct {
	Version              uint32
	EncryptedKeyMaterial string
	RotationDate         string // when the next version came
}

type alias struct {
	AliasName       string `json:"AliasName"`
	TargetKeyID     string `json:"TargetKeyId"`
	CreationDate    string `json:"CreationDate"`
	LastUpdatedDate string `json:"LastUpdatedDate"`
	extra           fields
}

// maxStoredID bounds key ids of files; created ones are shorter.
const maxStoredID = 1 << 10

// dateForm is how 0.4.0 writes times.
const dateForm = "2006-01-02T15:04:05.000000-07:00"

func decode(b []byte) (*document, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		return nil, fmt.Errorf("it is no JSON object")
	}
	d := new(document)
	if err := json.Unmarshal(b, d); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, k := range d.Keys {
		if k == nil || k.KeyID == "" || len(k.KeyID) > maxStoredID || seen[k.KeyID] {
			return nil, fmt.Errorf("a KeyId is missing, too long, or there twice")
		}
		if seen[k.KeyID] = true; k.DeletionDate != "" && k.deletion().IsZero() {
			return nil, fmt.Errorf("the DeletionDate of %q is not a time", k.KeyID)
		}
		k.MaterialVersion = max(k.MaterialVersion, 1)
	}
	for _, a := range d.Aliases {
		if a == nil {
			return nil, fmt.Errorf("an alias is null")
		}
	}
	return d, nil
}

// deletion returns when the key goes, zero for never.
func (k *key) deletion() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, k.DeletionDate)
	return t
}

// due reports whether the waiting time of a deletion is over: the key exists no more.
func (k *key) due(now time.Time) bool {
	return k.KeyState == statePending && k.DeletionDate != "" && !now.Before(k.deletion())
}

// find returns the key of this very id, nil for none.
func (d *document) find(id string, now time.Time) *key {
	i := slices.IndexFunc(d.Keys, func(k *key) bool { return k.KeyID == id })
	if i < 0 || d.Keys[i].due(now) {
		return nil
	}
	return d.Keys[i]
}

func (d *document) alias(name string) *alias {
	if i := slices.IndexFunc(d.Aliases, func(a *alias) bool { return a.AliasName == name }); i >= 0 {
		return d.Aliases[i]
	}
	return nil
}

// purge removes the keys that are due and their aliases, and reports whether there were any.
func (d *document) purge(now time.Time) bool {
	gone := map[string]bool{}
	for _, k := range d.Keys {
		if k.due(now) {
			gone[k.KeyID] = true
		}
	}
	d.Keys = slices.DeleteFunc(d.Keys, func(k *key) bool { return gone[k.KeyID] })
	d.Aliases = slices.DeleteFunc(d.Aliases, func(a *alias) bool { return gone[a.TargetKeyID] })
	return len(gone) > 0
}

// fields are the members of a JSON object that are not known here.
type fields map[string]json.RawMessage

// UnmarshalJSON implements json.Unmarshaler.
func (d *document) UnmarshalJSON(b []byte) error {
	type plain document
	return split(b, (*plain)(d), &d.extra)
}

// MarshalJSON implements json.Marshaler.
func (d *document) MarshalJSON() ([]byte, error) {
	type plain document
	return join((*plain)(d), d.extra)
}

// UnmarshalJSON implements json.Unmarshaler.
func (k *key) UnmarshalJSON(b []byte) error {
	type plain key
	return split(b, (*plain)(k), &k.extra)
}

// MarshalJSON implements json.Marshaler.
func (k *key) MarshalJSON() ([]byte, error) {
	type plain key
	return join((*plain)(k), k.extra)
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *alias) UnmarshalJSON(b []byte) error {
	type plain alias
	return split(b, (*plain)(a), &a.extra)
}

// MarshalJSON implements json.Marshaler.
func (a *alias) MarshalJSON() ([]byte, error) {
	type plain alias
	return join((*plain)(a), a.extra)
}

// split reads b into the struct that v points to, and what that has no field for into extra.
func split(b []byte, v any, extra *fields) error {
	if err := json.Unmarshal(b, v); err != nil {
		return err
	}
	if err := json.Unmarshal(b, extra); err != nil {
		return err
	}
	t := reflect.TypeOf(v).Elem()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		for known := range *extra {
			if name != "" && strings.EqualFold(known, name) { // as encoding/json does
				delete(*extra, known)
			}
		}
	}
	return nil
}

// join writes the struct that v points to, and extra behind it.
func join(v any, extra fields) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil || len(extra) == 0 {
		return b, err
	}
	more, err := json.Marshal(map[string]json.RawMessage(extra))
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{b[:len(b)-1], more[1:]}, []byte{','}), nil
}

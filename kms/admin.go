package kms

import (
	"encoding/hex"
	"regexp"
	"time"

	"myfsio/ident"
)

const (
	arnPrefix   = "arn:aws:kms:local:000000000000:"
	aliasPrefix = "alias/"
	// DefaultAlias names the key of SSE-KMS for those who name none.
	DefaultAlias = "alias/aws/s3"
)

// Bounds of what may be made.
const (
	maxKeys        = 10000
	maxVersions    = 1000
	maxDescription = 8 << 10
)

var idForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)

// Metadata describes a key. Its JSON is AWS's KeyMetadata.
type Metadata struct {
	KeyID        string `json:"KeyId"`
	Arn          string
	Description  string
	CreationDate string // RFC 3339
	Enabled      bool
	KeyState     string // Enabled, Disabled, PendingDeletion
	KeyUsage     string
	KeySpec      string
	DeletionDate string `json:",omitempty"` // when a scheduled deletion takes the material
	// KeyMaterialVersion is the version that new ciphertexts are made with; each rotation adds one.
	KeyMaterialVersion uint32
}

func (k *key) metadata() Metadata {
	return Metadata{k.KeyID, k.Arn, k.Description, k.CreationDate, k.Enabled, k.KeyState, k.KeyUsage, k.KeySpec, k.DeletionDate, k.MaterialVersion}
}

// CreateKey asks for a key. All may be empty: the id is then random.
type CreateKey struct {
	KeyID       string // letters, digits, "_", "." and "-", at most 256
	Alias       string // with or without "alias/"
	Description string // at most 8 KiB
}

// Verify checks the request.
func (req *CreateKey) Verify() error {
	if req.KeyID != "" && !idForm.MatchString(req.KeyID) {
		return refuse(Validation, "A key id has 1 to 256 letters, digits and '_.-'.")
	}
	if len(req.Description) > maxDescription {
		return refuse(Validation, "The description is longer than %d bytes.", maxDescription)
	}
	if req.Alias != "" {
		return checkAlias(fullAlias(req.Alias))
	}
	return nil
}

// Create makes a key, enabled, with one version of material. It fails with AlreadyExists when the id or the alias is taken.
func (k *Keyring) Create(req CreateKey) (Metadata, error) {
	if err := req.Verify(); err != nil {
		return Metadata{}, err
	}
	if req.KeyID == "" {
		req.KeyID = ident.UUID()
	}
	var made Metadata
	err := k.update(func(c change) error {
		if c.document.find(req.KeyID, c.now) != nil {
			return refuse(AlreadyExists, "Key %s already exists.", req.KeyID)
		}
		key, err := c.add(req.KeyID, req.Description)
		if err == nil && req.Alias != "" {
			err = c.addAlias(fullAlias(req.Alias), key)
		}
		if err == nil {
			made = key.metadata()
		}
		return err
	})
	return made, err
}

// add appends a new key.
func (c change) add(id, description string) (*key, error) {
	if len(c.Keys) >= maxKeys {
		return nil, refuse(LimitExceeded, "There are %d keys, which is as many as there may be.", maxKeys)
	}
	k := &key{KeyID: id, Arn: arnPrefix + "key/" + id, Description: description, CreationDate: c.date(), Enabled: true, KeyState: stateEnabled,
		KeyUsage: "ENCRYPT_DECRYPT", KeySpec: "SYMMETRIC_DEFAULT", MaterialVersion: 1, EncryptedKeyMaterial: newMaterial(c.master)}
	c.Keys = append(c.Keys, k)
	return k, nil
}

func (c change) date() string { return c.now.UTC().Format(dateForm) }

// makeDefault makes the key of DefaultAlias unless somebody was faster.
func (k *Keyring) makeDefault() error {
	return k.update(func(c change) error {
		if c.alias(DefaultAlias) != nil {
			return nil
		}
		key, err := c.add(ident.UUID(), "Default key of SSE-KMS")
		if err != nil {
			return err
		}
		return c.addAlias(DefaultAlias, key)
	})
}

// Keys lists all keys in the order they were made.
func (k *Keyring) Keys() []Metadata {
	d, now := k.get(), k.now()
	list := make([]Metadata, 0, len(d.Keys))
	for _, key := range d.Keys {
		if !key.due(now) {
			list = append(list, key.metadata())
		}
	}
	k.purgeDue(d)
	return list
}

// Describe returns one key.
func (k *Keyring) Describe(name string) (Metadata, error) {
	key, err := k.resolve(k.get(), name)
	if err != nil {
		return Metadata{}, err
	}
	return key.metadata(), nil
}

// change runs fn on one key.
func (k *Keyring) change(name string, fn func(key *key, c change) error) (Metadata, error) {
	var m Metadata
	err := k.update(func(c change) error {
		key, err := c.lookup(name, c.now)
		if err != nil {
			return err
		}
		if err := fn(key, c); err != nil {
			return err
		}
		m = key.metadata()
		return nil
	})
	return m, err
}

// settled refuses keys that are going to be deleted.
func (k *key) settled() error {
	if k.KeyState == statePending {
		return refuse(InvalidState, "%s is pending deletion.", k.Arn)
	}
	return nil
}

// Enable lets a key be used again.
func (k *Keyring) Enable(name string) (Metadata, error) {
	return k.change(name, func(key *key, _ change) error {
		key.Enabled = true
		return key.become(stateEnabled)
	})
}

// Disable refuses all use of a key from now on, decryption too.
func (k *Keyring) Disable(name string) (Metadata, error) {
	return k.change(name, func(key *key, _ change) error {
		key.Enabled = false
		return key.become(stateDisabled)
	})
}

func (k *key) become(state string) error {
	err := k.settled()
	k.KeyState = state
	return err
}

// UpdateDescription sets the description, of at most 8 KiB.
func (k *Keyring) UpdateDescription(name, description string) (Metadata, error) {
	if len(description) > maxDescription {
		return Metadata{}, refuse(Validation, "The description is longer than %d bytes.", maxDescription)
	}
	return k.change(name, func(key *key, _ change) error {
		key.Description = description
		return key.settled()
	})
}

// Rotate gives a key new material. What was encrypted before still opens.
func (k *Keyring) Rotate(name string) (Metadata, error) {
	return k.change(name, func(key *key, c change) error {
		if err := key.usable(); err != nil {
			return err
		}
		if len(key.OldKeyMaterial)+1 >= maxVersions {
			return refuse(LimitExceeded, "%s has %d versions of material, which is as many as there may be.", key.Arn, maxVersions)
		}
		key.rotate(c.master, c.now)
		return nil
	})
}

// ScheduleDeletion refuses all use of a key from now on, and takes its material away for ever after 7 to 30 days; 0 means 30. What the key encrypted
// is lost then.
func (k *Keyring) ScheduleDeletion(name string, days int) (Metadata, error) {
	if days == 0 {
		days = 30
	}
	if days < 7 || days > 30 {
		return Metadata{}, refuse(Validation, "The waiting time is 7 to 30 days.")
	}
	return k.change(name, func(key *key, c change) error {
		key.Enabled = false
		key.DeletionDate = c.now.UTC().Add(time.Duration(days) * 24 * time.Hour).Format(dateForm)
		return key.become(statePending)
	})
}

// CancelDeletion keeps the key; it is disabled then.
func (k *Keyring) CancelDeletion(name string) (Metadata, error) {
	return k.change(name, func(key *key, _ change) error {
		if key.KeyState != statePending {
			return refuse(InvalidState, "%s is not pending deletion.", key.Arn)
		}
		key.Enabled, key.KeyState, key.DeletionDate = false, stateDisabled, ""
		return nil
	})
}

// MasterID returns the id of the master key that the material is wrapped with.
func (k *Keyring) MasterID() ([8]byte, error) {
	master, err := k.masterOf(k.get())
	if err != nil {
		return [8]byte{}, err
	}
	defer clear(master[:])
	return masterID(master), nil
}

// Rekey wraps all material with the master key of this id, which the Master must find: for [Master.Rotate]. All of it
// moves, or nothing.
func (k *Keyring) Rekey(id [8]byte) error {
	to, err := k.master.Find(id)
	if err != nil {
		return err
	}
	return k.update(func(c change) error {
		for _, key := range c.Keys {
			if err := key.rewrap(c.master, to); err != nil {
				return err
			}
		}
		c.MasterKeyID = hex.EncodeToString(id[:])
		return nil
	})
}

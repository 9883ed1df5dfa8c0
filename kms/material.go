package kms

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"myfsio/fault"
	"myfsio/gcm"
)

// sealMaterial wraps material as the file keeps it.
func sealMaterial(master, plain [32]byte) string {
	b := make([]byte, gcm.NonceSize, gcm.NonceSize+len(plain)+gcm.TagSize)
	rand.Read(b) // never fails, see crypto/rand
	return base64.StdEncoding.EncodeToString(gcm.New(master[:]).Seal(b, b, plain[:], nil))
}

func openMaterial(master [32]byte, text string) (plain [32]byte, ok bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != gcm.NonceSize+len(plain)+gcm.TagSize {
		return plain, false
	}
	p, err := gcm.New(master[:]).Open(b[gcm.NonceSize:gcm.NonceSize], b[:gcm.NonceSize], b[gcm.NonceSize:], nil)
	if err != nil {
		return plain, false
	}
	defer clear(p)
	return [32]byte(p), true
}

// open returns a version of the material. The caller wipes it.
func (k *key) open(master [32]byte, version uint32) (plain [32]byte, err error) {
	text, ok := k.EncryptedKeyMaterial, true
	if version != k.MaterialVersion {
		ok = false
		for _, m := range k.OldKeyMaterial {
			if m.Version == version {
				text, ok = m.EncryptedKeyMaterial, true
			}
		}
	}
	if !ok {
		return plain, refuse(InvalidCiphertext, "The ciphertext names key material that %s does not have.", k.Arn)
	}
	if text == "" && version == k.MaterialVersion && k.KeyMaterial != "" {
		return parseClear(k)
	}
	if plain, ok = openMaterial(master, text); !ok {
		return plain, fault.New(fault.Corrupted, "The key material of %s is damaged.", k.Arn)
	}
	return plain, nil
}

func parseClear(k *key) (plain [32]byte, err error) {
	b, err := base64.StdEncoding.DecodeString(k.KeyMaterial)
	defer clear(b)
	if err != nil || len(b) != len(plain) {
		return plain, fault.New(fault.Corrupted, "The key material of %s is damaged.", k.Arn)
	}
	return [32]byte(b), nil
}

// sealClear wraps what early releases left in clear.
func (d *document) sealClear(master [32]byte) error {
	for _, k := range d.Keys {
		if k.KeyMaterial == "" {
			continue
		}
		if k.EncryptedKeyMaterial == "" {
			plain, err := parseClear(k)
			if err != nil {
				continue // stays as it is
			}
			k.EncryptedKeyMaterial = sealMaterial(master, plain)
			clear(plain[:])
		}
		k.KeyMaterial = ""
	}
	return nil
}

// rotate adds a version.
func (k *key) rotate(master [32]byte, now time.Time) {
	k.OldKeyMaterial = append(k.OldKeyMaterial, material{k.MaterialVersion, k.EncryptedKeyMaterial, now.UTC().Format(dateForm)})
	k.MaterialVersion++
	k.EncryptedKeyMaterial = newMaterial(master)
}

func newMaterial(master [32]byte) string {
	var plain [32]byte
	rand.Read(plain[:]) // never fails, see crypto/rand
	defer clear(plain[:])
	return sealMaterial(master, plain)
}

// rewrap moves all versions from one master key to another. What does not open fails it.
func (k *key) rewrap(from, to [32]byte) error {
	move := func(text *string) error {
		plain, ok := openMaterial(from, *text)
		if !ok {
			return fmt.Errorf("the material of the key %q does not open: restore it, or delete the key, before the master key is changed", k.KeyID)
		}
		*text = sealMaterial(to, plain)
		clear(plain[:])
		return nil
	}
	for i := range k.OldKeyMaterial {
		if err := move(&k.OldKeyMaterial[i].EncryptedKeyMaterial); err != nil {
			return err
		}
	}
	return move(&k.EncryptedKeyMaterial)
}

package kms

import (
	"crypto/rand"

	"myfsio/fault"
)

// Encrypted is the answer to Encrypt and ReEncrypt.
type Encrypted struct {
	Blob        []byte
	KeyID       string // id of the key
	SourceKeyID string // of ReEncrypt
}

// Encrypt encrypts 1 to 4096 bytes under the newest material of a key, which is named by id, ARN or alias.
func (r *Keyring) Encrypt(keyID string, plain []byte, context map[string]string) (Encrypted, error) {
	if len(plain) == 0 || len(plain) > maxPlaintext {
		return Encrypted{}, refuse(Validation, "The plaintext has 1 to %d bytes.", maxPlaintext)
	}
	d := r.get()
	k, err := r.resolve(d, keyID)
	if err != nil {
		return Encrypted{}, err
	}
	blob, err := r.encrypt(d, k, plain, context)
	return Encrypted{Blob: blob, KeyID: k.KeyID}, err
}

// Decrypt opens what Encrypt, ReEncrypt or GenerateDataKey made, or release 0.4.0, and returns the id of its key. keyID names the key that the
// caller expects, "" for any.
func (r *Keyring) Decrypt(blob []byte, context map[string]string, keyID string) (Plaintext, string, error) {
	d := r.get()
	if err := r.expect(d, blob, keyID); err != nil {
		return nil, "", err
	}
	plain, k, err := r.decrypt(d, blob, context)
	if err != nil {
		return nil, "", err
	}
	return plain, k.KeyID, nil
}

// expect refuses a blob of another key than the one named.
func (r *Keyring) expect(d *document, blob []byte, keyID string) error {
	if keyID == "" {
		return nil
	}
	want, err := r.resolve(d, keyID)
	if err != nil {
		return err
	}
	if h, ok := parseBlob(blob); ok && h.keyID != want.KeyID {
		return refuse(IncorrectKey, "The ciphertext was not made with the key that the request names.")
	}
	return nil
}

// ReEncrypt is one of re-encryption: Source is the context of Blob, Destination that of the result.
type ReEncrypt struct {
	Blob                []byte
	Source, Destination map[string]string
	KeyID               string // of the destination
	SourceKeyID         string // that the caller expects, "" for any
}

// ReEncrypt moves a blob to the newest material of a key without showing what is in it.
func (r *Keyring) ReEncrypt(req ReEncrypt) (Encrypted, error) {
	d := r.get()
	to, err := r.resolve(d, req.KeyID)
	if err != nil {
		return Encrypted{}, err
	}
	if err := r.expect(d, req.Blob, req.SourceKeyID); err != nil {
		return Encrypted{}, err
	}
	plain, from, err := r.decrypt(d, req.Blob, req.Source)
	if err != nil {
		return Encrypted{}, err
	}
	defer plain.Wipe()
	blob, err := r.encrypt(d, to, plain, req.Destination)
	return Encrypted{Blob: blob, KeyID: to.KeyID, SourceKeyID: from.KeyID}, err
}

// DataKeyRequest asks for a data key: of Bytes, or of a Spec (AES_256, AES_128); of 32 bytes when neither is given.
type DataKeyRequest struct {
	KeyID   string
	Spec    string
	Bytes   int
	Context map[string]string
}

// DataKey is a random key, in clear and as a blob that Decrypt opens.
type DataKey struct {
	Plain Plaintext
	Blob  []byte
	KeyID string // id of the key that wraps it
}

// GenerateDataKey makes a data key. For "without plaintext" the caller wipes Plain and shows the rest.
func (r *Keyring) GenerateDataKey(req DataKeyRequest) (DataKey, error) {
	n, err := r.dataKeySize(req)
	if err != nil {
		return DataKey{}, err
	}
	d := r.get()
	k, err := r.resolve(d, req.KeyID)
	if err != nil {
		return DataKey{}, err
	}
	return r.dataKey(d, k, n, req.Context)
}

func (r *Keyring) dataKey(d *document, k *key, n int, context map[string]string) (DataKey, error) {
	plain := make(Plaintext, n)
	rand.Read(plain) // never fails, see crypto/rand
	blob, err := r.encrypt(d, k, plain, context)
	if err != nil {
		return DataKey{}, err
	}
	return DataKey{Plain: plain, Blob: blob, KeyID: k.KeyID}, nil
}

func (r *Keyring) dataKeySize(req DataKeyRequest) (int, error) {
	n := req.Bytes
	switch {
	case req.Spec != "" && n != 0:
		return 0, refuse(Validation, "Give either KeySpec or NumberOfBytes.")
	case req.Spec == "AES_128":
		n = 16
	case req.Spec == "AES_256", req.Spec == "" && n == 0:
		n = 32
	case req.Spec != "":
		return 0, refuse(Validation, "KeySpec is AES_256 or AES_128.")
	}
	if n < r.lo || n > r.hi {
		return 0, refuse(Validation, "A data key has %d to %d bytes.", r.lo, r.hi)
	}
	return n, nil
}

// GenerateRandom returns 1 to 1024 random bytes, 32 for 0.
func GenerateRandom(n int) (Plaintext, error) {
	if n == 0 {
		n = 32
	}
	if n < 0 || n > maxRandom {
		return nil, refuse(Validation, "NumberOfBytes is 1 to %d.", maxRandom)
	}
	b := make(Plaintext, n)
	rand.Read(b) // never fails, see crypto/rand
	return b, nil
}

// NewDataKey makes a data key for an object and returns the ARN of the key that wraps it. keyID "" means the key of the alias alias/aws/s3, which is
// made when it is missing; else it writes nothing.
func (r *Keyring) NewDataKey(keyID string, context map[string]string) (plain [32]byte, wrapped []byte, resolved string, err error) {
	d := r.get()
	if keyID == "" {
		if keyID = DefaultAlias; d.alias(keyID) == nil {
			if err := r.makeDefault(); err != nil {
				return plain, nil, "", err
			}
			d = r.get()
		}
	}
	k, err := r.resolve(d, keyID)
	if err != nil {
		return plain, nil, "", err
	}
	dk, err := r.dataKey(d, k, len(plain), context)
	if err != nil {
		return plain, nil, "", err
	}
	defer dk.Plain.Wipe()
	return [32]byte(dk.Plain), dk.Blob, k.Arn, nil
}

// OpenDataKey opens what NewDataKey wrapped, while the key is enabled.
func (r *Keyring) OpenDataKey(wrapped []byte, context map[string]string) (plain [32]byte, err error) {
	p, _, err := r.decrypt(r.get(), wrapped, context)
	if err != nil {
		return plain, err
	}
	defer p.Wipe()
	if len(p) != len(plain) {
		return plain, fault.New(fault.Corrupted, "The data key of the object has a wrong length.")
	}
	return [32]byte(p), nil
}

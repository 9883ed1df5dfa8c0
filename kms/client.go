package kms

import (
	"crypto/rand"

	"myfsio/gcm"
)

// The client's routes keep nothing: a key is made or comes with the request. The format is AES-256-GCM without additional data.

const maxClient = 1 << 20 // bytes of plaintext

// ClientAlgorithm is what the answers of the client's routes name.
const ClientAlgorithm = "AES-256-GCM"

// ClientKey makes a key of 32 bytes.
func ClientKey() Plaintext {
	k := make(Plaintext, 32)
	rand.Read(k) // never fails, see crypto/rand
	return k
}

// ClientEncrypt encrypts at most 1 MiB under a key of 32 bytes. The tag is behind the ciphertext.
func ClientEncrypt(key, plain []byte) (ciphertext, nonce []byte, err error) {
	if len(key) != 32 {
		return nil, nil, refuse(Validation, "The key has 32 bytes.")
	}
	if len(plain) > maxClient {
		return nil, nil, refuse(Validation, "The plaintext is longer than %d bytes.", maxClient)
	}
	nonce = make([]byte, gcm.NonceSize)
	rand.Read(nonce) // never fails, see crypto/rand
	return gcm.New(key).Seal(nil, nonce, plain, nil), nonce, nil
}

// ClientDecrypt opens what ClientEncrypt made.
func ClientDecrypt(key, ciphertext, nonce []byte) (Plaintext, error) {
	if len(key) != 32 || len(nonce) != gcm.NonceSize || len(ciphertext) > maxClient+gcm.TagSize {
		return nil, refuse(Validation, "The key has 32 bytes, the nonce %d, the ciphertext at most %d.", gcm.NonceSize, maxClient+gcm.TagSize)
	}
	plain, err := gcm.New(key).Open(nil, nonce, ciphertext, nil)
	if err != nil {
		return nil, refuse(InvalidCiphertext, "The ciphertext was not made with this key and nonce.")
	}
	return plain, nil
}

// Materials are a key for one object of a client that encrypts by itself.
type Materials struct {
	PlaintextKey     Plaintext
	EncryptedKey     []byte // Decrypt opens it
	KeyID            string
	Algorithm        string // ClientAlgorithm
	KeyWrapAlgorithm string // "kms"
}

// Materials returns key material for a client that encrypts by itself.
func (r *Keyring) Materials(keyID string, context map[string]string) (Materials, error) {
	dk, err := r.GenerateDataKey(DataKeyRequest{KeyID: keyID, Spec: "AES_256", Context: context})
	if err != nil {
		return Materials{}, err
	}
	return Materials{dk.Plain, dk.Blob, dk.KeyID, ClientAlgorithm, "kms"}, nil
}

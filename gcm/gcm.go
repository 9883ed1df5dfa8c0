// Package gcm makes AES-256-GCM of keys whose length is known.
package gcm

import (
	"crypto/aes"
	"crypto/cipher"
)

// The sizes of what New returns, in bytes.
const (
	KeySize   = 32
	NonceSize = 12
	TagSize   = 16
)

// New returns AES-256-GCM with nonces of NonceSize and tags of TagSize. It panics unless key has KeySize bytes. The caller may wipe key afterwards.
func New(key []byte) cipher.AEAD {
	if len(key) != KeySize {
		panic("gcm: a key of the wrong size")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the length is right
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the right block size
	}
	return aead
}

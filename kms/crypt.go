package kms

import (
	"crypto/rand"
	"encoding/binary"

	"myfsio/gcm"
)

// Bounds in bytes.
const (
	maxPlaintext = 4 << 10
	maxRandom    = 1 << 10
	maxBlob      = 6 << 10
)

const (
	blobMagic   = "\xfe\x01"
	blobHeader  = 2 // the length of the key id
	versionSize = 4
)

// header is the readable beginning of a blob.
type header struct {
	raw     []byte // all before the nonce, nil in the form of 0.4.0
	keyID   string
	version uint32
	rest    []byte // nonce and ciphertext
}

func parseBlob(b []byte) (h header, ok bool) {
	if len(b) > maxBlob {
		return h, false
	}
	rest, versioned := b, len(b) >= len(blobMagic) && string(b[:len(blobMagic)]) == blobMagic
	if versioned {
		rest = b[len(blobMagic):]
	}
	if len(rest) < blobHeader {
		return h, false
	}
	n := int(binary.BigEndian.Uint16(rest))
	rest = rest[blobHeader:]
	if n == 0 || n > maxStoredID || len(rest) < n {
		return h, false
	}
	h.keyID, h.version, rest = string(rest[:n]), 1, rest[n:]
	if versioned {
		if len(rest) < versionSize {
			return h, false
		}
		h.version, rest = binary.BigEndian.Uint32(rest), rest[versionSize:]
		h.raw = b[:len(b)-len(rest)]
	}
	h.rest = rest
	return h, len(rest) > gcm.NonceSize+gcm.TagSize
}

// encrypt makes a blob with the newest material of k.
func (r *Keyring) encrypt(d *document, k *key, plain []byte, context map[string]string) ([]byte, error) {
	extra, err := contextBytes(context)
	if err != nil {
		return nil, err
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	master, err := r.masterOf(d)
	if err != nil {
		return nil, err
	}
	material, err := k.open(master, k.MaterialVersion)
	if err != nil {
		return nil, err
	}
	defer clear(material[:])
	size := len(blobMagic) + blobHeader + len(k.KeyID) + versionSize
	b := make([]byte, 0, size+gcm.NonceSize+len(plain)+gcm.TagSize)
	b = binary.BigEndian.AppendUint16(append(b, blobMagic...), uint16(len(k.KeyID)))
	b = binary.BigEndian.AppendUint32(append(b, k.KeyID...), k.MaterialVersion)
	nonce := b[size : size+gcm.NonceSize]
	rand.Read(nonce) // never fails, see crypto/rand
	return gcm.New(material[:]).Seal(b[:size+gcm.NonceSize], nonce, plain, append(b[:size:size], extra...)), nil
}

// decrypt opens a blob and returns its key.
func (r *Keyring) decrypt(d *document, blob []byte, context map[string]string) (Plaintext, *key, error) {
	extra, err := contextBytes(context)
	if err != nil {
		return nil, nil, err
	}
	h, ok := parseBlob(blob)
	if !ok {
		return nil, nil, refuse(InvalidCiphertext, "The ciphertext is not one of this service.")
	}
	k := d.find(h.keyID, r.now())
	if k == nil {
		r.purgeDue(d)
		if h.raw == nil { // most likely no ciphertext at all
			return nil, nil, refuse(InvalidCiphertext, "The ciphertext is not one of this service, or its key does not exist.")
		}
		return nil, nil, refuse(NotFound, "The key of the ciphertext does not exist.")
	}
	if err := k.usable(); err != nil {
		return nil, nil, err
	}
	master, err := r.masterOf(d)
	if err != nil {
		return nil, nil, err
	}
	material, err := k.open(master, h.version)
	if err != nil {
		return nil, nil, err
	}
	defer clear(material[:])
	data := append(h.raw[:len(h.raw):len(h.raw)], extra...)
	plain, err := gcm.New(material[:]).Open(nil, h.rest[:gcm.NonceSize], h.rest[gcm.NonceSize:], data)
	if err != nil {
		return nil, nil, refuse(InvalidCiphertext, "The ciphertext, or the encryption context, is not what was encrypted.")
	}
	return plain, k, nil
}

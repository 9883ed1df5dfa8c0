package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
)

// Key is a secret key of 256 bits. It never prints: not by fmt with any verb, not in a log line, not in JSON or text.
type Key [32]byte

// NewKey returns a random key.
func NewKey() (k Key) {
	rand.Read(k[:]) // never fails, see crypto/rand
	return k
}

// Part returns the key of a part of the body: 0 of a body in one piece, else the number of the part. One object key gives
// unrelated keys for all numbers of 32 bits.
func (k Key) Part(n uint32) Key {
	info := binary.BigEndian.AppendUint32([]byte("myfsio part"), n)
	b, err := hkdf.Expand(sha256.New, k[:], string(info), len(k))
	if err != nil {
		panic(err) // the length is right
	}
	return take(b)
}

// Annotation returns the key of a payload that is attached to the object under a name. salt is another one for each payload that was ever
// written. It is unrelated to those of Part.
func (k Key) Annotation(salt [16]byte, name string) Key {
	info := append(append([]byte("myfsio annotation"), salt[:]...), name...)
	b, err := hkdf.Expand(sha256.New, k[:], string(info), len(k))
	if err != nil {
		panic(err) // the length is right
	}
	return take(b)
}

// take moves the bytes of a key.
func take(b []byte) (k Key) {
	copy(k[:], b)
	clear(b)
	return k
}

const masked = "***"

// String returns "***".
func (k Key) String() string { return masked }

// Format prints "***" for every verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, masked) }

// LogValue is what slog prints.
func (k Key) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText is what encoders write.
func (k Key) MarshalText() ([]byte, error) { return []byte(masked), nil }

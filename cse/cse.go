// Package cse encrypts objects before they are uploaded and decrypts them after the download: client-side encryption.
// The server sees ciphertext and wrapped keys, never a key.
//
//	key := cse.GenerateKey()                                       // keep key.Base64() somewhere safe
//	body, meta, err := cse.EncryptForUpload(plain, key, nil)       // PUT body with meta as user metadata
//	plain, err := cse.DecryptFromDownload(body, meta, key)         // with the body and user metadata of a GET
//
// # Format
//
// Each object has a random data key of 32 bytes. The metadata names are user metadata: S3 clients put "x-amz-meta-" before them.
//
//	body           AES-256-GCM under the data key: ciphertext and 16 bytes of tag, so it is 16 bytes longer than the plaintext
//	x-amz-iv       base64 of the nonce of the body, 12 bytes
//	x-amz-key      base64 of 12 bytes nonce and the data key under the customer's key: AES-256-GCM, additional data: x-amz-matdesc
//	x-amz-matdesc  a JSON object of strings: "cek-alg" and "wrap-alg" are "AES-256-GCM", the rest is the caller's, for example which key it was
//
// The names are those of the first format of the S3 encryption clients of AWS; the algorithms are not (those used AES-CBC without a tag), so neither reads the
// other's objects. Both notice. The body is encrypted in one piece, which has to be in memory.
package cse

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"myfsio/gcm"
)

// Names of the user metadata.
const (
	KeyName     = "x-amz-key"
	IVName      = "x-amz-iv"
	MatDescName = "x-amz-matdesc"
)

const (
	algorithm      = "AES-256-GCM"
	maxBody        = uint64(1<<36 - 32) // bytes of plaintext that GCM takes
	maxDescription = 1 << 10            // bytes: S3 takes 2 KiB of user metadata in all
)

// Errors of DecryptFromDownload.
var (
	ErrFormat = errors.New("cse: the metadata is not that of an object encrypted by this package")
	ErrKey    = errors.New("cse: the object was encrypted with another key, or its metadata was changed")
	ErrBody   = errors.New("cse: the body was changed")
)

// Key is the customer's key. It never prints: not by fmt, not in a log line, not in JSON or text.
type Key [32]byte

// GenerateKey returns a random key.
func GenerateKey() (k Key) {
	rand.Read(k[:]) // never fails, see crypto/rand
	return k
}

// ParseKey reads what Base64 wrote.
func ParseKey(text string) (Key, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != len(Key{}) {
		return Key{}, errors.New("cse: a key is 32 bytes in base64")
	}
	return Key(b), nil
}

// Base64 returns the key itself as text.
func (k Key) Base64() string { return base64.StdEncoding.EncodeToString(k[:]) }

const masked = "***"

// String returns "***".
func (k Key) String() string { return masked }

// Format prints "***" for every verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, masked) }

// LogValue is what slog prints.
func (k Key) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText is what encoders write.
func (k Key) MarshalText() ([]byte, error) { return []byte(masked), nil }

// EncryptForUpload encrypts one object and returns the body to upload and its user metadata. description may hold what is needed to find
// the key again: at most 1 KiB of ASCII, not secret, with names other than "cek-alg" and "wrap-alg".
func EncryptForUpload(plain []byte, key Key, description map[string]string) (body []byte, metadata map[string]string, err error) {
	if uint64(len(plain)) > maxBody {
		return nil, nil, fmt.Errorf("cse: the object is longer than %d bytes", maxBody)
	}
	matdesc, err := describe(description)
	if err != nil {
		return nil, nil, err
	}
	data := GenerateKey()
	defer clear(data[:])
	iv, wrap := make([]byte, gcm.NonceSize), make([]byte, gcm.NonceSize, gcm.NonceSize+len(data)+gcm.TagSize)
	rand.Read(iv) // never fails, see crypto/rand
	rand.Read(wrap)
	wrapped := gcm.New(key[:]).Seal(wrap, wrap, data[:], []byte(matdesc))
	return gcm.New(data[:]).Seal(nil, iv, plain, nil), map[string]string{
		KeyName: base64.StdEncoding.EncodeToString(wrapped), IVName: base64.StdEncoding.EncodeToString(iv), MatDescName: matdesc,
	}, nil
}

// DecryptFromDownload returns the plaintext of an object. metadata is the user metadata, with or without "x-amz-meta-" before the names, in upper or lower
// case; what else is there does not matter.
func DecryptFromDownload(body []byte, metadata map[string]string, key Key) ([]byte, error) {
	m := fold(metadata)
	wrapped, err := base64.StdEncoding.DecodeString(m[KeyName])
	if err != nil || len(wrapped) != gcm.NonceSize+len(key)+gcm.TagSize {
		return nil, ErrFormat
	}
	iv, err := base64.StdEncoding.DecodeString(m[IVName])
	if err != nil || len(iv) != gcm.NonceSize {
		return nil, ErrFormat
	}
	var desc map[string]string
	if json.Unmarshal([]byte(m[MatDescName]), &desc) != nil || desc["cek-alg"] != algorithm || desc["wrap-alg"] != algorithm {
		return nil, ErrFormat
	}
	data, err := gcm.New(key[:]).Open(nil, wrapped[:gcm.NonceSize], wrapped[gcm.NonceSize:], []byte(m[MatDescName]))
	if err != nil {
		return nil, ErrKey
	}
	defer clear(data)
	plain, err := gcm.New(data).Open(nil, iv, body, nil)
	if err != nil {
		return nil, ErrBody
	}
	return plain, nil
}

// describe returns the material description.
func describe(description map[string]string) (string, error) {
	all := map[string]string{}
	for name, value := range description {
		all[name] = value
	}
	if all["cek-alg"] != "" || all["wrap-alg"] != "" {
		return "", errors.New(`cse: "cek-alg" and "wrap-alg" are not for the caller to describe`)
	}
	all["cek-alg"], all["wrap-alg"] = algorithm, algorithm
	b, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	for _, c := range b {
		if c < ' ' || c > '~' || len(b) > maxDescription {
			return "", fmt.Errorf("cse: the description is ASCII of at most %d bytes", maxDescription)
		}
	}
	return string(b), nil
}

// fold brings names of metadata into the form of the constants.
func fold(metadata map[string]string) map[string]string {
	m := make(map[string]string, len(metadata))
	for name, value := range metadata {
		m[strings.TrimPrefix(strings.ToLower(name), "x-amz-meta-")] = value
	}
	return m
}

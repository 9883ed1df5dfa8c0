package iam

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"myfsio/fault"
	"myfsio/gcm"
	"myfsio/logs"
)

// A session token is
//
//	1 | 12 bytes nonce | AES-256-GCM of the JSON of sealed, with the first byte as additional data
//
// in URL-safe base64 without padding. The key is HKDF-SHA256 of the SECRET_KEY. The first byte is the version.
const (
	tokenVersion = 1
	tokenInfo    = "myfsio session token 1"
	maxToken     = 5 << 10 // bytes; a policy of 2048 takes more than half
)

// sealed is what a token holds.
type sealed struct {
	AccessKey string `json:"k"`
	Secret    string `json:"s"`
	UserID    string `json:"u"`
	Parent    string `json:"p"` // the access key that asked
	Mark      mark   `json:"m"` // of its secret then: a rotation ends the session
	Issued    int64  `json:"i"` // seconds since 1970, as Expires
	Expires   int64  `json:"e"`
	Name      string `json:"n,omitempty"`
	Policy    []byte `json:"d,omitempty"`
}

// newSealer derives the key of tokens. Without a SECRET_KEY tokens end with the process.
func newSealer(secret logs.Secret) cipher.AEAD {
	from := []byte(secret.Reveal())
	if len(from) == 0 {
		from = make([]byte, 32)
		rand.Read(from) // never fails, see crypto/rand
	}
	key, err := hkdf.Key(sha256.New, from, nil, tokenInfo, 32)
	if err != nil {
		panic(err) // the parameters are constant
	}
	return gcm.New(key)
}

func (s *Store) seal(t sealed) (string, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	b := make([]byte, 1+s.sealer.NonceSize(), 1+s.sealer.NonceSize()+len(plain)+s.sealer.Overhead())
	b[0] = tokenVersion
	rand.Read(b[1:])
	token := base64.RawURLEncoding.EncodeToString(s.sealer.Seal(b, b[1:], plain, b[:1]))
	if len(token) > maxToken { // by a user id of kilobytes
		return "", fault.New(fault.InvalidArgument, "The session would need too large a token.")
	}
	return token, nil
}

// open reports false for what another key sealed or somebody changed.
func (s *Store) open(token string) (t sealed, ok bool) {
	if strings.ContainsAny(token, "\r\n") { // which the decoder would skip
		return t, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	n := 1 + s.sealer.NonceSize()
	if err != nil || len(b) < n || b[0] != tokenVersion {
		return t, false
	}
	plain, err := s.sealer.Open(nil, b[1:n], b[n:], b[:1])
	if err != nil {
		return t, false
	}
	return t, json.Unmarshal(plain, &t) == nil && t.AccessKey != "" && t.Secret != "" && t.UserID != ""
}

package iam

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"myfsio/logs"
)

// fernet encrypts by the Fernet specification, which the files of earlier releases use:
//
//	0x80 | 8 bytes time | 16 bytes IV | AES-128-CBC, PKCS#7 | HMAC-SHA256 of all before
//
// in URL-safe base64. The standard library holds all it needs; the time is written and not judged.
type fernet struct {
	mac   []byte
	block cipher.Block
}

const (
	fernetVersion = 0x80
	fernetHeader  = 1 + 8 + aes.BlockSize
)

// newFernet derives the key from the SECRET_KEY. It takes some 20 milliseconds.
func newFernet(secret logs.Secret) *fernet {
	key, err := pbkdf2.Key(sha256.New, secret.Reveal(), []byte("myfsio-iam-encryption"), 100000, 32)
	if err != nil {
		panic(err) // the parameters are constant
	}
	block, err := aes.NewCipher(key[16:])
	if err != nil {
		panic(err) // the length is right
	}
	return &fernet{mac: key[:16], block: block}
}

func (f *fernet) encrypt(plain []byte) string {
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	t := make([]byte, fernetHeader, fernetHeader+len(plain)+pad+sha256.Size)
	t[0] = fernetVersion
	binary.BigEndian.PutUint64(t[1:], uint64(time.Now().Unix()))
	iv := t[9:fernetHeader]
	rand.Read(iv) // never fails, see crypto/rand
	t = append(t, plain...)
	t = append(t, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(f.block, iv).CryptBlocks(t[fernetHeader:], t[fernetHeader:])
	return base64.URLEncoding.EncodeToString(append(t, f.sum(t)...))
}

// decrypt reports false for a token that another key made or that was changed.
func (f *fernet) decrypt(token string) ([]byte, bool) {
	t, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(token), "="))
	if err != nil || len(t) < fernetHeader+aes.BlockSize+sha256.Size || t[0] != fernetVersion {
		return nil, false
	}
	t, sum := t[:len(t)-sha256.Size], t[len(t)-sha256.Size:]
	text := t[fernetHeader:]
	if !hmac.Equal(f.sum(t), sum) || len(text)%aes.BlockSize != 0 {
		return nil, false
	}
	cipher.NewCBCDecrypter(f.block, t[9:fernetHeader]).CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.HasSuffix(text, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, false
	}
	return text[:len(text)-pad], true
}

func (f *fernet) sum(b []byte) []byte {
	m := hmac.New(sha256.New, f.mac)
	m.Write(b)
	return m.Sum(nil)
}

// Package leak looks for secret keys where none may be: tests obtain the keys that a store really used, by unwrapping its envelopes, and search
// every file for them.
package leak

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/kv"
	"myfsio/seal"
)

// Secrets are keys, or wrapped keys, of at least 8 bytes by what they are.
type Secrets map[string]string

func (s Secrets) add(key []byte, what string) { s[string(key)] = what }

// Objects adds the keys of all objects and unfinished uploads of a metadata store: the object keys, those of parts 0 to parts, and the data keys of the
// KMS. customers are keys that clients sent; what is under others is left out. It returns how many envelopes it opened.
func (s Secrets) Objects(db kv.Reader, keys *seal.Keys, parts uint32, customers ...seal.Key) (opened int, err error) {
	for _, table := range "ovu" {
		for row, err := range kv.Scan(db, kv.Prefix([]byte{byte(table)})) {
			if err != nil {
				return opened, err
			}
			e, place, err := envelope(byte(table), row.Key, row.Value)
			if err != nil {
				return opened, fmt.Errorf("row %q: %w", row.Key, err)
			}
			if e == nil || !s.unwrap(e, place, keys, parts, customers) {
				continue
			}
			opened++
		}
	}
	return opened, nil
}

// Wrapped adds what the envelopes of a metadata store keep: wrapped object keys, salts, and data keys as the KMS wrapped them. Nobody but the server
// needs to see any of it.
func (s Secrets) Wrapped(db kv.Reader) error {
	for _, table := range "ovu" {
		for row, err := range kv.Scan(db, kv.Prefix([]byte{byte(table)})) {
			if err != nil {
				return err
			}
			e, place, err := envelope(byte(table), row.Key, row.Value)
			if err != nil {
				return err
			}
			if e == nil {
				continue
			}
			raw := e.Append(nil)
			s.add(raw[2:34], "salt of "+place.Key)
			s.add(raw[34:82], "wrapped object key of "+place.Key)
			if len(e.Wrapped) > 0 {
				s.add(e.Wrapped[:len(e.Wrapped)/3*3], "wrapped data key of "+place.Key)
			}
		}
	}
	return nil
}

// In looks into bytes.
func (s Secrets) In(data []byte, where string) []string { return s.matcher().in(data, where) }

func (s Secrets) unwrap(e *seal.Envelope, place seal.Binding, keys *seal.Keys, parts uint32, customers []seal.Key) bool {
	tries := []*seal.Key{nil}
	if e.Sort == seal.Customer {
		tries = nil
		for i := range customers {
			tries = append(tries, &customers[i])
		}
	}
	for _, customer := range tries {
		kek, err := keys.KEK(e, customer)
		if err != nil {
			continue
		}
		object, err := e.Unwrap(kek.Key, place)
		if err != nil {
			continue
		}
		s.add(object[:], "object key of "+place.Key)
		s.add(kek.Key[:], e.Sort.String()+" key of "+place.Key)
		for n := range parts + 1 {
			part := object.Part(n)
			s.add(part[:], fmt.Sprintf("key of part %d of %s", n, place.Key))
		}
		return true
	}
	return false
}

// envelope takes a row of the current versions, the old ones or the uploads apart, as doc/FORMAT.md describes them.
func envelope(table byte, key, value []byte) (e *seal.Envelope, place seal.Binding, err error) {
	place.Bucket = binary.BigEndian.Uint64(key[1:])
	place.Key = string(key[9:])
	if table != 'o' {
		escaped, id, ok := strings.Cut(string(key[9:]), "\x00\x01")
		if !ok || len(id) != 16 {
			return nil, place, fmt.Errorf("no key")
		}
		place.Key = strings.ReplaceAll(escaped, "\x00\xff", "\x00")
		if table == 'u' {
			copy(place.Version[:], id)
		}
	}
	for b := value; len(b) > 0; {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, place, protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(num, typ, b[n:])
		if size < 0 {
			return nil, place, protowire.ParseError(size)
		}
		data, _ := protowire.ConsumeBytes(b[n:])
		b = b[n+size:]
		switch {
		case num == 28:
			if e, err = seal.ParseEnvelope(data); err != nil {
				return nil, place, err
			}
		case table != 'u' && (num == 24 || num == 1 && place.Version == [16]byte{}):
			copy(place.Version[:], data)
		}
	}
	return e, place, nil
}

// Master adds the master key in force, and the material of the keys in a file of the KMS; path "" is none.
func (s Secrets) Master(masters seal.Masters, path string) error {
	_, master, err := masters.Current()
	if err != nil {
		return err
	}
	s.add(master[:], "master key")
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	type material struct{ EncryptedKeyMaterial string }
	var doc struct {
		Keys []struct {
			KeyID string `json:"KeyId"`
			material
			OldKeyMaterial []material
		} `json:"keys"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return err
	}
	block, err := aes.NewCipher(master[:])
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	for _, k := range doc.Keys {
		for _, m := range append(k.OldKeyMaterial, k.material) {
			b, err := base64.StdEncoding.DecodeString(m.EncryptedKeyMaterial)
			if err != nil || len(b) < 12 {
				return fmt.Errorf("the material of %s: %v", k.KeyID, err)
			}
			plain, err := gcm.Open(nil, b[:12], b[12:], nil)
			if err != nil {
				return fmt.Errorf("the material of %s: %w", k.KeyID, err)
			}
			s.add(plain, "material of "+k.KeyID)
		}
	}
	return nil
}

// matcher finds secrets in bytes.
type matcher map[uint64][]pattern // by their first 8 bytes

// pattern is one form of a secret.
type pattern struct{ text, what string }

// matcher knows each secret raw, and as hexadecimal and base64 text.
func (s Secrets) matcher() matcher {
	m := matcher{}
	for k, what := range s {
		b := []byte(k)
		for text, form := range map[string]string{ // some forms of a key may be the same text, which is found once
			k: "", hex.EncodeToString(b): " in hexadecimal", strings.ToUpper(hex.EncodeToString(b)): " in large hexadecimal",
			base64.RawStdEncoding.EncodeToString(b): " in base64", base64.RawURLEncoding.EncodeToString(b): " in base64 of URLs",
		} {
			p := binary.LittleEndian.Uint64([]byte(text))
			m[p] = append(m[p], pattern{text, what + form})
		}
	}
	return m
}

func (m matcher) in(data []byte, where string) (found []string) {
	for at := 0; at+8 <= len(data); at++ {
		for _, p := range m[binary.LittleEndian.Uint64(data[at:])] {
			if bytes.HasPrefix(data[at:], []byte(p.text)) {
				found = append(found, p.what+" in "+where)
			}
		}
	}
	return found
}

// Files looks into all files below dir but those that skip names, and returns what it found where.
func (s Secrets) Files(dir string, skip func(path string) bool) (found []string, err error) {
	m := s.matcher()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || skip != nil && skip(path) {
			return err
		}
		data, err := os.ReadFile(path)
		found = append(found, m.in(data, path)...)
		return err
	})
	return found, err
}

// Rows looks into all rows of a metadata store, whose files may be compressed.
func (s Secrets) Rows(db kv.Reader) (found []string, err error) {
	m := s.matcher()
	for row, err := range kv.Scan(db, kv.Range{}) {
		if err != nil {
			return found, err
		}
		where := fmt.Sprintf("row %.40q", row.Key)
		found = append(append(found, m.in(row.Key, where)...), m.in(row.Value, where)...)
	}
	return found, nil
}

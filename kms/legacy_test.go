package kms

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

type ciphertext struct {
	KeyID      string            `json:"key_id"`
	Context    map[string]string `json:"encryption_context"`
	Plaintext  []byte            `json:"plaintext_b64"`
	Ciphertext []byte            `json:"ciphertext_b64"`
}

func ciphertexts(t testing.TB) (list []ciphertext) {
	t.Helper()
	b, err := os.ReadFile("testdata/0.4.0/ciphertexts.json")
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil || len(list) == 0 {
		t.Fatal(err)
	}
	return list
}

// Files and ciphertexts that 0.4.0 wrote itself.
func TestFilesOf040(t *testing.T) {
	w := newWorld(t)
	w.legacy()
	before := w.file()
	if keys := w.Keys(); len(keys) != 4 || keys[0].KeyID != "ledger-key" || keys[2].Enabled || keys[2].KeyState != "Disabled" || keys[1].Description != "Spare" {
		t.Fatalf("%+v", keys)
	}
	list := ciphertexts(t)
	for _, c := range list {
		plain, id, err := w.Decrypt(c.Ciphertext, c.Context, "")
		if c.KeyID == "retired-key" {
			wants(t, "a disabled key", err, Disabled)
			continue
		}
		if err != nil || !bytes.Equal(plain, c.Plaintext) || id != c.KeyID {
			t.Errorf("%s: %q, %v", c.KeyID, id, err)
		}
		_, _, err = w.Decrypt(c.Ciphertext, map[string]string{"x": "y"}, "")
		wants(t, "another context", err, InvalidCiphertext)
	}
	if w.file() != before {
		t.Error("reading changed the file")
	}
	// All goes on after changes, rotations and a new master key.
	if _, err := w.Enable("retired-key"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Rotate("ledger-key"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.master.Rotate(w.Rekey); err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Keyring{w.Keyring, w.open()} {
		for _, c := range list {
			w.opens(k, c.Ciphertext, c.Context, string(c.Plaintext))
		}
	}
	for _, member := range []string{`"CreationDate": "2026-11-22T05:44:45.568004+00:00"`, `"KeySpec": "SYMMETRIC_DEFAULT"`} {
		if !strings.Contains(w.file(), member) {
			t.Errorf("%s is gone", member)
		}
	}
}

func TestClearMaterialOfEarlyReleases(t *testing.T) {
	w := newWorld(t)
	var plain [32]byte
	copy(plain[:], "an early key of thirty-two bytes")
	clear64 := base64.StdEncoding.EncodeToString(plain[:])
	w.write(`{"keys":[{"KeyId":"old","Arn":"arn:aws:kms:local:000000000000:key/old","Enabled":true,"KeyState":"Enabled","KeyMaterial":"` + clear64 + `"}]}`)
	w.Keyring = w.open()
	blob := w.encrypt("old", "text", nil)
	w.create("new", "")
	if strings.Contains(w.file(), clear64) || strings.Contains(w.file(), `"KeyMaterial"`) {
		t.Error("the material is still in clear")
	}
	w.opens(w.open(), blob, nil, "text")
}

func TestContextAsPythonWritesIt(t *testing.T) {
	for want, context := range map[string]map[string]string{
		"":                          nil,
		`{"a": "1", "b": "2"}`:      {"b": "2", "a": "1"},
		`{"\u00fcmlaut": "\u00df"}`: {"ümlaut": "ß"},
		`{"k": "\"\\\n\r\t\b\f\u0001\u007f/<>&'"}`: {"k": "\"\\\n\r\t\b\f\x01\x7f/<>&'"},
		`{"\ud83d\ude00": "\u2028"}`:               {"😀": "\u2028"},
	} {
		if got, err := contextBytes(context); err != nil || string(got) != want {
			t.Errorf("%s, want %s, %v", got, want, err)
		}
	}
	for _, bad := range []map[string]string{{"a": "\xff"}, {"\xff": ""}, {"a": strings.Repeat("x", maxContext)}} {
		_, err := contextBytes(bad)
		wants(t, "a bad context", err, Validation)
	}
}

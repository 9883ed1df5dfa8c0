package cse

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	key := GenerateKey()
	for _, plain := range []string{"", "x", strings.Repeat("sensitive data ", 10000)} {
		body, meta, err := EncryptForUpload([]byte(plain), key, map[string]string{"key": "of 2026"})
		if err != nil || len(body) != len(plain)+16 || len(meta) != 3 {
			t.Fatal(len(body), meta, err)
		}
		headers := map[string]string{"X-Amz-Meta-Other": "y"}
		for name, value := range meta {
			headers["X-Amz-Meta-"+strings.ToUpper(name)] = value
		}
		for _, m := range []map[string]string{meta, headers} {
			if got, err := DecryptFromDownload(body, m, key); err != nil || string(got) != plain {
				t.Error(err)
			}
		}
		var desc map[string]string
		if json.Unmarshal([]byte(meta[MatDescName]), &desc); desc["key"] != "of 2026" {
			t.Error(meta)
		}
		text := fmt.Sprint(meta, body, key)
		if strings.Contains(text, key.Base64()) || plain != "" && len(plain) > 20 && bytes.Contains(body, []byte(plain[:20])) {
			t.Error("something is in clear")
		}
	}
	back, err := ParseKey(key.Base64() + "\n")
	if err != nil || back != key {
		t.Error(err)
	}
	for _, bad := range []string{"", "?", key.Base64()[:40]} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
}

func TestRefusals(t *testing.T) {
	key := GenerateKey()
	body, meta, err := EncryptForUpload([]byte("hello"), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	with := func(name, value string) map[string]string {
		m := maps.Clone(meta)
		m[name] = value
		return m
	}
	_, other, _ := EncryptForUpload([]byte("hello"), key, nil)
	for name, c := range map[string]struct {
		body []byte
		meta map[string]string
		key  Key
		want error
	}{
		"another key":      {body, meta, GenerateKey(), ErrKey},
		"no metadata":      {body, nil, key, ErrFormat},
		"no iv":            {body, with(IVName, ""), key, ErrFormat},
		"long iv":          {body, with(IVName, base64.StdEncoding.EncodeToString(make([]byte, 16))), key, ErrFormat},
		"short key":        {body, with(KeyName, "AAAA"), key, ErrFormat},
		"other algorithm":  {body, with(MatDescName, `{"cek-alg":"AES/CBC/PKCS5Padding"}`), key, ErrFormat},
		"AWS's":            {body, with(MatDescName, `{}`), key, ErrFormat},
		"description":      {body, with(MatDescName, strings.Replace(meta[MatDescName], "{", "{ ", 1)), key, ErrKey},
		"of another":       {body, other, key, ErrBody},
		"iv of another":    {body, with(IVName, other[IVName]), key, ErrBody},
		"cut":              {body[:len(body)-1], meta, key, ErrBody},
		"empty":            {nil, meta, key, ErrBody},
		"a byte different": {append([]byte{body[0] ^ 1}, body[1:]...), meta, key, ErrBody},
	} {
		if plain, err := DecryptFromDownload(c.body, c.meta, c.key); err != c.want || plain != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []map[string]string{{"cek-alg": "x"}, {"a": strings.Repeat("x", 2000)}, {"a": "ü"}} {
		if _, _, err := EncryptForUpload(nil, key, bad); err == nil {
			t.Errorf("%.20v is taken", bad)
		}
	}
}

func TestKeyNeverPrints(t *testing.T) {
	k := Key([]byte(strings.Repeat("A", 32)))
	j, _ := json.Marshal([]Key{k})
	text := fmt.Sprintf("%v %+v %#v %x %s %v", k, k, k, k, &k, struct{ K Key }{k}) + string(j)
	if strings.Contains(text, "AA") || strings.Contains(text, "41") || strings.Contains(text, "65") {
		t.Error(text)
	}
}

func FuzzDecryptFromDownload(f *testing.F) {
	_, m, _ := EncryptForUpload([]byte("hello"), Key{}, nil)
	f.Add([]byte("body"), m[KeyName], m[IVName], m[MatDescName])
	f.Fuzz(func(t *testing.T, body []byte, key, iv, desc string) {
		if _, err := DecryptFromDownload(body, map[string]string{KeyName: key, IVName: iv, MatDescName: desc}, Key{}); err == nil {
			t.Fatal("a forgery")
		}
	})
}

func ExampleEncryptForUpload() {
	key := GenerateKey()
	body, meta, _ := EncryptForUpload([]byte("sensitive data"), key, nil)
	plain, _ := DecryptFromDownload(body, meta, key)
	fmt.Printf("%s %s\n", plain, meta[MatDescName])
	// Output: sensitive data {"cek-alg":"AES-256-GCM","wrap-alg":"AES-256-GCM"}
}

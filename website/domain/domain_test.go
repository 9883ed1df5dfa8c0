package domain

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"myfsio/fault"
)

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"example.com": "example.com", " Example.COM ": "example.com", "https://Example.com:8443/a/b?c#d": "example.com", "example.com.": "example.com",
		"example.com:80": "example.com", "a.b-c.d_e": "a.b-c.d_e", "localhost": "localhost", "xn--bcher-kva.example": "xn--bcher-kva.example",
		strings.Repeat("a", 63) + ".b": strings.Repeat("a", 63) + ".b",
		"":                             "", "https://": "", ".": "", "a..b": "", ".a": "", "-a.b": "", "a-.b": "", "bücher.example": "", "a b": "", "a\x00b": "", "*.a": "", "u@h": "",
		"127.0.0.1": "", "127.0.0.1:5000": "", "[::1]:5000": "", "::1": "", "[::1]": "", strings.Repeat("a", 64): "", strings.Repeat("a.", 128): "",
	} {
		got, err := normalize(in)
		if got != want || (err == nil) != (want != "") || err != nil && !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("https://Example.com:80/x")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := normalize(s)
		if err != nil {
			return
		}
		if again, err := normalize(d); err != nil || again != d || hostOf(d+":5000") != d {
			t.Fatalf("%q: %q, %q, %v", s, d, again, err)
		}
	})
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(Options{Path: path, Reserved: func(h string) bool { return h == "s3.test" || strings.HasSuffix(h, ".s3.test") }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func kind(t *testing.T, err error, want fault.Kind) {
	t.Helper()
	if !fault.Is(err, want) {
		t.Errorf("%v", err)
	}
}

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config", "website_domains.json")
	s := open(t, path)
	if l := s.List(); len(l) != 0 {
		t.Error(l)
	}
	if m, err := s.Create("https://Example.com/", "site"); err != nil || m != (Mapping{"example.com", "site"}) {
		t.Error(m, err)
	}
	_, err := s.Create("EXAMPLE.com.", "other")
	kind(t, err, fault.InvalidState)
	_, err = s.Create("a.s3.test", "other")
	kind(t, err, fault.InvalidState)
	_, err = s.Create("10.0.0.1", "other")
	kind(t, err, fault.InvalidArgument)
	_, err = s.Get("other.com")
	kind(t, err, fault.NoSuchConfig)
	_, err = s.Update("other.com", "b")
	kind(t, err, fault.NoSuchConfig)
	_, err = s.Delete("not a domain")
	kind(t, err, fault.NoSuchConfig)
	if m, err := s.Create("b.example.com", "second"); err != nil || m.Bucket != "second" {
		t.Error(m, err)
	}
	if m, err := s.Update("Example.com", "third"); err != nil || m != (Mapping{"example.com", "third"}) {
		t.Error(m, err)
	}
	again := open(t, path) // what was made is on the disk
	if got, want := again.List(), []Mapping{{"b.example.com", "second"}, {"example.com", "third"}}; !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
	for host, want := range map[string]string{"example.com": "third", "Example.Com:5000": "third", "b.example.com.": "second", "c.example.com": "", "": "", "[::1]:80": ""} {
		if got, ok := again.Bucket(host); got != want || ok != (want != "") {
			t.Errorf("%s: %s", host, got)
		}
	}
	if m, err := s.Delete("example.com:80"); err != nil || m != (Mapping{"example.com", "third"}) {
		t.Error(m, err)
	}
	if _, ok := again.Bucket("example.com"); ok { // hot reload
		t.Error("still mapped")
	}
}

// TestEdited: an edited file may hold names as people write them, and what is no mapping at all.
func TestEdited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "website_domains.json")
	write := func(doc string) {
		if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"Example.com": "a", "example.com": "b", "HTTPS://one.test/": "c", "b.s3.test": "d", "10.0.0.1": "e", "note": {"x": 1}, "empty.test": ""}`)
	s := open(t, path)
	for host, want := range map[string]string{"example.com": "b", "one.test": "c", "b.s3.test": "", "10.0.0.1": "", "note": "", "empty.test": ""} {
		if got, ok := s.Bucket(host); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s", host, got)
		}
	}
	if _, err := s.Delete("example.com"); err != nil {
		t.Error(err)
	}
	if _, err := s.Update("one.test", "z"); err != nil {
		t.Error(err)
	}
	b, _ := os.ReadFile(path)
	if got := string(b); strings.Contains(strings.ToLower(got), `"example.com"`) || !strings.Contains(got, `"note"`) || !strings.Contains(got, `"one.test": "z"`) || strings.Contains(got, "HTTPS") {
		t.Error(got)
	}
	write(`[]`) // the last good state stays in force
	if got, ok := s.Bucket("one.test"); !ok || got != "z" || s.Fault() == nil {
		t.Error(got, ok, s.Fault())
	}
	if _, err := Open(Options{Path: path}); err == nil {
		t.Error("a damaged file is opened")
	}
}

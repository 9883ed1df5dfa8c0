package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/kms"
)

// TestClientSide walks through encryption by the client as a person would.
func TestClientSide(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	plain := []byte("what nobody shall read\n")
	if err := os.WriteFile(at("plain"), plain, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("damaged"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"key", []string{"new-key", at("key")}, exitOK, ""},
		{"not over another", []string{"new-key", at("key")}, exitFailed, "exists"},
		{"another key", []string{"new-key", at("other")}, exitOK, ""},
		{"encrypt", []string{"encrypt-file", at("key"), at("plain"), at("sealed")}, exitOK, "sealed.meta.json"},
		{"not over another file", []string{"encrypt-file", at("key"), at("plain"), at("plain")}, exitFailed, "exists"},
		{"decrypt", []string{"decrypt-file", at("key"), at("sealed"), at("opened")}, exitOK, ""},
		{"wrong key", []string{"decrypt-file", at("other"), at("sealed"), at("no")}, exitFailed, "another key"},
		{"no key", []string{"decrypt-file", at("plain"), at("sealed"), at("no")}, exitFailed, "32 bytes"},
		{"no metadata", []string{"decrypt-file", at("key"), at("plain"), at("no")}, exitFailed, "no such file"},
		{"other metadata", []string{"decrypt-file", "--meta", at("sealed.meta.json"), at("key"), at("damaged"), at("no")}, exitFailed, "changed"},
		{"metadata that is none", []string{"decrypt-file", "--meta", at("plain"), at("key"), at("sealed"), at("no")}, exitFailed, "head-object"},
		{"too few", []string{"encrypt-file", at("key")}, exitUsage, "3 arguments"},
	} {
		if code, out := cli(t, c.args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", c.name, code, c.code, c.says, out)
		}
	}
	if got, err := os.ReadFile(at("opened")); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%q, %v", got, err)
	}
	meta, err := os.ReadFile(at("sealed.meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("head"), []byte(`{"ContentLength": 39, "Metadata": `+string(meta)+`}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out := cli(t, "decrypt-file", "--meta", at("head"), at("key"), at("sealed"), at("again")); code != exitOK {
		t.Errorf("with the answer of head-object: exit %d\n%s", code, out)
	}
	if _, err := os.Stat(at("no")); err == nil {
		t.Error("a file was written although it could not be decrypted")
	}
}

// TestRekey: what was wrapped before opens after, and a server without encryption has nothing to rotate.
func TestRekey(t *testing.T) {
	root := filepath.Join(t.TempDir(), "data")
	t.Setenv("STORAGE_ROOT", root)
	if code, out := cli(t, "rekey"); code != exitFailed || !strings.Contains(out, "no master key") {
		t.Errorf("exit %d\n%s", code, out)
	}
	keys := filepath.Join(root, ".myfsio.sys", "keys")
	open := func() (*kms.Master, *kms.Keyring) {
		t.Helper()
		if err := os.MkdirAll(keys, 0o700); err != nil {
			t.Fatal(err)
		}
		m, err := kms.OpenMaster(kms.MasterOptions{Path: filepath.Join(keys, "master.key")})
		if err != nil {
			t.Fatal(err)
		}
		k, err := kms.Open(kms.Options{Path: filepath.Join(keys, "kms_keys.json"), Master: m})
		if err != nil {
			t.Fatal(err)
		}
		return m, k
	}
	m, k := open()
	if _, err := k.Create(kms.CreateKey{KeyID: "k"}); err != nil {
		t.Fatal(err)
	}
	sealed, err := k.Encrypt("k", []byte("text"), nil)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := m.Current()
	if code, out := cli(t, "rekey"); code != exitOK || !strings.Contains(out, "1 keys of the KMS") || !strings.Contains(out, "Keep "+keys) {
		t.Errorf("exit %d\n%s", code, out)
	}
	m2, k2 := open()
	after, _, _ := m2.Current()
	if after == before {
		t.Error("the master key is the same")
	}
	if _, err := m2.Find(before); err != nil {
		t.Errorf("the old master key is lost: %v", err)
	}
	for _, ring := range []*kms.Keyring{k, k2} { // of a server that runs, and of one that starts
		if plain, _, err := ring.Decrypt(sealed.Blob, nil, ""); err != nil || string(plain) != "text" {
			t.Errorf("%q, %v", []byte(plain), err)
		}
	}
}

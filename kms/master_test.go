package kms

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestMasterIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "master.key")
	keys := make([][32]byte, 20)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			m, err := OpenMaster(MasterOptions{Path: path})
			if err != nil {
				t.Error(err)
				return
			}
			_, keys[i], _ = m.Current()
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] || k == [32]byte{} {
			t.Fatal("several keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if b, _ := os.ReadFile(path); string(b) != base64.StdEncoding.EncodeToString(keys[0][:]) {
		t.Error("the form of the file")
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
}

func TestMasterIsNotMadeAnew(t *testing.T) {
	w := newWorld(t)
	w.create("k", "")
	blob, key, before := w.encrypt("k", "hello", nil), readFile(t, w.masterFile()), w.file()
	os.Remove(w.masterFile())
	if _, err := w.tryOpen(); err == nil || !strings.Contains(err.Error(), "restore it") {
		t.Error(err)
	}
	if _, err := os.Stat(w.masterFile()); err == nil {
		t.Error("a new key was made")
	}
	for _, text := range []string{base64.StdEncoding.EncodeToString(make([]byte, 32)), "", "short", base64.StdEncoding.EncodeToString(make([]byte, 31)), strings.Repeat("A", 2000)} {
		os.WriteFile(w.masterFile(), []byte(text), 0o600)
		if _, err := w.tryOpen(); err == nil || len(text) > 10 && strings.Contains(err.Error(), text[:10]) {
			t.Errorf("%.10q opens, or shows itself: %v", text, err)
		}
		if readFile(t, w.masterFile()) != text || w.file() != before {
			t.Error("something was overwritten")
		}
	}
	os.WriteFile(w.masterFile(), []byte(key+"\n"), 0o600)
	os.Chmod(w.masterFile(), 0o640)
	w.opens(w.open(), blob, nil, "hello")
	if !strings.Contains(w.log.String(), "chmod 600") || strings.Contains(w.log.String(), key) {
		t.Errorf("%s", w.log.String())
	}
}

// A file of 0.4.0 does not tell its master key: a wrong one shows when nothing opens.
func TestWrongMasterOfLegacyFile(t *testing.T) {
	w := newWorld(t)
	w.legacy()
	before := w.file()
	os.WriteFile(w.masterFile(), []byte(base64.StdEncoding.EncodeToString(make([]byte, 32))), 0o600)
	if _, err := w.tryOpen(); err == nil || !strings.Contains(err.Error(), "not wrapped with the master key") || w.file() != before {
		t.Error(err)
	}
	// Nor does a keyring that runs already write to a file of another master key.
	other := newWorld(t)
	other.create("mine", "")
	os.WriteFile(other.keysFile(), []byte(before), 0o600)
	if _, err := other.Create(CreateKey{KeyID: "x"}); err == nil || other.file() != before {
		t.Error("written among keys of another master key:", err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMasterRotation(t *testing.T) {
	w := newWorld(t)
	w.create("k", "")
	blob := w.encrypt("k", "hello", nil)
	elsewhere := w.open() // another process, which still has the old master key
	oldID, oldKey, _ := w.master.Current()
	id, err := w.master.Rotate(w.Rekey)
	if err != nil || id == oldID {
		t.Fatal(err)
	}
	for _, k := range []*Keyring{w.Keyring, elsewhere, w.open()} {
		w.opens(k, blob, nil, "hello")
		if key, err := k.master.Find(oldID); err != nil || key != oldKey {
			t.Error("the former key is lost:", err)
		}
		if _, err := k.master.Find(id); err != nil {
			t.Error(err)
		}
	}
	if now, _, _ := w.open().master.Current(); now != id {
		t.Error("the new key is not in force")
	}
	if _, err := elsewhere.Create(CreateKey{KeyID: "k2"}); err != nil {
		t.Error(err)
	}
	if err := w.open().check(w.get(), false); err != nil {
		t.Error(err)
	}
	for _, f := range []string{w.master.side(oldID), w.master.side(id), w.masterFile()} {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(f, err)
		}
	}
	// Without the file of the former key it cannot be found, and that is said.
	os.Remove(w.master.side(oldID))
	if _, err := w.open().master.Find(oldID); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%x", oldID)) {
		t.Error(err)
	}
}

// Whatever call fails while a key is made or rotated: no key is lost, and all that was encrypted opens.
func TestMasterNthFailure(t *testing.T) {
	boom := errors.New("boom")
	failAt := func(n int) func(string) error {
		return func(string) error {
			if n--; n == -1 {
				return boom
			}
			return nil
		}
	}
	for n := range 20 {
		path := filepath.Join(t.TempDir(), "master.key")
		_, err := openMaster(MasterOptions{Path: path}, failAt(n))
		if err != nil && !errors.Is(err, boom) {
			t.Fatal(err)
		}
		m, again := OpenMaster(MasterOptions{Path: path})
		if again != nil || m.current == [8]byte{} {
			t.Errorf("making, %d: %v", n, again)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
		if err == nil {
			break
		}
	}
	for n := range 40 {
		w := newWorld(t)
		w.create("k", "")
		blob := w.encrypt("k", "hello", nil)
		oldID, oldKey, _ := w.master.Current()
		w.master.step = failAt(n)
		_, err := w.master.Rotate(w.Rekey)
		if err != nil && !errors.Is(err, boom) {
			t.Fatal(err)
		}
		for _, k := range []*Keyring{w.Keyring, w.open()} {
			w.opens(k, blob, nil, "hello")
			if key, ferr := k.master.Find(oldID); ferr != nil || key != oldKey {
				t.Errorf("rotation, %d: %v", n, ferr)
			}
		}
		w.master.step = func(string) error { return nil }
		if _, err := w.master.Rotate(w.Rekey); err != nil {
			t.Errorf("rotation after failure %d: %v", n, err)
		}
		w.opens(w.open(), blob, nil, "hello")
		if err == nil {
			return
		}
	}
	t.Error("the rotation never succeeds")
}

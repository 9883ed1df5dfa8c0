package kms

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"myfsio/fault"
)

// world is a keyring in a directory of its own, with a clock.
type world struct {
	*Keyring
	t   *testing.T
	dir string
	now time.Time
	log bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "keys"), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.Keyring = w.open()
	return w
}

// open opens the files again, as another process would.
func (w *world) open() *Keyring {
	w.t.Helper()
	k, err := w.tryOpen()
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

func (w *world) tryOpen() (*Keyring, error) {
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	m, err := OpenMaster(MasterOptions{Path: w.masterFile(), Needed: []string{w.keysFile()}, Log: log})
	if err != nil {
		return nil, err
	}
	return Open(Options{Path: w.keysFile(), Master: m, Log: log, Now: func() time.Time { return w.now }})
}

func (w *world) masterFile() string { return filepath.Join(w.dir, "master.key") }
func (w *world) keysFile() string   { return filepath.Join(w.dir, "kms_keys.json") }

func (w *world) file() string {
	w.t.Helper()
	b, err := os.ReadFile(w.keysFile())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// write edits the file of keys by hand.
func (w *world) write(text string) {
	w.t.Helper()
	if err := os.WriteFile(w.keysFile(), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// legacy puts the files of 0.4.0 there.
func (w *world) legacy() {
	w.t.Helper()
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"master.key", "kms_keys.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", "0.4.0", name))
		if err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, name), b, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	w.Keyring = w.open()
}

func (w *world) create(id, alias string) Metadata {
	w.t.Helper()
	m, err := w.Create(CreateKey{KeyID: id, Alias: alias})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) encrypt(id, plain string, context map[string]string) []byte {
	w.t.Helper()
	e, err := w.Encrypt(id, []byte(plain), context)
	if err != nil {
		w.t.Fatal(err)
	}
	return e.Blob
}

// opens wants a blob to decrypt to plain.
func (w *world) opens(k *Keyring, blob []byte, context map[string]string, plain string) {
	w.t.Helper()
	if got, _, err := k.Decrypt(blob, context, ""); err != nil || string(got) != plain {
		w.t.Errorf("want %q, got %d bytes, %v", plain, len(got), err)
	}
}

// wants checks the code of an error.
func wants(t *testing.T, what string, err error, code string) {
	t.Helper()
	var fe *fault.Error
	if !errors.As(err, &fe) || fe.Code != code || fe.Kind != kinds[code] {
		t.Errorf("%s: want %s, got %v", what, code, err)
	}
}

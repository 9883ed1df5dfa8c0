//go:build unix

package docstore

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestNoFile: what is no file in the place of one is a fault like any other, and nobody waits for a pipe.
func TestNoFile(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"device":    func(path string) error { return os.Symlink("/dev/zero", path) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		path := filepath.Join(t.TempDir(), "doc.json")
		if err := os.WriteFile(path, []byte(`{"a":1}`), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(Options[map[string]int]{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(path), make(path)); err != nil {
			t.Fatal(err)
		}
		if got := (*s.Get())["a"]; got != 1 || !errors.Is(s.Fault(), ErrDamaged) {
			t.Errorf("%s: %d, fault %v", name, got, s.Fault())
		}
		if _, err := Open(Options[map[string]int]{Path: path}); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

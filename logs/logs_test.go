package logs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLevelsAndForms(t *testing.T) {
	var out bytes.Buffer
	l, err := Open(Options{Level: "warning", Stdout: &out, JSON: true})
	if err != nil {
		t.Fatal(err)
	}
	l.Info("unseen")
	l.Warn("seen", "n", 1)
	l.SetLevel(slog.LevelDebug)
	l.Debug("seen too")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !json.Valid([]byte(lines[0])) || !strings.Contains(lines[0], `"n":1`) {
		t.Errorf("%q", lines)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(Options{Level: "loud"}); err == nil {
		t.Error("an unknown level is accepted")
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "app.log")
	l, err := Open(Options{File: path, MaxBytes: 1000, Backups: 2})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 20 {
				l.Info("line", "g", g, "i", i)
			}
		})
	}
	wg.Wait()
	l.Info(strings.Repeat("long", 1000))
	l.Info("last")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	l.Info("after the end")
	names, _ := filepath.Glob(path + "*")
	if len(names) != 3 {
		t.Fatalf("%v", names)
	}
	for _, name := range names {
		b, _ := os.ReadFile(name)
		if len(b) > 1000 && bytes.Count(b, []byte("\n")) != 1 || b[len(b)-1] != '\n' {
			t.Errorf("%s has %d bytes, %d lines", name, len(b), bytes.Count(b, []byte("\n")))
		}
	}
	if b, _ := os.ReadFile(path); !strings.Contains(string(b), "last") || strings.Contains(string(b), "after") {
		t.Errorf("%s", b)
	}
}

func TestAppendsAndReopens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	os.WriteFile(path, []byte("old\n"), 0o600)
	l, err := Open(Options{File: path, MaxBytes: 10})
	if err != nil {
		t.Fatal(err)
	}
	l.Info("one")
	os.Rename(path, path+".moved")
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Info("two")
	l.Close()
	if l.Reopen() == nil {
		t.Error("a closed log reopens")
	}
	moved, _ := os.ReadFile(path + ".moved")
	now, _ := os.ReadFile(path)
	if !strings.HasPrefix(string(moved), "old\n") || !strings.Contains(string(moved), "one") || strings.Contains(string(now), "one") || !strings.Contains(string(now), "two") {
		t.Errorf("%q, %q", moved, now)
	}
}

// A directory in the place of a backup makes rotation fail; the lines must go on.
func TestRotationFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	if err := os.MkdirAll(path+".1/full", 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := Open(Options{File: path, MaxBytes: 10, Backups: 1})
	if err != nil {
		t.Fatal(err)
	}
	l.Info("one")
	l.Info("two")
	l.Close()
	if b, _ := os.ReadFile(path); strings.Count(string(b), "\n") != 2 {
		t.Errorf("%q", b)
	}
}

func TestSecret(t *testing.T) {
	s := Secret("hunter2")
	var line bytes.Buffer
	l, _ := Open(Options{Stdout: &line})
	l.Info("x", "secret", s, "in", struct{ S Secret }{s}, "list", []Secret{s})
	j, _ := json.Marshal(map[string]any{"s": s, "l": []Secret{s}})
	x, _ := xml.Marshal(struct{ S Secret }{s})
	var all strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%z", "%10s"} {
		fmt.Fprintf(&all, verb, s)
		fmt.Fprintf(&all, verb, []Secret{s})
		fmt.Fprintf(&all, verb, struct{ S Secret }{s})
	}
	for _, text := range []string{line.String(), string(j), string(x), all.String()} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e") || strings.Contains(strings.ToLower(text), "68 75") {
			t.Errorf("shown: %s", text)
		}
	}
	if s.Reveal() != "hunter2" || Secret("").String() != "" {
		t.Error("Reveal or the empty secret")
	}
}

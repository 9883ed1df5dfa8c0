package docstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

type doc struct{ N int }

func inc(d *doc) error { d.N++; return nil }

// edit writes by hand, as an editor that saves in place; a past time shows that time alone suffices.
func edit(t *testing.T, path, text string, age time.Duration) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, o Options[doc]) *Store[doc] {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUpdateAndReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "d.json")
	s := open(t, Options[doc]{Path: path, New: func() *doc { return &doc{N: 7} }})
	if s.Get().N != 7 || s.Exists() || s.Fault() != nil {
		t.Fatalf("%+v", s.Get())
	}
	if err := s.Update(inc); err != nil || s.Get().N != 8 || !s.Exists() {
		t.Fatalf("%+v, %v", s.Get(), err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
	other := open(t, Options[doc]{Path: path})
	if other.Get().N != 8 {
		t.Errorf("%+v", other.Get())
	}
	if err := other.Update(inc); err != nil || s.Get().N != 9 {
		t.Errorf("%+v, %v", s.Get(), err)
	}
	no := errors.New("no")
	if err := s.Update(func(d *doc) error { d.N = 100; return no }); err != no || s.Get().N != 9 {
		t.Errorf("%+v, %v", s.Get(), err)
	}
	for i, age := range []time.Duration{0, time.Hour, 2 * time.Hour} {
		edit(t, path, fmt.Sprintf(`{"N":%d}`, 10+i), age)
		if s.Get().N != 10+i {
			t.Errorf("edit %d: %+v", i, s.Get())
		}
	}
}

// Edits of the same length within one tick of the clock of the file system must be seen.
func TestEditsInOneTick(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.json")
	s := open(t, Options[doc]{Path: path})
	at := time.Now()
	for i := range 5 {
		os.WriteFile(path, fmt.Appendf(nil, `{"N":%d}`, i), 0o600)
		os.Chtimes(path, at, at)
		if s.Get().N != i && time.Since(at) < racy {
			t.Errorf("%+v, want %d", s.Get(), i)
		}
	}
}

func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.json")
	var log bytes.Buffer
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o := Options[doc]{Path: path, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }}
	edit(t, path, `{"N":1}`, time.Hour)
	s := open(t, o)
	half := `{"N":`
	edit(t, path, half, time.Minute)
	for range 3 {
		if s.Get().N != 1 || !errors.Is(s.Fault(), ErrDamaged) {
			t.Fatalf("%+v, %v", s.Get(), s.Fault())
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
	if b, _ := os.ReadFile(path); string(b) != half {
		t.Errorf("the damaged file became %q", b)
	}
	if _, err := Open(o); !errors.Is(err, ErrDamaged) {
		t.Errorf("a damaged file opens: %v", err)
	}
	if err := s.Update(inc); err != nil || s.Get().N != 2 || s.Fault() != nil {
		t.Errorf("%+v, %v, %v", s.Get(), err, s.Fault())
	}
	edit(t, path, half+"x", time.Minute)
	if err := s.Update(inc); err != nil || s.Get().N != 3 {
		t.Errorf("%+v, %v", s.Get(), err)
	}
	for name, want := range map[string]string{path + ".damaged-20260102T030405Z": half, path + ".damaged-20260102T030405Z-2": half + "x"} {
		if b, err := os.ReadFile(name); string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	edit(t, path, half, time.Minute)
	s.Get()
	log.Reset()
	edit(t, path, `{"N":9}`, time.Second)
	if s.Get().N != 9 || s.Fault() != nil || !strings.Contains(log.String(), "good again") {
		t.Errorf("%+v, %v, %s", s.Get(), s.Fault(), log.String())
	}
}

func TestGoneAndFresh(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.json")
	edit(t, path, `{"N":4}`, time.Hour)
	s := open(t, Options[doc]{Path: path})
	os.Remove(path)
	if s.Get().N != 4 || s.Fault() == nil {
		t.Errorf("%+v, %v", s.Get(), s.Fault())
	}
	if err := s.Update(inc); err != nil || s.Get().N != 5 || s.Fault() != nil {
		t.Errorf("%+v, %v", s.Get(), err)
	}
	edit(t, path, "?", time.Hour)
	fresh := open(t, Options[doc]{Path: path, Fresh: true})
	if fresh.Get().N != 0 || fresh.Fault() == nil {
		t.Errorf("%+v", fresh.Get())
	}
	if err := fresh.Update(inc); err != nil || fresh.Get().N != 1 {
		t.Errorf("%+v, %v", fresh.Get(), err)
	}
	if kept, _ := filepath.Glob(path + ".damaged-*"); len(kept) != 1 {
		t.Errorf("kept: %v", kept)
	}
	if _, err := Open(Options[doc]{Path: t.TempDir()}); err == nil {
		t.Error("a directory opens")
	}
	edit(t, path, `{"N":11111111111}`, time.Hour)
	if _, err := Open(Options[doc]{Path: path, Max: 5}); !errors.Is(err, ErrDamaged) {
		t.Errorf("a huge file opens: %v", err)
	}
}

func TestSymlinkStays(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	edit(t, real, `{"N":1}`, 0)
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	s := open(t, Options[doc]{Path: link})
	if err := s.Update(inc); err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Lstat(link); st.Mode()&fs.ModeSymlink == 0 || open(t, Options[doc]{Path: real}).Get().N != 2 {
		t.Error("the link was replaced")
	}
}

// What cannot be read back must not be written.
func TestEncodeThatLies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.json")
	s := open(t, Options[doc]{Path: path, Encode: func(*doc) ([]byte, error) { return []byte("x"), nil }})
	if s.Update(inc) == nil || s.Exists() {
		t.Error("written")
	}
}

// Several stores on one file, as several processes have: nobody's change may be lost.
func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.json")
	const stores, updates = 3, 20
	var wg sync.WaitGroup
	for range stores {
		s := open(t, Options[doc]{Path: path})
		for range 2 {
			wg.Go(func() {
				for range updates {
					seen := s.Get().N
					if err := s.Update(inc); err != nil {
						t.Error(err)
					}
					if s.Get().N <= seen {
						t.Error("going back")
					}
				}
			})
		}
	}
	wg.Wait()
	if got := open(t, Options[doc]{Path: path}).Get().N; got != stores*2*updates {
		t.Errorf("%d of %d updates", got, stores*2*updates)
	}
}

// failing fails the nth call that can change or read something.
type failing struct {
	osDisk
	left *int
}

var errInjected = errors.New("injected")

func (d failing) fail() error {
	if *d.left--; *d.left == 0 {
		return errInjected
	}
	return nil
}

func (d failing) Stat(p string) (fs.FileInfo, error) {
	if err := d.fail(); err != nil {
		return nil, err
	}
	return d.osDisk.Stat(p)
}

func (d failing) Read(p string, max int64) ([]byte, fs.FileInfo, error) {
	if err := d.fail(); err != nil {
		return nil, nil, err
	}
	return d.osDisk.Read(p, max)
}

func (d failing) WriteTemp(p string, b []byte) (string, fs.FileInfo, error) {
	if err := d.fail(); err != nil {
		return "", nil, err
	}
	return d.osDisk.WriteTemp(p, b)
}

func (d failing) Copy(a, b string) error  { return errors.Join(d.fail(), d.osDisk.Copy(a, b)) }
func (d failing) Remove(p string) error   { return errors.Join(d.fail(), d.osDisk.Remove(p)) }
func (d failing) MkdirAll(p string) error { return errors.Join(d.fail(), d.osDisk.MkdirAll(p)) }
func (d failing) SyncDir(p string) error  { return errors.Join(d.fail(), d.osDisk.SyncDir(p)) }
func (d failing) Lock(p string) (io.Closer, error) {
	if err := d.fail(); err != nil {
		return nil, err
	}
	return d.osDisk.Lock(p)
}

func (d failing) Link(a, b string) error {
	if err := d.fail(); err != nil {
		return err
	}
	return d.osDisk.Link(a, b)
}

func (d failing) Rename(a, b string) error {
	if err := d.fail(); err != nil {
		return err
	}
	return d.osDisk.Rename(a, b)
}

// Whatever call fails, the file is whole, memory agrees with it, and the next update works.
func TestEveryFailure(t *testing.T) {
	for _, start := range []string{"", `{"N":5}`, `{"N":`} {
		for n := 1; ; n++ {
			path := filepath.Join(t.TempDir(), "d.json")
			if start != "" {
				edit(t, path, `{"N":5}`, time.Hour)
			}
			left := 0
			s := open(t, Options[doc]{Path: path, disk: failing{left: &left}})
			if start != "" {
				edit(t, path, start, time.Minute)
			}
			before := s.Get().N
			left = n
			err := s.Update(inc)
			fired := left <= 0
			left = 0
			after := s.Get().N
			if after != before && after != before+1 || err == nil && after != before+1 {
				t.Fatalf("%q, call %d: %d became %d, %v", start, n, before, after, err)
			}
			if raw, readErr := os.ReadFile(path); readErr == nil && string(raw) != start {
				var d doc
				if json.Unmarshal(raw, &d) != nil || d.N != after {
					t.Fatalf("%q, call %d: the file is %q, memory %d", start, n, raw, after)
				}
			}
			if err := s.Update(inc); err != nil || s.Get().N != after+1 {
				t.Fatalf("%q, call %d: then %v", start, n, err)
			}
			if !fired {
				break
			}
		}
	}
}

func BenchmarkGet(b *testing.B) {
	path := filepath.Join(b.TempDir(), "d.json")
	os.WriteFile(path, []byte(`{"N":1}`), 0o600)
	os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0))
	s, err := Open(Options[doc]{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Get()
	}
}

package pebblekv_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"myfsio/kv"
	"myfsio/kv/pebblekv"
)

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "meta")
	for i := range int64(3) {
		db := open(t, pebblekv.Options{Dir: dir, Sync: i%2 == 0})
		j := journal{db}
		if n, err := j.length(); err != nil || n != i {
			t.Fatalf("%d rows, %v; want %d", n, err, i)
		}
		if _, err := j.add(db.Update); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLocked(t *testing.T) {
	if dir := os.Getenv("PEBBLEKV_TEST_DIR"); dir != "" {
		// The other process.
		_, err := pebblekv.Open(pebblekv.Options{Dir: dir})
		if !errors.Is(err, pebblekv.ErrLocked) {
			t.Fatalf("Open in the other process: %v", err)
		}
		return
	}
	dir := t.TempDir()
	db := open(t, pebblekv.Options{Dir: dir})
	if _, err := pebblekv.Open(pebblekv.Options{Dir: dir}); !errors.Is(err, pebblekv.ErrLocked) {
		t.Errorf("second Open: %v, want ErrLocked", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestLocked$")
	cmd.Env = append(os.Environ(), "PEBBLEKV_TEST_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, pebblekv.Options{Dir: dir})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(file, "below")} {
		if db, err := pebblekv.Open(pebblekv.Options{Dir: dir}); err == nil || errors.Is(err, pebblekv.ErrLocked) {
			t.Errorf("Open(%q) = %v, %v", dir, db, err)
		}
	}
}

// TestLog checks that Pebble's log goes to the given logger, at debug level.
func TestLog(t *testing.T) {
	var out lines
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	db := open(t, pebblekv.Options{Dir: t.TempDir(), Logger: log})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "level=DEBUG") || strings.Contains(text, "level=INFO") {
		t.Errorf("log: %s", text)
	}
}

type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestStats(t *testing.T) {
	db := open(t, pebblekv.Options{Dir: t.TempDir(), Sync: true})
	j := journal{db}
	for _, update := range []func(context.Context, func(kv.Txn) error) error{db.Update, db.UpdateLazy} {
		if _, err := j.add(update); err != nil {
			t.Fatal(err)
		}
	}
	s := db.Stats()
	if s.WALBytes == 0 || s.MemTableBytes == 0 || s.DiskBytes == 0 || s.UnsyncedUpdates != 1 || s.Failed {
		t.Errorf("Stats = %+v", s)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if s := db.Stats(); s != (pebblekv.Stats{}) {
		t.Errorf("Stats after Close = %+v", s)
	}
}

// TestFatal lets Pebble ask for the end of the process.
func TestFatal(t *testing.T) {
	db := open(t, pebblekv.Options{Dir: t.TempDir(), Sync: true})
	defer db.Close()
	j := journal{db}
	for want := int64(1); want < 4; want++ {
		if n, err := j.add(db.Update); err != nil || n != want {
			t.Fatalf("row %d: %d, %v", want, n, err)
		}
		pebblekv.Fatal(db)
		if n, err := j.length(); err != nil || n != want || !db.Stats().Failed {
			t.Fatalf("reads after a failure: %d rows of %d, %v", n, want, err)
		}
	}
}

// TestPause checks that a store that cannot be opened again is not tried for every Update.
func TestPause(t *testing.T) {
	var broken atomic.Bool
	var calls atomic.Int64
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsRead || !broken.Load() {
			return nil
		}
		calls.Add(1)
		return errorfs.ErrInjected
	}))
	db := open(t, pebblekv.Options{Dir: "db", FS: fs, Sync: true})
	now := time.Unix(0, 0)
	pebblekv.SetClock(db, func() time.Time { return now })
	j := journal{db}
	if _, err := j.add(db.Update); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	if _, err := j.add(db.Update); !errors.Is(err, kv.ErrUnknown) {
		t.Fatalf("Update on a broken disk: %v, want ErrUnknown", err)
	}
	refused := func() {
		t.Helper()
		if _, err := j.add(db.Update); err == nil || errors.Is(err, kv.ErrUnknown) || !errors.Is(err, errorfs.ErrInjected) {
			t.Fatalf("Update on a broken disk: %v, want a refusal", err)
		}
	}
	refused()
	before := calls.Load()
	refused()
	if after := calls.Load(); after != before {
		t.Errorf("the disk was tried again at once: %d calls", after-before)
	}
	broken.Store(false)
	refused()
	now = now.Add(time.Minute)
	n, err := j.add(db.Update)
	if err != nil || n < 2 {
		t.Fatalf("after the disk healed: row %d, %v", n, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

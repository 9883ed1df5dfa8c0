package memfs_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"myfsio/vfs"
	"myfsio/vfs/memfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read returns the bytes of a file, "-" where there is none.
func read(t *testing.T, f vfs.FS, path string) string {
	t.Helper()
	file, err := f.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "-"
	}
	must(t, err)
	defer file.Close()
	data, err := io.ReadAll(file)
	must(t, err)
	return string(data)
}

// TestCrashKeepsWhatWasSynced writes through every mixture of syncs and compares the clones.
func TestCrashKeepsWhatWasSynced(t *testing.T) {
	for _, tc := range []struct {
		name  string
		run   func(t *testing.T, f *memfs.FS, file vfs.File)
		none  string // /d/a after a crash that keeps nothing unsynced
		every string // and after one that keeps everything
	}{
		{"nothing synced", func(t *testing.T, f *memfs.FS, file vfs.File) {}, "-", "12345"},
		{"data only", func(t *testing.T, f *memfs.FS, file vfs.File) { must(t, file.SyncData()) }, "-", "12345"},
		{"name only", func(t *testing.T, f *memfs.FS, file vfs.File) { must(t, f.SyncDir("/d")) }, "", "12345"},
		{"both", func(t *testing.T, f *memfs.FS, file vfs.File) {
			must(t, file.SyncData())
			must(t, f.SyncDir("/d"))
		}, "12345", "12345"},
		{"all", func(t *testing.T, f *memfs.FS, file vfs.File) { must(t, f.SyncAll("/")) }, "12345", "12345"},
		{"cut later", func(t *testing.T, f *memfs.FS, file vfs.File) {
			must(t, f.SyncAll("/"))
			must(t, file.Truncate(2))
		}, "12345", "12"},
		{"cut and synced", func(t *testing.T, f *memfs.FS, file vfs.File) {
			must(t, f.SyncAll("/"))
			must(t, file.Truncate(2))
			must(t, file.SyncData())
		}, "12", "12"},
		{"removed", func(t *testing.T, f *memfs.FS, file vfs.File) {
			must(t, f.SyncAll("/"))
			must(t, f.Remove("/d/a"))
		}, "12345", "12345"},
		{"removed and synced", func(t *testing.T, f *memfs.FS, file vfs.File) {
			must(t, f.SyncAll("/"))
			must(t, f.Remove("/d/a"))
			must(t, f.SyncDir("/d"))
		}, "-", "-"},
		{"linked", func(t *testing.T, f *memfs.FS, file vfs.File) {
			must(t, file.SyncData())
			must(t, f.Link("/d/a", "/b"))
			must(t, f.SyncDir("/"))
			must(t, f.Remove("/d/a"))
			must(t, f.Rename("/b", "/d/a"))
			must(t, f.SyncDir("/d"))
		}, "12345", "12345"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := memfs.New()
			must(t, f.Mkdir("/d"))
			must(t, f.SyncDir("/"))
			file, err := f.Create("/d/a")
			must(t, err)
			defer file.Close()
			_, err = file.Write([]byte("12345"))
			must(t, err)
			tc.run(t, f, file)
			if got := read(t, f.CrashClone(1, 0), "/d/a"); got != tc.none {
				t.Errorf("nothing unsynced kept: %q, want %q", got, tc.none)
			}
			if got := read(t, f.CrashClone(1, 100), "/d/a"); got != tc.every {
				t.Errorf("everything kept: %q, want %q", got, tc.every)
			}
		})
	}
}

func TestTimesSurvive(t *testing.T) {
	f := memfs.New()
	when := time.Unix(1_000_000_000, 0)
	must(t, f.WriteFile("/a", []byte("x"), when))
	must(t, f.Link("/a", "/b"))
	must(t, f.SyncAll("/"))
	clone := f.CrashClone(1, 0)
	a, err := clone.Lstat("/a")
	must(t, err)
	b, err := clone.Lstat("/b")
	must(t, err)
	if !a.ModTime().Equal(when) || !b.ModTime().Equal(when) || vfs.FileID(a) == vfs.FileID(b) { // their bytes are apart
		t.Errorf("after the crash: %v, %d and %d", a.ModTime(), vfs.FileID(a), vfs.FileID(b))
	}
	file, _, err := f.OpenWrite("/a")
	must(t, err)
	_, err = file.Write([]byte("y"))
	must(t, err)
	must(t, file.Close())
	if fi, _ := f.Lstat("/a"); fi.ModTime().Equal(when) {
		t.Error("a write did not move the time")
	}
}

// TestPebbleSharesTheDisk crashes a store and a file together.
func TestPebbleSharesTheDisk(t *testing.T) {
	f := memfs.New()
	must(t, f.Mkdir("/meta"))
	must(t, f.SyncDir("/"))
	open := func(f *memfs.FS) *pebble.DB {
		db, err := pebble.Open("/meta", &pebble.Options{FS: f.Pebble(), Logger: quiet{t}})
		must(t, err)
		return db
	}
	db := open(f)
	must(t, db.Set([]byte("k"), []byte("v"), pebble.Sync))
	must(t, f.WriteFile("/lost", []byte("x"), time.Now()))
	clone := f.CrashClone(1, 0)
	must(t, db.Close())

	db = open(clone)
	defer db.Close()
	v, closer, err := db.Get([]byte("k"))
	must(t, err)
	defer closer.Close()
	if string(v) != "v" || read(t, clone, "/lost") != "-" {
		t.Errorf("after the crash: %q, %q", v, read(t, clone, "/lost"))
	}
}

type quiet struct{ t *testing.T }

func (quiet) Infof(string, ...any)             {}
func (quiet) Errorf(string, ...any)            {}
func (q quiet) Fatalf(format string, a ...any) { q.t.Fatalf(format, a...) }

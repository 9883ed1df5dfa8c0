package view_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"myfsio/vfs"
	"myfsio/view"
)

// TestPlantedLinks plants symbolic links in a bucket and tries to get out of it through them.
func TestPlantedLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	must(t, os.MkdirAll(filepath.Join(outside, "sub"), 0o777))
	must(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o666))
	f := open(t, vfs.OS{}, filepath.Join(dir, "data"))
	src := f.source(t, "src", "linked")
	must(t, f.MakeBucket("b"))
	must(t, f.write("b", "real/file", "mine"))
	bucket := filepath.Join(f.root, "b")
	must(t, os.Symlink(outside, filepath.Join(bucket, "out")))
	must(t, os.Symlink("real", filepath.Join(bucket, "in")))
	must(t, os.Symlink(filepath.Join(outside, "secret"), filepath.Join(bucket, "leak")))
	must(t, os.Symlink(outside, filepath.Join(f.root, "bucket2")))

	for _, key := range []string{"out/secret", "out/new", "out/sub/new", "in/file", "in/new"} {
		if err := f.write("b", key, "x"); !errors.Is(err, view.ErrClash) {
			t.Errorf("Write %s: %v", key, err)
		}
		if err := f.Link("b", key, src, when); !errors.Is(err, view.ErrClash) {
			t.Errorf("Link %s: %v", key, err)
		}
		if got := f.read(t, "b", key); got != "-" {
			t.Errorf("read %s: %q", key, got)
		}
		if _, err := f.Stat("b", key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Stat %s: %v", key, err)
		}
		must(t, f.Remove("b", key))
	}
	if got := f.read(t, "b", "leak"); got != "-" {
		t.Errorf("read through a link: %q", got)
	}
	if got := f.keys(t, "b", ""); got != "in? leak? out? real/file" {
		t.Errorf("keys: %s", got)
	}
	if err := f.write("bucket2", "new", "x"); !errors.Is(err, view.ErrClash) {
		t.Errorf("Write into a bucket that is a link: %v", err)
	}
	if err := f.RemoveBucket("bucket2"); !errors.Is(err, view.ErrNotEmpty) {
		t.Errorf("RemoveBucket of a link: %v", err)
	}
	if names, err := f.Buckets(); err != nil || len(names) != 1 {
		t.Errorf("Buckets: %v, %v", names, err)
	}
	if err := f.RemoveBucket("b"); !errors.Is(err, view.ErrNotEmpty) {
		t.Errorf("RemoveBucket: %v", err)
	}

	must(t, f.write("b", "leak", "shown")) // a link in the place of a key is replaced
	if got := f.read(t, "b", "leak"); got != "shown" {
		t.Errorf("read %q", got)
	}
	must(t, f.Remove("b", "out")) // and removed
	data, err := os.ReadFile(filepath.Join(outside, "secret"))
	entries, _ := os.ReadDir(outside)
	if err != nil || string(data) != "secret" || len(entries) != 2 {
		t.Errorf("outside: %q, %v, %v", data, err, entries)
	}
}

// TestLinkedInternals checks that a tree whose temporary directory would be elsewhere is refused at once.
func TestLinkedInternals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir := t.TempDir()
	root := filepath.Join(dir, "data")
	must(t, os.MkdirAll(filepath.Join(dir, "other"), 0o777))
	must(t, os.MkdirAll(root, 0o777))
	must(t, os.Symlink(filepath.Join(dir, "other"), filepath.Join(root, ".myfsio.sys")))
	if _, err := view.Open(view.Options{FS: vfs.OS{}, Root: root}); err == nil {
		t.Error("Open worked")
	}
}

// TestRootMayBeALink: the way to the root is the administrator's.
func TestRootMayBeALink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "disk"), 0o777))
	must(t, os.Symlink(filepath.Join(dir, "disk"), filepath.Join(dir, "data")))
	f := open(t, vfs.OS{}, filepath.Join(dir, "data"))
	must(t, f.write("b", "k", "x"))
	if data, err := os.ReadFile(filepath.Join(dir, "disk/b/k")); string(data) != "x" {
		t.Errorf("read %q, %v", data, err)
	}
}

package vfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"myfsio/vfs"
)

// TestConfineRefusesLinks plants links in a tree and tries every call through and on them.
func TestConfineRefusesLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir := t.TempDir()
	outside, root := filepath.Join(dir, "outside"), filepath.Join(dir, "root")
	must(t, os.MkdirAll(filepath.Join(outside, "sub"), 0o777))
	must(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o666))
	must(t, os.MkdirAll(filepath.Join(root, "real"), 0o777))
	must(t, os.WriteFile(filepath.Join(root, "mine"), []byte("mine"), 0o666))
	must(t, os.Symlink(outside, filepath.Join(root, "real/out")))
	must(t, os.Symlink("../real", filepath.Join(root, "real/inside")))
	must(t, os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, "leak")))
	f := confine(t, vfs.OS{}, root)

	now := time.Now()
	for _, through := range []string{"real/out", "real/inside"} {
		in := filepath.Join(root, through, "secret")
		errs := map[string]error{
			"writefile":   f.WriteFile(in+"2", nil, now),
			"link from":   f.Link(in, filepath.Join(root, "stolen")),
			"link to":     f.Link(filepath.Join(root, "mine"), in+"2"),
			"rename from": f.Rename(in, filepath.Join(root, "stolen")),
			"rename to":   f.Rename(filepath.Join(root, "mine"), in),
			"remove":      f.Remove(in),
			"removedir":   f.RemoveDir(filepath.Join(root, through, "sub")),
			"mkdir":       f.Mkdir(in + "2"),
			"chtimes":     f.Chtimes(in, now),
			"syncdir":     f.SyncDir(filepath.Join(root, through, "sub")),
			"readdir":     func() error { _, err := f.ReadDir(filepath.Join(root, through, "sub")); return err }(),
			"lstat":       func() error { _, err := f.Lstat(in); return err }(),
			"open":        func() error { _, err := f.Open(in); return err }(),
			"create":      func() error { _, err := f.Create(in + "2"); return err }(),
			"openwrite":   func() error { _, _, err := f.OpenWrite(in); return err }(),
		}
		if runtime.GOOS != "linux" {
			delete(errs, "writefile")
			delete(errs, "syncdir")
		}
		for what, err := range errs {
			if !errors.Is(err, syscall.ENOTDIR) {
				t.Errorf("%s through %s: %v", what, through, err)
			}
		}
	}
	for what, err := range map[string]error{
		"open":      func() error { _, err := f.Open(filepath.Join(root, "leak")); return err }(),
		"openwrite": func() error { _, _, err := f.OpenWrite(filepath.Join(root, "leak")); return err }(),
		"create":    func() error { _, err := f.Create(filepath.Join(root, "leak")); return err }(),
		"readdir":   func() error { _, err := f.ReadDir(filepath.Join(root, "real/out")); return err }(),
	} {
		if err == nil {
			t.Errorf("%s followed a link at the end", what)
		}
	}
	if fi, err := f.Lstat(filepath.Join(root, "leak")); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Errorf("Lstat of a link: %v, %v", fi, err)
	}
	must(t, f.Rename(filepath.Join(root, "mine"), filepath.Join(root, "leak")))
	if got := get(t, f, filepath.Join(root, "leak")); got != "mine" {
		t.Errorf("a rename over a link: %q", got)
	}
	if data, err := os.ReadFile(filepath.Join(outside, "secret")); string(data) != "secret" || err != nil {
		t.Errorf("the file outside: %q, %v", data, err)
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 2 {
		t.Errorf("outside holds %v", entries)
	}
}

func TestConfineRefusesPathsOutside(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	must(t, os.Mkdir(root, 0o777))
	f := confine(t, vfs.OS{}, root)
	if runtime.GOOS != "linux" {
		t.Skip("callers keep to the root themselves")
	}
	for _, path := range []string{dir, dir + "/x", root + "x", root + "/../x", root + "/a/../../x", root + "//x", root + "/", "x", ""} {
		if err := f.Mkdir(path); err == nil {
			t.Errorf("Mkdir(%q) worked", path)
		}
	}
	put(t, vfs.OS{}, filepath.Join(dir, "src"), "data")
	must(t, f.Link(filepath.Join(dir, "src"), filepath.Join(root, "dst")))
	if got := get(t, f, filepath.Join(root, "dst")); got != "data" {
		t.Errorf("a link from outside: %q", got)
	}
}

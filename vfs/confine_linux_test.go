package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWalks compares the two ways to find a directory, and that neither follows a link.
func TestWalks(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a/b"), 0o777); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "file"), nil, 0o666)
	os.Symlink("a", filepath.Join(dir, "link"))
	os.Symlink("../..", filepath.Join(dir, "a/up"))
	root, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	for path, want := range map[string]error{
		".": nil, "a": nil, "a/b": nil, "no": unix.ENOENT, "a/no/b": unix.ENOENT, "file": unix.ENOTDIR,
		"file/b": unix.ENOTDIR, "link": unix.ENOTDIR, "link/b": unix.ENOTDIR, "a/up": unix.ENOTDIR, "a/up/a": unix.ENOTDIR,
	} {
		for name, walk := range map[string]func(int, string) (int, error){"openat2": walkOpenat2, "openat": walkOpenat} {
			fd, err := walk(root, path)
			if err == nil {
				unix.Close(fd)
			}
			if err != want {
				t.Errorf("%s(%q): %v, want %v", name, path, err, want)
			}
		}
	}
}

func TestConfinedOpenDoesNotWaitForPipes(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "pipe"), 0o666); err != nil {
		t.Skip(err)
	}
	c, err := OS{}.Confine(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Open(filepath.Join(dir, "pipe")); err == nil {
		t.Error("a pipe was opened")
	}
}

// TestWriteFileInRemovedDirectory: whoever made the directory wants to hear that it is gone, to make it again.
func TestWriteFileInRemovedDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	fd, err := openat(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	err = writeFileAt(fd, "a", "a", []byte("x"), time.Now())
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

//go:build !linux

package vfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Confine implements Confiner. Each call first looks at every directory on the way. That stops links
// that are there, not a stranger who swaps a directory for a link between the look and the call; Linux
// stops both.
func (OS) Confine(root string) (ClosableFS, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if fi, err := os.Stat(root); err != nil {
		return nil, err
	} else if !fi.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: root, Err: syscall.ENOTDIR}
	}
	return &confined{root: root}, nil
}

type confined struct {
	OS
	root string
}

var _ ClosableFS = (*confined)(nil)

func (c *confined) Close() error { return nil }

// check refuses a path with a link among its directories. The last name is checked too where last is set.
func (c *confined) check(path string, last bool) error {
	rel, ok := strings.CutPrefix(path, c.root+string(filepath.Separator))
	if !ok {
		return nil
	}
	names := strings.Split(rel, string(filepath.Separator))
	if !last {
		names = names[:len(names)-1]
	}
	at := c.root
	for _, name := range names {
		at = filepath.Join(at, name)
		fi, err := os.Lstat(at)
		if err != nil {
			return nil // the call itself will say so
		}
		if m := fi.Mode(); m&(fs.ModeSymlink|fs.ModeIrregular) != 0 || at != path && !fi.IsDir() {
			return &fs.PathError{Op: "open", Path: at, Err: syscall.ENOTDIR}
		}
	}
	return nil
}

func (c *confined) Create(path string) (File, error) {
	if err := c.check(path, false); err != nil {
		return nil, err
	}
	return c.OS.Create(path)
}

func (c *confined) OpenWrite(path string) (File, bool, error) {
	if err := c.check(path, true); err != nil {
		return nil, false, err
	}
	return c.OS.OpenWrite(path)
}

func (c *confined) Open(path string) (File, error) {
	if err := c.check(path, true); err != nil {
		return nil, err
	}
	if fi, err := os.Lstat(path); err != nil {
		return nil, err
	} else if !fi.Mode().IsRegular() && !fi.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	return c.OS.Open(path)
}

func (c *confined) Link(oldPath, newPath string) error {
	if err := c.check(oldPath, true); err != nil {
		return err
	}
	if err := c.check(newPath, false); err != nil {
		return err
	}
	return c.OS.Link(oldPath, newPath)
}

func (c *confined) Rename(oldPath, newPath string) error {
	if err := c.check(oldPath, false); err != nil {
		return err
	}
	if err := c.check(newPath, false); err != nil {
		return err
	}
	return c.OS.Rename(oldPath, newPath)
}

func (c *confined) Remove(path string) error {
	if err := c.check(path, false); err != nil {
		return err
	}
	return c.OS.Remove(path)
}

func (c *confined) RemoveDir(path string) error {
	if err := c.check(path, false); err != nil {
		return err
	}
	return c.OS.RemoveDir(path)
}

func (c *confined) Mkdir(path string) error {
	if err := c.check(path, false); err != nil {
		return err
	}
	return c.OS.Mkdir(path)
}

func (c *confined) ReadDir(path string) ([]fs.DirEntry, error) {
	if err := c.check(path, true); err != nil {
		return nil, err
	}
	return c.OS.ReadDir(path)
}

func (c *confined) Lstat(path string) (fs.FileInfo, error) {
	if err := c.check(path, false); err != nil {
		return nil, err
	}
	return c.OS.Lstat(path)
}

func (c *confined) Chtimes(path string, mtime time.Time) error {
	if err := c.check(path, true); err != nil {
		return err
	}
	return c.OS.Chtimes(path, mtime)
}

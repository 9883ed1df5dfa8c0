//go:build !linux

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"
)

// SyncData implements File.
func (f osFile) SyncData() error { return f.Sync() }

// Preallocate implements File; it does nothing here.
func (f osFile) Preallocate(off, size int64) error { return nil }

// WriteBack implements File; it does nothing here.
func (f osFile) WriteBack(off, size int64) {}

// WriteFile implements FS.
func (OS) WriteFile(path string, data []byte, mtime time.Time) error {
	return &fs.PathError{Op: "writefile", Path: path, Err: errors.ErrUnsupported}
}

// SyncDir implements FS. Windows has no such call and orders its names itself.
func (OS) SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// SyncAll implements FS. There is no call that does it, and pretending would lose data.
func (OS) SyncAll(path string) error {
	return &fs.PathError{Op: "syncall", Path: path, Err: errors.ErrUnsupported}
}

// setDirect is for Linux.
func setDirect(_ *os.File, on bool) bool { return !on }

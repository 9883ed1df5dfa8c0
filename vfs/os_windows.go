package vfs

import (
	"io/fs"
	"os"
	"syscall"
)

// Remove implements FS. It looks before it removes, so a directory that takes the file's place
// in between may be removed if it is empty.
func (OS) Remove(path string) error {
	return removeKind(path, false, syscall.EISDIR)
}

// RemoveDir implements FS, with the same gap as Remove.
func (OS) RemoveDir(path string) error {
	return removeKind(path, true, syscall.ENOTDIR)
}

func removeKind(path string, dir bool, wrong error) error {
	fi, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if fi.IsDir() != dir {
		return &fs.PathError{Op: "remove", Path: path, Err: wrong}
	}
	return os.Remove(path)
}

func sysFileID(os.FileInfo) uint64 { return 0 }

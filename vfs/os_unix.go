//go:build unix

package vfs

import (
	"io/fs"
	"os"
	"syscall"
)

// Remove implements FS.
func (OS) Remove(path string) error {
	for {
		err := syscall.Unlink(path)
		switch err {
		case nil:
			return nil
		case syscall.EINTR:
			continue
		}
		return &fs.PathError{Op: "unlink", Path: path, Err: err}
	}
}

// RemoveDir implements FS.
func (OS) RemoveDir(path string) error {
	for {
		err := syscall.Rmdir(path)
		switch err {
		case nil:
			return nil
		case syscall.EINTR:
			continue
		}
		return &fs.PathError{Op: "rmdir", Path: path, Err: err}
	}
}

func sysFileID(fi os.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino)
	}
	return 0
}

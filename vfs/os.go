package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// OS is the file system of the operating system. On Linux it uses fdatasync, fallocate,
// sync_file_range, syncfs and unnamed temporary files; elsewhere what package os offers.
// The zero value is ready.
type OS struct{}

var (
	_ FS       = OS{}
	_ Confiner = OS{}
	_ OSFiler  = osFile{}
)

// Files and directories get these modes less the process's umask: people are meant to be able to
// open what the server stores.
const (
	fileMode = 0o666
	dirMode  = 0o777
)

// osFile is a File of the operating system. The platform files give it SyncData, Preallocate and WriteBack.
type osFile struct{ *os.File }

func (f osFile) OSFile() *os.File { return f.File }

func wrapFile(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Create implements FS.
func (OS) Create(path string) (File, error) {
	return wrapFile(os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode))
}

// OpenWrite implements FS.
func (OS) OpenWrite(path string) (File, bool, error) {
	return openWrite(func(flag int) (File, error) {
		return wrapFile(os.OpenFile(path, os.O_RDWR|flag, fileMode))
	})
}

// openWrite opens what is there or makes it; open gets the flags beyond O_RDWR. Somebody else may make or
// remove the file between the two attempts, so it tries again a few times.
func openWrite(open func(flag int) (File, error)) (f File, created bool, err error) {
	for range 8 {
		if f, err = open(0); !errors.Is(err, fs.ErrNotExist) {
			return f, false, err
		}
		if f, err = open(os.O_CREATE | os.O_EXCL); !errors.Is(err, fs.ErrExist) {
			return f, err == nil, err
		}
	}
	return nil, false, err
}

// Open implements FS.
func (OS) Open(path string) (File, error) { return wrapFile(os.Open(path)) }

// Link implements FS.
func (OS) Link(oldPath, newPath string) error { return linkError(os.Link(oldPath, newPath)) }

// linkError marks the errors that mean that a copy would do where a link does not.
func linkError(err error) error {
	for _, e := range []error{syscall.EXDEV, syscall.EPERM, syscall.EMLINK, syscall.ENOSYS} {
		if errors.Is(err, e) {
			return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		}
	}
	return err
}

// Rename implements FS.
func (OS) Rename(oldPath, newPath string) error { return os.Rename(oldPath, newPath) }

// Mkdir implements FS.
func (OS) Mkdir(path string) error { return os.Mkdir(path, dirMode) }

// ReadDir implements FS.
func (OS) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

// Lstat implements FS.
func (OS) Lstat(path string) (fs.FileInfo, error) { return os.Lstat(path) }

// Chtimes implements FS.
func (OS) Chtimes(path string, mtime time.Time) error { return os.Chtimes(path, time.Time{}, mtime) }

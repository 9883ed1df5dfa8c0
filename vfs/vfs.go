// Package vfs is the seam between MyFSIO and the file system: the few calls that the
// file engine and the plain-file view need, so that tests can fail the nth call, count
// syncs, and cut the power in the middle.
//
// [OS] is the real one. vfs/faultfs decorates any FS with faults and a record of calls;
// vfs/memfs is a file system in memory that can be cloned as a crash would leave it.
//
// # Durability
//
// Nothing is durable until it is synced: the bytes and size of a file with SyncData, its name
// with SyncDir of the directory it stands in, both for everything with SyncAll. Until then a crash may keep
// any part of it, or none. Times are metadata that nobody may rely on after a crash.
//
// # Abilities
//
// What only some file systems have is a small interface of its own, found by type assertion: [OSFiler] on a
// File, [Confiner] on an FS.
package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.WriterAt
	io.Closer
	// Stat describes the file.
	Stat() (fs.FileInfo, error)
	// SyncData makes the bytes and the size durable (fdatasync).
	SyncData() error
	// Truncate sets the size.
	Truncate(size int64) error
	// Preallocate reserves space for size bytes from off without changing the size; best effort, and
	// an error only for a full disk.
	Preallocate(off, size int64) error
	// WriteBack starts writing the given range to the disk without waiting; best effort.
	WriteBack(off, size int64)
}

// OSFiler is the ability of a File that is an open file of the operating system, for sendfile and
// copy_file_range. The caller must not close it.
type OSFiler interface{ OSFile() *os.File }

// OSFile returns the operating system's file behind f, nil where there is none.
func OSFile(f File) *os.File {
	if o, ok := f.(OSFiler); ok {
		return o.OSFile()
	}
	return nil
}

// Direct asks that writes to f go straight to the disk (on) or through the system's cache (off), and reports whether
// that is how it is now. While it is on, writes must be aligned to DirectAlign in address, offset and length.
// Bytes written once and read later, if at all, gain by it: they take no memory from what is read often.
func Direct(f File, on bool) bool {
	o := OSFile(f)
	return o != nil && setDirect(o, on)
}

// DirectAlign is the alignment of direct writes in bytes.
const DirectAlign = 4096

// FS is a file system. Paths are the host's own. Errors satisfy errors.Is with fs.ErrNotExist, fs.ErrExist,
// and syscall.ENOTDIR where something in the middle of a path is not a directory.
type FS interface {
	// Create makes a new file for reading and writing; it fails with fs.ErrExist where there is one.
	Create(path string) (File, error)
	// OpenWrite opens a file for reading and writing and reports whether it made it.
	OpenWrite(path string) (f File, created bool, err error)
	// Open opens for reading.
	Open(path string) (File, error)
	// WriteFile makes a new file of these bytes and this time of last change, not synced; an error leaves none. Who looks while it is
	// being written may see its beginning. It fails with fs.ErrExist where path exists, and with errors.ErrUnsupported where the
	// system has no cheap way; the caller then takes a temporary name.
	WriteFile(path string, data []byte, mtime time.Time) error
	// Link makes a hard link; it fails with fs.ErrExist where newPath exists, and with
	// errors.ErrUnsupported where these two paths cannot share a file (other device, too many links, no links here).
	Link(oldPath, newPath string) error
	// Rename replaces newPath in one step. Between two names of one file it may do nothing at all and
	// leave both. It fails where newPath is a directory.
	Rename(oldPath, newPath string) error
	// Remove removes a file, never a directory.
	Remove(path string) error
	// RemoveDir removes an empty directory, never a file; it fails with fs.ErrExist where it is not empty and
	// with syscall.ENOTDIR where it is none.
	RemoveDir(path string) error
	// Mkdir makes one directory; it fails with fs.ErrExist where there is something.
	Mkdir(path string) error
	// ReadDir lists a directory in the order of names.
	ReadDir(path string) ([]fs.DirEntry, error)
	// Lstat describes path and does not follow links.
	Lstat(path string) (fs.FileInfo, error)
	// Chtimes sets the time of the last change.
	Chtimes(path string, mtime time.Time) error
	// SyncDir makes the names in a directory durable.
	SyncDir(path string) error
	// SyncAll makes everything on path's file system durable.
	SyncAll(path string) error
}

// Confiner is the ability of an FS to stay beneath a directory that strangers may write to. Confine returns an FS
// that takes the same paths and never follows a symbolic link beneath root: one in the middle of a path fails
// with syscall.ENOTDIR, one at its end is the object of the call itself (Open fails). Paths outside root
// are allowed only as the old path of Link and in Lstat, Open and Chtimes: a trusted source.
// The root must exist; the caller closes the result.
type Confiner interface {
	Confine(root string) (ClosableFS, error)
}

// ClosableFS is an FS that holds something open.
type ClosableFS interface {
	FS
	io.Closer
}

// FileID returns a number that tells fi's file from every other on its file system as long as it
// exists (the inode number), 0 where there is none.
func FileID(fi fs.FileInfo) uint64 {
	if f, ok := fi.(interface{ FileID() uint64 }); ok {
		return f.FileID()
	}
	return sysFileID(fi)
}

// MkdirAll makes path and what is missing above it. The name of each directory that it makes is durable.
func MkdirAll(fsys FS, path string) error {
	parent := filepath.Dir(path)
	err := fsys.Mkdir(path)
	if errors.Is(err, fs.ErrNotExist) && parent != path {
		if err := MkdirAll(fsys, parent); err != nil {
			return err
		}
		err = fsys.Mkdir(path)
	}
	switch {
	case err == nil:
		return fsys.SyncDir(parent)
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	fi, err := fsys.Lstat(path)
	if err != nil {
		return err
	}
	if !fi.IsDir() && fi.Mode()&fs.ModeSymlink == 0 {
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	return nil
}

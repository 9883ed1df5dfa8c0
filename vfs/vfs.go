// Package vfs is the seam between MyFSIO and the file system: the few calls that the
// file engine and the plain-file view need, so that tests can fail the nth call, count
// syncs, and cut the power in the middle.
//
// [OS] is the real one. vfs/faultfs decorates any FS with faults and a record of calls;
// vfs/memfs is a file system in memory that can be cloned as a crash would leave it.
package vfs

import (
	"io"
	"io/fs"
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

// FS is a file system. Paths are the host's own. Errors satisfy errors.Is with fs.ErrNotExist and fs.ErrExist.
type FS interface {
	// Create makes a new file for reading and writing; it fails with fs.ErrExist where there is one.
	Create(path string) (File, error)
	// OpenWrite opens a file for reading and writing and reports whether it made it.
	OpenWrite(path string) (f File, created bool, err error)
	// Open opens for reading.
	Open(path string) (File, error)
	// Link makes a hard link; it fails with fs.ErrExist where newPath exists.
	Link(oldPath, newPath string) error
	// Rename replaces newPath in one step.
	Rename(oldPath, newPath string) error
	// Remove removes a file or an empty directory.
	Remove(path string) error
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

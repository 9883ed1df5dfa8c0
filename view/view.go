// Package view is the plain-file view of buckets: the current version of each object as the file
// Root/<bucket>/<key>, for people and programs that know files and not S3.
//
// The view is a projection. Nothing in the server reads objects through it; it is written behind the metadata
// and may be thrown away and written again. So nothing here is synced by itself, and a crash may leave a file
// missing or half written: whoever drives the view does what he had not yet made durable with [Tree.Sync] once
// more. A file is replaced whole; a new one may be seen while it is written.
//
// # What can be shown
//
// Not every key can be a file: see [Tree.Path]. And of two keys like "a" and "a/b" only the first to come has
// a file, since a name cannot be both file and directory; the other gets ErrClash.
//
// # Directories
//
// A directory exists for the files in it: it is made with the first and removed with the last one. Only
// the directory of a bucket stands by itself.
//
// # Strangers in the tree
//
// People may put files, links and directories of their own into the tree. A symbolic link is never followed: where it
// stands in the middle of a path the call fails with ErrClash, and where it stands for a key it is replaced
// or removed like a file. [Tree.Walk] reports it as foreign. On the operating system's file system this is the
// work of vfs.Confiner, see there for the choice and its cost; a file system that has no such
// ability is taken to have no links.
package view

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"myfsio/vfs"
)

// ErrClash is returned where a key cannot have a file because of what is in the tree already: another key's file or
// directory, or something foreign. It is no fault of the disk.
var ErrClash = errors.New("view: another file or directory is in the way")

// ErrName is returned for a bucket or key that can never be shown as a file.
var ErrName = errors.New("view: not a possible file name")

// ErrNotEmpty is returned by RemoveBucket where files remain.
var ErrNotEmpty = errors.New("view: the bucket's directory holds files")

// Names within Root that are not for buckets and keys.
const (
	internalDir = ".myfsio.sys" // at the root, or first in a key
	tempPrefix  = ".myfsio.tmp" // first in a key
)

// Options say where the view is.
type Options struct {
	FS   vfs.FS
	Root string // made where it is missing
}

// Tree is the view of all buckets. Its methods may be called at the same time, also for one key: the
// last to finish wins.
type Tree struct {
	fs    vfs.FS
	close func() error
	root  string
	tmp   string // directory of files on their way; on the root's file system, for the rename

	names string // begins the temporary names of this Tree
	seq   atomic.Uint64
}

// Open opens the view and makes its root and its directory for temporary files. The caller closes it.
func Open(o Options) (*Tree, error) {
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	t := &Tree{
		fs:    o.FS,
		close: func() error { return nil },
		root:  root,
		tmp:   filepath.Join(root, internalDir, "tmp"),
		names: rand.Text()[:8] + "-",
	}
	if err := vfs.MkdirAll(o.FS, root); err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	if c, ok := o.FS.(vfs.Confiner); ok {
		confined, err := c.Confine(root)
		switch {
		case err == nil:
			t.fs, t.close = confined, confined.Close
		case !errors.Is(err, errors.ErrUnsupported):
			return nil, fmt.Errorf("view: %w", err)
		}
	}
	if err := vfs.MkdirAll(t.fs, t.tmp); err != nil {
		t.close()
		return nil, fmt.Errorf("view: %s must be a directory below %s, not a link: %w", t.tmp, root, err)
	}
	return t, nil
}

// Close releases the tree.
func (t *Tree) Close() error { return t.close() }

// Sync makes everything that was shown so far durable. It fails with errors.ErrUnsupported where the
// system has no call for it.
func (t *Tree) Sync() error { return t.fs.SyncAll(t.root) }

// Sweep removes the temporary files that a crash has left. Those of this Tree stay.
func (t *Tree) Sweep() error {
	entries, err := t.fs.ReadDir(t.tmp)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), t.names) {
			continue
		}
		if err := t.fs.Remove(filepath.Join(t.tmp, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// temp returns a new name for a file on its way.
func (t *Tree) temp() string {
	return filepath.Join(t.tmp, fmt.Sprintf("%s%d", t.names, t.seq.Add(1)))
}

// MakeBucket makes the bucket's directory, where it is not there. It fails with ErrClash where something
// else has its name.
func (t *Tree) MakeBucket(bucket string) error {
	if !plainBucket(bucket) {
		return ErrName
	}
	dir := filepath.Join(t.root, bucket)
	err := t.fs.Mkdir(dir)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	fi, err := t.fs.Lstat(dir)
	if err == nil && !fi.IsDir() {
		err = ErrClash
	}
	return err
}

// RemoveBucket removes the bucket's directory and the empty directories in it. It fails with ErrNotEmpty
// where there are files, foreign ones too. Of an absent bucket: no error.
func (t *Tree) RemoveBucket(bucket string) error {
	if !plainBucket(bucket) {
		return ErrName
	}
	err := t.removeTree(filepath.Join(t.root, bucket))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR): // somebody was faster, or it is a file
		return ErrNotEmpty
	}
	return err
}

// removeTree removes dir and the directories below it. It stops at the first file.
func (t *Tree) removeTree(dir string) error {
	entries, err := t.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			return ErrNotEmpty
		}
	}
	for _, e := range entries {
		err := t.removeTree(filepath.Join(dir, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return t.fs.RemoveDir(dir)
}

// Buckets returns the names of the directories at the root that may be buckets, in order.
func (t *Tree) Buckets() ([]string, error) {
	entries, err := t.fs.ReadDir(t.root)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && plainBucket(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

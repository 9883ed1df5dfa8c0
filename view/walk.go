package view

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"myfsio/vfs"
)

// Entry is something in a bucket's directory that is not a directory.
type Entry struct {
	Key     string
	Path    string // of the file
	Size    int64  // bytes
	ModTime time.Time
	FileID  uint64 // the same for all links of one file, see vfs.FileID; 0 where there is none
	Foreign bool   // not a regular file, or not the file of any key: nothing that Open would open
}

// Stat describes the object's file. It fails with fs.ErrNotExist where there is none, or a directory.
func (t *Tree) Stat(bucket, key string) (Entry, error) {
	path, ok := t.Path(bucket, key)
	if !ok {
		return Entry{}, fs.ErrNotExist
	}
	fi, err := t.fs.Lstat(path)
	if err != nil {
		return Entry{}, absent(err)
	}
	if fi.IsDir() {
		return Entry{}, fs.ErrNotExist
	}
	return entry(key, path, fi), nil
}

// absent turns the error of a path that leads through a file, or a link, into fs.ErrNotExist.
func absent(err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		return fs.ErrNotExist
	}
	return err
}

func entry(key, path string, fi fs.FileInfo) Entry {
	return Entry{
		Key: key, Path: path, Size: fi.Size(), ModTime: fi.ModTime(), FileID: vfs.FileID(fi),
		Foreign: !fi.Mode().IsRegular(),
	}
}

// Open opens the object's file for reading. It fails with fs.ErrNotExist where there is no regular file.
func (t *Tree) Open(bucket, key string) (vfs.File, error) {
	e, err := t.Stat(bucket, key)
	if err == nil && e.Foreign {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	f, err := t.fs.Open(e.Path)
	if err != nil {
		return nil, absent(err)
	}
	fi, err := f.Stat() // it may have been replaced since
	if err == nil && !fi.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Walk yields all that is in the bucket's directory, and is not a directory itself, in the byte order of keys,
// beginning behind the key after ("": at the start). What comes or goes meanwhile may or may not be
// seen. An error is yielded once, last; it is fs.ErrNotExist where the bucket has no directory. The names of
// the directories on the way to the current entry are in memory, no more.
func (t *Tree) Walk(ctx context.Context, bucket, after string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if !plainBucket(bucket) {
			yield(Entry{}, ErrName)
			return
		}
		w := &walk{t, ctx, bucket, after, yield}
		dir := filepath.Join(t.root, bucket)
		entries, err := t.fs.ReadDir(dir)
		if err != nil {
			yield(Entry{}, absent(err))
			return
		}
		w.dir(dir, "", entries)
	}
}

type walk struct {
	t      *Tree
	ctx    context.Context
	bucket string
	after  string
	yield  func(Entry, error) bool
}

// dir yields what is in a directory whose keys begin with prefix, and reports whether to go on.
func (w *walk) dir(dir, prefix string, entries []fs.DirEntry) bool {
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			w.yield(Entry{}, err)
			return false
		}
		key, path := prefix+e.Name(), filepath.Join(dir, e.Name())
		if prefix == "" && (e.Name() == internalDir || strings.HasPrefix(e.Name(), tempPrefix)) {
			continue
		}
		if e.IsDir() && !w.below(path, key+"/") || !e.IsDir() && !w.file(e, path, key) {
			return false
		}
	}
	return true
}

// sortName gives a directory the place of the keys in it: "a.txt" comes before "a/b".
func sortName(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

// below goes into a directory.
func (w *walk) below(dir, prefix string) bool {
	if prefix <= w.after && !strings.HasPrefix(w.after, prefix) {
		return true // every key in it was seen
	}
	entries, err := w.t.fs.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // gone meanwhile
		return true
	case err != nil:
		w.yield(Entry{}, err)
		return false
	}
	return w.dir(dir, prefix, entries)
}

// file yields something that is not a directory.
func (w *walk) file(e fs.DirEntry, path, key string) bool {
	if key <= w.after {
		return true
	}
	fi, err := e.Info()
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // gone meanwhile
		return true
	case err != nil:
		w.yield(Entry{}, err)
		return false
	}
	found := entry(key, path, fi)
	if own, ok := w.t.Path(w.bucket, key); !ok || own != path {
		found.Foreign = true
	}
	return w.yield(found, nil)
}

package view

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"
)

// tries bounds how often a call begins again because somebody removed the directory that it just made.
const tries = 16

// Link shows the file src as the object: a hard link, or a copy where the file system refuses links. The time of
// last change of src is set first, unless mtime is zero. A file in the place is replaced in one step, and
// missing directories are made. It fails with ErrClash or ErrName where the object cannot be shown.
func (t *Tree) Link(bucket, key, src string, mtime time.Time) error {
	path, ok := t.Path(bucket, key)
	if !ok {
		return ErrName
	}
	if !mtime.IsZero() {
		if err := t.fs.Chtimes(src, mtime); err != nil {
			return err
		}
	}
	link := func(dst string) error { return t.fs.Link(src, dst) }
	fill := func(tmp string) error {
		err := link(tmp)
		if errors.Is(err, errors.ErrUnsupported) {
			err = t.copy(src, tmp, mtime)
		}
		return err
	}
	return t.place(path, link, fill)
}

// Write shows data as the object: a new file with mtime as its time of last change. It is
// for small objects. Else it is like Link.
func (t *Tree) Write(bucket, key string, data []byte, mtime time.Time) error {
	path, ok := t.Path(bucket, key)
	if !ok {
		return ErrName
	}
	write := func(dst string) error {
		// Looking first is cheap; writing a file that then cannot be linked is not.
		switch _, err := t.fs.Lstat(dst); {
		case err == nil:
			return fs.ErrExist
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		return t.fs.WriteFile(dst, data, mtime)
	}
	fill := func(tmp string) error {
		return t.fill(tmp, mtime, func(w io.Writer) error { _, err := w.Write(data); return err })
	}
	return t.place(path, write, fill)
}

// place puts a file at path. direct makes it appear there if nothing is there; fill makes it at a temporary name,
// in as many steps as it likes.
func (t *Tree) place(path string, direct, fill func(name string) error) error {
	err := t.withParents(path, direct)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, errors.ErrUnsupported) {
		err = t.replace(path, fill)
	}
	return clash(err, path)
}

// withParents runs make, which makes something at path, and makes the directories that it misses.
func (t *Tree) withParents(path string, make func(path string) error) (err error) {
	for range tries {
		if err = make(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := t.makeDir(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return err
}

// makeDir makes dir and what is missing above it, up to the root, which must be there. Something else that
// has the name of a directory is not looked at: the next call will meet it.
func (t *Tree) makeDir(dir string) error {
	if dir == t.root {
		return fmt.Errorf("view: the root is gone: %w", fs.ErrInvalid)
	}
	err := t.withParents(dir, t.fs.Mkdir)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// replace fills a temporary file and renames it to path.
func (t *Tree) replace(path string, fill func(tmp string) error) error {
	tmp := t.temp()
	err := fill(tmp)
	if err == nil {
		err = t.withParents(path, func(path string) error { return t.fs.Rename(tmp, path) })
	}
	// Also after a rename: between two names of one file it does nothing, and the temporary one stays.
	rerr := t.fs.Remove(tmp)
	if err == nil && rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = rerr
	}
	return err
}

// clash tells the errors that speak of what is in the way from those of the disk.
func clash(err error, path string) error {
	for _, e := range []error{syscall.ENOTDIR, syscall.EISDIR, fs.ErrExist} {
		if errors.Is(err, e) {
			return fmt.Errorf("%w: %s", ErrClash, path)
		}
	}
	return err
}

// copy makes tmp a copy of src.
func (t *Tree) copy(src, tmp string, mtime time.Time) error {
	from, err := t.fs.Open(src)
	if err != nil {
		return err
	}
	defer from.Close()
	if mtime.IsZero() {
		fi, err := from.Stat()
		if err != nil {
			return err
		}
		mtime = fi.ModTime()
	}
	return t.fill(tmp, mtime, func(w io.Writer) error { _, err := io.Copy(w, from); return err })
}

// fill makes the file tmp.
func (t *Tree) fill(tmp string, mtime time.Time, write func(w io.Writer) error) error {
	f, err := t.fs.Create(tmp)
	if err != nil {
		return err
	}
	err = write(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = t.fs.Chtimes(tmp, mtime)
	}
	return err
}

// Remove takes the object's file away, and the directories above it that are empty then. Where no
// file is, or a directory that stands for other keys, there is nothing to do.
func (t *Tree) Remove(bucket, key string) error {
	path, ok := t.Path(bucket, key)
	if !ok {
		return nil
	}
	err := t.fs.Remove(path)
	if err != nil && !t.nothing(path, err) {
		return err
	}
	for dir := filepath.Dir(path); dir != filepath.Join(t.root, bucket); dir = filepath.Dir(dir) {
		err := t.fs.RemoveDir(dir)
		switch {
		case err == nil, errors.Is(err, fs.ErrNotExist):
		case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR): // in use
			return nil
		default:
			return err
		}
	}
	return nil
}

// nothing reports whether removing path failed with err because no file is there.
func (t *Tree) nothing(path string, err error) bool {
	for _, e := range []error{fs.ErrNotExist, syscall.ENOTDIR, syscall.EISDIR} {
		if errors.Is(err, e) {
			return true
		}
	}
	if !errors.Is(err, fs.ErrPermission) { // what some systems say of a directory
		return false
	}
	fi, err := t.fs.Lstat(path)
	return err == nil && fi.IsDir()
}

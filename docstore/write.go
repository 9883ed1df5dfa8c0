package docstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// errMoved says that the file is no longer the one that Update began with.
var errMoved = errors.New("docstore: the file has changed")

// write replaces the file that st has seen by raw. s.mu is held.
func (s *Store[T]) write(st *state[T], raw []byte) error {
	doc, err := s.o.Decode(raw)
	if err != nil {
		return fmt.Errorf("the new %s cannot be read back: %w", filepath.Base(s.o.Path), err)
	}
	temp, info, err := s.o.disk.WriteTemp(s.o.Path, raw)
	if err != nil {
		return err
	}
	if err = s.keepDamaged(st); err == nil {
		err = s.publish(st, temp)
	}
	if err != nil {
		s.o.disk.Remove(temp)
		return err
	}
	// The file is in place from here on, whatever the sync says.
	s.state.Store(&state[T]{doc: doc, raw: raw, info: info, young: true})
	return s.o.disk.SyncDir(filepath.Dir(s.o.Path))
}

// publish puts temp in the place of the file that st has seen, errMoved when there is another one by now.
func (s *Store[T]) publish(st *state[T], temp string) error {
	info, err := s.o.disk.Stat(s.o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && st.info == nil:
		return s.publishFirst(temp)
	case errors.Is(err, fs.ErrNotExist), err == nil && !same(info, st.info):
		return errMoved
	case err != nil:
		return err
	}
	return s.o.disk.Rename(temp, s.o.Path)
}

// publishFirst makes the file, which must not be there, so that of two processes only one makes it.
func (s *Store[T]) publishFirst(temp string) error {
	err := s.o.disk.Link(temp, s.o.Path)
	switch {
	case err == nil:
		s.o.disk.Remove(temp)
		return nil
	case errors.Is(err, fs.ErrExist):
		return errMoved
	}
	return s.o.disk.Rename(temp, s.o.Path) // a file system without links
}

// keepDamaged gives the damaged file a second name before it is replaced.
func (s *Store[T]) keepDamaged(st *state[T]) error {
	if st.fault == nil || st.info == nil {
		return nil
	}
	base := s.o.Path + ".damaged-" + s.o.Now().UTC().Format("20060102T150405Z")
	name := base
	for i := 2; i < 1000; i++ {
		err := s.o.disk.Link(s.o.Path, name)
		if errors.Is(err, fs.ErrExist) {
			name = fmt.Sprintf("%s-%d", base, i)
			continue
		}
		if err != nil {
			err = s.o.disk.Copy(s.o.Path, name)
		}
		if err != nil {
			return fmt.Errorf("keep the damaged %s: %w", s.o.Path, err)
		}
		s.o.Log.Warn("the damaged file was kept", "file", name)
		return nil
	}
	return fmt.Errorf("too many damaged copies of %s", s.o.Path)
}

// disk is the calls of the file system, for tests to fail. Paths are the host's own.
type disk interface {
	Stat(path string) (fs.FileInfo, error)
	// Read returns the bytes and the description from before they were read; the description also with an error, where there is one.
	Read(path string, max int64) ([]byte, fs.FileInfo, error)
	// WriteTemp makes a file beside path, readable by its owner alone and durable but for its name.
	WriteTemp(path string, data []byte) (temp string, info fs.FileInfo, err error)
	Copy(from, to string) error // to must not be there
	Link(from, to string) error
	Rename(from, to string) error
	Remove(path string) error
	MkdirAll(dir string) error
	Lock(dir string) (io.Closer, error)
	SyncDir(dir string) error
}

type osDisk struct{}

func (osDisk) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }
func (osDisk) Link(from, to string) error            { return os.Link(from, to) }
func (osDisk) Rename(from, to string) error          { return os.Rename(from, to) }
func (osDisk) Remove(path string) error              { return os.Remove(path) }
func (osDisk) MkdirAll(dir string) error             { return os.MkdirAll(dir, 0o755) }

// openFile opens a file for reading. It does not wait for a writer where there is a pipe in its place.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func (osDisk) Read(path string, max int64) ([]byte, fs.FileInfo, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > max {
		return nil, info, fmt.Errorf("%s: %w: not a file of at most %d bytes", path, ErrDamaged, max)
	}
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(data)) > max {
		err = fmt.Errorf("%s: %w: longer than %d bytes", path, ErrDamaged, max)
	}
	return data, info, err
}

func (osDisk) WriteTemp(path string, data []byte) (string, fs.FileInfo, error) {
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text()[:10]+".tmp")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", nil, err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Close()); err != nil {
		os.Remove(temp)
		return "", nil, err
	}
	return temp, info, nil
}

func (osDisk) Copy(from, to string) error {
	in, err := openFile(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

func (osDisk) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// rotating is a file that makes room for itself: path, path.1 (the youngest backup), path.2, …
type rotating struct {
	path    string
	max     int64
	backups int

	mu   sync.Mutex
	f    *os.File // nil when closed
	size int64
}

func openRotating(path string, max int64, backups int) (*rotating, error) {
	r := &rotating{path: path, max: max, backups: backups}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return r, r.open()
}

func (r *rotating) open() error {
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	r.f, r.size = f, st.Size()
	return nil
}

// Write writes one line to one file. A line longer than the limit gets a file of its own. When
// rotation fails the line goes to the old file: a log that is too long is better than none.
func (r *rotating) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.f == nil {
		return len(p), nil
	}
	var rotated error
	if r.max > 0 && r.backups > 0 && r.size > 0 && r.size+int64(len(p)) > r.max {
		rotated = r.rotate()
	}
	n, err := r.f.Write(p)
	r.size += int64(n)
	return n, errors.Join(rotated, err)
}

// rotate moves every file up by one and begins a new one. On failure the open file stays.
func (r *rotating) rotate() error {
	for i := r.backups - 1; i > 0; i-- {
		if err := os.Rename(r.backup(i), r.backup(i+1)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(r.path, r.backup(1)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	old := r.f
	if err := r.open(); err != nil {
		return err
	}
	return old.Close()
}

func (r *rotating) backup(i int) string { return fmt.Sprintf("%s.%d", r.path, i) }

func (r *rotating) reopen() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.f
	if old == nil {
		return os.ErrClosed
	}
	if err := r.open(); err != nil {
		return err
	}
	return old.Close()
}

func (r *rotating) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.f == nil {
		return nil
	}
	err := errors.Join(r.f.Sync(), r.f.Close())
	r.f = nil
	return err
}

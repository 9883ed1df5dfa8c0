package memfs

import (
	"io"
	"io/fs"
	"slices"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// memFile is an open file. All its calls run under the file system's lock.
type memFile struct {
	fs   *FS
	base pebblevfs.File
	n    *node
	pos  int64 // of Read and Write
}

func (m *memFile) stat() (info, error) {
	fi, err := m.base.Stat()
	if err != nil {
		return info{}, err
	}
	return info{fi, fi.Name(), *m.n}, nil
}

func (m *memFile) Stat() (fs.FileInfo, error) {
	m.fs.mu.Lock()
	defer m.fs.mu.Unlock()
	return m.stat()
}

func (m *memFile) Read(p []byte) (int, error) {
	m.fs.mu.Lock()
	defer m.fs.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	n, err := m.readAt(p, m.pos)
	m.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (m *memFile) ReadAt(p []byte, off int64) (int, error) {
	m.fs.mu.Lock()
	defer m.fs.mu.Unlock()
	return m.readAt(p, off)
}

func (m *memFile) readAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if m.n.size < 0 {
		return m.base.ReadAt(p, off)
	}
	rest := max(m.n.size-off, 0)
	if rest >= int64(len(p)) {
		return m.base.ReadAt(p, off)
	}
	n, err := m.base.ReadAt(p[:rest], off)
	if err == nil {
		err = io.EOF
	}
	return n, err
}

func (m *memFile) Write(p []byte) (int, error) {
	m.fs.mu.Lock()
	defer m.fs.mu.Unlock()
	n, err := m.writeAt(p, m.pos)
	m.pos += int64(n)
	return n, err
}

func (m *memFile) WriteAt(p []byte, off int64) (int, error) {
	m.fs.mu.Lock()
	defer m.fs.mu.Unlock()
	return m.writeAt(p, off)
}

// writeAt copies p because MemFS reserves the right to change it.
func (m *memFile) writeAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := m.base.WriteAt(slices.Clone(p), off)
	if m.n.size >= 0 {
		m.n.size = max(m.n.size, off+int64(n))
	}
	return n, err
}

func (m *memFile) SyncData() error {
	m.fs.mu.Lock()
	defer m.fs.mu.Unlock()
	if err := m.base.SyncData(); err != nil {
		return err
	}
	m.n.synced = m.n.size
	return nil
}

func (m *memFile) Truncate(size int64) error {
	m.fs.mu.Lock()
	defer m.fs.mu.Unlock()
	if size < 0 {
		return fs.ErrInvalid
	}
	fi, err := m.base.Stat()
	if err != nil {
		return err
	}
	// Zeros from the new size to the old, or from the old to the new.
	from, to := size, fi.Size()
	if from > to {
		from, to = to, from
	}
	if to > from {
		if _, err := m.base.WriteAt(make([]byte, to-from), from); err != nil {
			return err
		}
	}
	m.n.size = size
	return nil
}

func (m *memFile) Preallocate(off, size int64) error { return nil }

func (m *memFile) WriteBack(off, size int64) {}

func (m *memFile) Close() error {
	m.fs.mu.Lock()
	defer m.fs.mu.Unlock()
	return m.base.Close()
}

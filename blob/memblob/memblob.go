// Package memblob keeps blobs in memory, for tests. It does all that a blob.Store must, and is a
// blob.Placer. Nothing outlives the Store, so Commit is as durable as it gets.
package memblob

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"myfsio/blob"
)

// Store is a blob.Store in memory. Blobs are listed in the order of their ids.
type Store struct {
	mu    sync.RWMutex // guards the map and all entries
	blobs map[blob.ID]*entry
}

// entry is a blob, or one that is becoming a blob. It is in the map until it is removed.
type entry struct {
	data      []byte
	mtime     time.Time
	committed bool // it can be opened
	whole     bool // it is being written with Create
	pieces    int  // being written with CreateAt
	removed   bool
}

var (
	_ blob.Store  = (*Store)(nil)
	_ blob.Placer = (*Store)(nil)
)

// New returns an empty store.
func New() *Store { return &Store{blobs: map[blob.ID]*entry{}} }

// Create implements blob.Store.
func (s *Store) Create(ctx context.Context, id blob.ID, sizeHint int64) (blob.Writer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blobs[id] != nil {
		return nil, blob.ErrExists
	}
	e := &entry{whole: true}
	s.blobs[id] = e
	return &writer{s: s, id: id, e: e}, nil
}

// CreateAt implements blob.Placer.
func (s *Store) CreateAt(ctx context.Context, id blob.ID, off, sizeHint int64) (blob.Writer, error) {
	if off < 0 {
		return nil, errors.New("memblob: negative offset")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.blobs[id]
	switch {
	case e == nil:
		e = &entry{}
		s.blobs[id] = e
	case e.whole:
		return nil, blob.ErrExists
	}
	e.pieces++
	return &writer{s: s, id: id, e: e, at: off}, nil
}

// Trim implements blob.Placer.
func (s *Store) Trim(ctx context.Context, id blob.ID, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.blobs[id]
	if e == nil || !e.committed {
		return blob.ErrNotFound
	}
	if size < 0 {
		return errors.New("memblob: negative size")
	}
	e.data = e.data[:min(size, int64(len(e.data)))]
	e.grow(size)
	return nil
}

// grow makes the entry at least size bytes long, with zeros.
func (e *entry) grow(size int64) {
	old := len(e.data)
	if n := int(size) - old; n > 0 {
		e.data = slices.Grow(e.data, n)[:size]
		clear(e.data[old:])
	}
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, id blob.ID) (blob.Blob, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.blobs[id]
	if e == nil || !e.committed {
		return nil, blob.ErrNotFound
	}
	return &reader{s: s, e: e, size: int64(len(e.data)), mtime: e.mtime}, nil
}

// Remove implements blob.Store.
func (s *Store) Remove(ctx context.Context, id blob.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.blobs[id]; e != nil && !e.whole {
		e.removed = true
		delete(s.blobs, id)
	}
	return nil
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context, after blob.ID) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for _, info := range s.infos(after) {
			if err := ctx.Err(); err != nil {
				yield(blob.Info{}, err)
				return
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (s *Store) infos(after blob.ID) []blob.Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var infos []blob.Info
	for id, e := range s.blobs {
		if e.committed && compare(id, after) > 0 {
			infos = append(infos, blob.Info{ID: id, Size: int64(len(e.data)), ModTime: e.mtime})
		}
	}
	slices.SortFunc(infos, func(a, b blob.Info) int { return compare(a.ID, b.ID) })
	return infos
}

func compare(a, b blob.ID) int { return slices.Compare(a[:], b[:]) }

// Close implements blob.Store; it does nothing.
func (s *Store) Close() error { return nil }

// writer writes one blob or one piece, in place: nobody can open what is not committed.
type writer struct {
	s    *Store
	id   blob.ID
	e    *entry
	at   int64
	done bool
}

var errDone = errors.New("memblob: write after Commit or Abort")

func (w *writer) Write(p []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.done {
		return 0, errDone
	}
	w.e.grow(w.at + int64(len(p)))
	w.at += int64(copy(w.e.data[w.at:], p))
	w.e.mtime = time.Now()
	return len(p), nil
}

func (w *writer) Commit(ctx context.Context) error {
	err := ctx.Err()
	if err == nil && w.done {
		err = errDone
	}
	if err != nil {
		w.Abort()
		return err
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.finish()
	if w.e.removed {
		return blob.ErrNotFound
	}
	w.e.committed = true
	if w.e.mtime.IsZero() {
		w.e.mtime = time.Now()
	}
	return nil
}

func (w *writer) finish() {
	w.done = true
	if w.e.whole {
		w.e.whole = false
	} else {
		w.e.pieces--
	}
}

func (w *writer) Abort() error {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.done {
		return nil
	}
	w.finish()
	if e := w.e; !e.committed && e.pieces == 0 && !e.removed {
		delete(w.s.blobs, w.id)
	}
	return nil
}

// reader is an open blob.
type reader struct {
	s     *Store
	e     *entry
	size  int64
	mtime time.Time
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("memblob: negative offset")
	}
	r.s.mu.RLock()
	defer r.s.mu.RUnlock()
	if off >= int64(len(r.e.data)) {
		return 0, io.EOF
	}
	n := copy(p, r.e.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *reader) Size() int64        { return r.size }
func (r *reader) ModTime() time.Time { return r.mtime }
func (r *reader) Close() error       { return nil }

// Package faultblob decorates a blob store for tests: it records the calls to the engine in order and fails
// the nth of them.
//
//	for n := 0; ; n++ {
//		store, faults := faultblob.New(base)
//		faults.Arm(n, errors.New("disk on fire"))
//		... run; expect an error, an unharmed state, and that the next operation works ...
//		if !faults.Fired() {
//			break
//		}
//	}
package faultblob

import (
	"context"
	"io"
	"iter"
	"sync"

	"myfsio/blob"
)

// Faults says which call fails, and what was called. Its methods may be called at the same time.
type Faults struct {
	mu    sync.Mutex
	calls []string
	armed bool
	n     int // calls until the failing one
	err   error
	fired bool
}

// Arm lets the nth call from now, counted from 0, return err.
func (f *Faults) Arm(n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.n, f.err, f.fired = true, n, err, false
}

// Fired reports whether a call has failed since Arm.
func (f *Faults) Fired() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fired
}

// Calls returns the names of the calls so far: create, write, commit, abort, open, readat, remove, list, createat,
// trim. Abort is recorded, but neither counted nor failed: callers have nothing left to do about it.
func (f *Faults) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

func (f *Faults) step(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	if !f.armed || call == "abort" {
		return nil
	}
	if f.n--; f.n >= 0 {
		return nil
	}
	f.armed, f.fired = false, true
	return f.err
}

// New decorates base. The result has the optional abilities that base has. A failing call does not reach
// base, but for Commit, which aborts. Bytes read through blob.Filer are not seen.
func New(base blob.Store) (blob.Store, *Faults) {
	f := &Faults{}
	s := store{base, f}
	p, isPlacer := base.(blob.Placer)
	l, isLinker := base.(blob.Linker)
	switch {
	case isPlacer && isLinker:
		return struct {
			store
			placer
			blob.Linker
		}{s, placer{p, f}, l}, f
	case isPlacer:
		return struct {
			store
			placer
		}{s, placer{p, f}}, f
	case isLinker:
		return struct {
			store
			blob.Linker
		}{s, l}, f
	}
	return s, f
}

type store struct {
	base blob.Store
	f    *Faults
}

var _ blob.Store = store{}

func (s store) Create(ctx context.Context, id blob.ID, sizeHint int64) (blob.Writer, error) {
	if err := s.f.step("create"); err != nil {
		return nil, err
	}
	return wrapWriter(s.f)(s.base.Create(ctx, id, sizeHint))
}

func (s store) Open(ctx context.Context, id blob.ID) (blob.Blob, error) {
	if err := s.f.step("open"); err != nil {
		return nil, err
	}
	b, err := s.base.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	if file, ok := b.(blob.Filer); ok {
		return struct {
			reader
			blob.Filer
		}{reader{b, s.f}, file}, nil
	}
	return reader{b, s.f}, nil
}

func (s store) Remove(ctx context.Context, id blob.ID) error {
	if err := s.f.step("remove"); err != nil {
		return err
	}
	return s.base.Remove(ctx, id)
}

func (s store) List(ctx context.Context, after blob.ID) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		if err := s.f.step("list"); err != nil {
			yield(blob.Info{}, err)
			return
		}
		s.base.List(ctx, after)(yield)
	}
}

func (s store) Close() error { return s.base.Close() }

type placer struct {
	base blob.Placer
	f    *Faults
}

func (p placer) CreateAt(ctx context.Context, id blob.ID, off, sizeHint int64) (blob.Writer, error) {
	if err := p.f.step("createat"); err != nil {
		return nil, err
	}
	return wrapWriter(p.f)(p.base.CreateAt(ctx, id, off, sizeHint))
}

func (p placer) Trim(ctx context.Context, id blob.ID, size int64) error {
	if err := p.f.step("trim"); err != nil {
		return err
	}
	return p.base.Trim(ctx, id, size)
}

// wrapWriter decorates what Create or CreateAt returned.
func wrapWriter(f *Faults) func(blob.Writer, error) (blob.Writer, error) {
	return func(w blob.Writer, err error) (blob.Writer, error) {
		if err != nil {
			return nil, err
		}
		if r, ok := w.(io.ReaderFrom); ok {
			return &readerFrom{writer{base: w, f: f}, r}, nil
		}
		return &writer{base: w, f: f}, nil
	}
}

type writer struct {
	base blob.Writer
	f    *Faults
	err  error // of a failed write: Commit must not pass after it
}

func (w *writer) step(call string) error {
	if w.err == nil {
		w.err = w.f.step(call)
	}
	return w.err
}

func (w *writer) Write(p []byte) (int, error) {
	if err := w.step("write"); err != nil {
		return 0, err
	}
	return w.base.Write(p)
}

func (w *writer) Commit(ctx context.Context) error {
	if err := w.step("commit"); err != nil {
		_ = w.base.Abort()
		return err
	}
	return w.base.Commit(ctx)
}

func (w *writer) Abort() error {
	_ = w.f.step("abort") // recorded only
	return w.base.Abort()
}

// readerFrom is a writer that copies files by itself; the whole copy counts as one write.
type readerFrom struct {
	writer
	from io.ReaderFrom
}

func (w *readerFrom) ReadFrom(r io.Reader) (int64, error) {
	if err := w.step("write"); err != nil {
		return 0, err
	}
	return w.from.ReadFrom(r)
}

type reader struct {
	blob.Blob
	f *Faults
}

func (r reader) ReadAt(p []byte, off int64) (int, error) {
	if err := r.f.step("readat"); err != nil {
		return 0, err
	}
	return r.Blob.ReadAt(p, off)
}

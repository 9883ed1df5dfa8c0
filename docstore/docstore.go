// Package docstore keeps one document in one file that people may edit.
//
// # Promises
//
//   - A change is atomic and durable when Update returns: temporary file, fsync, rename, fsync of
//     the directory. The file is readable by its owner alone.
//   - An edit by hand, or by another process, is seen by the next Get. Get compares size, time and identity
//     of the file with what it read last; while nothing changed it takes no lock.
//   - A file that cannot be decoded leaves the last good document in force. That is logged once for each
//     state of the file. It is never overwritten: before Update writes, the damaged file is
//     kept as <file>.damaged-<time>. The same holds for a file that vanished: the last document stays in force.
//   - Updates of several stores, in one process or in many, run one after another, by a lock on the directory. An edit by
//     hand while Update runs makes it start again; only between its last look and its rename
//     there remain some microseconds in which an editor can lose a change.
//
// What is in force after Update is what decoding the written bytes gives, so memory and disk cannot disagree.
package docstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Options describe a document. Path is needed, the rest may be zero.
type Options[T any] struct {
	Path   string
	Decode func([]byte) (*T, error) // default JSON
	Encode func(*T) ([]byte, error) // default indented JSON
	New    func() *T                // the document of an absent file; default new(T)
	Fresh  bool                     // open a damaged file as New's document instead of failing; Update keeps it aside
	Max    int64                    // bytes of the file, default 64 MiB
	Log    *slog.Logger             // default none
	Now    func() time.Time         // names damaged files; default time.Now

	disk disk // tests
}

// ErrDamaged is wrapped by the error of a file that cannot be decoded.
var ErrDamaged = errors.New("the file is damaged")

// racy is how long after its last change a file may change again without showing it in its time. Until then
// the bytes are compared.
const racy = 20 * time.Millisecond

// Store is one document. Its methods may be called at the same time.
type Store[T any] struct {
	o     Options[T]
	state atomic.Pointer[state[T]]
	mu    sync.Mutex // of reloads and updates
}

// state is a document and the file it came from.
type state[T any] struct {
	doc   *T
	raw   []byte      // the bytes of doc, nil when there was no file
	info  fs.FileInfo // the file that was looked at last, nil for none
	young bool        // that file was written so lately that its time proves nothing
	fault error       // why info's file is not in force
}

// Open reads the document. It fails when the file cannot be read or decoded, except with Fresh.
func Open[T any](o Options[T]) (*Store[T], error) {
	if o.Decode == nil {
		o.Decode = func(b []byte) (*T, error) { v := new(T); return v, json.Unmarshal(b, v) }
	}
	if o.Encode == nil {
		o.Encode = func(v *T) ([]byte, error) { return json.MarshalIndent(v, "", "  ") }
	}
	if o.New == nil {
		o.New = func() *T { return new(T) }
	}
	if o.Max == 0 {
		o.Max = 64 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.disk == nil {
		o.disk = osDisk{}
	}
	if real, err := filepath.EvalSymlinks(o.Path); err == nil {
		o.Path = real // a rename must replace the file, not the link to it
	}
	s := &Store[T]{o: o}
	st := s.load(&state[T]{doc: o.New()})
	if st.fault != nil && !(o.Fresh && errors.Is(st.fault, ErrDamaged)) {
		return nil, st.fault
	}
	s.state.Store(st)
	return s, nil
}

// Get returns the document in force. It must not be changed.
func (s *Store[T]) Get() *T {
	if st := s.state.Load(); s.fresh(st) {
		return st.doc
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reload().doc
}

// Peek returns the document that was last in force, without a look at the file: for Decode, which may not call Get.
func (s *Store[T]) Peek() *T { return s.state.Load().doc }

// Fault returns why the file is not what is in force, nil when it is.
func (s *Store[T]) Fault() error {
	s.Get()
	return s.state.Load().fault
}

// Exists reports whether the document in force came from a file.
func (s *Store[T]) Exists() bool {
	s.Get()
	return s.state.Load().raw != nil
}

// Update changes the document. fn gets a copy; it may run again on a later state and must
// have no other effects. When fn fails nothing changes and its error is returned as it is. Updates run one after another. After
// another error the file holds either the old or the new document, whole, and Get returns the one it holds.
func (s *Store[T]) Update(fn func(*T) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := filepath.Dir(s.o.Path)
	if err := s.o.disk.MkdirAll(dir); err != nil {
		return err
	}
	lock, err := s.o.disk.Lock(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	for range 100 {
		st := s.reload()
		if st.fault != nil && st.info == nil && !errors.Is(st.fault, fs.ErrNotExist) {
			return st.fault // nobody can tell what is there
		}
		next, err := s.apply(st, fn)
		if err != nil {
			return err
		}
		err = s.write(st, next)
		if errors.Is(err, errMoved) {
			continue
		}
		return err
	}
	return fmt.Errorf("%s changes all the time", s.o.Path)
}

// apply runs fn on a copy of the document and returns its encoding.
func (s *Store[T]) apply(st *state[T], fn func(*T) error) ([]byte, error) {
	var doc *T
	var err error
	if st.raw == nil {
		doc = s.o.New()
	} else if doc, err = s.o.Decode(st.raw); err != nil {
		return nil, err
	}
	if err := fn(doc); err != nil {
		return nil, err
	}
	return s.o.Encode(doc)
}

// fresh reports whether the file is still the one that st has seen.
func (s *Store[T]) fresh(st *state[T]) bool {
	if st.young {
		return false
	}
	info, err := s.o.disk.Stat(s.o.Path)
	return err == nil && same(info, st.info) || errors.Is(err, fs.ErrNotExist) && st.info == nil
}

func same(a, b fs.FileInfo) bool {
	return a != nil && b != nil && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// reload brings the state up to date and returns it. s.mu is held.
func (s *Store[T]) reload() *state[T] {
	old := s.state.Load()
	if s.fresh(old) {
		return old
	}
	st := s.load(old)
	switch {
	case st.fault != nil && (old.fault == nil || old.fault.Error() != st.fault.Error() || !same(old.info, st.info)):
		s.o.Log.Error("the last good state stays in force", "file", s.o.Path, "fault", st.fault)
	case st.fault == nil && old.fault != nil:
		s.o.Log.Info("the file is good again", "file", s.o.Path)
	}
	s.state.Store(st)
	return st
}

// load reads the file; a fault leaves old's document.
func (s *Store[T]) load(old *state[T]) *state[T] {
	st := &state[T]{doc: old.doc, raw: old.raw}
	raw, info, err := s.o.disk.Read(s.o.Path, s.o.Max)
	st.info = info
	if info != nil {
		age := time.Since(info.ModTime())
		st.young = age > -racy && age < racy
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && old.raw == nil:
		return st
	case errors.Is(err, fs.ErrNotExist):
		st.fault = fmt.Errorf("%s is gone: %w", s.o.Path, err)
	case err != nil:
		st.fault = err
	case old.raw != nil && string(raw) == string(old.raw):
	default:
		doc, err := s.o.Decode(raw)
		if err != nil {
			st.fault = fmt.Errorf("%s: %w: %w", s.o.Path, ErrDamaged, err)
			return st
		}
		st.doc, st.raw = doc, raw
	}
	return st
}

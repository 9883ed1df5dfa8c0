package pebblekv

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// engine is one opened instance of Pebble. A DB has one at a time, and a new one after a failure of the disk.
type engine struct {
	db    *pebble.DB
	fs    *guardFS
	calls gate // Views, and Updates from begin to durable

	applied atomic.Uint64 // number of Updates applied; added to by the writer
	synced  atomic.Uint64 // how many of them are known to be durable

	snapMu sync.Mutex // held to make a snapshot
	snap   atomic.Pointer[snapshot]
}

func openEngine(o Options, cache *pebble.Cache) (*engine, error) {
	g := &guardFS{FS: o.FS}
	po := o.pebble(g, cache)
	po.WithFSDefaults() // watches for a slow disk
	db, err := pebble.Open(o.Dir, po)
	if failed := g.failed(); failed != nil {
		if err == nil {
			err = db.Close()
		}
		return nil, fmt.Errorf("pebblekv: open: %w", errors.Join(failed, err))
	}
	if err != nil {
		return nil, fmt.Errorf("pebblekv: open: %w", err)
	}
	return &engine{db: db, fs: g, calls: newGate()}, nil
}

// close waits for the callers inside and closes.
func (e *engine) close() error {
	e.calls.close()
	e.dropSnapshot()
	if err := errors.Join(e.db.Close(), e.fs.failed()); err != nil {
		return fmt.Errorf("pebblekv: close: %w", err)
	}
	return nil
}

// snapshot is a state that Views share: that after the first n Updates, or a later one.
type snapshot struct {
	*pebble.Snapshot
	n    uint64
	refs atomic.Int64 // one for each View, and one while it is engine.snap
}

// acquire returns a snapshot that has every Update applied before the call.
func (e *engine) acquire() *snapshot {
	if s := e.snap.Load(); s != nil && s.n == e.applied.Load() && s.ref() {
		return s
	}
	e.snapMu.Lock()
	defer e.snapMu.Unlock()
	n := e.applied.Load()
	if s := e.snap.Load(); s != nil && s.n == n && s.ref() {
		return s
	}
	s := &snapshot{Snapshot: e.db.NewSnapshot(), n: n}
	s.refs.Store(2)
	if old := e.snap.Swap(s); old != nil {
		old.unref()
	}
	return s
}

// dropSnapshot lets go of the shared snapshot, so that it does not hold on to rows that were replaced.
func (e *engine) dropSnapshot() {
	if e.snap.Load() == nil {
		return
	}
	if s := e.snap.Swap(nil); s != nil {
		s.unref()
	}
}

// ref reports whether the snapshot was still open.
func (s *snapshot) ref() bool {
	for {
		n := s.refs.Load()
		if n == 0 {
			return false
		}
		if s.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *snapshot) unref() {
	if s.refs.Add(-1) == 0 {
		_ = s.Snapshot.Close() // never fails
	}
}

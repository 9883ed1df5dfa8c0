// Package pebblekv is the embedded kv.DB, on Pebble.
//
// # Updates
//
// One Update at a time runs its fn, on an indexed batch over the newest state, and applies the batch to log
// and memory; that makes Updates serialisable. It then lets the next one in and waits until the log is on disk,
// so that all writers who wait share one sync of the log. The log keeps the order of Updates: what survives a crash
// is always a prefix of them, and what was acknowledged is in it.
//
// A state is visible to readers and later Updates as soon as it is applied, a moment before it is durable. Nothing is
// acknowledged out of that order: an Update that changed nothing but read such a state waits like any other.
//
// # Views
//
// All Views between two Updates share one snapshot, so that a View costs two atomic counters and no lock.
//
// # Failing disks
//
// When the log or the manifest cannot be written, the Updates that were waiting end with an error that wraps
// kv.ErrUnknown. The store then stands as after a power cut: Views go on reading the state in memory, and the next
// Update opens the directory again and goes on from what is on disk. If that fails the Update fails, with nothing changed.
// Updates done by UpdateLazy, or with Options.Sync off, may be gone then, as in a crash. The same is done when Pebble
// finds its state inconsistent and asks for the end of the process. See guardFS.
package pebblekv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"myfsio/kv"
)

// ErrLocked is returned by Open when another process, or this one, has the store open.
var ErrLocked = errors.New("pebblekv: the metadata store is in use by another process")

// DB is a store in a directory.
type DB struct {
	opt   Options
	lock  *pebble.Lock
	cache *pebble.Cache

	engine atomic.Pointer[engine] // changed by the holder of writer
	closed atomic.Bool
	old    sync.WaitGroup // engines that failed and still have readers

	writer     chan struct{} // holds a token while an Update runs fn and applies it
	triedAt    time.Time     // when reopening failed last; owned by writer, as are the next
	triedErr   error
	retryEvery time.Duration
	now        func() time.Time
}

var (
	_ kv.DB   = (*DB)(nil)
	_ kv.Lazy = (*DB)(nil)
)

// Open opens the store, or makes an empty one. It returns an error that wraps ErrLocked while
// another process has it open. The caller closes it.
func Open(o Options) (*DB, error) {
	o = o.withDefaults()
	if o.Dir == "" {
		return nil, errors.New("pebblekv: no directory")
	}
	if err := o.FS.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("pebblekv: %w", err)
	}
	lock, err := pebble.LockDirectory(o.Dir, o.FS)
	if err != nil {
		return nil, lockError(err)
	}
	db := &DB{
		opt:        o,
		lock:       lock,
		cache:      pebble.NewCache(o.CacheBytes + 2*int64(o.memTable)), // Pebble takes its tables in memory out of it
		writer:     make(chan struct{}, 1),
		retryEvery: time.Second,
		now:        time.Now,
	}
	e, err := openEngine(o, db.cache)
	if err != nil {
		db.cache.Unref()
		return nil, errors.Join(err, lock.Close())
	}
	db.engine.Store(e)
	return db, nil
}

// lockError tells a held lock from other failures.
func lockError(err error) error {
	held := errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) ||
		strings.Contains(err.Error(), "held by current process")
	if held {
		return fmt.Errorf("%w (%w)", ErrLocked, err)
	}
	return fmt.Errorf("pebblekv: lock: %w", err)
}

// enter counts the caller into the present engine.
func (db *DB) enter() (*engine, error) {
	for {
		e := db.engine.Load()
		if e.calls.enter() {
			return e, nil
		}
		// A failed engine is replaced before its gate closes.
		if db.closed.Load() {
			return nil, kv.ErrClosed
		}
	}
}

// View implements kv.DB.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e, err := db.enter()
	if err != nil {
		return err
	}
	defer e.calls.leave()
	v := views.Get().(*view)
	v.snap = e.acquire()
	defer v.end()
	return fn(v)
}

// Update implements kv.DB.
func (db *DB) Update(ctx context.Context, fn func(kv.Txn) error) error {
	return db.update(ctx, fn, db.opt.Sync)
}

// UpdateLazy implements kv.Lazy.
func (db *DB) UpdateLazy(ctx context.Context, fn func(kv.Txn) error) error {
	return db.update(ctx, fn, false)
}

func (db *DB) update(ctx context.Context, fn func(kv.Txn) error, sync bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case db.writer <- struct{}{}:
	default:
		select {
		case db.writer <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	wait, err := db.apply(fn, sync)
	if wait == nil {
		return err
	}
	return wait.durable()
}

// apply runs fn and applies its changes. It gives the writer's token back. What it returns must be waited for.
func (db *DB) apply(fn func(kv.Txn) error, sync bool) (*pending, error) {
	defer func() { <-db.writer }()
	if db.closed.Load() {
		return nil, kv.ErrClosed
	}
	e := db.engine.Load()
	if err := e.fs.failed(); err != nil {
		if e, err = db.reopen(err); err != nil {
			return nil, err
		}
	}
	tx := txns.Get().(*txn)
	tx.begin(e)
	defer tx.end()
	if err := fn(tx); err != nil {
		return nil, err
	}
	if tx.err != nil {
		return nil, tx.err
	}
	return tx.commit(sync)
}

// reopen replaces the engine, which failed with cause. The caller holds the writer's token.
func (db *DB) reopen(cause error) (*engine, error) {
	if now := db.now(); db.triedErr == nil || now.Sub(db.triedAt) >= db.retryEvery {
		db.opt.Logger.Error("metadata store: a write failed; opening the store again", "err", cause)
		old := db.engine.Load()
		old.fs.detach()
		e, err := openEngine(db.opt, db.cache)
		if err == nil {
			db.triedErr = nil
			db.engine.Store(e)
			db.old.Go(func() {
				if err := old.close(); err != nil {
					db.opt.Logger.Debug("metadata store: closing the failed instance", "err", err)
				}
			})
			return e, nil
		}
		db.triedAt, db.triedErr = now, err
	}
	return nil, fmt.Errorf("pebblekv: cannot write: %w (%w)", cause, db.triedErr)
}

// Close implements kv.DB. Its error says that the last Updates without a wait for the disk may be lost.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return kv.ErrClosed
	}
	db.writer <- struct{}{}
	defer func() { <-db.writer }()
	err := db.engine.Load().close()
	db.old.Wait()
	db.cache.Unref()
	return errors.Join(err, db.lock.Close())
}

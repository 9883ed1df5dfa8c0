// Package faultkv is a kv.DB that fails on purpose.
//
// It passes calls on to another DB and counts the places where a call could fail. A [Plan] says which of
// them does. A test runs its program with the first place failing, then the second, and so on, until one run
// meets no failure:
//
//	for n := int64(1); ; n++ {
//		db := faultkv.New(memkv.New(), faultkv.Plan{Nth: n})
//		... run, check ...
//		if !db.Fired() {
//			break
//		}
//	}
package faultkv

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"myfsio/kv"
)

// ErrInjected is wrapped by every error that faultkv makes.
var ErrInjected = errors.New("faultkv: injected failure")

// Op is a place where a call can fail. Ops may be joined with |.
type Op uint16

// The places.
const (
	View          Op = 1 << iota // View fails and does not run fn
	Update                       // Update or UpdateLazy fails and does not run fn
	CommitUnknown                // fn has run; the changes are true, but the error wraps kv.ErrUnknown
	CommitLost                   // fn has run; nothing has changed, and the error wraps kv.ErrUnknown
	Get
	OpenCursor
	CursorNext // Next or SeekGE reports false and Err the failure

	All Op = 1<<iota - 1
)

// Plan says which place fails.
type Plan struct {
	Nth    int64 // the nth place met fails, counted from 1; 0: none
	Ops    Op    // places that count; 0: all
	Sticky bool  // all later places fail too
	Err    error // wrapped beside ErrInjected, nil: nothing
}

// DB fails as planned. It is as safe for concurrent use as the DB beneath.
type DB struct {
	db    kv.DB
	plan  Plan
	calls atomic.Int64
	fired atomic.Bool
}

var (
	_ kv.DB   = (*DB)(nil)
	_ kv.Lazy = (*DB)(nil)
)

// New returns a DB over db, which it closes with Close.
func New(db kv.DB, p Plan) *DB {
	if p.Ops == 0 {
		p.Ops = All
	}
	return &DB{db: db, plan: p}
}

// Calls returns how many places have been met so far.
func (db *DB) Calls() int64 { return db.calls.Load() }

// Fired reports whether a place has failed.
func (db *DB) Fired() bool { return db.fired.Load() }

// Unwrap returns the DB beneath, for checks that must not fail.
func (db *DB) Unwrap() kv.DB { return db.db }

// at counts a place and returns its failure, nil for none.
func (db *DB) at(op Op) error {
	if db.plan.Ops&op == 0 {
		return nil
	}
	n := db.calls.Add(1)
	if db.plan.Nth == 0 || n < db.plan.Nth || n > db.plan.Nth && !db.plan.Sticky {
		return nil
	}
	db.fired.Store(true)
	err := fmt.Errorf("%w at place %d", ErrInjected, n)
	if db.plan.Err != nil {
		err = fmt.Errorf("%w: %w", err, db.plan.Err)
	}
	return err
}

// View implements kv.DB.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := db.at(View); err != nil {
		return err
	}
	return db.db.View(ctx, func(r kv.Reader) error { return fn(reader{r, db}) })
}

// Update implements kv.DB.
func (db *DB) Update(ctx context.Context, fn func(kv.Txn) error) error {
	return db.update(ctx, fn, db.db.Update)
}

// UpdateLazy implements kv.Lazy, with Update where the DB beneath has none.
func (db *DB) UpdateLazy(ctx context.Context, fn func(kv.Txn) error) error {
	return db.update(ctx, fn, func(ctx context.Context, fn func(kv.Txn) error) error {
		return kv.UpdateLazy(ctx, db.db, fn)
	})
}

func (db *DB) update(ctx context.Context, fn func(kv.Txn) error, update func(context.Context, func(kv.Txn) error) error) error {
	if err := db.at(Update); err != nil {
		return err
	}
	var lost error
	err := update(ctx, func(tx kv.Txn) error {
		lost = nil
		if err := fn(txn{reader{tx, db}, tx}); err != nil {
			return err
		}
		if lost = db.at(CommitLost); lost != nil {
			return lost
		}
		return nil
	})
	if lost != nil {
		return unknown(lost)
	}
	if err == nil {
		if failure := db.at(CommitUnknown); failure != nil {
			return unknown(failure)
		}
	}
	return err
}

func unknown(err error) error { return fmt.Errorf("%w: %w", kv.ErrUnknown, err) }

// Close implements kv.DB. It does not fail on purpose.
func (db *DB) Close() error { return db.db.Close() }

// reader fails reads.
type reader struct {
	kv.Reader
	db *DB
}

func (r reader) Get(key []byte) ([]byte, error) {
	if err := r.db.at(Get); err != nil {
		return nil, err
	}
	return r.Reader.Get(key)
}

func (r reader) Cursor(rg kv.Range) (kv.Cursor, error) {
	if err := r.db.at(OpenCursor); err != nil {
		return nil, err
	}
	c, err := r.Reader.Cursor(rg)
	if err != nil {
		return nil, err
	}
	return &cursor{Cursor: c, db: r.db}, nil
}

// txn fails the reads of an Update; writes never fail by themselves.
type txn struct {
	reader
	tx kv.Txn
}

func (t txn) Put(key, value []byte)           { t.tx.Put(key, value) }
func (t txn) Delete(key []byte)               { t.tx.Delete(key) }
func (t txn) Add(counter []byte, delta int64) { t.tx.Add(counter, delta) }

// cursor fails moves; a failed one stays where it failed.
type cursor struct {
	kv.Cursor
	db  *DB
	err error
}

func (c *cursor) Next() bool {
	if c.err == nil {
		c.err = c.db.at(CursorNext)
	}
	return c.err == nil && c.Cursor.Next()
}

func (c *cursor) SeekGE(key []byte) bool {
	if c.err == nil {
		c.err = c.db.at(CursorNext)
	}
	return c.err == nil && c.Cursor.SeekGE(key)
}

func (c *cursor) Err() error {
	if c.err != nil {
		return c.err
	}
	return c.Cursor.Err()
}

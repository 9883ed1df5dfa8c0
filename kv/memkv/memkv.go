// Package memkv is a kv.DB in memory, for tests.
//
// It keeps its rows in a copy-on-write tree: a View reads the tree of its start and
// an Update changes a copy, which becomes the tree when the Update succeeds. One
// mutex makes Updates run one after another.
//
// With [Options] it is a stern test partner: it runs closures again and overwrites the slices that
// it lent, so that code which relies on more than package kv promises fails its tests.
package memkv

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sync"

	"github.com/tidwall/btree"

	"myfsio/kv"
)

// Options are the ways in which a DB may be less friendly than it could.
type Options struct {
	Retry  bool   // about half of all Updates run their fn once for nothing before they run it for real
	Poison bool   // lent keys and values are overwritten when they cease to be valid
	Seed   uint64 // of the choice that Retry makes
}

// DB is a store in memory.
type DB struct {
	opt Options

	update sync.Mutex // held by the one Update that runs
	rng    *rand.Rand // owned by update

	mu      sync.RWMutex // owns tree and closed
	tree    *tree
	closed  bool
	running sync.WaitGroup
}

type (
	pair = kv.Pair
	tree = btree.BTreeG[pair]
)

var (
	_ kv.DB   = (*DB)(nil)
	_ kv.Lazy = (*DB)(nil)
)

// New returns an empty store.
func New() *DB { return With(Options{}) }

// With returns an empty store with options.
func With(o Options) *DB {
	less := func(a, b pair) bool { return bytes.Compare(a.Key, b.Key) < 0 }
	return &DB{
		opt:  o,
		rng:  rand.New(rand.NewPCG(o.Seed, 1)),
		tree: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true}),
	}
}

// begin counts a call in and returns the tree of this moment.
func (db *DB) begin(ctx context.Context) (*tree, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.closed {
		return nil, kv.ErrClosed
	}
	db.running.Add(1)
	return db.tree, nil
}

// View implements kv.DB.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) error {
	t, err := db.begin(ctx)
	if err != nil {
		return err
	}
	defer db.running.Done()
	r := &reader{t: t, lent: lent{poison: db.opt.Poison}}
	defer r.lent.end()
	return fn(r)
}

// Update implements kv.DB.
func (db *DB) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if _, err := db.begin(ctx); err != nil {
		return err
	}
	defer db.running.Done()
	db.update.Lock()
	defer db.update.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.opt.Retry && db.rng.IntN(2) == 0 {
		_, _ = db.run(fn)
	}
	t, err := db.run(fn)
	if err != nil {
		return err
	}
	db.mu.Lock()
	db.tree = t
	db.mu.Unlock()
	return nil
}

// UpdateLazy implements kv.Lazy; there is nothing to be lazy about.
func (db *DB) UpdateLazy(ctx context.Context, fn func(kv.Txn) error) error {
	return db.Update(ctx, fn)
}

// run runs fn on a copy of the tree and returns the copy.
func (db *DB) run(fn func(kv.Txn) error) (*tree, error) {
	tx := &txn{reader: reader{t: db.tree.Copy(), lent: lent{poison: db.opt.Poison}}}
	defer tx.lent.end()
	if err := fn(tx); err != nil {
		return nil, err
	}
	return tx.t, tx.err
}

// Close implements kv.DB.
func (db *DB) Close() error {
	db.mu.Lock()
	closed := db.closed
	db.closed = true
	db.mu.Unlock()
	if closed {
		return kv.ErrClosed
	}
	db.running.Wait()
	return nil
}

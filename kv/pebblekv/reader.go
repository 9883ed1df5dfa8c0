package pebblekv

import (
	"bytes"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"myfsio/kv"
)

// view is the reader of one View.
type view struct {
	snap *snapshot
	kept kept
}

// views recycles views, so that a View with a few Gets allocates next to nothing.
var views = sync.Pool{New: func() any { return new(view) }}

// Get implements kv.Reader.
func (v *view) Get(key []byte) ([]byte, error) { return v.kept.get(v.snap, key) }

// Cursor implements kv.Reader.
func (v *view) Cursor(r kv.Range) (kv.Cursor, error) { return newCursor(v.snap, r) }

// end makes the results of Get invalid.
func (v *view) end() {
	v.kept.release()
	v.snap.unref()
	v.snap = nil
	views.Put(v)
}

// kept keeps the values that Get returned valid until the end of their View or Update: small ones and those
// beyond the first few are copied, the others stay pinned where Pebble has them.
type kept struct {
	pins  [maxPins]io.Closer
	n     int
	arena []byte // the rest of the chunk; small values are copied to its front
	chunk [arenaBytes]byte
}

const (
	maxPins    = 8       // a pin holds about 2 KiB and a table's block
	copyBytes  = 1 << 10 // up to here a copy is cheaper than a pin
	arenaBytes = 4 << 10
)

func (k *kept) get(r pebble.Reader, key []byte) ([]byte, error) {
	v, closer, err := r.Get(key)
	switch {
	case err == pebble.ErrNotFound:
		return nil, kv.ErrNotFound
	case err != nil:
		return nil, err
	case len(v) > copyBytes && k.n < maxPins:
		k.pins[k.n] = closer
		k.n++
		return v, nil
	}
	v = k.copy(v)
	return v, closer.Close()
}

// copy copies v to where it stays.
func (k *kept) copy(v []byte) []byte {
	if len(v) > copyBytes {
		return bytes.Clone(v)
	}
	if k.arena == nil {
		k.arena = k.chunk[:]
	}
	if len(k.arena) < len(v) {
		k.arena = make([]byte, arenaBytes)
	}
	c := k.arena[:len(v):len(v)]
	k.arena = k.arena[len(v):]
	copy(c, v)
	return c
}

func (k *kept) release() {
	for i := range k.n {
		_ = k.pins[i].Close() // the error was reported by Get
		k.pins[i] = nil
	}
	k.n = 0
	k.arena = nil
}

// cursor walks a range of a snapshot or a batch.
type cursor struct {
	it    *pebble.Iterator // nil for an empty range
	moved bool
	done  bool
}

func newCursor(r pebble.Reader, rg kv.Range) (kv.Cursor, error) {
	if rg.End != nil && bytes.Compare(rg.Start, rg.End) >= 0 {
		return &cursor{moved: true, done: true}, nil
	}
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: rg.Start, UpperBound: rg.End})
	if err != nil {
		return nil, err
	}
	return &cursor{it: it}, nil
}

// SeekGE implements kv.Cursor.
func (c *cursor) SeekGE(key []byte) bool {
	if c.it == nil {
		return false
	}
	c.moved = true
	c.done = !c.it.SeekGE(key)
	return !c.done
}

// Next implements kv.Cursor.
func (c *cursor) Next() bool {
	switch {
	case c.done:
		return false
	case !c.moved:
		c.moved = true
		c.done = !c.it.First()
	default:
		c.done = !c.it.Next()
	}
	return !c.done
}

// Key implements kv.Cursor.
func (c *cursor) Key() []byte {
	if c.done || !c.moved {
		return nil
	}
	return c.it.Key()
}

// Value implements kv.Cursor.
func (c *cursor) Value() ([]byte, error) {
	if c.done || !c.moved {
		return nil, nil
	}
	return c.it.ValueAndErr()
}

// Err implements kv.Cursor.
func (c *cursor) Err() error {
	if c.it == nil {
		return nil
	}
	return c.it.Error()
}

// Close implements kv.Cursor.
func (c *cursor) Close() error {
	if c.it == nil {
		return nil
	}
	it := c.it
	c.it, c.moved, c.done = nil, true, true
	return it.Close()
}

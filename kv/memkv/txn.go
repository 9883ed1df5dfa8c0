package memkv

import (
	"bytes"

	"github.com/tidwall/btree"

	"myfsio/kv"
)

// reader reads one tree.
type reader struct {
	t    *tree
	lent lent
}

// Get implements kv.Reader.
func (r *reader) Get(key []byte) ([]byte, error) {
	p, ok := r.t.Get(pair{Key: key})
	if !ok {
		return nil, kv.ErrNotFound
	}
	return r.lent.lend(p.Value), nil
}

// Cursor implements kv.Reader.
func (r *reader) Cursor(rg kv.Range) (kv.Cursor, error) {
	return newCursor(r.t, rg, r.lent.poison), nil
}

// txn changes its own copy of the tree.
type txn struct {
	reader
	err error // the first error of a write
}

// Cursor implements kv.Reader; the copy keeps it apart from later writes.
func (tx *txn) Cursor(rg kv.Range) (kv.Cursor, error) {
	return newCursor(tx.t.Copy(), rg, tx.lent.poison), nil
}

func (tx *txn) check(key, value []byte) bool {
	err := kv.Check(len(key), len(value))
	if tx.err == nil {
		tx.err = err
	}
	return err == nil
}

// Put implements kv.Txn.
func (tx *txn) Put(key, value []byte) {
	if tx.check(key, value) {
		tx.t.Set(pair{Key: bytes.Clone(key), Value: append([]byte{}, value...)})
	}
}

// Delete implements kv.Txn.
func (tx *txn) Delete(key []byte) {
	if tx.check(key, nil) {
		tx.t.Delete(pair{Key: key})
	}
}

// Add implements kv.Txn.
func (tx *txn) Add(counter []byte, delta int64) {
	if !tx.check(counter, nil) {
		return
	}
	old, _ := tx.t.Get(pair{Key: counter})
	tx.t.Set(pair{Key: bytes.Clone(counter), Value: kv.AppendInt64(nil, kv.Int64(old.Value)+delta)})
}

// cursor walks a tree that nobody changes.
type cursor struct {
	it    btree.IterG[pair]
	rg    kv.Range
	state state
	cur   pair
	lent  lent
}

type state uint8

const (
	fresh state = iota // before the first pair
	on                 // on a pair
	done               // past the last pair
)

func newCursor(t *tree, rg kv.Range, poison bool) *cursor {
	rg = kv.Range{Start: bytes.Clone(rg.Start), End: bytes.Clone(rg.End)}
	return &cursor{it: t.Iter(), rg: rg, lent: lent{poison: poison}}
}

// land settles the cursor where the iterator stands.
func (c *cursor) land(ok bool) bool {
	c.lent.end()
	c.state, c.cur = done, pair{}
	if !ok {
		return false
	}
	p := c.it.Item()
	if c.rg.End != nil && bytes.Compare(p.Key, c.rg.End) >= 0 {
		return false
	}
	c.state = on
	c.cur = pair{Key: c.lent.lend(p.Key), Value: c.lent.lend(p.Value)}
	return true
}

// SeekGE implements kv.Cursor.
func (c *cursor) SeekGE(key []byte) bool {
	if bytes.Compare(key, c.rg.Start) < 0 {
		key = c.rg.Start
	}
	return c.land(c.it.Seek(pair{Key: key}))
}

// Next implements kv.Cursor.
func (c *cursor) Next() bool {
	switch c.state {
	case fresh:
		return c.SeekGE(c.rg.Start)
	case on:
		return c.land(c.it.Next())
	}
	return false
}

func (c *cursor) Key() []byte            { return c.cur.Key }
func (c *cursor) Value() ([]byte, error) { return c.cur.Value, nil }
func (c *cursor) Err() error             { return nil }

// Close implements kv.Cursor.
func (c *cursor) Close() error {
	c.it.Release()
	c.land(false)
	return nil
}

// lent are the slices given out, where they are poisoned at their end.
type lent struct {
	poison bool
	out    [][]byte
}

// lend returns b, or a copy of it that end spoils.
func (l *lent) lend(b []byte) []byte {
	if !l.poison {
		return b
	}
	c := append([]byte{}, b...)
	l.out = append(l.out, c)
	return c
}

func (l *lent) end() {
	for _, b := range l.out {
		for i := range b {
			b[i] = 0xDB
		}
	}
	l.out = l.out[:0]
}

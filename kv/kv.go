// Package kv is the ordered key-value store under all metadata.
//
// Keys are byte strings in byte order (0x00 to 0xFF). The engines are small:
// kv/pebblekv (embedded), kv/memkv (tests), later kv/pgkv; the suite in
// kv/kvtest states what each of them must do.
//
// # Isolation
//
// Update is serialisable: its effects are those of some order in which the
// updates ran one after another. View sees one state, that of its start, and
// every Update that returned before the View began.
package kv

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
)

// ErrNotFound is returned by Get for a key that is not there.
var ErrNotFound = errors.New("kv: key not found")

// ErrClosed is returned by a DB after Close.
var ErrClosed = errors.New("kv: closed")

// Limits that every engine accepts and enforces with ErrLimit. A key has at least one byte; a
// value may be empty.
const (
	MaxKey   = 4 << 10  // bytes
	MaxValue = 16 << 20 // bytes
)

// ErrLimit is wrapped by the error of an Update that wrote a key or a value beyond the limits.
var ErrLimit = errors.New("kv: beyond a limit")

// Check returns an error that wraps ErrLimit when a key and a value of these lengths may not be
// stored. Engines call it.
func Check(keyLen, valueLen int) error {
	switch {
	case keyLen == 0:
		return fmt.Errorf("%w: empty key", ErrLimit)
	case keyLen > MaxKey:
		return fmt.Errorf("%w: key of %d bytes, at most %d", ErrLimit, keyLen, MaxKey)
	case valueLen > MaxValue:
		return fmt.Errorf("%w: value of %d bytes, at most %d", ErrLimit, valueLen, MaxValue)
	}
	return nil
}

// Range is the keys k with Start <= k < End. A nil Start begins at the first
// key; a nil End has no bound.
type Range struct{ Start, End []byte }

// Prefix returns the range of all keys that begin with p.
func Prefix(p []byte) Range { return Range{Start: p, End: PrefixEnd(p)} }

// PrefixEnd returns the smallest key greater than every key that begins with p,
// nil when there is none (p is empty or all 0xFF).
func PrefixEnd(p []byte) []byte {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] != 0xFF {
			end := append([]byte(nil), p[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}

// Pair is a key and its value.
type Pair struct{ Key, Value []byte }

// Cursor walks a range in key order. It begins before the first pair; SeekGE or
// Next makes it stand on one. Key and Value are valid until the cursor moves
// or closes and must not be changed. A cursor belongs to one goroutine and must be
// closed before its View or Update ends. In an Update it sees the writes made before it was
// opened; whether it sees later ones is not defined. After Next or SeekGE
// returned false, only SeekGE moves it again.
type Cursor interface {
	// SeekGE moves to the first key >= key within the range and reports whether there is one.
	// Seeking backwards is allowed.
	SeekGE(key []byte) bool
	// Next moves on (to the first pair at the start) and reports whether there is a pair.
	Next() bool
	Key() []byte
	Value() ([]byte, error)
	// Err returns the error that ended the walk, nil at its orderly end.
	Err() error
	Close() error
}

// Reader reads one state of the store.
type Reader interface {
	// Get returns the value, or ErrNotFound. The slice is valid until the View or
	// Update ends and must not be changed.
	Get(key []byte) ([]byte, error)
	// Cursor walks r.
	Cursor(r Range) (Cursor, error)
}

// Txn reads and changes the store. It reads its own writes. Put, Delete and Add copy
// their arguments. Their errors are kept and returned by Update.
type Txn interface {
	Reader
	Put(key, value []byte)
	Delete(key []byte) // of an absent key: no error
	// Add adds delta to the counter, which counts from 0 when absent and wraps around beyond
	// 64 bits. Counters are read with Get and Int64, and removed with Delete. Add must not meet a key written with Put.
	Add(counter []byte, delta int64)
}

// DB is an ordered store. Its methods may be called at the same time.
type DB interface {
	// View runs fn on one state. fn's error is returned as it is.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn and makes its changes true all at once, or not at all: none when fn
	// returns an error, which is returned as it is. The changes, and all that fn read, are durable when Update
	// returns nil, also when fn changed nothing. fn may run again: it resets its results at its top and has no other effects.
	// An error after fn returned nil means that the outcome is unknown only if it wraps ErrUnknown.
	Update(ctx context.Context, fn func(Txn) error) error
	// Close waits for running calls and closes the store. Later calls return ErrClosed.
	Close() error
}

// ErrUnknown is wrapped by the error of an Update that may or may not have happened.
var ErrUnknown = errors.New("kv: outcome unknown")

// Lazy is the optional ability of an engine to promise less for bookkeeping that can be done again:
// UpdateLazy is an Update that may return before it is durable. It becomes durable no
// later than the next Update that returns nil.
type Lazy interface {
	UpdateLazy(ctx context.Context, fn func(Txn) error) error
}

// UpdateLazy calls the engine's UpdateLazy where it has one, and Update elsewhere.
func UpdateLazy(ctx context.Context, db DB, fn func(Txn) error) error {
	if l, ok := db.(Lazy); ok {
		return l.UpdateLazy(ctx, fn)
	}
	return db.Update(ctx, fn)
}

// Scan walks r from its start. The pair is valid for one step. An error is
// yielded once, last, with an empty pair.
func Scan(r Reader, rg Range) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		c, err := r.Cursor(rg)
		if err != nil {
			yield(Pair{}, err)
			return
		}
		defer c.Close()
		for c.Next() {
			v, err := c.Value()
			if err != nil {
				yield(Pair{}, err)
				return
			}
			if !yield(Pair{c.Key(), v}, nil) {
				return
			}
		}
		if err := c.Err(); err != nil {
			yield(Pair{}, err)
		}
	}
}

// AppendInt64 appends the value of a counter, as Int64 reads it. Engines call it.
func AppendInt64(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

// Int64 decodes the value of a counter: 8 bytes, big endian, two's complement.
// An absent counter (nil) is 0.
func Int64(v []byte) int64 {
	if len(v) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(v))
}

package pebblekv

import (
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"myfsio/kv"
)

// txn is the transaction of one Update. Nobody else writes while it is open, so what is applied does
// not change under it.
type txn struct {
	e     *engine
	batch *pebble.Batch // nil until the first write
	err   error         // the first error of a write
	kept  kept
}

var txns = sync.Pool{New: func() any { return new(txn) }}

func (tx *txn) begin(e *engine) { tx.e = e }

// end makes the results of Get invalid, and forgets what was not committed.
func (tx *txn) end() {
	tx.kept.release()
	if tx.batch != nil {
		_ = tx.batch.Close()
	}
	tx.e, tx.batch, tx.err = nil, nil, nil
	txns.Put(tx)
}

// reader is the state with the transaction's own writes.
func (tx *txn) reader() pebble.Reader {
	if tx.batch == nil {
		return tx.e.db
	}
	return tx.batch
}

// Get implements kv.Reader.
func (tx *txn) Get(key []byte) ([]byte, error) { return tx.kept.get(tx.reader(), key) }

// Cursor implements kv.Reader.
func (tx *txn) Cursor(r kv.Range) (kv.Cursor, error) { return newCursor(tx.reader(), r) }

// write runs fn on the batch if key and value keep the limits.
func (tx *txn) write(keyLen, valueLen int, fn func(*pebble.Batch) error) {
	if tx.err != nil {
		return
	}
	if tx.err = kv.Check(keyLen, valueLen); tx.err != nil {
		return
	}
	if tx.batch == nil {
		tx.batch = tx.e.db.NewIndexedBatch()
	}
	tx.err = fn(tx.batch)
}

// Put implements kv.Txn.
func (tx *txn) Put(key, value []byte) {
	tx.write(len(key), len(value), func(b *pebble.Batch) error { return b.Set(key, value, nil) })
}

// Delete implements kv.Txn.
func (tx *txn) Delete(key []byte) {
	tx.write(len(key), 0, func(b *pebble.Batch) error { return b.Delete(key, nil) })
}

// Add implements kv.Txn.
func (tx *txn) Add(counter []byte, delta int64) {
	tx.write(len(counter), 8, func(b *pebble.Batch) error {
		var v [8]byte
		return b.Merge(counter, kv.AppendInt64(v[:0], delta), nil)
	})
}

// commit applies the batch, and returns what is to be waited for, nil for nothing.
func (tx *txn) commit(sync bool) (*pending, error) {
	e := tx.e
	if tx.batch == nil {
		if !sync || e.synced.Load() == e.applied.Load() {
			return nil, nil
		}
		// Nothing to write, but what fn saw is not durable yet: an empty record in the log waits for it.
		tx.batch = e.db.NewBatch()
		if err := tx.batch.LogData(nil, nil); err != nil {
			return nil, err
		}
	}
	if !sync {
		if err := e.db.Apply(tx.batch, pebble.NoSync); err != nil {
			return nil, fmt.Errorf("pebblekv: %w", err)
		}
		e.applied.Add(1)
		e.dropSnapshot()
		if err := e.fs.failed(); err != nil {
			return nil, unknown(err)
		}
		return nil, nil
	}
	if err := e.db.ApplyNoSyncWait(tx.batch, pebble.Sync); err != nil {
		return nil, fmt.Errorf("pebblekv: %w", err)
	}
	e.calls.enter() // cannot be closed: that takes the writer's token
	p := &pending{e: e, batch: tx.batch, n: e.applied.Add(1)}
	tx.batch = nil
	e.dropSnapshot()
	return p, nil
}

// pending is an applied Update that is not yet durable.
type pending struct {
	e     *engine
	batch *pebble.Batch
	n     uint64 // its number among the applied
}

// durable waits for the log to be on disk.
func (p *pending) durable() error {
	defer p.e.calls.leave()
	err := p.batch.SyncWait()
	if err == nil {
		err = p.e.fs.failed()
	}
	if err != nil {
		return unknown(err)
	}
	for {
		n := p.e.synced.Load()
		if n >= p.n || p.e.synced.CompareAndSwap(n, p.n) {
			break
		}
	}
	return p.batch.Close()
}

func unknown(err error) error { return fmt.Errorf("pebblekv: %w: %w", kv.ErrUnknown, err) }

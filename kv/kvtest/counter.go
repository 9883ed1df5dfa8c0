package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"myfsio/kv"
)

// wantCount checks a counter by Get and by a cursor.
func wantCount(r kv.Reader, name string, n int64) error {
	v, err := r.Get([]byte(name))
	if err != nil {
		return fmt.Errorf("counter %s: %w", name, err)
	}
	if kv.Int64(v) != n || len(v) != 8 {
		return fmt.Errorf("counter %s is %d (%d bytes), want %d", name, kv.Int64(v), len(v), n)
	}
	c, err := r.Cursor(kv.Range{Start: []byte(name)})
	if err != nil {
		return err
	}
	defer c.Close()
	if !c.Next() || string(c.Key()) != name {
		return errors.Join(fmt.Errorf("a cursor does not find counter %s", name), c.Err())
	}
	if w, err := c.Value(); err != nil || !bytes.Equal(v, w) {
		return fmt.Errorf("a cursor finds %x (%v) for counter %s, Get %x", w, err, name, v)
	}
	return nil
}

func add(t *testing.T, db kv.DB, name string, deltas ...int64) {
	t.Helper()
	update(t, db, func(tx kv.Txn) error {
		for _, d := range deltas {
			tx.Add([]byte(name), d)
		}
		return nil
	})
}

func testCounters(t *testing.T, db kv.DB) {
	add(t, db, "up", 1)
	add(t, db, "up", 2, 3)
	add(t, db, "down", -5)
	add(t, db, "down", 2, -4)
	add(t, db, "zero", 0)
	add(t, db, "back", 7)
	add(t, db, "back", -7)
	add(t, db, "max", math.MaxInt64)
	add(t, db, "max", 1)
	view(t, db, func(r kv.Reader) error {
		return errors.Join(
			wantCount(r, "up", 6), wantCount(r, "down", -7), wantCount(r, "zero", 0),
			wantCount(r, "back", 0), wantCount(r, "max", math.MinInt64), want(r, "none", nil))
	})
	update(t, db, func(tx kv.Txn) error { tx.Delete([]byte("up")); return nil })
	view(t, db, func(r kv.Reader) error { return want(r, "up", nil) })
	add(t, db, "up", 10)
	view(t, db, func(r kv.Reader) error { return wantCount(r, "up", 10) })
}

func testCountersInTxn(t *testing.T, db kv.DB) {
	add(t, db, "n", 10)
	update(t, db, func(tx kv.Txn) error {
		err1 := wantCount(tx, "n", 10)
		tx.Add([]byte("n"), 5)
		err2 := wantCount(tx, "n", 15)
		tx.Add([]byte("n"), -20)
		tx.Add([]byte("new"), 3)
		err3 := errors.Join(wantCount(tx, "n", -5), wantCount(tx, "new", 3))
		tx.Delete([]byte("n"))
		err4 := errors.Join(want(tx, "n", nil), wantList(tx, kv.Prefix([]byte("n\x00"))))
		tx.Add([]byte("n"), 2)
		return errors.Join(err1, err2, err3, err4, wantCount(tx, "n", 2))
	})
	view(t, db, func(r kv.Reader) error { return errors.Join(wantCount(r, "n", 2), wantCount(r, "new", 3)) })
	_ = db.Update(context.Background(), func(tx kv.Txn) error { tx.Add([]byte("n"), 100); return errWanted })
	view(t, db, func(r kv.Reader) error { return wantCount(r, "n", 2) })
}

func testCountersConcurrent(t *testing.T, db kv.DB) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				add(t, db, "n", int64(g*i), -1)
			}
		})
	}
	wg.Wait()
	view(t, db, func(r kv.Reader) error { return wantCount(r, "n", 28*1225-8*50) })
}

package faultkv_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"myfsio/kv"
	"myfsio/kv/faultkv"
	"myfsio/kv/kvtest"
	"myfsio/kv/memkv"
)

func TestNoFault(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.DB { return faultkv.New(memkv.New(), faultkv.Plan{}) })
}

// program adds a row after reading and scanning, and returns the number of rows that it saw.
func program(db kv.DB) (n int, err error) {
	ctx := context.Background()
	err = db.Update(ctx, func(tx kv.Txn) error {
		if _, err := tx.Get([]byte("a")); err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		tx.Put([]byte("a"), []byte("1"))
		return nil
	})
	if err != nil {
		return 0, err
	}
	err = db.View(ctx, func(r kv.Reader) error {
		n = 0
		for _, err := range kv.Scan(r, kv.Range{}) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

func TestEveryPlace(t *testing.T) {
	// Places in order: Update, Get, CommitLost, CommitUnknown, View, OpenCursor, CursorNext twice.
	const places = 8
	unknown := map[int64]bool{3: true, 4: true}
	changed := map[int64]bool{4: true, 5: true, 6: true, 7: true, 8: true}
	n := int64(1)
	for ; ; n++ {
		cause := errors.New("cause")
		db := faultkv.New(memkv.New(), faultkv.Plan{Nth: n, Err: cause})
		rows, err := program(db)
		if !db.Fired() {
			if err != nil || rows != 1 || db.Calls() != places {
				t.Errorf("without a failure: %d rows, %v, %d places", rows, err, db.Calls())
			}
			break
		}
		if !errors.Is(err, faultkv.ErrInjected) || !errors.Is(err, cause) || errors.Is(err, kv.ErrUnknown) != unknown[n] {
			t.Errorf("place %d: %v", n, err)
		}
		rows, err = program(faultkv.New(db.Unwrap(), faultkv.Plan{Nth: 1, Ops: faultkv.CommitLost}))
		if rows != 0 || !errors.Is(err, kv.ErrUnknown) {
			t.Errorf("place %d: CommitLost: %v", n, err)
		}
		err = db.Unwrap().View(context.Background(), func(r kv.Reader) error {
			_, err := r.Get([]byte("a"))
			if (err == nil) != changed[n] {
				return fmt.Errorf("Get = %w, want the change: %v", err, changed[n])
			}
			return nil
		})
		if err != nil {
			t.Errorf("place %d: %v", n, err)
		}
		if _, err := program(db); err != nil {
			t.Errorf("place %d: the program after it: %v", n, err)
		}
	}
	if n != places+1 {
		t.Errorf("%d places failed, want %d", n-1, places)
	}
}

func TestPlan(t *testing.T) {
	tests := []struct {
		plan  faultkv.Plan
		fails []bool // programs in a row
	}{
		{faultkv.Plan{}, []bool{false, false, false}},
		{faultkv.Plan{Nth: 2, Ops: faultkv.View}, []bool{false, true, false}},
		{faultkv.Plan{Nth: 2, Ops: faultkv.Update, Sticky: true}, []bool{false, true, true}},
		{faultkv.Plan{Nth: 2, Ops: faultkv.Get | faultkv.OpenCursor}, []bool{true, false, false}},
	}
	for _, tt := range tests {
		db := faultkv.New(memkv.New(), tt.plan)
		for i, fails := range tt.fails {
			if _, err := program(db); (err != nil) != fails {
				t.Errorf("%+v: program %d: %v, want failure: %v", tt.plan, i, err, fails)
			}
		}
	}
}

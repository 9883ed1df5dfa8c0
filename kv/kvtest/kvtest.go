// Package kvtest states what every kv engine must do.
//
// An engine's own test file calls [Run] with a function that opens a fresh, empty
// store. What is optional is tested when the engine has it.
package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"myfsio/kv"
)

// Run tests the engine that open opens. open is called once per test with an empty store; Run closes what it returns.
func Run(t *testing.T, open func(t *testing.T) kv.DB) {
	tests := []struct {
		name string
		fn   func(*testing.T, kv.DB)
	}{
		{"GetPutDelete", testGetPutDelete},
		{"ByteOrder", testByteOrder},
		{"Limits", testLimits},
		{"LentSlices", testLentSlices},
		{"CursorBounds", testCursorBounds},
		{"CursorSeeks", testCursorSeeks},
		{"CursorOwnWrites", testCursorOwnWrites},
		{"CursorSurvivesWrites", testCursorSurvivesWrites},
		{"ManyGets", testManyGets},
		{"BigScan", testBigScan},
		{"FailedUpdate", testFailedUpdate},
		{"PanicLeavesStoreUsable", testPanic},
		{"RunsAgain", testRunsAgain},
		{"ViewIsolation", testViewIsolation},
		{"ReadsLastUpdate", testReadsLastUpdate},
		{"LostUpdate", testLostUpdate},
		{"WriteSkew", testWriteSkew},
		{"ConcurrentMix", testConcurrentMix},
		{"Counters", testCounters},
		{"CountersInTxn", testCountersInTxn},
		{"CountersConcurrent", testCountersConcurrent},
		{"Context", testContext},
		{"Close", testClose},
		{"CloseWaits", testCloseWaits},
		{"Lazy", testLazy},
		{"Model", testModel},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := open(t)
			t.Cleanup(func() {
				if err := db.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
					t.Errorf("Close: %v", err)
				}
			})
			tt.fn(t, db)
		})
	}
}

// update runs an Update that must succeed.
func update(t testing.TB, db kv.DB, fn func(kv.Txn) error) {
	t.Helper()
	if err := db.Update(context.Background(), fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// view runs a View that must succeed.
func view(t testing.TB, db kv.DB, fn func(kv.Reader) error) {
	t.Helper()
	if err := db.View(context.Background(), fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// put writes pairs given as key, value, key, value.
func put(t testing.TB, db kv.DB, kvs ...string) {
	t.Helper()
	update(t, db, func(tx kv.Txn) error {
		for i := 0; i < len(kvs); i += 2 {
			tx.Put([]byte(kvs[i]), []byte(kvs[i+1]))
		}
		return nil
	})
}

// want checks the value of key; nil means absent.
func want(r kv.Reader, key string, value []byte) error {
	v, err := r.Get([]byte(key))
	switch {
	case value == nil && !errors.Is(err, kv.ErrNotFound):
		return fmt.Errorf("Get(%q) = %q, %v; want ErrNotFound", key, v, err)
	case value != nil && err != nil:
		return fmt.Errorf("Get(%q): %w", key, err)
	case value != nil && !bytes.Equal(v, value):
		return fmt.Errorf("Get(%q) = %q, want %q", key, v, value)
	}
	return nil
}

// list returns the pairs of rg as "key=value" strings.
func list(r kv.Reader, rg kv.Range) ([]string, error) {
	var out []string
	for p, err := range kv.Scan(r, rg) {
		if err != nil {
			return nil, err
		}
		out = append(out, string(p.Key)+"="+string(p.Value))
	}
	return out, nil
}

// wantList checks the pairs of rg.
func wantList(r kv.Reader, rg kv.Range, pairs ...string) error {
	got, err := list(r, rg)
	if err != nil {
		return err
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", pairs) {
		return fmt.Errorf("range %q to %q holds %q, want %q", rg.Start, rg.End, got, pairs)
	}
	return nil
}

// all is the range of every key.
var all = kv.Range{}

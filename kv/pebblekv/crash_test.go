package pebblekv_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"myfsio/kv"
	"myfsio/kv/pebblekv"
)

// journal is a store in which the i-th Update writes row i, of a size that varies, sets "last" to i and counts one. Whatever
// prefix of Updates survives a crash, it says of itself how long it is.
type journal struct{ kv.DB }

func row(i int64) []byte { return fmt.Appendf(nil, "row/%06d", i) }

func body(i int64) []byte { return bytes.Repeat(row(i), int(i*37%400)) }

// add appends a row in one Update and returns its number.
func (j journal) add(update func(context.Context, func(kv.Txn) error) error) (n int64, err error) {
	err = update(context.Background(), func(tx kv.Txn) error {
		v, err := tx.Get([]byte("last"))
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		n = kv.Int64(v) + 1
		tx.Put([]byte("last"), kv.AppendInt64(nil, n))
		tx.Put(row(n), body(n))
		tx.Add([]byte("count"), 1)
		return nil
	})
	return n, err
}

// length checks that the store holds some prefix, whole, and returns its length.
func (j journal) length() (n int64, err error) {
	err = j.View(context.Background(), func(r kv.Reader) error {
		last, err := r.Get([]byte("last"))
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		count, err := r.Get([]byte("count"))
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		for p, err := range kv.Scan(r, kv.Prefix([]byte("row/"))) {
			if err != nil {
				return err
			}
			n++
			if !bytes.Equal(p.Key, row(n)) || !bytes.Equal(p.Value, body(n)) {
				return fmt.Errorf("row %d is %q of %d bytes", n, p.Key, len(p.Value))
			}
		}
		if kv.Int64(last) != n || kv.Int64(count) != n {
			return fmt.Errorf("%d rows, last %d, count %d", n, kv.Int64(last), kv.Int64(count))
		}
		return nil
	})
	return n, err
}

// crash opens what a power cut now would leave and returns the length of the journal there.
func crash(t *testing.T, fs *vfs.MemFS, seed uint64) int64 {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 5))
	cfg := vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 20, 50, 100}[seed%4], RNG: rng}
	db := open(t, pebblekv.SmallTables(pebblekv.Options{Dir: "db", FS: fs.CrashClone(cfg), Sync: true}))
	n, err := journal{db}.length()
	if err != nil {
		t.Fatalf("seed %d: after a crash: %v", seed, err)
	}
	if err := db.Close(); err != nil {
		t.Fatalf("seed %d: close after a crash: %v", seed, err)
	}
	return n
}

// TestCrash cuts the power after every Update; some are lazy.
func TestCrash(t *testing.T) {
	fs := vfs.NewCrashableMem()
	db := open(t, pebblekv.SmallTables(pebblekv.Options{Dir: "db", FS: fs, Sync: true}))
	defer db.Close()
	j := journal{db}
	var durable, applied int64
	for i := range uint64(200) {
		update := db.Update
		if i%5 > 2 {
			update = db.UpdateLazy
		}
		n, err := j.add(update)
		if err != nil {
			t.Fatal(err)
		}
		applied = n
		if i%5 <= 2 {
			durable = n
		}
		if i%10 == 9 { // an Update without writes vouches for what it saw
			if err := db.Update(context.Background(), func(kv.Txn) error { return nil }); err != nil {
				t.Fatal(err)
			}
			durable = n
		}
		if got := crash(t, fs, i); got < durable || got > applied {
			t.Fatalf("update %d: %d survive, %d are durable, %d applied", i, got, durable, applied)
		}
	}
}

// TestCrashConcurrent cuts the power while many write.
func TestCrashConcurrent(t *testing.T) {
	fs := vfs.NewCrashableMem()
	db := open(t, pebblekv.SmallTables(pebblekv.Options{Dir: "db", FS: fs, Sync: true}))
	defer db.Close()
	j := journal{db}
	var mu sync.Mutex
	var acked int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				n, err := j.add(db.Update)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked = max(acked, n)
				mu.Unlock()
			}
		})
	}
	for seed := range uint64(60) {
		mu.Lock()
		before := acked
		mu.Unlock()
		if got := crash(t, fs, seed); got < before {
			t.Errorf("seed %d: %d survive, %d were acknowledged", seed, got, before)
		}
	}
	wg.Wait()
}

// TestAsync keeps a prefix without Sync.
func TestAsync(t *testing.T) {
	fs := vfs.NewCrashableMem()
	db := open(t, pebblekv.SmallTables(pebblekv.Options{Dir: "db", FS: fs}))
	j := journal{db}
	for i := range uint64(100) {
		n, err := j.add(db.Update)
		if err != nil {
			t.Fatal(err)
		}
		if got := crash(t, fs, i); got > n {
			t.Fatalf("%d survive of %d", got, n)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := crash(t, fs, 0); got != 100 {
		t.Errorf("%d survive an orderly close, want 100", got)
	}
}

// TestNthFailure lets the nth call to the file system fail, for every n: no acknowledged row is lost, none that was
// refused appears, and the store works on.
func TestNthFailure(t *testing.T) { eachFailure(t, 1, 1) }

// TestDeadDisk lets thirty writes fail from the nth call on; reads must go on.
func TestDeadDisk(t *testing.T) { eachFailure(t, 1, 30) }

func eachFailure(t *testing.T, step, width int64) {
	step *= slowdown
	if testing.Short() {
		step *= 17
	}
	for n := int64(0); ; n += step {
		in := &injector{from: n, width: width}
		if err := runFailing(t, in); err != nil {
			t.Fatalf("call %d fails: %v", n, err)
		}
		if in.calls.Load() < n {
			t.Logf("%d calls", n)
			return
		}
	}
}

// injector fails calls from the given number on: one of any sort, or several that write.
type injector struct {
	from, width int64
	calls       atomic.Int64
}

func (in *injector) String() string { return "nth" }

func (in *injector) MaybeError(op errorfs.Op) error {
	if in.width > 1 && op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	if n := in.calls.Add(1) - 1; n >= in.from && n < in.from+in.width {
		return errorfs.ErrInjected
	}
	return nil
}

// runFailing runs a program of Updates, checks what each acknowledged, and at last cuts the power.
func runFailing(t *testing.T, in *injector) error {
	mem := vfs.NewCrashableMem()
	o := pebblekv.SmallTables(pebblekv.Options{Dir: "db", FS: errorfs.Wrap(mem, in), Sync: true})
	db, err := pebblekv.Open(o)
	for tries := int64(0); err != nil; tries++ {
		if tries > in.width {
			return fmt.Errorf("Open: %w", err)
		}
		db, err = pebblekv.Open(o)
	}
	pebblekv.RetryAtOnce(db)
	acked, possible, err := appendRows(db, in.width)
	if err != nil {
		return err
	}
	got, err := journal{db}.length()
	if errors.Is(err, errorfs.ErrInjected) { // the failing call may be this very read
		got, err = journal{db}.length()
	}
	if err != nil || got < acked || got > possible {
		return fmt.Errorf("%d rows, %d acknowledged, %d possible: %w", got, acked, possible, err)
	}
	_ = db.Close() // its error is that of the failed call
	if got := crash(t, mem, uint64(in.from)); got < acked || got > possible {
		return fmt.Errorf("after a crash: %d rows, %d acknowledged, %d possible", got, acked, possible)
	}
	return nil
}

func appendRows(db *pebblekv.DB, width int64) (acked, possible int64, err error) {
	j := journal{db}
	failures := int64(0)
	for i := range 200 {
		lazy := i%4 == 3
		update := db.Update
		if lazy {
			update = db.UpdateLazy
		}
		n, err := j.add(update)
		switch {
		case err == nil && n <= acked:
			return 0, 0, fmt.Errorf("row %d was acknowledged and went away", n)
		case err == nil && !lazy:
			acked, possible = n, n
		case err == nil || errors.Is(err, kv.ErrUnknown):
			possible = max(possible, n)
		}
		if err == nil {
			continue
		}
		if failures++; failures > width+8 {
			return 0, 0, fmt.Errorf("does not recover: %w", err)
		}
		if got, err := j.length(); width > 1 && err != nil || err == nil && got < acked {
			return 0, 0, fmt.Errorf("reads while writes fail: %d rows of %d: %w", got, acked, err)
		}
	}
	if acked < 100 {
		err = fmt.Errorf("only %d rows were acknowledged", acked)
	}
	return acked, possible, err
}

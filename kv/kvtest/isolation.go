package kvtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"myfsio/kv"
)

var errWanted = errors.New("wanted")

func testFailedUpdate(t *testing.T, db kv.DB) {
	put(t, db, "a", "1")
	err := db.Update(context.Background(), func(tx kv.Txn) error {
		tx.Put([]byte("a"), []byte("2"))
		tx.Put([]byte("b"), []byte("2"))
		tx.Add([]byte("n"), 1)
		return errWanted
	})
	if err != errWanted {
		t.Errorf("Update = %v, want fn's own error as it is", err)
	}
	if err := db.View(context.Background(), func(kv.Reader) error { return errWanted }); err != errWanted {
		t.Errorf("View = %v, want fn's own error as it is", err)
	}
	view(t, db, func(r kv.Reader) error { return wantList(r, all, "a=1") })
	put(t, db, "c", "3")
	view(t, db, func(r kv.Reader) error { return wantList(r, all, "a=1", "c=3") })
}

func testPanic(t *testing.T, db kv.DB) {
	panics := func(call func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Error("the panic of fn was swallowed")
			}
		}()
		call()
	}
	panics(func() {
		_ = db.Update(context.Background(), func(tx kv.Txn) error { tx.Put([]byte("a"), nil); panic("fn") })
	})
	panics(func() { _ = db.View(context.Background(), func(kv.Reader) error { panic("fn") }) })
	put(t, db, "b", "1")
	view(t, db, func(r kv.Reader) error { return wantList(r, all, "b=1") })
}

// testRunsAgain checks that runs of fn do not add up.
func testRunsAgain(t *testing.T, db kv.DB) {
	for i := range 50 {
		update(t, db, func(tx kv.Txn) error {
			v, err := tx.Get([]byte("list"))
			if err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			tx.Put([]byte("list"), append(append([]byte{}, v...), byte('a'+i%26)))
			tx.Add([]byte("n"), 1)
			return nil
		})
	}
	view(t, db, func(r kv.Reader) error {
		v, err := r.Get([]byte("list"))
		if err != nil {
			return err
		}
		n, err := r.Get([]byte("n"))
		if len(v) != 50 || kv.Int64(n) != 50 {
			return fmt.Errorf("%d appends and %d counts of 50", len(v), kv.Int64(n))
		}
		return err
	})
}

func testViewIsolation(t *testing.T, db kv.DB) {
	put(t, db, "a", "1", "b", "1", "c", "1")
	view(t, db, func(r kv.Reader) error {
		early, err := r.Cursor(all)
		if err != nil {
			return err
		}
		defer early.Close()
		if err := want(r, "a", []byte("1")); err != nil {
			return err
		}
		update(t, db, func(tx kv.Txn) error {
			tx.Delete([]byte("a"))
			tx.Put([]byte("b"), []byte("2"))
			tx.Put([]byte("bb"), []byte("2"))
			tx.Add([]byte("n"), 5)
			return nil
		})
		view(t, db, func(r kv.Reader) error { return want(r, "b", []byte("2")) })
		n := 0
		for early.Next() {
			n++
		}
		if n != 3 {
			return fmt.Errorf("an open cursor saw %d rows, want 3", n)
		}
		return errors.Join(want(r, "a", []byte("1")), want(r, "b", []byte("1")), want(r, "bb", nil), want(r, "n", nil),
			wantList(r, all, "a=1", "b=1", "c=1"), early.Err())
	})
}

// testReadsLastUpdate checks that a View sees every Update that returned before it began, with other writers about.
func testReadsLastUpdate(t *testing.T, db kv.DB) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			key := fmt.Sprintf("g%d", g)
			for i := range 100 {
				put(t, db, key, fmt.Sprint(i))
				view(t, db, func(r kv.Reader) error { return want(r, key, []byte(fmt.Sprint(i))) })
			}
		})
	}
	wg.Wait()
}

// testLostUpdate lets many goroutines read, add one, and write.
func testLostUpdate(t *testing.T, db kv.DB) {
	const workers, rounds = 8, 50
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				update(t, db, func(tx kv.Txn) error {
					v, err := tx.Get([]byte("n"))
					if err != nil && !errors.Is(err, kv.ErrNotFound) {
						return err
					}
					tx.Put([]byte("n"), kv.AppendInt64(nil, kv.Int64(v)+1))
					return nil
				})
			}
		})
	}
	wg.Wait()
	view(t, db, func(r kv.Reader) error { return want(r, "n", kv.AppendInt64(nil, workers*rounds)) })
}

// testWriteSkew has two rows of which at most one may be set; each writer checks the other row, one by Get and one by
// a scan that finds nothing.
func testWriteSkew(t *testing.T, db kv.DB) {
	for i := range 50 {
		a, b := fmt.Sprintf("%03d/a", i), fmt.Sprintf("%03d/b", i)
		var wg sync.WaitGroup
		wg.Go(func() {
			update(t, db, func(tx kv.Txn) error {
				_, err := tx.Get([]byte(b))
				if errors.Is(err, kv.ErrNotFound) {
					tx.Put([]byte(a), nil)
					return nil
				}
				return err
			})
		})
		wg.Go(func() {
			update(t, db, func(tx kv.Txn) error {
				got, err := list(tx, kv.Prefix([]byte(a)))
				if len(got) == 0 && err == nil {
					tx.Put([]byte(b), nil)
				}
				return err
			})
		})
		wg.Wait()
		view(t, db, func(r kv.Reader) error {
			got, err := list(r, kv.Prefix(fmt.Appendf(nil, "%03d/", i)))
			if err == nil && len(got) != 1 {
				err = fmt.Errorf("round %d: %q is set, want exactly one", i, got)
			}
			return err
		})
	}
}

// testConcurrentMix moves amounts between accounts; every reader finds the same sum.
func testConcurrentMix(t *testing.T, db kv.DB) {
	const accounts, sum = 10, 1000
	acct := func(i int) []byte { return fmt.Appendf(nil, "acct/%d", i%accounts) }
	update(t, db, func(tx kv.Txn) error {
		for i := range accounts {
			tx.Put(acct(i), kv.AppendInt64(nil, sum/accounts))
		}
		return nil
	})
	check := func(r kv.Reader) error {
		var n int64
		for p, err := range kv.Scan(r, kv.Prefix([]byte("acct/"))) {
			if err != nil {
				return err
			}
			n += kv.Int64(p.Value)
		}
		var m int64
		for i := range accounts {
			v, err := r.Get(acct(i))
			if err != nil {
				return err
			}
			m += kv.Int64(v)
		}
		if n != sum || m != sum {
			return fmt.Errorf("the scan adds up to %d, the Gets to %d, want %d", n, m, sum)
		}
		return nil
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				update(t, db, func(tx kv.Txn) error {
					from, err := tx.Get(acct(i + g))
					if err != nil {
						return err
					}
					to, err := tx.Get(acct(i + g + 3))
					tx.Put(acct(i+g), kv.AppendInt64(nil, kv.Int64(from)-1))
					tx.Put(acct(i+g+3), kv.AppendInt64(nil, kv.Int64(to)+1))
					return errors.Join(err, check(tx))
				})
			}
		})
		wg.Go(func() {
			for range 100 {
				view(t, db, check)
			}
		})
	}
	wg.Wait()
}

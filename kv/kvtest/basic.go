package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"myfsio/kv"
)

func testGetPutDelete(t *testing.T, db kv.DB) {
	put(t, db, "a", "1", "empty", "", "gone", "x")
	update(t, db, func(tx kv.Txn) error {
		tx.Delete([]byte("gone"))
		tx.Delete([]byte("never there"))
		tx.Put([]byte("a"), []byte("2"))
		tx.Put([]byte("brief"), []byte("x"))
		tx.Delete([]byte("brief"))
		return errors.Join(
			want(tx, "a", []byte("2")), want(tx, "gone", nil), want(tx, "brief", nil),
			want(tx, "empty", []byte{}), want(tx, "", nil))
	})
	view(t, db, func(r kv.Reader) error {
		return errors.Join(
			want(r, "a", []byte("2")), want(r, "gone", nil), want(r, "brief", nil),
			want(r, "empty", []byte{}), want(r, "", nil), want(r, "aa", nil),
			wantList(r, all, "a=2", "empty="))
	})
}

// testByteOrder stores every key of one byte and many of two and three, written in a bad order.
func testByteOrder(t *testing.T, db kv.DB) {
	var keys [][]byte
	odd := []byte{0x00, 0x01, '/', 'A', 'a', 0x7F, 0x80, 0xC3, 0xFE, 0xFF}
	for i := range 256 {
		keys = append(keys, []byte{byte(i)})
	}
	for _, a := range odd {
		for _, b := range odd {
			keys = append(keys, []byte{a, b})
			for _, c := range odd {
				keys = append(keys, []byte{a, b, c})
			}
		}
	}
	n := len(keys)
	update(t, db, func(tx kv.Txn) error {
		for i := range keys {
			k := keys[i*7919%n] // 7919 is prime and no divisor of n: every key once
			tx.Put(k, k)
		}
		return nil
	})
	view(t, db, func(r kv.Reader) error {
		var last []byte
		seen := 0
		for p, err := range kv.Scan(r, all) {
			if err != nil {
				return err
			}
			if seen > 0 && bytes.Compare(last, p.Key) >= 0 {
				return fmt.Errorf("%x comes before %x", last, p.Key)
			}
			if !bytes.Equal(p.Key, p.Value) {
				return fmt.Errorf("key %x has the value %x", p.Key, p.Value)
			}
			last = append(last[:0], p.Key...)
			seen++
		}
		if seen != n {
			return fmt.Errorf("%d keys, want %d", seen, n)
		}
		for _, k := range keys {
			if err := want(r, string(k), k); err != nil {
				return err
			}
		}
		return nil
	})
	for _, a := range odd {
		view(t, db, func(r kv.Reader) error {
			got, err := list(r, kv.Prefix([]byte{a}))
			if err == nil && len(got) != 1+len(odd)+len(odd)*len(odd) {
				err = fmt.Errorf("prefix %x holds %d keys", a, len(got))
			}
			return err
		})
	}
}

func testLimits(t *testing.T, db kv.DB) {
	longest, biggest := bytes.Repeat([]byte{0xFF}, kv.MaxKey), bytes.Repeat([]byte("v"), kv.MaxValue)
	put(t, db, string(longest), string(biggest), "one", "1")
	view(t, db, func(r kv.Reader) error {
		return errors.Join(want(r, string(longest), biggest), want(r, "one", []byte("1")))
	})
	bad := map[string]func(kv.Txn){
		"empty key":      func(tx kv.Txn) { tx.Put(nil, []byte("v")) },
		"long key":       func(tx kv.Txn) { tx.Put(append(longest, 0), nil) },
		"big value":      func(tx kv.Txn) { tx.Put([]byte("k"), append(biggest, 0)) },
		"long counter":   func(tx kv.Txn) { tx.Add(append(longest, 0), 1) },
		"delete of long": func(tx kv.Txn) { tx.Delete(append(longest, 0)) },
	}
	for name, fn := range bad {
		err := db.Update(context.Background(), func(tx kv.Txn) error {
			tx.Put([]byte("beside"), nil)
			fn(tx)
			tx.Put([]byte("after"), nil)
			return nil
		})
		if !errors.Is(err, kv.ErrLimit) || errors.Is(err, kv.ErrUnknown) {
			t.Errorf("%s: %v, want ErrLimit", name, err)
		}
		view(t, db, func(r kv.Reader) error {
			return errors.Join(want(r, "beside", nil), want(r, "after", nil), want(r, "k", nil))
		})
	}
}

// testLentSlices checks that arguments are copied and that results of Get stay valid while other
// reads and writes go on.
func testLentSlices(t *testing.T, db kv.DB) {
	key, value := []byte("key"), []byte("value")
	update(t, db, func(tx kv.Txn) error {
		copy(key, "key")
		copy(value, "value")
		tx.Put(key, value)
		copy(key, "xxx")
		copy(value, "xxxxx")
		got, err := tx.Get([]byte("key"))
		if err != nil {
			return err
		}
		for i := range 1000 {
			tx.Put(fmt.Appendf(nil, "%d", i), bytes.Repeat([]byte("y"), 700))
		}
		tx.Put([]byte("key"), []byte("other"))
		if string(got) != "value" {
			return fmt.Errorf("a slice changed to %q under later writes", got)
		}
		tx.Put([]byte("key"), []byte("value"))
		return nil
	})
	view(t, db, func(r kv.Reader) error { return want(r, "key", []byte("value")) })
}

// testManyGets holds the results of many Gets of all sizes at once.
func testManyGets(t *testing.T, db kv.DB) {
	const n = 300
	name := func(i int) []byte { return fmt.Appendf(nil, "k%03d", i) }
	size := func(i int) int { return i * i % 20000 }
	update(t, db, func(tx kv.Txn) error {
		for i := range n {
			tx.Put(name(i), bytes.Repeat([]byte{byte(i)}, size(i)))
		}
		return nil
	})
	check := func(r kv.Reader) error {
		var got [n][]byte
		for i := range got {
			v, err := r.Get(name(i))
			if err != nil {
				return err
			}
			got[i] = v
		}
		for i, v := range got {
			if len(v) != size(i) || bytes.Count(v, []byte{byte(i)}) != len(v) {
				return fmt.Errorf("value %d was lost while others were read", i)
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := db.View(context.Background(), check); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	update(t, db, func(tx kv.Txn) error { tx.Put([]byte("x"), nil); return check(tx) })
}

func testBigScan(t *testing.T, db kv.DB) {
	const n, batch = 100_000, 5_000
	name := func(i int) []byte { return fmt.Appendf(nil, "row/%07d", i) }
	for lo := 0; lo < n; lo += batch {
		update(t, db, func(tx kv.Txn) error {
			for i := lo; i < lo+batch; i++ {
				tx.Put(name(i), name(i)[4:])
			}
			return nil
		})
	}
	put(t, db, "a", "before", "z", "after")
	view(t, db, func(r kv.Reader) error {
		i := 0
		for p, err := range kv.Scan(r, kv.Prefix([]byte("row/"))) {
			if err != nil {
				return err
			}
			if k := name(i); !bytes.Equal(p.Key, k) || !bytes.Equal(p.Value, k[4:]) {
				return fmt.Errorf("row %d is %q=%q", i, p.Key, p.Value)
			}
			i++
		}
		if i != n {
			return fmt.Errorf("%d rows, want %d", i, n)
		}
		return nil
	})
}

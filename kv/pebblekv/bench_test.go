package pebblekv_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"myfsio/kv"
	"myfsio/kv/pebblekv"
)

var ctx = context.Background()

// newBench opens a store with rows "o/<7 digits>" of 300 bytes.
func newBench(b *testing.B, rows int) *pebblekv.DB {
	b.Helper()
	db := open(b, pebblekv.Options{Dir: b.TempDir(), Sync: true})
	b.Cleanup(func() { db.Close() })
	fill(b, db, rows)
	b.ReportAllocs()
	b.ResetTimer()
	return db
}

func objectKey(i int) []byte { return fmt.Appendf(nil, "o/%07d", i) }

func fill(b testing.TB, db *pebblekv.DB, rows int) {
	value := make([]byte, 300)
	for lo := 0; lo < rows; lo += 1000 {
		err := db.UpdateLazy(ctx, func(tx kv.Txn) error {
			for i := lo; i < min(rows, lo+1000); i++ {
				binary.BigEndian.PutUint64(value[100:], rand.Uint64())
				tx.Put(objectKey(i), value)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// put is what a small PUT does: some reads, a body under a growing key, a row, counters.
func put(db *pebblekv.DB, n uint64, body []byte) error {
	return db.Update(ctx, func(tx kv.Txn) error {
		for _, k := range []string{"b/bucket", "q/bucket", string(objectKey(int(n * 7919 % 1e7)))} {
			if _, err := tx.Get([]byte(k)); err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
		}
		tx.Put(binary.BigEndian.AppendUint64([]byte("z/"), n), body)
		tx.Put(objectKey(int(n*7919%1e7)), body[:300])
		tx.Add([]byte("c/bytes"), 4096)
		tx.Add([]byte("c/objects"), 1)
		return nil
	})
}

func random4K() []byte {
	body := make([]byte, 4096)
	for i := 0; i < len(body); i += 8 {
		binary.LittleEndian.PutUint64(body[i:], rand.Uint64())
	}
	return body
}

func BenchmarkUpdate4K(b *testing.B) {
	for _, workers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			db := newBench(b, 0)
			body := random4K()
			var n atomic.Uint64
			if workers == 1 {
				for b.Loop() {
					if err := put(db, n.Add(1), body); err != nil {
						b.Fatal(err)
					}
				}
			} else {
				b.SetParallelism(workers / runtime.GOMAXPROCS(0))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := put(db, n.Add(1), body); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
			s := db.Stats()
			b.ReportMetric(s.WriteAmp, "write-amp")
		})
	}
}

// BenchmarkRaw4K is Pebble alone, for comparison.
func BenchmarkRaw4K(b *testing.B) {
	for _, workers := range []int{1, 16} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			db, err := pebble.Open(b.TempDir(), &pebble.Options{MemTableSize: 16 << 20, Logger: quiet{}})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			body := random4K()
			var n atomic.Uint64
			b.SetParallelism(max(1, workers/runtime.GOMAXPROCS(0)))
			if workers == 1 {
				for b.Loop() {
					if err := db.Set(binary.BigEndian.AppendUint64(nil, n.Add(1)), body, pebble.Sync); err != nil {
						b.Fatal(err)
					}
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := db.Set(binary.BigEndian.AppendUint64(nil, n.Add(1)), body, pebble.Sync); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
		})
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)           {}
func (quiet) Errorf(string, ...any)          {}
func (quiet) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }

func twoGets(r kv.Reader, i int) error {
	_, err := r.Get([]byte("o/0000000"))
	if err != nil {
		return err
	}
	_, err = r.Get(objectKey(i))
	return err
}

func BenchmarkViewTwoGets(b *testing.B) {
	const rows = 100_000
	b.Run("quiet", func(b *testing.B) {
		db := newBench(b, rows)
		views(b, db, rows)
	})
	b.Run("written", func(b *testing.B) {
		db := newBench(b, rows)
		stop := write(db)
		views(b, db, rows)
		stop()
	})
}

// write keeps one writer busy until the returned function is called.
func write(db *pebblekv.DB) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		body := random4K()
		for n := uint64(0); ; n++ {
			select {
			case <-quit:
				return
			default:
				_ = put(db, n, body)
			}
		}
	}()
	return func() { close(quit); <-done }
}

func views(b *testing.B, db *pebblekv.DB, rows int) {
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		rng := rand.New(rand.NewPCG(1, rand.Uint64()))
		for pb.Next() {
			i := rng.IntN(rows)
			if err := db.View(ctx, func(r kv.Reader) error { return twoGets(r, i) }); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkViewEmpty is what a View costs by itself; pebble=true makes a snapshot of Pebble for each instead, for comparison.
// With a writer beside them, snapshots cannot all be shared.
func BenchmarkViewEmpty(b *testing.B) {
	for _, written := range []bool{false, true} {
		for _, raw := range []bool{false, true} {
			b.Run(fmt.Sprintf("written=%v/pebble=%v", written, raw), func(b *testing.B) {
				db := newBench(b, 1000)
				view := func() error { return db.View(ctx, func(kv.Reader) error { return nil }) }
				if raw {
					view = func() error { return pebblekv.RawSnapshot(db) }
				}
				stop := func() {}
				if written {
					stop = write(db)
				}
				b.SetParallelism(8)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := view(); err != nil {
							b.Error(err)
						}
					}
				})
				stop()
			})
		}
	}
}

func BenchmarkAbsentGet(b *testing.B) {
	db := newBench(b, 100_000)
	for b.Loop() {
		err := db.View(ctx, func(r kv.Reader) error {
			_, err := r.Get([]byte("o/0050000x"))
			return err
		})
		if err != kv.ErrNotFound {
			b.Fatal(err)
		}
	}
}

func BenchmarkPage1000(b *testing.B) {
	const rows = 100_000
	db := newBench(b, rows)
	for b.Loop() {
		err := db.View(ctx, func(r kv.Reader) error {
			n := 0
			for _, err := range kv.Scan(r, kv.Range{Start: objectKey(rand.IntN(rows - 1000))}) {
				if err != nil {
					return err
				}
				if n++; n == 1000 {
					return nil
				}
			}
			return fmt.Errorf("%d rows", n)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeekSkip is a listing with a delimiter: 100 seeks, each past a prefix of 1000 rows.
func BenchmarkSeekSkip(b *testing.B) {
	const rows = 100_000
	db := newBench(b, rows)
	for b.Loop() {
		err := db.View(ctx, func(r kv.Reader) error {
			c, err := r.Cursor(kv.Prefix([]byte("o/")))
			if err != nil {
				return err
			}
			defer c.Close()
			n := 0
			for c.SeekGE([]byte("o/")); n < rows/1000; n++ {
				if !c.SeekGE(kv.PrefixEnd(c.Key()[:6])) {
					break
				}
			}
			if n != rows/1000-1 {
				return fmt.Errorf("%d seeks", n)
			}
			return c.Err()
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a store of a million rows. The first Open replays the log (Close writes no tables), so run it
// with -benchtime 1x.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	db := open(b, pebblekv.Options{Dir: dir, Sync: true})
	fill(b, db, 1_000_000)
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		start := time.Now()
		db := open(b, pebblekv.Options{Dir: dir, Sync: true})
		b.ReportMetric(time.Since(start).Seconds(), "s-to-open")
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

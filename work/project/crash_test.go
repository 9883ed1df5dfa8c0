package project_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/object"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

// wreck is a disk after a power cut.
type wreck struct {
	fs   *memfs.FS
	call string // before which the power failed
	log  string
}

// TestCrash cuts the power in the middle of random programs while the view follows them. After the next start, and
// all that waits, the view shows what the store holds.
func TestCrash(t *testing.T) {
	for seed := range uint64(8) {
		for i, k := range crashProgram(t, seed) {
			t.Run(fmt.Sprint(seed, " ", i), func(t *testing.T) {
				w := newWorldAt(t, crashDisk(k.fs), epoch.Add(1000*time.Hour))
				crashed, err := w.s.Begin(w.ctx)
				if err != nil || !crashed {
					t.Errorf("crashed is %v, %v", crashed, err)
				}
				_, err = w.s.Sweep(w.ctx, w.s.NewMark(), func() error { return nil })
				w.ok(err)
				w.quiesce()
				w.sameAsStore()
				if w.queued() != 0 {
					t.Errorf("%d queued", w.queued())
				}
				if t.Failed() {
					t.Logf("before %q in\n%s", k.call, k.log)
				}
			})
		}
	}
}

func crashProgram(t *testing.T, seed uint64) (wrecks []*wreck) {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 5))
	cut := rand.New(rand.NewPCG(seed, 6)) // guarded by mu, as Pebble may call too
	mem := memfs.New()
	w := newWorld(t, crashDisk(mem))
	_, err := w.s.Begin(w.ctx)
	w.ok(err)
	w.d.fs.Hook(func(c faultfs.Call) {
		mu.Lock()
		defer mu.Unlock()
		if c.Mutating() && cut.IntN(25) == 0 && len(wrecks) < 25 {
			fs := mem.CrashClone(cut.Uint64(), []int{0, 30, 70, 100}[cut.IntN(4)])
			wrecks = append(wrecks, &wreck{fs, c.String(), strings.Join(w.log, "\n")})
		}
	})
	w.createBucket(bucketNames[0])
	w.createBucket(bucketNames[1])
	for range 60 {
		w.do(rng)
		switch rng.IntN(6) {
		case 0:
			w.quiesce() // empties the queue
		case 1, 2, 3:
			w.step()
		}
	}
	w.d.fs.Hook(nil)
	return wrecks
}

// A small file that a power cut tore is written again.
func TestTornFile(t *testing.T) {
	mem := memfs.New()
	w := one(t, crashDisk(mem))
	w.quiesce()
	w.put("one", "a", []byte("first"))
	w.put("one", "b", content(1, 100))
	w.step() // made, not synced
	for percent := 0; percent <= 100; percent += 25 {
		x := newWorldAt(t, crashDisk(mem.CrashClone(uint64(percent), percent)), epoch.Add(time.Hour))
		x.quiesce()
		x.sameAsStore()
		page, err := x.s.List(x.ctx, object.ListObjects{Bucket: "one", Max: 10})
		if err != nil || len(page.Objects) != 2 {
			t.Errorf("%v, %v", page, err)
		}
	}
}

package reclaim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"myfsio/blob"
	"myfsio/blob/faultblob"
	"myfsio/blob/memblob"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/work"
	"myfsio/work/reclaim"
)

// shop is a store with the bucket "home" and its worker.
type shop struct {
	*testing.T
	ctx    context.Context
	cfg    object.Config
	blobs  blob.Store
	faults *faultblob.Faults
	s      *object.Store
	w      *work.Worker
}

func newShop(t *testing.T) *shop {
	t.Helper()
	x := &shop{T: t, ctx: t.Context()}
	x.blobs, x.faults = faultblob.New(memblob.New())
	x.cfg = object.Config{KV: memkv.New(), Blobs: x.blobs, Inline: -1, MinPartSize: 1}
	x.open(false)
	_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: "home"})
	x.ok(err)
	return x
}

// open starts a new run over the same engines.
func (x *shop) open(crashed bool) {
	x.Helper()
	var err error
	x.s, err = object.New(x.ctx, x.cfg)
	x.ok(err)
	x.w = reclaim.New(reclaim.Config{Store: x.s, Crashed: crashed, Log: slog.New(slog.DiscardHandler)})
}

func (x *shop) ok(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

func (x *shop) put(key string, size int) {
	x.Helper()
	_, err := x.s.Put(x.ctx, object.PutObject{Bucket: "home", Key: key, Body: object.Body{Reader: bytes.NewReader(make([]byte, size)), Size: int64(size)}})
	x.ok(err)
}

func (x *shop) delete(key string) {
	x.Helper()
	_, err := x.s.Delete(x.ctx, object.DeleteObject{Bucket: "home", Key: key})
	x.ok(err)
}

func (x *shop) read(key string) *object.Reader {
	x.Helper()
	r, err := x.s.Open(x.ctx, object.GetObject{Bucket: "home", Key: key})
	x.ok(err)
	return r
}

// count returns the number of blobs.
func (x *shop) count() (n int) {
	x.Helper()
	for _, err := range x.blobs.List(x.ctx, blob.ID{}) {
		x.ok(err)
		n++
	}
	return n
}

func (x *shop) want(n int) {
	x.Helper()
	if got := x.count(); got != n {
		x.Errorf("%d blobs, want %d", got, n)
	}
}

// scattered writes an object of 100 bytes in two blobs.
func (x *shop) scattered(key string) {
	x.Helper()
	up, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: "home", Key: key})
	x.ok(err)
	var parts []object.CompletePart
	for _, n := range []int{1, 1, 2} { // the second time to a blob of its own
		p, err := x.s.PutPart(x.ctx, object.PutPart{
			Bucket: "home", Key: key, UploadID: up.UploadID, Number: n, Body: object.Body{Reader: bytes.NewReader(make([]byte, 50)), Size: 50},
		})
		x.ok(err)
		parts = append(parts, object.CompletePart{Number: n, ETag: p.ETag})
	}
	_, err = x.s.CompleteUpload(x.ctx, object.CompleteUpload{Bucket: "home", Key: key, UploadID: up.UploadID, Parts: parts[1:], ObjectSize: -1})
	x.ok(err)
	x.ok(x.w.Drain(x.ctx))
}

// TestPinned: blobs that a reader has yet to open stay, and do not hold up the others.
func TestPinned(t *testing.T) {
	x := newShop(t)
	x.scattered("read")
	x.put("other", 100)
	r := x.read("read")
	x.want(3)
	_, err := io.ReadFull(r, make([]byte, 10))
	x.ok(err)
	x.delete("read")
	x.delete("other")
	x.ok(x.w.Drain(x.ctx))
	x.want(2)
	if n, err := io.Copy(io.Discard, struct{ io.Reader }{r}); n != 90 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	x.ok(r.Close())
	x.ok(x.w.Drain(x.ctx))
	x.want(0)
}

// TestManyGroups takes more steps than one.
func TestManyGroups(t *testing.T) {
	x := newShop(t)
	for i := range 600 {
		x.put(fmt.Sprint(i), 1)
		x.delete(fmt.Sprint(i))
	}
	steps := 1
	for {
		more, err := x.w.Step(x.ctx)
		x.ok(err)
		if !more {
			break
		}
		steps++
	}
	x.want(0)
	if steps != 3 {
		t.Errorf("%d steps", steps)
	}
}

// TestFailingRemove: a blob that cannot be removed is tried again, by itself, after a while.
func TestFailingRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newShop(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { x.w.Run(ctx); close(done) }()
		x.put("k", 100)
		synctest.Wait()
		x.faults.Arm(0, errors.New("disk on fire"))
		x.delete("k") // wakes the worker
		synctest.Wait()
		if !x.faults.Fired() {
			t.Error("nothing failed")
		}
		x.want(1)
		time.Sleep(time.Second)
		synctest.Wait()
		x.want(0)
		x.put("k", 100)
		x.delete("k")
		synctest.Wait() // at once
		x.want(0)
		stop()
		<-done
	})
}

// TestSweepAfterCrash: the blobs of earlier runs that nothing refers to go, those of this one stay.
func TestSweepAfterCrash(t *testing.T) {
	x := newShop(t)
	stray := func() {
		w, err := x.blobs.Create(x.ctx, x.s.NewMark(), 1)
		x.ok(err)
		_, err = w.Write([]byte("x"))
		x.ok(err)
		x.ok(w.Commit(x.ctx))
	}
	x.put("k", 100)
	x.put("queued", 100)
	x.delete("queued")
	stray()
	x.want(3)
	x.open(false)
	x.ok(x.w.Drain(x.ctx))
	x.want(2) // no crash, no sweep
	x.open(true)
	stray()
	x.put("l", 100)
	x.faults.Arm(0, errors.New("disk on fire"))
	if err := x.w.Drain(x.ctx); err == nil || !x.faults.Fired() {
		t.Error("a failing sweep says nothing")
	}
	x.want(4)
	x.ok(x.w.Drain(x.ctx))
	x.want(3) // k, l, the stray blob of this run
	x.ok(x.read("k").Close())
	x.ok(x.read("l").Close())
}

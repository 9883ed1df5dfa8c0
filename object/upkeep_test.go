package object_test

import (
	"context"
	"io"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/object"
)

// scattered writes an object whose parts lie in several blobs.
func (x *shop) scattered(key string, parts ...[]byte) object.Version {
	x.Helper()
	u := x.begin(key)
	var list []object.CompletePart
	for i, p := range parts {
		x.part(u, i+1, content(99, len(p))) // sent twice: the second goes to a blob of its own
		list = append(list, x.part(u, i+1, p))
	}
	return x.complete(u, list...)
}

// A reader goes on with the old bytes whatever happens to the object.
func TestReaderKeepsOldBytes(t *testing.T) {
	a, b, c := content(1, 300), content(2, 200), content(3, 100)
	old := join(a, b, c)
	writes := map[string]func(x *shop){
		"blob":      func(x *shop) { x.put("k", old) },
		"parts":     func(x *shop) { x.multipart("k", a, b, c) },
		"scattered": func(x *shop) { x.scattered("k", a, b, c) },
	}
	changes := map[string]func(x *shop){
		"overwritten": func(x *shop) { x.put("k", content(9, 50)) },
		"deleted":     func(x *shop) { x.delete("k", "") },
		"assembled":   func(x *shop) {},
		"described":   func(x *shop) { x.describeAnew("k") },
	}
	for wn, write := range writes {
		for cn, change := range changes {
			t.Run(wn+" "+cn, func(t *testing.T) {
				x := newShop(t, object.Unversioned)
				write(x)
				r := x.open(object.GetObject{Key: "k"})
				head := make([]byte, 10)
				_, err := io.ReadFull(r, head)
				x.ok(err)
				change(x)
				x.drain()
				x.rest(r, old[10:])
				x.drain() // what the reader held back
				x.clean()
				if cn == "deleted" {
					x.wantBlobs()
				}
			})
		}
	}
}

// Sweep leaves alone what is given up while it runs: a reader may be at it.
func TestSweepDuringDelete(t *testing.T) {
	x := newShop(t, object.Unversioned)
	a, b := content(1, 300), content(2, 200)
	x.scattered("k", a, b)
	x.ok(reclaimAll(x.ctx, x.s))
	x.clock = x.clock.Add(time.Hour)
	x.reopen()
	r := x.open(object.GetObject{Key: "k"})
	done := false
	_, err := x.s.Sweep(x.ctx, x.s.NewMark(), func() error {
		if !done {
			done = true
			x.delete("k", "")
		}
		return nil
	})
	x.ok(err)
	x.rest(r, join(a, b))
	x.drain()
	x.wantBlobs()
	x.clean()
}

// Sweep removes what no row refers to, and only what is older than the mark.
func TestSweep(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.put("k", content(1, 500))
	x.put("k", content(2, 400)) // the first is queued
	stray := func() {
		w, err := x.blobs.Create(x.ctx, x.s.NewMark(), 10)
		x.ok(err)
		_, err = w.Write(content(3, 10))
		x.ok(err)
		x.ok(w.Commit(x.ctx))
	}
	stray()
	mark := x.s.NewMark()
	stray()
	n, err := x.s.Sweep(x.ctx, mark, func() error { return nil })
	x.ok(err)
	if n != 1 {
		t.Errorf("%d blobs removed, want 1", n)
	}
	x.wantBlobs(500, 400, 10)
	x.get("k", "", content(2, 400))
}

// held is a DB whose Updates take effect at once and return only when they are let go.
type held struct {
	kv.DB
	hold    bool
	entered chan struct{} // an Update is about to wait
	let     chan struct{}
}

func (h *held) Update(ctx context.Context, fn func(kv.Txn) error) error {
	err := h.DB.Update(ctx, fn)
	if h.hold {
		h.entered <- struct{}{}
		<-h.let
	}
	return err
}

// What a commit gave up is removed only when the commit is durable: a crash could undo it.
func TestReclaimWaitsForDurability(t *testing.T) {
	db := &held{DB: memkv.New(), entered: make(chan struct{}, 10), let: make(chan struct{})}
	x := shopOver(t, db, memblob.New(), object.Unversioned)
	x.put("k", content(1, 500))
	db.hold = true
	done := make(chan error, 2)
	go func() {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(nil)})
		done <- err
	}()
	<-db.entered // applied, not durable
	go func() { done <- reclaimAll(x.ctx, x.s) }()
	select {
	case <-db.entered: // Reclaim waits too
	case err := <-done:
		t.Errorf("reclaim did not wait, error %v", err)
	}
	x.wantBlobs(500)
	close(db.let)
	x.ok(<-done)
	if !t.Failed() {
		x.ok(<-done)
	}
	x.wantBlobs()
}

func TestAssemble(t *testing.T) {
	a, b, c := content(1, 100), content(2, 300), content(3, 50)
	for name, blobs := range map[string]blob.Store{"placer": memblob.New(), "no placer": struct{ blob.Store }{memblob.New()}} {
		t.Run(name, func(t *testing.T) {
			x := shopOver(t, memkv.New(), blobs, object.VersioningEnabled)
			v := x.scattered("k", a, b, c)
			x.put("k", content(4, 10)) // it is assembled as an old version too
			x.get("k", v.VersionID, join(a, b, c))
			x.drain()
			x.wantBlobs(450)
			x.get("k", v.VersionID, join(a, b, c))
			r := x.open(object.GetObject{Key: "k", VersionID: v.VersionID, PartNumber: 2})
			if r.PartsCount != 3 {
				t.Errorf("%d parts, want 3", r.PartsCount)
			}
			x.rest(r, b)
			x.clean()
			x.delete("k", v.VersionID)
			x.drain()
			x.wantBlobs()
		})
	}
}

// What is deleted while it is assembled leaves nothing behind.
func TestAssembleDeleted(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.scattered("k", content(1, 100), content(2, 300))
	_, _, err := x.s.Assemble(x.ctx, object.Mark{}, func(int64) error {
		if _, err := x.s.HeadBucket(x.ctx, home); err == nil {
			x.delete("k", "")
			return x.s.DeleteBucket(x.ctx, home)
		}
		return nil
	})
	x.ok(err)
	x.drain()
	x.wantBlobs()
	x.clean()
}

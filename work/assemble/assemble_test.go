package assemble_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/work"
	"myfsio/work/assemble"
	"myfsio/work/reclaim"
)

// shop is a store with the bucket "home".
type shop struct {
	*testing.T
	ctx   context.Context
	blobs blob.Store
	s     *object.Store
}

func newShop(t *testing.T) *shop {
	t.Helper()
	x := &shop{T: t, ctx: t.Context(), blobs: memblob.New()}
	var err error
	x.s, err = object.New(x.ctx, object.Config{KV: memkv.New(), Blobs: x.blobs, Inline: -1, MinPartSize: 1})
	x.ok(err)
	_, err = x.s.CreateBucket(x.ctx, object.CreateBucket{Name: "home"})
	x.ok(err)
	return x
}

func (x *shop) worker(rate int64) *work.Worker {
	return assemble.New(assemble.Config{Store: x.s, BytesPerSecond: rate, Log: slog.New(slog.DiscardHandler)})
}

func (x *shop) ok(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// uneven writes an object of parts of these sizes, each sent twice, so that they lie in several blobs.
func (x *shop) uneven(key string, sizes ...int) []byte {
	x.Helper()
	up, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: "home", Key: key})
	x.ok(err)
	req := object.CompleteUpload{Bucket: "home", Key: key, UploadID: up.UploadID, ObjectSize: -1}
	var all []byte
	for i, size := range sizes {
		data := make([]byte, size)
		rand.NewChaCha8([32]byte{byte(i), byte(size)}).Read(data)
		var p object.Part
		for _, d := range [][]byte{make([]byte, size), data} {
			p, err = x.s.PutPart(x.ctx, object.PutPart{Bucket: "home", Key: key, UploadID: up.UploadID, Number: i + 1, Body: object.Body{Reader: bytes.NewReader(d), Size: int64(size)}})
			x.ok(err)
		}
		req.Parts = append(req.Parts, object.CompletePart{Number: i + 1, ETag: p.ETag})
		all = append(all, data...)
	}
	_, err = x.s.CompleteUpload(x.ctx, req)
	x.ok(err)
	x.reclaim()
	return all
}

func (x *shop) reclaim() {
	x.Helper()
	x.ok(reclaim.New(reclaim.Config{Store: x.s, Log: slog.New(slog.DiscardHandler)}).Drain(x.ctx))
}

func (x *shop) blobSizes() (sizes []int64) {
	x.Helper()
	for info, err := range x.blobs.List(x.ctx, blob.ID{}) {
		x.ok(err)
		sizes = append(sizes, info.Size)
	}
	return sizes
}

func (x *shop) get(key string) ([]byte, error) {
	r, err := x.s.Open(x.ctx, object.GetObject{Bucket: "home", Key: key})
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(struct{ io.Reader }{r})
	return data, errors.Join(err, r.Close())
}

func (x *shop) clean() {
	x.Helper()
	_, err := x.s.Check(x.ctx, object.CheckOptions{Deep: true, Report: func(p object.Problem) { x.Errorf("%+v", p) }})
	x.ok(err)
}

// TestOneBlob: parts in several blobs become one, and readers see the same bytes all the time.
func TestOneBlob(t *testing.T) {
	x := newShop(t)
	want := x.uneven("k", 100_000, 300, 70_000, 1, 5000)
	if n := len(x.blobSizes()); n != 5 {
		t.Errorf("%d blobs before", n)
	}
	begun, err := x.s.Open(x.ctx, object.GetObject{Bucket: "home", Key: "k"})
	x.ok(err)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				if got, err := x.get("k"); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	x.ok(x.worker(1 << 40).Drain(x.ctx))
	close(stop)
	readers.Wait()
	if got, err := io.ReadAll(struct{ io.Reader }{begun}); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the reader from before: %d bytes, %v", len(got), err)
	}
	x.ok(begun.Close())
	x.reclaim()
	if sizes := x.blobSizes(); len(sizes) != 1 || sizes[0] != int64(len(want)) {
		t.Errorf("blobs of %d", sizes)
	}
	if got, err := x.get("k"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	x.clean()
}

// TestPace: the copying takes the time it is given, and what happens meanwhile wins.
func TestPace(t *testing.T) {
	for name, meanwhile := range map[string]func(x *shop) error{
		"nothing": func(x *shop) error { return nil },
		"deleted": func(x *shop) error {
			_, err := x.s.Delete(x.ctx, object.DeleteObject{Bucket: "home", Key: "k"})
			return err
		},
		"overwritten": func(x *shop) error {
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: "home", Key: "k", Body: object.Body{Reader: bytes.NewReader([]byte("new")), Size: 3}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newShop(t)
				want := x.uneven("k", 300, 100, 500) // 400 of 900 bytes are to be copied, or 600
				start := time.Now()
				done := make(chan error)
				go func() { done <- x.worker(100).Drain(x.ctx) }()
				synctest.Wait()
				x.ok(meanwhile(x))
				x.ok(<-done)
				if took := time.Since(start); took < 4*time.Second || took > 9*time.Second {
					t.Errorf("it took %v", took)
				}
				x.reclaim()
				got, err := x.get("k")
				switch name {
				case "deleted":
					if err == nil || len(x.blobSizes()) != 0 {
						t.Errorf("%d bytes, %v, blobs %v", len(got), err, x.blobSizes())
					}
				case "overwritten":
					if string(got) != "new" || err != nil || len(x.blobSizes()) != 1 {
						t.Errorf("%q, %v, blobs %v", got, err, x.blobSizes())
					}
				default:
					if !bytes.Equal(got, want) || err != nil || len(x.blobSizes()) != 1 {
						t.Errorf("%d bytes, %v, blobs %v", len(got), err, x.blobSizes())
					}
				}
				x.clean()
			})
		})
	}
}

// TestStopped: an assembly that is cut off leaves the object as it is, and is done by the next run.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newShop(t)
		want := x.uneven("k", 300, 100, 500)
		ctx, stop := context.WithCancel(x.ctx)
		done := make(chan struct{})
		go func() { x.worker(100).Run(ctx); close(done) }()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		stop()
		<-done
		if got, err := x.get("k"); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		x.ok(x.worker(1 << 40).Drain(x.ctx))
		if got, err := x.get("k"); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		_, err := x.s.Sweep(x.ctx, x.s.NewMark(), func() error { return nil }) // what the first try wrote
		x.ok(err)
		x.reclaim()
		if sizes := x.blobSizes(); len(sizes) != 1 || sizes[0] != 900 {
			t.Errorf("blobs of %v", sizes)
		}
		x.clean()
	})
}

// TestFailingOneIsPassedOver: an object whose bytes are gone does not hold up the others.
func TestFailingOneIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newShop(t)
		x.uneven("lost", 300, 100)
		for info, err := range x.blobs.List(x.ctx, blob.ID{}) {
			x.ok(err)
			x.ok(x.blobs.Remove(x.ctx, info.ID))
		}
		want := x.uneven("k", 300, 100)
		ctx, stop := context.WithCancel(x.ctx)
		done := make(chan struct{})
		go func() { x.worker(1 << 40).Run(ctx); close(done) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		<-done
		x.reclaim()
		if got, err := x.get("k"); err != nil || !bytes.Equal(got, want) || len(x.blobSizes()) != 1 {
			t.Errorf("%d bytes, %v, blobs %v", len(got), err, x.blobSizes())
		}
	})
}

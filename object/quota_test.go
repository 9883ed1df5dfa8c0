package object_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"myfsio/fault"
	"myfsio/object"
)

// Of many that write at the same time exactly as many succeed as there is room for, by whatever way they write.
func TestQuotaConcurrent(t *testing.T) {
	const room, size = 7, 100
	for _, q := range []object.Quota{{MaxObjects: room}, {MaxBytes: room*size + size - 1}} {
		concurrently(t, func(t *testing.T, x *shop) {
			x.versioning(object.VersioningEnabled)
			_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: "source"})
			x.ok(err)
			_, err = x.s.Put(x.ctx, object.PutObject{Bucket: "source", Key: "k", Body: body(content(1, size))})
			x.ok(err)
			var uploads []object.CompleteUpload
			for range 2 * room {
				u := x.begin("k")
				uploads = append(uploads, completeOf(u, x.part(u, 1, content(1, size))))
			}
			x.ok(x.s.SetQuota(x.ctx, home, q))
			var won atomic.Int32
			var wg sync.WaitGroup
			for i := range 6 * room {
				wg.Go(func() {
					var err error
					switch i % 3 {
					case 0:
						_, err = x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: object.Body{Reader: bytes.NewReader(content(1, size)), Size: -1}})
					case 1:
						_, err = x.s.CompleteUpload(x.ctx, uploads[i/3])
					case 2:
						_, err = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: "source", SourceKey: "k", Bucket: home, Key: "copy"})
					}
					if err == nil {
						won.Add(1)
					} else if !fault.Is(err, fault.QuotaExceeded) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			u, err := x.s.Usage(x.ctx, home)
			x.ok(err)
			if n := won.Load(); n != room || u.Objects+u.Versions != room || u.Bytes+u.OldBytes != room*size {
				t.Errorf("%d were written, usage %+v", n, u)
			}
			x.clean()
		})
	}
}

func TestQuota(t *testing.T) {
	put := func(x *shop, key string, size int, announce bool) error {
		b := body(content(1, size))
		if !announce {
			b.Size = -1
		}
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Body: b})
		return err
	}
	for _, tc := range []struct {
		name       string
		versioning object.Versioning
		quota      object.Quota
		have, put  int // bytes under the same key before, and of the write
		same, new  bool
	}{
		{"none", 0, object.Quota{}, 100, 1000, true, true},
		{"just fits", 0, object.Quota{MaxBytes: 300, MaxObjects: 2}, 100, 200, true, true},
		{"one byte more", 0, object.Quota{MaxBytes: 299}, 100, 200, true, false},
		{"overwritten by less, beyond already", 0, object.Quota{MaxBytes: 10}, 100, 99, true, false},
		{"overwritten by as much, beyond already", 0, object.Quota{MaxBytes: 10}, 100, 100, true, false},
		{"overwritten by more, beyond already", 0, object.Quota{MaxBytes: 10}, 100, 101, false, false},
		{"empty one, beyond already", 0, object.Quota{MaxBytes: 10}, 100, 0, true, true},
		{"objects", 0, object.Quota{MaxObjects: 1}, 100, 1000, true, false},
		{"versions count", object.VersioningEnabled, object.Quota{MaxObjects: 1}, 100, 1, false, false},
		{"bytes of versions count", object.VersioningEnabled, object.Quota{MaxBytes: 150}, 100, 51, false, false},
		{"null versions do not stay", object.VersioningSuspended, object.Quota{MaxBytes: 150}, 100, 51, true, false},
	} {
		for _, announce := range []bool{true, false} {
			for key, want := range map[string]bool{"k": tc.same, "new": tc.new} {
				x := newShop(t, tc.versioning)
				x.put("k", content(2, tc.have))
				x.ok(x.s.SetQuota(x.ctx, home, tc.quota))
				before := x.snapshot()
				err := put(x, key, tc.put, announce)
				if (err == nil) != want {
					t.Errorf("%s, %s, announced %v: error %v", tc.name, key, announce, err)
				}
				if err != nil {
					x.kind(err, fault.QuotaExceeded)
					if x.snapshot() != before {
						t.Errorf("%s: something changed", tc.name)
					}
				}
				x.drain()
				x.clean()
			}
		}
	}
}

// What is announced and too much is refused before a byte is read; parts only when they are too much alone.
func TestQuotaBeforeBody(t *testing.T) {
	x := newShop(t, object.Unversioned)
	u := x.begin("up")
	x.ok(x.s.SetQuota(x.ctx, home, object.Quota{MaxBytes: 150}))
	_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: object.Body{Reader: untouched{t}, Size: 151}})
	x.kind(err, fault.QuotaExceeded)
	_, err = x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "up", UploadID: u.UploadID, Number: 1, Body: object.Body{Reader: untouched{t}, Size: 151}})
	x.kind(err, fault.QuotaExceeded)
	list := []object.CompletePart{x.part(u, 1, content(1, 100)), x.part(u, 2, content(1, 100))}
	_, err = x.s.CompleteUpload(x.ctx, completeOf(u, list...))
	x.kind(err, fault.QuotaExceeded)
	x.ok(x.s.SetQuota(x.ctx, home, object.Quota{MaxBytes: 200}))
	x.complete(u, list...) // the upload is still there
	x.kind(x.s.SetQuota(x.ctx, home, object.Quota{MaxBytes: -1}), fault.InvalidArgument)
	x.kind(x.s.SetQuota(x.ctx, "nothing", object.Quota{}), fault.NoSuchBucket)
	x.describeAnew("up") // the bytes stay the same
	x.clean()
}

package object_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/object"
)

// shop is a store with one bucket, and short ways to use it.
type shop struct {
	testing.TB
	ctx   context.Context
	s     *object.Store
	db    kv.DB
	blobs blob.Store
	clock time.Time
	keep  keeper

	top    string        // of a test that keeps a version id
	upload object.Upload // or uploads
	fresh  object.Upload
}

const home = "bucket"

func newShop(t testing.TB, v object.Versioning) *shop {
	return shopOver(t, memkv.New(), memblob.New(), v)
}

func shopOver(t testing.TB, db kv.DB, blobs blob.Store, v object.Versioning) *shop {
	t.Helper()
	x := &shop{TB: t, ctx: context.Background(), db: db, blobs: blobs, clock: epoch}
	x.reopen()
	_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: home})
	x.ok(err)
	if v != object.Unversioned {
		x.versioning(v)
	}
	return x
}

// reopen makes a new store over the same engines.
func (x *shop) reopen() {
	x.Helper()
	s, err := object.New(x.ctx, object.Config{
		KV: x.db, Blobs: x.blobs, Inline: testInline, MinPartSize: testMinPart, Now: func() time.Time { return x.clock }, Keys: x.keep.keys(), Encrypt: true,
	})
	x.ok(err)
	x.s = s
}

func (x *shop) ok(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// kind demands an error of this kind.
func (x *shop) kind(err error, k fault.Kind) {
	x.Helper()
	if !fault.Is(err, k) {
		x.Errorf("error %v of kind %d, want kind %d", err, fault.KindOf(err), k)
	}
}

func (x *shop) versioning(v object.Versioning) {
	x.Helper()
	x.ok(x.s.SetVersioning(x.ctx, home, v))
}

func body(data []byte) object.Body {
	return object.Body{Reader: bytes.NewReader(data), Size: int64(len(data))}
}

func (x *shop) put(key string, data []byte) object.Version {
	x.Helper()
	v, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Body: body(data)})
	x.ok(err)
	return v
}

func (x *shop) open(req object.GetObject) *object.Reader {
	x.Helper()
	req.Bucket = home
	r, err := x.s.Open(x.ctx, req)
	x.ok(err)
	return r
}

// get demands that a version has these bytes.
func (x *shop) get(key, version string, want []byte) object.Version {
	x.Helper()
	r := x.open(object.GetObject{Key: key, VersionID: version})
	x.rest(r, want)
	return r.Version
}

// rest reads a reader to its end and closes it.
func (x *shop) rest(r *object.Reader, want []byte) {
	x.Helper()
	got, err := io.ReadAll(struct{ io.Reader }{r})
	x.ok(err)
	x.ok(r.Close())
	if !bytes.Equal(got, want) {
		x.Errorf("%d bytes (md5 %s), want %d (md5 %s)", len(got), md5Hex(got), len(want), md5Hex(want))
	}
}

func (x *shop) delete(key, version string) object.Deleted {
	x.Helper()
	d, err := x.s.Delete(x.ctx, object.DeleteObject{Bucket: home, Key: key, VersionID: version})
	x.ok(err)
	return d
}

func (x *shop) begin(key string) object.Upload {
	x.Helper()
	u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: key})
	x.ok(err)
	return u
}

func (x *shop) part(u object.Upload, n int, data []byte) object.CompletePart {
	x.Helper()
	p, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: u.Key, UploadID: u.UploadID, Number: n, Body: body(data)})
	x.ok(err)
	return object.CompletePart{Number: n, ETag: p.ETag}
}

func (x *shop) complete(u object.Upload, parts ...object.CompletePart) object.Version {
	x.Helper()
	v, err := x.s.CompleteUpload(x.ctx, completeOf(u, parts...))
	x.ok(err)
	return v
}

func completeOf(u object.Upload, parts ...object.CompletePart) object.CompleteUpload {
	return object.CompleteUpload{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID, Parts: parts, ObjectSize: -1}
}

// multipart writes an object of these parts, numbered from 1.
func (x *shop) multipart(key string, parts ...[]byte) object.Version {
	x.Helper()
	u := x.begin(key)
	var list []object.CompletePart
	for i, p := range parts {
		list = append(list, x.part(u, i+1, p))
	}
	return x.complete(u, list...)
}

// clean demands that the store finds nothing wrong with itself.
func (x *shop) clean() {
	x.Helper()
	x.ok(check(x.ctx, x.s, false))
}

// drain runs all upkeep.
func (x *shop) drain() {
	x.Helper()
	x.ok(assembleAll(x.ctx, x.s))
	x.ok(reclaimAll(x.ctx, x.s))
}

// stored returns the sizes of all blobs there are.
func (x *shop) stored() (sizes []int64) {
	x.Helper()
	for info, err := range x.blobs.List(x.ctx, blob.ID{}) {
		x.ok(err)
		sizes = append(sizes, info.Size)
	}
	return sizes
}

func (x *shop) wantBlobs(want ...int64) {
	x.Helper()
	if got := x.stored(); fmt.Sprint(got) != fmt.Sprint(want) {
		x.Errorf("blobs of sizes %v, want %v", got, want)
	}
}

func sumMD5(b []byte) []byte {
	h := md5.Sum(b)
	return h[:]
}

func md5Hex(b []byte) string {
	h := md5.Sum(b)
	return hex.EncodeToString(h[:])
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

package lifecycle

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/blob/memblob"
	"myfsio/kv/memkv"
	rules "myfsio/lifecycle"
	"myfsio/object"
)

var epoch = time.Date(2026, 1, 1, 10, 30, 0, 0, time.UTC)

// world is a worker over a store in memory, with a clock.
type world struct {
	*Worker
	t     testing.TB
	ctx   context.Context
	store *object.Store
	hooks
	mu  sync.Mutex
	now time.Time
}

// hooks run before calls of the worker on the store. They may be nil.
type hooks struct {
	scan, expire, config, abort func()
}

// hooked is the store as the worker sees it.
type hooked struct {
	*object.Store
	w *world
}

func call(hook func()) {
	if hook != nil {
		hook()
	}
}

func (h hooked) ScanVersions(ctx context.Context, req object.ScanVersions) (object.VersionScan, error) {
	call(h.w.scan)
	return h.Store.ScanVersions(ctx, req)
}

func (h hooked) Expire(ctx context.Context, bucket string, by object.Actor, list []object.Expiry) ([]object.Deleted, error) {
	call(h.w.expire)
	return h.Store.Expire(ctx, bucket, by, list)
}

func (h hooked) Config(ctx context.Context, bucket string, kind object.ConfigKind) ([]byte, error) {
	call(h.w.config)
	return h.Store.Config(ctx, bucket, kind)
}

func (h hooked) AbortUpload(ctx context.Context, req object.AbortUpload) error {
	call(h.w.abort)
	return h.Store.AbortUpload(ctx, req)
}

func newWorld(t testing.TB) *world {
	db, blobs := memkv.New(), memblob.New()
	t.Cleanup(func() { db.Close(); blobs.Close() })
	w := &world{t: t, ctx: context.Background(), now: epoch}
	var err error
	w.store, err = object.New(w.ctx, object.Config{KV: db, Blobs: blobs, Now: w.clock, MinPartSize: 1})
	w.check(err)
	w.restart(t.TempDir())
	return w
}

// restart opens the worker anew.
func (w *world) restart(dir string) {
	w.t.Helper()
	var err error
	w.Worker, err = New(Config{Store: hooked{w.store, w}, Dir: dir, Enabled: true, Interval: time.Hour, MaxHistory: 3, Now: w.clock})
	w.check(err)
	w.page, w.batch = 3, 2
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) tick(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) days(n int) { w.tick(time.Duration(n) * 24 * time.Hour) }

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) bucket(name string, versioning object.Versioning, rules ...string) {
	w.t.Helper()
	_, err := w.store.CreateBucket(w.ctx, object.CreateBucket{Name: name, Owner: "o"})
	w.check(err)
	if versioning != object.Unversioned {
		w.check(w.store.SetVersioning(w.ctx, name, versioning))
	}
	w.rules(name, rules...)
}

// rules sets rules: what stands behind ID and Status.
func (w *world) rules(bucket string, list ...string) {
	w.t.Helper()
	if len(list) == 0 {
		w.check(w.store.DeleteConfig(w.ctx, bucket, object.ConfigLifecycle))
		return
	}
	c := w.parse(list...)
	w.check(w.store.SetConfig(w.ctx, bucket, object.ConfigLifecycle, c.JSON()))
}

func (w *world) parse(list ...string) *rules.Config {
	w.t.Helper()
	var doc strings.Builder
	for i, r := range list {
		fmt.Fprintf(&doc, "<Rule><ID>%d</ID><Status>Enabled</Status>%s</Rule>", i, r)
	}
	c, err := rules.ParseXML([]byte("<LifecycleConfiguration>" + doc.String() + "</LifecycleConfiguration>"))
	w.check(err)
	return c
}

func (w *world) put(bucket, key string, size int, tags ...object.Pair) object.Version {
	w.t.Helper()
	v, err := w.store.Put(w.ctx, object.PutObject{Bucket: bucket, Key: key, Owner: "o", Meta: object.Metadata{Tags: tags},
		Body: object.Body{Reader: strings.NewReader(strings.Repeat("x", size)), Size: int64(size)}})
	w.check(err)
	w.tick(time.Second)
	return v
}

func (w *world) remove(bucket, key string) {
	w.t.Helper()
	_, err := w.store.Delete(w.ctx, object.DeleteObject{Bucket: bucket, Key: key})
	w.check(err)
	w.tick(time.Second)
}

// list writes what is in a bucket: keys, with ~ for a noncurrent version and ! for a delete marker.
func (w *world) list(bucket string) string {
	w.t.Helper()
	var out []string
	for _, e := range w.entries(bucket) {
		s := e.Key
		if !e.Latest {
			s += "~"
		}
		if e.DeleteMarker {
			s += "!"
		}
		out = append(out, s)
	}
	page, err := w.store.ListUploads(w.ctx, object.ListUploads{Bucket: bucket, Max: 1000})
	w.check(err)
	for _, u := range page.Uploads {
		out = append(out, u.Key+"+")
	}
	return strings.Join(out, " ")
}

func (w *world) entries(bucket string) (out []object.Entry) {
	w.t.Helper()
	scan := object.ScanVersions{Bucket: bucket, Max: 1000}
	for {
		page, err := w.store.ScanVersions(w.ctx, scan)
		w.check(err)
		out = append(out, page.Entries...)
		if !page.More {
			return out
		}
		scan.AfterKey, scan.AfterStamp = page.AfterKey, page.AfterStamp
	}
}

// run carries rules out in all buckets and returns what it did.
func (w *world) run() []Execution {
	w.t.Helper()
	out, err := w.once(w.ctx, Request{})
	w.check(err)
	return out
}

func (w *world) want(bucket, list string) {
	w.t.Helper()
	if got := w.list(bucket); got != list {
		w.t.Errorf("%s holds %q, want %q", bucket, got, list)
	}
}

// locked makes a versioned bucket with Object Lock.
func (w *world) locked(name string, rules ...string) {
	w.t.Helper()
	_, err := w.store.CreateBucket(w.ctx, object.CreateBucket{Name: name, Owner: "o", ObjectLock: true})
	w.check(err)
	w.rules(name, rules...)
}

package inventory

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/blob/memblob"
	settings "myfsio/inventory"
	"myfsio/kv/memkv"
	"myfsio/object"
)

var epoch = time.Date(2026, 1, 1, 10, 30, 0, 0, time.UTC) // a Thursday

// world is a worker over a store in memory, with a clock.
type world struct {
	*Worker
	t     testing.TB
	ctx   context.Context
	dir   string
	store *object.Store

	mu     sync.Mutex
	now    time.Time
	before func(call string) error // before each call of the worker on the store; may be nil
}

// hooked is the store as the worker sees it.
type hooked struct{ w *world }

// allFields are the optional fields there are, in the order of their columns.
var allFields = []string{"Size", "LastModifiedDate", "ETag", "StorageClass", "IsMultipartUploaded", "EncryptionStatus", "ObjectLockRetainUntilDate",
	"ObjectLockMode", "ObjectLockLegalHoldStatus", "BucketKeyStatus", "ChecksumAlgorithm", "ObjectOwner"}

func (h hooked) step(call string) error {
	h.w.mu.Lock()
	before := h.w.before
	h.w.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(call)
}

func (h hooked) HeadBucket(ctx context.Context, name string) (object.Bucket, error) {
	if err := h.step("HeadBucket"); err != nil {
		return object.Bucket{}, err
	}
	return h.w.store.HeadBucket(ctx, name)
}

func (h hooked) ListBuckets(ctx context.Context, req object.ListBuckets) (object.BucketPage, error) {
	if err := h.step("ListBuckets"); err != nil {
		return object.BucketPage{}, err
	}
	return h.w.store.ListBuckets(ctx, req)
}

func (h hooked) Config(ctx context.Context, bucket string, kind object.ConfigKind) ([]byte, error) {
	if err := h.step("Config"); err != nil {
		return nil, err
	}
	return h.w.store.Config(ctx, bucket, kind)
}

func (h hooked) ScanVersions(ctx context.Context, req object.ScanVersions) (object.VersionScan, error) {
	if err := h.step("ScanVersions"); err != nil {
		return object.VersionScan{}, err
	}
	return h.w.store.ScanVersions(ctx, req)
}

func (h hooked) Put(ctx context.Context, req object.PutObject) (object.Version, error) {
	if err := h.step("Put"); err != nil {
		return object.Version{}, err
	}
	return h.w.store.Put(ctx, req)
}

func (h hooked) Describe(ctx context.Context, bucket, key, version string) (object.Version, error) {
	if err := h.step("Describe"); err != nil {
		return object.Version{}, err
	}
	return h.w.store.Describe(ctx, bucket, key, version)
}

func (h hooked) Delete(ctx context.Context, req object.DeleteObject) (object.Deleted, error) {
	if err := h.step("Delete"); err != nil {
		return object.Deleted{}, err
	}
	return h.w.store.Delete(ctx, req)
}

func newWorld(t testing.TB) *world {
	db, blobs := memkv.New(), memblob.New()
	t.Cleanup(func() { db.Close(); blobs.Close() })
	w := &world{t: t, ctx: context.Background(), dir: t.TempDir(), now: epoch}
	var err error
	w.store, err = object.New(w.ctx, object.Config{KV: db, Blobs: blobs, Now: w.clock, MinPartSize: 1})
	w.check(err)
	w.restart()
	w.bucket("dest", "o", object.Unversioned)
	return w
}

// restart opens the worker anew.
func (w *world) restart() {
	w.t.Helper()
	var err error
	w.Worker, err = New(Config{Store: hooked{w}, Dir: w.dir, Now: w.clock})
	w.check(err)
	w.page, w.rows = 7, 10
}

func (w *world) hook(before func(call string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = before
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

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) bucket(name, owner string, v object.Versioning) {
	w.t.Helper()
	_, err := w.store.CreateBucket(w.ctx, object.CreateBucket{Name: name, Owner: owner})
	w.check(err)
	if v != object.Unversioned {
		w.check(w.store.SetVersioning(w.ctx, name, v))
	}
}

// configure gives a bucket a configuration, which change may change.
func (w *world) configure(bucket, id string, change func(*settings.Config)) *settings.Config {
	w.t.Helper()
	c := &settings.Config{ID: id, Enabled: true, Versions: settings.All, Fields: allFields, Schedule: settings.Schedule{Frequency: settings.Daily}}
	c.Destination.Bucket = settings.BucketDestination{ARN: "arn:aws:s3:::dest", Format: settings.CSV, Prefix: "reports"}
	if change != nil {
		change(c)
	}
	c, err := settings.ParseJSON(c.JSON())
	w.check(err)
	w.check(w.store.ChangeConfig(w.ctx, bucket, object.ConfigInventory, func(old []byte) ([]byte, error) {
		s, err := settings.ParseSet(old)
		if err == nil {
			err = s.Put(c)
		}
		return s.JSON(), err
	}))
	return c
}

func (w *world) put(bucket, key string, change ...func(*object.PutObject)) {
	w.t.Helper()
	req := object.PutObject{Bucket: bucket, Key: key, Owner: "o", Body: object.Body{Reader: strings.NewReader(key), Size: int64(len(key))}}
	for _, f := range change {
		f(&req)
	}
	_, err := w.store.Put(w.ctx, req)
	w.check(err)
	w.tick(time.Millisecond)
}

// files lists the keys of the current objects of a bucket.
func (w *world) files(bucket string) (keys []string) {
	w.t.Helper()
	list := object.ListObjects{Bucket: bucket, Max: 1000}
	for {
		page, err := w.store.List(w.ctx, list)
		w.check(err)
		for _, o := range page.Objects {
			keys = append(keys, o.Key)
		}
		if !page.Truncated {
			return keys
		}
		list.After = page.Next
	}
}

func (w *world) read(bucket, key string) []byte {
	w.t.Helper()
	r, err := w.store.Open(w.ctx, object.GetObject{Bucket: bucket, Key: key})
	w.check(err)
	defer r.Close()
	var b bytes.Buffer
	_, err = r.WriteTo(&b)
	w.check(err)
	return b.Bytes()
}

// manifestAt reads a manifest and holds everything against it that it is about.
func (w *world) manifestAt(key string) manifest {
	w.t.Helper()
	doc := w.read("dest", key)
	if sum := md5.Sum(doc); string(w.read("dest", strings.TrimSuffix(key, "json")+"checksum")) != hex.EncodeToString(sum[:]) {
		w.t.Error("the checksum of the manifest is wrong")
	}
	var m manifest
	w.check(json.Unmarshal(doc, &m))
	for _, f := range m.Files {
		data := w.read("dest", f.Key)
		if sum := md5.Sum(data); int64(len(data)) != f.Size || hex.EncodeToString(sum[:]) != f.MD5 {
			w.t.Errorf("%+v: %d bytes", f, len(data))
		}
	}
	return m
}

// table reads the rows of a report in CSV, by the names of its columns, keys decoded.
func (w *world) table(m manifest) (rows []map[string]string) {
	w.t.Helper()
	names := strings.Split(m.Schema, ", ")
	for _, f := range m.Files {
		gz, err := gzip.NewReader(bytes.NewReader(w.read("dest", f.Key)))
		w.check(err)
		data, err := io.ReadAll(gz)
		w.check(err)
		if strings.Count(string(data), `"`) < 2*len(names)*strings.Count(string(data), "\n") {
			w.t.Fatalf("not all is quoted: %.300s", data)
		}
		lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		w.check(err)
		for _, l := range lines {
			row := map[string]string{}
			for i, v := range l {
				row[names[i]] = v
			}
			row["Key"], err = url.PathUnescape(row["Key"])
			w.check(err)
			rows = append(rows, row)
		}
	}
	return rows
}

// complete are the manifests with their checksum, and stray is what belongs to none of them.
func (w *world) reports() (complete []string, stray []string) {
	w.t.Helper()
	known := map[string]bool{}
	for _, k := range w.files("dest") {
		if base, ok := strings.CutSuffix(k, ".checksum"); ok {
			m := w.manifestAt(base + ".json")
			complete = append(complete, base+".json")
			known[k], known[base+".json"] = true, true
			for _, f := range m.Files {
				known[f.Key] = true
			}
			parts := strings.Split(base, "/")
			at, err := time.Parse("2006-01-02T15-04Z", parts[len(parts)-2])
			w.check(err)
			known[strings.Join(parts[:len(parts)-2], "/")+"/hive/dt="+at.Format("2006-01-02-15-04")+"/symlink.txt"] = true
		}
	}
	for _, k := range w.files("dest") {
		if !known[k] {
			stray = append(stray, k)
		}
	}
	return complete, stray
}

func (w *world) one() Report {
	w.t.Helper()
	list := w.Status().Reports
	if len(list) != 1 {
		w.t.Fatal(fmt.Sprintf("%+v", list))
	}
	return list[0]
}

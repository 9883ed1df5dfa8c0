package reclaim_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/fileblob"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/vfs"
	"myfsio/view"
	"myfsio/work"
	"myfsio/work/reclaim"
)

// yard is a data directory with one bucket, and a clock.
type yard struct {
	*testing.T
	ctx  context.Context
	root string
	now  time.Time
	s    *object.Store
	db   kv.DB
	g    *reclaim.Garbage
}

const hour = time.Hour

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{T: t, ctx: t.Context(), root: t.TempDir(), now: time.Now()}
	db := memkv.New()
	y.db = db
	blobs, err := fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: filepath.Join(y.root, ".myfsio.sys", "blobs")})
	y.ok(err)
	tree, err := view.Open(view.Options{FS: vfs.OS{}, Root: y.root})
	y.ok(err)
	t.Cleanup(func() { y.ok(errors.Join(tree.Close(), blobs.Close(), db.Close())) })
	cfg := object.Config{KV: db, Blobs: blobs, Inline: -1, MinPartSize: 1, Now: func() time.Time { return y.now }}
	y.s, err = object.New(y.ctx, cfg)
	y.ok(err)
	_, err = y.s.CreateBucket(y.ctx, object.CreateBucket{Name: "home"})
	y.ok(err)
	y.ok(tree.MakeBucket("home"))
	y.g = &reclaim.Garbage{
		Store: y.s, Blobs: blobs, Tree: tree, Root: y.root, Temp: []reclaim.TempFiles{{Dir: y.path("tmp")}, {Dir: y.path("config"), Prefix: ".", Suffix: ".tmp"}, {Dir: y.path("none")}},
		TempAge: 24 * hour, UploadAge: 7 * 24 * hour, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return y.now },
	}
	return y
}

func (y *yard) ok(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

func (y *yard) path(elem ...string) string {
	return filepath.Join(append([]string{y.root}, elem...)...)
}

// file makes a file, or for a name with a slash at its end a directory, of an age.
func (y *yard) file(age time.Duration, elem ...string) {
	y.Helper()
	path := y.path(elem...)
	if strings.HasSuffix(elem[len(elem)-1], "/") {
		y.ok(os.MkdirAll(path, 0o755))
	} else {
		y.ok(os.MkdirAll(filepath.Dir(path), 0o755))
		y.ok(os.WriteFile(path, []byte("12345"), 0o644))
	}
	y.ok(os.Chtimes(path, y.now.Add(-age), y.now.Add(-age)))
}

func (y *yard) upload(key string, begun, part time.Duration) {
	y.Helper()
	now := y.now
	defer func() { y.now = now }()
	y.now = now.Add(-begun)
	up, err := y.s.CreateUpload(y.ctx, object.CreateUpload{Bucket: "home", Key: key})
	y.ok(err)
	y.now = now.Add(-part)
	_, err = y.s.PutPart(y.ctx, object.PutPart{Bucket: "home", Key: key, UploadID: up.UploadID, Number: 1, Body: object.Body{Reader: strings.NewReader("1234567"), Size: 7}})
	y.ok(err)
}

func (y *yard) stray(age time.Duration) {
	y.Helper()
	var id blob.ID
	binary.BigEndian.PutUint64(id[:], uint64(y.now.Add(-age).UnixNano()))
	w, err := y.g.Blobs.Create(y.ctx, id, 3)
	y.ok(err)
	_, err = w.Write([]byte("123"))
	y.ok(err)
	y.ok(w.Commit(y.ctx))
}

func (y *yard) put(key string, age time.Duration) {
	y.Helper()
	now := y.now
	y.now = now.Add(-age)
	_, err := y.s.Put(y.ctx, object.PutObject{Bucket: "home", Key: key, Body: object.Body{Reader: strings.NewReader("body"), Size: 4}})
	y.ok(err)
	y.now = now
}

// all is every file and directory below the root, and every upload.
func (y *yard) all() (out []string) {
	y.Helper()
	y.ok(filepath.WalkDir(y.root, func(path string, d os.DirEntry, err error) error {
		if rel, _ := filepath.Rel(y.root, path); err == nil && !strings.HasPrefix(rel, ".myfsio.sys/blobs/") || !d.IsDir() {
			out = append(out, rel)
		}
		return err
	}))
	page, err := y.s.ListUploads(y.ctx, object.ListUploads{Bucket: "home", Max: 1000})
	y.ok(err)
	for _, u := range page.Uploads {
		out = append(out, "upload "+u.Key)
	}
	return out
}

// TestCollect plants garbage of each kind beside what must stay.
func TestCollect(t *testing.T) {
	y := newYard(t)
	y.ok(y.s.SetVersioning(y.ctx, "home", object.VersioningEnabled))
	y.put("deleted", 1000*hour) // its version can be brought back
	_, err := y.s.Delete(y.ctx, object.DeleteObject{Bucket: "home", Key: "deleted"})
	y.ok(err)
	y.put("there", 1000*hour)
	y.file(25*hour, "tmp", "old")
	y.file(23*hour, "tmp", "young")
	y.file(1000*hour, "tmp", "dir/")
	y.file(25*hour, "config", ".iam.json.abc.tmp")
	y.file(25*hour, "config", "iam.json")
	y.file(25*hour, "config", ".secret")
	y.upload("abandoned", 8*24*hour, 7*24*hour)
	y.upload("active", 8*24*hour, 6*24*hour)
	y.upload("new", hour, hour)
	y.stray(1000 * hour)
	y.stray(23 * hour) // perhaps of a slow write
	born := y.s.NewMark()
	y.file(25*hour, "home", "person", "file")
	y.file(25*hour, "home", "empty", "within/")
	y.file(25*hour, "home", "empty/")
	y.file(hour, "home", "fresh/")
	y.file(25*hour, "persons", "own/")
	y.ok(os.Symlink(y.path("persons"), y.path("home", "link")))
	y.g.Born = born
	stands := y.all()

	var told int
	tell := func(reclaim.Collection) { told++ }
	want := reclaim.Collection{TempFiles: 2, TempBytes: 10, Uploads: 1, UploadBytes: 7, Orphans: 1, OrphanBytes: 3, EmptyDirs: 2, Errors: []string{}}
	same := func(when string, got, want reclaim.Collection) {
		t.Helper()
		got.ExecutionTimeSecs = 0
		if len(got.Errors) > 0 || got.TempFiles != want.TempFiles || got.TempBytes != want.TempBytes || got.Uploads != want.Uploads || got.UploadBytes != want.UploadBytes ||
			got.Orphans != want.Orphans || got.OrphanBytes != want.OrphanBytes || got.EmptyDirs != want.EmptyDirs {
			t.Errorf("%s: %+v\nwant %+v", when, got, want)
		}
	}
	same("dry run", y.g.Collect(y.ctx, work.Ask{DryRun: true}, tell), want)
	if now := y.all(); !slices.Equal(now, stands) || told == 0 {
		t.Errorf("a dry run changed something:\n%q\n%q", stands, now)
	}
	same("run", y.g.Collect(y.ctx, work.Ask{}, tell), want)
	left := y.all()
	for _, gone := range []string{"tmp/old", "config/.iam.json.abc.tmp", "upload abandoned", "home/empty/within", "home/empty"} {
		if slices.Contains(left, gone) {
			t.Errorf("%s is still there", gone)
		}
		stands = slices.DeleteFunc(stands, func(s string) bool { return s == gone })
	}
	if len(left) != len(stands)-1 { // the body has a random name
		t.Errorf("what must stay is gone:\n%q\n%q", stands, left)
	}
	v, err := y.s.ListVersions(y.ctx, object.ListVersions{Bucket: "home", Max: 10})
	y.ok(err)
	if len(v.Versions) != 3 {
		t.Errorf("%d versions", len(v.Versions))
	}
	for _, v := range v.Versions {
		if !v.DeleteMarker {
			r, err := y.s.Open(y.ctx, object.GetObject{Bucket: "home", Key: v.Key, VersionID: v.VersionID})
			y.ok(err)
			y.ok(r.Close())
		}
	}
	same("second run", y.g.Collect(y.ctx, work.Ask{}, tell), reclaim.Collection{})

	// Bodies of this process stay, however old.
	y.now = y.now.Add(1000 * hour)
	y.stray(100 * hour)
	got := y.g.Collect(y.ctx, work.Ask{}, tell)
	if got.Orphans != 1 { // the one that was 23 hours old
		t.Errorf("%+v", got)
	}
}

// TestCollectStops: it ends with the server, and goes on where something fails.
func TestCollectStops(t *testing.T) {
	y := newYard(t)
	y.file(25*hour, "tmp", "old")
	y.file(0, "file")
	ctx, stop := context.WithCancel(y.ctx)
	stop()
	if got := y.g.Collect(ctx, work.Ask{}, func(reclaim.Collection) {}); got.TempFiles != 0 || len(got.Errors) != 0 {
		t.Errorf("%+v", got)
	}
	y.g.Temp = append(y.g.Temp, reclaim.TempFiles{Dir: y.path("file")}) // no directory
	y.g.Born = y.s.NewMark()
	y.breakRecord()
	y.upload("abandoned", 800*hour, 800*hour)
	got := y.g.Collect(y.ctx, work.Ask{}, func(reclaim.Collection) {})
	if got.TempFiles != 1 || got.Uploads != 1 || len(got.Errors) != 2 {
		t.Errorf("%+v", got)
	}
}

// breakRecord makes a record unreadable.
func (y *yard) breakRecord() {
	y.Helper()
	y.put("broken", 0)
	y.stray(90 * hour)
	y.ok(y.db.Update(y.ctx, func(t kv.Txn) error {
		for p, err := range kv.Scan(t, kv.Prefix([]byte{'o'})) {
			y.ok(err)
			t.Put(slices.Clone(p.Key), []byte{0xFF})
			break
		}
		return nil
	}))
}

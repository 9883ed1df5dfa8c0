package project_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"myfsio/blob/fileblob"
	"myfsio/internal/model"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/kv/pebblekv"
	"myfsio/object"
	"myfsio/vfs"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
	"myfsio/view"
	"myfsio/work"
	"myfsio/work/assemble"
	"myfsio/work/project"
	"myfsio/work/reclaim"
)

// Small limits, so that small programs meet every path.
const (
	testInline  = 64
	testMinPart = 16
)

var epoch = time.Date(2024, 2, 29, 23, 59, 58, 123456789, time.UTC)

// disk is a data directory, laid out as the server lays it out.
type disk struct {
	root string
	fs   *faultfs.FS // what fileblob and the view see
	mem  *memfs.FS   // nil on a real disk
	kv   func() (kv.DB, error)
}

// memDisk is a disk in memory with metadata that does not survive a crash.
func memDisk() *disk {
	mem, db := memfs.New(), memkv.New()
	return &disk{root: "/data", fs: faultfs.New(mem, "/data"), mem: mem, kv: func() (kv.DB, error) { return stays{db}, nil }}
}

// stays is a DB that Close leaves open, for the next start.
type stays struct{ kv.DB }

func (stays) Close() error { return nil }

// crashDisk is a disk in memory of which all survives a crash that was synced.
func crashDisk(mem *memfs.FS) *disk {
	return &disk{root: "/data", fs: faultfs.New(mem, "/data"), mem: mem, kv: func() (kv.DB, error) {
		return pebblekv.Open(pebblekv.Options{Dir: "/data/.myfsio.sys/meta", FS: mem.Pebble(), Sync: true, CacheBytes: 1 << 20})
	}}
}

// realDisk is the operating system's.
func realDisk(root string) *disk {
	return &disk{root: root, fs: faultfs.New(vfs.OS{}, root), kv: func() (kv.DB, error) {
		return pebblekv.Open(pebblekv.Options{Dir: filepath.Join(root, ".myfsio.sys", "meta"), CacheBytes: 1 << 20})
	}}
}

// world is a data directory in use, and the model of what it should hold.
type world struct {
	*testing.T
	ctx   context.Context
	d     *disk
	db    kv.DB
	blobs *fileblob.Store
	s     *object.Store
	tree  *view.Tree
	p     *project.Projector
	step1 func(context.Context) (bool, error)
	end   context.CancelFunc // of the projector's lane
	m     *model.Model
	clock time.Time
	log   []string // what was done

	ids map[string][][2]string // bucket/key: version ids, the model's and the store's
}

func newWorld(t *testing.T, d *disk) *world {
	t.Helper()
	return newWorldAt(t, d, epoch)
}

func newWorldAt(t *testing.T, d *disk, clock time.Time) *world {
	t.Helper()
	w := &world{T: t, ctx: context.Background(), d: d, clock: clock, ids: map[string][][2]string{}}
	w.m = &model.Model{Now: w.now, MinPart: testMinPart}
	w.open()
	t.Cleanup(w.close)
	return w
}

func (w *world) now() time.Time { return w.clock }

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%s\n%v", strings.Join(w.log, "\n"), err)
	}
}

func (w *world) logf(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%3d  ", len(w.log))+fmt.Sprintf(format, args...))
}

// open starts as the server does.
func (w *world) open() {
	w.Helper()
	w.clock = w.clock.Add(time.Second)
	sys := filepath.Join(w.d.root, ".myfsio.sys")
	w.ok(vfs.MkdirAll(w.d.fs, sys))
	var err error
	w.db, err = w.d.kv()
	w.ok(err)
	w.blobs, err = fileblob.Open(fileblob.Options{FS: w.d.fs, Dir: filepath.Join(sys, "blobs"), Sync: w.d.mem != nil})
	w.ok(err)
	w.s, err = object.New(w.ctx, object.Config{KV: w.db, Blobs: w.blobs, Inline: testInline, MinPartSize: testMinPart, View: true, Now: w.now})
	w.ok(err)
	w.tree, err = view.Open(view.Options{FS: w.d.fs, Root: w.d.root})
	w.ok(err)
	w.ok(w.tree.Sweep())
	w.p, err = project.New(project.Config{Store: w.s, Tree: w.tree, Blobs: w.blobs, Now: w.now, Log: slog.New(slog.DiscardHandler)})
	w.ok(err)
	var lane context.Context
	lane, w.end = context.WithCancel(w.ctx)
	w.step1 = w.p.Worker(lane).Step
}

// step makes the next changes, as the worker does.
func (w *world) step() {
	w.Helper()
	_, err := w.step1(w.ctx)
	w.ok(err)
}

// close ends without having emptied the queue.
func (w *world) close() {
	if w.db != nil {
		w.end()
		w.ok(errors.Join(w.tree.Close(), w.blobs.Close(), w.db.Close()))
		w.db = nil
	}
}

func (w *world) restart() { w.close(); w.open() }

// upkeep does what waits for the other workers.
func (w *world) upkeep() {
	w.Helper()
	log := slog.New(slog.DiscardHandler)
	w.clock = w.clock.Add(object.AppendQuiet)
	for _, x := range []*work.Worker{
		assemble.New(assemble.Config{Store: w.s, BytesPerSecond: 1 << 40, Log: log}), reclaim.New(reclaim.Config{Store: w.s, Log: log}),
	} {
		w.ok(x.Drain(w.ctx))
	}
}

// quiesce does all that waits, so that the view must be right.
func (w *world) quiesce() {
	w.Helper()
	w.upkeep()
	w.ok(w.p.Drain(w.ctx))
	w.upkeep()
}

// queued returns how many changes wait.
func (w *world) queued() int {
	w.Helper()
	changes, err := w.s.ViewChanges(w.ctx, object.Mark{}, 1<<20)
	w.ok(err)
	return len(changes)
}

// shown is a file of the view.
type shown struct {
	data  []byte
	mtime time.Time
}

func (s shown) String() string {
	return fmt.Sprintf("%d bytes %.8x of %s", len(s.data), s.data, s.mtime.UTC().Format(time.RFC3339Nano))
}

// projection is what the tree must be: each current key that a file can stand for, and that no such key lies below,
// as "bucket/key"; and the buckets.
func (w *world) projection() (files map[string]shown, buckets []string) {
	w.Helper()
	files = map[string]shown{}
	for _, b := range w.m.ListBuckets(object.ListBuckets{}).Buckets {
		buckets = append(buckets, b.Name)
		page, err := w.m.List(object.ListObjects{Bucket: b.Name, Max: 1000})
		w.ok(err)
		var plain []string
		for _, v := range page.Objects {
			if _, ok := w.tree.Path(b.Name, v.Key); ok {
				plain = append(plain, v.Key)
			}
		}
		for _, k := range plain {
			if slices.ContainsFunc(plain, func(x string) bool { return strings.HasPrefix(x, k+"/") }) {
				continue
			}
			r, err := w.m.Open(object.GetObject{Bucket: b.Name, Key: k})
			w.ok(err)
			files[b.Name+"/"+k] = shown{r.Data, r.Version.Modified}
		}
	}
	return files, buckets
}

// found reads the tree: its files, and its directories that are empty.
func (w *world) found() (files map[string]shown, empty []string) {
	w.Helper()
	files = map[string]shown{}
	w.readDir("", files, &empty)
	return files, empty
}

func (w *world) readDir(dir string, files map[string]shown, empty *[]string) {
	w.Helper()
	entries, err := w.d.fs.ReadDir(filepath.Join(w.d.root, dir))
	w.ok(err)
	if len(entries) == 0 {
		*empty = append(*empty, dir)
	}
	for _, e := range entries {
		name := strings.TrimPrefix(dir+"/"+e.Name(), "/")
		switch {
		case name == ".myfsio.sys":
		case e.IsDir():
			w.readDir(name, files, empty)
		default:
			files[name] = w.read(name)
		}
	}
}

// read reads the file at a path below the root.
func (w *world) read(name string) shown {
	w.Helper()
	f, err := w.d.fs.Open(filepath.Join(w.d.root, name))
	w.ok(err)
	defer f.Close()
	fi, err := f.Stat()
	w.ok(err)
	data, err := io.ReadAll(struct{ io.Reader }{f})
	w.ok(err)
	if int64(len(data)) != fi.Size() {
		w.Errorf("%s has %d bytes and a size of %d", name, len(data), fi.Size())
	}
	lst, err := w.d.fs.Lstat(filepath.Join(w.d.root, name)) // memfs keeps times by name
	w.ok(err)
	return shown{data, lst.ModTime()}
}

// diff says how the tree differs from the model's projection; foreign are files and empty directories that are expected besides.
func (w *world) diff(foreign ...string) string {
	w.Helper()
	want, buckets := w.projection()
	got, empty := w.found()
	var out []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		x, y := want[name], got[name]
		if !bytes.Equal(x.data, y.data) || !x.mtime.Equal(y.mtime) {
			out = append(out, fmt.Sprintf("%q is %v, want %v", name, y, x))
		}
		delete(got, name)
	}
	for _, name := range foreign {
		if _, ok := got[name]; !ok {
			out = append(out, fmt.Sprintf("the foreign %q is gone", name))
		}
		delete(got, name)
	}
	for name := range got {
		out = append(out, fmt.Sprintf("%q is no object: %v", name, got[name]))
	}
	for _, dir := range empty {
		if !slices.Contains(buckets, dir) {
			out = append(out, fmt.Sprintf("%q is empty", dir))
		}
	}
	for _, b := range buckets {
		if fi, err := w.d.fs.Lstat(filepath.Join(w.d.root, b)); err != nil || !fi.IsDir() {
			out = append(out, fmt.Sprintf("bucket %s has no directory", b))
		}
	}
	tmp, err := w.d.fs.ReadDir(filepath.Join(w.d.root, ".myfsio.sys", "tmp"))
	if err != nil || len(tmp) > 0 {
		out = append(out, fmt.Sprintf("temporary files: %v, %v", tmp, err))
	}
	return strings.Join(out, "\n")
}

// want fails the test unless the tree is the model's projection.
func (w *world) want(foreign ...string) {
	w.Helper()
	if d := w.diff(foreign...); d != "" {
		w.Fatalf("%s\nthe tree is wrong:\n%s", strings.Join(w.log, "\n"), d)
	}
}

// put writes a file of a person into the tree.
func (w *world) person(name string, data []byte, mtime time.Time) {
	w.Helper()
	path := filepath.Join(w.d.root, name)
	w.ok(vfs.MkdirAll(w.d.fs, filepath.Dir(path)))
	if err := w.d.fs.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.ok(err)
	}
	f, err := w.d.fs.Create(path)
	w.ok(err)
	_, err = f.Write(data)
	w.ok(errors.Join(err, f.Close(), w.d.fs.Chtimes(path, mtime)))
}

// content makes size bytes that depend on the seed.
func content(seed uint64, size int) []byte {
	rng := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(size)})
	b := make([]byte, size)
	rng.Read(b)
	return b
}

func body(data []byte) object.Body {
	return object.Body{Reader: bytes.NewReader(data), Size: int64(len(data))}
}

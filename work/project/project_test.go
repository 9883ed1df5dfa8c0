package project_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/kv"
	"myfsio/object"
	"myfsio/vfs/faultfs"
	"myfsio/work/project"
)

// one makes a world with the bucket one.
func one(t *testing.T, d *disk) *world {
	t.Helper()
	w := newWorld(t, d)
	w.createBucket("one")
	return w
}

func TestNewNeedsFiles(t *testing.T) {
	if _, err := project.New(project.Config{Blobs: memblob.New(), Now: time.Now}); err == nil || !strings.Contains(err.Error(), "PLAIN_FILES") {
		t.Errorf("%v", err)
	}
}

// TestClash: of a and a/b the longer has a file, whatever comes and goes in whatever order, also when several changes are
// made at once.
func TestClash(t *testing.T) {
	family := []string{"a", "a/b", "a/b/c"}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		w := one(t, memDisk())
		for range 20 {
			key := family[rng.IntN(3)]
			if rng.IntN(2) == 0 {
				w.put("one", key, content(rng.Uint64(), []int{10, 100}[rng.IntN(2)]))
			} else {
				w.delete("one", key, "")
			}
			if rng.IntN(2) == 0 {
				w.step()
				w.want()
			}
		}
		w.quiesce()
		w.want()
	}
}

// A file that stands in the way and whose removal is queued behind: the key below it appears with the removal.
func TestClashWithStaleFile(t *testing.T) {
	w := one(t, memDisk())
	w.put("one", "a", []byte("a"))
	w.quiesce()
	w.put("one", "a/b", []byte("b"))
	w.put("one", "a/c/d", []byte("d"))
	w.delete("one", "a", "")
	w.step()
	w.want()
}

// TestForeignFilesStay: what a person put into the tree is no business of the projector, until an object takes its path.
func TestForeignFilesStay(t *testing.T) {
	w := one(t, memDisk())
	w.put("one", "d/x", []byte("x"))
	w.quiesce()
	foreign := []string{"one/f", "one/d/mine", "one/e/mine", "two.two/mine", "file"}
	for _, name := range foreign {
		w.person(name, []byte("mine"), epoch)
	}
	w.put("one", "f/below", []byte("hidden by the file")) // the model shows it; the person's file is in its way
	w.delete("one", "d/x", "")
	w.quiesce()
	if _, err := w.tree.Stat("one", "f/below"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	w.delete("one", "f/below", "")
	w.quiesce()
	w.want(foreign...)

	w.createBucket("file") // a file has its name: there is no directory, and no error
	w.quiesce()
	w.agree(w.s.DeleteBucket(w.ctx, "file"), w.m.DeleteBucket("file"))
	w.quiesce()
	w.want(foreign...)

	w.put("one", "f", []byte("object")) // exactly its path
	w.quiesce()
	w.want(foreign[1:]...)
	w.delete("one", "f", "")
	w.agree(w.s.DeleteBucket(w.ctx, "one"), w.m.DeleteBucket("one"))
	w.quiesce() // its directory stays, for the foreign files
	w.want(foreign[1:]...)
}

// An empty directory of a person is in the way of an object, and stays.
func TestForeignDirectoryStays(t *testing.T) {
	w := one(t, memDisk())
	w.quiesce()
	w.ok(w.d.fs.Mkdir("/data/one/k"))
	w.put("one", "k", []byte("object"))
	w.quiesce()
	if fi, err := w.d.fs.Lstat("/data/one/k"); err != nil || !fi.IsDir() {
		t.Errorf("%v, %v", fi, err)
	}
	var notes []string
	r, err := w.p.Rebuild(w.ctx)
	if err != nil || r.Wrong != 1 || r.Shown != 0 {
		t.Errorf("rebuild: %+v, %v", r, err)
	}
	_, err = w.p.Mend(w.ctx, func(_, key, what string) { notes = append(notes, key+": "+what) })
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "in its place") {
		t.Errorf("%q, %v", notes, err)
	}
}

// recorder is a DB that tells when rows leave the queue of the view.
type recorder struct {
	kv.DB
	done func(rows int)
}

type recorderTxn struct {
	kv.Txn
	rows *int
}

func (t recorderTxn) Delete(key []byte) {
	if key[0] == 'q' {
		*t.rows++
	}
	t.Txn.Delete(key)
}

func (r recorder) Update(ctx context.Context, fn func(kv.Txn) error) error {
	rows := 0
	err := r.DB.Update(ctx, func(t kv.Txn) error { rows = 0; return fn(recorderTxn{t, &rows}) })
	if rows > 0 {
		r.done(rows)
	}
	return err
}

// TestSyncedBeforeDone: changes leave the queue only after a sync that came after their files.
func TestSyncedBeforeDone(t *testing.T) {
	d := memDisk()
	var mu sync.Mutex
	var events []string
	note := func(e string) { mu.Lock(); events = append(events, e); mu.Unlock() }
	open := d.kv
	d.kv = func() (kv.DB, error) {
		db, err := open()
		return recorder{db, func(n int) { note(fmt.Sprint("done ", n)) }}, err
	}
	w := one(t, d)
	w.quiesce()
	d.fs.Hook(func(c faultfs.Call) {
		if c.Kind == "syncall" || c.Mutating() && strings.HasPrefix(c.Path+c.To, "one/") {
			note(c.Kind)
		}
	})
	events = nil
	w.put("one", "k", []byte("v"))
	w.step()
	w.step()
	if want := []string{"writefile"}; !slices.Equal(events, want) { // no sync before the time
		t.Errorf("%q, want %q", events, want)
	}
	w.clock = w.clock.Add(project.DefaultSettle)
	w.step()
	if want := []string{"writefile", "syncall", "done 1"}; !slices.Equal(events, want) {
		t.Errorf("%q, want %q", events, want)
	}
	w.put("one", "l", []byte("v"))
	w.step()
	events = nil
	d.fs.Arm(faultfs.Fault{Err: syscall.EIO, Match: func(c faultfs.Call) bool { return c.Kind == "syncall" }})
	w.clock = w.clock.Add(project.DefaultSettle)
	if _, err := w.step1(w.ctx); !errors.Is(err, syscall.EIO) {
		t.Errorf("a failing sync: %v", err)
	}
	if w.queued() != 1 || !slices.Equal(events, []string{"syncall"}) {
		t.Errorf("%d queued after a failing sync, %q", w.queued(), events)
	}
	w.ok(w.p.Drain(w.ctx))
	if w.queued() != 0 {
		t.Errorf("%d queued", w.queued())
	}
	w.want()
}

// TestDrainAfterTheLane: the worker has ended, and changes are left.
func TestDrainAfterTheLane(t *testing.T) {
	w := one(t, memDisk())
	w.step()
	w.end()
	w.put("one", "k", []byte("v"))
	w.ok(w.p.Drain(w.ctx))
	w.want()
	if w.queued() != 0 {
		t.Errorf("%d queued", w.queued())
	}
}

// TestClockWentBack: the queue of an earlier run, whose clock was ahead, does not hide the changes of this one.
func TestClockWentBack(t *testing.T) {
	w := one(t, memDisk())
	w.put("one", "old", []byte("v"))
	w.quiesce()
	w.clock = w.clock.Add(time.Hour)
	w.step() // the sync that is due
	w.put("one", "a", []byte("v"))
	w.put("one", "a/b", []byte("v"))
	w.step()
	if w.queued() == 0 {
		t.Fatal("nothing is queued")
	}
	w.clock = w.clock.Add(-time.Hour)
	w.restart()
	w.step()
	w.put("one", "c", []byte("v")) // behind the marks of the hour that is yet to come
	w.put("one", "a/b", []byte("new"))
	w.delete("one", "old", "")
	w.step()
	w.want()
	w.quiesce()
	w.want()
	if w.queued() != 0 {
		t.Errorf("%d queued", w.queued())
	}
}

// TestLongBlob: a blob that a part which was left out made longer is shown with the object's size.
func TestLongBlob(t *testing.T) {
	w := one(t, memDisk())
	data := content(1, 200)
	w.put("one", "k", data)
	var id blob.ID
	for info, err := range w.blobs.List(w.ctx, blob.ID{}) {
		w.ok(err)
		id = info.ID
	}
	p, err := w.blobs.CreateAt(w.ctx, id, 400, 10) // what a failed write of a part leaves
	w.ok(err)
	_, err = p.Write(content(2, 10))
	w.ok(errors.Join(err, p.Commit(w.ctx)))
	w.quiesce()
	w.want()
}

// TestEveryCallFails fails the nth call to the file system, for every n, while changes are made. They stay queued, and are made
// by the next step, or by a new process.
func TestEveryCallFails(t *testing.T) {
	fired := true
	for n := 0; fired; n++ {
		for _, restart := range []bool{false, true} {
			w := one(t, memDisk())
			w.put("one", "gone/deep/x", content(1, 100))
			w.put("one", "a", []byte("a"))
			w.put("one", "p/q", []byte("q"))
			w.put("one", "replaced", content(1, 100))
			w.quiesce()
			w.delete("one", "gone/deep/x", "")
			w.put("one", "a/b", content(2, 100)) // in place of a
			w.put("one", "p", content(3, 100))   // hidden
			w.delete("one", "p/q", "")           // and shown
			w.put("one", "replaced", []byte("small"))
			w.createBucket("two.two")
			queued := w.queued()
			w.d.fs.Forget()
			w.d.fs.Arm(faultfs.Fault{N: n, Err: syscall.EIO, All: true})
			err := w.p.Drain(w.ctx)
			fired = w.d.fs.Fired()
			w.d.fs.Disarm()
			if fired && err == nil && strings.HasPrefix(w.d.fs.Calls()[n].String(), "remove .myfsio.sys/tmp/") {
				continue // of a file that could not be put in place; the next start removes it
			}
			if fired && (err == nil || w.queued() != queued) {
				t.Fatalf("call %d failed (%v): Drain says %v, %d of %d queued", n, w.d.fs.Calls()[n], err, w.queued(), queued)
			}
			if restart {
				w.restart()
			}
			w.quiesce()
			if !restart {
				w.restart() // which removes temporary files
			}
			w.want()
		}
	}
}

// TestRefusedNames: a file system that does not take a name does not hold up the others.
func TestRefusedNames(t *testing.T) {
	w := one(t, memDisk())
	w.put("one", "x", []byte("x"))
	w.quiesce()
	for _, err := range []error{syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.EACCES} {
		w.d.fs.Arm(faultfs.Fault{Err: err, Sticky: true, Match: func(c faultfs.Call) bool { return strings.Contains(c.Path+" "+c.To, "one/bad") }})
		w.put("one", "bad", []byte("x"))
		w.put("one", "bad/blob", content(1, 100))
		w.put("one", "good", []byte(err.Error()))
		w.quiesce()
		if got := w.read("one/good"); string(got.data) != err.Error() {
			t.Errorf("%v: good is %v", err, got)
		}
		if w.queued() != 0 {
			t.Errorf("%v: %d queued", err, w.queued())
		}
	}
	w.d.fs.Disarm()
	if _, err := w.p.Rebuild(w.ctx); err != nil {
		t.Error(err)
	}
	w.want()
}

// TestLostBlob: an object whose bytes are gone does not hold up the others.
func TestLostBlob(t *testing.T) {
	w := one(t, memDisk())
	w.put("one", "lost", content(1, 100))
	for info, err := range w.blobs.List(w.ctx, blob.ID{}) {
		w.ok(err)
		w.ok(w.blobs.Remove(w.ctx, info.ID))
	}
	w.put("one", "k", content(2, 100))
	w.quiesce()
	if got := w.read("one/k"); len(got.data) != 100 {
		t.Errorf("k is %v", got)
	}
}

// TestReplacedMeanwhile: the blob goes between the look at the metadata and the link.
func TestReplacedMeanwhile(t *testing.T) {
	w := one(t, memDisk())
	w.put("one", "k", content(1, 100))
	var once sync.Once
	w.d.fs.Hook(func(c faultfs.Call) {
		if c.Kind == "chtimes" {
			once.Do(func() {
				w.put("one", "k", content(2, 100))
				w.upkeep()
			})
		}
	})
	w.step()
	w.step()
	w.want()
}

// TestWhileClientsWrite runs clients and all workers at once, on the engines of the server.
func TestWhileClientsWrite(t *testing.T) {
	w := newWorld(t, realDisk(t.TempDir()))
	for _, b := range bucketNames {
		_, err := w.s.CreateBucket(w.ctx, object.CreateBucket{Name: b})
		w.ok(err)
	}
	w.ok(w.s.SetVersioning(w.ctx, "two.two", object.VersioningEnabled))
	ctx, stop := context.WithCancel(w.ctx)
	var clients, workers sync.WaitGroup
	p, err := project.New(project.Config{Store: w.s, Tree: w.tree, Blobs: w.blobs, Now: time.Now, Log: slog.New(slog.DiscardHandler), Settle: time.Millisecond})
	w.ok(err)
	workers.Go(func() { p.Worker(ctx).Run(ctx) })
	workers.Go(func() {
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-w.s.Signals().Reclaim:
			}
			w.upkeep()
		}
	})
	for c := range uint64(4) {
		clients.Go(func() {
			rng := rand.New(rand.NewPCG(c, 4))
			for range 150 {
				bucket, key := bucketNames[rng.IntN(2)], keys[rng.IntN(7)]
				if rng.IntN(3) == 0 {
					w.s.Delete(w.ctx, object.DeleteObject{Bucket: bucket, Key: key})
					continue
				}
				data := content(rng.Uint64(), sizes[rng.IntN(len(sizes))])
				if _, err := w.s.Put(w.ctx, object.PutObject{Bucket: bucket, Key: key, Body: body(data)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	stop()
	workers.Wait()
	w.upkeep()
	w.ok(p.Drain(w.ctx)) // its lane has ended
	w.sameAsStore()
	if w.queued() != 0 {
		t.Errorf("%d queued", w.queued())
	}
}

// sameAsStore compares the tree with what the store itself says.
func (w *world) sameAsStore() {
	w.Helper()
	got, empty := w.found()
	buckets, err := w.s.ListBuckets(w.ctx, object.ListBuckets{})
	w.ok(err)
	for _, b := range buckets.Buckets {
		empty = slices.DeleteFunc(empty, func(dir string) bool { return dir == b.Name })
		if fi, err := w.d.fs.Lstat(filepath.Join(w.d.root, b.Name)); err != nil || !fi.IsDir() {
			w.Errorf("bucket %s has no directory: %v", b.Name, err)
		}
		page, err := w.s.List(w.ctx, object.ListObjects{Bucket: b.Name, Max: 1000})
		w.ok(err)
		plain := slices.DeleteFunc(page.Objects, func(v object.Version) bool { _, ok := w.tree.Path(b.Name, v.Key); return !ok })
		for _, v := range plain {
			if slices.ContainsFunc(plain, func(x object.Version) bool { return strings.HasPrefix(x.Key, v.Key+"/") }) {
				continue
			}
			r, err := w.s.Open(w.ctx, object.GetObject{Bucket: b.Name, Key: v.Key})
			w.ok(err)
			data, err := io.ReadAll(struct{ io.Reader }{r})
			w.ok(errors.Join(err, r.Close()))
			name := b.Name + "/" + v.Key
			if g := got[name]; string(g.data) != string(data) || !g.mtime.Equal(v.Modified) {
				w.Errorf("%q is %v, want %v", name, g, shown{data, v.Modified})
			}
			delete(got, name)
		}
	}
	if len(got) > 0 || len(empty) > 0 {
		w.Errorf("besides: files %v, empty directories %q", got, empty)
	}
}

package object_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"myfsio/blob/fileblob"
	"myfsio/kv/pebblekv"
	"myfsio/object"
	"myfsio/vfs"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

// disk is metadata and blobs on one file system in memory whose power can fail.
type disk struct {
	fs    *memfs.FS
	db    *pebblekv.DB
	blobs *fileblob.Store
}

// openOn opens both engines, durable, on a disk. hook, unless nil, is told of every call that changes the disk, before
// it happens.
func openOn(fsys *memfs.FS, hook func(call string)) (*disk, error) {
	d := &disk{fs: fsys}
	pfs, bfs := fsys.Pebble(), vfs.FS(fsys)
	if hook != nil {
		pfs = pebbleHook(pfs, hook)
		f := faultfs.New(fsys, "/")
		f.Hook(func(c faultfs.Call) {
			if c.Mutating() {
				hook(c.String())
			}
		})
		bfs = f
	}
	var err error
	if d.db, err = pebblekv.Open(pebblekv.Options{Dir: "/meta", FS: pfs, Sync: true, CacheBytes: 1 << 20}); err != nil {
		return nil, err
	}
	if d.blobs, err = fileblob.Open(fileblob.Options{FS: bfs, Dir: "/blobs", Sync: true}); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	return d, nil
}

func (d *disk) close() error { return errors.Join(d.db.Close(), d.blobs.Close()) }

// pebbleHook tells hook of the writes and syncs of Pebble.
func pebbleHook(fsys pebblevfs.FS, hook func(call string)) pebblevfs.FS {
	return errorfs.Wrap(fsys, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpCreate, errorfs.OpRename, errorfs.OpRemove, errorfs.OpReuseForWrite, errorfs.OpFileWrite, errorfs.OpFileSync,
			errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			hook(fmt.Sprintf("pebble %d %s", op.Kind, op.Path))
		}
		return nil
	}))
}

// describe writes down everything that can be seen of a store, ids and times included.
func describe(ctx context.Context, s *object.Store) (string, error) {
	var sb strings.Builder
	buckets, err := s.ListBuckets(ctx, object.ListBuckets{})
	if err != nil {
		return "", err
	}
	for _, b := range buckets.Buckets {
		u, err := s.Usage(ctx, b.Name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&sb, "%+v %+v\n", b, u)
		if err := describeVersions(ctx, s, &sb, b.Name); err != nil {
			return "", err
		}
		if err := describeUploads(ctx, s, &sb, b.Name); err != nil {
			return "", err
		}
	}
	events, err := s.Events(ctx, object.Mark{}, 1000)
	fmt.Fprintf(&sb, "%v", events)
	return sb.String(), err
}

func describeVersions(ctx context.Context, s *object.Store, sb *strings.Builder, bucket string) error {
	page, err := s.ListVersions(ctx, object.ListVersions{Bucket: bucket, Max: 1000})
	if err != nil {
		return err
	}
	for _, v := range page.Versions {
		if !v.DeleteMarker && !v.Poisoned {
			d, err := s.Describe(ctx, bucket, v.Key, v.VersionID)
			if err != nil {
				return err
			}
			r, err := s.Open(ctx, object.GetObject{Bucket: bucket, Key: v.Key, VersionID: v.VersionID, Customer: keyTo(d.Encryption, false)})
			if err != nil {
				return err
			}
			data, err := io.ReadAll(struct{ io.Reader }{r})
			if err = errors.Join(err, r.Close()); err != nil {
				return err
			}
			fmt.Fprintf(sb, "%s ", md5Hex(data))
			v.Meta = r.Version.Meta
			if e := r.Version.Encryption; e != nil {
				fmt.Fprintf(sb, "%v ", *e)
			}
			if l := r.Version.Lock; l != nil {
				fmt.Fprintf(sb, "%v ", *l)
			}
			if err := describeAnnotations(ctx, s, sb, &v); err != nil {
				return err
			}
		}
		fmt.Fprintf(sb, "%+v\n", v)
	}
	return nil
}

func describeUploads(ctx context.Context, s *object.Store, sb *strings.Builder, bucket string) error {
	page, err := s.ListUploads(ctx, object.ListUploads{Bucket: bucket, Max: 1000})
	if err != nil {
		return err
	}
	for _, u := range page.Uploads {
		parts, err := s.ListParts(ctx, object.ListParts{Bucket: bucket, Key: u.Key, UploadID: u.UploadID, Max: 1000})
		if err != nil {
			return err
		}
		if e := parts.Upload.Encryption; e != nil {
			fmt.Fprintf(sb, "%v ", *e)
			parts.Upload.Encryption = nil
		}
		fmt.Fprintf(sb, "%+v\n", parts)
	}
	return nil
}

// wreck is a disk after a power cut, and what may be found on it.
type wreck struct {
	fs   *memfs.FS
	call string   // before which the power failed
	step int      // during this step
	may  []string // descriptions: before the step, and after it
}

// recover opens a wreck as a process that begins would and describes what is there. Nothing may be wrong with it but what
// Sweep removes.
func (k *wreck) recover() (string, error) {
	d, err := openOn(k.fs, nil)
	if err != nil {
		return "", err
	}
	defer d.close()
	ctx := context.Background()
	clock := epoch.Add(1000 * time.Hour)
	s, err := object.New(ctx, object.Config{KV: d.db, Blobs: d.blobs, Inline: testInline, MinPartSize: testMinPart, Now: func() time.Time { return clock }, Keys: (&keeper{}).keys(), Encrypt: true})
	if err != nil {
		return "", err
	}
	if _, err := s.Sweep(ctx, s.NewMark(), func() error { return nil }); err != nil {
		return "", err
	}
	got, err := describe(ctx, s)
	if err == nil {
		err = check(ctx, s, false)
	}
	if err != nil {
		return got, err
	}
	if err := errors.Join(assembleAll(ctx, s), reclaimAll(ctx, s), check(ctx, s, false)); err != nil {
		return got, fmt.Errorf("after upkeep: %w", err)
	}
	if again, err := describe(ctx, s); err != nil || again != got {
		return got, fmt.Errorf("upkeep changed the state to\n%s\nerror %v", again, err)
	}
	_, err = s.CreateBucket(ctx, object.CreateBucket{Name: "still-works"})
	return got, err
}

// TestCrashPrograms cuts the power in the middle of random programs. Whatever was answered is there, and the step
// under way is whole or absent.
func TestCrashPrograms(t *testing.T) {
	for seed := uint64(1); seed <= uint64(programs(t, 30)); seed++ {
		wrecks, log := crashProgram(t, seed)
		for i, k := range wrecks {
			got, err := k.recover()
			if err != nil || got != k.may[0] && got != k.may[1] {
				t.Fatalf("seed %d, wreck %d, before %q in step %d of\n%s\nerror %v, found\n%s\nbefore\n%s\nafter\n%s",
					seed, i, k.call, k.step, strings.Join(log, "\n"), err, got, k.may[0], k.may[1])
			}
		}
	}
}

// crashProgram runs a program and returns the wrecks of it, some ten.
func crashProgram(t *testing.T, seed uint64) ([]*wreck, []string) {
	rng := rand.New(rand.NewPCG(seed, 4))
	var mu sync.Mutex // Pebble works in the background too
	var wrecks []*wreck
	fsys, armed, at := memfs.New(), false, 0
	d, err := openOn(fsys, func(call string) {
		mu.Lock()
		defer mu.Unlock()
		if armed && rng.IntN(40) == 0 {
			wrecks = append(wrecks, &wreck{fs: fsys.CrashClone(rng.Uint64(), []int{0, 30, 70, 100}[rng.IntN(4)]), call: call, step: at})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	w, err := newWorld(d.db, d.blobs)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := describe(w.ctx, w.s)
	if err != nil {
		t.Fatal(err)
	}
	states := []string{empty}
	for i, s := range drawProgram(seed) {
		mu.Lock()
		armed, at = true, i
		mu.Unlock()
		err := w.run(s)
		mu.Lock()
		armed = false
		mu.Unlock()
		if err != nil {
			t.Fatalf("seed %d:\n%s\n%v", seed, strings.Join(w.log, "\n"), err)
		}
		state, err := describe(w.ctx, w.s)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, state)
	}
	for _, k := range wrecks {
		k.may = states[k.step : k.step+2]
	}
	return wrecks, w.log
}

// ledger is what clients were told, by key.
type ledger struct {
	mu    sync.Mutex // held over a crash too, so that nothing is promised meanwhile
	acked map[string]string
	doing map[string]string // the outcome of the operation under way, acked when there is none
}

func (l *ledger) begin(key, outcome string) { l.mu.Lock(); l.doing[key] = outcome; l.mu.Unlock() }
func (l *ledger) end(key string)            { l.mu.Lock(); l.acked[key] = l.doing[key]; l.mu.Unlock() }

// TestCrashConcurrent cuts the power while several clients write and the workers reclaim and assemble. Each key has
// one client, so that what may be found under it is known.
func TestCrashConcurrent(t *testing.T) {
	for seed := uint64(1); seed <= uint64(max(1, programs(t, 30)/6)); seed++ {
		l := &ledger{acked: map[string]string{}, doing: map[string]string{}}
		for i, k := range crashClients(t, seed, l) {
			got, err := k.recover()
			if err != nil {
				t.Fatalf("seed %d, wreck %d, before %q: %v", seed, i, k.call, err)
			}
			for _, may := range k.may {
				key, outcomes, _ := strings.Cut(may, "=")
				before, after, _ := strings.Cut(outcomes, "|")
				found := foundUnder(got, key)
				if found != before && found != after {
					t.Fatalf("seed %d, wreck %d, before %q: key %s is %q, want %q or %q", seed, i, k.call, key, found, before, after)
				}
			}
		}
	}
}

// foundUnder returns the MD5 of a key's bytes in a description, "" for none.
func foundUnder(state, key string) string {
	for _, line := range strings.Split(state, "\n") {
		if !strings.HasPrefix(line, "{") && strings.Contains(line, " Key:"+key+" ") {
			return line[:32]
		}
	}
	return ""
}

func crashClients(t *testing.T, seed uint64, l *ledger) []*wreck {
	const clients, rounds = 4, 40
	var wrecks []*wreck
	fsys, armed := memfs.New(), false
	rng := rand.New(rand.NewPCG(seed, 6)) // guarded by the ledger's lock
	d, err := openOn(fsys, func(call string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !armed || rng.IntN(60) > 0 || len(wrecks) > 12 {
			return
		}
		k := &wreck{call: call}
		for key := range l.doing {
			k.may = append(k.may, key+"="+l.acked[key]+"|"+l.doing[key])
		}
		k.fs = fsys.CrashClone(rng.Uint64(), []int{0, 30, 70, 100}[rng.IntN(4)])
		wrecks = append(wrecks, k)
	})
	if err != nil {
		t.Fatal(err)
	}
	x := shopOver(t, d.db, d.blobs, object.Unversioned)
	l.mu.Lock()
	armed = true
	l.mu.Unlock()
	var writing, working sync.WaitGroup
	for c := range clients {
		writing.Go(func() { crashClient(t, x, l, fmt.Sprint("key", c), rand.New(rand.NewPCG(seed, uint64(c)+10)), rounds) })
	}
	stop := make(chan struct{})
	working.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-x.s.Signals().Reclaim:
			}
			if err := errors.Join(assembleAll(x.ctx, x.s), reclaimAll(x.ctx, x.s)); err != nil {
				t.Error(err)
			}
		}
	})
	writing.Wait()
	close(stop)
	working.Wait()
	l.mu.Lock()
	armed = false
	l.mu.Unlock()
	if err := d.close(); err != nil {
		t.Error(err)
	}
	return wrecks
}

func crashClient(t *testing.T, x *shop, l *ledger, key string, rng *rand.Rand, rounds int) {
	for range rounds {
		data := content(rng.Uint64(), sizes[rng.IntN(len(sizes))])
		var err error
		switch rng.IntN(4) {
		case 0:
			l.begin(key, "")
			_, err = x.s.Delete(x.ctx, object.DeleteObject{Bucket: home, Key: key})
		case 1:
			last := content(rng.Uint64(), 50)
			u := x.begin(key)
			list := []object.CompletePart{x.part(u, 1, content(1, 100)), x.part(u, 2, last)}
			list[0] = x.part(u, 1, data[:len(data)/100*100])
			if len(data) < 100 {
				list = list[1:]
			}
			l.begin(key, md5Hex(join(data[:len(data)/100*100], last)))
			_, err = x.s.CompleteUpload(x.ctx, completeOf(u, list...))
		default:
			l.begin(key, md5Hex(data))
			_, err = x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Body: body(data)})
		}
		if err != nil {
			t.Error(err)
			return
		}
		l.end(key)
	}
}

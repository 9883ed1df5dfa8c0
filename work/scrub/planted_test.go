package scrub_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"maps"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/blob/fileblob"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/seal"
	"myfsio/vfs"
	"myfsio/view"
	"myfsio/work"
	"myfsio/work/assemble"
	"myfsio/work/project"
	"myfsio/work/reclaim"
	"myfsio/work/scrub"
)

// masters is one master key.
type masters struct{ key [32]byte }

func (m *masters) Current() (id [8]byte, key [32]byte, err error) { return [8]byte{1}, m.key, nil }
func (m *masters) Find([8]byte) ([32]byte, error)                 { return m.key, nil }

var customer = seal.Key{7}

// finds gathers what a scan tells of in its log, which bounds nothing.
type finds struct {
	slog.Handler
	mu   sync.Mutex
	seen map[string]string // type and key: the action
}

func (f *finds) Enabled(context.Context, slog.Level) bool { return true }
func (f *finds) Handle(_ context.Context, r slog.Record) error {
	sort, ok := strings.CutPrefix(r.Message, "integrity scan: ")
	if !ok {
		return nil
	}
	at := map[string]string{}
	r.Attrs(func(a slog.Attr) bool { at[a.Key] = a.Value.String(); return true })
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[sort+" "+at["bucket"]+"/"+at["key"]] += at["action"] + "; "
	return nil
}

// planted is a way in which something goes wrong.
type planted struct {
	name, bucket string
	write        func(h *house, bucket, key string) object.Version
	damage       func(h *house, bucket, key string, v object.Version)
	found        []string // types of issues about the key
	reads        bool     // after healing the bytes that were written can be read
	edited       bool     // after healing the bytes of the file can be read
}

func many() int {
	n, err := strconv.Atoi(os.Getenv("MYFSIO_TEST_PLANT"))
	if err != nil || n < 1 {
		return 100
	}
	return n
}

// two hours ago: that a file was changed later shows.
func written() time.Time { return time.Now().Add(-2 * time.Hour).Truncate(time.Millisecond) }

func (h *house) store(bucket, key, text string, s *object.Sealing, l lock.State) object.Version {
	h.Helper()
	v, err := h.s.Put(h.ctx, object.PutObject{Bucket: bucket, Key: key, Owner: "writer", Modified: written(), Seal: s, Lock: l,
		Meta: object.Metadata{ContentType: "text/x", User: []object.Pair{{Name: "a", Value: key}}}, Body: object.Body{Reader: strings.NewReader(text), Size: int64(len(text))}})
	h.ok(err)
	return v
}

func (h *house) rows(table byte, change func(t kv.Txn, k, v []byte)) {
	h.Helper()
	h.ok(h.db.Update(h.ctx, func(t kv.Txn) error {
		var all []kv.Pair
		for p, err := range kv.Scan(t, kv.Prefix([]byte{table})) {
			if err != nil {
				return err
			}
			all = append(all, kv.Pair{Key: bytes.Clone(p.Key), Value: bytes.Clone(p.Value)})
		}
		for _, p := range all {
			change(t, p.Key, p.Value)
		}
		return nil
	}))
}

// ofKey changes the rows of a table that end with the key, or begin their key with it.
func (h *house) ofKey(table byte, key string, change func(t kv.Txn, k, v []byte)) {
	h.Helper()
	n := 0
	h.rows(table, func(t kv.Txn, k, v []byte) {
		if len(k) > 9 && (string(k[9:]) == key || strings.HasPrefix(string(k[9:]), key+"\x00\x01")) {
			change(t, k, v)
			n++
		}
	})
	if n == 0 {
		h.Fatalf("no row %c of %s", table, key)
	}
}

func drop(t kv.Txn, k, _ []byte)    { t.Delete(k) }
func garbage(t kv.Txn, k, _ []byte) { t.Put(k, []byte{0xFF, 1, 2}) }

// byBody changes the row of a body: of an inline one, or a reference or a manifest of a blob.
func (h *house) byBody(table byte, v *object.Version, change func(t kv.Txn, k, v []byte)) {
	h.Helper()
	b, err := h.s.Bodies(h.ctx, v.Examined())
	h.ok(err)
	h.ok(h.db.Update(h.ctx, func(t kv.Txn) error {
		for _, id := range b.Blobs {
			k := append([]byte{table}, id[:]...)
			if v, err := t.Get(k); err == nil {
				change(t, k, bytes.Clone(v))
			}
		}
		if b.Inline != nil {
			for p, err := range kv.Scan(t, kv.Prefix([]byte{'d'})) {
				if err != nil {
					return err
				}
				if bytes.Equal(p.Value, b.Inline) {
					change(t, bytes.Clone(p.Key), bytes.Clone(p.Value))
					break
				}
			}
		}
		return nil
	}))
}

func rotInline(t kv.Txn, k, v []byte) { t.Put(k, flip(v)) }

// blobs are the files of a version.
func (h *house) blobsOf(v *object.Version) (out []string) {
	h.Helper()
	b, err := h.s.Bodies(h.ctx, v.Examined())
	h.ok(err)
	for _, id := range b.Blobs {
		out = append(out, h.blobs.Path(id))
	}
	return out
}

func large(h *house, bucket, key string) object.Version {
	return h.store(bucket, key, body(key), nil, lock.State{})
}
func small(h *house, bucket, key string) object.Version {
	return h.store(bucket, key, tiny(key), nil, lock.State{})
}

// tiny is a text that fits into the metadata and is another one for each key.
func tiny(key string) string {
	h := fnv.New64a()
	io.WriteString(h, key)
	return fmt.Sprintf("t%016x", h.Sum64())
}
func sealed(h *house, bucket, key string) object.Version {
	return h.store(bucket, key, body(key), &object.Sealing{Sort: seal.S3}, lock.State{})
}
func sealedSmall(h *house, bucket, key string) object.Version {
	return h.store(bucket, key, tiny(key), &object.Sealing{Sort: seal.S3}, lock.State{})
}
func customers(h *house, bucket, key string) object.Version {
	return h.store(bucket, key, body(key), &object.Sealing{Sort: seal.Customer, Customer: &customer}, lock.State{})
}
func locked(h *house, bucket, key string) object.Version {
	return h.store(bucket, key, body(key), nil, lock.State{Retention: lock.Retention{Mode: lock.Compliance, Until: time.Now().Add(24 * time.Hour).UTC()}})
}
func parts(h *house, bucket, key string) object.Version { return h.inParts(bucket, key, 1) }
func scattered(h *house, bucket, key string) object.Version {
	return h.inParts(bucket, key, 2)
}
func older(write func(h *house, bucket, key string) object.Version) func(h *house, bucket, key string) object.Version {
	return func(h *house, bucket, key string) object.Version {
		v := write(h, bucket, key)
		large(h, bucket, key)
		return v
	}
}

func (h *house) inParts(bucket, key string, times int) object.Version {
	h.Helper()
	up, err := h.s.CreateUpload(h.ctx, object.CreateUpload{Bucket: bucket, Key: key, Owner: "writer"})
	h.ok(err)
	var list []object.CompletePart
	for n := 1; n <= 2; n++ {
		text := body(fmt.Sprint(key, n))
		var p object.Part
		for range times {
			p, err = h.s.PutPart(h.ctx, object.PutPart{Bucket: bucket, Key: key, UploadID: up.UploadID, Number: n, Body: object.Body{Reader: strings.NewReader(text), Size: int64(len(text))}})
			h.ok(err)
		}
		list = append(list, object.CompletePart{Number: n, ETag: p.ETag})
	}
	v, err := h.s.CompleteUpload(h.ctx, object.CompleteUpload{Bucket: bucket, Key: key, UploadID: up.UploadID, Parts: list, ObjectSize: -1})
	h.ok(err)
	return v
}

func rotFirst(h *house, _, _ string, v object.Version) { h.damage(h.blobsOf(&v)[0], flip) }
func rotLast(h *house, _, _ string, v object.Version) {
	all := h.blobsOf(&v)
	h.damage(all[len(all)-1], flip)
}
func tear(h *house, _, _ string, v object.Version)   { h.damage(h.blobsOf(&v)[0], cut) }
func lose(h *house, _, _ string, v object.Version)   { h.ok(os.Remove(h.blobsOf(&v)[0])) }
func rotRow(h *house, _, _ string, v object.Version) { h.byBody('d', &v, rotInline) }
func (h *house) plain(bucket, key string) string     { return filepath.Join(h.root, bucket, key) }

// place puts a file in the place of a plain file, as editors do, with this time.
func (h *house) place(path, text string, at time.Time) {
	h.Helper()
	h.ok(os.MkdirAll(filepath.Dir(path), 0o755))
	h.ok(os.WriteFile(path+"~", []byte(text), 0o644))
	h.ok(os.Chtimes(path+"~", at, at))
	h.ok(os.Rename(path+"~", path))
}

func edited(key string) string { return "edited " + key }

var plants = []planted{
	{"rot", "plain", large, rotFirst, []string{scrub.Corrupted}, false, false},
	{"rot-row", "plain", small, rotRow, []string{scrub.Corrupted}, true, false},
	{"rot-row-no-file", "plain", small, func(h *house, b, k string, v object.Version) {
		rotRow(h, b, k, v)
		h.ok(os.Remove(h.plain(b, k)))
	}, []string{scrub.Corrupted}, false, false},
	{"rot-part", "plain", parts, rotFirst, []string{scrub.Corrupted}, false, false},
	{"rot-scattered", "plain", scattered, rotLast, []string{scrub.Corrupted}, false, false},
	{"rot-sealed", "plain", sealed, rotFirst, []string{scrub.Corrupted}, false, false},
	{"rot-sealed-row", "plain", sealedSmall, rotRow, []string{scrub.Corrupted}, true, false},
	{"rot-customer", "plain", customers, rotFirst, []string{scrub.Corrupted}, false, false},
	{"rot-locked", "vault", locked, rotFirst, []string{scrub.Corrupted}, false, false},
	{"rot-old", "kept", older(large), rotFirst, []string{scrub.Stale}, false, false},
	{"rot-old-row", "kept", older(small), rotRow, []string{scrub.Stale}, false, false},
	{"torn", "plain", large, tear, []string{scrub.Corrupted}, false, false},
	{"torn-sealed", "kept", sealed, tear, []string{scrub.Corrupted}, false, false},
	{"torn-part", "plain", parts, tear, []string{scrub.Corrupted}, false, false},
	{"lost", "plain", large, lose, []string{scrub.Phantom}, true, false},
	{"lost-part", "plain", parts, lose, []string{scrub.Phantom}, true, false},
	{"lost-sealed", "plain", sealed, lose, []string{scrub.Phantom}, true, false},
	{"lost-both", "kept", large, func(h *house, b, k string, v object.Version) { lose(h, b, k, v); h.ok(os.Remove(h.plain(b, k))) }, []string{scrub.Phantom}, false, false},
	{"lost-old", "kept", older(large), lose, []string{scrub.Stale}, false, false},
	{"foreign", "plain", nil, func(h *house, b, k string, _ object.Version) {
		h.place(h.plain(b, k), edited(k), time.Now().Add(-time.Hour))
	}, []string{scrub.Orphaned}, false, true},
	{"edited", "plain", large, func(h *house, b, k string, _ object.Version) {
		h.place(h.plain(b, k), edited(k), time.Now().Add(-time.Hour))
	}, []string{scrub.Edited}, false, true},
	{"edited-kept", "kept", small, func(h *house, b, k string, _ object.Version) {
		h.place(h.plain(b, k), edited(k), time.Now().Add(-time.Hour))
	}, []string{scrub.Edited}, false, true},
	{"same-time", "plain", large, func(h *house, b, k string, v object.Version) {
		h.place(h.plain(b, k), strings.ToUpper(body(k)), v.Modified)
	}, []string{scrub.Missing}, true, false},
	{"same-time-row", "plain", small, func(h *house, b, k string, v object.Version) {
		h.place(h.plain(b, k), strings.Repeat("x", int(v.Size)), v.Modified)
	}, []string{scrub.Missing}, true, false},
	{"torn-file", "plain", small, func(h *house, b, k string, v object.Version) { h.place(h.plain(b, k), "x", v.Modified) }, []string{scrub.Missing}, true, false},
	{"missing", "plain", large, func(h *house, b, k string, _ object.Version) { h.ok(os.Remove(h.plain(b, k))) }, []string{scrub.Missing}, true, false},
	{"no-current", "plain", large, func(h *house, b, k string, _ object.Version) { h.ofKey('o', k, drop) }, []string{scrub.Orphaned, scrub.Unowned}, true, false},
	{"no-current-row", "plain", small, func(h *house, b, k string, _ object.Version) { h.ofKey('o', k, drop) }, []string{scrub.Orphaned}, true, false},
	{"no-version", "kept", older(large), func(h *house, b, k string, _ object.Version) { h.ofKey('v', k, drop) }, []string{scrub.Unowned}, false, false},
	{"no-null", "turned", nil, func(h *house, b, k string, _ object.Version) { h.ofKey('n', k, drop) }, []string{scrub.Row}, true, false},
	{"no-manifest", "plain", scattered, func(h *house, b, k string, v object.Version) { h.manifest(&v, drop) }, []string{scrub.Phantom}, false, false},
	{"no-list", "plain", parts, func(h *house, b, k string, v object.Version) { h.manifest(&v, drop) }, []string{scrub.Phantom}, true, false},
	{"bad-list", "plain", parts, func(h *house, b, k string, v object.Version) { h.manifest(&v, garbage) }, []string{scrub.Phantom}, true, false},
	{"no-reference", "plain", large, func(h *house, b, k string, v object.Version) { h.byBody('x', &v, drop) }, []string{scrub.Row}, true, false},
	{"no-row", "plain", small, func(h *house, b, k string, v object.Version) { h.byBody('d', &v, drop) }, []string{scrub.Phantom}, true, false},
	{"bad-record", "broken", large, func(h *house, b, k string, _ object.Version) { h.ofKey('o', k, garbage) }, []string{scrub.Damaged}, false, false},
}

// manifest changes the list of the parts of a version.
func (h *house) manifest(v *object.Version, change func(t kv.Txn, k, v []byte)) {
	h.Helper()
	page, err := h.s.ObjectParts(h.ctx, object.ObjectParts{Bucket: v.Bucket, Key: v.Key, Max: 10})
	h.ok(err)
	n := 0
	h.rows('m', func(t kv.Txn, k, m []byte) {
		if bytes.Contains(m, unhex(page.Parts[0].ETag)) && bytes.Contains(m, unhex(page.Parts[1].ETag)) {
			change(t, k, m)
			n++
		}
	})
	if n != 1 {
		h.Fatalf("%d manifests of %s", n, v.Key)
	}
}

func unhex(s string) (b []byte) {
	_, err := fmt.Sscanf(s, "%x", &b)
	if err != nil {
		panic(err)
	}
	return b
}

// inMemory is a directory on a file system in memory, where there is one: putting things aside syncs a lot.
func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "scrub-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newFarm is a house of more sorts of buckets, with keys.
func newFarm(t *testing.T, f *finds) *house {
	t.Helper()
	return farmOver(t, f, inMemory(t), vfs.OS{}, memkv.New())
}

func farmOver(t *testing.T, f *finds, root string, fs vfs.FS, db kv.DB) *house {
	t.Helper()
	h := &house{T: t, ctx: t.Context(), root: root, db: db}
	var err error
	h.blobs, err = fileblob.Open(fileblob.Options{FS: fs, Dir: filepath.Join(h.root, ".myfsio.sys", "blobs")})
	h.ok(err)
	h.tree, err = view.Open(view.Options{FS: fs, Root: h.root})
	h.ok(err)
	t.Cleanup(func() { h.ok(errors.Join(h.tree.Close(), h.blobs.Close(), h.db.Close())) })
	m := &masters{}
	rand.Read(m.key[:])
	h.s, err = object.New(h.ctx, object.Config{KV: h.db, Blobs: h.blobs, Inline: 20, MinPartSize: 1, View: true, Keys: &seal.Keys{Masters: m}, Encrypt: true})
	h.ok(err)
	h.p, err = project.New(project.Config{Store: h.s, Tree: h.tree, Blobs: h.blobs, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	h.ok(err)
	for _, name := range []string{"broken", "plain", "kept", "turned", "vault"} {
		_, err = h.s.CreateBucket(h.ctx, object.CreateBucket{Name: name, Owner: "owner", ObjectLock: name == "vault"})
		h.ok(err)
	}
	h.ok(h.s.SetVersioning(h.ctx, "kept", object.VersioningEnabled))
	h.cfg = scrub.Config{
		Store: h.s, Blobs: h.blobs, Tree: h.tree, Show: h.p.Key, Flush: h.p.Drain, Quarantine: filepath.Join(h.root, ".myfsio.sys", "quarantine"),
		Cursor: filepath.Join(h.root, ".myfsio.sys", "cursor.json"), Batch: 1 << 30, BytesPerSecond: 1 << 40, Log: slog.New(f),
	}
	return h
}

func key(name string, i int) string { return fmt.Sprintf("%s/%06d", name, i) }

// TestPlantedByTheHundred: of all sorts of damage every one is found, and nothing else; what can be healed is, what is rotten is never served, and the
// good ones around it stay as they are. MYFSIO_TEST_PLANT says how many of each sort.
func TestPlantedByTheHundred(t *testing.T) {
	f := &finds{Handler: slog.DiscardHandler, seen: map[string]string{}}
	h := newFarm(t, f)
	n := many()
	want, vs, before := h.plantAll(n)
	r := h.scan(work.Ask{AutoHeal: true})
	if len(r.Errors) > 0 || !r.Complete {
		t.Errorf("%q", r.Errors)
	}
	h.compare(f, want)
	h.unharmed(before, n)
	h.judgeAll(n, vs)
}

// TestPlantedUnderLoad: the same while clients write, read, delete and upload in the same buckets. No false alarm, and every write of theirs stands.
func TestPlantedUnderLoad(t *testing.T) {
	f := &finds{Handler: slog.DiscardHandler, seen: map[string]string{}}
	h := newFarm(t, f)
	n := max(many()/5, 1)
	want, vs, before := h.plantAll(n)

	ctx, stop := context.WithCancel(t.Context())
	var workers, clients sync.WaitGroup
	log := slog.New(slog.DiscardHandler)
	for _, w := range []*work.Worker{h.p.Worker(ctx), reclaim.New(reclaim.Config{Store: h.s, Log: log}), assemble.New(assemble.Config{Store: h.s, Log: log})} {
		workers.Go(func() { w.Run(ctx) })
	}
	h.cfg.Flush = h.p.Flush
	done := make(chan struct{})
	for c := range 6 {
		bucket := []string{"plain", "kept", "turned"}[c%3]
		clients.Go(func() { h.client(done, bucket, c) })
	}
	for _, ask := range []work.Ask{{AutoHeal: true}, {DryRun: true}} {
		if r := h.scan(ask); len(r.Errors) > 0 || !r.Complete {
			t.Errorf("%q", r.Errors)
		}
		if !ask.DryRun { // what was healed is not found again, and what could not be healed is
			h.compare(f, want)
		}
	}
	close(done)
	clients.Wait()
	stop()
	workers.Wait()
	for k, action := range f.seen {
		if strings.Contains(k, "/busy") {
			t.Errorf("false alarm: %s: %s", k, action)
		}
	}
	h.ok(h.p.Drain(h.ctx))
	h.unharmed(before, n)
	h.judgeAll(n, vs)
}

// client writes, reads, deletes and uploads under keys of its own, and knows what must be there.
func (h *house) client(done chan struct{}, bucket string, c int) {
	rng := mrand.New(mrand.NewPCG(uint64(c), 1))
	have := map[string]string{}
	for i := 0; ; i++ {
		select {
		case <-done:
			if i > 50 {
				for k := range 10 {
					h.known(bucket, key(fmt.Sprint("busy", c), k), have)
				}
				return
			}
		default:
		}
		k := key(fmt.Sprint("busy", c), rng.IntN(10))
		switch rng.IntN(5) {
		case 0:
			if _, err := h.s.Delete(h.ctx, object.DeleteObject{Bucket: bucket, Key: k}); err != nil {
				h.Error(err)
			}
			delete(have, k)
		case 1:
			h.inParts(bucket, k, 1+rng.IntN(2))
			have[k] = body(k+"1") + body(k+"2")
		case 2:
			h.known(bucket, k, have)
		default:
			have[k] = fmt.Sprintf("%s %d %s", k, i, strings.Repeat("x", rng.IntN(3)*40))
			h.put(bucket, k, have[k])
		}
	}
}

func (h *house) known(bucket, key string, have map[string]string) {
	text, err := h.readAny(bucket, key, "")
	if want, ok := have[key]; ok != (err == nil) || text != want || err != nil && !fault.Is(err, fault.NoSuchKey) {
		h.Errorf("%s/%s is %q, %v; want %q", bucket, key, text, err, want)
	}
}

// plantAll writes good ones and damages others, and returns what is to be found, what was damaged, and all there was before.
func (h *house) plantAll(n int) (want map[string]bool, vs map[string]object.Version, before map[string]string) {
	h.Helper()
	want, vs = map[string]bool{}, map[string]object.Version{}
	h.sow(n)
	for _, p := range plants {
		for i := range n {
			if k := key(p.name, i); p.write != nil {
				vs[k] = p.write(h, p.bucket, k)
			}
		}
	}
	h.ok(h.s.SetVersioning(h.ctx, "turned", object.VersioningEnabled))
	for i := range n {
		large(h, "turned", key("no-null", i))
	}
	h.ok(h.p.Drain(h.ctx))
	before = h.naive()
	for _, p := range plants {
		for i := range n {
			p.damage(h, p.bucket, key(p.name, i), vs[key(p.name, i)])
			for _, sort := range p.found {
				want[sort+" "+p.bucket+"/"+key(p.name, i)] = true
			}
		}
	}
	for _, bucket := range []string{"plain", "kept"} {
		want[scrub.Counter+" "+bucket+"/"] = true
	}
	return want, vs, before
}

func (h *house) judgeAll(n int, vs map[string]object.Version) {
	h.Helper()
	for _, p := range plants {
		for i := range n {
			h.judge(&p, key(p.name, i), vs[key(p.name, i)])
		}
	}
}

// sow writes good ones of every sort, ten for each that is damaged.
func (h *house) sow(n int) {
	h.Helper()
	for i := range n {
		for _, bucket := range []string{"plain", "kept"} {
			large(h, bucket, key("good", i))
			small(h, bucket, key("good-small", i))
			parts(h, bucket, key("good-parts", i))
			scattered(h, bucket, key("good-scattered", i))
			sealed(h, bucket, key("good-sealed", i))
			customers(h, bucket, key("good-customer", i))
			h.store(bucket, key("good-empty", i), "", nil, lock.State{})
		}
		older(small)(h, "kept", key("good-old", i))
		older(older(large))(h, "kept", key("good-old", i))
		_, err := h.s.Delete(h.ctx, object.DeleteObject{Bucket: "kept", Key: key("good-old", i)})
		h.ok(err)
		locked(h, "vault", key("good-locked", i))
		large(h, "turned", key("good", i))
		large(h, "turned", key("no-null", i))
	}
}

// naive writes down all there is: every version with its bytes, and every plain file.
func (h *house) naive() map[string]string {
	h.Helper()
	m := map[string]string{}
	for _, bucket := range []string{"plain", "kept", "turned", "vault"} {
		for req := (object.ListVersions{Bucket: bucket, Max: 1000}); ; {
			page, err := h.s.ListVersions(h.ctx, req)
			h.ok(err)
			for _, v := range page.Versions {
				text, err := h.readAny(bucket, v.Key, v.VersionID)
				d, derr := h.s.Describe(h.ctx, bucket, v.Key, v.VersionID)
				m[bucket+"/"+v.Key+" "+v.VersionID] = fmt.Sprintf("%s %s %d %t %t %v %v %v %v %q", v.ETag, v.Modified, v.Size, v.Latest, v.Poisoned, d.Meta, d.Lock, err, derr, text)
			}
			if req.KeyMarker, req.VersionMarker = page.NextKeyMarker, page.NextVersionMarker; !page.Truncated {
				break
			}
		}
		h.ok(filepath.WalkDir(filepath.Join(h.root, bucket), func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				b, err := os.ReadFile(path)
				h.ok(err)
				info, err := d.Info()
				h.ok(err)
				m["file "+strings.TrimPrefix(path, h.root+"/")] = fmt.Sprintf("%q %s %d", b, info.ModTime(), vfs.FileID(info))
			}
			return err
		}))
	}
	return m
}

// readAny reads as a client that has the key.
func (h *house) readAny(bucket, key, version string) (string, error) {
	get := object.GetObject{Bucket: bucket, Key: key, VersionID: version}
	if strings.Contains(key, "customer") {
		get.Customer = &customer
	}
	r, err := h.s.Open(h.ctx, get)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(struct{ io.Reader }{r})
	return string(b), errors.Join(err, r.Close())
}

func (h *house) compare(f *finds, want map[string]bool) {
	h.Helper()
	missed, more := 0, 0
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if _, ok := f.seen[k]; !ok {
			if missed++; missed < 20 {
				h.Errorf("not found: %s", k)
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(f.seen)) {
		if !want[k] {
			if more++; more < 20 {
				h.Errorf("found, and not planted: %s: %s", k, f.seen[k])
			}
		}
	}
	if len(want) > 1000 || missed+more > 0 {
		h.Logf("%d planted, %d missed, %d false", len(want), missed, more)
	}
}

// unharmed checks that all that was good is as it was: bytes, metadata, versions, files.
func (h *house) unharmed(before map[string]string, n int) {
	h.Helper()
	after, good := h.naive(), 0
	for k, v := range before {
		if !strings.Contains(k, "/good") {
			continue
		}
		if good++; after[k] != v {
			h.Errorf("%s is %.300s, was %.300s", k, after[k], v)
		}
	}
	for k := range after {
		assembled := strings.HasPrefix(k, "file ") && strings.Contains(k, "/good-scattered/") // by its worker, where that runs
		if _, ok := before[k]; !ok && !assembled && strings.Contains(k, "/good") {
			h.Errorf("%s came", k)
		}
	}
	if good < 20*n {
		h.Errorf("%d good ones", good)
	}
}

// judge looks at one that was damaged, after the healing.
func (h *house) judge(p *planted, key string, v object.Version) {
	h.Helper()
	text, err := h.readAny(p.bucket, key, "")
	if p.name == "no-null" {
		text, err = h.readAny(p.bucket, key, object.NullVersion)
	}
	if slices.Contains([]string{"rot-old", "rot-old-row", "lost-old"}, p.name) {
		text, err = h.readAny(p.bucket, key, v.VersionID)
	}
	switch {
	case p.name == "no-version": // another one is current
	case p.edited && (err != nil || text != edited(key)):
		h.Errorf("%s after its edit: %q, %v", key, text, err)
	case p.reads && (err != nil || !strings.HasPrefix(text, key) && text != tiny(key)):
		h.Errorf("%s after the healing: %q, %v", key, text, err)
	case !p.reads && !p.edited && (!fault.Is(err, fault.Corrupted) || strings.Contains(text, "###")):
		h.Errorf("%s is served: %q, %v", key, text, err)
	}
}

package scrub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"myfsio/blob/fileblob"
	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/seal"
	"myfsio/vfs"
	"myfsio/view"
	"myfsio/work"
	"myfsio/work/project"
	"myfsio/work/scrub"
)

const dozen = 12

// house is a data directory with its plain files.
type house struct {
	*testing.T
	ctx   context.Context
	root  string
	s     *object.Store
	db    kv.DB
	blobs *fileblob.Store
	tree  *view.Tree
	p     *project.Projector
	cfg   scrub.Config
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, ctx: t.Context(), root: inMemory(t)}
	db := memkv.New()
	var err error
	h.blobs, err = fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: filepath.Join(h.root, ".myfsio.sys", "blobs")})
	h.ok(err)
	h.tree, err = view.Open(view.Options{FS: vfs.OS{}, Root: h.root})
	h.ok(err)
	t.Cleanup(func() { h.ok(errors.Join(h.tree.Close(), h.blobs.Close(), db.Close())) })
	cfg := object.Config{KV: db, Blobs: h.blobs, Inline: 10, MinPartSize: 1, View: true}
	h.s, err = object.New(h.ctx, cfg)
	h.ok(err)
	h.p, err = project.New(project.Config{Store: h.s, Tree: h.tree, Blobs: h.blobs, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	h.ok(err)
	for _, name := range []string{"first", "second"} {
		_, err = h.s.CreateBucket(h.ctx, object.CreateBucket{Name: name, Owner: "owner"})
		h.ok(err)
	}
	h.ok(h.s.SetVersioning(h.ctx, "second", object.VersioningEnabled))
	h.cfg = scrub.Config{
		Store: h.s, Blobs: h.blobs, Tree: h.tree, Show: h.p.Key, Quarantine: filepath.Join(h.root, ".myfsio.sys", "quarantine"),
		Cursor: filepath.Join(h.root, ".myfsio.sys", "cursor.json"), Batch: 1 << 20, BytesPerSecond: 1 << 40, Log: slog.New(slog.DiscardHandler),
		Now:   func() time.Time { return time.Now().Add(time.Hour) }, // all files are still
		Flush: h.p.Drain,
	}
	return h
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) scan(ask work.Ask) scrub.Report {
	h.Helper()
	s, err := scrub.New(h.cfg)
	h.ok(err)
	return s.Scrub(h.ctx, ask, func(scrub.Report) {})
}

func body(key string) string { return key + strings.Repeat("#", 100) }

func (h *house) put(bucket, key, text string) object.Version {
	h.Helper()
	v, err := h.s.Put(h.ctx, object.PutObject{Bucket: bucket, Key: key, Owner: "writer", Meta: object.Metadata{ContentType: "text/x", User: []object.Pair{{Name: "a", Value: "b"}}},
		Body: object.Body{Reader: strings.NewReader(text), Size: int64(len(text)), Digest: object.Digest{Algorithm: checksum.SHA256}}})
	h.ok(err)
	return v
}

func (h *house) multipart(bucket, key string) {
	h.Helper()
	up, err := h.s.CreateUpload(h.ctx, object.CreateUpload{Bucket: bucket, Key: key})
	h.ok(err)
	var parts []object.CompletePart
	for n := 1; n <= 3; n++ {
		text := body(fmt.Sprint(key, n))
		p, err := h.s.PutPart(h.ctx, object.PutPart{Bucket: bucket, Key: key, UploadID: up.UploadID, Number: n, Body: object.Body{Reader: strings.NewReader(text), Size: int64(len(text))}})
		h.ok(err)
		parts = append(parts, object.CompletePart{Number: n, ETag: p.ETag})
	}
	_, err = h.s.CompleteUpload(h.ctx, object.CompleteUpload{Bucket: bucket, Key: key, UploadID: up.UploadID, Parts: parts, ObjectSize: -1})
	h.ok(err)
}

func (h *house) read(bucket, key, version string) (string, error) {
	r, err := h.s.Open(h.ctx, object.GetObject{Bucket: bucket, Key: key, VersionID: version})
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(struct{ io.Reader }{r})
	return string(b), errors.Join(err, r.Close())
}

// file is the file of the bytes of the current version.
func (h *house) file(bucket, key string) string {
	h.Helper()
	want, err := h.s.Show(h.ctx, bucket, key)
	h.ok(err)
	if want.Blob.IsZero() {
		h.Fatalf("%s has no blob", key)
	}
	return h.blobs.Path(want.Blob)
}

// damage changes a file as a failing disk does: its time stays.
func (h *house) damage(path string, change func(b []byte) []byte) {
	h.Helper()
	info, err := os.Stat(path)
	h.ok(err)
	b, err := os.ReadFile(path)
	h.ok(err)
	h.ok(os.WriteFile(path, change(b), info.Mode()))
	h.ok(os.Chtimes(path, info.ModTime(), info.ModTime()))
}

func flip(b []byte) []byte { b[len(b)/2] ^= 1; return b }
func cut(b []byte) []byte  { return b[:len(b)-3] }

// state is all that is stored, and all files with their bytes.
func (h *house) state() map[string]string {
	h.Helper()
	m := map[string]string{}
	for _, bucket := range []string{"first", "second"} {
		page, err := h.s.ListVersions(h.ctx, object.ListVersions{Bucket: bucket, Max: 1000})
		h.ok(err)
		for _, v := range page.Versions {
			text, err := h.read(bucket, v.Key, v.VersionID)
			m[fmt.Sprintf("object %s/%s %s", bucket, v.Key, v.VersionID)] = fmt.Sprintf("%s %s %d %t %v %q", v.ETag, v.Modified, v.Size, v.Latest, err, text)
		}
	}
	h.ok(filepath.WalkDir(h.root, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Base(path) != "cursor.json" {
			b, _ := os.ReadFile(path)
			m[path] = string(b)
		}
		return err
	}))
	return m
}

// plant fills the house with good objects and with all that can be wrong, a dozen of each.
func (h *house) plant() {
	h.Helper()
	var damages []func()
	for i := range dozen {
		k := func(what string) string { return fmt.Sprintf("%s/%02d", what, i) }
		for _, b := range []string{"first", "second"} {
			h.put(b, k("good"), body(k("good")))
			h.put(b, k("good-small"), "small")
			h.put(b, k("good-empty"), "")
			h.multipart(b, k("good-parts"))
		}
		h.put("second", k("old"), "older "+body(k("old")))
		h.put("second", k("old"), body(k("old")))
		_, err := h.s.Delete(h.ctx, object.DeleteObject{Bucket: "second", Key: k("good")})
		h.ok(err)
		for _, what := range []string{"rot", "torn", "lost", "lost-both", "edited", "edited-in-place", "missing", "older-file"} {
			h.put("first", k(what), body(k(what)))
		}
		h.multipart("first", k("rot-parts"))
		h.put("second", k("rot-old"), body(k("rot-old")))
		damages = append(damages, func() {
			h.damage(h.file("first", k("rot")), flip)
			h.damage(h.file("first", k("rot-parts")), flip)
			h.damage(h.file("first", k("torn")), cut)
			h.ok(os.Remove(h.file("first", k("lost"))))
			h.ok(os.Remove(h.file("first", k("lost-both"))))
			h.ok(os.Remove(filepath.Join(h.root, "first", k("lost-both"))))
			h.ok(os.Remove(filepath.Join(h.root, "first", k("missing"))))
			h.ok(os.WriteFile(filepath.Join(h.root, "first", k("edited-in-place")), []byte("edited in place "+k("")), 0o644))
			for what, age := range map[string]time.Duration{"edited": 0, "older-file": -time.Hour, "foreign": -time.Hour} {
				path := filepath.Join(h.root, "first", k(what))
				h.ok(os.MkdirAll(filepath.Dir(path), 0o755))
				h.ok(os.WriteFile(path+"~", []byte(what+" "+k("")), 0o644))
				h.ok(os.Chtimes(path+"~", time.Now().Add(age), time.Now().Add(age)))
				h.ok(os.Rename(path+"~", path)) // as editors do
			}
			old := h.file("second", k("rot-old"))
			h.put("second", k("rot-old"), "newer "+body(k("rot-old")))
			h.ok(h.p.Drain(h.ctx))
			h.damage(old, flip)
		})
	}
	h.ok(h.p.Drain(h.ctx))
	for _, d := range damages {
		d()
	}
}

func (h *house) counts(when string, r scrub.Report, quarantined, healed int64) {
	h.Helper()
	got := [...]int64{r.Corrupted, r.Phantom, r.StaleVersions, r.Orphaned, r.Edited, r.Missing, r.DamagedRecords, r.Quarantined, r.Healed}
	want := [...]int64{3 * dozen, 2 * dozen, dozen, dozen, 3 * dozen, dozen, 0, quarantined, healed}
	if got != want || len(r.Errors) > 0 || !r.Complete || r.BucketsScanned != 2 || r.Unverified != 0 {
		h.Errorf("%s: corrupted, phantom, stale, orphaned, edited, missing, damaged, quarantined, healed:\n%v, want\n%v\n%+v", when, got, want, r)
	}
}

// TestPlantAndFind: everything that is wrong is found, nothing in a dry run is changed, and no good object is touched ever.
func TestPlantAndFind(t *testing.T) {
	h := newHouse(t)
	h.plant()
	before := h.state()
	h.counts("dry run", h.scan(work.Ask{DryRun: true, AutoHeal: true}), 0, 0)
	if after := h.state(); !maps.Equal(before, after) {
		for k, v := range before {
			if after[k] != v {
				t.Errorf("the dry run changed %s: %.200s", k, after[k])
			}
		}
	}
	h.counts("without healing", h.scan(work.Ask{}), 4*dozen, 0)
	h.good(before)
	for i := range dozen {
		for _, what := range []string{"rot", "torn", "rot-parts"} {
			key := fmt.Sprintf("%s/%02d", what, i)
			if text, err := h.read("first", key, ""); !fault.Is(err, fault.Corrupted) || text != "" {
				t.Errorf("%s is served: %v", key, err)
			}
			if _, err := h.tree.Stat("first", key); err == nil {
				t.Errorf("%s is shown", key)
			}
		}
	}
	notes, err := filepath.Glob(filepath.Join(h.cfg.Quarantine, "*", "about.json"))
	h.ok(err)
	if len(notes) != 4*dozen {
		t.Errorf("%d notes in quarantine", len(notes))
	}
	kept, err := os.ReadFile(filepath.Join(filepath.Dir(notes[0]), "bytes"))
	if err != nil || !bytes.Contains(kept, []byte("####")) {
		t.Errorf("%q, %v", kept, err)
	}
}

// good checks that what was good is as it was.
func (h *house) good(before map[string]string) {
	h.Helper()
	after, n := h.state(), 0
	for k, v := range before {
		if strings.Contains(k, "/good") || strings.Contains(k, "/old/") {
			if n++; after[k] != v {
				h.Errorf("%s was touched: %.100q, was %.100q", k, after[k], v)
			}
		}
	}
	if n < 19*dozen {
		h.Errorf("%d good ones were looked at", n)
	}
}

// TestHeal: what can be mended is, and the next scan finds what cannot be.
func TestHeal(t *testing.T) {
	h := newHouse(t)
	h.plant()
	before := h.state()
	// Lost with a plain file, foreign, edited twice over, missing.
	h.counts("healing", h.scan(work.Ask{AutoHeal: true}), 4*dozen, 5*dozen)
	h.ok(h.p.Drain(h.ctx))
	h.good(before)
	for i := range dozen {
		k := func(what string) string { return fmt.Sprintf("%s/%02d", what, i) }
		for key, want := range map[string]string{
			k("lost"): body(k("lost")), k("missing"): body(k("missing")), k("foreign"): "foreign " + k(""), k("edited"): "edited " + k(""),
			k("edited-in-place"): "edited in place " + k(""), k("older-file"): body(k("older-file")),
		} {
			if text, err := h.read("first", key, ""); err != nil || text != want {
				t.Errorf("%s: %q, %v", key, text, err)
			}
		}
		if v, err := h.s.Describe(h.ctx, "first", k("edited"), ""); err != nil || v.Meta.ContentType != "text/x" || len(v.Meta.User) != 1 || v.Owner != "owner" {
			t.Errorf("%+v, %v", v, err)
		}
	}
	again := h.scan(work.Ask{AutoHeal: true})
	if again.Corrupted != 3*dozen || again.Phantom != dozen || again.StaleVersions != dozen || again.Edited != dozen || again.Orphaned+again.Missing+again.Quarantined+again.Healed != 0 || len(again.Errors) > 0 {
		t.Errorf("%+v", again)
	}
}

// TestBatches: runs go on where the last one ended, through all buckets, and find as much as one.
func TestBatches(t *testing.T) {
	h := newHouse(t)
	h.plant()
	h.cfg.Batch = 7
	var sum scrub.Report
	for runs := 0; !sum.Complete; runs++ {
		r := h.scan(work.Ask{DryRun: true})
		if r.ObjectsScanned+r.FilesScanned > 7 || runs > 1000 {
			t.Fatalf("run %d: %+v", runs, r)
		}
		sum.Corrupted, sum.Phantom, sum.StaleVersions, sum.Orphaned = sum.Corrupted+r.Corrupted, sum.Phantom+r.Phantom, sum.StaleVersions+r.StaleVersions, sum.Orphaned+r.Orphaned
		sum.Edited, sum.Missing, sum.ObjectsScanned, sum.Complete = sum.Edited+r.Edited, sum.Missing+r.Missing, sum.ObjectsScanned+r.ObjectsScanned, r.Complete
		sum.Errors = append(sum.Errors, r.Errors...)
	}
	sum.BucketsScanned = 2
	h.counts("batches", sum, 0, 0)
	full := h.scan(work.Ask{DryRun: true, Full: true})
	h.counts("all at once", full, 0, 0)
	if full.ObjectsScanned != sum.ObjectsScanned {
		t.Errorf("%d versions, and %d in batches", full.ObjectsScanned, sum.ObjectsScanned)
	}
}

// TestYoungFiles: what may still be written is left alone.
func TestYoungFiles(t *testing.T) {
	h := newHouse(t)
	h.cfg.Now = time.Now
	h.put("first", "k", body("k"))
	h.ok(h.p.Drain(h.ctx))
	for _, name := range []string{"k~", "foreign"} {
		h.ok(os.WriteFile(filepath.Join(h.root, "first", name), []byte("half"), 0o644))
	}
	h.ok(os.Rename(filepath.Join(h.root, "first", "k~"), filepath.Join(h.root, "first", "k")))
	if r := h.scan(work.Ask{AutoHeal: true}); len(r.Issues) > 0 || r.FilesScanned != 2 {
		t.Errorf("%+v", r)
	}
}

// TestDeletedMeanwhile: a file whose removal is queued is not taken for a person's.
func TestDeletedMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.put("first", "k", body("k"))
	h.ok(h.p.Drain(h.ctx))
	_, err := h.s.Delete(h.ctx, object.DeleteObject{Bucket: "first", Key: "k"})
	h.ok(err)
	h.put("first", "new", body("new"))
	made := make(chan error)
	go func() { made <- h.p.Drain(h.ctx) }()
	if r := h.scan(work.Ask{AutoHeal: true}); len(r.Issues) > 0 || len(r.Errors) > 0 {
		t.Errorf("%+v", r)
	}
	h.ok(<-made)
	if _, err := h.read("first", "k", ""); !fault.Is(err, fault.NoSuchKey) {
		t.Errorf("%v", err)
	}
}

// TestTornFile: a plain file that a power cut tore, of an object whose bytes are elsewhere, is made again.
func TestTornFile(t *testing.T) {
	h := newHouse(t)
	h.put("first", "small", "small") // in the metadata
	h.put("first", "copied", body("copied"))
	h.ok(h.p.Drain(h.ctx))
	for _, key := range []string{"small", "copied"} {
		path := filepath.Join(h.root, "first", key)
		info, err := os.Stat(path)
		h.ok(err)
		h.ok(os.WriteFile(path+"~", []byte("s"), 0o644))
		h.ok(os.Chtimes(path+"~", info.ModTime(), info.ModTime()))
		h.ok(os.Rename(path+"~", path))
	}
	r := h.scan(work.Ask{AutoHeal: true})
	if r.Missing != 2 || r.Healed != 2 || len(r.Issues) != 2 || len(r.Errors) > 0 {
		t.Errorf("%+v", r)
	}
	for key, want := range map[string]string{"small": "small", "copied": body("copied")} {
		if b, err := os.ReadFile(filepath.Join(h.root, "first", key)); err != nil || string(b) != want {
			t.Errorf("%q, %v", b, err)
		}
		if text, err := h.read("first", key, ""); err != nil || text != want {
			t.Errorf("%q, %v", text, err)
		}
	}
}

// TestNames: keys that cannot be shown, or hide each other, have no missing files.
func TestNames(t *testing.T) {
	h := newHouse(t)
	for _, key := range []string{"a", "a/b", "../x", "c/", strings.Repeat("n", 300)} {
		h.put("first", key, body(key))
	}
	h.ok(h.p.Drain(h.ctx))
	if r := h.scan(work.Ask{AutoHeal: true}); len(r.Issues) > 0 || len(r.Errors) > 0 || r.ObjectsScanned != 5 {
		t.Errorf("%+v", r)
	}
}

// TestStops: a run ends with the server, and the next goes on.
func TestStops(t *testing.T) {
	h := newHouse(t)
	for i := range dozen {
		h.put("first", fmt.Sprint(i), body("x"))
	}
	s, err := scrub.New(h.cfg)
	h.ok(err)
	ctx, stop := context.WithCancel(h.ctx)
	stop()
	if r := s.Scrub(ctx, work.Ask{}, func(scrub.Report) {}); r.ObjectsScanned != 0 || len(r.Errors) > 0 || r.Complete {
		t.Errorf("%+v", r)
	}
	h.ok(h.p.Drain(h.ctx))
	if r := s.Scrub(h.ctx, work.Ask{}, func(scrub.Report) {}); r.ObjectsScanned != dozen || !r.Complete {
		t.Errorf("%+v", r)
	}
}

// TestCustomerKeys: what only a client's key opens is verified as it is stored, and neither it nor its file is taken for damaged.
func TestCustomerKeys(t *testing.T) {
	h := newHouse(t)
	key := seal.Key{1, 2, 3}
	for _, name := range []string{"large", "small"} {
		text := "small"
		if name == "large" {
			text = body(name)
		}
		_, err := h.s.Put(h.ctx, object.PutObject{Bucket: "first", Key: name, Seal: &object.Sealing{Sort: seal.Customer, Customer: &key},
			Body: object.Body{Reader: strings.NewReader(text), Size: int64(len(text))}})
		h.ok(err)
	}
	h.ok(h.p.Drain(h.ctx))
	before := h.state()
	if r := h.scan(work.Ask{AutoHeal: true}); len(r.Issues) > 0 || len(r.Errors) > 0 || r.Unverified != 0 || r.FilesScanned != 2 || r.BytesScanned == 0 {
		t.Errorf("%+v", r)
	}
	if !maps.Equal(before, h.state()) {
		t.Error("something changed")
	}
}

// TestSuspects: what a reader finds rotten is marked, by and by; what only seems so is not.
func TestSuspects(t *testing.T) {
	h := newHouse(t)
	for _, key := range []string{"rot", "good", "lost", "edited"} {
		h.put("first", key, body(key))
	}
	h.ok(h.p.Drain(h.ctx))
	h.damage(h.file("first", "rot"), flip)
	h.ok(os.Remove(h.file("first", "lost")))
	h.ok(os.WriteFile(filepath.Join(h.root, "first", "edited"), []byte(strings.Repeat("e", len(body("edited")))), 0o644))
	w := scrub.Suspects(h.cfg)
	for _, key := range []string{"rot", "good", "lost", "edited"} {
		_, err := h.read("first", key, "")
		if fault.Is(err, fault.Corrupted) == (key == "good") {
			t.Errorf("%s: %v", key, err)
		}
	}
	h.ok(w.Drain(h.ctx))
	for key, want := range map[string]bool{"rot": true, "good": false, "lost": false, "edited": false} {
		if v, err := h.s.Describe(h.ctx, "first", key, ""); err != nil || v.Poisoned != want {
			t.Errorf("%s: %+v, %v", key, v, err)
		}
	}
}

package rewrap_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"myfsio/blob/memblob"
	"myfsio/kms"
	"myfsio/kv"
	"myfsio/kv/faultkv"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/seal"
	"myfsio/work"
	"myfsio/work/rewrap"
)

// place is a store with keys in files, as a server has them.
type place struct {
	*testing.T
	dir    string
	db     *memkv.DB
	blobs  *memblob.Store
	master *kms.Master
	ring   *kms.Keyring
	s      *object.Store
	r      *rewrap.Rewrapper
	clock  time.Time
}

// now goes on with each look, so that a run tells of each page.
func (p *place) now() time.Time {
	p.clock = p.clock.Add(time.Second)
	return p.clock
}

func newPlace(t *testing.T) *place {
	p := &place{T: t, dir: t.TempDir(), db: memkv.New(), blobs: memblob.New(), clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	p.start(p.db)
	_, err := p.ring.Create(kms.CreateKey{KeyID: "k"})
	p.ok(err)
	for _, b := range []string{"one", "two"} {
		_, err := p.s.CreateBucket(t.Context(), object.CreateBucket{Name: b})
		p.ok(err)
		p.ok(p.s.SetVersioning(t.Context(), b, object.VersioningEnabled))
		for i := range 6 {
			p.put(b, fmt.Sprint("k", i%4), &object.Sealing{Sort: seal.S3})
		}
		p.put(b, "kms", &object.Sealing{Sort: seal.KMS, KeyID: "k"})
		p.put(b, "clear", nil)
		p.put(b, "c", &object.Sealing{Sort: seal.Customer, Customer: &seal.Key{1}})
		_, err = p.s.CreateUpload(t.Context(), object.CreateUpload{Bucket: b, Key: "u", Seal: &object.Sealing{Sort: seal.S3}})
		p.ok(err)
	}
	return p
}

func (p *place) ok(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// start is a process that begins, over db.
func (p *place) start(db kv.DB) {
	p.Helper()
	var err error
	p.master, err = kms.OpenMaster(kms.MasterOptions{Path: filepath.Join(p.dir, "keys", "master.key")})
	p.ok(err)
	p.ring, err = kms.Open(kms.Options{Path: filepath.Join(p.dir, "keys", "kms_keys.json"), Master: p.master})
	p.ok(err)
	p.s, err = object.New(p.Context(), object.Config{KV: db, Blobs: p.blobs, Inline: 10, Keys: &seal.Keys{Masters: p.master, KMS: p.ring}, Encrypt: true})
	p.ok(err)
	p.r, err = rewrap.New(rewrap.Config{Store: p.s, Masters: p.master, Keyring: p.ring, State: filepath.Join(p.dir, "state.json"), Page: 3, Now: p.now,
		Log: slog.New(slog.DiscardHandler)})
	p.ok(err)
}

// rekey is `myfsio rekey` and a start of the server.
func (p *place) rekey() (former string) {
	p.Helper()
	old, _, _ := p.master.Current()
	_, err := p.master.Rotate(p.ring.Rekey)
	p.ok(err)
	p.start(p.db)
	return hex.EncodeToString(old[:])
}

func (p *place) put(bucket, key string, w *object.Sealing) {
	p.Helper()
	data := []byte("the bytes of " + bucket + "/" + key)
	_, err := p.s.Put(p.Context(), object.PutObject{Bucket: bucket, Key: key, Seal: w, Body: object.Body{Reader: bytes.NewReader(data), Size: int64(len(data))}})
	p.ok(err)
}

// readable demands that each object of the server's keys can be read.
func (p *place) readable() {
	p.Helper()
	for _, b := range []string{"one", "two"} {
		for _, k := range []string{"k0", "k1", "k2", "k3", "kms"} {
			r, err := p.s.Open(p.Context(), object.GetObject{Bucket: b, Key: k})
			p.ok(err)
			data, err := io.ReadAll(r)
			if r.Close(); err != nil || string(data) != "the bytes of "+b+"/"+k {
				p.Fatalf("%s/%s is %q, %v", b, k, data, err)
			}
		}
	}
}

func (p *place) run(ask work.Ask) rewrap.Report {
	return p.r.Run(p.Context(), ask, func(rewrap.Report) {})
}

func (p *place) status() rewrap.Status {
	p.Helper()
	s, err := p.r.Status()
	p.ok(err)
	return s
}

const sealedByMaster = 2 * 7 // versions and uploads of SSE-S3 in a place

func uses(c *rewrap.Count) string {
	var out []string
	for _, u := range c.Keys {
		out = append(out, fmt.Sprint(u.Type, " ", u.Envelopes))
	}
	return strings.Join(out, ", ")
}

func TestRun(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	former := p.rekey()
	s := p.status()
	if len(s.Former) != 1 || s.Former[0] != (rewrap.Former{ID: former}) || s.KMSKey != s.MasterKey || s.Last != nil {
		t.Fatalf("%+v", s)
	}
	dry := p.run(work.Ask{DryRun: true})
	if dry.Rewrapped != sealedByMaster || !dry.Complete || dry.Found.Ended == 0 || uses(&dry.Found) != "SSE-C 2, SSE-KMS 2, SSE-S3 14" || dry.Found.Keys[2].ID != former || p.status().Last != nil {
		t.Errorf("dry run: %+v", dry)
	}
	var told []rewrap.Report
	got := p.r.Run(t.Context(), work.Ask{}, func(r rewrap.Report) { told = append(told, r) })
	if got.Rewrapped != sealedByMaster || got.Failed != 0 || !got.Complete || got.Resumed || got.KMS || len(got.Errors) > 0 || uses(&got.Found) != "SSE-C 2, SSE-KMS 2, SSE-S3 14" {
		t.Errorf("%+v", got)
	}
	if len(told) == 0 || !told[len(told)-1].Complete {
		t.Errorf("told %+v", told)
	}
	s = p.status()
	if s.Unfinished || s.Last == nil || s.Last.Ended == 0 || *s.Former[0].Envelopes != 0 || !s.Former[0].Removable || got.Found.Keys[2].ID != s.MasterKey {
		t.Errorf("%+v", s)
	}
	// The key can be removed, and then there is none.
	p.ok(os.Remove(filepath.Join(p.dir, "keys", "master.key."+former)))
	p.start(p.db)
	p.readable()
	if again := p.run(work.Ask{}); again.Rewrapped+again.Failed != 0 || !again.Complete || len(p.status().Former) != 0 {
		t.Errorf("%+v", again)
	}
	// A further change makes what was counted old.
	p.rekey()
	for _, f := range p.status().Former {
		if f.Envelopes != nil || f.Removable {
			t.Errorf("%+v", f)
		}
	}
}

// A key that is lost is told of, and counts for what it wraps; the rest moves.
func TestLostKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	former := p.rekey()
	p.put("one", "k0", &object.Sealing{Sort: seal.S3})
	second := p.rekey()
	p.ok(os.Remove(filepath.Join(p.dir, "keys", "master.key."+former)))
	p.start(p.db)
	got := p.run(work.Ask{})
	if got.Failed != sealedByMaster || got.Rewrapped != 1 || len(got.Errors) != 2 || !got.Complete {
		t.Errorf("%+v", got)
	}
	if s := p.status(); len(s.Former) != 1 || s.Former[0].ID != second || !s.Former[0].Removable {
		t.Errorf("%+v", s)
	}
}

// A run that is stopped goes on where it ended, in another process too; the sums are those of one run.
func TestStopAndResume(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.rekey()
	if p.r.Stop() {
		t.Error("stopped what does not run")
	}
	total, runs := int64(0), 0
	for complete := false; !complete; runs++ {
		got := p.r.Run(t.Context(), work.Ask{}, func(rewrap.Report) { p.r.Stop() }) // told after the first page
		total += got.Rewrapped
		if complete = got.Complete; complete {
			if total != sealedByMaster || uses(&got.Found) != "SSE-C 2, SSE-KMS 2, SSE-S3 14" {
				t.Errorf("%d in all, at last %+v", total, got)
			}
			break
		}
		if s := p.status(); !got.Stopped || got.Resumed != (runs > 0) || len(got.Errors) > 0 || !s.Unfinished || s.Last != nil {
			t.Fatalf("run %d: %+v, %+v", runs, got, s)
		}
		p.readable()
		p.start(p.db)
	}
	if s := p.status(); runs < 3 || s.Unfinished || s.Last == nil || !s.Former[0].Removable {
		t.Errorf("%d runs, %+v", runs, s)
	}
	p.readable()
	// A walk that stands begins anew when it is asked for, and when the master key is another one.
	for _, again := range []func() work.Ask{
		func() work.Ask { return work.Ask{Full: true} },
		func() work.Ask { p.rekey(); return work.Ask{} },
	} {
		p.r.Run(t.Context(), work.Ask{}, func(rewrap.Report) { p.r.Stop() })
		if !p.status().Unfinished {
			t.Error("it is complete")
		}
		if got := p.run(again()); got.Resumed || !got.Complete || uses(&got.Found) != "SSE-C 2, SSE-KMS 2, SSE-S3 14" {
			t.Errorf("%+v", got)
		}
	}
}

// A server that runs while the key is changed re-wraps nothing before it is started anew.
func TestRestartNeeded(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	other, err := kms.OpenMaster(kms.MasterOptions{Path: filepath.Join(p.dir, "keys", "master.key")})
	p.ok(err)
	_, err = other.Rotate(p.ring.Rekey)
	p.ok(err)
	got, s := p.run(work.Ask{}), p.status()
	if got.Complete || got.KMS || len(got.Errors) != 1 || !s.Restart || s.KMSKey == s.MasterKey || slices.ContainsFunc(s.Former, func(f rewrap.Former) bool { return f.Removable }) {
		t.Errorf("%+v, %+v", got, s)
	}
	p.readable()
	p.start(p.db)
	if got := p.run(work.Ask{}); got.Rewrapped != sealedByMaster || p.status().Restart {
		t.Errorf("%+v", got)
	}
}

// A change of the master key that was cut off between the KMS and the key itself is brought to an end.
func TestKMSFollows(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if _, err := p.master.Rotate(func(id [8]byte) error {
		p.ok(p.ring.Rekey(id))
		return io.ErrUnexpectedEOF
	}); err == nil {
		t.Fatal("it was not cut off")
	}
	p.start(p.db)
	if s := p.status(); s.KMSKey == s.MasterKey || len(s.Former) != 1 || s.Former[0].ID != s.KMSKey {
		t.Fatalf("%+v", s)
	}
	if got := p.run(work.Ask{DryRun: true}); !got.KMS || p.status().KMSKey == p.status().MasterKey {
		t.Errorf("dry run: %+v", got)
	}
	got := p.run(work.Ask{})
	if s := p.status(); !got.KMS || s.KMSKey != s.MasterKey || !s.Former[0].Removable {
		t.Errorf("%+v, %+v", got, s)
	}
	p.readable()
	// Keys that cannot be opened are no reason to call a key removable.
	var err error
	p.r, err = rewrap.New(rewrap.Config{Store: p.s, Masters: p.master, Keyring: rewrap.Unknown{Err: io.ErrUnexpectedEOF}, State: filepath.Join(p.dir, "state.json"), Log: slog.New(slog.DiscardHandler)})
	p.ok(err)
	if got, s := p.run(work.Ask{}), p.status(); len(got.Errors) != 1 || s.Former[0].Removable {
		t.Errorf("%+v, %+v", got, s)
	}
}

// Whatever call of the metadata store fails, nothing is lost, and a further run ends the work.
func TestFaults(t *testing.T) {
	t.Parallel()
	for n := int64(1); ; n++ {
		p := newPlace(t)
		p.rekey()
		bad := faultkv.New(p.db, faultkv.Plan{})
		p.start(bad) // what the start itself calls does not count
		calls := bad.Calls()
		bad = faultkv.New(p.db, faultkv.Plan{Nth: calls + n})
		p.start(bad)
		first := p.run(work.Ask{})
		p.start(p.db)
		p.readable()
		second := p.run(work.Ask{})
		if got := first.Rewrapped + second.Rewrapped; bad.Fired() && (len(first.Errors) == 0 || got < sealedByMaster-3) || second.Failed > 0 || !second.Complete {
			t.Fatalf("call %d: %+v, then %+v", n, first, second)
		}
		if uses(&second.Found) != "SSE-C 2, SSE-KMS 2, SSE-S3 14" || slices.ContainsFunc(p.status().Former, func(f rewrap.Former) bool { return !f.Removable }) {
			t.Fatalf("call %d: %+v", n, p.status())
		}
		if !bad.Fired() {
			if n < 20 {
				t.Errorf("only %d calls", n)
			}
			return
		}
	}
}

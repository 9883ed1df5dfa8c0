package object

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/kv"
	"myfsio/kv/memkv"
)

// snapshot is all rows and blobs but the queues.
func (p *patient) snapshot() map[string]string {
	p.t.Helper()
	out := map[string]string{}
	p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) error {
		for pair, err := range kv.Scan(r, kv.Range{}) {
			if err != nil {
				return err
			}
			c := pair.Key[0]
			if c != tView && c != tReclaim && c != tAssemble && !(c == tCounter && kv.Int64(pair.Value) == 0) {
				out[string(pair.Key)] = string(pair.Value)
			}
		}
		return nil
	}))
	for info, err := range p.s.blobs.List(p.ctx, blob.ID{}) {
		p.ok(err)
		b, err := p.s.blobs.Open(p.ctx, info.ID)
		p.ok(err)
		data := make([]byte, b.Size())
		if _, err = b.ReadAt(data, 0); err != io.EOF {
			p.ok(err)
		}
		p.ok(b.Close())
		out["blob "+string(info.ID[:])] = string(data)
	}
	return out
}

func differences(a, b map[string]string) (out []string) {
	for k := range maps.Keys(a) {
		if v, ok := b[k]; !ok {
			out = append(out, fmt.Sprintf("%q is gone", k))
		} else if v != a[k] {
			out = append(out, fmt.Sprintf("%q is %x, was %x", k, v, a[k]))
		}
	}
	for k := range maps.Keys(b) {
		if _, ok := a[k]; !ok {
			out = append(out, fmt.Sprintf("%q came", k))
		}
	}
	slices.Sort(out)
	return out
}

// drop removes a row.
func (p *patient) drop(key []byte) { p.update(func(t kv.Txn) { t.Delete(key) }) }

// set writes a row.
func (p *patient) set(key, value []byte) { p.update(func(t kv.Txn) { t.Put(key, value) }) }

// oldOf reads the newest version of a key that is not current.
func (p *patient) oldOf(key string) *versionRecord {
	p.t.Helper()
	var rec *versionRecord
	p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) (err error) {
		rec, err = newest(r, p.b.ID, key)
		return err
	}))
	return rec
}

// partOf reads the part of the unfinished upload.
func (p *patient) partOf() (rec partRecord) {
	p.t.Helper()
	p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) error {
		v, err := r.Get(partKey(p.up, 1))
		if err != nil {
			return err
		}
		return rec.decode(v)
	}))
	return rec
}

// blobOf returns the first blob of a key's current version.
func (p *patient) blobOf(key string) blob.ID {
	p.t.Helper()
	rec := p.rec(key)
	if rec.body.kind != bodyParts {
		return rec.body.id
	}
	var m manifest
	p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) (err error) {
		m, err = getManifest(r, rec.body.id)
		return err
	}))
	return m.extents[0].blob
}

// poke changes one byte of a blob.
func (p *patient) poke(b blob.ID, off int64) {
	p.t.Helper()
	w, err := p.s.blobs.(blob.Placer).CreateAt(p.ctx, b, off, 1)
	p.ok(err)
	_, err = w.Write([]byte{0x40})
	p.ok(err)
	p.ok(w.Commit(p.ctx))
}

// Damage that can be repaired whole: afterwards every row and byte is what it was.
func TestRepairRestores(t *testing.T) {
	for name, damage := range map[string]func(p *patient){
		"all counters": func(p *patient) {
			for i := range len(counters) {
				p.drop(counterKey(p.b.ID, counters[i]))
			}
		},
		"a counter below nothing":  func(p *patient) { p.update(func(t kv.Txn) { t.Add(counterKey(p.b.ID, countParts), -1<<40) }) },
		"counters of no bucket":    func(p *patient) { p.update(func(t kv.Txn) { t.Add(counterKey(12345, countBytes), 1) }) },
		"null row":                 func(p *patient) { p.drop(nullKey(p.b.ID, "old")) },
		"null row, another":        func(p *patient) { p.set(nullKey(p.b.ID, "old"), make([]byte, 16)) },
		"null row, unreadable":     func(p *patient) { p.set(nullKey(p.b.ID, "old"), []byte("?")) },
		"null row of no key":       func(p *patient) { p.set(nullKey(p.b.ID, "nothing"), make([]byte, 16)) },
		"null row of no bucket":    func(p *patient) { p.set(nullKey(12345, "k"), make([]byte, 16)) },
		"reference":                func(p *patient) { p.drop(idKey(tRef, p.blobOf("parts"))) },
		"reference of another key": func(p *patient) { p.set(idKey(tRef, p.rec("large").body.id), []byte("bucket and key")) },
		"reference of a part":      func(p *patient) { p.drop(idKey(tRef, p.partOf().at.blob)) },
		"reference of no blob":     func(p *patient) { p.set(idKey(tRef, id{7}), []byte("x")) },
		"inline of nothing":        func(p *patient) { p.set(idKey(tInline, id{7}), []byte("x")) },
		"manifest of nothing":      func(p *patient) { p.set(idKey(tManifest, id{7}), nil) },
		"part of nothing":          func(p *patient) { p.set(partKey(id{7}, 3), nil) },
		"stray blob": func(p *patient) {
			w, err := p.s.blobs.Create(p.ctx, p.s.newID(), 1)
			p.ok(err)
			p.ok(w.Commit(p.ctx))
		},
		"everything at once": func(p *patient) {
			p.drop(nullKey(p.b.ID, "old"))
			p.drop(idKey(tRef, p.rec("large").body.id))
			p.set(idKey(tInline, id{7}), []byte("x"))
			p.drop(counterKey(p.b.ID, countBytes))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPatient(t)
			healthy := p.snapshot()
			damage(p)
			sick := p.snapshot()
			if d := differences(healthy, sick); len(d) == 0 {
				t.Fatal("no damage done")
			}
			if p.problems(false) == "" {
				t.Error("nothing was found")
			}
			if d := differences(sick, p.snapshot()); len(d) > 0 {
				t.Errorf("looking changed %q", d)
			}
			p.problems(true)
			if d := differences(healthy, p.snapshot()); len(d) > 0 {
				t.Errorf("after repair: %q", d)
			}
			if left := p.problems(false); left != "" {
				t.Errorf("left: %s", left)
			}
		})
	}
}

// Damage that cannot be repaired: it is found by its kind, and a repair changes nothing at all.
func TestRepairKeeps(t *testing.T) {
	damaged := []byte{0xff}
	for name, tc := range map[string]struct {
		damage func(p *patient)
		kind   string // at least
	}{
		"blob shorter":                    {func(p *patient) { p.ok(p.s.blobs.(blob.Placer).Trim(p.ctx, p.rec("large").body.id, 10)) }, ProblemLost},
		"blob of a multipart object gone": {func(p *patient) { p.ok(p.s.blobs.Remove(p.ctx, p.blobOf("parts"))) }, ProblemLost},
		"blob of an upload gone":          {func(p *patient) { p.ok(p.s.blobs.Remove(p.ctx, p.partOf().at.blob)) }, ProblemLost},
		"blob of an old version gone":     {func(p *patient) { p.ok(p.s.blobs.Remove(p.ctx, p.oldOf("old").body.id)) }, ProblemLost},
		"a byte of a blob":                {func(p *patient) { p.poke(p.rec("large").body.id, 17) }, ProblemRot},
		"a byte of a part":                {func(p *patient) { p.poke(p.blobOf("parts"), 21) }, ProblemRot},
		"a byte inline":                   {func(p *patient) { p.set(idKey(tInline, p.rec("small").body.id), []byte{0, 0, 1, 0, 0}) }, ProblemRot},
		"inline shorter":                  {func(p *patient) { p.set(idKey(tInline, p.rec("small").body.id), []byte{0}) }, ProblemLost},
		"old version unreadable":          {func(p *patient) { p.set(versionKey(p.b.ID, "old", p.oldOf("old").id), damaged) }, ProblemRecord},
		"upload unreadable":               {func(p *patient) { p.set(uploadKey(p.b.ID, "up", p.up), damaged) }, ProblemRecord},
		"part unreadable":                 {func(p *patient) { p.set(partKey(p.up, 1), damaged) }, ProblemRecord},
		"upload gone":                     {func(p *patient) { p.drop(uploadKey(p.b.ID, "up", p.up)) }, ProblemOrphan},
		"row of a large object gone":      {func(p *patient) { p.drop(currentKey(p.b.ID, "large")) }, ProblemOrphan},
		"row of a multipart object gone":  {func(p *patient) { p.drop(currentKey(p.b.ID, "parts")) }, ProblemOrphan},
		"versions in disorder": {func(p *patient) {
			rec := p.oldOf("old")
			p.drop(versionKey(p.b.ID, "old", rec.id))
			p.drop(nullKey(p.b.ID, "old"))
			rec.id = after(p.rec("old").id, rec.id)
			p.set(versionKey(p.b.ID, "old", rec.id), rec.encode(nil))
			p.set(nullKey(p.b.ID, "old"), rec.id[:])
		}, ProblemVersions},
		"delete marker as current": {func(p *patient) {
			rec := p.rec("small")
			rec.flags |= flagMarker
			p.set(currentKey(p.b.ID, "small"), rec.encode(nil))
		}, ProblemVersions},
		"manifest without an extent": {func(p *patient) {
			u, err := p.s.CreateUpload(p.ctx, CreateUpload{Bucket: "bucket", Key: "scattered"})
			p.ok(err)
			p.part(u, 1, 5)
			list := []CompletePart{p.part(u, 1, 30), p.part(u, 2, 40)}
			_, err = p.s.CompleteUpload(p.ctx, CompleteUpload{Bucket: "bucket", Key: "scattered", UploadID: u.UploadID, Parts: list, ObjectSize: -1})
			p.ok(err)
			p.shorten(p.rec("scattered"))
		}, ProblemLost},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPatient(t)
			tc.damage(p)
			sick := p.snapshot()
			var found []string
			_, err := p.s.Check(p.ctx, CheckOptions{Deep: true, Report: func(q Problem) { found = append(found, q.Kind) }})
			p.ok(err)
			if !slices.Contains(found, tc.kind) {
				t.Errorf("found %q, want %s", found, tc.kind)
			}
			if tc.kind != ProblemRot && !slices.ContainsFunc(p.quick(), func(q Problem) bool { return q.Kind == tc.kind }) {
				t.Errorf("not found without reading the bytes: %v", p.quick())
			}
			if tc.kind == ProblemRot && len(p.quick()) > 0 {
				t.Errorf("found without reading the bytes: %v", p.quick())
			}
			first := p.problems(true)
			for _, d := range differences(sick, p.snapshot()) {
				if d[1] != tCounter {
					t.Errorf("repair: %s", d)
				}
			}
			if again := p.problems(false); again == "" {
				t.Errorf("nothing is left of %q", first)
			}
		})
	}
}

// quick checks without reading the bytes.
func (p *patient) quick() (out []Problem) {
	p.t.Helper()
	_, err := p.s.Check(p.ctx, CheckOptions{Report: func(q Problem) { out = append(out, q) }})
	p.ok(err)
	return out
}

// The row of a current version is lost, and an older version is there: that one becomes current, and the counters are right after one
// repair, however they were.
func TestRepairPromotes(t *testing.T) {
	for _, counted := range []bool{false, true} {
		p := newPatient(t)
		rec := p.rec("old")
		p.update(func(t kv.Txn) {
			t.Delete(currentKey(p.b.ID, "old"))
			t.Delete(idKey(tInline, rec.body.id))
			if counted {
				t.Add(counterKey(p.b.ID, countObjects), -1)
				t.Add(counterKey(p.b.ID, countBytes), -rec.size)
			}
		})
		if got := p.problems(false); got != sorted(ProblemVersions) && counted {
			t.Errorf("found %s", got)
		}
		p.problems(true)
		if got := p.problems(false); got != "" {
			t.Errorf("counted %v: left %s", counted, got)
		}
		v, err := p.s.Open(p.ctx, GetObject{Bucket: "bucket", Key: "old"})
		p.ok(err)
		if v.Version.Size != 20 {
			t.Errorf("%+v", v.Version)
		}
		p.ok(v.Close())
	}
}

// A healthy store has no problems, whatever was done to it, and a repair changes nothing.
func TestCheckHealthy(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	p := &patient{t: t, ctx: t.Context()}
	var err error
	p.s, err = New(p.ctx, Config{KV: memkv.New(), Blobs: memblob.New(), Inline: 10, MinPartSize: 1, View: true})
	p.ok(err)
	p.b, err = p.s.CreateBucket(p.ctx, CreateBucket{Name: "bucket"})
	p.ok(err)
	for i := range 3000 {
		key := fmt.Sprint("key", rng.IntN(300))
		switch n := rng.IntN(100); {
		case i%500 == 499:
			p.ok(p.s.SetVersioning(p.ctx, "bucket", Versioning(1+rng.IntN(2))))
		case n < 60:
			p.put(key, rng.IntN(30))
		case n < 70:
			p.parts(key)
		case n < 75:
			u, err := p.s.CreateUpload(p.ctx, CreateUpload{Bucket: "bucket", Key: key})
			p.ok(err)
			p.part(u, 1, 30)
			p.part(u, 1+rng.IntN(2), 30)
		default:
			_, err := p.s.Delete(p.ctx, DeleteObject{Bucket: "bucket", Key: key})
			p.ok(err)
		}
	}
	healthy := p.snapshot()
	if got := p.problems(false); got != "" {
		t.Errorf("found %s", got)
	}
	var res CheckResult
	res, err = p.s.Check(p.ctx, CheckOptions{Repair: true, Report: func(q Problem) { t.Errorf("%+v", q) }})
	p.ok(err)
	if res.Versions < 1000 || res.Uploads < 50 || res.Blobs < 500 || res.Buckets != 1 {
		t.Errorf("%+v", res)
	}
	if d := differences(healthy, p.snapshot()); len(d) > 0 {
		t.Errorf("repair: %q", d)
	}
}

// Begin tells of a run that did not End, also when it was itself the last to begin.
func TestBeginEnd(t *testing.T) {
	p := newPatient(t)
	begin := func(want bool) {
		t.Helper()
		if crashed, err := p.s.Begin(p.ctx); err != nil || crashed != want {
			t.Errorf("crashed %v, want %v, %v", crashed, want, err)
		}
	}
	begin(false)
	begin(true)
	begin(true)
	p.ok(p.s.End(p.ctx))
	p.ok(p.s.End(p.ctx))
	begin(false)
	if got := p.problems(true); got != "" {
		t.Errorf("found %s", got)
	}
	begin(true)
}

// Sweep removes the blobs of earlier runs that nothing refers to, in batches, and stops when told.
func TestSweepKeeps(t *testing.T) {
	p := newPatient(t)
	clock := time.Unix(1_700_000_000, 0)
	p.s.now = func() time.Time { return clock }
	stray := func() {
		w, err := p.s.blobs.Create(p.ctx, p.s.newID(), 1)
		p.ok(err)
		p.ok(w.Commit(p.ctx))
	}
	p.put("old", 30)
	p.ok(p.s.SetVersioning(p.ctx, "bucket", VersioningSuspended))
	p.put("large", 40) // queues the first
	p.put("large", 50)
	p.parts("parts")
	healthy := p.snapshot()
	for range 2100 {
		stray()
	}
	mark := p.s.NewMark()
	steps := 0
	tired := fmt.Errorf("tired")
	if _, err := p.s.Sweep(p.ctx, mark, func() error {
		if steps++; steps > 5 {
			return tired
		}
		return nil
	}); err != tired {
		t.Errorf("%v", err)
	}
	n, err := p.s.Sweep(p.ctx, mark, func() error { return nil })
	if n != 2100 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if d := differences(healthy, p.snapshot()); len(d) > 0 {
		t.Errorf("%q", d)
	}
	stray() // of this run
	if n, err := p.s.Sweep(p.ctx, mark, func() error { return nil }); n != 0 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
}

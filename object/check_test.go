package object

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/kv/memkv"
)

// patient is a store with something of everything, for damage to its rows.
type patient struct {
	t   *testing.T
	ctx context.Context
	s   *Store
	b   Bucket
	up  id
}

func newPatient(t *testing.T) *patient {
	p := &patient{t: t, ctx: context.Background()}
	s, err := New(p.ctx, Config{KV: memkv.New(), Blobs: memblob.New(), Inline: 10, MinPartSize: 1})
	p.ok(err)
	p.s = s
	p.b, err = s.CreateBucket(p.ctx, CreateBucket{Name: "bucket"})
	p.ok(err)
	p.put("small", 5)
	p.put("large", 50)
	p.parts("parts")
	p.put("old", 20)
	p.ok(s.SetVersioning(p.ctx, "bucket", VersioningEnabled))
	p.ok(s.SetConfig(p.ctx, "bucket", ConfigCORS, []byte("x")))
	p.put("old", 5)
	u, err := s.CreateUpload(p.ctx, CreateUpload{Bucket: "bucket", Key: "up"})
	p.ok(err)
	p.up, err = parseVersion(u.UploadID)
	p.ok(err)
	p.part(u, 1, 30)
	return p
}

func (p *patient) ok(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *patient) put(key string, size int) {
	p.t.Helper()
	_, err := p.s.Put(p.ctx, PutObject{Bucket: "bucket", Key: key, Body: Body{Reader: bytes.NewReader(make([]byte, size)), Size: -1}})
	p.ok(err)
}

func (p *patient) part(u Upload, n, size int) CompletePart {
	p.t.Helper()
	out, err := p.s.PutPart(p.ctx, PutPart{Bucket: "bucket", Key: u.Key, UploadID: u.UploadID, Number: n, Body: Body{Reader: bytes.NewReader(make([]byte, size)), Size: -1}})
	p.ok(err)
	return CompletePart{Number: n, ETag: out.ETag}
}

func (p *patient) parts(key string) {
	p.t.Helper()
	u, err := p.s.CreateUpload(p.ctx, CreateUpload{Bucket: "bucket", Key: key})
	p.ok(err)
	list := []CompletePart{p.part(u, 1, 30), p.part(u, 2, 40)}
	_, err = p.s.CompleteUpload(p.ctx, CompleteUpload{Bucket: "bucket", Key: key, UploadID: u.UploadID, Parts: list, ObjectSize: -1})
	p.ok(err)
}

func (p *patient) update(fn func(t kv.Txn)) {
	p.t.Helper()
	p.ok(p.s.kv.Update(p.ctx, func(t kv.Txn) error { fn(t); return nil }))
}

// rec reads the current version of a key.
func (p *patient) rec(key string) *versionRecord {
	p.t.Helper()
	var rec *versionRecord
	p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) (err error) {
		rec, err = current(r, p.b.ID, key)
		return err
	}))
	return rec
}

// problems runs Check and returns the kinds it reports, in order and each once.
func (p *patient) problems(repair bool) string {
	p.t.Helper()
	var kinds []string
	_, err := p.s.Check(p.ctx, CheckOptions{Deep: true, Repair: repair, Report: func(q Problem) { kinds = append(kinds, q.Kind) }})
	p.ok(err)
	slices.Sort(kinds)
	return strings.Join(slices.Compact(kinds), " ")
}

const (
	manifestGone  = ProblemLost + " " + ProblemOrphan + " " + ProblemStray
	bucketGone    = ProblemOrphan + " " + ProblemStray
	recordDamaged = ProblemRecord + " " + ProblemOrphan + " " + ProblemStray
)

// Each damage is found by its name; where it can be repaired without losing a byte it is.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name   string
		damage func(p *patient)
		want   string
		left   string // after repair
	}{
		{"none", func(p *patient) {}, "", ""},
		{"counter", func(p *patient) { p.update(func(t kv.Txn) { t.Add(counterKey(p.b.ID, countBytes), 7) }) }, ProblemCounter, ""},
		{"counter gone", func(p *patient) { p.update(func(t kv.Txn) { t.Delete(counterKey(p.b.ID, countUploads)) }) }, ProblemCounter, ""},
		{"null row gone", func(p *patient) { p.update(func(t kv.Txn) { t.Delete(nullKey(p.b.ID, "old")) }) }, ProblemMissing, ""},
		{"null row of nothing", func(p *patient) { p.update(func(t kv.Txn) { t.Put(nullKey(p.b.ID, "large"), make([]byte, 16)) }) }, ProblemOrphan, ""},
		{"reference gone", func(p *patient) {
			at := idKey(tRef, p.rec("large").body.id)
			p.update(func(t kv.Txn) { t.Delete(at) })
		}, ProblemMissing, ""},
		{"reference of nothing", func(p *patient) { p.update(func(t kv.Txn) { t.Put(idKey(tRef, id{1}), []byte("x")) }) }, ProblemOrphan, ""},
		{"inline bytes gone", func(p *patient) {
			at := idKey(tInline, p.rec("small").body.id)
			p.update(func(t kv.Txn) { t.Delete(at) })
		}, ProblemLost, ProblemLost},
		{"inline bytes of nothing", func(p *patient) { p.update(func(t kv.Txn) { t.Put(idKey(tInline, id{1}), []byte("x")) }) }, ProblemOrphan, ""},
		{"inline bytes changed", func(p *patient) {
			at := idKey(tInline, p.rec("small").body.id)
			p.update(func(t kv.Txn) { t.Put(at, []byte("other")) })
		}, ProblemRot, ProblemRot},
		{"manifest gone", func(p *patient) {
			at := idKey(tManifest, p.rec("parts").body.id)
			p.update(func(t kv.Txn) { t.Delete(at) })
		}, manifestGone, manifestGone}, // what it named may be saved by hand
		{"part of nothing", func(p *patient) { p.update(func(t kv.Txn) { t.Put(partKey(id{1}, 1), nil) }) }, ProblemOrphan, ""},
		{"configuration of nothing", func(p *patient) { p.update(func(t kv.Txn) { t.Put(configKey(7, ConfigCORS), []byte("x")) }) }, ProblemOrphan, ""},
		{"blob gone", func(p *patient) { p.ok(p.s.blobs.Remove(p.ctx, p.rec("large").body.id)) }, ProblemRot + " " + ProblemLost, ProblemRot + " " + ProblemLost},
		{"stray blob", func(p *patient) {
			w, err := p.s.blobs.Create(p.ctx, blob.ID{1}, 1)
			p.ok(err)
			p.ok(w.Commit(p.ctx))
		}, ProblemStray, ""},
		{"record damaged", func(p *patient) {
			p.update(func(t kv.Txn) { t.Put(currentKey(p.b.ID, "new"), []byte{0xff}) })
		}, ProblemRecord, ProblemRecord},
		{"record of an object damaged", func(p *patient) {
			p.update(func(t kv.Txn) { t.Put(currentKey(p.b.ID, "large"), []byte{0xff}) })
		}, recordDamaged + " " + ProblemCounter, recordDamaged}, // its bytes stay
		{"record of a bucket damaged", func(p *patient) { p.update(func(t kv.Txn) { t.Put(bucketKey("bucket"), []byte{0xff}) }) },
			recordDamaged, recordDamaged},
		{"bucket gone", func(p *patient) { p.update(func(t kv.Txn) { t.Delete(bucketKey("bucket")) }) }, bucketGone, bucketGone},
		{"newest version in the wrong table", func(p *patient) {
			p.update(func(t kv.Txn) {
				x := &txn{Txn: t, s: p.s}
				rec := p.rec("old")
				x.unput(&p.b, "old", rec)
				x.putOld(&p.b, "old", rec)
			})
		}, ProblemVersions, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			tc.damage(p)
			rows := p.rows()
			if got := p.problems(false); got != sorted(tc.want) {
				t.Errorf("found %q, want %q", got, tc.want)
			}
			p.problems(true)
			if got := p.problems(false); got != sorted(tc.left) {
				t.Errorf("after repair %q, want %q", got, tc.left)
			}
			if got := p.rows(); tc.left != "" && tc.left != ProblemRot && got < rows-1 {
				t.Errorf("repair left %d rows of %d, and what is damaged is not repaired", got, rows)
			}
		})
	}
}

// Damage to what a read needs is an error of kind Corrupted, never a panic.
func TestReadDamaged(t *testing.T) {
	for name, damage := range map[string]func(p *patient, rec *versionRecord){
		"manifest gone": func(p *patient, rec *versionRecord) {
			p.update(func(t kv.Txn) { t.Delete(idKey(tManifest, rec.body.id)) })
		},
		"manifest empty": func(p *patient, rec *versionRecord) {
			p.update(func(t kv.Txn) { t.Put(idKey(tManifest, rec.body.id), nil) })
		},
		"manifest short": func(p *patient, rec *versionRecord) { p.shorten(rec) },
		"manifest unreadable": func(p *patient, rec *versionRecord) {
			p.update(func(t kv.Txn) { t.Put(idKey(tManifest, rec.body.id), []byte{0xff}) })
		},
		"blob gone":  func(p *patient, rec *versionRecord) { p.removeAll() },
		"blob short": func(p *patient, rec *versionRecord) { p.truncateAll() },
		"record unreadable": func(p *patient, rec *versionRecord) {
			p.update(func(t kv.Txn) { t.Put(currentKey(p.b.ID, "scattered"), []byte{0xff}) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPatient(t)
			p.ok(p.s.SetVersioning(p.ctx, "bucket", VersioningSuspended))
			u, err := p.s.CreateUpload(p.ctx, CreateUpload{Bucket: "bucket", Key: "scattered"})
			p.ok(err)
			p.part(u, 1, 5)
			list := []CompletePart{p.part(u, 1, 30), p.part(u, 2, 40)}
			_, err = p.s.CompleteUpload(p.ctx, CompleteUpload{Bucket: "bucket", Key: "scattered", UploadID: u.UploadID, Parts: list, ObjectSize: -1})
			p.ok(err)
			damage(p, p.rec("scattered"))
			for _, req := range []GetObject{{}, {PartNumber: 2}, {Range: &Range{First: 60, Last: -1}}} {
				req.Bucket, req.Key = "bucket", "scattered"
				r, err := p.s.Open(p.ctx, req)
				if err == nil {
					_, err = io.Copy(io.Discard, struct{ io.Reader }{r})
					p.ok(r.Close())
				}
				if !fault.Is(err, fault.Corrupted) && !(req.PartNumber > 0 && fault.Is(err, fault.InvalidPartNumber)) {
					t.Errorf("%+v: error %v of kind %d", req, err, fault.KindOf(err))
				}
			}
		})
	}
}

// shorten takes the last extent from a manifest.
func (p *patient) shorten(rec *versionRecord) {
	p.t.Helper()
	var m manifest
	p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) (err error) {
		m, err = getManifest(r, rec.body.id)
		return err
	}))
	m.extents = m.extents[:len(m.extents)-1]
	p.update(func(t kv.Txn) { t.Put(idKey(tManifest, rec.body.id), m.encode()) })
}

func (p *patient) removeAll() {
	for info, err := range p.s.blobs.List(p.ctx, blob.ID{}) {
		p.ok(err)
		p.ok(p.s.blobs.Remove(p.ctx, info.ID))
	}
}

func (p *patient) truncateAll() {
	for info, err := range p.s.blobs.List(p.ctx, blob.ID{}) {
		p.ok(err)
		p.ok(p.s.blobs.(blob.Placer).Trim(p.ctx, info.ID, 3))
	}
}

// rows counts the rows and blobs.
func (p *patient) rows() (n int) {
	p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) error {
		for _, err := range kv.Scan(r, kv.Range{}) {
			n++
			if err != nil {
				return err
			}
		}
		return nil
	}))
	for range p.s.blobs.List(p.ctx, blob.ID{}) {
		n++
	}
	return n
}

func sorted(words string) string {
	w := strings.Fields(words)
	slices.Sort(w)
	return strings.Join(w, " ")
}

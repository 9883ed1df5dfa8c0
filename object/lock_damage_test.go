package object

import (
	"bytes"
	"context"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/object/lock"
)

// Protection that cannot be read protects from everybody, stays as it is, and lets the bytes be read.
func TestDamagedLock(t *testing.T) {
	for name, raw := range map[string][]byte{
		"not a message":     {0xff},
		"empty":             {},
		"mode of tomorrow":  {8, 3, 16, 1},
		"hold of tomorrow":  {24, 3},
		"mode alone":        {8, 1},
		"date alone":        {16, 1},
		"field of tomorrow": {24, 1, 32, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPatient(t)
			p.ok(p.s.SetVersioning(p.ctx, "bucket", VersioningEnabled))
			p.ok(p.s.SetObjectLock(p.ctx, "bucket", lock.Rule{}))
			k := currentKey(p.b.ID, "large")
			field := protowire.AppendBytes(protowire.AppendTag(nil, fLock, protowire.BytesType), raw)
			p.update(func(t kv.Txn) {
				v, err := t.Get(k)
				p.ok(err)
				t.Put(k, append(bytes.Clone(v), field...))
			})
			for _, bypass := range []bool{false, true} {
				_, err := p.s.Delete(p.ctx, DeleteObject{Bucket: "bucket", Key: "large", VersionID: NullVersion, BypassGovernance: bypass})
				p.is(err, fault.Locked)
			}
			_, err := p.s.SetRetention(p.ctx, SetRetention{Bucket: "bucket", Key: "large", BypassGovernance: true})
			p.is(err, fault.Corrupted)
			_, err = p.s.SetLegalHold(p.ctx, SetLegalHold{Bucket: "bucket", Key: "large"})
			p.is(err, fault.Corrupted)
			_, err = p.s.Retention(p.ctx, "bucket", "large", "")
			p.is(err, fault.Corrupted)
			_, err = p.s.SetTags(p.ctx, SetTags{Bucket: "bucket", Key: "large", Tags: []Pair{{"a", "b"}}})
			p.ok(err)
			p.put("large", 3) // it becomes an old version
			p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) error {
				v, err := r.Get(versionKey(p.b.ID, "large", p.oldOf("large").id))
				if !bytes.HasSuffix(v, field) {
					t.Errorf("the field is gone: %x", v)
				}
				return err
			}))
			r, err := p.s.Open(p.ctx, GetObject{Bucket: "bucket", Key: "large", VersionID: NullVersion})
			p.ok(err)
			p.ok(r.Close())
			if got := p.problems(true); got != ProblemRecord {
				t.Errorf("the check finds %q", got)
			}
			if _, err := p.s.Describe(p.ctx, "bucket", "large", NullVersion); err != nil {
				t.Error(err)
			}
		})
	}
}

func (p *patient) is(err error, want fault.Kind) {
	p.t.Helper()
	if !fault.Is(err, want) {
		p.t.Errorf("error %v of kind %d, want %d", err, fault.KindOf(err), want)
	}
}

// An upload whose protection cannot be read is not completed without it.
func TestDamagedLockOfUpload(t *testing.T) {
	p := newPatient(t)
	p.ok(p.s.SetVersioning(p.ctx, "bucket", VersioningEnabled))
	p.ok(p.s.SetObjectLock(p.ctx, "bucket", lock.Rule{}))
	u, err := p.s.CreateUpload(p.ctx, CreateUpload{Bucket: "bucket", Key: "up2", Lock: lock.State{Hold: lock.HoldOn}})
	p.ok(err)
	part := p.part(u, 1, 30)
	at, err := parseVersion(u.UploadID)
	p.ok(err)
	k := uploadKey(p.b.ID, "up2", at)
	p.update(func(t kv.Txn) {
		v, err := t.Get(k)
		p.ok(err)
		t.Put(k, appendBytes(bytes.Clone(v), fLock, "\xff"))
	})
	_, err = p.s.CompleteUpload(p.ctx, CompleteUpload{Bucket: "bucket", Key: "up2", UploadID: u.UploadID, Parts: []CompletePart{part}, ObjectSize: -1})
	p.is(err, fault.Corrupted)
	p.ok(p.s.AbortUpload(p.ctx, AbortUpload{Bucket: "bucket", Key: "up2", UploadID: u.UploadID}))
}

// A rule that cannot be read lets nothing be written without it.
func TestDamagedRule(t *testing.T) {
	p := newPatient(t)
	k := bucketKey("bucket")
	p.update(func(t kv.Txn) {
		v, err := t.Get(k)
		p.ok(err)
		t.Put(k, appendUint(bytes.Clone(v), fLockRuleMode, 7))
	})
	_, err := p.s.Put(p.ctx, PutObject{Bucket: "bucket", Key: "new", Body: Body{Reader: bytes.NewReader(nil), Size: 0}})
	p.is(err, fault.Corrupted)
	r, err := p.s.Open(p.ctx, GetObject{Bucket: "bucket", Key: "large"})
	p.ok(err)
	p.ok(r.Close())
}

// The last guard: no commit loses a protected version, also where somebody forgot to ask.
func TestLastGuard(t *testing.T) {
	p := newPatient(t)
	err := p.s.update(context.Background(), func(t *txn) error {
		rec := p.rec("large")
		rec.setLock(lock.State{Hold: lock.HoldOn})
		t.unput(&p.b, "large", rec)
		return t.drop(rec, body{})
	})
	p.is(err, fault.Internal)
	p.rec("large")
}

// What cannot be read, and what is older under its key, is left out of scans and never expires.
func TestScanDamaged(t *testing.T) {
	p := newPatient(t)
	p.ok(p.s.SetVersioning(p.ctx, "bucket", VersioningEnabled))
	for range 4 {
		p.put("k", 3)
	}
	all, err := p.s.ScanVersions(p.ctx, ScanVersions{Bucket: "bucket", Prefix: "k", Max: 10})
	p.ok(err)
	for damaged, e := range all.Entries {
		k := versionKey(p.b.ID, "k", e.Stamp)
		if damaged == 0 {
			k = currentKey(p.b.ID, "k")
		}
		var sound []byte
		p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) error {
			v, err := r.Get(k)
			sound = bytes.Clone(v)
			return err
		}))
		p.set(k, []byte{0xff})
		got, err := p.s.ScanVersions(p.ctx, ScanVersions{Bucket: "bucket", Prefix: "k", Max: 10})
		if err != nil || len(got.Entries) != damaged || got.Damaged != 1 {
			t.Errorf("%d is damaged: %+v, error %v", damaged, got, err)
		}
		got, err = p.s.ScanVersions(p.ctx, ScanVersions{Bucket: "bucket", Prefix: "k", CurrentOnly: true, Max: 10})
		if err != nil || len(got.Entries)+got.Damaged != 1 {
			t.Errorf("%d is damaged: %+v, error %v", damaged, got, err)
		}
		out, err := p.s.Expire(p.ctx, "bucket", Actor{}, []Expiry{{Key: "k", Stamp: all.Entries[3].Stamp, Remove: true}})
		p.ok(err)
		p.is(out[0].Err, fault.ConditionalConflict)
		p.set(k, sound)
	}
}

package object

import (
	"bytes"
	"testing"

	"myfsio/acl"
	"myfsio/kv"
	"myfsio/object/lock"
)

// age gives every bucket, version and delete marker a field of a newer program.
func (p *patient) age() {
	p.t.Helper()
	p.update(func(t kv.Txn) {
		for _, table := range []byte{tBucket, tCurrent, tVersion} {
			for row, err := range kv.Scan(t, kv.Prefix([]byte{table})) {
				p.ok(err)
				t.Put(bytes.Clone(row.Key), append(bytes.Clone(row.Value), newField...))
			}
		}
	})
}

// aged demands that all of them still have it, but for the versions of keys that were written since.
func (p *patient) aged(but ...string) {
	p.t.Helper()
	p.ok(p.s.kv.View(p.ctx, func(r kv.Reader) error {
		for _, table := range []byte{tBucket, tCurrent, tVersion} {
			for row, err := range kv.Scan(r, kv.Prefix([]byte{table})) {
				p.ok(err)
				written := false
				for _, key := range but {
					written = written || table == tCurrent && string(row.Key[9:]) == key
				}
				if bytes.HasSuffix(row.Value, newField) == written {
					p.t.Errorf("row %q: %x", row.Key, row.Value)
				}
			}
		}
		return nil
	}))
}

// What a newer program wrote into records stays there whatever this one does with them.
func TestNewFieldsStay(t *testing.T) {
	for _, tc := range []struct {
		name    string
		act     func(p *patient, old Version) error
		written []string
	}{
		{"nothing", func(p *patient, _ Version) error { return nil }, nil},
		{"tags", func(p *patient, _ Version) error {
			_, err := p.s.SetTags(p.ctx, SetTags{Bucket: "bucket", Key: "large", Tags: []Pair{{"a", "b"}}})
			return err
		}, nil},
		{"tags of an old version", func(p *patient, old Version) error {
			_, err := p.s.SetTags(p.ctx, SetTags{Bucket: "bucket", Key: "old", VersionID: NullVersion, Tags: []Pair{{"a", "b"}}})
			return err
		}, nil},
		{"list", func(p *patient, _ Version) error {
			_, err := p.s.SetObjectACL(p.ctx, SetACL{Bucket: "bucket", Key: "large", ACL: fullList})
			return err
		}, nil},
		{"list of an old version", func(p *patient, _ Version) error {
			_, err := p.s.SetObjectACL(p.ctx, SetACL{Bucket: "bucket", Key: "old", VersionID: NullVersion, ACL: acl.List{}})
			return err
		}, nil},
		{"hold", func(p *patient, _ Version) error {
			if err := p.s.SetVersioning(p.ctx, "bucket", VersioningEnabled); err != nil {
				return err
			}
			if err := p.s.SetObjectLock(p.ctx, "bucket", lock.Rule{}); err != nil {
				return err
			}
			_, err := p.s.SetLegalHold(p.ctx, SetLegalHold{Bucket: "bucket", Key: "large", On: true})
			return err
		}, nil},
		{"list of the bucket", func(p *patient, _ Version) error { return p.s.SetBucketACL(p.ctx, "bucket", fullList) }, nil},
		{"ownership", func(p *patient, _ Version) error { return p.s.SetOwnership(p.ctx, "bucket", BucketOwnerEnforced) }, nil},
		{"public access", func(p *patient, _ Version) error { return p.s.SetPublicAccess(p.ctx, "bucket", IgnoreACLs) }, nil},
		{"versioning", func(p *patient, _ Version) error { return p.s.SetVersioning(p.ctx, "bucket", VersioningSuspended) }, nil},
		{"becoming an old version", func(p *patient, _ Version) error { p.put("large", 3); return nil }, []string{"large"}},
		{"becoming current again", func(p *patient, now Version) error {
			_, err := p.s.Delete(p.ctx, DeleteObject{Bucket: "bucket", Key: "old", VersionID: now.VersionID})
			return err
		}, nil},
		{"assembly", func(p *patient, _ Version) error {
			at, done, err := p.s.Assemble(p.ctx, Mark{}, func(int64) error { return nil })
			if at == (Mark{}) {
				p.t.Errorf("nothing was assembled: %v", done)
			}
			return err
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			p.scatter("scattered")
			now, err := p.s.Describe(p.ctx, "bucket", "old", "")
			p.ok(err)
			p.age()
			p.ok(tc.act(p, now))
			p.aged(tc.written...)
		})
	}
}

// scatter writes an object in parts that do not lie side by side.
func (p *patient) scatter(key string) {
	p.t.Helper()
	u, err := p.s.CreateUpload(p.ctx, CreateUpload{Bucket: "bucket", Key: key})
	p.ok(err)
	p.part(u, 1, 5)
	list := []CompletePart{p.part(u, 1, 30), p.part(u, 2, 40)}
	_, err = p.s.CompleteUpload(p.ctx, CompleteUpload{Bucket: "bucket", Key: key, UploadID: u.UploadID, Parts: list, ObjectSize: -1})
	p.ok(err)
}

// A record of before there were lists reads as one with the default list, and is written as it was.
func TestOldRecords(t *testing.T) {
	old := versionRecord{id: id{1}, owner: "o", etag: []byte{1}}
	raw := old.encode(nil)
	var rec versionRecord
	if err := rec.decode(raw); err != nil || rec.rare != nil || !bytes.Equal(rec.encode(nil), raw) || rec.version(&Bucket{}, "k", true).Lock != nil {
		t.Errorf("%+v, error %v", rec, err)
	}
	var b Bucket
	if err := b.decode(appendBytes(appendUint(nil, 1, 7), 3, "o")); err != nil || !b.ACL.Default() || b.Ownership != OwnershipUnset || b.PublicAccess != 0 || b.DefaultLock != (lock.Rule{}) || b.Quota != (Quota{}) || !b.Has(ConfigCORS) || b.Has(ConfigNotification) {
		t.Errorf("%+v, error %v", b, err)
	}
}

// A list that cannot be read is damage, not the default list: that might let somebody in.
func TestDamagedList(t *testing.T) {
	p := newPatient(t)
	k := currentKey(p.b.ID, "large")
	raw := appendBytes(p.rec("large").encode(nil), fACL, "\xff")
	p.update(func(t kv.Txn) { t.Put(k, raw) })
	if _, err := p.s.Describe(p.ctx, "bucket", "large", ""); err == nil {
		t.Error("no error")
	}
	if got := p.problems(false); got == "" {
		t.Error("the check finds nothing")
	}
}

// A bucket from before features were kept still finds its documents, and keeps features from its next document on.
func TestOldFeatures(t *testing.T) {
	p := newPatient(t)
	p.ok(p.s.SetConfig(p.ctx, "bucket", ConfigCORS, []byte("cors")))
	b, err := p.s.HeadBucket(p.ctx, "bucket")
	p.ok(err)
	b.features = 0
	p.set(bucketKey("bucket"), b.encode())
	has := func(kind ConfigKind, want bool) {
		t.Helper()
		if _, err := p.s.Config(p.ctx, "bucket", kind); (err == nil) != want {
			t.Errorf("%c: error %v", kind, err)
		}
	}
	has(ConfigCORS, true)
	has(ConfigWebsite, false)
	if got := p.problems(false); got != "" {
		t.Errorf("found %q", got)
	}
	p.ok(p.s.SetConfig(p.ctx, "bucket", ConfigNotification, []byte("n")))
	has(ConfigCORS, true)
	has(ConfigNotification, true)
	has(ConfigWebsite, false)
	if b, err = p.s.HeadBucket(p.ctx, "bucket"); err != nil || b.features != featuresKept|1|8 {
		t.Errorf("features %x, error %v", b.features, err)
	}
	b.features = featuresKept | 2 | 1<<40
	p.set(bucketKey("bucket"), b.encode())
	if got := p.problems(true); got != ProblemFeatures {
		t.Errorf("found %q", got)
	}
	if b, err = p.s.HeadBucket(p.ctx, "bucket"); err != nil || b.features != featuresKept|1|8|1<<40 {
		t.Errorf("repaired features %x, error %v", b.features, err)
	}
}

package object_test

import (
	"testing"

	"myfsio/fault"
	"myfsio/object"
)

// TestPoisonIsNotServed: whoever wants the bytes of a poisoned version gets an error, and everything else about it goes on.
func TestPoisonIsNotServed(t *testing.T) {
	for name, write := range map[string]func(x *shop){
		"inline":    func(x *shop) { x.put("k", content(1, 10)) },
		"blob":      func(x *shop) { x.put("k", content(1, 300)) },
		"empty":     func(x *shop) { x.put("k", nil) },
		"parts":     func(x *shop) { x.multipart("k", content(1, 100), content(2, 50)) },
		"scattered": func(x *shop) { x.scattered("k", content(1, 100), content(2, 50)) },
		"sealed":    func(x *shop) { sealedWriters[0].write(x, "k", wishes[1], [][]byte{content(3, 300)}) },
	} {
		t.Run(name, func(t *testing.T) {
			x := newShop(t, object.VersioningEnabled)
			x.put("k", content(9, 300))
			write(x)
			v, err := x.s.Describe(x.ctx, home, "k", "")
			x.ok(err)
			x.ok(x.s.Poison(x.ctx, v.Examined()))
			for _, id := range []string{"", v.VersionID} {
				x.refused(id)
			}
			page, err := x.s.List(x.ctx, object.ListObjects{Bucket: home, Max: 10})
			x.ok(err)
			if len(page.Objects) != 1 || !page.Objects[0].Poisoned || page.Objects[0].ETag != v.ETag {
				t.Errorf("%+v", page.Objects)
			}
			_, err = x.s.SetTags(x.ctx, object.SetTags{Bucket: home, Key: "k", Tags: []object.Pair{{Name: "a", Value: "b"}}})
			x.ok(err)
			x.refused("")

			x.put("k", content(5, 20)) // a newer version is another one
			x.get("k", "", content(5, 20))
			x.refused(v.VersionID)
			x.ok(x.s.Cure(x.ctx, v.Examined()))
			r := x.open(object.GetObject{Key: "k", VersionID: v.VersionID})
			if r.Version.Poisoned || len(r.Version.Meta.Tags) != 1 {
				t.Errorf("%+v", r.Version)
			}
			x.ok(x.s.Poison(x.ctx, v.Examined()))
			x.delete("k", v.VersionID)
			x.kind(x.s.Poison(x.ctx, v.Examined()), fault.NoSuchVersion)
			x.drain()
			x.clean()
		})
	}
}

// refused checks that nobody reads the version.
func (x *shop) refused(version string) {
	x.Helper()
	for _, req := range []object.GetObject{{}, {HeadOnly: true}, {Range: &object.Range{First: 0, Last: 1}}, {PartNumber: 1}} {
		req.Bucket, req.Key, req.VersionID = home, "k", version
		if r, err := x.s.Open(x.ctx, req); !fault.Is(err, fault.Corrupted) || r == nil || !r.Version.Poisoned {
			x.Errorf("%+v: %v", req, err)
		}
	}
	_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", SourceVersionID: version, Bucket: home, Key: "copy"})
	x.kind(err, fault.Corrupted)
	_, err = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", SourceVersionID: version, Bucket: home, Key: "k", ReplaceMeta: true})
	x.kind(err, fault.Corrupted)
	u := x.begin("up")
	_, err = x.s.CopyPart(x.ctx, object.CopyPart{SourceBucket: home, SourceKey: "k", SourceVersionID: version, Bucket: home, Key: "up", UploadID: u.UploadID, Number: 1})
	x.kind(err, fault.Corrupted)
}

// TestPoisonTheExamined: what was found of one version is never said of another.
func TestPoisonTheExamined(t *testing.T) {
	for _, v := range []object.Versioning{object.Unversioned, object.VersioningEnabled, object.VersioningSuspended} {
		x := newShop(t, v)
		seen := x.put("k", content(1, 10))
		seen.VersionID = "" // as one that reads the current version
		x.put("k", content(2, 10))
		x.kind(x.s.Poison(x.ctx, seen.Examined()), fault.ConditionalConflict)
		x.kind(x.s.MendInline(x.ctx, seen.Examined(), content(3, 10)), fault.ConditionalConflict)
		x.get("k", "", content(2, 10))
	}
	x := newShop(t, object.Unversioned)
	v := x.put("k", content(1, 10))
	x.kind(x.s.MendInline(x.ctx, v.Examined(), content(3, 10)), fault.ConditionalConflict) // it is not poisoned
	x.ok(x.s.Poison(x.ctx, v.Examined()))
	x.kind(x.s.MendInline(x.ctx, v.Examined(), content(3, 11)), fault.ConditionalConflict) // that is not its length
	x.ok(x.s.MendInline(x.ctx, v.Examined(), content(1, 10)))
	if b, err := x.s.Bodies(x.ctx, v.Examined()); err != nil || string(b.Inline) != string(content(1, 10)) || len(b.Blobs) > 0 {
		t.Errorf("%+v, %v", b, err)
	}
	x.kind(x.s.Poison(x.ctx, object.Examined{Bucket: home, Key: "none", Stamp: v.Stamp}), fault.NoSuchKey)
	x.ok(x.s.Cure(x.ctx, v.Examined()))
	x.get("k", "", content(1, 10))
}

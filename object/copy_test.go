package object_test

import (
	"testing"

	"myfsio/fault"
	"myfsio/object"
)

func (x *shop) describeAnew(key string) object.Version {
	x.Helper()
	c, err := x.s.Copy(x.ctx, object.CopyObject{
		SourceBucket: home, SourceKey: key, Bucket: home, Key: key, ReplaceMeta: true, Meta: object.Metadata{ContentType: "text/new"},
	})
	x.ok(err)
	return c.Version
}

// A copy in place changes the metadata alone: no body is written and none is given up.
func TestCopyInPlaceSharesBody(t *testing.T) {
	long, part := content(1, 500), content(2, 100)
	for name, tc := range map[string]struct {
		write func(x *shop) object.Version
		data  []byte
	}{
		"inline":   {func(x *shop) object.Version { return x.put("k", part[:10]) }, part[:10]},
		"empty":    {func(x *shop) object.Version { return x.put("k", nil) }, nil},
		"blob":     {func(x *shop) object.Version { return x.put("k", long) }, long},
		"parts":    {func(x *shop) object.Version { return x.multipart("k", part, long) }, join(part, long)},
		"no bytes": {func(x *shop) object.Version { return x.multipart("k", nil) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			x := newShop(t, object.Unversioned)
			before := tc.write(x)
			blobs := x.stored()
			v := x.describeAnew("k")
			if v.ETag != before.ETag || v.Parts != before.Parts {
				t.Errorf("entity tag %s of %d parts, want %s of %d", v.ETag, v.Parts, before.ETag, before.Parts)
			}
			x.wantBlobs(blobs...)
			x.clean()
			x.drain()
			if got := x.get("k", "", tc.data); got.Meta.ContentType != "text/new" {
				t.Errorf("content type %q", got.Meta.ContentType)
			}
			x.clean()
		})
	}
}

// The null version stays when versioning was enabled meanwhile, so that its copy onto itself is a new version in one piece.
func TestCopyInPlaceBecomesVersion(t *testing.T) {
	x := newShop(t, object.Unversioned)
	a, b := content(1, 100), content(2, 100)
	old := x.multipart("k", a, b)
	x.versioning(object.VersioningEnabled)
	v := x.describeAnew("k")
	if v.Parts != 0 || v.ETag != md5Hex(join(a, b)) {
		t.Errorf("the copy has entity tag %s and %d parts", v.ETag, v.Parts)
	}
	x.get("k", v.VersionID, join(a, b))
	if x.get("k", object.NullVersion, join(a, b)).ETag != old.ETag {
		t.Error("the null version changed")
	}
	x.clean()
}

func TestCopyInPlaceSuspended(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	data := content(1, 300)
	first := x.put("k", data)
	x.versioning(object.VersioningSuspended)
	v := x.describeAnew("k") // of a version that stays: the bytes are copied
	if v.VersionID != object.NullVersion {
		t.Errorf("version %s", v.VersionID)
	}
	x.wantBlobs(300, 300)
	x.describeAnew("k") // of the null version: they are not
	x.wantBlobs(300, 300)
	x.delete("k", object.NullVersion)
	x.drain()
	x.wantBlobs(300)
	x.get("k", "", data)
	x.get("k", first.VersionID, data)
	x.clean()
}

// Who was allowed to copy one version does not get another one that came meanwhile.
func TestCopyOfTheVersionSeen(t *testing.T) {
	x := newShop(t, object.Unversioned)
	seen := x.put("k", content(1, 100))
	u := x.begin("up")
	copies := func(stamp [16]byte, cond object.Conditions) map[string]error {
		out := map[string]error{}
		_, out["copy"] = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", SourceStamp: stamp, SourceIf: cond, Bucket: home, Key: "copy"})
		_, out["part"] = x.s.CopyPart(x.ctx, object.CopyPart{SourceBucket: home, SourceKey: "k", SourceStamp: stamp, SourceIf: cond, Bucket: home, Key: "up", UploadID: u.UploadID, Number: 1})
		return out
	}
	for name, tc := range map[string]struct {
		change func()
		want   fault.Kind
	}{
		"the same":  {func() {}, fault.Kind(0)},
		"tagged":    {func() { x.tag("k", "a") }, fault.Kind(0)},
		"another":   {func() { seen = x.put("k", content(1, 100)); x.put("k", content(2, 100)) }, fault.ConditionalConflict},
		"described": {func() { seen = x.put("k", content(1, 100)); x.describeAnew("k") }, fault.ConditionalConflict},
		"gone":      {func() { x.delete("k", "") }, fault.NoSuchKey},
	} {
		t.Run(name, func(t *testing.T) {
			seen = x.put("k", content(1, 100))
			tc.change()
			for how, err := range copies(seen.Stamp, object.Conditions{}) {
				if tc.want == 0 && err != nil || tc.want != 0 && !fault.Is(err, tc.want) {
					t.Errorf("%s: error %v", how, err)
				}
			}
			if tc.want == fault.ConditionalConflict { // also before anything is told of the version that came
				for how, err := range copies(seen.Stamp, object.Conditions{IfMatch: []string{"x"}}) {
					if !fault.Is(err, tc.want) {
						t.Errorf("%s: error %v", how, err)
					}
				}
			}
		})
	}
	x.clean()
}

func (x *shop) tag(key, name string) {
	x.Helper()
	_, err := x.s.SetTags(x.ctx, object.SetTags{Bucket: home, Key: key, Tags: []object.Pair{{Name: name}}})
	x.ok(err)
}

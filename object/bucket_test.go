package object_test

import (
	"strings"
	"testing"

	"myfsio/fault"
	"myfsio/object"
)

func TestBucketNames(t *testing.T) {
	good := []string{"abc", "a-b", "a.b.c", "0ab", strings.Repeat("a", 63), "1.2.3", "256.1.1.1", "my.bucket-1"}
	bad := []string{
		"", "ab", strings.Repeat("a", 64), "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "a.-b", "a-.b", "192.168.0.1", "xn--abc", "sthree-abc",
		"abc-s3alias", "abc--ol-s3", "a/b", "a b", "abé", "admin", "iam", "kms", "ui", "myfsio", "ab\x00",
	}
	for _, n := range good {
		if err := object.CheckBucketName(n); err != nil {
			t.Errorf("%q: %v", n, err)
		}
	}
	for _, n := range bad {
		if err := object.CheckBucketName(n); !fault.Is(err, fault.InvalidBucketName) {
			t.Errorf("%q: error %v", n, err)
		}
	}
}

// A bucket with a version, a delete marker or an upload stays.
func TestDeleteBucket(t *testing.T) {
	for name, fill := range map[string]struct{ put, undo func(x *shop) }{
		"object": {func(x *shop) { x.put("k", nil) }, func(x *shop) { x.delete("k", object.NullVersion) }},
		"marker": {
			func(x *shop) { x.versioning(object.VersioningSuspended); x.delete("k", "") },
			func(x *shop) { x.delete("k", object.NullVersion) },
		},
		"old version": {
			func(x *shop) { x.put("k", nil); x.versioning(object.VersioningEnabled); x.marker("k") },
			func(x *shop) { x.delete("k", object.NullVersion); x.delete("k", x.top) },
		},
		"upload": {
			func(x *shop) { x.upload = x.begin("k"); x.part(x.upload, 1, content(1, 100)) },
			func(x *shop) {
				x.ok(x.s.AbortUpload(x.ctx, object.AbortUpload{Bucket: home, Key: "k", UploadID: x.upload.UploadID}))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newShop(t, object.Unversioned)
			fill.put(x)
			x.kind(x.s.DeleteBucket(x.ctx, home), fault.BucketNotEmpty)
			fill.undo(x)
			x.ok(x.s.DeleteBucket(x.ctx, home))
			x.kind(x.s.DeleteBucket(x.ctx, home), fault.NoSuchBucket)
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(nil)})
			x.kind(err, fault.NoSuchBucket)
			x.clean()
			// A new bucket of that name has nothing of the old one.
			_, err = x.s.CreateBucket(x.ctx, object.CreateBucket{Name: home})
			x.ok(err)
			if u, err := x.s.Usage(x.ctx, home); err != nil || u != (object.Usage{}) {
				t.Errorf("usage %+v, error %v", u, err)
			}
			x.drain()
			x.clean()
		})
	}
}

func (x *shop) marker(key string) {
	x.Helper()
	x.top = x.delete(key, "").VersionID
}

func TestCreateBucketTwice(t *testing.T) {
	x := newShop(t, object.Unversioned)
	for owner, want := range map[string]fault.Kind{"": fault.BucketOwned, "other": fault.BucketExists} {
		_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: home, Owner: owner})
		x.kind(err, want)
	}
	x.kind(x.s.SetVersioning(x.ctx, home, object.Unversioned), fault.InvalidArgument)
	b, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: "locked", ObjectLock: true})
	x.ok(err)
	if b.Versioning != object.VersioningEnabled {
		t.Error("a bucket with object lock is not versioned")
	}
	x.kind(x.s.SetVersioning(x.ctx, "locked", object.VersioningSuspended), fault.InvalidState)
}

func TestListBucketsPages(t *testing.T) {
	x := newShop(t, object.Unversioned)
	names := []string{"aa1", "aa2", "ab1", home, "zz1"}
	for i, n := range names {
		if n != home {
			_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: n, Region: []string{"eu", "us"}[i%2]})
			x.ok(err)
		}
	}
	for _, tc := range []struct {
		req  object.ListBuckets
		want string
		next string
	}{
		{object.ListBuckets{}, "aa1 aa2 ab1 bucket zz1", ""},
		{object.ListBuckets{Max: 2}, "aa1 aa2", "aa2"},
		{object.ListBuckets{Max: 2, After: "aa2"}, "ab1 bucket", "bucket"},
		{object.ListBuckets{Max: 5}, "aa1 aa2 ab1 bucket zz1", ""},
		{object.ListBuckets{Prefix: "a"}, "aa1 aa2 ab1", ""},
		{object.ListBuckets{Prefix: "aa", After: "aa1"}, "aa2", ""},
		{object.ListBuckets{Prefix: "b", After: "a"}, "bucket", ""},
		{object.ListBuckets{Prefix: "a", After: "zz"}, "", ""},
		{object.ListBuckets{Region: "us"}, "aa2", ""},
		{object.ListBuckets{Region: "eu", Max: 1}, "aa1", "aa1"},
	} {
		page, err := x.s.ListBuckets(x.ctx, tc.req)
		x.ok(err)
		var got []string
		for _, b := range page.Buckets {
			got = append(got, b.Name)
		}
		if strings.Join(got, " ") != tc.want || page.Next != tc.next {
			t.Errorf("%+v: %v next %q, want %q next %q", tc.req, got, page.Next, tc.want, tc.next)
		}
	}
}

// Begin tells a crash from an orderly end.
func TestBeginEnd(t *testing.T) {
	x := newShop(t, object.Unversioned)
	for i, want := range []bool{false, true} {
		crashed, err := x.s.Begin(x.ctx)
		x.ok(err)
		if crashed != want {
			t.Errorf("run %d: crashed %v", i, crashed)
		}
		x.reopen()
	}
	x.ok(x.s.End(x.ctx))
	if crashed, err := x.s.Begin(x.ctx); crashed || err != nil {
		t.Errorf("after an orderly end: crashed %v, error %v", crashed, err)
	}
}

func TestLimits(t *testing.T) {
	x := newShop(t, object.Unversioned)
	put := func(key string, m object.Metadata) error {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Meta: m, Body: body(nil)})
		return err
	}
	tags := func(n int) (out []object.Pair) {
		for i := range n {
			out = append(out, object.Pair{Name: strings.Repeat("ü", 127) + string(rune('a'+i)), Value: strings.Repeat("ü", 256)})
		}
		return out
	}
	user := func(n int) object.Metadata {
		return object.Metadata{User: []object.Pair{{Name: "n", Value: strings.Repeat("v", n-1)}}}
	}
	x.ok(put(strings.Repeat("é", 512), object.Metadata{}))
	x.kind(put(strings.Repeat("é", 512)+"a", object.Metadata{}), fault.KeyTooLong)
	x.kind(put("", object.Metadata{}), fault.InvalidArgument)
	x.kind(put("\xff", object.Metadata{}), fault.InvalidArgument)
	x.ok(put("k", user(object.MaxUserMeta)))
	x.kind(put("k", user(object.MaxUserMeta+1)), fault.MetadataTooLarge)
	x.kind(put("k", object.Metadata{User: []object.Pair{{Name: "n", Value: "a\r\nb"}}}), fault.InvalidArgument)
	x.ok(put("k", object.Metadata{Tags: tags(object.MaxObjectTags)}))
	for _, bad := range [][]object.Pair{
		tags(object.MaxObjectTags + 1), {{Name: ""}}, {{Name: "a"}, {Name: "a"}}, {{Name: strings.Repeat("n", 129)}}, {{Name: "a", Value: strings.Repeat("v", 257)}}, {{Name: "\xff"}},
	} {
		x.kind(put("k", object.Metadata{Tags: bad}), fault.InvalidTag)
	}
	for _, n := range []int{0, -1, object.MaxParts + 1} {
		_, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "k", UploadID: unknownID, Number: n, Body: body(nil)})
		x.kind(err, fault.InvalidArgument)
	}
	_, err := x.s.DeleteBatch(x.ctx, home, make([]object.DeleteObject, object.MaxDelete+1))
	x.kind(err, fault.InvalidArgument)
	_, err = x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: object.Body{Reader: untouched{t}, Size: object.MaxPartSize + 1}})
	x.kind(err, fault.EntityTooLarge)
	for _, id := range []string{"x", strings.ToUpper(x.put("v", nil).VersionID), strings.Repeat("z", 26), unknownID + "0"} {
		_, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "k", VersionID: id})
		x.kind(err, fault.InvalidArgument)
	}
}

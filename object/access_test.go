package object_test

import (
	"errors"
	"testing"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/object"
)

var publicRead, _ = acl.Canned("public-read", "owner", "owner")

// code returns the exact code of an error.
func code(err error) string {
	var fe *fault.Error
	if errors.As(err, &fe) {
		return fe.Code
	}
	return ""
}

// mine is a shop with a bucket of "owner" that has this ownership.
func mine(t *testing.T, o object.Ownership) *shop {
	x := newShop(t, object.VersioningEnabled)
	x.ok(x.s.DeleteBucket(x.ctx, home))
	_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: home, Owner: "owner", Ownership: o})
	x.ok(err)
	x.versioning(object.VersioningEnabled)
	return x
}

// The owner of what is written follows the bucket's ownership, in whatever way it is written.
func TestOwnership(t *testing.T) {
	for _, tc := range []struct {
		ownership object.Ownership
		writer    string
		full      bool
		want      string
	}{
		{object.OwnershipUnset, "owner", false, "owner"},
		{object.OwnershipUnset, "writer", false, "owner"},
		{object.OwnershipUnset, "", false, "owner"},
		{object.ObjectWriter, "writer", false, "writer"},
		{object.ObjectWriter, "writer", true, "writer"},
		{object.ObjectWriter, "", false, "owner"},
		{object.BucketOwnerPreferred, "writer", false, "writer"},
		{object.BucketOwnerPreferred, "writer", true, "owner"},
		{object.BucketOwnerPreferred, "", false, "owner"},
		{object.BucketOwnerEnforced, "writer", false, "owner"},
		{object.BucketOwnerEnforced, "writer", true, "owner"},
	} {
		x := mine(t, tc.ownership)
		var list acl.List
		if tc.full {
			list, _ = acl.Canned("bucket-owner-full-control", tc.writer, "owner")
		}
		for how, v := range x.waysToWrite(tc.writer, list, tc.full) {
			want := list
			if !tc.full || tc.want == "owner" {
				want = acl.List{}
			}
			if v.Owner != tc.want || len(v.ACL.Grants) != len(want.Grants) {
				t.Errorf("%+v, %s: owner %q, list %v", tc, how, v.Owner, v.ACL)
			}
		}
		x.delete("put", "")
		page, err := x.s.ListVersions(x.ctx, object.ListVersions{Bucket: home, Prefix: "put", Max: 1})
		x.ok(err)
		if got := page.Versions[0]; !tc.full && (!got.DeleteMarker || got.Owner != "owner") { // nobody is said to delete
			t.Errorf("%+v: delete marker %+v", tc, got)
		}
		b, err := x.s.HeadBucket(x.ctx, home)
		x.ok(err)
		if got := b.ObjectOwner(tc.writer, tc.full); got != tc.want {
			t.Errorf("%+v: told owner %q", tc, got)
		}
	}
}

// waysToWrite makes a version in every way there is.
func (x *shop) waysToWrite(writer string, list acl.List, full bool) map[string]object.Version {
	x.Helper()
	out := map[string]object.Version{}
	_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "put", Owner: writer, ACL: list, BucketOwnerFull: full, Body: body(content(1, 9))})
	x.ok(err)
	c, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "put", Bucket: home, Key: "copy", Owner: writer, ACL: list, BucketOwnerFull: full})
	x.ok(err)
	u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "complete", Owner: writer, ACL: list, BucketOwnerFull: full})
	x.ok(err)
	done, err := x.s.CompleteUpload(x.ctx, completeOf(u, x.part(u, 1, content(2, 9))))
	x.ok(err)
	for _, v := range []object.Version{c.Version, done} {
		got, err := x.s.Describe(x.ctx, home, v.Key, "")
		x.ok(err)
		if got.Stamp != v.Stamp || got.Owner != v.Owner {
			x.Errorf("described %+v, written %+v", got, v)
		}
	}
	if out["put"], err = x.s.Describe(x.ctx, home, "put", ""); err != nil {
		x.Error(err)
	}
	out["copy"], out["complete"] = c.Version, done
	return out
}

// A bucket refuses the lists that its settings do not allow, whoever brings them and on whatever way, and before a byte of a body is read.
func TestRefusedLists(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(x *shop)
		kind fault.Kind
		code string
	}{
		{"enforced", func(x *shop) { x.ok(x.s.SetOwnership(x.ctx, home, object.BucketOwnerEnforced)) }, fault.InvalidRequest, "AccessControlListNotSupported"},
		{"blocked", func(x *shop) { x.ok(x.s.SetPublicAccess(x.ctx, home, object.BlockACLs)) }, fault.AccessDenied, ""},
		{"too long", nil, fault.InvalidArgument, "MalformedACLError"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := mine(t, object.OwnershipUnset)
			x.put("k", content(1, 9))
			u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "begun before", ACL: publicRead})
			x.ok(err)
			part := x.part(u, 1, content(1, 9))
			list := publicRead
			if tc.set != nil {
				tc.set(x)
				_, err = x.s.CompleteUpload(x.ctx, completeOf(u, part))
				x.kind(err, tc.kind)
			} else {
				list.Grants = make([]acl.Grant, 101)
				for i := range list.Grants {
					list.Grants[i] = acl.Grant{Grantee: acl.Grantee{ID: "one"}, Permission: acl.Read}
				}
			}
			for how, err := range x.waysToList(t, list) {
				if !fault.Is(err, tc.kind) || code(err) != tc.code {
					t.Errorf("%s: %v of kind %d and code %q", how, err, fault.KindOf(err), code(err))
				}
			}
			x.clean()
		})
	}
}

func (x *shop) waysToList(t *testing.T, list acl.List) map[string]error {
	out := map[string]error{}
	_, out["put"] = x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "new", ACL: list, Body: object.Body{Reader: untouched{t}, Size: -1}})
	_, out["copy"] = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", Bucket: home, Key: "new", ACL: list})
	_, out["copy in place"] = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", Bucket: home, Key: "k", ReplaceMeta: true, ACL: list})
	_, out["upload"] = x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "new", ACL: list})
	_, out["object"] = x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k", ACL: list})
	out["bucket"] = x.s.SetBucketACL(x.ctx, home, list)
	return out
}

// BucketOwnerEnforced goes with the default lists only: it takes bucket-owner-full-control on a write, as clients send it, and no change of a list at all.
func TestEnforced(t *testing.T) {
	x := mine(t, object.OwnershipUnset)
	x.ok(x.s.SetBucketACL(x.ctx, home, publicRead))
	if err := x.s.SetOwnership(x.ctx, home, object.BucketOwnerEnforced); code(err) != "InvalidBucketAclWithObjectOwnership" {
		t.Errorf("error %v", err)
	}
	_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: "other", Owner: "owner", Ownership: object.BucketOwnerEnforced, ACL: publicRead})
	if code(err) != "InvalidBucketAclWithObjectOwnership" {
		t.Errorf("error %v", err)
	}
	own := acl.List{Grants: []acl.Grant{{Grantee: acl.Grantee{ID: "owner"}, Permission: acl.FullControl}}}
	x.ok(x.s.SetBucketACL(x.ctx, home, own)) // says what the default list does
	x.ok(x.s.SetOwnership(x.ctx, home, object.BucketOwnerEnforced))
	full, _ := acl.Canned("bucket-owner-full-control", "writer", "owner")
	v, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Owner: "writer", ACL: full, BucketOwnerFull: true, Body: body(nil)})
	if err != nil || v.Owner != "owner" || !v.ACL.Default() {
		t.Errorf("%+v, error %v", v, err)
	}
	_, err = x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k"})
	x.kind(err, fault.InvalidRequest)
	x.kind(x.s.SetBucketACL(x.ctx, home, acl.List{}), fault.InvalidRequest)
	x.ok(x.s.SetOwnership(x.ctx, home, object.OwnershipUnset))
	x.ok(x.s.SetBucketACL(x.ctx, home, publicRead))
}

func TestSetObjectACL(t *testing.T) {
	x := mine(t, object.OwnershipUnset)
	old := x.put("k", content(1, 9))
	now := x.put("k", content(2, 9))
	got, err := x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k", VersionID: old.VersionID, ACL: publicRead})
	x.ok(err)
	if got.VersionID != old.VersionID || got.Latest || got.Stamp != old.Stamp {
		t.Errorf("%+v", got)
	}
	for v, want := range map[string]bool{old.VersionID: true, now.VersionID: false, "": false} {
		d, err := x.s.Describe(x.ctx, home, "k", v)
		if err != nil || d.ACL.Public() != want {
			t.Errorf("version %q: %+v, error %v", v, d.ACL, err)
		}
		if r := x.open(object.GetObject{Key: "k", VersionID: v, HeadOnly: true}); r.Version.ACL.Public() != want || r.Version.Stamp != d.Stamp {
			t.Errorf("version %q: opened %+v", v, r.Version)
		}
	}
	x.marker("k")
	for v, want := range map[string]fault.Kind{"": fault.NoSuchKey, x.top: fault.MethodNotAllowed, unknownID: fault.NoSuchVersion} {
		_, err := x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k", VersionID: v, ACL: publicRead})
		x.kind(err, want)
	}
}

// The stamp of a key's null version changes with its bytes and metadata, and with nothing else.
func TestStamp(t *testing.T) {
	x := newShop(t, object.Unversioned)
	stamp := func() [16]byte {
		v, err := x.s.Describe(x.ctx, home, "k", "")
		x.ok(err)
		r := x.open(object.GetObject{Key: "k"})
		x.ok(r.Close())
		if r.Version.Stamp != v.Stamp {
			t.Error("two stamps of one version")
		}
		return v.Stamp
	}
	x.put("k", content(1, 9))
	first := stamp()
	_, err := x.s.SetTags(x.ctx, object.SetTags{Bucket: home, Key: "k", Tags: []object.Pair{{Name: "a"}}})
	x.ok(err)
	_, err = x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k", ACL: publicRead})
	x.ok(err)
	if stamp() != first {
		t.Error("tags and list changed the stamp")
	}
	x.put("k", content(1, 9))
	second := stamp()
	x.describeAnew("k")
	if third := stamp(); first == second || second == third || first == third {
		t.Error("a new version has an old stamp")
	}
}

func TestConfig(t *testing.T) {
	x := newShop(t, object.Unversioned)
	get := func() ([]byte, error) { return x.s.Config(x.ctx, home, object.ConfigCORS) }
	_, err := get()
	if !fault.Is(err, fault.NoSuchConfig) || code(err) != "NoSuchCORSConfiguration" {
		t.Errorf("error %v", err)
	}
	for _, doc := range [][]byte{[]byte("<a/>"), content(1, object.MaxConfig), {0}} {
		x.ok(x.s.SetConfig(x.ctx, home, object.ConfigCORS, doc))
		if got, err := get(); err != nil || string(got) != string(doc) {
			t.Errorf("%d bytes, error %v", len(got), err)
		}
	}
	x.kind(x.s.SetConfig(x.ctx, home, object.ConfigCORS, nil), fault.InvalidArgument)
	x.kind(x.s.SetConfig(x.ctx, home, object.ConfigCORS, make([]byte, object.MaxConfig+1)), fault.InvalidArgument)
	x.kind(x.s.SetConfig(x.ctx, home, 'x', []byte("y")), fault.InvalidArgument)
	x.kind(x.s.SetConfig(x.ctx, "nothing", object.ConfigCORS, []byte("y")), fault.NoSuchBucket)
	x.clean()
	x.ok(x.s.DeleteBucket(x.ctx, home))
	_, err = get()
	x.kind(err, fault.NoSuchBucket)
	x.clean() // no row is left
	_, err = x.s.CreateBucket(x.ctx, object.CreateBucket{Name: home})
	x.ok(err)
	_, err = get()
	x.kind(err, fault.NoSuchConfig)
	x.ok(x.s.DeleteConfig(x.ctx, home, object.ConfigCORS))
	for _, k := range object.ConfigKinds() { // each for itself
		x.ok(x.s.SetConfig(x.ctx, home, k, []byte{byte(k)}))
	}
	b, err := x.s.HeadBucket(x.ctx, home)
	x.ok(err)
	for _, k := range object.ConfigKinds() {
		doc, err := x.s.Config(x.ctx, home, k)
		if err != nil || string(doc) != string(rune(k)) || !b.Has(k) {
			t.Errorf("%c: %q, error %v", k, doc, err)
		}
		x.ok(x.s.DeleteConfig(x.ctx, home, k))
		if _, err = x.s.Config(x.ctx, home, k); !fault.Is(err, fault.NoSuchConfig) || code(err) == "" {
			t.Errorf("%c: error %v", k, err)
		}
	}
	x.clean()
}

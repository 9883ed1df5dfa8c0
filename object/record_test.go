package object

import (
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/acl"
	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/object/lock"
)

var fullRecord = versionRecord{
	id: id{1, 2, 3}, flags: flagNull | flagParts | flagPoison, size: 1 << 40, modified: -5, stored: sumKnown | 7, etag: []byte{1, 2}, parts: 3, body: body{bodyParts, id{4}}, owner: "o",
	sum: sumRecord{checksum.CRC32, checksum.Composite, []byte{9}},
	meta: Metadata{
		ContentType: "a", CacheControl: "b", ContentDisposition: "c", ContentEncoding: "d", ContentLanguage: "e", Expires: "f", WebsiteRedirect: "g",
		StorageClass: "h", User: []Pair{{"x", "y"}, {"x", ""}}, Tags: []Pair{{"t", "u"}},
	},
	rare: &rareFields{acl: fullList, lock: lock.State{Retention: lock.Retention{Mode: lock.Compliance, Until: time.Unix(7, 8).UTC()}, Hold: lock.HoldOff}, extra: newField},
}

var fullList = acl.List{Grants: []acl.Grant{{Grantee: acl.Grantee{ID: "o"}, Permission: acl.FullControl}, {Grantee: acl.Grantee{Group: acl.AllUsers}, Permission: acl.Read}}}

// newField is what a newer program may write into any record: a text and a number.
var newField = protowire.AppendVarint(protowire.AppendTag(appendBytes(nil, 900, "new"), 901, protowire.VarintType), 0)

func TestRecordsRoundTrip(t *testing.T) {
	var v versionRecord
	if err := v.decode(fullRecord.encode(nil)); err != nil || !reflect.DeepEqual(v, fullRecord) {
		t.Errorf("version %+v, error %v", v, err)
	}
	var short brief
	home := Bucket{Name: "home", Versioning: VersioningEnabled}
	want := fullRecord.version(&home, "k", true)
	want.Meta = Metadata{StorageClass: "h"}
	want.Checksum.Value, want.ACL, want.Lock, want.Stamp, want.Lifecycle = "", acl.List{}, nil, [16]byte{}, false
	if err := short.decode(fullRecord.encode(nil)); err != nil || !reflect.DeepEqual((&lister{b: &home}).version(&short, "k", true), want) {
		t.Errorf("brief %+v, error %v", short, err)
	}
	p := partRecord{size: 7, etag: []byte{1}, modified: 3, sum: []byte{2}, stored: sumKnown, at: extent{blob.ID{5}, 9, 7}, shared: true, left: []blob.ID{{6}, {7}}}
	var p2 partRecord
	if err := p2.decode(p.encode(nil)); err != nil || !reflect.DeepEqual(p, p2) {
		t.Errorf("part %+v, error %v", p2, err)
	}
	m := manifest{numbers: []int{1, 5}, parts: []partRecord{{size: 1, etag: []byte{1}}, {size: 2, etag: []byte{2}}}, extents: []extent{{blob.ID{1}, 2, 3}}}
	var m2 manifest
	if err := m2.decode(m.encode()); err != nil || !reflect.DeepEqual(m, m2) {
		t.Errorf("manifest %+v, error %v", m2, err)
	}
	u := uploadRecord{initiated: 5, owner: "a", initiator: "b", sum: sumRecord{alg: checksum.SHA1, typ: checksum.Composite}, meta: fullRecord.meta, acl: fullList, ownerFull: true,
		lock: lock.State{Hold: lock.HoldOn}}
	var u2 uploadRecord
	if err := u2.decode(u.encode()); err != nil || !reflect.DeepEqual(u, u2) {
		t.Errorf("upload %+v, error %v", u2, err)
	}
	b := Bucket{ID: 3, Created: time.Unix(1, 2).UTC(), Owner: "o", Region: "r", Versioning: VersioningSuspended, ObjectLock: true,
		ACL: fullList, Ownership: BucketOwnerEnforced, PublicAccess: BlockACLs | PublicAccessConfigured, DefaultLock: lock.Rule{Mode: lock.Governance, Years: 3}, Quota: Quota{1 << 40, 7}, features: featuresKept | 5, extra: string(newField)}
	var b2 Bucket
	if err := b2.decode(b.encode()); err != nil || !reflect.DeepEqual(b, b2) {
		t.Errorf("bucket %+v, error %v", b2, err)
	}
}

// FuzzDecode: no record that a damaged disk may give makes a decoder panic, and what a decoder accepts it
// writes and reads again as the same.
func FuzzDecode(f *testing.F) {
	f.Add(fullRecord.encode(nil))
	f.Add((&manifest{numbers: []int{1}, parts: []partRecord{{size: 1, at: extent{blob.ID{1}, 0, 1}}}, extents: []extent{{blob.ID{1}, 2, 3}}}).encode())
	f.Add((&partRecord{size: 7, left: []blob.ID{{1}}, shared: true}).encode(nil))
	f.Add((&Bucket{ID: 1, Created: time.Unix(0, 0)}).encode())
	f.Add((&uploadRecord{initiator: "x"}).encode())
	f.Add([]byte{0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		var v, again versionRecord
		if v.decode(data) == nil {
			if err := again.decode(v.encode(nil)); err != nil || !reflect.DeepEqual(v, again) {
				t.Errorf("%+v, then %+v, error %v", v, again, err)
			}
		}
		_ = new(brief).decode(data)
		_ = new(manifest).decode(data)
		_ = new(partRecord).decode(data)
		_ = new(uploadRecord).decode(data)
		_ = new(Bucket).decode(data)
	})
}

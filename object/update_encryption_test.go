package object_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/seal"
)

// bodiesOf is where the bytes of all objects lie, and what they are.
func (x *shop) bodiesOf() map[[16]byte]string {
	x.Helper()
	out := map[[16]byte]string{}
	for info, err := range x.blobs.List(x.ctx, [16]byte{}) {
		x.ok(err)
		out[info.ID] = fmt.Sprint(info)
	}
	return out
}

// Whatever an object of the server's own keys was written as, it reads the same under another key, and nothing but its key has changed.
func TestUpdateEncryption(t *testing.T) {
	for _, versioning := range []object.Versioning{object.Unversioned, object.VersioningEnabled} {
		for _, w := range wishes[1:3] {
			for _, wr := range sealedWriters {
				t.Run(fmt.Sprintf("%s/%s/%d", nameOf(w), wr.name, versioning), func(t *testing.T) {
					x, _ := sealedShop(t, versioning)
					for i, parts := range sealedBodies() {
						key := fmt.Sprintf("key %d", i)
						v := wr.write(x, key, w, parts)
						before, err := x.s.Describe(x.ctx, home, key, "")
						x.ok(err)
						blobs := x.bodiesOf()
						got, err := x.s.UpdateEncryption(x.ctx, object.UpdateEncryption{Bucket: home, Key: key, KeyID: "other", BucketKey: true})
						x.ok(err)
						want := object.Encryption{Sort: seal.KMS, KeyID: "arn:other", BucketKey: true}
						if got.Encryption == nil || *got.Encryption != want {
							t.Errorf("it shows %+v", got.Encryption)
						}
						after, err := x.s.Describe(x.ctx, home, key, "")
						x.ok(err)
						before.Encryption = &want
						if !reflect.DeepEqual(before, after) {
							t.Errorf("%+v became %+v", before, after)
						}
						if now := x.bodiesOf(); !reflect.DeepEqual(blobs, now) {
							t.Errorf("bytes moved: %v became %v", blobs, now)
						}
						_, err = x.s.UpdateEncryption(x.ctx, object.UpdateEncryption{Bucket: home, Key: key, VersionID: got.VersionID, KeyID: "k"})
						x.ok(err)
						x.readSealed(key, &object.Sealing{Sort: seal.KMS, KeyID: "k"}, parts, v)
					}
					x.clean()
					x.drain()
					x.clean()
				})
			}
		}
	}
}

// An old version, and the null version behind it, change where they stand.
func TestUpdateEncryptionOfVersions(t *testing.T) {
	x, _ := sealedShop(t, object.Unversioned)
	parts := [][]byte{content(1, 300)}
	sealedWriters[0].write(x, "k", wishes[1], parts)
	x.versioning(object.VersioningEnabled)
	old := sealedWriters[2].write(x, "k", wishes[1], parts)
	sealedWriters[0].write(x, "k", wishes[1], parts)
	for _, id := range []string{object.NullVersion, old.VersionID} {
		v, err := x.s.UpdateEncryption(x.ctx, object.UpdateEncryption{Bucket: home, Key: "k", VersionID: id, KeyID: "k"})
		x.ok(err)
		if v.VersionID != id || v.Latest {
			t.Errorf("%+v", v)
		}
		r := x.open(object.GetObject{Key: "k", VersionID: id})
		if r.Version.Encryption.KeyID != "arn:k" {
			t.Errorf("%+v", r.Version.Encryption)
		}
	}
	x.readSealed("k", wishes[1], parts, object.Version{})
	x.clean()
}

func TestUpdateEncryptionRefused(t *testing.T) {
	x, v := sealedShop(t, object.Unversioned)
	data := [][]byte{content(1, 300)}
	for i, key := range []string{"clear", "s3", "kms", "c"} {
		sealedWriters[0].write(x, key, wishes[i], data)
	}
	refused := func(key, version, id string, kind fault.Kind, code string) {
		t.Helper()
		_, err := x.s.UpdateEncryption(x.ctx, object.UpdateEncryption{Bucket: home, Key: key, VersionID: version, KeyID: id})
		var fe *fault.Error
		if x.kind(err, kind); errors.As(err, &fe) && fe.Code != code {
			t.Errorf("%v has the code %q, want %q", err, fe.Code, code)
		}
	}
	refused("none", "", "k", fault.NoSuchKey, "")
	refused("s3", unknownID, "k", fault.NoSuchVersion, "")
	refused("clear", "", "k", fault.InvalidRequest, "")
	refused("c", "", "k", fault.InvalidRequest, "")
	refused("s3", "", "", fault.InvalidRequest, "")
	refused("s3", "", "none", fault.InvalidRequest, "KMS.NotFoundException")
	_, err := x.s.UpdateEncryption(x.ctx, object.UpdateEncryption{Bucket: home, Key: "s3", KeyID: "k", Stamp: [16]byte{1}})
	x.kind(err, fault.ConditionalConflict)
	v.disabled = true
	refused("s3", "", "k", fault.InvalidRequest, "KMS.DisabledException")
	refused("kms", "", "k", fault.InvalidRequest, "KMS.DisabledException")
	v.disabled = false
	x.seal(v, false)
	refused("s3", "", "k", fault.InvalidRequest, "")
	x.seal(nil, true)
	refused("s3", "", "k", fault.InvalidRequest, "KMS.NotFoundException")
	x.seal(v, true)
	for i, key := range []string{"clear", "s3", "kms", "c"} {
		x.readSealed(key, wishes[i], data, object.Version{})
	}
	x.versioning(object.VersioningEnabled)
	x.delete("s3", "")
	refused("s3", "", "k", fault.NoSuchKey, "")
	page, err := x.s.ListVersions(x.ctx, object.ListVersions{Bucket: home, Prefix: "s3", Max: 10})
	x.ok(err)
	refused("s3", page.Versions[0].VersionID, "k", fault.MethodNotAllowed, "")
}

// What Object Lock protects keeps its key, and gets another one when the protection is over.
func TestUpdateEncryptionLocked(t *testing.T) {
	x, _ := sealedShop(t, object.Unversioned)
	_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: "locked", ObjectLock: true})
	x.ok(err)
	now := time.Now()
	for name, state := range map[string]lock.State{
		"governance": {Retention: lock.Retention{Mode: lock.Governance, Until: now.Add(time.Hour)}},
		"compliance": {Retention: lock.Retention{Mode: lock.Compliance, Until: now.Add(time.Hour)}},
		"hold":       {Hold: lock.HoldOn},
		"no hold":    {Hold: lock.HoldOff},
	} {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: "locked", Key: name, Seal: wishes[1], Lock: state, Body: body(content(1, 10))})
		x.ok(err)
		_, err = x.s.UpdateEncryption(x.ctx, object.UpdateEncryption{Bucket: "locked", Key: name, KeyID: "k"})
		if name == "no hold" {
			x.ok(err)
			continue
		}
		x.kind(err, fault.Locked)
		v, err := x.s.Describe(x.ctx, "locked", name, "")
		x.ok(err)
		if v.Encryption.Sort != seal.S3 {
			t.Errorf("%s: %+v", name, v.Encryption)
		}
	}
	_, err = x.s.SetLegalHold(x.ctx, object.SetLegalHold{Bucket: "locked", Key: "hold"})
	x.ok(err)
	_, err = x.s.UpdateEncryption(x.ctx, object.UpdateEncryption{Bucket: "locked", Key: "hold", KeyID: "k"})
	x.ok(err)
}

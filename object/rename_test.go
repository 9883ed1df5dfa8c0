package object_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/seal"
)

func (x *shop) rename(req object.RenameObject) object.Renamed {
	x.Helper()
	req.Bucket = home
	out, err := x.s.Rename(x.ctx, req)
	x.ok(err)
	return out
}

// Whatever way an object was written and encrypted, it is the same under its new name, and again under the next.
func TestRenameSealed(t *testing.T) {
	parts := [][]byte{content(1, 100), content(2, 100), content(3, 30)}
	for _, versioning := range []object.Versioning{object.Unversioned, object.VersioningEnabled, object.VersioningSuspended} {
		for _, wish := range wishes {
			for _, wr := range sealedWriters {
				t.Run(fmt.Sprint(versioning, " ", nameOf(wish), "/", wr.name), func(t *testing.T) {
					x, _ := sealedShop(t, versioning)
					v := wr.write(x, "a", wish, parts)
					shape := parts
					if v.Parts == 0 {
						shape = [][]byte{join(parts...)}
					}
					for _, names := range [][2]string{{"a", "b"}, {"b", "c/d"}} {
						out := x.rename(object.RenameObject{Source: names[0], Key: names[1], SourceCustomer: keyOf(wish)})
						if got := out.Version; got.ETag != v.ETag || got.Size != v.Size || !got.Modified.Equal(v.Modified) || got.Stamp == v.Stamp {
							t.Errorf("%+v became %+v", v, got)
						}
						x.readSealed(names[1], wish, shape, v)
						_, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: names[0]})
						x.kind(err, fault.NoSuchKey)
						x.clean()
					}
					x.secret(wish, parts)
					x.drain()
					x.readSealed("c/d", wish, shape, v)
					x.clean()
				})
			}
		}
	}
}

// A key that is not at hand, or not the right one, keeps an object where it is.
func TestRenameNeedsKeys(t *testing.T) {
	x, v := sealedShop(t, object.Unversioned)
	data := [][]byte{content(1, 300)}
	for _, w := range wishes {
		sealedWriters[0].write(x, nameOf(w), w, data)
	}
	v.disabled = true
	for _, c := range []struct {
		source   string
		customer *seal.Key
		kind     fault.Kind
		code     string
	}{
		{"SSE-KMS", nil, fault.InvalidRequest, "KMS.DisabledException"},
		{"SSE-C", nil, fault.InvalidRequest, ""},
		{"SSE-C", &stranger, fault.AccessDenied, ""},
		{"SSE-S3", &customer, fault.InvalidRequest, ""},
		{"clear", &customer, fault.InvalidRequest, ""},
	} {
		_, err := x.s.Rename(x.ctx, object.RenameObject{Bucket: home, Source: c.source, Key: "to", SourceCustomer: c.customer})
		var fe *fault.Error
		if x.kind(err, c.kind); errors.As(err, &fe) && fe.Code != c.code {
			t.Errorf("%s: code %q, want %q", c.source, fe.Code, c.code)
		}
	}
	v.disabled = false
	for _, w := range wishes {
		x.readSealed(nameOf(w), w, data, object.Version{})
	}
	x.clean()
}

// What is protected does not leave its key, and what is at the new key stays as a version.
func TestRenameLocked(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	x.ok(x.s.SetObjectLock(x.ctx, home, lock.Rule{}))
	for key, state := range map[string]lock.State{
		"governed": {Retention: lock.Retention{Mode: lock.Governance, Until: x.clock.Add(time.Hour)}},
		"kept":     {Retention: lock.Retention{Mode: lock.Compliance, Until: x.clock.Add(time.Hour)}},
		"held":     {Hold: lock.HoldOn},
	} {
		v, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Body: body(content(1, 10)), Lock: state})
		x.ok(err)
		_, err = x.s.Rename(x.ctx, object.RenameObject{Bucket: home, Source: key, Key: "to"})
		x.kind(err, fault.Locked)
		x.put("free "+key, content(2, 10))
		x.rename(object.RenameObject{Source: "free " + key, Key: key})
		x.get(key, "", content(2, 10))
		x.get(key, v.VersionID, content(1, 10))
	}
	x.clock = x.clock.Add(2 * time.Hour)
	x.put("late", content(3, 10))
	v, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "late", Body: body(content(4, 10)), Lock: lock.State{Retention: lock.Retention{Mode: lock.Governance, Until: x.clock.Add(time.Hour)}}})
	x.ok(err)
	x.clock = x.clock.Add(2 * time.Hour)
	if out := x.rename(object.RenameObject{Source: "late", Key: "now"}); out.Version.Lock == nil || *out.Version.Lock != *v.Lock {
		t.Errorf("%+v became %+v", v.Lock, out.Version.Lock)
	}
	x.clean()
}

// Only the version that was decided about is renamed.
func TestRenameStamp(t *testing.T) {
	x := newShop(t, object.Unversioned)
	v := x.put("a", content(1, 10))
	x.put("a", content(2, 10))
	_, err := x.s.Rename(x.ctx, object.RenameObject{Bucket: home, Source: "a", Key: "b", SourceStamp: v.Stamp})
	x.kind(err, fault.ConditionalConflict)
	x.get("a", "", content(2, 10))
}

// An object that is renamed while its pieces are put together stays whole, and is put together.
func TestRenameWhileAssembled(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.scattered("a", content(1, 100), content(2, 90))
	x.put("b", content(3, 100))
	renamed := false
	_, _, err := x.s.Assemble(x.ctx, object.Mark{}, func(int64) error {
		if !renamed {
			x.rename(object.RenameObject{Source: "a", Key: "b"})
		}
		renamed = true
		return nil
	})
	x.ok(err)
	if !renamed {
		t.Fatal("nothing was put together")
	}
	x.drain()
	x.get("b", "", append(content(1, 100), content(2, 90)...))
	x.clean()
	x.wantBlobs(190)
}

// Tokens are told apart by who sends them, and forgotten in time.
func TestRenameTokens(t *testing.T) {
	x := newShop(t, object.Unversioned)
	tokens := func() (n int) {
		x.ok(x.db.View(x.ctx, func(r kv.Reader) error {
			for _, err := range kv.Scan(r, kv.Prefix([]byte{'i'})) {
				x.ok(err)
				n++
			}
			return nil
		}))
		return n
	}
	x.put("a", content(1, 10))
	there, back := object.RenameObject{Bucket: home, Source: "a", Key: "b", Token: "t"}, object.RenameObject{Bucket: home, Source: "b", Key: "a", Token: "t"}
	x.rename(there)
	x.rename(there) // done already
	_, err := x.s.Rename(x.ctx, back)
	x.kind(err, fault.InvalidRequest)
	back.By.Principal = "another"
	x.rename(back)
	x.get("a", "", content(1, 10))
	x.clock = x.clock.Add(25 * time.Hour)
	x.rename(there)
	x.get("b", "", content(1, 10))
	for i := range 1000 {
		x.clock = x.clock.Add(time.Hour)
		x.rename(object.RenameObject{Source: "b", Key: "b2", Token: fmt.Sprint(i)})
		x.rename(object.RenameObject{Source: "b2", Key: "b", Token: fmt.Sprint(i, "back")})
	}
	if n := tokens(); n > 120 { // 48 of the last day, and some
		t.Errorf("%d tokens are kept", n)
	}
	x.clean()
	x.delete("b", "")
	x.ok(x.s.DeleteBucket(x.ctx, home))
	if n := tokens(); n != 0 {
		t.Errorf("%d tokens outlive their bucket", n)
	}
}

package object_test

import (
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/object/lock"
)

// vault is a shop whose bucket has Object Lock.
func vault(t *testing.T, rule lock.Rule) *shop {
	t.Helper()
	x := newShop(t, object.VersioningEnabled)
	x.ok(x.s.SetObjectLock(x.ctx, home, rule))
	return x
}

func (x *shop) until(m lock.Mode, d time.Duration) lock.Retention {
	return lock.Retention{Mode: m, Until: x.clock.Add(d).UTC()}
}

// Every way in which a version could be lost, for every protection.
func TestProtected(t *testing.T) {
	for _, tc := range []struct {
		name        string
		protect     func(x *shop) lock.State
		plain, with bool // whether it may be destroyed, without and with the bypass
	}{
		{"nothing", func(x *shop) lock.State { return lock.State{} }, true, true},
		{"governance", func(x *shop) lock.State { return lock.State{Retention: x.until(lock.Governance, time.Hour)} }, false, true},
		{"compliance", func(x *shop) lock.State { return lock.State{Retention: x.until(lock.Compliance, time.Hour)} }, false, false},
		{"hold", func(x *shop) lock.State { return lock.State{Hold: lock.HoldOn} }, false, false},
		{"hold taken off", func(x *shop) lock.State { return lock.State{Hold: lock.HoldOff} }, true, true},
	} {
		for how, destroy := range map[string]func(x *shop, req object.DeleteObject) error{
			"delete": func(x *shop, req object.DeleteObject) error { _, err := x.s.Delete(x.ctx, req); return err },
			"batch":  func(x *shop, req object.DeleteObject) error { return deleteBy(x, "batch", req) },
		} {
			for _, old := range []bool{false, true} {
				for _, bypass := range []bool{false, true} {
					x := vault(t, lock.Rule{})
					v, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(content(1, 100)), Lock: tc.protect(x)})
					x.ok(err)
					if old {
						x.put("k", nil)
					}
					before := x.snapshot()
					err = destroy(x, object.DeleteObject{Bucket: home, Key: "k", VersionID: v.VersionID, BypassGovernance: bypass})
					if may := tc.plain && !bypass || tc.with && bypass; may != (err == nil) {
						t.Errorf("%s, %s, old %v, bypass %v: error %v", tc.name, how, old, bypass, err)
					}
					if err != nil {
						x.kind(err, fault.Locked)
						if x.snapshot() != before {
							t.Errorf("%s, %s: something changed", tc.name, how)
						}
					}
					x.drain()
					x.clean()
				}
			}
		}
	}
}

// A null version from before versioning can be protected too.
func TestProtectedNullVersion(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.put("k", content(1, 100))
	x.versioning(object.VersioningEnabled)
	x.ok(x.s.SetObjectLock(x.ctx, home, lock.Rule{}))
	_, err := x.s.SetLegalHold(x.ctx, object.SetLegalHold{Bucket: home, Key: "k", VersionID: object.NullVersion, On: true})
	x.ok(err)
	x.describeAnew("k")
	x.put("k", nil)
	x.delete("k", "")
	_, err = x.s.Delete(x.ctx, object.DeleteObject{Bucket: home, Key: "k", VersionID: object.NullVersion, BypassGovernance: true})
	x.kind(err, fault.Locked)
	x.kind(x.s.SetVersioning(x.ctx, home, object.VersioningSuspended), fault.InvalidState)
	x.kind(x.s.DeleteBucket(x.ctx, home), fault.BucketNotEmpty)
	x.drain()
	x.get("k", object.NullVersion, content(1, 100))
	x.clean()
}

// What is written gets the protection that was asked for, or the bucket's, by whatever way it is written.
func TestProtectionOfNew(t *testing.T) {
	rule := lock.Rule{Mode: lock.Governance, Days: 3}
	for name, tc := range map[string]struct {
		rule  lock.Rule
		asked func(x *shop) lock.State
		want  func(x *shop) lock.State
	}{
		"none":    {lock.Rule{}, nil, nil},
		"by rule": {rule, nil, func(x *shop) lock.State { return lock.State{Retention: x.until(lock.Governance, 72*time.Hour)} }},
		"asked":   {lock.Rule{}, func(x *shop) lock.State { return lock.State{Retention: x.until(lock.Compliance, 1)} }, nil},
		"asked for less": {rule, func(x *shop) lock.State {
			return lock.State{Retention: x.until(lock.Governance, 1), Hold: lock.HoldOff}
		}, nil},
		"hold and rule": {rule, func(x *shop) lock.State { return lock.State{Hold: lock.HoldOn} },
			func(x *shop) lock.State {
				return lock.State{Retention: x.until(lock.Governance, 72*time.Hour), Hold: lock.HoldOn}
			}},
	} {
		t.Run(name, func(t *testing.T) {
			x := vault(t, tc.rule)
			asked, want := lock.State{}, lock.State{}
			if tc.asked != nil {
				asked = tc.asked(x)
				want = asked
			}
			if tc.want != nil {
				want = tc.want(x)
			}
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "put", Body: body(nil), Lock: asked})
			x.ok(err)
			x.tag("put", "tagged") // changes nothing of it
			_, err = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "put", Bucket: home, Key: "copy", Lock: asked})
			x.ok(err)
			u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "complete", Lock: asked})
			x.ok(err)
			x.complete(u, x.part(u, 1, nil))
			for _, key := range []string{"put", "copy", "complete"} {
				v, err := x.s.Describe(x.ctx, home, key, "")
				x.ok(err)
				got := lock.State{}
				if v.Lock != nil {
					got = *v.Lock
				}
				if got != want {
					t.Errorf("%s: %+v, want %+v", key, got, want)
				}
			}
			x.clean()
		})
	}
}

// Protection in a bucket without Object Lock is refused before a byte is read; so is one that is over already.
func TestRefusedProtection(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	x.put("k", nil)
	ways := func(s lock.State) []error {
		var errs []error
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: object.Body{Reader: untouched{t}, Size: -1}, Lock: s})
		errs = append(errs, err)
		_, err = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", Bucket: home, Key: "copy", Lock: s})
		errs = append(errs, err)
		_, err = x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "k", Lock: s})
		return append(errs, err)
	}
	for _, err := range ways(lock.State{Hold: lock.HoldOff}) {
		x.kind(err, fault.InvalidRequest)
	}
	for _, err := range ways(lock.State{Retention: x.until(lock.Compliance, 0)}) {
		x.kind(err, fault.InvalidArgument)
	}
	_, err := x.s.SetRetention(x.ctx, object.SetRetention{Bucket: home, Key: "k", Retention: x.until(lock.Compliance, 1)})
	x.kind(err, fault.InvalidRequest)
	_, err = x.s.SetLegalHold(x.ctx, object.SetLegalHold{Bucket: home, Key: "k"})
	x.kind(err, fault.InvalidRequest)
	_, err = x.s.Retention(x.ctx, home, "k", "")
	x.kind(err, fault.InvalidRequest)
	_, err = x.s.LegalHold(x.ctx, home, "k", "")
	x.kind(err, fault.InvalidRequest)
}

func TestObjectLockOfBucket(t *testing.T) {
	x := newShop(t, object.Unversioned)
	head := func() object.Bucket { b, err := x.s.HeadBucket(x.ctx, home); x.ok(err); return b }
	b := head()
	if _, err := b.LockRule(); !fault.Is(err, fault.NoSuchConfig) || code(err) != "ObjectLockConfigurationNotFoundError" {
		t.Errorf("error %v", err)
	}
	rule := lock.Rule{Mode: lock.Compliance, Years: 2}
	x.kind(x.s.SetObjectLock(x.ctx, home, rule), fault.InvalidState)
	x.versioning(object.VersioningSuspended)
	x.kind(x.s.SetObjectLock(x.ctx, home, rule), fault.InvalidState)
	x.versioning(object.VersioningEnabled)
	x.kind(x.s.SetObjectLock(x.ctx, home, lock.Rule{Mode: lock.Compliance}), fault.MalformedXML)
	for _, want := range []lock.Rule{rule, {}, {Mode: lock.Governance, Days: 1}} {
		x.ok(x.s.SetObjectLock(x.ctx, home, want))
		b := head()
		if got, err := b.LockRule(); err != nil || got != want || !b.ObjectLock {
			t.Errorf("%+v, error %v", got, err)
		}
	}
	x.kind(x.s.SetObjectLock(x.ctx, "nothing", rule), fault.NoSuchBucket)
}

func TestRetentionAndHold(t *testing.T) {
	x := vault(t, lock.Rule{})
	v := x.put("k", nil)
	_, err := x.s.Retention(x.ctx, home, "k", "")
	if !fault.Is(err, fault.NoSuchConfig) || code(err) != "NoSuchObjectLockConfiguration" {
		t.Errorf("error %v", err)
	}
	_, err = x.s.LegalHold(x.ctx, home, "k", "")
	if !fault.Is(err, fault.NoSuchConfig) || code(err) != "NoSuchObjectLockConfiguration" {
		t.Errorf("error %v", err)
	}
	for _, on := range []bool{true, false} {
		_, err = x.s.SetLegalHold(x.ctx, object.SetLegalHold{Bucket: home, Key: "k", VersionID: v.VersionID, On: on})
		x.ok(err)
		if got, err := x.s.LegalHold(x.ctx, home, "k", ""); got != on || err != nil {
			t.Errorf("hold %v, error %v", got, err)
		}
	}
	set := func(r lock.Retention, bypass bool) error {
		_, err := x.s.SetRetention(x.ctx, object.SetRetention{Bucket: home, Key: "k", Retention: r, BypassGovernance: bypass})
		return err
	}
	x.ok(set(x.until(lock.Governance, 2*time.Hour), false))
	x.kind(set(x.until(lock.Governance, time.Hour), false), fault.Locked)
	x.ok(set(x.until(lock.Governance, time.Hour), true))
	x.kind(set(lock.Retention{}, false), fault.Locked)
	x.ok(set(lock.Retention{}, true))
	_, err = x.s.Retention(x.ctx, home, "k", "")
	x.kind(err, fault.NoSuchConfig)
	x.ok(set(x.until(lock.Compliance, time.Hour), false))
	x.kind(set(lock.Retention{}, true), fault.Locked)
	want := x.until(lock.Compliance, 2*time.Hour)
	x.ok(set(want, false))
	if got, err := x.s.Retention(x.ctx, home, "k", v.VersionID); got != want || err != nil {
		t.Errorf("%v, error %v", got, err)
	}
	x.delete("k", "") // a delete marker hides it, and cannot be protected itself
	x.kind(set(want, false), fault.NoSuchKey)
	x.clock = x.clock.Add(2 * time.Hour)
	x.delete("k", v.VersionID)
	x.clean()
}

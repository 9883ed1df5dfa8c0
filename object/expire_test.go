package object_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/object/lock"
)

// entries scans the whole bucket.
func (x *shop) entries() []object.Entry {
	x.Helper()
	page, err := x.s.ScanVersions(x.ctx, object.ScanVersions{Bucket: home, Max: 1000})
	x.ok(err)
	return page.Entries
}

func (x *shop) expire(list ...object.Expiry) []object.Deleted {
	x.Helper()
	out, err := x.s.Expire(x.ctx, home, object.Actor{Role: object.RoleLifecycle}, list)
	x.ok(err)
	return out
}

// A version is noncurrent since the next one was written, whatever Last-Modified says, and also when that one is a delete marker.
func TestScanSince(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	x.put("k", nil)
	x.clock = x.clock.Add(time.Hour)
	second := x.clock
	_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(nil), Modified: epoch.Add(-time.Hour), Meta: object.Metadata{Tags: []object.Pair{{Name: "t"}}}})
	x.ok(err)
	x.clock = x.clock.Add(time.Hour)
	third := x.clock
	x.delete("k", "")
	got := x.entries()
	if len(got) != 3 || !got[0].Latest || !got[0].DeleteMarker || !got[0].Since.IsZero() || !near(got[1].Since, third) || !near(got[2].Since, second) ||
		got[1].Newer != 0 || got[2].Newer != 1 || len(got[1].Meta.Tags) != 1 {
		t.Errorf("%+v", got)
	}
	x.delete("k", got[1].VersionID)
	if got := x.entries(); len(got) != 2 || !near(got[1].Since, third) || got[1].Newer != 0 {
		t.Errorf("%+v", got)
	}
}

// Many versions of one key go in one commit; each is judged by what is left.
func TestExpireVersionsOfOneKey(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	for i := range 6 {
		x.put("k", content(uint64(i), 100))
		x.clock = x.clock.Add(time.Hour)
	}
	var list []object.Expiry
	keep := func(e object.Entry) bool { return e.Newer >= 2 }
	for _, e := range x.entries()[1:] {
		list = append(list, object.Expiry{Key: "k", Stamp: e.Stamp, Remove: true, Still: keep})
	}
	for i, d := range x.expire(list...) {
		if d.Key != "k" || (d.Err == nil) != (i >= 2) {
			t.Errorf("%d: %+v", i, d)
		}
	}
	if left := x.entries(); len(left) != 3 {
		t.Errorf("%+v", left)
	}
	x.delete("k", x.entries()[1].VersionID) // a client takes one that counted
	x.put("k", nil)
	x.clock = x.clock.Add(time.Hour)
	list = nil
	for _, e := range x.entries()[1:] {
		list = append(list, object.Expiry{Key: "k", Stamp: e.Stamp, Remove: true})
	}
	since := time.Time{}
	list[len(list)-1].Still = func(e object.Entry) bool { since = e.Since; return e.Newer == 0 }
	for _, d := range x.expire(list...) {
		x.ok(d.Err)
	}
	if want := x.entries()[0].Modified; !near(since, want) {
		t.Errorf("noncurrent since %v, want %v", since, want)
	}
	x.drain()
	x.wantBlobs()
	x.clean()
}

func TestExpireWhatIsNotMeant(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	x.ok(x.s.SetObjectLock(x.ctx, home, lock.Rule{}))
	held, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "held", Body: body(nil), Lock: lock.State{Hold: lock.HoldOn}})
	x.ok(err)
	x.put("held", nil)
	old := x.put("k", nil)
	now := x.put("k", nil)
	gone := x.put("gone", nil)
	x.delete("gone", "")
	x.put("lone", nil)
	x.marker("lone")
	x.delete("lone", x.top)
	no := func(object.Entry) bool { return false }
	for _, tc := range []struct {
		name string
		x    object.Expiry
		want fault.Kind // fault.Internal: none
	}{
		{"protected", object.Expiry{Key: "held", Stamp: held.Stamp, Remove: true}, fault.Locked},
		{"current, removed", object.Expiry{Key: "k", Stamp: now.Stamp, Remove: true}, fault.ConditionalConflict},
		{"noncurrent, expired", object.Expiry{Key: "k", Stamp: old.Stamp}, fault.ConditionalConflict},
		{"behind a marker, expired", object.Expiry{Key: "gone", Stamp: gone.Stamp}, fault.ConditionalConflict},
		{"of another key", object.Expiry{Key: "k", Stamp: gone.Stamp, Remove: true}, fault.ConditionalConflict},
		{"of no key", object.Expiry{Key: "nothing", Stamp: gone.Stamp, Remove: true}, fault.ConditionalConflict},
		{"not meant", object.Expiry{Key: "k", Stamp: now.Stamp, Still: no}, fault.ConditionalConflict},
		{"not meant, removed", object.Expiry{Key: "k", Stamp: old.Stamp, Remove: true, Still: no}, fault.ConditionalConflict},
		{"marker on top of others", object.Expiry{Key: "gone", Stamp: x.topStamp("gone"), Remove: true}, fault.ConditionalConflict},
	} {
		before := x.snapshot()
		d := x.expire(tc.x)[0]
		if !fault.Is(d.Err, tc.want) || d.Key != tc.x.Key || x.snapshot() != before {
			t.Errorf("%s: %+v", tc.name, d)
		}
	}
	for _, y := range []object.Expiry{
		{Key: "k", Stamp: old.Stamp, Remove: true}, {Key: "k", Stamp: now.Stamp}, {Key: "gone", Stamp: gone.Stamp, Remove: true},
	} {
		x.ok(x.expire(y)[0].Err)
	}
	x.ok(x.expire(object.Expiry{Key: "gone", Stamp: x.topStamp("gone"), Remove: true})[0].Err) // it is alone now
	_, err = x.s.Expire(x.ctx, home, object.Actor{}, make([]object.Expiry, object.MaxDelete+1))
	x.kind(err, fault.InvalidArgument)
	for _, n := range []int{0, 1001} {
		_, err = x.s.ScanVersions(x.ctx, object.ScanVersions{Bucket: home, Max: n})
		x.kind(err, fault.InvalidArgument)
	}
	x.clean()
}

func (x *shop) topStamp(key string) [16]byte {
	x.Helper()
	for _, e := range x.entries() {
		if e.Key == key && e.Latest {
			return e.Stamp
		}
	}
	x.Fatalf("no version of %s", key)
	return [16]byte{}
}

// A rule that looked at one version never ends another one that is written at the same time.
func TestExpireRace(t *testing.T) {
	concurrently(t, func(t *testing.T, x *shop) {
		for round := range 30 {
			v := x.put("k", content(uint64(round), 100))
			var expired atomic.Bool
			var wg sync.WaitGroup
			wg.Go(func() { expired.Store(x.expire(object.Expiry{Key: "k", Stamp: v.Stamp})[0].Err == nil) })
			wg.Go(func() { x.put("k", content(uint64(round+100), 100)) })
			wg.Wait()
			x.get("k", "", content(uint64(round+100), 100)) // whoever was first
		}
		x.clean()
	})
}

// near forgives the nanoseconds by which an id may be ahead of the clock.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < time.Microsecond }

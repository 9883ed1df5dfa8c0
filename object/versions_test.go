package object_test

import (
	"slices"
	"testing"
	"time"

	"myfsio/object"
)

// Who lists a page of versions, deletes them and goes on from the page's markers must meet every version.
func TestListVersionsWhileDeleting(t *testing.T) {
	for _, most := range []int{1, 2, 3, 7} {
		x := newShop(t, object.Unversioned)
		for _, v := range []object.Versioning{0, object.VersioningEnabled, object.VersioningSuspended, object.VersioningEnabled} {
			if v != object.Unversioned {
				x.versioning(v)
			}
			for _, key := range []string{"a", "b", "c"} {
				x.put(key, content(1, 10))
				if key == "b" {
					x.delete(key, "")
				}
			}
		}
		req := object.ListVersions{Bucket: home, Max: most}
		for {
			page, err := x.s.ListVersions(x.ctx, req)
			x.ok(err)
			for i, v := range page.Versions {
				if first := i == 0 || page.Versions[i-1].Key != v.Key; v.Latest != first {
					t.Errorf("page of %d: %s %s is the newest that is left, but not called the latest", most, v.Key, v.VersionID)
				}
				x.delete(v.Key, v.VersionID)
			}
			if !page.Truncated {
				break
			}
			req.KeyMarker, req.VersionMarker = page.NextKeyMarker, page.NextVersionMarker
		}
		x.ok(x.s.DeleteBucket(x.ctx, home))
	}
}

// Versions are ordered as they were written, whatever the clock does.
func TestVersionOrderWithBadClock(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	var want []string
	for i, step := range []time.Duration{0, 0, -time.Hour, -time.Nanosecond, time.Second, -48 * time.Hour, 0} {
		x.clock = x.clock.Add(step)
		if i%2 == 1 {
			x.reopen() // forgets the last id
		}
		if i == 3 {
			want = append(want, x.delete("k", "").VersionID)
		}
		want = append(want, x.put("k", content(uint64(i), 20)).VersionID)
	}
	slices.Reverse(want)
	page, err := x.s.ListVersions(x.ctx, object.ListVersions{Bucket: home, Max: 1000})
	x.ok(err)
	for i, v := range page.Versions {
		if v.VersionID != want[i] || v.Latest != (i == 0) {
			t.Errorf("version %d is %s (latest %v), want %s", i, v.VersionID, v.Latest, want[i])
		}
	}
	x.get("k", "", content(6, 20))
	x.clean()
}

func TestSetTagsOnNoncurrentVersion(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	old := x.put("k", content(1, 10))
	x.put("k", content(2, 10))
	tags := []object.Pair{{Name: "colour", Value: "red"}}
	v, err := x.s.SetTags(x.ctx, object.SetTags{Bucket: home, Key: "k", VersionID: old.VersionID, Tags: tags})
	x.ok(err)
	if v.Latest || !slices.Equal(v.Meta.Tags, tags) {
		t.Errorf("latest %v, tags %v", v.Latest, v.Meta.Tags)
	}
	for id, want := range map[string]int{"": 0, old.VersionID: 1} {
		if v, err := x.s.Describe(x.ctx, home, "k", id); err != nil || len(v.Meta.Tags) != want {
			t.Errorf("version %q: tags %v, error %v", id, v.Meta.Tags, err)
		}
	}
	x.get("k", old.VersionID, content(1, 10))
	x.clean()
}

package object_test

import (
	"testing"

	"myfsio/fault"
	"myfsio/object"
)

// Who was allowed to change one version does not change another one that came meanwhile.
func TestChangeOfTheVersionSeen(t *testing.T) {
	x := newShop(t, object.Unversioned)
	first := x.put("k", content(1, 100))
	changes := func(stamp [16]byte) map[string]error {
		out := map[string]error{}
		_, out["tags"] = x.s.SetTags(x.ctx, object.SetTags{Bucket: home, Key: "k", Stamp: stamp})
		_, out["list"] = x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k", Stamp: stamp})
		return out
	}
	want := func(when string, stamp [16]byte, kind fault.Kind) {
		t.Helper()
		for what, err := range changes(stamp) {
			if kind == 0 && err != nil || kind != 0 && !fault.Is(err, kind) {
				t.Errorf("%s, %s: %v", when, what, err)
			}
		}
	}
	want("the same", first.Stamp, 0)
	want("any", [16]byte{}, 0)
	second := x.put("k", content(2, 100))
	want("another", first.Stamp, fault.ConditionalConflict)
	want("the new one", second.Stamp, 0)
	x.delete("k", "")
	want("gone", second.Stamp, fault.NoSuchKey)
}

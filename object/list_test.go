package object_test

import (
	"fmt"
	"testing"

	"myfsio/object"
)

// fullHouse is a bucket with all nasty keys: some with one version, some with several, some behind delete markers,
// some only as uploads.
func fullHouse(t *testing.T) *world {
	w := memWorld(t)
	do := func(op string, k int, opt uint32) {
		t.Helper()
		w.clock = w.clock.Add(1)
		if err := w.run(step{op: op, k: k, size: k % 3, opt: opt | 31<<8 | 15<<28}); err != nil {
			t.Fatal(err)
		}
	}
	do("createBucket", 0, 0)
	for k := range nasty {
		if k%4 != 1 {
			do("put", k, 0)
		}
	}
	do("versioning", 0, 1) // enabled
	for k := range nasty {
		if k%3 == 0 {
			do("put", k, 0)
		}
		if k%4 == 2 {
			do("delete", k, 0xFF0)
		}
		if k%2 == 1 {
			do("createUpload", k, 0)
		}
		if k%5 == 0 {
			do("createUpload", k, 0)
			do("put", k, 0)
		}
	}
	do("versioning", 0, 2) // suspended
	for k := range nasty {
		if k%6 == 1 {
			do("put", k, 0)
		}
	}
	return w
}

// grid calls fn with every delimiter, prefix, marker and page size.
func grid(t *testing.T, markers []string, fn func(delimiter, prefix, marker string, most int) error) {
	for _, delimiter := range delimiters {
		for _, prefix := range []string{"", "a", "a/", "a//", "a/b", "a\x00", "/", "b", "\u00e9", "\xc3", "k/k", "none", nasty[len(nasty)-1]} {
			for _, marker := range markers {
				for _, most := range []int{1, 2, 3, 1000} {
					if err := fn(delimiter, prefix, marker, most); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

// Every listing there is over the nasty keys, against the model.
func TestListExhaustive(t *testing.T) {
	w := fullHouse(t)
	grid(t, markers, func(delimiter, prefix, marker string, most int) error {
		return w.compareList(object.ListObjects{Bucket: "one", Prefix: prefix, Delimiter: delimiter, After: marker, Max: most})
	})
}

func TestListVersionsExhaustive(t *testing.T) {
	w := fullHouse(t)
	grid(t, markers, func(delimiter, prefix, marker string, most int) error {
		req := object.ListVersions{Bucket: "one", Prefix: prefix, Delimiter: delimiter, KeyMarker: marker, Max: most}
		if err := w.compareListVersions(req); err != nil {
			return err
		}
		for _, id := range w.versions["one/"+marker] {
			req.VersionMarker = id
			if err := w.compareListVersions(req); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestListUploadsExhaustive(t *testing.T) {
	w := fullHouse(t)
	grid(t, markers, func(delimiter, prefix, marker string, most int) error {
		req := object.ListUploads{Bucket: "one", Prefix: prefix, Delimiter: delimiter, KeyMarker: marker, Max: most}
		if err := w.compareListUploads(req); err != nil {
			return err
		}
		for _, u := range w.uploads {
			if u.Key != marker {
				continue
			}
			req.UploadIDMarker = u.UploadID
			if err := w.compareListUploads(req); err != nil {
				return err
			}
		}
		return nil
	})
}

// Pages laid end to end are the whole listing, each entry once.
func TestListPagesJoin(t *testing.T) {
	w := fullHouse(t)
	for _, delimiter := range delimiters {
		whole, err := w.s.List(w.ctx, object.ListObjects{Bucket: "one", Delimiter: delimiter, Max: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for most := 1; most < 5; most++ {
			var got object.ObjectPage
			req := object.ListObjects{Bucket: "one", Delimiter: delimiter, Max: most}
			for n := 0; n < 100; n++ {
				page, err := w.s.List(w.ctx, req)
				if err != nil {
					t.Fatal(err)
				}
				got.Objects, got.Prefixes = append(got.Objects, page.Objects...), append(got.Prefixes, page.Prefixes...)
				if req.After = page.Next; !page.Truncated {
					break
				}
			}
			if w.text(got) != w.text(whole) {
				t.Errorf("delimiter %q, pages of %d:\n  joined %s\n  whole  %s", delimiter, most, w.text(got), w.text(whole))
			}
		}
	}
}

// No key has the byte 0xFF, but a client may ask for it.
func TestListBehindLastByte(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	x.put("a", nil)
	x.begin("a")
	for _, after := range []string{"\xff", "\xff\xff"} {
		page, err := x.s.List(x.ctx, object.ListObjects{Bucket: home, Delimiter: "\xff", After: after, Max: 10})
		vs, err2 := x.s.ListVersions(x.ctx, object.ListVersions{Bucket: home, Delimiter: "\xff", KeyMarker: after, Max: 10})
		us, err3 := x.s.ListUploads(x.ctx, object.ListUploads{Bucket: home, Delimiter: "\xff", KeyMarker: after, Max: 10})
		if err != nil || err2 != nil || err3 != nil {
			t.Fatal(err, err2, err3)
		}
		if n := len(page.Objects) + len(vs.Versions) + len(us.Uploads); n > 0 {
			t.Errorf("after %q: %d entries, want none", after, n)
		}
	}
}

func TestListLimits(t *testing.T) {
	x := newShop(t, object.Unversioned)
	for i := range 3 {
		x.put(fmt.Sprint(i), nil)
	}
	if page, err := x.s.List(x.ctx, object.ListObjects{Bucket: home}); err != nil || len(page.Objects) > 0 || page.Truncated {
		t.Errorf("a page of no entries: %+v, error %v", page, err)
	}
	if page, err := x.s.List(x.ctx, object.ListObjects{Bucket: home, Max: 1 << 30}); err != nil || len(page.Objects) != 3 {
		t.Errorf("a page of many entries: %+v, error %v", page, err)
	}
	if _, err := x.s.List(x.ctx, object.ListObjects{Bucket: home, Max: -1}); err == nil {
		t.Error("a negative number of entries is accepted")
	}
}

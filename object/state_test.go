package object_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"myfsio/object"
)

var delimiters = []string{"", "/", "a", "//", "\x00", "/b"}

var pageSizes = []int{1, 2, 3, 1000, 0}

// compareAll compares everything that can be seen: every version of every key, every upload, counters, and many listings drawn from rng.
func (w *world) compareAll(rng *rand.Rand, listings int) error {
	want := w.m.ListBuckets(object.ListBuckets{})
	got, err := w.s.ListBuckets(w.ctx, object.ListBuckets{})
	if err := w.same("list buckets", got, err, want, nil); err != nil {
		return err
	}
	if err := w.compareEvents(); err != nil {
		return err
	}
	for _, b := range want.Buckets {
		usage, wantErr := w.m.Usage(b.Name)
		gotUsage, gotErr := w.s.Usage(w.ctx, b.Name)
		if err := w.same("usage of "+b.Name, gotUsage, gotErr, usage, wantErr); err != nil {
			return err
		}
		if err := w.compareBucket(b.Name); err != nil {
			return err
		}
		if err := w.compareVersions(b.Name); err != nil {
			return err
		}
		if err := w.compareUploads(b.Name); err != nil {
			return err
		}
		if _, err := w.scan(b.Name, "", 2); err != nil {
			return err
		}
		if _, err := w.scan(b.Name, pick(rng, prefixes), 1+rng.IntN(5)); err != nil {
			return err
		}
		for range listings {
			if err := w.compareListing(b.Name, rng); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareVersions reads every version of every key.
func (w *world) compareVersions(bucket string) error {
	for _, key := range nasty {
		if err := w.compareGet(object.GetObject{Bucket: bucket, Key: key, Customer: w.keyOf(bucket, key, "", false)}, false); err != nil {
			return err
		}
		for i, id := range w.versions[bucket+"/"+key] {
			if err := w.compareGet(object.GetObject{Bucket: bucket, Key: key, VersionID: id, Customer: w.keyOf(bucket, key, id, false)}, i%2 == 0); err != nil {
				return err
			}
			if err := w.compareParts(bucket, key, id); err != nil {
				return err
			}
			if err := w.compareAnnotations(bucket, key, id, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) compareParts(bucket, key, id string) error {
	want, wantErr := w.m.ObjectParts(bucket, key, id)
	page, gotErr := w.s.ObjectParts(w.ctx, object.ObjectParts{Bucket: bucket, Key: key, VersionID: w.toReal(id), Max: 1000})
	if err := w.same("object parts", page.Parts, gotErr, want, wantErr); err != nil {
		return err
	}
	for n := range want {
		if err := w.compareGet(object.GetObject{Bucket: bucket, Key: key, VersionID: id, PartNumber: n + 1, Customer: w.keyOf(bucket, key, id, false)}, false); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) compareUploads(bucket string) error {
	for _, u := range w.uploads {
		for _, most := range pageSizes {
			req := object.ListParts{Bucket: bucket, Key: u.Key, UploadID: u.UploadID, After: most % 4, Max: most}
			want, wantErr := w.m.ListParts(req)
			req.UploadID = w.toReal(u.UploadID)
			got, gotErr := w.s.ListParts(w.ctx, req)
			if err := w.same("list parts of "+u.UploadID, got, gotErr, want, wantErr); err != nil {
				return err
			}
		}
	}
	return nil
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// prefixes are the prefixes, and markers the markers, that listings are drawn from.
var prefixes, markers = func() (p, m []string) {
	p, m = []string{"", "nothing"}, []string{"", "zzz"}
	for _, k := range nasty {
		m = append(m, k, k+"\x00")
		for i := 1; i <= min(len(k), 5); i++ {
			p = append(p, k[:i])
			m = append(m, k[:i])
		}
	}
	slices.Sort(p)
	slices.Sort(m)
	return slices.Compact(p), slices.Compact(m)
}()

// compareListing compares one page of each kind.
func (w *world) compareListing(bucket string, rng *rand.Rand) error {
	prefix, delimiter, marker, most := pick(rng, prefixes), pick(rng, delimiters), pick(rng, markers), pick(rng, pageSizes)
	if rng.IntN(3) == 0 {
		prefix = ""
	}
	if err := w.compareList(object.ListObjects{Bucket: bucket, Prefix: prefix, Delimiter: delimiter, After: marker, Max: most}); err != nil {
		return err
	}
	vs := object.ListVersions{Bucket: bucket, Prefix: prefix, Delimiter: delimiter, KeyMarker: marker, Max: most}
	if ids := w.versions[bucket+"/"+marker]; len(ids) > 0 && rng.IntN(4) > 0 {
		vs.VersionMarker = pick(rng, ids)
	}
	if err := w.compareListVersions(vs); err != nil {
		return err
	}
	us := object.ListUploads{Bucket: bucket, Prefix: prefix, Delimiter: delimiter, KeyMarker: marker, Max: most}
	if len(w.uploads) > 0 && rng.IntN(2) == 0 {
		u := pick(rng, w.uploads)
		if u.Bucket == bucket {
			us.KeyMarker, us.UploadIDMarker = u.Key, u.UploadID
		}
	}
	return w.compareListUploads(us)
}

func (w *world) compareList(req object.ListObjects) error {
	want, wantErr := w.m.List(req)
	got, gotErr := w.s.List(w.ctx, req)
	return w.same(fmt.Sprintf("list %+v", req), got, gotErr, want, wantErr)
}

func (w *world) compareListVersions(req object.ListVersions) error {
	want, wantErr := w.m.ListVersions(req)
	what := fmt.Sprintf("list versions %+v", req)
	req.VersionMarker = w.toReal(req.VersionMarker)
	got, gotErr := w.s.ListVersions(w.ctx, req)
	return w.same(what, got, gotErr, want, wantErr)
}

func (w *world) compareListUploads(req object.ListUploads) error {
	want, wantErr := w.m.ListUploads(req)
	what := fmt.Sprintf("list uploads %+v", req)
	req.UploadIDMarker = w.toReal(req.UploadIDMarker)
	got, gotErr := w.s.ListUploads(w.ctx, req)
	return w.same(what, got, gotErr, want, wantErr)
}

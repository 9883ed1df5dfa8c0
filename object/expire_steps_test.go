package object_test

import (
	"fmt"
	"math/rand/v2"

	"myfsio/object"
)

// scanned is the same page of versions on both sides.
type scanned struct {
	bucket   string
	store, m []object.Entry
}

// scan reads all versions of a bucket, page by page, and compares them.
func (w *world) scan(bucket, prefix string, most int) (scanned, error) {
	out := scanned{bucket: bucket}
	var err error
	if out.m, err = w.m.Scan(bucket, prefix); err != nil {
		_, gotErr := w.s.ScanVersions(w.ctx, object.ScanVersions{Bucket: bucket, Max: most})
		return out, w.same("scan", nil, gotErr, nil, err)
	}
	req := object.ScanVersions{Bucket: bucket, Prefix: prefix, Max: most}
	for more := true; more; {
		page, err := w.s.ScanVersions(w.ctx, req)
		if err != nil {
			return out, err
		}
		if len(page.Entries) > most || page.More && len(page.Entries) < most {
			return out, fmt.Errorf("a page of %d has %d versions, more %v", most, len(page.Entries), page.More)
		}
		out.store = append(out.store, page.Entries...)
		req.AfterKey, req.AfterStamp, more = page.AfterKey, page.AfterStamp, page.More
	}
	if err := w.same("scan of "+bucket, out.store, nil, out.m, nil); err != nil {
		return out, err
	}
	for _, e := range out.store {
		if e.Since.IsZero() != e.Latest {
			return out, fmt.Errorf("noncurrent since %v, latest %v", e.Since, e.Latest)
		}
	}
	return out, w.scanCurrent(&out, prefix, most)
}

// scanCurrent compares a scan with one of the current versions only.
func (w *world) scanCurrent(all *scanned, prefix string, most int) error {
	var want, got []object.Entry
	for _, e := range all.m {
		if e.Alone = false; e.Latest && !e.DeleteMarker {
			want = append(want, e)
		}
	}
	req := object.ScanVersions{Bucket: all.bucket, Prefix: prefix, CurrentOnly: true, Max: most}
	for more := true; more; {
		page, err := w.s.ScanVersions(w.ctx, req)
		if err != nil {
			return err
		}
		got = append(got, page.Entries...)
		req.AfterKey, more = page.AfterKey, page.More
	}
	return w.same("scan of current versions", got, nil, want, nil)
}

// runExpire ends some versions of a scan, now and then of an old one.
func (w *world) runExpire(s *step, bucket string) error {
	seen := w.seen
	fresh, err := w.scan(bucket, "", []int{1, 2, 3, 7, 1000}[s.n-1])
	if err != nil {
		return err
	}
	if w.seen = fresh; s.option(0, 1) || seen.bucket != bucket {
		seen = fresh
	}
	rng := rand.New(rand.NewPCG(uint64(s.ref), uint64(s.ref2)))
	var gots, wants []object.Expiry
	for i := range seen.m {
		if rng.IntN(2) == 0 {
			continue
		}
		x := object.Expiry{Key: seen.m[i].Key, Remove: !seen.m[i].Latest || seen.m[i].DeleteMarker}
		if rng.IntN(8) == 0 {
			x.Remove = !x.Remove
		}
		if n := rng.IntN(4); n < 2 {
			x.Still = func(e object.Entry) bool { return e.Newer >= n && len(e.Meta.Tags) < 2 }
		}
		x.Stamp = seen.store[i].Stamp
		gots = append(gots, x)
		x.Stamp = seen.m[i].Stamp
		wants = append(wants, x)
	}
	by := object.Actor{Role: object.RoleLifecycle}
	w.logf("expire in %s: %.300q", bucket, fmt.Sprint(wants))
	want, wantErr := w.m.Expire(bucket, by, wants)
	got, gotErr := w.s.Expire(w.ctx, bucket, by, gots)
	for i := range min(len(got), len(want)) {
		if err := w.marked(bucket, got[i], got[i].Err, want[i], want[i].Err); err != nil {
			return err
		}
	}
	return w.same("expire", got, gotErr, want, wantErr)
}

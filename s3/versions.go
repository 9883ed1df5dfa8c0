package s3

import (
	"context"

	"myfsio/object"
	"myfsio/s3/wire"
)

// listVersions serves ListObjectVersions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func (h *Handler) listVersions(ctx context.Context, r *request) (*response, error) {
	l, err := wire.ParseList(r.query, "max-keys")
	if err != nil {
		return nil, err
	}
	if l.VersionIDMarker != "" && l.KeyMarker == "" {
		return nil, wire.InvalidArgument("version-id-marker", l.VersionIDMarker, "A version-id marker cannot be specified without a key marker.")
	}
	page, err := h.cfg.Store.ListVersions(ctx, object.ListVersions{
		Bucket: r.gate.Bucket, Prefix: l.Prefix, Delimiter: l.Delimiter,
		KeyMarker: l.KeyMarker, VersionMarker: l.VersionIDMarker, Max: l.Max,
	})
	if err != nil {
		return nil, err
	}
	doc := &wire.ListVersions{
		Listing:   listing(r, &l, page.Truncated, page.Prefixes),
		KeyMarker: l.KeyMarker, VersionIDMarker: l.VersionIDMarker,
		NextKeyMarker: page.NextKeyMarker, NextVersionIDMarker: page.NextVersionMarker,
	}
	doc.Entries = make([]wire.Entry, len(page.Versions))
	names := ownerNames{h: h}
	for i := range page.Versions {
		v := &page.Versions[i]
		e := entry(v)
		e.Owner, e.VersionID, e.Latest, e.DeleteMarker = names.of(v.Owner), v.VersionID, v.Latest, v.DeleteMarker
		doc.Entries[i] = e
	}
	res := r.answer()
	res.doc = doc
	return res, nil
}

package s3

import (
	"context"

	"myfsio/checksum"
	"myfsio/object"
	"myfsio/s3/wire"
)

// listObjects serves the first version of the listing.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
func (h *Handler) listObjects(ctx context.Context, r *request) (*response, error) {
	l, err := wire.ParseList(r.query, "max-keys")
	if err != nil {
		return nil, err
	}
	page, err := h.list(ctx, r, &l, l.Marker)
	if err != nil {
		return nil, err
	}
	doc := &wire.ListObjects{Listing: h.objects(r, &l, &page, true), Marker: l.Marker}
	if page.Truncated && l.Delimiter != "" {
		doc.NextMarker = page.Next
	}
	res := r.answer()
	res.doc = doc
	return res, nil
}

// listObjectsV2 serves the second version of the listing.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (h *Handler) listObjectsV2(ctx context.Context, r *request) (*response, error) {
	l, err := wire.ParseList(r.query, "max-keys")
	if err != nil {
		return nil, err
	}
	after := l.StartAfter
	if l.HasToken {
		if after, err = wire.DecodeToken(wire.TokenObjects, l.ContinuationToken); err != nil {
			return nil, err
		}
	}
	page, err := h.list(ctx, r, &l, after)
	if err != nil {
		return nil, err
	}
	doc := &wire.ListObjectsV2{Listing: h.objects(r, &l, &page, l.FetchOwner), StartAfter: l.StartAfter, ContinuationToken: l.ContinuationToken}
	if page.Truncated {
		doc.NextContinuationToken = wire.EncodeToken(wire.TokenObjects, page.Next)
	}
	res := r.answer()
	res.doc = doc
	return res, nil
}

func (h *Handler) list(ctx context.Context, r *request, l *wire.List, after string) (object.ObjectPage, error) {
	return h.cfg.Store.List(ctx, object.ListObjects{Bucket: r.gate.Bucket, Prefix: l.Prefix, Delimiter: l.Delimiter, After: after, Max: l.Max})
}

// objects turns a page of objects into a listing.
func (h *Handler) objects(r *request, l *wire.List, page *object.ObjectPage, owners bool) wire.Listing {
	out := listing(r, l, page.Truncated, page.Prefixes)
	out.Entries = make([]wire.Entry, len(page.Objects))
	names := ownerNames{h: h}
	for i := range page.Objects {
		v := &page.Objects[i]
		out.Entries[i] = entry(v)
		if owners {
			out.Entries[i].Owner = names.of(v.Owner)
		}
	}
	return out
}

func listing(r *request, l *wire.List, truncated bool, prefixes []string) wire.Listing {
	return wire.Listing{Bucket: r.gate.Bucket, Prefix: l.Prefix, Delimiter: l.Delimiter, EncodeURL: l.EncodeURL,
		Max: l.Max, Truncated: truncated, Prefixes: prefixes}
}

func entry(v *object.Version) wire.Entry {
	e := wire.Entry{Key: v.Key, Modified: v.Modified, ETag: v.ETag, Size: v.Size, StorageClass: v.Meta.StorageClass}
	if v.Checksum.Algorithm != checksum.None {
		e.ChecksumAlgorithm, e.ChecksumType = v.Checksum.Algorithm.String(), v.Checksum.Type.String()
	}
	return e
}

// ownerNames remembers the last owner, as a page mostly has one.
type ownerNames struct {
	h    *Handler
	last wire.Owner
}

func (o *ownerNames) of(id string) wire.Owner {
	if o.last.ID != id || id == "" {
		o.last = o.h.showOwner(id)
	}
	return o.last
}

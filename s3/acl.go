package s3

import (
	"context"

	"myfsio/object"
	"myfsio/s3/wire"
)

// getBucketACL serves GetBucketAcl. Buckets are private to their owner as far as access control lists go.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html
func (h *Handler) getBucketACL(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	res := r.answer()
	res.doc = h.privateACL(b.Owner)
	return res, nil
}

// getObjectACL serves GetObjectAcl.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html
func (h *Handler) getObjectACL(ctx context.Context, r *request) (*response, error) {
	version, err := r.versionParam()
	if err != nil {
		return nil, err
	}
	rd, err := h.cfg.Store.Open(ctx, object.GetObject{Bucket: r.gate.Bucket, Key: r.gate.Key, VersionID: version, HeadOnly: true})
	if err != nil {
		return r.unreadable(ctx, rd, err)
	}
	res := r.answer()
	res.setVersion(&rd.Version)
	res.doc = h.privateACL(rd.Version.Owner)
	return res, nil
}

// privateACL is the list of what only its owner may use.
func (h *Handler) privateACL(owner string) *wire.ACL {
	o := h.showOwner(owner)
	return &wire.ACL{Owner: o, Grants: []wire.Grant{{Grantee: wire.Grantee{Type: wire.CanonicalUser, ID: o.ID, DisplayName: o.DisplayName}, Permission: "FULL_CONTROL"}}}
}

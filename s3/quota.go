package s3

import (
	"context"
	"encoding/json"
	"strings"

	"myfsio/object"
	"myfsio/s3/wire"
)

// maxQuota bounds the document of a quota in bytes.
const maxQuota = 4 << 10

// getQuota serves GetBucketQuota, ours: the limits of the bucket, and what counts against them.
func (h *Handler) getQuota(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	held, err := h.cfg.Store.Usage(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	doc := wire.BucketQuota{Quota: wire.Quota{MaxBytes: limit(&b.Quota.MaxBytes), MaxObjects: limit(&b.Quota.MaxObjects)}}
	doc.Usage.Bytes, doc.Usage.Objects = held.Bytes+held.OldBytes, held.Objects+held.Versions
	res := r.answer()
	res.json, err = json.Marshal(&doc)
	return res, err
}

// limit is a limit as documents show it: nil for none.
func limit(n *int64) *int64 {
	if *n == 0 {
		return nil
	}
	return n
}

// putQuota serves PutBucketQuota, ours. Its document is JSON, whatever it is called, and takes the place of the one before.
func (h *Handler) putQuota(ctx context.Context, r *request) (*response, error) {
	body, _, err := r.document(maxQuota)
	if err != nil {
		return nil, err
	}
	doc, err := wire.ParseQuota(body)
	if err != nil {
		return nil, err
	}
	var q object.Quota
	if doc.MaxBytes != nil {
		q.MaxBytes = *doc.MaxBytes
	}
	if doc.MaxObjects != nil {
		q.MaxObjects = *doc.MaxObjects
	}
	return r.setQuota(ctx, q)
}

// deleteQuota serves DeleteBucketQuota, ours.
func (h *Handler) deleteQuota(ctx context.Context, r *request) (*response, error) {
	return r.setQuota(ctx, object.Quota{})
}

func (r *request) setQuota(ctx context.Context, q object.Quota) (*response, error) {
	if err := r.h.cfg.Store.SetQuota(ctx, r.gate.Bucket, q); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// aliasQuota makes /bucket/<b>?quota the same as /<b>?quota. A bucket of the name bucket is not in its way: an
// object has no quota.
func (r *request) aliasQuota() {
	if r.gate.Bucket == "bucket" && r.gate.Key != "" && !strings.Contains(r.gate.Key, "/") && r.query.Has("quota") {
		r.gate.Bucket, r.gate.Key = r.gate.Key, ""
	}
}

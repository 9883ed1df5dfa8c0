package s3

import (
	"context"
	"net/http"

	"myfsio/object"
	"myfsio/s3/wire"
)

// getTagging serves GetObjectTagging.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
func (h *Handler) getTagging(ctx context.Context, r *request) (*response, error) {
	version, err := r.versionParam()
	if err != nil {
		return nil, err
	}
	v, err := h.cfg.Store.Describe(ctx, r.gate.Bucket, r.gate.Key, version)
	if err != nil {
		return r.unreadable(ctx, nil, err)
	}
	if !r.decidedOn(&v) {
		return nil, errReplaced()
	}
	doc := &wire.Tagging{TagSet: []wire.Tag{}}
	for _, t := range v.Meta.Tags {
		doc.TagSet = append(doc.TagSet, wire.Tag{Key: t.Name, Value: t.Value})
	}
	res, err := r.config(doc)
	res.setVersion(&v)
	return res, err
}

// putTagging serves PutObjectTagging.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
func (h *Handler) putTagging(ctx context.Context, r *request) (*response, error) {
	doc, err := r.tagDocument()
	if err != nil {
		return nil, err
	}
	if err := h.limitTags(len(doc.TagSet)); err != nil {
		return nil, err
	}
	return r.setTags(ctx, pairs(doc.TagSet), http.StatusOK)
}

// deleteTagging serves DeleteObjectTagging.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
func (h *Handler) deleteTagging(ctx context.Context, r *request) (*response, error) {
	return r.setTags(ctx, nil, http.StatusNoContent)
}

func (r *request) setTags(ctx context.Context, tags []object.Pair, status int) (*response, error) {
	version, err := r.versionParam()
	if err != nil {
		return nil, err
	}
	v, err := r.amend(ctx, func(stamp [16]byte) (object.Version, error) {
		return r.h.cfg.Store.SetTags(ctx, object.SetTags{Bucket: r.gate.Bucket, Key: r.gate.Key, VersionID: version, Stamp: stamp, Tags: tags, By: r.actor()})
	})
	if err != nil {
		return r.unreadable(ctx, nil, err)
	}
	res := r.answer()
	res.status = status
	res.setVersion(&v)
	return res, nil
}

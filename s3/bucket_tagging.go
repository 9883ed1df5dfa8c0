package s3

import (
	"context"
	"encoding/json"
	"strings"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

// getBucketTagging serves GetBucketTagging.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html
func (h *Handler) getBucketTagging(ctx context.Context, r *request) (*response, error) {
	tags, err := stored(ctx, h, r.gate.Bucket, object.ConfigTagging, "tagging", wire.ParseTaggingJSON)
	if err != nil {
		return nil, err
	}
	return r.config(&tags)
}

// putBucketTagging serves PutBucketTagging. No tags are as good as none.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
func (h *Handler) putBucketTagging(ctx context.Context, r *request) (*response, error) {
	tags, err := r.readTagDocument()
	if err != nil {
		return nil, err
	}
	if len(tags.TagSet) > object.MaxBucketTags {
		return nil, fault.New(fault.InvalidTag, "Bucket tag count cannot be greater than %d", object.MaxBucketTags)
	}
	if err := object.CheckTags(pairs(tags.TagSet), object.MaxBucketTags); err != nil {
		return nil, err
	}
	for _, t := range tags.TagSet {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, fault.New(fault.InvalidTag, "System tags cannot be added/updated by requester")
		}
	}
	if len(tags.TagSet) == 0 {
		return h.deleteBucketTagging(ctx, r)
	}
	doc, err := json.Marshal(&tags)
	if err != nil {
		return nil, err
	}
	if err := h.cfg.Store.SetConfig(ctx, r.gate.Bucket, object.ConfigTagging, doc); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// deleteBucketTagging serves DeleteBucketTagging.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html
func (h *Handler) deleteBucketTagging(ctx context.Context, r *request) (*response, error) {
	if err := h.cfg.Store.DeleteConfig(ctx, r.gate.Bucket, object.ConfigTagging); err != nil {
		return nil, err
	}
	return r.done(), nil
}

package s3

import (
	"context"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/website/site"
)

// websites refuses what is about websites where the server serves none.
func (h *Handler) websites() error {
	if !h.cfg.Websites {
		return fault.New(fault.InvalidRequest, "Website hosting is not enabled. The administrator enables it with WEBSITE_HOSTING_ENABLED=true.")
	}
	return nil
}

// getWebsite serves GetBucketWebsite.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html
func (h *Handler) getWebsite(ctx context.Context, r *request) (*response, error) {
	if err := h.websites(); err != nil {
		return nil, err
	}
	c, err := stored(ctx, h, r.gate.Bucket, object.ConfigWebsite, "website", site.ParseJSON)
	if err != nil {
		return nil, err
	}
	return r.config(c)
}

// putWebsite serves PutBucketWebsite.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
func (h *Handler) putWebsite(ctx context.Context, r *request) (*response, error) {
	if err := h.websites(); err != nil {
		return nil, err
	}
	c, err := sent(r, site.MaxDocument, site.ParseXML, site.ParseJSON)
	if err != nil {
		return nil, err
	}
	if err := h.cfg.Store.SetConfig(ctx, r.gate.Bucket, object.ConfigWebsite, c.JSON()); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// deleteWebsite serves DeleteBucketWebsite.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html
func (h *Handler) deleteWebsite(ctx context.Context, r *request) (*response, error) {
	if err := h.websites(); err != nil {
		return nil, err
	}
	if err := h.cfg.Store.DeleteConfig(ctx, r.gate.Bucket, object.ConfigWebsite); err != nil {
		return nil, err
	}
	return r.done(), nil
}

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
	doc, err := h.cfg.Store.Config(ctx, r.gate.Bucket, object.ConfigWebsite)
	if err != nil {
		return nil, err
	}
	c, err := site.ParseJSON(doc)
	if err != nil {
		return nil, errStored("website", err)
	}
	return r.config(c)
}

// errStored is the error of a stored document that cannot be read.
func errStored(what string, err error) error {
	return &fault.Error{Kind: fault.Corrupted, Msg: "The stored " + what + " configuration cannot be read. Please set it again.", Err: err}
}

// putWebsite serves PutBucketWebsite.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
func (h *Handler) putWebsite(ctx context.Context, r *request) (*response, error) {
	if err := h.websites(); err != nil {
		return nil, err
	}
	body, _, err := r.document(site.MaxDocument)
	if err != nil {
		return nil, err
	}
	parse := site.ParseXML
	if r.sentJSON() {
		parse = site.ParseJSON
	}
	c, err := parse(body)
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

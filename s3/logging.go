package s3

import (
	"context"

	"myfsio/accesslog"
	"myfsio/fault"
	"myfsio/object"
)

// HostID returns what answers carry in x-amz-id-2, for access logs.
func (h *Handler) HostID() string { return h.hostID[0] }

// getLogging serves GetBucketLogging.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html
func (h *Handler) getLogging(ctx context.Context, r *request) (*response, error) {
	c, err := stored(ctx, h, r.gate.Bucket, object.ConfigLogging, "logging", accesslog.ParseJSON)
	if fault.Is(err, fault.NoSuchConfig) {
		return r.config(&accesslog.Config{})
	}
	if err != nil {
		return nil, err
	}
	return r.config(c)
}

// putLogging serves PutBucketLogging. A configuration without LoggingEnabled ends the logging.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
func (h *Handler) putLogging(ctx context.Context, r *request) (*response, error) {
	c, err := sent(r, accesslog.MaxDocument, accesslog.ParseXML, accesslog.ParseJSON)
	if err != nil {
		return nil, err
	}
	if c.Enabled == nil {
		return r.answer(), h.setLogging(ctx, r.gate.Bucket, nil)
	}
	if err := h.checkLogTarget(ctx, r, c.Enabled); err != nil {
		return nil, err
	}
	return r.answer(), h.setLogging(ctx, r.gate.Bucket, c.JSON())
}

// deleteLogging serves what version 0.4 had beside the empty configuration.
func (h *Handler) deleteLogging(ctx context.Context, r *request) (*response, error) {
	if err := h.setLogging(ctx, r.gate.Bucket, nil); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// setLogging stores a document, or none, and lets it hold at once.
func (h *Handler) setLogging(ctx context.Context, bucket string, doc []byte) (err error) {
	if doc == nil {
		err = h.cfg.Store.DeleteConfig(ctx, bucket, object.ConfigLogging)
	} else {
		err = h.cfg.Store.SetConfig(ctx, bucket, object.ConfigLogging, doc)
	}
	if h.cfg.LoggingChanged != nil {
		h.cfg.LoggingChanged(bucket)
	}
	return err
}

// checkLogTarget makes sure that the target is a bucket of the same owner, or one that the caller may write to: the log is
// written with the rights of its owner, and must not be a way around them.
func (h *Handler) checkLogTarget(ctx context.Context, r *request, to *accesslog.Enabled) error {
	source, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return err
	}
	refused := &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidTargetBucketForLogging",
		Msg: "The target bucket for logging does not exist, or is not one that you may write to."}
	target, err := h.cfg.Store.HeadBucket(ctx, to.TargetBucket)
	switch fault.KindOf(err) {
	case fault.NoSuchBucket, fault.InvalidBucketName:
		return refused
	}
	if err != nil || target.Owner == source.Owner {
		return err
	}
	write := r.about(opPutObject, to.TargetBucket, to.TargetPrefix, "")
	if write.Key == "" {
		write.Key = "*" // any key
	}
	if err := h.cfg.Gate.Authorize(ctx, &write); fault.Is(err, fault.AccessDenied) {
		return refused
	} else if err != nil {
		return err
	}
	return nil
}

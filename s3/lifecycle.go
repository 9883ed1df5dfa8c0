package s3

import (
	"context"
	"crypto/rand"
	"net/url"
	"time"

	"myfsio/fault"
	"myfsio/lifecycle"
	"myfsio/object"
	"myfsio/s3/wire"
)

// minimumSize is a header about transitions, which are not offered: what a client sets is given back to him.
const minimumSize = "X-Amz-Transition-Default-Minimum-Object-Size"

// getLifecycle serves GetBucketLifecycleConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
func (h *Handler) getLifecycle(ctx context.Context, r *request) (*response, error) {
	c, err := stored(ctx, h, r.gate.Bucket, object.ConfigLifecycle, "lifecycle", lifecycle.ParseJSON)
	if err != nil {
		return nil, err
	}
	if c.TransitionDefaultMinimumObjectSize == "" {
		c.TransitionDefaultMinimumObjectSize = "all_storage_classes_128K"
	}
	res, err := r.config(c)
	res.set(minimumSize, c.TransitionDefaultMinimumObjectSize)
	return res, err
}

// putLifecycle serves PutBucketLifecycleConfiguration. Rules without an ID are given one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
func (h *Handler) putLifecycle(ctx context.Context, r *request) (*response, error) {
	c, err := sent(r, lifecycle.MaxDocument, lifecycle.ParseXML, lifecycle.ParseJSON)
	if err != nil {
		return nil, err
	}
	if v := r.header(minimumSize); v != "" {
		c.TransitionDefaultMinimumObjectSize = v
		if err := c.Check(); err != nil {
			return nil, err
		}
	}
	c.Name(rand.Text)
	if err := h.cfg.Store.SetConfig(ctx, r.gate.Bucket, object.ConfigLifecycle, c.JSON()); err != nil {
		return nil, err
	}
	res := r.answer()
	res.set(minimumSize, c.TransitionDefaultMinimumObjectSize)
	return res, nil
}

// deleteLifecycle serves DeleteBucketLifecycle.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html
func (h *Handler) deleteLifecycle(ctx context.Context, r *request) (*response, error) {
	if err := h.cfg.Store.DeleteConfig(ctx, r.gate.Bucket, object.ConfigLifecycle); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// lifecycleRules returns the rules of the bucket of the request, nil for none. A header that tells of them is not worth a failed
// request, so an error is only logged.
func (r *request) lifecycleRules(ctx context.Context) *lifecycle.Rules {
	doc, err := r.h.cfg.Store.Config(ctx, r.gate.Bucket, object.ConfigLifecycle)
	if err == nil {
		var rules *lifecycle.Rules
		if rules, err = r.h.rules.Get(r.gate.Bucket, doc, compileLifecycle); err == nil {
			return rules
		}
	}
	if k := fault.KindOf(err); k != fault.NoSuchConfig && k != fault.NoSuchBucket && ctx.Err() == nil {
		r.h.cfg.Log.Error("the lifecycle configuration of a bucket cannot be read", "request", r.gate.ID, "bucket", r.gate.Bucket, "err", err)
	}
	return nil
}

func compileLifecycle(doc []byte) (*lifecycle.Rules, error) {
	c, err := lifecycle.ParseJSON(doc)
	if err != nil {
		return nil, err
	}
	return lifecycle.Compile(c), nil
}

// expiry tells when a rule ends the life of a current version. A bucket without rules costs nothing.
func (r *request) expiry(ctx context.Context, res *response, v *object.Version) {
	if !v.Lifecycle || !v.Latest || v.DeleteMarker || !r.h.cfg.Lifecycle {
		return
	}
	o := lifecycle.Object{Key: v.Key, Size: v.Size, Modified: v.Modified}
	for _, t := range v.Meta.Tags {
		o.Tags = append(o.Tags, lifecycle.Tag{Key: t.Name, Value: t.Value})
	}
	if at, rule, ok := r.lifecycleRules(ctx).Expiry(&o); ok {
		res.set("x-amz-expiration", `expiry-date="`+httpTime(at)+`", rule-id="`+url.PathEscape(rule)+`"`)
	}
}

// abortDate tells when a rule gives an upload up.
func (r *request) abortDate(ctx context.Context, res *response, key string, initiated time.Time) {
	if !r.h.cfg.Lifecycle {
		return
	}
	if at, rule, ok := r.lifecycleRules(ctx).AbortDate(key, initiated); ok {
		res.set("x-amz-abort-date", httpTime(at))
		res.set("x-amz-abort-rule-id", url.PathEscape(rule))
	}
}

func httpTime(t time.Time) string { return string(wire.AppendHTTPTime(nil, t)) }

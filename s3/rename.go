package s3

import (
	"context"
	"net/http"
	"strings"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
	"myfsio/s3/wire"
)

const renamePrefix = "X-Amz-Rename-Source-"

// renameObject serves RenameObject. Reading the source and deleting it pass the gate as requests of their own.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_RenameObject.html
func (h *Handler) renameObject(ctx context.Context, r *request) (*response, error) {
	source, err := wire.ParseRenameSource(r.header("X-Amz-Rename-Source"), r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	rn := object.RenameObject{Bucket: r.gate.Bucket, Source: source, Key: r.gate.Key, If: r.conditions(), SourceIf: r.conditionsOf(renamePrefix), Owner: r.owner(), By: r.actor()}
	if rn.Token, err = r.clientToken(); err != nil {
		return nil, err
	}
	if rn.SourceCustomer, err = r.sourceKey(); err != nil {
		return nil, err
	}
	if err := rn.Verify(); err != nil {
		return nil, err
	}
	if done, err := h.cfg.Store.RenameDone(ctx, rn); done || err != nil {
		return r.answer(), err
	}
	done, err := h.renameSeen(ctx, r, rn)
	if err != nil {
		return nil, err
	}
	v := &done.Version
	res := r.answer()
	if v.Key == "" { // the same request was faster
		return res, nil
	}
	res.setVersion(v)
	r.expiry(ctx, res, v)
	r.record.Size, r.record.VersionID = v.Size, v.VersionID
	return res, nil
}

// renameSeen renames the version that the gate decided about, and lets it decide again when that was replaced meanwhile.
func (h *Handler) renameSeen(ctx context.Context, r *request, rn object.RenameObject) (object.Renamed, error) {
	src := wire.CopySource{Bucket: rn.Bucket, Key: rn.Source}
	for range replaced {
		seen, err := r.mayRename(ctx, src)
		if err != nil {
			return object.Renamed{}, err
		}
		rn.SourceStamp = seen
		done, err := h.cfg.Store.Rename(ctx, rn)
		if !fault.Is(err, fault.ConditionalConflict) {
			return done, r.renameFailed(ctx, src, err)
		}
	}
	return object.Renamed{}, errReplaced()
}

// mayRename asks the gate for the rights to a source: those of who copies it with its tags and annotations, and deletes it.
func (r *request) mayRename(ctx context.Context, src wire.CopySource) (gate.Sight, error) {
	seen, err := r.mayCopy(ctx, src, &takenAlong{tags: true, annotations: true})
	if err != nil {
		return seen, err
	}
	too, err := r.mayRead(ctx, src, opDeleteObject)
	return seen.And(too), err
}

// renameFailed names the condition of a rename that failed, and hides which keys exist in a bucket that the sender may not list.
func (r *request) renameFailed(ctx context.Context, src wire.CopySource, err error) error {
	if fault.Is(err, fault.NoSuchKey) && !r.mayList(ctx, src.Bucket) {
		return errAccessDenied()
	}
	return r.condition(err)
}

// clientToken reads x-amz-client-token.
func (r *request) clientToken() (string, error) {
	v, given := r.http.Header["X-Amz-Client-Token"]
	if !given {
		return "", nil
	}
	bad := len(v) != 1 || v[0] == "" || len(v[0]) > object.MaxToken || strings.ContainsFunc(v[0], func(c rune) bool { return c < 33 || c > 126 })
	if bad {
		return "", wire.InvalidArgument("x-amz-client-token", "", "A client token is 1 to 64 characters of ASCII, without blanks.")
	}
	return v[0], nil
}

// conditionsOf reads preconditions from the headers with this prefix, in its canonical form; "" those of HTTP itself.
func (r *request) conditionsOf(prefix string) object.Conditions {
	var c object.Conditions
	name := func(n string) string { return r.header(http.CanonicalHeaderKey(prefix + n)) }
	if v := name("If-Match"); v != "" {
		c.IfMatch = wire.ParseETags(v, false)
	}
	if v := name("If-None-Match"); v != "" {
		c.IfNoneMatch = wire.ParseETags(v, true)
	}
	c.IfModifiedSince, _ = wire.ParseTime(name("If-Modified-Since")) // one that is no date is ignored, as HTTP asks
	c.IfUnmodifiedSince, _ = wire.ParseTime(name("If-Unmodified-Since"))
	return c
}

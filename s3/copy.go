package s3

import (
	"context"
	"net/http"
	"strings"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
	"myfsio/s3/wire"
)

// copyObject serves CopyObject. Reading the source passes the gate as a request of its own.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
func (h *Handler) copyObject(ctx context.Context, r *request) (*response, error) {
	src, err := r.copySource(ctx)
	if err != nil {
		return nil, err
	}
	cp := object.CopyObject{SourceBucket: src.Bucket, SourceKey: src.Key, SourceVersionID: src.VersionID, SourceIf: r.sourceConditions(),
		Bucket: r.gate.Bucket, Key: r.gate.Key, Owner: r.owner()}
	if cp.ReplaceMeta, err = r.directive("X-Amz-Metadata-Directive"); err != nil {
		return nil, err
	}
	if cp.ReplaceTags, err = r.directive("X-Amz-Tagging-Directive"); err != nil {
		return nil, err
	}
	if cp.Meta, err = r.metadata(); err != nil {
		return nil, err
	}
	if err := r.copyTagRights(ctx, src, cp.ReplaceTags); err != nil {
		return nil, err
	}
	if cp.ACL, cp.BucketOwnerFull, err = r.writtenACL(ctx); err != nil {
		return nil, err
	}
	if cp.Checksum, err = r.checksumAlgorithm(); err != nil {
		return nil, err
	}
	if cp.If, err = r.writeConditions(); err != nil {
		return nil, err
	}
	done, err := h.cfg.Store.Copy(ctx, cp)
	if err != nil {
		return nil, r.copyFailed(ctx, src, err)
	}
	v := &done.Version
	res := r.answer()
	res.setVersion(v)
	res.set("x-amz-copy-source-version-id", done.SourceVersionID)
	res.doc = &wire.CopyResult{Modified: v.Modified, ETag: v.ETag, Checksum: sumOf(v.Checksum)}
	r.record.Size, r.record.VersionID = v.Size, v.VersionID
	return res, nil
}

// copySource reads x-amz-copy-source and asks the gate whether the sender may read it.
func (r *request) copySource(ctx context.Context) (wire.CopySource, error) {
	src, err := wire.ParseCopySource(r.header("X-Amz-Copy-Source"))
	if err != nil {
		return src, err
	}
	if err := r.mayRead(ctx, src, opGetObject); err != nil {
		return src, err
	}
	if want := r.header("X-Amz-Source-Expected-Bucket-Owner"); want != "" {
		return src, r.expectOwner(ctx, src.Bucket, want)
	}
	return src, nil
}

// mayRead asks the gate for a right on the source of a copy.
func (r *request) mayRead(ctx context.Context, src wire.CopySource, op *gate.Op) error {
	read := r.about(op, src.Bucket, src.Key, src.VersionID)
	return r.h.cfg.Gate.Authorize(ctx, &read)
}

// copyTagRights asks for the rights to the tags that the copy takes along or sets.
func (r *request) copyTagRights(ctx context.Context, src wire.CopySource, replace bool) error {
	if replace {
		return r.tagRight(ctx)
	}
	v, err := r.h.cfg.Store.Describe(ctx, src.Bucket, src.Key, src.VersionID)
	if err != nil || len(v.Meta.Tags) == 0 {
		return nil // Copy tells what is wrong with the source
	}
	return r.mayRead(ctx, src, opGetObjectTagging)
}

// directive reads COPY or REPLACE; true for REPLACE.
func (r *request) directive(header string) (bool, error) {
	switch v := r.header(header); v {
	case "", "COPY":
		return false, nil
	case "REPLACE":
		return true, nil
	default:
		return false, wire.InvalidArgument(strings.ToLower(header), v, "Unknown directive.")
	}
}

// sourceConditions reads the preconditions on the source of a copy.
func (r *request) sourceConditions() object.Conditions {
	var c object.Conditions
	if v := r.header("X-Amz-Copy-Source-If-Match"); v != "" {
		c.IfMatch = wire.ParseETags(v, false)
	}
	if v := r.header("X-Amz-Copy-Source-If-None-Match"); v != "" {
		c.IfNoneMatch = wire.ParseETags(v, true)
	}
	c.IfModifiedSince, _ = wire.ParseTime(r.header("X-Amz-Copy-Source-If-Modified-Since"))
	c.IfUnmodifiedSince, _ = wire.ParseTime(r.header("X-Amz-Copy-Source-If-Unmodified-Since"))
	return c
}

// copyFailed names the condition of a copy that failed, and hides which keys exist in a source that the sender may not list.
func (r *request) copyFailed(ctx context.Context, src wire.CopySource, err error) error {
	name := failedCondition(err)
	switch {
	case fault.Is(err, fault.NoSuchKey):
		if !r.mayList(ctx, src.Bucket) {
			return errAccessDenied()
		}
		return err
	case name == "":
		return err
	}
	return detail(err, "Condition", r.sourceCondition(name))
}

// sourceCondition is the name of a failed condition with the beginning of those on a source, where it is one: the store does not
// always tell. Of the conditions on what a copy replaces only If-Match and If-None-Match are offered.
func (r *request) sourceCondition(name string) string {
	const source = "x-amz-copy-source-"
	name, told := strings.CutPrefix(name, source)
	if told && r.header(http.CanonicalHeaderKey(source+name)) == "" {
		name = "If-Modified-Since" // the other one that says "not modified"
	}
	if told || r.header(http.CanonicalHeaderKey(name)) == "" {
		return source + name
	}
	return name
}

// checksumAlgorithm reads x-amz-checksum-algorithm.
func (r *request) checksumAlgorithm() (checksum.Algorithm, error) {
	v := r.header("X-Amz-Checksum-Algorithm")
	if v == "" {
		return checksum.None, nil
	}
	alg, ok := checksum.Parse(v)
	if !ok {
		return alg, fault.New(fault.InvalidRequest, "Checksum algorithm provided is unsupported. Please try again with any of the valid types: %s", algorithmNames())
	}
	return alg, nil
}

func algorithmNames() string {
	var names []string
	for _, a := range checksum.All() {
		names = append(names, a.String())
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// sumOf is a checksum as documents show it.
func sumOf(c object.Checksum) wire.Checksum {
	if c.Algorithm == checksum.None {
		return wire.Checksum{}
	}
	return wire.Checksum{Algorithm: c.Algorithm.String(), Type: c.Type.String(), Value: c.Value}
}

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
	excludes, err := r.excludesAnnotations()
	if err != nil {
		return nil, err
	}
	along := &takenAlong{tags: r.header("X-Amz-Tagging-Directive") != "REPLACE", annotations: !excludes}
	src, seen, err := r.copySource(ctx, along)
	if err != nil {
		return nil, err
	}
	cp := object.CopyObject{SourceBucket: src.Bucket, SourceKey: src.Key, SourceVersionID: src.VersionID, SourceIf: r.conditionsOf("X-Amz-Copy-Source-"),
		Bucket: r.gate.Bucket, Key: r.gate.Key, Owner: r.owner(), ExcludeAnnotations: excludes}
	if cp.ReplaceMeta, err = r.directive("X-Amz-Metadata-Directive"); err != nil {
		return nil, err
	}
	if cp.ReplaceTags, err = r.directive("X-Amz-Tagging-Directive"); err != nil {
		return nil, err
	}
	if cp.Meta, err = r.metadata(); err != nil {
		return nil, err
	}
	if cp.ReplaceTags {
		if err := r.tagRight(ctx); err != nil {
			return nil, err
		}
	}
	if cp.ACL, cp.BucketOwnerFull, err = r.writtenACL(ctx); err != nil {
		return nil, err
	}
	if cp.Lock, err = r.newLock(ctx); err != nil {
		return nil, err
	}
	if cp.SourceCustomer, err = r.sourceKey(); err != nil {
		return nil, err
	}
	if cp.Seal, err = r.sealing(); err != nil {
		return nil, err
	}
	if cp.Checksum, err = r.checksumAlgorithm(); err != nil {
		return nil, err
	}
	if cp.If, err = r.writeConditions(); err != nil {
		return nil, err
	}
	var done object.Copied
	err = r.copyOf(ctx, src, seen, along, func(stamp [16]byte) (err error) {
		cp.SourceStamp, cp.SourceBare = stamp, !along.found
		done, err = h.cfg.Store.Copy(ctx, cp)
		return err
	})
	if err != nil {
		return nil, err
	}
	v := &done.Version
	res := r.answer()
	res.setVersion(v)
	res.set("x-amz-copy-source-version-id", done.SourceVersionID)
	r.setWritten(res, v.Encryption)
	r.expiry(ctx, res, &done.Version)
	res.doc = &wire.CopyResult{Modified: v.Modified, ETag: v.ETag, Checksum: sumOf(v.Checksum)}
	r.record.Size, r.record.VersionID = v.Size, v.VersionID
	return res, nil
}

// takenAlong is what a copy takes from its source beside the bytes, which needs rights of its own where it is there.
type takenAlong struct {
	tags, annotations bool
	found             bool // the source was seen with annotations
}

// copySource reads x-amz-copy-source and asks the gate whether the sender may read it, and what is taken along.
func (r *request) copySource(ctx context.Context, along *takenAlong) (src wire.CopySource, seen gate.Sight, err error) {
	if src, err = wire.ParseCopySource(r.header("X-Amz-Copy-Source")); err != nil {
		return src, seen, err
	}
	if seen, err = r.mayCopy(ctx, src, along); err != nil {
		return src, seen, err
	}
	if want := r.header("X-Amz-Source-Expected-Bucket-Owner"); want != "" {
		return src, seen, r.expectOwner(ctx, src.Bucket, want)
	}
	return src, seen, nil
}

// mayCopy asks the gate for the rights to a source, and returns which version its decisions are about.
func (r *request) mayCopy(ctx context.Context, src wire.CopySource, along *takenAlong) (gate.Sight, error) {
	for range replaced {
		seen, err := r.mayRead(ctx, src, opGetObject)
		if err != nil {
			return seen, err
		}
		if !along.tags && !along.annotations && seen != gate.Torn {
			return seen, nil
		}
		v, err := r.h.cfg.Store.Describe(ctx, src.Bucket, src.Key, src.VersionID)
		switch {
		case fault.Is(err, fault.MethodNotAllowed):
			return seen, fault.New(fault.InvalidRequest, "The source of a copy request may not specifically refer to a delete marker by version id.")
		case err != nil:
			return seen, r.copyFailed(ctx, src, err)
		}
		seen.Saw(v.Stamp)
		if along.tags && len(v.Meta.Tags) > 0 {
			too, err := r.mayRead(ctx, src, opGetObjectTagging)
			if err != nil {
				return seen, err
			}
			seen = seen.And(too)
		}
		if along.found = along.annotations && v.Annotations > 0; along.found {
			too, err := r.mayRead(ctx, src, opGetAnnotation)
			if err == nil {
				err = r.mayToo(ctx, opPutAnnotation)
			}
			if err != nil {
				return seen, err
			}
			seen = seen.And(too)
		}
		if seen != gate.Torn {
			return seen, nil
		}
	}
	return gate.Torn, errReplaced()
}

// mayRead asks the gate for a right on the source of a copy.
func (r *request) mayRead(ctx context.Context, src wire.CopySource, op *gate.Op) (gate.Sight, error) {
	read := r.about(op, src.Bucket, src.Key, src.VersionID)
	err := r.h.cfg.Gate.Authorize(ctx, &read)
	return read.Seen.And(read.Conditions.Source.(*elsewhere).seen), err
}

// copyOf runs copy for the version of the source that the gate decided about, and lets it decide again when that was replaced meanwhile.
func (r *request) copyOf(ctx context.Context, src wire.CopySource, seen gate.Sight, along *takenAlong, copy func(stamp [16]byte) error) error {
	for range replaced {
		err := copy(seen)
		if err == nil {
			return nil
		}
		if seen == (gate.Sight{}) || !fault.Is(err, fault.ConditionalConflict) {
			return r.copyFailed(ctx, src, err)
		}
		if seen, err = r.mayCopy(ctx, src, along); err != nil {
			return err
		}
	}
	return errReplaced()
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

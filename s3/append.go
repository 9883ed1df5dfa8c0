package s3

import (
	"context"
	"strconv"
	"strings"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

const offsetHeader = "X-Amz-Write-Offset-Bytes"

// write stores what PutObject sends: as an object, or with x-amz-write-offset-bytes behind the bytes of one.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-buckets-objects-append.html
func (h *Handler) write(ctx context.Context, r *request, put object.PutObject) (v object.Version, appended bool, err error) {
	values, appended := r.http.Header[offsetHeader]
	if !appended {
		v, err = h.cfg.Store.Put(ctx, put)
		return v, false, err
	}
	offset, err := r.writeOffset(values)
	if err != nil {
		return v, true, err
	}
	v, err = h.cfg.Store.Append(ctx, object.AppendObject{PutObject: put, Offset: offset, Stamp: r.gate.Seen.And(r.tagged)})
	return v, true, err
}

// writeOffset reads x-amz-write-offset-bytes. Behind the bytes of an object nothing can be said about it.
func (r *request) writeOffset(values []string) (int64, error) {
	offset, err := strconv.ParseInt(values[0], 10, 64)
	if len(values) != 1 || err != nil || offset < 0 || strings.HasPrefix(values[0], "+") {
		return 0, wire.InvalidArgument(strings.ToLower(offsetHeader), values[0], "The write offset must be a number of bytes, 0 or more.")
	}
	if offset == 0 {
		return 0, nil
	}
	for name := range r.http.Header {
		if describes(name) {
			return 0, fault.New(fault.InvalidRequest, "An append changes nothing but the bytes of the object: the header %s cannot come with a write offset above 0.", strings.ToLower(name))
		}
	}
	return offset, nil
}

// describes reports whether a header says something about an object that an append would not keep. Content-Type and Content-Encoding, which clients
// send of their own accord, are passed over.
func describes(name string) bool {
	switch name {
	case "Cache-Control", "Content-Disposition", "Content-Language", "Expires", "X-Amz-Acl", "X-Amz-Tagging", "X-Amz-Storage-Class", "X-Amz-Website-Redirect-Location":
		return true
	}
	return strings.HasPrefix(name, metaPrefix) || strings.HasPrefix(name, "X-Amz-Grant-") || strings.HasPrefix(name, lockPrefix)
}

package s3

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
	"myfsio/sigv4"
)

// createUpload serves CreateMultipartUpload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
func (h *Handler) createUpload(ctx context.Context, r *request) (*response, error) {
	c := object.CreateUpload{Bucket: r.gate.Bucket, Key: r.gate.Key, Owner: r.owner(), Initiator: r.owner()}
	var err error
	if c.Meta, err = r.metadata(); err != nil {
		return nil, err
	}
	if err = r.tagRight(ctx); err != nil {
		return nil, err
	}
	if c.ACL, c.BucketOwnerFull, err = r.writtenACL(ctx); err != nil {
		return nil, err
	}
	if c.Lock, err = r.newLock(ctx); err != nil {
		return nil, err
	}
	if c.Seal, err = r.sealing(); err != nil {
		return nil, err
	}
	if c.Checksum, err = r.checksumAlgorithm(); err != nil {
		return nil, err
	}
	if c.ChecksumType, err = r.checksumType(c.Checksum); err != nil {
		return nil, err
	}
	u, err := h.cfg.Store.CreateUpload(ctx, c)
	if err != nil {
		return nil, err
	}
	res := r.answer()
	if u.Checksum != checksum.None {
		res.set("x-amz-checksum-algorithm", u.Checksum.String())
		res.set("x-amz-checksum-type", u.ChecksumType.String())
	}
	r.abortDate(ctx, res, u.Key, u.Initiated)
	r.setWritten(res, u.Encryption)
	res.doc = &wire.InitiateUpload{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID}
	return res, nil
}

// checksumType reads x-amz-checksum-type of an upload with algorithm alg.
func (r *request) checksumType(alg checksum.Algorithm) (checksum.Type, error) {
	v := r.header("X-Amz-Checksum-Type")
	switch {
	case v == "":
		return alg.DefaultType(), nil
	case alg == checksum.None:
		return 0, fault.New(fault.InvalidRequest, "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	}
	t, ok := checksum.ParseType(v)
	if !ok {
		return 0, fault.New(fault.InvalidRequest, "Value for x-amz-checksum-type header is invalid.")
	}
	if !alg.Allows(t) {
		return 0, fault.New(fault.InvalidRequest, "The %s checksum type cannot be used with the %s checksum algorithm.", t, strings.ToLower(alg.String()))
	}
	return t, nil
}

// putPart serves UploadPart.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
func (h *Handler) putPart(ctx context.Context, r *request) (*response, error) {
	put := object.PutPart{Bucket: r.gate.Bucket, Key: r.gate.Key, UploadID: r.query.Get("uploadId")}
	var err error
	if put.Number, err = r.partNumber(); err != nil {
		return nil, err
	}
	if put.Customer, err = r.customerKey(); err != nil {
		return nil, err
	}
	if put.Body, err = r.uploaded(); err != nil {
		return nil, err
	}
	p, err := h.cfg.Store.PutPart(ctx, put)
	if err != nil {
		return nil, err
	}
	res := r.answer()
	res.setETag(p.ETag)
	res.setEncryption(p.Encryption)
	if p.Checksum.Algorithm != checksum.None {
		res.set(p.Checksum.Algorithm.Header(), p.Checksum.Value)
	}
	r.record.Size = p.Size
	return res, nil
}

// copyPart serves UploadPartCopy.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
func (h *Handler) copyPart(ctx context.Context, r *request) (*response, error) {
	n, err := r.partNumber()
	if err != nil {
		return nil, err
	}
	src, seen, err := r.copySource(ctx, &takenAlong{})
	if err != nil {
		return nil, err
	}
	cp := object.CopyPart{SourceBucket: src.Bucket, SourceKey: src.Key, SourceVersionID: src.VersionID, SourceIf: r.conditionsOf("X-Amz-Copy-Source-"),
		Bucket: r.gate.Bucket, Key: r.gate.Key, UploadID: r.query.Get("uploadId"), Number: n}
	if cp.SourceCustomer, err = r.sourceKey(); err != nil {
		return nil, err
	}
	if cp.Customer, err = r.customerKey(); err != nil {
		return nil, err
	}
	if v := r.header("X-Amz-Copy-Source-Range"); v != "" {
		rng, err := wire.ParseCopyRange(v)
		if err != nil {
			return nil, err
		}
		cp.Range = &object.Range{First: rng.First, Last: rng.Last}
	}
	var done object.CopiedPart
	err = r.copyOf(ctx, src, seen, &takenAlong{}, func(stamp [16]byte) (err error) {
		cp.SourceStamp = stamp
		done, err = h.cfg.Store.CopyPart(ctx, cp)
		return err
	})
	if err != nil {
		return nil, err
	}
	res := r.answer()
	res.set("x-amz-copy-source-version-id", done.SourceVersionID)
	res.setEncryption(done.Part.Encryption)
	sum := sumOf(done.Part.Checksum)
	sum.Type = ""
	res.doc = &wire.CopyResult{Part: true, Modified: done.Part.Modified, ETag: done.Part.ETag, Checksum: sum}
	r.record.Size = done.Part.Size
	return res, nil
}

// completeUpload serves CompleteMultipartUpload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
func (h *Handler) completeUpload(ctx context.Context, r *request) (*response, error) {
	c := object.CompleteUpload{Bucket: r.gate.Bucket, Key: r.gate.Key, UploadID: r.query.Get("uploadId"), ObjectSize: -1, By: r.actor()}
	var err error
	if c.If, err = r.writeConditions(); err != nil {
		return nil, err
	}
	if err := r.asBegun(ctx, c.UploadID); err != nil {
		return nil, err
	}
	if err := r.expectWhole(&c); err != nil {
		return nil, err
	}
	body, err := r.completeDocument()
	if err != nil {
		return nil, err
	}
	parts, err := wire.ParseComplete(body, object.MaxParts)
	if err != nil {
		return nil, err
	}
	c.Parts = make([]object.CompletePart, len(parts))
	for i, p := range parts {
		c.Parts[i] = object.CompletePart{Number: p.Number, ETag: p.ETag}
		if p.Algorithm != checksum.None {
			c.Parts[i].Checksum = object.Checksum{Algorithm: p.Algorithm, Value: p.Checksum}
		}
	}
	v, err := h.cfg.Store.CompleteUpload(ctx, c)
	if err != nil {
		return nil, r.condition(err)
	}
	res := r.answer()
	res.setVersion(&v)
	res.setEncryption(v.Encryption)
	r.expiry(ctx, res, &v)
	res.doc = &wire.CompleteResult{Location: r.location(), Bucket: v.Bucket, Key: v.Key, ETag: v.ETag, Checksum: sumOf(v.Checksum)}
	r.record.Size, r.record.VersionID = v.Size, v.VersionID
	return res, nil
}

// completeDocument reads the list of parts. The checksum headers of this request are those of the whole
// object, so they say nothing about the document.
func (r *request) completeDocument() ([]byte, error) {
	body, _, err := r.readDocument(wire.MaxLargeDocument, func(*sigv4.Body) (object.Digest, error) { return object.Digest{}, nil })
	return body, err
}

// expectWhole reads what the client says of the whole object.
func (r *request) expectWhole(c *object.CompleteUpload) error {
	alg, value, err := r.checksumHeader()
	if err != nil {
		return err
	}
	if alg != checksum.None {
		c.Checksum = object.Checksum{Algorithm: alg, Value: value, Type: alg.DefaultType()}
		if strings.Contains(value, "-") {
			c.Checksum.Type = checksum.Composite
		} else if alg.Allows(checksum.FullObject) {
			c.Checksum.Type = checksum.FullObject
		}
	}
	if v := r.header("X-Amz-Checksum-Type"); v != "" {
		t, ok := checksum.ParseType(v)
		if !ok {
			return fault.New(fault.InvalidRequest, "Value for x-amz-checksum-type header is invalid.")
		}
		c.Checksum.Type = t
	}
	if v := r.header("X-Amz-Mp-Object-Size"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return wire.InvalidArgument("x-amz-mp-object-size", v, "The header is not a size.")
		}
		c.ObjectSize = n
	}
	return nil
}

// location is the URL of the object of the request.
func (r *request) location() string {
	scheme := "http://"
	if r.gate.Secure {
		scheme = "https://"
	}
	return scheme + r.http.Host + r.http.URL.EscapedPath()
}

// abortUpload serves AbortMultipartUpload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
func (h *Handler) abortUpload(ctx context.Context, r *request) (*response, error) {
	abort := object.AbortUpload{Bucket: r.gate.Bucket, Key: r.gate.Key, UploadID: r.query.Get("uploadId")}
	var err error
	if abort.IfInitiated, err = r.headerTime("X-Amz-If-Match-Initiated-Time"); err != nil {
		return nil, err
	}
	if err := h.cfg.Store.AbortUpload(ctx, abort); err != nil {
		return nil, err
	}
	res := r.answer()
	res.status = http.StatusNoContent
	return res, nil
}

// listParts serves ListParts.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
func (h *Handler) listParts(ctx context.Context, r *request) (*response, error) {
	list := object.ListParts{Bucket: r.gate.Bucket, Key: r.gate.Key, UploadID: r.query.Get("uploadId")}
	var err error
	if list.Max, err = wire.ParseMax(r.query.Get("max-parts"), "max-parts", object.MaxListKeys); err != nil {
		return nil, err
	}
	if list.After, err = partMarker("part-number-marker", r.query.Get("part-number-marker")); err != nil {
		return nil, err
	}
	page, err := h.cfg.Store.ListParts(ctx, list)
	if err != nil {
		return nil, err
	}
	u := &page.Upload
	doc := &wire.ListParts{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID, Initiator: h.showOwner(u.Initiator), Owner: h.showOwner(u.Owner),
		StorageClass: u.StorageClass, Marker: list.After, Max: list.Max, Truncated: page.Truncated}
	if u.Checksum != checksum.None {
		doc.ChecksumAlgorithm, doc.ChecksumType = u.Checksum.String(), u.ChecksumType.String()
	}
	if n := len(page.Parts); n > 0 {
		doc.Next = page.Parts[n-1].Number
	}
	doc.Parts = partsOf(page.Parts)
	res := r.answer()
	r.abortDate(ctx, res, u.Key, u.Initiated)
	res.doc = doc
	return res, nil
}

// partMarker reads the part number behind which a page begins; one beyond every part gives an empty page.
func partMarker(name, v string) (int, error) {
	if v == "" {
		return 0, nil
	}
	return wire.ParseMax(v, name, object.MaxParts)
}

func partsOf(parts []object.Part) []wire.Part {
	out := make([]wire.Part, len(parts))
	for i, p := range parts {
		sum := sumOf(p.Checksum)
		sum.Type = "" // told once, for the whole
		out[i] = wire.Part{Number: p.Number, Modified: p.Modified, ETag: p.ETag, Size: p.Size, Checksum: sum}
	}
	return out
}

// listUploads serves ListMultipartUploads.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
func (h *Handler) listUploads(ctx context.Context, r *request) (*response, error) {
	l, err := wire.ParseList(r.query, "max-uploads")
	if err != nil {
		return nil, err
	}
	if l.KeyMarker == "" {
		l.UploadIDMarker = "" // S3 ignores it then
	}
	page, err := h.cfg.Store.ListUploads(ctx, object.ListUploads{Bucket: r.gate.Bucket, Prefix: l.Prefix, Delimiter: l.Delimiter,
		KeyMarker: l.KeyMarker, UploadIDMarker: l.UploadIDMarker, Max: l.Max})
	if err != nil {
		return nil, err
	}
	doc := &wire.ListUploads{Listing: listing(r, &l, page.Truncated, page.Prefixes), KeyMarker: l.KeyMarker, UploadIDMarker: l.UploadIDMarker,
		NextKeyMarker: page.NextKeyMarker, NextUploadIDMarker: page.NextUploadIDMarker}
	names := ownerNames{h: h}
	for _, u := range page.Uploads {
		e := wire.Upload{Key: u.Key, UploadID: u.UploadID, Initiated: u.Initiated, StorageClass: u.StorageClass,
			Owner: names.of(u.Owner), Initiator: names.of(u.Initiator)}
		if u.Checksum != checksum.None {
			e.ChecksumAlgorithm, e.ChecksumType = u.Checksum.String(), u.ChecksumType.String()
		}
		doc.Uploads = append(doc.Uploads, e)
	}
	res := r.answer()
	res.doc = doc
	return res, nil
}

package s3

import (
	"context"
	"net/http"
	"strings"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/object/encrypt"
	"myfsio/s3/wire"
	"myfsio/seal"
)

// annotationName reads annotationName.
func (r *request) annotationName() string { return r.query.Get("annotationName") }

// putAnnotation serves PutObjectAnnotation. The body goes by once, so a request whose object is replaced meanwhile ends.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAnnotation.html
func (h *Handler) putAnnotation(ctx context.Context, r *request) (*response, error) {
	put := object.PutAnnotation{Bucket: r.gate.Bucket, Key: r.gate.Key, Name: r.annotationName(), IfMatch: r.objectIfMatch(), By: r.actor()}
	var err error
	if put.VersionID, err = r.versionParam(); err != nil {
		return nil, err
	}
	if put.BypassGovernance, err = r.mayBypass(ctx, r.gate); err != nil {
		return nil, err
	}
	if put.Body, err = r.uploaded(); err != nil {
		return nil, err
	}
	put.Stamp = r.gate.Seen.And(r.tagged)
	a, v, err := h.cfg.Store.PutAnnotation(ctx, put)
	if fault.Is(err, fault.ConditionalConflict) {
		err = errReplaced()
	}
	if err != nil {
		return r.unreadable(ctx, nil, r.condition(err))
	}
	res := r.answer()
	res.setAnnotation(&a, &v)
	res.setChecksum(a.Checksum)
	res.doc = &wire.PutAnnotation{Key: v.Key, Name: a.Name}
	r.record.Size, r.record.VersionID = a.Size, v.VersionID
	return res, nil
}

// objectIfMatch is the condition on the object that an annotation is attached to.
func (r *request) objectIfMatch() string { return wire.Unquote(r.header("X-Amz-Object-If-Match")) }

// setAnnotation tells what an annotation is, and of which version.
func (res *response) setAnnotation(a *object.Annotation, v *object.Version) {
	res.setETag(a.ETag)
	res.setParent(v)
	if e := v.Encryption; e != nil {
		switch e.Sort {
		case seal.S3:
			res.set("x-amz-server-side-encryption", encrypt.AES256)
		case seal.KMS:
			res.set("x-amz-server-side-encryption", encrypt.KMS)
		}
	}
}

// setParent adds x-amz-object-version-id where the bucket was ever versioned.
func (res *response) setParent(v *object.Version) {
	if v.Versioned {
		res.set("x-amz-object-version-id", v.VersionID)
	}
}

// getAnnotation serves GetObjectAnnotation. What the payload is nobody says, so that no browser takes it for a page.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAnnotation.html
func (h *Handler) getAnnotation(ctx context.Context, r *request) (*response, error) {
	version, err := r.versionParam()
	if err != nil {
		return nil, err
	}
	rd, a, err := h.cfg.Store.OpenAnnotation(ctx, object.GetAnnotation{Bucket: r.gate.Bucket, Key: r.gate.Key, VersionID: version, Name: r.annotationName()})
	if err != nil {
		return r.unreadable(ctx, nil, r.condition(err))
	}
	if !r.decidedOn(&rd.Version) {
		rd.Close()
		return nil, errReplaced()
	}
	res := r.answer()
	res.setAnnotation(&a, &rd.Version)
	res.setTime("Last-Modified", a.Modified)
	res.set("Content-Type", "application/octet-stream")
	if strings.EqualFold(r.header("X-Amz-Checksum-Mode"), "ENABLED") {
		res.setChecksum(a.Checksum)
	}
	r.record.Size, r.record.VersionID = a.Size, rd.Version.VersionID
	res.length, res.sized, res.stream = rd.Length, true, rd
	return res, nil
}

// listAnnotations serves ListObjectAnnotations.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectAnnotations.html
func (h *Handler) listAnnotations(ctx context.Context, r *request) (*response, error) {
	const maxName = "max-annotation-results"
	req := object.ListAnnotations{Bucket: r.gate.Bucket, Key: r.gate.Key, Prefix: r.query.Get("annotation-prefix")}
	var err error
	if req.VersionID, err = r.versionParam(); err != nil {
		return nil, err
	}
	if req.Max, err = wire.ParseMax(r.query.Get(maxName), maxName, object.MaxAnnotations); err != nil {
		return nil, err
	}
	if req.Max == 0 {
		return nil, wire.InvalidArgument(maxName, "0", "The number of annotations is between 1 and 1000.")
	}
	token := r.query.Get("continuation-token")
	if r.query.Has("continuation-token") {
		if req.After, err = wire.DecodeToken(wire.TokenAnnotations, token); err != nil {
			return nil, err
		}
	}
	page, err := h.cfg.Store.ListAnnotations(ctx, req)
	if err != nil {
		return r.unreadable(ctx, nil, r.condition(err))
	}
	if !r.decidedOn(&page.Version) {
		return nil, errReplaced()
	}
	doc := &wire.ListAnnotations{Bucket: r.gate.Bucket, Key: r.gate.Key, Prefix: req.Prefix, Max: req.Max, Token: token}
	if page.Next != "" {
		doc.NextToken = wire.EncodeToken(wire.TokenAnnotations, page.Next)
	}
	for _, a := range page.Annotations {
		doc.Entries = append(doc.Entries, wire.AnnotationEntry{
			Name: a.Name, Algorithm: a.Checksum.Algorithm.String(), ETag: a.ETag, Modified: a.Modified, Size: a.Size,
		})
	}
	res := r.answer()
	res.setParent(&page.Version)
	res.doc = doc
	return res, nil
}

// deleteAnnotation serves DeleteObjectAnnotation.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectAnnotation.html
func (h *Handler) deleteAnnotation(ctx context.Context, r *request) (*response, error) {
	del := object.DeleteAnnotation{Bucket: r.gate.Bucket, Key: r.gate.Key, Name: r.annotationName(), IfMatch: r.objectIfMatch(), By: r.actor()}
	var err error
	if del.VersionID, err = r.versionParam(); err != nil {
		return nil, err
	}
	if del.BypassGovernance, err = r.mayBypass(ctx, r.gate); err != nil {
		return nil, err
	}
	v, err := r.amend(ctx, func(stamp [16]byte) (object.Version, error) {
		del.Stamp = stamp
		return h.cfg.Store.DeleteAnnotation(ctx, del)
	})
	if err != nil {
		return r.unreadable(ctx, nil, r.condition(err))
	}
	res := r.answer()
	res.status = http.StatusNoContent
	res.setParent(&v)
	r.record.VersionID = v.VersionID
	return res, nil
}

const annotationDirective = "X-Amz-Object-Annotation-Directive"

// excludesAnnotations reads the directive about annotations of a copy, a header or a parameter of the URL.
func (r *request) excludesAnnotations() (bool, error) {
	v := r.header(annotationDirective)
	if v == "" {
		v = r.query.Get(strings.ToLower(annotationDirective))
	}
	switch v {
	case "", "COPY":
		return false, nil
	case "EXCLUDE":
		return true, nil
	}
	return false, wire.InvalidArgument(strings.ToLower(annotationDirective), v, "Unknown annotation directive.")
}

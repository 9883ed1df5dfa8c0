package s3

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

// listBuckets serves ListBuckets.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
func (h *Handler) listBuckets(ctx context.Context, r *request) (*response, error) {
	list := object.ListBuckets{Prefix: r.query.Get("prefix")}
	var err error
	if list.Max, err = wire.ParseMax(r.query.Get("max-buckets"), "max-buckets", 10000); err != nil {
		return nil, err
	}
	if list.Max == 0 {
		return nil, wire.InvalidArgument("max-buckets", "0", "Argument max-buckets must be an integer between 1 and 10000")
	}
	if t := r.query.Get("continuation-token"); t != "" {
		if list.After, err = wire.DecodeToken(wire.TokenBuckets, t); err != nil {
			return nil, err
		}
	}
	region := r.query.Get("bucket-region")
	if region != "" && region != h.cfg.Region {
		list.Prefix = "\xff" // every bucket is in the region of the server
	}
	page, err := h.cfg.Store.ListBuckets(ctx, list)
	if err != nil {
		return nil, err
	}
	doc := &wire.ListBuckets{Owner: h.showOwner(r.owner()), Prefix: r.query.Get("prefix")}
	for i := range page.Buckets {
		b := &page.Buckets[i]
		doc.Buckets = append(doc.Buckets, wire.Bucket{Name: b.Name, Created: b.Created, Region: h.regionOf(b)})
	}
	if page.Next != "" {
		doc.ContinuationToken = wire.EncodeToken(wire.TokenBuckets, page.Next)
	}
	res := r.answer()
	res.doc = doc
	return res, nil
}

func (h *Handler) regionOf(b *object.Bucket) string {
	if b.Region != "" {
		return b.Region
	}
	return h.cfg.Region
}

// createBucket serves CreateBucket. Buckets are in the region of the server.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
func (h *Handler) createBucket(ctx context.Context, r *request) (*response, error) {
	body, _, err := r.document(wire.MaxDocument)
	if err != nil {
		return nil, err
	}
	conf, err := wire.ParseCreateBucket(body)
	if err != nil {
		return nil, err
	}
	if conf.Unsupported != "" {
		return nil, fault.New(fault.NotImplemented, "The element %s of CreateBucketConfiguration is not offered.", conf.Unsupported)
	}
	if conf.Location != "" && conf.Location != h.cfg.Region {
		return nil, detail(&fault.Error{Kind: fault.InvalidArgument, Code: "IllegalLocationConstraintException",
			Msg: "The " + conf.Location + " location constraint is incompatible for the region specific endpoint this request was sent to."},
			"LocationConstraint", conf.Location)
	}
	b, err := h.cfg.Store.CreateBucket(ctx, object.CreateBucket{Name: r.gate.Bucket, Owner: r.owner(), Region: conf.Location})
	if err != nil {
		return nil, err
	}
	res := r.answer()
	res.set("Location", "/"+b.Name)
	return res, nil
}

// headBucket serves HeadBucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (h *Handler) headBucket(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	res := r.answer()
	res.set("x-amz-bucket-region", h.regionOf(&b))
	res.set("x-amz-access-point-alias", "false")
	return res, nil
}

// deleteBucket serves DeleteBucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
func (h *Handler) deleteBucket(ctx context.Context, r *request) (*response, error) {
	if err := h.cfg.Store.DeleteBucket(ctx, r.gate.Bucket); err != nil {
		return nil, err
	}
	res := r.answer()
	res.status = http.StatusNoContent
	return res, nil
}

// getLocation serves GetBucketLocation: nothing stands for us-east-1.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
func (h *Handler) getLocation(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	region := h.regionOf(&b)
	if region == "us-east-1" {
		region = ""
	}
	res := r.answer()
	res.doc = &wire.Location{Region: region}
	return res, nil
}

// getVersioning serves GetBucketVersioning.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
func (h *Handler) getVersioning(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	var v wire.Versioning
	switch b.Versioning {
	case object.VersioningEnabled:
		v.Status = "Enabled"
	case object.VersioningSuspended:
		v.Status = "Suspended"
	}
	return r.config(&v)
}

// putVersioning serves PutBucketVersioning. MFA delete is refused.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
func (h *Handler) putVersioning(ctx context.Context, r *request) (*response, error) {
	body, _, err := r.document(wire.MaxDocument)
	if err != nil {
		return nil, err
	}
	parse := wire.ParseVersioning
	if r.sentJSON() {
		parse = wire.ParseVersioningJSON
	}
	conf, err := parse(body)
	if err != nil {
		return nil, err
	}
	if conf.MFADelete != "" && conf.MFADelete != "Disabled" {
		return nil, fault.New(fault.NotImplemented, "MFA delete is not offered.")
	}
	state := object.VersioningEnabled
	switch conf.Status {
	case "Enabled":
	case "Suspended":
		state = object.VersioningSuspended
	default:
		return nil, &fault.Error{Kind: fault.MalformedXML, Code: "IllegalVersioningConfigurationException",
			Msg: "The Versioning element must be specified"}
	}
	if err := h.cfg.Store.SetVersioning(ctx, r.gate.Bucket, state); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// sentJSON reports whether the body is JSON, the form of the configuration documents that is ours.
func (r *request) sentJSON() bool { return isJSON(r.header("Content-Type")) }

func isJSON(mime string) bool {
	mime, _, _ = strings.Cut(mime, ";")
	return strings.EqualFold(strings.TrimSpace(mime), "application/json")
}

// config answers with a configuration document: XML, or JSON where the client accepts that by name.
func (r *request) config(doc document) (*response, error) {
	res := r.answer()
	for _, v := range r.http.Header["Accept"] {
		for mime := range strings.SplitSeq(v, ",") {
			if isJSON(mime) {
				var err error
				res.json, err = json.Marshal(doc)
				return res, err
			}
		}
	}
	res.doc = doc
	return res, nil
}

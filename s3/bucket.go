package s3

import (
	"context"

	"myfsio/fault"
	"myfsio/gate"
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
	buckets, next, err := h.visibleBuckets(ctx, r, list)
	if err != nil {
		return nil, err
	}
	doc := &wire.ListBuckets{Owner: h.showOwner(r.owner()), Prefix: r.query.Get("prefix")}
	for i := range buckets {
		b := &buckets[i]
		doc.Buckets = append(doc.Buckets, wire.Bucket{Name: b.Name, Created: b.Created, Region: h.regionOf(b)})
	}
	if next != "" {
		doc.ContinuationToken = wire.EncodeToken(wire.TokenBuckets, next)
	}
	res := r.answer()
	res.doc = doc
	return res, nil
}

// visibleBuckets returns a page of the buckets that the sender may know of, and behind which name the next one begins.
func (h *Handler) visibleBuckets(ctx context.Context, r *request, list object.ListBuckets) (out []object.Bucket, next string, err error) {
	if r.gate.Anonymous() {
		return nil, "", errAccessDenied()
	}
	want := list.Max
	list.Max = min(want+1, 1000)
	ask := r.about(opListBuckets, "", "", "")
	for {
		page, err := h.cfg.Store.ListBuckets(ctx, list)
		if err != nil {
			return nil, "", err
		}
		for i := range page.Buckets {
			b := &page.Buckets[i]
			switch visible, err := r.maySee(ctx, &ask, b); {
			case err != nil:
				return nil, "", err
			case !visible:
			case len(out) == want:
				return out, out[want-1].Name, nil
			default:
				out = append(out, *b)
			}
		}
		if page.Next == "" {
			return out, "", nil
		}
		list.After = page.Next
	}
}

// maySee reports whether a bucket is shown to the sender: it is his, or he may list buckets or its keys. ask is used for the questions.
func (r *request) maySee(ctx context.Context, ask *gate.Request, b *object.Bucket) (bool, error) {
	if b.Owner == r.owner() && r.owner() != "" && r.gate.Principal.Session == nil {
		return true, nil
	}
	ask.Bucket = b.Name
	for _, op := range [...]*gate.Op{opListBuckets, opHeadBucket} {
		ask.Op = op
		err := r.h.cfg.Gate.Authorize(ctx, ask)
		if err == nil {
			return true, nil
		}
		if k := fault.KindOf(err); k != fault.AccessDenied && k != fault.NoSuchBucket { // it may have gone meanwhile
			return false, err
		}
	}
	return false, nil
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
	if r.gate.Anonymous() { // a bucket has an owner
		return nil, errAccessDenied()
	}
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
	create := object.CreateBucket{Name: r.gate.Bucket, Owner: r.owner(), Region: conf.Location}
	if err := r.newBucketAccess(ctx, &create); err != nil {
		return nil, err
	}
	if create.ObjectLock, err = r.lockBucket(ctx); err != nil {
		return nil, err
	}
	b, err := h.makeBucket(ctx, create)
	if err != nil {
		return nil, err
	}
	res := r.answer()
	res.set("Location", "/"+b.Name)
	return res, nil
}

// newBucketAccess reads x-amz-object-ownership and the access control list that a new bucket is to have.
func (r *request) newBucketAccess(ctx context.Context, create *object.CreateBucket) error {
	if v := r.header("X-Amz-Object-Ownership"); v != "" {
		var ok bool
		if create.Ownership, ok = parseOwnership(v); !ok {
			return wire.InvalidArgument("x-amz-object-ownership", v, "Invalid x-amz-object-ownership header.")
		}
		if err := r.mayAlso(ctx, opPutOwnership); err != nil {
			return err
		}
	}
	list, given, err := r.headerACL(r.owner(), r.owner())
	if err != nil || !given {
		return err
	}
	create.ACL = list
	if list.Default() {
		return nil
	}
	return r.mayAlso(ctx, opPutBucketACL)
}

// mayAlso asks for another right on the bucket to be made. Its maker will have that right as its owner, unless something denies it
// to him; before there is a bucket, the gate says that there is none when nothing denies and nothing allows it.
func (r *request) mayAlso(ctx context.Context, op *gate.Op) error {
	also := r.about(op, r.gate.Bucket, "", "")
	err := r.h.cfg.Gate.Authorize(ctx, &also)
	if fault.Is(err, fault.NoSuchBucket) {
		return nil
	}
	return err
}

// makeBucket makes a bucket without a policy. Policies live in a store of their own, so a crash may come between the two steps of
// making and of removing a bucket. Both leave a bucket with all of its policy or none at all: a policy is
// removed behind its bucket, as without it a Deny would not hold any more; one that stayed behind is removed before a
// bucket of that name is made, so that nobody's policy ever holds for the bucket of another.
func (h *Handler) makeBucket(ctx context.Context, create object.CreateBucket) (object.Bucket, error) {
	h.naming.Lock()
	defer h.naming.Unlock()
	_, err := h.cfg.Store.HeadBucket(ctx, create.Name)
	switch {
	case fault.Is(err, fault.NoSuchBucket):
		if err := h.cfg.Policies.Delete(create.Name); err != nil {
			return object.Bucket{}, err
		}
	case err != nil:
		return object.Bucket{}, err
	}
	return h.cfg.Store.CreateBucket(ctx, create)
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
	h.naming.Lock()
	defer h.naming.Unlock()
	if err := h.cfg.Store.DeleteBucket(ctx, r.gate.Bucket); err != nil {
		return nil, err
	}
	if err := h.cfg.Policies.Delete(r.gate.Bucket); err != nil { // see makeBucket
		h.cfg.Log.Warn("the policy of a removed bucket stays until the name is used again", "bucket", r.gate.Bucket, "err", err)
	}
	return r.done(), nil
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
	conf, err := sent(r, wire.MaxDocument, wire.ParseVersioning, wire.ParseVersioningJSON)
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

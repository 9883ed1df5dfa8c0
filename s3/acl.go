package s3

import (
	"context"
	"net/http"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
	"myfsio/s3/wire"
)

// maxACL bounds a document of an access control list in bytes: a hundred grants, and room.
const maxACL = 128 << 10

// getBucketACL serves GetBucketAcl.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html
func (h *Handler) getBucketACL(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	return r.config(h.showACL(b.Owner, b.ACL))
}

// getObjectACL serves GetObjectAcl. Where lists do not count, the bucket's owner has full control and nobody else anything.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html
func (h *Handler) getObjectACL(ctx context.Context, r *request) (*response, error) {
	b, v, err := r.aboutVersion(ctx)
	if err != nil {
		return r.unreadable(ctx, nil, err)
	}
	if !r.decidedOn(&v) {
		return nil, errReplaced()
	}
	doc := h.showACL(v.Owner, v.ACL)
	if b.Ownership == object.BucketOwnerEnforced {
		doc = h.showACL(b.Owner, acl.List{})
	}
	res, err := r.config(doc)
	res.setVersion(&v)
	return res, err
}

// aboutVersion describes the version that the request names, and its bucket.
func (r *request) aboutVersion(ctx context.Context) (b object.Bucket, v object.Version, err error) {
	version, err := r.versionParam()
	if err != nil {
		return b, v, err
	}
	if b, err = r.h.cfg.Store.HeadBucket(ctx, r.gate.Bucket); err != nil {
		return b, v, err
	}
	v, err = r.h.cfg.Store.Describe(ctx, r.gate.Bucket, r.gate.Key, version)
	return b, v, err
}

// showACL is a list as documents show it: each right of a grantee by itself, and the default one in full.
func (h *Handler) showACL(owner string, list acl.List) *wire.ACL {
	doc := &wire.ACL{Owner: h.showOwner(owner), Grants: []wire.Grant{}}
	switch {
	case list.Default():
		list = acl.List{Grants: []acl.Grant{{Grantee: acl.Grantee{ID: owner}, Permission: acl.FullControl}}}
	case len(list.Grants) == 1 && list.Grants[0] == nothing(owner):
		return doc
	}
	for _, g := range list.Grants {
		who := wire.Grantee{Type: wire.GroupGrantee, URI: g.Grantee.Group.URI()}
		if g.Grantee.Group == acl.None {
			o := h.showOwner(g.Grantee.ID)
			who = wire.Grantee{Type: wire.CanonicalUser, ID: o.ID, DisplayName: o.DisplayName}
		}
		for _, name := range g.Permission.Names() {
			doc.Grants = append(doc.Grants, wire.Grant{Grantee: who, Permission: name})
		}
	}
	return doc
}

// nothing is the grant that stands for a list without grants, as the list that is empty is the default one. It gives an owner what
// he always has.
func nothing(owner string) acl.Grant {
	return acl.Grant{Grantee: acl.Grantee{ID: owner}, Permission: acl.ReadACP | acl.WriteACP}
}

// putBucketACL serves PutBucketAcl.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
func (h *Handler) putBucketACL(ctx context.Context, r *request) (*response, error) {
	body, _, err := r.document(maxACL)
	if err != nil {
		return nil, err
	}
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	list, err := r.newACL(body, b.Owner, b.Owner)
	if err != nil {
		return nil, err
	}
	if err := h.cfg.Store.SetBucketACL(ctx, r.gate.Bucket, list); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// putObjectACL serves PutObjectAcl.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
func (h *Handler) putObjectACL(ctx context.Context, r *request) (*response, error) {
	body, _, err := r.document(maxACL)
	if err != nil {
		return nil, err
	}
	v, err := r.amend(ctx, func(stamp [16]byte) (object.Version, error) {
		b, v, err := r.aboutVersion(ctx)
		if err != nil {
			return v, err
		}
		list, err := r.newACL(body, v.Owner, b.Owner) // for this owner, and so for this version
		if err != nil {
			return v, err
		}
		if !gate.Sight(stamp).Holds(v.Stamp) {
			return v, fault.New(fault.ConditionalConflict, "")
		}
		return h.cfg.Store.SetObjectACL(ctx, object.SetACL{Bucket: r.gate.Bucket, Key: r.gate.Key, VersionID: r.gate.VersionID, Stamp: v.Stamp, ACL: list, By: r.actor()})
	})
	if err != nil {
		return r.unreadable(ctx, nil, err)
	}
	res := r.answer()
	res.setVersion(&v)
	return res, nil
}

// newACL is the list that a request to set one brings: as a canned one, in headers of grants or in its body, and in one of them
// alone.
func (r *request) newACL(body []byte, owner, bucketOwner string) (acl.List, error) {
	list, given, err := r.headerACL(owner, bucketOwner)
	switch {
	case err != nil:
		return list, err
	case given && len(body) > 0:
		return list, &fault.Error{Kind: fault.InvalidRequest, Code: "UnexpectedContent", Msg: "This request does not support content: the access control list is in its headers."}
	case given:
		return list, nil
	case len(body) == 0:
		return list, detail(&fault.Error{Kind: fault.InvalidRequest, Code: "MissingSecurityHeader", Msg: "Your request was missing a required header"},
			"MissingHeaderName", "x-amz-acl")
	}
	parse := wire.ParseACL
	if r.sentJSON() {
		parse = wire.ParseACLJSON
	}
	doc, err := parse(body, acl.MaxGrants)
	if err != nil {
		return list, err
	}
	if doc.Owner.ID != owner {
		return list, fault.New(fault.AccessDenied, "Access Denied: the Owner in the access control list is not the owner, who cannot be changed.")
	}
	return r.documentACL(doc.Grants, owner, bucketOwner)
}

func (r *request) documentACL(grants []wire.Grant, owner, bucketOwner string) (acl.List, error) {
	if len(grants) == 0 {
		return acl.List{Grants: []acl.Grant{nothing(owner)}}, nil
	}
	var list acl.List
	for _, g := range grants {
		p, ok := acl.ParsePermission(g.Permission)
		if !ok {
			return acl.List{}, wire.InvalidArgument("Permission", g.Permission, "There is no such permission.")
		}
		who, err := r.grantee(g.Grantee, owner, bucketOwner)
		if err != nil {
			return acl.List{}, err
		}
		list.Grants = append(list.Grants, acl.Grant{Grantee: who, Permission: p})
	}
	return list, nil
}

// getOwnership serves GetBucketOwnershipControls.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html
func (h *Handler) getOwnership(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	if b.Ownership == object.OwnershipUnset {
		return nil, &fault.Error{Kind: fault.NoSuchConfig, Code: "OwnershipControlsNotFoundError", Msg: "The bucket ownership controls were not found"}
	}
	return r.config(&wire.OwnershipControls{Rules: []wire.OwnershipRule{{ObjectOwnership: ownerships[b.Ownership]}}})
}

// putOwnership serves PutBucketOwnershipControls.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
func (h *Handler) putOwnership(ctx context.Context, r *request) (*response, error) {
	doc, err := sent(r, wire.MaxDocument, wire.ParseOwnershipControls, wire.ParseOwnershipControlsJSON)
	if err != nil {
		return nil, err
	}
	o, ok := parseOwnership(doc.Rules[0].ObjectOwnership)
	if !ok {
		return nil, fault.New(fault.MalformedXML, "ObjectOwnership is one of BucketOwnerEnforced, BucketOwnerPreferred and ObjectWriter.")
	}
	if err := h.cfg.Store.SetOwnership(ctx, r.gate.Bucket, o); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// deleteOwnership serves DeleteBucketOwnershipControls.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html
func (h *Handler) deleteOwnership(ctx context.Context, r *request) (*response, error) {
	if err := h.cfg.Store.SetOwnership(ctx, r.gate.Bucket, object.OwnershipUnset); err != nil {
		return nil, err
	}
	res := r.answer()
	res.status = http.StatusNoContent
	return res, nil
}

// ownerships are the settings as S3 names them.
var ownerships = [...]string{
	object.ObjectWriter:         "ObjectWriter",
	object.BucketOwnerPreferred: "BucketOwnerPreferred",
	object.BucketOwnerEnforced:  "BucketOwnerEnforced",
}

func parseOwnership(name string) (object.Ownership, bool) {
	for o, n := range ownerships {
		if n == name && n != "" {
			return object.Ownership(o), true
		}
	}
	return object.OwnershipUnset, false
}

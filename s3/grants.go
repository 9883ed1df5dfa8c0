package s3

import (
	"context"
	"slices"
	"strings"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/s3/wire"
)

// grantHeaders are the headers that grant a right, by their canonical names.
var grantHeaders = [...]struct {
	name  string
	right acl.Permission
}{
	{"X-Amz-Grant-Full-Control", acl.FullControl},
	{"X-Amz-Grant-Read", acl.Read},
	{"X-Amz-Grant-Read-Acp", acl.ReadACP},
	{"X-Amz-Grant-Write", acl.Write},
	{"X-Amz-Grant-Write-Acp", acl.WriteACP},
}

// takesACL names the operations whose requests may bring an access control list in headers.
var takesACL = []string{"CreateBucket", "PutBucketAcl", "PutObjectAcl", "PutObject", "PostObject", "CopyObject", "CreateMultipartUpload"}

// ownCanned are the canned lists that give nothing to anybody but the owners. They need no further right.
var ownCanned = []string{"private", cannedBucketOwner, "bucket-owner-read"}

const cannedBucketOwner = "bucket-owner-full-control"

// checkACLHeader refuses a header of an access control list with an operation that makes none, unless it asks for nothing.
func (r *request) checkACLHeader(name string, values []string) error {
	switch {
	case !slices.ContainsFunc(values, func(v string) bool { return v != "" }):
		return nil
	case slices.Contains(takesACL, r.gate.Op.Name) && (name == "X-Amz-Acl" || grants(name)):
		r.listed = true
		return nil
	case name == "X-Amz-Acl" && slices.Contains(ownCanned, values[0]):
		return nil
	}
	return notBuilt(strings.ToLower(name))
}

func grants(header string) bool {
	for i := range grantHeaders {
		if grantHeaders[i].name == header {
			return true
		}
	}
	return false
}

// headerACL reads the list in the headers of a request: x-amz-acl, or x-amz-grant- ones. given is false when there is
// none. owner is the canonical id of who will own what gets the list.
func (r *request) headerACL(owner, bucketOwner string) (list acl.List, given bool, err error) {
	if !r.listed {
		return list, false, nil
	}
	for _, h := range &grantHeaders {
		for _, v := range r.http.Header[h.name] {
			if v == "" {
				continue
			}
			if err := r.grantLine(&list, h.name, h.right, v, owner, bucketOwner); err != nil {
				return list, false, err
			}
		}
	}
	canned := r.header("X-Amz-Acl")
	switch {
	case canned == "":
		return list, len(list.Grants) > 0, nil
	case len(list.Grants) > 0:
		return list, false, fault.New(fault.InvalidRequest, "Specifying both Canned ACLs and Header Grants is not allowed")
	case canned == "aws-exec-read":
		return list, false, notBuilt("x-amz-acl")
	}
	list, known := acl.Canned(canned, owner, bucketOwner)
	if !known {
		return list, false, wire.InvalidArgument("x-amz-acl", canned, "The canned ACL is not known.")
	}
	return list, true, nil
}

// grantLine adds the grants of one header to list.
func (r *request) grantLine(list *acl.List, name string, right acl.Permission, value, owner, bucketOwner string) error {
	grantees, err := wire.ParseGrantHeader(strings.ToLower(name), value, acl.MaxGrants)
	if err != nil {
		return err
	}
	for _, g := range grantees {
		who, err := r.grantee(g, owner, bucketOwner)
		if err != nil {
			return err
		}
		list.Grants = append(list.Grants, acl.Grant{Grantee: who, Permission: right})
	}
	if len(list.Grants) > acl.MaxGrants {
		return wire.InvalidArgument(strings.ToLower(name), value, "An access control list has at most 100 grants.")
	}
	return nil
}

// grantee finds who is meant. The owners are taken even when they are no users any more: their lists must stay writable.
func (r *request) grantee(g wire.Grantee, owner, bucketOwner string) (acl.Grantee, error) {
	if g.Type == wire.GroupGrantee {
		group, ok := acl.ParseGroup(g.URI)
		if !ok {
			return acl.Grantee{}, wire.InvalidArgument("Group/URI", g.URI, "Invalid group uri")
		}
		return acl.Grantee{Group: group}, nil
	}
	if g.ID != owner && g.ID != bucketOwner && !r.h.cfg.KnownUser(g.ID) {
		return acl.Grantee{}, wire.InvalidArgument("CanonicalUser/ID", g.ID, "Invalid id")
	}
	return acl.Grantee{ID: g.ID}, nil
}

// writtenACL reads the list that comes with a write of an object, and asks for the right to give others a share. full says that it is
// the canned list bucket-owner-full-control. The bucket is read only when there is a list.
func (r *request) writtenACL(ctx context.Context) (list acl.List, full bool, err error) {
	if !r.listed {
		return list, false, nil
	}
	b, err := r.h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return list, false, err
	}
	canned := r.header("X-Amz-Acl")
	full = canned == cannedBucketOwner
	list, given, err := r.headerACL(b.ObjectOwner(r.owner(), full), b.Owner)
	if err != nil || !given || slices.Contains(ownCanned, canned) {
		return list, full, err
	}
	also := r.gate
	also.Op, also.VersionID, also.Extra = opPutObjectACL, "", nil
	return list, full, r.h.cfg.Gate.Authorize(ctx, &also)
}

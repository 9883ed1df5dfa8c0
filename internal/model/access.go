package model

import (
	"bytes"
	"slices"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/object"
)

// plain writes a list with one grant for each grantee; one that grants all to the owner and nothing else is none.
func plain(list acl.List, owner string) acl.List {
	var out acl.List
	for _, g := range list.Grants {
		i := slices.IndexFunc(out.Grants, func(o acl.Grant) bool { return o.Grantee == g.Grantee })
		if i < 0 {
			out.Grants = append(out.Grants, g)
			continue
		}
		out.Grants[i].Permission |= g.Permission
	}
	if len(out.Grants) == 1 && out.Grants[0].Grantee == (acl.Grantee{ID: owner}) && out.Grants[0].Permission == acl.FullControl {
		return acl.List{}
	}
	return out
}

// admit says who will own what is written and what list it has.
func (b *bucket) admit(writer string, list acl.List, full bool) (string, acl.List, error) {
	owner := b.Owner
	if writer != "" && b.Ownership == object.ObjectWriter {
		owner = writer
	}
	if writer != "" && b.Ownership == object.BucketOwnerPreferred && !full {
		owner = writer
	}
	if full && owner == b.Owner {
		return owner, acl.List{}, nil
	}
	l := plain(list, owner)
	return owner, l, b.takes(l)
}

func (b *bucket) takes(l acl.List) error {
	if len(l.Grants) > 0 && b.Ownership == object.BucketOwnerEnforced {
		return fail(fault.InvalidRequest)
	}
	for _, g := range l.Grants {
		if b.PublicAccess&object.BlockACLs != 0 && (g.Grantee.Group == acl.AllUsers || g.Grantee.Group == acl.Authenticated) {
			return fail(fault.AccessDenied)
		}
	}
	return nil
}

// SetBucketACL replaces the list of a bucket.
func (m *Model) SetBucketACL(name string, list acl.List) error {
	b, err := m.bucket(name)
	if err != nil {
		return err
	}
	if b.Ownership == object.BucketOwnerEnforced {
		return fail(fault.InvalidRequest)
	}
	l := plain(list, b.Owner)
	if err := b.takes(l); err != nil {
		return err
	}
	b.ACL = l
	return nil
}

// SetOwnership sets who owns what is written.
func (m *Model) SetOwnership(name string, o object.Ownership) error {
	b, err := m.bucket(name)
	if err != nil {
		return err
	}
	if o == object.BucketOwnerEnforced && len(b.ACL.Grants) > 0 {
		return fail(fault.InvalidRequest)
	}
	b.Ownership = o
	return nil
}

// SetPublicAccess sets the blocks.
func (m *Model) SetPublicAccess(name string, p object.PublicAccess) error {
	b, err := m.bucket(name)
	if err != nil {
		return err
	}
	if b.PublicAccess = p; p != 0 {
		b.PublicAccess |= object.PublicAccessConfigured
	}
	return nil
}

// SetObjectACL replaces the list of a version.
func (m *Model) SetObjectACL(req object.SetACL) (object.Version, error) {
	b, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	if err != nil {
		return object.Version{}, err
	}
	if b.Ownership == object.BucketOwnerEnforced {
		return object.Version{}, fail(fault.InvalidRequest)
	}
	l := plain(req.ACL, v.owner)
	if err := b.takes(l); err != nil {
		return object.Version{}, err
	}
	if !slices.Equal(v.acl.Grants, l.Grants) {
		m.tell(b, "ObjectAcl:Put", req.By, v)
	}
	v.acl = l
	return b.describe(v), nil
}

// SetConfig stores a document, or removes it when doc is nil.
func (m *Model) SetConfig(name string, kind object.ConfigKind, doc []byte) error {
	b, err := m.bucket(name)
	if err != nil {
		return err
	}
	delete(b.configs, kind)
	if doc != nil {
		b.configs[kind] = bytes.Clone(doc)
	}
	return nil
}

// Config returns a document.
func (m *Model) Config(name string, kind object.ConfigKind) ([]byte, error) {
	b, err := m.bucket(name)
	if err != nil {
		return nil, err
	}
	doc, ok := b.configs[kind]
	if !ok {
		return nil, fail(fault.NoSuchConfig)
	}
	return doc, nil
}

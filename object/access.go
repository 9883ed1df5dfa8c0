package object

import (
	"context"
	"slices"
	"time"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/object/encrypt"
	"myfsio/object/lock"
)

// Ownership says who owns the objects that others than the bucket's owner write into it, and whether its access control lists count.
type Ownership uint8

// The settings. OwnershipUnset is that of a bucket that was given none: its owner owns all in it, and lists count.
const (
	OwnershipUnset Ownership = iota
	ObjectWriter
	BucketOwnerPreferred
	BucketOwnerEnforced // lists do not count, and cannot be set
)

// PublicAccess is a set of blocks against public access.
type PublicAccess uint8

// The blocks, and whether there is a configuration at all. Zero is a bucket without one.
const (
	BlockACLs       PublicAccess = 1 << iota // public lists cannot be set
	IgnoreACLs                               // what lists grant to the public does not count
	BlockPolicy                              // public policies cannot be set
	RestrictBuckets                          // a public policy holds for users of this server only
	PublicAccessConfigured
)

// Has reports whether p has all of these bits.
func (p PublicAccess) Has(bits PublicAccess) bool { return p&bits == bits }

// order is what a writer says about the version that he makes, beside its bytes and metadata.
type order struct {
	access
	lock  lock.State
	event EventName // what making it is called
	by    *Actor
	ready func(*txn) error // asked first in the commit; nil: nothing
	rule  *encrypt.Rule    // the default encryption of the bucket; early finds it
}

// access is what a writer says about who may use what he writes.
type access struct {
	writer string // canonical user id, "" when anonymous
	list   acl.List
	full   bool // the canned list bucket-owner-full-control was asked for
}

// ObjectOwner returns who will own an object that writer, a canonical user id or "", writes into the bucket as it is now. full
// says that he asks for the canned list bucket-owner-full-control. In a bucket that belongs to nobody the writer does.
func (b *Bucket) ObjectOwner(writer string, full bool) string {
	switch {
	case writer == "":
		return b.Owner
	case b.Owner == "", b.Ownership == ObjectWriter, b.Ownership == BucketOwnerPreferred && !full:
		return writer
	}
	return b.Owner
}

// admit decides who owns rec, which is to be written into the bucket, its list and its protection.
func (b *Bucket) admit(rec *versionRecord, o *order, now time.Time) error {
	owner, list, err := b.decide(&o.access)
	if err != nil {
		return err
	}
	rec.owner = owner
	rec.setList(list)
	return b.protect(rec, o.lock, now)
}

// wouldAdmit reports why admit would refuse.
func (b *Bucket) wouldAdmit(o *order) error {
	if _, _, err := b.decide(&o.access); err != nil {
		return err
	}
	return b.takesLock(&o.lock)
}

// decide says who owns what is written into the bucket, and its list. It refuses a list that the bucket does not take.
func (b *Bucket) decide(a *access) (owner string, list acl.List, err error) {
	owner = b.ObjectOwner(a.writer, a.full)
	if a.list.Default() || a.full && owner == b.Owner { // the bucket's owner has full control by owning it
		return owner, acl.List{}, nil
	}
	list = a.list.Normal(owner)
	return owner, list, b.takes(list)
}

// takes checks a list, already in its normal form, against the bucket's settings.
func (b *Bucket) takes(list acl.List) error {
	switch {
	case list.Default():
		return nil
	case b.Ownership == BucketOwnerEnforced:
		return errNoLists()
	case b.PublicAccess.Has(BlockACLs) && list.Public():
		return fault.New(fault.AccessDenied, "Access Denied: public access control lists are blocked by the bucket's public access block.")
	}
	return nil
}

func errNoLists() error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: "AccessControlListNotSupported", Msg: "The bucket does not allow ACLs"}
}

func errListsStand() error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: "InvalidBucketAclWithObjectOwnership", Msg: "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"}
}

// changeBucket rewrites a bucket's record in one commit.
func (s *Store) changeBucket(ctx context.Context, name string, change func(b *Bucket) error) error {
	return s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, name)
		if err != nil {
			return err
		}
		if err := change(&b); err != nil {
			return err
		}
		t.Put(bucketKey(name), b.encode())
		return nil
	})
}

// SetBucketACL replaces the access control list of a bucket. A bucket with BucketOwnerEnforced takes none, also not the default one.
func (s *Store) SetBucketACL(ctx context.Context, bucket string, list acl.List) error {
	if err := list.Check(); err != nil {
		return err
	}
	return s.changeBucket(ctx, bucket, func(b *Bucket) error {
		if b.Ownership == BucketOwnerEnforced {
			return errNoLists()
		}
		l := list.Normal(b.Owner)
		if err := b.takes(l); err != nil {
			return err
		}
		b.ACL = l
		return nil
	})
}

// SetOwnership sets who owns the objects of a bucket; OwnershipUnset removes the setting. Objects keep the owners and lists they
// have, which count again when BucketOwnerEnforced is taken away.
func (s *Store) SetOwnership(ctx context.Context, bucket string, o Ownership) error {
	if o > BucketOwnerEnforced {
		return fault.New(fault.InvalidArgument, "There is no such object ownership.")
	}
	return s.changeBucket(ctx, bucket, func(b *Bucket) error {
		if o == BucketOwnerEnforced && !b.ACL.Default() {
			return errListsStand()
		}
		b.Ownership = o
		return nil
	})
}

// SetPublicAccess sets the blocks against public access; 0 removes the configuration, and any other value makes one.
func (s *Store) SetPublicAccess(ctx context.Context, bucket string, p PublicAccess) error {
	if p >= PublicAccessConfigured<<1 {
		return fault.New(fault.InvalidArgument, "There is no such block of public access.")
	}
	if p != 0 {
		p |= PublicAccessConfigured
	}
	return s.changeBucket(ctx, bucket, func(b *Bucket) error { b.PublicAccess = p; return nil })
}

// SetObjectACL replaces the access control list of a version. In a bucket with BucketOwnerEnforced there is nothing to replace.
func (s *Store) SetObjectACL(ctx context.Context, req SetACL) (Version, error) {
	if err := req.ACL.Check(); err != nil {
		return Version{}, err
	}
	return s.amend(ctx, req.Bucket, req.Key, req.VersionID, func(t *txn, b *Bucket, rec *versionRecord) error {
		if err := rec.stamped(req.Stamp); err != nil {
			return err
		}
		if b.Ownership == BucketOwnerEnforced {
			return errNoLists()
		}
		before := rec.list()
		rec.setList(req.ACL.Normal(rec.owner))
		if !slices.Equal(before.Grants, rec.list().Grants) {
			t.tell(b, EventACL, &req.By, req.Key, rec)
		}
		return b.takes(rec.list())
	})
}

package object

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/object/lock"
)

// Field numbers of a bucket's record.
const (
	fBucketID protowire.Number = iota + 1
	fCreated
	fBucketOwner
	fRegion
	fVersioning
	fObjectLock
	fBucketACL
	fOwnership
	fPublicAccess
	fLockRuleMode
	fLockRuleDays
	fLockRuleYears
	fMaxBytes
	fMaxObjects
	fFeatures
)

// encode is the bucket as it is stored.
func (b *Bucket) encode() []byte {
	out := appendUint(make([]byte, 0, 128), fBucketID, b.ID)
	out = appendUint(out, fCreated, uint64(b.Created.UnixNano()))
	out = appendBytes(out, fBucketOwner, b.Owner)
	out = appendBytes(out, fRegion, b.Region)
	out = appendUint(out, fVersioning, uint64(b.Versioning))
	if b.ObjectLock {
		out = appendUint(out, fObjectLock, 1)
	}
	out = appendACL(out, fBucketACL, b.ACL)
	out = appendUint(out, fOwnership, uint64(b.Ownership))
	out = appendUint(out, fPublicAccess, uint64(b.PublicAccess))
	out = appendUint(out, fLockRuleMode, uint64(b.DefaultLock.Mode))
	out = appendUint(out, fLockRuleDays, uint64(b.DefaultLock.Days))
	out = appendUint(out, fLockRuleYears, uint64(b.DefaultLock.Years))
	out = appendUint(out, fMaxBytes, uint64(b.Quota.MaxBytes))
	out = appendUint(out, fMaxObjects, uint64(b.Quota.MaxObjects))
	out = appendUint(out, fFeatures, uint64(b.features))
	return append(out, b.extra...)
}

// decode reads a record. It keeps no part of data. It runs for every request, so it goes without detours.
func (b *Bucket) decode(data []byte) error {
	for len(data) > 0 {
		num, v, text, rest, err := field(data)
		if err != nil {
			return err
		}
		switch num {
		case fBucketID:
			b.ID = v
		case fCreated:
			b.Created = time.Unix(0, int64(v)).UTC()
		case fBucketOwner:
			b.Owner = string(text)
		case fRegion:
			b.Region = string(text)
		case fVersioning:
			b.Versioning = Versioning(v)
		case fObjectLock:
			b.ObjectLock = v != 0
		case fBucketACL:
			if b.ACL, err = readACL(text); err != nil {
				return err
			}
		case fOwnership:
			b.Ownership = Ownership(v)
		case fPublicAccess:
			b.PublicAccess = PublicAccess(v)
		case fLockRuleMode:
			b.DefaultLock.Mode = lock.Mode(v)
		case fLockRuleDays:
			b.DefaultLock.Days = int(v)
		case fLockRuleYears:
			b.DefaultLock.Years = int(v)
		case fMaxBytes:
			b.Quota.MaxBytes = int64(v)
		case fMaxObjects:
			b.Quota.MaxObjects = int64(v)
		case fFeatures:
			b.features = features(v)
		default:
			b.extra += string(data[:len(data)-len(rest)])
		}
		data = rest
	}
	if b.DefaultLock.Verify() != nil { // what protection new versions get must be known
		return errRecord
	}
	return nil
}

// glance reads what most operations need to know of their bucket, and allocates nothing: not the owner, the region, the list and what a
// newer program wrote, so that such a Bucket is for reading only.
func (b *Bucket) glance(data []byte) error {
	for len(data) > 0 {
		num, v, _, rest, err := field(data)
		if err != nil {
			return err
		}
		switch num {
		case fBucketID:
			b.ID = v
		case fVersioning:
			b.Versioning = Versioning(v)
		case fObjectLock:
			b.ObjectLock = v != 0
		case fOwnership:
			b.Ownership = Ownership(v)
		case fPublicAccess:
			b.PublicAccess = PublicAccess(v)
		case fMaxBytes:
			b.Quota.MaxBytes = int64(v)
		case fMaxObjects:
			b.Quota.MaxObjects = int64(v)
		case fFeatures:
			b.features = features(v)
		}
		data = rest
	}
	return nil
}

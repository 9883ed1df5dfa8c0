package object

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"myfsio/fault"
	"myfsio/kv"
)

// reserved are the names that routes of the server itself use.
var reserved = map[string]bool{"admin": true, "iam": true, "kms": true, "ui": true, "myfsio": true}

// CheckBucketName reports why name cannot be the name of a bucket. The rules are those of
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func CheckBucketName(name string) error {
	bad := func(why string) error {
		return fault.New(fault.InvalidBucketName, "The specified bucket is not valid: %s", why)
	}
	switch {
	case reserved[name]:
		return bad("the name " + name + " is reserved for routes of this server; choose another")
	case len(name) < 3 || len(name) > 63:
		return bad("a name has 3 to 63 characters")
	case !onlyNameBytes(name):
		return bad("a name has lower-case letters, digits, dots and hyphens")
	case !alnum(name[0]) || !alnum(name[len(name)-1]):
		return bad("a name begins and ends with a letter or digit")
	case strings.Contains(name, "..") || strings.Contains(name, ".-") || strings.Contains(name, "-."):
		return bad("a dot stands between letters or digits")
	case strings.HasPrefix(name, "xn--") || strings.HasPrefix(name, "sthree-"):
		return bad("the prefix is reserved")
	case strings.HasSuffix(name, "-s3alias") || strings.HasSuffix(name, "--ol-s3"):
		return bad("the suffix is reserved")
	}
	if a, err := netip.ParseAddr(name); err == nil && a.Is4() {
		return bad("a name does not look like an IP address")
	}
	return nil
}

func alnum(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func onlyNameBytes(s string) bool {
	for i := 0; i < len(s); i++ {
		if !alnum(s[i]) && s[i] != '-' && s[i] != '.' {
			return false
		}
	}
	return true
}

// Verify checks the request.
func (req *CreateBucket) Verify() error {
	if err := CheckBucketName(req.Name); err != nil {
		return err
	}
	if req.Ownership > BucketOwnerEnforced {
		return fault.New(fault.InvalidArgument, "There is no such object ownership.")
	}
	if req.Ownership == BucketOwnerEnforced && !req.ACL.Normal(req.Owner).Default() {
		return errListsStand()
	}
	return req.ACL.Check()
}

// CreateBucket makes a bucket.
func (s *Store) CreateBucket(ctx context.Context, req CreateBucket) (Bucket, error) {
	var b Bucket
	if err := req.Verify(); err != nil {
		return b, err
	}
	err := s.update(ctx, func(t *txn) error {
		old, err := getBucket(t, req.Name)
		switch {
		case err == nil && old.Owner == req.Owner:
			b = old
			return fault.New(fault.BucketOwned, "Your previous request to create the named bucket succeeded and you already own it.")
		case err == nil:
			return fault.New(fault.BucketExists, "The requested bucket name is not available. Please select a different name and try again.")
		case !fault.Is(err, fault.NoSuchBucket):
			return err
		}
		b = Bucket{
			Name: req.Name, ID: stamp(s.newID()), Created: s.now().UTC(), Owner: req.Owner, Region: req.Region, ObjectLock: req.ObjectLock,
			Ownership: req.Ownership, ACL: req.ACL.Normal(req.Owner), features: featuresKept,
		}
		if req.ObjectLock {
			b.Versioning = VersioningEnabled
		}
		t.Put(bucketKey(b.Name), b.encode())
		t.showBucket(b.Name)
		return nil
	})
	return b, err
}

// showBucket queues the bucket's own directory for the plain-file view.
func (t *txn) showBucket(name string) {
	if t.s.view {
		t.viewed = true
		t.Put(idKey(tView, t.s.newID()), viewChange{Bucket: name}.encode())
	}
}

// HeadBucket describes a bucket.
func (s *Store) HeadBucket(ctx context.Context, name string) (b Bucket, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) error {
		b, err = getBucket(r, name)
		return err
	})
	return b, err
}

// DeleteBucket removes an empty bucket: one without versions, delete markers and unfinished uploads.
func (s *Store) DeleteBucket(ctx context.Context, name string) error {
	return s.update(ctx, func(t *txn) error {
		b, err := glanceBucket(t, name)
		if err != nil {
			return err
		}
		for _, table := range []byte{tCurrent, tVersion, tUpload} {
			some, err := anyRow(t, inBucket(table, b.ID, 0))
			if err != nil {
				return err
			}
			if some && table == tUpload {
				return fault.New(fault.BucketNotEmpty, "The bucket you tried to delete has unfinished multipart uploads. Abort them first.")
			}
			if some {
				return fault.New(fault.BucketNotEmpty, "The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
			}
		}
		t.Delete(bucketKey(name))
		for i := range len(counters) {
			t.Delete(counterKey(b.ID, counters[i]))
		}
		if err := t.dropTable(tConfig, b.ID); err != nil { // also documents of kinds that a newer program knows
			return err
		}
		if err := t.dropTable(tToken, b.ID); err != nil {
			return err
		}
		t.showBucket(name)
		return nil
	})
}

func anyRow(r kv.Reader, prefix []byte) (bool, error) {
	c, err := r.Cursor(kv.Prefix(prefix))
	if err != nil {
		return false, err
	}
	defer c.Close()
	return c.Next(), c.Err()
}

// ListBuckets returns a page of buckets.
func (s *Store) ListBuckets(ctx context.Context, req ListBuckets) (BucketPage, error) {
	var page BucketPage
	if req.Max <= 0 || req.Max > 10000 {
		req.Max = 10000
	}
	err := s.viewDB(ctx, func(r kv.Reader) error {
		page = BucketPage{}
		rg := kv.Prefix(bucketKey(req.Prefix))
		if req.After >= req.Prefix && req.After != "" {
			rg.Start = append(bucketKey(req.After), 0)
		}
		for p, err := range kv.Scan(r, rg) {
			if err != nil {
				return err
			}
			b := Bucket{Name: string(p.Key[1:])}
			if err := b.decode(p.Value); err != nil {
				return err
			}
			if req.Region != "" && b.Region != req.Region {
				continue
			}
			if len(page.Buckets) == req.Max {
				page.Next = page.Buckets[req.Max-1].Name
				return nil
			}
			page.Buckets = append(page.Buckets, b)
		}
		return nil
	})
	return page, err
}

// SetVersioning enables or suspends versioning; it cannot go back to Unversioned.
func (s *Store) SetVersioning(ctx context.Context, bucket string, v Versioning) error {
	if v != VersioningEnabled && v != VersioningSuspended {
		return fault.New(fault.InvalidArgument, "Versioning is Enabled or Suspended")
	}
	return s.changeBucket(ctx, bucket, func(b *Bucket) error {
		if b.ObjectLock && v == VersioningSuspended {
			return fault.New(fault.InvalidState, "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
		}
		b.Versioning = v
		return nil
	})
}

// Usage returns what the bucket holds, in a time that does not depend on how much that is.
func (s *Store) Usage(ctx context.Context, bucket string) (Usage, error) {
	var u Usage
	err := s.viewDB(ctx, func(r kv.Reader) error {
		b, err := glanceBucket(r, bucket)
		if err != nil {
			return err
		}
		u, err = readUsage(r, b.ID)
		return err
	})
	return u, err
}

func readUsage(r kv.Reader, bucket uint64) (u Usage, err error) {
	for n, dst := range map[byte]*int64{
		countObjects: &u.Objects, countBytes: &u.Bytes, countVersions: &u.Versions, countOldBytes: &u.OldBytes,
		countMarkers: &u.Markers, countUploads: &u.Uploads, countParts: &u.Parts, countAnnotations: &u.Annotations,
	} {
		v, err := r.Get(counterKey(bucket, n))
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return u, err
		}
		*dst = kv.Int64(v)
	}
	return u, nil
}

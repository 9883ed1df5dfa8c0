package object

import (
	"context"
	"unicode/utf8"

	"myfsio/fault"
	"myfsio/kv"
)

// How many tags an object, and a bucket, can carry. Fronts may allow objects fewer.
const (
	MaxObjectTags = 50
	MaxBucketTags = 50
)

// CheckTags checks tags against the limits of
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
func CheckTags(tags []Pair, most int) error {
	if len(tags) > most {
		return fault.New(fault.InvalidTag, "Object tags cannot be greater than %d", most)
	}
	for i, t := range tags {
		switch {
		case t.Name == "" || utf8.RuneCountInString(t.Name) > 128 || !utf8.ValidString(t.Name):
			return fault.New(fault.InvalidTag, "The TagKey you have provided is invalid")
		case utf8.RuneCountInString(t.Value) > 256 || !utf8.ValidString(t.Value):
			return fault.New(fault.InvalidTag, "The TagValue you have provided is invalid")
		}
		for _, u := range tags[:i] {
			if u.Name == t.Name {
				return fault.New(fault.InvalidTag, "Cannot provide multiple Tags with the same key")
			}
		}
	}
	return nil
}

// Describe tells all about a version that has bytes: metadata, tags, ACL. version "" means the current one. No row but those of the bucket and
// the version is read.
func (s *Store) Describe(ctx context.Context, bucket, key, version string) (Version, error) {
	var out Version
	err := s.viewDB(ctx, func(r kv.Reader) error {
		b, rec, isCurrent, err := lookup(r, bucket, key, version)
		if err != nil {
			return err
		}
		out = rec.version(&b, key, isCurrent)
		return nil
	})
	return out, err
}

// lookup reads a version that must exist and have bytes.
func lookup(r kv.Reader, bucket, key, version string) (Bucket, *versionRecord, bool, error) {
	b, err := glanceBucket(r, bucket)
	if err != nil {
		return b, nil, false, err
	}
	rec, isCurrent, err := find(r, b.ID, key, version)
	switch {
	case err != nil:
	case rec == nil && version == "":
		err = errNoSuchKey()
	case rec == nil:
		err = errNoSuchVersion()
	case rec.marker():
		err = fault.New(fault.MethodNotAllowed, "The specified method is not allowed against this resource.")
	}
	return b, rec, isCurrent, err
}

func errNoSuchVersion() error {
	return fault.New(fault.NoSuchVersion, "The specified version does not exist.")
}

// SetTags replaces the tags of a version.
func (s *Store) SetTags(ctx context.Context, req SetTags) (Version, error) {
	if err := CheckTags(req.Tags, MaxObjectTags); err != nil {
		return Version{}, err
	}
	return s.amend(ctx, req.Bucket, req.Key, req.VersionID, func(t *txn, b *Bucket, rec *versionRecord) error {
		if err := rec.stamped(req.Stamp); err != nil {
			return err
		}
		rec.meta.Tags = req.Tags
		name := EventTagging
		if req.Tags == nil {
			name = EventTaggingDelete
		}
		t.tell(b, name, &req.By, req.Key, rec)
		return nil
	})
}

// stamped refuses another version than the one with this stamp; zero takes any.
func (r *versionRecord) stamped(stamp [16]byte) error {
	if stamp != [16]byte{} && stamp != r.id {
		return fault.New(fault.ConditionalConflict, "The object was replaced meanwhile. Please try again.")
	}
	return nil
}

// amend changes the record of a version where it stands, which keeps its place and its stamp.
func (s *Store) amend(ctx context.Context, bucket, key, version string, change func(*txn, *Bucket, *versionRecord) error) (Version, error) {
	var out Version
	err := s.update(ctx, func(t *txn) error {
		b, rec, isCurrent, err := lookup(t, bucket, key, version)
		if err != nil {
			return err
		}
		if err := change(t, &b, rec); err != nil {
			return err
		}
		k := currentKey(b.ID, key)
		if !isCurrent {
			k = versionKey(b.ID, key, rec.id)
		}
		t.Put(k, rec.encode(nil))
		out = rec.version(&b, key, isCurrent)
		return nil
	})
	return out, err
}

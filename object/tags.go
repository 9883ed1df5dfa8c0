package object

import (
	"context"
	"unicode/utf8"

	"myfsio/fault"
	"myfsio/kv"
)

// MaxObjectTags is the number of tags an object can carry.
const MaxObjectTags = 10

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

// Tags describes a version; its tags are in Meta.Tags. version "" means the current one.
func (s *Store) Tags(ctx context.Context, bucket, key, version string) (Version, error) {
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
	b, err := getBucket(r, bucket)
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
	var out Version
	if err := CheckTags(req.Tags, MaxObjectTags); err != nil {
		return out, err
	}
	err := s.update(ctx, func(t *txn) error {
		b, rec, isCurrent, err := lookup(t, req.Bucket, req.Key, req.VersionID)
		if err != nil {
			return err
		}
		rec.meta.Tags = req.Tags
		k := currentKey(b.ID, req.Key)
		if !isCurrent {
			k = versionKey(b.ID, req.Key, rec.id)
		}
		t.Put(k, rec.encode(nil))
		out = rec.version(&b, req.Key, isCurrent)
		return nil
	})
	return out, err
}

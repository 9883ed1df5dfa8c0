package object

import (
	"context"
	"slices"

	"myfsio/fault"
	"myfsio/seal"
)

// RenameObject moves the current version of a key to another key of its bucket.
type RenameObject struct {
	Bucket, Source, Key string
	SourceIf            Conditions
	// SourceStamp is as of CopyObject.
	SourceStamp    [16]byte
	SourceCustomer *seal.Key  // the key of SSE-C that the object is encrypted with
	If             Conditions // on what stands at Key
	Owner          string     // who renames; Bucket.Ownership decides who owns a delete marker at Source
	Token          string     // of at most MaxToken bytes: a request of the same token and actor is done once; "": none
	By             Actor
}

// Renamed is the result of a rename.
type Renamed struct {
	Version         Version // at its new key
	SourceVersionID string  // of the delete marker at the old one; "" in a bucket never versioned
}

// MaxToken is the length of the longest token of a RenameObject, in bytes.
const MaxToken = 64

// Verify checks the request.
func (req *RenameObject) Verify() error {
	if err := CheckKey(req.Key); err != nil {
		return err
	}
	if err := CheckKey(req.Source); err != nil {
		return err
	}
	switch {
	case req.Source == req.Key:
		return fault.New(fault.InvalidRequest, "An object cannot be renamed to the name that it has.")
	case len(req.Token) > MaxToken:
		return fault.New(fault.InvalidArgument, "A client token has at most %d characters.", MaxToken)
	}
	return nil
}

// Rename moves the current version of a key to another key, with all it has: body, metadata, tags, list, checksums, entity tag, owner,
// retention and time of modification. No byte of the body is touched, and it costs the same for any size. Older versions of both keys stay where they
// are: with versioning a delete marker takes the place at the source, and what stood at the destination becomes noncurrent. A version that is protected cannot
// leave its key. A request that its token tells was done before gives the zero Renamed.
func (s *Store) Rename(ctx context.Context, req RenameObject) (Renamed, error) {
	if err := req.Verify(); err != nil {
		return Renamed{}, err
	}
	var out Renamed
	err := s.update(ctx, func(t *txn) (err error) {
		out, err = t.rename(&req)
		return err
	})
	return out, err
}

// rename is the commit.
func (t *txn) rename(req *RenameObject) (out Renamed, err error) {
	b, err := getBucket(t, req.Bucket)
	if err != nil {
		return out, err
	}
	if done, err := t.spend(&b, req); done || err != nil {
		return out, err
	}
	cur, err := current(t, b.ID, req.Source)
	if err != nil {
		return out, err
	}
	dest, err := current(t, b.ID, req.Key)
	if err != nil {
		return out, err
	}
	if err := t.mayRename(req, cur, dest); err != nil {
		return out, err
	}
	next := cur.clone()
	if sealed := next.sealed(); sealed != nil {
		if sealed.sealer, err = t.s.sealerOf(sealed, req.SourceCustomer, cur.binding(b.ID, req.Source)); err != nil {
			return out, err
		}
	}
	t.unput(&b, req.Source, cur)
	if err := t.replace(&b, req.Key, dest, next); err != nil {
		return out, err
	}
	if err := t.rebind(&b, req.Key, next); err != nil {
		return out, err
	}
	t.tell(&b, EventCopy, &req.By, req.Key, next)
	t.tell(&b, EventDelete, &req.By, req.Source, cur)
	out.Version = next.version(&b, req.Key, true)
	if b.Versioning != Unversioned {
		m, err := t.mark(&b, req.Source, req.Owner, cur, nil)
		if err != nil {
			return out, err
		}
		t.tell(&b, EventMarker, &req.By, req.Source, m)
		out.SourceVersionID = m.version(&b, req.Source, true).VersionID
	}
	return out, nil
}

// mayRename decides whether cur, which may be absent, may take the place of dest, which may be too.
func (t *txn) mayRename(req *RenameObject, cur, dest *versionRecord) error {
	if cur == nil {
		return errNoSuchKey()
	}
	if err := cur.stamped(req.SourceStamp); err != nil {
		return err
	}
	if err := req.SourceIf.checkWrite(cur); err != nil {
		return errPrecondition("x-amz-rename-source-" + failedCondition(err))
	}
	if cur.poisoned() { // its file may be what it can be mended from
		return errPoisoned()
	}
	if err := t.mayDestroy(cur, false); err != nil {
		return err
	}
	if err := cur.sealed().applicable(req.SourceCustomer); err != nil {
		return err
	}
	return req.If.checkWrite(dest)
}

// checkWrite decides these conditions for a write that replaces cur, nil for none. What is not there has no tag and was never modified.
func (c *Conditions) checkWrite(cur *versionRecord) error {
	switch {
	case cur != nil:
	case len(c.IfMatch) > 0:
		return errPrecondition("If-Match")
	case len(c.IfNoneMatch) == 0 && !c.IfModifiedSince.IsZero():
		return errPrecondition("If-Modified-Since")
	default:
		return nil
	}
	if err := c.check(cur); err != nil {
		return errPrecondition(failedCondition(err))
	}
	return nil
}

// clone is a copy that can be changed; what is never changed in place is shared.
func (r *versionRecord) clone() *versionRecord {
	out := *r
	if r.rare != nil {
		rare := *r.rare
		if rare.seal != nil {
			sealed := *rare.seal
			rare.seal = &sealed
		}
		rare.extra = slices.Clone(rare.extra)
		out.rare = &rare
	}
	return &out
}

// rebind records that the blobs of a version belong to key.
func (t *txn) rebind(b *Bucket, key string, rec *versionRecord) error {
	switch rec.body.kind {
	case bodyBlob:
		t.refer(b, key, rec.body.id)
	case bodyParts:
		m, err := getManifest(t, rec.body.id)
		if err != nil {
			return err
		}
		for _, x := range m.blobs(nil) {
			t.refer(b, key, x)
		}
	}
	return nil
}

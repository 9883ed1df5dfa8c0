package object

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/kv"
)

// maybeDone reports whether a commit that failed with err may have happened all the same: then its
// blobs stay, and the sweep removes what no row refers to.
func maybeDone(err error) bool { return errors.Is(err, kv.ErrUnknown) }

// CheckKey reports why key cannot name an object.
func CheckKey(key string) error {
	switch {
	case key == "":
		return fault.New(fault.InvalidArgument, "An object key has at least one byte.")
	case len(key) > MaxKeyLength:
		return fault.New(fault.KeyTooLong, "Your key is too long")
	case !utf8.ValidString(key):
		return fault.New(fault.InvalidArgument, "An object key is text in UTF-8.")
	}
	return nil
}

// verify checks the limits of what a client says about an object.
func (m *Metadata) verify() error {
	size := 0
	for _, p := range m.User {
		size += len(p.Name) + len(p.Value)
		if p.Name == "" || strings.ContainsAny(p.Name, "\r\n\x00") || strings.ContainsAny(p.Value, "\r\n\x00") {
			return fault.New(fault.InvalidArgument, "The metadata %q is not valid.", p.Name)
		}
	}
	if size > MaxUserMeta {
		return fault.New(fault.MetadataTooLarge, "Your metadata headers exceed the maximum allowed metadata size")
	}
	return CheckTags(m.Tags, MaxObjectTags)
}

// Put writes an object. The bytes and their description are durable when it returns.
func (s *Store) Put(ctx context.Context, req PutObject) (Version, error) {
	if err := req.Verify(); err != nil {
		return Version{}, err
	}
	if err := req.Lock.Verify(s.now()); err != nil {
		return Version{}, err
	}
	o := req.order()
	if err := s.early(ctx, req.Bucket, req.Key, o, &req.If, req.Body.Size); err != nil {
		return Version{}, err
	}
	sealed, err := s.sealing(req.Bucket, req.Seal, o.rule)
	if err != nil {
		return Version{}, err
	}
	st, err := s.ingest(ctx, &req.Body, s.inline, place{id: s.newID()}, sealed.part(0))
	if err != nil {
		return Version{}, err
	}
	defer st.discard()
	rec := &versionRecord{
		size: st.size, modified: s.now().UnixNano(), etag: st.md5, body: st.body, stored: st.crc, meta: req.Meta,
	}
	rec.setSealed(sealed)
	if !req.Modified.IsZero() {
		rec.modified = req.Modified.UnixNano()
	}
	if st.sum != nil {
		rec.sum = sumRecord{alg: req.Body.Digest.Algorithm, typ: checksum.FullObject, raw: st.sum}
	}
	v, err := s.commit(ctx, req.Bucket, req.Key, rec, o, &req.If, func(t *txn, b *Bucket) error {
		st.rows(t, b, req.Key)
		return nil
	})
	st.settle(err)
	return v, err
}

// Verify checks the request before a byte of the body is read.
func (req *PutObject) Verify() error {
	if err := CheckKey(req.Key); err != nil {
		return err
	}
	if err := req.ACL.Check(); err != nil {
		return err
	}
	if err := req.Meta.verify(); err != nil {
		return err
	}
	return req.If.Verify()
}

func (req *PutObject) order() *order {
	return &order{access: access{writer: req.Owner, list: req.ACL, full: req.BucketOwnerFull}, lock: req.Lock, event: EventPut, by: &req.By}
}

// early refuses a write that would fail in its commit anyway, before its body is sent. size is -1 when it is not known. The commit decides. It puts
// the bucket's default encryption into o.
func (s *Store) early(ctx context.Context, bucket, key string, o *order, cond *WriteConditions, size int64) error {
	return s.viewDB(ctx, func(r kv.Reader) error {
		b, err := getBucket(r, bucket)
		if err != nil {
			return err
		}
		if o.rule, err = defaultRule(r, &b); err != nil {
			return err
		}
		if err := b.wouldAdmit(o); err != nil || cond.none() && b.Quota == (Quota{}) {
			return err
		}
		cur, err := current(r, b.ID, key)
		if err != nil {
			return err
		}
		if err := cond.check(cur); err != nil {
			return err
		}
		return b.room(r, key, cur, size)
	})
}

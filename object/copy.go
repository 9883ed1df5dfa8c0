package object

import (
	"context"

	"myfsio/checksum"
	"myfsio/fault"
)

// Copy copies a version to a key. Bytes are copied but where only the metadata of an unversioned key changes;
// then the same body serves on.
func (s *Store) Copy(ctx context.Context, req CopyObject) (Copied, error) {
	var out Copied
	if err := req.Verify(); err != nil {
		return out, err
	}
	if err := req.Lock.Verify(s.now()); err != nil {
		return out, err
	}
	o := req.order()
	if err := s.early(ctx, req.Bucket, req.Key, o, &req.If, -1); err != nil {
		return out, err
	}
	src, rec, err := s.openSource(ctx, GetObject{Bucket: req.SourceBucket, Key: req.SourceKey, VersionID: req.SourceVersionID, If: req.SourceIf, Customer: req.SourceCustomer}, req.SourceStamp)
	if err != nil {
		return out, err
	}
	defer src.Close()
	if src.Length > MaxPartSize {
		return out, fault.New(fault.InvalidRequest, "The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(MaxPartSize))
	}
	if src.Version.Versioned {
		out.SourceVersionID = src.Version.VersionID
	}
	next := req.record(rec, src.Version.Meta)
	next.modified = s.now().UnixNano()
	sealed, err := s.sealing(req.Bucket, s.copySealing(&req, rec, o), o.rule)
	if err != nil {
		return out, err
	}
	next.setSealed(sealed)
	if req.inPlace() && rec.null() && src.Version.Latest && req.Checksum == checksum.None && sealed.like(rec.sealed()) {
		ok := false
		if out.Version, ok, err = s.redescribe(ctx, &req, rec, next); ok || err != nil {
			return out, err
		}
	}
	if err := s.early(ctx, req.Bucket, req.Key, o, &req.If, src.Length); err != nil {
		return out, err
	}
	out.Version, err = s.copyBytes(ctx, &req, src, rec, next)
	return out, err
}

// Verify checks the request.
func (req *CopyObject) Verify() error {
	if err := CheckKey(req.Key); err != nil {
		return err
	}
	if err := req.ACL.Check(); err != nil {
		return err
	}
	if req.inPlace() && !req.ReplaceMeta && !req.ReplaceTags && req.SourceVersionID == "" && req.Checksum == checksum.None &&
		req.Meta.StorageClass == "" && req.Meta.WebsiteRedirect == "" && req.Seal == nil {
		return fault.New(fault.InvalidRequest, "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	if err := req.Meta.verify(); err != nil {
		return err
	}
	return req.If.Verify()
}

func (req *CopyObject) inPlace() bool {
	return req.SourceBucket == req.Bucket && req.SourceKey == req.Key
}

func (req *CopyObject) order() *order {
	return &order{access: access{writer: req.Owner, list: req.ACL, full: req.BucketOwnerFull}, lock: req.Lock, event: EventCopy, by: &req.By}
}

// record is the version the copy makes, without its body.
func (req *CopyObject) record(src *versionRecord, meta Metadata) *versionRecord {
	m := meta
	if req.ReplaceMeta {
		m = req.Meta
		m.Tags = meta.Tags
	}
	if req.ReplaceTags {
		m.Tags = req.Meta.Tags
	}
	m.StorageClass, m.WebsiteRedirect = req.Meta.StorageClass, req.Meta.WebsiteRedirect
	return &versionRecord{meta: m, size: src.size}
}

// openSource opens what a copy reads. It must have the stamp, unless that is zero.
func (s *Store) openSource(ctx context.Context, req GetObject, stamp [16]byte) (*Reader, *versionRecord, error) {
	r, err := s.Open(ctx, req)
	if r != nil && stamp != [16]byte{} && r.Version.Stamp != stamp {
		_ = r.Close() // nothing was read
		return nil, nil, fault.New(fault.ConditionalConflict, "The source of the copy was replaced meanwhile. Please try again.")
	}
	switch fault.KindOf(err) {
	case fault.NotModified, fault.PreconditionFailed:
		err = errPrecondition("x-amz-copy-source-" + failedCondition(err))
	case fault.MethodNotAllowed:
		err = fault.New(fault.InvalidRequest, "The source of a copy request may not specifically refer to a delete marker by version id.")
	}
	if err != nil {
		return nil, nil, err
	}
	return r, r.rec, nil
}

// redescribe gives the current null version new metadata and leaves its body where it is. It reports false when the
// key or the bucket changed meanwhile, so that the bytes have to be copied.
func (s *Store) redescribe(ctx context.Context, req *CopyObject, seen, next *versionRecord) (v Version, ok bool, err error) {
	next.body, next.etag, next.parts, next.sum, next.stored = seen.body, seen.etag, seen.parts, seen.sum, seen.stored
	next.flags = seen.flags & bodyFlags
	next.sealed().take(seen.sealed())
	err = s.update(ctx, func(t *txn) error {
		ok = false
		b, err := getBucket(t, req.Bucket)
		if err != nil {
			return err
		}
		if err := b.admit(next, req.order(), s.now()); err != nil {
			return err
		}
		cur, err := current(t, b.ID, req.Key)
		if err != nil {
			return err
		}
		if err := req.If.check(cur); err != nil {
			return err
		}
		if b.Versioning == VersioningEnabled || cur == nil || cur.id != seen.id {
			return nil
		}
		if req.bare(cur) {
			return errNotBare()
		}
		ok = true
		if next.setAnnotations(annotationSet{}); !req.ExcludeAnnotations {
			next.setAnnotations(cur.annotations())
		}
		if err := t.replace(&b, req.Key, cur, next); err != nil {
			return err
		}
		t.tell(&b, EventCopy, &req.By, req.Key, next)
		v = next.version(&b, req.Key, true)
		return nil
	})
	if !ok {
		next.sealed().renew()
		next.setAnnotations(annotationSet{})
	}
	return v, ok, err
}

// copyBytes stores the bytes anew. A source written in parts becomes an object of one piece, with an
// entity tag and checksum of its own.
func (s *Store) copyBytes(ctx context.Context, req *CopyObject, src *Reader, rec, next *versionRecord) (Version, error) {
	alg := req.Checksum
	if alg == checksum.None {
		alg = rec.sum.alg
	}
	b := Body{Reader: src, Size: src.Length, Digest: Digest{Algorithm: alg}}
	if rec.parts == 0 { // the bytes must be those the source was written with
		b.MD5 = rec.etag
	}
	st, err := s.ingest(ctx, &b, s.inline, place{id: s.newID()}, next.sealed().part(0))
	if err != nil {
		return Version{}, sourceError(err)
	}
	defer st.discard()
	next.body, next.etag, next.size, next.stored = st.body, st.md5, st.size, st.crc
	next.parts, next.flags, next.sum = 0, 0, sumRecord{}
	if alg != checksum.None {
		next.sum = sumRecord{alg: alg, typ: checksum.FullObject, raw: st.sum}
	}
	staged, err := s.stageAnnotations(ctx, req, rec, next)
	if err != nil {
		return Version{}, err
	}
	defer staged.end()
	o := req.order()
	if staged != nil {
		o.ready = func(t *txn) error { return staged.takeOver(t, req) }
	}
	v, err := s.commit(ctx, req.Bucket, req.Key, next, o, &req.If, func(t *txn, b *Bucket) error {
		st.rows(t, b, req.Key)
		return nil
	})
	st.settle(err)
	return v, err
}

// sourceError says that it is the source, not the client's body, that is damaged.
func sourceError(err error) error {
	switch fault.KindOf(err) {
	case fault.BadDigest, fault.IncompleteBody:
		return &fault.Error{Kind: fault.Corrupted, Msg: "The stored bytes of the copy source do not match their checksum. Run myfsio fsck.", Err: err}
	}
	return err
}

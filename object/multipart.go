package object

import (
	"context"
	"errors"
	"strings"

	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

func errNoSuchUpload() error {
	return fault.New(fault.NoSuchUpload, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
}

// getUpload reads an unfinished upload.
func getUpload(r kv.Reader, bucket uint64, key, upload string) (id, *uploadRecord, error) {
	u, err := parseVersion(upload)
	if err != nil {
		return u, nil, errNoSuchUpload()
	}
	v, err := r.Get(uploadKey(bucket, key, u))
	if errors.Is(err, kv.ErrNotFound) {
		return u, nil, errNoSuchUpload()
	}
	if err != nil {
		return u, nil, err
	}
	rec := new(uploadRecord)
	return u, rec, rec.decode(v)
}

// eachPart calls fn for the parts of an upload in the order of their numbers.
func eachPart(r kv.Reader, u id, fn func(n int, p *partRecord) error) error {
	for pair, err := range kv.Scan(r, kv.Prefix(idKey(tPart, u))) {
		if err != nil {
			return err
		}
		k := pair.Key[len(pair.Key)-2:]
		var p partRecord
		if err := p.decode(pair.Value); err != nil {
			return err
		}
		if err := fn(int(k[0])<<8|int(k[1]), &p); err != nil {
			return err
		}
	}
	return nil
}

// Verify checks the request.
func (req *CreateUpload) Verify() error {
	if err := CheckKey(req.Key); err != nil {
		return err
	}
	if err := req.ACL.Check(); err != nil {
		return err
	}
	if req.Checksum != checksum.None && !req.Checksum.Allows(req.ChecksumType) {
		return fault.New(fault.InvalidRequest, "The %s checksum type cannot be used with the %s checksum algorithm.", req.ChecksumType, strings.ToLower(req.Checksum.String()))
	}
	return req.Meta.verify()
}

// CreateUpload begins a multipart upload.
func (s *Store) CreateUpload(ctx context.Context, req CreateUpload) (Upload, error) {
	var out Upload
	if err := req.Verify(); err != nil {
		return out, err
	}
	if err := req.Lock.Verify(s.now()); err != nil {
		return out, err
	}
	rec := uploadRecord{
		initiated: s.now().UnixNano(), owner: req.Owner, initiator: req.Initiator, meta: req.Meta, acl: req.ACL, ownerFull: req.BucketOwnerFull,
		sum: sumRecord{alg: req.Checksum, typ: req.ChecksumType}, lock: req.Lock,
	}
	rule, err := s.defaultRule(ctx, req.Bucket)
	if err != nil {
		return out, err
	}
	if rec.seal, err = s.sealing(req.Bucket, req.Seal, rule); err != nil {
		return out, err
	}
	err = s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, req.Bucket)
		if err != nil {
			return err
		}
		if err := b.wouldAdmit(rec.order()); err != nil { // the owner is decided when the object comes to be
			return err
		}
		u := s.newID()
		rec.seal.wrap(seal.Binding{Bucket: b.ID, Version: u, Key: req.Key})
		t.Put(uploadKey(b.ID, req.Key, u), rec.encode())
		t.Add(counterKey(b.ID, countUploads), 1)
		out = rec.upload(req.Bucket, req.Key, u)
		return nil
	})
	return out, err
}

func checkPartNumber(n int) error {
	if n < 1 || n > MaxParts {
		return fault.New(fault.InvalidArgument, "Part number must be an integer between 1 and %d, inclusive", MaxParts)
	}
	return nil
}

// PutPart writes a part; the last one written under a number counts.
func (s *Store) PutPart(ctx context.Context, req PutPart) (Part, error) {
	if err := checkPartNumber(req.Number); err != nil {
		return Part{}, err
	}
	var u id
	var up *uploadRecord
	var bucket uint64
	err := s.viewDB(ctx, func(r kv.Reader) error {
		b, err := glanceBucket(r, req.Bucket)
		if err != nil {
			return err
		}
		bucket = b.ID
		if u, up, err = getUpload(r, b.ID, req.Key, req.UploadID); err != nil {
			return err
		}
		return b.roomFor(req.Body.Size)
	})
	if err != nil {
		return Part{}, err
	}
	if err := up.fit(&req.Body.Digest); err != nil {
		return Part{}, err
	}
	key, err := s.partKey(up, &req, seal.Binding{Bucket: bucket, Version: u, Key: req.Key})
	if err != nil {
		return Part{}, err
	}
	return s.storePart(ctx, &req, u, up, key)
}

// fit makes the digest of a part that of its upload.
func (u *uploadRecord) fit(d *Digest) error {
	switch {
	case u.sum.alg == checksum.None || d.Algorithm == u.sum.alg:
		return nil
	case d.Algorithm == checksum.None:
		d.Algorithm = u.sum.alg
		return nil
	}
	return fault.New(fault.InvalidRequest, "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
		strings.ToLower(u.sum.alg.String()), strings.ToLower(d.Algorithm.String()))
}

func (s *Store) storePart(ctx context.Context, req *PutPart, u id, up *uploadRecord, key *seal.Key) (Part, error) {
	at, release, err := s.claim(ctx, u, req.Number, storedSize(req.Body.Size, key))
	if err != nil {
		return Part{}, err
	}
	kept := false
	defer func() { release(kept) }()
	st, err := s.ingest(ctx, &req.Body, -1, at, key)
	if err != nil {
		return Part{}, err
	}
	st.shared = at.shared
	defer st.discard()
	p := partRecord{size: st.size, etag: st.md5, modified: s.now().UnixNano(), sum: st.sum, stored: st.crc, shared: at.shared, sealed: key != nil && st.size > 0}
	if st.body.kind == bodyBlob {
		p.at = extent{blob: at.id, off: at.off, size: storedSize(st.size, key)}
	}
	err = s.update(ctx, func(t *txn) error { return t.putPart(req, u, &p) })
	st.settle(err)
	kept = st.kept
	out := p.part(req.Number, up.sum)
	out.Encryption = up.seal.show()
	if st.sum != nil && up.sum.alg == checksum.None {
		out.Checksum = Checksum{Algorithm: req.Body.Digest.Algorithm, Value: checksum.Encode(st.sum)}
	}
	return out, err
}

// putPart records a part in place of an older one of its number.
func (t *txn) putPart(req *PutPart, u id, p *partRecord) error {
	b, err := glanceBucket(t, req.Bucket)
	if err != nil {
		return err
	}
	if _, _, err := getUpload(t, b.ID, req.Key, req.UploadID); err != nil {
		return err // aborted or completed while the bytes came
	}
	k := partKey(u, req.Number)
	v, err := t.Get(k)
	if ignoreAbsent(err) != nil {
		return err
	}
	delta := p.size
	p.left = nil
	if err == nil {
		var old partRecord
		if err := old.decode(v); err != nil {
			return err
		}
		delta -= old.size
		p.left = old.left
		switch {
		case old.at.size == 0:
		case old.shared:
			p.left = append(p.left, old.at.blob)
		default:
			t.reclaim = append(t.reclaim, old.at.blob)
		}
	}
	t.Put(k, p.encode(nil))
	if p.at.size > 0 {
		t.refer(&b, req.Key, p.at.blob)
	}
	t.Add(counterKey(b.ID, countParts), delta)
	return nil
}

// CopyPart writes a part from a range of an object.
func (s *Store) CopyPart(ctx context.Context, req CopyPart) (CopiedPart, error) {
	var out CopiedPart
	src, rec, err := s.openSource(ctx,
		GetObject{Bucket: req.SourceBucket, Key: req.SourceKey, VersionID: req.SourceVersionID, If: req.SourceIf, Range: req.Range, Customer: req.SourceCustomer}, req.SourceStamp)
	if err != nil {
		return out, err
	}
	defer src.Close()
	if g := req.Range; g != nil && g.Last >= rec.size {
		return out, fault.New(fault.InvalidArgument, "Range specified is not valid for source object of size: %d", rec.size)
	}
	if src.Version.Versioned {
		out.SourceVersionID = src.Version.VersionID
	}
	body := Body{Reader: src, Size: src.Length}
	if rec.parts == 0 && src.Length == rec.size {
		body.MD5 = rec.etag
	}
	out.Part, err = s.PutPart(ctx, PutPart{Bucket: req.Bucket, Key: req.Key, UploadID: req.UploadID, Number: req.Number, Body: body, Customer: req.Customer})
	return out, sourceError(err)
}

// AbortUpload gives an upload up.
func (s *Store) AbortUpload(ctx context.Context, req AbortUpload) error {
	return s.update(ctx, func(t *txn) error {
		b, err := glanceBucket(t, req.Bucket)
		if err != nil {
			return err
		}
		u, rec, err := getUpload(t, b.ID, req.Key, req.UploadID)
		if err != nil {
			return err
		}
		if !req.IfInitiated.IsZero() && req.IfInitiated.Unix() != rec.initiated/1e9 {
			return errPrecondition("x-amz-if-match-initiated-time")
		}
		return t.endUpload(&b, req.Key, u, nil)
	})
}

// endUpload removes the rows of an upload and gives up the blobs that used does not hold.
func (t *txn) endUpload(b *Bucket, key string, u id, used map[id]bool) error {
	seen := map[id]bool{}
	size := int64(0)
	free := func(b blob.ID) {
		if !used[b] && !seen[b] {
			seen[b] = true
			t.reclaim = append(t.reclaim, b)
		}
	}
	err := eachPart(t, u, func(n int, p *partRecord) error {
		t.Delete(partKey(u, n))
		size += p.size
		if p.at.size > 0 {
			free(p.at.blob)
		}
		for _, b := range p.left {
			free(b)
		}
		return nil
	})
	t.Delete(uploadKey(b.ID, key, u))
	t.Add(counterKey(b.ID, countUploads), -1)
	t.Add(counterKey(b.ID, countParts), -size)
	return err
}

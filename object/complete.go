package object

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/fault"
)

// CompleteUpload makes the listed parts the object. No byte is copied: where the parts lie side by
// side in one blob the object is that blob, else it is the list of where they are, and
// Assemble makes it one blob afterwards.
func (s *Store) CompleteUpload(ctx context.Context, req CompleteUpload) (Version, error) {
	var out Version
	if err := req.Verify(); err != nil {
		return out, err
	}
	err := s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, req.Bucket)
		if err != nil {
			return err
		}
		u, up, err := getUpload(t, b.ID, req.Key, req.UploadID)
		if fault.Is(err, fault.NoSuchUpload) {
			out, err = t.completed(&b, &req, u, err)
			return err
		}
		if err != nil {
			return err
		}
		m, err := t.chosenParts(&req, u, up)
		if err != nil {
			return err
		}
		rec, err := req.assemble(m, up, t.s.now().UnixNano())
		if err != nil {
			return err
		}
		cur, err := current(t, b.ID, req.Key)
		if err != nil {
			return err
		}
		if err := req.If.check(cur); err != nil {
			return err
		}
		if err := b.admit(rec, up.order(), t.s.now()); err != nil {
			return err
		}
		used, err := m.place(rec, s.newID, s.blobSize(ctx))
		if err != nil {
			return err
		}
		if err := t.endUpload(&b, req.Key, u, used); err != nil {
			return err
		}
		out, err = t.finish(&b, &req, u, cur, rec, m)
		return err
	})
	return out, err
}

// completed answers a client that completes again because the first answer was lost: as long as the object is the
// current version, it is told of it. Else absent stands.
func (t *txn) completed(b *Bucket, req *CompleteUpload, u id, absent error) (Version, error) {
	cur, err := current(t, b.ID, req.Key)
	if err != nil {
		return Version{}, err
	}
	if u.IsZero() || cur == nil || cur.upload != u || cur.parts != len(req.Parts) {
		return Version{}, absent
	}
	h := md5.New()
	for _, p := range req.Parts {
		etag, _ := hex.DecodeString(strings.Trim(p.ETag, `"`)) // a bad one gives another sum
		h.Write(etag)
	}
	if !bytes.Equal(h.Sum(nil), cur.etag) {
		return Version{}, absent
	}
	return cur.version(b, req.Key, true), nil
}

// Verify checks the request's list.
func (req *CompleteUpload) Verify() error {
	if len(req.Parts) == 0 {
		return fault.New(fault.MalformedXML, "The XML you provided was not well-formed or did not validate against our published schema")
	}
	if len(req.Parts) > MaxParts {
		return fault.New(fault.InvalidArgument, "An upload has at most %d parts", MaxParts)
	}
	for i, p := range req.Parts {
		if err := checkPartNumber(p.Number); err != nil {
			return err
		}
		if i > 0 && p.Number <= req.Parts[i-1].Number {
			return fault.New(fault.InvalidPartOrder, "The list of parts was not in ascending order. The parts list must be specified in order by part number.")
		}
	}
	return req.If.Verify()
}

func errInvalidPart() error {
	return fault.New(fault.InvalidPart, "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
}

// chosenParts reads the listed parts and checks them against the list.
func (t *txn) chosenParts(req *CompleteUpload, u id, up *uploadRecord) (*manifest, error) {
	m := &manifest{}
	next := 0
	err := eachPart(t, u, func(n int, p *partRecord) error {
		m.others = append(m.others, p.left...)
		if next == len(req.Parts) || req.Parts[next].Number > n {
			m.others = append(m.others, p.at.blob)
			return nil
		}
		want := &req.Parts[next]
		if want.Number != n || !want.matches(p, up) {
			return errInvalidPart()
		}
		if next < len(req.Parts)-1 && p.size < t.s.minPart {
			return fault.New(fault.EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size")
		}
		next++
		m.numbers, m.parts = append(m.numbers, n), append(m.parts, *p)
		return nil
	})
	if err == nil && next < len(req.Parts) {
		err = errInvalidPart()
	}
	return m, err
}

func (c *CompletePart) matches(p *partRecord, up *uploadRecord) bool {
	if etag, err := hex.DecodeString(strings.Trim(c.ETag, `"`)); err != nil || !bytes.Equal(etag, p.etag) {
		return false
	}
	return c.Checksum.Algorithm == checksum.None || c.Checksum.Algorithm == up.sum.alg && c.Checksum.Value == checksum.Encode(p.sum)
}

// assemble describes the object that the parts make.
func (req *CompleteUpload) assemble(m *manifest, up *uploadRecord, now int64) (*versionRecord, error) {
	rec := &versionRecord{flags: flagParts, parts: len(m.parts), modified: now, meta: up.meta}
	rec.setSealed(up.seal.ofObject(m))
	h := md5.New()
	for i := range m.parts {
		h.Write(m.parts[i].etag)
		rec.size += m.parts[i].size
	}
	rec.etag = h.Sum(nil)
	if rec.size > MaxObjectSize {
		return nil, fault.New(fault.EntityTooLarge, "Your proposed upload exceeds the maximum allowed object size")
	}
	if req.ObjectSize >= 0 && req.ObjectSize != rec.size {
		return nil, fault.New(fault.InvalidRequest, "The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", req.ObjectSize, rec.size)
	}
	var err error
	if rec.sum, err = m.checksum(up.sum); err != nil {
		return nil, err
	}
	return rec, req.checkSum(rec)
}

// checkSum compares the checksum of the whole object with the one the client expects.
func (req *CompleteUpload) checkSum(rec *versionRecord) error {
	want := req.Checksum
	if want.Algorithm == checksum.None {
		return nil
	}
	got := rec.sum.checksum(rec.parts)
	if got.Algorithm == checksum.None {
		return fault.New(fault.InvalidRequest, "The upload was created without a checksum algorithm; a checksum of the whole object cannot be checked.")
	}
	if want.Algorithm != got.Algorithm || want.Value != got.Value && want.Value+"-"+strconv.Itoa(rec.parts) != got.Value {
		return fault.New(fault.BadDigest, "The %s you specified did not match the calculated checksum.", want.Algorithm)
	}
	return nil
}

// checksum derives the object's checksum from those of the parts.
func (m *manifest) checksum(of sumRecord) (sumRecord, error) {
	switch {
	case of.alg == checksum.None:
		return sumRecord{}, nil
	case of.typ == checksum.Composite:
		raw := make([][]byte, len(m.parts))
		for i := range m.parts {
			raw[i] = m.parts[i].sum
		}
		of.raw = checksum.OfParts(of.alg, raw)
		return of, nil
	}
	of.raw = m.parts[0].sum
	for _, p := range m.parts[1:] {
		var err error
		if of.raw, err = checksum.Combine(of.alg, of.raw, p.sum, p.size); err != nil {
			return of, err
		}
	}
	return of, nil
}

// place sets the body of rec: one blob when the parts lie side by side from its start and nothing follows them, else extents. size
// tells the length of a blob, in which bytes of a part that failed may follow.
func (m *manifest) place(rec *versionRecord, newID func() id, size func(blob.ID) (int64, error)) (used map[id]bool, err error) {
	used = map[id]bool{}
	m.extents = nil
	contiguous, at := true, int64(0)
	for i := range m.parts {
		x := m.parts[i].at
		if x.size == 0 {
			continue
		}
		contiguous = contiguous && x.off == at && (len(used) == 0 || used[x.blob])
		used[x.blob] = true
		m.extents = append(m.extents, x)
		at += x.size
	}
	if contiguous = contiguous && at > 0 && !slices.Contains(m.others, m.extents[0].blob); contiguous {
		have, err := size(m.extents[0].blob)
		if err != nil {
			return nil, err
		}
		contiguous = have == at
	}
	switch {
	case len(m.extents) == 0:
		rec.body = body{kind: bodyEmpty, id: newID()} // the id names the manifest
	case contiguous:
		rec.body = body{kind: bodyBlob, id: m.extents[0].blob}
		m.extents = nil
	default:
		rec.body = body{kind: bodyParts, id: newID()}
	}
	for i := range m.parts { // the extents say where the bytes are
		m.parts[i].at, m.parts[i].shared, m.parts[i].sealed, m.parts[i].left = extent{}, false, false, nil
	}
	return used, nil
}

// blobSize is the length of a blob that a row refers to.
func (s *Store) blobSize(ctx context.Context) func(blob.ID) (int64, error) {
	return func(b blob.ID) (int64, error) {
		f, err := s.blobs.Open(ctx, b)
		if errors.Is(err, blob.ErrNotFound) {
			return 0, errMissing(err)
		}
		if err != nil {
			return 0, internal(err, "open")
		}
		return f.Size(), internal(f.Close(), "close")
	}
}

// finish writes the rows of the object.
func (t *txn) finish(b *Bucket, req *CompleteUpload, u id, cur, rec *versionRecord, m *manifest) (Version, error) {
	rec.upload = u
	if err := t.replace(b, req.Key, cur, rec); err != nil {
		return Version{}, err
	}
	t.Put(idKey(tManifest, rec.body.id), m.encode())
	if rec.body.kind == bodyParts {
		t.queueAssembly(b, req.Key, rec)
	}
	t.tell(b, EventComplete, &req.By, req.Key, rec)
	return rec.version(b, req.Key, true), nil
}

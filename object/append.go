package object

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"io"
	"strings"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

// AppendObject writes bytes behind those of an object. Where there is no object, or one without bytes, and Offset is 0, it is a PutObject; else
// what PutObject says about metadata, list and protection counts for nothing: those of the object stay.
type AppendObject struct {
	PutObject
	Offset int64 // where the bytes go: the present size of the object
	// Stamp is as of SetTags.
	Stamp [16]byte
}

// MaxAppended is how many pieces an object has at most: parts, or the one it was written in, and what was appended.
const MaxAppended = MaxParts

func errWriteOffset() error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: "InvalidWriteOffset", Msg: "The write offset value that you specified does not match the current object size."}
}

// base is the object that is appended to, as it was seen before the bytes were read.
type base struct {
	bucket Bucket
	rec    *versionRecord
	inline []byte   // of an inline body, in clear
	key    seal.Key // of an encrypted one
}

// part is the key of the piece with this number, 0 for a body in one piece; nil where the object is stored in clear.
func (b *base) part(n uint32) *seal.Key {
	if b.rec.sealed() == nil {
		return nil
	}
	k := b.key.Part(n)
	return &k
}

// Append adds bytes to the null version of a key, in place. The cost is that of the bytes: they become a piece of their own behind what is there, and
// Assemble puts pieces together later; only a body that lies inline is written anew. The size is compared with Offset in the commit: of two
// appends at the same place one fails, with the code InvalidWriteOffset. The entity tag of an object in pieces is the MD5 of its former one and the MD5 of
// the new piece, and the number of pieces. A checksum of the whole object stays when it is a CRC, which can be carried on, else there is none from then on.
// No bytes change nothing. Versions share no bytes: where versioning is enabled the error is of kind InvalidRequest.
func (s *Store) Append(ctx context.Context, req AppendObject) (Version, error) {
	if err := req.Verify(); err != nil {
		return Version{}, err
	}
	if req.Offset < 0 {
		return Version{}, fault.New(fault.InvalidArgument, "A write offset is not negative.")
	}
	seen, err := s.appendable(ctx, &req)
	if err != nil {
		return Version{}, err
	}
	switch {
	case seen.rec == nil || seen.rec.size == 0:
		req.If.Empty = true
		return s.Put(ctx, req.PutObject)
	case seen.rec.body.kind == bodyInline:
		return s.appendInline(ctx, &req, seen)
	}
	return s.appendPiece(ctx, &req, seen)
}

// appendable looks at what is appended to, and refuses early what the commit would.
func (s *Store) appendable(ctx context.Context, req *AppendObject) (*base, error) {
	seen := new(base)
	err := s.viewDB(ctx, func(r kv.Reader) (err error) {
		*seen = base{}
		if seen.bucket, err = getBucket(r, req.Bucket); err != nil {
			return err
		}
		if seen.rec, err = current(r, seen.bucket.ID, req.Key); err != nil {
			return err
		}
		if err := s.mayAppend(&seen.bucket, req, seen.rec); err != nil {
			return err
		}
		if seen.rec == nil || seen.rec.size == 0 {
			return nil
		}
		if req.Body.Size >= 0 {
			stays := seen.rec.size + seen.rec.annotations().bytes
			if err := seen.bucket.room(r, req.Key, seen.rec, stays+req.Body.Size); err != nil {
				return err
			}
		}
		if seen.rec.body.kind == bodyInline {
			v, err := r.Get(idKey(tInline, seen.rec.body.id))
			if errors.Is(err, kv.ErrNotFound) || err == nil && !seen.rec.intact(v) {
				return errRotten()
			}
			seen.inline = bytes.Clone(v)
			return err
		}
		return nil
	})
	if err != nil || seen.rec == nil || seen.rec.size == 0 || seen.rec.sealed() == nil {
		return seen, err
	}
	seen.key, err = s.keyOf(seen.rec.sealed(), req.customer(), seen.rec.binding(seen.bucket.ID, req.Key))
	if err == nil && seen.inline != nil {
		seen.inline, err = seal.Open(nil, seen.key.Part(0), seen.inline)
	}
	return seen, err
}

// mayAppend decides whether cur, nil for none, can be appended to.
func (s *Store) mayAppend(b *Bucket, req *AppendObject, cur *versionRecord) error {
	if b.Versioning == VersioningEnabled {
		return fault.New(fault.InvalidRequest, "Nothing can be appended in a bucket with versioning enabled: each version keeps its bytes to itself. Write the object anew.")
	}
	if err := req.If.check(cur); err != nil {
		return err
	}
	switch {
	case cur == nil && req.Offset > 0:
		return errNoSuchKey()
	case cur == nil:
		return nil
	case cur.stamped(req.Stamp) != nil:
		return cur.stamped(req.Stamp)
	case cur.size != req.Offset:
		return errWriteOffset()
	case cur.size == 0:
		return nil
	case cur.poisoned():
		return errPoisoned()
	case !cur.null():
		return fault.New(fault.InvalidRequest, "The object was written while versioning was enabled: it keeps its bytes to itself. Write it anew to append to it.")
	case cur.parts >= MaxAppended:
		return &fault.Error{Kind: fault.InvalidRequest, Code: "TooManyParts", Msg: "You have attempted to add more parts than the maximum of 10000 that are allowed for this object. " +
			"You can use the CopyObject operation to copy this object to another and then add more data to the newly copied object."}
	case cur.size+max(req.Body.Size, 0) > MaxObjectSize:
		return fault.New(fault.EntityTooLarge, "Your proposed upload exceeds the maximum allowed object size")
	}
	if err := cur.sealed().asBefore(req.Seal); err != nil {
		return err
	}
	state := cur.lock()
	return state.Destroy(s.now(), false)
}

// customer is the key of SSE-C that came with the request.
func (req *AppendObject) customer() *seal.Key {
	if req.Seal == nil {
		return nil
	}
	return req.Seal.Customer
}

// asBefore refuses a wish for another encryption than that of the object. Nobody need repeat it, but for a customer's key.
func (s *sealRecord) asBefore(wish *Sealing) error {
	if wish != nil {
		same := s != nil && s.envelope != nil && s.envelope.Sort == wish.Sort &&
			(wish.KeyID == "" || wish.KeyID == s.envelope.KeyID || strings.HasSuffix(s.envelope.KeyID, "/"+wish.KeyID) || strings.HasSuffix(s.envelope.KeyID, ":"+wish.KeyID))
		if !same {
			return &fault.Error{Kind: fault.InvalidRequest, Code: "EncryptionTypeMismatch", Msg: "The existing object was created with a different encryption type."}
		}
		return s.applicable(wish.Customer)
	}
	return s.applicable(nil)
}

// appendInline writes a body that lies inline anew, with the bytes behind it: as an object in one piece.
func (s *Store) appendInline(ctx context.Context, req *AppendObject, seen *base) (Version, error) {
	more := &verified{b: &req.Body, d: newDigests(req.Body.Digest)}
	b := Body{Reader: io.MultiReader(bytes.NewReader(seen.inline), more), Size: req.Body.Size, Digest: Digest{Algorithm: seen.rec.sum.alg}}
	if b.Size >= 0 {
		b.Size += seen.rec.size
	}
	if err := req.Body.verify(); err != nil {
		return Version{}, err
	}
	st, err := s.ingest(ctx, &b, s.inline, place{id: s.newID()}, seen.part(0)) // the object's key stays: it is that of the annotations too
	if err != nil {
		return Version{}, err
	}
	defer st.discard()
	if st.size == seen.rec.size {
		return seen.rec.version(&seen.bucket, req.Key, true), nil
	}
	v, err := s.extend(ctx, req, seen, func(t *txn, b *Bucket, cur, next *versionRecord) error {
		next.body, next.size, next.etag, next.stored, next.sum.raw = st.body, st.size, st.md5, st.crc, st.sum
		st.rows(t, b, req.Key)
		return t.drop(cur, next.body)
	})
	st.settle(err)
	return v, err
}

// appendPiece stores the bytes as a piece of their own.
func (s *Store) appendPiece(ctx context.Context, req *AppendObject, seen *base) (Version, error) {
	alg := seen.rec.carriedOn()
	b := req.Body
	sum := checksum.New(alg)
	if sum != nil {
		b.Reader = io.TeeReader(b.Reader, sum)
	}
	key := seen.part(uint32(seen.rec.nextPiece()))
	st, err := s.ingest(ctx, &b, -1, place{id: s.newID()}, key)
	if err != nil {
		return Version{}, err
	}
	defer st.discard()
	if st.size == 0 {
		return seen.rec.version(&seen.bucket, req.Key, true), nil
	}
	p := partRecord{size: st.size, etag: st.md5, modified: s.now().UnixNano(), stored: st.crc, sealed: key != nil, at: extent{blob: st.body.id}}
	p.at.size = p.storedSize()
	if sum != nil {
		p.sum = sum.Sum(nil)
	}
	v, err := s.extend(ctx, req, seen, func(t *txn, b *Bucket, cur, next *versionRecord) error {
		st.rows(t, b, req.Key)
		return t.addPiece(b, req.Key, cur, next, &p)
	})
	st.settle(err)
	return v, err
}

// carriedOn is the algorithm of a checksum of the whole object that can be carried on over more bytes; None for none.
func (r *versionRecord) carriedOn() checksum.Algorithm {
	switch r.sum.alg {
	case checksum.CRC32, checksum.CRC32C, checksum.CRC64NVME:
		if r.sum.typ == checksum.FullObject && len(r.sum.raw) > 0 {
			return r.sum.alg
		}
	}
	return checksum.None
}

// nextPiece is the number of the next piece: behind all numbers of parts.
func (r *versionRecord) nextPiece() int { return MaxParts + max(r.parts, 1) + 1 }

// extend is the commit: change puts the bytes of next behind those of cur.
func (s *Store) extend(ctx context.Context, req *AppendObject, seen *base, change func(t *txn, b *Bucket, cur, next *versionRecord) error) (Version, error) {
	var out Version
	err := s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, req.Bucket)
		if err != nil {
			return err
		}
		cur, err := current(t, b.ID, req.Key)
		if err != nil {
			return err
		}
		if err := s.mayAppend(&b, req, cur); err != nil {
			return err
		}
		if cur == nil || cur.id != seen.rec.id {
			return fault.New(fault.ConditionalConflict, "The object was replaced meanwhile. Please try again.")
		}
		next := cur.clone()
		next.modified = s.now().UnixNano()
		if sealed := next.sealed(); sealed != nil {
			if sealed.sealer, err = s.sealerOf(sealed, req.customer(), cur.binding(b.ID, req.Key)); err != nil {
				return err
			}
		}
		if err := t.follow(&b, req.Key, next, cur); err != nil {
			return err
		}
		t.keeps = next.annotations().id
		t.unput(&b, req.Key, cur)
		if err := change(t, &b, cur, next); err != nil {
			return err
		}
		if k := req.customer(); k != nil {
			next.sealed().customerMD5 = k.MD5()
		}
		next.sealed().wrap(next.binding(b.ID, req.Key))
		t.put(&b, req.Key, next)
		t.tell(&b, EventPut, &req.By, req.Key, next)
		out = next.version(&b, req.Key, true)
		return t.withinQuota(&b)
	})
	return out, err
}

// addPiece puts the piece p behind the body of cur.
func (t *txn) addPiece(b *Bucket, key string, cur, next *versionRecord, p *partRecord) error {
	next.body = body{kind: bodyParts, id: cur.body.id}
	if cur.flags&flagAppended == 0 {
		if err := t.openManifest(cur); err != nil {
			return err
		}
	}
	t.Put(tailKey(next.body.id, cur.nextPiece()), p.encode(nil))
	h := md5.New()
	h.Write(cur.etag)
	h.Write(p.etag)
	next.etag, next.parts, next.stored = h.Sum(nil), max(cur.parts, 1)+1, 0
	next.size += p.size
	if next.sealed() != nil {
		next.sealed().partSize = 0
	}
	if cur.carriedOn() == checksum.None || p.sum == nil {
		next.sum = sumRecord{}
	} else {
		raw, err := checksum.Combine(cur.sum.alg, cur.sum.raw, p.sum, p.size)
		if err != nil {
			return err
		}
		next.sum.raw = raw
	}
	next.flags |= flagParts | flagAppended
	if next.flags&flagQueued == 0 {
		next.flags |= flagQueued
		t.queueAssembly(b, key, next)
	}
	return nil
}

// openManifest makes the list of parts of a body ready for pieces behind it. It has the id of the body, also where that is one blob.
func (t *txn) openManifest(cur *versionRecord) error {
	m := manifest{numbers: []int{0}, parts: []partRecord{{size: cur.size, etag: cur.etag, modified: cur.modified, stored: cur.stored, sum: cur.sum.raw}}}
	if cur.flags&flagParts != 0 {
		var err error
		if m, err = getManifest(t, cur.body.id); err != nil {
			return err
		}
	}
	m.open(cur.sealed() != nil)
	t.Put(idKey(tManifest, cur.body.id), m.encode())
	return nil
}

// verified is a body that is checked by itself though it is read as a part of another.
type verified struct {
	b    *Body
	d    digests
	n    int64
	done error // set when it was read to its end
}

func (v *verified) Read(p []byte) (int, error) {
	if v.done != nil {
		return 0, v.done
	}
	n, err := v.b.Reader.Read(p)
	v.n += int64(n)
	_, _ = v.d.Write(p[:n]) // hashes do not fail
	if err != io.EOF {
		return n, err
	}
	v.done = v.b.complete(v.n)
	if v.done == nil {
		v.done = v.d.finish(v.b, new(stored))
	}
	if v.done == nil {
		v.done = io.EOF
	}
	return n, v.done
}

// tailKey is the row of a piece that was appended to the body with the manifest m.
func tailKey(m id, n int) []byte {
	k := partKey(m, n)
	k[0] = tTail
	return k
}

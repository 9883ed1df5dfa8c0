package object

import (
	"errors"
	"io"

	"myfsio/blob"
	"myfsio/kv"
	"myfsio/seal"
)

// unsealing is the reading of an encrypted body: one stream for a body in one piece, one for each part of a multipart body.
type unsealing struct {
	key     bodyKey
	streams []stream // the rest; streams[0] holds the next byte
	skip    int64    // where in streams[0] that is, when it is not yet begun
	dec     *seal.Reader
}

// bodyKey is the key of a body: that of the object, or of the one stream that an annotation is.
type bodyKey struct {
	key seal.Key
	own bool // of the stream itself
}

// of returns the key that a part is sealed under, 0 of a body in one piece.
func (k *bodyKey) of(part uint32) seal.Key {
	if k.own {
		return k.key
	}
	return k.key.Part(part)
}

// stream is an encrypted stream of a body.
type stream struct {
	part uint32 // whose key it is sealed under; 0 of a body in one piece
	size int64  // of the plaintext, greater than 0
	at   extent // of the ciphertext
}

// unlock finds the key of an encrypted object. The description of an object alone needs no key but the customer's, who proves by it that he
// may see it: as in AWS, it can be had when the KMS refuses.
func (s *Store) unlock(o *opened, req *GetObject) error {
	sealed := o.rec.sealed()
	if sealed == nil || req.HeadOnly && sealed.envelope != nil && sealed.envelope.Sort != seal.Customer {
		return nil
	}
	var err error
	if o.key.key, err = s.keyOf(sealed, req.Customer, o.rec.binding(o.bucket.ID, req.Key)); err != nil {
		o.free()
		return err
	}
	sealed.key = o.key.key
	if req.Customer != nil {
		sealed.customerMD5 = req.Customer.MD5()
	}
	return nil
}

// beginInline gives the bytes of an inline body, in clear.
func (r *Reader) beginInline(o *opened) error {
	sealed := o.rec.sealed()
	n := sealed.stored(o.rec.size)
	if n > int64(len(*o.inline)) {
		return errShort
	}
	r.buf, r.inline = o.inline, (*o.inline)[:n]
	if sealed == nil {
		return nil
	}
	defer o.free()
	r.buf, r.inline = nil, nil
	plain := smallBuffers.Get().(*[]byte)
	b, err := seal.Open((*plain)[:0], o.key.of(0), (*o.inline)[:n])
	if err != nil {
		smallBuffers.Put(plain)
		return err
	}
	r.buf, r.inline = plain, b
	return nil
}

// beginSealed opens the first of the streams asked for.
func (r *Reader) beginSealed(o *opened) (err error) {
	if r.left == 0 {
		return nil
	}
	u := &unsealing{key: o.key}
	if u.streams, u.skip, err = o.rec.streams(&o.m, r.extents, r.Offset, r.Length); err != nil {
		return err
	}
	r.extents, r.sealed = nil, u
	return r.nextStream()
}

// streams returns the streams that hold the n plain bytes from off, and where in the first of them these begin. extents are those of the whole body as
// it is stored; m is the manifest of a body in parts, unless the record tells their size.
func (r *versionRecord) streams(m *manifest, extents []extent, off, n int64) (out []stream, skip int64, err error) {
	s, left := r.sealed(), n
	add := func(part uint32, size, at int64, x extent) {
		if off >= size || left <= 0 {
			off = max(off-size, 0)
			return
		}
		if len(out) == 0 {
			skip = off
		}
		out = append(out, stream{part: part, size: size, at: extent{blob: x.blob, off: x.off + at, size: s.stored(size)}})
		left -= size - off
		off = 0
	}
	switch {
	case len(extents) == 0:
	case r.flags&flagParts == 0:
		add(0, r.size, 0, extents[0])
	case r.body.kind == bodyBlob && s.partSize > 0:
		first := off / s.partSize
		off -= first * s.partSize
		for i := first; left > 0 && i*s.partSize < r.size; i++ {
			add(uint32(i+1), min(s.partSize, r.size-i*s.partSize), i*s.stored(s.partSize), extents[0])
		}
	default:
		at, next := int64(0), 0
		for i := range m.parts {
			size := m.parts[i].size
			if size == 0 {
				continue
			}
			x := extents[min(next, len(extents)-1)]
			if r.body.kind == bodyParts && (next == len(extents) || x.size != s.stored(size)) {
				return nil, 0, errShort
			}
			add(uint32(m.numbers[i]), size, at, x)
			if r.body.kind == bodyParts {
				next++
			} else {
				at += s.stored(size)
			}
		}
	}
	if left > 0 {
		return nil, 0, errShort
	}
	return out, skip, nil
}

// nextStream begins to read the first stream.
func (r *Reader) nextStream() error {
	u := r.sealed
	x := &u.streams[0]
	if r.open == nil {
		b, err := r.s.blobs.Open(r.ctx, x.at.blob)
		if errors.Is(err, blob.ErrNotFound) {
			return err
		}
		if r.open = b; err != nil {
			return internal(err, "open")
		}
	}
	src := io.NewSectionReader(r.open, x.at.off, x.at.size)
	dec, err := seal.NewReader(src, u.key.of(x.part), x.size, u.skip, min(r.left, x.size-u.skip))
	u.dec, u.skip = dec, 0
	return internal(err, "read")
}

// endStream leaves a stream that was read to its end, and begins the next one.
func (r *Reader) endStream() error {
	u := r.sealed
	u.close()
	done := u.streams[0].at.blob
	if u.streams = u.streams[1:]; r.left == 0 {
		return nil
	}
	if len(u.streams) == 0 {
		return errShort
	}
	if u.streams[0].at.blob != done {
		err := r.open.Close()
		if r.open = nil; err != nil {
			return internal(err, "close")
		}
	}
	err := r.nextStream()
	if errors.Is(err, blob.ErrNotFound) {
		return errMissing(err)
	}
	return err
}

func (u *unsealing) close() {
	if u != nil && u.dec != nil {
		u.dec.Close() // gives back buffers, and does not fail
		u.dec = nil
	}
}

// readSealed is Read for an encrypted body.
func (r *Reader) readSealed(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := r.sealed.dec.Read(p)
		r.left -= int64(n)
		r.pos += int64(n)
		if err != nil && err != io.EOF {
			return n, internal(err, "read")
		}
		if n > 0 {
			return n, nil
		}
		if err == nil {
			return 0, io.ErrNoProgress
		}
		if err := r.endStream(); err != nil {
			return 0, err
		}
		if r.left == 0 {
			return 0, io.EOF
		}
	}
}

// writeSealed is WriteTo for an encrypted body.
func (r *Reader) writeSealed(w io.Writer) (total int64, err error) {
	for r.left > 0 {
		n, err := r.sealed.dec.WriteTo(w)
		total += n
		r.left -= n
		r.pos += n
		if err != nil {
			return total, err
		}
		if err := r.endStream(); err != nil {
			return total, err
		}
	}
	return total, nil
}

// sealedSize is storedSize of a record whose manifest was not read.
func sealedSize(r kv.Reader, rec *versionRecord) (int64, error) {
	s := rec.sealed()
	switch {
	case rec.flags&flagParts == 0:
		return rec.storedSize(nil), nil
	case s.partSize > 0:
		return rec.size/s.partSize*s.stored(s.partSize) + s.stored(rec.size%s.partSize), nil
	}
	m, err := getManifest(r, rec.body.id)
	return rec.storedSize(&m), err
}

package object

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"hash"
	"io"
	"sync"

	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/seal"
)

// Bodies move in pieces of pooled buffers: small ones whole, large ones in large pieces.
const (
	smallBuffer = DefaultInline + 512
	largeBuffer = 256 << 10 // of whole pages, as the allocator gives them: engines may write them past the cache
)

var (
	smallBuffers = sync.Pool{New: func() any { b := make([]byte, smallBuffer); return &b }}
	largeBuffers = sync.Pool{New: func() any { b := make([]byte, largeBuffer); return &b }}
)

func getBuffer(size int64) *[]byte {
	if size >= 0 && size < smallBuffer {
		return smallBuffers.Get().(*[]byte)
	}
	return largeBuffers.Get().(*[]byte)
}

func putBuffer(b *[]byte) {
	if len(*b) == smallBuffer {
		smallBuffers.Put(b)
	} else {
		largeBuffers.Put(b)
	}
}

// stored is a body that was taken in and is not yet referred to.
type stored struct {
	body   body
	inline []byte // of an inline body; belongs to the buffer
	size   int64
	md5    []byte
	sum    []byte // of the digest asked for, nil without
	crc    storedSum
	buf    *[]byte
	s      *Store
	shared bool // the blob holds other pieces too: it is not removed
	kept   bool
}

// discard gives the body up unless keep was called, and its buffer back.
func (st *stored) discard() {
	if st.buf != nil {
		putBuffer(st.buf)
		st.buf = nil
	}
	if !st.kept && !st.shared && st.body.kind == bodyBlob {
		// Nothing refers to it: a failure here leaves what Sweep removes.
		if err := st.s.blobs.Remove(context.Background(), st.body.id); err != nil {
			st.s.log.Warn("a body that was given up stays until the next sweep", "blob", st.body.id, "error", err)
		}
	}
}

// settle marks the body as referred to when its commit went well, or may have.
func (st *stored) settle(err error) {
	if err == nil || maybeDone(err) {
		st.kept = true
	}
}

// rows writes the rows of the body for key.
func (st *stored) rows(t *txn, b *Bucket, key string) {
	switch st.body.kind {
	case bodyInline:
		t.Put(idKey(tInline, st.body.id), st.inline)
	case bodyBlob:
		t.refer(b, key, st.body.id)
	}
}

// digests computes what a body is checked against.
type digests struct {
	md5   hash.Hash
	sum   hash.Hash // nil: none, or the same as md5
	isMD5 bool
}

var md5s = sync.Pool{New: func() any { return md5.New() }}

func newDigests(d Digest) digests {
	h := md5s.Get().(hash.Hash)
	h.Reset()
	ds := digests{md5: h, isMD5: d.Algorithm == checksum.MD5}
	if d.Algorithm != checksum.None && !ds.isMD5 {
		ds.sum = checksum.New(d.Algorithm)
	}
	return ds
}

func (d *digests) Write(p []byte) (int, error) {
	d.md5.Write(p)
	if d.sum != nil {
		d.sum.Write(p)
	}
	return len(p), nil
}

// finish checks the body against what the client said of it.
func (d *digests) finish(b *Body, st *stored) error {
	st.md5 = d.md5.Sum(nil)
	md5s.Put(d.md5)
	if b.MD5 != nil && !bytes.Equal(b.MD5, st.md5) {
		return fault.New(fault.BadDigest, "The Content-MD5 you specified did not match what we received.")
	}
	if d.isMD5 {
		st.sum = st.md5
	} else if d.sum != nil {
		st.sum = d.sum.Sum(nil)
	}
	if b.Digest.Want == nil {
		return nil
	}
	want, err := b.Digest.Want()
	if err != nil {
		return err
	}
	if want != nil && !bytes.Equal(want, st.sum) {
		return fault.New(fault.BadDigest, "The %s you specified did not match the calculated checksum.", b.Digest.Algorithm)
	}
	return nil
}

// place says where a blob is written: at its own id, or as a piece of a shared one.
type place struct {
	id     id
	off    int64
	shared bool
}

// ingest takes a body in: inline when it is small and inline is allowed, else as a blob, durable when ingest returns. It is stored encrypted under key,
// unless that is nil.
func (s *Store) ingest(ctx context.Context, b *Body, inline int, at place, key *seal.Key) (*stored, error) {
	if err := b.verify(); err != nil {
		return nil, err
	}
	st := &stored{s: s, buf: getBuffer(b.Size)}
	d := newDigests(b.Digest)
	err := s.take(ctx, b, inline, at, key, st, &d)
	if err != nil {
		st.discard()
		return nil, err
	}
	return st, nil
}

func (b *Body) verify() error {
	if b.Size > MaxPartSize {
		return fault.New(fault.EntityTooLarge, "Your proposed upload exceeds the maximum allowed size")
	}
	if b.MD5 != nil && len(b.MD5) != md5.Size {
		return fault.New(fault.InvalidDigest, "The Content-MD5 you specified is not valid.")
	}
	return nil
}

func (s *Store) take(ctx context.Context, b *Body, inline int, at place, key *seal.Key, st *stored, d *digests) error {
	n, err := fill(b.Reader, *st.buf, min(max(inline, 0)+1, len(*st.buf)))
	if err == io.EOF && (n == 0 || n <= inline) {
		return s.takeInline(b, key, st, d, n)
	}
	if err == nil { // whole buffers, so that what is written is aligned
		var more int
		more, err = fill(b.Reader, (*st.buf)[n:], len(*st.buf)-n)
		n += more
	}
	if err != nil && err != io.EOF {
		return bodyError(err)
	}
	size := b.Size
	if key != nil && size > 0 {
		size = seal.EncryptedSize(size)
	}
	w, err2 := s.create(ctx, at, size)
	if err2 != nil {
		return internal(err2, "create")
	}
	sw := &summing{Writer: w}
	st.size, err = pumpSealed(ctx, b, sw, key, *st.buf, n, err == io.EOF, d)
	st.crc = sw.sum
	if err == nil {
		err = b.complete(st.size)
	}
	if err == nil {
		err = d.finish(b, st)
	}
	if err == nil {
		err = internal(w.Commit(ctx), "sync")
	}
	if err != nil {
		if aerr := w.Abort(); aerr != nil {
			s.log.Warn("an unfinished body stays until the next sweep", "blob", at.id, "error", aerr)
		}
		return err
	}
	st.body = body{kind: bodyBlob, id: at.id}
	return nil
}

func (s *Store) takeInline(b *Body, key *seal.Key, st *stored, d *digests, n int) error {
	st.size, st.inline = int64(n), (*st.buf)[:n]
	if err := b.complete(st.size); err != nil {
		return err
	}
	d.Write(st.inline)
	if n > 0 {
		st.body = body{kind: bodyInline, id: s.newID()}
	}
	err := d.finish(b, st)
	if key != nil && err == nil {
		st.inline = seal.Seal(nil, *key, st.inline)
	}
	if n > 0 {
		st.crc = st.crc.add(st.inline)
	}
	return err
}

func (s *Store) create(ctx context.Context, at place, size int64) (blob.Writer, error) {
	if at.shared {
		return s.blobs.(blob.Placer).CreateAt(ctx, at.id, at.off, size)
	}
	return s.blobs.Create(ctx, at.id, size)
}

// pumpSealed is pump that encrypts the body under key, unless that is nil.
func pumpSealed(ctx context.Context, b *Body, w io.Writer, key *seal.Key, buf []byte, have int, eof bool, d *digests) (size int64, err error) {
	if key == nil {
		return pump(ctx, b, w, buf, have, eof, d)
	}
	sw := seal.NewWriter(w, *key)
	defer sw.Abort()
	if size, err = pump(ctx, b, sw, buf, have, eof, d); err != nil {
		return size, err
	}
	return size, internal(sw.Close(), "write")
}

// pump moves the body into w: what buf holds already, then the rest.
func pump(ctx context.Context, b *Body, w io.Writer, buf []byte, have int, eof bool, d *digests) (size int64, err error) {
	for {
		if have > 0 {
			d.Write(buf[:have])
			if _, err := w.Write(buf[:have]); err != nil {
				return size, internal(err, "write")
			}
			size += int64(have)
		}
		switch {
		case eof:
			return size, nil
		case size > MaxPartSize:
			return size, fault.New(fault.EntityTooLarge, "Your proposed upload exceeds the maximum allowed size")
		case b.Size >= 0 && size > b.Size:
			return size, nil // complete says so
		case ctx.Err() != nil:
			return size, ctx.Err()
		}
		have, err = fill(b.Reader, buf, len(buf))
		if eof = err == io.EOF; err != nil && !eof {
			return size, bodyError(err)
		}
	}
}

// complete checks the length of the body.
func (b *Body) complete(size int64) error {
	if b.Size >= 0 && size != b.Size {
		return fault.New(fault.IncompleteBody, "You did not provide the number of bytes specified by the Content-Length HTTP header.")
	}
	return nil
}

// fill reads until n bytes are in buf or the reader ends: io.EOF says that it did.
func fill(r io.Reader, buf []byte, n int) (have int, err error) {
	for have < n {
		m, err := r.Read(buf[have:])
		have += m
		if err != nil {
			return have, err
		}
	}
	return have, nil
}

// bodyError gives the failure of a client's body its kind.
func bodyError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.IncompleteBody, "The request body terminated unexpectedly")
	}
	return fault.Wrap(fault.IncompleteBody, err, "The request body could not be read to its end")
}

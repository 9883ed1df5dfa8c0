package object

import (
	"context"
	"errors"
	"io"
	"sync"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/kv"
)

// Reader is an open version: what it is, and the bytes asked for. It belongs to one goroutine and must be closed.
type Reader struct {
	Version    Version
	Offset     int64 // of the first byte to send
	Length     int64 // bytes to send
	Ranged     bool  // a range or part was asked for and applies
	PartsCount int   // with PartNumber: the number of parts of the object

	s       *Store
	ctx     context.Context
	rec     *versionRecord
	pos     int64  // next byte to send, in the body
	left    int64  // bytes still to send
	inline  []byte // the whole inline body
	buf     *[]byte
	extents []extent   // the rest of the body, extents[0] holds pos
	sealed  *unsealing // of an encrypted body that is not inline: reads instead of what stands above
	open    blob.Blob
	pinned  []blob.ID

	want, got storedSum // of the body and of what was given of it; see watch
	quiet     bool      // what is found damaged is known
}

// opened is what one look at the metadata found.
type opened struct {
	bucket  Bucket
	rec     *versionRecord
	current bool
	m       manifest
	inline  *[]byte
	key     bodyKey // of an encrypted object whose bytes are asked for
}

// Open opens a version for reading. The reader of an object replaced meanwhile goes on with the old bytes.
//
// When err is of kind NotModified or PreconditionFailed, or a delete marker stands in the way
// (NoSuchKey without a version id, MethodNotAllowed with one), the Reader is not nil and holds
// only the Version, for the headers of the answer.
func (s *Store) Open(ctx context.Context, req GetObject) (*Reader, error) {
	const tries = 5 // each means that the object was replaced between two reads
	for try := 1; ; try++ {
		r, err := s.openOnce(ctx, &req)
		if !errors.Is(err, blob.ErrNotFound) {
			return r, err
		}
		if try == tries {
			return nil, s.lost(ctx, &req, err)
		}
	}
}

func (s *Store) openOnce(ctx context.Context, req *GetObject) (*Reader, error) {
	var o opened
	err := s.kv.View(ctx, func(kr kv.Reader) error {
		o.free()
		o = opened{}
		return o.load(kr, req)
	})
	r := &Reader{s: s, ctx: ctx, rec: o.rec, quiet: req.Damaged}
	if err == nil {
		err = s.unlock(&o, req)
	}
	if o.rec != nil {
		r.Version = o.rec.version(&o.bucket, req.Key, o.current)
	}
	if err != nil {
		if o.rec == nil {
			return nil, internal(err, "read")
		}
		return r, r.doubt(internal(err, "read"))
	}
	if err := r.choose(&o, req); err != nil {
		o.free()
		return r, err
	}
	if req.HeadOnly {
		return r, nil
	}
	if err := r.begin(&o); err != nil {
		return nil, errors.Join(r.doubt(err), r.Close())
	}
	r.watch(&o)
	return r, nil
}

// free gives back the buffer of an inline body that nobody will send.
func (o *opened) free() {
	if o.inline != nil && len(*o.inline) == smallBuffer {
		smallBuffers.Put(o.inline)
	}
	o.inline = nil
}

// load reads the metadata, and an inline body, of one state. rec stays set where an error still
// tells of the version.
func (o *opened) load(r kv.Reader, req *GetObject) (err error) {
	if o.bucket, err = glanceBucket(r, req.Bucket); err != nil {
		return err
	}
	o.rec, o.current, err = find(r, o.bucket.ID, req.Key, req.VersionID)
	if err != nil {
		return err
	}
	if o.rec == nil {
		return o.absent(r, req)
	}
	if o.rec.marker() {
		if o.current, err = o.isLatest(r, req.Key); err != nil {
			return err
		}
		return fault.New(fault.MethodNotAllowed, "The specified method is not allowed against this resource.")
	}
	sealed := o.rec.sealed()
	if err := sealed.applicable(req.Customer); err != nil {
		return err
	}
	if err := req.If.check(o.rec); err != nil {
		return err
	}
	if o.rec.poisoned() && !req.Damaged {
		return errPoisoned()
	}
	if o.rec.flags&flagParts != 0 && (req.PartNumber > 0 || !req.HeadOnly && (o.rec.body.kind == bodyParts || sealed != nil && sealed.partSize == 0)) {
		if o.m, err = getManifest(r, o.rec.body.id); errors.Is(err, kv.ErrNotFound) {
			return errMissing(err)
		} else if err != nil {
			return err
		}
	}
	if o.rec.body.kind == bodyInline && !req.HeadOnly {
		return o.loadInline(r)
	}
	return nil
}

// absent tells a key that is not there from one whose newest version is a delete marker.
func (o *opened) absent(r kv.Reader, req *GetObject) error {
	if req.VersionID != "" {
		return errNoSuchVersion()
	}
	if o.bucket.Versioning != Unversioned {
		var err error
		if o.rec, err = newest(r, o.bucket.ID, req.Key); err != nil {
			return err
		}
		o.current = true
	}
	return errNoSuchKey()
}

func (o *opened) isLatest(r kv.Reader, key string) (bool, error) {
	cur, err := current(r, o.bucket.ID, key)
	if err != nil || cur != nil {
		return false, err
	}
	top, err := newest(r, o.bucket.ID, key)
	return top != nil && top.id == o.rec.id, err
}

func (o *opened) loadInline(r kv.Reader) error {
	v, err := r.Get(idKey(tInline, o.rec.body.id))
	if errors.Is(err, kv.ErrNotFound) {
		return errMissing(err)
	}
	if err == nil && int64(len(v)) != o.rec.sealed().stored(o.rec.size) {
		return errShort
	}
	if err != nil {
		return err
	}
	if !o.rec.intact(v) {
		return errRotten()
	}
	o.inline = smallBuffers.Get().(*[]byte)
	if len(v) > len(*o.inline) { // written under a larger limit
		b := make([]byte, len(v))
		o.inline = &b
	}
	copy(*o.inline, v)
	return nil
}

// choose sets which bytes are sent.
func (r *Reader) choose(o *opened, req *GetObject) error {
	r.Length = o.rec.size
	switch {
	case req.PartNumber > 0:
		return r.choosePart(o, req.PartNumber)
	case req.Range != nil:
		off, n, ok := req.Range.resolve(o.rec.size)
		if !ok {
			return fault.New(fault.InvalidRange, "The requested range is not satisfiable")
		}
		r.Offset, r.Length, r.Ranged = off, n, true
	}
	return nil
}

func (r *Reader) choosePart(o *opened, n int) error {
	if o.rec.parts == 0 {
		if n != 1 {
			return fault.New(fault.InvalidPartNumber, "The requested partnumber is not satisfiable")
		}
		r.Ranged = o.rec.size > 0
		return nil
	}
	if n > len(o.m.parts) {
		return fault.New(fault.InvalidPartNumber, "The requested partnumber is not satisfiable")
	}
	for _, p := range o.m.parts[:n-1] {
		r.Offset += p.size
	}
	r.Length, r.PartsCount = o.m.parts[n-1].size, o.rec.parts
	r.Ranged = r.Length > 0
	return nil
}

// resolve applies the range to size bytes.
func (g *Range) resolve(size int64) (off, n int64, ok bool) {
	if g.First < 0 {
		n = min(g.Suffix, size)
		return size - n, n, n > 0
	}
	last := g.Last
	if last < 0 || last >= size {
		last = size - 1
	}
	return g.First, last - g.First + 1, g.First <= last
}

// begin opens the first bytes.
func (r *Reader) begin(o *opened) error {
	r.pos, r.left = r.Offset, r.Length
	switch o.rec.body.kind {
	case bodyInline:
		return r.beginInline(o)
	case bodyBlob:
		r.extents = []extent{{blob: o.rec.body.id, size: o.rec.sealed().stored(o.rec.size)}}
	case bodyParts:
		r.extents = o.m.extents
	}
	if len(r.extents) > 1 {
		if err := r.pin(o); err != nil {
			return err
		}
	}
	if o.rec.sealed() != nil {
		return r.beginSealed(o)
	}
	for len(r.extents) > 0 && r.pos >= r.extents[0].size {
		r.pos -= r.extents[0].size
		r.extents = r.extents[1:]
	}
	switch {
	case r.left == 0:
		return nil
	case len(r.extents) == 0:
		return errShort
	}
	return r.next()
}

// more opens the blob of the first extent in the middle of a body, when it is too late to look again.
func (r *Reader) more() error {
	err := r.next()
	if errors.Is(err, blob.ErrNotFound) {
		return errMissing(err)
	}
	return err
}

func errMissing(err error) error {
	return fault.Wrap(fault.Corrupted, err, "The bytes of the object are missing. Run myfsio fsck.")
}

// next opens the blob of the first extent unless it is open.
func (r *Reader) next() error {
	if r.open != nil {
		return nil
	}
	b, err := r.s.blobs.Open(r.ctx, r.extents[0].blob)
	if errors.Is(err, blob.ErrNotFound) {
		return err
	}
	r.open = b
	return internal(err, "open")
}

// advance counts n bytes as sent and leaves an extent that is done.
func (r *Reader) advance(n int64) error {
	r.pos += n
	r.left -= n
	if r.inline != nil || r.left == 0 || r.pos < r.extents[0].size {
		return nil
	}
	done := r.extents[0]
	r.pos, r.extents = 0, r.extents[1:]
	if len(r.extents) == 0 {
		return errShort
	}
	if r.extents[0].blob == done.blob {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	return internal(err, "close")
}

var errShort = fault.New(fault.Corrupted, "The stored bytes of the object end too early. Run myfsio fsck.")

// Read gives the bytes asked for, then io.EOF. Where the bytes of a whole body turn out not to be those that were written, it fails before it gave the
// last ones out.
func (r *Reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.read(p)
	return n, r.doubt(err)
}

func (r *Reader) read(p []byte) (int, error) {
	if r.sealed != nil {
		return r.readSealed(p)
	}
	p = p[:min(int64(len(p)), r.left)]
	if r.inline != nil {
		n := copy(p, r.inline[r.pos:])
		return n, r.advance(int64(n))
	}
	if err := r.more(); err != nil {
		return 0, err
	}
	x := r.extents[0]
	p = p[:min(int64(len(p)), x.size-r.pos)]
	n, err := r.open.ReadAt(p, x.off+r.pos)
	if n == 0 && err == io.EOF {
		return 0, errShort
	}
	if err == io.EOF {
		err = nil
	}
	if err != nil {
		return n, internal(err, "read")
	}
	if err := r.saw(p[:n]); err != nil {
		return 0, err
	}
	return n, r.advance(int64(n))
}

// WriteTo sends the bytes asked for to w. Bytes of plain files go by w's io.ReaderFrom, so that
// they need not pass through the process; then nobody looks at them here.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	n, err := r.writeTo(w)
	return n, r.doubt(err)
}

func (r *Reader) writeTo(w io.Writer) (total int64, err error) {
	if r.inline != nil {
		n, err := w.Write(r.inline[r.pos : r.pos+r.left])
		r.pos, r.left = r.pos+int64(n), r.left-int64(n)
		return int64(n), err
	}
	if r.sealed != nil {
		return r.writeSealed(w)
	}
	for r.left > 0 {
		if err := r.more(); err != nil {
			return total, err
		}
		x := r.extents[0]
		n, err := r.send(w, x.off+r.pos, min(r.left, x.size-r.pos))
		total += n
		if err != nil {
			return total, err
		}
		if n == 0 {
			return total, errShort
		}
		if err := r.advance(n); err != nil {
			return total, err
		}
	}
	return total, nil
}

func (r *Reader) send(w io.Writer, off, n int64) (int64, error) {
	if rf, ok := w.(io.ReaderFrom); ok {
		if f := plainFile(r.open); f != nil {
			if _, err := f.Seek(off, io.SeekStart); err != nil {
				return 0, internal(err, "seek")
			}
			return rf.ReadFrom(&io.LimitedReader{R: f, N: n})
		}
	}
	buf := largeBuffers.Get().(*[]byte)
	defer largeBuffers.Put(buf)
	// What is given out at once is all that r.saw need see before its last bytes go.
	m, err := r.open.ReadAt((*buf)[:min(n, largeBuffer)], off)
	if m == 0 {
		if err == io.EOF {
			err = nil // the caller knows what too few bytes mean
		}
		return 0, internal(err, "read")
	}
	if err := r.saw((*buf)[:m]); err != nil {
		return 0, err
	}
	m, err = w.Write((*buf)[:m])
	return int64(m), err
}

func plainFile(b blob.Blob) io.ReadSeeker {
	if f, ok := b.(blob.Filer); ok {
		return f.File()
	}
	return nil
}

// Close releases the bytes.
func (r *Reader) Close() error {
	if r.buf != nil {
		if len(*r.buf) == smallBuffer {
			smallBuffers.Put(r.buf)
		}
		r.buf, r.inline = nil, nil
	}
	r.left = 0
	r.sealed.close()
	r.s.unpin(r.pinned)
	r.pinned = nil
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	return internal(err, "close")
}

// doubt notes a version whose bytes are not what they should be, for those who look after it.
func (r *Reader) doubt(err error) error {
	if err != nil && !r.quiet && r.rec != nil && fault.Is(err, fault.Corrupted) && !r.rec.poisoned() {
		r.quiet = true
		r.s.suspect(r.Version.Examined())
	}
	return err
}

// lost is the error about bytes that are gone.
func (s *Store) lost(ctx context.Context, req *GetObject, err error) error {
	if v, derr := s.Describe(ctx, req.Bucket, req.Key, req.VersionID); derr == nil && !req.Damaged {
		s.suspect(v.Examined())
	}
	return errMissing(err)
}

// pin keeps the blobs of a body in several pieces from being removed while the reader goes from one to the next. It then looks
// whether they were given up before.
func (r *Reader) pin(o *opened) error {
	r.pinned = o.m.blobs(nil)
	r.s.pin(r.pinned)
	err := r.s.kv.View(r.ctx, func(kr kv.Reader) error {
		if !o.m.appended {
			_, err := kr.Get(idKey(tManifest, o.rec.body.id))
			return err
		}
		m, err := getManifest(kr, o.rec.body.id) // under which pieces are put together
		if err == nil && !m.has(r.pinned) {
			err = kv.ErrNotFound
		}
		return err
	})
	if err == nil {
		return nil
	}
	r.s.unpin(r.pinned)
	r.pinned = nil
	if errors.Is(err, kv.ErrNotFound) {
		return blob.ErrNotFound // replaced or assembled: Open looks again
	}
	return internal(err, "read")
}

// pins counts the readers of blobs that Reclaim must leave alone.
type pins struct {
	mu    sync.Mutex
	blobs map[blob.ID]int
}

func (s *Store) pin(blobs []blob.ID) {
	s.pins.mu.Lock()
	defer s.pins.mu.Unlock()
	for _, b := range blobs {
		s.pins.blobs[b]++
	}
}

func (s *Store) unpin(blobs []blob.ID) {
	if len(blobs) == 0 {
		return
	}
	s.pins.mu.Lock()
	defer s.pins.mu.Unlock()
	for _, b := range blobs {
		if s.pins.blobs[b]--; s.pins.blobs[b] == 0 {
			delete(s.pins.blobs, b)
		}
	}
}

// anyPinned reports whether one of the blobs is being read in pieces.
func (s *Store) anyPinned(ids []byte) bool {
	s.pins.mu.Lock()
	defer s.pins.mu.Unlock()
	for ; len(ids) >= 16 && len(s.pins.blobs) > 0; ids = ids[16:] {
		if s.pins.blobs[blob.ID(ids[:16])] > 0 {
			return true
		}
	}
	return false
}

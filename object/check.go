package object

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/kv"
)

// Problem is a broken invariant that Check found.
type Problem struct {
	Kind   string // one of the Problem* words
	Bucket string
	Key    string
	Detail string
	Fixed  bool
}

// The kinds of problems.
const (
	ProblemRecord   = "damaged-record"     // a row that cannot be read
	ProblemLost     = "lost-bytes"         // a version whose bytes are gone or too short
	ProblemRot      = "bit-rot"            // bytes that do not match their checksum (deep check only)
	ProblemCounter  = "wrong-counter"      // a counter that is not the count
	ProblemOrphan   = "orphan-row"         // a row that belongs to nothing
	ProblemMissing  = "missing-row"        // a row that should be there
	ProblemStray    = "stray-blob"         // a blob that no row refers to
	ProblemVersions = "disordered-version" // versions of a key that contradict each other
)

// CheckOptions says how to check.
type CheckOptions struct {
	Deep   bool          // read all bytes and compare them with their checksums
	Repair bool          // repair what can be repaired without losing a byte; where something cannot be read nothing is removed
	Report func(Problem) // called for each problem
	Step   func()        // called for each row and blob, for progress; may be nil
}

// CheckResult counts what Check looked at.
type CheckResult struct {
	Buckets, Versions, Uploads, Blobs int64
	Problems, Fixed                   int64
}

// Check verifies every invariant between metadata and blobs. Nothing else may use the store meanwhile. It holds 16 bytes
// in memory for each body.
func (s *Store) Check(ctx context.Context, o CheckOptions) (CheckResult, error) {
	c := &checker{s: s, o: o, ctx: ctx, bodies: map[id]bool{}, blobs: map[id]bool{}, uploads: map[id]bool{}, queued: map[id]bool{}, byID: map[uint64]Bucket{}}
	if c.o.Step == nil {
		c.o.Step = func() {}
	}
	err := s.viewDB(ctx, func(r kv.Reader) error {
		c.r = r
		for _, step := range []func() error{c.queues, c.buckets, c.orphans} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = c.strays()
	}
	if err == nil && o.Repair {
		err = c.repair()
	}
	return c.res, err
}

type checker struct {
	s       *Store
	o       CheckOptions
	ctx     context.Context
	r       kv.Reader
	res     CheckResult
	byID    map[uint64]Bucket
	bodies  map[id]bool // inline bodies and manifests in use
	blobs   map[id]bool // blobs in use
	uploads map[id]bool
	queued  map[id]bool // blobs to be reclaimed
	fixes   []func(*txn)
	stray   []blob.ID
	unsure  bool // what cannot be read may own rows and blobs that seem to belong to nothing
}

func (c *checker) report(p Problem, fix func(*txn)) {
	c.res.Problems++
	if p.Kind == ProblemRecord {
		c.unsure = true
	}
	if fix != nil && c.o.Repair {
		c.fixes = append(c.fixes, fix)
		c.res.Fixed++
		p.Fixed = true
	}
	c.o.Report(p)
}

// remove is the fix that takes a row away.
func remove(key []byte) func(*txn) {
	k := bytes.Clone(key)
	return func(t *txn) { t.Delete(k) }
}

// queues learns which blobs wait to be removed.
func (c *checker) queues() error {
	for p, err := range kv.Scan(c.r, kv.Prefix([]byte{tReclaim})) {
		if err != nil {
			return err
		}
		for v := p.Value; len(v) >= 16; v = v[16:] {
			c.queued[id(v[:16])] = true
		}
	}
	return nil
}

func (c *checker) buckets() error {
	for p, err := range kv.Scan(c.r, kv.Prefix([]byte{tBucket})) {
		if err != nil {
			return err
		}
		b := Bucket{Name: string(p.Key[1:])}
		if err := b.decode(p.Value); err != nil {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Detail: "the bucket's record cannot be read"}, nil)
			continue
		}
		c.res.Buckets++
		c.byID[b.ID] = b
		if err := c.bucket(&b); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks one bucket and recounts it.
func (c *checker) bucket(b *Bucket) error {
	var u Usage
	if err := c.currents(b, &u); err != nil {
		return err
	}
	if err := c.olds(b, &u); err != nil {
		return err
	}
	if err := c.nulls(b); err != nil {
		return err
	}
	if err := c.unfinished(b, &u); err != nil {
		return err
	}
	have, err := readUsage(c.r, b.ID)
	if err != nil || have == u {
		return err
	}
	id := b.ID
	c.report(Problem{Kind: ProblemCounter, Bucket: b.Name, Detail: fmt.Sprintf("counters %+v, counted %+v", have, u)}, func(t *txn) { setUsage(t, id, u) })
	return nil
}

func setUsage(t *txn, bucket uint64, u Usage) {
	for n, v := range map[byte]int64{
		countObjects: u.Objects, countBytes: u.Bytes, countVersions: u.Versions, countOldBytes: u.OldBytes,
		countMarkers: u.Markers, countUploads: u.Uploads, countParts: u.Parts,
	} {
		t.Delete(counterKey(bucket, n))
		t.Add(counterKey(bucket, n), v)
	}
}

func (c *checker) currents(b *Bucket, u *Usage) error {
	for p, err := range kv.Scan(c.r, kv.Prefix(inBucket(tCurrent, b.ID, 0))) {
		if err != nil {
			return err
		}
		key := string(p.Key[1+8:])
		var rec versionRecord
		if rec.decode(p.Value) != nil {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "the current version's record cannot be read"}, nil)
			continue
		}
		u.Objects++
		u.Bytes += rec.size
		if rec.marker() {
			c.report(Problem{Kind: ProblemVersions, Bucket: b.Name, Key: key, Detail: "a delete marker stands as current version"}, nil)
		}
		if top, err := newest(c.r, b.ID, key); err != nil {
			return err
		} else if top != nil && stamp(top.id) >= stamp(rec.id) {
			c.report(Problem{Kind: ProblemVersions, Bucket: b.Name, Key: key, Detail: "an older version sorts before the current one"}, nil)
		}
		if err := c.version(b, key, &rec); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) olds(b *Bucket, u *Usage) error {
	last := ""
	for p, err := range kv.Scan(c.r, kv.Prefix(inBucket(tVersion, b.ID, 0))) {
		if err != nil {
			return err
		}
		key, rest, ok := unescapeKey(p.Key[1+8:])
		var rec versionRecord
		if !ok || len(rest) != 16 || rec.decode(p.Value) != nil || orderOf(rec.id) != id(rest) {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "a version's record cannot be read"}, nil)
			continue
		}
		if rec.marker() {
			u.Markers++
		} else {
			u.Versions++
			u.OldBytes += rec.size
		}
		if err := c.old(b, key, &rec, key != last); err != nil {
			return err
		}
		last = key
	}
	return nil
}

// old checks a row of the version table; first says that it is the newest of its key there.
func (c *checker) old(b *Bucket, key string, rec *versionRecord, first bool) error {
	if first && !rec.marker() {
		cur, err := current(c.r, b.ID, key)
		if err != nil && !errors.Is(err, errRecord) {
			return err
		}
		if cur == nil && err == nil {
			c.report(Problem{Kind: ProblemVersions, Bucket: b.Name, Key: key, Detail: "the newest version is neither current nor a delete marker"},
				func(t *txn) { t.unputOld(b, key, rec); t.put(b, key, rec) })
		}
	}
	if rec.null() {
		v, err := c.r.Get(nullKey(b.ID, key))
		if ignoreAbsent(err) != nil {
			return err
		}
		if !bytes.Equal(v, rec.id[:]) {
			at := rec.id
			c.report(Problem{Kind: ProblemMissing, Bucket: b.Name, Key: key, Detail: "the null version has no row that names it"},
				func(t *txn) { t.Put(nullKey(b.ID, key), at[:]) })
		}
	}
	return c.version(b, key, rec)
}

// nulls checks that each row that names a null version names one.
func (c *checker) nulls(b *Bucket) error {
	for p, err := range kv.Scan(c.r, kv.Prefix(inBucket(tNull, b.ID, 0))) {
		if err != nil {
			return err
		}
		key := string(p.Key[1+8:])
		rec, err := oldNull(c.r, b.ID, key)
		if err != nil && !errors.Is(err, errRecord) {
			return err
		}
		if rec == nil || !rec.null() {
			c.report(Problem{Kind: ProblemOrphan, Bucket: b.Name, Key: key, Detail: "a row names a null version that is not there"}, remove(p.Key))
		}
	}
	return nil
}

// version checks the body of a version.
func (c *checker) version(b *Bucket, key string, rec *versionRecord) error {
	c.o.Step()
	c.res.Versions++
	lost := func(format string, args ...any) error {
		c.report(Problem{Kind: ProblemLost, Bucket: b.Name, Key: key, Detail: fmt.Sprintf(format, args...)}, nil)
		return nil
	}
	if rec.flags&flagParts != 0 || rec.body.kind == bodyInline {
		c.bodies[rec.body.id] = true
	}
	var m manifest
	if rec.flags&flagParts != 0 {
		var err error
		if m, err = getManifest(c.r, rec.body.id); errors.Is(err, kv.ErrNotFound) || errors.Is(err, errRecord) {
			c.unsure = true
			return lost("the list of parts is gone or cannot be read")
		} else if err != nil {
			return err
		}
	}
	extents := m.extents
	switch rec.body.kind {
	case bodyEmpty:
		if rec.size != 0 {
			return lost("no bytes are recorded for %d", rec.size)
		}
		return nil
	case bodyInline:
		v, err := c.r.Get(idKey(tInline, rec.body.id))
		if ignoreAbsent(err) != nil {
			return err
		}
		if int64(len(v)) != rec.size {
			return lost("the inline bytes have length %d, not %d", len(v), rec.size)
		}
	case bodyBlob:
		extents = []extent{{blob: rec.body.id, size: rec.size}}
	}
	for _, x := range extents {
		if err := c.extent(b, key, x); err != nil {
			return err
		}
	}
	if c.o.Deep {
		return c.deep(b, key, rec, &m, extents)
	}
	return nil
}

// extent checks that the bytes are there and that the blob is known to belong to the key.
func (c *checker) extent(b *Bucket, key string, x extent) error {
	c.blobs[x.blob] = true
	f, err := c.s.blobs.Open(c.ctx, x.blob)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		c.report(Problem{Kind: ProblemLost, Bucket: b.Name, Key: key, Detail: "blob " + x.blob.String() + " is gone"}, nil)
	case err != nil:
		return err
	default:
		if f.Size() < x.off+x.size {
			c.report(Problem{Kind: ProblemLost, Bucket: b.Name, Key: key, Detail: fmt.Sprintf("blob %s has %d bytes, less than %d", x.blob, f.Size(), x.off+x.size)}, nil)
		}
		f.Close()
	}
	v, err := c.r.Get(idKey(tRef, x.blob))
	if ignoreAbsent(err) != nil {
		return err
	}
	if !bytes.Equal(v, append(inBucket(0, b.ID, len(key))[1:], key...)) {
		bb, kk, xx := *b, key, x.blob
		c.report(Problem{Kind: ProblemMissing, Bucket: b.Name, Key: key, Detail: "no row says that blob " + x.blob.String() + " belongs to the key"},
			func(t *txn) { t.refer(&bb, kk, xx) })
	}
	return nil
}

// deep reads the bytes and compares them with what they were written with.
func (c *checker) deep(b *Bucket, key string, rec *versionRecord, m *manifest, extents []extent) error {
	r := &Reader{s: c.s, ctx: c.ctx, left: rec.size, extents: extents}
	defer r.Close()
	if rec.body.kind == bodyInline {
		v, err := c.r.Get(idKey(tInline, rec.body.id))
		if err != nil {
			return err
		}
		r.inline = v
	}
	if rec.parts == 0 {
		m = &manifest{parts: []partRecord{{size: rec.size, etag: rec.etag, sum: rec.sum.raw}}}
	}
	for i := range m.parts {
		p := &m.parts[i]
		h, sum := md5.New(), checksum.New(rec.sum.alg)
		var w io.Writer = h
		if sum != nil {
			w = io.MultiWriter(h, sum)
		}
		_, err := io.CopyN(w, struct{ io.Reader }{r}, p.size)
		if err != nil || !bytes.Equal(h.Sum(nil), p.etag) || sum != nil && p.sum != nil && !bytes.Equal(sum.Sum(nil), p.sum) {
			c.report(Problem{Kind: ProblemRot, Bucket: b.Name, Key: key, Detail: fmt.Sprintf("the bytes of part %d do not match their checksum", i+1)}, nil)
			return nil
		}
	}
	return nil
}

// unfinished checks the uploads of a bucket.
func (c *checker) unfinished(b *Bucket, u *Usage) error {
	for p, err := range kv.Scan(c.r, kv.Prefix(inBucket(tUpload, b.ID, 0))) {
		if err != nil {
			return err
		}
		key, rest, ok := unescapeKey(p.Key[1+8:])
		if !ok || len(rest) != 16 || new(uploadRecord).decode(p.Value) != nil {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "an upload's record cannot be read"}, nil)
			continue
		}
		c.res.Uploads++
		u.Uploads++
		c.uploads[id(rest)] = true
		err := eachPart(c.r, id(rest), func(n int, part *partRecord) error {
			u.Parts += part.size
			for _, l := range part.left {
				c.blobs[l] = true
			}
			if part.at.size == 0 {
				return nil
			}
			return c.extent(b, key, part.at)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// orphans finds the rows that belong to nothing. Those of a version or upload are never removed: their bucket may be what is damaged.
func (c *checker) orphans() error {
	in := func(set map[id]bool) func([]byte) bool {
		return func(k []byte) bool { return len(k) == 17 && set[id(k[1:])] }
	}
	ofUpload := func(k []byte) bool { return len(k) == 19 && c.uploads[id(k[1:17])] }
	for _, t := range []struct {
		table byte
		owned func(key []byte) bool
	}{
		{tCurrent, c.inKnownBucket}, {tVersion, c.inKnownBucket}, {tUpload, c.inKnownBucket},
		{tNull, c.inKnownBucket}, {tCounter, c.inKnownBucket},
		{tInline, in(c.bodies)}, {tManifest, in(c.bodies)}, {tRef, in(c.blobs)}, {tPart, ofUpload},
	} {
		for p, err := range kv.Scan(c.r, kv.Prefix([]byte{t.table})) {
			if err != nil {
				return err
			}
			if t.owned(p.Key) {
				continue
			}
			c.unsure = c.unsure || t.table == tCurrent || t.table == tVersion || t.table == tUpload
			fix := remove(p.Key)
			if c.unsure {
				fix = nil
			}
			c.report(Problem{Kind: ProblemOrphan, Detail: fmt.Sprintf("row %c%x belongs to nothing", t.table, p.Key[1:])}, fix)
		}
	}
	return nil
}

func (c *checker) inKnownBucket(k []byte) bool {
	if len(k) < 9 {
		return false
	}
	_, ok := c.byID[binary.BigEndian.Uint64(k[1:9])]
	return ok
}

// strays finds the blobs that nothing refers to.
func (c *checker) strays() error {
	for info, err := range c.s.blobs.List(c.ctx, blob.ID{}) {
		if err != nil {
			return err
		}
		c.o.Step()
		c.res.Blobs++
		if c.blobs[info.ID] || c.queued[info.ID] {
			continue
		}
		fix := func(*txn) {}
		if c.unsure {
			fix = nil
		} else {
			c.stray = append(c.stray, info.ID)
		}
		c.report(Problem{Kind: ProblemStray, Detail: fmt.Sprintf("blob %s of %d bytes belongs to nothing", info.ID, info.Size)}, fix)
	}
	return nil
}

// repair carries the fixes out.
func (c *checker) repair() error {
	const batch = 500
	for len(c.fixes) > 0 {
		n := min(batch, len(c.fixes))
		err := c.s.update(c.ctx, func(t *txn) error {
			for _, fix := range c.fixes[:n] {
				fix(t)
			}
			return nil
		})
		if err != nil {
			return err
		}
		c.fixes = c.fixes[n:]
	}
	for _, b := range c.stray {
		if err := c.s.blobs.Remove(c.ctx, b); err != nil {
			return internal(err, "remove")
		}
	}
	return nil
}

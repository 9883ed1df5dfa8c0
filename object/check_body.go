package object

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"io"

	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/kv"
)

// version checks the body of a version.
func (c *checker) version(b *Bucket, key string, rec *versionRecord) error {
	c.o.Step()
	c.res.Versions++
	lost := func(format string, args ...any) error {
		c.report(Problem{Kind: ProblemLost, Bucket: b.Name, Key: key, Detail: fmt.Sprintf(format, args...)}, nil)
		return nil
	}
	if state := rec.lock(); state.Readable() != nil {
		c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "the retention or legal hold cannot be read: the version cannot be deleted"}, nil)
	}
	if s := rec.sealed(); s != nil && s.envelope == nil {
		c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "the envelope of the key that the object is encrypted with cannot be read"}, nil)
	}
	if rec.flags&flagParts != 0 || rec.body.kind == bodyInline {
		c.use(c.bodies, rec.body.id)
	}
	if rec.poisoned() && !c.live {
		defer c.poisoned(b, key, *rec, c.res.Problems)
	}
	if err := c.annotations(b, key, rec); err != nil {
		return err
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
		if c.live {
			return nil
		}
		v, err := c.r.Get(idKey(tInline, rec.body.id))
		if ignoreAbsent(err) != nil {
			return err
		}
		if want := rec.sealed().stored(rec.size); int64(len(v)) != want {
			return lost("the inline bytes have length %d, not %d", len(v), want)
		}
		if c.o.Deep && !rec.intact(v) {
			c.report(Problem{Kind: ProblemRot, Bucket: b.Name, Key: key, Detail: "the inline bytes do not match their checksum"}, nil)
			return nil
		}
	case bodyBlob:
		extents = []extent{{blob: rec.body.id, size: rec.storedSize(&m)}}
	}
	var held, parts int64
	for _, x := range extents {
		if err := c.extent(b, key, x); err != nil {
			return err
		}
		held += x.size
	}
	for i := range m.parts {
		parts += m.parts[i].size
	}
	if rec.body.kind != bodyInline && held != rec.storedSize(&m) || rec.parts > 0 && parts != rec.size {
		c.unsure = true
		return lost("%d bytes in %d parts are recorded for %d", held, len(m.parts), rec.size)
	}
	if c.o.Deep {
		return c.deep(b, key, rec, &m, extents)
	}
	return nil
}

// poisoned tells of a version that is marked. It is cured when a deep check found nothing wrong with it: there are as many problems as before.
func (c *checker) poisoned(b *Bucket, key string, rec versionRecord, problems int64) {
	p := Problem{Kind: ProblemPoison, Bucket: b.Name, Key: key, Detail: "the bytes were found not to be those that were written: nobody can read them"}
	if !c.o.Deep || rec.sealed() != nil || c.res.Problems > problems {
		c.report(p, nil)
		return
	}
	p.Detail = "the version is marked as damaged, and its bytes are good"
	k, rec2 := c.rowOf(b, key, &rec), rec
	rec2.flags &^= flagPoison
	c.report(p, func(t *txn) { t.Put(k, rec2.encode(nil)) })
}

// rowOf is the key of the row that holds a version.
func (c *checker) rowOf(b *Bucket, key string, rec *versionRecord) []byte {
	if cur, err := current(c.r, b.ID, key); err == nil && cur != nil && cur.id == rec.id {
		return currentKey(b.ID, key)
	}
	return versionKey(b.ID, key, rec.id)
}

// extent checks that the bytes are there and that the blob is known to belong to the key.
func (c *checker) extent(b *Bucket, key string, x extent) error {
	c.use(c.blobs, x.blob)
	if err := c.there(b, key, x); err != nil {
		return err
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

// there checks that a blob has the bytes of an extent.
func (c *checker) there(b *Bucket, key string, x extent) error {
	if c.live {
		return nil
	}
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
	return nil
}

// deep reads the bytes and compares them with what they were written with.
func (c *checker) deep(b *Bucket, key string, rec *versionRecord, m *manifest, extents []extent) error {
	r, err := c.reader(b, key, rec, m, extents)
	if r == nil || err != nil {
		return err
	}
	defer r.Close()
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

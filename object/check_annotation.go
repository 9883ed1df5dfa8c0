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

// forgotten learns what the sets of annotations hold that wait to be forgotten.
func (c *checker) forgotten() error {
	return annotationsForgotten(c.r, func(set id) error {
		c.sets[set] = true
		return eachAnnotation(c.r, set, "", "", func(_ string, v []byte) (bool, error) {
			var a annotationRecord
			if a.decode(v) == nil {
				c.owns(&a)
			}
			return true, nil
		})
	})
}

// owns notes that the payload of an annotation belongs to something.
func (c *checker) owns(a *annotationRecord) {
	switch a.body.kind {
	case bodyInline:
		c.use(c.bodies, a.body.id)
	case bodyBlob:
		c.use(c.blobs, a.body.id)
	}
}

// annotations checks those of a version.
func (c *checker) annotations(b *Bucket, key string, rec *versionRecord) error {
	said := rec.annotations()
	if said.none() {
		return nil
	}
	if c.sets[said.id] {
		c.report(Problem{Kind: ProblemVersions, Bucket: b.Name, Key: key, Detail: "another version, or none, has the annotations too"}, nil)
	}
	c.use(c.sets, said.id)
	found, damaged := said, false
	found.count, found.bytes = 0, 0
	err := eachAnnotation(c.r, said.id, "", "", func(name string, v []byte) (bool, error) {
		c.o.Step()
		var a annotationRecord
		if a.decode(v) != nil {
			damaged = true
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: fmt.Sprintf("the record of the annotation %q cannot be read", name)}, nil)
			return true, nil
		}
		found.count++
		found.bytes += a.size
		return true, c.annotation(b, key, rec, name, &a)
	})
	c.annotated += found.bytes
	if err != nil || damaged || found == said {
		return err
	}
	bb, at := *b, rec.id
	c.report(Problem{Kind: ProblemVersions, Bucket: b.Name, Key: key,
		Detail: fmt.Sprintf("the version says that it has %d annotations of %d bytes, and has %d of %d", said.count, said.bytes, found.count, found.bytes)},
		func(t *txn) { t.recount(&bb, key, at, found) })
	return nil
}

// recount puts right what a version says of its annotations.
func (t *txn) recount(b *Bucket, key string, at id, found annotationSet) {
	for _, k := range [][]byte{currentKey(b.ID, key), versionKey(b.ID, key, at)} {
		rec, err := getRecord(t, k)
		if err == nil && rec != nil && rec.id == at {
			rec.setAnnotations(found)
			t.Put(k, rec.encode(nil))
		}
	}
}

// annotation checks the payload of one.
func (c *checker) annotation(b *Bucket, key string, parent *versionRecord, name string, a *annotationRecord) error {
	c.owns(a)
	rec := a.asVersion()
	want := rec.sealed().stored(a.size)
	lost := func(format string, args ...any) {
		c.report(Problem{Kind: ProblemLost, Bucket: b.Name, Key: key, Detail: fmt.Sprintf("annotation %q: ", name) + fmt.Sprintf(format, args...)}, nil)
	}
	switch a.body.kind {
	case bodyInline:
		v, err := c.r.Get(idKey(tInline, a.body.id))
		if ignoreAbsent(err) != nil {
			return err
		}
		if int64(len(v)) != want {
			lost("the inline bytes have length %d, not %d", len(v), want)
			return nil
		}
		if c.o.Deep && !rec.intact(v) {
			return c.rotten(b, key, name)
		}
	case bodyBlob:
		if err := c.there(b, key, extent{blob: a.body.id, size: want}); err != nil {
			return err
		}
		if err := c.heldBy(b, key, parent.annotations().id, a.body.id); err != nil {
			return err
		}
	default:
		lost("no bytes are recorded")
		return nil
	}
	if c.o.Deep && !c.live {
		return c.deepAnnotation(b, key, parent, name, a)
	}
	return nil
}

func (c *checker) rotten(b *Bucket, key, name string) error {
	c.report(Problem{Kind: ProblemRot, Bucket: b.Name, Key: key, Detail: fmt.Sprintf("the bytes of the annotation %q do not match their checksum", name)}, nil)
	return nil
}

// deepAnnotation reads a payload and compares it with what it was written with.
func (c *checker) deepAnnotation(b *Bucket, key string, parent *versionRecord, name string, a *annotationRecord) error {
	o := opened{bucket: *b, rec: a.asVersion()}
	var err error
	if o.key, err = c.s.annotationKeyOf(parent, a, parent.binding(b.ID, key), name); err != nil {
		return nil // what is said of the object's own bytes holds for these
	}
	if a.body.kind == bodyInline {
		v, err := c.r.Get(idKey(tInline, a.body.id))
		if err != nil {
			return err
		}
		v = bytes.Clone(v)
		o.inline = &v
	}
	r := &Reader{s: c.s, ctx: c.ctx, rec: o.rec, Length: a.size, quiet: true}
	defer r.Close()
	if err := r.begin(&o); errors.Is(err, blob.ErrNotFound) {
		return nil // told already
	} else if err != nil {
		return c.rotten(b, key, name)
	}
	h, sum := md5.New(), checksum.New(a.sum.alg)
	var w io.Writer = h
	if sum != nil {
		w = io.MultiWriter(h, sum)
	}
	if n, err := io.Copy(w, struct{ io.Reader }{r}); err != nil || n != a.size || !bytes.Equal(h.Sum(nil), a.etag) || sum != nil && !bytes.Equal(sum.Sum(nil), a.sum.raw) {
		return c.rotten(b, key, name)
	}
	return nil
}

// lostAnnotations finds the rows of sets that nothing names. What was attached to a version goes the way of what is given up with it.
func (c *checker) lostAnnotations() error {
	var last id
	for p, err := range kv.Scan(c.r, kv.Prefix([]byte{tAnnotation})) {
		if err != nil {
			return err
		}
		if len(p.Key) < 1+16 {
			c.report(Problem{Kind: ProblemOrphan, Detail: fmt.Sprintf("row %x belongs to nothing", p.Key)}, nil)
			continue
		}
		set := id(p.Key[1 : 1+16])
		if c.sets[set] {
			continue
		}
		var a annotationRecord
		if a.decode(p.Value) == nil {
			c.owns(&a)
		}
		if set == last {
			continue
		}
		last = set
		c.lostSets = append(c.lostSets, set)
	}
	return nil
}

// forgetLost reports the sets that nothing names, when it is known whether versions are lost that may have had them.
func (c *checker) forgetLost() error {
	for _, set := range c.lostSets {
		fix := func(t *txn) { t.Put(idKey(tForget, t.s.newID()), set[:]) }
		if c.unsure {
			fix = nil
		}
		c.report(Problem{Kind: ProblemOrphan, Detail: fmt.Sprintf("the annotations %x belong to nothing", set[:])}, fix)
	}
	return nil
}

// heldBy checks that a row says that the blob of an annotation belongs to its set.
func (c *checker) heldBy(b *Bucket, key string, set, blob id) error {
	v, err := c.r.Get(idKey(tRef, blob))
	if ignoreAbsent(err) != nil {
		return err
	}
	if !bytes.Equal(v, annotationOwner(set)) {
		c.report(Problem{Kind: ProblemMissing, Bucket: b.Name, Key: key, Detail: "no row says that blob " + blob.String() + " belongs to the annotations"},
			func(t *txn) { t.referAnnotation(set, blob) })
	}
	return nil
}

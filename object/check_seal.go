package object

import (
	"errors"
	"io"

	"myfsio/blob"
	"myfsio/fault"
)

// reader gives the bytes of a version, in clear. It is nil for an encrypted one that cannot be read here: whose key is a customer's, or not
// at hand. Of that every byte was read from the disk, and nothing else can be said.
func (c *checker) reader(b *Bucket, key string, rec *versionRecord, m *manifest, extents []extent) (*Reader, error) {
	r := &Reader{s: c.s, ctx: c.ctx, rec: rec, left: rec.size, Length: rec.size, extents: extents}
	o := &opened{bucket: *b, rec: rec, m: *m}
	if rec.body.kind == bodyInline {
		v, err := c.r.Get(idKey(tInline, rec.body.id))
		if err != nil {
			return nil, err
		}
		v = append([]byte(nil), v...)
		o.inline, r.inline = &v, v
	}
	sealed := rec.sealed()
	if sealed == nil {
		return r, nil
	}
	var err error
	if o.key.key, err = c.s.keyOf(sealed, nil, rec.binding(b.ID, key)); err != nil {
		if fault.Is(err, fault.Corrupted) {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "the key that the object is encrypted with cannot be unwrapped"}, nil)
		}
		return nil, c.skim(b, key, rec.pieces(m))
	}
	if r.inline != nil {
		err = r.beginInline(o)
	} else {
		err = r.beginSealed(o)
	}
	if fault.Is(err, fault.Corrupted) || errors.Is(err, blob.ErrNotFound) {
		c.report(Problem{Kind: ProblemRot, Bucket: b.Name, Key: key, Detail: "the encrypted bytes are not those that were written"}, nil)
		return nil, r.Close()
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// skim reads ciphertext without its key, and compares it with its CRC.
func (c *checker) skim(b *Bucket, key string, pieces []Piece) error {
	buf := largeBuffers.Get().(*[]byte)
	defer largeBuffers.Put(buf)
	for i := range pieces {
		p := &pieces[i]
		if p.Blob.IsZero() { // looked at with the record
			continue
		}
		r := &Reader{s: c.s, ctx: c.ctx, left: p.Size, extents: []extent{{p.Blob, p.Off, p.Size}}}
		sum := summing{Writer: io.Discard}
		n, err := io.CopyBuffer(&sum, struct{ io.Reader }{r}, *buf)
		if err := errors.Join(r.Close(), c.ctx.Err()); err != nil {
			return err
		}
		if err != nil || n != p.Size || p.Known && uint32(sum.sum) != p.Sum {
			c.report(Problem{Kind: ProblemRot, Bucket: b.Name, Key: key, Detail: "the encrypted bytes cannot be read, or are not those that were written"}, nil)
		}
	}
	return nil
}

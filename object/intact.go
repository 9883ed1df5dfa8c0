package object

import (
	"bytes"
	"crypto/md5"
	"hash/crc32"
	"io"

	"myfsio/blob"
	"myfsio/fault"
)

// Beside the digests of what a client sent, the CRC-32C of what is stored is recorded: of a body in one piece in the record of its version, of
// each part with the part. It costs next to nothing to compute, so it is compared wherever the bytes pass through the process anyway, and it
// tells rot of bytes that only a client's key opens.

// storedSum is the CRC-32C of bytes as they are stored, and a bit above it that says that there is one.
type storedSum uint64

const sumKnown = 1 << 32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// add returns the sum of what s is of with p behind it. The sum of nothing is none.
func (s storedSum) add(p []byte) storedSum {
	return sumKnown | storedSum(crc32.Update(uint32(s), castagnoli, p))
}

// differs reports whether bytes with the sum got are not those that s is of. Where nothing is recorded it says no.
func (s storedSum) differs(got storedSum) bool { return s != 0 && s != got }

// summing sums what goes to a blob.
type summing struct {
	io.Writer
	sum storedSum
}

func (w *summing) Write(p []byte) (int, error) {
	w.sum = w.sum.add(p)
	return w.Writer.Write(p)
}

func errRotten() error {
	return fault.New(fault.Corrupted, "The stored bytes of the object do not match their checksum. Run myfsio fsck.")
}

// intact reports whether v can be the stored bytes of an inline body.
func (r *versionRecord) intact(v []byte) bool {
	switch {
	case r.stored != 0:
		return !r.stored.differs(storedSum(0).add(v))
	case r.sealed() != nil: // opening it tells
		return true
	case len(r.etag) == md5.Size:
		h := md5.Sum(v)
		return bytes.Equal(h[:], r.etag)
	}
	return true
}

// watch makes the reader compare what it gives with what is recorded, where that is all of a body in one piece in clear: what is encrypted is
// authenticated, and what a file sends to a socket by itself is not seen.
func (r *Reader) watch(o *opened) {
	if o.rec.body.kind == bodyBlob && o.rec.sealed() == nil && r.Offset == 0 && r.Length == o.rec.size {
		r.want = o.rec.stored
	}
}

// saw takes the next bytes of the body into account, before the reader counts them. The error comes before the last ones are given out.
func (r *Reader) saw(p []byte) error {
	if r.want == 0 {
		return nil
	}
	if r.got = r.got.add(p); r.left > int64(len(p)) || !r.want.differs(r.got) {
		return nil
	}
	return errRotten()
}

// Piece is a run of stored bytes of a version.
type Piece struct {
	Blob      blob.ID // zero: in the metadata
	Off, Size int64
	// Sum is the CRC-32C of these bytes; Known says that it was recorded.
	Sum   uint32
	Known bool
}

// pieces lists what is stored of a version.
func (r *versionRecord) pieces(m *manifest) (out []Piece) {
	add := func(b blob.ID, off, size int64, sum storedSum) {
		out = append(out, Piece{Blob: b, Off: off, Size: size, Sum: uint32(sum), Known: sum != 0})
	}
	switch {
	case r.body.kind == bodyEmpty:
	case r.body.kind == bodyInline:
		add(blob.ID{}, 0, r.sealed().stored(r.size), r.stored)
	case r.flags&flagParts == 0:
		add(r.body.id, 0, r.storedSize(nil), r.stored)
	case r.body.kind == bodyBlob:
		at := int64(0)
		for i := range m.parts {
			if size := r.sealed().stored(m.parts[i].size); size > 0 {
				add(r.body.id, at, size, m.parts[i].stored)
				at += size
			}
		}
	default:
		next := 0
		for i := range m.parts {
			if m.parts[i].size == 0 || next == len(m.extents) {
				continue
			}
			x := m.extents[next]
			next++
			add(x.blob, x.off, x.size, m.parts[i].stored)
		}
	}
	return out
}

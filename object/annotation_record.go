package object

import (
	"errors"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/checksum"
	"myfsio/kv"
	"myfsio/seal"
)

// Annotations of a version are a set of rows under an id of its own, which the record of the version carries. So they stay where they are when the record
// moves, and go with it by one row, whatever their number: the set is queued, and its rows are removed afterwards, a few in each commit.

// annotationSet is what the record of a version says of its annotations; the zero value is none.
type annotationSet struct {
	id      id
	count   int
	bytes   int64  // of all payloads, in clear
	changes uint64 // another for each state of the set
}

// Field numbers of an annotationSet in a versionRecord.
const (
	fSetID protowire.Number = iota + 1
	fSetCount
	fSetBytes
	fSetChanges
)

func (a *annotationSet) none() bool { return a.id.IsZero() }

func appendAnnotations(b []byte, num protowire.Number, a *annotationSet) []byte {
	if a.none() {
		return b
	}
	in := appendBytes(make([]byte, 0, 40), fSetID, a.id[:])
	in = appendUint(in, fSetCount, uint64(a.count))
	in = appendUint(in, fSetBytes, uint64(a.bytes))
	return appendBytes(b, num, appendUint(in, fSetChanges, a.changes))
}

func (a *annotationSet) decode(data []byte) error {
	return fields(data, func(num protowire.Number, v uint64, data []byte) error {
		switch num {
		case fSetID:
			return setID(&a.id, data)
		case fSetCount:
			a.count = int(v)
		case fSetBytes:
			a.bytes = int64(v)
		case fSetChanges:
			a.changes = v
		}
		return nil
	})
}

// annotations is the set of the version.
func (r *versionRecord) annotations() annotationSet {
	if r == nil || r.rare == nil {
		return annotationSet{}
	}
	return r.rare.annotations
}

func (r *versionRecord) setAnnotations(a annotationSet) {
	if r.rare != nil || !a.none() {
		r.seldom().annotations = a
	}
}

// annotationRecord is an annotation as it is stored. Its payload is in a body of its own.
type annotationRecord struct {
	size     int64
	modified int64 // nanoseconds since 1970
	etag     []byte
	body     body
	sum      sumRecord
	stored   storedSum
	salt     id // of the key of an encrypted payload; zero: it is stored in clear
}

// Field numbers of an annotationRecord.
const (
	fNoteSize protowire.Number = iota + 1
	fNoteModified
	fNoteETag
	fNoteBodyKind
	fNoteBodyID
	fNoteSumAlg
	fNoteSumRaw
	fNoteSalt
	fNoteStored
)

func (a *annotationRecord) encode() []byte {
	b := appendUint(make([]byte, 0, 96), fNoteSize, uint64(a.size))
	b = appendUint(b, fNoteModified, uint64(a.modified))
	b = appendBytes(b, fNoteETag, a.etag)
	b = appendUint(b, fNoteBodyKind, uint64(a.body.kind))
	b = appendBytes(b, fNoteBodyID, a.body.id[:])
	b = appendUint(b, fNoteSumAlg, uint64(a.sum.alg))
	b = appendBytes(b, fNoteSumRaw, a.sum.raw)
	if !a.salt.IsZero() {
		b = appendBytes(b, fNoteSalt, a.salt[:])
	}
	return appendUint(b, fNoteStored, uint64(a.stored))
}

// decode reads a record. It keeps no part of b.
func (a *annotationRecord) decode(b []byte) error {
	*a = annotationRecord{}
	return fields(b, func(num protowire.Number, v uint64, data []byte) error {
		switch num {
		case fNoteSize:
			a.size = int64(v)
		case fNoteModified:
			a.modified = int64(v)
		case fNoteETag:
			a.etag = append([]byte(nil), data...)
		case fNoteBodyKind:
			a.body.kind = bodyKind(v)
		case fNoteBodyID:
			return setID(&a.body.id, data)
		case fNoteSumAlg:
			a.sum.alg = checksum.Algorithm(v)
		case fNoteSumRaw:
			a.sum.raw = append([]byte(nil), data...)
		case fNoteSalt:
			return setID(&a.salt, data)
		case fNoteStored:
			a.stored = storedSum(v)
		}
		return nil
	})
}

// show is what callers see.
func (a *annotationRecord) show(name string) Annotation {
	return Annotation{Name: name, Size: a.size, ETag: formatETag(a.etag, 0), Modified: time.Unix(0, a.modified).UTC(), Checksum: a.sum.checksum(0)}
}

// asVersion is the payload as a version in one piece would be, for those who read or check bodies.
func (a *annotationRecord) asVersion() *versionRecord {
	rec := &versionRecord{size: a.size, etag: a.etag, body: a.body, sum: a.sum, stored: a.stored}
	if !a.salt.IsZero() {
		rec.setSealed(new(sealRecord))
	}
	return rec
}

// payloadKey is the key that a payload is stored under; nil for one in clear. of is that of the object.
func (a *annotationRecord) payloadKey(of *seal.Key, name string) *seal.Key {
	if a.salt.IsZero() {
		return nil
	}
	k := of.Annotation(a.salt, name)
	return &k
}

func annotationKey(set id, name string) []byte {
	return append(append(row(tAnnotation, 16+len(name)), set[:]...), name...)
}

// getAnnotation reads an annotation; nil when there is none of that name.
func getAnnotation(r kv.Reader, set id, name string) (*annotationRecord, error) {
	if set.IsZero() {
		return nil, nil
	}
	v, err := r.Get(annotationKey(set, name))
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a := new(annotationRecord)
	return a, a.decode(v)
}

// eachAnnotation walks the annotations of a set whose names are greater than after, in the order of their bytes, until fn reports false.
func eachAnnotation(r kv.Reader, set id, prefix, after string, fn func(name string, value []byte) (bool, error)) error {
	rg := kv.Prefix(annotationKey(set, prefix))
	if after != "" && after >= prefix {
		rg.Start = append(annotationKey(set, after), 0)
	}
	for p, err := range kv.Scan(r, rg) {
		if err != nil {
			return err
		}
		if len(p.Key) < 1+16 {
			return errRecord
		}
		if more, err := fn(string(p.Key[1+16:]), p.Value); err != nil || !more {
			return err
		}
	}
	return nil
}

// referAnnotation records that a blob belongs to a set of annotations. No bucket id begins with 0xFF.
func (t *txn) referAnnotation(set id, blob id) {
	t.Put(idKey(tRef, blob), annotationOwner(set))
}

func annotationOwner(set id) []byte { return append([]byte{0xFF}, set[:]...) }

// putAnnotation writes a row with the rows of its payload.
func (t *txn) putAnnotation(set id, name string, a *annotationRecord, st *stored) {
	t.Put(annotationKey(set, name), a.encode())
	switch a.body.kind {
	case bodyInline:
		t.Put(idKey(tInline, a.body.id), st.inline)
	case bodyBlob:
		t.referAnnotation(set, a.body.id)
	}
}

// dropPayload gives up the payload of an annotation that no row names any more.
func (t *txn) dropPayload(a *annotationRecord) {
	switch a.body.kind {
	case bodyInline:
		t.Delete(idKey(tInline, a.body.id))
	case bodyBlob:
		t.reclaim = append(t.reclaim, a.body.id)
	}
}

// countAnnotations counts bytes that a version's annotations came to have more, or less.
func (t *txn) countAnnotations(b *Bucket, delta int64) {
	if delta != 0 {
		t.Add(counterKey(b.ID, countAnnotations), delta)
		t.grew.bytes += delta
	}
}

// dropAnnotations gives up the annotations of a version that no row names any more. A set that another record takes over stays.
func (t *txn) dropAnnotations(rec *versionRecord) {
	a := rec.annotations()
	if a.none() || a.id == t.keeps {
		return
	}
	t.Put(idKey(tForget, t.s.newID()), a.id[:])
	t.reclaimed = true
}

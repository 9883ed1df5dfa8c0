package object

import (
	"context"
	"errors"
	"io"
	"sync"

	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

// Copies of annotations. The copies are written under a new set, a few in each commit, before any version names that set; the commit that makes
// the copy of the object then takes the set over by its id. So a copy shows all annotations or none, and no commit is large. Until then a row of the
// queue of sets to be forgotten names the set: what a crash leaves behind is removed like what was given up.

const (
	copiedAtOnce = 16        // annotations in one commit
	copiedBytes  = 128 << 10 // inline bytes that fill a commit
)

// stagedSet is a set that no version names yet.
type stagedSet struct {
	s    *Store
	at   Mark // its row in the queue; zero: not yet written
	set  annotationSet
	seen annotationSet // of the source
	src  id            // version of the source
}

// settling keeps sets that are being written from being forgotten by this process.
type settling struct {
	mu   sync.Mutex
	sets map[id]bool
}

func (h *settling) add(set id) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sets[set] = true
}

func (h *settling) remove(set id) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sets, set)
}

func (h *settling) has(set id) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sets[set]
}

// stageAnnotations copies the annotations of src for the record next; nil when there are none, or the copy leaves them out.
func (s *Store) stageAnnotations(ctx context.Context, req *CopyObject, rec, next *versionRecord) (*stagedSet, error) {
	seen := rec.annotations()
	if seen.none() || req.ExcludeAnnotations {
		return nil, nil
	}
	if req.bare(rec) {
		return nil, errNotBare()
	}
	if err := takesAnnotations(next.sealed()); err != nil {
		return nil, err
	}
	st := &stagedSet{s: s, set: annotationSet{id: s.newID(), changes: 1}, seen: seen, src: rec.id}
	s.settling.add(st.set.id)
	from, to := rec.sealed(), next.sealed()
	var fromKey, toKey *seal.Key
	if from != nil {
		fromKey = &from.key
	}
	if to != nil {
		toKey = &to.sealer.key
	}
	for after, more := "", true; more; {
		var page []sourceAnnotation
		var err error
		if page, more, err = s.pageOf(ctx, seen.id, after); err == nil && len(page) > 0 {
			after = page[len(page)-1].name
			err = st.take(ctx, req, page, fromKey, toKey)
		}
		if err != nil {
			st.end()
			return nil, sourceError(err)
		}
	}
	if st.set.count != seen.count || st.set.bytes != seen.bytes {
		st.end()
		return nil, errAnnotationsChanged()
	}
	next.setAnnotations(st.set)
	return st, nil
}

// bare reports whether the source has annotations that whoever asks did not see.
func (req *CopyObject) bare(src *versionRecord) bool {
	return req.SourceBare && !req.ExcludeAnnotations && src.annotations().count > 0
}

func errNotBare() error {
	return fault.New(fault.ConditionalConflict, "The source of the copy was annotated meanwhile. Please try again.")
}

// takesAnnotations refuses annotations of what is written under a customer's key.
func takesAnnotations(to *sealRecord) error {
	if to != nil && to.sealer != nil && to.sealer.kek.Source.Sort == seal.Customer {
		return fault.New(fault.InvalidRequest, "Objects encrypted with a customer's key (SSE-C) cannot have annotations. Copy with x-amz-object-annotation-directive: EXCLUDE.")
	}
	return nil
}

func errAnnotationsChanged() error {
	return fault.New(fault.SlowDown, "The annotations of the source were changed during the copy. Please try again.")
}

// sourceAnnotation is an annotation to be copied.
type sourceAnnotation struct {
	name   string
	rec    annotationRecord
	inline []byte
}

// pageOf reads a few annotations of a set, with their inline payloads, and reports whether there are more.
func (s *Store) pageOf(ctx context.Context, set id, after string) (page []sourceAnnotation, more bool, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) error {
		page, more = nil, false
		size := 0
		return eachAnnotation(r, set, "", after, func(name string, v []byte) (bool, error) {
			if len(page) == copiedAtOnce || size >= copiedBytes {
				more = true
				return false, nil
			}
			x := sourceAnnotation{name: name}
			if err := x.rec.decode(v); err != nil {
				return false, err
			}
			if x.rec.body.kind == bodyInline {
				b, err := r.Get(idKey(tInline, x.rec.body.id))
				if errors.Is(err, kv.ErrNotFound) {
					return false, errMissing(err)
				}
				if err != nil {
					return false, err
				}
				x.inline = append([]byte(nil), b...)
				size += len(b)
			}
			page = append(page, x)
			return true, nil
		})
	})
	return page, more, err
}

// take copies a page in one commit.
func (st *stagedSet) take(ctx context.Context, req *CopyObject, page []sourceAnnotation, from, to *seal.Key) error {
	recs, bodies := make([]*annotationRecord, len(page)), make([]*stored, len(page))
	defer func() {
		for _, b := range bodies {
			if b != nil {
				b.discard()
			}
		}
	}()
	for i := range page {
		var err error
		if recs[i], bodies[i], err = st.s.copyAnnotation(ctx, &page[i], req.Checksum, from, to); err != nil {
			return err
		}
	}
	at := st.at
	if at.IsZero() {
		at = st.s.newID()
	}
	err := st.s.update(ctx, func(t *txn) error {
		t.Put(idKey(tForget, at), st.set.id[:])
		for i := range page {
			t.putAnnotation(st.set.id, page[i].name, recs[i], bodies[i])
		}
		return nil
	})
	for _, b := range bodies {
		b.settle(err)
	}
	if err != nil {
		return err
	}
	st.at = at
	for _, a := range recs {
		st.set.count++
		st.set.bytes += a.size
	}
	return nil
}

// copyAnnotation stores the payload of x anew, under the key of another object. It must be what it was written as.
func (s *Store) copyAnnotation(ctx context.Context, x *sourceAnnotation, alg checksum.Algorithm, from, to *seal.Key) (*annotationRecord, *stored, error) {
	o := opened{rec: x.rec.asVersion(), inline: &x.inline}
	if k := x.rec.payloadKey(from, x.name); k != nil {
		o.key = bodyKey{key: *k, own: true}
	}
	r := &Reader{s: s, ctx: ctx, rec: o.rec, Length: x.rec.size, quiet: true}
	if err := r.begin(&o); err != nil {
		r.Close()
		if errors.Is(err, blob.ErrNotFound) { // replaced or deleted meanwhile
			err = errAnnotationsChanged()
		}
		return nil, nil, err
	}
	defer r.Close()
	if alg == checksum.None {
		alg = x.rec.sum.alg
	}
	b := Body{Reader: struct{ io.Reader }{r}, Size: x.rec.size, MD5: x.rec.etag, Digest: Digest{Algorithm: alg}}
	a := &annotationRecord{modified: s.now().UnixNano()}
	if to != nil {
		a.salt = s.newID()
	}
	st, err := s.ingestAnnotation(ctx, &b, a, to, x.name)
	return a, st, err
}

// takeOver is asked first in the commit that makes the copy: the source must have the annotations that were copied.
func (st *stagedSet) takeOver(t *txn, req *CopyObject) error {
	b, err := glanceBucket(t, req.SourceBucket)
	if err != nil {
		return err
	}
	rec, err := current(t, b.ID, req.SourceKey)
	if err == nil && (rec == nil || rec.id != st.src) {
		rec, err = getRecord(t, versionKey(b.ID, req.SourceKey, st.src))
	}
	if err != nil {
		return err
	}
	if rec == nil || rec.annotations() != st.seen {
		return errAnnotationsChanged()
	}
	t.Delete(idKey(tForget, st.at))
	return nil
}

// end lets the set be forgotten, unless a commit took it over.
func (st *stagedSet) end() {
	if st != nil {
		st.s.settling.remove(st.set.id)
		wake(st.s.signals.Reclaim)
	}
}

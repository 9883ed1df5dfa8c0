package object

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/kv"
)

func (t *txn) queueAssembly(b *Bucket, key string, rec *versionRecord) {
	t.assembled = true
	v := appendBytes(nil, 1, b.Name)
	v = appendBytes(v, 2, key)
	t.Put(idKey(tAssemble, t.s.newID()), appendBytes(v, 3, rec.body.id[:]))
}

// assembly is a row of the assemble queue.
type assembly struct {
	at          Mark
	bucket, key string // where it was when it was queued
	manifest    id
	first       blob.ID // of the blobs that were seen to hold it
}

// Assemble makes the next multipart body after the mark that lies in several pieces one contiguous blob: pieces that lie at
// their place stay, the others are copied into the same blob. pace is called between pieces of the copy with the bytes copied since. It returns
// the mark of what it did; done is false when the queue has nothing behind the mark. An object that is being appended to is left for later, until it has been
// left alone for AppendQuiet, or as much was appended as lay together before.
func (s *Store) Assemble(ctx context.Context, behind Mark, pace func(bytes int64) error) (at Mark, done bool, err error) {
	var a *assembly
	err = s.queue(ctx, tAssemble, behind, 1, func(at Mark, v []byte) error {
		a = &assembly{at: at}
		return fields(v, func(num protowire.Number, _ uint64, data []byte) error {
			switch num {
			case 1:
				a.bucket = string(data)
			case 2:
				a.key = string(data)
			case 3:
				return setID(&a.manifest, data)
			}
			return nil
		})
	})
	if err != nil || a == nil {
		return behind, false, err
	}
	later, err := s.assembleOne(ctx, a, pace)
	if later || err != nil {
		return a.at, true, err
	}
	return a.at, true, s.unqueue(ctx, tAssemble, []Mark{a.at})
}

// AppendQuiet is how long an object must have been left alone before what was appended to it is put together.
const AppendQuiet = 10 * time.Second

// maxLoose is how many pieces may lie apart from the others.
const maxLoose = 1000

// assembleOne reports with later that the row has to stay.
func (s *Store) assembleOne(ctx context.Context, a *assembly, pace func(int64) error) (later bool, err error) {
	m, due, err := s.looksLoose(ctx, a)
	if err != nil || len(m.extents) == 0 || !due {
		return !due, err
	}
	base := m.base(s.newID)
	if _, ok := s.blobs.(blob.Placer); !ok {
		base = s.newID()
	}
	parts := m.blobs(nil)
	if slices.Contains(parts, base) {
		if !s.reserve(base) {
			return true, nil
		}
		defer s.release(base)
	}
	if err := s.gather(ctx, base, &m, pace); err != nil {
		return false, err
	}
	return false, s.adoptAssembled(ctx, a, base, &m, parts)
}

// looksLoose reads the pieces of a body, none for one that lies together or is gone, and says whether it is time to put them together.
func (s *Store) looksLoose(ctx context.Context, a *assembly) (m manifest, due bool, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) (err error) {
		m, due = manifest{}, true
		if m, err = getManifest(r, a.manifest); errors.Is(err, kv.ErrNotFound) {
			return nil // deleted or replaced
		}
		if err != nil || len(m.extents) == 0 {
			return err
		}
		a.first = m.extents[0].blob
		if !m.appended || m.spread {
			return nil
		}
		n, bytes, front := m.loose()
		if n == 0 {
			m.extents = nil
			return nil
		}
		_, _, rec, err := holder(r, a)
		if err != nil || rec == nil {
			m.extents = nil
			return err
		}
		due = n >= maxLoose || bytes >= front || s.now().Sub(time.Unix(0, rec.modified)) >= AppendQuiet
		return nil
	})
	return m, due, err
}

// base chooses the blob that holds the most bytes at their place, or a new one.
func (m *manifest) base(newID func() id) id {
	inPlace := map[id]int64{}
	at, best := int64(0), id{}
	for _, x := range m.extents {
		if x.off == at {
			inPlace[x.blob] += x.size
			if inPlace[x.blob] > inPlace[best] {
				best = x.blob
			}
		}
		at += x.size
	}
	if best.IsZero() {
		return newID()
	}
	// A piece of the same blob that lies elsewhere could be overwritten before it is read.
	at = 0
	for _, x := range m.extents {
		if x.blob == best && x.off != at {
			return newID()
		}
		at += x.size
	}
	return best
}

// gather copies into base what does not lie there at its place, durably.
func (s *Store) gather(ctx context.Context, base id, m *manifest, pace func(int64) error) error {
	at := int64(0)
	p, placer := s.blobs.(blob.Placer)
	if !placer {
		w, err := s.blobs.Create(ctx, base, -1)
		if err != nil {
			return internal(err, "create")
		}
		return s.copyExtents(ctx, w, m.extents, pace)
	}
	for rest := m.extents; len(rest) > 0; {
		run, size := 0, int64(0) // of neighbours that are both to be copied, or both not
		for run < len(rest) && (rest[run].blob == base) == (rest[0].blob == base) {
			size += rest[run].size
			run++
		}
		if rest[0].blob != base {
			w, err := p.CreateAt(ctx, base, at, size)
			if err != nil {
				return internal(err, "create")
			}
			if err := s.copyExtents(ctx, w, rest[:run], pace); err != nil {
				return err
			}
		}
		at += size
		rest = rest[run:]
	}
	return internal(p.Trim(ctx, base, at), "trim")
}

func (s *Store) copyExtents(ctx context.Context, w blob.Writer, xs []extent, pace func(int64) error) error {
	size := int64(0)
	for _, x := range xs {
		size += x.size
	}
	r := &Reader{s: s, ctx: ctx, extents: xs, left: size}
	defer r.Close()
	buf := largeBuffers.Get().(*[]byte)
	defer largeBuffers.Put(buf)
	for r.left > 0 {
		n, err := io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(struct{ io.Reader }{r}, 4<<20), *buf)
		if err == nil {
			err = pace(n)
		}
		if err == nil && n == 0 {
			err = errShort
		}
		if err != nil {
			return errors.Join(internal(err, "assemble"), w.Abort())
		}
	}
	return internal(w.Commit(ctx), "sync")
}

// adoptAssembled makes base the body of the version that still has the manifest, as far as it was seen.
func (s *Store) adoptAssembled(ctx context.Context, a *assembly, base id, seen *manifest, blobs []blob.ID) error {
	return s.update(ctx, func(t *txn) error {
		b, k, rec, err := holder(t, a)
		if err != nil {
			return err
		}
		if rec == nil { // deleted meanwhile: its own blobs are queued already; a new base is not
			if !slices.Contains(blobs, base) {
				t.reclaim = append(t.reclaim, base)
			}
			return nil
		}
		m, err := getManifest(t, a.manifest)
		if err != nil {
			return err
		}
		for _, x := range blobs {
			if x != base {
				t.reclaim = append(t.reclaim, x)
			}
		}
		rec.body = body{kind: bodyBlob, id: base}
		if m.appended {
			t.settleTail(&m, a.manifest, base, len(seen.parts), rec.sealed() != nil)
			rec.flags &^= flagQueued
		} else {
			m.extents = nil
			t.Delete(idKey(tManifest, a.manifest))
			t.Put(idKey(tManifest, base), m.encode())
		}
		if len(m.parts) > len(seen.parts) { // more came meanwhile
			rec.body.kind = bodyParts
			rec.flags |= flagQueued
			t.queueAssembly(&b, a.key, rec)
		}
		t.refer(&b, a.key, base)
		t.Put(k, rec.encode(nil))
		if k[0] == tCurrent {
			t.show(&b, a.key)
		}
		return nil
	})
}

// holder finds the version whose body is the assembly's manifest, under the key that it has by now; nil when it is gone.
func holder(r kv.Reader, a *assembly) (b Bucket, k []byte, rec *versionRecord, err error) {
	b, err = getBucket(r, a.bucket)
	if err != nil {
		if fault.Is(err, fault.NoSuchBucket) {
			err = nil
		}
		return b, nil, nil, err
	}
	ref, err := r.Get(idKey(tRef, a.first))
	prefix := inBucket(0, b.ID, 0)[1:]
	if ignoreAbsent(err) != nil {
		return b, nil, nil, err
	}
	if bytes.HasPrefix(ref, prefix) { // else the row is lost, or the object
		a.key = string(ref[len(prefix):])
	}
	is := func(r *versionRecord) bool { return r.body.kind == bodyParts && r.body.id == a.manifest }
	k = currentKey(b.ID, a.key)
	if rec, err = current(r, b.ID, a.key); err != nil || rec != nil && is(rec) {
		return b, k, rec, err
	}
	for p, err := range kv.Scan(r, kv.Prefix(versionsOf(b.ID, a.key))) {
		if err != nil {
			return b, nil, nil, err
		}
		old := new(versionRecord)
		if err := old.decode(p.Value); err != nil {
			return b, nil, nil, err
		}
		if is(old) {
			return b, append([]byte(nil), p.Key...), old, nil
		}
	}
	return b, nil, nil, nil
}

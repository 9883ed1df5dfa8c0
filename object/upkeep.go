package object

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/kv"
)

// Mark is a place in a queue. The zero Mark is before its start.
type Mark = blob.ID

// queue calls fn for up to most rows of a queue behind the mark.
func (s *Store) queue(ctx context.Context, table byte, behind Mark, most int, fn func(at Mark, value []byte) error) error {
	return s.viewDB(ctx, func(r kv.Reader) error {
		rg := kv.Prefix([]byte{table})
		rg.Start = append(idKey(table, behind), 0)
		n := 0
		for p, err := range kv.Scan(r, rg) {
			if err != nil {
				return err
			}
			var at Mark
			if err := setID(&at, p.Key[1:]); err != nil {
				return err
			}
			if n++; n > most {
				return nil
			}
			if err := fn(at, p.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

// unqueue removes rows of a queue. It may become durable later: what is done again does no harm.
func (s *Store) unqueue(ctx context.Context, table byte, marks []Mark) error {
	if len(marks) == 0 {
		return nil
	}
	return internal(kv.UpdateLazy(ctx, s.kv, func(t kv.Txn) error {
		for _, m := range marks {
			t.Delete(idKey(table, m))
		}
		return nil
	}), "queue")
}

// viewChange is a row of the view queue: a key whose file may differ from its current version, or with Key "" a
// bucket that came or went.
type viewChange struct{ Bucket, Key string }

func (c viewChange) encode() []byte {
	return appendBytes(appendBytes(nil, 1, c.Bucket), 2, c.Key)
}

// ViewChange is a change of the plain-file view to be made.
type ViewChange struct {
	At     Mark
	Bucket string
	Key    string // "": the bucket itself came or went
}

// ViewChanges returns up to most changes behind the mark, in the order of the commits.
func (s *Store) ViewChanges(ctx context.Context, behind Mark, most int) ([]ViewChange, error) {
	var out []ViewChange
	err := s.queue(ctx, tView, behind, most, func(at Mark, v []byte) error {
		c := ViewChange{At: at}
		err := fields(v, func(num protowire.Number, _ uint64, data []byte) error {
			switch num {
			case 1:
				c.Bucket = string(data)
			case 2:
				c.Key = string(data)
			}
			return nil
		})
		out = append(out, c)
		return err
	})
	return out, err
}

// ViewDone removes changes that are made for good.
func (s *Store) ViewDone(ctx context.Context, marks []Mark) error {
	return s.unqueue(ctx, tView, marks)
}

// Shown is what the file of a key must be.
type Shown struct {
	Exists   bool
	Blob     blob.ID // of one blob; zero when Inline or parts
	Inline   []byte
	Parts    bool  // in several blobs: not shown until assembled
	Size     int64 // of the file
	Sealed   bool  // encrypted: the file is ciphertext
	Damaged  bool  // the bytes are gone from the metadata, or the version is poisoned: its file stays as it is
	Modified time.Time
}

// Show tells what the file of a key must be.
func (s *Store) Show(ctx context.Context, bucket, key string) (Shown, error) {
	var out Shown
	err := s.viewDB(ctx, func(r kv.Reader) error {
		out = Shown{}
		b, err := getBucket(r, bucket)
		if fault.Is(err, fault.NoSuchBucket) {
			return nil
		}
		if err != nil {
			return err
		}
		cur, err := current(r, b.ID, key)
		if err != nil || cur == nil {
			return err
		}
		out = Shown{Exists: true, Size: cur.size, Modified: time.Unix(0, cur.modified), Damaged: cur.poisoned()}
		if out.Sealed = cur.sealed() != nil; out.Sealed {
			if out.Size, err = sealedSize(r, cur); err != nil {
				return err
			}
		}
		switch cur.body.kind {
		case bodyBlob:
			out.Blob = cur.body.id
		case bodyParts:
			out.Parts = true
		case bodyInline:
			v, err := r.Get(idKey(tInline, cur.body.id))
			if ignoreAbsent(err) != nil {
				return err
			}
			out.Inline = append([]byte(nil), v...)
			out.Damaged = out.Damaged || int64(len(v)) != out.Size
		}
		return nil
	})
	return out, err
}

// Reclaim looks at up to most groups of blobs given up behind the mark, removes those that no reader pins, and returns the mark to go
// on from and how many groups it looked at; fewer than most: the queue is at its end. A pinned group stays queued.
func (s *Store) Reclaim(ctx context.Context, behind Mark, most int) (last Mark, n int, err error) {
	var marks []Mark
	var blobs []blob.ID
	last = behind
	err = s.queue(ctx, tReclaim, behind, most, func(at Mark, v []byte) error {
		last = at
		if n++; s.anyPinned(v) {
			return nil
		}
		marks = append(marks, at)
		for ; len(v) >= 16; v = v[16:] {
			blobs = append(blobs, blob.ID(v[:16]))
		}
		return nil
	})
	if err != nil {
		return behind, 0, err
	}
	if len(blobs) > 0 {
		if err := s.settled(ctx); err != nil {
			return behind, 0, err
		}
	}
	for _, b := range blobs {
		if err := s.blobs.Remove(ctx, b); err != nil {
			return behind, 0, internal(err, "remove")
		}
	}
	return last, n, s.unqueue(ctx, tReclaim, marks)
}

// settled waits until all that was seen is durable. A View may show a commit that is not, and bytes that are removed do not come
// back when a crash undoes the commit that gave them up.
func (s *Store) settled(ctx context.Context) error {
	return internal(s.kv.Update(ctx, func(t kv.Txn) error {
		_, err := t.Get(runningKey())
		return ignoreAbsent(err)
	}), "commit")
}

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
// the mark of what it did; done is false when the queue has nothing behind the mark.
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
	if err := s.assembleOne(ctx, a, pace); err != nil {
		return a.at, true, err
	}
	return a.at, true, s.unqueue(ctx, tAssemble, []Mark{a.at})
}

func (s *Store) assembleOne(ctx context.Context, a *assembly, pace func(int64) error) error {
	var m manifest
	err := s.kv.View(ctx, func(r kv.Reader) (err error) {
		m, err = getManifest(r, a.manifest)
		return err
	})
	if errors.Is(err, kv.ErrNotFound) {
		return nil // deleted or replaced
	}
	if err != nil {
		return internal(err, "read")
	}
	if len(m.extents) == 0 {
		return nil // in one piece already
	}
	size := int64(0)
	for _, x := range m.extents {
		size += x.size
	}
	a.first = m.extents[0].blob
	base := m.base(s.newID)
	if _, ok := s.blobs.(blob.Placer); !ok {
		base = s.newID()
	}
	if err := s.gather(ctx, base, &m, pace); err != nil {
		return err
	}
	return s.adoptAssembled(ctx, a, base, size, m.blobs(nil))
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
	for _, x := range m.extents {
		if x.blob != base {
			w, err := p.CreateAt(ctx, base, at, x.size)
			if err != nil {
				return internal(err, "create")
			}
			if err := s.copyExtents(ctx, w, []extent{x}, pace); err != nil {
				return err
			}
		}
		at += x.size
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

// adoptAssembled makes base the body of the version that still has the manifest.
func (s *Store) adoptAssembled(ctx context.Context, a *assembly, base id, size int64, parts []blob.ID) error {
	return s.update(ctx, func(t *txn) error {
		b, k, rec, err := t.holder(a)
		if err != nil {
			return err
		}
		if rec == nil { // deleted meanwhile: its own blobs are queued already; a new base is not
			if _, err := t.Get(idKey(tRef, base)); !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			t.reclaim = append(t.reclaim, base)
			return nil
		}
		m, err := getManifest(t, a.manifest)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if p != base {
				t.reclaim = append(t.reclaim, p)
			}
		}
		m.extents = nil
		t.Delete(idKey(tManifest, a.manifest))
		t.Put(idKey(tManifest, base), m.encode())
		rec.body = body{kind: bodyBlob, id: base}
		t.refer(&b, a.key, base)
		t.Put(k, rec.encode(nil))
		if k[0] == tCurrent {
			t.show(&b, a.key)
		}
		return nil
	})
}

// holder finds the version whose body is the assembly's manifest, under the key that it has by now; nil when it is gone.
func (t *txn) holder(a *assembly) (b Bucket, k []byte, rec *versionRecord, err error) {
	b, err = getBucket(t, a.bucket)
	if err != nil {
		if fault.Is(err, fault.NoSuchBucket) {
			err = nil
		}
		return b, nil, nil, err
	}
	ref, err := t.Get(idKey(tRef, a.first))
	prefix := inBucket(0, b.ID, 0)[1:]
	if err != nil || !bytes.HasPrefix(ref, prefix) {
		return b, nil, nil, ignoreAbsent(err)
	}
	a.key = string(ref[len(prefix):])
	is := func(r *versionRecord) bool { return r.body.kind == bodyParts && r.body.id == a.manifest }
	k = currentKey(b.ID, a.key)
	if rec, err = current(t, b.ID, a.key); err != nil || rec != nil && is(rec) {
		return b, k, rec, err
	}
	for p, err := range kv.Scan(t, kv.Prefix(versionsOf(b.ID, a.key))) {
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

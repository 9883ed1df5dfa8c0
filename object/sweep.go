package object

import (
	"context"
	"errors"

	"myfsio/blob"
	"myfsio/kv"
)

func runningKey() []byte { return append(row(tSchema, 7), "running"...) }

// Begin marks the store as running and reports whether the last run ended without End: then Sweep has work to do
// and the plain-file view is to be looked through.
func (s *Store) Begin(ctx context.Context) (crashed bool, err error) {
	err = s.update(ctx, func(t *txn) error {
		_, err := t.Get(runningKey())
		if crashed = err == nil; ignoreAbsent(err) != nil {
			return err
		}
		t.Put(runningKey(), []byte{1})
		return nil
	})
	return crashed, err
}

// End marks an orderly end.
func (s *Store) End(ctx context.Context) error {
	return s.update(ctx, func(t *txn) error {
		t.Delete(runningKey())
		return nil
	})
}

// Sweep removes the blobs that Strays finds. pace is called after each blob that is looked at. It returns how many it removed.
func (s *Store) Sweep(ctx context.Context, before blob.ID, pace func() error) (removed int, err error) {
	err = s.Strays(ctx, before, pace, func(i blob.Info) error {
		if err := s.blobs.Remove(ctx, i.ID); err != nil {
			return internal(err, "remove")
		}
		removed++
		return nil
	})
	return removed, err
}

// maxStrays bounds how many blobs are suspected at once; each such lot costs a look at all records.
const maxStrays = 100_000

// Strays calls found for each blob older than before (an id made when this process began) that no record refers to and that is not queued for reclaim:
// what a crash left of writes. That a blob has no reference row makes it suspect only: where there are such, all versions, parts,
// manifests and annotations are asked. Where one of them cannot be read the error is of kind Corrupted, and no blob is a stray. pace is called after each blob and
// row that is looked at.
func (s *Store) Strays(ctx context.Context, before blob.ID, pace func() error, found func(blob.Info) error) error {
	suspects := map[blob.ID]blob.Info{}
	for info, err := range s.blobs.List(ctx, blob.ID{}) {
		if err != nil {
			return internal(err, "list blobs")
		}
		if err := pace(); err != nil {
			return err
		}
		if stamp(info.ID) >= stamp(before) {
			continue
		}
		known, err := s.referred(ctx, info.ID)
		if err != nil {
			return err
		}
		if !known {
			suspects[info.ID] = info
		}
		if len(suspects) == maxStrays {
			if err := s.eachStray(ctx, suspects, pace, found); err != nil {
				return err
			}
			clear(suspects)
		}
	}
	return s.eachStray(ctx, suspects, pace, found)
}

// eachStray calls found for the suspects that are strays. The queue is read after the rows that refer to the blobs: what was given up
// meanwhile is in it, perhaps not yet durably and perhaps with a reader, and is for Reclaim to remove.
func (s *Store) eachStray(ctx context.Context, suspects map[blob.ID]blob.Info, pace func() error, found func(blob.Info) error) error {
	if len(suspects) == 0 {
		return nil
	}
	if err := s.acquit(ctx, suspects, pace); err != nil {
		return err
	}
	queued, err := s.queuedBlobs(ctx)
	if err != nil {
		return err
	}
	for b, info := range suspects {
		if queued[b] {
			continue
		}
		if err := found(info); err != nil {
			return err
		}
	}
	return nil
}

// acquit takes the blobs off the suspects that a record uses, in one state of the metadata.
func (s *Store) acquit(ctx context.Context, suspects map[blob.ID]blob.Info, pace func() error) error {
	return s.viewDB(ctx, func(r kv.Reader) error {
		for _, table := range []byte{tCurrent, tVersion, tManifest, tTail, tPart, tAnnotation} {
			for p, err := range kv.Scan(r, kv.Prefix([]byte{table})) {
				if err == nil {
					err = pace()
				}
				if err != nil {
					return err
				}
				if err := eachBlob(table, p.Value, func(b blob.ID) { delete(suspects, b) }); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// eachBlob calls fn for the blobs that a row names.
func eachBlob(table byte, value []byte, fn func(blob.ID)) error {
	switch table {
	case tManifest:
		var m manifest
		if err := m.decode(value); err != nil {
			return err
		}
		for _, x := range m.extents {
			fn(x.blob)
		}
	case tPart, tTail:
		var p partRecord
		if err := p.decode(value); err != nil {
			return err
		}
		fn(p.at.blob)
		for _, l := range p.left {
			fn(l)
		}
	case tAnnotation:
		var a annotationRecord
		if err := a.decode(value); err != nil {
			return err
		}
		if a.body.kind == bodyBlob {
			fn(a.body.id)
		}
	default:
		var rec versionRecord
		if err := rec.decode(value); err != nil {
			return err
		}
		if rec.body.kind == bodyBlob || rec.flags&flagAppended != 0 { // which pieces of a body lie in without saying so
			fn(rec.body.id)
		}
	}
	return nil
}

// queuedBlobs returns the blobs that wait for Reclaim.
func (s *Store) queuedBlobs(ctx context.Context) (map[blob.ID]bool, error) {
	queued := map[blob.ID]bool{}
	for mark, n := (Mark{}), 1; n > 0; {
		n = 0
		err := s.queue(ctx, tReclaim, mark, 1000, func(at Mark, v []byte) error {
			mark = at
			n++
			for ; len(v) >= 16; v = v[16:] {
				queued[blob.ID(v[:16])] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return queued, nil
}

// referred reports whether a row refers to the blob.
func (s *Store) referred(ctx context.Context, b blob.ID) (ok bool, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) error {
		_, err := r.Get(idKey(tRef, b))
		if ok = err == nil; errors.Is(err, kv.ErrNotFound) {
			return nil
		}
		return err
	})
	return ok, err
}

// NewMark returns an id greater than all this store gave out before.
func (s *Store) NewMark() Mark { return s.newID() }

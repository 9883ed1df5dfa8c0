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

// Sweep removes the blobs that a crash left: those older than before (an id made when this process began) that no row refers to
// and that are not queued for reclaim. pace is called after each blob. It returns how many it removed.
func (s *Store) Sweep(ctx context.Context, before blob.ID, pace func() error) (removed int, err error) {
	const batch = 1000
	var strays []blob.ID
	for info, err := range s.blobs.List(ctx, blob.ID{}) {
		if err != nil {
			return removed, internal(err, "list blobs")
		}
		if err := pace(); err != nil {
			return removed, err
		}
		if stamp(info.ID) >= stamp(before) {
			continue
		}
		known, err := s.referred(ctx, info.ID)
		if err != nil {
			return removed, err
		}
		if !known {
			strays = append(strays, info.ID)
		}
		if len(strays) == batch {
			n, err := s.removeStrays(ctx, strays)
			if removed += n; err != nil {
				return removed, err
			}
			strays = strays[:0]
		}
	}
	n, err := s.removeStrays(ctx, strays)
	return removed + n, err
}

// removeStrays removes the blobs that are not queued. The queue is read after the rows that refer to the blobs: what was given up
// meanwhile is in it, perhaps not yet durably and perhaps with a reader, and is for Reclaim to remove.
func (s *Store) removeStrays(ctx context.Context, strays []blob.ID) (removed int, err error) {
	if len(strays) == 0 {
		return 0, nil
	}
	queued, err := s.queuedBlobs(ctx)
	if err != nil {
		return 0, err
	}
	for _, b := range strays {
		if queued[b] {
			continue
		}
		if err := s.blobs.Remove(ctx, b); err != nil {
			return removed, internal(err, "remove")
		}
		removed++
	}
	return removed, nil
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

package object

import (
	"context"
	"errors"
	"slices"
	"sync"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/kv"
)

// Examined names a version whose stored bytes somebody read: what he found is true of the version with this stamp, and of no other.
type Examined struct {
	Bucket, Key, VersionID string
	Stamp                  [16]byte // of Version.Stamp; not zero
}

// Examined is v as something that was examined.
func (v *Version) Examined() Examined { return Examined{v.Bucket, v.Key, v.VersionID, v.Stamp} }

// errPoisoned is what readers of a poisoned version get.
func errPoisoned() error {
	return fault.New(fault.Corrupted, "The stored bytes of the object are not those that were written. Restore the object from a backup, or write it again.")
}

// Poison marks a version whose stored bytes are not those that were written. From then on nobody can read it, copy it or ask for its description by
// Open, whatever its bytes look like: the error is of kind Corrupted. Listings show it; it can be deleted as far as Object Lock allows, and
// replaced. The mark is durable when Poison returns. Where another version has the name by now, nothing happens, and the error is of
// kind ConditionalConflict, NoSuchKey, NoSuchVersion or NoSuchBucket.
func (s *Store) Poison(ctx context.Context, e Examined) error {
	return s.mark(ctx, e, func(_ *txn, rec *versionRecord) error { rec.flags |= flagPoison; return nil })
}

// Cure takes the mark of Poison away from a version whose bytes are good again. Its errors are those of Poison.
func (s *Store) Cure(ctx context.Context, e Examined) error {
	return s.mark(ctx, e, func(_ *txn, rec *versionRecord) error { rec.flags &^= flagPoison; return nil })
}

// MendInline puts other stored bytes in the place of those of a poisoned version that lie in the metadata, which stays poisoned: whoever calls
// it verifies them and calls Cure. They must have the length that the version's bytes have as they are stored. Its errors are those of Poison.
func (s *Store) MendInline(ctx context.Context, e Examined, stored []byte) error {
	return s.mark(ctx, e, func(t *txn, rec *versionRecord) error {
		if !rec.poisoned() || rec.body.kind != bodyInline || int64(len(stored)) != rec.sealed().stored(rec.size) {
			return fault.New(fault.ConditionalConflict, "There is nothing to mend.")
		}
		t.Put(idKey(tInline, rec.body.id), stored)
		return nil
	})
}

// mark changes the record of the version that was examined, and of no other.
func (s *Store) mark(ctx context.Context, e Examined, change func(*txn, *versionRecord) error) error {
	_, err := s.amend(ctx, e.Bucket, e.Key, e.VersionID, func(t *txn, b *Bucket, rec *versionRecord) error {
		if rec.id != e.Stamp {
			return fault.New(fault.ConditionalConflict, "The object was replaced meanwhile.")
		}
		if cur, err := current(t, b.ID, e.Key); err == nil && cur != nil && cur.id == rec.id {
			t.show(b, e.Key) // what is poisoned has no file made for it, what is cured has
		}
		return change(t, rec)
	})
	return err
}

// suspects are versions that readers could not read.
type suspects struct {
	mu   sync.Mutex
	list []Examined
}

// maxSuspects bounds how many versions wait to be examined; the scans find what is beyond.
const maxSuspects = 1000

func (s *Store) suspect(e Examined) {
	s.suspects.mu.Lock()
	defer s.suspects.mu.Unlock()
	if len(s.suspects.list) < maxSuspects && !slices.Contains(s.suspects.list, e) {
		s.suspects.list = append(s.suspects.list, e)
		s.log.Error("the stored bytes of an object are damaged", "bucket", e.Bucket, "key", e.Key, "version", e.VersionID)
		wake(s.signals.Suspects)
	}
}

// Suspects returns the versions, at most 1000, that a reader could not read since the last call, because their bytes are gone or are not those that were
// written. Nothing was done about them.
func (s *Store) Suspects() []Examined {
	s.suspects.mu.Lock()
	defer s.suspects.mu.Unlock()
	out := s.suspects.list
	s.suspects.list = nil
	return out
}

// Bodies tells where the bytes of a version are stored.
type Bodies struct {
	Inline []byte    // as they are stored; nil when they are not in the metadata, or gone from it
	Pieces []Piece   // in the order of the bytes
	Blobs  []blob.ID // of the pieces, each once; none for an inline or empty body
}

// Bodies returns where the bytes of a version are. The error is of kind Corrupted when the list of its parts is gone, else as of Poison.
func (s *Store) Bodies(ctx context.Context, e Examined) (out Bodies, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) error {
		out = Bodies{}
		_, rec, _, err := lookup(r, e.Bucket, e.Key, e.VersionID)
		if err != nil {
			return err
		}
		if rec.id != e.Stamp {
			return fault.New(fault.ConditionalConflict, "The object was replaced meanwhile.")
		}
		return out.load(r, rec)
	})
	return out, err
}

func (o *Bodies) load(r kv.Reader, rec *versionRecord) (err error) {
	var m manifest
	if rec.flags&flagParts != 0 {
		if m, err = getManifest(r, rec.body.id); errors.Is(err, kv.ErrNotFound) {
			return errMissing(err)
		} else if err != nil {
			return err
		}
	}
	o.Pieces = rec.pieces(&m)
	switch rec.body.kind {
	case bodyInline:
		v, err := r.Get(idKey(tInline, rec.body.id))
		if ignoreAbsent(err) != nil {
			return err
		}
		o.Inline = append(o.Inline, v...)
	case bodyBlob:
		o.Blobs = []blob.ID{rec.body.id}
	case bodyParts:
		o.Blobs = m.blobs(nil)
	}
	return nil
}

// At returns the blob that the next byte of the reader comes from; the zero ID for bytes in the metadata, and at the end. A Read gives bytes of
// one blob only.
func (r *Reader) At() blob.ID {
	switch {
	case r.left == 0 || r.inline != nil:
		return blob.ID{}
	case r.sealed != nil && len(r.sealed.streams) > 0:
		return r.sealed.streams[0].at.blob
	case len(r.extents) > 0:
		return r.extents[0].blob
	}
	return blob.ID{}
}

package object

import (
	"context"
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

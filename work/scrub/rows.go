package scrub

import (
	"context"
	"errors"

	"myfsio/blob"
	"myfsio/object"
)

// rows verifies the records of the bucket.
func (r *run) rows(ctx context.Context) error {
	_, err := r.Store.Audit(ctx, r.at.Bucket, object.CheckOptions{
		Repair: r.heals(), Step: func() { r.pace.Yield(ctx) },
		Report: func(p object.Problem) {
			i := Issue{Type: Damaged, Bucket: p.Bucket, Key: p.Key, Detail: p.Detail, Healed: p.Fixed}
			switch p.Kind {
			case object.ProblemLost: // the look at the bytes tells
				return
			case object.ProblemMissing:
				i.Type = Row
			case object.ProblemCounter:
				i.Type = Counter
			}
			if i.Action = "none: run myfsio fsck"; p.Fixed {
				i.Action = "made anew"
			}
			r.found(i)
		},
	})
	return err
}

// unowned finds bodies whose records are lost.
func (r *run) unowned(ctx context.Context) error {
	for after, more := (blob.ID{}), true; more; {
		list, last, again, err := r.Store.Unowned(ctx, after, object.MaxListKeys)
		if err != nil {
			return err
		}
		for _, u := range list {
			r.pace.Yield(ctx)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.orphan(ctx, u)
		}
		after, more = last, again
	}
	return nil
}

// orphan deals with a body that no record has. It goes to quarantine, as its key is known, and nothing else of the object.
func (r *run) orphan(ctx context.Context, u object.Unowned) {
	const detail = "the record of the version that the bytes belonged to is lost"
	i := Issue{Type: Unowned, Bucket: u.Bucket, Key: u.Key, Detail: detail + ": blob " + u.Blob.String()}
	b, err := r.Blobs.Open(ctx, u.Blob)
	switch {
	case errors.Is(err, blob.ErrNotFound): // lost as well
	case err != nil:
		r.fail(u.Bucket, u.Key, err)
		return
	default:
		b.Close()
	}
	if r.heals() {
		done, err := r.disown(ctx, u, detail)
		if err = ignoreGone(err); err != nil {
			r.fail(u.Bucket, u.Key, err)
		} else if !done {
			return
		}
		i.Action, i.Healed = "quarantined", done
	}
	r.found(i)
}

func (r *run) disown(ctx context.Context, u object.Unowned, detail string) (bool, error) {
	v := object.Version{Bucket: u.Bucket, Key: u.Key}
	err := r.quarantine(&v, u.Blob.String(), detail, func(path string) error { return r.keep(ctx, u.Blob, path) })
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		return false, err
	}
	done, err := r.Store.Disown(ctx, u)
	if err != nil || !done {
		return false, err
	}
	r.Quarantined++
	return true, r.Blobs.Remove(ctx, u.Blob)
}

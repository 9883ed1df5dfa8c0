// Package reclaim frees the space of what was deleted or replaced. A commit that gives blobs up queues
// them; reclaim removes them, group by group. A group whose blobs are being read stays until the next round.
// After a crash it also sweeps the blobs that unfinished writes left.
package reclaim

import (
	"context"
	"log/slog"
	"time"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/work"
)

// Config is what the worker needs.
type Config struct {
	Store *object.Store
	// Crashed says that the last run did not end orderly: a sweep comes first.
	Crashed bool
	Log     *slog.Logger
}

const (
	groups = 256              // removed in one step
	idle   = 10 * time.Second // how long a group that was being read waits at most
)

type reclaimer struct {
	Config
	at    object.Mark
	sweep bool
	born  object.Mark // blobs made before it are of earlier runs
}

// New makes the worker.
func New(c Config) *work.Worker {
	r := &reclaimer{Config: c, sweep: c.Crashed, born: c.Store.NewMark()}
	return &work.Worker{Name: "reclaim", Step: r.step, Wake: c.Store.Signals().Reclaim, Idle: idle, Log: c.Log}
}

func (r *reclaimer) step(ctx context.Context) (more bool, err error) {
	if r.sweep {
		n, err := r.Store.Sweep(ctx, r.born, ctx.Err)
		if fault.Is(err, fault.Corrupted) { // it stays so until somebody repairs it; the collection of garbage looks again
			r.sweep = false
			r.Log.Error("the bodies of writes that a crash cut off stay: some record cannot be read; run myfsio fsck", "error", err)
			return true, nil
		}
		if err != nil {
			return false, err
		}
		r.sweep = false
		r.Log.Info("the bodies of writes that a crash cut off are removed", "blobs", n)
	}
	if err := r.forget(ctx); err != nil {
		return false, err
	}
	at, n, err := r.Store.Reclaim(ctx, r.at, groups)
	if err != nil {
		return false, err
	}
	if r.at = at; n < groups {
		r.at = object.Mark{} // groups that were pinned are looked at again next time
		return false, nil
	}
	return true, nil
}

// forget removes the annotations of versions that are gone; their blobs are queued for what comes then.
func (r *reclaimer) forget(ctx context.Context) error {
	for at, done := (object.Mark{}), false; !done; {
		var err error
		if at, done, err = r.Store.ForgetAnnotations(ctx, at); err != nil {
			return err
		}
	}
	return nil
}

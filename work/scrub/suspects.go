package scrub

import (
	"context"
	"log/slog"
	"time"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/work"
)

const suspectsIdle = time.Hour // there is a signal

// Suspects makes the worker that examines the versions that a reader could not read, whether or not there are scans: those whose bytes are rotten for
// certain are marked, so that nobody reads them. It moves nothing and heals nothing; a scan does. Of the configuration it uses Store, Blobs, Tree, BytesPerSecond, Load and Log.
func Suspects(config Config) *work.Worker {
	if config.BytesPerSecond == 0 {
		config.BytesPerSecond = DefaultRate
	}
	s := config.Store
	return &work.Worker{Name: "suspects", Wake: s.Signals().Suspects, Idle: suspectsIdle, Log: config.Log, Step: func(ctx context.Context) (bool, error) {
		for _, e := range s.Suspects() {
			r := &run{Scrubber: &Scrubber{Config: config}, pace: work.Pace{Load: config.Load}}
			if err := r.examine(ctx, e); err != nil {
				config.Log.Error("a version that could not be read cannot be examined", "bucket", e.Bucket, "key", e.Key, "version", e.VersionID, "error", err)
			}
		}
		return false, ctx.Err()
	}}
}

// examine reads a version twice, and marks it when it is rotten both times.
func (r *run) examine(ctx context.Context, e object.Examined) error {
	v, err := r.Store.Describe(ctx, e.Bucket, e.Key, e.VersionID)
	if err != nil || v.Stamp != e.Stamp || v.Poisoned {
		return ignoreGone(err)
	}
	first := r.verify(ctx, &v)
	if first.state != rotten {
		return first.err
	}
	second := r.verify(ctx, &v)
	if second.state != rotten || second.sum != first.sum {
		return second.err
	}
	b, err := r.Store.Bodies(ctx, e)
	if err != nil || r.editedInPlace(ctx, &v, &second, &b) { // a person's work is for adoption
		return nil
	}
	err = r.Store.Poison(ctx, e)
	if fault.Is(err, fault.ConditionalConflict) {
		err = nil
	}
	if err == nil {
		r.Log.Error("the object is marked as damaged: restore it from a backup, or write it again", slog.String("bucket", e.Bucket), slog.String("key", e.Key),
			slog.String("version", e.VersionID), slog.String("detail", second.detail))
	}
	return ignoreGone(err)
}

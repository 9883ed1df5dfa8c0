package rewrap

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"myfsio/object"
	"myfsio/work"
)

// Report is what came of a run.
type Report struct {
	Rewrapped int64 `json:"envelopes_rewrapped"` // in a dry run: to be
	Failed    int64 `json:"envelopes_failed"`    // that cannot be unwrapped: their master key is missing, or they are damaged
	KMS       bool  `json:"kms_rewrapped"`       // the keys of the KMS moved, too
	Resumed   bool  `json:"resumed"`             // it went on where an earlier run ended
	Stopped   bool  `json:"stopped"`             // by an administrator, or the end of the server
	Complete  bool  `json:"complete"`            // the walk reached the end of the last bucket
	// Found is what the walk found so far, that of the runs that it goes on from included.
	Found         Count    `json:"found"`
	Errors        []string `json:"errors"`
	ExecutionTime float64  `json:"execution_time_seconds"`
}

const (
	maxErrors = 50
	saveEvery = time.Second // a crash repeats no more than this, which does no harm
)

// run is one run.
type run struct {
	*Rewrapper
	Report
	ask   work.Ask
	tell  func(Report)
	pace  work.Pace
	began time.Time
	saved time.Time
	at    walk
}

// Run is the work of a work.Job. A dry run begins at the start, leaves everything as it is, and tells what would be done; so does Full begin.
func (r *Rewrapper) Run(ctx context.Context, ask work.Ask, tell func(Report)) Report {
	ctx, done := r.stoppable(ctx)
	defer done()
	x := &run{Rewrapper: r, ask: ask, tell: tell, pace: work.Pace{Load: r.Load}, began: r.Now(), saved: r.Now()}
	x.Errors = []string{}
	err := x.do(ctx)
	x.Stopped = errors.Is(err, errStopped)
	if err != nil && !x.Stopped {
		x.fail("", err)
	}
	r.Log.Info("envelopes re-wrapped", "dry run", ask.DryRun, "master key", x.at.MasterKey, "records", x.at.Rows, "re-wrapped", x.Rewrapped, "failed", x.Failed,
		"complete", x.Complete, "errors", len(x.Errors))
	return x.progress()
}

func (x *run) do(ctx context.Context) (err error) {
	if err := x.begin(); err != nil {
		return err
	}
	if x.KMS, err = x.followKMS(x.ask.DryRun); err != nil {
		x.fail("", err) // the objects do not wait for it
	}
	err = x.walk(ctx)
	if x.Complete {
		x.at.Ended = float64(x.Now().UnixMilli()) / 1000
	}
	if x.ask.DryRun {
		return err
	}
	if !x.Complete {
		at := x.at
		return errors.Join(err, x.save(&at, nil))
	}
	last := x.at.Count
	return errors.Join(err, x.save(nil, &last))
}

// begin stands where the last run ended, or at the start.
func (x *run) begin() error {
	id, err := x.current()
	if err != nil {
		return err
	}
	if changed, err := x.Masters.Changed(); err != nil || changed && !x.ask.DryRun {
		return cmp.Or(err, errRestart)
	}
	x.at = walk{Count: Count{MasterKey: id, Keys: []Use{}}}
	if w := x.docs.Get().Walk; w != nil && w.MasterKey == id && !x.ask.Full && !x.ask.DryRun {
		x.at, x.Resumed = *w, true
		x.at.Keys = slices.Clone(w.Keys)
	}
	return nil
}

// walk goes through the buckets. A bucket that is made meanwhile has no envelope under a former key.
func (x *run) walk(ctx context.Context) error {
	for {
		if x.at.Bucket == "" || x.at.Done {
			page, err := x.Store.ListBuckets(ctx, object.ListBuckets{After: x.at.Bucket, Max: 1})
			if err != nil {
				return stopped(ctx, err)
			}
			if len(page.Buckets) == 0 {
				x.Complete = true
				return nil
			}
			x.at.Bucket, x.at.Done, x.at.Uploads, x.at.Key, x.at.ID = page.Buckets[0].Name, false, false, "", ""
		}
		if err := x.bucket(ctx); err != nil {
			return stopped(ctx, err)
		}
		x.at.Done = true
	}
}

// stopped tells the end of a run from a failure.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errStopped
	}
	return err
}

// bucket goes through the uploads and versions of one bucket.
func (x *run) bucket(ctx context.Context) error {
	for {
		req := object.Rewrap{Bucket: x.at.Bucket, Uploads: !x.at.Uploads, AfterKey: x.at.Key, Max: x.Page, DryRun: x.ask.DryRun}
		if b, err := hex.DecodeString(x.at.ID); err == nil && len(b) == len(req.AfterID) {
			req.AfterID = [16]byte(b)
		}
		page, err := x.Store.Rewrap(ctx, req)
		if err != nil {
			return fmt.Errorf("%s: %w", x.at.Bucket, err)
		}
		x.took(&page)
		switch {
		case page.More:
			x.at.Key, x.at.ID = page.AfterKey, hex.EncodeToString(page.AfterID[:])
		case !x.at.Uploads:
			x.at.Uploads, x.at.Key, x.at.ID = true, "", ""
		default:
			return nil
		}
		if err := x.rest(ctx); err != nil {
			return err
		}
	}
}

// took adds what came of a page.
func (x *run) took(page *object.Rewrapped) {
	x.Rewrapped += page.Rewrapped
	x.Failed += page.Failed
	x.at.Rows += int64(page.Rows)
	x.at.Damaged += page.Damaged
	for w, n := range page.Envelopes {
		x.at.add(w, n)
	}
	if page.Err != nil {
		x.fail(x.at.Bucket, page.Err)
	}
}

// rest is between two pages: requests go first, and now and then the place is kept.
func (x *run) rest(ctx context.Context) error {
	x.pace.Yield(ctx)
	if ctx.Err() != nil {
		return errStopped
	}
	if now := x.Now(); now.Sub(x.saved) >= saveEvery {
		x.saved = now
		x.progress()
		if !x.ask.DryRun {
			at := x.at
			at.Keys = slices.Clone(at.Keys)
			return x.save(&at, nil)
		}
	}
	return nil
}

func (x *run) fail(bucket string, err error) {
	x.Log.Error("re-wrapping", "bucket", bucket, "error", err)
	if text := fmt.Sprintf("%s: %v", bucket, err); len(x.Errors) < maxErrors && !slices.Contains(x.Errors, text) {
		x.Errors = append(x.Errors, text)
	}
}

// progress tells of what was done so far.
func (x *run) progress() Report {
	x.ExecutionTime = x.Now().Sub(x.began).Seconds()
	out := x.Report
	out.Found = x.at.Count
	out.Found.Keys, out.Errors = slices.Clone(x.at.Keys), slices.Clone(x.Errors)
	x.tell(out)
	return out
}

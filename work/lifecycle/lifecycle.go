// Package lifecycle carries out the lifecycle rules of buckets (see the package of that name without work in front): it ends current versions,
// removes noncurrent ones and delete markers that nothing is left behind, and gives up uploads.
//
// # A run
//
// A run goes through the buckets that have rules, in the order of their names, and through the keys that the rules are about,
// in their order. Pages are bounded, and the work gives way to requests. Before each page the configuration of the bucket is read again: where it
// changed, the bucket begins anew with the rules there are now.
//
// What a rule is to end is ended through package object, by its stamp, and the rule is asked again inside the commit, about the
// version as it is there: one that was overwritten, tagged or locked in the meantime stays. Object Lock holds; nothing is
// bypassed. A version that a rule cannot end is counted and tried again in the next run.
//
// # Interruptions
//
// Where a run stands is kept in a file, every few seconds and at the end of the server. The next start goes on from there; doing a piece twice
// does no harm. The time of the next run counts from the begin of the last one, over restarts too.
//
// # Trying out
//
// A dry run walks in the same way and counts, and changes nothing. It works where lifecycles are off, too.
package lifecycle

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"myfsio/docstore"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/work"
)

// Store is the store of objects, as far as this package needs it; see [object.Store].
type Store interface {
	HeadBucket(ctx context.Context, name string) (object.Bucket, error)
	ListBuckets(ctx context.Context, req object.ListBuckets) (object.BucketPage, error)
	Config(ctx context.Context, bucket string, kind object.ConfigKind) ([]byte, error)
	ScanVersions(ctx context.Context, req object.ScanVersions) (object.VersionScan, error)
	Expire(ctx context.Context, bucket string, by object.Actor, list []object.Expiry) ([]object.Deleted, error)
	ListUploads(ctx context.Context, req object.ListUploads) (object.UploadPage, error)
	AbortUpload(ctx context.Context, req object.AbortUpload) error
}

// Config is what a Worker is made of. Store and Dir are needed.
type Config struct {
	Store Store
	// Dir is the server's own directory: state and histories are below it.
	Dir string
	// Enabled says that rules are carried out, every Interval.
	Enabled  bool
	Interval time.Duration
	// MaxHistory is how many runs are remembered for each bucket.
	MaxHistory int
	Load       *work.Load       // nil: the work gives way to nobody
	Log        *slog.Logger     // nil: none
	Now        func() time.Time // nil: time.Now
	// Done is told of each version and upload that a rule ended, after the commit. nil: nobody wants to know. The Ended is only valid during the call.
	Done func(context.Context, *Ended)
}

// Deed is what a rule did.
type Deed uint8

// The deeds.
const (
	Removed Deed = iota // a version, or a delete marker, is gone
	Marked              // a delete marker hides the object
	GivenUp             // an upload is gone
)

// Ended tells of a version or an upload that a rule ended.
type Ended struct {
	Deed                   Deed
	Bucket, Key, VersionID string // the version that is gone, or the marker that was made
	Size                   int64  // of the version that is gone, -1 where none is
}

// Request is a run that somebody asks for.
type Request struct {
	Bucket string // "" for all
	DryRun bool
}

// Worker carries rules out. Its methods may be called at the same time; Run once.
type Worker struct {
	cfg     Config
	state   *docstore.Store[state]
	history *History
	desk    *work.Desk[Request, []Execution]
	page    int // versions or uploads that are looked at in one step
	batch   int // versions that are ended in one commit

	mu      sync.Mutex
	running *run // nil when none is
}

// New makes a worker.
func New(cfg Config) (*Worker, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	st, err := docstore.Open(docstore.Options[state]{Path: filepath.Join(cfg.Dir, "config", "lifecycle_state.json"), Fresh: true, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	return &Worker{
		cfg: cfg, state: st, history: &History{dir: filepath.Join(cfg.Dir, "buckets"), max: cfg.MaxHistory, log: cfg.Log},
		desk: work.NewDesk[Request, []Execution](),
		page: 1000, batch: 250,
	}, nil
}

// History is what earlier runs did.
func (w *Worker) History() *History { return w.history }

// Run carries rules out until ctx ends.
func (w *Worker) Run(ctx context.Context) {
	failed := false
	next := func() (time.Duration, bool) { return w.wait(failed) }
	w.desk.Serve(ctx, w.once, next, func(ctx context.Context) {
		err := w.scheduled(ctx)
		if failed = err != nil && ctx.Err() == nil; failed {
			w.cfg.Log.Error("a run of the lifecycle rules failed and will be tried again", "error", err)
		}
	})
}

// retry is how long a run that failed as a whole waits.
const retry = 30 * time.Second

// wait is how long it is until the next run; false where there is none.
func (w *Worker) wait(failed bool) (time.Duration, bool) {
	wait := w.next().Sub(w.cfg.Now())
	if failed {
		wait = max(wait, retry)
	}
	return wait, w.cfg.Enabled
}

// next is when the next run begins: at once for one that was interrupted, otherwise an interval after the last one, or after now when
// there was none.
func (w *Worker) next() time.Time {
	st := w.state.Get()
	switch now := w.cfg.Now(); {
	case st.At != nil:
		return now
	case st.Started.IsZero() || st.Started.After(now):
		return now.Add(w.cfg.Interval)
	}
	return st.Started.Add(w.cfg.Interval)
}

// Start has a run carried out and waits for its end, but no longer than ctx: then the run goes on and the error is ctx's. A run
// that is not dry is refused where lifecycles are off (InvalidRequest), and each while another one is under way (InvalidState).
func (w *Worker) Start(ctx context.Context, req Request) ([]Execution, error) {
	if !req.DryRun && !w.cfg.Enabled {
		return nil, fault.New(fault.InvalidRequest, "Lifecycle rules are not carried out. Set LIFECYCLE_ENABLED=true and start the server again, or ask for a dry run.")
	}
	if req.Bucket != "" {
		if _, err := w.cfg.Store.HeadBucket(ctx, req.Bucket); err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	busy := w.running != nil
	w.mu.Unlock()
	if busy {
		return nil, fault.New(fault.InvalidState, "A run is under way. Try again when it has ended.")
	}
	return w.desk.Ask(ctx, req)
}

// Status tells of the worker.
type Status struct {
	Enabled  bool
	Interval time.Duration
	LastRun  time.Time // when the last scheduled run began; zero for none
	NextRun  time.Time // zero where there is none
	// Current is what the run under way did in its bucket so far, nil when there is no run; At is the key it stands at.
	Current *Execution
	At      string
}

// Status tells of the worker now.
func (w *Worker) Status() Status {
	s := Status{Enabled: w.cfg.Enabled, Interval: w.cfg.Interval, LastRun: w.state.Get().Started}
	w.mu.Lock()
	r := w.running
	w.mu.Unlock()
	if r != nil {
		s.Current, s.At = r.progress()
	} else if w.cfg.Enabled {
		s.NextRun = w.next()
	}
	return s
}

// begin makes a run the one under way.
func (w *Worker) begin(r *run) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = r
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.running = nil
	}
}

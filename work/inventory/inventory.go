// Package inventory writes the inventory reports of buckets: lists of their objects, as files in a bucket of the same owner. What a bucket
// asks for is in the package of that name without work in front.
//
// # A report
//
// The files of a report are named as S3 names them, behind the prefix of the destination:
//
//	<bucket>/<id>/data/<uuid>.csv.gz                   rows, or .parquet
//	<bucket>/<id>/hive/dt=2026-01-02-03-00/symlink.txt the URLs of the data files, a line each
//	<bucket>/<id>/2026-01-02T03-00Z/manifest.json      what the report is made of
//	<bucket>/<id>/2026-01-02T03-00Z/manifest.checksum  the MD5 of manifest.json in hexadecimal, written last
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
//
// A report is not a picture of one moment: it is read in pages of the index, each of which is consistent, and gives way to requests between
// them. Files are written as they are made; none is held in memory. A data file has up to a million rows. Everything belongs to the owner
// of the destination, which has to be that of the source when the report is written. When the source is made anew under its name in the
// meantime, or the configuration changes, the report is given up.
//
// # When
//
// At each full hour, UTC, the worker writes what is due: a report that was never written, a daily one on a new day, a weekly one on a new
// Sunday. One that fails is tried again at the next hour; what it wrote is removed.
//
// # Interruptions
//
// The names of the files under way are kept in a file before they are written. The next start removes them, and writes the
// report anew at once. A report whose manifest.checksum was written is complete and stays.
package inventory

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"myfsio/docstore"
	"myfsio/fault"
	settings "myfsio/inventory"
	"myfsio/object"
	"myfsio/work"
)

// Store is the store of objects, as far as this package needs it; see [object.Store].
type Store interface {
	HeadBucket(ctx context.Context, name string) (object.Bucket, error)
	ListBuckets(ctx context.Context, req object.ListBuckets) (object.BucketPage, error)
	Config(ctx context.Context, bucket string, kind object.ConfigKind) ([]byte, error)
	ScanVersions(ctx context.Context, req object.ScanVersions) (object.VersionScan, error)
	Put(ctx context.Context, req object.PutObject) (object.Version, error)
	Describe(ctx context.Context, bucket, key, version string) (object.Version, error)
	Delete(ctx context.Context, req object.DeleteObject) (object.Deleted, error)
}

// Config is what a Worker is made of. Store and Dir are needed.
type Config struct {
	Store Store
	Dir   string           // the server's own directory: the state is below it
	Load  *work.Load       // nil: the work gives way to nobody
	Log   *slog.Logger     // nil: none
	Now   func() time.Time // nil: time.Now
}

// Worker writes reports. Its methods may be called at the same time; Run once.
type Worker struct {
	cfg   Config
	state *docstore.Store[state]
	desk  *work.Desk[Request, []Report]

	page  int   // versions that are read in one step
	rows  int64 // of a data file
	bytes int64 // of a data file before compression, roughly

	mu      sync.Mutex
	current *Report // under way; nil when none is
}

// Bounds of a data file.
const (
	maxRows  = 1_000_000
	maxBytes = 1 << 30
)

// Request is a report that somebody asks for.
type Request struct {
	Bucket string
	ID     string // "" for all that the bucket has and that are enabled
}

// New makes a worker.
func New(cfg Config) (*Worker, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	st, err := docstore.Open(docstore.Options[state]{Path: filepath.Join(cfg.Dir, "config", "inventory_state.json"), Fresh: true, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	return &Worker{cfg: cfg, state: st, desk: work.NewDesk[Request, []Report](), page: 1000, rows: maxRows, bytes: maxBytes}, nil
}

// retry is how long a pass that failed as a whole waits.
const retry = 30 * time.Second

// Run writes reports until ctx ends.
func (w *Worker) Run(ctx context.Context) {
	due := w.cfg.Now()
	if w.state.Get().Pending == nil {
		due = nextHour(due)
	}
	next := func() (time.Duration, bool) { return due.Sub(w.cfg.Now()), true }
	w.desk.Serve(ctx, w.asked, next, func(ctx context.Context) {
		due = nextHour(w.cfg.Now())
		if err := w.all(ctx); err != nil && ctx.Err() == nil {
			w.cfg.Log.Error("inventory reports failed and will be tried again", "error", err)
			due = w.cfg.Now().Add(retry)
		}
	})
}

func nextHour(t time.Time) time.Time { return t.Truncate(time.Hour).Add(time.Hour) }

// Start has reports written and waits for their end, but no longer than ctx: then the work goes on and the error is ctx's. It is refused
// while a report is under way (InvalidState).
func (w *Worker) Start(ctx context.Context, req Request) ([]Report, error) {
	if _, err := w.chosen(ctx, req); err != nil {
		return nil, err
	}
	if w.Status().Current != nil {
		return nil, fault.New(fault.InvalidState, "A report is under way. Try again when it has ended.")
	}
	return w.desk.Ask(ctx, req)
}

// chosen returns the configurations that a request is about.
func (w *Worker) chosen(ctx context.Context, req Request) ([]settings.Config, error) {
	set, err := w.set(ctx, req.Bucket)
	if err != nil {
		return nil, err
	}
	if req.ID != "" {
		c, err := set.Get(req.ID)
		switch {
		case err != nil:
			return nil, err
		case !c.Enabled:
			return nil, fault.New(fault.InvalidRequest, "The inventory configuration is not enabled.")
		}
		return []settings.Config{*c}, nil
	}
	var list []settings.Config
	for _, c := range set.Configs {
		if c.Enabled {
			list = append(list, c)
		}
	}
	return list, nil
}

// set reads the configurations of a bucket.
func (w *Worker) set(ctx context.Context, bucket string) (*settings.Set, error) {
	doc, err := w.cfg.Store.Config(ctx, bucket, object.ConfigInventory)
	if fault.Is(err, fault.NoSuchConfig) {
		return &settings.Set{}, nil
	}
	if err != nil {
		return nil, err
	}
	return settings.ParseSet(doc)
}

// Status tells of the worker.
type Status struct {
	Current *Report   // under way, with what was done so far; nil when there is none
	NextRun time.Time // when it looks for what is due
	Reports []Report  // the last one of each configuration, ordered by bucket and id
}

// Status tells of the worker now.
func (w *Worker) Status() Status {
	s := Status{NextRun: nextHour(w.cfg.Now()).UTC(), Reports: w.state.Get().list()}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current != nil {
		r := *w.current
		s.Current = &r
	}
	return s
}

// tell sets what is under way, nil for nothing.
func (w *Worker) tell(r *Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = nil
	if r != nil {
		c := *r
		w.current = &c
	}
}

package scrub

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"myfsio/blob"
	"myfsio/docstore"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/view"
	"myfsio/work"
)

// Config is what a Scrubber needs.
type Config struct {
	Store *object.Store
	Blobs blob.Store
	Tree  *view.Tree // nil: there are no plain files
	// Show makes the file of a key what it must be; nil without Tree.
	Show func(ctx context.Context, bucket, key string) error
	// Flush makes the changes of plain files that are queued, durably; nil without Tree, or where nobody makes them.
	Flush func(ctx context.Context) error

	Quarantine string // directory, made when it is needed
	Cursor     string // file that notes where a run ended
	Batch      int    // versions and files of one run
	// BytesPerSecond bounds the reading; 0 means DefaultRate.
	BytesPerSecond int64
	// Settle is how long a file must have been still before it is judged; 0 means DefaultSettle.
	Settle time.Duration
	Load   *work.Load // gives way to requests; may be nil
	Log    *slog.Logger
	Now    func() time.Time // default time.Now
}

// Defaults of Config.
const (
	DefaultRate   = 64 << 20 // bytes per second
	DefaultSettle = time.Minute
)

// Scrubber verifies. Its Scrub runs once at a time.
type Scrubber struct {
	Config
	cursor *docstore.Store[cursor]
}

// cursor is where the last run ended. The zero cursor is the start.
type cursor struct {
	Bucket string `json:"bucket"` // "": behind the last one
	Files  bool   `json:"files"`  // all versions of the bucket were seen
	Key    string `json:"key"`    // behind it
	Stamp  string `json:"stamp"`  // behind this version of Key; "": behind all
}

// New makes a Scrubber.
func New(c Config) (*Scrubber, error) {
	if c.BytesPerSecond == 0 {
		c.BytesPerSecond = DefaultRate
	}
	if c.Settle == 0 {
		c.Settle = DefaultSettle
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	docs, err := docstore.Open(docstore.Options[cursor]{Path: c.Cursor, Fresh: true, Log: c.Log})
	return &Scrubber{Config: c, cursor: docs}, err
}

// Report is what came of a run. The members down to BucketsScanned are those of release 0.4.0; there are no caches of entity tags here and no
// older forms of metadata, so their counts are 0.
type Report struct {
	Corrupted      int64    `json:"corrupted_objects"`
	Orphaned       int64    `json:"orphaned_objects"`
	Phantom        int64    `json:"phantom_metadata"`
	StaleVersions  int64    `json:"stale_versions"`
	ETagCache      int64    `json:"etag_cache_inconsistencies"`
	LegacyMetadata int64    `json:"legacy_metadata_drifts"`
	Healed         int64    `json:"issues_healed"`
	Issues         []Issue  `json:"issues"` // at most maxIssues of each type, and maxListed
	Errors         []string `json:"errors"`
	ObjectsScanned int64    `json:"objects_scanned"` // versions
	BucketsScanned int64    `json:"buckets_scanned"`
	ExecutionTime  float64  `json:"execution_time_seconds"`

	FilesScanned   int64 `json:"files_scanned"`
	BytesScanned   int64 `json:"bytes_scanned"`
	Edited         int64 `json:"edited_files"`
	Missing        int64 `json:"missing_files"`
	DamagedRecords int64 `json:"damaged_records"`
	MissingRows    int64 `json:"missing_rows"`
	WrongCounters  int64 `json:"wrong_counters"`
	Unowned        int64 `json:"unowned_bodies"`
	Quarantined    int64 `json:"quarantined"`
	Unverified     int64 `json:"unverified_objects"` // encrypted with keys that the server does not have now
	Complete       bool  `json:"complete"`           // the run reached the end of the last bucket
}

// Issue is something that is wrong.
type Issue struct {
	Type      string `json:"issue_type"`
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"version_id,omitempty"`
	Detail    string `json:"detail"`
	Healed    bool   `json:"healed"`
	Action    string `json:"heal_action"`
}

// The types of issues.
const (
	Corrupted = "corrupted_object"
	Phantom   = "phantom_metadata"
	Stale     = "stale_version"
	Orphaned  = "orphaned_object"
	Edited    = "edited_file"
	Missing   = "missing_file"
	Damaged   = "damaged_record"
	Row       = "missing_row"
	Counter   = "wrong_counter"
	Unowned   = "unowned_body"
)

const (
	maxIssues = 100 // of one type, so that no type fills the report
	maxListed = 500 // of all types
	maxErrors = 50
)

// run is one run.
type run struct {
	*Scrubber
	Report
	ask      work.Ask
	tell     func(Report)
	pace     work.Pace
	began    time.Time
	left     int // of the batch
	at       cursor
	listed   map[string]int // issues of a type in the report
	suspects []suspect
	// quarantined says that the directory of quarantine is durable.
	quarantined bool
}

// Scrub is the work of a work.Job.
func (s *Scrubber) Scrub(ctx context.Context, ask work.Ask, tell func(Report)) Report {
	r := &run{Scrubber: s, ask: ask, tell: tell, pace: work.Pace{Load: s.Load}, began: s.Now(), left: s.Batch, listed: map[string]int{}}
	r.Issues, r.Errors = []Issue{}, []string{}
	if !ask.Full {
		r.at = *s.cursor.Get()
	}
	if err := r.walk(ctx); err != nil && ctx.Err() == nil {
		r.fail("", "", err)
	}
	r.judge(ctx)
	if !ask.Full {
		err := s.cursor.Update(func(c *cursor) error { *c = r.at; return nil })
		if err != nil {
			r.fail("", "", err)
		}
	}
	s.Log.Info("integrity scan", "dry run", ask.DryRun, "versions", r.ObjectsScanned, "files", r.FilesScanned, "bytes", r.BytesScanned, "corrupted", r.Report.Corrupted,
		"lost", r.Report.Phantom, "healed", r.Healed, "quarantined", r.Quarantined, "errors", len(r.Errors), "complete", r.Complete)
	return r.progress()
}

// progress tells of what was found so far.
func (r *run) progress() Report {
	r.ExecutionTime = r.Now().Sub(r.began).Seconds()
	out := r.Report
	out.Issues, out.Errors = append([]Issue{}, r.Issues...), append([]string{}, r.Errors...)
	r.tell(out)
	return out
}

func (r *run) fail(bucket, key string, err error) {
	r.Log.Error("integrity scan", "bucket", bucket, "key", key, "error", err)
	if len(r.Errors) < maxErrors {
		r.Errors = append(r.Errors, fmt.Sprintf("%s/%s: %v", bucket, key, err))
	}
}

// found notes an issue.
func (r *run) found(i Issue) {
	switch i.Type {
	case Corrupted:
		r.Report.Corrupted++
	case Phantom:
		r.Report.Phantom++
	case Stale:
		r.Report.StaleVersions++
	case Orphaned:
		r.Report.Orphaned++
	case Edited:
		r.Report.Edited++
	case Missing:
		r.Report.Missing++
	case Damaged:
		r.Report.DamagedRecords++
	case Row:
		r.Report.MissingRows++
	case Counter:
		r.Report.WrongCounters++
	case Unowned:
		r.Report.Unowned++
	}
	if i.Healed {
		r.Healed++
	}
	r.Log.Warn("integrity scan: "+i.Type, "bucket", i.Bucket, "key", i.Key, "version", i.VersionID, "detail", i.Detail, "action", i.Action)
	if r.listed[i.Type]++; r.listed[i.Type] <= maxIssues && len(r.Issues) < maxListed {
		r.Issues = append(r.Issues, i)
	}
}

// walk goes through the buckets from the cursor until the batch is done or the last bucket ends.
func (r *run) walk(ctx context.Context) error {
	for {
		if r.at.Bucket == "" || r.at.Stamp == endOfBucket {
			page, err := r.Store.ListBuckets(ctx, object.ListBuckets{After: r.at.Bucket, Max: 1})
			if err != nil {
				return err
			}
			if len(page.Buckets) == 0 {
				r.at, r.Complete = cursor{}, true
				return r.unowned(ctx)
			}
			r.at = cursor{Bucket: page.Buckets[0].Name}
		}
		r.BucketsScanned++
		err := r.bucket(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errBatch):
			return nil
		case err != nil && !fault.Is(err, fault.NoSuchBucket): // gone meanwhile; no bucket holds up the others
			r.fail(r.at.Bucket, r.at.Key, err)
		}
		r.at = cursor{Bucket: r.at.Bucket, Stamp: endOfBucket}
	}
}

// endOfBucket is the Stamp of a cursor behind all of its bucket.
const endOfBucket = "end"

// errBatch ends a run whose batch is done.
var errBatch = errors.New("scrub: the batch is done")

// bucket goes through one bucket from the cursor.
func (r *run) bucket(ctx context.Context) error {
	if !r.at.Files {
		if err := r.versions(ctx); err != nil {
			return err
		}
		if err := r.rows(ctx); err != nil {
			return err
		}
		r.at = cursor{Bucket: r.at.Bucket, Files: true}
	}
	if r.Tree == nil {
		return nil
	}
	return r.files(ctx)
}

// spend takes one from the batch.
func (r *run) spend(ctx context.Context) error {
	r.pace.Yield(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.left--; r.left < 0 && !r.ask.Full {
		return errBatch
	}
	return nil
}

// versions verifies the versions of the bucket.
func (r *run) versions(ctx context.Context) error {
	req := object.ScanVersions{Bucket: r.at.Bucket, AfterKey: r.at.Key, Max: object.MaxListKeys}
	if b, err := hex.DecodeString(r.at.Stamp); err == nil && len(b) == len(req.AfterStamp) {
		req.AfterStamp = [16]byte(b)
	}
	for {
		page, err := r.Store.ScanVersions(ctx, req)
		if err != nil {
			return err
		}
		for i := range page.Entries {
			if err := r.spend(ctx); err != nil {
				return err
			}
			e := &page.Entries[i]
			if err := r.passed(ctx, e.Key, r.version(ctx, &e.Version)); err != nil {
				return err
			}
			r.ObjectsScanned++
			r.at.Key, r.at.Stamp = e.Key, hex.EncodeToString(e.Stamp[:])
		}
		r.progress()
		if !page.More {
			return nil
		}
		req.AfterKey, req.AfterStamp = page.AfterKey, page.AfterStamp
	}
}

// passed notes an error about one key, which holds up no others, and returns those that end the run.
func (r *run) passed(ctx context.Context, key string, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, errBatch) {
		return err
	}
	r.fail(r.at.Bucket, key, err)
	return nil
}

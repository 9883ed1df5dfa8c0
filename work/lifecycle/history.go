package lifecycle

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"myfsio/docstore"
	"myfsio/fault"
	"myfsio/object"
)

// Execution is what one run did in a bucket.
type Execution struct {
	Timestamp float64  `json:"timestamp"` // when it began, in seconds since 1970
	Bucket    string   `json:"bucket_name"`
	DryRun    bool     `json:"dry_run,omitempty"` // then the numbers say what would have been done
	Objects   int64    `json:"objects_deleted"`   // current versions
	Versions  int64    `json:"versions_deleted"`  // noncurrent versions
	Markers   int64    `json:"delete_markers_removed"`
	Uploads   int64    `json:"uploads_aborted"`
	Protected int64    `json:"protected"` // versions that Object Lock keeps
	Errors    []string `json:"errors"`
	Seconds   float64  `json:"execution_time_seconds"`
}

// Something reports whether there is anything to tell.
func (x *Execution) Something() bool {
	return x.Objects+x.Versions+x.Markers+x.Uploads+x.Protected > 0 || len(x.Errors) > 0
}

// tell counts a version that was to be ended.
func (x *Execution) tell(e *object.Entry, err error) {
	switch {
	case fault.Is(err, fault.Locked):
		x.Protected++
	case fault.Is(err, fault.ConditionalConflict): // it changed, and is looked at again in the next run
	case err != nil:
		x.fail(err)
	case e.DeleteMarker:
		x.Markers++
	case e.Latest:
		x.Objects++
	default:
		x.Versions++
	}
}

func (x *Execution) fail(err error) { x.failf("%v", err) }

func (x *Execution) failf(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if len(x.Errors) < maxErrors && !slices.Contains(x.Errors, msg) {
		x.Errors = append(x.Errors, msg)
	}
}

func (x *Execution) finish(bucket string, began, ended time.Time, dry bool) {
	x.Bucket, x.DryRun, x.Timestamp = bucket, dry, float64(began.UnixMilli())/1000
	x.Seconds = float64(ended.Sub(began).Microseconds()) / 1e6
	if x.Errors == nil {
		x.Errors = []string{}
	}
}

// History is what runs did, in a file for each bucket: buckets/<bucket>/lifecycle_history.json, newest first. Its methods may be
// called at the same time.
type History struct {
	dir string
	max int
	log *slog.Logger
	mu  sync.Mutex
}

type historyFile struct {
	Executions []Execution `json:"executions"`
}

func (h *History) open(bucket string) (*docstore.Store[historyFile], error) {
	return docstore.Open(docstore.Options[historyFile]{Path: filepath.Join(h.dir, bucket, "lifecycle_history.json"), Fresh: true, Log: h.log})
}

func (h *History) add(x Execution) error {
	if h.max <= 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s, err := h.open(x.Bucket)
	if err != nil {
		return err
	}
	return s.Update(func(f *historyFile) error {
		f.Executions = slices.Insert(f.Executions, 0, x)
		f.Executions = f.Executions[:min(len(f.Executions), h.max)]
		return nil
	})
}

// List returns executions in a bucket that began at or after since, newest first; of "" those in all buckets. Since is for the runs in an
// earlier bucket of the same name.
func (h *History) List(bucket string, since time.Time) ([]Execution, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names := []string{bucket}
	if bucket == "" {
		dirs, err := os.ReadDir(h.dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		names = nil
		for _, d := range dirs {
			names = append(names, d.Name())
		}
	}
	out := []Execution{}
	for _, name := range names {
		s, err := h.open(name)
		if err != nil {
			return nil, err
		}
		for _, x := range s.Get().Executions {
			if x.Timestamp >= float64(since.UnixMilli())/1000 {
				out = append(out, x)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Execution) int {
		switch {
		case a.Timestamp > b.Timestamp:
			return -1
		case a.Timestamp < b.Timestamp:
			return 1
		}
		return 0
	})
	return out, nil
}

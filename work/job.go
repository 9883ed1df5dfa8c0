package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"myfsio/docstore"
	"myfsio/fault"
)

// Ask says how a job is to run.
type Ask struct {
	DryRun   bool `json:"dry_run"`             // change nothing
	AutoHeal bool `json:"auto_heal,omitempty"` // of integrity: mend what can be mended
	Full     bool `json:"full,omitempty"`      // of integrity: everything, not one batch
}

// JobOptions describe a Job. Do and History are needed.
type JobOptions[R any] struct {
	Name    string
	History string        // file that keeps the last Keep runs
	Every   time.Duration // between two scheduled runs; 0: only when somebody asks
	Ask     Ask           // of scheduled runs
	// Do does the work and returns what came of it, errors included. tell is given what came of it so far, from time to time. When ctx ends it
	// returns soon.
	Do  func(ctx context.Context, ask Ask, tell func(R)) R
	Log *slog.Logger
	Now func() time.Time // default time.Now
}

// Bounds of schedules and histories.
const (
	Keep      = 50 // runs that a history holds
	firstWait = 10 * time.Minute
)

// Job is work that is done as a whole, from time to time or when somebody asks, one run at a time, and never by a request itself, so that no
// time-out of a client or proxy ends it. Its methods may be called at the same time.
type Job[R any] struct {
	o    JobOptions[R]
	docs *docstore.Store[history[R]]
	asks chan *JobRun[R]

	mu      sync.Mutex
	running *JobRun[R] // nil: none
	serving bool       // Run is there to take what is asked for
}

// history is the file.
type history[R any] struct {
	Executions []Execution[R] `json:"executions"` // newest first
}

// Execution is a run of the history.
type Execution[R any] struct {
	Timestamp float64 `json:"timestamp"` // seconds since 1970, of its start
	Result    R       `json:"result"`
	Ask
	Interrupted bool `json:"interrupted,omitempty"` // by the end of the server
}

// NewJob opens the history. Nothing runs before Run.
func NewJob[R any](o JobOptions[R]) (*Job[R], error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	docs, err := docstore.Open(docstore.Options[history[R]]{Path: o.History, Fresh: true, Log: o.Log, Now: o.Now})
	if err != nil {
		return nil, err
	}
	return &Job[R]{o: o, docs: docs, asks: make(chan *JobRun[R], 1)}, nil
}

// JobRun is one run.
type JobRun[R any] struct {
	Ask     Ask
	Started time.Time
	done    chan struct{}

	mu     sync.Mutex
	result R
}

// Done is closed at the end of the run.
func (r *JobRun[R]) Done() <-chan struct{} { return r.done }

// Result is what came of the run so far, or in all when it is done.
func (r *JobRun[R]) Result() R {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result
}

func (r *JobRun[R]) tell(result R) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result = result
}

// Start starts a run and returns it; or the one that is running, and false.
func (j *Job[R]) Start(ask Ask) (run *JobRun[R], started bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.running != nil:
		return j.running, false, nil
	case !j.serving:
		return nil, false, fault.New(fault.Unavailable, "The server is starting or stopping.")
	}
	j.running = &JobRun[R]{Ask: ask, Started: j.o.Now(), done: make(chan struct{})}
	j.asks <- j.running // there is room: none was running
	return j.running, true, nil
}

// Running returns the run that is under way, nil when there is none.
func (j *Job[R]) Running() *JobRun[R] {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.running
}

// History returns up to limit runs behind the first offset ones, newest first.
func (j *Job[R]) History(limit, offset int) []Execution[R] {
	all := j.docs.Get().Executions
	all = all[min(max(offset, 0), len(all)):]
	return all[:min(max(limit, 0), len(all))]
}

// Run does the runs, scheduled ones and those that are asked for, until ctx ends.
func (j *Job[R]) Run(ctx context.Context) {
	j.mu.Lock()
	j.serving = true
	j.mu.Unlock()
	defer j.close()
	due := j.o.Now().Add(j.untilDue())
	next := func() (time.Duration, bool) { return due.Sub(j.o.Now()), j.o.Every > 0 }
	serve(ctx, j.asks, j.do, next, func(ctx context.Context) {
		due = j.o.Now().Add(j.o.Every)
		if r, started, err := j.Start(j.o.Ask); err == nil && started {
			<-j.asks
			j.do(ctx, r)
		}
	})
}

// untilDue is how long the first scheduled run waits: an interval from the last one on, also when the server was started in between.
func (j *Job[R]) untilDue() time.Duration {
	first := min(j.o.Every, firstWait)
	if last := j.History(1, 0); len(last) > 0 {
		ago := j.o.Now().Sub(time.UnixMilli(int64(last[0].Timestamp * 1000)))
		return min(max(j.o.Every-ago, first), j.o.Every)
	}
	return first
}

func (j *Job[R]) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.serving = false
	select {
	case r := <-j.asks: // too late
		close(r.done)
		j.running = nil
	default:
	}
}

// do does a run and notes it.
func (j *Job[R]) do(ctx context.Context, r *JobRun[R]) {
	result := j.o.Do(ctx, r.Ask, r.tell)
	r.tell(result)
	e := Execution[R]{Timestamp: float64(r.Started.UnixMilli()) / 1000, Result: result, Ask: r.Ask, Interrupted: ctx.Err() != nil}
	err := j.docs.Update(func(h *history[R]) error {
		h.Executions = append([]Execution[R]{e}, h.Executions[:min(len(h.Executions), Keep-1)]...)
		return nil
	})
	if err != nil {
		j.o.Log.Error("the history of a job cannot be written", "job", j.o.Name, "error", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.running = nil
	close(r.done)
}

package adminapi

import (
	"context"
	"strconv"
	"time"

	"myfsio/config"
	"myfsio/fault"
	"myfsio/work"
	"myfsio/work/reclaim"
	"myfsio/work/rewrap"
	"myfsio/work/scrub"
)

// Jobs is the background work that administrators look at and start. A nil one is off.
type Jobs struct {
	GC         *work.Job[reclaim.Collection]
	GCSettings config.GC

	Integrity         *work.Job[scrub.Report]
	IntegritySettings config.Integrity

	Rewrap    *work.Job[rewrap.Report] // whose work is that of Rewrapper
	Rewrapper *rewrap.Rewrapper
}

// patience is how long the answer to a start waits for the end. What takes longer is answered with what came of it so far: a client or
// proxy would not wait, and the run goes on by itself.
const patience = 10 * time.Second

// maxHistory is how much of a history may be asked for.
const maxHistory = 200

const defaultHistory = 50

func off(what, setting string) error {
	return fault.New(fault.InvalidRequest, "%s is off. Start the server with %s=true.", what, setting)
}

// state is what a status tells of the run under way.
type state[R any] struct {
	Running   bool     `json:"running"`
	StartedAt *float64 `json:"started_at,omitempty"` // seconds since 1970
	Progress  *R       `json:"progress,omitempty"`
}

func stateOf[R any](j *work.Job[R]) (s state[R]) {
	if r := j.Running(); r != nil {
		at, result := float64(r.Started.UnixMilli())/1000, r.Result()
		s = state[R]{true, &at, &result}
	}
	return s
}

// runJob starts a run and waits a while for its end.
func runJob[R any](ctx context.Context, j *work.Job[R], ask work.Ask, wait time.Duration) (answer, error) {
	r, started, err := j.Start(ask)
	if err != nil {
		return answer{}, err
	}
	if !started {
		return answer{}, fault.New(fault.InvalidState, "A run is under way. Its status tells how far it is.")
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-r.Done():
		return answer{body: r.Result()}, nil
	case <-ctx.Done(): // nobody waits; the run goes on
	case <-t.C:
	}
	return answer{status: 202, body: struct {
		Status string `json:"status"`
		state[R]
	}{"running", stateOf(j)}}, nil
}

// historyOf is the answer about the history of a job.
func historyOf[R any](c *call, j *work.Job[R]) (answer, error) {
	limit, err := c.number("limit", defaultHistory, 1, maxHistory)
	if err != nil {
		return answer{}, err
	}
	offset, err := c.number("offset", 0, 0, 1<<30)
	if err != nil {
		return answer{}, err
	}
	return answer{body: map[string]any{"executions": append([]work.Execution[R]{}, j.History(limit, offset)...)}}, nil
}

// number reads a number of the query.
func (c *call) number(name string, missing, lo, hi int) (int, error) {
	s := c.query.Get(name)
	if s == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi {
		return 0, invalid("%s must be a number from %d to %d.", name, lo, hi)
	}
	return n, nil
}

func gcStatus(h *Handler, _ context.Context, _ *call) (answer, error) {
	if h.cfg.Jobs.GC == nil {
		return answer{body: map[string]any{"enabled": false, "message": "Garbage collection is off. Start the server with GC_ENABLED=true."}}, nil
	}
	s := &h.cfg.Jobs.GCSettings
	return answer{body: struct {
		Enabled      bool    `json:"enabled"`
		Interval     float64 `json:"interval_hours"`
		TempAge      float64 `json:"temp_file_max_age_hours"`
		MultipartAge int     `json:"multipart_max_age_days"`
		LockAge      float64 `json:"lock_file_max_age_hours"`
		DryRun       bool    `json:"dry_run"`
		state[reclaim.Collection]
	}{true, s.IntervalHours, s.TempMaxAgeHours, s.MultipartAgeDays, s.LockMaxAgeHours, s.DryRun, stateOf(h.cfg.Jobs.GC)}}, nil
}

func gcRun(h *Handler, ctx context.Context, c *call) (answer, error) {
	if h.cfg.Jobs.GC == nil {
		return answer{}, off("Garbage collection", "GC_ENABLED")
	}
	in := struct {
		DryRun bool `json:"dry_run"`
	}{h.cfg.Jobs.GCSettings.DryRun}
	if err := c.readOptional(&in); err != nil {
		return answer{}, err
	}
	return runJob(ctx, h.cfg.Jobs.GC, work.Ask{DryRun: in.DryRun}, h.patience)
}

func gcHistory(h *Handler, _ context.Context, c *call) (answer, error) {
	if h.cfg.Jobs.GC == nil {
		return answer{body: map[string]any{"executions": []any{}}}, nil
	}
	return historyOf(c, h.cfg.Jobs.GC)
}

func integrityStatus(h *Handler, _ context.Context, _ *call) (answer, error) {
	if h.cfg.Jobs.Integrity == nil {
		return answer{body: map[string]any{"enabled": false, "message": "The integrity scanner is off. Start the server with INTEGRITY_ENABLED=true."}}, nil
	}
	s := &h.cfg.Jobs.IntegritySettings
	return answer{body: struct {
		Enabled  bool    `json:"enabled"`
		Interval float64 `json:"interval_hours"`
		Batch    int     `json:"batch_size"`
		AutoHeal bool    `json:"auto_heal"`
		DryRun   bool    `json:"dry_run"`
		state[scrub.Report]
	}{true, s.IntervalHours, s.BatchSize, s.AutoHeal, s.DryRun, stateOf(h.cfg.Jobs.Integrity)}}, nil
}

func integrityRun(h *Handler, ctx context.Context, c *call) (answer, error) {
	if h.cfg.Jobs.Integrity == nil {
		return answer{}, off("The integrity scanner", "INTEGRITY_ENABLED")
	}
	s := &h.cfg.Jobs.IntegritySettings
	in := struct {
		DryRun   bool `json:"dry_run"`
		AutoHeal bool `json:"auto_heal"`
		Full     bool `json:"full"`
	}{s.DryRun, s.AutoHeal, false}
	if err := c.readOptional(&in); err != nil {
		return answer{}, err
	}
	return runJob(ctx, h.cfg.Jobs.Integrity, work.Ask{DryRun: in.DryRun, AutoHeal: in.AutoHeal, Full: in.Full}, h.patience)
}

func integrityHistory(h *Handler, _ context.Context, c *call) (answer, error) {
	if h.cfg.Jobs.Integrity == nil {
		return answer{body: map[string]any{"executions": []any{}}}, nil
	}
	return historyOf(c, h.cfg.Jobs.Integrity)
}

package adminapi

import (
	"context"
	"errors"
	"strconv"
	"time"

	"myfsio/fault"
	"myfsio/work/lifecycle"
)

// runWait is how long a client waits for the end of a run that he asked for. A longer run goes on.
const runWait = 20 * time.Second

func (h *Handler) lifecycle() (*lifecycle.Worker, error) {
	if h.cfg.Lifecycle == nil {
		return nil, fault.New(fault.NotImplemented, "This server carries out no lifecycle rules.")
	}
	return h.cfg.Lifecycle, nil
}

// seconds is a time in seconds since 1970, null for none.
func seconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return float64(t.UnixMilli()) / 1000
}

func lifecycleStatus(h *Handler, _ context.Context, _ *call) (answer, error) {
	w, err := h.lifecycle()
	if err != nil {
		return answer{}, err
	}
	s := w.Status()
	return answer{body: struct {
		Enabled  bool                 `json:"enabled"`
		Running  bool                 `json:"running"`
		Interval float64              `json:"interval_seconds"`
		LastRun  any                  `json:"last_run"`
		NextRun  any                  `json:"next_run"`
		Current  *lifecycle.Execution `json:"current,omitempty"`
		At       string               `json:"current_key,omitempty"`
	}{s.Enabled, s.Current != nil, s.Interval.Seconds(), seconds(s.LastRun), seconds(s.NextRun), s.Current, s.At}}, nil
}

// Bounds of one page of a history, as the contract has them.
const (
	historyPage = 50
	historyMax  = 200
)

func lifecycleHistory(h *Handler, ctx context.Context, c *call) (answer, error) {
	w, err := h.lifecycle()
	if err != nil {
		return answer{}, err
	}
	limit, offset := historyPage, 0
	for name, to := range map[string]*int{"limit": &limit, "offset": &offset} {
		if s := c.query.Get(name); s != "" {
			if *to, err = strconv.Atoi(s); err != nil || *to < 0 {
				return answer{}, invalid("%s must be a number.", name)
			}
		}
	}
	if limit < 1 || limit > historyMax {
		return answer{}, invalid("limit must be a number from 1 to %d.", historyMax)
	}
	var since time.Time
	bucket := c.query.Get("bucket")
	if bucket != "" {
		b, err := h.cfg.Buckets.HeadBucket(ctx, bucket)
		if err != nil {
			return answer{}, err
		}
		since = b.Created.Truncate(time.Millisecond)
	}
	all, err := w.History().List(bucket, since)
	if err != nil {
		return answer{}, err
	}
	all = all[min(offset, len(all)):]
	return answer{body: map[string]any{"executions": all[:min(limit, len(all))]}}, nil
}

func runLifecycle(h *Handler, ctx context.Context, c *call) (answer, error) {
	w, err := h.lifecycle()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Bucket string `json:"bucket"`
		DryRun bool   `json:"dry_run"`
	}
	if len(c.body) > 0 {
		if err := c.readJSON(&in); err != nil {
			return answer{}, err
		}
	}
	c.gate.Bucket = in.Bucket // for the audit log
	bounded, cancel := context.WithTimeout(ctx, runWait)
	defer cancel()
	out, err := w.Start(bounded, lifecycle.Request{Bucket: in.Bucket, DryRun: in.DryRun})
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return answer{202, map[string]any{"running": true}}, nil
	case err != nil:
		return answer{}, err
	}
	return answer{body: map[string]any{"running": false, "executions": append([]lifecycle.Execution{}, out...)}}, nil
}

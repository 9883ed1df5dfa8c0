package adminapi

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"myfsio/config"
	"myfsio/fault"
	"myfsio/work"
	"myfsio/work/reclaim"
	"myfsio/work/scrub"
)

// serveJob runs a job whose runs wait for the gate, until the test ends.
func serveJob[R any](t *testing.T, gate chan struct{}, do func(work.Ask) R) *work.Job[R] {
	t.Helper()
	j, err := work.NewJob(work.JobOptions[R]{
		Name: "test", History: filepath.Join(t.TempDir(), "history.json"), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Do: func(ctx context.Context, ask work.Ask, tell func(R)) R {
			tell(do(ask))
			select {
			case <-gate:
			case <-ctx.Done():
			}
			return do(ask)
		},
	})
	check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { j.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	for { // until it is there
		if r, _, err := j.Start(work.Ask{}); err == nil {
			gate <- struct{}{}
			<-r.Done()
			return j
		} else if !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
	}
}

func (w *world) ask(t *testing.T, method, target, body string) (int, string) {
	t.Helper()
	res := w.do(t, method, target, body)
	b, err := io.ReadAll(res.Body)
	check(t, err)
	return res.StatusCode, strings.TrimSpace(string(b))
}

func (w *world) wants(t *testing.T, method, target, body string, status int, says string) {
	t.Helper()
	if got, b := w.ask(t, method, target, body); got != status || !strings.Contains(b, says) {
		t.Errorf("%s %s %s: %d %s\nwant %d with %s", method, target, body, got, b, status, says)
	}
}

// TestGC walks through the collection of garbage.
func TestGC(t *testing.T) {
	w := newWorld(t, nil)
	w.wants(t, "GET", "/admin/gc/status", "", 200, `{"enabled":false,"message":`)
	w.wants(t, "POST", "/admin/gc/run", "", 400, `GC_ENABLED=true`)
	w.wants(t, "GET", "/admin/gc/history", "", 200, `{"executions":[]}`)

	gate := make(chan struct{})
	job := serveJob(t, gate, func(a work.Ask) reclaim.Collection {
		c := reclaim.Collection{TempFiles: 1, Errors: []string{}}
		if a.DryRun {
			c.TempFiles = 7
		}
		return c
	})
	w = newWorld(t, func(c *Config) {
		c.Jobs = Jobs{GC: job, GCSettings: config.GC{Enabled: true, IntervalHours: 6, TempMaxAgeHours: 24, MultipartAgeDays: 7, LockMaxAgeHours: 1, DryRun: true}}
	})
	const settings = `{"enabled":true,"interval_hours":6,"temp_file_max_age_hours":24,"multipart_max_age_days":7,"lock_file_max_age_hours":1,"dry_run":true,"running":`
	w.wants(t, "GET", "/admin/gc/status", "", 200, settings+`false}`)

	w.patience = 0
	w.wants(t, "POST", "/admin/gc/run", `{"dry_run": false}`, 202, `{"status":"running","running":true,"started_at":1772600767,"progress":{`)
	w.wants(t, "POST", "/myfsio/admin/gc/run", ``, 409, `A run is under way`)
	w.wants(t, "GET", "/admin/gc/status", "", 200, settings+`true,"started_at":1772600767,"progress":{`)
	run := job.Running()
	gate <- struct{}{}
	<-run.Done()

	w.patience = time.Minute
	go func() { gate <- struct{}{} }()
	w.wants(t, "POST", "/admin/gc/run", ``, 200, `{"temp_files_deleted":7,`) // GC_DRY_RUN is what counts
	w.wants(t, "GET", "/admin/gc/history?limit=2", "", 200, `{"executions":[{"timestamp":1772600767,"result":{"temp_files_deleted":7,`)
	if _, b := w.ask(t, "GET", "/admin/gc/history?limit=1&offset=2", ""); strings.Count(b, "timestamp") != 1 {
		t.Error(b)
	}
	w.wants(t, "GET", "/admin/gc/history?limit=201", "", 400, `limit must be`)
	w.wants(t, "GET", "/admin/gc/history?offset=-1", "", 400, `offset must be`)
	w.wants(t, "POST", "/admin/gc/run", `{"dry_run": 1}`, 400, `dry_run`)
}

// TestIntegrity walks through the scan of integrity.
func TestIntegrity(t *testing.T) {
	w := newWorld(t, nil)
	w.wants(t, "GET", "/admin/integrity/status", "", 200, `{"enabled":false,"message":`)
	w.wants(t, "POST", "/admin/integrity/run", "", 400, `INTEGRITY_ENABLED=true`)
	w.wants(t, "GET", "/admin/integrity/history", "", 200, `{"executions":[]}`)

	gate := make(chan struct{})
	job := serveJob(t, gate, func(a work.Ask) scrub.Report {
		r := scrub.Report{Issues: []scrub.Issue{{Type: scrub.Corrupted, Bucket: "box", Key: "k", Healed: a.AutoHeal}}, Errors: []string{}, Complete: a.Full}
		if a.DryRun {
			r.ObjectsScanned = 7
		}
		return r
	})
	w = newWorld(t, func(c *Config) {
		c.Jobs = Jobs{Integrity: job, IntegritySettings: config.Integrity{Enabled: true, IntervalHours: 24, BatchSize: 1000, AutoHeal: true}}
	})
	const settings = `{"enabled":true,"interval_hours":24,"batch_size":1000,"auto_heal":true,"dry_run":false,"running":`
	w.wants(t, "GET", "/admin/integrity/status", "", 200, settings+`false}`)
	w.patience = time.Minute
	for body, says := range map[string]string{
		``:                                      `"healed":true,"heal_action":""}],"errors":[],"objects_scanned":0,`,
		`{"auto_heal": false, "dry_run": true}`: `"healed":false,"heal_action":""}],"errors":[],"objects_scanned":7,`,
		`{"full": true}`:                        `"complete":true}`,
	} {
		go func() { gate <- struct{}{} }()
		w.wants(t, "POST", "/admin/integrity/run", body, 200, says)
	}
	w.patience = 0
	w.wants(t, "POST", "/admin/integrity/run", "", 202, `"status":"running"`)
	w.wants(t, "GET", "/admin/integrity/status", "", 200, settings+`true,"started_at":`)
	w.wants(t, "POST", "/admin/integrity/run", "", 409, `A run is under way`)
	w.wants(t, "GET", "/admin/integrity/history", "", 200, `"auto_heal":true`)
}

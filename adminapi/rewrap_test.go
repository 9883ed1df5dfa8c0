package adminapi

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"myfsio/kms"
	"myfsio/work"
	"myfsio/work/rewrap"
)

// TestRewrap walks through the re-wrapping of what former master keys wrap.
func TestRewrap(t *testing.T) {
	w := newWorld(t, nil)
	w.wants(t, "GET", "/admin/encryption/rewrap/status", "", 200, `{"enabled":false,"message":`)
	w.wants(t, "POST", "/admin/encryption/rewrap/run", "", 400, `ENCRYPTION_ENABLED=true`)
	w.wants(t, "POST", "/admin/encryption/rewrap/stop", "", 400, `ENCRYPTION_ENABLED=true`)
	w.wants(t, "GET", "/admin/encryption/rewrap/history", "", 200, `{"executions":[]}`)

	dir := t.TempDir()
	master, err := kms.OpenMaster(kms.MasterOptions{Path: filepath.Join(dir, "master.key")})
	check(t, err)
	_, err = master.Rotate(func([8]byte) error { return nil })
	check(t, err)
	r, err := rewrap.New(rewrap.Config{Masters: master, State: filepath.Join(dir, "state.json"), Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	gate := make(chan struct{})
	job := serveJob(t, gate, func(a work.Ask) rewrap.Report {
		out := rewrap.Report{Rewrapped: 5, Errors: []string{}, Complete: !a.DryRun, Resumed: !a.Full}
		return out
	})
	w = newWorld(t, func(c *Config) { c.Jobs = Jobs{Rewrap: job, Rewrapper: r} })
	w.wants(t, "GET", "/admin/encryption/rewrap/status", "", 200, `"unfinished":false,"former_keys":[{"key_id":"`)
	w.wants(t, "GET", "/admin/encryption/rewrap/status", "", 200, `"envelopes":null,"removable":false}],"running":false}`)
	w.patience = time.Minute
	for body, says := range map[string]string{
		``:                  `"resumed":true,"stopped":false,"complete":true,`,
		`{"dry_run": true}`: `"complete":false,`,
		`{"full": true}`:    `"resumed":false,`,
	} {
		go func() { gate <- struct{}{} }()
		w.wants(t, "POST", "/admin/encryption/rewrap/run", body, 200, says)
	}
	w.patience = 0
	w.wants(t, "POST", "/admin/encryption/rewrap/run", "", 202, `"status":"running"`)
	w.wants(t, "POST", "/admin/encryption/rewrap/run", "", 409, `A run is under way`)
	w.wants(t, "GET", "/admin/encryption/rewrap/status", "", 200, `"progress":{"envelopes_rewrapped":`)
	w.wants(t, "POST", "/admin/encryption/rewrap/stop", "", 200, `{"stopped":false}`) // the work here is not its own
	w.wants(t, "GET", "/admin/encryption/rewrap/history", "", 200, `"envelopes_rewrapped":5,`)
	w.wants(t, "POST", "/admin/encryption/rewrap/run", `{"dry_run": 1}`, 400, `dry_run`)
}

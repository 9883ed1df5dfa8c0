package server

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"myfsio/adminapi"
	"myfsio/audit"
	"myfsio/auth"
	"myfsio/config"
	"myfsio/gate"
	"myfsio/s3"
)

// trail writes the audit log. With no log it does nothing.
type trail struct{ log *audit.Log }

// openTrail opens the audit log, when it is wanted.
func (s *server) openTrail() (trail, error) {
	if !s.cfg.AuditLog {
		return trail{}, nil
	}
	dir := auditDir(s.cfg)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return trail{}, err
	}
	log, err := audit.Open(audit.Options{Dir: dir, Log: s.log})
	return trail{log}, err
}

func auditDir(cfg *config.Config) string {
	return filepath.Join(cfg.StorageRoot, ".myfsio.sys", "audit")
}

// Close closes the log.
func (t trail) Close() error {
	if t.log == nil {
		return nil
	}
	return t.log.Close()
}

// after records administrative operations, the ones that were refused too. It is a hook of the gate.
func (t trail) after(_ context.Context, r *gate.Request, err error) {
	if t.log == nil || !r.Op.Administrative() {
		return
	}
	p := &r.Principal
	e := audit.Event{
		RequestID: r.ID, Action: r.Op.Name, SourceIP: r.SourceIP, UserAgent: r.UserAgent, Bucket: r.Bucket, Outcome: "ok",
		Actor: audit.Actor{UserID: p.UserID, AccessKey: p.AccessKey, DisplayName: p.DisplayName, Session: p.SessionName},
	}
	if r.Bucket == "" {
		e.Target = r.Key // a user or an access key
	} else {
		e.Key = r.Key
	}
	if err != nil {
		e.Outcome = s3.CodeOf(err)
	}
	t.log.Change(e)
}

// refused records a proof of identity that failed.
func (t trail) refused(_ context.Context, r auth.Refusal) {
	if t.log != nil {
		t.log.Refused(audit.Refusal{AccessKey: r.AccessKey, SourceIP: r.SourceIP, Method: r.Method, Code: r.Code, Reason: r.Reason})
	}
}

// reader is the log as the administration API reads it; nil when there is none.
func (t trail) reader() adminapi.AuditLog {
	if t.log == nil {
		return nil
	}
	return t
}

// Recent implements adminapi.AuditLog.
func (t trail) Recent(ctx context.Context, limit int, before string) ([]json.RawMessage, string, error) {
	page, err := t.log.Read(ctx, limit, before)
	return page.Lines, page.Next, err
}

package adminapi

import (
	"context"
	"encoding/json"
	"strconv"

	"myfsio/fault"
)

// AuditLog is read by audit-log.
type AuditLog interface {
	// Recent returns up to limit entries, newest first, those before the mark or the newest when it is "", and the mark
	// that the next older ones are before, "" at the end. A mark that is not one of the log's is fault.InvalidArgument.
	Recent(ctx context.Context, limit int, before string) (entries []json.RawMessage, next string, err error)
}

// Bounds of one page of the audit log.
const (
	auditPage = 100
	auditMax  = 1000
)

func readAudit(h *Handler, ctx context.Context, c *call) (answer, error) {
	if h.cfg.Audit == nil {
		return answer{}, fault.New(fault.NotImplemented, "This server keeps no audit log. Start it with AUDIT_LOG_ENABLED=true.")
	}
	limit := auditPage
	if s := c.query.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > auditMax {
			return answer{}, invalid("limit must be a number from 1 to %d.", auditMax)
		}
		limit = n
	}
	entries, next, err := h.cfg.Audit.Recent(ctx, limit, c.query.Get("before"))
	if err != nil {
		return answer{}, err
	}
	return answer{body: struct {
		Entries []json.RawMessage `json:"entries"`
		Next    string            `json:"next,omitempty"`
	}{append([]json.RawMessage{}, entries...), next}}, nil
}

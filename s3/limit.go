package s3

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"myfsio/fault"
	"myfsio/gate"
)

// admit counts the request against what its sender's address may ask for, before anything is done for it: who
// hammers the door with wrong keys is held back as well.
func (r *request) admit(ctx context.Context) error {
	if r.h.cfg.Limit == nil {
		return nil
	}
	wait, ok := r.h.cfg.Limit(ctx, gate.ClassOf(r.http.Method, r.scope()), r.gate.SourceIP)
	if ok {
		return nil
	}
	r.retry = wait
	return fault.New(fault.SlowDown, "Please reduce your request rate.")
}

// retryAfter is a wait in whole seconds, at least one.
func retryAfter(wait time.Duration) string {
	return strconv.FormatInt(max(1, int64((wait+time.Second-1)/time.Second)), 10)
}

// VirtualHosted reports whether a request names its bucket in its Host header, so that its path is a key.
func (h *Handler) VirtualHosted(r *http.Request) bool { return h.virtualHost(r.Host) != "" }

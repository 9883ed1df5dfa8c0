package s3

import (
	"context"
	"net/http"

	"myfsio/gate"
)

// admit counts the request against what its sender's address may ask for, before anything is done for it: who
// hammers the door with wrong keys is held back as well.
func (r *request) admit(ctx context.Context) (err error) {
	r.retry, err = r.h.cfg.Limit.Take(ctx, gate.ClassOf(r.http.Method, r.scope()), r.gate.SourceIP)
	return err
}

// VirtualHosted reports whether a request names its bucket in its Host header, so that its path is a key.
func (h *Handler) VirtualHosted(r *http.Request) bool { return h.virtualHost(r.Host) != "" }

package website

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"myfsio/auth"
	"myfsio/cors"
	"myfsio/gate"
	"myfsio/ident"
	"myfsio/object"
	"myfsio/parsed"
	"myfsio/website/site"
)

// Domains finds the bucket whose website a host shows. The host is as a request names it.
type Domains interface {
	Bucket(host string) (bucket string, ok bool)
}

// Config is what a Handler is made of. Store, Gate and Domains are needed.
type Config struct {
	Store   *object.Store
	Gate    *gate.Gate
	Domains Domains

	// ServerCORS are the rules for scripts of other sites where a bucket has none of its own; nil: none may.
	ServerCORS *cors.Rules
	// Limit is asked before anything else happens. nil: no limit.
	Limit gate.Limit
	// Source gives the client's address and whether its connection was encrypted; nil: as the TCP connection says.
	Source func(*http.Request) auth.Source
	// Done is told of every answered request, for access logs. May be nil. The Record is only valid during the call.
	Done func(context.Context, *Record)
	Log  *slog.Logger     // nil: none
	Now  func() time.Time // nil: time.Now
}

// Record tells of a request that was answered.
type Record struct {
	Request  *gate.Request
	HTTP     *http.Request
	Key      string // that was looked for last, not the error document
	HostID   string // x-amz-id-2
	Status   int
	Code     string // of the error, "" for none
	Sent     int64  // bytes of the body of the answer
	Size     int64  // of the object that was asked for, -1 where there is none
	Duration time.Duration
	ToFirst  time.Duration // until the first byte of the answer
}

// Handler serves websites. It may be used by many goroutines.
type Handler struct {
	cfg    Config
	sites  parsed.Cache[*site.Config]
	cors   parsed.Cache[*cors.Rules]
	hostID string
}

// New returns a handler.
func New(cfg Config) *Handler {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Source == nil {
		cfg.Source = auth.Peer
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Handler{cfg: cfg, hostID: ident.Hex() + ident.Hex()}
}

// Serves reports whether a request is one to a website.
func (h *Handler) Serves(r *http.Request) bool {
	_, ok := h.cfg.Domains.Bucket(r.Host)
	return ok
}

// ServeHTTP implements http.Handler. A request that Serves does not know gets the page of a bucket that does not exist.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := h.visit(w, r)
	defer v.done()
	defer v.recovered()
	ctx := r.Context()
	a, err := v.run(ctx)
	if v.record.Key = v.gate.Key; err != nil {
		a = v.failed(ctx, a, err)
	}
	v.send(a)
}

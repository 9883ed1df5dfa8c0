package website

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"myfsio/cors"
	"myfsio/gate"
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
	// Limit takes one request of a client from the budget of a class before anything else happens. When ok is false the
	// visitor is told to wait. nil: no limit.
	Limit func(ctx context.Context, class gate.RateClass, client string) (retryAfter time.Duration, ok bool)
	// SourceIP gives the address of the client; nil means the TCP peer's.
	SourceIP func(*http.Request) string
	// Secure reports whether the client's connection was encrypted; nil means that the one to this process is.
	Secure func(*http.Request) bool
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
	if cfg.SourceIP == nil {
		cfg.SourceIP = peer
	}
	if cfg.Secure == nil {
		cfg.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Handler{cfg: cfg, hostID: id() + id()}
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

func peer(r *http.Request) string {
	ip := r.RemoteAddr
	if i := strings.LastIndexByte(ip, ':'); i >= 0 {
		ip = strings.Trim(ip[:i], "[]")
	}
	return ip
}

// id returns 16 hexadecimal digits.
func id() string {
	s := strconv.FormatUint(rand.Uint64(), 16)
	return strings.ToUpper(strings.Repeat("0", 16-len(s)) + s)
}

package s3

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"myfsio/auth"
	"myfsio/cors"
	"myfsio/gate"
	"myfsio/ident"
	"myfsio/lifecycle"
	"myfsio/object"
	"myfsio/parsed"
	"myfsio/query"
)

// Config is what a Handler is made of.
type Config struct {
	Store *object.Store
	Gate  *gate.Gate
	Auth  *auth.Authenticator

	Region  string   // of this server, "" means us-east-1
	Domains []string // under which bucket.domain is virtual-hosted style; others are path style

	// MaxUpload bounds the body of one PUT or part in bytes; 0 means S3's own 5 GiB.
	MaxUpload int64
	// ObjectTags is how many tags an object may be given; 0 means all that package object takes, less than 0 none.
	ObjectTags int
	// BodyTimeout is how long a client may send nothing of a body; 0 means for ever.
	BodyTimeout time.Duration

	// ServerCORS are the rules for scripts of other sites where a bucket has none of its own; nil: none may.
	ServerCORS *cors.Rules
	// Websites says that the server serves websites, so that buckets may have a configuration for that.
	Websites bool
	// Lifecycle says that the rules of buckets are carried out, so that answers tell when something expires.
	Lifecycle bool
	// RedirectHosts are the hosts that a form upload may lead the browser to; none means the host of the request alone.
	RedirectHosts []string

	Log *slog.Logger // nil: none
	// Policies keeps the policies of buckets; nil means that there are none, and none can be set.
	Policies Policies
	// KnownUser reports whether there is a user of that canonical id, who may be granted something; nil takes any id.
	KnownUser func(canonicalID string) bool
	// DisplayName gives the name shown for a canonical id; nil, or "" as answer: none is shown.
	DisplayName func(canonicalID string) string
	// Source gives the client's address and whether its connection was encrypted; nil: as the TCP connection says. A server
	// behind a proxy it trusts answers for the proxy.
	Source func(*http.Request) auth.Source
	// Limit is asked before anything else happens; when it refuses, the answer is SlowDown. nil: no limit.
	Limit gate.Limit
	// Host gives the host that the client named, with its port; nil means that of the request.
	Host func(*http.Request) string
	// Notices tells receivers of events; nil means that nobody does, and that notification configurations are refused.
	Notices Notices
	// Select runs SQL over objects; nil means that this server cannot.
	Select *query.Engine
	// LoggingChanged is told of a bucket whose logging configuration was set or removed. May be nil.
	LoggingChanged func(bucket string)
	// Done is told of every answered request, for access logs and metrics. May be nil. The Record
	// is only valid during the call.
	Done func(context.Context, *Record)
	Now  func() time.Time // nil means time.Now
}

// Record tells of a request that was answered.
type Record struct {
	Request   *gate.Request // its Op is nil when no operation was found
	HTTP      *http.Request
	Status    int
	Code      string // S3 error code, "" for success
	Sent      int64  // bytes of the body of the answer
	Received  int64  // decoded bytes of the body of the request, -1 unknown
	Size      int64  // of the object, -1 where there is none
	VersionID string
	Duration  time.Duration
	ToFirst   time.Duration // until the first byte of the answer
	Keys      []KeyRecord   // of a DeleteObjects
}

// KeyRecord tells what became of one key of a request that names several.
type KeyRecord struct {
	Key, VersionID string // as the request names them
	Status         int
	Code           string // S3 error code, "" for success
	Size           int64  // of the version that was removed, -1 where none was
}

// Handler serves the S3 API. It may be used by many goroutines.
type Handler struct {
	cfg      Config
	routes   routes
	hostID   []string // x-amz-id-2
	compiled parsed.Cache[*cors.Rules]
	rules    parsed.Cache[*lifecycle.Rules]
	naming   sync.Mutex // while a bucket is made or removed, or what holds for it is changed in two stores
}

// New returns a handler. It fails to build (it panics) only when a route names an unknown operation,
// which the tests of this package rule out.
func New(cfg Config) *Handler {
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.MaxUpload <= 0 || cfg.MaxUpload > object.MaxPartSize {
		cfg.MaxUpload = object.MaxPartSize
	}
	if cfg.ObjectTags == 0 || cfg.ObjectTags > object.MaxObjectTags {
		cfg.ObjectTags = object.MaxObjectTags
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Policies == nil {
		cfg.Policies = noPolicies{}
	}
	if cfg.KnownUser == nil {
		cfg.KnownUser = func(string) bool { return true }
	}
	if cfg.DisplayName == nil {
		cfg.DisplayName = func(string) string { return "" }
	}
	if cfg.Source == nil {
		cfg.Source = auth.Peer
	}
	if cfg.Host == nil {
		cfg.Host = func(r *http.Request) string { return r.Host }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Domains = slices.Clone(cfg.Domains)
	for i, d := range cfg.Domains {
		cfg.Domains[i] = strings.ToLower(strings.Trim(d, "."))
	}
	// The longest domain first, as one may lie within another.
	slices.SortFunc(cfg.Domains, func(a, b string) int { return len(b) - len(a) })
	return &Handler{cfg: cfg, routes: buildRoutes(), hostID: []string{ident.Hex() + ident.Hex()}}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r := newRequest(h, w, req)
	defer r.finish()
	res, err := r.run(req.Context())
	if err != nil {
		r.fail(res, err)
		return
	}
	r.write(res)
}

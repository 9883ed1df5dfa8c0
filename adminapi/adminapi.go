package adminapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"myfsio/auth"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/iam"
	"myfsio/ident"
	"myfsio/kms"
	"myfsio/work/inventory"
	"myfsio/work/lifecycle"
)

// Config is what a Handler is made of. Gate, Auth and Users are needed.
type Config struct {
	Gate  *gate.Gate
	Auth  *auth.Authenticator
	Users *iam.Store

	// Region is the one that presigned URLs are signed for.
	Region string
	// BaseURL is where clients reach the S3 API: scheme and host. "" means where this request came to.
	BaseURL string
	// Explain tells why requests are allowed or denied; nil: simulate is refused with 501.
	Explain Explainer
	// Policies are the policies of buckets, which simulate quotes; nil: it does not.
	Policies access.Policies
	// Objects tells the tags of objects to conditions; nil: none has any.
	Objects Objects
	// Domains are those of websites; nil: the server serves none, and website-domains is refused with 400. With it Buckets is needed.
	Domains Domains
	Buckets Buckets
	// Lifecycle carries out the rules of buckets; nil: nobody does, and lifecycle is refused with 501.
	Lifecycle *lifecycle.Worker
	// Inventory writes the inventory reports of buckets; nil: nobody does, and inventory is refused with 501.
	Inventory *inventory.Worker
	// Audit is the log of changes; nil: audit-log is refused with 501.
	Audit AuditLog
	// Notifications are those that buckets ask for; nil: what is about them is refused with 501.
	Notifications Notifications
	// KMS are the keys of encryption; nil: the /kms routes are refused with 400 KMSNotEnabled.
	KMS *kms.Keyring
	// Jobs is background work that can be started here.
	Jobs Jobs
	// Limit is asked before anything else happens. nil: no limit.
	Limit gate.Limit

	// Source gives the client's address and whether its connection was encrypted; nil: as the TCP connection says.
	Source func(*http.Request) auth.Source
	// Host gives the host that the client asked for, with the port; nil: that of the request.
	Host func(*http.Request) string

	Log *slog.Logger     // nil: none
	Now func() time.Time // nil: time.Now
}

// Handler serves the API. It may be used by many goroutines.
type Handler struct {
	cfg      Config
	routes   []route
	patience time.Duration
}

// New returns a handler. It fails to build (it panics) only when a route names an unknown operation, which the tests
// of this package rule out.
func New(cfg Config) *Handler {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
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
	return &Handler{cfg: cfg, routes: routes(), patience: patience}
}

// call is a request on its way. It belongs to one goroutine.
type call struct {
	w     http.ResponseWriter
	http  *http.Request
	gate  gate.Request
	proof auth.Proof
	body  []byte
	query url.Values
	id    string // of the user that the path names
	key   string // access key that the path names
	path  []string
	kms   bool // the path is below /kms
	allow []string
	wait  time.Duration // told in Retry-After
}

// answer is what a handler returns. The body is marshalled as JSON; nil is none.
type answer struct {
	status int // 0 means 200
	body   any
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := h.cfg.Source(r)
	c := &call{w: w, http: r, path: canonical(r.URL), gate: gate.NewRequest(r, ident.Hex(), from.IP, from.Secure, h.cfg.Now())}
	c.kms = isKMS(c.path)
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			h.cfg.Log.Error("panic", "request", c.gate.ID, "panic", p, "stack", string(debug.Stack()))
			h.fail(c, fault.New(fault.Internal, ""))
		}
	}()
	a, err := h.run(r.Context(), c, from)
	if err != nil {
		h.fail(c, err)
		return
	}
	h.write(c, a)
}

// run takes a request from its limit to the answer of its handler.
func (h *Handler) run(ctx context.Context, c *call, from auth.Source) (a answer, err error) {
	class := gate.AdminRequests
	if c.kms { // asked for as often as there are objects
		class = gate.ObjectRequests
	}
	if c.wait, err = h.cfg.Limit.Take(ctx, class, from.IP); err != nil {
		return a, err
	}
	if err := h.identify(ctx, c, from); err != nil {
		return a, err
	}
	if c.query, err = url.ParseQuery(c.http.URL.RawQuery); err != nil {
		return a, fault.New(fault.InvalidRequest, "The query is not well formed.")
	}
	rt, err := h.route(c)
	if err != nil {
		return a, err
	}
	c.gate.Op, c.gate.Extra = rt.op, rt.extra
	// The audit log names what an operation changed by Key: a user, or user/access key.
	if c.gate.Key = c.id; c.key != "" {
		c.gate.Key += "/" + c.key
	}
	err = h.cfg.Gate.Run(ctx, &c.gate, func(ctx context.Context) (err error) {
		a, err = rt.serve(h, ctx, c)
		return err
	})
	return a, err
}

// route finds the route of a request, or why there is none.
func (h *Handler) route(c *call) (*route, error) {
	rt, id, key, allow := h.find(c.http.Method, c.path)
	switch {
	case rt != nil:
		c.id, c.key = id, key
		return rt, nil
	case len(allow) > 0:
		c.allow = allow
		return nil, fault.New(fault.MethodNotAllowed, "")
	case isPlanned(c.path):
		return &route{op: gate.Admin("AdministerServer")}, nil // which the gate refuses
	}
	return nil, &fault.Error{Kind: fault.NoSuchConfig, Msg: "There is no such route."}
}

// identify proves who sends the request and reads its body.
func (h *Handler) identify(ctx context.Context, c *call, from auth.Source) (err error) {
	if c.proof, c.body, err = h.cfg.Auth.IdentifySigned(ctx, c.w, c.http, from, maxBody); err != nil {
		return err
	}
	c.gate.Principal = c.proof.Principal
	c.proof.Describe(&c.gate.Conditions)
	return nil
}

// fail answers with an error.
func (h *Handler) fail(c *call, err error) {
	p := problemOf(err)
	if c.kms {
		p = kmsProblem(err, p)
	}
	head := c.w.Header()
	switch {
	case len(c.allow) > 0:
		head.Set("Allow", strings.Join(c.allow, ", "))
	case p.status == http.StatusTooManyRequests || p.status == http.StatusServiceUnavailable:
		head.Set("Retry-After", gate.RetryAfter(c.wait))
	case p.status >= 500 && p.status != http.StatusNotImplemented:
		h.cfg.Log.Error("administration failed", "request", c.gate.ID, "method", c.http.Method, "path", c.http.URL.Path, "error", err)
	}
	if p.status == http.StatusRequestEntityTooLarge || p.status == http.StatusRequestTimeout {
		head.Set("Connection", "close")
	}
	body := any(map[string]any{"error": map[string]string{"code": p.code, "message": p.msg}})
	if c.kms {
		body = map[string]string{"__type": p.code, "message": p.msg}
	}
	h.write(c, answer{p.status, body})
}

// write answers. Nothing of this API may be kept by caches, framed, sniffed, or run as a page.
func (h *Handler) write(c *call, a answer) {
	head := c.w.Header()
	head.Set("Server", "MyFSIO")
	head.Set("X-Request-ID", c.gate.ID)
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	head.Set("Referrer-Policy", "no-referrer")
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	if a.body == nil {
		c.w.WriteHeader(status)
		return
	}
	b, err := json.Marshal(a.body)
	if err != nil {
		h.cfg.Log.Error("administration failed", "request", c.gate.ID, "error", err)
		status, b = http.StatusInternalServerError, []byte(`{"error":{"code":"InternalError","message":""}}`)
	}
	head.Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	c.w.Write(append(b, '\n')) // nobody is left to be told of an error
}

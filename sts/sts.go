package sts

import (
	"context"
	"encoding/xml"
	"log/slog"
	"math"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"myfsio/auth"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/iam"
	"myfsio/iam/policy"
)

const (
	maxBody     = 64 << 10         // bytes of a request's form
	bodyTimeout = 30 * time.Second // for it to come
)

// Config is what a Handler is made of. Gate, Auth and Users are needed.
type Config struct {
	Gate  *gate.Gate
	Auth  *auth.Authenticator
	Users *iam.Store

	// VirtualHosted reports whether a request names a bucket in its Host: it is S3's. nil: none does.
	VirtualHosted func(*http.Request) bool
	// Limit takes one request of a client from the budget of a class before anything else happens. When ok is false the
	// client is told to wait. nil: no limit.
	Limit func(ctx context.Context, class gate.RateClass, client string) (retryAfter time.Duration, ok bool)
	// Source gives the client's address and whether its connection was encrypted; nil: as the TCP connection says.
	Source func(*http.Request) auth.Source

	Log *slog.Logger     // nil: none
	Now func() time.Time // nil: time.Now
}

// Handler serves the API. It may be used by many goroutines.
type Handler struct {
	cfg     Config
	actions map[string]action
}

// New returns a handler. It fails to build (it panics) only when an action is not an operation of the gate, which the
// tests of this package rule out.
func New(cfg Config) *Handler {
	if cfg.VirtualHosted == nil {
		cfg.VirtualHosted = func(*http.Request) bool { return false }
	}
	if cfg.Source == nil {
		cfg.Source = peer
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Handler{cfg: cfg, actions: actions()}
}

// Matches reports whether a request is this API's rather than S3's, which has no POST of a form to the root of the service.
func (h *Handler) Matches(r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.Path != "/" && r.URL.Path != "" {
		return false
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "application/x-www-form-urlencoded" && !h.cfg.VirtualHosted(r)
}

// call is a request on its way. It belongs to one goroutine.
type call struct {
	w    http.ResponseWriter
	http *http.Request
	gate gate.Request
	form url.Values
	wait time.Duration // told in Retry-After
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := h.cfg.Source(r)
	c := &call{w: w, http: r, gate: gate.Request{
		ID: requestID(), SourceIP: from.IP, Secure: from.Secure, UserAgent: r.UserAgent(), Referer: r.Referer(), Started: h.cfg.Now(),
	}}
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			h.cfg.Log.Error("panic", "request", c.gate.ID, "panic", p, "stack", string(debug.Stack()))
			h.fail(c, fault.New(fault.Internal, ""))
		}
	}()
	doc, err := h.run(r.Context(), c, from)
	if err != nil {
		h.fail(c, err)
		return
	}
	h.write(c, http.StatusOK, doc)
}

// run takes a request from its limit to its answer.
func (h *Handler) run(ctx context.Context, c *call, from auth.Source) (doc any, err error) {
	if h.cfg.Limit != nil {
		if wait, ok := h.cfg.Limit(ctx, gate.AdminRequests, from.IP); !ok {
			c.wait = wait
			return nil, fault.New(fault.SlowDown, "")
		}
	}
	if err := h.identify(ctx, c, from); err != nil {
		return nil, err
	}
	a, err := h.find(c.form)
	if err != nil {
		return nil, err
	}
	c.gate.Op, c.gate.Key = a.op, c.gate.Principal.UserID
	err = h.cfg.Gate.Run(ctx, &c.gate, func(context.Context) (err error) {
		if err = a.check(c.form); err == nil {
			doc, err = a.serve(h, c)
		}
		return err
	})
	return doc, err
}

// identify proves who sends the request and reads its form.
func (h *Handler) identify(ctx context.Context, c *call, from auth.Source) error {
	wire := http.NewResponseController(c.w)
	wire.SetReadDeadline(time.Now().Add(bodyTimeout)) // a writer without deadlines is one of a test
	proof, body, err := h.cfg.Auth.IdentifyBody(ctx, c.http, from, maxBody)
	if err != nil {
		return err
	}
	wire.SetReadDeadline(time.Time{})
	switch c.gate.Principal = proof.Principal; {
	case c.gate.Anonymous():
		return fault.New(fault.Unauthenticated, "")
	case proof.Type != auth.TypeHeader:
		return fault.New(fault.AccessDenied, "Sign the request in its Authorization header.")
	}
	c.gate.Conditions = policy.Context{
		Now: c.gate.Started, SourceIP: from.IP, Secure: from.Secure, Referer: c.gate.Referer, UserAgent: c.gate.UserAgent,
		AuthType: proof.Type, SignatureVersion: proof.SignatureVersion, SignatureAge: proof.SignatureAge,
	}
	if c.form, err = url.ParseQuery(string(body)); err != nil || !utf8.Valid(body) {
		return invalid("The form is not well formed.")
	}
	for name, values := range c.form {
		if len(values) > 1 {
			return invalid("The parameter %q stands twice.", name)
		}
	}
	return nil
}

// find returns the action that a form names.
func (h *Handler) find(form url.Values) (action, error) {
	name := form.Get("Action")
	if name == "" {
		return action{}, coded("MissingAction", "The request is missing an action or a required parameter.")
	}
	a, ok := h.actions[name]
	if v := form.Get("Version"); !ok || v != "" && v != version {
		return a, coded(invalidAction, "Could not find operation %s for version %s.", clip(name), clip(v))
	}
	return a, nil
}

// clip bounds what an error quotes of a request.
func clip(s string) string {
	if len(s) > 64 {
		s = strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}

// fail answers with an error.
func (h *Handler) fail(c *call, err error) {
	p := problemOf(err)
	kind := "Sender"
	if p.status >= 500 {
		kind = "Receiver"
	}
	head := c.w.Header()
	if p.status == http.StatusTooManyRequests || p.status == http.StatusServiceUnavailable {
		head.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(c.wait.Seconds())))))
	} else if p.status >= 500 {
		h.cfg.Log.Error("temporary credentials failed", "request", c.gate.ID, "error", err)
	}
	if p.status == http.StatusRequestEntityTooLarge {
		head.Set("Connection", "close")
	}
	h.write(c, p.status, errorResponse{Error: errorDetail{kind, p.code, p.msg}, RequestID: c.gate.ID})
}

// write answers with a document.
func (h *Handler) write(c *call, status int, doc any) {
	b, err := xml.Marshal(doc)
	if err != nil {
		h.cfg.Log.Error("temporary credentials failed", "request", c.gate.ID, "error", err)
		status, b = http.StatusInternalServerError, nil
	}
	head := c.w.Header()
	head.Set("Server", "MyFSIO")
	head.Set("Content-Type", "text/xml")
	head.Set("X-Amzn-Requestid", c.gate.ID)
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	head.Set("Referrer-Policy", "no-referrer")
	c.w.WriteHeader(status)
	c.w.Write(b) // nobody is left to be told of an error
}

// requestID returns 32 hexadecimal digits in the groups of a UUID.
func requestID() string {
	digits := func(n uint64) string {
		s := strconv.FormatUint(n, 16)
		return strings.Repeat("0", 16-len(s)) + s
	}
	id := digits(rand.Uint64()) + digits(rand.Uint64())
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// peer is the source of a request without proxies.
func peer(r *http.Request) auth.Source {
	ip := r.RemoteAddr
	if i := strings.LastIndexByte(ip, ':'); i >= 0 {
		ip = strings.Trim(ip[:i], "[]")
	}
	return auth.Source{IP: ip, Secure: r.TLS != nil}
}

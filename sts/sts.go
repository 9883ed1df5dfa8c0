package sts

import (
	"context"
	"encoding/xml"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"myfsio/auth"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/iam"
	"myfsio/ident"
)

// maxBody is the most bytes of a request's form.
const maxBody = 64 << 10

// Config is what a Handler is made of. Gate, Auth and Users are needed.
type Config struct {
	Gate  *gate.Gate
	Auth  *auth.Authenticator
	Users *iam.Store

	// VirtualHosted reports whether a request names a bucket in its Host: it is S3's. nil: none does.
	VirtualHosted func(*http.Request) bool
	// Limit is asked before anything else happens. nil: no limit.
	Limit gate.Limit
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
		cfg.Source = auth.Peer
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
	c := &call{w: w, http: r, gate: gate.NewRequest(r, ident.UUID(), from.IP, from.Secure, h.cfg.Now())}
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
	if c.wait, err = h.cfg.Limit.Take(ctx, gate.AdminRequests, from.IP); err != nil {
		return nil, err
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
	proof, body, err := h.cfg.Auth.IdentifySigned(ctx, c.w, c.http, from, maxBody)
	if err != nil {
		return err
	}
	c.gate.Principal = proof.Principal
	proof.Describe(&c.gate.Conditions)
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
		head.Set("Retry-After", gate.RetryAfter(c.wait))
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

package s3

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"myfsio/cors"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/ident"
	"myfsio/object"
	"myfsio/s3/wire"
	"myfsio/sigv4"
)

// request is a request on its way. It belongs to one goroutine.
type request struct {
	h     *Handler
	w     http.ResponseWriter
	http  *http.Request
	query wire.Query
	gate  gate.Request
	proof *sigv4.Request // nil for a request that is not signed
	conn  *http.ResponseController

	resource string   // path of the resource, for errors
	upload   *counted // the body of a PUT or part
	received int64    // decoded bytes of a document
	hasBody  bool     // the client announced a body
	listed   bool     // a header brings an access control list
	encrypts bool     // a header is about encryption
	record   Record
	res      response
	cors     cors.Answer   // to the browser, if it is one
	retry    time.Duration // how long a client that asks too often shall wait

	tagDoc   wire.Tagging // body of PutObjectTagging
	tagErr   error
	tagsRead bool       // tagDoc and tagErr are set
	tagged   gate.Sight // whose tags were looked at
	protects *protection
	wished   *wishedKey
}

// requests are used again: they are large, because answers need no further memory for their headers.
var requests = sync.Pool{New: func() any { return new(request) }}

func newRequest(h *Handler, w http.ResponseWriter, req *http.Request) *request {
	r := requests.Get().(*request)
	*r = request{h: h, w: w, http: req, hasBody: req.ContentLength != 0}
	from := h.cfg.Source(req)
	r.gate = gate.NewRequest(req, ident.Hex(), from.IP, from.Secure, h.cfg.Now())
	r.gate.Conditions.TLSVersion, r.gate.Conditions.Source = tlsVersion(req.TLS), r
	r.record.Size = -1
	return r
}

// run takes the request from its target to the answer of its handler.
func (r *request) run(ctx context.Context) (*response, error) {
	if err := r.target(); err != nil {
		return nil, err
	}
	r.crossOrigin(ctx)
	if headerSize(r.http) > maxHeader {
		return nil, &fault.Error{Kind: fault.InvalidRequest, Code: "RequestHeaderSectionTooLarge",
			Msg: "Your request header and query parameters used to make the request exceed the maximum allowed size."}
	}
	if err := r.admit(ctx); err != nil {
		return nil, err
	}
	if r.http.Method == http.MethodOptions {
		return r.preflight(ctx)
	}
	r.watchBody()
	if err := r.identify(ctx); err != nil {
		return nil, err
	}
	rt, err := r.route()
	if err != nil {
		// Who may do nothing is not told what there is.
		if r.gate.Anonymous() {
			return nil, errAccessDenied()
		}
		return &r.res, err // with Allow
	}
	var res *response
	r.gate.Op = rt.op
	if rt.lists {
		r.gate.Lists, r.gate.Prefix = true, r.query.Get("prefix")
	}
	err = r.h.cfg.Gate.Run(ctx, &r.gate, func(ctx context.Context) error {
		if err := r.checkForm(ctx); err != nil {
			return err
		}
		var err error
		res, err = rt.serve(r.h, ctx, r)
		return err
	})
	return res, err
}

// maxHeader bounds the header and the request line in bytes. AWS stops at 8 KiB; presigned URLs of
// temporary credentials come near that by themselves.
const maxHeader = 16 << 10

func headerSize(r *http.Request) int {
	n := len(r.RequestURI) + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}

func errAccessDenied() error { return fault.New(fault.AccessDenied, "Access Denied") }

// target finds the bucket and key the request names, and parses its query.
func (r *request) target() error {
	u := r.http.URL
	r.resource = u.Path
	escaped, plain := u.Path, true
	if u.RawPath != "" {
		escaped, plain = u.RawPath, false
	}
	var err error
	if r.gate.Bucket = r.h.virtualHost(r.http.Host); r.gate.Bucket != "" {
		r.gate.Key = strings.TrimPrefix(escaped, "/")
	} else {
		r.gate.Bucket, r.gate.Key, _ = strings.Cut(strings.TrimPrefix(escaped, "/"), "/")
		if !plain {
			if r.gate.Bucket, err = wire.UnescapePath(r.gate.Bucket); err != nil {
				return err
			}
		}
	}
	if !plain {
		if r.gate.Key, err = wire.UnescapePath(r.gate.Key); err != nil {
			return err
		}
	}
	if !utf8.ValidString(r.gate.Key) || !utf8.ValidString(r.gate.Bucket) {
		r.resource = ""
		return &fault.Error{Kind: fault.InvalidRequest, Code: "InvalidURI", Msg: "Couldn't parse the specified URI."}
	}
	if r.query, err = wire.ParseQuery(u.RawQuery); err != nil {
		return err
	}
	r.gate.VersionID = r.query.Get("versionId")
	if r.h.virtualHost(r.http.Host) == "" {
		r.aliasQuota()
	}
	return nil
}

// virtualHost returns the bucket in a Host header, "" for path style.
func (h *Handler) virtualHost(host string) string {
	if len(h.cfg.Domains) == 0 {
		return ""
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, d := range h.cfg.Domains {
		if host == d {
			return ""
		}
		if bucket, ok := strings.CutSuffix(host, d); ok && len(bucket) > 1 && strings.HasSuffix(bucket, ".") {
			return bucket[:len(bucket)-1]
		}
	}
	return ""
}

// header returns a header by its canonical name.
func (r *request) header(name string) string {
	if v := r.http.Header[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// owner is the canonical id of whoever sends the request, "" for an anonymous one.
func (r *request) owner() string { return r.gate.Principal.CanonicalID }

// showOwner is an owner as documents show it.
func (h *Handler) showOwner(canonicalID string) wire.Owner {
	return wire.Owner{ID: canonicalID, DisplayName: h.cfg.DisplayName(canonicalID)}
}

// versionParam returns versionId, which must not be empty when it is there.
func (r *request) versionParam() (string, error) {
	if r.gate.VersionID == "" && r.query.Has("versionId") {
		return "", wire.InvalidArgument("versionId", "", "Version id cannot be the empty string")
	}
	return r.gate.VersionID, nil
}

// finish recovers from a panic and tells of the request, also of one whose answer was cut off.
func (r *request) finish() {
	p := recover()
	cut := p == http.ErrAbortHandler
	if p != nil && !cut {
		cut = r.panicked(p)
	}
	if done := r.h.cfg.Done; done != nil {
		r.record.Request, r.record.HTTP = &r.gate, r.http
		r.record.Received = r.received
		if r.upload != nil {
			r.record.Received = r.upload.n
		}
		r.record.Duration = r.h.cfg.Now().Sub(r.gate.Started)
		done(r.http.Context(), &r.record)
	}
	if cut {
		panic(http.ErrAbortHandler)
	}
	*r = request{}
	requests.Put(r)
}

// seconds is how long a client whose request failed may take to send what is left of a small body.
const lingering = 5 * time.Second

// settleBody bounds what the server reads of an unread body before it answers: up to 256 KiB,
// for a short time; beyond that it closes the connection.
func (r *request) settleBody(kind fault.Kind) {
	if !r.hasBody {
		return
	}
	switch kind {
	case fault.Timeout, fault.IncompleteBody, fault.EntityTooLarge:
		r.w.Header()["Connection"] = connectionClose
	}
	r.controller().SetReadDeadline(time.Now().Add(lingering))
}

func (r *request) controller() *http.ResponseController {
	if r.conn == nil {
		r.conn = http.NewResponseController(r.w)
	}
	return r.conn
}

var connectionClose = []string{"close"}

// pairs turns tags of documents into those of objects.
func pairs(tags []wire.Tag) []object.Pair {
	out := make([]object.Pair, 0, len(tags))
	for _, t := range tags {
		out = append(out, object.Pair{Name: t.Key, Value: t.Value})
	}
	return out
}

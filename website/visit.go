package website

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"myfsio/cors"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/iam/policy"
	"myfsio/ident"
	"myfsio/object"
	"myfsio/s3/wire"
	"myfsio/website/site"
)

// visit is a request on its way. It belongs to one goroutine.
type visit struct {
	h    *Handler
	w    http.ResponseWriter
	http *http.Request
	gate gate.Request
	at   site.Visit
	conf *site.Config // nil until it is read
	cors cors.Answer

	tagged [16]byte      // stamp of the version whose tags were looked at
	retry  time.Duration // how long a visitor who asks too often shall wait
	begun  bool          // the answer is on its way
	record Record
}

func (h *Handler) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{h: h, w: w, http: r, record: Record{Size: -1}}
	from := h.cfg.Source(r)
	v.at = site.Visit{Secure: from.Secure, Host: cleanHost(r.Host), Query: r.URL.RawQuery}
	v.gate = gate.NewRequest(r, ident.Hex(), from.IP, from.Secure, h.cfg.Now())
	v.gate.Op, v.gate.Conditions.Source = gate.Website(), v
	return v
}

// cleanHost drops what stands for the port of a host and is none, as redirects repeat it.
func cleanHost(host string) string {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.Trim(host[i+1:], "0123456789") == "" {
		return host
	}
	return host[:i]
}

// run takes a request from its host to an answer.
func (v *visit) run(ctx context.Context) (*answer, error) {
	v.gate.Bucket, _ = v.h.cfg.Domains.Bucket(v.http.Host)
	if err := v.admit(ctx); err != nil {
		return nil, err
	}
	if v.http.Method == http.MethodOptions {
		return v.preflight(ctx)
	}
	if v.http.Method != http.MethodGet && v.http.Method != http.MethodHead {
		a := &answer{}
		a.set("Allow", "GET, HEAD, OPTIONS")
		return a, fault.New(fault.MethodNotAllowed, "The specified method is not allowed against this resource.")
	}
	if err := v.target(); err != nil {
		return nil, err
	}
	if err := v.configure(ctx); err != nil {
		return nil, err
	}
	if to := v.conf.All(v.at); to != "" {
		return redirect(to, http.StatusMovedPermanently), nil
	}
	if to, status, ok := v.conf.Route(v.at, 0); ok {
		return redirect(to, status), nil
	}
	var a *answer
	v.gate.Key = v.keys()[0]
	err := v.h.cfg.Gate.Run(ctx, &v.gate, func(ctx context.Context) (err error) {
		a, err = v.object(ctx)
		return err
	})
	return a, err
}

// admit counts the request against what its sender's address may ask for.
func (v *visit) admit(ctx context.Context) (err error) {
	v.retry, err = v.h.cfg.Limit.Take(ctx, gate.ClassOf(v.http.Method, gate.Object), v.gate.SourceIP)
	return err
}

// target reads the path.
func (v *visit) target() (err error) {
	u := v.http.URL
	key := u.Path
	if u.RawPath != "" {
		if key, err = wire.UnescapePath(u.RawPath); err != nil {
			return err
		}
	}
	if !utf8.ValidString(key) {
		return &fault.Error{Kind: fault.InvalidRequest, Code: "InvalidURI", Msg: "Couldn't parse the specified URI."}
	}
	v.at.Key = strings.TrimPrefix(key, "/")
	return nil
}

// configure reads what the bucket says about its website and about scripts of other sites.
func (v *visit) configure(ctx context.Context) error {
	doc, err := v.h.cfg.Store.Config(ctx, v.gate.Bucket, object.ConfigWebsite)
	if err != nil {
		return err
	}
	if v.conf, err = v.h.sites.Get(v.gate.Bucket, doc, site.ParseJSON); err != nil {
		return fault.New(fault.Corrupted, "The stored website configuration cannot be read: %v", err)
	}
	if len(v.http.Header["Origin"]) > 0 {
		rules, err := v.rules(ctx)
		if err != nil {
			return err
		}
		v.cors = rules.Match(cors.RequestOf(v.http))
	}
	return nil
}

// rules returns the cross-origin rules of the bucket, or those of the server where it has none.
func (v *visit) rules(ctx context.Context) (*cors.Rules, error) {
	doc, err := v.h.cfg.Store.Config(ctx, v.gate.Bucket, object.ConfigCORS)
	if fault.Is(err, fault.NoSuchConfig) {
		return v.h.cfg.ServerCORS, nil
	}
	if err != nil {
		return nil, err
	}
	return v.h.cors.Get(v.gate.Bucket, doc, func(doc []byte) (*cors.Rules, error) {
		c, err := cors.ParseJSON(doc)
		if err != nil {
			return nil, fault.New(fault.Corrupted, "The stored CORS configuration cannot be read: %v", err)
		}
		return cors.Compile(c), nil
	})
}

// preflight answers OPTIONS.
func (v *visit) preflight(ctx context.Context) (*answer, error) {
	rules, err := v.rules(ctx)
	if err != nil {
		return nil, err
	}
	v.cors, err = rules.Preflight(cors.RequestOf(v.http))
	return &answer{}, err
}

// keys returns the keys that a path stands for, the first that there is.
func (v *visit) keys() []string {
	key, suffix := v.at.Key, v.conf.IndexDocument.Suffix
	if key == "" || strings.HasSuffix(key, "/") {
		return []string{key + suffix}
	}
	return []string{key, key + "/" + suffix}
}

// Query implements policy.Source: a query means nothing to a website.
func (v *visit) Query(string) (string, bool) { return "", false }

// Header implements policy.Source.
func (v *visit) Header(name string) []string { return v.http.Header[name] }

// RequestTags implements policy.Source.
func (v *visit) RequestTags() ([]policy.Tag, error) { return nil, nil }

// ObjectTags implements policy.Source. What they decide holds for the version they are of, see open.
func (v *visit) ObjectTags() ([]policy.Tag, error) {
	o, err := v.h.cfg.Store.Describe(v.http.Context(), v.gate.Bucket, v.gate.Key, "")
	switch fault.KindOf(err) {
	case fault.NoSuchBucket, fault.NoSuchKey, fault.KeyTooLong:
		return nil, nil
	}
	v.tagged = o.Stamp
	tags := make([]policy.Tag, len(o.Meta.Tags))
	for i, t := range o.Meta.Tags {
		tags[i] = policy.Tag{Key: t.Name, Value: t.Value}
	}
	return tags, err
}

package adminapi

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
	"myfsio/sigv4"
)

// presignOps are the operations that a URL can be made for, by method.
var presignOps = map[string]*gate.Op{
	"GET": gate.Lookup("GetObject"), "PUT": gate.Lookup("PutObject"), "HEAD": gate.Lookup("HeadObject"), "DELETE": gate.Lookup("DeleteObject"),
}

// Seconds that a URL is good for. The server may be set to narrower bounds.
const (
	presignMin     = 1
	presignDefault = 900
	presignMax     = 7 * 24 * 3600
)

type presignDoc struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	Method    string `json:"method"`
	VersionID string `json:"version_id"`
	ExpiresIn *int64 `json:"expires_in"`

	// What a GET answers instead of what is stored.
	ContentType        string `json:"response_content_type"`
	ContentDisposition string `json:"response_content_disposition"`
	ContentLanguage    string `json:"response_content_language"`
	ContentEncoding    string `json:"response_content_encoding"`
	CacheControl       string `json:"response_cache_control"`
	Expires            string `json:"response_expires"`
}

// presign makes a URL for one request, signed with the credentials of the caller, who must have the right to the
// request at this time. The right is asked for again when the URL is used.
func presign(h *Handler, ctx context.Context, c *call) (answer, error) {
	in := presignDoc{Method: "GET"}
	if err := c.readJSON(&in); err != nil {
		return answer{}, err
	}
	in.Method = strings.ToUpper(in.Method)
	expires, query, err := in.check(h.cfg.Auth.Verifier)
	if err != nil {
		return answer{}, err
	}
	if err := h.cfg.Gate.Authorize(ctx, h.future(ctx, c, &in, query)); err != nil {
		return answer{}, err
	}
	req, err := h.target(c, &in, query)
	if err != nil {
		return answer{}, err
	}
	signer := sigv4.Signer{AccessKey: c.gate.Principal.AccessKey, Token: c.token(), Region: h.cfg.Region, Service: h.cfg.Auth.Verifier.Service}
	cred, err := h.cfg.Users.Resolve(signer.AccessKey, signer.Token)
	if err != nil {
		return answer{}, err
	}
	signer.SecretKey = string(cred.Secret())
	now := h.cfg.Now()
	return answer{body: map[string]any{
		"url": signer.Presign(req, expires, now), "method": in.Method, "expires_in": int64(expires / time.Second),
		"expires_at": now.Add(expires).UTC().Format(time.RFC3339),
	}}, nil
}

// token returns the session token that the caller proved himself with, "" for none.
func (c *call) token() string {
	if c.proof.Signed != nil {
		return c.proof.Signed.Token
	}
	return cmp.Or(c.http.Header.Get("X-Amz-Security-Token"), c.http.Header.Get("X-Session-Token"))
}

// check checks what is asked for and returns how long the URL is good for and its query. A time that v would not
// accept when the URL is used is refused now.
func (in *presignDoc) check(v *sigv4.Verifier) (time.Duration, url.Values, error) {
	if presignOps[in.Method] == nil {
		return 0, nil, invalid("method must be GET, PUT, HEAD or DELETE.")
	}
	if err := object.CheckBucketName(in.Bucket); err != nil {
		return 0, nil, err
	}
	if in.Key == "" || len(in.Key) > object.MaxKeyLength {
		return 0, nil, invalid("key must have 1 to %d bytes.", object.MaxKeyLength)
	}
	least := cmp.Or(int64(v.MinExpiry/time.Second), presignMin)
	most := cmp.Or(int64(v.MaxExpiry/time.Second), presignMax)
	seconds := max(least, min(presignDefault, most))
	if in.ExpiresIn != nil {
		seconds = *in.ExpiresIn
	}
	if seconds < least || seconds > most {
		return 0, nil, invalid("expires_in must be a number of seconds from %d to %d.", least, most)
	}
	query, err := in.query()
	return time.Duration(seconds) * time.Second, query, err
}

func (in *presignDoc) query() (url.Values, error) {
	q := url.Values{}
	for _, p := range [...]struct{ name, value string }{
		{"response-content-type", in.ContentType}, {"response-content-disposition", in.ContentDisposition},
		{"response-content-language", in.ContentLanguage}, {"response-content-encoding", in.ContentEncoding},
		{"response-cache-control", in.CacheControl}, {"response-expires", in.Expires},
	} {
		if p.value == "" {
			continue
		}
		if in.Method != http.MethodGet && in.Method != http.MethodHead {
			return nil, invalid("%s goes with GET and HEAD.", strings.ReplaceAll(p.name, "-", "_"))
		}
		if len(p.value) > 1024 || strings.ContainsFunc(p.value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, invalid("%s is too long or holds control characters.", strings.ReplaceAll(p.name, "-", "_"))
		}
		q.Set(p.name, p.value)
	}
	if in.VersionID != "" {
		if in.Method == http.MethodPut {
			return nil, invalid("version_id does not go with PUT.")
		}
		q.Set("versionId", in.VersionID)
	}
	return q, nil
}

// future is the request that the URL will be, from the caller's own address.
func (h *Handler) future(ctx context.Context, c *call, in *presignDoc, query url.Values) *gate.Request {
	r := c.gate
	r.Op, r.Bucket, r.Key, r.VersionID = presignOps[in.Method], in.Bucket, in.Key, in.VersionID
	r.Conditions.AuthType, r.Conditions.SignatureVersion, r.Conditions.SignatureAge = "REST-QUERY-STRING", "AWS4-HMAC-SHA256", 0
	r.Conditions.Source = source{query: query, stored: h.storedTags(ctx, in.Bucket, in.Key, in.VersionID)}
	return &r
}

// target builds the request to sign.
func (h *Handler) target(c *call, in *presignDoc, query url.Values) (*http.Request, error) {
	u := &url.URL{Scheme: "http", Host: h.cfg.Host(c.http)}
	if c.gate.Secure {
		u.Scheme = "https"
	}
	if h.cfg.BaseURL != "" {
		base, err := url.Parse(h.cfg.BaseURL)
		if err != nil || base.Host == "" {
			return nil, fault.Wrap(fault.Internal, err, "API_BASE_URL is not a URL.")
		}
		u.Scheme, u.Host = base.Scheme, base.Host
	}
	if u.Host == "" || strings.ContainsAny(u.Host, "/?#@\\ ") {
		return nil, fault.New(fault.InvalidRequest, "The Host of the request is not valid.")
	}
	u.Path = "/" + in.Bucket + "/" + in.Key
	// The query is signed in the order and escaping it has here.
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return &http.Request{Method: in.Method, URL: u, Host: canonicalHost(u), Header: http.Header{}}, nil
}

// canonicalHost is the Host that clients send for a URL: without the port that goes with the scheme.
func canonicalHost(u *url.URL) string {
	if std := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; slices.Contains([]string{"80", "443"}, u.Port()) {
		u.Host = strings.TrimSuffix(u.Host, std)
	}
	return u.Host
}

package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer signs requests as a client does. It may be used by many goroutines.
type Signer struct {
	AccessKey string
	SecretKey string
	Token     string // session token, optional
	Region    string
	Service   string // default "s3"
}

// PayloadHash returns the value of x-amz-content-sha256 for a body in memory.
func PayloadHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Sign adds X-Amz-Date, X-Amz-Content-Sha256, the session token and Authorization to r. payload is the value
// of x-amz-content-sha256; "" means UNSIGNED-PAYLOAD. All headers are signed but those that proxies change.
// It signs r.Host, or the host of r.URL where r.Host is empty.
func (s Signer) Sign(r *http.Request, payload string, now time.Time) {
	if payload == "" {
		payload = unsignedPayload
	}
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	date := now.UTC().Format(timeFormat)
	r.Header.Del("Authorization")
	r.Header.Set("X-Amz-Date", date)
	r.Header.Set("X-Amz-Content-Sha256", payload)
	if s.Token != "" {
		r.Header.Set("X-Amz-Security-Token", s.Token)
	}
	signed := signedHeaders(r)
	sig := s.signature(r, date, signed, payload)
	r.Header.Set("Authorization", algorithm+" Credential="+s.AccessKey+"/"+s.scope(date)+",SignedHeaders="+signed+",Signature="+sig)
}

// Presign returns the URL of r with a signature in its query that is good for expires (1 second to 7 days, not checked here) from now. Headers
// of r are signed and must be sent with the URL. r is not changed.
func (s Signer) Presign(r *http.Request, expires time.Duration, now time.Time) string {
	date := now.UTC().Format(timeFormat)
	c := r.Clone(r.Context())
	if c.Host == "" {
		c.Host = c.URL.Host
	}
	signed := signedHeaders(c)
	add := url.Values{
		"X-Amz-Algorithm":     {algorithm},
		"X-Amz-Credential":    {s.AccessKey + "/" + s.scope(date)},
		"X-Amz-Date":          {date},
		"X-Amz-Expires":       {strconv.FormatInt(int64(expires/time.Second), 10)},
		"X-Amz-SignedHeaders": {signed},
	}
	if s.Token != "" {
		add.Set("X-Amz-Security-Token", s.Token)
	}
	if c.URL.RawQuery != "" {
		c.URL.RawQuery += "&"
	}
	c.URL.RawQuery += strings.ReplaceAll(add.Encode(), "+", "%20")
	c.URL.RawQuery += "&" + signatureParam + "=" + s.signature(c, date, signed, unsignedPayload)
	var path [512]byte
	c.URL.RawPath = string(encodePath(path[:0], c.URL.Path))
	return c.URL.String()
}

// signature returns the signature of r in hexadecimal.
func (s Signer) signature(r *http.Request, date, signed, payload string) string {
	m := scratches.Get().(*scratch)
	defer m.put()
	var path [512]byte
	m.canonical(r, encodePath(path[:0], r.URL.Path), signed, payload)
	var sum [32]byte
	return hex.EncodeToString(s.key(date).sign(sum[:0], m.toSign(date, s.scope(date))))
}

func (s Signer) service() string {
	if s.Service == "" {
		return "s3"
	}
	return s.Service
}

func (s Signer) scope(date string) string {
	return date[:8] + "/" + s.Region + "/" + s.service() + "/" + terminator
}

func (s Signer) key(date string) *signingKey {
	return newKey([]byte(s.SecretKey), date[:8], s.Region, s.service())
}

// unsignable are the headers that proxies and transports change.
var unsignable = map[string]bool{
	"Authorization": true, "User-Agent": true, "Accept-Encoding": true, "Connection": true, "Expect": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "X-Amzn-Trace-Id": true,
	"Content-Length": true,
}

// signedHeaders returns the sorted names of the headers to sign, with ";" between them.
func signedHeaders(r *http.Request) string {
	names := []string{"host"}
	for name := range r.Header {
		if !unsignable[name] && name != "Host" {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ";")
}

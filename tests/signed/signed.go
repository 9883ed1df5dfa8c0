// Package signed is a small S3 client over net/http: it signs a request with Signature Version 4 and sends exactly
// the path it was given. Tests use it where the public clients tidy a key up on its way, or are too slow.
package signed

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

// Client sends signed requests to one endpoint. It may be shared.
type Client struct {
	Endpoint             string // scheme://host:port
	AccessKey, SecretKey string
	Region               string
	HTTP                 *http.Client
}

// maxBody bounds a response, in bytes.
const maxBody = 256 << 20

// Request is one request. Its body is sent whole.
type Request struct {
	Method string
	Bucket string // empty for the service
	Key    string // raw, not escaped
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Response is an answer with its whole body.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Error is an answer outside 200–299.
type Error struct {
	Status int
	Code   string `xml:"Code"`
	Text   string `xml:"Message"`
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Text) }

// Do sends the request. An error of type *Error comes with a Response; any other means that no whole answer came.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, err
	}
	out := &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		fail := &Error{}
		xml.Unmarshal(body, fail) // a HEAD has no body; the status says enough
		fail.Status = resp.StatusCode
		return out, fail
	}
	return out, nil
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	base, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, err
	}
	path := "/" + Escape(r.Bucket)
	if r.Key != "" {
		path += "/" + strings.ReplaceAll(Escape(r.Key), "%2F", "/")
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, c.Endpoint, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	// Opaque sends the path as it stands: no cleaning of dots and slashes on the way.
	req.URL = &url.URL{Scheme: base.Scheme, Host: base.Host, Opaque: path, RawQuery: query(r.Query)}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	c.sign(req, path, hash(r.Body), time.Now().UTC())
	return req, nil
}

func (c *Client) sign(req *http.Request, path, bodyHash string, now time.Time) {
	stamp, day := now.Format("20060102T150405Z"), now.Format("20060102")
	req.Header.Set("X-Amz-Date", stamp)
	req.Header.Set("X-Amz-Content-Sha256", bodyHash)
	names := []string{"host"}
	values := map[string]string{"host": req.URL.Host}
	for name, v := range req.Header {
		lower := strings.ToLower(name)
		names = append(names, lower)
		values[lower] = strings.TrimSpace(strings.Join(v, ","))
	}
	sort.Strings(names)
	var canonical strings.Builder
	fmt.Fprintf(&canonical, "%s\n%s\n%s\n", req.Method, path, req.URL.RawQuery)
	for _, name := range names {
		fmt.Fprintf(&canonical, "%s:%s\n", name, values[name])
	}
	signed := strings.Join(names, ";")
	fmt.Fprintf(&canonical, "\n%s\n%s", signed, bodyHash)
	scope := day + "/" + c.Region + "/s3/aws4_request"
	text := "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hash([]byte(canonical.String()))
	key := []byte("AWS4" + c.SecretKey)
	for _, step := range []string{day, c.Region, "s3", "aws4_request"} {
		key = mac(key, step)
	}
	req.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		c.AccessKey, scope, signed, hex.EncodeToString(mac(key, text))))
}

// query is the canonical form, which is also what is sent.
func query(v url.Values) string {
	return strings.ReplaceAll(v.Encode(), "+", "%20") // sorted by name; a plus itself is already %2B
}

// Escape writes all but unreserved characters as %XX, slashes too.
func Escape(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

package attack

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"myfsio/sigv4"
)

// req is a request as it goes over the wire. The lines of the header go in their order, whatever they are.
type req struct {
	method, target string
	host           string   // "" for the server's
	lines          []string // "Name: value"
	body           string
	raw            bool   // the body brings its own framing: no Content-Length is added
	from           string // address of the client, "" for 127.0.0.1
	tells          bool   // the answer tells a secret to who may know it
}

// answer is what came back.
type answer struct {
	w      *world
	req    *req
	status int
	header http.Header
	body   string
}

func (r req) secret() *req { r.tells = true; return &r }

// with returns a copy with more lines of header.
func (r req) with(lines ...string) *req {
	r.lines = append(append([]string(nil), r.lines...), lines...)
	return &r
}

// at returns a copy that comes from another address.
func (r req) at(ip string) *req { r.from = ip; return &r }

// to returns a copy with another target.
func (r req) to(target string) *req { r.target = target; return &r }

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// patience is how long an answer may take.
const patience = 20 * time.Second

// do sends a request on a connection of its own and returns the answer.
func (w *world) do(r *req) *answer {
	w.t.Helper()
	a, err := w.try(r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.method, r.target, err)
	}
	return a
}

// try is do for requests that may end without an answer.
func (w *world) try(r *req) (*answer, error) {
	dialer := net.Dialer{Timeout: patience}
	if r.from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(r.from)}
	}
	c, err := dialer.Dial("tcp", w.host)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	go io.WriteString(c, r.text(w.host)) // an answer may come before all is sent
	return w.read(bufio.NewReader(c), r)
}

// text is the request on the wire.
func (r *req) text(host string) string {
	if r.host != "" {
		host = r.host
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.method, r.target, host)
	for _, l := range r.lines {
		b.WriteString(l + "\r\n")
	}
	if !r.raw && (r.body != "" || r.method == "PUT" || r.method == "POST") {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.body))
	}
	return b.String() + "\r\n" + r.body
}

func (w *world) read(from *bufio.Reader, r *req) (*answer, error) {
	res, err := http.ReadResponse(from, &http.Request{Method: r.method})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	a := &answer{w: w, req: r, status: res.StatusCode, header: res.Header, body: string(body)}
	if !r.tells {
		var head bytes.Buffer
		res.Header.Write(&head)
		w.mu.Lock()
		w.answers = append(w.answers, head.String()+a.body)
		w.mu.Unlock()
	}
	return a, err
}

func (a *answer) fail(format string, args ...any) {
	a.w.t.Helper()
	body := a.body
	if len(body) > 600 {
		body = body[:600] + "…"
	}
	target := a.req.target
	if len(target) > 300 {
		target = target[:300] + "…"
	}
	a.w.t.Errorf("%s %s: %s\nanswer %d %s", a.req.method, target, fmt.Sprintf(format, args...), a.status, body)
}

// is requires a status.
func (a *answer) is(status int) *answer {
	a.w.t.Helper()
	if a.status != status {
		a.fail("want %d", status)
	}
	return a
}

// refused requires an answer of 400 to 499, or 501.
func (a *answer) refused(what string) *answer {
	a.w.t.Helper()
	if (a.status < 400 || a.status > 499) && a.status != 501 {
		a.fail("%s: want a refusal", what)
	}
	return a
}

// lacks requires that a text is not in the answer.
func (a *answer) lacks(text string) *answer {
	a.w.t.Helper()
	if strings.Contains(a.body, text) {
		a.fail("the answer holds %q", text)
	}
	return a
}

// holds requires that a text is in the answer.
func (a *answer) holds(text string) *answer {
	a.w.t.Helper()
	if !strings.Contains(a.body, text) {
		a.fail("the answer lacks %q", text)
	}
	return a
}

// code is the code of an error, of any of the APIs.
func (a *answer) code() string {
	if c := a.xml("Code"); c != "" {
		return c
	}
	var doc struct{ Error struct{ Code string } }
	json.Unmarshal([]byte(a.body), &doc)
	return doc.Error.Code
}

// xml is the text of the first element of a name.
func (a *answer) xml(name string) string {
	m := regexp.MustCompile("<" + name + ">([^<]*)</" + name + ">").FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return m[1]
}

// json is a member of a JSON object, at its top.
func (a *answer) json(name string) string {
	var doc map[string]any
	json.Unmarshal([]byte(a.body), &doc)
	s, _ := doc[name].(string)
	return s
}

// parsed is the request as net/http sees it, for signing.
func (r *req) parsed(host string) *http.Request {
	u, err := url.ParseRequestURI(r.target)
	if err != nil {
		panic(err)
	}
	h := http.Header{}
	for _, l := range r.lines {
		name, value, _ := strings.Cut(l, ":")
		h.Add(name, strings.TrimSpace(value))
	}
	if r.host != "" {
		host = r.host
	}
	return &http.Request{Method: r.method, URL: u, Host: host, Header: h}
}

func (u user) signer() sigv4.Signer {
	return sigv4.Signer{AccessKey: u.key, SecretKey: u.secret, Token: u.token, Region: region}
}

// header is a request with Signature V4 in its header.
func (u user) header(method, target, body string, lines ...string) *req {
	return u.sign(&req{method: method, target: target, body: body, lines: lines})
}

// fixedHost is the Host that all tests send but those about it: signatures can be made before there is a server.
const fixedHost = "attack.test:5000"

// sign signs a request in its header; an anonymous user's stays as it is.
func (u user) sign(r *req) *req {
	if r.host == "" {
		r.host = fixedHost
	}
	if u.key == "" {
		return r
	}
	return u.signAt(r, sigv4.PayloadHash([]byte(r.body)), time.Now())
}

func (u user) signAt(r *req, payload string, now time.Time) *req {
	if r.host == "" {
		r.host = fixedHost
	}
	p := r.parsed("")
	u.signer().Sign(p, payload, now)
	out := *r
	for _, name := range []string{"X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token", "Authorization"} {
		if v := p.Header.Get(name); v != "" {
			out.lines = append(out.lines[:len(out.lines):len(out.lines)], name+": "+v)
		}
	}
	return &out
}

// presigned is a request whose URL is signed, good for a minute. Lines are signed headers.
func (u user) presigned(method, target, body string, lines ...string) *req {
	return u.presignedAt(time.Minute, time.Now(), method, target, body, lines...)
}

func (u user) presignedAt(life time.Duration, now time.Time, method, target, body string, lines ...string) *req {
	r := &req{method: method, target: target, body: body, lines: lines, host: fixedHost}
	signed, err := url.Parse(u.signer().Presign(r.parsed(""), life, now))
	if err != nil {
		panic(err)
	}
	path, _, _ := strings.Cut(target, "?")
	r.target = path + "?" + signed.RawQuery
	return r
}

// pair is a request with the header pair.
func (u user) pair(method, target, body string, lines ...string) *req {
	r := &req{method: method, target: target, body: body, lines: append(lines, "X-Access-Key: "+u.key, "X-Secret-Key: "+u.secret), host: fixedHost}
	if u.token != "" {
		r.lines = append(r.lines, "X-Session-Token: "+u.token)
	}
	return r
}

// v2 is a request with Signature V2 in its header. Of its query only sub-resources may stand in target, of its lines only x-amz- ones in order.
func (u user) v2(method, target, body string, lines ...string) *req {
	date := time.Now().UTC().Format(http.TimeFormat)
	var amz strings.Builder
	for _, l := range lines {
		if name, value, _ := strings.Cut(l, ":"); strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			fmt.Fprintf(&amz, "%s:%s\n", strings.ToLower(name), strings.TrimSpace(value))
		}
	}
	sig := sign2(u.secret, method+"\n\n\n"+date+"\n"+amz.String()+target)
	return &req{method: method, target: target, body: body, host: fixedHost, lines: append(lines, "Date: "+date, "Authorization: AWS "+u.key+":"+sig)}
}

// v2query is a URL with Signature V2, good for a minute.
func (u user) v2query(method, target, body string) *req {
	expires := fmt.Sprint(time.Now().Add(time.Minute).Unix())
	sig := sign2(u.secret, method+"\n\n\n"+expires+"\n"+target)
	sep := "?"
	if strings.Contains(target, "?") {
		sep = "&"
	}
	return &req{method: method, target: target + sep + "AWSAccessKeyId=" + u.key + "&Expires=" + expires + "&Signature=" + escape(sig), body: body, host: fixedHost}
}

func sign2(secret, text string) string {
	m := hmac.New(sha1.New, []byte(secret))
	io.WriteString(m, text)
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// sts is a signed request to the service of temporary credentials.
func (u user) sts(form string) *req {
	return u.header("POST", "/", form, "Content-Type: application/x-www-form-urlencoded")
}

// chunks are the pieces of a streamed body with their signatures, one after the other.
type chunks struct {
	key         []byte
	date, scope string
	last        string // signature
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	io.WriteString(m, text)
	return m.Sum(nil)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (c *chunks) sign(algorithm, hashes string) string {
	c.last = hex.EncodeToString(mac(c.key, algorithm+"\n"+c.date+"\n"+c.scope+"\n"+c.last+"\n"+hashes))
	return c.last
}

// chunk is one piece; the empty one is the last.
func (c *chunks) chunk(data string) string {
	sig := c.sign("AWS4-HMAC-SHA256-PAYLOAD", hash("")+"\n"+hash(data))
	return fmt.Sprintf("%x;chunk-signature=%s\r\n%s\r\n", len(data), sig, data)
}

// streamed is a PUT whose body comes in signed chunks. change alters the pieces: data chunks, the last one and, with a trailer, its
// lines; nil leaves them.
func (u user) streamed(target string, trailer bool, data []string, change func([]string) []string, lines ...string) *req {
	return u.streamedAt(time.Now(), target, trailer, data, change, lines...)
}

func (u user) streamedAt(now time.Time, target string, trailer bool, data []string, change func([]string) []string, lines ...string) *req {
	payload := "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	size := len(strings.Join(data, ""))
	lines = append(lines, "Content-Encoding: aws-chunked", fmt.Sprintf("X-Amz-Decoded-Content-Length: %d", size))
	if trailer {
		payload += "-TRAILER"
		lines = append(lines, "X-Amz-Trailer: x-amz-checksum-sha256")
	}
	r := u.signAt(&req{method: "PUT", target: target, lines: lines}, payload, now)
	date := now.UTC().Format("20060102T150405Z")
	key := []byte("AWS4" + u.secret)
	for _, step := range []string{date[:8], region, "s3", "aws4_request"} {
		key = mac(key, step)
	}
	auth := r.lines[len(r.lines)-1]
	c := &chunks{key: key, date: date, scope: date[:8] + "/" + region + "/s3/aws4_request", last: auth[strings.LastIndex(auth, "=")+1:]}
	var pieces []string
	for _, d := range data {
		pieces = append(pieces, c.chunk(d))
	}
	end := c.chunk("")
	if trailer {
		end = strings.TrimSuffix(end, "\r\n")
	}
	pieces = append(pieces, end)
	if trailer {
		sum := sha256.Sum256([]byte(strings.Join(data, "")))
		line := "x-amz-checksum-sha256:" + base64.StdEncoding.EncodeToString(sum[:])
		sig := c.sign("AWS4-HMAC-SHA256-TRAILER", hash(line+"\n"))
		pieces = append(pieces, line+"\r\nx-amz-trailer-signature:"+sig+"\r\n\r\n")
	}
	if change != nil {
		pieces = change(pieces)
	}
	r.body = strings.Join(pieces, "")
	return r
}

// field is one of an HTML form.
type field struct{ name, value string }

// form is a POST upload of u to a bucket; conditions is the JSON of the policy's conditions beside the bucket and the proof. Fields go in
// their order, before the file.
func (u user) form(bucket, conditions, data string, fields ...field) *req {
	return u.formUntil(time.Now().Add(time.Minute), bucket, conditions, data, fields...)
}

func (u user) formUntil(end time.Time, bucket, conditions, data string, fields ...field) *req {
	if u.key != "" {
		policy := `{"expiration":"` + end.UTC().Format("2006-01-02T15:04:05Z") + `","conditions":[{"bucket":"` + bucket + `"},` +
			`["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""],["starts-with","$x-amz-algorithm",""]`
		if u.token != "" {
			policy += `,["starts-with","$x-amz-security-token",""]`
		}
		if conditions != "" {
			policy += "," + conditions
		}
		policy += "]}"
		for name, value := range u.signer().SignPolicy(base64.StdEncoding.EncodeToString([]byte(policy)), time.Now()) {
			fields = append(fields, field{name, value})
		}
	}
	return formOf(bucket, data, fields)
}

const boundary = "9431149156168"

func formOf(bucket, data string, fields []field) *req {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary, f.name, f.value)
	}
	fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n%s\r\n--%s--\r\n", boundary, data, boundary)
	return &req{method: "POST", target: "/" + bucket, host: fixedHost, body: b.String(), lines: []string{"Content-Type: multipart/form-data; boundary=" + boundary}}
}

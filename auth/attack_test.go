package auth

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
)

// identify is what becomes of a request: the code of its refusal, "anonymous", or "" when it is the administrator's and
// its body is as signed.
func (w *world) identify(r *http.Request) string {
	p, err := w.Identify(context.Background(), r, home)
	defer w.Lockout.Succeeded(p.AccessKey, home.IP)
	switch {
	case err != nil:
		return codeOf(err)
	case p.Principal.UserID == "":
		return "anonymous"
	case p.Principal.UserID != "u-admin":
		return "another user"
	case p.Signed == nil:
		return ""
	}
	body, err := p.Signed.Body()
	if err == nil {
		_, err = io.Copy(io.Discard, body)
	}
	return code(err)
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func addQuery(s string) func(*http.Request) {
	return func(r *http.Request) { r.URL.RawQuery += s }
}

// attack is a change that somebody makes to a request of the administrator on its way.
type attack struct {
	name   string
	change func(*http.Request)
	want   map[string]string // code by way; "" as way: every other one
}

var attacks = []attack{
	{"method", func(r *http.Request) { r.Method = "DELETE" }, map[string]string{"": "SignatureDoesNotMatch"}},
	{"key", func(r *http.Request) { r.URL.Path = "/box/other" }, map[string]string{"": "SignatureDoesNotMatch"}},
	{"bucket", func(r *http.Request) { r.URL.Path = "/other/k" }, map[string]string{"": "SignatureDoesNotMatch"}},
	{"way round", func(r *http.Request) { r.URL.Path = "/box/x/../k" }, map[string]string{"": "SignatureDoesNotMatch"}},
	{"sub-resource", addQuery("&acl"), map[string]string{"": "SignatureDoesNotMatch"}},
	{"younger sub-resource", addQuery("&legal-hold"), map[string]string{"": "SignatureDoesNotMatch", "SigV2": "AccessDenied", "SigV2-Query": "AccessDenied"}},
	{"parameter twice", addQuery("&versionId=2"), map[string]string{"": "SignatureDoesNotMatch", "SigV2": "AuthorizationQueryParametersError", "SigV2-Query": "AuthorizationQueryParametersError"}},
	{"parameter before", func(r *http.Request) { r.URL.RawQuery = "versionId=2&" + r.URL.RawQuery },
		map[string]string{"": "SignatureDoesNotMatch", "SigV2": "AuthorizationQueryParametersError", "SigV2-Query": "AuthorizationQueryParametersError"}},
	{"parameter gone", func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "versionId=1", "", 1) }, map[string]string{"": "SignatureDoesNotMatch"}},
	{"x-amz-acl", set("X-Amz-Acl", "public-read-write"), map[string]string{"": "SignatureDoesNotMatch"}},
	{"x-amz-acl gone", func(r *http.Request) { r.Header.Del("X-Amz-Acl") }, map[string]string{"": "SignatureDoesNotMatch"}},
	{"x-amz-acl twice", func(r *http.Request) { r.Header.Add("X-Amz-Acl", "public-read") },
		map[string]string{"": "InvalidRequest", "SigV2": "AccessDenied", "SigV2-Query": "AccessDenied"}},
	{"metadata twice", func(r *http.Request) { r.Header.Add("X-Amz-Meta-A", "c") }, map[string]string{"": "SignatureDoesNotMatch"}},
	{"one more x-amz- header", set("X-Amz-Copy-Source", "/box/secret"),
		map[string]string{"": "AccessDenied", "SigV2": "SignatureDoesNotMatch", "SigV2-Query": "SignatureDoesNotMatch"}},
	{"one more as parameter", addQuery("&x-amz-copy-source=/box/secret"), map[string]string{"": "SignatureDoesNotMatch", "SigV2": "AccessDenied"}},
	{"content type", set("Content-Type", "text/html"), map[string]string{"": "SignatureDoesNotMatch"}},
	{"pair as well", set("X-Access-Key", adminKey), map[string]string{"": "InvalidArgument"}},
	{"secret as well", set("X-Secret-Key", adminSecret), map[string]string{"": "InvalidArgument"}},
	{"V4 parameters as well", addQuery("&X-Amz-Signature=x"), map[string]string{"": "InvalidArgument", "SigV4-Query": "AuthorizationQueryParametersError"}},
	{"encoded V4 parameters as well", addQuery("&X%2DAmz%2DSignature=x"), map[string]string{"": "InvalidArgument", "SigV4-Query": "AuthorizationQueryParametersError"}},
	{"V2 parameters as well", addQuery("&AWSAccessKeyId=x"), map[string]string{"": "InvalidArgument", "SigV2-Query": "AuthorizationQueryParametersError"}},
	{"header as well", func(r *http.Request) { r.Header.Add("Authorization", "Basic eDp4") }, map[string]string{"": "InvalidArgument"}},
	{"a token", set("X-Amz-Security-Token", "t"), map[string]string{"": "AccessDenied", "SigV2": "InvalidToken", "SigV2-Query": "InvalidToken"}},
}

// signatures are the ways that protect what they are sent with; the header pair protects nothing.
var signatures = []string{"SigV4", "SigV4-Query", "SigV2", "SigV2-Query"}

// No change on the way leaves a signed request the administrator's, and none makes it anonymous.
func TestAttacks(t *testing.T) {
	w := newWorld(t)
	way := w.ways()
	for _, name := range signatures {
		if got := w.identify(way[name](t, adminKey, adminSecret)); got != "" {
			t.Fatalf("%s: %s", name, got)
		}
		for _, a := range attacks {
			r := way[name](t, adminKey, adminSecret)
			a.change(r)
			want, ok := a.want[name]
			if !ok {
				want = a.want[""]
			}
			if got := w.identify(r); got != want {
				t.Errorf("%s, %s: %q, want %q", name, a.name, got, want)
			}
		}
	}
}

// Signature V4 holds to the host, and a hash in the header to the body. V2 signs neither, nor does a URL sign a body.
func TestHostAndBody(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string][2]string{
		"SigV4": {"SignatureDoesNotMatch", "XAmzContentSHA256Mismatch"}, "SigV4-Query": {"SignatureDoesNotMatch", ""},
		"SigV2": {"", ""}, "SigV2-Query": {"", ""},
	} {
		r := w.ways()[name](t, adminKey, adminSecret)
		r.Host = "evil.test"
		r.Header.Set("X-Forwarded-Host", "s3.test")
		if got := w.identify(r); got != want[0] {
			t.Errorf("%s with another host: %q", name, got)
		}
		r = w.ways()[name](t, adminKey, adminSecret)
		r.Body = io.NopCloser(strings.NewReader("jello"))
		if got := w.identify(r); got != want[1] {
			t.Errorf("%s with another body: %q", name, got)
		}
	}
}

// Old requests are not good for ever.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		way, code string
		after     time.Duration
	}{
		{"SigV4", "", 15 * time.Minute}, {"SigV4", "RequestTimeTooSkewed", 15*time.Minute + time.Second}, {"SigV4", "RequestTimeTooSkewed", -16 * time.Minute},
		{"SigV2", "", 15 * time.Minute}, {"SigV2", "RequestTimeTooSkewed", 15*time.Minute + time.Second}, {"SigV2", "RequestTimeTooSkewed", -16 * time.Minute},
		{"SigV4-Query", "", time.Hour}, {"SigV4-Query", "AccessDenied", time.Hour + time.Second}, {"SigV4-Query", "AccessDenied", -16 * time.Minute},
		{"SigV2-Query", "", time.Hour}, {"SigV2-Query", "AccessDenied", time.Hour + time.Second},
		{"SigV2-Query", "AuthorizationQueryParametersError", -8 * 24 * time.Hour},
	} {
		w.now = start
		r := w.ways()[c.way](t, adminKey, adminSecret)
		w.now = start.Add(c.after)
		if got := w.identify(r); got != c.code {
			t.Errorf("%s after %v: %q, want %q", c.way, c.after, got, c.code)
		}
	}
	w.now = start
	for way, name := range map[string]string{"SigV4-Query": "X-Amz-Expires=3600", "SigV2-Query": "Expires=" + fmt.Sprint(start.Add(time.Hour).Unix())} {
		r := w.ways()[way](t, adminKey, adminSecret)
		if !strings.Contains(r.URL.RawQuery, name) {
			t.Fatal(r.URL.RawQuery)
		}
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, name, name[:len(name)-1]+"1", 1)
		if got := w.identify(r); got != "SignatureDoesNotMatch" {
			t.Errorf("%s with a longer life: %q", way, got)
		}
	}
}

// Names of headers taken out of the list of the signed ones.
func TestStripping(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"host;", "x-amz-acl;", ";x-amz-date", "x-amz-content-sha256;", "content-type;"} {
		want := "AccessDenied"
		if name == "content-type;" {
			want = "SignatureDoesNotMatch"
		}
		r := w.ways()["SigV4"](t, adminKey, adminSecret)
		auth := r.Header.Get("Authorization")
		if !strings.Contains(auth, name) {
			name = strings.Trim(name, ";")
		}
		r.Header.Set("Authorization", strings.Replace(auth, name, "", 1))
		if auth == r.Header.Get("Authorization") {
			t.Fatalf("%q is not in %q", name, auth)
		}
		if got := w.identify(r); got != want && got != "AuthorizationHeaderMalformed" {
			t.Errorf("without %s: %q", name, got)
		}
	}
}

// One user's signature under another's access key.
func TestKeyConfusion(t *testing.T) {
	w := newWorld(t)
	for _, name := range signatures {
		r := w.ways()[name](t, userKey, userSecret)
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, userKey, adminKey)
		if auth := r.Header.Get("Authorization"); auth != "" {
			r.Header.Set("Authorization", strings.ReplaceAll(auth, userKey, adminKey))
		}
		if got := w.identify(r); got != "SignatureDoesNotMatch" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestOddPairs(t *testing.T) {
	w := newWorld(t)
	for name, head := range map[string]string{
		"half":          "X-Access-Key: ADMINKEY\n",
		"other half":    "X-Secret-Key: admin-secret-of-some-length\n",
		"empty":         "X-Access-Key:\nX-Secret-Key:\n",
		"key twice":     "X-Access-Key: ADMINKEY\nX-Access-Key: USERKEY\nX-Secret-Key: admin-secret-of-some-length\n",
		"secret twice":  "X-Access-Key: ADMINKEY\nX-Secret-Key: x\nX-Secret-Key: admin-secret-of-some-length\n",
		"two tokens":    "X-Access-Key: ADMINKEY\nX-Secret-Key: admin-secret-of-some-length\nX-Session-Token: a\nX-Amz-Security-Token: a\n",
		"a scheme":      "Authorization: Basic QURNSU5LRVk6eA==\n",
		"a bearer":      "Authorization: Bearer x\n",
		"empty header":  "Authorization:\n",
		"scheme's case": "Authorization: aws4-hmac-sha256 Credential=x\n",
	} {
		if got := w.identify(wire(t, "GET / HTTP/1.1\nHost: h\n"+head+"\n")); got == "" || got == "anonymous" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if len(w.asked) > 0 {
		t.Errorf("checked %q", w.asked)
	}
}

// TestSmuggling sends what a broken proxy may let through, over a real connection: headers in odd forms added to a signed request. Each is
// refused by the server, or the proof is.
func TestSmuggling(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, r *http.Request) {
		io.WriteString(res, "["+w.identify(r)+"]")
	}))
	defer srv.Close()
	r := wire(t, "GET /box/k HTTP/1.1\nHost: s3.test\nX-Amz-Acl: private\n\n")
	signer(adminKey, adminSecret).Sign(r, "", w.now)
	head := ""
	for name, v := range r.Header {
		head += name + ": " + v[0] + "\r\n"
	}
	for _, c := range []struct{ name, line, more, want string }{
		{"nothing", "GET /box/k HTTP/1.1", "", "[]"},
		{"a bare newline", "GET /box/k HTTP/1.1", "X-A: b\nX-Amz-Tagging: a=b\r\n", "[AccessDenied]"},
		{"a bare carriage return", "GET /box/k HTTP/1.1", "X-A: b\rX-Amz-Tagging: a=b\r\n", "400"},
		{"a name with a blank", "GET /box/k HTTP/1.1", "X-Amz-Tagging : a=b\r\n", "400"},
		{"a blank before the name", "GET /box/k HTTP/1.1", "X-A: b\r\n X-Amz-Tagging: a=b\r\n", "[]"}, // part of X-A's value
		{"a folded line", "GET /box/k HTTP/1.1", "X-Amz-Tagging:\r\n\ta=b\r\n", "[AccessDenied]"},
		{"a zero byte", "GET /box/k HTTP/1.1", "X-Amz-Tagging: a\x00b\r\n", "400"},
		{"an odd case", "GET /box/k HTTP/1.1", "x-aMz-tAGGing: a=b\r\n", "[AccessDenied]"},
		{"a second host", "GET /box/k HTTP/1.1", "Host: evil.test\r\n", "400"},
		{"a host in the target", "GET http://evil.test/box/k HTTP/1.1", "", "[SignatureDoesNotMatch]"},
		{"the same host in the target", "GET http://s3.test/box/k HTTP/1.1", "", "[]"},
		{"two lengths", "GET /box/k HTTP/1.1", "Content-Length: 0\r\nContent-Length: 5\r\n", "400"},
		{"a second Authorization", "GET /box/k HTTP/1.1", "Authorization: AWS a:b\r\n", "[InvalidArgument]"},
		{"a path with an encoded slash", "GET /box%2Fk HTTP/1.1", "", "[]"}, // which names the bucket "box/k", that cannot be
		{"a path of two slashes", "GET //box/k HTTP/1.1", "", "[SignatureDoesNotMatch]"},
		{"a fragment", "GET /box/k#x HTTP/1.1", "", "[SignatureDoesNotMatch]"},
	} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s\r\nHost: s3.test\r\n%s%sConnection: close\r\n\r\n", c.line, head, c.more)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		body, _ := io.ReadAll(res.Body)
		got := string(body)
		if res.StatusCode != 200 {
			got = fmt.Sprint(res.StatusCode)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		conn.Close()
	}
}

func FuzzIdentify(f *testing.F) {
	w := newWorld(f)
	for _, way := range w.ways() {
		r := way(f, adminKey, userSecret)
		f.Add(r.Header.Get("Authorization"), r.URL.RawQuery, r.Header.Get("X-Access-Key"), r.Header.Get("X-Secret-Key"))
	}
	f.Fuzz(func(t *testing.T, auth, query, key, secret string) {
		r := wire(t, putText)
		r.URL.RawQuery = query
		for name, value := range map[string]string{"Authorization": auth, "X-Access-Key": key, "X-Secret-Key": secret} {
			if value != "" {
				r.Header[name] = []string{value}
			}
		}
		p, err := w.Identify(context.Background(), r, home)
		w.told, w.asked = nil, nil
		shown := auth != "" || key != "" || secret != ""
		switch {
		case err == nil && p.Principal.UserID != "" && secret != adminSecret && secret != userSecret:
			t.Errorf("proven by %q %q %q %q", auth, query, key, secret)
		case err == nil && p.Principal.UserID == "" && shown:
			t.Errorf("anonymous with %q %q %q %q", auth, query, key, secret)
		case err != nil && fault.KindOf(err) == fault.Internal:
			t.Error(err)
		}
	})
}

package adminapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"myfsio/iam"
	"myfsio/internal/transcript"
	"myfsio/sigv4"
)

// urlFor asks for a URL as whoever a proof says.
func (w *world) urlFor(t *testing.T, body map[string]any, as ...string) string {
	t.Helper()
	b, err := json.Marshal(body)
	check(t, err)
	r := httptest.NewRequest("POST", "/admin/presign", strings.NewReader(string(b)))
	x := &transcript.Exchange{}
	if as != nil {
		x.Directives = [][]string{append([]string{"@as"}, as...)}
	}
	prove(x, r)
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	var out struct{ URL string }
	check(t, json.NewDecoder(rec.Body).Decode(&out))
	if rec.Code != 200 {
		t.Fatalf("status %d for %s", rec.Code, b)
	}
	return out.URL
}

// arrive makes of a URL the request that a server gets.
func arrive(t *testing.T, method, target string) *http.Request {
	t.Helper()
	u, err := url.Parse(target)
	check(t, err)
	r := httptest.NewRequest(method, u.RequestURI(), nil)
	r.Host = u.Host
	return r
}

func verifier(at time.Time) *sigv4.Verifier {
	return &sigv4.Verifier{Region: "us-east-1", Clock: sigv4.Clock{Now: func() time.Time { return at }}}
}

// TestPresignKeys checks that URLs for odd keys name the key and are signed right, for as long as was asked.
func TestPresignKeys(t *testing.T) {
	w := newWorld(t, nil)
	for _, key := range []string{
		"k", "a b", "a+b", "a%20b", "%", "ü/€/😀", "a//b", "/lead", "trail/", "a?b=c&d", "#x", "../x", ".", "a:b", "~a_b-c.d", "'(\"<>)", "a\nb", "=;,@$!*", "\\",
		strings.Repeat("é", 512),
	} {
		target := w.urlFor(t, map[string]any{"bucket": "box", "key": key, "version_id": "null", "response_content_disposition": `inline; filename="a b+c.txt"`})
		r := arrive(t, "GET", target)
		if r.URL.Path != "/box/"+key {
			t.Errorf("%q: the path is %q", key, r.URL.Path)
		}
		if q := r.URL.Query(); q.Get("versionId") != "null" || q.Get("response-content-disposition") != `inline; filename="a b+c.txt"` {
			t.Errorf("%q: the query is %v", key, q)
		}
		for _, after := range []time.Duration{0, presignDefault * time.Second} {
			q, err := verifier(now.Add(after)).Parse(r)
			if err == nil {
				err = q.Verify([]byte(people["admin"][1]))
			}
			if err != nil {
				t.Errorf("%q after %v: %v", key, after, err)
			}
		}
		if _, err := verifier(now.Add((presignDefault + 1) * time.Second)).Parse(r); err == nil {
			t.Errorf("%q: the URL does not end", key)
		}
	}
}

// TestPresignBase checks where URLs lead.
func TestPresignBase(t *testing.T) {
	for _, tt := range []struct {
		base, host string
		want       string
	}{
		{"", "", "http://example.com/box/k?"},
		{"", "s3.lan:9000", "http://s3.lan:9000/box/k?"},
		{"", "s3.lan:80", "http://s3.lan/box/k?"},
		{"", "[::1]:5000", "http://[::1]:5000/box/k?"},
		{"https://s3.example.org", "s3.lan", "https://s3.example.org/box/k?"},
		{"https://s3.example.org:443", "", "https://s3.example.org/box/k?"},
		{"http://s3.example.org:443", "", "http://s3.example.org:443/box/k?"},
	} {
		w := newWorld(t, func(c *Config) {
			c.BaseURL = tt.base
			if tt.host != "" {
				c.Host = func(*http.Request) string { return tt.host }
			}
		})
		target := w.urlFor(t, map[string]any{"bucket": "box", "key": "k"})
		if !strings.HasPrefix(target, tt.want) {
			t.Errorf("%q %q: %s", tt.base, tt.host, target)
		}
		q, err := verifier(now).Parse(arrive(t, "GET", target))
		if err == nil {
			err = q.Verify([]byte(people["admin"][1]))
		}
		if err != nil {
			t.Errorf("%q %q: %v", tt.base, tt.host, err)
		}
	}
	w := newWorld(t, func(c *Config) { c.Host = func(*http.Request) string { return "evil/../x" } })
	if res := w.do(t, "POST", "/admin/presign", `{"bucket": "box", "key": "k"}`); res.StatusCode != 400 {
		t.Errorf("status %d", res.StatusCode)
	}
}

// TestPresignSession checks that the URL of a session brings the session's token, however the session proved itself.
func TestPresignSession(t *testing.T) {
	w := newWorld(t, nil)
	cred, err := w.store.Resolve("AKADMIN", "")
	check(t, err)
	temp, err := w.store.Issue(cred.Principal, iam.SessionRequest{Duration: time.Hour})
	check(t, err)
	body := `{"bucket": "box", "key": "k", "expires_in": 60}`
	signed := httptest.NewRequest("POST", "/admin/presign", strings.NewReader(body))
	sigv4.Signer{AccessKey: temp.AccessKey, SecretKey: temp.SecretKey.Reveal(), Token: temp.Token, Region: "us-east-1"}.Sign(signed, sigv4.PayloadHash([]byte(body)), now)
	pair := httptest.NewRequest("POST", "/admin/presign", strings.NewReader(body))
	pair.Header.Set("X-Access-Key", temp.AccessKey)
	pair.Header.Set("X-Secret-Key", temp.SecretKey.Reveal())
	pair.Header.Set("X-Session-Token", temp.Token)
	for _, r := range []*http.Request{signed, pair} {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		var out struct{ URL string }
		check(t, json.NewDecoder(rec.Body).Decode(&out))
		if rec.Code != 200 {
			t.Errorf("status %d", rec.Code)
			continue
		}
		q, err := verifier(now).Parse(arrive(t, "GET", out.URL))
		check(t, err)
		if q.AccessKey != temp.AccessKey || q.Token != temp.Token {
			t.Errorf("the URL is of %s", q.AccessKey)
		}
		check(t, q.Verify([]byte(temp.SecretKey.Reveal())))
	}
}

// TestPresignedAdministration checks that no link administers the server.
func TestPresignedAdministration(t *testing.T) {
	w := newWorld(t, nil)
	s := sigv4.Signer{AccessKey: "AKADMIN", SecretKey: people["admin"][1], Region: "us-east-1"}
	target := s.Presign(httptest.NewRequest("GET", "http://example.com/iam/users", nil), time.Minute, now)
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, arrive(t, "GET", target))
	if rec.Code != 403 {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}

func TestPresignBounds(t *testing.T) {
	w := newWorld(t, nil)
	for _, n := range []int64{-1, 0, 1, presignMax, presignMax + 1, 1 << 62} {
		res := w.do(t, "POST", "/admin/presign", `{"bucket": "box", "key": "k", "expires_in": `+strconv.FormatInt(n, 10)+`}`)
		if ok := n >= 1 && n <= presignMax; ok != (res.StatusCode == 200) || !ok && res.StatusCode != 400 {
			t.Errorf("%d: status %d", n, res.StatusCode)
		}
	}
}

// TestPresignSettings checks that the bounds of the server hold when a URL is made.
func TestPresignSettings(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Auth.Verifier.MinExpiry, c.Auth.Verifier.MaxExpiry = 10*time.Second, 60*time.Second })
	for body, want := range map[string]int{
		`{"bucket": "box", "key": "k"}`: 200, `{"bucket": "box", "key": "k", "expires_in": 60}`: 200,
		`{"bucket": "box", "key": "k", "expires_in": 61}`: 400, `{"bucket": "box", "key": "k", "expires_in": 9}`: 400,
	} {
		if res := w.do(t, "POST", "/admin/presign", body); res.StatusCode != want {
			t.Errorf("%s: status %d", body, res.StatusCode)
		}
	}
}

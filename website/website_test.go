package website

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/auth"
	"myfsio/blob/memblob"
	"myfsio/bucketpolicy"
	"myfsio/cors"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/internal/transcript"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/seal"
	"myfsio/website/site"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// domains maps hosts to buckets.
type domains map[string]string

func (d domains) Bucket(host string) (string, bool) {
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	b, ok := d[host]
	return b, ok
}

type world struct {
	*Handler
	t       testing.TB
	store   *object.Store
	changes []string // what After was told
}

func newWorld(t testing.TB, change func(*Config), stores ...func(*object.Config)) *world {
	db, blobs := memkv.New(), memblob.New()
	t.Cleanup(func() { db.Close(); blobs.Close() })
	w := &world{t: t}
	var err error
	conf := object.Config{KV: db, Blobs: blobs, Now: func() time.Time { return now }}
	for _, set := range stores {
		set(&conf)
	}
	w.store, err = object.New(context.Background(), conf)
	w.check(err)
	policies, err := bucketpolicy.Open(bucketpolicy.Options{Path: t.TempDir() + "/bucket_policies.json"})
	w.check(err)
	door := &gate.Gate{Authorizer: access.New(access.Config{Policies: policies, Objects: w.store})}
	var mu sync.Mutex
	door.Hooks.After = func(_ context.Context, r *gate.Request, err error) {
		mu.Lock()
		defer mu.Unlock()
		outcome := "ok"
		if err != nil {
			outcome = problemOf(err).code
		}
		w.changes = append(w.changes, r.Op.Log+" "+r.Bucket+"/"+r.Key+" "+outcome)
	}
	cfg := Config{Store: w.store, Gate: door, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: func() time.Time { return now }, Domains: domains{
		"example.com": "site", "www.example.com": "moved", "bare.example.com": "bare", "gone.example.com": "gone", "rules.example.com": "rules",
		"denied.example.com": "denied", "blocked.example.com": "blocked", "plain.example.com": "plain", "versioned.example.com": "versioned",
	}}
	if change != nil {
		change(&cfg)
	}
	w.Handler = New(cfg)
	for bucket, conf := range map[string]string{
		"site":      `{"IndexDocument":{"Suffix":"index.html"},"ErrorDocument":{"Key":"404.html"}}`,
		"moved":     `{"RedirectAllRequestsTo":{"HostName":"example.com","Protocol":"https"}}`,
		"bare":      "",
		"plain":     `{"IndexDocument":{"Suffix":"index.html"},"ErrorDocument":{"Key":"none.html"}}`,
		"versioned": `{"IndexDocument":{"Suffix":"index.html"}}`,
		"denied":    `{"IndexDocument":{"Suffix":"index.html"},"ErrorDocument":{"Key":"sorry.html"}}`,
		"blocked":   `{"IndexDocument":{"Suffix":"index.html"}}`,
		"rules": `{"IndexDocument":{"Suffix":"i"},"RoutingRules":[{"Condition":{"KeyPrefixEquals":"docs/"},"Redirect":{"ReplaceKeyPrefixWith":"documents/"}},
			{"Condition":{"HttpErrorCodeReturnedEquals":"404","KeyPrefixEquals":"old/"},"Redirect":{"HostName":"old.example.com","HttpRedirectCode":"302"}},
			{"Condition":{"HttpErrorCodeReturnedEquals":"404"},"Redirect":{"ReplaceKeyPrefixWith":"#!/","HttpRedirectCode":"307"}}]}`,
	} {
		_, err := w.store.CreateBucket(context.Background(), object.CreateBucket{Name: bucket, Owner: "owner"})
		w.check(err)
		if conf != "" {
			_, err := site.ParseJSON([]byte(conf))
			w.check(err)
			w.check(w.store.SetConfig(context.Background(), bucket, object.ConfigWebsite, []byte(conf)))
		}
	}
	html := object.Metadata{ContentType: "text/html"}
	w.put("site", "index.html", "home", object.Metadata{ContentType: "text/html; charset=utf-8", CacheControl: "max-age=60", ContentLanguage: "de",
		Expires: "Wed, 21 Oct 2026 07:28:00 GMT", User: []object.Pair{{Name: "a", Value: "b"}}})
	w.put("site", "404.html", "lost", object.Metadata{ContentType: "text/html", CacheControl: "no-store"})
	w.put("site", "dir/index.html", "dir", html)
	w.put("site", "file", "file", object.Metadata{ContentType: "text/plain"})
	w.put("site", "file/index.html", "never", html)
	w.put("site", "a b/ü?", "odd", object.Metadata{ContentType: "application/octet-stream"})
	w.put("site", "/slash", "slash", html)
	w.put("site", "empty", "", html)
	w.put("site", "to", "", object.Metadata{WebsiteRedirect: "/elsewhere?x=1"})
	w.put("site", "out", "x", object.Metadata{WebsiteRedirect: "https://other.example/"})
	w.put("site", "big", strings.Repeat("0123456789", 10000), object.Metadata{ContentType: "text/plain"})
	w.put("rules", "old/here", "here", html)
	w.put("rules", "docs/real", "real", html)
	for _, k := range []string{"index.html", "secret/a", "sorry.html", "tagged"} {
		w.put("denied", k, k, html)
	}
	w.put("blocked", "index.html", "blocked", html)
	w.check(w.store.SetPublicAccess(context.Background(), "blocked", object.RestrictBuckets))
	w.check(policies.Put("denied", []byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::denied/secret/*"},
		{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::denied/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/state":"draft"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::denied/*","Condition":{"StringLike":{"aws:Referer":"https://thief.example/*"}}}]}`)))
	_, err = w.store.SetTags(context.Background(), object.SetTags{Bucket: "denied", Key: "tagged", Tags: []object.Pair{{Name: "state", Value: "draft"}}})
	w.check(err)
	w.check(w.store.SetVersioning(context.Background(), "versioned", object.VersioningEnabled))
	w.put("versioned", "k", "one", html)
	w.put("versioned", "k", "two", html)
	w.put("versioned", "deleted", "x", html)
	_, err = w.store.Delete(context.Background(), object.DeleteObject{Bucket: "versioned", Key: "deleted"})
	w.check(err)
	rules := cors.Config{Rules: []cors.Rule{{AllowedOrigins: []string{"https://app.example"}, AllowedMethods: []string{"GET"}}}}
	w.check(w.store.SetConfig(context.Background(), "site", object.ConfigCORS, rules.JSON()))
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(bucket, key, body string, m object.Metadata) {
	w.t.Helper()
	_, err := w.store.Put(context.Background(), object.PutObject{Bucket: bucket, Key: key, Owner: "owner", Meta: m, Body: object.Body{Reader: strings.NewReader(body), Size: int64(len(body))}})
	w.check(err)
}

// canonical writes the names of headers as package http does, for tests that look them up by such names.
type canonical struct{ http.Handler }

func (c canonical) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.Handler.ServeHTTP(&canonicalWriter{w}, r)
}

type canonicalWriter struct{ http.ResponseWriter }

func (w *canonicalWriter) WriteHeader(status int) {
	h := w.Header()
	for name, values := range h {
		delete(h, name)
		h[http.CanonicalHeaderKey(name)] = values
	}
	w.ResponseWriter.WriteHeader(status)
}

// TestTranscripts runs testdata. @host is the host of a request, example.com without it; @tls means that it came over TLS.
func TestTranscripts(t *testing.T) {
	transcript.Run(t, "testdata/*.txt", func(t *testing.T) (http.Handler, func(*transcript.Exchange, *http.Request)) {
		var secure bool
		w := newWorld(t, func(c *Config) { c.Source = func(*http.Request) auth.Source { return auth.Source{Secure: secure} } })
		return canonical{w}, func(x *transcript.Exchange, r *http.Request) {
			r.Host = "example.com"
			if d := x.Directive("host"); d != nil {
				r.Host = d[0]
			}
			secure = x.Directive("tls") != nil
		}
	})
}

// TestHead: each HEAD has the status and headers of the GET, and no body.
func TestHead(t *testing.T) {
	w := newWorld(t, nil)
	srv := httptest.NewServer(w)
	defer srv.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, host, path string, header ...string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest(method, srv.URL+path, nil)
		w.check(err)
		req.Host = host
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		res, err := client.Do(req)
		w.check(err)
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		w.check(err)
		return res, string(b)
	}
	for _, tt := range [][]string{
		{"example.com", "/"}, {"example.com", "/none"}, {"example.com", "/big"}, {"example.com", "/big", "Range", "bytes=10-19"}, {"example.com", "/big", "Range", "bytes=100000-"},
		{"example.com", "/to"}, {"example.com", "/", "If-None-Match", "*"}, {"example.com", "/", "If-Match", `"x"`}, {"www.example.com", "/a"}, {"bare.example.com", "/"}, {"plain.example.com", "/x"},
		{"denied.example.com", "/secret/a"}, {"nowhere.example.com", "/"}, {"example.com", "/empty"},
	} {
		get, body := ask("GET", tt[0], tt[1], tt[2:]...)
		head, none := ask("HEAD", tt[0], tt[1], tt[2:]...)
		if none != "" || get.StatusCode != head.StatusCode || get.ContentLength != head.ContentLength && get.StatusCode != 304 || get.StatusCode != 304 && int64(len(body)) != get.ContentLength {
			t.Errorf("%q: %d %d %q, %d %d", tt, get.StatusCode, get.ContentLength, none, head.StatusCode, head.ContentLength)
		}
		for _, h := range []http.Header{get.Header, head.Header} {
			for _, name := range []string{"Date", "X-Request-Id", "X-Amz-Request-Id"} {
				h.Del(name)
			}
		}
		if g, h := headers(get.Header), headers(head.Header); g != h {
			t.Errorf("%q: GET %s\nHEAD %s", tt, g, h)
		}
	}
	if res, body := ask("GET", "example.com", "/big"); res.StatusCode != 200 || body != strings.Repeat("0123456789", 10000) {
		t.Error(res.Status, len(body))
	}
}

func headers(h http.Header) string {
	var b strings.Builder
	h.Write(&b)
	return b.String()
}

// TestGate: the gate hears of each visit once, by the key that was shown or missed last.
func TestGate(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct{ target, want string }{
		{"http://example.com/", "WEBSITE.GET.OBJECT site/index.html ok"}, {"http://example.com/dir", "WEBSITE.GET.OBJECT site/dir/index.html ok"},
		{"http://example.com/none", "WEBSITE.GET.OBJECT site/none/index.html NoSuchKey"}, {"http://denied.example.com/secret/a", "WEBSITE.GET.OBJECT denied/secret/a AccessDenied"},
	} {
		w.changes = nil
		w.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", tt.target, nil))
		if got := strings.Join(w.changes, ", "); got != tt.want {
			t.Errorf("%s: %s", tt.target, got)
		}
	}
}

// TestRecord: what access logs are told.
func TestRecord(t *testing.T) {
	var got Record
	w := newWorld(t, func(c *Config) { c.Done = func(_ context.Context, r *Record) { got = *r } })
	for _, tt := range []struct {
		method, target string
		want           Record
	}{
		{"GET", "http://example.com/", Record{Key: "index.html", Status: 200, Sent: 4, Size: 4}},
		{"HEAD", "http://example.com/dir", Record{Key: "dir/index.html", Status: 200, Size: 3}},
		{"GET", "http://example.com/none/", Record{Key: "none/index.html", Status: 404, Code: "NoSuchKey", Sent: 4, Size: -1}},
		{"GET", "http://www.example.com/a", Record{Status: 301, Size: -1}},
		{"PUT", "http://example.com/a", Record{Status: 405, Code: "MethodNotAllowed", Sent: -1, Size: -1}},
	} {
		w.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(tt.method, tt.target, nil))
		if got.Request == nil || got.HTTP == nil || got.HostID == "" {
			t.Errorf("%+v", got)
		}
		if got.Request, got.HTTP, got.HostID = nil, nil, ""; tt.want.Sent < 0 {
			tt.want.Sent = got.Sent
		}
		if got != tt.want {
			t.Errorf("%s %s: %+v", tt.method, tt.target, got)
		}
	}
}

// TestRecordOfACut: an answer that a visitor does not wait for is told of, with what he got.
func TestRecordOfACut(t *testing.T) {
	var got []Record
	w := newWorld(t, func(c *Config) { c.Done = func(_ context.Context, r *Record) { got = append(got, *r) } })
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("it ends with %v", p)
			}
		}()
		w.ServeHTTP(&shortWriter{httptest.NewRecorder(), 1000}, httptest.NewRequest("GET", "http://example.com/big", nil))
	}()
	if len(got) != 1 || got[0].Status != 200 || got[0].Sent != 1000 || got[0].Size != 100000 || got[0].Key != "big" {
		t.Errorf("told %+v", got)
	}
}

// shortWriter takes so many bytes of a body.
type shortWriter struct {
	http.ResponseWriter
	room int
}

func (w *shortWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	w.room -= n
	if n < len(p) {
		return n, io.ErrClosedPipe
	}
	return n, nil
}

// TestKinds: no kind of fault leaves a visitor without words.
func TestKinds(t *testing.T) {
	for _, k := range fault.Kinds() {
		if p := problemOf(fault.New(k, "")); p.code == "" || p.msg == "" || p.status < 400 {
			t.Errorf("kind %d: %+v", k, p)
		}
	}
	if p := problemOf(fault.New(fault.Corrupted, "a secret")); p != internalError {
		t.Errorf("%+v", p)
	}
}

func TestLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Limit = func(_ context.Context, class gate.RateClass, client string) (time.Duration, bool) {
			return 1500 * time.Millisecond, class == gate.HeadRequests && client == "192.0.2.1"
		}
	})
	for method, want := range map[string]int{"GET": 503, "HEAD": 200, "POST": 503, "OPTIONS": 503} {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, httptest.NewRequest(method, "http://example.com/", nil))
		if rec.Code != want || want == 503 && rec.Header().Get("Retry-After") != "2" {
			t.Errorf("%s: %d %v", method, rec.Code, rec.Header())
		}
	}
}

func TestServes(t *testing.T) {
	w := newWorld(t, nil)
	for host, want := range map[string]bool{"example.com": true, "example.com:5000": true, "other.example": false} {
		r := httptest.NewRequest("GET", "http://"+host+"/", nil)
		if got := w.Serves(r); got != want {
			t.Errorf("%s: %t", host, got)
		}
	}
}

// FuzzVisit sends any path, host and method: no answer is an internal error, and no header has a line break.
func FuzzVisit(f *testing.F) {
	f.Add("GET", "example.com", "/a%20b/%C3%BC%3F", "bytes=0-")
	f.Add("HEAD", "rules.example.com:80@evil", "//x/..", "")
	f.Add("OPTIONS", "www.example.com", "*", "\n")
	w := newWorld(f, nil)
	f.Fuzz(func(t *testing.T, method, host, path, header string) {
		r := httptest.NewRequest("GET", "http://h/", nil)
		r.Method, r.Host = method, host
		u, err := r.URL.Parse(path)
		if err != nil {
			return
		}
		r.URL = u
		for _, name := range []string{"Range", "If-Range", "If-Match", "If-Modified-Since", "Origin"} {
			r.Header.Set(name, header)
		}
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		if rec.Code == 500 {
			t.Fatal(rec.Body)
		}
		if l := rec.Header().Get("Location"); strings.ContainsAny(l, "\r\n") || strings.Contains(l, "@evil") {
			t.Fatalf("%q", l)
		}
	})
}

// master is a master key.
type master [32]byte

func (m master) Current() (id [8]byte, key [32]byte, err error) { return id, m, nil }
func (m master) Find([8]byte) ([32]byte, error)                 { return m, nil }

// TestEncrypted: what the server has the key of is shown like all else, and no header tells of encryption. What it has not is refused, and nothing is
// told of it.
func TestEncrypted(t *testing.T) {
	keys := &seal.Keys{Masters: master{1}}
	w := newWorld(t, nil, func(c *object.Config) { c.Keys, c.Encrypt = keys, true })
	put := func(key string, s *object.Sealing) object.Version {
		t.Helper()
		v, err := w.store.Put(context.Background(), object.PutObject{Bucket: "site", Key: key, Owner: "owner", Seal: s, Body: object.Body{Reader: strings.NewReader("hello"), Size: 5}})
		w.check(err)
		return v
	}
	mine := put("mine", &object.Sealing{Sort: seal.S3})
	theirs := put("theirs", &object.Sealing{Sort: seal.Customer, Customer: &seal.Key{1}})
	for _, tt := range []struct {
		method, path, name, value string
		status                    int
		body                      string
	}{
		{"GET", "/mine", "", "", 200, "hello"}, {"HEAD", "/mine", "", "", 200, ""}, {"GET", "/mine", "Range", "bytes=1-2", 206, "el"},
		{"GET", "/mine", "If-None-Match", `"` + mine.ETag + `"`, 304, ""},
		{"GET", "/theirs", "", "", 400, ""}, {"HEAD", "/theirs", "", "", 400, ""}, {"GET", "/theirs", "If-None-Match", `"` + theirs.ETag + `"`, 400, ""},
	} {
		req := httptest.NewRequest(tt.method, tt.path, nil)
		req.Host = "example.com"
		if tt.name != "" {
			req.Header.Set(tt.name, tt.value)
		}
		res := httptest.NewRecorder()
		canonical{w}.ServeHTTP(res, req)
		if res.Code != tt.status || tt.status < 400 && res.Body.String() != tt.body {
			t.Errorf("%s %s: %d %q", tt.method, tt.path, res.Code, res.Body)
		}
		for name := range res.Header() {
			if strings.HasPrefix(strings.ToLower(name), "x-amz-server-side") || tt.status == 400 && (name == "Etag" || name == "Last-Modified") {
				t.Errorf("%s %s: the answer has %s", tt.method, tt.path, name)
			}
		}
		if strings.Contains(res.Body.String(), theirs.ETag) && tt.status == 400 {
			t.Errorf("%s %s: %s", tt.method, tt.path, res.Body)
		}
	}
}

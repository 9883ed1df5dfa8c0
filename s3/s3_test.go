package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/auth"
	"myfsio/blob/fileblob"
	"myfsio/blob/memblob"
	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/iam"
	"myfsio/kms"
	"myfsio/kv/memkv"
	"myfsio/kv/pebblekv"
	"myfsio/object"
	"myfsio/query/worker"
	"myfsio/seal"
	"myfsio/sigv4"
	"myfsio/vfs"
)

// The people of the tests: their access key and secret.
var people = map[string][2]string{
	"admin":    {"ADMINKEY", "admin-secret-of-some-length"},
	"user":     {"USERKEY", "user-secret-of-some-length"},
	"wrong":    {"ADMINKEY", "not-the-secret-of-the-admin"},
	"unknown":  {"NOSUCHKEY", "whatever-secret"},
	"disabled": {"OLDKEY", "disabled-secret-of-some-length"},
}

// canonical is the canonical id of one of the people.
func canonical(who string) string { return iam.CanonicalID("id-of-" + who) }

// proving is an authenticator that knows the people.
func proving(t testing.TB) *auth.Authenticator {
	var users []string
	for who, p := range people {
		if who == "wrong" || who == "unknown" {
			continue
		}
		policies := ""
		if who == "admin" {
			policies = `{"bucket": "*", "actions": ["*", "iam:*"]}`
		}
		users = append(users, fmt.Sprintf(`{"user_id": "id-of-%s", "display_name": %q, "enabled": %t, "policies": [%s],
			"access_keys": [{"access_key": %q, "secret_key": %q, "status": "active"}]}`, who, who, who != "disabled", policies, p[0], p[1]))
	}
	path := filepath.Join(t.TempDir(), "iam.json")
	if err := os.WriteFile(path, []byte(`{"version": 2, "users": [`+strings.Join(users, ",")+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	store, _, err := iam.Open(iam.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return &auth.Authenticator{Verifier: &sigv4.Verifier{Region: "us-east-1"}, Users: store, HeaderPair: true}
}

// world is a server over a fresh store.
type world struct {
	t     testing.TB
	srv   *httptest.Server
	store *object.Store
	now   time.Time // of the store; the clock of signatures is the real one
	mu    sync.Mutex
	ran   map[string]bool // operations that succeeded
	vars  vars
}

// keys are a master key, and a KMS with the key k.
func keys(t testing.TB) *seal.Keys {
	dir := t.TempDir()
	master, err := kms.OpenMaster(kms.MasterOptions{Path: filepath.Join(dir, "master.key")})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := kms.Open(kms.Options{Path: filepath.Join(dir, "kms_keys.json"), Master: master})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Create(kms.CreateKey{KeyID: "k"}); err != nil {
		t.Fatal(err)
	}
	return &seal.Keys{Masters: master, KMS: ring}
}

// engine opens a store for one test. minPart is the least size of a part.
type engine func(t testing.TB, minPart int64, now func() time.Time) *object.Store

func memory(t testing.TB, minPart int64, now func() time.Time) *object.Store {
	db, blobs := memkv.New(), memblob.New()
	s, err := object.New(context.Background(), object.Config{KV: db, Blobs: blobs, MinPartSize: minPart, Now: now, Keys: keys(t), Encrypt: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(); blobs.Close() })
	return s
}

func newWorld(t testing.TB, open engine, change func(*Config)) *world {
	w := &world{t: t, now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), ran: map[string]bool{}, vars: vars{"admin": canonical("admin"), "user": canonical("user")}}
	w.store = open(t, 16<<10, func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	})
	g := &gate.Gate{Authorizer: adminOnly{}}
	g.Hooks.After = func(_ context.Context, r *gate.Request, err error) {
		if err == nil {
			w.mu.Lock()
			w.ran[r.Op.Name] = true
			w.mu.Unlock()
		}
	}
	cfg := Config{Store: w.store, Gate: g, Auth: proving(t),
		Domains: []string{"s3.test", "eu.s3.test"}, MaxUpload: 8 << 20, Websites: true, Select: sqlEngine(), Notices: &receivers{},
		Policies: &policies{}, KnownUser: func(id string) bool { return id == canonical("admin") || id == canonical("user") }}
	cfg.Lifecycle = true
	if change != nil {
		change(&cfg)
	}
	w.srv = httptest.NewServer(New(cfg))
	t.Cleanup(w.srv.Close)
	return w
}

// TestTranscripts runs every transcript on the engines in memory.
func TestTranscripts(t *testing.T) { runTranscripts(t, memory) }

// TestTranscriptsOnDisk runs every transcript on the embedded engines.
func TestTranscriptsOnDisk(t *testing.T) { runTranscripts(t, disk) }

func disk(t testing.TB, minPart int64, now func() time.Time) *object.Store {
	dir := t.TempDir()
	db, err := pebblekv.Open(pebblekv.Options{Dir: filepath.Join(dir, "meta")})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: filepath.Join(dir, "blobs")})
	if err != nil {
		t.Fatal(err)
	}
	s, err := object.New(context.Background(), object.Config{KV: db, Blobs: blobs, MinPartSize: minPart, Now: now, Keys: keys(t), Encrypt: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(); blobs.Close() })
	return s
}

// runTranscripts runs testdata on an engine, and checks that every operation that works is exercised with success.
func runTranscripts(t *testing.T, open engine) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	ran := map[string]bool{}
	for _, f := range files {
		if !worker.Built && filepath.Base(f) == "select.txtar" {
			ran["SelectObjectContent"] = true
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all, err := parseTranscript(f, string(text))
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, open, nil)
			for _, x := range all {
				if err := w.run(x); err != nil {
					t.Error(err)
				}
			}
			for op := range w.ran {
				ran[op] = true
			}
		})
	}
	for i := range gate.Ops() {
		op := &gate.Ops()[i]
		if !op.State.Refused() && op.State.Alias == "" && !ran[op.Name] {
			t.Errorf("no transcript exercises %s", op.Name)
		}
	}
}

// run makes one exchange.
func (w *world) run(x *exchange) error {
	if x.tick != "" {
		d, err := time.ParseDuration(x.tick)
		if err != nil {
			return x.errorf("%v", err)
		}
		w.mu.Lock()
		w.now = w.now.Add(d)
		w.mu.Unlock()
	}
	req, err := w.request(x)
	if err != nil {
		return x.errorf("%v", err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return x.errorf("%v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return x.errorf("reading the answer: %v", err)
	}
	return w.judge(x, res, body)
}

// transport shows answers as they are.
var transport = &http.Transport{DisableCompression: true}

var requestID = regexp.MustCompile(`^[0-9A-F]{16}$`)

// judge compares an answer with what the exchange expects.
func (w *world) judge(x *exchange, res *http.Response, body []byte) error {
	if res.StatusCode != x.status {
		return x.errorf("status %d, want %d\n%s", res.StatusCode, x.status, body)
	}
	id := res.Header.Get("x-amz-request-id")
	if !requestID.MatchString(id) || res.Header.Get("x-amz-id-2") == "" || res.Header.Get("Server") != "MyFSIO" ||
		res.Header.Get("X-Request-ID") != id || res.Header.Get("Date") == "" ||
		res.Header.Get("X-Content-Type-Options") != "nosniff" {
		return x.errorf("lacks common headers: %v", res.Header)
	}
	if x.status >= 300 && len(body) > 0 && !bytes.Contains(body, []byte("<RequestId>"+id+"</RequestId>")) {
		return x.errorf("the error does not name its request: %s", body)
	}
	for _, h := range x.want {
		got, there := res.Header[http.CanonicalHeaderKey(h[0])]
		if h[1] == "(absent)" {
			if there {
				return x.errorf("header %s is %q", h[0], got)
			}
			continue
		}
		if !there {
			return x.errorf("no header %s in %v", h[0], res.Header)
		}
		if err := w.vars.match(h[1], strings.Join(got, "|")); err != nil {
			return x.errorf("header %s: %v", h[0], err)
		}
	}
	if x.wantBody != nil {
		if err := w.vars.matchBody(*x.wantBody, body); err != nil {
			return x.errorf("body: %v", err)
		}
	}
	return nil
}

// request makes the HTTP request of an exchange.
func (w *world) request(x *exchange) (*http.Request, error) {
	body := []byte(w.vars.expand(x.body))
	if x.size >= 0 {
		body = pattern(x.size)
	}
	u, err := url.ParseRequestURI(w.vars.expand(x.target))
	if err != nil {
		return nil, err
	}
	u.Scheme, u.Host = "http", strings.TrimPrefix(w.srv.URL, "http://")
	req := &http.Request{Method: x.method, URL: u, Host: u.Host, Header: http.Header{}, ProtoMajor: 1, ProtoMinor: 1}
	for _, h := range x.header {
		switch value := w.vars.expand(h[1]); h[0] {
		case "Host":
			req.Host = value
		default:
			req.Header.Add(h[0], value)
		}
	}
	if strings.HasPrefix(x.auth, "form") {
		if body, err = w.form(x, req); err != nil {
			return nil, err
		}
	}
	if x.md5 {
		sum := md5.Sum(body)
		req.Header.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	if x.sum != "" {
		alg, sum := sumBody(x.sum, body)
		req.Header.Set(alg.Header(), sum)
	}
	payload := sigv4.PayloadHash(body)
	if x.chunked != "" {
		body, payload = chunk(req, x.chunked, body), "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	}
	if len(body) > 0 || x.method == "PUT" || x.method == "POST" {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	return w.prove(x, req, payload)
}

func sumBody(name string, body []byte) (checksum.Algorithm, string) {
	alg, _ := checksum.Parse(name)
	h := checksum.New(alg)
	h.Write(body)
	return alg, checksum.Encode(h.Sum(nil))
}

// chunk frames a body as aws-chunked in two chunks, with its checksum in a trailer.
func chunk(req *http.Request, name string, body []byte) []byte {
	alg, sum := sumBody(name, body)
	var out bytes.Buffer
	half := len(body) / 2
	for _, c := range [][]byte{body[:half], body[half:]} {
		if len(c) > 0 {
			fmt.Fprintf(&out, "%x\r\n%s\r\n", len(c), c)
		}
	}
	fmt.Fprintf(&out, "0\r\n%s:%s\r\n\r\n", alg.Header(), sum)
	req.Header.Set("Content-Encoding", strings.Trim("aws-chunked,"+req.Header.Get("Content-Encoding"), ","))
	req.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(len(body)))
	req.Header.Set("X-Amz-Trailer", alg.Header())
	return out.Bytes()
}

// prove signs the request.
func (w *world) prove(x *exchange, req *http.Request, payload string) (*http.Request, error) {
	p, ok := people[x.who]
	if !ok {
		return nil, fmt.Errorf("nobody is called %q", x.who)
	}
	signer := sigv4.Signer{AccessKey: p[0], SecretKey: p[1], Region: "us-east-1"}
	switch x.auth {
	case "header":
		signer.Sign(req, payload, time.Now())
	case "unsigned":
		signer.Sign(req, "", time.Now())
	case "presigned":
		u, err := url.Parse(signer.Presign(req, time.Minute, time.Now()))
		if err != nil {
			return nil, err
		}
		u.Host = req.URL.Host // Presign names the virtual host
		req.URL = u
	case "pair":
		req.Header.Set("X-Access-Key", p[0])
		req.Header.Set("X-Secret-Key", p[1])
	case "anonymous", "form", "form-v2", "form-anonymous":
	default:
		return nil, fmt.Errorf("no proof is called %q", x.auth)
	}
	return req, nil
}

// TestRoutes walks table and list of operations both ways.
func TestRoutes(t *testing.T) {
	routed := map[string]bool{}
	for _, rt := range table {
		op := gate.Lookup(rt.name)
		if op == nil {
			t.Fatalf("%s %q leads to %s, which is no operation", rt.method, rt.sub, rt.name)
		}
		routed[rt.name] = true
		if op.State.Alias != "" {
			t.Errorf("%s is only a name of %s", rt.name, op.State.Alias)
		}
		if (rt.serve == nil) != op.State.Refused() {
			t.Errorf("%s: has a handler %t, is refused %t", rt.name, rt.serve != nil, op.State.Refused())
		}
		if rt.scope != op.Scope && rt.name != "PostObject" {
			t.Errorf("%s: the route is of a %s, the operation of a %s", rt.name, rt.scope, op.Scope)
		}
		if op.Mutates && (rt.method == "GET" || rt.method == "HEAD") {
			t.Errorf("%s %s changes something", rt.method, rt.name)
		}
	}
	for i := range gate.Ops() {
		op := &gate.Ops()[i]
		if !routed[op.Name] && op.State.Alias == "" {
			t.Errorf("%s has no route", op.Name)
		}
	}
	for _, p := range parameters {
		for _, rt := range table {
			if rt.sub == p {
				t.Errorf("%s is a parameter and a sub-resource", p)
			}
		}
	}
}

// TestErrors checks that every kind of fault has its words.
func TestErrors(t *testing.T) {
	if len(byKind) != len(fault.Kinds()) {
		t.Errorf("%d kinds of %d", len(byKind), len(fault.Kinds()))
	}
	for _, k := range fault.Kinds() {
		if p := byKind[k]; p.code == "" || p.msg == "" || p.status < 300 {
			t.Errorf("kind %d has no words: %+v", k, p)
		}
	}
	secret := problemOf(fmt.Errorf("pq: password is hunter2"))
	if secret.status != 500 || strings.Contains(secret.msg, "hunter2") {
		t.Errorf("an inner error is shown: %+v", secret)
	}
	wrapped := problemOf(fault.Wrap(fault.Internal, fmt.Errorf("x"), "engine at /secret/path"))
	if strings.Contains(wrapped.msg, "/secret") {
		t.Errorf("the message of an internal error is shown: %+v", wrapped)
	}
}

// adminOnly lets administrators do everything and nobody else anything.
type adminOnly struct{}

func (adminOnly) Authorize(_ context.Context, r *gate.Request) error {
	if r.Principal.Admin && !r.Anonymous() {
		return nil
	}
	return fault.New(fault.AccessDenied, "Access Denied")
}

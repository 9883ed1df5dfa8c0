package adminapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"myfsio/auth"
	"myfsio/blob/memblob"
	"myfsio/bucketpolicy"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/iam"
	"myfsio/internal/transcript"
	"myfsio/kms"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/sigv4"
	"myfsio/website/domain"
	"myfsio/work/inventory"
	"myfsio/work/lifecycle"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// people are users by name: access key and secret.
var people = map[string][2]string{
	"admin":   {"AKADMIN", "secret-of-admin"},
	"manager": {"AKMANAGER", "secret-of-manager"}, // of users, no administrator
	"reader":  {"AKREADER", "secret-of-reader"},   // lists and reads the bucket box
	"owner":   {"AKOWNER", "secret-of-owner"},     // owns the bucket box, without policies
	"off":     {"AKOFF", "secret-of-off"},         // disabled
	"wrong":   {"AKADMIN", "not the secret"},
	"unknown": {"AKNOBODY", "any"},
}

type world struct {
	*Handler
	store   *iam.Store
	objects *object.Store
	changes []string // what After was told

	expiring *lifecycle.Worker
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	clock := func() time.Time { return now }
	w := &world{}
	dir := t.TempDir()
	var err error
	w.store, _, err = iam.Open(iam.Options{
		Path: filepath.Join(dir, "iam.json"), SecretKey: "server secret", AdminAccessKey: people["admin"][0], AdminSecretKey: "secret-of-admin", Now: clock,
	})
	check(t, err)
	check(t, w.store.Update(func(d *iam.Document) error {
		d.Users[0].ID = "u-admin"
		var others []iam.User
		err := json.Unmarshal([]byte(`[
			{"user_id": "u-manager", "display_name": "Manager", "access_keys": [{"access_key": "AKMANAGER", "secret_key": "secret-of-manager"}],
			 "policies": [{"bucket": "*", "actions": ["list", "read", "iam:list_users", "iam:create_user", "iam:delete_user", "iam:rotate_key", "iam:update_policy",
			   "iam:create_key", "iam:delete_key", "iam:get_user", "iam:get_policy", "iam:disable_user"]}]},
			{"user_id": "u-reader", "display_name": "Reader", "access_keys": [{"access_key": "AKREADER", "secret_key": "secret-of-reader", "created_at": "2026-01-01T00:00:00Z"}],
			 "policies": [{"bucket": "box", "actions": ["list", "read"]}, {"Version": "2012-10-17", "Statement": [
			   {"Sid": "NoSecrets", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::box/secret/*"}]}]},
			{"user_id": "u-owner", "display_name": "Owner", "access_keys": [{"access_key": "AKOWNER", "secret_key": "secret-of-owner"}], "policies": []},
			{"user_id": "u-off", "display_name": "Off", "enabled": false, "access_keys": [{"access_key": "AKOFF", "secret_key": "secret-of-off"}], "policies": []}
		]`), &others)
		d.Users = append(d.Users, others...)
		return err
	}))
	db, blobs := memkv.New(), memblob.New()
	t.Cleanup(func() { db.Close(); blobs.Close() })
	w.objects, err = object.New(context.Background(), object.Config{KV: db, Blobs: blobs, Now: clock})
	check(t, err)
	_, err = w.objects.CreateBucket(context.Background(), object.CreateBucket{Name: "box", Owner: iam.CanonicalID("u-owner")})
	check(t, err)
	policies, err := bucketpolicy.Open(bucketpolicy.Options{Path: filepath.Join(dir, "bucket_policies.json")})
	check(t, err)
	check(t, policies.Put("box", []byte(`{"Version": "2012-10-17", "Statement": [
		{"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::box/open/*",
		 "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]}`)))
	mapped, err := domain.Open(domain.Options{Path: filepath.Join(dir, "website_domains.json"), Reserved: func(h string) bool { return h == "s3.test" }})
	check(t, err)
	master, err := kms.OpenMaster(kms.MasterOptions{Path: filepath.Join(dir, "master.key")})
	check(t, err)
	keyring, err := kms.Open(kms.Options{Path: filepath.Join(dir, "kms_keys.json"), Master: master, DataKeyMax: 64, Now: clock})
	check(t, err)
	w.expiring, err = lifecycle.New(lifecycle.Config{Store: w.objects, Dir: dir, Enabled: true, Interval: time.Hour, MaxHistory: 50, Now: clock})
	check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { w.expiring.Run(ctx); close(ran) }()
	reports, err := inventory.New(inventory.Config{Store: w.objects, Dir: dir, Now: clock})
	check(t, err)
	listed := make(chan struct{})
	go func() { reports.Run(ctx); close(listed) }()
	t.Cleanup(func() { cancel(); <-ran; <-listed })
	authorizer := access.New(access.Config{Policies: policies, Objects: w.objects})
	cfg := Config{
		Gate: &gate.Gate{Authorizer: authorizer, Hooks: gate.Hooks{After: func(_ context.Context, r *gate.Request, err error) {
			if r.Op.Administrative() {
				outcome := "done"
				if err != nil {
					outcome = problemOf(err).code
				}
				w.changes = append(w.changes, r.Op.Name+" "+r.Key+" "+outcome)
			}
		}}},
		Auth: &auth.Authenticator{
			Verifier: &sigv4.Verifier{Region: "us-east-1", Clock: sigv4.Clock{Now: clock}}, Users: w.store, HeaderPair: true, Now: clock,
		},
		Users: w.store, Region: "us-east-1", Explain: authorizer, Policies: policies, Objects: w.objects, Now: clock,
		Domains: mapped, Buckets: w.objects, Lifecycle: w.expiring, Inventory: reports, KMS: keyring,
	}
	if change != nil {
		change(&cfg)
	}
	w.Handler = New(cfg)
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// prove adds the proof of identity that @as asks for: a name of people, "anonymous", or an access key and a secret.
// @sign signs instead of sending the secret.
func prove(x *transcript.Exchange, r *http.Request) {
	who := [2]string{}
	switch as := x.Directive("as"); {
	case as == nil:
		who = people["admin"]
	case len(as) == 2:
		who = [2]string{as[0], as[1]}
	case as[0] != "anonymous":
		who = people[as[0]]
	}
	switch {
	case who[0] == "":
	case x.Directive("sign") != nil:
		body, _ := io.ReadAll(r.Body) // of a test
		r.Body = io.NopCloser(bytes.NewReader(body))
		service := "s3"
		if s := x.Directive("sign"); len(s) > 0 {
			service = s[0]
		}
		sigv4.Signer{AccessKey: who[0], SecretKey: who[1], Region: "us-east-1", Service: service}.Sign(r, sigv4.PayloadHash(body), now)
	default:
		r.Header.Set("X-Access-Key", who[0])
		r.Header.Set("X-Secret-Key", who[1])
	}
}

func TestTranscripts(t *testing.T) {
	transcript.Run(t, "testdata/*.txt", func(t *testing.T) (http.Handler, func(*transcript.Exchange, *http.Request)) {
		w := newWorld(t, nil)
		return w, prove
	})
}

// do sends a request of the administrator.
func (w *world) do(t *testing.T, method, target, body string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	prove(&transcript.Exchange{}, r)
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec.Result()
}

// TestKinds walks all kinds of fault: each has a code, a status and a message.
func TestKinds(t *testing.T) {
	for _, k := range fault.Kinds() {
		p := problemOf(fault.New(k, ""))
		if p.code == "" || p.status < 300 || p.status > 599 || p.msg == "" {
			t.Errorf("kind %d: %+v", k, p)
		}
		if k != fault.Internal && k != fault.Corrupted && p.status == 500 {
			t.Errorf("kind %d ends in an internal error", k)
		}
	}
	for _, err := range []error{io.ErrUnexpectedEOF, fault.Wrap(fault.Internal, io.EOF, "disk %s", "x"), &fault.Error{Kind: fault.Internal, Code: "X", Msg: "leak"}} {
		if p := problemOf(err); p != byKind[fault.Internal] {
			t.Errorf("%v: %+v", err, p)
		}
	}
	if p := problemOf(&fault.Error{Kind: fault.InvalidState, Code: "EntityAlreadyExists", Msg: "taken"}); p != (problem{"EntityAlreadyExists", 409, "taken"}) {
		t.Errorf("%+v", p)
	}
}

// TestAliases checks that every route is served under each of its paths, and refused to strangers.
func TestAliases(t *testing.T) {
	w := newWorld(t, nil)
	for _, rt := range w.routes {
		path := "/" + strings.NewReplacer("{id}", "u-reader", "{key}", "nokey").Replace(strings.Join(rt.path, "/"))
		paths := []string{path, "/myfsio" + path}
		if strings.HasPrefix(path, "/iam/") {
			paths = append(paths, "/admin"+path, "/myfsio/admin"+path)
		}
		for _, p := range paths {
			r := httptest.NewRequest(rt.method, p, nil)
			if !Owns(r.URL) {
				t.Errorf("%s is not owned", p)
			}
			got, _, _, _ := w.find(rt.method, canonical(r.URL))
			if got == nil || got.op != rt.op {
				t.Errorf("%s %s leads to %v", rt.method, p, got)
			}
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, r)
			if rec.Code != 403 || !strings.Contains(rec.Body.String(), `"Missing credentials"`) {
				t.Errorf("%s %s without credentials: %d %s", rt.method, p, rec.Code, rec.Body)
			}
		}
	}
}

// TestRights checks that nobody gets through a route without its right: a user without policies may call those that are open to every
// user.
func TestRights(t *testing.T) {
	w := newWorld(t, nil)
	for _, rt := range w.routes {
		path := "/" + strings.NewReplacer("{id}", "u-reader", "{key}", "AKREADER").Replace(strings.Join(rt.path, "/"))
		r := httptest.NewRequest(rt.method, path, nil)
		r.Header.Set("X-Access-Key", people["owner"][0])
		r.Header.Set("X-Secret-Key", people["owner"][1])
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		if denied := rec.Code == 403; denied != (rt.op.Action != "") {
			t.Errorf("%s %s: %d %s", rt.method, path, rec.Code, rec.Body)
		}
	}
}

func TestOwns(t *testing.T) {
	for target, want := range map[string]bool{
		"/iam": true, "/iam/users": true, "/admin": true, "/admin/": true, "/kms/keys": true, "/myfsio/admin/x": true, "/myfsio/kms": true, "/%61dmin/x": true,
		"/": false, "/box/iam": false, "/iamx": false, "/myfsio": false, "/myfsio/health": false, "/myfsio/box/admin": false, "/admin%2Fx": false, "/box": false,
	} {
		if got := Owns(httptest.NewRequest("GET", target, nil).URL); got != want {
			t.Errorf("%s: %t", target, got)
		}
	}
}

func TestLimit(t *testing.T) {
	var class gate.RateClass
	var client string
	w := newWorld(t, func(c *Config) {
		c.Limit = func(_ context.Context, cl gate.RateClass, ip string) (time.Duration, bool) {
			class, client = cl, ip
			return 1500 * time.Millisecond, false
		}
	})
	res := w.do(t, "GET", "/iam/users", "")
	if res.StatusCode != 429 || res.Header.Get("Retry-After") != "2" || class != gate.AdminRequests || client != "192.0.2.1" {
		t.Errorf("%d, Retry-After %q, class %d, client %q", res.StatusCode, res.Header.Get("Retry-After"), class, client)
	}
}

// TestSecurityHeaders looks at a success, an error and a refusal.
func TestSecurityHeaders(t *testing.T) {
	w := newWorld(t, nil)
	for _, target := range []string{"/iam/users", "/iam/nothing", "/iam/users/none"} {
		h := w.do(t, "GET", target, "").Header
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Type": "application/json",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Server": "MyFSIO",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", target, name, h.Get(name))
			}
		}
		if len(h.Get("X-Request-ID")) != 16 {
			t.Errorf("%s: request id %q", target, h.Get("X-Request-ID"))
		}
	}
}

// TestSecrets checks that secrets are in the answers that make them and in no other, nor in the log.
func TestSecrets(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	var made struct {
		SecretKey string `json:"secret_key"`
	}
	check(t, json.NewDecoder(w.do(t, "POST", "/iam/users", `{"display_name": "x"}`).Body).Decode(&made))
	if made.SecretKey == "" {
		t.Fatal("no secret")
	}
	for _, target := range []string{"/iam/users", "/iam/users/u-reader", "/iam/users/AKREADER/policies"} {
		b, err := io.ReadAll(w.do(t, "GET", target, "").Body)
		check(t, err)
		if s := string(b); strings.Contains(s, made.SecretKey) || strings.Contains(s, "secret-of") || strings.Contains(s, "secret_key") {
			t.Errorf("%s tells secrets: %s", target, s)
		}
	}
	if strings.Contains(log.String(), made.SecretKey) {
		t.Error("the log tells secrets")
	}
}

func TestPanic(t *testing.T) {
	w := newWorld(t, nil)
	w.cfg.Users = nil
	if res := w.do(t, "GET", "/iam/users", ""); res.StatusCode != 500 {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestBodyTooLarge(t *testing.T) {
	w := newWorld(t, nil)
	if res := w.do(t, "PUT", "/iam/users/u-reader/policies", "["+strings.Repeat(" ", maxBody)+"]"); res.StatusCode != 413 {
		t.Errorf("status %d", res.StatusCode)
	}
}

// TestHooks checks what the audit log is told.
func TestHooks(t *testing.T) {
	w := newWorld(t, nil)
	var made struct {
		UserID    string `json:"user_id"`
		AccessKey string `json:"access_key"`
	}
	check(t, json.NewDecoder(w.do(t, "POST", "/iam/users", `{"display_name": "x"}`).Body).Decode(&made))
	w.do(t, "POST", "/iam/users/AKREADER/disable", "")
	w.do(t, "DELETE", "/iam/users/u-reader/keys/AKREADER", "")
	w.do(t, "GET", "/iam/users", "")
	w.do(t, "DELETE", "/iam/users/none", "")
	want := []string{"CreateUser " + made.UserID + " done", "DisableUser AKREADER done", "DeleteAccessKey u-reader/AKREADER InvalidRequest", "DeleteUser none NotFound"}
	if len(w.changes) != len(want) {
		t.Fatalf("told of %q", w.changes)
	}
	for i, c := range w.changes {
		if c != want[i] {
			t.Errorf("told of %q, want %q", c, want[i])
		}
	}
}

package sts

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"myfsio/auth"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/iam"
	"myfsio/internal/transcript"
	"myfsio/sigv4"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// signedIn lets every user do everything: who may make a session is the store's to say.
type signedIn struct{}

func (signedIn) Authorize(_ context.Context, r *gate.Request) error {
	if r.Anonymous() {
		return fault.New(fault.AccessDenied, "Access Denied")
	}
	return nil
}

type world struct {
	*Handler
	told []string // what After was told
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	clock := func() time.Time { return now }
	store, _, err := iam.Open(iam.Options{Path: filepath.Join(t.TempDir(), "iam.json"), SecretKey: "server secret", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Update(func(d *iam.Document) error {
		return json.Unmarshal([]byte(`{"version": 2, "users": [{"user_id": "u-ann", "display_name": "Ann",
			"access_keys": [{"access_key": "AKANN", "secret_key": "secret"}], "policies": [{"bucket": "*", "actions": ["read"]}]}]}`), d)
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{}
	cfg := Config{
		Gate: &gate.Gate{Authorizer: signedIn{}, Hooks: gate.Hooks{After: func(_ context.Context, r *gate.Request, err error) {
			if r.Op.Administrative() && err == nil {
				w.told = append(w.told, r.Op.Name+" "+r.Key)
			}
		}}},
		Auth:  &auth.Authenticator{Verifier: &sigv4.Verifier{Region: "eu-central-1", Clock: sigv4.Clock{Now: clock}}, Users: store, HeaderPair: true, Now: clock},
		Users: store, Now: clock,
	}
	if change != nil {
		change(&cfg)
	}
	w.Handler = New(cfg)
	return w
}

// prove adds the proof of identity that @as (access key, secret, token) and @sign (service) ask for.
func prove(x *transcript.Exchange, r *http.Request) {
	who := []string{"AKANN", "secret"}
	if as := x.Directive("as"); as != nil {
		who = as
	}
	if who[0] == "anonymous" {
		return
	}
	if service := x.Directive("sign"); service != nil {
		body, _ := io.ReadAll(r.Body) // of a test
		r.Body = io.NopCloser(bytes.NewReader(body))
		s := sigv4.Signer{AccessKey: who[0], SecretKey: who[1], Region: "us-east-1", Service: service[0]}
		if service[0] == "s3" {
			s.Region = "eu-central-1"
		}
		if len(who) == 3 {
			s.Token = who[2]
		}
		s.Sign(r, sigv4.PayloadHash(body), now)
		return
	}
	r.Header.Set("X-Access-Key", who[0])
	r.Header.Set("X-Secret-Key", who[1])
}

func TestTranscripts(t *testing.T) {
	transcript.Run(t, "testdata/*.txt", func(t *testing.T) (http.Handler, func(*transcript.Exchange, *http.Request)) {
		return newWorld(t, nil), func(x *transcript.Exchange, r *http.Request) { prove(x, r) }
	})
}

// post sends a form of Ann's and returns the status and the code of an error.
func (w *world) post(form url.Values) (int, string) {
	r := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	prove(&transcript.Exchange{}, r)
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	var e struct{ Error struct{ Code string } }
	if rec.Code >= 300 && xml.Unmarshal(rec.Body.Bytes(), &e) != nil {
		return rec.Code, "no XML"
	}
	return rec.Code, e.Error.Code
}

func TestBounds(t *testing.T) {
	w := newWorld(t, nil)
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	long := func(n int) string { return policy + strings.Repeat(" ", n-len(policy)) }
	for _, tt := range []struct {
		form   url.Values
		status int
		code   string
	}{
		{url.Values{"DurationSeconds": {"900"}}, 200, ""},
		{url.Values{"DurationSeconds": {"43200"}}, 200, ""},
		{url.Values{"DurationSeconds": {"899"}}, 400, validation},
		{url.Values{"DurationSeconds": {"43201"}}, 400, validation},
		{url.Values{"DurationSeconds": {"-900"}}, 400, validation},
		{url.Values{"DurationSeconds": {"9223372036854775807"}}, 400, validation},
		{url.Values{"DurationSeconds": {"1h"}}, 400, validation},
		{url.Values{"RoleSessionName": {"a"}}, 400, validation},
		{url.Values{"RoleSessionName": {"ab"}}, 200, ""},
		{url.Values{"RoleSessionName": {strings.Repeat("a", 64)}}, 200, ""},
		{url.Values{"RoleSessionName": {strings.Repeat("a", 65)}}, 400, validation},
		{url.Values{"RoleSessionName": {"a_+=,.@-Z9"}}, 200, ""},
		{url.Values{"RoleSessionName": {"a/b"}}, 400, validation},
		{url.Values{"RoleSessionName": {"ab\n"}}, 400, validation},
		{url.Values{"Policy": {long(2048)}}, 200, ""},
		{url.Values{"Policy": {long(2049)}}, 400, "PackedPolicyTooLarge"},
		{url.Values{"Policy": {"[]"}}, 400, "MalformedPolicyDocument"},
		{url.Values{"RoleArn": {strings.Repeat("a", 2049)}}, 400, validation},
		{url.Values{"RoleArn": {"arn:aws:iam::1:role/x"}, "ExternalId": {"y"}}, 200, ""},
		{url.Values{"Action": {"GetSessionToken"}, "DurationSeconds": {"129600"}}, 200, ""},
		{url.Values{"Action": {"GetSessionToken"}, "DurationSeconds": {"129601"}}, 400, validation},
		{url.Values{"Action": {"GetSessionToken"}, "DurationSeconds": {"899"}}, 400, validation},
		{url.Values{"X": {strings.Repeat("a", maxBody)}}, 413, validation},
	} {
		if !tt.form.Has("Action") {
			tt.form.Set("Action", "AssumeRole")
			if !tt.form.Has("RoleSessionName") {
				tt.form.Set("RoleSessionName", "job")
			}
		}
		if status, code := w.post(tt.form); status != tt.status || code != tt.code {
			t.Errorf("%.100s: %d %s, want %d %s", tt.form.Encode(), status, code, tt.status, tt.code)
		}
	}
}

// TestAudit checks that making a session is told of, with the key of the session.
func TestAudit(t *testing.T) {
	w := newWorld(t, nil)
	w.post(url.Values{"Action": {"GetSessionToken"}})
	w.post(url.Values{"Action": {"AssumeRole"}, "RoleSessionName": {"job"}})
	w.post(url.Values{"Action": {"GetCallerIdentity"}})
	if len(w.told) != 2 || !strings.HasPrefix(w.told[0], "GetSessionToken u-ann/") || !strings.HasPrefix(w.told[1], "AssumeRole u-ann/") {
		t.Errorf("told of %q", w.told)
	}
}

func TestMatches(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	w := newWorld(t, func(c *Config) {
		c.VirtualHosted = func(r *http.Request) bool { return r.Host == "box.s3.lan" }
	})
	for _, tt := range []struct {
		method, target, ct string
		want               bool
	}{
		{"POST", "/", form, true}, {"POST", "http://s3.lan", form + "; charset=utf-8", true}, {"POST", "/", "Application/X-WWW-Form-Urlencoded", true},
		{"POST", "http://box.s3.lan/", form, false}, {"GET", "/", form, false}, {"POST", "/box", form, false}, {"POST", "/", "multipart/form-data; boundary=x", false}, {"POST", "/", "", false},
	} {
		r := httptest.NewRequest(tt.method, tt.target, nil)
		r.Header.Set("Content-Type", tt.ct)
		if got := w.Matches(r); got != tt.want {
			t.Errorf("%s %s %s: %t", tt.method, tt.target, tt.ct, got)
		}
	}
}

// TestKinds walks all kinds of fault: each has an answer, and only what the service cannot end in is an internal failure.
func TestKinds(t *testing.T) {
	for _, k := range fault.Kinds() {
		p := problemOf(fault.New(k, ""))
		if p.code == "" || p.status < 400 || p.msg == "" {
			t.Errorf("kind %d: %+v", k, p)
		}
	}
	for _, err := range []error{errors.New("disk"), &fault.Error{Kind: fault.Internal, Msg: "leak", Code: "AccessDenied"}} {
		if p := problemOf(err); p != failed {
			t.Errorf("%v: %+v", err, p)
		}
	}
	for code, want := range map[string]string{"MalformedPolicy": "MalformedPolicyDocument", "InvalidToken": "InvalidClientTokenId", "ExpiredToken": "ExpiredToken"} {
		if p := problemOf(&fault.Error{Kind: fault.AccessDenied, Code: code, Msg: "m"}); p.code != want || p.msg != "m" {
			t.Errorf("%s: %+v", code, p)
		}
	}
}

func TestLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Limit = func(context.Context, gate.RateClass, string) (time.Duration, bool) { return time.Second, false }
	})
	if status, code := w.post(url.Values{"Action": {"GetCallerIdentity"}}); status != 429 || code != "Throttling" {
		t.Errorf("%d %s", status, code)
	}
}

func TestPanic(t *testing.T) {
	w := newWorld(t, nil)
	w.cfg.Users = nil
	if status, code := w.post(url.Values{"Action": {"GetSessionToken"}}); status != 500 || code != internal {
		t.Errorf("%d %s", status, code)
	}
}

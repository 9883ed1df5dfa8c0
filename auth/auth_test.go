package auth

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/iam"
	"myfsio/lockout"
	"myfsio/sigv4"
)

const (
	adminKey, adminSecret = "ADMINKEY", "admin-secret-of-some-length"
	userKey, userSecret   = "USERKEY", "user-secret-of-some-length"
)

var (
	start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	home  = Source{IP: "127.0.0.1"}
)

const usersFile = `{"version": 2, "users": [
	{"user_id": "u-admin", "display_name": "admin", "enabled": true, "policies": [{"bucket": "*", "actions": ["*", "iam:*"]}],
	 "access_keys": [{"access_key": "ADMINKEY", "secret_key": "admin-secret-of-some-length", "status": "active"}]},
	{"user_id": "u-user", "display_name": "user", "enabled": true, "policies": [],
	 "access_keys": [{"access_key": "USERKEY", "secret_key": "user-secret-of-some-length", "status": "active"},
	                 {"access_key": "IDLEKEY", "secret_key": "idle-secret-of-some-length", "status": "inactive"}]},
	{"user_id": "u-off", "display_name": "off", "enabled": false, "policies": [],
	 "access_keys": [{"access_key": "OFFKEY", "secret_key": "off-secret-of-some-length", "status": "active"}]},
	{"user_id": "u-old", "display_name": "old", "enabled": true, "expires_at": "2029-01-01T00:00:00+00:00", "policies": [],
	 "access_keys": [{"access_key": "OLDKEY", "secret_key": "old-secret-of-some-length", "status": "active"}]},
	{"user_id": "u-bare", "display_name": "bare", "enabled": true, "policies": [],
	 "access_keys": [{"access_key": "BAREKEY", "secret_key": "", "status": "active"}]}]}`

// world is an authenticator with a clock, and what it told.
type world struct {
	*Authenticator
	now   time.Time
	told  []Refusal
	asked []string // access keys whose proof was checked
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{now: start}
	clock := func() time.Time { return w.now }
	path := filepath.Join(t.TempDir(), "iam.json")
	if err := os.WriteFile(path, []byte(usersFile), 0o600); err != nil {
		t.Fatal(err)
	}
	users, _, err := iam.Open(iam.Options{Path: path, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	w.Authenticator = &Authenticator{
		Verifier: &sigv4.Verifier{Region: "us-east-1", Clock: sigv4.Clock{Now: clock}}, Users: users, HeaderPair: true, SigV2: true,
		Lockout: &lockout.Table{Now: clock}, Now: clock,
		Refused: func(_ context.Context, r Refusal) { w.told = append(w.told, r) },
	}
	w.verified = func(accessKey string) { w.asked = append(w.asked, accessKey) }
	return w
}

// wire reads a request as a server does.
func wire(t testing.TB, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func signer(key, secret string) sigv4.Signer {
	return sigv4.Signer{AccessKey: key, SecretKey: secret, Region: "us-east-1"}
}

const putText = "PUT /box/k?versionId=1 HTTP/1.1\nHost: s3.test\nX-Amz-Acl: private\nX-Amz-Meta-A: b\nContent-Type: text/plain\nContent-Length: 5\n\nhello"

// ways are the proofs of a key over a PUT, each as its sender makes it.
func (w *world) ways() map[string]func(t testing.TB, key, secret string) *http.Request {
	return map[string]func(t testing.TB, key, secret string) *http.Request{
		"SigV4": func(t testing.TB, key, secret string) *http.Request {
			r := wire(t, putText)
			signer(key, secret).Sign(r, sigv4.PayloadHash([]byte("hello")), w.now)
			return r
		},
		"SigV4-Query": func(t testing.TB, key, secret string) *http.Request {
			r := wire(t, putText)
			u, err := url.Parse(signer(key, secret).Presign(r, time.Hour, w.now))
			if err != nil {
				t.Fatal(err)
			}
			r.URL.RawQuery = u.RawQuery
			return r
		},
		"SigV2": func(t testing.TB, key, secret string) *http.Request {
			r := wire(t, putText)
			date := w.now.Format(http.TimeFormat)
			r.Header.Set("Date", date)
			r.Header.Set("Authorization", "AWS "+key+":"+sign2(secret, "PUT\n\ntext/plain\n"+date+"\nx-amz-acl:private\nx-amz-meta-a:b\n/box/k?versionId=1"))
			return r
		},
		"SigV2-Query": func(t testing.TB, key, secret string) *http.Request {
			r := wire(t, putText)
			expires := w.now.Add(time.Hour).Unix()
			sig := sign2(secret, fmt.Sprintf("PUT\n\ntext/plain\n%d\nx-amz-acl:private\nx-amz-meta-a:b\n/box/k?versionId=1", expires))
			r.URL.RawQuery += fmt.Sprintf("&AWSAccessKeyId=%s&Expires=%d&Signature=%s", key, expires, url.QueryEscape(sig))
			return r
		},
		"HeaderPair": func(t testing.TB, key, secret string) *http.Request {
			r := wire(t, putText)
			r.Header.Set("X-Access-Key", key)
			r.Header.Set("X-Secret-Key", secret)
			return r
		},
	}
}

// sign2 is Signature V2.
func sign2(secret, msg string) string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write([]byte(msg))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// code is the code of an error, "" for none.
func code(err error) string {
	if err == nil {
		return ""
	}
	return codeOf(err)
}

func TestWays(t *testing.T) {
	w := newWorld(t)
	for name, way := range w.ways() {
		p, err := w.Identify(context.Background(), way(t, adminKey, adminSecret), home)
		if err != nil || p.Principal.UserID != "u-admin" || !p.Principal.Admin || p.AccessKey != adminKey {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		typ, version := TypeHeader, VersionV4
		if strings.HasSuffix(name, "Query") {
			typ = TypeQuery
		}
		if strings.HasPrefix(name, "SigV2") {
			version = VersionV2
		} else if name == "HeaderPair" {
			version = ""
		}
		if p.Type != typ || p.SignatureVersion != version || (p.Signed != nil) != strings.HasPrefix(name, "SigV4") {
			t.Errorf("%s: %+v", name, p)
		}
		for _, c := range []struct{ key, secret, code, reason string }{
			{adminKey, userSecret, "SignatureDoesNotMatch", "wrong proof"}, // the user, with the administrator's key
			{"NOSUCHKEY", adminSecret, "InvalidAccessKeyId", "unknown access key"},
			{"IDLEKEY", "idle-secret-of-some-length", "AccessDenied", "key inactive"},
			{"OFFKEY", "off-secret-of-some-length", "AccessDenied", "user disabled"},
			{"OLDKEY", "old-secret-of-some-length", "AccessDenied", "credentials expired"},
			{"OLDKEY", "wrong", "SignatureDoesNotMatch", "wrong proof"}, // who has no secret is told nothing
			{"OFFKEY", "wrong", "SignatureDoesNotMatch", "wrong proof"},
		} {
			w.told = nil
			p, err := w.Identify(context.Background(), way(t, c.key, c.secret), home)
			if code(err) != c.code || p.Principal != (iam.Principal{}) || p.Type != "" || p.Signed != nil || p.AccessKey != c.key {
				t.Errorf("%s of %s: %+v, %v", name, c.key, p, err)
			}
			if want := (Refusal{c.key, home.IP, name, c.code, c.reason}); len(w.told) != 1 || w.told[0] != want {
				t.Errorf("%s of %s: told %+v, want %+v", name, c.key, w.told, want)
			}
			w.Lockout.Succeeded(c.key, home.IP)
		}
	}
	p, err := w.Identify(context.Background(), wire(t, putText), home)
	if err != nil || p != (Proof{}) {
		t.Errorf("anonymous: %+v, %v", p, err)
	}
}

// A key without a secret in the file proves nothing.
func TestEmptySecret(t *testing.T) {
	w := newWorld(t)
	for name, way := range w.ways() {
		if _, err := w.Identify(context.Background(), way(t, "BAREKEY", ""), home); err == nil {
			t.Errorf("%s: an empty secret is taken", name)
		}
	}
	if _, err := w.Login(context.Background(), "BAREKEY", "", home); err == nil {
		t.Error("an empty secret logs in")
	}
}

func TestAge(t *testing.T) {
	w := newWorld(t)
	way := w.ways()
	for _, name := range []string{"SigV4", "SigV4-Query", "SigV2", "SigV2-Query"} {
		r := way[name](t, adminKey, adminSecret)
		w.now = start.Add(time.Minute)
		want := time.Minute
		if name == "SigV2-Query" {
			want = 0
		}
		if p, err := w.Identify(context.Background(), r, home); err != nil || p.SignatureAge != want {
			t.Errorf("%s: %v, %v", name, p.SignatureAge, err)
		}
		w.now = start
	}
}

// What is switched off is refused, and is not anonymous.
func TestSwitchedOff(t *testing.T) {
	w := newWorld(t)
	w.HeaderPair, w.SigV2 = false, false
	way := w.ways()
	for name, want := range map[string]string{"HeaderPair": "AccessDenied", "SigV2": "InvalidRequest", "SigV2-Query": "InvalidRequest"} {
		if _, err := w.Identify(context.Background(), way[name](t, adminKey, adminSecret), home); code(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.asked) > 0 {
		t.Error("a proof was looked at")
	}
	if p, err := w.Login(context.Background(), adminKey, adminSecret, home); err != nil || p.Principal.UserID != "u-admin" {
		t.Errorf("login: %v", err)
	}
}

func TestBucketOfHost(t *testing.T) {
	w := newWorld(t)
	r := wire(t, "GET /k HTTP/1.1\nHost: box.s3.test\nDate: "+start.Format(http.TimeFormat)+"\n\n")
	r.Header.Set("Authorization", "AWS "+adminKey+":"+sign2(adminSecret, "GET\n\n\n"+start.Format(http.TimeFormat)+"\n/box/k"))
	for bucket, want := range map[string]string{"box": "", "": "SignatureDoesNotMatch", "other": "SignatureDoesNotMatch"} {
		if _, err := w.Identify(context.Background(), r, Source{IP: "::1", Bucket: bucket}); code(err) != want {
			t.Errorf("bucket %q: %v", bucket, err)
		}
	}
}

// Whoever the request is from, its proof is checked just once: an unknown key takes as long as a known one.
func TestSameSteps(t *testing.T) {
	w := newWorld(t)
	for name, way := range w.ways() {
		for _, c := range [][2]string{{adminKey, adminSecret}, {adminKey, "wrong"}, {"NOSUCHKEY", "x"}, {"OFFKEY", "off-secret-of-some-length"}, {"OLDKEY", "x"}} {
			w.asked = nil
			w.Identify(context.Background(), way(t, c[0], c[1]), home)
			if len(w.asked) != 1 || w.asked[0] != c[0] {
				t.Errorf("%s of %s: checked %q", name, c[0], w.asked)
			}
			w.Lockout.Succeeded(c[0], home.IP)
		}
	}
}

func TestLockout(t *testing.T) {
	w := newWorld(t)
	stranger := Source{IP: "203.0.113.9"}
	for name, way := range w.ways() {
		for _, c := range [][2]string{{adminKey, adminSecret}, {"NOSUCHKEY", "x"}} {
			for range 5 {
				_, err := w.Identify(context.Background(), way(t, c[0], "wrong"), stranger)
				if k := fault.KindOf(err); k != fault.BadSignature && k != fault.UnknownKey {
					t.Fatalf("%s: %v", name, err)
				}
			}
			w.asked, w.told = nil, nil
			// Every way is shut now, even with the right secret, and the proof is not looked at.
			for other, again := range w.ways() {
				_, err := w.Identify(context.Background(), again(t, c[0], c[1]), stranger)
				var fe *fault.Error
				if !errors.As(err, &fe) || fe.Kind != fault.AccessDenied || fe.Code != "AccessDenied" || fe.Msg != "Access temporarily locked. Try again in 900 seconds." {
					t.Errorf("%s after %s: %v", other, name, err)
				}
			}
			if _, err := w.Login(context.Background(), c[0], c[1], stranger); reasonOf(err) != "locked" {
				t.Errorf("login after %s: %v", name, err)
			}
			if len(w.asked) > 0 || len(w.told) != 6 || w.told[0].Reason != "locked" {
				t.Errorf("%s: checked %q, told %+v", name, w.asked, w.told)
			}
		}
		if p, err := w.Identify(context.Background(), way(t, adminKey, adminSecret), home); err != nil || !p.Principal.Admin {
			t.Errorf("%s: a stranger locks the administrator out: %v", name, err)
		}
		w.now = w.now.Add(15 * time.Minute)
		if _, err := w.Identify(context.Background(), way(t, adminKey, adminSecret), stranger); err != nil {
			t.Errorf("%s: still locked: %v", name, err)
		}
	}
}

// What is malformed, late or refused for its owner's sake counts for nothing.
func TestNoLockout(t *testing.T) {
	w := newWorld(t)
	way := w.ways()
	for range 20 {
		r := way["SigV4"](t, adminKey, adminSecret)
		r.Header.Del("X-Amz-Content-Sha256")
		w.Identify(context.Background(), r, home)
		r = way["SigV4-Query"](t, adminKey, "wrong")
		w.now = w.now.Add(2 * time.Hour)
		w.Identify(context.Background(), r, home) // expired
		w.now = start
		w.Identify(context.Background(), way["SigV4"](t, "OFFKEY", "off-secret-of-some-length"), home)
	}
	for _, key := range []string{adminKey, "OFFKEY"} {
		if _, locked := w.Lockout.Locked(key, home.IP); locked {
			t.Errorf("%s is locked", key)
		}
	}
}

// No Refusal and no error holds a secret or a signature.
func TestNoSecrets(t *testing.T) {
	w := newWorld(t)
	for name, way := range w.ways() {
		for _, secret := range []string{adminSecret, "hunter2-hunter2"} {
			r := way(t, adminKey, secret)
			w.now = w.now.Add(30 * time.Minute)
			_, err := w.Identify(context.Background(), r, home)
			w.now = start
			said := fmt.Sprintf("%+v %v", w.told, err)
			for _, s := range []string{adminSecret, "hunter2", r.Header.Get("Authorization"), r.URL.Query().Get("X-Amz-Signature"), r.URL.Query().Get("Signature")} {
				if s != "" && strings.Contains(said, s) {
					t.Errorf("%s says %q", name, said)
				}
			}
		}
	}
	r := wire(t, putText)
	r.Header.Set("X-Access-Key", strings.Repeat("k", 4000))
	r.Header.Set("X-Secret-Key", "x")
	w.told = nil
	if w.Identify(context.Background(), r, home); len(w.told) != 1 || len(w.told[0].AccessKey) != 128 {
		t.Errorf("told %+v", w.told)
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ key, secret, code string }{
		{adminKey, adminSecret, ""}, {adminKey, "x", "SignatureDoesNotMatch"}, {"NO", "x", "InvalidAccessKeyId"}, {"", "x", "AccessDenied"}, {adminKey, "", "AccessDenied"},
		{"OFFKEY", "off-secret-of-some-length", "AccessDenied"},
	} {
		if _, err := w.Login(context.Background(), c.key, c.secret, home); code(err) != c.code {
			t.Errorf("%s: %v", c.key, err)
		}
	}
}

func TestIdentifyBody(t *testing.T) {
	const form = "Action=GetSessionToken"
	w := newWorld(t)
	post := func() *http.Request {
		return wire(t, fmt.Sprintf("POST / HTTP/1.1\nHost: sts.test\nContent-Length: %d\n\n%s", len(form), form))
	}
	by := func(change func(r *http.Request)) *http.Request {
		r := post()
		s := signer(adminKey, adminSecret)
		s.Service = "sts"
		s.Sign(r, sigv4.PayloadHash([]byte(form)), start)
		if change != nil {
			change(r)
		}
		return r
	}
	for _, c := range []struct {
		name, code string
		r          *http.Request
		max        int64
	}{
		{"signed", "", by(nil), 100},
		{"at the bound", "", by(nil), int64(len(form))},
		{"another body", "XAmzContentSHA256Mismatch", by(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(form + "x")) }), 100},
		{"too large", "EntityTooLarge", by(nil), 10},
		{"too large, not announced", "EntityTooLarge", by(func(r *http.Request) { r.ContentLength = -1 }), 10},
		{"cut", "IncompleteBody", by(func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("A"), broken{})) }), 100},
		{"both", "InvalidArgument", by(func(r *http.Request) { r.Header.Set("X-Access-Key", "x") }), 100},
	} {
		p, body, err := w.identifyBody(context.Background(), c.r, home, c.max)
		got := code(err)
		switch fault.KindOf(err) {
		case fault.EntityTooLarge:
			got = "EntityTooLarge"
		case fault.IncompleteBody:
			got = "IncompleteBody"
		}
		if got != c.code || (err == nil) != (string(body) == form) || (err == nil) != (p.Principal.UserID == "u-admin") {
			t.Errorf("%s: %+v, %q, %v", c.name, p, body, err)
		}
	}
	r := post()
	r.Header.Set("X-Access-Key", adminKey)
	r.Header.Set("X-Secret-Key", adminSecret)
	if _, body, err := w.identifyBody(context.Background(), r, home, 100); err != nil || string(body) != form {
		t.Errorf("pair: %q, %v", body, err)
	}
	if _, _, err := w.identifyBody(context.Background(), w.ways()["SigV2"](t, adminKey, adminSecret), home, 100); code(err) != "InvalidRequest" {
		t.Errorf("V2: %v", err)
	}
	if p, body, err := w.identifyBody(context.Background(), post(), home, 100); err != nil || p != (Proof{}) || body != nil {
		t.Errorf("anonymous: %+v, %q, %v", p, body, err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestForm(t *testing.T) {
	const policy = "eyJjb25kaXRpb25zIjpbXX0="
	w := newWorld(t)
	v4 := func(key, secret string) map[string]string {
		return signer(key, secret).SignPolicy(policy, start.Add(-time.Hour))
	}
	v2 := func(key, secret string) map[string]string {
		return map[string]string{"policy": policy, "awsaccesskeyid": key, "signature": sign2(secret, policy)}
	}
	with := func(m map[string]string, name, value string) map[string]string {
		if m[name] = value; value == "-" {
			delete(m, name)
		}
		return m
	}
	for _, c := range []struct {
		name, code, user, version string
		fields                    map[string]string
	}{
		{"anonymous", "", "", "", map[string]string{"key": "k"}},
		{"V4", "", "u-admin", VersionV4, v4(adminKey, adminSecret)},
		{"V2", "", "u-admin", VersionV2, v2(adminKey, adminSecret)},
		{"wrong V4", "SignatureDoesNotMatch", "", "", v4(adminKey, userSecret)},
		{"wrong V2", "SignatureDoesNotMatch", "", "", v2(adminKey, userSecret)},
		{"unknown V4", "InvalidAccessKeyId", "", "", v4("NO", "x")},
		{"unknown V2", "InvalidAccessKeyId", "", "", v2("NO", "x")},
		{"disabled", "AccessDenied", "", "", v4("OFFKEY", "off-secret-of-some-length")},
		{"another policy V4", "SignatureDoesNotMatch", "", "", with(v4(adminKey, adminSecret), "policy", "e30=")},
		{"another policy V2", "SignatureDoesNotMatch", "", "", with(v2(adminKey, adminSecret), "policy", "e30=")},
		{"another key", "SignatureDoesNotMatch", "", "", with(v2(userKey, userSecret), "awsaccesskeyid", adminKey)},
		{"both", "InvalidArgument", "", "", with(v4(adminKey, adminSecret), "awsaccesskeyid", adminKey)},
		{"policy alone", "InvalidArgument", "", "", map[string]string{"policy": policy}},
		{"empty policy alone", "InvalidArgument", "", "", map[string]string{"policy": ""}},
		{"no policy V4", "InvalidArgument", "", "", with(v4(adminKey, adminSecret), "policy", "-")},
		{"no policy V2", "InvalidArgument", "", "", with(v2(adminKey, adminSecret), "policy", "-")},
		{"no signature V4", "InvalidArgument", "", "", with(v4(adminKey, adminSecret), "x-amz-signature", "-")},
		{"no signature V2", "InvalidArgument", "", "", with(v2(adminKey, adminSecret), "signature", "-")},
		{"empty signature", "InvalidArgument", "", "", map[string]string{"x-amz-signature": ""}},
		{"no such token", "InvalidToken", "", "", with(v4(adminKey, adminSecret), "x-amz-security-token", "t")},
	} {
		get := func(name string) (string, bool) { v, ok := c.fields[name]; return v, ok }
		p, err := w.Form(context.Background(), get, home)
		if code(err) != c.code || p.Principal.UserID != c.user || p.SignatureVersion != c.version || c.user != "" && p.Type != TypePost {
			t.Errorf("%s: %+v, %v", c.name, p, err)
		}
		w.Lockout.Succeeded(adminKey, home.IP)
	}
	w.SigV2 = false
	fields := v2(adminKey, adminSecret)
	if _, err := w.Form(context.Background(), func(name string) (string, bool) { v, ok := fields[name]; return v, ok }, home); code(err) != "InvalidRequest" {
		t.Errorf("V2 switched off: %v", err)
	}
}

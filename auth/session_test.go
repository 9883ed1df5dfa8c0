package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"myfsio/iam"
)

// temporary are credentials of a session of the administrator.
func (w *world) temporary(t testing.TB) iam.Temporary {
	t.Helper()
	p, err := w.Login(context.Background(), adminKey, adminSecret, home)
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.Users.Issue(p.Principal, iam.SessionRequest{Duration: time.Hour, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sessionWays are the proofs of temporary credentials, with any token.
func (w *world) sessionWays(s iam.Temporary) map[string]func(t testing.TB, token string) *http.Request {
	key, secret := s.AccessKey, s.SecretKey.Reveal()
	return map[string]func(t testing.TB, token string) *http.Request{
		"SigV4": func(t testing.TB, token string) *http.Request {
			r, by := wire(t, putText), signer(key, secret)
			by.Token = token
			by.Sign(r, "", w.now)
			return r
		},
		"SigV4-Query": func(t testing.TB, token string) *http.Request {
			r, by := wire(t, putText), signer(key, secret)
			by.Token = token
			u, err := url.Parse(by.Presign(r, time.Minute, w.now))
			if err != nil {
				t.Fatal(err)
			}
			r.URL.RawQuery = u.RawQuery
			return r
		},
		"SigV2": func(t testing.TB, token string) *http.Request {
			r, date, line := wire(t, putText), w.now.Format(http.TimeFormat), ""
			r.Header.Set("Date", date)
			if token != "" {
				r.Header.Set("X-Amz-Security-Token", token)
				line = "x-amz-security-token:" + token + "\n"
			}
			r.Header.Set("Authorization", "AWS "+key+":"+sign2(secret, "PUT\n\ntext/plain\n"+date+"\nx-amz-acl:private\nx-amz-meta-a:b\n"+line+"/box/k?versionId=1"))
			return r
		},
		"SigV2-Query": func(t testing.TB, token string) *http.Request {
			r, expires, line := wire(t, putText), w.now.Add(time.Minute).Unix(), ""
			if token != "" {
				r.URL.RawQuery += "&x-amz-security-token=" + url.QueryEscape(token)
				line = "x-amz-security-token:" + token + "\n"
			}
			sig := sign2(secret, fmt.Sprintf("PUT\n\ntext/plain\n%d\nx-amz-acl:private\nx-amz-meta-a:b\n%s/box/k?versionId=1", expires, line))
			r.URL.RawQuery += fmt.Sprintf("&AWSAccessKeyId=%s&Expires=%d&Signature=%s", key, expires, url.QueryEscape(sig))
			return r
		},
		"HeaderPair": func(t testing.TB, token string) *http.Request {
			r := wire(t, putText)
			r.Header.Set("X-Access-Key", key)
			r.Header.Set("X-Secret-Key", secret)
			if token != "" {
				r.Header.Set("X-Session-Token", token)
			}
			return r
		},
	}
}

func TestSessions(t *testing.T) {
	w := newWorld(t)
	s, other := w.temporary(t), w.temporary(t)
	for name, way := range w.sessionWays(s) {
		p, err := w.Identify(context.Background(), way(t, s.Token), home)
		if err != nil || p.Principal.UserID != "u-admin" || !p.Principal.Temporary || p.AccessKey != s.AccessKey {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		for _, c := range []struct{ what, token, code string }{
			{"no token", "", "InvalidAccessKeyId"},
			{"a token of nothing", "abc", "InvalidToken"},
			{"a token of another session", other.Token, "InvalidToken"},
			{"a token cut", s.Token[:len(s.Token)-4], "InvalidToken"},
		} {
			w.told = nil
			if p, err := w.Identify(context.Background(), way(t, c.token), home); code(err) != c.code || p.Principal.UserID != "" || len(w.told) != 1 {
				t.Errorf("%s with %s: %+v, %v", name, c.what, p, err)
			}
			w.Lockout.Succeeded(s.AccessKey, home.IP)
		}
		w.now = start.Add(time.Hour + time.Second)
		if _, err := w.Identify(context.Background(), way(t, s.Token), home); code(err) != "ExpiredToken" {
			t.Errorf("%s, late: %v", name, err)
		}
		if _, locked := w.Lockout.Locked(s.AccessKey, home.IP); locked {
			t.Errorf("%s: the end of a session counts", name)
		}
		w.now = start
	}
	// The secret of a session with the key of its user, and the other way round.
	for name, way := range w.sessionWays(iam.Temporary{AccessKey: adminKey, SecretKey: s.SecretKey}) {
		if _, err := w.Identify(context.Background(), way(t, s.Token), home); code(err) != "InvalidToken" {
			t.Errorf("%s: a session's token with the user's key: %v", name, err)
		}
		w.Lockout.Succeeded(adminKey, home.IP)
	}
	for name, way := range w.sessionWays(iam.Temporary{AccessKey: s.AccessKey, SecretKey: adminSecret}) {
		if _, err := w.Identify(context.Background(), way(t, s.Token), home); code(err) != "SignatureDoesNotMatch" {
			t.Errorf("%s: a session's key with the user's secret: %v", name, err)
		}
		w.Lockout.Succeeded(s.AccessKey, home.IP)
	}
}

// A session ends with its user: what is told afterwards is told only to who has its secret.
func TestRevoked(t *testing.T) {
	w := newWorld(t)
	s := w.temporary(t)
	err := w.Users.Update(func(d *iam.Document) error {
		d.Users = d.Users[:4] // the last has a key without a secret, which may be in a file but cannot be written
		d.Users[0].Enabled = false
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, way := range w.sessionWays(s) {
		if p, err := w.Identify(context.Background(), way(t, s.Token), home); err == nil || p.Principal != (iam.Principal{}) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for name, way := range w.sessionWays(iam.Temporary{AccessKey: s.AccessKey, SecretKey: "wrong"}) {
		if _, err := w.Identify(context.Background(), way(t, s.Token), home); code(err) != "SignatureDoesNotMatch" {
			t.Errorf("%s with a wrong secret: %v", name, err)
		}
		w.Lockout.Succeeded(s.AccessKey, home.IP)
	}
}

func TestSessionForm(t *testing.T) {
	w := newWorld(t)
	s := w.temporary(t)
	by := signer(s.AccessKey, s.SecretKey.Reveal())
	for token, want := range map[string]string{s.Token: "", "abc": "InvalidToken"} {
		by.Token = token
		fields := by.SignPolicy("e30=", start)
		p, err := w.Form(context.Background(), func(name string) (string, bool) { v, ok := fields[name]; return v, ok }, home)
		if code(err) != want || (want == "") != p.Principal.Temporary {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

// BenchmarkIdentify measures what a proof costs when its signing key is known: header, URL, pair, session, nobody.
func BenchmarkIdentify(b *testing.B) {
	w := newWorld(b)
	w.verified = nil
	way := w.ways()
	s := w.temporary(b)
	for _, c := range []struct {
		name string
		r    *http.Request
	}{
		{"header", way["SigV4"](b, adminKey, adminSecret)}, {"presigned", way["SigV4-Query"](b, adminKey, adminSecret)},
		{"pair", way["HeaderPair"](b, adminKey, adminSecret)}, {"session", w.sessionWays(s)["SigV4"](b, s.Token)},
		{"v2", way["SigV2"](b, adminKey, adminSecret)}, {"anonymous", wire(b, putText)},
	} {
		b.Run(c.name, func(b *testing.B) {
			w.Lockout.Failed("another", "192.0.2.1")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Identify(context.Background(), c.r, home); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

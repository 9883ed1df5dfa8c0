package iam

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
)

const readOnly = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`

func (w *world) issue(accessKey string, r SessionRequest) Temporary {
	w.t.Helper()
	t, err := w.Issue(w.who(accessKey), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func codeOf(err error) string {
	var fe *fault.Error
	if errors.As(err, &fe) {
		return fe.Code
	}
	return ""
}

func TestSession(t *testing.T) {
	w := newWorld(t, people())
	s := w.issue("ANN", SessionRequest{Duration: time.Hour, Name: "build@night", Policy: []byte(readOnly)})
	if !s.Expires.Equal(noon.Add(time.Hour)) || len(s.AccessKey) != 20 || !strings.HasPrefix(s.AccessKey, "ASIA") || len(s.SecretKey) != 40 {
		t.Errorf("%+v", s)
	}
	other := mustOpen(t, w.o) // another process, or this one after a restart
	for range 2 {             // the second time from the cache
		for _, store := range []*Store{w.Store, other} {
			c, err := store.Resolve(s.AccessKey, s.Token)
			if err != nil || string(c.Secret()) != s.SecretKey.Reveal() || c.Check(noon) != nil {
				t.Fatalf("%v, %v, %v", c, err, c.Check(noon))
			}
			if c.UserID != "u-ann" || c.AccessKey != s.AccessKey || !c.Temporary || c.SessionName != "build@night" || c.Admin || c.Username != "ann" ||
				c.CanonicalID != CanonicalID("u-ann") {
				t.Errorf("%+v", c.Principal)
			}
			if !may(c.Principal, "s3:GetObject", "b", "k") || may(c.Principal, "s3:GetObjectTagging", "b", "k") {
				t.Error("the policy of the session does not narrow it")
			}
		}
	}
	if c, err := w.Resolve(s.AccessKey, ""); !fault.Is(err, fault.UnknownKey) || len(c.Secret()) == 0 || string(c.Secret()) == s.SecretKey.Reveal() {
		t.Errorf("without the token: %v", err)
	}
	if _, err := w.Resolve("ANN", ""); err != nil {
		t.Error(err)
	}
	if c, err := w.Resolve("NOBODY", ""); !fault.Is(err, fault.UnknownKey) || len(c.Secret()) == 0 {
		t.Error(err)
	}
	text := fmt.Sprintf("%v %+v %#v %v", s.SecretKey, s.SecretKey, s.SecretKey, w.log)
	if secretsIn(text, s.SecretKey) {
		t.Error(text)
	}
}

func TestSessionOfAdministrator(t *testing.T) {
	w := newWorld(t, people())
	for policy, admin := range map[string]bool{"": true, readOnly: false} {
		s := w.issue("ROOT", SessionRequest{Duration: MinSession, Policy: []byte(policy)})
		c, err := w.Resolve(s.AccessKey, s.Token)
		if err != nil || c.Admin != admin || !c.Temporary {
			t.Errorf("%q: %+v, %v", policy, c.Principal, err)
		}
		if _, err := w.Issue(c.Principal, SessionRequest{Duration: time.Hour}); !fault.Is(err, fault.AccessDenied) {
			t.Errorf("%q: a session of a session: %v", policy, err)
		}
		// A narrowed session is its user without being administrator.
		if err := w.Rename(c.Principal, "u-root", "boss"); admin != (err == nil) {
			t.Errorf("%q: %v", policy, err)
		}
		if err := w.Rename(c.Principal, "u-ann", "ann2"); err != nil {
			t.Errorf("%q: %v", policy, err)
		}
	}
}

func TestSessionBounds(t *testing.T) {
	w := newWorld(t, people())
	ann := w.who("ANN")
	large := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/%s"}]}`, strings.Repeat("x", 2048))
	for _, c := range []struct {
		name string
		r    SessionRequest
		kind fault.Kind
		code string
		ok   bool
	}{
		{"shortest", SessionRequest{Duration: 900 * time.Second}, 0, "", true},
		{"longest", SessionRequest{Duration: 129600 * time.Second}, 0, "", true},
		{"too short", SessionRequest{Duration: 899 * time.Second}, fault.InvalidArgument, "", false},
		{"too long", SessionRequest{Duration: 129601 * time.Second}, fault.InvalidArgument, "", false},
		{"none", SessionRequest{}, fault.InvalidArgument, "", false},
		{"name", SessionRequest{Duration: time.Hour, Name: "a_+=,.@-Z9"}, 0, "", true},
		{"name too short", SessionRequest{Duration: time.Hour, Name: "a"}, fault.InvalidArgument, "", false},
		{"name too long", SessionRequest{Duration: time.Hour, Name: strings.Repeat("a", 65)}, fault.InvalidArgument, "", false},
		{"name with a slash", SessionRequest{Duration: time.Hour, Name: "a/b"}, fault.InvalidArgument, "", false},
		{"name with a line", SessionRequest{Duration: time.Hour, Name: "ab\n"}, fault.InvalidArgument, "", false},
		{"policy malformed", SessionRequest{Duration: time.Hour, Policy: []byte(`{"Statement":1}`)}, fault.InvalidArgument, "MalformedPolicy", false},
		{"policy too large", SessionRequest{Duration: time.Hour, Policy: []byte(large)}, fault.InvalidArgument, "", false},
	} {
		_, err := w.Issue(ann, c.r)
		if c.ok != (err == nil) || err != nil && !fault.Is(err, c.kind) || c.code != "" && codeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for name, p := range map[string]Principal{"anonymous": {}, "another's key": {UserID: "u-ann", AccessKey: "ROOT"}, "a key that is gone": {UserID: "u-ann", AccessKey: "GONE"}} {
		if _, err := w.Issue(p, SessionRequest{Duration: time.Hour}); !fault.Is(err, fault.AccessDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.SetEnabled(w.who("ROOT"), "ANN", false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Issue(ann, SessionRequest{Duration: time.Hour}); !errors.Is(err, ErrDisabled) {
		t.Errorf("of a disabled user: %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	second := func(w *world) { // so that the key of the session is not the last one
		if _, err := w.CreateKey(w.who("ROOT"), "u-ann"); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		end  func(w *world, root Principal) error
		want error
	}{
		{"nothing", func(*world, Principal) error { return nil }, nil},
		{"user disabled", func(w *world, root Principal) error { return w.SetEnabled(root, "u-ann", false) }, ErrDisabled},
		{"user deleted", func(w *world, root Principal) error { return w.DeleteUser(root, "u-ann") }, ErrRevoked},
		{"user expired", func(w *world, root Principal) error { return w.SetExpiry(root, "u-ann", expiresAt(noon)) }, ErrExpired},
		{"key inactive", func(w *world, root Principal) error { return w.SetKeyActive(root, "u-ann", "ANN", false) }, ErrInactive},
		{"key removed", func(w *world, root Principal) error { return w.DeleteKey(root, "u-ann", "ANN") }, ErrRevoked},
		{"key rotated", func(w *world, root Principal) error { _, err := w.RotateSecret(root, "ANN"); return err }, ErrRevoked},
		{"key of another user now", func(w *world, root Principal) error {
			if err := w.DeleteUser(root, "u-ann"); err != nil {
				return err
			}
			_, err := w.CreateUser(root, NewUser{AccessKey: "ANN", SecretKey: "secret-of-ann"})
			return err
		}, ErrRevoked},
		{"renamed", func(w *world, root Principal) error { return w.Rename(root, "u-ann", "anna") }, nil},
		{"edited by hand", func(w *world, _ Principal) error {
			edit(w.t, w.path, strings.ReplaceAll(people(), `"secret-of-ann","status":"active"`, `"secret-of-ann","status":"off"`))
			return nil
		}, ErrInactive},
	} {
		w := newWorld(t, people())
		second(w)
		s := w.issue("ANN", SessionRequest{Duration: time.Hour})
		if _, err := w.Resolve(s.AccessKey, s.Token); err != nil { // into the cache
			t.Fatal(err)
		}
		if err := c.end(w, w.who("ROOT")); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		cred, err := w.Resolve(s.AccessKey, s.Token)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := cred.Check(noon); !errors.Is(got, c.want) || c.want == nil && got != nil {
			t.Errorf("%s: %v", c.name, got)
		}
		if c.want == ErrRevoked && (cred.UserID != "" || cred.Policy != nil || cred.Admin) {
			t.Errorf("%s: %+v", c.name, cred.Principal)
		}
	}
}

func TestSessionExpires(t *testing.T) {
	w := newWorld(t, people())
	s := w.issue("ANN", SessionRequest{Duration: MinSession})
	held, err := w.Resolve(s.AccessKey, s.Token)
	if err != nil {
		t.Fatal(err)
	}
	now := s.Expires.Add(-time.Second)
	w.now = func() time.Time { return now }
	if _, err := w.Resolve(s.AccessKey, s.Token); err != nil {
		t.Error(err)
	}
	now = s.Expires
	for _, store := range []*Store{w.Store, {docs: w.docs, sealer: w.sealer, now: w.now, log: w.Store.log}} { // the second has an empty cache
		c, err := store.Resolve(s.AccessKey, s.Token)
		if !fault.Is(err, fault.Expired) || codeOf(err) != "ExpiredToken" || string(c.Secret()) == s.SecretKey.Reveal() {
			t.Errorf("%v", err)
		}
	}
	if err := held.Check(now); codeOf(err) != "ExpiredToken" || held.Check(now.Add(-time.Second)) != nil {
		t.Errorf("a request that was let in before: %v", err)
	}
}

// Nothing but the very token that was given out is taken.
func TestTokenForged(t *testing.T) {
	w := newWorld(t, people())
	s := w.issue("ANN", SessionRequest{Duration: time.Hour, Policy: []byte(readOnly)})
	refused := func(name, key, token string) {
		t.Helper()
		c, err := w.Resolve(key, token)
		if !fault.Is(err, fault.AccessDenied) || codeOf(err) != "InvalidToken" || string(c.Secret()) == s.SecretKey.Reveal() || len(c.Secret()) == 0 || c.UserID != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range s.Token {
		b := []byte(s.Token)
		b[i] = 'A' + (b[i]+1)%26
		refused(fmt.Sprint("changed at ", i), s.AccessKey, string(b))
		if i == 0 {
			continue
		}
		refused(fmt.Sprint("cut at ", i), s.AccessKey, s.Token[:i])
		refused(fmt.Sprint("with a line end at ", i), s.AccessKey, s.Token[:i]+"\n"+s.Token[i:])
	}
	other := w.issue("ROOT", SessionRequest{Duration: time.Hour})
	refused("with another session's key", other.AccessKey, s.Token)
	refused("with a user's key", "ROOT", s.Token)
	refused("with the parent's key", "ANN", s.Token)
	refused("longer", s.AccessKey, s.Token+"A")
	refused("padded", s.AccessKey, s.Token+"=")
	refused("huge", s.AccessKey, strings.Repeat("A", 1<<20))
	refused("0.4's form", "ANN", "ANN:secret-of-ann")
	o := w.o
	o.SecretKey = "another secret key"
	w.Store = mustOpen(t, o)
	refused("of another SECRET_KEY", s.AccessKey, s.Token)
	if n := len(w.sessions.young) + len(w.sessions.old); n != 0 {
		t.Errorf("%d forged tokens are kept", n)
	}
}

// Without a SECRET_KEY nobody can know the key.
func TestTokenWithoutSecretKey(t *testing.T) {
	w := newWorld(t, people())
	w.o.SecretKey = ""
	w.Store = mustOpen(t, w.o)
	s := w.issue("ANN", SessionRequest{Duration: time.Hour})
	if _, err := w.Resolve(s.AccessKey, s.Token); err != nil {
		t.Error(err)
	}
	if _, err := mustOpen(t, w.o).Resolve(s.AccessKey, s.Token); codeOf(err) != "InvalidToken" {
		t.Errorf("%v", err)
	}
}

func TestSessionCacheIsBounded(t *testing.T) {
	var c sessionCache
	first := &session{}
	c.put([32]byte{1}, first)
	for i := range 5 * sessionGeneration {
		c.put([32]byte{2, byte(i), byte(i >> 8)}, &session{})
		if c.get([32]byte{1}) != first {
			t.Fatalf("what is used is dropped after %d", i)
		}
		if n := len(c.young) + len(c.old); n > 2*sessionGeneration {
			t.Fatalf("%d are kept", n)
		}
	}
	if c.get([32]byte{2}) != nil {
		t.Error("what is not used is kept")
	}
}

func FuzzToken(f *testing.F) {
	w := newWorld(f, people())
	s := w.issue("ANN", SessionRequest{Duration: time.Hour, Policy: []byte(readOnly)})
	f.Add(s.Token)
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := w.Resolve(s.AccessKey, token); token != s.Token && err == nil {
			t.Fatalf("%q is taken", token)
		}
	})
}

package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/docstore"
	"myfsio/fault"
	"myfsio/logs"
)

// The secrets of the fixtures, which a running 0.4.0 wrote, are made up and used nowhere else.
const (
	envSecret  = "zvja-dz7_P7fOW_xn8ZdBe5wG_Q7tIIVAIC8H7hZ"
	keptSecret = "wR8ixcM4eWRl13uRKru31Ii2He2Bd5XSBFDfniRxPIc"
	adminKey   = "harboradmin01"
	adminPass  = "ftM3FflloTJJL1JkI0FNrvjmoBgU-x2XB9Yw"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func options(path string) Options {
	return Options{Path: path, Now: func() time.Time { return noon }}
}

// fixture copies a file of 0.4.0 to a fresh directory.
func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "iam.json")
	edit(t, path, string(b))
	return path
}

// edit writes by hand, with a time that leaves no doubt.
func edit(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	at := noon.Add(time.Duration(len(text)) * time.Second)
	os.Chtimes(path, at, at)
}

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, made, err := Open(o)
	if err != nil || made != nil {
		t.Fatalf("%v, made %v", err, made)
	}
	return s
}

func TestFixtures(t *testing.T) {
	for _, c := range []struct {
		name    string
		secret  logs.Secret
		encrypt bool
		users   int
	}{
		{"v2-env-secret.json", envSecret, true, 10}, {"v2-kept-secret.json", keptSecret, false, 4},
		{"v1-plain.json", "", false, 11}, {"v1-plain.json", envSecret, true, 11},
	} {
		path := fixture(t, c.name)
		o := options(path)
		o.SecretKey, o.Encrypt = c.secret, c.encrypt
		s := mustOpen(t, o)
		if len(s.Users()) != c.users {
			t.Errorf("%s: %d users", c.name, len(s.Users()))
		}
		for _, u := range s.Users() {
			if u.ID == "" || u.DisplayName == "" || len(u.Keys) == 0 {
				t.Errorf("%s: %+v", c.name, u)
			}
			if wantAdmin := strings.HasSuffix(u.DisplayName, "dmin"); u.Admin() != wantAdmin {
				t.Errorf("%s: %s is an administrator: %v", c.name, u.DisplayName, u.Admin())
			}
		}
		if c.users != 4 {
			p, err := s.Authenticate(adminKey, adminPass)
			if err != nil || !p.Admin {
				t.Errorf("%s: %+v, %v", c.name, p, err)
			}
			if _, err := s.Authenticate("b9d2ec01f37ba7f5", "BmIBZH5sgBhtsAa3j_pRNBkou6a8WJD-"); !errors.Is(err, ErrExpired) || !fault.Is(err, fault.Expired) {
				t.Errorf("%s: the expired contractor: %v", c.name, err)
			}
			p, err = s.Authenticate("key0c8292308cbae", "IjDjWvKGJa7_YgAxnS2pqID4du98jqeY")
			if err != nil || p.Admin {
				t.Errorf("%s: %+v, %v", c.name, p, err)
			}
		}
		if _, err := s.Authenticate("d1bfbbda75e510df", "KQVeUJy1zuYqMOB0uDgu_q9Y2hdnnI0a"); c.name == "v2-env-secret.json" && !errors.Is(err, ErrDisabled) {
			t.Errorf("%s: the parked account: %v", c.name, err)
		}
		raw, _ := os.ReadFile(path)
		wantEncrypted := c.encrypt || c.name == "v2-kept-secret.json"
		if got := bytes.HasPrefix(raw, []byte(encryptedPrefix)); got != wantEncrypted {
			t.Errorf("%s: encrypted %v", c.name, got)
		}
		if again := mustOpen(t, o); !reflect.DeepEqual(again.Users(), s.Users()) {
			t.Errorf("%s changes when it is read again", c.name)
		}
	}
}

func TestV1Widens(t *testing.T) {
	s := mustOpen(t, options(fixture(t, "v1-plain.json")))
	i := slices.IndexFunc(s.Users(), func(u User) bool { return u.ID == "old-style-user" })
	if i < 0 {
		t.Fatal("the user is gone")
	}
	var all []string
	for _, p := range s.Users()[i].Policies {
		all = append(all, p.Actions...)
	}
	for _, a := range []string{"write", "create_bucket", "delete", "delete_bucket", "policy", "share", "replication"} {
		if !slices.Contains(all, a) {
			t.Errorf("%v lacks %s", all, a)
		}
	}
}

// Whatever is not known must survive a rewrite, value for value.
func TestLossless(t *testing.T) {
	const text = `{"version":2,"comment":{"by":"hand","n":12345678901234567890},"users":[
	{"user_id":"u-1","display_name":"Ünï","enabled":true,"expires_at":"2031-05-01 12:00","groups":["a"],"big":1e400,
	 "access_keys":[{"access_key":"A","secret_key":"s/+=","status":"active","created_at":"x","last_used":null}],
	 "policies":[{"bucket":"b","actions":["list","s3:Odd"],"prefix":"p/*","note":"<&>"},{"bucket":7,"actions":"all"},"text",{"bucket":"c","actions":[]}]},
	{"user_id":"u-2","display_name":"","enabled":false,"expires_at":17,"access_keys":[],"policies":[]}]}`
	path := filepath.Join(t.TempDir(), "iam.json")
	edit(t, path, text)
	s := mustOpen(t, options(path))
	if err := s.Update(func(*Document) error { return nil }); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(path)
	if a, b := canonical(t, []byte(text)), canonical(t, got); a != b {
		t.Errorf("\n%s\n%s", a, b)
	}
}

func canonical(t *testing.T, b []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

func user(fields string) string {
	return `{"version":2,"users":[{"user_id":"u","display_name":"d",` + fields + `}]}`
}

// What cannot be understood must not let anybody in.
func TestFailClosed(t *testing.T) {
	const key = `"access_keys":[{"access_key":"A","secret_key":"secret"}]`
	const admin = `,"policies":[{"bucket":"*","actions":["iam:*"]}]`
	for _, c := range []struct {
		name, fields string
		want         error
		admin        bool
	}{
		{"bare", key, nil, false},
		{"administrator", key + admin, nil, true},
		{"star", key + `,"policies":[{"bucket":"*","actions":["*"],"prefix":"*"}]`, nil, true},
		{"one bucket", key + `,"policies":[{"bucket":"b","actions":["*","iam:*"]}]`, nil, false},
		{"one prefix", key + `,"policies":[{"bucket":"*","actions":["*"],"prefix":"a"}]`, nil, false},
		{"odd prefix", key + `,"policies":[{"bucket":"*","actions":["*"],"prefix":7}]`, nil, false},
		{"odd actions", key + `,"policies":[{"bucket":"*","actions":"*"}]`, nil, false},
		{"disabled", key + admin + `,"enabled":false`, ErrDisabled, true},
		{"enabled odd", key + admin + `,"enabled":"yes"`, ErrDisabled, true},
		{"inactive", `"access_keys":[{"access_key":"A","secret_key":"secret","status":"inactive"}]`, ErrInactive, false},
		{"status odd", `"access_keys":[{"access_key":"A","secret_key":"secret","status":1}]`, ErrInactive, false},
		{"never ends", key + `,"expires_at":null`, nil, false},
		{"never ends, empty", key + `,"expires_at":""`, nil, false},
		{"ends later", key + `,"expires_at":"2026-06-01T12:00:01Z"`, nil, false},
		{"ends now", key + `,"expires_at":"2026-06-01T12:00:00Z"`, ErrExpired, false},
		{"ends now, without zone", key + `,"expires_at":"2026-06-01T12:00:00.000"`, ErrExpired, false},
		{"ended in another zone", key + `,"expires_at":"2026-06-01T13:59:59+02:00"`, ErrExpired, false},
		{"ends in another zone", key + `,"expires_at":"2026-06-01T14:00:01.5+02:00"`, nil, false},
		{"ends on a day", key + `,"expires_at":"2026-06-02"`, nil, false},
		{"end odd", key + `,"expires_at":"in a week"`, ErrExpired, false},
		{"end a number", key + `,"expires_at":99999999999`, ErrExpired, false},
		{"end out of range", key + `,"expires_at":"2099-13-01T00:00:00Z"`, ErrExpired, false},
	} {
		path := filepath.Join(t.TempDir(), "iam.json")
		edit(t, path, user(c.fields))
		s := mustOpen(t, options(path))
		_, err := s.Authenticate("A", "secret")
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if cred, ok := s.Lookup("A"); !ok || cred.Admin != c.admin {
			t.Errorf("%s: %v, administrator %v", c.name, ok, cred.Admin)
		}
	}
}

func TestKeysThatCannotBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iam.json")
	edit(t, path, user(`"access_keys":[{"access_key":"A","secret_key":"1"},{"access_key":"A","secret_key":"2"},{"access_key":"B"},{"secret_key":"x"}]`))
	s := mustOpen(t, options(path))
	for _, k := range []string{"A", "B", ""} {
		for _, secret := range []string{"", "1", "2", "x"} {
			if _, err := s.Authenticate(k, secret); !fault.Is(err, fault.UnknownKey) {
				t.Errorf("%q %q: %v", k, secret, err)
			}
		}
	}
	if err := s.Update(func(*Document) error { return nil }); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("two equal keys are written: %v", err)
	}
}

func TestFirstStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "iam.json")
	o := options(path)
	var made []*Admin
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			_, a, err := Open(o)
			if err != nil {
				t.Error(err)
			}
			if a != nil {
				mu.Lock()
				made = append(made, a)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(made) != 1 || len(made[0].AccessKey) != 24 || len(made[0].SecretKey) != 43 || made[0].Given {
		t.Fatalf("%v", made)
	}
	s := mustOpen(t, o)
	if p, err := s.Authenticate(made[0].AccessKey, made[0].SecretKey.Reveal()); err != nil || !p.Admin || len(s.Users()) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
	o = options(filepath.Join(t.TempDir(), "iam.json"))
	o.AdminAccessKey, o.AdminSecretKey, o.SecretKey, o.Encrypt = "me", "my secret", "a secret key", true
	_, a, err := Open(o)
	if err != nil || !a.Given || a.AccessKey != "me" {
		t.Errorf("%+v, %v", a, err)
	}
	if raw, _ := os.ReadFile(o.Path); !bytes.HasPrefix(raw, []byte(encryptedPrefix)) {
		t.Errorf("in clear: %s", raw)
	}
}

func TestResetAdmin(t *testing.T) {
	path := fixture(t, "v2-env-secret.json")
	o := options(path)
	o.SecretKey, o.Encrypt = envSecret, true
	s := mustOpen(t, o)
	if err := s.Update(func(d *Document) error {
		i, err := d.FindUser(adminKey)
		d.Users[i].Enabled, d.Users[i].Expires = false, expiresAt(noon.Add(-time.Hour))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	a, err := ResetAdmin(o)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := s.Authenticate(a.AccessKey, a.SecretKey.Reveal()); err != nil || !p.Admin || p.DisplayName != "Local Admin" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := s.Authenticate(adminKey, adminPass); !fault.Is(err, fault.UnknownKey) {
		t.Errorf("the old key: %v", err)
	}
	if len(s.Users()) != 10 {
		t.Errorf("%d users", len(s.Users()))
	}
	o.AdminAccessKey = "e88bdefe51107472" // another user's
	if _, err := ResetAdmin(o); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("%v", err)
	}

	o = options(path) // without the secret the file cannot be read
	before, _ := os.ReadFile(path)
	if a, err = ResetAdmin(o); err != nil {
		t.Fatal(err)
	}
	if p, err := mustOpen(t, o).Authenticate(a.AccessKey, a.SecretKey.Reveal()); err != nil || !p.Admin {
		t.Errorf("%+v, %v", p, err)
	}
	kept, _ := filepath.Glob(path + ".damaged-*")
	if len(kept) != 1 {
		t.Fatalf("kept: %v", kept)
	}
	if after, _ := os.ReadFile(kept[0]); !bytes.Equal(before, after) {
		t.Error("the file that was kept differs")
	}

	edit(t, path, user(`"access_keys":[{"access_key":"A","secret_key":"secret"}]`))
	if a, err = ResetAdmin(options(path)); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, options(path))
	ordinary, _ := s.Lookup("A")
	if fresh, ok := s.Lookup(a.AccessKey); !ok || !fresh.Admin || ordinary.Admin || len(s.Users()) != 2 {
		t.Errorf("%+v, %+v", fresh, ordinary)
	}
}

func TestReloadAndDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iam.json")
	one := user(`"access_keys":[{"access_key":"A","secret_key":"topsecret1"}]`)
	edit(t, path, one)
	var log bytes.Buffer
	o := options(path)
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := mustOpen(t, o)
	edit(t, path, strings.Replace(one, "topsecret1", "topsecret22", 1))
	if _, err := s.Authenticate("A", "topsecret22"); err != nil {
		t.Errorf("an edit does not act: %v", err)
	}
	for _, bad := range []string{
		"", "{", one[:len(one)-20], `{"version":3,"users":[]}`, `[]`, `{"version":2,"users":{"topsecret":1}}`, `{"version":2,"users":["topsecret"]}`,
		user(`"access_keys":[{"access_key":"A","secret_key":["topsecret"]}]`), encryptedPrefix + "topsecret", "topsecret", `{"version":"topsecret"}`, "null",
	} {
		edit(t, path, bad)
		if _, err := s.Authenticate("A", "topsecret22"); err != nil {
			t.Errorf("%q: %v", bad, err)
		}
		if _, _, err := Open(o); !errors.Is(err, docstore.ErrDamaged) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%q: %v", bad, err)
		}
		if got, _ := os.ReadFile(path); string(got) != bad {
			t.Errorf("%q became %q", bad, got)
		}
	}
	if s.Fault() == nil || strings.Contains(log.String(), "topsecret") {
		t.Errorf("%v\n%s", s.Fault(), log.String())
	}
}

// A plain file laid down beside a running server is encrypted with the next request.
func TestPlainIsEncrypted(t *testing.T) {
	path := fixture(t, "v2-env-secret.json")
	o := options(path)
	o.SecretKey, o.Encrypt = envSecret, true
	s := mustOpen(t, o)
	edit(t, path, user(`"access_keys":[{"access_key":"A","secret_key":"secret"}]`))
	if _, ok := s.Lookup("A"); !ok {
		t.Fatal("the edit does not act")
	}
	if raw, _ := os.ReadFile(path); !bytes.HasPrefix(raw, []byte(encryptedPrefix)) {
		t.Errorf("in clear: %s", raw)
	}
	if _, ok := s.Lookup("A"); !ok || s.Fault() != nil {
		t.Errorf("%v", s.Fault())
	}
	o.SecretKey = "another"
	if _, _, err := Open(o); !errors.Is(err, docstore.ErrDamaged) || !strings.Contains(err.Error(), "SECRET_KEY") {
		t.Errorf("%v", err)
	}
}

func TestLookup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iam.json")
	edit(t, path, user(`"access_keys":[{"access_key":"A","secret_key":"topsecret"}]`))
	s := mustOpen(t, options(path))
	c, ok := s.Lookup("A")
	none, no := s.Lookup("B")
	if !ok || no || string(c.Secret()) != "topsecret" || len(none.Secret()) == 0 || c.Check(noon) != nil || none.Check(noon) == nil {
		t.Errorf("%v %v", c, none)
	}
	if other, _ := s.Lookup("C"); !bytes.Equal(other.Secret(), none.Secret()) {
		t.Error("the secrets of unknown keys differ, so they cannot be cached")
	}
	if _, err := s.Authenticate("A", "topsecreT"); !fault.Is(err, fault.BadSignature) || strings.Contains(err.Error(), "topsecre") {
		t.Errorf("%v", err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "c", c, "u", s.Users())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		fmt.Fprintf(&log, verb, c)
		fmt.Fprintf(&log, verb, []Credential{c})
		fmt.Fprintf(&log, verb, s.Users())
	}
	if strings.Contains(log.String(), "topsecret") || strings.Contains(log.String(), "746f70") {
		t.Error(log.String())
	}
}

func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iam.json")
	edit(t, path, `{"version":2,"users":[]}`)
	o := options(path)
	o.SecretKey, o.Encrypt = "k", true
	var wg sync.WaitGroup
	for g := range 3 {
		s := mustOpen(t, o)
		wg.Go(func() {
			for i := range 10 {
				id := fmt.Sprintf("%d-%d", g, i)
				err := s.Update(func(d *Document) error {
					d.Users = append(d.Users, User{ID: id, Enabled: true, Keys: []Key{{AccessKey: id, SecretKey: "s", Status: "active"}}})
					return nil
				})
				if _, ok := s.Lookup(id); err != nil || !ok {
					t.Errorf("%s: %v, %v", id, ok, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(mustOpen(t, o).Users()); n != 30 {
		t.Errorf("%d users", n)
	}
}

// Tokens of the reference implementation are proven by TestFixtures.
func TestFernet(t *testing.T) {
	f := newFernet("a secret")
	for _, n := range []int{0, 1, 15, 16, 17, 5000} {
		plain := bytes.Repeat([]byte{7}, n)
		token := f.encrypt(plain)
		if got, ok := f.decrypt(token); !ok || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %v", n, ok)
		}
		if got, ok := f.decrypt(strings.TrimRight(token, "=") + "\n"); !ok || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes without padding: %v", n, ok)
		}
		for i := 0; i < len(token)-3; i += 1 + len(token)/50 {
			changed := []byte(token)
			changed[i] ^= 1
			if _, ok := f.decrypt(string(changed)); ok {
				t.Errorf("%d bytes, changed at %d", n, i)
			}
		}
	}
	if _, ok := newFernet("another").decrypt(f.encrypt(nil)); ok {
		t.Error("another key decrypts")
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"v2-env-secret.json", "v1-plain.json"} {
		b, _ := os.ReadFile(filepath.Join("testdata", name))
		f.Add(b)
	}
	f.Add([]byte(user(`"expires_at":1,"policies":[1]`)))
	f.Add([]byte(user(`"policies":[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}},{"Statement":1}]`)))
	key := newFernet(envSecret)
	c := codec{haveKey: true, key: func() *fernet { return key }}
	s := &Store{log: slog.New(slog.DiscardHandler), warned: map[[32]byte]bool{}}
	f.Fuzz(func(t *testing.T, b []byte) {
		one, err := c.decode(b)
		if err != nil {
			return
		}
		out, err := c.encode(one)
		if err != nil {
			t.Fatal(err)
		}
		two, err := c.decode(out)
		if err != nil {
			t.Fatalf("%q becomes %q, %v", b, out, err)
		}
		s.index(one)
		s.index(two)
		if two.old || !reflect.DeepEqual(one.keys, two.keys) {
			t.Fatalf("%q becomes %q, %v", b, out, err)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	s := mustOpen(b, options(fixture(b, "v1-plain.json")))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.Lookup(adminKey); !ok {
			b.Fatal("unknown")
		}
	}
}

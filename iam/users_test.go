package iam

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/logs"
)

func TestPrincipal(t *testing.T) {
	w := newWorld(t, people(
		account("twin1", "TWIN1", ""), strings.Replace(account("twin2", "TWIN2", ""), `"display_name":"twin2"`, `"display_name":"twin1"`, 1),
		strings.Replace(account("blank", "BLANK", ""), `"display_name":"blank"`, `"display_name":""`, 1),
		strings.Replace(account("thief", "THIEF", ""), `"display_name":"thief"`, `"display_name":"u-ann"`, 1),
		strings.Replace(account("keythief", "KEYTHIEF", ""), `"display_name":"keythief"`, `"display_name":"ROOT"`, 1),
	))
	for key, name := range map[string]string{
		"ROOT": "root", "ANN": "ann", "TWIN1": "u-twin1", "TWIN2": "u-twin2", "BLANK": "u-blank", "THIEF": "u-thief", "KEYTHIEF": "u-keythief",
	} {
		p := w.who(key)
		if p.Username != name || p.CanonicalID != CanonicalID(p.UserID) || p.AccessKey != key || p.Temporary || p.Session != nil || p.Admin != (key == "ROOT") {
			t.Errorf("%s: %+v", key, p)
		}
		if u, ok := w.ByCanonical(p.CanonicalID); !ok || u.ID != p.UserID {
			t.Errorf("%s: %v, %v", key, u, ok)
		}
		for _, by := range []string{key, p.UserID} {
			if u, err := w.User(by); err != nil || u.ID != p.UserID {
				t.Errorf("%s by %s: %v, %v", key, by, u, err)
			}
		}
	}
	if _, ok := w.ByCanonical("ann"); ok {
		t.Error("found")
	}
	if _, err := w.User("nobody"); !fault.Is(err, fault.NoSuchUser) {
		t.Error(err)
	}
	if CanonicalID("u-ann") != "c1b5b1e2b6a45b6b" && len(CanonicalID("u-ann")) != 64 {
		t.Error(CanonicalID("u-ann"))
	}
	if ann := w.who("ANN"); !may(ann, "s3:GetObject", "b", "k") || may(ann, "s3:GetObject", "c", "k") || may(ann, "s3:PutObject", "b", "k") {
		t.Error("the policy is not that of the file")
	}
	if twin := w.who("TWIN1"); may(twin, "s3:GetObject", "b", "k") || may(twin, "s3:ListBucket", "b", "") {
		t.Error("who has no policy may something")
	}
}

func TestUserWithoutIDIsNobody(t *testing.T) {
	w := newWorld(t, people(`{"display_name":"x","access_keys":[{"access_key":"X","secret_key":"secret-of-x"}],"policies":[{"bucket":"*","actions":["iam:*"]}]}`))
	if _, ok := w.Lookup("X"); ok {
		t.Error("he would be anonymous")
	}
}

// In a file where nobody holds iam:*, as 0.4 may have left it, * on everything makes an administrator; elsewhere it is the S3 actions.
func TestLegacyAdministrators(t *testing.T) {
	star := account("star", "STAR", `{"bucket":"*","actions":["*"]}`)
	w := newWorld(t, people(star))
	if w.who("STAR").Admin {
		t.Error("* is iam:*")
	}
	if strings.Contains(w.log.String(), "iam:*") {
		t.Error(w.log)
	}
	w = newWorld(t, strings.Replace(people(star, account("starb", "STARB", `{"bucket":"b","actions":["*"]}`)), `"iam:*"`, `"read"`, 1))
	for key, want := range map[string]bool{"STAR": true, "STARB": false, "ROOT": false} {
		if w.who(key).Admin != want {
			t.Errorf("%s", key)
		}
	}
	edit(t, w.path, strings.Replace(people(star), `"iam:*"`, `"list"`, 1))
	w.who("STAR")
	if n := strings.Count(w.log.String(), "level=WARN"); n != 1 {
		t.Errorf("told %d times: %s", n, w.log)
	}
	// The one who holds iam:* then ends the rule.
	if _, err := w.SetPolicies(w.who("STAR"), "u-star", rule("*", "*", "IAM:*")); err != nil {
		t.Fatal(err)
	}
	if !w.who("STAR").Admin {
		t.Error("no administrator is left")
	}
}

func TestCreateUser(t *testing.T) {
	w := newWorld(t, people())
	root := w.who("ROOT")
	later := expiresAt(noon.Add(time.Hour))
	c, err := w.CreateUser(root, NewUser{DisplayName: "Zoë B.", Policies: rule("b", "list", "s3:GetObject"), Expires: later})
	if err != nil || len(c.AccessKey) != 16 || len(c.SecretKey) != 32 || len(c.User.ID) != 18 || c.User.DisplayName != "Zoë B." || c.User.Expires != later || !c.User.Enabled {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, s := range []*Store{w.Store, mustOpen(t, w.o)} {
		p, err := s.Authenticate(c.AccessKey, c.SecretKey.Reveal())
		if err != nil || p.UserID != c.User.ID || p.Admin || !may(p, "s3:GetObject", "b", "k") || may(p, "s3:PutObject", "b", "k") {
			t.Errorf("%+v, %v", p, err)
		}
	}
	given, err := w.CreateUser(root, NewUser{AccessKey: "a.B-c_9", SecretKey: "8letters"})
	if err != nil || given.AccessKey != "a.B-c_9" || given.SecretKey != "8letters" || given.User.DisplayName != given.User.ID || len(given.User.Policies) != 0 {
		t.Errorf("%+v, %v", given, err)
	}
	if secretsIn(fmt.Sprintf("%v %+v %#v %s", c, c, c, w.log), c.SecretKey) {
		t.Error("the secret is printed")
	}
	for name, n := range map[string]NewUser{
		"key taken": {AccessKey: "ANN"}, "key that is an id": {AccessKey: "u-ann"}, "short key": {AccessKey: "ab"}, "long key": {AccessKey: strings.Repeat("a", 129)},
		"slash in key": {AccessKey: "abc/d"}, "comma in key": {AccessKey: "abc,d"}, "line in key": {AccessKey: "abc\n"}, "equals in key": {AccessKey: "a=b"},
		"short secret": {SecretKey: "1234567"}, "long secret": {SecretKey: logs.Secret(strings.Repeat("a", 129))}, "blank in secret": {SecretKey: "1234 5678"},
		"ü in secret": {SecretKey: "12345678ü"}, "long name": {DisplayName: strings.Repeat("ü", 65)}, "line in name": {DisplayName: "a\nb"}, "C1 in name": {DisplayName: "a\u0085b"},
		"blanks around name": {DisplayName: " a"}, "odd name": {DisplayName: "a\xff"}, "odd expiry": {Expires: Expiry{bad: true}},
		"101 policies": {Policies: make([]Policy, 101)}, "no bucket": {Policies: rule("", "read")}, "bucket with a slash": {Policies: rule("a/b", "read")},
		"bucket pattern": {Policies: rule("b*", "read")}, "long prefix": {Policies: []Policy{{Bucket: "b", Prefix: strings.Repeat("p", 1025)}}},
		"unknown action": {Policies: rule("b", "read", "wirte")}, "unknown pattern": {Policies: rule("b", "s3:Gte*")}, "empty action": {Policies: rule("b", "")},
		"unknown iam action": {Policies: rule("*", "iam:fly")},
		"large":              {Policies: rule("b", strings.Split(strings.Repeat("s3:GetObject ", 5000)+"read", " ")...)},
	} {
		if _, err := w.CreateUser(root, n); !fault.Is(err, fault.InvalidArgument) || secretsIn(err.Error(), n.SecretKey) && n.SecretKey != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.CreateUser(root, NewUser{Policies: rule("b", "read", "wirte", "fyl")}); !strings.Contains(err.Error(), `"wirte", "fyl"`) {
		t.Errorf("the words are not named: %v", err)
	}
	if _, err := w.CreateUser(root, NewUser{Policies: rule("B-x.1_", "*", "s3:*", "s3:GetBucketLocation", "s3:Get*", "READ", "s3:headobject", "iam:ListUsers", "iam:list_users", "kms:*")}); err != nil {
		t.Error(err)
	}
	if len(w.Users()) != 6 {
		t.Errorf("%d users", len(w.Users()))
	}
}

func TestChanges(t *testing.T) {
	w := newWorld(t, people())
	root := w.who("ROOT")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k, err := w.RotateSecret(root, "u-ann") // by id: the first key
	must(err)
	if _, err := w.Authenticate("ANN", "secret-of-ann"); !fault.Is(err, fault.BadSignature) || k.AccessKey != "ANN" {
		t.Errorf("%v: %v", k, err)
	}
	second, err := w.CreateKey(root, "ANN")
	must(err)
	rotated, err := w.RotateSecret(root, second.AccessKey) // by key: that key
	must(err)
	if rotated.AccessKey != second.AccessKey || rotated.SecretKey == second.SecretKey {
		t.Errorf("%v %v", rotated, second)
	}
	for key, secret := range map[string]logs.Secret{"ANN": k.SecretKey, second.AccessKey: rotated.SecretKey} {
		if p, err := w.Authenticate(key, secret.Reveal()); err != nil || p.UserID != "u-ann" {
			t.Errorf("%s: %v", key, err)
		}
	}
	must(w.SetKeyActive(root, "u-ann", "ANN", false))
	if _, err := w.Authenticate("ANN", k.SecretKey.Reveal()); !errors.Is(err, ErrInactive) {
		t.Error(err)
	}
	must(w.SetKeyActive(root, "u-ann", "ANN", true))
	if _, err := w.Authenticate("ANN", k.SecretKey.Reveal()); err != nil {
		t.Error(err)
	}
	must(w.DeleteKey(root, second.AccessKey, "ANN"))
	if err := w.DeleteKey(root, "u-ann", second.AccessKey); !fault.Is(err, fault.InvalidRequest) {
		t.Errorf("the last key goes: %v", err)
	}
	if err := w.DeleteKey(root, "u-ann", "MANAGER"); !fault.Is(err, fault.NoSuchUser) {
		t.Errorf("another's key goes: %v", err)
	}
	must(w.SetEnabled(root, "u-ann", false))
	if _, err := w.Authenticate(second.AccessKey, rotated.SecretKey.Reveal()); !errors.Is(err, ErrDisabled) {
		t.Error(err)
	}
	must(w.SetEnabled(root, "u-ann", true))
	must(w.SetExpiry(root, "u-ann", expiresAt(noon)))
	if _, err := w.Authenticate(second.AccessKey, rotated.SecretKey.Reveal()); !errors.Is(err, ErrExpired) {
		t.Error(err)
	}
	must(w.SetExpiry(root, "u-ann", Expiry{}))
	must(w.Rename(root, "u-ann", "Ann the 2nd"))
	u, err := w.SetPolicies(root, second.AccessKey, rule("c", "write"))
	must(err)
	if p := w.who(second.AccessKey); p.Username != "Ann the 2nd" || u.DisplayName != "Ann the 2nd" || len(u.Policies) != 1 || !may(p, "s3:PutObject", "c", "k") || may(p, "s3:GetObject", "b", "k") {
		t.Errorf("%+v, %+v", p, u)
	}
	must(w.Rename(root, "u-ann", ""))
	if _, err = w.SetPolicies(root, "u-ann", nil); err != nil || w.who(second.AccessKey).Username != "u-ann" || may(w.who(second.AccessKey), "s3:PutObject", "c", "k") {
		t.Errorf("%v", err)
	}
	for i := 1; i < maxKeys; i++ {
		_, err := w.CreateKey(root, "u-ann")
		must(err)
	}
	if _, err := w.CreateKey(root, "u-ann"); !fault.Is(err, fault.InvalidRequest) {
		t.Errorf("%d keys: %v", maxKeys+1, err)
	}
	must(w.DeleteUser(root, "u-ann"))
	if _, ok := w.Lookup(second.AccessKey); ok || len(w.Users()) != 2 {
		t.Error("he is still there")
	}
}

// changes are all calls that change one user.
var changes = map[string]func(w *world, by Principal, id string) error{
	"delete": func(w *world, by Principal, id string) error { return w.DeleteUser(by, id) },
	"rotate": func(w *world, by Principal, id string) error { _, err := w.RotateSecret(by, id); return err },
	"policies": func(w *world, by Principal, id string) error {
		_, err := w.SetPolicies(by, id, rule("b", "read"))
		return err
	},
	"expire":  func(w *world, by Principal, id string) error { return w.SetExpiry(by, id, expiresAt(noon)) },
	"disable": func(w *world, by Principal, id string) error { return w.SetEnabled(by, id, false) },
	"enable":  func(w *world, by Principal, id string) error { return w.SetEnabled(by, id, true) },
	"rename":  func(w *world, by Principal, id string) error { return w.Rename(by, id, "new name") },
	"key":     func(w *world, by Principal, id string) error { _, err := w.CreateKey(by, id); return err },
	"unkey": func(w *world, by Principal, id string) error {
		u, err := w.User(id)
		if err != nil {
			return err
		}
		return w.DeleteKey(by, id, u.Keys[0].AccessKey)
	},
	"deactivate": func(w *world, by Principal, id string) error {
		u, err := w.User(id)
		if err != nil {
			return err
		}
		return w.SetKeyActive(by, id, u.Keys[0].AccessKey, false)
	},
}

func TestUnknownUser(t *testing.T) {
	w := newWorld(t, people())
	for name, change := range changes {
		if err := change(w, w.who("ROOT"), "nobody"); !fault.Is(err, fault.NoSuchUser) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A change that is refused leaves the file as it is.
func TestRefusedChangesNothing(t *testing.T) {
	w := newWorld(t, people())
	before, _ := os.ReadFile(w.path)
	w.CreateUser(w.who("MANAGER"), NewUser{Policies: rule("*", "iam:*")})
	w.SetExpiry(w.who("ROOT"), "u-ann", Expiry{bad: true})
	for _, change := range changes {
		change(w, w.who("MANAGER"), "u-root")
		change(w, Principal{}, "u-ann")
	}
	if after, _ := os.ReadFile(w.path); string(before) != string(after) {
		t.Errorf("%s", after)
	}
}

// No change of one process or another is lost.
func TestConcurrentChanges(t *testing.T) {
	w := newWorld(t, people())
	root := w.who("ROOT")
	stores := []*Store{w.Store, mustOpen(t, w.o)}
	var wg sync.WaitGroup
	made := make([]Created, 40) // each change reads and writes all before it
	for i := range made {
		wg.Go(func() {
			s := stores[i%2]
			var err error
			if made[i], err = s.CreateUser(root, NewUser{DisplayName: fmt.Sprint("user ", i)}); err != nil {
				t.Error(err)
				return
			}
			if err := s.SetEnabled(root, made[i].AccessKey, i%3 != 0); err != nil {
				t.Error(err)
			}
			if _, ok := stores[1-i%2].Lookup(made[i].AccessKey); !ok {
				t.Errorf("user %d is not seen by the other process", i)
			}
		})
	}
	wg.Wait()
	for _, s := range stores {
		for i, c := range made {
			u, err := s.User(c.User.ID)
			if err != nil || u.Enabled != (i%3 != 0) || u.DisplayName != fmt.Sprint("user ", i) {
				t.Errorf("user %d: %+v, %v", i, u, err)
			}
		}
		if len(s.Users()) != len(made)+3 {
			t.Errorf("%d users", len(s.Users()))
		}
	}
}

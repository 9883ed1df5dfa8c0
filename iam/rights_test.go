package iam

import (
	"os"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
)

// Whoever is not an administrator must not become one, by himself or through others.
func TestEscalation(t *testing.T) {
	doc := func(action string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":` + action + `,"Resource":"*"}]}`
	}
	const conditional = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetPolicy","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}}`
	const denied = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:GetPolicy","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},{"Effect":"Allow","Action":"iam:get*","Resource":"*"}]}`
	for _, c := range []struct {
		name     string
		policies []Policy
		ok       bool
	}{
		{"nothing", nil, true},
		{"S3", rule("*", "*", "read", "s3:PutObject"), true},
		{"what he may", rule("*", "iam:create_user", "iam:PutUserPolicy"), true},
		{"what he may in a document", document(doc(`["iam:create_user","s3:*"]`)), true},
		{"iam:*", rule("*", "iam:*"), false},
		{"IAM:*", rule("*", "IAM:*"), false},
		{"iam:* with a prefix", []Policy{{Bucket: "*", Actions: []string{"iam:*"}, Prefix: "x"}}, false},
		{"iam:* on a bucket", rule("b", "iam:*"), false},
		{"what he lacks", rule("*", "read", "iam:get_policy"), false},
		{"what he lacks by AWS's name", rule("*", "iam:GetPolicy"), false},
		{"what he lacks by a pattern", rule("*", "iam:get*"), false},
		{"kms:*", rule("*", "kms:*"), false},
		{"a right on keys of encryption", document(doc(`"kms:Decrypt"`)), false},
		{"everything in a document", document(doc(`"*"`)), false},
		{"iam:* in a document", document(doc(`"iam:*"`)), false},
		{"a pattern in a document", document(doc(`["s3:*","i?m:*Policy"]`)), false},
		{"all but something", document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"s3:GetObject","Resource":"*"}]}`), false},
		{"under a condition", document(conditional), false},
		{"with a denial that may not apply", document(denied), false},
		{"denials only", document(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`), true},
	} {
		w := newWorld(t, people())
		for _, key := range []string{"MANAGER", "ROOT"} {
			_, err := w.CreateUser(w.who(key), NewUser{Policies: c.policies})
			if want := c.ok || key == "ROOT"; want != (err == nil) || !want && !fault.Is(err, fault.AccessDenied) {
				t.Errorf("%s makes a user with %s: %v", key, c.name, err)
			}
			_, err = w.SetPolicies(w.who(key), "u-ann", c.policies)
			if want := c.ok || key == "ROOT"; want != (err == nil) || !want && !fault.Is(err, fault.AccessDenied) {
				t.Errorf("%s gives ann %s: %v", key, c.name, err)
			}
			if key == "MANAGER" {
				if _, err = w.SetPolicies(w.who(key), "u-manager", append(rule("*", "iam:update_policy", "iam:create_user"), c.policies...)); c.ok != (err == nil) {
					t.Errorf("the manager gives himself %s: %v", c.name, err)
				}
			}
		}
	}
}

func TestAdministratorsAreOutOfReach(t *testing.T) {
	second := account("second", "SECOND", `{"bucket":"*","actions":["iam:*"]}`)
	for name, change := range changes {
		for key, want := range map[string]bool{"MANAGER": false, "ROOT": name != "unkey"} {
			w := newWorld(t, people(second))
			if err := change(w, w.who(key), "u-second"); want != (err == nil) || key == "MANAGER" && !fault.Is(err, fault.AccessDenied) {
				t.Errorf("%s by %s: %v", name, key, err)
			}
			if err := change(w, w.who(key), "u-ann"); (name != "unkey") != (err == nil) {
				t.Errorf("%s of ann by %s: %v", name, key, err)
			}
		}
		w := newWorld(t, people(second))
		for who, p := range map[string]Principal{"nobody": {}, "one who is gone": {UserID: "u-gone", Admin: true}} {
			if err := change(w, p, "u-ann"); !fault.Is(err, fault.AccessDenied) {
				t.Errorf("%s by %s: %v", name, who, err)
			}
		}
		// What he was when the request came in does not count.
		root := w.who("ROOT")
		if _, err := w.SetPolicies(root, "u-root", nil); err != nil {
			t.Fatal(err)
		}
		if err := change(w, root, "u-second"); !fault.Is(err, fault.AccessDenied) {
			t.Errorf("%s by a former administrator: %v", name, err)
		}
		if err := w.SetEnabled(w.who("SECOND"), "u-root", false); err != nil {
			t.Fatal(err)
		}
		if err := change(w, root, "u-ann"); !fault.Is(err, fault.AccessDenied) {
			t.Errorf("%s by a disabled user: %v", name, err)
		}
	}
}

// A new secret of another user is his rights.
func TestSecretsOfOthers(t *testing.T) {
	more := account("more", "MORE", `{"bucket":"*","actions":["iam:get_policy"]}`)
	for key, want := range map[string]bool{"MANAGER": false, "ROOT": true, "MORE": true} {
		w := newWorld(t, people(more))
		if _, err := w.RotateSecret(w.who(key), "MORE"); want != (err == nil) {
			t.Errorf("rotate by %s: %v", key, err)
		}
		if _, err := w.CreateKey(w.who(key), "MORE"); want != (err == nil) {
			t.Errorf("create by %s: %v", key, err)
		}
	}
}

// A session that its policy narrows grants no more than that policy.
func TestNarrowedSessionGrants(t *testing.T) {
	w := newWorld(t, people())
	const only = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"*"}]}`
	for _, key := range []string{"ROOT", "MANAGER"} {
		s := w.issue(key, SessionRequest{Duration: time.Hour, Policy: []byte(only)})
		c, err := w.Resolve(s.AccessKey, s.Token)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.SetPolicies(c.Principal, "u-ann", rule("*", "iam:create_user")); !fault.Is(err, fault.AccessDenied) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// Nor does it get keys, which would not be narrowed, not even those of its own user.
func TestNarrowedSessionMakesNoKeys(t *testing.T) {
	w := newWorld(t, people())
	const all = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	for _, key := range []string{"ROOT", "MANAGER"} {
		s := w.issue(key, SessionRequest{Duration: time.Hour, Policy: []byte(all)})
		c, err := w.Resolve(s.AccessKey, s.Token)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{c.UserID, "u-ann"} {
			if _, err := w.CreateKey(c.Principal, id); !fault.Is(err, fault.AccessDenied) {
				t.Errorf("%s, a key of %s: %v", key, id, err)
			}
			if _, err := w.RotateSecret(c.Principal, id); !fault.Is(err, fault.AccessDenied) {
				t.Errorf("%s, a secret of %s: %v", key, id, err)
			}
		}
	}
}

func TestNamesOfOthers(t *testing.T) {
	w := newWorld(t, people())
	manager, root := w.who("MANAGER"), w.who("ROOT")
	for _, name := range []string{"root", "u-root", "ROOT", "ann"} {
		if _, err := w.CreateUser(manager, NewUser{DisplayName: name}); !fault.Is(err, fault.AccessDenied) {
			t.Errorf("a second %s: %v", name, err)
		}
		if err := w.Rename(manager, "u-manager", name); !fault.Is(err, fault.AccessDenied) {
			t.Errorf("renamed to %s: %v", name, err)
		}
	}
	if _, err := w.CreateUser(manager, NewUser{AccessKey: "root"}); !fault.Is(err, fault.AccessDenied) {
		t.Errorf("a key named as a user: %v", err)
	}
	if err := w.Rename(manager, "u-ann", "ann"); err != nil {
		t.Errorf("to his own name: %v", err)
	}
	if _, err := w.CreateUser(root, NewUser{DisplayName: "ann"}); err != nil || w.who("ANN").Username != "u-ann" {
		t.Errorf("%v, %s", err, w.who("ANN").Username)
	}
}

func TestLastAdministrator(t *testing.T) {
	second := account("second", "SECOND", `{"bucket":"*","actions":["iam:*"]}`)
	// harmless changes leave a way in; rotating gives a new one to who asks.
	harmless := map[string]bool{"rotate": true, "enable": true, "rename": true, "key": true}
	for _, c := range []struct {
		name, other string
		last        bool
	}{
		{"alone", account("other", "OTHER", `{"bucket":"b","actions":["iam:*"]}`), true},
		{"with one who may all of S3", account("other", "OTHER", `{"bucket":"*","actions":["*"]}`), true},
		{"with another", second, false},
		{"with a disabled one", strings.Replace(second, `"display_name"`, `"enabled":false,"display_name"`, 1), true},
		{"with an expired one", strings.Replace(second, `"display_name"`, `"expires_at":"2026-06-01T12:00:00Z","display_name"`, 1), true},
		{"with one whose key is inactive", strings.Replace(second, `"active"`, `"inactive"`, 1), true},
		{"with one without secret", strings.Replace(second, `"secret-of-second"`, `""`, 1), true},
	} {
		for name, change := range changes {
			if name == "unkey" || strings.HasSuffix(c.name, "secret") && harmless[name] {
				continue // the only key never goes; a file with an empty secret is not written
			}
			w := newWorld(t, people(c.other))
			err := change(w, w.who("ROOT"), "u-root")
			if want := !c.last || harmless[name]; want != (err == nil) || !want && !fault.Is(err, fault.InvalidState) {
				t.Errorf("%s, %s: %v", c.name, name, err)
			}
			if c.last && !w.who("ROOT").Admin {
				t.Errorf("%s, %s: nobody is administrator", c.name, name)
			}
		}
	}
	w := newWorld(t, people())
	root := w.who("ROOT")
	k, err := w.CreateKey(root, "u-root")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetKeyActive(root, "u-root", "ROOT", false); err != nil {
		t.Errorf("there is another key: %v", err)
	}
	if err := w.DeleteKey(root, "u-root", k.AccessKey); !fault.Is(err, fault.InvalidState) {
		t.Errorf("the last active key: %v", err)
	}
	if err := w.DeleteKey(root, "u-root", "ROOT"); err != nil {
		t.Errorf("an inactive key: %v", err)
	}
}

func TestDocumentPolicies(t *testing.T) {
	const good = `{"Version":"2012-10-17","Id":"x","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::d/*"}}`
	const bad = `{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps"}]}`
	const both = `{"bucket":"*","actions":["iam:*"],"Statement":[]}`
	w := newWorld(t, people(account("doc", "DOC", good+`,`+bad+`,`+both+`,{"bucket":"b","actions":["read"]}`)))
	p := w.who("DOC")
	if !may(p, "s3:GetObject", "d", "k") || !may(p, "s3:GetObject", "b", "k") || may(p, "s3:GetObject", "c", "k") || p.Admin {
		t.Errorf("%+v", p)
	}
	for range 2 { // kept as they are, told once
		if err := w.Rename(w.who("ROOT"), "u-ann", "x"); err != nil {
			t.Fatal(err)
		}
		w.who("DOC")
	}
	if n := strings.Count(w.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("told %d times: %s", n, w.log)
	}
	raw, _ := os.ReadFile(w.path)
	for _, doc := range []string{good, bad, both} {
		if !strings.Contains(canonical(t, raw), canonical(t, []byte(doc))) {
			t.Errorf("%s is lost: %s", doc, raw)
		}
	}
	u, err := w.SetPolicies(w.who("ROOT"), "u-ann", append(document(" "+good+"\n"), rule("b", "read")...))
	if err != nil || string(u.Policies[0].Document) != good {
		t.Errorf("%s, %v", u.Policies[0].Document, err)
	}
	if p := w.who("ANN"); !may(p, "s3:GetObject", "d", "k") || !may(p, "s3:GetObject", "b", "k") {
		t.Error("the document does not count")
	}
	large := strings.Replace(good, "d/*", "d/"+strings.Repeat("x", 7000), 1)
	for _, doc := range []string{bad, both, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`, `7`, `{"bucket":7}`, large} {
		if _, err := w.SetPolicies(w.who("ROOT"), "u-ann", document(doc)); !fault.Is(err, fault.InvalidArgument) || codeOf(err) != "MalformedPolicy" {
			t.Errorf("%.80s: %v", doc, err)
		}
	}
}

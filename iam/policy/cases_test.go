package policy

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"myfsio/fault"
)

// lines returns the lines of a file of testdata without comments and empty ones.
func lines(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list
}

// decide evaluates with the fast and the naive evaluator, which must agree.
func decide(t *testing.T, doc string, kind Kind, r *Request) Verdict {
	t.Helper()
	p, err := Parse([]byte(doc), kind, "b")
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	n, err := newNaive([]byte(doc), kind)
	if err != nil {
		t.Fatal(err)
	}
	v := p.Eval(r)
	if naive := n.eval(r); v.Decision != naive {
		t.Errorf("the evaluators differ: %v, naively %v\n%s", v, decisionNames[naive], doc)
	}
	return v
}

var decisionNames = map[Decision]string{Silent: "silent", Allow: "allow", Deny: "deny"}

// TestConditions holds the conditions of testdata/conditions.txt, each in a statement that allows and one that denies.
func TestConditions(t *testing.T) {
	var page, cond string
	n := 0
	for _, line := range lines(t, "conditions.txt") {
		switch {
		case strings.HasPrefix(line, "page "):
			page = line[5:]
		case strings.HasPrefix(line, "{"):
			cond = line
		default:
			words, want, _ := strings.Cut(line, "=> ")
			r := &Request{Action: Lookup("s3:GetObject"), Bucket: "b", Key: "k"}
			have(t, r, split(words))
			allow := decide(t, conditioned("Allow", cond), Bucket, r)
			deny := decide(t, conditioned("Deny", cond), Bucket, r)
			got := "unknown"
			switch {
			case allow.Decision == Allow && deny.Decision == Deny:
				got = "yes"
			case allow.Decision == Silent && deny.Decision == Silent:
				got = "no"
			}
			if got != want {
				t.Errorf("%s\n%s\n%s: got %s", page, cond, line, got)
			}
			n++
		}
	}
	if n < 300 {
		t.Errorf("only %d cases were read", n)
	}
}

func conditioned(effect, cond string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": %q, "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*", "Condition": %s}]}`, effect, cond)
}

// TestPolicies holds the policies of testdata/policies.txt.
func TestPolicies(t *testing.T) {
	var page, title, doc string
	var kind Kind
	n := 0
	for _, line := range lines(t, "policies.txt") {
		switch {
		case strings.HasPrefix(line, "page "):
			page = line[5:]
		case strings.HasPrefix(line, "bucket "), strings.HasPrefix(line, "user "):
			title, doc, kind = line, "", User
			if strings.HasPrefix(line, "bucket") {
				kind = Bucket
			}
		case strings.Contains(line, "=> "):
			words, want, _ := strings.Cut(line, "=> ")
			r := ask(t, words)
			if got := decisionNames[decide(t, doc, kind, r).Decision]; got != want {
				t.Errorf("%s\n%s\n%s: got %s", page, title, line, got)
			}
			n++
		default:
			doc += line
		}
	}
	if n < 200 {
		t.Errorf("only %d cases were read", n)
	}
}

// TestMalformed holds the documents of testdata/malformed.txt.
func TestMalformed(t *testing.T) {
	kind, doc := Bucket, ""
	for _, line := range lines(t, "malformed.txt") {
		switch {
		case line == "bucket":
			kind = Bucket
		case line == "user":
			kind = User
		case !strings.HasPrefix(line, "  "):
			doc = line
		default:
			_, err := Parse([]byte(doc), kind, "b")
			malformed(t, doc, err, strings.TrimSpace(line))
		}
	}
}

func malformed(t *testing.T, doc string, err error, part string) {
	t.Helper()
	if len(doc) > 300 {
		doc = doc[:300] + "…"
	}
	fe, ok := err.(*fault.Error)
	switch {
	case err == nil:
		t.Errorf("%s\nis taken; it should be refused: %s", doc, part)
	case !ok || fe.Kind != fault.InvalidArgument || fe.Code != "MalformedPolicy":
		t.Errorf("%s\nis refused with %#v", doc, err)
	case !strings.Contains(fe.Msg, part):
		t.Errorf("%s\nis refused with %q, which does not say %q", doc, fe.Msg, part)
	}
}

// TestPublic holds the statements of testdata/public.txt.
func TestPublic(t *testing.T) {
	for _, line := range lines(t, "public.txt") {
		head, want, _ := strings.Cut(line, " => ")
		s := map[string]any{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
		if err := json.Unmarshal([]byte(head), &s); err != nil {
			t.Fatal(err)
		}
		harmless := map[string]any{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Principal": map[string]any{"AWS": "u-1"}}
		doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{harmless, s}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(doc, Bucket, "b")
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if got := p.Public(); got != (want == "public") {
			t.Errorf("%s: got %v", line, got)
		}
	}
	var none *Policy
	if none.Public() {
		t.Error("no policy is public")
	}
	user, err := Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`), User, "")
	if err != nil || user.Public() {
		t.Errorf("the policy of a user is public: %v", err)
	}
}

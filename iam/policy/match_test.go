package policy

import (
	"fmt"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"**", "", true},
		{"?", "", false},
		{"?", "é", true},
		{"??", "é", false},
		{"*?", "é", true},
		{"*??", "é", false},
		{"*???x", "€ax", false},
		{"*??x", "€ax", true},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"*ab*ab", "ab", false},
		{"*ab*ab", "aab ab", true},
		{"*a?c*", "aacabc", true},
		{"*a?c*", "aabac", false},
		{"a*?*b", "ab", false},
		{"a*?*b", "axb", true},
		{"*b?*?", "aab", false},
		{"*b?*?", "abxy", true},
		{"*abc", "ababc", true},
		{"?*?*?", "ab", false},
		{"?*?*?", "abc", true},
		{"*\xffx", "a", false},
	} {
		var m matcher
		if got := m.match(wildcards(c.pattern), c.text); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.text, got)
		}
	}
}

// TestMatchWork: the work grows with pattern and text, not with their product, whatever the pattern.
func TestMatchWork(t *testing.T) {
	text := strings.Repeat("a", 8<<10)
	for _, pattern := range []string{
		strings.Repeat("*a", 10<<10),
		strings.Repeat("*a", 10<<10) + "b",
		strings.Repeat("a*", 4000) + "b",
		strings.Repeat("*", 20<<10),
		strings.Repeat("*aaaaaaaaab", 1800),
		"*" + strings.Repeat("a", 4<<10) + "b*",
		strings.Repeat("?", 8<<10),
		strings.Repeat("?", 8<<10) + "*",
		"*" + strings.Repeat("?", 8<<10),
		"*" + strings.Repeat("?a", 4<<10) + "b",
		strings.Repeat("*aa", 4000) + "*b",
	} {
		var m matcher
		m.match(wildcards(pattern), text)
		if limit := 2 * (len(pattern) + len(text)); m.steps > limit {
			t.Errorf("%.20q… of %d bytes took %d steps on %d bytes", pattern, len(pattern), m.steps, len(text))
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axbyc")
	f.Add("*é?", "éx")
	f.Add("*??", "\xe2\x82")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 400 {
			return
		}
		pattern = strings.ToValidUTF8(pattern, "�")
		var tokens []token
		for _, c := range chars(pattern) {
			tokens = append(tokens, token{char: c, wild: c == "*" || c == "?"})
		}
		var m matcher
		got := m.match(wildcards(pattern), text)
		if want := naiveMatch(tokens, chars(text)); got != want {
			t.Errorf("%q on %q: %v, naively %v", pattern, text, got, want)
		}
		if m.steps > (len(pattern)+1)*(len(text)+1)+len(pattern)+len(text) {
			t.Errorf("%q on %q took %d steps", pattern, text, m.steps)
		}
		g, err := newGlob(pattern, true, false)
		if err != nil {
			t.Fatal(err)
		}
		if out := g.match(&eval{r: &Request{}}, text); (out == yes) != got {
			t.Errorf("the shape %d of %q on %q: %d", g.shape, pattern, text, out)
		}
	})
}

// bomb evaluates a document of conditions and returns the steps of matching.
func bomb(t *testing.T, doc string, kind Kind, r *Request) int {
	t.Helper()
	p, err := Parse([]byte(doc), kind, "b")
	if err != nil {
		t.Fatalf("%.200s…: %v", doc, err)
	}
	e := eval{r: r}
	p.eval(&e)
	return e.m.steps
}

// TestBombs: the largest documents made to be expensive are refused, or cost a bounded amount of steps.
func TestBombs(t *testing.T) {
	key := strings.Repeat("a", 1024)
	r := &Request{Action: Lookup("s3:GetObject"), Bucket: "b", Key: key, Principal: &Principal{Username: key}, Context: &Context{UserAgent: strings.Repeat("a", 8<<10), Referer: strings.Repeat("a", 8<<10)}}
	stars := strings.Repeat("*a", 9<<10) + "b"
	quoted := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%q,", s), n), ",") }
	deny := func(resources, values string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":[%s],"Condition":{"StringLike":{"aws:UserAgent":[%s]}}}}`, resources, values)
	}
	if steps := bomb(t, deny(`"arn:aws:s3:::b/`+stars+`"`, `"x"`), Bucket, r); steps > 64<<10 {
		t.Errorf("a long resource took %d steps", steps)
	}
	if steps := bomb(t, deny(`"arn:aws:s3:::*`+stars+`/*"`, `"x"`), Bucket, r); steps > 64<<10 {
		t.Errorf("a long resource over buckets took %d steps", steps)
	}
	if steps := bomb(t, deny(`"arn:aws:s3:::b/*"`, `"`+stars+`"`), Bucket, r); steps > 64<<10 {
		t.Errorf("a long value took %d steps", steps)
	}
	// Each of many patterns may look at all of a text once, which is bytes compared by the machine's own search.
	if steps := bomb(t, deny(`"arn:aws:s3:::b/*"`, quoted("*b*", 3000)), Bucket, r); steps > 3000*(8<<10)+64<<10 {
		t.Errorf("many patterns took %d steps", steps)
	}
	// A ? between stars is bounded by the parser.
	_, err := Parse([]byte(deny(`"arn:aws:s3:::b/*"`, `"*`+strings.Repeat("?a", 4000)+`b*"`)), Bucket, "b")
	malformed(t, "a long block with ?", err, "too many patterns with ?")
	_, err = Parse([]byte(deny(`"arn:aws:s3:::b/*"`, quoted("*?ab*", 1000))), Bucket, "b")
	malformed(t, "many blocks with ?", err, "too many patterns with ?")
	_, err = Parse([]byte(deny(`"arn:aws:s3:::b/*"`, quoted("*?${aws:Referer}*", 20))), Bucket, "b")
	malformed(t, "blocks with ? and variables", err, "too many patterns with ?")
	_, err = Parse([]byte(deny(`"arn:aws:s3:::b/*"`, quoted("${aws:Referer}", 300))), Bucket, "b")
	malformed(t, "many variables", err, "more than 256 policy variables")
	if steps := bomb(t, deny(`"arn:aws:s3:::b/*"`, `"*`+strings.Repeat("?a", 1000)+`b*"`), Bucket, r); steps > 2048*(8<<10) {
		t.Errorf("a block with ? took %d steps", steps)
	}
	if steps := bomb(t, deny(`"arn:aws:s3:::b/*"`, `"*`+strings.Repeat("${aws:username}*", 250)+`b"`), Bucket, r); steps > 64<<10 {
		t.Errorf("many variables in one pattern took %d steps", steps)
	}
	// A value that is too long to fill in cannot be told.
	p, err := Parse([]byte(deny(`"arn:aws:s3:::b/*"`, `"${aws:Referer}x"`)), Bucket, "b")
	if err != nil {
		t.Fatal(err)
	}
	if v := p.Eval(r); v.Decision != Deny {
		t.Errorf("a variable of 8 KiB: %v", v)
	}
}

func TestBounds(t *testing.T) {
	statement := `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`
	pad := func(n int) string {
		doc := `{"Statement":[` + statement + `]`
		return doc + strings.Repeat(" ", n-len(doc)-1) + "}"
	}
	for _, c := range []struct {
		name string
		kind Kind
		doc  string
		want string
	}{
		{"a user's greatest", User, pad(6 << 10), ""},
		{"a user's too great", User, pad(6<<10 + 1), "at most 6144"},
		{"a session's greatest", Session, pad(2 << 10), ""},
		{"a session's too great", Session, pad(2<<10 + 1), "at most 2048"},
		{"a bucket's too great", Bucket, pad(20<<10 + 1), "at most 20480"},
		{"too many statements", Bucket, `{"Statement":[` + strings.TrimSuffix(strings.Repeat("1,", 401), ",") + `]}`, "at most 400"},
		{"deep", Bucket, `{"Statement":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, "more than 10 deep"},
		{"deep objects", Bucket, strings.Repeat(`{"a":`, 3000) + "1" + strings.Repeat("}", 3000), "more than 10 deep"},
		{"not UTF-8", User, "{\"Statement\":[" + statement + "],\"Id\":\"\xff\"}", "not valid UTF-8"},
	} {
		_, err := Parse([]byte(c.doc), c.kind, "b")
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		malformed(t, c.doc, err, c.want)
	}
}

package policy

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// source is a Source of given answers.
type source struct {
	query   map[string]string
	headers map[string][]string
	tags    []Tag
	rtags   []Tag
	err     error
}

func (s *source) Query(name string) (string, bool) { v, ok := s.query[name]; return v, ok }
func (s *source) Header(name string) []string      { return s.headers[name] }
func (s *source) ObjectTags() ([]Tag, error)       { return s.tags, s.err }
func (s *source) RequestTags() ([]Tag, error)      { return s.rtags, s.err }
func (s *source) header(name, value string)        { s.headers[name] = append(s.headers[name], value) }
func newSource() *source                           { return &source{query: map[string]string{}, headers: map[string][]string{}} }
func sourceOf(r *Request) *source                  { return r.Context.Source.(*source) }

// ask reads a request as the files of testdata write it: an action, what it acts on, and what it has.
func ask(t *testing.T, line string) *Request {
	t.Helper()
	words := split(line)
	if len(words) < 2 {
		t.Fatalf("a request needs an action and a resource: %q", line)
	}
	name := words[0]
	if !strings.Contains(name, ":") {
		name = "s3:" + name
	}
	r := &Request{Action: Lookup(name)}
	if r.Action == 0 {
		t.Fatalf("no action %q", name)
	}
	if words[1] != "-" {
		r.Bucket, r.Key, _ = strings.Cut(words[1], "/")
	}
	have(t, r, words[2:])
	return r
}

// have gives a request what the words say.
func have(t *testing.T, r *Request, words []string) {
	t.Helper()
	src := newSource()
	c := &Context{Source: src}
	r.Context = c
	who := &Principal{}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		var err error
		switch head, tail, _ := strings.Cut(k, ":"); {
		case head == "q":
			src.query[tail] = v
			if tail == "prefix" {
				r.Lists, r.Prefix = true, v
			}
		case head == "h":
			src.header(tail, v)
		case head == "tag":
			src.tags = append(src.tags, Tag{tail, v})
		case head == "rtag":
			src.rtags = append(src.rtags, Tag{tail, v})
		case k == "tagfail":
			src.err = errors.New("the store is away")
		case k == "user":
			who.Username, r.Principal = v, who
		case k == "id":
			who.UserID = v
		case k == "key":
			who.AccessKey = v
		case k == "canonical":
			who.CanonicalID = v
		case k == "ip":
			c.SourceIP = v
		case k == "secure":
			c.Secure = true
		case k == "referer":
			c.Referer = v
		case k == "ua":
			c.UserAgent = v
		case k == "auth":
			c.AuthType = v
		case k == "sig":
			c.SignatureVersion = v
		case k == "tls":
			c.TLSVersion = v
		case k == "age":
			c.SignatureAge, err = time.ParseDuration(v)
		case k == "now":
			c.Now, err = time.Parse(time.RFC3339, v)
		default:
			t.Fatalf("a request cannot have %q", w)
		}
		if err != nil {
			t.Fatalf("%q: %v", w, err)
		}
	}
}

// split parts a line at spaces that stand outside of double quotes, and drops the quotes.
func split(line string) []string {
	var words []string
	var b strings.Builder
	quoted, open := false, false
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"':
			quoted, open = !quoted, true
		case c == ' ' && !quoted:
			if open {
				words = append(words, b.String())
			}
			b.Reset()
			open = false
		default:
			b.WriteByte(c)
			open = true
		}
	}
	if open {
		words = append(words, b.String())
	}
	return words
}

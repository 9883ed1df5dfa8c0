package cors

import (
	"slices"
	"strconv"
	"strings"
)

// Rules are compiled rules. They are never changed and may be used by many goroutines. No rules at all, nil, match
// nothing.
type Rules struct{ rules []rule }

// rule is a rule made ready for requests. The header values are shared by all answers.
type rule struct {
	origins  []pattern
	methods  []string
	headers  []pattern
	expose   []string  // names as they stand
	patterns []pattern // further names to expose, by wildcard
	all      bool      // * is among the patterns

	methodsValue, exposeValue, ageValue []string // nil: no such header
}

// pattern is text with at most one *.
type pattern struct {
	before, after string
	wild          bool
}

// newPattern makes a pattern that is held against text in lower case.
func newPattern(s string) pattern {
	before, after, wild := strings.Cut(strings.ToLower(s), "*")
	return pattern{before, after, wild}
}

// match reports whether all of s, in lower case, matches.
func (p *pattern) match(s string) bool {
	if !p.wild {
		return s == p.before
	}
	return len(s) >= len(p.before)+len(p.after) && strings.HasPrefix(s, p.before) && strings.HasSuffix(s, p.after)
}

func (p *pattern) all() bool { return p.wild && p.before == "" && p.after == "" }

// Compile makes Rules of a configuration that was checked. A nil one gives nil.
func Compile(c *Config) *Rules {
	if c == nil {
		return nil
	}
	rs := &Rules{rules: make([]rule, 0, len(c.Rules))}
	for i := range c.Rules {
		rs.rules = append(rs.rules, compile(&c.Rules[i]))
	}
	return rs
}

func compile(r *Rule) rule {
	out := rule{origins: patterns(r.AllowedOrigins), headers: patterns(r.AllowedHeaders), methods: r.AllowedMethods,
		methodsValue: []string{strings.Join(r.AllowedMethods, ", ")}}
	for _, name := range r.ExposeHeaders {
		if strings.Contains(name, "*") {
			out.patterns = append(out.patterns, newPattern(name))
			out.all = out.all || name == "*"
		} else {
			out.expose = append(out.expose, name)
		}
	}
	if len(out.expose) > 0 {
		out.exposeValue = []string{strings.Join(out.expose, ", ")}
	}
	if r.MaxAgeSeconds != nil {
		out.ageValue = []string{strconv.Itoa(int(*r.MaxAgeSeconds))}
	}
	return out
}

func patterns(list []string) []pattern {
	out := make([]pattern, 0, len(list))
	for _, s := range list {
		out = append(out, newPattern(s))
	}
	return out
}

// Server makes the rule of a whole server out of its settings. Origins and headers are patterns as in the rules of
// buckets; OPTIONS among the methods is not needed, and * stands for all methods. Without origins or methods the answer
// is nil: no cross-origin use.
func Server(origins, allow, headers, expose []string) (*Rules, error) {
	r := Rule{AllowedOrigins: origins, AllowedHeaders: headers, ExposeHeaders: expose}
	for _, m := range allow {
		switch m = strings.ToUpper(m); {
		case m == "*":
			r.AllowedMethods = append(slices.Clone(methods), "PATCH")
		case !token(m):
			return nil, invalid("%q is not a method.", m)
		case m != "OPTIONS" && !contains(r.AllowedMethods, m):
			r.AllowedMethods = append(r.AllowedMethods, m)
		}
	}
	if len(r.AllowedOrigins) == 0 || len(r.AllowedMethods) == 0 {
		return nil, nil
	}
	checked := r
	checked.AllowedMethods = methods // other methods than S3's may stand in settings
	if err := checked.check(); err != nil {
		return nil, err
	}
	return Compile(&Config{Rules: []Rule{r}}), nil
}

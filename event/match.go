package event

import "strings"

// Rules are a configuration made ready for events. They may be used by many goroutines.
type Rules struct{ rules []compiled }

type compiled struct {
	types          set
	prefix, suffix string
	target         Match
}

// Match is a rule that an event matched.
type Match struct {
	ID     string // of the rule
	Target string
}

// Compile makes rules of a configuration, checked or stored.
func Compile(c *Config) *Rules {
	out := &Rules{rules: make([]compiled, len(c.Rules))}
	for i := range c.Rules {
		r := &c.Rules[i]
		out.rules[i] = compiled{types: r.types(), target: Match{r.ID, r.Target}}
		out.rules[i].prefix, out.rules[i].suffix = r.affixes()
	}
	return out
}

// Match appends the rules that an event of a type on a key matches to dst. Without room there it allocates; nil rules match
// nothing.
func (r *Rules) Match(dst []Match, t Type, key string) []Match {
	if r == nil {
		return dst
	}
	for i := range r.rules {
		c := &r.rules[i]
		if c.types.has(t) && strings.HasPrefix(key, c.prefix) && strings.HasSuffix(key, c.suffix) {
			dst = append(dst, c.target)
		}
	}
	return dst
}

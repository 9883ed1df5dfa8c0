package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// maxFill bounds the value of a policy variable, in bytes. A longer one cannot be judged: Allow fails and Deny matches.
const maxFill = 1024

// glob is a text of a policy to compare texts of requests with: as it stands, or with wildcards, and with holes for
// policy variables.
type glob struct {
	text  string // wildcards and holes as their bytes
	shape shape
	vars  []variable // one for each hole
}

// shape says how a glob without variables can be compared.
type shape uint8

const (
	literal  shape = iota
	anything       // a star alone
	prefixed       // a literal and a star; text leaves out the star
	patterned
)

// variable is ${key} or ${key, 'text'}.
type variable struct {
	key        keyRef
	def        string
	hasDefault bool
}

// newGlob parses a text. wild says that * and ? are wildcards, vars that ${…} are variables and escapes.
func newGlob(s string, wild, vars bool) (glob, error) {
	var g glob
	var b strings.Builder
	last := byte(0)
	put := func(c byte) { b.WriteByte(c); last = c }
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case wild && c == '*' && last == star:
		case wild && c == '*':
			put(star)
		case wild && c == '?':
			put(one)
		case vars && c == '$' && strings.HasPrefix(s[i+1:], "{"):
			end := closing(s[i+2:])
			if end < 0 {
				return glob{}, fmt.Errorf("%q has a ${ without its }; write ${$} for a dollar sign", s)
			}
			inner := s[i+2 : i+2+end]
			i += 2 + end
			if inner == "*" || inner == "?" || inner == "$" {
				put(inner[0])
				continue
			}
			v, err := newVariable(inner)
			if err != nil {
				return glob{}, err
			}
			g.vars = append(g.vars, v)
			put(hole)
		default:
			put(c)
		}
	}
	g.text = b.String()
	g.settle()
	return g, nil
}

// closing returns where the } stands that ends a variable, not one within the quotes of its default; -1 without one.
func closing(s string) int {
	quoted := false
	for i := range len(s) {
		switch s[i] {
		case '\'':
			quoted = !quoted
		case '}':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

func newVariable(inner string) (variable, error) {
	name, def, hasDefault := strings.Cut(inner, ",")
	v := variable{hasDefault: hasDefault}
	if hasDefault {
		def = strings.TrimSpace(def)
		if len(def) < 2 || def[0] != '\'' || def[len(def)-1] != '\'' || strings.Contains(def[1:len(def)-1], "'") {
			return v, fmt.Errorf("the default of the variable ${%s} must stand in single quotes: ${key, 'text'}", inner)
		}
		v.def = def[1 : len(def)-1]
	}
	key, err := findKey(strings.TrimSpace(name))
	switch {
	case err != nil:
		return v, fmt.Errorf("the variable ${%s}: %w", inner, err)
	case key.def.multi:
		return v, fmt.Errorf("the variable ${%s} has many values; only keys of one value can be variables", inner)
	}
	v.key = key
	return v, nil
}

// settle finds the shape of the text.
func (g *glob) settle() {
	i := strings.IndexByte(g.text, star)
	switch {
	case len(g.vars) > 0 || strings.IndexByte(g.text, one) >= 0:
		g.shape = patterned
	case i < 0:
		g.shape = literal
	case g.text == starText:
		g.shape = anything
	case i == len(g.text)-1:
		g.shape, g.text = prefixed, g.text[:i]
	default:
		g.shape = patterned
	}
}

// split parts a glob at a byte into at most n pieces.
func (g *glob) split(at byte, n int) []glob {
	text := g.text
	if g.shape == prefixed {
		text += starText
	}
	var parts []glob
	vars := g.vars
	for _, s := range strings.SplitN(text, string([]byte{at}), n) {
		holes := strings.Count(s, holeText)
		part := glob{text: s, vars: vars[:holes:holes]}
		vars = vars[holes:]
		part.settle()
		parts = append(parts, part)
	}
	return parts
}

// fixed reports whether the glob is one text, the same for every request.
func (g *glob) fixed() bool { return g.shape == literal }

// searches returns the length of the blocks that are searched for and hold a ?: what costs more than the length of
// pattern and text. A variable counts as 256.
func (g *glob) searches() int {
	if g.shape != patterned {
		return 0
	}
	blocks := strings.Split(g.text, starText)
	sum := 0
	for i, b := range blocks {
		if i > 0 && i < len(blocks)-1 && strings.IndexByte(b, one) >= 0 {
			sum += len(b) + 255*strings.Count(b, holeText)
		}
	}
	return sum
}

// match compares text with the glob as e fills its variables. A variable without a value matches nothing.
func (g *glob) match(e *eval, text string) outcome {
	switch g.shape {
	case literal:
		return truth(g.text == text)
	case anything:
		return yes
	case prefixed:
		return truth(strings.HasPrefix(text, g.text))
	}
	if len(g.vars) == 0 {
		return truth(e.m.match(g.text, text))
	}
	var room [512]byte
	pattern, out := g.fill(e, room[:0])
	if out != yes {
		return out
	}
	return truth(e.m.match(view(pattern), text))
}

// equal compares text with a glob without wildcards; fold ignores case.
func (g *glob) equal(e *eval, text string, fold bool) outcome {
	if len(g.vars) == 0 {
		return truth(g.text == text || fold && strings.EqualFold(g.text, text))
	}
	var room [512]byte
	filled, out := g.fill(e, room[:0])
	if out != yes {
		return out
	}
	return truth(view(filled) == text || fold && strings.EqualFold(view(filled), text))
}

// fill appends the text with its variables replaced. It is no when one has no value, and unknown when one cannot be told.
func (g *glob) fill(e *eval, b []byte) ([]byte, outcome) {
	text := g.text
	for i := range g.vars {
		v := &g.vars[i]
		at := strings.IndexByte(text, hole)
		b = append(b, text[:at]...)
		text = text[at+1:]
		var val value
		e.value(v.key, &val)
		switch {
		case val.form == failed:
			return b, unknown
		case val.form != absent:
			s := val.text(0)
			if len(s) > maxFill || !utf8.ValidString(s) {
				return b, unknown
			}
			b = append(b, s...)
		case v.hasDefault:
			b = append(b, v.def...)
		default:
			return b, no
		}
	}
	return append(b, text...), yes
}

// view is a string of bytes that do not change while it is used; it spares a copy.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

package policy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The naive evaluator: slow, straight from the JSON, sharing no code with the fast one but its tables of names.

// maybe is a truth of three values, ordered: and is the lesser, or the greater.
type maybe int

const (
	isFalse maybe = iota
	isUntold
	isTrue
)

func say(b bool) maybe {
	if b {
		return isTrue
	}
	return isFalse
}

type naive struct {
	doc struct {
		Version   string
		Statement json.RawMessage
	}
	statements []map[string]any
	kind       Kind
}

func newNaive(doc []byte, kind Kind) (*naive, error) {
	n := &naive{kind: kind}
	if err := json.Unmarshal(doc, &n.doc); err != nil {
		return nil, err
	}
	if json.Unmarshal(n.doc.Statement, &n.statements) != nil {
		var one map[string]any
		if err := json.Unmarshal(n.doc.Statement, &one); err != nil {
			return nil, err
		}
		n.statements = []map[string]any{one}
	}
	return n, nil
}

func (n *naive) eval(r *Request) Decision {
	decision := Silent
	for _, s := range n.statements {
		deny := s["Effect"] == "Deny"
		m := n.matches(s, r, deny)
		switch {
		case deny && m != isFalse:
			return Deny
		case !deny && m == isTrue:
			decision = Allow
		}
	}
	return decision
}

func (n *naive) matches(s map[string]any, r *Request, deny bool) maybe {
	out := isTrue
	if a, ok := s["Action"]; ok {
		out = min(out, say(naiveAction(a, r)))
	} else {
		out = min(out, say(!naiveAction(s["NotAction"], r)))
	}
	if n.kind == Bucket {
		if p, ok := s["Principal"]; ok {
			out = min(out, say(naivePrincipal(p, r, deny)))
		} else {
			out = min(out, say(!naivePrincipal(s["NotPrincipal"], r, !deny)))
		}
	}
	if res, ok := s["Resource"]; ok {
		out = min(out, n.resource(res, r))
	} else {
		in := n.resource(s["NotResource"], r)
		untold := false
		for _, v := range listOf(s["NotResource"]) {
			if _, m := n.expand(v, r, true); m != isTrue {
				untold = true
			}
		}
		if !deny && untold && in != isTrue {
			in = isTrue
		}
		out = min(out, isTrue-in)
	}
	if c, ok := s["Condition"].(map[string]any); ok {
		for op, block := range c {
			for key, values := range block.(map[string]any) {
				out = min(out, n.condition(op, key, listOf(values), r))
			}
		}
	}
	return out
}

// listOf is a value or an array of values as texts.
func listOf(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, v := range list {
		switch v := v.(type) {
		case float64:
			out = append(out, strconv.FormatFloat(v, 'f', -1, 64))
		default:
			out = append(out, fmt.Sprint(v))
		}
	}
	return out
}

func naiveAction(v any, r *Request) bool {
	name := strings.ToLower(r.Action.String())
	for _, p := range listOf(v) {
		p = strings.ToLower(p)
		if !strings.ContainsAny(p, "*?") {
			if Lookup(p) == r.Action {
				return true
			}
			continue
		}
		if p == "iam:*" && name == "iam:*" || p == "kms:*" && name == "kms:*" || p == "*" {
			return true
		}
		if strings.HasSuffix(name, ":*") {
			continue
		}
		re := regexp.QuoteMeta(p)
		re = strings.ReplaceAll(strings.ReplaceAll(re, `\*`, ".*"), `\?`, ".")
		exp := regexp.MustCompile("^" + re + "$")
		if exp.MatchString(name) {
			return true
		}
		for other, of := range otherNames {
			if strings.HasPrefix(p, "iam:") && strings.HasPrefix(other, "iam:") && of == r.Action.String() && exp.MatchString(strings.ToLower(other)) {
				return true
			}
		}
	}
	return false
}

var rootARN = regexp.MustCompile(`^(arn:aws:iam::\d*:root|\d{12})$`)
var personARN = regexp.MustCompile(`^arn:aws:iam::(?:\d{12})?:user/(.+)$`)

func naivePrincipal(v any, r *Request, strict bool) bool {
	if v == "*" {
		return true
	}
	for kind, list := range v.(map[string]any) {
		for _, s := range listOf(list) {
			switch p := r.Principal; {
			case kind != "AWS" && kind != "CanonicalUser":
			case kind == "AWS" && s == "*":
				return true
			case p == nil:
			case kind == "CanonicalUser":
				if s == p.CanonicalID || s == p.UserID || s == p.AccessKey {
					return true
				}
			case rootARN.MatchString(s):
				if strict {
					return true
				}
			case personARN.MatchString(s):
				if name := personARN.FindStringSubmatch(s)[1]; name == p.Username || name == p.UserID {
					return true
				}
			case s == p.UserID || s == p.AccessKey || s == p.CanonicalID:
				return true
			}
		}
	}
	return false
}

// token is a character of a pattern, or a wildcard.
type token struct {
	char string
	wild bool
}

func chars(s string) []string {
	var list []string
	for len(s) > 0 {
		_, w := utf8.DecodeRuneInString(s)
		list = append(list, s[:w])
		s = s[w:]
	}
	return list
}

var variableExp = regexp.MustCompile(`^\$\{([^},']*)(?:,\s*'([^']*)')?\s*\}`)

// expand turns a text into tokens, with its variables replaced.
func (n *naive) expand(s string, r *Request, wild bool) ([]token, maybe) {
	var list []token
	for len(s) > 0 {
		if n.doc.Version == "2012-10-17" && strings.HasPrefix(s, "${") {
			m := variableExp.FindStringSubmatch(s)
			s = s[len(m[0]):]
			name := strings.TrimSpace(m[1])
			if name == "*" || name == "?" || name == "$" {
				list = append(list, token{char: name})
				continue
			}
			values, err := naiveValues(name, r)
			text := m[2]
			switch {
			case err:
				return nil, isUntold
			case len(values) > 0:
				text = values[0]
			case !strings.Contains(m[0], ","):
				return nil, isFalse
			}
			if len(text) > maxFill || !utf8.ValidString(text) {
				return nil, isUntold
			}
			for _, c := range chars(text) {
				list = append(list, token{char: c})
			}
			continue
		}
		_, w := utf8.DecodeRuneInString(s)
		list = append(list, token{char: s[:w], wild: wild && (s[:w] == "*" || s[:w] == "?")})
		s = s[w:]
	}
	return list, isTrue
}

// naiveMatch matches by a table of what beginnings fit each other.
func naiveMatch(pattern []token, text []string) bool {
	fits := make([]bool, len(text)+1)
	fits[0] = true
	for _, p := range pattern {
		next := make([]bool, len(text)+1)
		for i := range next {
			switch {
			case p.wild && p.char == "*":
				next[i] = fits[i] || i > 0 && next[i-1]
			case i > 0 && (p.wild || p.char == text[i-1]):
				next[i] = fits[i-1]
			}
		}
		fits = next
	}
	return fits[len(text)]
}

func (n *naive) like(pattern, text string, r *Request, wild, fold bool) maybe {
	tokens, m := n.expand(pattern, r, wild)
	if m != isTrue {
		return m
	}
	if fold {
		var b strings.Builder
		for _, t := range tokens {
			b.WriteString(t.char)
		}
		return say(strings.EqualFold(b.String(), text))
	}
	return say(naiveMatch(tokens, chars(text)))
}

func (n *naive) resource(v any, r *Request) maybe {
	service, _, _ := strings.Cut(r.Action.String(), ":")
	text := r.Bucket
	if r.Key != "" {
		text += "/" + r.Key
	}
	out := isFalse
	for _, s := range listOf(v) {
		part := strings.SplitN(s, ":", 6)
		switch {
		case s == "*":
			return isTrue
		case len(part) < 6:
		case service == "iam" || service == "kms":
			out = max(out, say(part[2] == service && part[5] == "*"))
		case part[2] == "s3" && (part[1] == "aws" || part[1] == "*") && (part[3] == "" || part[3] == "*") && (part[4] == "" || part[4] == "*"):
			bucket, _, hasKey := strings.Cut(part[5], "/")
			if !strings.ContainsAny(bucket, "*?$") && (bucket != r.Bucket || hasKey != (r.Key != "")) {
				continue // whatever the key's variables are
			}
			out = max(out, n.like(part[5], text, r, true, false))
		}
	}
	return out
}

// condition evaluates one key under one operator.
func (n *naive) condition(op, key string, want []string, r *Request) maybe {
	values, failed := naiveValues(key, r)
	if failed {
		return isUntold
	}
	op = strings.ToLower(op)
	if op == "null" {
		out := isFalse
		for _, w := range want {
			out = max(out, say(strings.EqualFold(w, "true") == (len(values) == 0)))
		}
		return out
	}
	set, op, ok := strings.Cut(op, ":")
	if !ok {
		set, op = "", set
	}
	op, ifExists := strings.CutSuffix(op, "ifexists")
	negated := strings.Contains(op, "not")
	op = strings.Replace(op, "not", "", 1)
	if len(values) == 0 {
		return say(ifExists || set == "forallvalues" || set == "" && negated)
	}
	one := func(v string) maybe {
		out := isFalse
		for _, w := range want {
			out = max(out, n.test(op, key, w, v, r))
		}
		return out
	}
	switch set {
	case "forallvalues", "foranyvalue":
		var each []maybe
		for _, v := range values {
			m := one(v)
			if negated {
				m = isTrue - m
			}
			each = append(each, m)
		}
		sort.Slice(each, func(i, j int) bool { return each[i] < each[j] })
		if set == "foranyvalue" {
			return each[len(each)-1]
		}
		return each[0]
	}
	out := isFalse
	for _, v := range values {
		out = max(out, one(v))
	}
	if negated {
		out = isTrue - out
	}
	return out
}

var accountExp = regexp.MustCompile(`^arn:aws:iam::(?:\d{12})?:`)

func (n *naive) test(op, key, want, have string, r *Request) maybe {
	if strings.EqualFold(key, "aws:PrincipalArn") {
		want = accountExp.ReplaceAllString(want, "arn:aws:iam::000000000000:")
	}
	switch op {
	case "stringequals":
		return n.like(want, have, r, false, false)
	case "stringequalsignorecase", "bool":
		return n.like(want, have, r, false, true)
	case "stringlike":
		return n.like(want, have, r, true, false)
	case "arnequals", "arnlike":
		return n.arn(want, have, r)
	case "binaryequals":
		b, err := base64.StdEncoding.DecodeString(want)
		return say(err == nil && string(b) == have)
	case "ipaddress":
		return say(naiveIn(want, have))
	}
	name, numeric := strings.CutPrefix(op, "numeric")
	var c int
	if numeric {
		a, errA := strconv.ParseFloat(naiveEpoch(have), 64)
		b, errB := strconv.ParseFloat(want, 64)
		if errA != nil || errB != nil {
			return isFalse
		}
		c = compare(a, b)
	} else {
		name = strings.TrimPrefix(op, "date")
		a, okA := naiveTime(have)
		b, okB := naiveTime(want)
		if !okA || !okB {
			return isFalse
		}
		c = a.Compare(b)
	}
	switch name {
	case "equals":
		return say(c == 0)
	case "lessthan":
		return say(c < 0)
	case "lessthanequals":
		return say(c <= 0)
	case "greaterthan":
		return say(c > 0)
	}
	return say(c >= 0)
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func naiveEpoch(s string) string {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return fmt.Sprint(t.Unix())
	}
	return s
}

func naiveTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

// naiveIn compares addresses as bits.
func naiveIn(block, addr string) bool {
	bits := func(s string) string {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return ""
		}
		out := ""
		for _, b := range a.Unmap().AsSlice() {
			out += fmt.Sprintf("%08b", b)
		}
		return out
	}
	base, length, ok := strings.Cut(block, "/")
	a, b := bits(addr), bits(base)
	if a == "" || len(a) != len(b) {
		return false
	}
	if !ok {
		return a == b
	}
	n, _ := strconv.Atoi(length)
	if strings.Contains(base, ":") && len(b) == 32 {
		n -= 96
	}
	return a[:n] == b[:n]
}

func (n *naive) arn(want, have string, r *Request) maybe {
	if strings.Trim(want, "*") == "" {
		return isTrue
	}
	var hidden []string
	masked := regexp.MustCompile(`\$\{[^}]*\}`).ReplaceAllStringFunc(want, func(v string) string {
		if n.doc.Version != "2012-10-17" {
			return v
		}
		hidden = append(hidden, v)
		return "\x00"
	})
	ws, hs := strings.SplitN(masked, ":", 6), strings.SplitN(have, ":", 6)
	if len(hs) < 6 {
		return isFalse
	}
	out := isTrue
	for i := range ws {
		for strings.Contains(ws[i], "\x00") {
			ws[i] = strings.Replace(ws[i], "\x00", hidden[0], 1)
			hidden = hidden[1:]
		}
		out = min(out, n.like(ws[i], hs[i], r, true, false))
	}
	return out
}

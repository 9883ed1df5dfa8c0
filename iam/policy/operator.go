package policy

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// outcome is the truth of a condition, which may depend on what cannot be told.
type outcome uint8

const (
	no outcome = iota
	unknown
	yes
)

func truth(b bool) outcome {
	if b {
		return yes
	}
	return no
}

func (o outcome) not() outcome { return yes - o }

// test is what an operator compares, leaving aside its negation.
type test uint8

const (
	testEquals test = iota
	testFold
	testLike
	testNumberEquals
	testNumberLess
	testNumberLessEquals
	testNumberGreater
	testNumberGreaterEquals
	testDateEquals
	testDateLess
	testDateLessEquals
	testDateGreater
	testDateGreaterEquals
	testBool
	testBinary
	testIP
	testARN
	testNull
)

// operator is a row of the table of operators.
type operator struct {
	name    string
	test    test
	negated bool
}

// operators is the table of condition operators.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = [...]operator{
	{"StringEquals", testEquals, false},
	{"StringNotEquals", testEquals, true},
	{"StringEqualsIgnoreCase", testFold, false},
	{"StringNotEqualsIgnoreCase", testFold, true},
	{"StringLike", testLike, false},
	{"StringNotLike", testLike, true},
	{"NumericEquals", testNumberEquals, false},
	{"NumericNotEquals", testNumberEquals, true},
	{"NumericLessThan", testNumberLess, false},
	{"NumericLessThanEquals", testNumberLessEquals, false},
	{"NumericGreaterThan", testNumberGreater, false},
	{"NumericGreaterThanEquals", testNumberGreaterEquals, false},
	{"DateEquals", testDateEquals, false},
	{"DateNotEquals", testDateEquals, true},
	{"DateLessThan", testDateLess, false},
	{"DateLessThanEquals", testDateLessEquals, false},
	{"DateGreaterThan", testDateGreater, false},
	{"DateGreaterThanEquals", testDateGreaterEquals, false},
	{"Bool", testBool, false},
	{"BinaryEquals", testBinary, false},
	{"IpAddress", testIP, false},
	{"NotIpAddress", testIP, true},
	{"ArnEquals", testARN, false},
	{"ArnLike", testARN, false},
	{"ArnNotEquals", testARN, true},
	{"ArnNotLike", testARN, true},
	{"Null", testNull, false},
}

// quantifier says how a condition takes a key of many values.
type quantifier uint8

const (
	plain     quantifier = iota // as one value: some value fits, or for a negated operator none does
	anyValue                    // ForAnyValue: the test holds for some value
	allValues                   // ForAllValues: the test holds for every value, also when there is none
)

// findOperator reads the name of an operator with its prefix and suffix, in any case.
func findOperator(name string) (op operator, q quantifier, ifExists bool, err error) {
	rest := name
	if head, tail, ok := strings.Cut(name, ":"); ok {
		switch {
		case strings.EqualFold(head, "ForAnyValue"):
			q = anyValue
		case strings.EqualFold(head, "ForAllValues"):
			q = allValues
		default:
			return op, q, false, fmt.Errorf("%q is not a condition operator; before the colon may stand ForAnyValue or ForAllValues", name)
		}
		rest = tail
	}
	const suffix = "IfExists"
	if n := len(rest) - len(suffix); n > 0 && strings.EqualFold(rest[n:], suffix) {
		rest, ifExists = rest[:n], true
	}
	for _, op := range operators {
		if !strings.EqualFold(op.name, rest) {
			continue
		}
		if op.test == testNull && rest != name {
			return op, q, false, fmt.Errorf("%q is not a condition operator; Null takes no prefix and no IfExists", name)
		}
		return op, q, ifExists, nil
	}
	return op, q, false, fmt.Errorf("%q is not a condition operator", name)
}

// operand is a value of a policy to compare with, read once for the test of its operator.
type operand struct {
	glob   glob
	num    float64
	at     time.Time
	flag   bool
	bytes  string
	prefix netip.Prefix
	arn    []glob // its six parts; nil for one that fits every ARN
}

// newOperand reads a value for a test. vars says that ${…} are variables.
func newOperand(t test, key keyRef, s string, vars bool) (o operand, err error) {
	ok := true
	switch t {
	case testEquals, testFold, testLike:
		o.glob, err = newGlob(anyAccount(key, s), t == testLike, vars)
	case testNumberEquals, testNumberLess, testNumberLessEquals, testNumberGreater, testNumberGreaterEquals:
		if o.num, ok = parseNumber(s); !ok {
			err = fmt.Errorf("%q is not a number", s)
		}
	case testDateEquals, testDateLess, testDateLessEquals, testDateGreater, testDateGreaterEquals:
		if o.at, ok = parseTime(s); !ok {
			err = fmt.Errorf("%q is not a date; write 2026-01-31T12:00:00Z, or seconds since 1970", s)
		}
	case testBool:
		if o.glob, err = newGlob(s, false, vars); err == nil && o.glob.fixed() && !isBool(s) {
			err = fmt.Errorf("%q is neither \"true\" nor \"false\"", s)
		}
	case testNull:
		o.flag = strings.EqualFold(s, "true")
		if !isBool(s) {
			err = fmt.Errorf("%q is neither \"true\" (the key is not there) nor \"false\" (it is)", s)
		}
	case testBinary:
		var b []byte
		if b, err = base64.StdEncoding.DecodeString(s); err != nil {
			err = fmt.Errorf("%q is not base64", s)
		}
		o.bytes = string(b)
	case testIP:
		if o.prefix, ok = parsePrefix(s); !ok {
			err = fmt.Errorf("%q is not an IP address or a block such as 203.0.113.0/24", s)
		}
	case testARN:
		o.arn, err = newARN(anyAccount(key, s), vars)
	}
	return o, err
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

// anyAccount gives the ARN of a user the account of the server, whatever number a policy has: there is one account.
func anyAccount(key keyRef, s string) string {
	const iam = "arn:aws:iam::"
	if key.def.param != "arn" || !strings.HasPrefix(s, iam) {
		return s
	}
	account, rest, ok := strings.Cut(s[len(iam):], ":")
	if !ok || account != "" && !isAccount(account) {
		return s
	}
	return iam + Account + ":" + rest
}

func newARN(s string, vars bool) ([]glob, error) {
	g, err := newGlob(s, true, vars)
	if err != nil || g.shape == anything {
		return nil, err
	}
	parts := g.split(':', 6)
	if len(parts) < 6 {
		return nil, fmt.Errorf("%q is not an ARN; an ARN has six parts: arn:partition:service:region:account:resource", s)
	}
	return parts, nil
}

// fits compares the i-th value of a request with an operand.
func (o *operand) fits(e *eval, t test, v *value, i int) outcome {
	switch t {
	case testEquals, testFold:
		return o.glob.equal(e, v.text(i), t == testFold)
	case testLike:
		return o.glob.match(e, v.text(i))
	case testBool:
		return o.glob.equal(e, v.text(i), true)
	case testBinary:
		return truth(o.bytes == v.text(i))
	case testIP:
		a, ok := parseAddr(v.text(i))
		return truth(ok && o.prefix.Contains(a))
	case testARN:
		return o.fitsARN(e, v.text(i))
	case testDateEquals, testDateLess, testDateLessEquals, testDateGreater, testDateGreaterEquals:
		at, ok := v.instant(i)
		return truth(ok && ordered(t-testDateEquals, at.Compare(o.at)))
	}
	n, ok := v.number(i)
	if !ok {
		return no
	}
	c := 0
	switch {
	case n < o.num:
		c = -1
	case n > o.num:
		c = 1
	}
	return truth(ordered(t-testNumberEquals, c))
}

// ordered tells whether c, the comparison of a request's value with a policy's, is what the rel-th of equals, less, less
// or equals, greater, greater or equals asks for.
func ordered(rel test, c int) bool {
	switch rel {
	case 1:
		return c < 0
	case 2:
		return c <= 0
	case 3:
		return c > 0
	case 4:
		return c >= 0
	}
	return c == 0
}

func (o *operand) fitsARN(e *eval, s string) outcome {
	if o.arn == nil {
		return yes
	}
	out := yes
	for i := range o.arn {
		part := s
		if i < len(o.arn)-1 {
			var ok bool
			if part, s, ok = strings.Cut(s, ":"); !ok {
				return no
			}
		}
		out = min(out, o.arn[i].match(e, part))
	}
	return out
}

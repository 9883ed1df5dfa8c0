package cors

import (
	"net/http"
	"sort"
	"strings"

	"myfsio/fault"
)

// Request is what a browser says of a cross-origin request.
type Request struct {
	Origin string // "" for a request that is not one
	// Method is the method of the request, or the one a preflight asks for; "" when it asks for none.
	Method string
	// Headers are the names that a preflight asks for, separated by commas.
	Headers string
}

// RequestOf reads the headers of r. Access-Control-Request-Method counts before the method itself, on any
// request, as with S3.
func RequestOf(r *http.Request) Request {
	q := Request{Origin: first(r.Header["Origin"]), Headers: strings.Join(r.Header["Access-Control-Request-Headers"], ",")}
	q.Method = first(r.Header["Access-Control-Request-Method"])
	if q.Method == "" && r.Method != http.MethodOptions {
		q.Method = r.Method
	}
	return q
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// maxAsked bounds how many headers a preflight may ask for.
const maxAsked = 200

// Answer is what a response tells the browser. The zero value tells it nothing.
type Answer struct {
	cross  bool // the request had an origin, and there are rules
	rule   *rule
	any    bool // * matched
	origin string
	asked  string
}

// Allowed reports whether a rule matched.
func (a Answer) Allowed() bool { return a.rule != nil }

// Match finds the first rule that allows the request.
func (rs *Rules) Match(q Request) Answer {
	if rs == nil || q.Origin == "" {
		return Answer{}
	}
	a := Answer{cross: true}
	asked, ok := names(q.Headers)
	if !ok {
		return a
	}
	origin := strings.ToLower(q.Origin)
	for i := range rs.rules {
		r := &rs.rules[i]
		p := r.origin(origin)
		if p == nil || !contains(r.methods, q.Method) || !r.allows(asked) {
			continue
		}
		a.rule, a.any, a.origin, a.asked = r, p.all(), q.Origin, strings.Join(asked, ", ")
		return a
	}
	return a
}

// origin returns the first pattern that matches an origin in lower case, nil when none does. Behind the origin null may
// stand anyone, so that a pattern must be meant for it.
func (r *rule) origin(origin string) *pattern {
	for i := range r.origins {
		p := &r.origins[i]
		if p.match(origin) && (origin != "null" || !p.wild || p.all()) {
			return p
		}
	}
	return nil
}

// allows reports whether each of the names, in lower case, may be sent.
func (r *rule) allows(asked []string) bool {
	for _, name := range asked {
		ok := false
		for i := range r.headers {
			if ok = r.headers[i].match(name); ok {
				break
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// names splits a list of header names, in lower case. It reports false for what is none, or too long.
func names(list string) ([]string, bool) {
	var out []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.ToLower(strings.Trim(name, " \t"))
		if name == "" {
			continue
		}
		if !token(name) || len(out) == maxAsked {
			return nil, false
		}
		out = append(out, name)
	}
	return out, true
}

// Preflight answers an OPTIONS request. Its error is a refusal: a fault.InvalidRequest of code BadRequest when the request
// is no preflight, a fault.AccessDenied of code AccessForbidden when no rule allows what is asked. The Answer
// goes on the response in either case.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
func (rs *Rules) Preflight(q Request) (Answer, error) {
	switch {
	case q.Origin == "":
		return Answer{}, badRequest("Insufficient information. Origin request header needed.")
	case rs == nil:
		return Answer{}, Forbidden("CORS is not enabled for this bucket.")
	case q.Method == "":
		return Answer{cross: true}, badRequest("Invalid Access-Control-Request-Method: null")
	}
	a := rs.Match(q)
	if !a.Allowed() {
		return a, Forbidden("This CORS request is not allowed. This is usually because the evalution of Origin, " +
			"request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
	}
	return a, nil
}

// Forbidden is the refusal of a preflight, for the reason given.
func Forbidden(why string) error {
	return &fault.Error{Kind: fault.AccessDenied, Code: "AccessForbidden", Msg: "CORSResponse: " + why}
}

func badRequest(msg string) error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: "BadRequest", Msg: msg}
}

// Headers of answers.
var (
	varyValue = []string{"Origin, Access-Control-Request-Headers, Access-Control-Request-Method"}
	anyValue  = []string{"*"}
	trueValue = []string{"true"}
)

const vary = "Vary"

// Set puts the answer on the headers of a response. All other headers must be there, since those that match a pattern of
// the rule are exposed by name.
func (a Answer) Set(h http.Header) {
	if !a.cross {
		return
	}
	if old := h[vary]; len(old) > 0 {
		h[vary] = append(old[:len(old):len(old)], varyValue...)
	} else {
		h[vary] = varyValue
	}
	if a.rule == nil {
		return
	}
	if a.any {
		h["Access-Control-Allow-Origin"] = anyValue
	} else {
		h["Access-Control-Allow-Origin"] = []string{a.origin}
		if !strings.EqualFold(a.origin, "null") {
			h["Access-Control-Allow-Credentials"] = trueValue
		}
	}
	h["Access-Control-Allow-Methods"] = a.rule.methodsValue
	if a.asked != "" {
		h["Access-Control-Allow-Headers"] = []string{a.asked}
	}
	if a.rule.ageValue != nil {
		h["Access-Control-Max-Age"] = a.rule.ageValue
	}
	if v := a.exposed(h); v != nil {
		h["Access-Control-Expose-Headers"] = v
	}
}

// exposed is the value of Access-Control-Expose-Headers. Browsers take a lone * as all headers, except of
// answers to requests with credentials; other wildcards they do not know.
func (a Answer) exposed(h http.Header) []string {
	switch {
	case len(a.rule.patterns) == 0:
		return a.rule.exposeValue
	case a.rule.all && a.any:
		return anyValue
	}
	out := a.rule.expose[:len(a.rule.expose):len(a.rule.expose)]
	for name := range h {
		if name == vary || strings.HasPrefix(name, "Access-Control-") {
			continue
		}
		lower := strings.ToLower(name)
		for i := range a.rule.patterns {
			if a.rule.patterns[i].match(lower) {
				out = append(out, name)
				break
			}
		}
	}
	sort.Strings(out[len(a.rule.expose):])
	if a.rule.all {
		out = append(out, "*")
	}
	if len(out) == 0 {
		return nil
	}
	return []string{strings.Join(out, ", ")}
}

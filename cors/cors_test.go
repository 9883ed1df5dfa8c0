package cors

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"myfsio/fault"
)

func age(n int32) *int32 { return &n }

func rules(t *testing.T, list ...Rule) *Rules {
	t.Helper()
	c := &Config{Rules: list}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return Compile(c)
}

// Origins as in https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html, and as S3's answers were seen.
func TestOrigins(t *testing.T) {
	for _, tt := range []struct {
		pattern, origin, want string // want: Allow-Origin, "+" for credentials
	}{
		{"*", "http://random:1234", "*"},
		{"*", "null", "*"},
		{"null", "null", "null"},
		{"n*", "null", ""},
		{"*ll", "null", ""},
		{"https://localhost:4200", "https://localhost:4200", "https://localhost:4200+"},
		{"https://localhost:4200", "http://localhost:4200", ""},
		{"https://localhost:4200", "https://localhost", ""},
		{"http://www.example.com", "http://www.example.com:80", ""},
		{"https://example.com", "https://example.com.evil.org", ""},
		{"https://example.com", "https://evilexample.com", ""},
		{"https://example.com", "https://example.com/", ""},
		{"https://example.com", "https://EXAMPLE.com", "https://EXAMPLE.com+"},
		{"https://Example.com", "https://example.com", "https://example.com+"},
		{"https://*.example.com", "https://a.example.com", "https://a.example.com+"},
		{"https://*.example.com", "https://a.b.example.com", "https://a.b.example.com+"},
		{"https://*.example.com", "https://example.com", ""},
		{"https://*.example.com", "https://evilexample.com", ""},
		{"https://*.example.com", "https://a.example.com.evil.org", ""},
		{"https://*.example.com", "https://a.example.com:8443", ""},
		{"https://*.example.com", "http://a.example.com", ""},
		{"http://*.origin.com", "http://test.origin.com/", ""},
		{"http://example.com:*", "http://example.com:81", "http://example.com:81+"},
		{"*suffix", "foo.suffix", "foo.suffix+"},
		{"*suffix", "foo.suffix.get", ""},
		{"start*end", "startend", "startend+"},
		{"start*end", "start12end", "start12end+"},
		{"start*end", "starend", ""},
		{"aba*aba", "aba", ""},
		{"start*end", "0start12end", ""},
		{"prefix*", "prefix", "prefix+"},
		{"", "https://a", ""},
	} {
		rs := rules(t, Rule{AllowedOrigins: []string{tt.pattern}, AllowedMethods: []string{"GET"}})
		h := http.Header{}
		rs.Match(Request{Origin: tt.origin, Method: "GET"}).Set(h)
		got := h.Get("Access-Control-Allow-Origin")
		if h.Get("Access-Control-Allow-Credentials") == "true" {
			got += "+"
		}
		if got != tt.want {
			t.Errorf("%q against %q: %q, want %q", tt.origin, tt.pattern, got, tt.want)
		}
		if !strings.Contains(h.Get("Vary"), "Origin") {
			t.Errorf("%q against %q: no Vary", tt.origin, tt.pattern)
		}
	}
}

func dump(h http.Header) string {
	var b strings.Builder
	h.Write(&b)
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), "\r\n", "\n"), "Access-Control-", "")
}

// The example of https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html, and what S3 was seen to answer.
func TestPreflight(t *testing.T) {
	rs := rules(t,
		Rule{AllowedOrigins: []string{"http://www.example1.com"}, AllowedMethods: []string{"PUT", "POST", "DELETE"}, AllowedHeaders: []string{"*"}, MaxAgeSeconds: age(3000)},
		Rule{AllowedOrigins: []string{"http://www.example2.com"}, AllowedMethods: []string{"PUT"}, AllowedHeaders: []string{"x-AMZ-server-SIDE-encryption", "x-amz-meta-*"}, MaxAgeSeconds: age(0)},
		Rule{AllowedOrigins: []string{"http://www.example2.com"}, AllowedMethods: []string{"PUT", "DELETE"}, ExposeHeaders: []string{"x-amz-id-2", "ETag"}},
		Rule{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"GET"}})
	const v = "Vary: Origin, Access-Control-Request-Headers, Access-Control-Request-Method\n"
	const notAllowed = "AccessForbidden: CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
	for _, tt := range []struct{ origin, method, headers, want string }{
		{"http://www.example1.com", "PUT", "", "Allow-Credentials: true\nAllow-Methods: PUT, POST, DELETE\nAllow-Origin: http://www.example1.com\nMax-Age: 3000\n" + v},
		{"http://www.example1.com", "PUT", "content-type,X-Amz-Date", "Allow-Credentials: true\nAllow-Headers: content-type, x-amz-date\nAllow-Methods: PUT, POST, DELETE\nAllow-Origin: http://www.example1.com\nMax-Age: 3000\n" + v},
		{"http://www.example2.com", "PUT", "x-amz-meta-a, X-Amz-Server-Side-Encryption,", "Allow-Credentials: true\nAllow-Headers: x-amz-meta-a, x-amz-server-side-encryption\nAllow-Methods: PUT\nAllow-Origin: http://www.example2.com\nMax-Age: 0\n" + v},
		{"http://www.example2.com", "DELETE", "", "Allow-Credentials: true\nAllow-Methods: PUT, DELETE\nAllow-Origin: http://www.example2.com\nExpose-Headers: x-amz-id-2, ETag\n" + v},
		{"http://www.example2.com", "PUT", "content-type", notAllowed + "\n" + v},
		{"http://other", "GET", "", "Allow-Methods: GET\nAllow-Origin: *\n" + v},
		{"http://other", "GET", "x-amz-date", notAllowed + "\n" + v},
		{"http://other", "PUT", "", notAllowed + "\n" + v},
		{"http://other", "get", "", notAllowed + "\n" + v},
		{"http://www.example1.com", "PUT", "a b", notAllowed + "\n" + v},
		{"http://www.example1.com", "PUT", strings.Repeat("a,", maxAsked+1), notAllowed + "\n" + v},
		{"", "GET", "", "BadRequest: Insufficient information. Origin request header needed.\n"},
		{"http://other", "", "", "BadRequest: Invalid Access-Control-Request-Method: null\n" + v},
	} {
		r, _ := http.NewRequest("OPTIONS", "/b/k", nil)
		for name, value := range map[string]string{"Origin": tt.origin, "Access-Control-Request-Method": tt.method, "Access-Control-Request-Headers": tt.headers} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		a, err := rs.Preflight(RequestOf(r))
		h := http.Header{}
		a.Set(h)
		got := dump(h)
		if err != nil {
			got = describe(err) + "\n" + got
		}
		want := strings.ReplaceAll(tt.want, v, strings.ReplaceAll(v, "Access-Control-", ""))
		if got != want {
			t.Errorf("%+v:\n%s, want\n%s", tt, got, want)
		}
	}
	var none *Rules
	if _, err := none.Preflight(Request{Origin: "http://a"}); describe(err) != "AccessForbidden: CORSResponse: CORS is not enabled for this bucket." {
		t.Error(err)
	}
}

func describe(err error) string {
	var fe *fault.Error
	if !errors.As(err, &fe) {
		return fmt.Sprint(err)
	}
	code := fe.Code
	if code == "" {
		code = map[fault.Kind]string{fault.InvalidRequest: "InvalidRequest"}[fe.Kind]
	}
	return code + ": " + fe.Msg
}

// An actual request's own headers are not held against the rule, and the method asked for counts before its own.
func TestActual(t *testing.T) {
	rs := rules(t, Rule{AllowedOrigins: []string{"https://a", "https://b"}, AllowedMethods: []string{"GET"}})
	for _, tt := range []struct {
		method, origin, asks, headers string
		want                          bool
	}{
		{"GET", "https://b", "", "", true}, {"GET", "https://a", "PUT", "", false}, {"PUT", "https://a", "GET", "", true},
		{"PUT", "https://a", "", "", false}, {"GET", "https://a", "", "x-amz-date", false}, {"GET", "", "", "", false}, {"OPTIONS", "https://a", "", "", false},
	} {
		r, _ := http.NewRequest(tt.method, "/", nil)
		r.Header = http.Header{"Origin": {tt.origin}, "Access-Control-Request-Method": {tt.asks}, "Access-Control-Request-Headers": {tt.headers}, "X-Amz-Request-Payer": {"requester"}}
		if got := rs.Match(RequestOf(r)).Allowed(); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
	h := http.Header{}
	(Answer{}).Set(h)
	var none *Rules
	none.Match(Request{Origin: "https://a", Method: "GET"}).Set(h)
	if len(h) != 0 {
		t.Error(h)
	}
}

func TestExposed(t *testing.T) {
	response := http.Header{"Etag": {"x"}, "X-Amz-Meta-B": {"1"}, "X-Amz-Meta-A": {"1"}, "Vary": {"Accept-Encoding"}, "Date": {"x"}}
	for _, tt := range []struct {
		origin string
		expose []string
		want   string
	}{
		{"*", []string{"ETag", "x-amz-meta-*"}, "ETag, X-Amz-Meta-A, X-Amz-Meta-B"},
		{"*", []string{"*"}, "*"},
		{"https://a", []string{"*"}, "Date, Etag, X-Amz-Meta-A, X-Amz-Meta-B, *"},
		{"*", []string{"x-none-*"}, ""},
		{"*", nil, ""},
	} {
		h := response.Clone()
		rs := rules(t, Rule{AllowedOrigins: []string{tt.origin}, AllowedMethods: []string{"GET"}, ExposeHeaders: tt.expose})
		a := rs.Match(Request{Origin: "https://a", Method: "GET"})
		a.Set(h)
		if got := h.Get("Access-Control-Expose-Headers"); got != tt.want {
			t.Errorf("%v: %q", tt, got)
		}
		if got := strings.Join(h["Vary"], "; "); got != "Accept-Encoding; "+varyValue[0] {
			t.Error(got)
		}
	}
}

func TestServer(t *testing.T) {
	methods := []string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD"}
	rs, err := Server([]string{"*"}, methods, []string{"*"}, []string{"*"})
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{"Etag": {"x"}}
	a, err := rs.Preflight(Request{Origin: "https://a", Method: "DELETE", Headers: "authorization"})
	if a.Set(h); err != nil || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" ||
		h.Get("Access-Control-Allow-Methods") != "GET, PUT, POST, DELETE, HEAD" || h.Get("Access-Control-Allow-Headers") != "authorization" {
		t.Error(err, h)
	}
	for _, tt := range []struct {
		origins, methods, expose []string
		off, bad                 bool
	}{
		{nil, methods, nil, true, false}, {[]string{"https://a"}, []string{"OPTIONS"}, nil, true, false},
		{[]string{"https://*.*"}, methods, nil, true, true}, {[]string{"*"}, []string{"G T"}, nil, true, true},
		{[]string{"*"}, methods, []string{"a\r\nb"}, true, true}, {[]string{"*"}, []string{"*"}, nil, false, false},
	} {
		rs, err := Server(tt.origins, tt.methods, nil, tt.expose)
		if rs == nil != tt.off || err != nil != tt.bad {
			t.Errorf("%+v: %v %v", tt, rs, err)
		}
	}
}

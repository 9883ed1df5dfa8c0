package site

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"myfsio/fault"
)

func rules(inner string) string {
	return `<WebsiteConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules>` + inner + `</RoutingRules></WebsiteConfiguration>`
}

func TestParse(t *testing.T) {
	index := `<IndexDocument><Suffix>index.html</Suffix></IndexDocument>`
	doc := func(s string) string { return "<WebsiteConfiguration>" + s + "</WebsiteConfiguration>" }
	for _, tt := range []struct{ doc, code, says string }{
		{doc(index), "", ""},
		{"<?xml version=\"1.0\"?>\n<WebsiteConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n <IndexDocument>\n  <Suffix>index.html</Suffix>\n </IndexDocument>\n <ErrorDocument><Key>err/404.html</Key></ErrorDocument>\n</WebsiteConfiguration>", "", ""},
		{doc(`<RedirectAllRequestsTo><HostName>example.com</HostName><Protocol> https </Protocol></RedirectAllRequestsTo>`), "", ""},
		{doc(`<RedirectAllRequestsTo><HostName>[::1]:8080</HostName></RedirectAllRequestsTo>`), "", ""},
		{rules(`<RoutingRule><Redirect><ReplaceKeyPrefixWith/></Redirect></RoutingRule>`), "", ""},
		{rules(`<RoutingRule><Condition><KeyPrefixEquals/></Condition><Redirect><HostName>h</HostName></Redirect></RoutingRule>`), "", ""},
		{rules(`<RoutingRule><Condition><KeyPrefixEquals>docs/ </KeyPrefixEquals><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><HttpRedirectCode>307</HttpRedirectCode><ReplaceKeyWith>x</ReplaceKeyWith><Protocol>http</Protocol></Redirect></RoutingRule>`), "", ""},
		{rules(strings.Repeat(`<RoutingRule><Redirect><HostName>h</HostName></Redirect></RoutingRule>`, 50)), "", ""},

		{"", "MalformedXML", ""}, {"<a/>", "MalformedXML", ""}, {doc(""), "InvalidArgument", "A value for IndexDocument"},
		{doc(`<IndexDocument/>`), "InvalidArgument", "not well formed"}, {doc(`<IndexDocument><Suffix/></IndexDocument>`), "InvalidArgument", "not well formed"},
		{doc(`<IndexDocument><Suffix>a/b</Suffix></IndexDocument>`), "InvalidArgument", "not well formed"},
		{doc(index + index), "MalformedXML", ""}, {doc(index + `<Other/>`), "MalformedXML", ""}, {doc(index + `text`), "MalformedXML", ""},
		{doc(`<IndexDocument><Suffix>i<b/></Suffix></IndexDocument>`), "MalformedXML", ""},
		{doc(index + `<ErrorDocument/>`), "MalformedXML", ""}, {doc(index + `<ErrorDocument><Key>` + strings.Repeat("k", 1025) + `</Key></ErrorDocument>`), "KeyTooLongError", ""},
		{doc(index + `<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>`), "MalformedXML", ""},
		{doc(`<RedirectAllRequestsTo/>`), "InvalidRequest", "A host name must be provided"},
		{doc(`<RedirectAllRequestsTo><HostName>h</HostName><Protocol>ftp</Protocol></RedirectAllRequestsTo>`), "InvalidRequest", "Invalid protocol"},
		{doc(`<RedirectAllRequestsTo><HostName>good@evil</HostName></RedirectAllRequestsTo>`), "InvalidRequest", "host name"},
		{doc(`<RedirectAllRequestsTo><HostName>evil/good</HostName></RedirectAllRequestsTo>`), "InvalidRequest", "host name"},
		{doc(`<RedirectAllRequestsTo><HostName>a&#13;&#10;b</HostName></RedirectAllRequestsTo>`), "InvalidRequest", "host name"},
		{doc(index + `<RoutingRules/>`), "MalformedXML", ""}, {rules(`<RoutingRule/>`), "MalformedXML", ""}, {rules(`<RoutingRule><Redirect/></RoutingRule>`), "MalformedXML", ""},
		{rules(`<RoutingRule><Condition/><Redirect><HostName>h</HostName></Redirect></RoutingRule>`), "InvalidRequest", "Condition cannot be empty"},
		{rules(`<RoutingRule><Redirect><ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith></Redirect></RoutingRule>`), "InvalidRequest", "but not both"},
		{rules(`<RoutingRule><Redirect><HttpRedirectCode>300</HttpRedirectCode></Redirect></RoutingRule>`), "InvalidRequest", "except 300"},
		{rules(`<RoutingRule><Redirect><HttpRedirectCode>+31</HttpRedirectCode></Redirect></RoutingRule>`), "InvalidRequest", "except 300"},
		{rules(`<RoutingRule><Condition><HttpErrorCodeReturnedEquals>302</HttpErrorCodeReturnedEquals></Condition><Redirect><HostName>h</HostName></Redirect></RoutingRule>`), "InvalidRequest", "4XX or 5XX"},
		{rules(strings.Repeat(`<RoutingRule><Redirect><HostName>h</HostName></Redirect></RoutingRule>`, 51)), "InvalidRequest", "51 routing rules"},
		{strings.Repeat(" ", MaxDocument+1), "MaxMessageLengthExceeded", ""},
	} {
		c, err := ParseXML([]byte(tt.doc))
		if code(err) != tt.code || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%.200s: %q %v", tt.doc, code(err), err)
		}
		if err == nil {
			roundTrip(t, c)
		}
	}
}

// code is the code of an error as S3 shows it.
func code(err error) string {
	var fe *fault.Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &fe):
		return err.Error()
	case fe.Code != "":
		return fe.Code
	}
	return map[fault.Kind]string{fault.InvalidArgument: "InvalidArgument", fault.InvalidRequest: "InvalidRequest"}[fe.Kind]
}

func roundTrip(t *testing.T, c *Config) {
	t.Helper()
	x, err := ParseXML(c.Append(nil))
	if err != nil || !reflect.DeepEqual(x, c) {
		t.Errorf("XML %s: %+v %v", c.Append(nil), x, err)
	}
	j, err := ParseJSON(c.JSON())
	if err != nil || !reflect.DeepEqual(j, c) {
		t.Errorf("JSON %s: %+v %v", c.JSON(), j, err)
	}
}

func TestParseJSON(t *testing.T) {
	for doc, want := range map[string]string{
		`{"IndexDocument":{"Suffix":"index.html"},"ErrorDocument":{"Key":"404.html"}}`:                                                   "",
		`{"IndexDocument":{"Suffix":"i"},"RoutingRules":[{"Condition":{"KeyPrefixEquals":"a"},"Redirect":{"ReplaceKeyPrefixWith":""}}]}`: "",
		`{"RedirectAllRequestsTo":{"HostName":"h"}}`:                                                                                     "",
		`{"IndexDocument":{"Suffix":"i"},"RoutingRules":[]}`:                                                                             "MalformedXML",
		`{"IndexDocument":{"Suffix":"i"},"Other":1}`:                                                                                     "MalformedXML",
		`{"IndexDocument":{"Suffix":"i"}} {}`:                                                                                            "MalformedXML",
		`{}`:                                                                                                                             "InvalidArgument",
		`{"IndexDocument":{"Suffix":"a/b"}}`:                                                                                             "InvalidArgument",
		`{"IndexDocument":{"Suffix":"i"},"RoutingRules":[{}]}`:                                                                           "MalformedXML",
		`{"IndexDocument":{"Suffix":"i"},"RoutingRules":[{"Condition":{},"Redirect":{"HostName":"h"}}]}`:                                 "InvalidRequest",
	} {
		c, err := ParseJSON([]byte(doc))
		if code(err) != want {
			t.Errorf("%s: %v", doc, err)
		}
		if err == nil {
			roundTrip(t, c)
		}
	}
}

// TestRoute has the examples of AWS's page on conditional redirects and others.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
func TestRoute(t *testing.T) {
	const (
		renamed = `<RoutingRule><Condition><KeyPrefixEquals>docs/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyPrefixWith>documents/</ReplaceKeyPrefixWith></Redirect></RoutingRule>`
		gone    = `<RoutingRule><Condition><KeyPrefixEquals>images/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyWith>folderdeleted.html</ReplaceKeyWith></Redirect></RoutingRule>`
		missing = `<RoutingRule><Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><HostName>ec2.example.com</HostName><ReplaceKeyPrefixWith>report-404/</ReplaceKeyPrefixWith></Redirect></RoutingRule>`
		bang    = `<RoutingRule><Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><ReplaceKeyPrefixWith>#!/</ReplaceKeyPrefixWith><HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule>`
		resize  = `<RoutingRule><Condition><KeyPrefixEquals/><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><Protocol>https</Protocol><HostName>api.example.com</HostName><ReplaceKeyPrefixWith>prod/resize?key=</ReplaceKeyPrefixWith><HttpRedirectCode>307</HttpRedirectCode></Redirect></RoutingRule>`
		both    = `<RoutingRule><Condition><KeyPrefixEquals>a/</KeyPrefixEquals><HttpErrorCodeReturnedEquals>403</HttpErrorCodeReturnedEquals></Condition><Redirect><HostName>h</HostName></Redirect></RoutingRule>`
		every   = `<RoutingRule><Condition><KeyPrefixEquals>a/</KeyPrefixEquals><HttpErrorCodeReturnedEquals>403</HttpErrorCodeReturnedEquals></Condition><Redirect><Protocol>https</Protocol><HostName>h:8443</HostName><ReplaceKeyWith>login/ö</ReplaceKeyWith><HttpRedirectCode>308</HttpRedirectCode></Redirect></RoutingRule>`
		all     = `<RoutingRule><Redirect><Protocol>https</Protocol></Redirect></RoutingRule>`
	)
	v := func(key string) Visit { return Visit{Host: "site:5000", Key: key} }
	for _, tt := range []struct {
		rules  string
		v      Visit
		failed int
		want   string
		status int
	}{
		{renamed, v("docs/a.html"), 0, "http://site:5000/documents/a.html", 301},
		{renamed, v("doc/a.html"), 0, "", 0}, {renamed, v("docs/a.html"), 404, "", 0},
		{gone, v("images/a b"), 0, "http://site:5000/folderdeleted.html", 301},
		{missing, v("x/y"), 404, "http://ec2.example.com/report-404/x/y", 301}, {missing, v("x/y"), 403, "", 0}, {missing, v("x/y"), 0, "", 0},
		{bang, v("a/ü?"), 404, "http://site:5000/#!/a/%C3%BC%3F", 302},
		{resize, v("3x3/a.png"), 404, "https://api.example.com/prod/resize?key=3x3/a.png", 307},
		{both, v("a/k"), 403, "http://h/a/k", 301}, {both, v("a/k"), 404, "", 0}, {both, v("b"), 403, "", 0}, {both, v("a/k"), 0, "", 0},
		{every, v("a/k"), 403, "https://h:8443/login/%C3%B6", 308}, {every, v("a/k"), 404, "", 0}, {every, Visit{Host: "[::1]:80", Key: "a/", Query: "x"}, 403, "https://h:8443/login/%C3%B6?x", 308},
		{renamed, Visit{Host: "[2001:db8::1]:5000", Key: "docs/a"}, 0, "http://[2001:db8::1]:5000/documents/a", 301},
		{all, v("k\r\nX: y"), 0, "https://site:5000/k%0D%0AX:%20y", 301},
		{all, Visit{Secure: true, Host: "s", Key: "k", Query: "a=1&b=%20"}, 0, "https://s/k?a=1&b=%20", 301},
		{all, Visit{Host: "s", Key: "/evil.com/"}, 0, "https://s//evil.com/", 301},
		{resize, Visit{Host: "s", Key: "k", Query: "a=1"}, 404, "https://api.example.com/prod/resize?key=k", 307},
		{gone + renamed, v("docs/"), 0, "http://site:5000/documents/", 301},
		{renamed + all, v("docs/a"), 0, "http://site:5000/documents/a", 301},
	} {
		c, err := ParseXML([]byte(rules(tt.rules)))
		if err != nil {
			t.Fatal(err)
		}
		got, status, ok := c.Route(tt.v, tt.failed)
		if got != tt.want || status != tt.status || ok != (tt.want != "") {
			t.Errorf("%s %+v %d: %s %d", tt.rules, tt.v, tt.failed, got, status)
		}
	}
}

func TestAll(t *testing.T) {
	for _, tt := range []struct {
		c    RedirectAll
		v    Visit
		want string
	}{
		{RedirectAll{HostName: "www.example.com"}, Visit{Host: "example.com", Key: "a/b", Query: "q=1"}, "http://www.example.com/a/b?q=1"},
		{RedirectAll{HostName: "www.example.com"}, Visit{Secure: true, Host: "example.com"}, "https://www.example.com/"},
		{RedirectAll{HostName: "x:8443", Protocol: "https"}, Visit{Host: "example.com", Key: "ä"}, "https://x:8443/%C3%A4"},
	} {
		if got := (&Config{RedirectAllRequestsTo: &tt.c}).All(tt.v); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	if got := (&Config{IndexDocument: &IndexDocument{"i"}}).All(Visit{Host: "h"}); got != "" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(rules(`<RoutingRule><Condition><KeyPrefixEquals>docs/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyPrefixWith>d</ReplaceKeyPrefixWith></Redirect></RoutingRule>`)), "docs/k")
	f.Add([]byte(`{"RedirectAllRequestsTo":{"HostName":"h"}}`), "\n")
	f.Fuzz(func(t *testing.T, doc []byte, key string) {
		for _, parse := range []func([]byte) (*Config, error){ParseXML, ParseJSON} {
			c, err := parse(doc)
			if err != nil {
				continue
			}
			if j, err := ParseJSON(c.JSON()); err == nil && !reflect.DeepEqual(j, c) && !bytes.Contains(c.JSON(), []byte(`\ufffd`)) {
				t.Fatalf("%s: %+v", c.JSON(), j)
			}
			v := Visit{Host: "h", Key: key, Query: key}
			to, _, _ := c.Route(v, 0)
			failed, _, _ := c.Route(v, 404)
			for _, l := range []string{c.All(v), to, failed} {
				if strings.ContainsFunc(l, func(r rune) bool { return r <= ' ' || r >= 0x7F }) {
					t.Fatalf("location %q", l)
				}
			}
		}
	})
}

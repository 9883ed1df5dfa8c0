package sigv2

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/sigv4"
)

const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// wire reads a request as a server does.
func wire(t testing.TB, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func at(t testing.TB, date string) *Verifier {
	t.Helper()
	now, err := time.Parse(time.RFC1123Z, date)
	if err != nil {
		t.Fatal(err)
	}
	return &Verifier{sigv4.Clock{Now: func() time.Time { return now }}}
}

func codeOf(err error) string {
	var fe *fault.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &fe) && fe.Code != "":
		return fe.Code
	}
	return "no code: " + err.Error()
}

// attempt parses and verifies and returns the code of the error, "" for none.
func attempt(v *Verifier, r *http.Request, bucket string) string {
	q, err := v.Parse(r, bucket)
	if err == nil {
		err = q.Verify([]byte(exampleSecret))
	}
	return codeOf(err)
}

// published are the examples of the S3 documentation, "Signing and authenticating REST requests".
var published = []struct{ name, date, bucket, request string }{
	{"get", "Tue, 27 Mar 2007 19:36:42 +0000", "johnsmith", `GET /photos/puppy.jpg HTTP/1.1
Host: johnsmith.s3.amazonaws.com
Date: Tue, 27 Mar 2007 19:36:42 +0000
Authorization: AWS AKIAIOSFODNN7EXAMPLE:bWq2s1WEIj+Ydj0vQ697zp+IXMU=

`},
	{"put", "Tue, 27 Mar 2007 21:15:45 +0000", "johnsmith", `PUT /photos/puppy.jpg HTTP/1.1
Content-Type: image/jpeg
Content-Length: 94328
Host: johnsmith.s3.amazonaws.com
Date: Tue, 27 Mar 2007 21:15:45 +0000
Authorization: AWS AKIAIOSFODNN7EXAMPLE:MyyxeRY7whkBe+bq8fHCL/2kKUg=

`},
	{"list", "Tue, 27 Mar 2007 19:42:41 +0000", "johnsmith", `GET /?prefix=photos&max-keys=50&marker=puppy HTTP/1.1
User-Agent: Mozilla/5.0
Host: johnsmith.s3.amazonaws.com
Date: Tue, 27 Mar 2007 19:42:41 +0000
Authorization: AWS AKIAIOSFODNN7EXAMPLE:htDYFYduRNen8P9ZfE/s9SuKy0U=

`},
	{"acl", "Tue, 27 Mar 2007 19:44:46 +0000", "johnsmith", `GET /?acl HTTP/1.1
Host: johnsmith.s3.amazonaws.com
Date: Tue, 27 Mar 2007 19:44:46 +0000
Authorization: AWS AKIAIOSFODNN7EXAMPLE:c2WLPFtWHVgbEmeEG93a4cG37dM=

`},
	{"upload", "Tue, 27 Mar 2007 21:06:08 +0000", "static.johnsmith.net", `PUT /db-backup.dat.gz HTTP/1.1
User-Agent: curl/7.15.5
Host: static.johnsmith.net:8080
Date: Tue, 27 Mar 2007 21:06:08 +0000
x-amz-acl: public-read
content-type: application/x-download
Content-MD5: 4gJE4saaMU4BqNR0kLY+lw==
X-Amz-Meta-ReviewedBy: joe@johnsmith.net
X-Amz-Meta-ReviewedBy: jane@johnsmith.net
X-Amz-Meta-FileChecksum: 0x02661779
X-Amz-Meta-ChecksumAlgorithm: crc32
Content-Disposition: attachment; filename=database.dat
Content-Encoding: gzip
Content-Length: 5913339
Authorization: AWS AKIAIOSFODNN7EXAMPLE:ilyl83RwaSoYIEdixDQcA4OnAnc=

`},
	{"buckets", "Wed, 28 Mar 2007 01:29:59 +0000", "", `GET / HTTP/1.1
Host: s3.amazonaws.com
Date: Wed, 28 Mar 2007 01:29:59 +0000
Authorization: AWS AKIAIOSFODNN7EXAMPLE:qGdzdERIC03wnaRNKh6OqZehG9s=

`},
	{"unicode", "Wed, 28 Mar 2007 01:49:49 +0000", "", `GET /dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re HTTP/1.1
Host: s3.amazonaws.com
Date: Wed, 28 Mar 2007 01:49:49 +0000
Authorization: AWS AKIAIOSFODNN7EXAMPLE:DNEZGsoieTZ92F3bUfSPQcbGmlM=

`},
	{"query", "Thu, 29 Mar 2007 03:00:00 +0000", "johnsmith", `GET /photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620 HTTP/1.1
Host: johnsmith.s3.amazonaws.com

`},
}

func TestPublishedExamples(t *testing.T) {
	for _, c := range published {
		v := at(t, c.date)
		q, err := v.Parse(wire(t, c.request), c.bucket)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if q.AccessKey != exampleKey || q.Query != (c.name == "query") {
			t.Errorf("%s: %+v", c.name, q)
		}
		if err := q.Verify([]byte(exampleSecret)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := q.Verify([]byte(exampleSecret + "x")); !fault.Is(err, fault.BadSignature) {
			t.Errorf("%s with another secret: %v", c.name, err)
		}
	}
}

func query(change string) func(*http.Request, *Verifier) {
	return func(r *http.Request, _ *Verifier) { r.URL.RawQuery = change }
}

func header(name string, values ...string) func(*http.Request, *Verifier) {
	return func(r *http.Request, _ *Verifier) {
		if r.Header[name] = values; len(values) == 0 {
			delete(r.Header, name)
		}
	}
}

func later(d time.Duration) func(*http.Request, *Verifier) {
	return func(_ *http.Request, v *Verifier) {
		now := v.Now()
		v.Now = func() time.Time { return now.Add(d) }
	}
}

func TestHeaderNegatives(t *testing.T) {
	for _, c := range []struct {
		name, code string
		change     func(r *http.Request, v *Verifier)
	}{
		{"unchanged", "", func(*http.Request, *Verifier) {}},
		{"method", "SignatureDoesNotMatch", func(r *http.Request, _ *Verifier) { r.Method = "DELETE" }},
		{"path", "SignatureDoesNotMatch", func(r *http.Request, _ *Verifier) { r.URL.Path += "x" }},
		{"encoded path", "SignatureDoesNotMatch", func(r *http.Request, _ *Verifier) { r.URL.RawPath = "/db-backup.dat%2Egz" }},
		{"type", "SignatureDoesNotMatch", header("Content-Type", "text/html")},
		{"no type", "SignatureDoesNotMatch", header("Content-Type")},
		{"two types", "AccessDenied", header("Content-Type", "application/x-download", "text/html")},
		{"md5", "SignatureDoesNotMatch", header("Content-Md5", "AAAAAAAAAAAAAAAAAAAAAA==")},
		{"acl", "SignatureDoesNotMatch", header("X-Amz-Acl", "public-read-write")},
		{"acl twice", "AccessDenied", header("X-Amz-Acl", "public-read", "private")},
		{"acl gone", "SignatureDoesNotMatch", header("X-Amz-Acl")},
		{"one more", "SignatureDoesNotMatch", header("X-Amz-Tagging", "a=b")},
		{"the same in odd letters", "AccessDenied", header("x-amz-acl", "public-read")},
		{"metadata joined", "", header("X-Amz-Meta-Reviewedby", "joe@johnsmith.net,jane@johnsmith.net")},
		{"sub-resource", "SignatureDoesNotMatch", query("acl")},
		{"younger sub-resource", "AccessDenied", query("retention")},
		{"younger sub-resource, encoded", "AccessDenied", query("encr%79ption")},
		{"listing", "", query("prefix=a&delimiter=/&list-type=2")},
		{"override", "SignatureDoesNotMatch", query("response-content-type=text/html")},
		{"header as parameter", "AccessDenied", query("x-amz-tagging=a")},
		{"type as parameter", "AccessDenied", query("content-type=a")},
		{"query proof too", "InvalidArgument", query("AWSAccessKeyId=a&Expires=1&Signature=x")},
		{"part of a query proof", "InvalidArgument", query("Expires=1")},
		{"bad escape", "InvalidURI", query("prefix=%")},
		{"date", "SignatureDoesNotMatch", header("Date", "Tue, 27 Mar 2007 21:06:09 +0000")},
		{"odd date", "AccessDenied", header("Date", "1175139620")},
		{"two dates", "AccessDenied", header("Date", "Tue, 27 Mar 2007 21:06:08 +0000", "Tue, 27 Mar 2007 21:06:08 +0000")},
		{"no date", "AccessDenied", header("Date")},
		{"fresh x-amz-date", "SignatureDoesNotMatch", header("X-Amz-Date", "Tue, 27 Mar 2007 21:06:08 GMT")},
		{"late", "RequestTimeTooSkewed", later(15*time.Minute + 1)},
		{"early", "RequestTimeTooSkewed", later(-15*time.Minute - 1)},
		{"within skew", "", later(-15 * time.Minute)},
		{"scheme", "InvalidArgument", header("Authorization", "AWS4 x:ilyl83RwaSoYIEdixDQcA4OnAnc=")},
		{"no key", "InvalidArgument", header("Authorization", "AWS :ilyl83RwaSoYIEdixDQcA4OnAnc=")},
		{"no colon", "InvalidArgument", header("Authorization", "AWS ilyl83RwaSoYIEdixDQcA4OnAnc=")},
		{"short signature", "InvalidArgument", header("Authorization", "AWS x:ilyl83RwaSoYIEdixDQcA4OnAn==")},
		{"signature of 20 bytes with bits left", "InvalidArgument", header("Authorization", "AWS x:ilyl83RwaSoYIEdixDQcA4OnAnd=")},
		{"signature with a line", "InvalidArgument", header("Authorization", "AWS x:ilyl83RwaSoYIEdixDQcA4OnA\n\n=")},
		{"two headers", "InvalidArgument", header("Authorization", "AWS x:ilyl83RwaSoYIEdixDQcA4OnAnc=", "AWS x:ilyl83RwaSoYIEdixDQcA4OnAnc=")},
		{"huge", "InvalidArgument", header("Authorization", "AWS "+strings.Repeat("A", maxAuthorization)+":ilyl83RwaSoYIEdixDQcA4OnAnc=")},
	} {
		v, r := at(t, published[4].date), wire(t, published[4].request)
		c.change(r, v)
		if got := attempt(v, r, published[4].bucket); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
	if got := attempt(at(t, published[0].date), wire(t, published[0].request), "other"); got != "SignatureDoesNotMatch" {
		t.Errorf("another bucket: %q", got)
	}
}

// sign is Signature V2 as a client makes it, from the string to sign.
func sign(msg string) string {
	m := hmac.New(sha1.New, []byte(exampleSecret))
	m.Write([]byte(msg))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// signedURL is a request line with a proof in its query, over the text that follows the expiry.
func signedURL(method, target, head string, expires int64, rest string) string {
	sep := "?"
	if strings.Contains(target, "?") {
		sep = "&"
	}
	sig := sign(fmt.Sprintf("%s\n%s%d\n%s", method, head, expires, rest))
	return fmt.Sprintf("%s %s%sAWSAccessKeyId=%s&Expires=%d&Signature=%s", method, target, sep, exampleKey, expires, url.QueryEscape(sig))
}

func TestQuery(t *testing.T) {
	const now = 1175139620
	for _, c := range []struct{ name, code, target, more string }{
		{"plain", "", signedURL("GET", "/b/k", "\n\n", now+60, "/b/k"), ""},
		{"at its end", "", signedURL("GET", "/b/k", "\n\n", now, "/b/k"), ""},
		{"expired", "AccessDenied", signedURL("GET", "/b/k", "\n\n", now-1, "/b/k"), ""},
		{"a week", "", signedURL("GET", "/b/k", "\n\n", now+7*86400, "/b/k"), ""},
		{"more than a week", "AuthorizationQueryParametersError", signedURL("GET", "/b/k", "\n\n", now+7*86400+1, "/b/k"), ""},
		{"for ever", "AccessDenied", signedURL("GET", "/b/k", "\n\n", 1<<62, "/b/k"), ""},
		{"sub-resources in any order", "", signedURL("GET", "/b/k?versionId=1&acl", "\n\n", now, "/b/k?acl&versionId=1"), ""},
		{"values decoded", "", signedURL("GET", "/b/k?response-content-disposition=a%3B%20b%26c", "\n\n", now, "/b/k?response-content-disposition=a; b&c"), ""},
		{"a value as a further sub-resource", "AuthorizationQueryParametersError", signedURL("GET", "/b/k?response-content-type=a%26versionId%3D1", "\n\n", now, "/b/k?response-content-type=a&versionId=1"), ""},
		{"headers as parameters", "", signedURL("PUT", "/b/k?x-amz-acl=private&x-amz-security-token=t%2B", "\n\n", now, "x-amz-acl:private\nx-amz-security-token:t+\n/b/k"), ""},
		{"lines in them", "AuthorizationQueryParametersError", signedURL("PUT", "/b/k?x-amz-acl=private%0Ax-amz-b:c", "\n\n", now, "x-amz-acl:private\nx-amz-b:c\n/b/k"), ""},
		{"a name with a colon", "AuthorizationQueryParametersError", signedURL("PUT", "/b/k?x-amz-a:b=c", "\n\n", now, "x-amz-a:b:c\n/b/k"), ""},
		{"header twice", "AccessDenied", signedURL("PUT", "/b/k?x-amz-acl=private&X-Amz-Acl=private", "\n\n", now, "x-amz-acl:private\nx-amz-acl:private\n/b/k"), ""},
		{"header as both", "AccessDenied", signedURL("PUT", "/b/k?x-amz-acl=private", "\n\n", now, "x-amz-acl:private\n/b/k"), "X-Amz-Acl: private\n"},
		{"type in both", "", signedURL("PUT", "/b/k?content-type=a", "\na\n", now, "/b/k"), "Content-Type: a\n"},
		{"type in the query", "", signedURL("PUT", "/b/k?Content-Type=a", "\na\n", now, "/b/k"), ""},
		{"another type", "SignatureDoesNotMatch", signedURL("PUT", "/b/k?content-type=a", "\na\n", now, "/b/k"), "Content-Type: b\n"},
		{"a sub-resource added", "SignatureDoesNotMatch", signedURL("GET", "/b/k", "\n\n", now, "/b/k") + "&tagging", ""},
		{"an unsigned one added", "AccessDenied", signedURL("PUT", "/b/k", "\n\n", now, "/b/k") + "&legal-hold", ""},
		{"a header added", "SignatureDoesNotMatch", signedURL("PUT", "/b/k", "\n\n", now, "/b/k"), "x-amz-copy-source: b/other\n"},
		{"a parameter for it added", "SignatureDoesNotMatch", signedURL("PUT", "/b/k", "\n\n", now, "/b/k") + "&x-amz-copy-source=b/other", ""},
		{"twice", "AuthorizationQueryParametersError", signedURL("GET", "/b/k", "\n\n", now, "/b/k") + "&Expires=1175139620", ""},
		{"sub-resource twice", "AuthorizationQueryParametersError", signedURL("GET", "/b/k?versionId=1&versionId=2", "\n\n", now, "/b/k?versionId=1&versionId=2"), ""},
		{"longer", "SignatureDoesNotMatch", strings.Replace(signedURL("GET", "/b/k", "\n\n", now, "/b/k"), "Expires=1175139620", "Expires=1175139621", 1), ""},
		{"sign before the number", "AccessDenied", strings.Replace(signedURL("GET", "/b/k", "\n\n", now, "/b/k"), "Expires=", "Expires=%2B", 1), ""},
		{"no signature", "AccessDenied", "GET /b/k?AWSAccessKeyId=a&Expires=1175139620", ""},
		{"odd signature", "AuthorizationQueryParametersError", "GET /b/k?AWSAccessKeyId=a&Expires=1175139620&Signature=x", ""},
	} {
		r := wire(t, c.target+" HTTP/1.1\nHost: h\n"+c.more+"\n")
		v := &Verifier{sigv4.Clock{Now: func() time.Time { return time.Unix(now, 0) }}}
		if got := attempt(v, r, ""); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}

// A proof of one form is none of the other: the date of a header is no number, that of a query is one.
func TestForms(t *testing.T) {
	const now = 1175139620
	v := &Verifier{sigv4.Clock{Now: func() time.Time { return time.Unix(now, 0) }}}
	r := wire(t, "GET /b/k HTTP/1.1\nHost: h\nDate: 1175139620\n\n")
	r.Header.Set("Authorization", "AWS "+exampleKey+":"+sign("GET\n\n\n1175139620\n/b/k"))
	if got := attempt(v, r, ""); got != "AccessDenied" {
		t.Errorf("a URL's signature in the header: %q", got)
	}
	q, err := v.Parse(wire(t, signedURL("GET", "/b/k?x-amz-security-token=tok", "\n\n", now, "x-amz-security-token:tok\n/b/k")+" HTTP/1.1\nHost: h\n\n"), "")
	if err != nil || q.Token != "tok" || !q.Query || !q.Expires.Equal(time.Unix(now, 0)) {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestDates(t *testing.T) {
	for _, date := range []string{"Tue, 27 Mar 2007 19:36:42 +0000", "Tue, 27 Mar 2007 19:36:42 GMT", "20070327T193642Z", "2007-03-27T19:36:42Z"} {
		r := wire(t, "GET /b/k HTTP/1.1\nHost: h\nx-amz-date: "+date+"\n\n")
		r.Header.Set("Authorization", "AWS "+exampleKey+":"+sign("GET\n\n\n\nx-amz-date:"+date+"\n/b/k"))
		if got := attempt(at(t, "Tue, 27 Mar 2007 19:36:42 +0000"), r, ""); got != "" {
			t.Errorf("%s: %s", date, got)
		}
	}
}

func TestForm(t *testing.T) {
	fields := map[string]string{"policy": "cG9saWN5", "awsaccesskeyid": exampleKey, "signature": sign("cG9saWN5"), "x-amz-security-token": "t"}
	get := func(name string) string { return fields[name] }
	v := &Verifier{}
	f, err := v.ParseForm(get)
	if err != nil || f.AccessKey != exampleKey || f.Token != "t" {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := f.Verify([]byte(exampleSecret)); err != nil {
		t.Error(err)
	}
	if err := f.Verify([]byte("x")); codeOf(err) != "SignatureDoesNotMatch" {
		t.Error(err)
	}
	for name, value := range map[string]string{"policy": "", "awsaccesskeyid": "", "signature": "x"} {
		old := fields[name]
		fields[name] = value
		if _, err := v.ParseForm(get); codeOf(err) != "InvalidArgument" {
			t.Errorf("%s %q: %v", name, value, err)
		}
		fields[name] = old
	}
	fields["policy"] = "GET\n\n\n1175139620\n/b/k"
	if _, err := v.ParseForm(get); codeOf(err) != "InvalidArgument" {
		t.Error("what a request signs is taken for a policy")
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range published {
		r := wire(f, c.request)
		f.Add(r.Header.Get("Authorization"), r.URL.RawQuery, r.Header.Get("Date"), r.Header.Get("X-Amz-Acl"))
	}
	f.Add("", "AWSAccessKeyId=a&Expires=1175139620&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&x-amz-acl=a&response-content-type=a%26b", "", "")
	f.Fuzz(func(t *testing.T, auth, query, date, acl string) {
		r := wire(t, "GET /b/k HTTP/1.1\nHost: h\n\n")
		r.URL.RawQuery = query
		for name, value := range map[string]string{"Authorization": auth, "Date": date, "X-Amz-Acl": acl} {
			if value != "" && !strings.ContainsAny(value, "\r\n\x00") {
				r.Header[name] = []string{value}
			}
		}
		v := &Verifier{sigv4.Clock{Now: func() time.Time { return time.Unix(1175139620, 0) }}}
		q, err := v.Parse(r, "")
		if err != nil {
			if strings.HasPrefix(codeOf(err), "no code") {
				t.Error(codeOf(err))
			}
			return
		}
		if q.AccessKey == "" || q.Query && (q.Expires.Before(v.Now()) || q.Expires.Sub(v.Now()) > 7*24*time.Hour) {
			t.Errorf("%+v", q)
		}
		// Four lines, then one a header, and the resource alone last.
		lines := strings.Split(string(q.toSign), "\n")
		for i, line := range lines {
			if i >= 4 && i < len(lines)-1 && !strings.HasPrefix(line, "x-amz-") || i == len(lines)-1 && line[0] != '/' {
				t.Fatalf("%q", q.toSign)
			}
		}
		if q.Verify([]byte("secret")) == nil {
			t.Error("verified")
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("cG9saWN5", exampleKey, "NpgCjnDzrM+WFzoENXmpNDUsSn8=")
	f.Fuzz(func(t *testing.T, policy, key, signature string) {
		fields := map[string]string{"policy": policy, "awsaccesskeyid": key, "signature": signature}
		form, err := (&Verifier{}).ParseForm(func(name string) string { return fields[name] })
		if err == nil && (form.AccessKey == "" || form.Verify([]byte("secret")) == nil) {
			t.Errorf("%+v", form)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	v, r := at(b, published[4].date), wire(b, published[4].request)
	b.ReportAllocs()
	for b.Loop() {
		if got := attempt(v, r, published[4].bucket); got != "" {
			b.Fatal(got)
		}
	}
}

package sigv4

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"myfsio/fault"
)

const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

var exampleTime = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)

func exampleVerifier() *Verifier {
	return &Verifier{Region: "us-east-1", Clock: Clock{Now: func() time.Time { return exampleTime }}}
}

// wire reads a request as a server does.
func wire(t testing.TB, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// published are the examples of the S3 documentation, "Authenticating Requests".
var published = []struct{ name, request string }{
	{"get", `GET /test.txt HTTP/1.1
Host: examplebucket.s3.amazonaws.com
Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41
Range: bytes=0-9
x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-amz-date: 20130524T000000Z

`},
	{"put", `PUT /test$file.text HTTP/1.1
Host: examplebucket.s3.amazonaws.com
Date: Fri, 24 May 2013 00:00:00 GMT
Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd
x-amz-date: 20130524T000000Z
x-amz-storage-class: REDUCED_REDUNDANCY
x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072
Content-Length: 21

Welcome to Amazon S3.`},
	{"lifecycle", `GET /?lifecycle HTTP/1.1
Host: examplebucket.s3.amazonaws.com
Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543
x-amz-date: 20130524T000000Z
x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

`},
	{"list", `GET /?max-keys=2&prefix=J HTTP/1.1
Host: examplebucket.s3.amazonaws.com
Authorization: AWS4-HMAC-SHA256 Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7,SignedHeaders=host;x-amz-content-sha256;x-amz-date, Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request
x-amz-date: 20130524T000000Z
x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

`},
	{"presigned", `GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1
Host: examplebucket.s3.amazonaws.com

`},
}

func TestPublishedExamples(t *testing.T) {
	for _, c := range published {
		q, err := exampleVerifier().Parse(wire(t, c.request))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if q.AccessKey != exampleKey || !q.Date.Equal(exampleTime) {
			t.Errorf("%s: %q at %v", c.name, q.AccessKey, q.Date)
		}
		if err := q.Verify([]byte(exampleSecret)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := q.Verify([]byte(exampleSecret + "x")); !fault.Is(err, fault.BadSignature) {
			t.Errorf("%s with another secret: %v", c.name, err)
		}
	}
}

// Sign must write what the documentation prints.
func TestSignPublished(t *testing.T) {
	signer := Signer{AccessKey: exampleKey, SecretKey: exampleSecret, Region: "us-east-1"}
	r := httptest.NewRequest("GET", "http://examplebucket.s3.amazonaws.com/test.txt", nil)
	r.Header.Set("Range", "bytes=0-9")
	signer.Sign(r, emptySHA256, exampleTime)
	if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") {
		t.Error(got)
	}
	r = httptest.NewRequest("GET", "https://examplebucket.s3.amazonaws.com/test.txt", nil)
	got := signer.Presign(r, 24*time.Hour, exampleTime)
	if !strings.HasSuffix(got, "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404") {
		t.Error(got)
	}
}

func codeOf(err error) string {
	fe, ok := err.(*fault.Error)
	if !ok {
		return fmt.Sprint(err)
	}
	return fe.Code
}

// attempt parses and verifies and returns the code of the error, "" for none.
func attempt(v *Verifier, r *http.Request) string {
	q, err := v.Parse(r)
	if err == nil {
		err = q.Verify([]byte(exampleSecret))
	}
	if err == nil {
		return ""
	}
	return codeOf(err)
}

func auth(r *http.Request, old, new string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
}

func TestHeaderNegatives(t *testing.T) {
	for _, c := range []struct {
		name, code string
		change     func(r *http.Request, v *Verifier)
	}{
		{"unchanged", "", func(*http.Request, *Verifier) {}},
		{"method", CodeSignature, func(r *http.Request, _ *Verifier) { r.Method = "HEAD" }},
		{"path", CodeSignature, func(r *http.Request, _ *Verifier) { r.URL.Path += "x" }},
		{"query", CodeSignature, func(r *http.Request, _ *Verifier) { r.URL.RawQuery = "acl" }},
		{"host", CodeSignature, func(r *http.Request, _ *Verifier) { r.Host = "other.s3.amazonaws.com" }},
		{"forwarded host", CodeSignature, func(r *http.Request, _ *Verifier) {
			r.Host = "10.0.0.1"
			r.Header.Set("X-Forwarded-Host", "examplebucket.s3.amazonaws.com")
		}},
		{"signed header", CodeSignature, func(r *http.Request, _ *Verifier) { r.Header.Set("Range", "bytes=0-99") }},
		{"signed header gone", CodeSignature, func(r *http.Request, _ *Verifier) { r.Header.Del("Range") }},
		{"signed header twice", CodeSignature, func(r *http.Request, _ *Verifier) { r.Header.Add("Range", "bytes=0-9") }},
		{"unsigned header", CodeAccessDenied, func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Acl", "public-read") }},
		{"signed x-amz- header twice", CodeInvalidRequest, func(r *http.Request, _ *Verifier) {
			auth(r, "x-amz-date", "x-amz-acl;x-amz-date")
			r.Header["X-Amz-Acl"] = []string{"private", "public-read"}
		}},
		{"signed list twice", CodeSignature, func(r *http.Request, _ *Verifier) {
			auth(r, "x-amz-date", "x-amz-date;x-amz-object-attributes")
			r.Header["X-Amz-Object-Attributes"] = []string{"ETag", "ObjectSize"}
		}},
		{"token twice", CodeInvalidRequest, func(r *http.Request, _ *Verifier) {
			auth(r, "x-amz-date", "x-amz-date;x-amz-security-token")
			r.Header["X-Amz-Security-Token"] = []string{"a", "b"}
		}},
		{"unsigned harmless header", "", func(r *http.Request, _ *Verifier) {
			r.Header.Set("X-Amz-Cf-Id", "x")
			r.Header.Set("X-Amzn-Trace-Id", "x")
		}},
		{"host not signed", CodeAccessDenied, func(r *http.Request, _ *Verifier) { auth(r, "host;", "") }},
		{"payload hash", CodeSignature, func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64)) }},
		{"payload hash gone", CodeInvalidRequest, func(r *http.Request, _ *Verifier) { r.Header.Del("X-Amz-Content-Sha256") }},
		{"payload hash odd", CodeInvalidArgument, func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Content-Sha256", "x") }},
		{"payload ecdsa", CodeNotImplemented, func(r *http.Request, _ *Verifier) {
			r.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")
		}},
		{"scheme", CodeNotImplemented, func(r *http.Request, _ *Verifier) { auth(r, algorithm, "AWS4-ECDSA-P256-SHA256") }},
		{"old scheme", CodeInvalidRequest, func(r *http.Request, _ *Verifier) { r.Header.Set("Authorization", "AWS AK:sig") }},
		{"no date", CodeAccessDenied, func(r *http.Request, _ *Verifier) { r.Header.Del("X-Amz-Date") }},
		{"odd date", CodeAccessDenied, func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Date", "20130524T006000Z") }},
		{"two dates", CodeAccessDenied, func(r *http.Request, _ *Verifier) { r.Header.Add("X-Amz-Date", "20130524T000000Z") }},
		{"date within skew", CodeSignature, func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Date", "20130524T001500Z") }},
		{"date in the future", CodeSkewed, func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Date", "20130524T001501Z") }},
		{"late", CodeSkewed, func(_ *http.Request, v *Verifier) {
			v.Now = func() time.Time { return exampleTime.Add(15*time.Minute + 1) }
		}},
		{"day of scope", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "/20130524/", "/20130523/") }},
		{"region", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "us-east-1", "eu-west-1") }},
		{"any region", CodeSignature, func(r *http.Request, v *Verifier) { v.AnyRegion = true; auth(r, "us-east-1", "eu-west-1") }},
		{"service", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "/s3/", "/sts/") }},
		{"terminator", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "aws4_request", "aws5_request") }},
		{"access key", "", func(r *http.Request, _ *Verifier) { auth(r, exampleKey, "a/slashed/key") }}, // the key is not in the signature
		{"no access key", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, exampleKey, "") }},
		{"signature", CodeSignature, func(r *http.Request, _ *Verifier) { auth(r, "f0e8", "f0e9") }},
		{"signature short", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "f0e8", "") }},
		{"signature upper case", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "f0e8", "F0E8") }},
		{"component twice", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "Signature=", "SignedHeaders=host,Signature=") }},
		{"component unknown", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "Signature=", "X=1,Signature=") }},
		{"component missing", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) {
			auth(r, ",SignedHeaders=host;range;x-amz-content-sha256;x-amz-date", "")
		}},
		{"header named twice", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "host;", "host;host;") }},
		{"header name odd", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, "host;", "Host;") }},
		{"two proofs", CodeInvalidArgument, func(r *http.Request, _ *Verifier) { r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256" }},
		{"two headers", CodeInvalidArgument, func(r *http.Request, _ *Verifier) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }},
		{"bad escape", CodeInvalidURI, func(r *http.Request, _ *Verifier) { r.URL.RawQuery = "a=%g0" }},
		{"no proof", CodeAccessDenied, func(r *http.Request, _ *Verifier) { r.Header.Del("Authorization") }},
		{"huge", CodeHeaderMalformed, func(r *http.Request, _ *Verifier) { auth(r, exampleKey, strings.Repeat("A", maxAuthorization)) }},
	} {
		v, r := exampleVerifier(), wire(t, published[0].request)
		c.change(r, v)
		if got := attempt(v, r); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}

func TestPresignedNegatives(t *testing.T) {
	at := func(d time.Duration) func(*http.Request, *Verifier) {
		return func(_ *http.Request, v *Verifier) { v.Now = func() time.Time { return exampleTime.Add(d) } }
	}
	set := func(name, value string) func(*http.Request, *Verifier) {
		return func(r *http.Request, _ *Verifier) {
			q := r.URL.Query()
			if q.Set(name, value); value == "" {
				q.Del(name)
			}
			r.URL.RawQuery = q.Encode()
		}
	}
	for _, c := range []struct {
		name, code string
		change     func(r *http.Request, v *Verifier)
	}{
		{"unchanged", "", func(*http.Request, *Verifier) {}},
		{"at its end", "", at(24 * time.Hour)},
		{"expired", CodeAccessDenied, at(24*time.Hour + 1)},
		{"a little early", "", at(-15 * time.Minute)},
		{"too early", CodeAccessDenied, at(-15*time.Minute - 1)},
		{"longer", CodeSignature, set("X-Amz-Expires", "86401")},
		{"no life", CodeQueryError, set("X-Amz-Expires", "0")},
		{"too long", CodeQueryError, set("X-Amz-Expires", "604801")},
		{"negative", CodeQueryError, set("X-Amz-Expires", "-1")},
		{"overflow", CodeQueryError, set("X-Amz-Expires", "99999999999999999999")},
		{"own limit", CodeQueryError, func(_ *http.Request, v *Verifier) { v.MaxExpiry = time.Hour }},
		{"no algorithm", CodeQueryError, set("X-Amz-Algorithm", "")},
		{"no credential", CodeQueryError, set("X-Amz-Credential", "")},
		{"no date", CodeQueryError, set("X-Amz-Date", "")},
		{"no expires", CodeQueryError, set("X-Amz-Expires", "")},
		{"no headers", CodeQueryError, set("X-Amz-SignedHeaders", "")},
		{"no signature", CodeQueryError, set("X-Amz-Signature", "")},
		{"algorithm", CodeQueryError, set("X-Amz-Algorithm", "AWS4-HMAC-SHA512")},
		{"credential", CodeQueryError, set("X-Amz-Credential", "a/b/c")},
		{"region", CodeQueryError, set("X-Amz-Credential", exampleKey+"/20130524/mars/s3/aws4_request")},
		{"day", CodeQueryError, set("X-Amz-Credential", exampleKey+"/20130525/us-east-1/s3/aws4_request")},
		{"date", CodeQueryError, set("X-Amz-Date", "Fri, 24 May 2013 00:00:00 GMT")},
		{"more query", CodeSignature, set("versionId", "1")},
		{"token", CodeSignature, set("X-Amz-Security-Token", "t")},
		{"token as header", CodeAccessDenied, func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Security-Token", "t") }},
		{"two tokens", CodeQueryError, func(r *http.Request, _ *Verifier) {
			r.URL.RawQuery += "&X-Amz-Security-Token=t"
			r.Header.Set("X-Amz-Security-Token", "u")
		}},
		{"payload", CodeSignature, set("X-Amz-Content-Sha256", emptySHA256)},
		{"unsigned header", CodeAccessDenied, func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Acl", "public-read") }},
		{"twice", CodeQueryError, func(r *http.Request, _ *Verifier) { r.URL.RawQuery += "&X-Amz-Expires=86400" }},
		{"twice, encoded", CodeQueryError, func(r *http.Request, _ *Verifier) { r.URL.RawQuery += "&X%2DAmz%2DExpires=86400" }},
		{"bad escape", CodeInvalidURI, func(r *http.Request, _ *Verifier) { r.URL.RawQuery += "&a=%" }},
		{"method", CodeSignature, func(r *http.Request, _ *Verifier) { r.Method = "DELETE" }},
		{"both", CodeInvalidArgument, func(r *http.Request, _ *Verifier) { r.Header.Set("Authorization", "Basic eDp4") }},
	} {
		v, r := exampleVerifier(), wire(t, published[4].request)
		c.change(r, v)
		if got := attempt(v, r); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}

func TestMode(t *testing.T) {
	for _, c := range []struct {
		auth, query string
		want        Mode
	}{
		{"", "", Anonymous}, {"", "x-amz-acl=1&prefix=X-Amz-Signature", Anonymous}, {"", "a&X-Amz-Signature=", Presigned},
		{"AWS4-HMAC-SHA256 x", "", Header}, {"AWS4-HMAC-SHA256", "", Header}, {"AWS a:b", "", Other}, {"Bearer x", "", Other},
		{"", "AWSAccessKeyId=a&Signature=b", Other}, {"AWS a:b", "X-Amz-Algorithm=", Presigned},
	} {
		r := httptest.NewRequest("GET", "/?"+c.query, nil)
		if c.auth != "" {
			r.Header.Set("Authorization", c.auth)
		}
		if got := ModeOf(r); got != c.want {
			t.Errorf("%q %q: %v, want %v", c.auth, c.query, got, c.want)
		}
	}
}

var oddPaths = []string{
	"/", "//", "/b/a//b", "/b/../x", "/b/.", "/b/a b", "/b/a+b", "/b/a%b", "/b/ä€𝄞", "/b/\x00\x01\x7f\xff", "/b/a?b#c", "/b/!*'()@$&=:,;~-._", "/b/a%2Fb", "/b/[x]{y}|\\^`\"<>",
}

var oddQueries = []string{
	"", "acl", "prefix=a%20b&delimiter=%2F", "prefix=ä&marker=%00%ff", "b=2&a=1&a=0&a", "x=a%2Bb&y==", "list-type=2&prefix=!*'()~", "a=1&a-b=2&aa=3",
}

// Requests that the SDK of AWS signs must verify, and ours must equal the SDK's.
func TestInterop(t *testing.T) {
	sdk := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	creds := aws.Credentials{AccessKeyID: exampleKey, SecretAccessKey: exampleSecret, SessionToken: "a token/+="}
	own := Signer{AccessKey: exampleKey, SecretKey: exampleSecret, Token: creds.SessionToken, Region: "us-east-1"}
	var path [1024]byte
	for _, p := range oddPaths {
		for _, query := range oddQueries {
			build := func() *http.Request {
				r := httptest.NewRequest("PUT", "http://h.example:5000/", nil)
				r.URL.Path, r.URL.RawPath, r.URL.RawQuery = p, string(encodePath(path[:0], p)), query
				r.Header.Set("X-Amz-Meta-A", "  a   b  ")
				r.Header.Add("X-Amz-Meta-L", "1")
				r.Header.Add("X-Amz-Meta-L", "2")
				r.Header.Set("X-Amz-Content-Sha256", unsignedPayload)
				return r
			}
			r := build()
			if err := sdk.SignHTTP(context.Background(), creds, r, unsignedPayload, "s3", "us-east-1", exampleTime); err != nil {
				t.Fatal(err)
			}
			r.URL.RawQuery = query
			if got := attempt(exampleVerifier(), r); got != "" {
				t.Errorf("header %q %q: %s", p, query, got)
			}
			r = build()
			own.Sign(r, "", exampleTime)
			if got := attempt(exampleVerifier(), r); got != "" {
				t.Errorf("own header %q %q: %s", p, query, got)
			}

			r = build()
			r.Header = http.Header{}
			r.URL.RawQuery += "&X-Amz-Expires=60"
			s, _, err := sdk.PresignHTTP(context.Background(), creds, r, unsignedPayload, "s3", "us-east-1", exampleTime)
			if err != nil {
				t.Fatal(err)
			}
			checkURL(t, "sdk", p, query, s)
			r = build()
			r.Header = http.Header{}
			checkURL(t, "own", p, query, own.Presign(r, time.Minute, exampleTime))
		}
	}
}

func checkURL(t *testing.T, who, p, query, s string) {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("PUT", "http://h.example:5000/", nil)
	r.URL = u
	if got := attempt(exampleVerifier(), r); got != "" {
		t.Errorf("%s presigned %q %q: %s", who, p, query, got)
	}
}

// Clients that build their own URLs sign the path as they send it.
func TestPathAsSent(t *testing.T) {
	for _, sent := range []string{"/b/a%2fb", "/b/a:b@c", "/b/a+b", "/b/%41"} {
		r := wire(t, "GET "+sent+" HTTP/1.1\nHost: h\nX-Amz-Date: 20130524T000000Z\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\n\n")
		s := &scratch{}
		s.canonical(r, []byte(sent), "host;x-amz-content-sha256;x-amz-date", unsignedPayload)
		scope := "20130524/us-east-1/s3/aws4_request"
		sig := newKey([]byte(exampleSecret), "20130524", "us-east-1", "s3").sign(nil, s.toSign("20130524T000000Z", scope))
		r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=%x", exampleKey, scope, sig))
		if got := attempt(exampleVerifier(), r); got != "" {
			t.Errorf("%s: %s", sent, got)
		}
	}
}

// Date alone, in both forms, and headers that net/http or a proxy takes away.
func TestOddHeaders(t *testing.T) {
	signer := Signer{AccessKey: exampleKey, SecretKey: exampleSecret, Region: "us-east-1"}
	for _, c := range []struct{ date, signed, canonical string }{
		{"Fri, 24 May 2013 00:00:00 GMT", "date;host;x-amz-content-sha256", "date:Fri, 24 May 2013 00:00:00 GMT\n"},
		{"20130524T000000Z", "date;host;x-amz-content-sha256", "date:20130524T000000Z\n"},
		{"20130524T000000Z", "content-length;date;expect;host;x-amz-content-sha256", "content-length:3\ndate:20130524T000000Z\nexpect:100-continue\n"},
	} {
		r := wire(t, "PUT /b/k HTTP/1.1\nHost: h\nDate: "+c.date+"\nContent-Length: 3\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\n\nabc")
		r.Header.Del("Content-Length")
		canonical := "PUT\n/b/k\n\n" + c.canonical + "host:h\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\n" + c.signed + "\nUNSIGNED-PAYLOAD"
		msg := fmt.Sprintf("AWS4-HMAC-SHA256\n20130524T000000Z\n%s\n%x", signer.scope("20130524T000000Z"), sha256.Sum256([]byte(canonical)))
		sig := signer.key("20130524T000000Z").sign(nil, []byte(msg))
		r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", exampleKey, signer.scope("20130524T000000Z"), c.signed, sig))
		if got := attempt(exampleVerifier(), r); got != "" {
			t.Errorf("%s: %s", c.signed, got)
		}
	}
}

func TestForm(t *testing.T) {
	v := exampleVerifier()
	fields := Signer{AccessKey: exampleKey, SecretKey: exampleSecret, Token: "t", Region: "us-east-1"}.SignPolicy("cG9saWN5", exampleTime)
	get := func(name string) string { return fields[name] }
	f, err := v.ParseForm(get)
	if err != nil || f.AccessKey != exampleKey || f.Token != "t" || !f.Date.Equal(exampleTime) {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := f.Verify([]byte(exampleSecret)); err != nil {
		t.Error(err)
	}
	if err := f.Verify([]byte("x")); codeOf(err) != CodeSignature {
		t.Error(err)
	}
	fields["policy"] = "eHh4"
	if f, err := v.ParseForm(get); err != nil || f.Verify([]byte(exampleSecret)) == nil {
		t.Errorf("another policy: %v", err)
	}
	for name := range fields {
		if name == "x-amz-security-token" {
			continue
		}
		old := fields[name]
		if delete(fields, name); true {
			if _, err := v.ParseForm(get); codeOf(err) != CodeInvalidArgument {
				t.Errorf("without %s: %v", name, err)
			}
		}
		if fields[name] = "x"; name != "policy" {
			if _, err := v.ParseForm(get); codeOf(err) != CodeInvalidArgument {
				t.Errorf("odd %s: %v", name, err)
			}
		}
		fields[name] = old
	}
}

// The published example of a POST policy.
func TestPolicyPublished(t *testing.T) {
	const policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"
	fields := Signer{AccessKey: exampleKey, SecretKey: exampleSecret, Region: "us-east-1"}.SignPolicy(policy, time.Date(2015, 12, 29, 0, 0, 0, 0, time.UTC))
	if got := fields["x-amz-signature"]; got != "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e" {
		t.Error(got)
	}
}

func TestKeyCache(t *testing.T) {
	var c keyCache
	plain := func(k []byte, steps ...string) []byte {
		for _, s := range steps {
			m := hmac.New(sha256.New, k)
			m.Write([]byte(s))
			k = m.Sum(nil)
		}
		return k
	}
	for i := range 3 * cachedKeys {
		secret := fmt.Sprint("s", i%(2*cachedKeys))
		got := c.get([]byte(secret), "20130524", "r", "s3").sign(nil, []byte("m"))
		want := plain([]byte("AWS4"+secret), "20130524", "r", "s3", "aws4_request", "m")
		if string(got) != string(want) {
			t.Fatalf("key %d differs", i)
		}
		if len(c.young)+len(c.old) > 2*cachedKeys {
			t.Fatal("the cache grows")
		}
	}
	if keyID([]byte("ab"), "c", "", "") == keyID([]byte("a"), "bc", "", "") {
		t.Error("fields run into each other")
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range published {
		r := wire(f, c.request)
		f.Add(r.Header.Get("Authorization"), r.URL.RawQuery)
	}
	f.Fuzz(func(t *testing.T, auth, query string) {
		r := wire(t, published[0].request)
		r.URL.RawQuery = query
		r.Header["Authorization"] = []string{auth}
		if auth == "" {
			delete(r.Header, "Authorization")
		}
		q, err := exampleVerifier().Parse(r)
		if err != nil {
			if _, ok := err.(*fault.Error); !ok {
				t.Errorf("%v has no kind", err)
			}
			return
		}
		if q.AccessKey == "" || !validSignedHeaders(q.signedHeaders) {
			t.Errorf("%q", q.AccessKey)
		}
		q.Verify([]byte("secret"))
	})
}

// A query must have the canonical form that its decoded parameters have.
func FuzzQuery(f *testing.F) {
	for _, q := range oddQueries {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, ok := (&scratch{}).appendQuery(nil, raw)
		values, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
		if ok != (err == nil) {
			t.Fatalf("%q: %v, but %v", raw, ok, err)
		}
		if !ok {
			return
		}
		values.Del(signatureParam)
		for _, part := range strings.Split(string(got), "&") {
			name, value, _ := strings.Cut(part, "=")
			n, _ := url.QueryUnescape(name)
			v, _ := url.QueryUnescape(value)
			left := values[n]
			at := -1
			for i := range left {
				if left[i] == v {
					at = i
				}
			}
			if at < 0 && part != "" {
				t.Fatalf("%q has %q", got, part)
			}
			if at >= 0 {
				if values[n] = append(left[:at:at], left[at+1:]...); len(values[n]) == 0 {
					delete(values, n)
				}
			}
		}
		if len(values) > 0 {
			t.Fatalf("%q lacks %v", got, values)
		}
		again, ok := (&scratch{}).appendQuery(nil, string(got))
		if !ok || string(again) != string(got) {
			t.Fatalf("%q becomes %q", got, again)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, c := range published[3:] {
		b.Run(c.name, func(b *testing.B) {
			v, r, secret := exampleVerifier(), wire(b, c.request), []byte(exampleSecret)
			b.ReportAllocs()
			for b.Loop() {
				q, err := v.Parse(r)
				if err == nil {
					err = q.Verify(secret)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package sigv4

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// attemptBody is attempt for a body that was read.
func attemptBody(v *Verifier, r *http.Request, body string) string {
	q, err := v.ParseBody(r, []byte(body))
	if err == nil {
		err = q.Verify([]byte(exampleSecret))
	}
	if err == nil {
		return ""
	}
	return codeOf(err)
}

// bySDK is a request as the SDK of AWS signs it for a service: without x-amz-content-sha256.
func bySDK(t *testing.T, method, target, service, region, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	creds := aws.Credentials{AccessKeyID: exampleKey, SecretAccessKey: exampleSecret}
	if err := signer.SignHTTP(context.Background(), creds, r, PayloadHash([]byte(body)), service, region, exampleTime); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("X-Amz-Content-Sha256") != "" {
		t.Fatal("the SDK sends the hash")
	}
	return r
}

func TestParseBody(t *testing.T) {
	const body = "Action=GetSessionToken&Version=2011-06-15"
	for _, c := range []struct {
		name, code, service, region, target string
		change                              func(r *http.Request, v *Verifier) string // returns the body that arrives
	}{
		{"sts", "", "sts", "us-east-1", "/", nil},
		{"iam", "", "iam", "us-east-1", "/", nil},
		{"s3", "", "s3", "us-east-1", "/admin/site", nil},
		{"a path encoded twice", "", "iam", "us-east-1", "/iam/users/a%2Fb%20c", nil},
		{"a path encoded once", "", "s3", "us-east-1", "/iam/users/a%2Fb%20c", nil},
		{"another service", CodeHeaderMalformed, "ec2", "us-east-1", "/", nil},
		{"another region", CodeHeaderMalformed, "sts", "mars", "/", nil},
		{"the global region", "", "sts", "us-east-1", "/", func(_ *http.Request, v *Verifier) string { v.Region = "eu-west-1"; return body }},
		{"but not for s3", CodeHeaderMalformed, "s3", "us-east-1", "/", func(_ *http.Request, v *Verifier) string { v.Region = "eu-west-1"; return body }},
		{"another body", CodeSignature, "sts", "us-east-1", "/", func(*http.Request, *Verifier) string { return body + "&DurationSeconds=900" }},
		{"no body", CodeSignature, "sts", "us-east-1", "/", func(*http.Request, *Verifier) string { return "" }},
		{"hash added, unsigned", CodeAccessDenied, "sts", "us-east-1", "/", func(r *http.Request, _ *Verifier) string {
			r.Header.Set("X-Amz-Content-Sha256", PayloadHash([]byte(body)))
			return body
		}},
		{"hash of another body", CodeSHA256Mismatch, "sts", "us-east-1", "/", func(r *http.Request, _ *Verifier) string {
			r.Header.Set("X-Amz-Content-Sha256", emptySHA256)
			return body
		}},
		{"late", CodeSkewed, "sts", "us-east-1", "/", func(_ *http.Request, v *Verifier) string {
			v.Now = func() time.Time { return exampleTime.Add(time.Hour) }
			return body
		}},
	} {
		v, arrives := exampleVerifier(), body
		r := bySDK(t, "POST", c.target, c.service, c.region, body)
		if c.change != nil {
			arrives = c.change(r, v)
		}
		if got := attemptBody(v, r, arrives); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
	// What signs for STS opens nothing of S3.
	r := bySDK(t, "GET", "/box/k", "sts", "us-east-1", "")
	r.Header.Set("X-Amz-Content-Sha256", emptySHA256)
	if got := attempt(exampleVerifier(), r); got != CodeHeaderMalformed {
		t.Errorf("a signature for sts at s3: %q", got)
	}
}

// The header x-amz-content-sha256, where it is sent, speaks of the body.
func TestParseBodyHash(t *testing.T) {
	signer := Signer{AccessKey: exampleKey, SecretKey: exampleSecret, Region: "us-east-1"}
	for _, c := range []struct{ name, payload, body, code string }{
		{"hash", PayloadHash([]byte("{}")), "{}", ""},
		{"hash of nothing", emptySHA256, "", ""},
		{"wrong hash", emptySHA256, "{}", CodeSHA256Mismatch},
		{"unsigned", "", "{}", CodeInvalidRequest},
		{"unsigned nothing", "", "", ""},
		{"stream", streamSigned, "{}", CodeSHA256Mismatch},
	} {
		r := httptest.NewRequest("PUT", "/admin/site", io.NopCloser(strings.NewReader(c.body)))
		signer.Sign(r, c.payload, exampleTime)
		if got := attemptBody(exampleVerifier(), r, c.body); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}

// A URL for STS signs the hash of its body, one for S3 does not.
func TestParseBodyPresigned(t *testing.T) {
	sdk := v4.NewSigner()
	creds := aws.Credentials{AccessKeyID: exampleKey, SecretAccessKey: exampleSecret}
	r := httptest.NewRequest("GET", "http://h/?Action=GetCallerIdentity&X-Amz-Expires=60", nil)
	u, _, err := sdk.PresignHTTP(context.Background(), creds, r, emptySHA256, "sts", "us-east-1", exampleTime)
	if err != nil {
		t.Fatal(err)
	}
	r = httptest.NewRequest("GET", u, nil)
	if got := attemptBody(exampleVerifier(), r, ""); got != "" {
		t.Errorf("sts: %s", got)
	}
	if got := attemptBody(exampleVerifier(), r, "x"); got != CodeSignature {
		t.Errorf("sts with a body: %q", got)
	}
	own := Signer{AccessKey: exampleKey, SecretKey: exampleSecret, Region: "us-east-1"}
	r = httptest.NewRequest("GET", own.Presign(httptest.NewRequest("GET", "http://h/admin/site", nil), time.Minute, exampleTime), nil)
	if got := attemptBody(exampleVerifier(), r, ""); got != "" {
		t.Errorf("s3: %s", got)
	}
	if got := attemptBody(exampleVerifier(), r, "x"); got != CodeInvalidRequest {
		t.Errorf("s3 with a body: %q", got)
	}
}

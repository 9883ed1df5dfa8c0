package sigv2

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"myfsio/fault"
	"myfsio/sigv4"
)

// Scheme is what the Authorization header begins with.
const Scheme = "AWS "

const (
	maxAuthorization = 16 << 10 // bytes
)

// Verifier checks signatures by a clock.
type Verifier struct{ sigv4.Clock }

// Request is a signed request that is well formed and in time, whose signature has yet to be verified.
type Request struct {
	Query     bool      // signed in the query, not in the header
	AccessKey string    // as sent; not yet proven
	Token     string    // x-amz-security-token, "" for none
	Date      time.Time // when it was signed; zero with Query
	Expires   time.Time // with Query, when it ends

	signature [sha1.Size]byte
	toSign    []byte
	other     []byte // another text that means the same, nil for none
}

// Verify checks the signature with the secret of AccessKey, in constant time. Its error is a BadSignature.
func (q *Request) Verify(secret []byte) error {
	err := verify(secret, q.toSign, q.signature[:])
	if err != nil && q.other != nil {
		err = verify(secret, q.other, q.signature[:])
	}
	return err
}

func verify(secret, msg, signature []byte) error {
	mac := hmac.New(sha1.New, secret)
	mac.Write(msg)
	var sum [sha1.Size]byte
	if !hmac.Equal(mac.Sum(sum[:0]), signature) {
		return failure(fault.BadSignature, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	return nil
}

// Parse reads the signature of r and checks all that needs no secret. bucket is that of a virtual-hosted request, "" where the
// path names the bucket. Errors are fault.Errors with the Code of S3.
func (v *Verifier) Parse(r *http.Request, bucket string) (*Request, error) {
	q := &Request{}
	auth := r.Header["Authorization"]
	var p params
	if err := p.read(r.URL.RawQuery); err != nil {
		return nil, err
	}
	q.Query = len(auth) == 0
	var err error
	date := ""
	switch {
	case len(auth) > 1 || !q.Query && p.auth.any():
		err = failure(fault.InvalidArgument, "InvalidArgument", "Only one auth mechanism allowed; only the Signature query string parameter or the Authorization header should be specified")
	case q.Query:
		date, err = v.parseQuery(q, &p)
	default:
		date, err = v.parseHeader(q, r, auth[0], &p)
	}
	if err != nil {
		return nil, err
	}
	h, err := headersOf(r, &p)
	if err != nil {
		return nil, err
	}
	q.Token = h.get("x-amz-security-token")
	path, other := pathOf(r, bucket)
	q.toSign = stringToSign(r, h, &p, date, bucket, path)
	if other != "" {
		q.other = stringToSign(r, h, &p, date, bucket, other)
	}
	return q, nil
}

func (v *Verifier) parseHeader(q *Request, r *http.Request, auth string, p *params) (date string, err error) {
	fields, ok := strings.CutPrefix(auth, Scheme)
	colon := strings.LastIndexByte(fields, ':')
	if !ok || len(auth) > maxAuthorization || colon <= 0 || !q.setSignature(fields[colon+1:]) {
		return "", failure(fault.InvalidArgument, "InvalidArgument", "AWS authorization header is invalid. Expected AwsAccessKeyId:signature")
	}
	q.AccessKey = fields[:colon]
	if len(p.amz) > 0 || p.contentMD5 != "" || p.contentType != "" {
		return "", notSigned()
	}
	sent, inAmz := r.Header["X-Amz-Date"]
	if !inAmz {
		sent = r.Header["Date"]
	}
	if len(sent) != 1 || !q.setDate(sent[0]) {
		return "", failure(fault.AccessDenied, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
	}
	if !v.InTime(q.Date) {
		return "", failure(fault.ClockSkew, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	if inAmz {
		return "", nil // it is among the signed headers
	}
	return sent[0], nil
}

func (q *Request) setSignature(s string) bool {
	if len(s) != base64.StdEncoding.EncodedLen(sha1.Size) {
		return false
	}
	var out [sha1.Size + 1]byte
	n, err := base64.StdEncoding.Strict().Decode(out[:], []byte(s))
	copy(q.signature[:], out[:])
	return err == nil && n == sha1.Size
}

// setDate reads the forms of a date that clients send.
func (q *Request) setDate(s string) bool {
	for _, layout := range [...]string{http.TimeFormat, time.RFC1123Z, time.RFC1123, "20060102T150405Z", time.RFC3339, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(layout, s); err == nil {
			q.Date = t.UTC()
			return true
		}
	}
	return false
}

func (v *Verifier) parseQuery(q *Request, p *params) (date string, err error) {
	if p.auth.accessKey == "" || p.auth.signature == "" || p.auth.expires == "" {
		return "", failure(fault.AccessDenied, "AccessDenied", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
	}
	q.AccessKey = p.auth.accessKey
	if !q.setSignature(p.auth.signature) {
		return "", failure(fault.MalformedAuth, "AuthorizationQueryParametersError", "The Signature parameter is mal-formed.")
	}
	seconds, err := strconv.ParseInt(p.auth.expires, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 || p.auth.expires[0] == '+' {
		return "", failure(fault.AccessDenied, "AccessDenied", "Invalid date (should be seconds since epoch): the Expires parameter")
	}
	q.Expires = time.Unix(seconds, 0).UTC()
	switch left := q.Expires.Sub(v.Time()); {
	case left < 0:
		return "", failure(fault.Expired, "AccessDenied", "Request has expired")
	case left > v.Longest():
		return "", failure(fault.MalformedAuth, "AuthorizationQueryParametersError", "Expires must be less than %d seconds from now", v.Longest()/time.Second)
	}
	return p.auth.expires, nil
}

// Form is the proof in the fields of a POST upload. The policy document is what is signed; its
// own expiry bounds it in time.
type Form struct {
	AccessKey string // as sent; not yet proven
	Token     string // x-amz-security-token, "" for none

	policy    string
	signature [sha1.Size]byte
}

// ParseForm reads the fields policy, awsaccesskeyid, signature and x-amz-security-token; field returns the value of a form
// field by its name in lower case, "" where there is none.
func (v *Verifier) ParseForm(field func(name string) string) (*Form, error) {
	for _, name := range [...]string{"policy", "AWSAccessKeyId", "signature"} {
		if field(strings.ToLower(name)) == "" {
			return nil, failure(fault.InvalidArgument, "InvalidArgument", "Bucket POST must contain a field named '%s'.  If it is specified, please check the order of the fields.", name)
		}
	}
	var q Request
	if !q.setSignature(field("signature")) {
		return nil, failure(fault.InvalidArgument, "InvalidArgument", "The signature of the POST form is mal-formed.")
	}
	// Lines would make it look like the text that a request signs.
	if strings.ContainsAny(field("policy"), "\r\n") {
		return nil, failure(fault.InvalidArgument, "InvalidArgument", "The policy of the POST form must be base64 without line breaks.")
	}
	return &Form{AccessKey: field("awsaccesskeyid"), Token: field("x-amz-security-token"), policy: field("policy"), signature: q.signature}, nil
}

// Verify checks the signature over the policy with the secret of AccessKey, in constant time. Its error is a BadSignature.
func (f *Form) Verify(secret []byte) error { return verify(secret, []byte(f.policy), f.signature[:]) }

func failure(k fault.Kind, code, format string, args ...any) error {
	return &fault.Error{Kind: k, Code: code, Msg: fmt.Sprintf(format, args...)}
}

func notSigned() error {
	return failure(fault.AccessDenied, "AccessDenied", "There were headers or parameters present in the request which were not signed")
}

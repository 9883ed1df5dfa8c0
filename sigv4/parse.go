package sigv4

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"myfsio/fault"
)

// maxAuthorization bounds the Authorization header in bytes.
const maxAuthorization = 16 << 10

// Parse reads the signature of r and checks all that needs no secret. r must stay unchanged until Verify. Its
// errors are fault.Errors with the Code of S3. A request that is not signed is Unauthenticated.
func (v *Verifier) Parse(r *http.Request) (*Request, error) {
	return (&Request{r: r, v: v, Mode: ModeOf(r)}).parse()
}

func (q *Request) parse() (*Request, error) {
	var err error
	switch auth := q.r.Header["Authorization"]; {
	case q.Mode == Anonymous:
		err = failure(fault.Unauthenticated, CodeAccessDenied, "Access Denied. The request is not signed.")
	case q.Mode == Presigned && len(auth) > 0, len(auth) > 1:
		err = failure(fault.InvalidArgument, CodeInvalidArgument, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified")
	case q.Mode == Other:
		err = failure(fault.InvalidRequest, CodeInvalidRequest, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
	case q.Mode == Presigned:
		err = q.parseQuery()
	default:
		err = q.parseHeader(auth[0])
	}
	if err != nil {
		return nil, err
	}
	return q, nil
}

func (q *Request) parseHeader(auth string) error {
	if len(auth) > maxAuthorization {
		return malformedHeader("it is too long.")
	}
	fields, ok := strings.CutPrefix(auth, algorithm+" ")
	if !ok {
		return failure(fault.NotImplemented, CodeNotImplemented, "Only the signature algorithm %s is implemented.", algorithm)
	}
	credential, signature, err := q.authFields(fields)
	if err != nil {
		return err
	}
	if !q.credential(credential) {
		return malformedHeader(`the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	}
	if !q.setSignature(signature) {
		return malformedHeader("the Signature is mal-formed; expecting 64 hexadecimal digits in lower case.")
	}
	if !validSignedHeaders(q.signedHeaders) {
		return malformedHeader("the SignedHeaders are mal-formed.")
	}
	if err := q.headerDate(); err != nil {
		return err
	}
	if q.day != q.date[:8] {
		return malformedHeader("Invalid credential date %q. This date is not the same as X-Amz-Date: %q.", q.day, q.date[:8])
	}
	if err := q.checkScope(malformedHeader); err != nil {
		return err
	}
	q.Token = first(q.r, "X-Amz-Security-Token")
	if err := q.headerPayload(first(q.r, "X-Amz-Content-Sha256")); err != nil {
		return err
	}
	return q.headersAreSigned()
}

func (q *Request) headerPayload(sha string) error {
	switch {
	case q.whole:
		return q.wholePayload(sha)
	case sha == "":
		return failure(fault.InvalidRequest, CodeInvalidRequest, "Missing required header for this request: x-amz-content-sha256")
	}
	return q.setPayload(sha)
}

// authFields reads "Credential=…, SignedHeaders=…, Signature=…": any order, blanks optional, each once.
func (q *Request) authFields(fields string) (credential, signature string, err error) {
	for field := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(strings.Trim(field, " \t"), "=")
		var to *string
		switch name {
		case "Credential":
			to = &credential
		case "SignedHeaders":
			to = &q.signedHeaders
		case "Signature":
			to = &signature
		default:
			return "", "", malformedHeader("it has an unknown component.")
		}
		if *to != "" || value == "" {
			return "", "", malformedHeader("the component %s is empty or comes twice.", name)
		}
		*to = value
	}
	if credential == "" || signature == "" || q.signedHeaders == "" {
		return "", "", malformedHeader("it needs the components Credential, SignedHeaders and Signature.")
	}
	return credential, signature, nil
}

func (q *Request) setSignature(s string) bool {
	if len(s) != 2*len(q.signature) || strings.ToLower(s) != s {
		return false
	}
	var in [64]byte
	copy(in[:], s)
	_, err := hex.Decode(q.signature[:], in[:])
	return err == nil
}

// headerDate finds the time of signing in X-Amz-Date or Date, and checks it against the clock.
func (q *Request) headerDate() error {
	sent := q.r.Header["X-Amz-Date"]
	if len(sent) == 0 {
		sent = q.r.Header["Date"]
	}
	if len(sent) != 1 || !q.setDate(sent[0]) {
		return failure(fault.AccessDenied, CodeAccessDenied, "AWS authentication requires a valid Date or x-amz-date header")
	}
	if !q.v.InTime(q.Date) {
		return failure(fault.ClockSkew, CodeSkewed, "The difference between the request time and the current time is too large.")
	}
	return nil
}

func (q *Request) setDate(s string) bool {
	if t, ok := parseBasic(s); ok {
		q.Date, q.date = t, s
		return true
	}
	t, err := http.ParseTime(s)
	if err != nil {
		return false
	}
	q.Date, q.date = t.UTC(), t.UTC().Format(timeFormat)
	return true
}

// parseBasic reads 20060102T150405Z.
func parseBasic(s string) (time.Time, bool) {
	if len(s) != len(timeFormat) || s[8] != 'T' || s[15] != 'Z' {
		return time.Time{}, false
	}
	var f [6]int
	at := 0
	for i, width := range [...]int{4, 2, 2, 2, 2, 2} {
		if i == 3 {
			at++
		}
		for ; width > 0; width-- {
			d := s[at] - '0'
			if d > 9 {
				return time.Time{}, false
			}
			f[i] = 10*f[i] + int(d)
			at++
		}
	}
	t := time.Date(f[0], time.Month(f[1]), f[2], f[3], f[4], f[5], 0, time.UTC)
	ok := t.Month() == time.Month(f[1]) && t.Day() == f[2] && t.Hour() == f[3] && t.Minute() == f[4] && t.Second() == f[5]
	return t, ok
}

func (q *Request) checkScope(malformed func(string, ...any) error) error {
	if q.service != q.v.service() && !(q.whole && wholeService(q.service)) {
		return malformed("incorrect service %q. This endpoint belongs to %q.", q.service, q.v.service())
	}
	if !q.v.AnyRegion && q.Region != q.v.Region && !(q.whole && q.service != "s3" && q.Region == globalRegion) {
		return malformed("the region %q is wrong; expecting %q", q.Region, q.v.Region)
	}
	return nil
}

// queryAuth are the values of a presigned query; a name that is not there has no value.
type queryAuth struct {
	algorithm, credential, date, expires, signedHeaders, signature, token, payload string
}

func (a *queryAuth) field(name string) *string {
	switch name {
	case "X-Amz-Algorithm":
		return &a.algorithm
	case "X-Amz-Credential":
		return &a.credential
	case "X-Amz-Date":
		return &a.date
	case "X-Amz-Expires":
		return &a.expires
	case "X-Amz-SignedHeaders":
		return &a.signedHeaders
	case signatureParam:
		return &a.signature
	case "X-Amz-Security-Token":
		return &a.token
	case "X-Amz-Content-Sha256":
		return &a.payload
	}
	return nil
}

func (a *queryAuth) read(raw string) error {
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return failure(fault.InvalidRequest, CodeInvalidURI, "Couldn't parse the specified URI.")
		}
		to := a.field(name)
		if to == nil {
			continue
		}
		value, err = url.QueryUnescape(value)
		if err != nil || value == "" || *to != "" {
			return malformedQuery("The query parameter %s is empty, mal-formed or comes twice.", name)
		}
		*to = value
	}
	return nil
}

func (q *Request) parseQuery() error {
	var a queryAuth
	if err := a.read(q.r.URL.RawQuery); err != nil {
		return err
	}
	if a.algorithm == "" || a.credential == "" || a.signature == "" || a.date == "" || a.signedHeaders == "" || a.expires == "" {
		return malformedQuery("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	}
	if a.algorithm != algorithm {
		return malformedQuery("X-Amz-Algorithm only supports %q.", algorithm)
	}
	if !q.credential(a.credential) {
		return malformedQuery(`Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	}
	if !q.setSignature(a.signature) {
		return malformedQuery("X-Amz-Signature must be 64 hexadecimal digits in lower case.")
	}
	if q.signedHeaders = a.signedHeaders; !validSignedHeaders(a.signedHeaders) {
		return malformedQuery("X-Amz-SignedHeaders is mal-formed.")
	}
	if err := q.queryDates(&a); err != nil {
		return err
	}
	if err := q.checkScope(scopeInQuery); err != nil {
		return err
	}
	q.Token = a.token
	if sent := first(q.r, "X-Amz-Security-Token"); q.Token == "" {
		q.Token = sent
	} else if sent != "" && sent != q.Token {
		return malformedQuery("The header and the query parameter X-Amz-Security-Token differ.")
	}
	if err := q.queryPayload(a.payload); err != nil {
		return err
	}
	return q.headersAreSigned()
}

func scopeInQuery(format string, args ...any) error {
	return malformedQuery("Error parsing the X-Amz-Credential parameter; "+format, args...)
}

// queryDates checks the time of signing and the life of the URL.
func (q *Request) queryDates(a *queryAuth) error {
	t, ok := parseBasic(a.date)
	if !ok {
		return malformedQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
	}
	q.Date, q.date = t, a.date
	if q.day != q.date[:8] {
		return malformedQuery("Invalid credential date %q. This date is not the same as X-Amz-Date: %q.", q.day, q.date[:8])
	}
	seconds, err := strconv.ParseInt(a.expires, 10, 64)
	switch {
	case err != nil:
		return malformedQuery("X-Amz-Expires should be a number")
	case seconds < 0:
		return malformedQuery("X-Amz-Expires must be non-negative")
	case seconds > int64(q.v.Longest()/time.Second):
		return malformedQuery("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than %d seconds", q.v.Longest()/time.Second)
	case seconds < int64(q.v.minExpiry()/time.Second):
		return malformedQuery("X-Amz-Expires must be at least %d seconds", q.v.minExpiry()/time.Second)
	}
	q.Expires = time.Duration(seconds) * time.Second
	now := q.v.Time()
	if now.Add(q.v.skew()).Before(t) {
		return failure(fault.ClockSkew, CodeAccessDenied, "Request is not valid yet")
	}
	if now.After(t.Add(q.Expires)) {
		return failure(fault.Expired, CodeAccessDenied, "Request has expired")
	}
	return nil
}

func (v *Verifier) minExpiry() time.Duration {
	if v.MinExpiry == 0 {
		return time.Second
	}
	return v.MinExpiry
}

// queryPayload finds how a presigned body is protected: by the parameter or the (signed) header
// x-amz-content-sha256, else not at all.
func (q *Request) queryPayload(param string) error {
	sha := first(q.r, "X-Amz-Content-Sha256")
	switch {
	case param == "" && sha == "":
		if !q.whole || q.service == "s3" {
			sha = unsignedPayload
		}
	case sha == "":
		sha = param
	case param != "" && param != sha:
		return failure(fault.InvalidArgument, CodeInvalidArgument, "The header and the query parameter x-amz-content-sha256 differ.")
	}
	return q.headerPayload(sha)
}

// first returns the one value of a header, "" when it is not there once.
func first(r *http.Request, key string) string {
	if v := r.Header[key]; len(v) == 1 {
		return v[0]
	}
	return ""
}

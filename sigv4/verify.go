package sigv4

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"myfsio/fault"
)

// Mode is the way a request proves its sender.
type Mode uint8

// The modes.
const (
	Anonymous Mode = iota // no Authorization header and no signature in the query
	Header                // Authorization: AWS4-HMAC-SHA256 …
	Presigned             // X-Amz-Signature in the query
	Other                 // an Authorization header of another scheme, or SigV2 in the query
)

// ModeOf looks at r without judging it. A request with both a header and a signed query is Presigned;
// Parse refuses it.
func ModeOf(r *http.Request) Mode {
	v2 := false
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		switch name {
		case "X-Amz-Algorithm", "X-Amz-Credential", signatureParam:
			return Presigned
		case "AWSAccessKeyId", "Signature":
			v2 = true
		}
	}
	auth := r.Header["Authorization"]
	switch {
	case len(auth) > 0 && (auth[0] == algorithm || strings.HasPrefix(auth[0], algorithm+" ") || strings.HasPrefix(auth[0], "AWS4-")):
		return Header
	case len(auth) > 0 || v2:
		return Other
	}
	return Anonymous
}

// Verifier checks signatures. Its fields are set before first use and then only read; it may be used by many
// goroutines. The zero value of an optional field means its default.
type Verifier struct {
	Region    string        // e.g. "us-east-1"
	AnyRegion bool          // accept any region in the credential scope, as 0.4 did
	Service   string        // default "s3"
	MinExpiry time.Duration // of a presigned URL; default 1 second
	Clock

	keys keyCache
}

func (v *Verifier) service() string {
	if v.Service == "" {
		return "s3"
	}
	return v.Service
}

// Request is a signed request that is well formed and in time, whose signature has yet to be verified.
type Request struct {
	Mode      Mode          // Header or Presigned
	AccessKey string        // as sent; not yet proven
	Token     string        // x-amz-security-token, "" for none
	Date      time.Time     // when it was signed
	Expires   time.Duration // of a presigned URL
	Payload   Payload       // how the body is protected
	Region    string        // of the credential scope

	date, day     string // "20060102T150405Z", "20060102"
	scope         string // day/region/service/aws4_request
	service       string
	signedHeaders string
	signature     [32]byte
	payload       string // the last line of the canonical request
	whole         bool   // the body was read already and is in body
	body          []byte
	r             *http.Request
	v             *Verifier
	key           *signingKey // set by Verify
}

// Verify checks the signature with the secret of AccessKey, in constant time. Its error is a BadSignature.
// It does not keep the secret.
func (q *Request) Verify(secret []byte) error {
	key := q.v.keys.get(secret, q.day, q.Region, q.service)
	s := scratches.Get().(*scratch)
	defer s.put()
	s.path = encodePath(s.path[:0], q.r.URL.Path)
	ok, err := q.matches(s, key)
	if err != nil {
		return err
	}
	if !ok && !q.matchesAsSent(s, key) {
		return mismatch()
	}
	q.key = key
	return nil
}

// matchesAsSent tries the path in the very bytes that were sent.
func (q *Request) matchesAsSent(s *scratch, key *signingKey) bool {
	sent := q.r.URL.EscapedPath()
	if sent == "" || sent == string(s.path) {
		return q.matchesTwice(s, key, sent)
	}
	s.path = append(s.path[:0], sent...)
	ok, _ := q.matches(s, key)
	return ok || q.matchesTwice(s, key, sent)
}

// matchesTwice tries the path encoded twice, as it is signed for any service but S3.
func (q *Request) matchesTwice(s *scratch, key *signingKey, sent string) bool {
	if q.service == "s3" || strings.IndexByte(sent, '%') < 0 {
		return false
	}
	s.path = encodePath(s.path[:0], sent)
	ok, _ := q.matches(s, key)
	return ok
}

func (q *Request) matches(s *scratch, key *signingKey) (bool, error) {
	if !s.canonical(q.r, s.path, q.signedHeaders, q.payload) {
		return false, failure(fault.InvalidRequest, CodeInvalidURI, "Couldn't parse the specified URI.")
	}
	return subtle.ConstantTimeCompare(key.sign(s.sum[:0], s.toSign(q.date, q.scope)), q.signature[:]) == 1, nil
}

// credential takes the value of Credential apart. The access key may contain slashes.
func (q *Request) credential(value string) bool {
	rest, ok := strings.CutSuffix(value, "/"+terminator)
	if !ok {
		return false
	}
	service := strings.LastIndexByte(rest, '/')
	if service < 0 {
		return false
	}
	region := strings.LastIndexByte(rest[:service], '/')
	if region < 0 {
		return false
	}
	day := strings.LastIndexByte(rest[:region], '/')
	if day <= 0 {
		return false
	}
	q.AccessKey, q.scope = value[:day], value[day+1:]
	q.day, q.Region, q.service = rest[day+1:region], rest[region+1:service], rest[service+1:]
	return len(q.day) == 8 && q.Region != "" && q.service != ""
}

// headersAreSigned checks the list of signed headers against the request: host and every x-amz-* header must be in it.
// None may come twice that is not a list: whoever reads one line of it would see something else than what was signed.
func (q *Request) headersAreSigned() error {
	if !q.signs("host") {
		return notSigned()
	}
	for name, values := range q.r.Header {
		if len(name) <= 6 || !strings.EqualFold(name[:6], "X-Amz-") || addedOnTheWay(name) {
			continue
		}
		if !q.signs(name) {
			return notSigned()
		}
		if len(values) > 1 && !mayRepeat(name) {
			return failure(fault.InvalidRequest, CodeInvalidRequest, "The header %s may be sent once only.", name)
		}
	}
	return nil
}

// mayRepeat names the headers that are lists, one value a line.
func mayRepeat(name string) bool {
	switch name {
	case "X-Amz-Object-Attributes", "X-Amz-Optional-Object-Attributes", "X-Amz-Trailer":
		return true
	}
	return strings.HasPrefix(name, "X-Amz-Meta-")
}

// addedOnTheWay names the headers that proxies and browsers add behind the signer; they mean nothing to S3.
func addedOnTheWay(name string) bool { return name == "X-Amz-Cf-Id" || name == "X-Amz-User-Agent" }

func (q *Request) signs(name string) bool {
	for signed := range strings.SplitSeq(q.signedHeaders, ";") {
		if strings.EqualFold(signed, name) {
			return true
		}
	}
	return false
}

// validSignedHeaders reports whether list is a list of different header names in lower case, at most 128.
func validSignedHeaders(list string) bool {
	if strings.Count(list, ";") >= 128 {
		return false
	}
	for rest := list; ; {
		name, tail, more := strings.Cut(rest, ";")
		if name == "" {
			return false
		}
		for i := range len(name) {
			if !headerByte[name[i]] {
				return false
			}
		}
		if !more {
			return true
		}
		for other := range strings.SplitSeq(tail, ";") {
			if other == name {
				return false
			}
		}
		rest = tail
	}
}

package load

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"
)

// Payload hashes with a name of their own.
const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	emptyPayload    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

const amzTime = "20060102T150405Z"

// Header is one request header. The name is in lower case, as it is signed.
type Header struct{ Name, Value string }

// Request is what is signed and sent. Path is escaped already and starts with "/";
// Query is in canonical form already: escaped, sorted, "=" after each name.
// Headers are in addition to host and the x-amz-date and x-amz-content-sha256 that the signer
// adds; their names are in lower case and sorted.
type Request struct {
	Method  string
	Path    string
	Query   string
	Headers []Header
	Payload string // hex SHA-256 of the body; empty means no body
}

// Signer signs with AWS Signature Version 4 in the Authorization header. It keeps
// the key of the day and its scratch space, so it belongs to one goroutine.
type Signer struct {
	cred   Credentials
	region string
	host   string

	day      string // of mac
	mac      hash.Hash
	sum      hash.Hash
	second   int64 // of stamp
	stamp    string
	canon    []byte
	toSign   []byte
	digest   []byte
	names    []byte // SignedHeaders
	combined []Header
}

// NewSigner returns a Signer for one host and one set of credentials.
func NewSigner(cred Credentials, region, host string) *Signer {
	return &Signer{cred: cred, region: region, host: host, sum: sha256.New()}
}

// Append appends the header lines x-amz-date, x-amz-content-sha256 and
// Authorization, each with its line end, and returns the longer slice.
func (s *Signer) Append(dst []byte, r *Request, now time.Time) []byte {
	s.at(now)
	payload := r.Payload
	if payload == "" {
		payload = emptyPayload
	}
	s.collect(r, payload)
	s.canonical(r, payload)

	s.sum.Reset()
	s.sum.Write(s.canon)
	s.digest = s.sum.Sum(s.digest[:0])
	s.toSign = append(s.toSign[:0], "AWS4-HMAC-SHA256\n"...)
	s.toSign = append(s.toSign, s.stamp...)
	s.toSign = append(s.toSign, '\n')
	s.toSign = s.appendScope(s.toSign)
	s.toSign = append(s.toSign, '\n')
	s.toSign = hex.AppendEncode(s.toSign, s.digest)
	s.mac.Reset()
	s.mac.Write(s.toSign)
	s.digest = s.mac.Sum(s.digest[:0])

	dst = append(dst, "x-amz-date: "...)
	dst = append(dst, s.stamp...)
	dst = append(dst, "\r\nx-amz-content-sha256: "...)
	dst = append(dst, payload...)
	dst = append(dst, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential="...)
	dst = append(dst, s.cred.AccessKey...)
	dst = append(dst, '/')
	dst = s.appendScope(dst)
	dst = append(dst, ", SignedHeaders="...)
	dst = append(dst, s.names...)
	dst = append(dst, ", Signature="...)
	dst = hex.AppendEncode(dst, s.digest)
	return append(dst, "\r\n"...)
}

// at renews the time stamp each second and the signing key each day.
func (s *Signer) at(now time.Time) {
	if unix := now.Unix(); s.stamp == "" || unix != s.second {
		s.second, s.stamp = unix, now.UTC().Format(amzTime)
	}
	if day := s.stamp[:8]; day != s.day {
		s.day = day
		key := sign([]byte("AWS4"+s.cred.SecretKey), day)
		key = sign(key, s.region)
		key = sign(key, "s3")
		s.mac = hmac.New(sha256.New, sign(key, "aws4_request"))
	}
}

// collect merges the request's headers with those that are always signed, in order.
func (s *Signer) collect(r *Request, payload string) {
	s.combined = s.combined[:0]
	own := [...]Header{{"host", s.host}, {"x-amz-content-sha256", payload}, {"x-amz-date", s.stamp}}
	i := 0
	for _, h := range r.Headers {
		for i < len(own) && own[i].Name < h.Name {
			s.combined = append(s.combined, own[i])
			i++
		}
		s.combined = append(s.combined, h)
	}
	s.combined = append(s.combined, own[i:]...)
	s.names = s.names[:0]
	for i, h := range s.combined {
		if i > 0 {
			s.names = append(s.names, ';')
		}
		s.names = append(s.names, h.Name...)
	}
}

func (s *Signer) canonical(r *Request, payload string) {
	c := append(s.canon[:0], r.Method...)
	c = append(c, '\n')
	c = append(c, r.Path...)
	c = append(c, '\n')
	c = append(c, r.Query...)
	c = append(c, '\n')
	for _, h := range s.combined {
		c = append(c, h.Name...)
		c = append(c, ':')
		c = append(c, h.Value...)
		c = append(c, '\n')
	}
	c = append(c, '\n')
	c = append(c, s.names...)
	c = append(c, '\n')
	s.canon = append(c, payload...)
}

func (s *Signer) appendScope(dst []byte) []byte {
	dst = append(dst, s.day...)
	dst = append(dst, '/')
	dst = append(dst, s.region...)
	return append(dst, "/s3/aws4_request"...)
}

func sign(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	algorithm      = "AWS4-HMAC-SHA256"
	terminator     = "aws4_request"
	timeFormat     = "20060102T150405Z"
	emptySHA256    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	signatureParam = "X-Amz-Signature"
)

// scratch is the memory of one verification.
type scratch struct {
	out   []byte // the canonical request, then the string to sign
	query []byte // encoded names and values
	pairs []pair
	name  []byte // a header name
	path  []byte
	sum   [32]byte
}

// pair is an encoded query parameter, as offsets into scratch.query.
type pair struct{ name, eq, end int }

var scratches = sync.Pool{New: func() any { return &scratch{out: make([]byte, 0, 2048), query: make([]byte, 0, 512)} }}

// put returns s for reuse; a giant's memory is not kept.
func (s *scratch) put() {
	if cap(s.out)+cap(s.query) <= 64<<10 {
		scratches.Put(s)
	}
}

// canonical writes the canonical request of r to s.out. path is encoded already. It reports false for a
// query with a bad escape.
func (s *scratch) canonical(r *http.Request, path []byte, signedHeaders, payload string) bool {
	b := append(s.out[:0], r.Method...)
	b = append(b, '\n')
	b = append(b, path...)
	b = append(b, '\n')
	b, ok := s.appendQuery(b, r.URL.RawQuery)
	if !ok {
		return false
	}
	b = append(b, '\n')
	for name := range strings.SplitSeq(signedHeaders, ";") {
		b = append(b, name...)
		b = append(b, ':')
		b = s.appendHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, signedHeaders...)
	b = append(b, '\n')
	s.out = append(b, payload...)
	return true
}

// toSign replaces the canonical request in s.out by the string to sign and returns it.
func (s *scratch) toSign(date, scope string) []byte {
	sum := sha256.Sum256(s.out)
	b := append(s.out[:0], algorithm...)
	b = append(b, '\n')
	b = append(b, date...)
	b = append(b, '\n')
	b = append(b, scope...)
	b = append(b, '\n')
	s.out = hex.AppendEncode(b, sum[:])
	return s.out
}

// appendQuery appends the canonical form of raw without the parameter X-Amz-Signature.
func (s *scratch) appendQuery(dst []byte, raw string) ([]byte, bool) {
	if raw == "" {
		return dst, true
	}
	s.query, s.pairs = s.query[:0], s.pairs[:0]
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p := pair{name: len(s.query)}
		var ok bool
		if s.query, ok = recode(s.query, name); !ok {
			return dst, false
		}
		p.eq = len(s.query)
		if string(s.query[p.name:p.eq]) == signatureParam {
			continue
		}
		if s.query, ok = recode(append(s.query, '='), value); !ok {
			return dst, false
		}
		p.end = len(s.query)
		s.pairs = append(s.pairs, p)
	}
	slices.SortStableFunc(s.pairs, s.comparePairs)
	for i, p := range s.pairs {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, s.query[p.name:p.end]...)
	}
	return dst, true
}

// comparePairs orders by name, then by value.
func (s *scratch) comparePairs(a, b pair) int {
	if c := bytes.Compare(s.query[a.name:a.eq], s.query[b.name:b.eq]); c != 0 {
		return c
	}
	return bytes.Compare(s.query[a.eq:a.end], s.query[b.eq:b.end])
}

// recode appends the query component s, decoded and encoded again as AWS does. It
// reports false for a bad escape.
func recode(dst []byte, s string) ([]byte, bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(s) || unhex[s[i+1]] < 0 || unhex[s[i+2]] < 0 {
				return dst, false
			}
			c = byte(unhex[s[i+1]]<<4 | unhex[s[i+2]])
			i += 2
		}
		dst = appendEncoded(dst, c)
	}
	return dst, true
}

// encodePath appends the decoded path, every byte encoded as AWS does; "/" stays.
func encodePath(dst []byte, path string) []byte {
	if path == "" {
		return append(dst, '/')
	}
	for i := range len(path) {
		if path[i] == '/' {
			dst = append(dst, '/')
		} else {
			dst = appendEncoded(dst, path[i])
		}
	}
	return dst
}

func appendEncoded(dst []byte, c byte) []byte {
	if unreserved[c] {
		return append(dst, c)
	}
	const upper = "0123456789ABCDEF"
	return append(dst, '%', upper[c>>4], upper[c&15])
}

// unreserved are the bytes that AWS never encodes.
var unreserved = table(func(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
})

// headerByte are the bytes of a header name in lower case.
var headerByte = table(func(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
})

// unhex is the value of a hexadecimal digit, -1 for any other byte.
var unhex = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
		if v, err := strconv.ParseUint(string(rune(i)), 16, 8); err == nil && i < 128 {
			t[i] = int8(v)
		}
	}
	return t
}()

func table(in func(byte) bool) (t [256]bool) {
	for i := range t {
		t[i] = in(byte(i))
	}
	return t
}

// appendHeader appends the canonical value of the header called name (lower case).
func (s *scratch) appendHeader(dst []byte, r *http.Request, name string) []byte {
	if name == "host" {
		return appendTrimmed(dst, r.Host)
	}
	values := r.Header[string(s.headerKey(name))]
	if len(values) == 0 {
		return appendAbsent(dst, r, name)
	}
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendTrimmed(dst, v)
	}
	return dst
}

// appendAbsent stands in for headers that net/http takes out of the map, and for the Expect that a proxy
// has answered and dropped.
func appendAbsent(dst []byte, r *http.Request, name string) []byte {
	switch name {
	case "content-length":
		if r.ContentLength >= 0 {
			return strconv.AppendInt(dst, r.ContentLength, 10)
		}
	case "transfer-encoding":
		return append(dst, strings.Join(r.TransferEncoding, ",")...)
	case "expect":
		return append(dst, "100-continue"...)
	}
	return dst
}

// headerKey returns name as net/http writes it in the map: X-Amz-Date. It is valid until the next call.
func (s *scratch) headerKey(name string) []byte {
	s.name = s.name[:0]
	up := true
	for i := range len(name) {
		c := name[i]
		if up && c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		s.name = append(s.name, c)
		up = c == '-'
	}
	return s.name
}

// appendTrimmed appends v without white space around it, each run of white space inside as one blank.
func appendTrimmed(dst []byte, v string) []byte {
	v = strings.Trim(v, " \t")
	blank := false
	for i := range len(v) {
		c := v[i]
		if c == ' ' || c == '\t' {
			blank = true
			continue
		}
		if blank {
			dst, blank = append(dst, ' '), false
		}
		dst = append(dst, c)
	}
	return dst
}

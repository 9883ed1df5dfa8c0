package auth

import (
	"net/http"
	"net/url"
	"strings"

	"myfsio/sigv2"
)

// methods is a set of ways to prove oneself.
type methods uint8

const (
	v4Header methods = 1 << iota
	v4Query
	v2Header
	v2Query
	headerPair
	otherScheme
	another // a second Authorization header
)

// methodsOf finds every way of proof that a request shows, without judging it.
func methodsOf(r *http.Request) (m methods) {
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if strings.IndexByte(name, '%') >= 0 {
			if plain, err := url.QueryUnescape(name); err == nil {
				name = plain
			}
		}
		switch name {
		case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature":
			m |= v4Query
		case "AWSAccessKeyId", "Signature":
			m |= v2Query
		}
	}
	if auth := r.Header["Authorization"]; len(auth) > 0 {
		m |= schemeOf(auth[0])
		if len(auth) > 1 {
			m |= another
		}
	}
	if len(r.Header["X-Access-Key"])+len(r.Header["X-Secret-Key"]) > 0 {
		m |= headerPair
	}
	return m
}

func schemeOf(auth string) methods {
	switch {
	case strings.HasPrefix(auth, "AWS4-"):
		return v4Header
	case strings.HasPrefix(auth, sigv2.Scheme):
		return v2Header
	}
	return otherScheme
}

// name is the Method of a Refusal.
func (m methods) name() string {
	switch m {
	case v4Header:
		return "SigV4"
	case v4Query:
		return "SigV4-Query"
	case v2Header:
		return "SigV2"
	case v2Query:
		return "SigV2-Query"
	case headerPair:
		return "HeaderPair"
	case otherScheme:
		return "Other"
	}
	return "Several"
}

package policy

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// form says what a value is.
type form uint8

const (
	absent  form = iota // the request does not have the key
	failed              // its source failed
	single              // one text
	tagKeys             // the keys of tags
	number
	instant
)

// value is what a request has for a condition key.
type value struct {
	form form
	one  string
	tags []Tag
	num  float64
	at   time.Time
}

func (v *value) len() int {
	switch v.form {
	case absent, failed:
		return 0
	case tagKeys:
		return len(v.tags)
	}
	return 1
}

// text returns the i-th value as a text.
func (v *value) text(i int) string {
	switch v.form {
	case tagKeys:
		return v.tags[i].Key
	case number:
		return strconv.FormatFloat(v.num, 'f', -1, 64)
	case instant:
		return v.at.UTC().Format(time.RFC3339)
	}
	return v.one
}

// number returns the i-th value as a number and whether it is one.
func (v *value) number(i int) (float64, bool) {
	switch v.form {
	case number:
		return v.num, true
	case instant:
		return float64(v.at.Unix()), true
	}
	return parseNumber(v.text(i))
}

// instant returns the i-th value as a time and whether it is one.
func (v *value) instant(i int) (time.Time, bool) {
	switch v.form {
	case number:
		return time.Unix(int64(v.num), 0), true
	case instant:
		return v.at, true
	}
	return parseTime(v.text(i))
}

func (v *value) set(s string) { v.form, v.one = single, s }

// setSome is set, where the empty text says that there is none.
func (v *value) setSome(s string) {
	if s != "" {
		v.set(s)
	}
}

// value finds what the request has for a key.
func (e *eval) value(k keyRef, v *value) {
	switch k.def.from {
	case fromNowhere:
	case fromConstant:
		v.set(k.def.param)
	case fromPrincipal:
		e.principalValue(k.def.param, v)
	default:
		if e.r.Context != nil {
			e.requestValue(k, v)
		}
	}
}

// principalValue follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html, the table of
// values by kind of principal.
func (e *eval) principalValue(field string, v *value) {
	p := e.r.Principal
	switch {
	case p == nil && field == "userid":
		v.set("anonymous")
	case p == nil && field == "type":
		v.set("Anonymous")
	case p == nil:
	case field == "username":
		v.setSome(p.Username)
	case field == "userid":
		v.setSome(p.UserID)
	case field == "type":
		v.set("User")
	case field == "account":
		v.set(Account)
	case field == "arn" && p.Username != "":
		v.set(userARN + p.Username)
	}
}

func (e *eval) requestValue(k keyRef, v *value) {
	switch src := e.r.Context.Source; k.def.from {
	case fromContext:
		e.contextValue(k.def.param, v)
	case fromQuery:
		e.queryValue(k.def.param, v)
	case fromHeader, fromCopySource, fromRetainUntil:
		if src != nil {
			e.headerValue(k, v)
		}
	case fromObjectTag:
		if src != nil {
			tags, err := src.ObjectTags()
			v.tag(tags, err, k.tag)
		}
	case fromRequestTag:
		if src != nil {
			tags, err := src.RequestTags()
			v.tag(tags, err, k.tag)
		}
	case fromRequestTagKeys:
		if src == nil {
			return
		}
		tags, err := src.RequestTags()
		switch {
		case err != nil:
			v.form = failed
		case len(tags) > 0:
			v.form, v.tags = tagKeys, tags
		}
	}
}

func (v *value) tag(tags []Tag, err error, key string) {
	if err != nil {
		v.form = failed
		return
	}
	for i := range tags {
		if tags[i].Key == key {
			v.set(tags[i].Value)
			return
		}
	}
}

func (e *eval) contextValue(field string, v *value) {
	c := e.r.Context
	switch field {
	case "ip":
		v.setSome(c.SourceIP)
	case "secure":
		v.set(strconv.FormatBool(c.Secure))
	case "referer":
		v.setSome(c.Referer)
	case "agent":
		v.setSome(c.UserAgent)
	case "now":
		if !c.Now.IsZero() {
			v.form, v.at = instant, c.Now
		}
	case "epoch":
		if !c.Now.IsZero() {
			v.form, v.num = number, float64(c.Now.Unix())
		}
	case "auth":
		v.setSome(c.AuthType)
	case "signature":
		v.setSome(c.SignatureVersion)
	case "age":
		if c.SignatureVersion != "" {
			v.form, v.num = number, float64(c.SignatureAge.Milliseconds())
		}
	case "tls":
		v.setSome(c.TLSVersion)
	}
}

// queryValue takes the prefix of a listing from the request itself when there is no source.
func (e *eval) queryValue(name string, v *value) {
	if src := e.r.Context.Source; src != nil {
		if s, ok := src.Query(name); ok {
			v.set(s)
		}
		return
	}
	if name == "prefix" && e.r.Lists {
		v.setSome(e.r.Prefix)
	}
}

func (e *eval) headerValue(k keyRef, v *value) {
	list := e.r.Context.Source.Header(k.def.param)
	if len(list) == 0 {
		return
	}
	switch k.def.from {
	case fromCopySource:
		if v.header(list); v.form == single {
			v.set(copySource(v.one))
		}
	case fromRetainUntil:
		until, ok := parseTime(list[0])
		switch {
		case !ok || e.r.Context.Now.IsZero():
			v.form = failed
		default:
			v.form, v.num = number, float64(until.Sub(e.r.Context.Now)/(24*time.Hour))
		}
	default:
		v.header(list)
	}
}

// header takes a header that was sent once. Of one that was sent with several values nobody can tell which will count.
func (v *value) header(list []string) {
	for _, s := range list[1:] {
		if s != list[0] {
			v.form = failed
			return
		}
	}
	v.set(list[0])
}

// copySource brings the two ways to write x-amz-copy-source, and its escapes, to one: bucket/key.
func copySource(s string) string {
	s = strings.TrimPrefix(s, "/")
	if strings.IndexByte(s, '%') >= 0 {
		if plain, err := url.PathUnescape(s); err == nil {
			s = strings.TrimPrefix(plain, "/")
		}
	}
	return s
}

// parseNumber reads a decimal number.
func parseNumber(s string) (float64, bool) {
	if s == "" || len(s) > 40 || strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// parseTime reads a date of ISO 8601, or seconds since 1970.
func parseTime(s string) (time.Time, bool) {
	if len(s) > 40 {
		return time.Time{}, false
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > -1e11 && n < 1e11 {
		return time.Unix(n, 0), true
	}
	return time.Time{}, false
}

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01", "2006", "20060102T150405Z"}

// parseAddr reads an address; an IPv4 address mapped into IPv6 is the IPv4 address.
func parseAddr(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}

// parsePrefix reads a block of addresses, or one address.
func parsePrefix(s string) (netip.Prefix, bool) {
	if strings.IndexByte(s, '/') < 0 {
		a, ok := parseAddr(s)
		return netip.PrefixFrom(a, a.BitLen()), ok
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if a := p.Addr(); a.Is4In6() {
		if p.Bits() < 96 {
			return p.Masked(), true
		}
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

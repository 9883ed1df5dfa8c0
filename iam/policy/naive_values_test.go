package policy

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// naiveValues returns what a request has for a key, and whether that cannot be told.
func naiveValues(key string, r *Request) ([]string, bool) {
	name, tag, hasTag := strings.Cut(key, "/")
	name = strings.ToLower(name)
	c, p := r.Context, r.Principal
	some := func(s string) ([]string, bool) {
		if s == "" {
			return nil, false
		}
		return []string{s}, false
	}
	switch name {
	case "aws:userid":
		if p == nil {
			return some("anonymous")
		}
		return some(p.UserID)
	case "aws:principaltype":
		if p == nil {
			return some("Anonymous")
		}
		return some("User")
	case "aws:viaawsservice", "aws:principalisawsservice":
		return some("false")
	case "s3:resourceaccount", "aws:resourceaccount":
		return some("000000000000")
	case "aws:username", "aws:principalarn", "aws:principalaccount":
		if p == nil {
			return nil, false
		}
		return some(map[string]string{"aws:username": p.Username, "aws:principalarn": "arn:aws:iam::000000000000:user/" + p.Username, "aws:principalaccount": "000000000000"}[name])
	}
	if c == nil {
		return nil, false
	}
	switch name {
	case "aws:sourceip":
		return some(c.SourceIP)
	case "aws:securetransport":
		return some(fmt.Sprint(c.Secure))
	case "aws:referer":
		return some(c.Referer)
	case "aws:useragent":
		return some(c.UserAgent)
	case "s3:authtype":
		return some(c.AuthType)
	case "s3:signatureversion":
		return some(c.SignatureVersion)
	case "s3:tlsversion":
		return some(c.TLSVersion)
	case "s3:signatureage":
		if c.SignatureVersion == "" {
			return nil, false
		}
		return some(fmt.Sprint(c.SignatureAge.Milliseconds()))
	case "aws:currenttime":
		if c.Now.IsZero() {
			return nil, false
		}
		return some(c.Now.UTC().Format(time.RFC3339))
	case "aws:epochtime":
		if c.Now.IsZero() {
			return nil, false
		}
		return some(fmt.Sprint(c.Now.Unix()))
	}
	src := sourceOf(r)
	find := func(tags []Tag) ([]string, bool) {
		for _, t := range tags {
			if t.Key == tag {
				return []string{t.Value}, false
			}
		}
		return nil, src.err != nil
	}
	switch {
	case name == "s3:existingobjecttag" && hasTag:
		return find(src.tags)
	case name == "s3:requestobjecttag" && hasTag:
		return find(src.rtags)
	case name == "s3:requestobjecttagkeys":
		var list []string
		for _, t := range src.rtags {
			list = append(list, t.Key)
		}
		return list, src.err != nil
	case name == "s3:prefix", name == "s3:delimiter", name == "s3:max-keys", name == "s3:versionid":
		v, ok := src.query[map[string]string{"s3:versionid": "versionId"}[name]]
		if name != "s3:versionid" {
			v, ok = src.query[name[3:]]
		}
		if !ok {
			return nil, false
		}
		return []string{v}, false
	}
	return naiveHeader(name, src, c.Now)
}

func naiveHeader(name string, src *source, now time.Time) ([]string, bool) {
	header := strings.TrimPrefix(name, "s3:")
	switch {
	case name == "s3:object-lock-remaining-retention-days":
		header = "x-amz-object-lock-retain-until-date"
	case strings.HasPrefix(header, "object-lock"):
		header = "x-amz-" + header
	}
	for have, values := range src.headers {
		if !strings.EqualFold(have, header) {
			continue
		}
		for _, v := range values {
			if v != values[0] {
				return nil, true
			}
		}
		v := values[0]
		switch name {
		case "s3:x-amz-copy-source":
			if plain, err := url.PathUnescape(v); err == nil {
				v = plain
			}
			v = strings.TrimPrefix(v, "/")
		case "s3:object-lock-remaining-retention-days":
			until, ok := naiveTime(v)
			if !ok || now.IsZero() {
				return nil, true
			}
			v = strconv.FormatFloat(float64(until.Sub(now)/(24*time.Hour)), 'f', -1, 64)
		}
		return []string{v}, false
	}
	return nil, false
}

package adminapi

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"myfsio/gate"
	"myfsio/iam/policy"
)

// conditions fills what the conditions of policies look at from the condition keys and headers that were given.
func (h *Handler) conditions(ctx context.Context, r *gate.Request, in *simulateDoc) error {
	src := source{query: url.Values{}, headers: map[string][]string{}, stored: h.storedTags(ctx, r.Bucket, r.Key, r.VersionID)}
	for name, v := range in.Headers {
		src.headers[http.CanonicalHeaderKey(name)] = v
	}
	ask := &r.Conditions
	*ask = policy.Context{Now: r.Started}
	if !in.Anonymous {
		ask.AuthType, ask.SignatureVersion = "REST-HEADER", "AWS4-HMAC-SHA256"
	}
	for name, v := range in.Context {
		if err := setCondition(ask, &src, name, v); err != nil {
			return err
		}
	}
	if r.Op.Name == "ListObjects" || r.Op.Name == "ListObjectsV2" || r.Op.Name == "ListObjectVersions" || r.Op.Name == "ListMultipartUploads" {
		r.Lists, r.Prefix = true, src.query.Get("prefix")
	}
	ask.Source = src
	return nil
}

// setCondition takes one condition key.
func setCondition(ask *policy.Context, src *source, name string, v values) error {
	key := strings.ToLower(name)
	if key, ok := strings.CutPrefix(key, "s3:x-amz-"); ok {
		src.headers[http.CanonicalHeaderKey("x-amz-"+key)] = v
		return nil
	}
	if i := strings.IndexByte(name, '/'); i >= 0 {
		return setTag(src, key[:i], policy.Tag{Key: name[i+1:]}, v)
	}
	if len(v) != 1 {
		return invalid("The condition key %q has one value.", name)
	}
	one, err := v[0], error(nil)
	switch key {
	case "aws:sourceip":
		if _, e := netip.ParseAddr(one); e != nil {
			err = invalid("aws:SourceIp must be an address.")
		}
		ask.SourceIP = one
	case "aws:securetransport":
		ask.Secure, err = strconv.ParseBool(one)
	case "aws:currenttime":
		ask.Now, err = time.Parse(time.RFC3339, one)
	case "aws:epochtime":
		var n int64
		n, err = strconv.ParseInt(one, 10, 64)
		ask.Now = time.Unix(n, 0)
	case "aws:referer":
		ask.Referer = one
	case "aws:useragent":
		ask.UserAgent = one
	case "s3:authtype":
		ask.AuthType = one
	case "s3:signatureversion":
		ask.SignatureVersion = one
	case "s3:signatureage":
		var n int64
		n, err = strconv.ParseInt(one, 10, 64)
		ask.SignatureAge = time.Duration(n) * time.Millisecond
	case "s3:tlsversion":
		ask.TLSVersion = one
	case "s3:prefix", "s3:delimiter", "s3:max-keys":
		src.query.Set(key[len("s3:"):], one)
	default:
		return invalid("The condition key %q is not known, or follows from the rest of the request.", name)
	}
	if err != nil {
		return invalid("The value of %s is not valid.", name)
	}
	return nil
}

// setTag takes a condition key that names a tag.
func setTag(src *source, key string, tag policy.Tag, v values) error {
	if len(v) != 1 {
		return invalid("A tag has one value.")
	}
	tag.Value = v[0]
	switch key {
	case "s3:existingobjecttag":
		src.given = append(src.given, tag)
	case "s3:requestobjecttag":
		src.request = append(src.request, tag)
	default:
		return invalid("The condition key %q is not known.", key)
	}
	return nil
}

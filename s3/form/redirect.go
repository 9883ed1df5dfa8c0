package form

import (
	"net/url"
	"strings"

	"myfsio/s3/wire"
)

// Redirect is where the browser goes after a success.
type Redirect struct{ u *url.URL }

// Redirect reads success_action_redirect, or the old name redirect; nil when the form has none or one that is no absolute
// URL of http or https, as with S3. A host, with its port, must be one of hosts, or when there are none the host of
// the request; any other is an error, since a form must not lead its users anywhere.
func (f *Form) Redirect(hosts []string, host string) (*Redirect, error) {
	name := "success_action_redirect"
	raw, ok := f.values[name]
	if !ok {
		name = "redirect"
		raw = f.values[name]
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, nil
	}
	if len(hosts) == 0 {
		hosts = []string{host}
	}
	if u.User == nil {
		for _, h := range hosts {
			if bare(u.Scheme, u.Host) == bare(u.Scheme, h) {
				return &Redirect{u}, nil
			}
		}
	}
	return nil, wire.InvalidArgument(name, raw, "The server does not redirect to this host. Its administrator allows hosts with ALLOWED_REDIRECT_HOSTS.")
}

// bare is a host in lower case without the port that its scheme has anyway.
func bare(scheme, host string) string {
	host = strings.ToLower(strings.TrimSpace(host))
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// Location returns the URL, with the bucket, key and entity tag of the object behind the query it has. etag is
// without quotes.
func (r *Redirect) Location(bucket, key, etag string) string {
	u := *r.u
	query := "bucket=" + url.QueryEscape(bucket) + "&key=" + url.QueryEscape(key) + "&etag=" + url.QueryEscape(`"`+etag+`"`)
	if u.RawQuery != "" {
		query = sanitize(u.RawQuery) + "&" + query
	}
	u.RawQuery = query
	return u.String()
}

// sanitize escapes what a header must not carry as it stands.
func sanitize(query string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(query); i++ {
		if c := query[i]; c <= ' ' || c >= 0x7F || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

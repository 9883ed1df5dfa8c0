package site

import (
	"strconv"
	"strings"
)

// Visit is what a redirect takes over from a request.
type Visit struct {
	Secure bool
	Host   string // with its port
	Key    string // the path without its first /
	Query  string // as it was sent, without ?
}

// All returns where the configuration leads every request; "" when it does not.
func (c *Config) All(v Visit) string {
	all := c.RedirectAllRequestsTo
	if all == nil {
		return ""
	}
	return v.location(all.Protocol, all.HostName, "", v.Key)
}

// Route returns where the first rule that fits leads a request, and the status to answer with. failed is the status that
// the request would be answered with, or 0 before anything was looked for: then only rules that ask for no status fit, later
// only those that ask for this one.
func (c *Config) Route(v Visit, failed int) (location string, status int, ok bool) {
	for i := range c.RoutingRules {
		r := &c.RoutingRules[i]
		if r.fits(v.Key, failed) {
			status = 301
			if r.Redirect.HTTPRedirectCode != "" {
				status, _ = strconv.Atoi(r.Redirect.HTTPRedirectCode) // three digits, see Check
			}
			return r.location(v), status, true
		}
	}
	return "", 0, false
}

func (r *RoutingRule) fits(key string, failed int) bool {
	if r.Condition == nil {
		return failed == 0
	}
	want := r.Condition.HTTPErrorCodeReturnedEquals
	if (want == "") != (failed == 0) || failed != 0 && want != strconv.Itoa(failed) {
		return false
	}
	return strings.HasPrefix(key, r.prefix())
}

// prefix is the one that the condition asks for.
func (r *RoutingRule) prefix() string {
	if r.Condition == nil || r.Condition.KeyPrefixEquals == nil {
		return ""
	}
	return *r.Condition.KeyPrefixEquals
}

func (r *RoutingRule) location(v Visit) string {
	d := &r.Redirect
	switch {
	case d.ReplaceKeyWith != nil:
		return v.location(d.Protocol, d.HostName, *d.ReplaceKeyWith, "")
	case d.ReplaceKeyPrefixWith != nil:
		return v.location(d.Protocol, d.HostName, *d.ReplaceKeyPrefixWith, strings.TrimPrefix(v.Key, r.prefix()))
	}
	return v.location(d.Protocol, d.HostName, "", v.Key)
}

// location writes a URL. given comes from the configuration, which may bring a query or a fragment of its own, as in #!/ or
// resize?key=; key comes from the request and is escaped. The query of the request follows unless the configuration says otherwise.
func (v Visit) location(protocol, host, given, key string) string {
	if protocol == "" {
		protocol = "http"
		if v.Secure {
			protocol = "https"
		}
	}
	if host == "" {
		host = v.Host
	}
	b := append(append(append(append(make([]byte, 0, 256), protocol...), "://"...), host...), '/')
	b = escape(b, given, `"<>\^`+"`{|}")
	b = escape(b, key, `"<>\^`+"`{|}%?#")
	if v.Query != "" && !strings.ContainsAny(given, "?#") {
		b = escape(append(b, '?'), v.Query, `"<>\^`+"`{|}#")
	}
	return string(b)
}

// escape appends s with the bytes of unsafe, control characters, spaces and what is not ASCII as %XX.
func escape(b []byte, s, unsafe string) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7F || strings.IndexByte(unsafe, c) >= 0 {
			b = append(b, '%', digits[c>>4], digits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

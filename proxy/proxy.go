// Package proxy finds out who the client is when proxies stand before the server.
//
// A proxy says in X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host what it saw. Anybody can send these headers, so they count only on
// connections from a trusted peer, and of what they say only what the trusted proxies wrote: each appends one value at the
// right, so with Count proxies the Count-th value from the right is what the outermost of them saw, and everything to the left of it is
// the client's own words. Where there are fewer values, or one cannot be read, the last good one before it counts.
//
// Forwarded (RFC 7239) is read in the same way, and only in requests without any of the three: a proxy that
// writes those passes a client's Forwarded on untouched.
//
// What remains is the administrator's part: a proxy that neither writes nor removes a header lets clients write it, and
// whoever reaches the server from a trusted address without passing a proxy is believed like one.
package proxy

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Trust says which proxies are believed. The zero value believes none.
type Trust struct {
	Peers []netip.Prefix // the addresses of proxies
	Count int            // how many of them a request passes
}

const (
	forwardedFor   = "X-Forwarded-For"
	forwardedProto = "X-Forwarded-Proto"
	forwardedHost  = "X-Forwarded-Host"
	forwarded      = "Forwarded"
)

// Client returns the address of r's client: an IP address without port and zone, "" when there is none, as on a Unix socket.
func (t *Trust) Client(r *http.Request) string {
	client, _ := peer(r)
	t.walk(r, forwardedFor, "for", func(value string) bool {
		a, ok := address(value)
		if ok {
			client = a.String()
		}
		return ok
	})
	return client
}

// Secure reports whether r's client speaks TLS, to this server or to the outermost trusted proxy.
func (t *Trust) Secure(r *http.Request) bool {
	secure := r.TLS != nil
	t.walk(r, forwardedProto, "proto", func(value string) bool {
		https := strings.EqualFold(value, "https")
		ok := https || strings.EqualFold(value, "http")
		if ok {
			secure = https
		}
		return ok
	})
	return secure
}

// Host returns the host, with its port if any, that r's client asked for. It is what a signature of the client covers.
func (t *Trust) Host(r *http.Request) string {
	host := r.Host
	t.walk(r, forwardedHost, "host", func(value string) bool {
		ok := validHost(value)
		if ok {
			host = value
		}
		return ok
	})
	return host
}

// Handler makes r.Host the host that the client asked for, before next looks at it.
func (t *Trust) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := t.Host(r); host != r.Host {
			changed := *r
			changed.Host = host
			r = &changed
		}
		next.ServeHTTP(w, r)
	})
}

// peer returns the address at the other end of the connection, "" where there is none.
func peer(r *http.Request) (string, netip.Addr) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "", netip.Addr{}
	}
	host, _, _ = strings.Cut(host, "%")
	a, err := netip.ParseAddr(host)
	if err != nil {
		return "", netip.Addr{}
	}
	return host, a.Unmap()
}

func (t *Trust) trusted(r *http.Request) bool {
	_, a := peer(r)
	for _, p := range t.Peers {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// walk hands value after value of a header to use, from the right, until use returns false or the trusted proxies
// are passed. Without the header it looks for the parameter of Forwarded.
func (t *Trust) walk(r *http.Request, header, param string, use func(value string) bool) {
	lines := r.Header[header]
	if len(lines) == 0 {
		lines = r.Header[forwarded]
		if len(lines) == 0 || r.Header[forwardedFor] != nil || r.Header[forwardedProto] != nil || r.Header[forwardedHost] != nil {
			return
		}
	} else {
		param = ""
	}
	if t.Count <= 0 || !t.trusted(r) {
		return
	}
	left := t.Count
	for i := len(lines) - 1; i >= 0; i-- {
		rest, more := lines[i], true
		for more {
			var value string
			var ok bool
			if value, rest, more, ok = last(rest); !ok || left == 0 {
				return
			}
			if param != "" {
				if value, ok = parameter(value, param); !ok {
					return
				}
			}
			if !use(value) {
				return
			}
			left--
		}
	}
}

// longest is the length of the longest value that is looked at: a hop of Forwarded with four long parameters.
const longest = 1024

// last cuts the value after the last comma off a line. ok is false for one that is empty or too long. It looks at
// the end of the line alone, however long the line is.
func last(line string) (value, rest string, more, ok bool) {
	tail := line[max(0, len(line)-longest):]
	i := strings.LastIndexByte(tail, ',')
	if i < 0 && len(tail) < len(line) {
		return "", "", false, false
	}
	value = strings.Trim(tail[i+1:], " \t")
	if i >= 0 {
		rest, more = line[:len(line)-len(tail)+i], true
	}
	return value, rest, more, value != ""
}

// parameter returns a parameter of one hop of Forwarded. Commas were cut without regard to quotes, so that a quote
// that a client leaves open cannot swallow what a proxy appended; no value that counts holds a comma.
func parameter(hop, name string) (string, bool) {
	for pair := range strings.SplitSeq(hop, ";") {
		key, value, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !ok || !strings.EqualFold(key, name) {
			continue
		}
		if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		return value, value != "" && !strings.ContainsAny(value, `"\`)
	}
	return "", false
}

// address reads 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1] and [2001:db8::1]:80. A zone says nothing
// here and is dropped.
func address(s string) (netip.Addr, bool) {
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 || !validPort(s[end+1:]) || !strings.Contains(s[:end], ":") {
			return netip.Addr{}, false
		}
		s = s[1:end]
	case strings.Count(s, ":") == 1:
		i := strings.IndexByte(s, ':')
		if !validPort(s[i:]) {
			return netip.Addr{}, false
		}
		s = s[:i]
	}
	if host, _, zoned := strings.Cut(s, "%"); zoned && strings.Contains(host, ":") {
		s = host
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil
}

// validPort reports whether s is empty, or a colon and a number that fits.
func validPort(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != ':' || len(s) < 2 || len(s) > 6 {
		return false
	}
	n := 0
	for _, c := range []byte(s[1:]) {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n <= 65535
}

// validHost accepts a DNS name, an IPv4 address or a bracketed IPv6 address, each with or without a port.
func validHost(s string) bool {
	if len(s) == 0 || len(s) > 253+6 {
		return false
	}
	if s[0] == '[' {
		a, ok := address(s)
		return ok && a.IsValid() && !strings.Contains(s, "%")
	}
	name, port := s, ""
	if i := strings.IndexByte(s, ':'); i >= 0 {
		name, port = s[:i], s[i:]
	}
	if name == "" || len(name) > 253 || !validPort(port) {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}

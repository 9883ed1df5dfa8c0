package proxy

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

var local = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fe80::/10")}

// request comes from a peer and carries header lines "Name: value".
func request(peer string, lines ...string) *http.Request {
	r := &http.Request{RemoteAddr: peer, Host: "own.example:5000", Header: http.Header{}}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		r.Header.Add(name, value)
	}
	return r
}

const (
	inside  = "10.0.0.2:4711"
	outside = "192.0.2.66:4711"
)

func TestClient(t *testing.T) {
	for _, tt := range []struct {
		name  string
		count int
		peer  string
		lines []string
		want  string
	}{
		{"no header", 1, outside, nil, "192.0.2.66"},
		{"no header, IPv6", 1, "[2001:db8::1]:80", nil, "2001:db8::1"},
		{"zone of the peer", 1, "[fe80::1%eth0]:80", nil, "fe80::1"},
		{"peer with a zone is trusted", 1, "[fe80::1%eth0]:80", []string{"X-Forwarded-For: 203.0.113.5"}, "203.0.113.5"},
		{"mapped peer is trusted", 1, "[::ffff:10.0.0.2]:80", []string{"X-Forwarded-For: 203.0.113.5"}, "203.0.113.5"},
		{"empty peer", 1, "", []string{"X-Forwarded-For: 203.0.113.5"}, ""},
		{"unix socket", 1, "@", []string{"X-Forwarded-For: 203.0.113.5"}, ""},
		{"unix path", 1, "/run/x:80", []string{"X-Forwarded-For: 203.0.113.5"}, ""},
		{"one proxy", 1, inside, []string{"X-Forwarded-For: 203.0.113.5"}, "203.0.113.5"},
		{"untrusted peer", 1, outside, []string{"X-Forwarded-For: 127.0.0.1"}, "192.0.2.66"},
		{"spoofed through a proxy", 1, inside, []string{"X-Forwarded-For: 127.0.0.1, 203.0.113.5"}, "203.0.113.5"},
		{"spoofed as a line of its own", 1, inside, []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 203.0.113.5"}, "203.0.113.5"},
		{"count 0", 0, inside, []string{"X-Forwarded-For: 203.0.113.5"}, "10.0.0.2"},
		{"negative count", -1, inside, []string{"X-Forwarded-For: 203.0.113.5"}, "10.0.0.2"},
		{"two proxies", 2, inside, []string{"X-Forwarded-For: 6.6.6.6, 203.0.113.5, 198.51.100.7"}, "203.0.113.5"},
		{"two proxies, two lines", 2, inside, []string{"X-Forwarded-For: 6.6.6.6, 203.0.113.5", "X-Forwarded-For: 198.51.100.7"}, "203.0.113.5"},
		{"fewer hops than proxies", 3, inside, []string{"X-Forwarded-For: 203.0.113.5,198.51.100.7"}, "203.0.113.5"},
		{"garbage hop", 2, inside, []string{"X-Forwarded-For: 203.0.113.5, unknown, 198.51.100.7"}, "198.51.100.7"},
		{"empty hop", 2, inside, []string{"X-Forwarded-For: 203.0.113.5, , 198.51.100.7"}, "198.51.100.7"},
		{"empty line", 2, inside, []string{"X-Forwarded-For: 203.0.113.5", "X-Forwarded-For: "}, "10.0.0.2"},
		{"garbage alone", 1, inside, []string{"X-Forwarded-For: '; drop table"}, "10.0.0.2"},
		{"port", 1, inside, []string{"X-Forwarded-For: 203.0.113.5:61234"}, "203.0.113.5"},
		{"bad port", 1, inside, []string{"X-Forwarded-For: 203.0.113.5:612345"}, "10.0.0.2"},
		{"IPv6", 1, inside, []string{"X-Forwarded-For: 2001:DB8:0::1"}, "2001:db8::1"},
		{"brackets", 1, inside, []string{"X-Forwarded-For: [2001:db8::1]"}, "2001:db8::1"},
		{"brackets and port", 1, inside, []string{"X-Forwarded-For: [2001:db8::1]:443"}, "2001:db8::1"},
		{"brackets around IPv4", 1, inside, []string{"X-Forwarded-For: [203.0.113.5]"}, "10.0.0.2"},
		{"open bracket", 1, inside, []string{"X-Forwarded-For: [2001:db8::1"}, "10.0.0.2"},
		{"zone", 1, inside, []string{"X-Forwarded-For: fe80::2%eth0"}, "fe80::2"},
		{"zone of IPv4", 1, inside, []string{"X-Forwarded-For: 203.0.113.5%eth0"}, "10.0.0.2"},
		{"mapped", 1, inside, []string{"X-Forwarded-For: ::ffff:203.0.113.5"}, "203.0.113.5"},
		{"odd IPv4", 1, inside, []string{"X-Forwarded-For: 0177.0.0.1"}, "10.0.0.2"},
		{"RFC 7239", 1, inside, []string{`Forwarded: for="[2001:db8::1]:4711";proto=https;host=s3.example`}, "2001:db8::1"},
		{"RFC 7239, spoofed", 1, inside, []string{`Forwarded: for=127.0.0.1, for=203.0.113.5`}, "203.0.113.5"},
		{"RFC 7239, open quote", 1, inside, []string{`Forwarded: for="127.0.0.1, for=203.0.113.5`}, "203.0.113.5"},
		{"RFC 7239, obscured", 1, inside, []string{`Forwarded: for=_hidden`}, "10.0.0.2"},
		{"RFC 7239, two proxies", 2, inside, []string{`Forwarded: for=6.6.6.6`, `Forwarded: For=203.0.113.5 ; by=x, for=198.51.100.7`}, "203.0.113.5"},
		{"RFC 7239 past a proxy of the other kind", 1, inside, []string{`Forwarded: for=127.0.0.1`, `X-Forwarded-For: 203.0.113.5`}, "203.0.113.5"},
		{"RFC 7239 past a proxy that names only the host", 1, inside, []string{`Forwarded: for=127.0.0.1`, `X-Forwarded-Host: s3.example`}, "10.0.0.2"},
		{"RFC 7239, untrusted peer", 1, outside, []string{`Forwarded: for=127.0.0.1`}, "192.0.2.66"},
		{"1 MB of addresses", 1, inside, []string{"X-Forwarded-For: " + strings.Repeat("127.0.0.1, ", 100_000) + "203.0.113.5"}, "203.0.113.5"},
		{"1 MB of nothing", 1, inside, []string{"X-Forwarded-For: " + strings.Repeat("x", 1<<20)}, "10.0.0.2"},
		{"1 MB of blanks", 16, inside, []string{"X-Forwarded-For: 1.1.1.1," + strings.Repeat(" ", 1<<20)}, "10.0.0.2"},
		{"1 MB of commas", 16, inside, []string{"X-Forwarded-For: " + strings.Repeat(",", 1<<20)}, "10.0.0.2"},
		{"100,000 lines", 16, inside, append([]string{}, strings.Split(strings.Repeat("X-Forwarded-For: 203.0.113.5\n", 100_000), "\n")[:100_000]...), "203.0.113.5"},
	} {
		trust := &Trust{Peers: local, Count: tt.count}
		if got := trust.Client(request(tt.peer, tt.lines...)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSecure(t *testing.T) {
	for _, tt := range []struct {
		name  string
		count int
		peer  string
		tls   bool
		lines []string
		want  bool
	}{
		{"plain", 1, outside, false, nil, false},
		{"TLS", 1, outside, true, nil, true},
		{"proxy says https", 1, inside, false, []string{"X-Forwarded-Proto: HTTPS"}, true},
		{"TLS from the proxy, plain before it", 1, inside, true, []string{"X-Forwarded-Proto: http"}, false},
		{"stranger says https", 1, outside, false, []string{"X-Forwarded-Proto: https"}, false},
		{"count 0", 0, inside, false, []string{"X-Forwarded-Proto: https"}, false},
		{"client says https through a proxy", 1, inside, false, []string{"X-Forwarded-Proto: https, http"}, false},
		{"two proxies, inner plain", 2, inside, false, []string{"X-Forwarded-Proto: https, http"}, true},
		{"garbage", 1, inside, false, []string{"X-Forwarded-Proto: httpsx"}, false},
		{"garbage does not hide TLS", 1, inside, true, []string{"X-Forwarded-Proto: x"}, true},
		{"RFC 7239", 1, inside, false, []string{"Forwarded: for=203.0.113.5; proto=https"}, true},
		{"RFC 7239 without proto", 1, inside, false, []string{"Forwarded: proto=https, for=203.0.113.5"}, false},
		{"RFC 7239 beside X-Forwarded-For", 1, inside, false, []string{"Forwarded: proto=https", "X-Forwarded-For: 203.0.113.5"}, false},
	} {
		trust := &Trust{Peers: local, Count: tt.count}
		r := request(tt.peer, tt.lines...)
		if tt.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := trust.Secure(r); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestHost(t *testing.T) {
	const own = "own.example:5000"
	for _, tt := range []struct {
		peer, line, want string
	}{
		{inside, "X-Forwarded-Host: s3.example", "s3.example"},
		{inside, "X-Forwarded-Host: s3.example:8443", "s3.example:8443"},
		{inside, "X-Forwarded-Host: B_1.s3.Example.", "B_1.s3.Example."},
		{inside, "X-Forwarded-Host: 203.0.113.5:80", "203.0.113.5:80"},
		{inside, "X-Forwarded-Host: [2001:db8::1]:80", "[2001:db8::1]:80"},
		{inside, "X-Forwarded-Host: evil.example, s3.example", "s3.example"},
		{inside, `Forwarded: for=203.0.113.5;host="s3.example:80"`, "s3.example:80"},
		{outside, "X-Forwarded-Host: s3.example", own},
		{inside, "X-Forwarded-Host: ", own},
		{inside, "X-Forwarded-Host: s3.example:", own},
		{inside, "X-Forwarded-Host: s3.example:99999", own},
		{inside, "X-Forwarded-Host: s3.example:80:80", own},
		{inside, "X-Forwarded-Host: :80", own},
		{inside, "X-Forwarded-Host: a/b", own},
		{inside, "X-Forwarded-Host: user@s3.example", own},
		{inside, "X-Forwarded-Host: a b", own},
		{inside, "X-Forwarded-Host: a\r\nb", own},
		{inside, "X-Forwarded-Host: [fe80::1%25x]", own},
		{inside, "X-Forwarded-Host: [x]", own},
		{inside, "X-Forwarded-Host: exämple", own},
		{inside, "X-Forwarded-Host: " + strings.Repeat("a", 254), own},
	} {
		trust := &Trust{Peers: local, Count: 1}
		r := request(tt.peer, tt.line)
		if got := trust.Host(r); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
		seen := ""
		trust.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Host })).ServeHTTP(httptest.NewRecorder(), r)
		if seen != tt.want || r.Host != own {
			t.Errorf("%s: the handler sees %q, the request before it has %q", tt.line, seen, r.Host)
		}
	}
}

func TestNothingIsAllocatedWithoutHeaders(t *testing.T) {
	trust := &Trust{Peers: local, Count: 1}
	for _, peer := range []string{inside, outside, "[2001:db8::1]:80", "[fe80::1%eth0]:80"} {
		r := request(peer, "Host: x", "Authorization: y")
		if n := testing.AllocsPerRun(100, func() { trust.Client(r); trust.Secure(r); trust.Host(r) }); n != 0 {
			t.Errorf("%s: %v allocations", peer, n)
		}
	}
}

// FuzzHeaders: whatever a client writes before the value that the proxy appended changes nothing.
func FuzzHeaders(f *testing.F) {
	f.Add("127.0.0.1", `for="127.0.0.1`, false)
	f.Add(",,,", `for=a;proto="https`, true)
	f.Add("[::1", `"`, true)
	f.Fuzz(func(t *testing.T, a, b string, lines bool) {
		trust := &Trust{Peers: local, Count: 1}
		for _, own := range []struct {
			client string
			header string
			value  string
		}{{a, forwardedFor, "203.0.113.5"}, {b, forwarded, "for=203.0.113.5;proto=http;host=s3.example"}} {
			r := request(inside)
			if lines {
				r.Header[own.header] = []string{own.client, own.value}
			} else {
				r.Header[own.header] = []string{own.client + ", " + own.value}
			}
			if got := trust.Client(r); got != "203.0.113.5" {
				t.Errorf("%s: %q: client %q", own.header, r.Header, got)
			}
			if trust.Secure(r) {
				t.Errorf("%q: secure", r.Header)
			}
		}
		// The client's own value alone: an address or the peer, a valid host or the own one.
		r := request(inside)
		r.Header[forwardedFor], r.Header[forwardedHost] = []string{a}, []string{b}
		if _, err := netip.ParseAddr(trust.Client(r)); err != nil {
			t.Errorf("%q: %v", a, err)
		}
		if h := trust.Host(r); h != r.Host && !validHost(h) || strings.ContainsAny(h, "/@ \r\n\t,") {
			t.Errorf("%q: host %q", b, h)
		}
	})
}

func BenchmarkClient(b *testing.B) {
	trust := &Trust{Peers: local, Count: 1}
	r := request(inside, "X-Forwarded-For: 127.0.0.1, 203.0.113.5")
	b.ReportAllocs()
	for b.Loop() {
		trust.Client(r)
	}
}

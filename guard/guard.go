// Package guard is the one way out: connections to addresses that users choose (webhooks, replication targets,
// peers, connection tests) are made by a [Guard], so that nobody can use the server to reach what only the server can.
//
// # What is checked, and when
//
//   - The address of every connection, after the name is resolved and before anything is sent. A name that resolves
//     differently the second time (DNS rebinding) gains nothing: the address that is checked is the one that is connected to.
//   - The URL of every request: http or https, a host, no user and password in it.
//   - Redirects are not followed: the answer 3xx is what the caller gets. Proxies of the environment are not used.
//
// Internal addresses (loopback, private, link-local, shared, documentation, and all that the registries of special purposes keep
// apart) are refused unless AllowInternal. The services at which clouds hand out the machine's own credentials, multicast, and
// addresses that are none are always refused. An IPv4 address inside an IPv6 one (mapped, compatible, 6to4, NAT64, ISATAP) is
// judged like itself.
package guard

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"myfsio/fault"
)

// Options of a Guard; all may be zero.
type Options struct {
	AllowInternal   bool
	ConnectTimeout  time.Duration // to resolve and connect; default 5 s
	ResponseTimeout time.Duration // from the request sent to the header received; default 30 s
	Timeout         time.Duration // of a whole request with its body; 0: the request's context decides
	TLS             *tls.Config   // default the system's authorities, TLS 1.2 or later
	Resolver        *net.Resolver // default net.DefaultResolver
}

// Guard makes outgoing connections. Its methods may be called at the same time.
type Guard struct {
	internal bool
	dialer   net.Dialer
	client   *http.Client
}

// ErrRefused is wrapped by the errors of what the guard does not allow, as opposed to what failed.
var ErrRefused = errors.New("refused by the guard of outgoing connections")

// maxURL is the longest URL in bytes.
const maxURL = 4096

// New returns a guard.
func New(o Options) *Guard {
	g := &Guard{internal: o.AllowInternal}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 5 * time.Second
	}
	if o.ResponseTimeout <= 0 {
		o.ResponseTimeout = 30 * time.Second
	}
	g.dialer = net.Dialer{Timeout: o.ConnectTimeout, Resolver: o.Resolver, ControlContext: g.control}
	g.client = &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &transport{g, &http.Transport{
			Proxy:                  nil, // one of the environment would connect for us, unguarded
			DialContext:            g.DialContext,
			TLSClientConfig:        o.TLS,
			TLSHandshakeTimeout:    o.ConnectTimeout,
			ResponseHeaderTimeout:  o.ResponseTimeout,
			ExpectContinueTimeout:  time.Second,
			IdleConnTimeout:        90 * time.Second,
			MaxIdleConns:           100,
			MaxIdleConnsPerHost:    16,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // what an answer unpacks to is not bounded
		}},
	}
	return g
}

// Client returns the client that all outgoing requests use. Read answers with [Read], or bound them otherwise.
func (g *Guard) Client() *http.Client { return g.client }

// Close closes idle connections.
func (g *Guard) Close() { g.client.CloseIdleConnections() }

// transport checks the URL of every request, also of those that were not made by hand.
type transport struct {
	g    *Guard
	base *http.Transport
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.g.check(r.URL); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return t.base.RoundTrip(r)
}

func (t *transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// DialContext connects by TCP, to an allowed address. Where a name has several, those that are not allowed are passed over.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil, refuse("connections by %s are not made", network)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refuse("%.100q is not host:port", address)
	}
	if err := g.checkHost(host); err != nil {
		return nil, err
	}
	return g.dialer.DialContext(ctx, network, address)
}

// control sees the address that is about to be connected to.
func (g *Guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return refuse("%q is not an address", address)
	}
	return g.checkAddr(ap.Addr())
}

// CheckURL reports early, for the person who enters it, why a URL could not be used. It does not resolve names: a name
// that turns out to be internal is refused when it is connected to. The error is a fault.InvalidArgument.
func (g *Guard) CheckURL(s string) error {
	if len(s) > maxURL {
		return refuse("the URL is longer than %d bytes", maxURL)
	}
	u, err := url.Parse(s)
	if err != nil {
		return refuse("this is not a URL; it should look like https://host.example/path")
	}
	return g.check(u)
}

func (g *Guard) check(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return refuse("the URL must begin with http:// or https://")
	case u.User != nil:
		return refuse("the URL must not hold a user name or password")
	case u.Hostname() == "":
		return refuse("the URL names no host")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return refuse("the port of the URL is not within 1 to 65535")
		}
	}
	return g.checkHost(u.Hostname())
}

// metadataNames are names of the services that metadataNets lists by address.
var metadataNames = []string{"metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal",
	"metadata.tencentyun.com", "metadata.platformequinix.com", "metadata.packet.net"}

// checkHost refuses names and literal addresses that cannot be meant well.
func (g *Guard) checkHost(host string) error {
	if a, err := netip.ParseAddr(host); err == nil {
		return g.checkAddr(a)
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	for _, c := range []byte(name) {
		if c >= 0x80 || c <= ' ' || c == '%' {
			return refuse("the host must be written in ASCII (xn--… for other letters)")
		}
	}
	for _, m := range metadataNames {
		if name == m {
			return refuse("%s is a service of the machine, not a server to connect to", name)
		}
	}
	label := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case numeric(label):
		return refuse("%.100q is not an address; write it as 192.0.2.1", name)
	case !g.internal && (label == "localhost" || label == "local" || label == "internal"):
		return refuse("%.100s is internal; ALLOW_INTERNAL_ENDPOINTS=true allows it", name)
	}
	return nil
}

// numeric reports whether a last label makes a name an address for some resolvers: 127.1, 0x7f000001, 2130706433.
func numeric(label string) bool {
	if _, err := strconv.ParseUint(label, 0, 64); err == nil {
		return true
	}
	return label == "" || strings.Trim(label, "0123456789") == "" || strings.HasPrefix(label, "0x")
}

func (g *Guard) checkAddr(a netip.Addr) error {
	switch sortOf(a) {
	case never:
		return refuse("%s is not an address to connect to", a)
	case internal:
		if !g.internal {
			return refuse("%s is an internal address; ALLOW_INTERNAL_ENDPOINTS=true allows it", a)
		}
	}
	return nil
}

func refuse(format string, args ...any) error {
	e := fault.New(fault.InvalidArgument, format, args...)
	e.Err = ErrRefused
	return e
}

// Read reads the body of an answer, at most max bytes, and closes it. A longer one is an error.
func Read(resp *http.Response, max int64) ([]byte, error) {
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, max+1))
	if err == nil && int64(len(b)) > max {
		err = errors.New("the answer is longer than " + strconv.FormatInt(max, 10) + " bytes")
	}
	return b[:min(int64(len(b)), max)], err
}

package load

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Credentials are one access key. The zero value sends unsigned requests, as a
// static file server wants them.
type Credentials struct {
	AccessKey string
	SecretKey string
}

// Target is an endpoint under test.
type Target struct {
	Addr            string // IP and port, always loopback
	Region          string
	Credentials     Credentials
	UnsignedPayload bool // sign "UNSIGNED-PAYLOAD" in place of the body's SHA-256
	Drop            bool // where the kernel can, long bodies that are not compared are not copied out of it
}

// NewTarget parses an endpoint such as "http://127.0.0.1:9000". It refuses TLS and
// every address outside the loopback range: this tool makes load, and load belongs
// on a server of one's own, on this machine.
func NewTarget(endpoint, region string, cred Credentials) (*Target, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("endpoint %q: want http://host:port", endpoint)
	}
	host, port := u.Hostname(), u.Port()
	if host == "localhost" {
		host = "127.0.0.1" // never ask a resolver
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("endpoint %q: only loopback addresses are allowed", endpoint)
	}
	if port == "" {
		port = "80"
	}
	if region == "" {
		region = "us-east-1"
	}
	return &Target{Addr: net.JoinHostPort(ip.String(), port), Region: region, Credentials: cred}, nil
}

func (t *Target) signed() bool { return t.Credentials.AccessKey != "" }

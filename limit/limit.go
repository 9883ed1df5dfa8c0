// Package limit bounds how many requests a client may make.
//
// A [Rate] of N per Per is a bucket of N requests that fills evenly: a client may use all N at once, then
// one more every Per/N. There is no window with edges at which twice as many would pass in a moment, and nothing
// is kept about a client but one time: when its bucket will be full again (the generic cell rate algorithm).
//
// Requests are counted by class and client. A client is an address; IPv6 clients count by /64, for that is
// what one customer of a network gets, and addresses behind the translators of 64:ff9b::/96 by the IPv4 address.
//
// [Memory] counts in this process. limit/redislimit shares the counts of many processes.
package limit

import (
	"context"
	"net/netip"
	"strings"
	"time"
)

// Class is a group of requests with a rate of its own: an index in the table of rates.
type Class uint8

// Rate is N requests per Per. Without a positive N there is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// Limited reports whether r refuses anything.
func (r Rate) Limited() bool { return r.N > 0 && r.Per > 0 }

// Step is the time in which one request comes back, at least a nanosecond. It is 0 without a limit.
func (r Rate) Step() time.Duration {
	if !r.Limited() {
		return 0
	}
	return max(1, r.Per/time.Duration(r.N))
}

// Limiter counts requests. Its methods may be called at the same time.
type Limiter interface {
	// Take counts one request of a client, the textual address. When its allowance is used up, the request is
	// not counted, ok is false, and retry is how long until one will be allowed. It never fails: an implementation that cannot
	// count where it should counts elsewhere.
	Take(ctx context.Context, c Class, client string) (retry time.Duration, ok bool)
}

// nat64 is the prefix of translators; the last four bytes are an IPv4 address (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// Network returns what client counts as: an IPv4 address, an IPv6 /64, or the zero Prefix for what is no address.
func Network(client string) netip.Prefix {
	if !strings.ContainsAny(client, ".:") {
		return netip.Prefix{}
	}
	client, _, _ = strings.Cut(client, "%") // a zone is a name of ours, not of the client
	a, err := netip.ParseAddr(client)
	if err != nil {
		return netip.Prefix{}
	}
	a = a.Unmap()
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	return Sender(a)
}

// Sender groups the addresses that one sender has: an IPv4 address, also in its IPv6 form, or the IPv6 /64. The zero Addr has the zero Prefix.
func Sender(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits)
	return p
}

package guard

import "net/netip"

// sort is what an address is for.
type sort uint8

const (
	public   sort = iota
	internal      // allowed by AllowInternal
	never
)

func prefixes(list ...string) []netip.Prefix {
	ps := make([]netip.Prefix, len(list))
	for i, s := range list {
		ps[i] = netip.MustParsePrefix(s)
	}
	return ps
}

// neverNets are addresses that nothing of anybody's answers at, and those of metadata services. All of
// 169.254.0.0/16 is among them: clouds use several addresses there, and nobody keeps a server there.
var neverNets = prefixes(
	"0.0.0.0/8",          // this host: connects to loopback
	"169.254.0.0/16",     // metadata at .169.254 (most clouds), .170.2 and .170.23 (containers), .0.23, .42.42
	"192.0.0.0/24",       // protocol assignments; metadata at .192
	"100.100.100.200/32", // metadata
	"168.63.129.16/32",   // metadata, in a public range
	"224.0.0.0/4",        // multicast
	"255.255.255.255/32",
	"::/128",
	"fd00:ec2::/32",          // metadata at ::254, ::23
	"fd20:ce::254/128",       // metadata
	"fd00:42::42/128",        // metadata
	"fd00:c1::a9fe:a9fe/128", // metadata
	"fe80::a9fe:a9fe/128",    // metadata
	"ff00::/8",               // multicast
)

// internalNets are the IPv4 ranges and, within 2000::/3, the IPv6 ranges of the IANA registries of special purposes. All of IPv6
// outside 2000::/3 is internal as well.
var internalNets = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // private
	"100.64.0.0/10", // shared by customers of a carrier
	"127.0.0.0/8",
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
	"192.88.99.0/24",             // relays of 6to4
	"198.18.0.0/15",              // measurements
	"240.0.0.0/4",                // reserved
	"2001::/23",                  // protocol assignments, Teredo among them
	"2001:db8::/32", "3fff::/20", // documentation
)

var (
	global    = netip.MustParsePrefix("2000::/3")
	sixToFour = netip.MustParsePrefix("2002::/16")
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
)

// sortOf judges an address by its own range and by the IPv4 address it may carry.
func sortOf(a netip.Addr) sort {
	a = a.WithZone("").Unmap()
	if !a.IsValid() || contains(neverNets, a) {
		return never
	}
	if a.Is4() {
		return inside(a)
	}
	b := a.As16()
	tail := netip.AddrFrom4([4]byte(b[12:]))
	switch {
	case nat64.Contains(a):
		return sortOf(tail)
	case sixToFour.Contains(a):
		return max(inside(a), sortOf(netip.AddrFrom4([4]byte(b[2:6]))), isatap(b))
	case !global.Contains(a):
		// Local translators and old transition forms keep the IPv4 address at the end.
		if isatap(b) == never || carriesIPv4(b) && sortOf(tail) == never {
			return never
		}
		return internal
	}
	return max(inside(a), isatap(b))
}

func inside(a netip.Addr) sort {
	if contains(internalNets, a) {
		return internal
	}
	return public
}

// isatap judges the IPv4 address of an interface identifier 0:5efe or 200:5efe (RFC 5214).
func isatap(b [16]byte) sort {
	if b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe {
		return sortOf(netip.AddrFrom4([4]byte(b[12:])))
	}
	return public
}

// carriesIPv4 reports whether an address outside 2000::/3 is of a form that ends in an IPv4 address: compatible (::a.b.c.d, but for ::1),
// translated (::ffff:0:a.b.c.d) or of a local translator (64:ff9b:1::/48).
func carriesIPv4(b [16]byte) bool {
	if b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b {
		return true
	}
	for _, c := range b[:8] {
		if c != 0 {
			return false
		}
	}
	return b != [16]byte{15: 1}
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

package guard

import (
	"net/netip"
	"testing"
)

func TestAddresses(t *testing.T) {
	for want, list := range map[sort][]string{
		public: {"1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.1.1", "100.63.255.255", "100.128.0.0", "126.0.0.1", "128.0.0.1",
			"2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1", "2a00:1450::5efe:101:101"},
		internal: {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "127.0.0.1", "127.255.255.254", "100.64.0.1", "100.127.255.255",
			"192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "240.0.0.1", "192.88.99.1",
			"::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "2001:db8::1", "2001::1", "3fff::1", "100::1", "5f00::1", "4000::1",
			"::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:7f00:1::1", "2002:a00:1::", "::10.0.0.1", "::ffff:0:10.0.0.1",
			"2a00:1450::5efe:a00:1", "2a00:1450::200:5efe:7f00:1"},
		never: {"0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "239.255.255.255", "255.255.255.255",
			"::", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "fe80::a9fe:a9fe", "fe80::a9fe:a9fe%eth0", "::ffff:169.254.169.254", "::169.254.169.254", "::ffff:0:169.254.169.254", "64:ff9b::169.254.169.254",
			"64:ff9b:1::169.254.169.254", "2002:a9fe:a9fe::1", "2a00:1450::5efe:a9fe:a9fe", "fe80::5efe:a9fe:a9fe", "64:ff9b::224.0.0.1", "::ffff:0.0.0.0"},
	} {
		for _, s := range list {
			if got := sortOf(netip.MustParseAddr(s)); got != want {
				t.Errorf("%s: %d, want %d", s, got, want)
			}
		}
	}
	if sortOf(netip.Addr{}) != never {
		t.Error("no address at all is allowed")
	}
}

// FuzzAddresses: an IPv4 address is judged at least as hard when it comes in IPv6 clothes, and the standard library's
// own judgement is never milder than ours.
func FuzzAddresses(f *testing.F) {
	f.Add([]byte{169, 254, 169, 254}, []byte{0, 0x64, 0xff, 0x9b, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{10, 0, 0, 1}, make([]byte, 16))
	f.Fuzz(func(t *testing.T, four, sixteen []byte) {
		if len(four) != 4 || len(sixteen) != 16 {
			return
		}
		b := [4]byte(four)
		plain := sortOf(netip.AddrFrom4(b))
		for name, c := range map[string][16]byte{
			"mapped": {10: 0xff, 11: 0xff, 12: b[0], 13: b[1], 14: b[2], 15: b[3]},
			"nat64":  {1: 0x64, 2: 0xff, 3: 0x9b, 12: b[0], 13: b[1], 14: b[2], 15: b[3]},
			"6to4":   {0: 0x20, 1: 0x02, 2: b[0], 3: b[1], 4: b[2], 5: b[3], 15: 1},
			"isatap": {0: 0x2a, 1: 0x00, 7: 1, 10: 0x5e, 11: 0xfe, 12: b[0], 13: b[1], 14: b[2], 15: b[3]},
		} {
			if got := sortOf(netip.AddrFrom16(c)); got != plain {
				t.Errorf("%s of %v: %d, want %d", name, b, got, plain)
			}
		}
		for _, a := range []netip.Addr{netip.AddrFrom4(b), netip.AddrFrom16([16]byte(sixteen)).Unmap()} {
			special := !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
			if special && sortOf(a) == public {
				t.Errorf("%s counts as public", a)
			}
		}
	})
}

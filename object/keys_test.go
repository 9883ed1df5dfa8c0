package object

import (
	"bytes"
	"strings"
	"testing"

	"myfsio/kv"
)

// FuzzEscapeKey: escaped keys read back, sort as the keys do whatever follows, and are bounded by escaped prefixes.
func FuzzEscapeKey(f *testing.F) {
	for _, k := range []string{"", "a", "a\x00", "a\x00\x01", "a\x00\xff", "\x00\x00", "a\x01", "\xff", "a/b"} {
		f.Add(k, "a\x00b", []byte{0, 1}, []byte{0xff})
	}
	f.Fuzz(func(t *testing.T, a, b string, restA, restB []byte) {
		ea, eb := append(escapeKey(nil, a), restA...), append(escapeKey(nil, b), restB...)
		key, rest, ok := unescapeKey(ea)
		if !ok || key != a || !bytes.Equal(rest, restA) {
			t.Fatalf("%q comes back as %q with %q, %v", a, key, rest, ok)
		}
		if a != b && (a < b) != (bytes.Compare(ea, eb) < 0) {
			t.Fatalf("%q and %q sort otherwise when escaped", a, b)
		}
		p := escapeKey(nil, b)
		p = p[:len(p)-2]
		end := kv.PrefixEnd(p)
		in := bytes.Compare(ea, p) >= 0 && (end == nil || bytes.Compare(ea, end) < 0)
		if in != strings.HasPrefix(a, b) {
			t.Fatalf("prefix %q of %q: in range %v", b, a, in)
		}
	})
}

// FuzzUnescapeKey: what is not an escaped key is refused, and what is has one spelling.
func FuzzUnescapeKey(f *testing.F) {
	for _, b := range []string{"", "a", "a\x00", "a\x00\x01", "a\x00\xff\x00\x01z", "\x00\x02", "\x00\xff"} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		key, rest, ok := unescapeKey(b)
		if ok && !bytes.Equal(append(escapeKey(nil, key), rest...), b) {
			t.Fatalf("%q reads as %q and %q", b, key, rest)
		}
	})
}

// FuzzParseVersion: one text for one id.
func FuzzParseVersion(f *testing.F) {
	f.Add("00000000000000000000000000")
	f.Add("zzzzzzzzzzzzzzzzzzzzzzzzzz")
	f.Add("2yw7nt501wwjgrpqmea0dz9c3m")
	f.Add("0000000000000000000000000\n")
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := parseVersion(s); err == nil && formatVersion(v) != s {
			t.Fatalf("%q is read as %q", s, formatVersion(v))
		}
	})
}

func TestOrderOf(t *testing.T) {
	older, newer := id{0, 0, 0, 1}, id{0, 0, 0, 2}
	o, n := orderOf(older), orderOf(newer)
	if bytes.Compare(n[:], o[:]) >= 0 {
		t.Error("the newer id does not sort first")
	}
	if orderOf(o) != older {
		t.Error("not its own inverse")
	}
	last := id{1, 2, 3, 4, 5, 6, 0xff, 0xff, 9}
	if a := after(last, id{8: 7}); stamp(a) != stamp(last)+1 || a[8] != 7 {
		t.Errorf("after: %x", a)
	}
}

package checksum

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"myfsio/fault"
)

func sum(a Algorithm, msg []byte) []byte {
	h := New(a)
	h.Write(msg)
	return h.Sum(nil)
}

// The check values are those of the CRC catalogue, the FIPS and RFC examples, and the xxHash reference in C.
func TestVectors(t *testing.T) {
	for _, c := range []struct {
		a               Algorithm
		empty, nineByte string
	}{
		{CRC32, "00000000", "cbf43926"},
		{CRC32C, "00000000", "e3069283"},
		{CRC64NVME, "0000000000000000", "ae8b14860a799888"},
		{SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"},
		{SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"},
		{SHA512, "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e", "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85"},
		{MD5, "d41d8cd98f00b204e9800998ecf8427e", "25f9e794323b453885f5181f1b624d0b"},
		{XXHASH64, "ef46db3751d8e999", "8cb841db40e6ae83"},
		{XXHASH3, "2d06800538d394c2", "72dcb18b67a17dff"},
		{XXHASH128, "99aa06d3014798d86001c324468d497f", "33119477ede5dcd5e9716427681d5860"},
	} {
		if got := hex.EncodeToString(sum(c.a, nil)); got != c.empty {
			t.Errorf("%s of nothing = %s, want %s", c.a, got, c.empty)
		}
		if got := hex.EncodeToString(sum(c.a, []byte("123456789"))); got != c.nineByte {
			t.Errorf("%s of 123456789 = %s, want %s", c.a, got, c.nineByte)
		}
	}
}

func TestTable(t *testing.T) {
	all := All()
	if len(all) != 10 {
		t.Fatalf("%d algorithms", len(all))
	}
	for _, a := range all {
		if got, ok := Parse(strings.ToLower(a.String())); !ok || got != a {
			t.Errorf("Parse(%s) = %v, %v", a, got, ok)
		}
		if got, ok := ParseHeader("X-Amz-Checksum-" + a.String()); !ok || got != a {
			t.Errorf("ParseHeader(%s) = %v, %v", a, got, ok)
		}
		if h := New(a); h.Size() != a.Size() || len(h.Sum(nil)) != a.Size() {
			t.Errorf("%s has size %d, its hash %d", a, a.Size(), h.Size())
		}
		if a.Header() != "x-amz-checksum-"+strings.ToLower(a.String()) {
			t.Errorf("header %s", a.Header())
		}
		if !a.Allows(a.DefaultType()) {
			t.Errorf("%s does not allow its default", a)
		}
		isCRC := strings.HasPrefix(a.String(), "CRC")
		if a.Allows(FullObject) != isCRC || a.Allows(Composite) != (a != CRC64NVME) {
			t.Errorf("%s: full object %v, composite %v", a, a.Allows(FullObject), a.Allows(Composite))
		}
	}
	for _, name := range []string{"", "CRC", "sha-256", "CRC32 "} {
		if a, ok := Parse(name); ok {
			t.Errorf("Parse(%q) = %s", name, a)
		}
	}
	for _, name := range []string{"", "x-amz-checksum-", "x-amz-checksum-type", "y-amz-checksum-crc32"} {
		if a, ok := ParseHeader(name); ok {
			t.Errorf("ParseHeader(%q) = %s", name, a)
		}
	}
	if None.Header() != "" || None.String() != "" || None.Size() != 0 || New(None) != nil || OfParts(None, nil) != nil || Algorithm(200).Valid() {
		t.Error("None and unknown numbers must be empty")
	}
}

func TestTypes(t *testing.T) {
	for _, ty := range []Type{FullObject, Composite} {
		if got, ok := ParseType(strings.ToLower(ty.String())); !ok || got != ty {
			t.Errorf("ParseType(%s) = %v, %v", ty, got, ok)
		}
	}
	if _, ok := ParseType("FULL"); ok {
		t.Error("FULL is no type")
	}
}

func TestDecode(t *testing.T) {
	for _, a := range All() {
		raw := sum(a, []byte("x"))
		got, err := a.Decode(Encode(raw))
		if err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s: %x, %v", a, got, err)
		}
		for _, bad := range []string{"", "!", Encode(raw)[1:], Encode(append(raw, 1)), Encode(raw[1:]), Encode(raw) + "=", "\n" + Encode(raw)[1:]} {
			if _, err := a.Decode(bad); !fault.Is(err, fault.InvalidRequest) {
				t.Errorf("%s: Decode(%q) = %v", a, bad, err)
			}
		}
	}
	if _, err := None.Decode(""); err == nil {
		t.Error("None decodes")
	}
}

func TestCombine(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, a := range []Algorithm{CRC32, CRC32C, CRC64NVME} {
		for i := range 300 {
			msg := make([]byte, rng.IntN(1<<(i%14)+1))
			for j := range msg {
				msg[j] = byte(rng.Uint32())
			}
			cut := rng.IntN(len(msg) + 1)
			got, err := Combine(a, sum(a, msg[:cut]), sum(a, msg[cut:]), int64(len(msg)-cut))
			if err != nil || !bytes.Equal(got, sum(a, msg)) {
				t.Fatalf("%s of %d+%d bytes: %x, %v", a, cut, len(msg)-cut, got, err)
			}
		}
	}
}

// A chain of huge parts needs no bytes: zeros appended in two ways must agree.
func TestCombineAssociative(t *testing.T) {
	for _, a := range []Algorithm{CRC32, CRC32C, CRC64NVME} {
		x, y, z := sum(a, []byte("x")), sum(a, []byte("y")), sum(a, []byte("z"))
		const ny, nz = 5<<40 + 7, 1<<45 + 1
		xy, _ := Combine(a, x, y, ny)
		left, _ := Combine(a, xy, z, nz)
		yz, _ := Combine(a, y, z, nz)
		right, _ := Combine(a, x, yz, ny+nz)
		if !bytes.Equal(left, right) {
			t.Errorf("%s: %x != %x", a, left, right)
		}
	}
}

func TestCombineRefuses(t *testing.T) {
	four := make([]byte, 4)
	for _, c := range []struct {
		a    Algorithm
		x, y []byte
		n    int64
	}{
		{SHA1, make([]byte, 20), make([]byte, 20), 1}, {None, nil, nil, 0}, {CRC32, four, nil, 1},
		{CRC64NVME, four, four, 1}, {CRC32C, four, four, -1},
	} {
		if got, err := Combine(c.a, c.x, c.y, c.n); err == nil {
			t.Errorf("%s: %x", c.a, got)
		}
	}
}

func TestOfParts(t *testing.T) {
	p1, p2 := sum(SHA256, []byte("a")), sum(SHA256, []byte("b"))
	if got := OfParts(SHA256, [][]byte{p1, p2}); !bytes.Equal(got, sum(SHA256, append(bytes.Clone(p1), p2...))) {
		t.Errorf("%x", got)
	}
}

func BenchmarkSum(b *testing.B) {
	buf := make([]byte, 1<<20)
	for _, a := range All() {
		b.Run(a.String(), func(b *testing.B) {
			b.SetBytes(int64(len(buf)))
			h := New(a)
			for b.Loop() {
				h.Write(buf)
			}
		})
	}
}

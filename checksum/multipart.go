package checksum

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Type says how the checksum of a multipart object comes from its parts.
type Type uint8

// The types. The numbers are stored in metadata and never change.
const (
	FullObject Type = 0
	Composite  Type = 1
)

// ParseType reads "FULL_OBJECT" or "COMPOSITE", in any case.
func ParseType(s string) (Type, bool) {
	switch {
	case strings.EqualFold(s, "FULL_OBJECT"):
		return FullObject, true
	case strings.EqualFold(s, "COMPOSITE"):
		return Composite, true
	}
	return 0, false
}

// String returns the S3 name of the type.
func (t Type) String() string {
	if t == Composite {
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}

// Allows reports whether a multipart object may have a checksum of algorithm a and type t: CRC64NVME is
// FULL_OBJECT only, CRC32 and CRC32C may be both, everything that is not a CRC is COMPOSITE only.
func (a Algorithm) Allows(t Type) bool {
	if !a.Valid() {
		return false
	}
	for _, ok := range algorithms[a].types {
		if ok == t {
			return true
		}
	}
	return false
}

// DefaultType returns the type of a multipart upload that names algorithm a and no type.
func (a Algorithm) DefaultType() Type {
	if !a.Valid() {
		return FullObject
	}
	return algorithms[a].types[0]
}

// OfParts returns the raw COMPOSITE checksum: the digest of the raw part digests one after another.
// S3 writes it as base64, "-" and the number of parts. It returns nil for None.
func OfParts(a Algorithm, parts [][]byte) []byte {
	h := New(a)
	if h == nil {
		return nil
	}
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// Combine returns the CRC of a message from the CRCs of its two halves, of which the second is len2 bytes
// long. It fails for an algorithm that is not a CRC, a digest of the wrong length, and a negative length.
//
// A CRC is linear: appending len2 bytes multiplies the first CRC by x^(8*len2) modulo the polynomial. The
// complements at both ends cancel out. This costs some 64 multiplications, whatever the length.
func Combine(a Algorithm, crc1, crc2 []byte, len2 int64) ([]byte, error) {
	if !a.Valid() || algorithms[a].poly == 0 {
		return nil, fmt.Errorf("checksum: %q cannot be combined", a)
	}
	if len(crc1) != a.Size() || len(crc2) != a.Size() || len2 < 0 {
		return nil, fmt.Errorf("checksum: bad operands to combine %s", a)
	}
	f := field{poly: algorithms[a].poly, top: 1 << (8*a.Size() - 1)}
	out := make([]byte, a.Size())
	if len(out) == 4 {
		sum := f.mul(f.pow(len2), uint64(binary.BigEndian.Uint32(crc1))) ^ uint64(binary.BigEndian.Uint32(crc2))
		binary.BigEndian.PutUint32(out, uint32(sum))
	} else {
		sum := f.mul(f.pow(len2), binary.BigEndian.Uint64(crc1)) ^ binary.BigEndian.Uint64(crc2)
		binary.BigEndian.PutUint64(out, sum)
	}
	return out, nil
}

// field is the polynomials over GF(2) modulo poly. They are reflected: top is x^0, the bit below it x^1.
type field struct{ poly, top uint64 }

// mul returns a*b.
func (f field) mul(a, b uint64) uint64 {
	var p uint64
	for m := f.top; m != 0; m >>= 1 {
		if a&m != 0 {
			p ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ f.poly
		} else {
			b >>= 1
		}
	}
	return p
}

// pow returns x^(8*n).
func (f field) pow(n int64) uint64 {
	r := f.top
	for sq := f.top >> 8; n != 0; n >>= 1 {
		if n&1 != 0 {
			r = f.mul(r, sq)
		}
		sq = f.mul(sq, sq)
	}
	return r
}

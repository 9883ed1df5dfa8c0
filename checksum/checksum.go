// Package checksum knows the ten additional checksums of S3.
//
// A checksum travels as base64 of its digest, most significant byte first, in the
// header or trailer x-amz-checksum-<name>. The checksum of a multipart object is of
// one of two types:
//
//   - FULL_OBJECT is the checksum of all bytes. Only the CRCs can be had this way, since
//     [Combine] derives them from the checksums of the parts alone.
//   - COMPOSITE is the checksum of the raw part digests one after another, written
//     with "-" and the number of parts behind it. See [OfParts].
//
// An object that was written in one piece always has a FULL_OBJECT checksum.
package checksum

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	"myfsio/fault"
)

// Algorithm names a checksum algorithm. The numbers are stored in metadata and never change.
type Algorithm uint8

// The algorithms.
const (
	None      Algorithm = 0
	CRC32     Algorithm = 1
	CRC32C    Algorithm = 2
	CRC64NVME Algorithm = 3
	SHA1      Algorithm = 4
	SHA256    Algorithm = 5
	SHA512    Algorithm = 6
	MD5       Algorithm = 7
	XXHASH64  Algorithm = 8
	XXHASH3   Algorithm = 9  // the 64-bit variant of XXH3
	XXHASH128 Algorithm = 10 // the 128-bit variant of XXH3
)

// headerPrefix begins the name of every checksum header, in lower case.
const headerPrefix = "x-amz-checksum-"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// algorithms is the table of everything that differs between them. poly is the reflected polynomial of a
// CRC, 0 for the others.
var algorithms = [...]struct {
	name  string
	size  int
	poly  uint64
	types []Type // allowed for multipart, the default first
	new   func() hash.Hash
}{
	CRC32:     {"CRC32", 4, 0xEDB88320, []Type{Composite, FullObject}, func() hash.Hash { return crc32.NewIEEE() }},
	CRC32C:    {"CRC32C", 4, 0x82F63B78, []Type{Composite, FullObject}, func() hash.Hash { return crc32.New(castagnoli) }},
	CRC64NVME: {"CRC64NVME", 8, 0x9A6C9329AC4BC9B5, []Type{FullObject}, func() hash.Hash { return crc64nvme.New() }},
	SHA1:      {"SHA1", sha1.Size, 0, []Type{Composite}, sha1.New},
	SHA256:    {"SHA256", sha256.Size, 0, []Type{Composite}, sha256.New},
	SHA512:    {"SHA512", sha512.Size, 0, []Type{Composite}, sha512.New},
	MD5:       {"MD5", md5.Size, 0, []Type{Composite}, md5.New},
	XXHASH64:  {"XXHASH64", 8, 0, []Type{Composite}, func() hash.Hash { return xxhash.New() }},
	XXHASH3:   {"XXHASH3", 8, 0, []Type{Composite}, func() hash.Hash { return xxh3.New() }},
	XXHASH128: {"XXHASH128", 16, 0, []Type{Composite}, func() hash.Hash { return xxh3.New128() }},
}

// All returns every algorithm but None, in the order of their numbers.
func All() []Algorithm {
	all := make([]Algorithm, 0, len(algorithms)-1)
	for a := range algorithms[1:] {
		all = append(all, Algorithm(a+1))
	}
	return all
}

// Parse reads the S3 name of an algorithm, such as "CRC64NVME", in any case. It reports false for a
// name that is not known; the empty name is not known.
func Parse(name string) (Algorithm, bool) {
	for a := CRC32; a.Valid(); a++ {
		if strings.EqualFold(algorithms[a].name, name) {
			return a, true
		}
	}
	return None, false
}

// ParseHeader finds the algorithm of a header or trailer name such as "X-Amz-Checksum-Crc32", in any case.
func ParseHeader(header string) (Algorithm, bool) {
	if len(header) <= len(headerPrefix) || !strings.EqualFold(header[:len(headerPrefix)], headerPrefix) {
		return None, false
	}
	return Parse(header[len(headerPrefix):])
}

// Valid reports whether a is one of the algorithms and not None.
func (a Algorithm) Valid() bool { return a != None && int(a) < len(algorithms) }

// String returns the S3 name, "" for None.
func (a Algorithm) String() string {
	if !a.Valid() {
		return ""
	}
	return algorithms[a].name
}

// Header returns the name of the header and trailer in lower case, "" for None.
func (a Algorithm) Header() string {
	if !a.Valid() {
		return ""
	}
	return headerPrefix + strings.ToLower(algorithms[a].name)
}

// Size returns the length of the raw digest in bytes, 0 for None.
func (a Algorithm) Size() int {
	if !a.Valid() {
		return 0
	}
	return algorithms[a].size
}

// New returns a hash of algorithm a, whose Sum appends the raw digest in the byte order of S3; nil for None.
func New(a Algorithm) hash.Hash {
	if !a.Valid() {
		return nil
	}
	return algorithms[a].new()
}

// Decode reads the value of a checksum header: base64 of exactly Size bytes. The error is
// an InvalidRequest in the words of S3.
func (a Algorithm) Decode(b64 string) ([]byte, error) {
	if len(b64) == base64.StdEncoding.EncodedLen(a.Size()) && a.Valid() {
		raw, err := base64.StdEncoding.Strict().DecodeString(b64)
		if err == nil && len(raw) == a.Size() {
			return raw, nil
		}
	}
	return nil, &fault.Error{Kind: fault.InvalidRequest, Code: "InvalidRequest", Msg: "Value for " + a.Header() + " header is invalid."}
}

// Encode writes a raw digest as the value of a checksum header.
func Encode(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }

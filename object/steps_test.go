package object_test

import (
	"bytes"
	"crypto/md5"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"myfsio/checksum"
	"myfsio/object"
	"myfsio/seal"
)

// A program is a list of steps drawn from a seed. What a step refers to is resolved when it runs ("the third
// version that this key ever had"), so that steps can be left out and the rest still means something.
type step struct {
	op     string
	b, k   int
	b2, k2 int
	ref    int // picks a version or an upload
	ref2   int
	size   int
	n      int
	opt    uint32 // bits that switch options on
	dt     time.Duration
}

// nasty are the keys of all programs: prefixes of each other, delimiters in odd places, odd bytes, the longest.
var nasty = []string{
	"a", "a/", "a/b", "a/b/c", "a//", "a//b", "a\x01", "a\x00", "a\x00b", "a0", "aa", "b", "/", "//", "//a", "é/ü", "\u10ffff", "\U0010ffff",
	strings.Repeat("k/", 512),
}

var bucketNames = []string{"one", "two.two", "three"}

var sizes = []int{0, 1, 15, 16, 17, 63, 64, 65, 200, 700}

var clocks = []time.Duration{0, 0, 1, time.Millisecond, time.Second, time.Second, 36 * time.Hour, -time.Second}

// weights says how often each operation is drawn.
var weights = []struct {
	op string
	n  int
}{
	{"put", 20}, {"get", 12}, {"delete", 10}, {"deleteVersion", 8}, {"deleteBatch", 3}, {"copy", 8}, {"rename", 6}, {"append", 16}, {"setTags", 4}, {"updateEncryption", 4}, {"tags", 2},
	{"createUpload", 6}, {"putPart", 16}, {"copyPart", 4}, {"complete", 8}, {"abort", 2}, {"versioning", 3}, {"createBucket", 1}, {"deleteBucket", 1},
	{"objectACL", 5}, {"bucketACL", 2}, {"ownership", 2}, {"publicAccess", 1}, {"setConfig", 2}, {"deleteConfig", 1},
	{"retention", 3}, {"hold", 2}, {"objectLock", 1}, {"quota", 2}, {"deliver", 2}, {"expire", 3}, {"poison", 2},
	{"restart", 1}, {"rekey", 1}, {"rewrap", 2}, {"reclaim", 2}, {"assemble", 2}, {"sweep", 1},
	{"annotate", 9}, {"unannotate", 3},
}

func drawStep(rng *rand.Rand, keys []int) step {
	total := 0
	for _, w := range weights {
		total += w.n
	}
	at, op := rng.IntN(total), ""
	for _, w := range weights {
		if at -= w.n; at < 0 {
			op = w.op
			break
		}
	}
	return step{
		op: op, b: rng.IntN(len(bucketNames)) * rng.IntN(2), b2: rng.IntN(len(bucketNames)) * rng.IntN(2),
		k: keys[rng.IntN(len(keys))], k2: keys[rng.IntN(len(keys))], ref: rng.IntN(1000), ref2: rng.IntN(1000),
		size: sizes[rng.IntN(len(sizes))], n: 1 + rng.IntN(5), opt: rng.Uint32(), dt: clocks[rng.IntN(len(clocks))],
	}
}

func drawProgram(seed uint64) []step {
	rng := rand.New(rand.NewPCG(seed, 2))
	keys := make([]int, 2+rng.IntN(5)) // few, so that steps meet
	for i := range keys {
		keys[i] = rng.IntN(len(nasty))
	}
	steps := []step{{op: "createBucket"}, {op: "createBucket", b: 1}}
	if rng.IntN(4) == 0 {
		steps = append(steps, step{op: "versioning", opt: 1}, step{op: "objectLock", ref: rng.IntN(4)})
	}
	if rng.IntN(3) > 0 {
		steps = append(steps, step{op: "versioning", opt: 1})
	}
	for range 10 + rng.IntN(60) {
		steps = append(steps, drawStep(rng, keys))
	}
	return steps
}

// option reports whether one of 2^bits values of opt switches an option on; at places options apart.
func (s *step) option(at, bits int) bool { return s.opt>>at&(1<<bits-1) == 0 }

// unknownID is well formed and was never given out.
const unknownID = "00000000000000000000000000"

// version picks a version of a key: one that it ever had, the null version, or one unknown.
func (w *world) version(bucket, key string, ref int) string {
	ids := append([]string{object.NullVersion, unknownID}, w.versions[bucket+"/"+key]...)
	if n := len(ids); ref%3 > 0 && n > 2 {
		return ids[2+ref/3%(n-2)]
	}
	return ids[ref%len(ids)]
}

// upload picks an upload, the later the likelier.
func (w *world) upload(ref int) object.Upload {
	if n := len(w.uploads); n > 0 {
		return w.uploads[n-1-ref%min(n, 3)]
	}
	return object.Upload{Bucket: bucketNames[0], Key: "a", UploadID: unknownID}
}

// etag guesses an entity tag of a key.
func (w *world) etag(bucket, key string, ref int) string {
	r, err := w.m.Open(object.GetObject{Bucket: bucket, Key: key, Customer: w.keyOf(bucket, key, "", false)})
	if err != nil || ref%4 == 0 {
		return "00000000000000000000000000000000"
	}
	return r.Version.ETag
}

func (w *world) writeIf(s *step, bucket, key string) (c object.WriteConditions) {
	switch s.opt >> 28 {
	case 0:
		c.IfNoneMatch = "*"
	case 1:
		c.IfMatch = "*"
	case 2, 3:
		c.IfMatch = w.etag(bucket, key, s.ref2)
	}
	return c
}

func (w *world) readIf(s *step, bucket, key string) (c object.Conditions) {
	when := w.clock.Truncate(time.Second).Add(time.Duration(s.ref2%3-1) * time.Second)
	switch s.opt >> 28 {
	case 0:
		c.IfMatch = []string{"x", w.etag(bucket, key, s.ref2)}
	case 1:
		c.IfNoneMatch = []string{w.etag(bucket, key, s.ref2)}
	case 2:
		c.IfModifiedSince = when
	case 3:
		c.IfUnmodifiedSince = when
	case 4:
		c.IfMatch, c.IfUnmodifiedSince = []string{w.etag(bucket, key, s.ref2)}, when
	case 5:
		c.IfNoneMatch, c.IfModifiedSince = []string{"*"}, when
	}
	return c
}

func (s *step) metadata() object.Metadata {
	var m object.Metadata
	if s.option(0, 1) {
		m.ContentType = "text/plain"
		m.User = []object.Pair{{Name: "n", Value: strconv.Itoa(s.ref)}, {Name: "empty"}}
	}
	if s.option(1, 2) {
		m.Tags = s.tags()
		m.CacheControl, m.ContentDisposition, m.ContentEncoding, m.ContentLanguage, m.Expires = "no-store", "inline", "gzip", "de", "never"
	}
	if s.option(3, 3) {
		m.StorageClass, m.WebsiteRedirect = "GLACIER", "/elsewhere"
	}
	return m
}

func (s *step) tags() []object.Pair {
	tags := []object.Pair{{Name: "t", Value: strconv.Itoa(s.ref2)}, {Name: "ü", Value: ""}}
	return tags[:s.ref2%3]
}

func (s *step) algorithm() checksum.Algorithm {
	all := []checksum.Algorithm{0, 0, 0, checksum.CRC32, checksum.CRC64NVME, checksum.SHA256, checksum.MD5}
	return all[s.ref2%len(all)]
}

// body makes the bytes of a step and what the client says of them; now and then that is wrong.
func (s *step) body() (object.Body, []byte) {
	data := content(uint64(s.ref), s.size)
	b := object.Body{Reader: bytes.NewReader(data), Size: int64(s.size), Digest: object.Digest{Algorithm: s.algorithm()}}
	switch s.opt >> 8 & 31 {
	case 0, 1, 2:
		b.Size = -1
	case 3:
		b.Size++
	case 4:
		b.Size = max(0, b.Size-1)
	case 5, 6:
		h := md5.Sum(data)
		b.MD5 = h[:]
	case 7:
		b.MD5 = make([]byte, 16)
	}
	if s.option(14, 2) {
		b.Reader = oneByte{b.Reader}
	}
	return b, data
}

// seal is the encryption that a step asks for, mostly none.
func (s *step) seal() *object.Sealing {
	switch s.ref / 7 % 6 {
	case 0:
		return &object.Sealing{Sort: seal.S3}
	case 1:
		return &object.Sealing{Sort: seal.KMS, KeyID: []string{"", "k", "other"}[s.ref2%3]}
	case 2:
		return &object.Sealing{Sort: seal.Customer, Customer: &customer}
	}
	return nil
}

// keyTo is the customer's key that a request about what is encrypted so has to bring. Where it is odd the request brings it where it must not, and not
// where it must.
func keyTo(e *object.Encryption, odd bool) *seal.Key {
	if (e != nil && e.Sort == seal.Customer) != odd {
		return &customer
	}
	return nil
}

// keyOf is keyTo of a version.
func (w *world) keyOf(bucket, key, version string, odd bool) *seal.Key {
	v, err := w.m.Tags(bucket, key, version)
	if err != nil {
		return nil
	}
	return keyTo(v.Encryption, odd)
}

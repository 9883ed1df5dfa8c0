package object

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"

	"myfsio/blob"
	"myfsio/fault"
)

// The key space. The first byte names the table; numbers are big endian. B is a bucket id (8 bytes), K an
// object key as it is (the tail of a row key), E an object key escaped (escapeKey) because something follows it, I a
// 16-byte id, O a 16-byte order (orderOf: newest first).
//
//	S name            schema      text
//	b name            bucket      bucketRecord
//	c B n             counter     8 bytes, n is one of the count* letters
//	o B K             current     versionRecord: the current version of a key
//	v B E O           version     versionRecord: noncurrent versions, delete markers
//	n B K             null        id of the null version when it is in v
//	d I               inline      the bytes of a small body
//	m I               manifest    parts and extents of a multipart body
//	t I N             tail        partRecord of piece N (2 bytes) that was appended to the body with manifest I
//	x I               reference   blob I belongs to bucket B, key K: B K
//	u B E I           upload      uploadRecord of upload I
//	p I N             part        partRecord of part N (2 bytes) of upload I
//	q I               view        change of the plain-file view to make, in order
//	r I               reclaim     ids of blobs to remove
//	k B kind          config      a configuration document of a bucket, as it was given; kind is a ConfigKind
//	e I               event       an event to be delivered, in order
//	A I name          annotation  annotationRecord; I is the set that a version's record names
//	f I               forget      id of a set of annotations that no version has, or not yet
//	a I               assemble    multipart body to make contiguous, see assembly
//	i B H             token       a rename that was done, see spend; H is 16 bytes of a hash
const (
	tSchema     = 'S'
	tBucket     = 'b'
	tCounter    = 'c'
	tCurrent    = 'o'
	tVersion    = 'v'
	tNull       = 'n'
	tInline     = 'd'
	tManifest   = 'm'
	tRef        = 'x'
	tUpload     = 'u'
	tPart       = 'p'
	tView       = 'q'
	tReclaim    = 'r'
	tAssemble   = 'a'
	tConfig     = 'k'
	tEvent      = 'e'
	tToken      = 'i'
	tForget     = 'f'
	tAnnotation = 'A'
	tTail       = 't'
)

// schema is the version of the key space and the record formats.
const schema = "1"

// Counters of a bucket.
const (
	countObjects     = 'o'
	countBytes       = 'b'
	countVersions    = 'v'
	countOldBytes    = 'w'
	countMarkers     = 'm'
	countUploads     = 'u'
	countParts       = 'p'
	countAnnotations = 'a'
)

// counters lists them all.
const counters = "obvwmupa"

// ID names a version; its first 8 bytes order the versions of a key.
type id = blob.ID

func row(table byte, size int) []byte {
	return append(make([]byte, 0, 1+size), table)
}

func bucketKey(name string) []byte { return append(row(tBucket, len(name)), name...) }

func inBucket(table byte, bucket uint64, extra int) []byte {
	return binary.BigEndian.AppendUint64(row(table, 8+extra), bucket)
}

func counterKey(bucket uint64, n byte) []byte { return append(inBucket(tCounter, bucket, 1), n) }

func configKey(bucket uint64, kind ConfigKind) []byte {
	return append(inBucket(tConfig, bucket, 1), byte(kind))
}

func currentKey(bucket uint64, key string) []byte {
	return append(inBucket(tCurrent, bucket, len(key)), key...)
}

func nullKey(bucket uint64, key string) []byte {
	return append(inBucket(tNull, bucket, len(key)), key...)
}

// versionsOf is the prefix of the version rows of one key.
func versionsOf(bucket uint64, key string) []byte {
	return escapeKey(inBucket(tVersion, bucket, len(key)+2+16), key)
}

func versionKey(bucket uint64, key string, v id) []byte {
	o := orderOf(v)
	return append(versionsOf(bucket, key), o[:]...)
}

func uploadsOf(bucket uint64, key string) []byte {
	return escapeKey(inBucket(tUpload, bucket, len(key)+2+16), key)
}

func uploadKey(bucket uint64, key string, u id) []byte {
	return append(uploadsOf(bucket, key), u[:]...)
}

func partKey(u id, n int) []byte {
	return binary.BigEndian.AppendUint16(append(row(tPart, 18), u[:]...), uint16(n))
}

func idKey(table byte, i id) []byte { return append(row(table, 16), i[:]...) }

// escapeKey appends key so that rows sort by key first whatever follows: 0x00 becomes
// 0x00 0xFF, and the end is 0x00 0x01.
func escapeKey(dst []byte, key string) []byte {
	for i := 0; i < len(key); i++ {
		if dst = append(dst, key[i]); key[i] == 0 {
			dst = append(dst, 0xFF)
		}
	}
	return append(dst, 0, 1)
}

// unescapeKey splits what escapeKey wrote from what follows it.
func unescapeKey(b []byte) (key string, rest []byte, ok bool) {
	i := bytes.IndexByte(b, 0)
	if i < 0 || i+1 >= len(b) {
		return "", nil, false
	}
	if b[i+1] == 1 { // the usual case: no 0x00 in the key
		return string(b[:i]), b[i+2:], true
	}
	out := make([]byte, 0, len(b))
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0 {
			out = append(out, b[i])
			continue
		}
		switch b[i+1] {
		case 1:
			return string(out), b[i+2:], true
		case 0xFF:
			out = append(out, 0)
			i++
		default:
			return "", nil, false
		}
	}
	return "", nil, false
}

// orderOf turns an id around so that newer ones sort first; it is its own inverse.
func orderOf(v id) id {
	binary.BigEndian.PutUint64(v[:8], ^binary.BigEndian.Uint64(v[:8]))
	return v
}

// stamp is the part of an id that orders versions.
func stamp(v id) uint64 { return binary.BigEndian.Uint64(v[:8]) }

var versionText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func formatVersion(v id) string { return versionText.EncodeToString(v[:]) }

// parseVersion reads a version id of formatVersion.
func parseVersion(s string) (id, error) {
	var v id
	b, err := versionText.DecodeString(s)
	if err != nil || len(b) != len(v) || len(s) != 26 {
		return v, fault.New(fault.InvalidArgument, "Invalid version id specified")
	}
	copy(v[:], b)
	if formatVersion(v) != s { // one text for one id
		return v, fault.New(fault.InvalidArgument, "Invalid version id specified")
	}
	return v, nil
}

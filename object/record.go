package object

import (
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/acl"
	"myfsio/checksum"
	"myfsio/object/lock"
)

// Records are sequences of fields in protocol buffers' wire format: unknown fields are skipped on
// reading, so that an older program can read what a newer one wrote. doc/FORMAT.md lists the fields.

var errRecord = errors.New("object: damaged record")

// field reads the first field of b: its number, the value of a varint or the bytes of a length-delimited field, and what follows.
func field(b []byte) (num protowire.Number, v uint64, data, rest []byte, err error) {
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 {
		return 0, 0, nil, nil, errRecord
	}
	b = b[n:]
	switch typ {
	case protowire.VarintType:
		v, n = protowire.ConsumeVarint(b)
	case protowire.BytesType:
		data, n = protowire.ConsumeBytes(b)
	default:
		n = protowire.ConsumeFieldValue(num, typ, b)
	}
	if n < 0 {
		return 0, 0, nil, nil, errRecord
	}
	return num, v, data, b[n:], nil
}

// fields walks the fields of b. fn gets the number and the value of a varint or of a length-delimited field.
func fields(b []byte, fn func(num protowire.Number, v uint64, data []byte) error) error {
	for len(b) > 0 {
		num, v, data, rest, err := field(b)
		if err == nil {
			err = fn(num, v, data)
		}
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}

func appendUint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendBytes[T string | []byte](b []byte, num protowire.Number, v T) []byte {
	if len(v) == 0 {
		return b
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.BytesType), uint64(len(v)))
	return append(b, v...)
}

func appendPairs(b []byte, num protowire.Number, pairs []Pair) []byte {
	for _, p := range pairs {
		size := len(p.Name) + len(p.Value) + 12
		inner := appendBytes(appendBytes(make([]byte, 0, size), 1, p.Name), 2, p.Value)
		b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.BytesType), uint64(len(inner)))
		b = append(b, inner...)
	}
	return b
}

func readPair(data []byte) (p Pair, err error) {
	err = fields(data, func(num protowire.Number, _ uint64, data []byte) error {
		switch num {
		case 1:
			p.Name = string(data)
		case 2:
			p.Value = string(data)
		}
		return nil
	})
	return p, err
}

func setID(dst *id, data []byte) error {
	if len(data) != len(dst) {
		return errRecord
	}
	copy(dst[:], data)
	return nil
}

// bodyKind says where the bytes of a version are.
type bodyKind uint8

const (
	bodyEmpty  bodyKind = iota // no bytes at all
	bodyInline                 // the inline row of the body id
	bodyBlob                   // one blob, named by the body id
	bodyParts                  // the manifest row of the body id names the extents
)

// body is where the bytes of a version or part are.
type body struct {
	kind bodyKind
	id   id
}

// Flags of a versionRecord.
const (
	flagNull     = 1 << iota // the null version
	flagMarker               // a delete marker
	flagParts                // a manifest row lists the parts, also when the body is one blob
	flagPoison               // the stored bytes are not those that were written, see Poison
	flagAppended             // pieces were appended: they have rows behind the manifest
	flagQueued               // an appended body waits to be assembled

	// bodyFlags are those that belong to the body.
	bodyFlags = flagParts | flagAppended | flagQueued
)

// versionRecord is one version as it is stored.
type versionRecord struct {
	id       id
	flags    uint64
	size     int64
	modified int64 // nanoseconds since 1970
	etag     []byte
	parts    int
	body     body
	stored   storedSum // of a body in one piece
	owner    string
	sum      sumRecord
	upload   id // the multipart upload it was completed from
	meta     Metadata
	rare     *rareFields
}

// rareFields are those that few versions have; most have none of them, and a nil pointer.
type rareFields struct {
	acl  acl.List
	lock lock.State
	seal *sealRecord // nil: the bytes are stored in clear
	// annotations that are attached to the version.
	annotations annotationSet
	extra       []byte // fields that a newer program wrote, as they are
}

// seldom is the place for rare fields.
func (r *versionRecord) seldom() *rareFields {
	if r.rare == nil {
		r.rare = new(rareFields)
	}
	return r.rare
}

func (r *versionRecord) list() acl.List {
	if r.rare == nil {
		return acl.List{}
	}
	return r.rare.acl
}

func (r *versionRecord) setList(l acl.List) {
	if r.rare != nil || !l.Default() {
		r.seldom().acl = l
	}
}

// sumRecord is an additional checksum as it is stored: raw bytes.
type sumRecord struct {
	alg checksum.Algorithm
	typ checksum.Type
	raw []byte
}

func (r *versionRecord) null() bool     { return r.flags&flagNull != 0 }
func (r *versionRecord) marker() bool   { return r.flags&flagMarker != 0 }
func (r *versionRecord) poisoned() bool { return r.flags&flagPoison != 0 }

// Field numbers of a versionRecord.
const (
	fID protowire.Number = iota + 1
	fFlags
	fSize
	fModified
	fETag
	fParts
	fBodyKind
	fBodyID
	fOwner
	fSumAlg
	fSumType
	fSumRaw
	fContentType
	fCacheControl
	fDisposition
	fEncoding
	fLanguage
	fExpires
	fRedirect
	fStorageClass
	fUser
	fTag
	fInitiator // of an uploadRecord
	fUpload
	fACL
	fOwnerFull // of an uploadRecord
	fLock
	fSeal // and the next two: how the bytes are encrypted, see sealRecord
	fBucketKey
	fPartSize
	fStored
	fAnnotations
)

func (r *versionRecord) encode(b []byte) []byte {
	b = appendBytes(b, fID, r.id[:])
	b = appendUint(b, fFlags, r.flags)
	b = appendUint(b, fSize, uint64(r.size))
	b = appendUint(b, fModified, uint64(r.modified))
	b = appendBytes(b, fETag, r.etag)
	b = appendUint(b, fParts, uint64(r.parts))
	b = appendUint(b, fBodyKind, uint64(r.body.kind))
	if !r.body.id.IsZero() {
		b = appendBytes(b, fBodyID, r.body.id[:])
	}
	b = appendUint(b, fStored, uint64(r.stored))
	b = appendBytes(b, fOwner, r.owner)
	b = appendUint(b, fSumAlg, uint64(r.sum.alg))
	b = appendUint(b, fSumType, uint64(r.sum.typ))
	b = appendBytes(b, fSumRaw, r.sum.raw)
	if !r.upload.IsZero() {
		b = appendBytes(b, fUpload, r.upload[:])
	}
	b = r.meta.encode(b)
	if r.rare != nil {
		b = appendACL(b, fACL, r.rare.acl)
		b = appendLock(b, fLock, &r.rare.lock)
		if r.rare.seal != nil {
			b = r.rare.seal.encode(b)
		}
		b = appendAnnotations(b, fAnnotations, &r.rare.annotations)
		b = append(b, r.rare.extra...)
	}
	return b
}

func appendACL(b []byte, num protowire.Number, l acl.List) []byte {
	if l.Default() {
		return b
	}
	return appendBytes(b, num, l.Append(nil))
}

func readACL(data []byte) (acl.List, error) {
	l, err := acl.Decode(data)
	if err != nil {
		return l, errRecord
	}
	return l, nil
}

func (m *Metadata) encode(b []byte) []byte {
	b = appendBytes(b, fContentType, m.ContentType)
	b = appendBytes(b, fCacheControl, m.CacheControl)
	b = appendBytes(b, fDisposition, m.ContentDisposition)
	b = appendBytes(b, fEncoding, m.ContentEncoding)
	b = appendBytes(b, fLanguage, m.ContentLanguage)
	b = appendBytes(b, fExpires, m.Expires)
	b = appendBytes(b, fRedirect, m.WebsiteRedirect)
	b = appendBytes(b, fStorageClass, m.StorageClass)
	b = appendPairs(b, fUser, m.User)
	return appendPairs(b, fTag, m.Tags)
}

// decode reads a record. It keeps no part of b.
func (r *versionRecord) decode(b []byte) error {
	*r = versionRecord{}
	for len(b) > 0 {
		num, v, data, rest, err := field(b)
		if err != nil {
			return err
		}
		ok, err := r.system(num, v, data)
		if !ok && err == nil {
			ok, err = r.meta.field(num, data)
		}
		if err != nil {
			return err
		}
		if !ok {
			more := r.seldom()
			more.extra = append(more.extra, b[:len(b)-len(rest)]...)
		}
		b = rest
	}
	return nil
}

// system reads one of the fields that the server itself wrote.
func (r *versionRecord) system(num protowire.Number, v uint64, data []byte) (ok bool, err error) {
	switch num {
	case fID:
		return true, setID(&r.id, data)
	case fFlags:
		r.flags = v
	case fSize:
		r.size = int64(v)
	case fModified:
		r.modified = int64(v)
	case fETag:
		r.etag = append([]byte(nil), data...)
	case fParts:
		r.parts = int(v)
	case fBodyKind:
		r.body.kind = bodyKind(v)
	case fBodyID:
		return true, setID(&r.body.id, data)
	case fStored:
		r.stored = storedSum(v)
	case fOwner:
		r.owner = string(data)
	case fUpload:
		return true, setID(&r.upload, data)
	case fACL:
		l, err := readACL(data)
		r.setList(l)
		return true, err
	case fLock: // one that cannot be read stays among the unknown fields, as it is
		s, ok := readLock(data)
		if old := r.lock(); old.Readable() != nil {
			return false, nil
		}
		r.setLock(s)
		return ok, nil
	case fSeal, fBucketKey, fPartSize:
		more := r.seldom()
		if more.seal == nil {
			more.seal = new(sealRecord)
		}
		more.seal.field(num, v, data)
	case fAnnotations:
		return true, r.seldom().annotations.decode(data)
	default:
		return r.sum.field(num, v, data), nil
	}
	return true, nil
}

func (s *sumRecord) field(num protowire.Number, v uint64, data []byte) bool {
	switch num {
	case fSumAlg:
		s.alg = checksum.Algorithm(v)
	case fSumType:
		s.typ = checksum.Type(v)
	case fSumRaw:
		s.raw = append([]byte(nil), data...)
	default:
		return false
	}
	return true
}

func (m *Metadata) field(num protowire.Number, data []byte) (ok bool, err error) {
	switch num {
	case fContentType:
		m.ContentType = string(data)
	case fCacheControl:
		m.CacheControl = string(data)
	case fDisposition:
		m.ContentDisposition = string(data)
	case fEncoding:
		m.ContentEncoding = string(data)
	case fLanguage:
		m.ContentLanguage = string(data)
	case fExpires:
		m.Expires = string(data)
	case fRedirect:
		m.WebsiteRedirect = string(data)
	case fStorageClass:
		m.StorageClass = string(data)
	case fUser, fTag:
		p, err := readPair(data)
		if err != nil {
			return true, err
		}
		if num == fUser {
			m.User = append(m.User, p)
		} else {
			m.Tags = append(m.Tags, p)
		}
	default:
		return false, nil
	}
	return true, nil
}

// version turns a record into what callers see.
func (r *versionRecord) version(b *Bucket, key string, latest bool) Version {
	v := Version{
		Bucket: b.Name, Key: key, Latest: latest, DeleteMarker: r.marker(), Size: r.size,
		ETag: formatETag(r.etag, r.parts), Modified: time.Unix(0, r.modified).UTC(), Owner: r.owner,
		Parts: r.parts, Versioned: b.Versioning != Unversioned, Meta: r.meta, ACL: r.list(), Stamp: r.id,
		Lifecycle: b.Has(ConfigLifecycle), Poisoned: r.poisoned(),
	}
	if v.VersionID = NullVersion; !r.null() {
		v.VersionID = formatVersion(r.id)
	}
	v.Checksum = r.sum.checksum(r.parts)
	if r.rare != nil && r.rare.lock.Set() {
		state := r.rare.lock
		v.Lock = &state
	}
	v.Encryption = r.sealed().show()
	v.Annotations = r.annotations().count
	return v
}

func (s *sumRecord) checksum(parts int) Checksum {
	if s.alg == checksum.None {
		return Checksum{}
	}
	c := Checksum{Algorithm: s.alg, Type: s.typ, Value: checksum.Encode(s.raw)}
	if s.typ == checksum.Composite {
		c.Value += "-" + strconv.Itoa(parts)
	}
	return c
}

func formatETag(raw []byte, parts int) string {
	if len(raw) == 0 {
		return ""
	}
	var room [64]byte // an MD5 and a number of parts fit: the text is the only allocation
	out := hex.AppendEncode(room[:0], raw)
	if parts > 0 {
		out = strconv.AppendInt(append(out, '-'), int64(parts), 10)
	}
	return string(out)
}

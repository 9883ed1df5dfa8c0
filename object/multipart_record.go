package object

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/acl"
	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/kv"
	"myfsio/object/lock"
	"myfsio/seal"
)

// extent is a run of bytes of a blob.
type extent struct {
	blob blob.ID
	off  int64
	size int64
}

// partRecord is a part: of an unfinished upload as a row, of a finished object in its manifest.
type partRecord struct {
	size     int64
	etag     []byte
	modified int64
	sum      []byte    // raw, of the upload's algorithm
	at       extent    // zero size: no bytes
	shared   bool      // at is a piece of the upload's shared blob
	stored   storedSum // of the bytes at at
	sealed   bool      // at holds ciphertext; size is that of the plaintext
	// left are shared blobs with older bytes of this part, which go when the upload ends: until then others may be writing
	// to them.
	left []blob.ID
}

func (p *partRecord) encode(b []byte) []byte {
	b = appendUint(b, 1, uint64(p.size))
	b = appendBytes(b, 2, p.etag)
	b = appendUint(b, 3, uint64(p.modified))
	b = appendBytes(b, 4, p.sum)
	if p.at.size > 0 {
		b = appendBytes(b, 5, p.at.blob[:])
		b = appendUint(b, 6, uint64(p.at.off))
	}
	if p.shared {
		b = appendUint(b, 7, 1)
	}
	for _, l := range p.left {
		b = appendBytes(b, 9, l[:])
	}
	if p.sealed {
		b = appendUint(b, 10, 1)
	}
	return appendUint(b, 11, uint64(p.stored))
}

func (p *partRecord) decode(data []byte) error {
	*p = partRecord{}
	err := fields(data, func(num protowire.Number, v uint64, data []byte) error {
		switch num {
		case 1:
			p.size = int64(v)
		case 2:
			p.etag = append([]byte(nil), data...)
		case 3:
			p.modified = int64(v)
		case 4:
			p.sum = append([]byte(nil), data...)
		case 5:
			return setID(&p.at.blob, data)
		case 6:
			p.at.off = int64(v)
		case 7:
			p.shared = v != 0
		case 9:
			p.left = append(p.left, blob.ID{})
			return setID(&p.left[len(p.left)-1], data)
		case 10:
			p.sealed = v != 0
		case 11:
			p.stored = storedSum(v)
		}
		return nil
	})
	if !p.at.blob.IsZero() {
		if p.at.size = p.size; p.sealed {
			p.at.size = seal.EncryptedSize(p.size)
		}
	}
	return err
}

func (p *partRecord) part(n int, sum sumRecord) Part {
	sum.raw = p.sum
	out := Part{Number: n, Size: p.size, ETag: formatETag(p.etag, 0), Modified: time.Unix(0, p.modified).UTC()}
	if p.sum != nil && sum.alg != checksum.None {
		out.Checksum = Checksum{Algorithm: sum.alg, Type: sum.typ, Value: checksum.Encode(p.sum)}
	}
	return out
}

// manifest is the parts of a multipart body, and the extents that hold its bytes where it is not one blob.
type manifest struct {
	numbers []int // as uploaded, rising
	parts   []partRecord
	extents []extent

	// appended says that pieces may follow in rows of their own. Then parts without an extent lie side by side in the blob that has the manifest's id.
	appended bool
	own      int  // parts in the manifest's own row, of an appended one
	spread   bool // they have extents there

	others []blob.ID // blobs with bytes that are not the object's: of parts left out, or sent again; not stored
}

func (m *manifest) encode() []byte {
	var b []byte
	parts, extents := m.parts, m.extents
	if m.appended {
		parts, extents = m.parts[:m.own], m.extents
		if b = appendUint(b, 3, 1); !m.spread {
			extents = nil
		}
	}
	for i := range parts {
		p := appendUint(m.parts[i].encode(nil), 8, uint64(m.numbers[i]))
		b = appendBytes(b, 1, p)
	}
	for _, x := range extents {
		e := appendBytes(nil, 1, x.blob[:])
		e = appendUint(e, 2, uint64(x.off))
		b = appendBytes(b, 2, appendUint(e, 3, uint64(x.size)))
	}
	return b
}

func (m *manifest) decode(data []byte) error {
	return fields(data, func(num protowire.Number, v uint64, data []byte) error {
		switch num {
		case 1:
			return m.addPart(data)
		case 2:
			return m.addExtent(data)
		case 3:
			m.appended = v != 0
		}
		return nil
	})
}

func (m *manifest) addPart(data []byte) error {
	var p partRecord
	if err := p.decode(data); err != nil {
		return err
	}
	n := 0
	err := fields(data, func(num protowire.Number, v uint64, _ []byte) error {
		if num == 8 {
			n = int(v)
		}
		return nil
	})
	m.numbers, m.parts = append(m.numbers, n), append(m.parts, p)
	return err
}

func (m *manifest) addExtent(data []byte) error {
	var x extent
	err := fields(data, func(num protowire.Number, v uint64, data []byte) error {
		switch num {
		case 1:
			return setID(&x.blob, data)
		case 2:
			x.off = int64(v)
		case 3:
			x.size = int64(v)
		}
		return nil
	})
	m.extents = append(m.extents, x)
	return err
}

// blobs appends the distinct blobs of the extents.
func (m *manifest) blobs(dst []blob.ID) []blob.ID {
	seen := make(map[blob.ID]bool, len(m.extents))
	for _, x := range m.extents {
		if !seen[x.blob] {
			seen[x.blob] = true
			dst = append(dst, x.blob)
		}
	}
	return dst
}

func getManifest(r kv.Reader, i id) (manifest, error) {
	var m manifest
	v, err := r.Get(idKey(tManifest, i))
	if err == nil {
		err = m.decode(v)
	}
	if err == nil && m.appended {
		err = m.loadTail(r, i)
	}
	return m, err
}

// uploadRecord is an unfinished multipart upload as it is stored.
type uploadRecord struct {
	initiated int64
	owner     string
	initiator string
	sum       sumRecord // without raw
	meta      Metadata
	acl       acl.List
	lock      lock.State
	ownerFull bool        // acl is the canned list bucket-owner-full-control
	seal      *sealRecord // nil: parts are stored in clear
}

func (u *uploadRecord) encode() []byte {
	b := appendUint(nil, fModified, uint64(u.initiated))
	b = appendBytes(b, fOwner, u.owner)
	b = appendUint(b, fSumAlg, uint64(u.sum.alg))
	b = appendUint(b, fSumType, uint64(u.sum.typ))
	b = appendBytes(b, fInitiator, u.initiator)
	b = appendACL(u.meta.encode(b), fACL, u.acl)
	if u.ownerFull {
		b = appendUint(b, fOwnerFull, 1)
	}
	b = appendLock(b, fLock, &u.lock)
	if u.seal != nil {
		b = u.seal.encode(b)
	}
	return b
}

func (u *uploadRecord) decode(data []byte) error {
	return fields(data, func(num protowire.Number, v uint64, data []byte) error {
		switch num {
		case fModified:
			u.initiated = int64(v)
		case fOwner:
			u.owner = string(data)
		case fInitiator:
			u.initiator = string(data)
		case fACL:
			var err error
			u.acl, err = readACL(data)
			return err
		case fOwnerFull:
			u.ownerFull = v != 0
		case fLock: // one that cannot be read keeps the upload from being completed
			u.lock, _ = readLock(data)
		case fSeal, fBucketKey:
			if u.seal == nil {
				u.seal = new(sealRecord)
			}
			u.seal.field(num, v, data)
		default:
			if !u.sum.field(num, v, data) {
				_, err := u.meta.field(num, data)
				return err
			}
		}
		return nil
	})
}

// order is what the client said about the object.
func (u *uploadRecord) order() *order {
	return &order{access: access{writer: u.owner, list: u.acl, full: u.ownerFull}, lock: u.lock}
}

func (u *uploadRecord) upload(bucket, key string, uid id) Upload {
	return Upload{
		Bucket: bucket, Key: key, UploadID: formatVersion(uid), Owner: u.owner, Initiator: u.initiator,
		Initiated: time.Unix(0, u.initiated).UTC(), StorageClass: u.meta.StorageClass, Checksum: u.sum.alg, ChecksumType: u.sum.typ,
		Encryption: u.seal.show(),
	}
}

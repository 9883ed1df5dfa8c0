package model

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/seal"
)

// inline is the length up to which the store keeps a body in its metadata: appending to such a one writes it anew, in one piece.
const inline = 64

// Append adds bytes to an object; req.Body.Reader is not read.
func (m *Model) Append(req object.AppendObject, data []byte) (object.Version, error) {
	if err := firstError(checkKey(req.Key), checkMeta(&req.Meta), verifyWrite(&req.If)); err != nil {
		return object.Version{}, err
	}
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return object.Version{}, err
	}
	v := b.current(req.Key)
	switch {
	case b.Versioning == object.VersioningEnabled:
		return object.Version{}, fail(fault.InvalidRequest)
	case checkWrite(&req.If, v) != nil:
		return object.Version{}, checkWrite(&req.If, v)
	case v == nil && req.Offset > 0:
		return object.Version{}, fail(fault.NoSuchKey)
	case v == nil || len(v.data) == 0 && req.Offset == 0:
		return m.Put(req.PutObject, data)
	case req.Offset != int64(len(v.data)):
		return object.Version{}, fail(fault.InvalidRequest)
	case v.poisoned:
		return object.Version{}, fail(fault.Corrupted)
	case !v.null || !asBefore(v.enc, req.Seal):
		return object.Version{}, fail(fault.InvalidRequest)
	case opens(v.enc, customerOf(req.Seal)) != nil:
		return object.Version{}, opens(v.enc, customerOf(req.Seal))
	case v.protects(m.Now(), false):
		return object.Version{}, fail(fault.Locked)
	}
	if req.Body.Size >= 0 {
		if err := b.room(req.Key, int64(len(v.data))+v.annotated()+req.Body.Size); err != nil {
			return object.Version{}, err
		}
	}
	if err := checkBody(&req.Body, data); err != nil {
		return object.Version{}, err
	}
	if len(data) == 0 {
		return b.describe(v), nil
	}
	if err := b.room(req.Key, int64(len(v.data)+len(data))+v.annotated()); err != nil {
		return object.Version{}, err
	}
	next := *v
	next.data = append(bytes.Clone(v.data), data...)
	if len(v.data) <= inline && len(v.parts) == 0 {
		next.etag, next.sum = hexMD5(next.data), sumOf(v.sum.Algorithm, next.data)
	} else {
		next.appendPart(v, data)
		next.parts[len(next.parts)-1].modified = m.Now()
	}
	m.add(b, &next)
	m.tell(b, "ObjectCreated:Put", req.By, &next)
	return b.describe(&next), nil
}

// appendPart makes the object one of pieces, of which data is the last. A checksum goes on when it is a CRC of the whole.
func (v *version) appendPart(old *version, data []byte) {
	v.parts = nil
	if len(old.parts) == 0 {
		v.parts = []part{{data: old.data, modified: old.modified, sum: old.sum}}
	}
	for _, p := range old.parts {
		v.parts = append(v.parts, p)
	}
	p := part{data: data}
	whole := old.sum.Type == checksum.FullObject
	switch a := old.sum.Algorithm; {
	case whole && (a == checksum.CRC32 || a == checksum.CRC32C || a == checksum.CRC64NVME):
		p.sum, v.sum = sumOf(a, data), sumOf(a, v.data)
	default:
		v.sum = object.Checksum{}
	}
	v.parts = append(v.parts, p)
	for i := range v.parts {
		v.parts[i].number = i + 1
		if v.sum.Algorithm == checksum.None {
			v.parts[i].sum = object.Checksum{}
		}
	}
	tag, _, _ := strings.Cut(old.etag, "-")
	raw, _ := hex.DecodeString(tag)
	mine := md5.Sum(data)
	h := md5.Sum(append(raw, mine[:]...))
	v.etag = hex.EncodeToString(h[:]) + "-" + strconv.Itoa(len(v.parts))
}

// asBefore reports whether a wish is for the encryption that an object has.
func asBefore(enc *object.Encryption, wish *object.Sealing) bool {
	if wish == nil {
		return true
	}
	return enc != nil && enc.Sort == wish.Sort && (wish.Sort != seal.KMS || wish.KeyID == "" || enc.KeyID == "arn:"+wish.KeyID)
}

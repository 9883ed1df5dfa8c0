package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"myfsio/fault"
	"myfsio/gcm"
)

// Sort says whose key wraps the key of an object.
type Sort uint8

// The sorts. They are stored.
const (
	S3       Sort = 1 // the master key of the server
	KMS      Sort = 2 // a data key that the KMS made for the object
	Customer Sort = 3 // the key that comes with each request
)

// String returns the name that S3 uses for the sort.
func (s Sort) String() string {
	switch s {
	case S3:
		return "SSE-S3"
	case KMS:
		return "SSE-KMS"
	case Customer:
		return "SSE-C"
	}
	return fmt.Sprintf("sort %d", uint8(s))
}

// Bounds of what an envelope keeps for the KMS, in bytes.
const (
	maxKeyID   = 2 << 10
	maxWrapped = 8 << 10
	maxContext = 16 << 10
)

// Binding is what an envelope belongs to. An envelope opens under the very same binding alone.
type Binding struct {
	Bucket  uint64   // id of the bucket
	Version [16]byte // id of the version; of a multipart body that of its upload, so that completing it wraps nothing
	Key     string   // of the object
}

// Source says where a KEK comes from: what an envelope keeps beside the wrapped key. Nothing in it is secret.
type Source struct {
	Sort    Sort
	Master  [8]byte // S3: id of the master key
	KeyID   string  // KMS: name of the key, as the KMS gave it
	Wrapped []byte  // KMS: the data key as the KMS wrapped it
	Context []byte  // KMS: the encryption context, JSON as encodeContext makes it
}

// Envelope is a wrapped object key.
type Envelope struct {
	Source
	salt   [32]byte
	sealed [48]byte
}

const envelopeFormat = 1

// Wrap wraps an object key under kek, which must be the one that source tells of. Each call gives another envelope.
func Wrap(object, kek Key, source Source, b Binding) *Envelope {
	e := &Envelope{Source: source}
	rand.Read(e.salt[:]) // never fails, see crypto/rand
	e.aead(kek).Seal(e.sealed[:0], make([]byte, 12), object[:], b.bytes(e.Sort))
	return e
}

// Unwrap returns the object key. Under another KEK, or for another binding, it fails: with fault.AccessDenied for a customer's key, else with
// fault.Corrupted.
func (e *Envelope) Unwrap(kek Key, b Binding) (Key, error) {
	plain, err := e.aead(kek).Open(nil, make([]byte, 12), e.sealed[:], b.bytes(e.Sort))
	if err == nil {
		return take(plain), nil
	}
	if e.Sort == Customer {
		return Key{}, fault.New(fault.AccessDenied, "The customer's key is not the one that the object was encrypted with.")
	}
	return Key{}, fault.Wrap(fault.Corrupted, err, "The key of the object cannot be unwrapped: its metadata is damaged.")
}

// aead is made of a key that no other envelope has, so its nonce may be constant.
func (e *Envelope) aead(kek Key) cipher.AEAD {
	b, err := hkdf.Key(sha256.New, kek[:], e.salt[:], "myfsio envelope 1 "+e.Sort.String(), 32)
	if err != nil {
		panic(err) // the parameters are constant
	}
	defer clear(b)
	return gcm.New(b)
}

// bytes is the additional data: all before the key has a fixed length.
func (b Binding) bytes(s Sort) []byte {
	d := make([]byte, 0, 48+len(b.Key))
	d = append(append(d, "myfsio envelope 1"...), byte(s))
	d = binary.BigEndian.AppendUint64(d, b.Bucket)
	d = append(d, b.Version[:]...)
	return append(d, b.Key...)
}

// Append appends the stored form of the envelope:
//
//	1 | sort | 32 bytes salt | 48 bytes sealed key | by sort: 8 bytes id of the master key, or three strings (key id,
//	wrapped data key, context), each a varint of its length before it, or nothing
func (e *Envelope) Append(b []byte) []byte {
	b = append(b, envelopeFormat, byte(e.Sort))
	b = append(append(b, e.salt[:]...), e.sealed[:]...)
	switch e.Sort {
	case S3:
		b = append(b, e.Master[:]...)
	case KMS:
		b = appendString(b, e.KeyID)
		b = appendString(b, e.Wrapped)
		b = appendString(b, e.Context)
	}
	return b
}

func appendString[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errEnvelope = errors.New("seal: not an envelope")

// ParseEnvelope reads what Append wrote. The result shares nothing with b.
func ParseEnvelope(b []byte) (*Envelope, error) {
	e := new(Envelope)
	const fixed = 2 + len(e.salt) + len(e.sealed)
	if len(b) < fixed {
		return nil, errEnvelope
	}
	if b[0] != envelopeFormat {
		return nil, fmt.Errorf("%w of a known format: %d", errEnvelope, b[0])
	}
	e.Sort = Sort(b[1])
	copy(e.salt[:], b[2:])
	copy(e.sealed[:], b[2+len(e.salt):])
	b, ok := b[fixed:], true
	switch e.Sort {
	case S3:
		if ok = len(b) == len(e.Master); ok {
			b = b[copy(e.Master[:], b):]
		}
	case KMS:
		var id []byte
		id, b, ok = cut(b, maxKeyID, ok)
		e.KeyID = string(id)
		e.Wrapped, b, ok = cut(b, maxWrapped, ok)
		e.Context, b, ok = cut(b, maxContext, ok)
	case Customer:
	default:
		ok = false
	}
	if !ok || len(b) > 0 {
		return nil, errEnvelope
	}
	return e, nil
}

// cut takes a string of at most limit bytes off b.
func cut(b []byte, limit uint64, ok bool) (s, rest []byte, _ bool) {
	n, w := binary.Uvarint(b)
	if !ok || w <= 0 || n > limit || n > uint64(len(b)-w) || w > 1 && b[w-1] == 0 {
		return nil, nil, false
	}
	return slices.Clone(b[w : w+int(n)]), b[w+int(n):], true
}

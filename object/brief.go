package object

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/checksum"
)

// brief is what a listing shows of a version. Its slices lie in the row it was read from. It is read field by field
// without the detours of versionRecord, as a page has a thousand.
type brief struct {
	id           id
	flags        uint64
	size         int64
	modified     int64
	parts        int
	etag         []byte
	owner        []byte
	storageClass []byte
	sumAlg       checksum.Algorithm
	sumType      checksum.Type
}

func (r *brief) decode(b []byte) error {
	*r = brief{}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errRecord
		}
		b = b[n:]
		switch typ {
		case protowire.VarintType:
			var v uint64
			if v, n = protowire.ConsumeVarint(b); n >= 0 {
				r.number(num, v)
			}
		case protowire.BytesType:
			var data []byte
			if data, n = protowire.ConsumeBytes(b); n >= 0 && !r.bytes(num, data) {
				return errRecord
			}
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return errRecord
		}
		b = b[n:]
	}
	return nil
}

func (r *brief) number(num protowire.Number, v uint64) {
	switch num {
	case fFlags:
		r.flags = v
	case fSize:
		r.size = int64(v)
	case fModified:
		r.modified = int64(v)
	case fParts:
		r.parts = int(v)
	case fSumAlg:
		r.sumAlg = checksum.Algorithm(v)
	case fSumType:
		r.sumType = checksum.Type(v)
	}
}

func (r *brief) bytes(num protowire.Number, data []byte) bool {
	switch num {
	case fID:
		return setID(&r.id, data) == nil
	case fETag:
		r.etag = data
	case fOwner:
		r.owner = data
	case fStorageClass:
		r.storageClass = data
	}
	return true
}

// lister turns briefs into Versions. It remembers the owner, as a page mostly has one.
type lister struct {
	b     *Bucket
	owner string
}

// version is the description of a version in a listing: of Meta only the storage class, of the checksum no value.
func (l *lister) version(r *brief, key string, latest bool) Version {
	if string(r.owner) != l.owner {
		l.owner = string(r.owner)
	}
	v := Version{
		Bucket: l.b.Name, Key: key, VersionID: NullVersion, Latest: latest, DeleteMarker: r.flags&flagMarker != 0, Size: r.size,
		ETag: formatETag(r.etag, r.parts), Modified: time.Unix(0, r.modified).UTC(), Owner: l.owner,
		Checksum: Checksum{Algorithm: r.sumAlg, Type: r.sumType}, Parts: r.parts, Versioned: l.b.Versioning != Unversioned,
		Poisoned: r.flags&flagPoison != 0,
	}
	if r.flags&flagNull == 0 {
		v.VersionID = formatVersion(r.id)
	}
	if len(r.storageClass) > 0 {
		v.Meta.StorageClass = string(r.storageClass)
	}
	return v
}

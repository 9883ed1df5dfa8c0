package model

import (
	"myfsio/fault"
	"myfsio/object"
)

// SetQuota sets the limits of a bucket.
func (m *Model) SetQuota(name string, q object.Quota) error {
	b, err := m.bucket(name)
	if err != nil {
		return err
	}
	b.Quota = q
	return nil
}

// room refuses a new version of size bytes under key that the bucket has no room for. It counts everything anew: what is there, less
// what the new version takes the place of.
func (b *bucket) room(key string, size int64) error {
	var objects, bytes, lessObjects, lessBytes int64
	for _, v := range b.versions {
		if v.marker {
			continue
		}
		objects++
		bytes += int64(len(v.data)) + v.annotated()
		if v.key == key && v.null && b.Versioning != object.VersioningEnabled {
			lessObjects++
			lessBytes += int64(len(v.data)) + v.annotated()
		}
	}
	if q := b.Quota.MaxBytes; q > 0 && size > lessBytes && bytes-lessBytes+size > q {
		return fail(fault.QuotaExceeded)
	}
	if q := b.Quota.MaxObjects; q > 0 && lessObjects == 0 && objects+1 > q {
		return fail(fault.QuotaExceeded)
	}
	return nil
}

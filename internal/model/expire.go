package model

import (
	"encoding/binary"

	"myfsio/fault"
	"myfsio/object"
)

// Scan returns all versions of a bucket as rules look at them, but for the times since when they are noncurrent.
func (m *Model) Scan(name, prefix string) ([]object.Entry, error) {
	b, err := m.bucket(name)
	if err != nil {
		return nil, err
	}
	var out []object.Entry
	for _, key := range b.keys() {
		if len(key) >= len(prefix) && key[:len(prefix)] == prefix {
			out = append(out, b.entries(key)...)
		}
	}
	return out, nil
}

func (b *bucket) entries(key string) (out []object.Entry) {
	all := b.of(key)
	for i, v := range all {
		e := object.Entry{Version: b.describe(v), Alone: len(all) == 1}
		for _, newer := range all[:i] {
			if newer != all[0] && !newer.marker {
				e.Newer++
			}
		}
		out = append(out, e)
	}
	return out
}

// stamp makes the stamp of a version.
func (v *version) stamp() (s [16]byte) {
	binary.BigEndian.PutUint64(s[:], uint64(v.seq))
	return s
}

// Expire ends versions, one after the other.
func (m *Model) Expire(name string, by object.Actor, list []object.Expiry) ([]object.Deleted, error) {
	b, err := m.bucket(name)
	if err != nil {
		return nil, err
	}
	out := make([]object.Deleted, len(list))
	for i := range list {
		out[i], err = m.expire(b, &list[i], by)
		out[i].Key, out[i].Err = list[i].Key, err
	}
	return out, nil
}

func (m *Model) expire(b *bucket, x *object.Expiry, by object.Actor) (object.Deleted, error) {
	for _, e := range b.entries(x.Key) {
		if e.Stamp != x.Stamp {
			continue
		}
		expired := e.DeleteMarker && e.Alone
		if x.Remove && e.Latest && !expired || !x.Remove && (!e.Latest || e.DeleteMarker) || x.Still != nil && !x.Still(e) {
			break
		}
		req := object.DeleteObject{Bucket: b.Name, Key: x.Key, By: by}
		if x.Remove {
			req.VersionID = e.VersionID
		}
		return m.delete(b, &req)
	}
	return object.Deleted{}, fail(fault.ConditionalConflict)
}

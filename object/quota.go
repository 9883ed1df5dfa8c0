package object

import (
	"context"

	"myfsio/fault"
	"myfsio/kv"
)

// Quota limits what a bucket may hold: current and noncurrent versions together, with their annotations, without delete markers and unfinished uploads. 0 is no limit.
type Quota struct {
	MaxBytes   int64
	MaxObjects int64
}

// SetQuota sets the limits of a bucket; the zero Quota removes them. What a bucket holds beyond them stays: nothing can be added until it
// is less.
func (s *Store) SetQuota(ctx context.Context, bucket string, q Quota) error {
	if q.MaxBytes < 0 || q.MaxObjects < 0 {
		return fault.New(fault.InvalidArgument, "A quota is not negative.")
	}
	return s.changeBucket(ctx, bucket, func(b *Bucket) error { b.Quota = q; return nil })
}

// held is what counts against a quota.
type held struct{ objects, bytes int64 }

// holds reads what a bucket holds. In an Update that makes it depend on every other Update of the bucket's counters.
func holds(r kv.Reader, bucket uint64) (h held, err error) {
	for _, c := range []struct {
		letter byte
		sum    *int64
	}{{countObjects, &h.objects}, {countVersions, &h.objects}, {countBytes, &h.bytes}, {countOldBytes, &h.bytes}, {countAnnotations, &h.bytes}} {
		v, err := r.Get(counterKey(bucket, c.letter))
		if ignoreAbsent(err) != nil {
			return h, err
		}
		*c.sum += kv.Int64(v)
	}
	return h, nil
}

// allows decides whether a bucket may come to hold h after it grew by as much. What shrinks, or stays as it is, may.
func (q *Quota) allows(h, grew held) error {
	switch {
	case q.MaxBytes > 0 && grew.bytes > 0 && h.bytes > q.MaxBytes:
		return fault.New(fault.QuotaExceeded, "Bucket quota exceeded: storage limit reached")
	case q.MaxObjects > 0 && grew.objects > 0 && h.objects > q.MaxObjects:
		return fault.New(fault.QuotaExceeded, "Bucket quota exceeded: object limit reached")
	}
	return nil
}

// withinQuota refuses a commit that brought the bucket beyond its quota. It is asked when the versions are written.
func (t *txn) withinQuota(b *Bucket) error {
	if b.Quota == (Quota{}) {
		return nil
	}
	h, err := holds(t, b.ID)
	if err != nil {
		return err
	}
	return b.Quota.allows(h, t.grew)
}

// room refuses a write of size bytes to key, of which cur is the current version, that would go beyond the quota now.
func (b *Bucket) room(r kv.Reader, key string, cur *versionRecord, size int64) error {
	if b.Quota == (Quota{}) || size < 0 {
		return nil
	}
	h, err := holds(r, b.ID)
	if err != nil {
		return err
	}
	grew := held{1, size}
	lost, err := displaced(r, b, key, cur)
	if err != nil {
		return err
	}
	if lost != nil && !lost.marker() {
		grew.objects--
		grew.bytes -= lost.size + lost.annotations().bytes
	}
	h.objects += grew.objects
	h.bytes += grew.bytes
	return b.Quota.allows(h, grew)
}

// roomFor refuses what alone is larger than the quota.
func (b *Bucket) roomFor(size int64) error {
	return b.Quota.allows(held{0, size}, held{0, size})
}

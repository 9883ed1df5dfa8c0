package object

import (
	"bytes"
	"context"
	"errors"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/kv"
)

// txn is one commit in progress: the engine's transaction and the rows that every commit shares.
type txn struct {
	kv.Txn
	s                            *Store
	reclaim                      []blob.ID
	viewed, reclaimed, assembled bool
	told                         bool
	shown                        string // the key queued last, so that replacing queues it once
	grew                         held   // what this commit added to what counts against a quota
	bypass                       bool   // governance does not protect from this commit
	keeps                        id     // a set of annotations that the new version takes over
}

// flush writes the rows gathered during the commit.
func (t *txn) flush() {
	if len(t.reclaim) == 0 {
		return
	}
	value := make([]byte, 0, 16*len(t.reclaim))
	for _, b := range t.reclaim {
		t.Delete(idKey(tRef, b))
		value = append(value, b[:]...)
	}
	t.Put(idKey(tReclaim, t.s.newID()), value)
	t.reclaimed = true
}

func (s *Store) newID() id { return s.ids.New(s.now()) }

func getBucket(r kv.Reader, name string) (Bucket, error) {
	b := Bucket{Name: name}
	v, err := r.Get(bucketKey(name))
	if err != nil {
		return b, noBucket(err)
	}
	return b, b.decode(v)
}

// glanceBucket is getBucket for those who need no more than Bucket.glance reads.
func glanceBucket(r kv.Reader, name string) (Bucket, error) {
	b := Bucket{Name: name}
	v, err := r.Get(bucketKey(name))
	if err != nil {
		return b, noBucket(err)
	}
	return b, b.glance(v)
}

// noBucket is the error of a bucket that could not be read.
func noBucket(err error) error {
	if errors.Is(err, kv.ErrNotFound) {
		return fault.New(fault.NoSuchBucket, "The specified bucket does not exist")
	}
	return err
}

// current reads the current version of key; nil when there is none.
func current(r kv.Reader, bucket uint64, key string) (*versionRecord, error) {
	return getRecord(r, currentKey(bucket, key))
}

func getRecord(r kv.Reader, k []byte) (*versionRecord, error) {
	v, err := r.Get(k)
	if err != nil {
		return nil, ignoreAbsent(err)
	}
	rec := new(versionRecord)
	return rec, rec.decode(v)
}

// newest reads the newest version row of key in the version table; nil when there is none.
func newest(r kv.Reader, bucket uint64, key string) (*versionRecord, error) {
	c, err := r.Cursor(kv.Prefix(versionsOf(bucket, key)))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if !c.Next() {
		return nil, c.Err()
	}
	v, err := c.Value()
	if err != nil {
		return nil, err
	}
	rec := new(versionRecord)
	return rec, rec.decode(v)
}

// oldNull reads the null version of key in the version table; nil when there is none.
func oldNull(r kv.Reader, bucket uint64, key string) (*versionRecord, error) {
	v, err := r.Get(nullKey(bucket, key))
	if err != nil {
		return nil, ignoreAbsent(err)
	}
	var at id
	if err := setID(&at, v); err != nil {
		return nil, err
	}
	return getRecord(r, versionKey(bucket, key, at))
}

// find reads the version of key that the text names, and whether it is the current one. An absent one is nil.
func find(r kv.Reader, bucket uint64, key, version string) (rec *versionRecord, isCurrent bool, err error) {
	cur, err := current(r, bucket, key)
	if err != nil || version == "" {
		return cur, true, err
	}
	if version == NullVersion {
		if cur != nil && cur.null() {
			return cur, true, nil
		}
		rec, err = oldNull(r, bucket, key)
		return rec, false, err
	}
	v, err := parseVersion(version)
	if err != nil {
		return nil, false, err
	}
	if cur != nil && cur.id == v && !cur.null() {
		return cur, true, nil
	}
	rec, err = getRecord(r, versionKey(bucket, key, v))
	if rec != nil && rec.null() {
		rec = nil // the null version is named "null" only
	}
	return rec, false, err
}

// put writes rec as the current version and counts it.
func (t *txn) put(b *Bucket, key string, rec *versionRecord) {
	t.Put(currentKey(b.ID, key), rec.encode(make([]byte, 0, 256)))
	t.Add(counterKey(b.ID, countObjects), 1)
	t.Add(counterKey(b.ID, countBytes), rec.size)
	t.grow(b, rec, 1)
	t.show(b, key)
}

// unput takes the current version away, leaving its body.
func (t *txn) unput(b *Bucket, key string, rec *versionRecord) {
	t.Delete(currentKey(b.ID, key))
	t.Add(counterKey(b.ID, countObjects), -1)
	t.Add(counterKey(b.ID, countBytes), -rec.size)
	t.grow(b, rec, -1)
	t.show(b, key)
}

// putOld writes rec among the versions and counts it.
func (t *txn) putOld(b *Bucket, key string, rec *versionRecord) {
	t.Put(versionKey(b.ID, key, rec.id), rec.encode(make([]byte, 0, 256)))
	if rec.null() {
		t.Put(nullKey(b.ID, key), rec.id[:])
	}
	t.countOld(b, rec, 1)
}

// unputOld takes rec from the versions, leaving its body.
func (t *txn) unputOld(b *Bucket, key string, rec *versionRecord) {
	t.Delete(versionKey(b.ID, key, rec.id))
	if rec.null() {
		t.Delete(nullKey(b.ID, key))
	}
	t.countOld(b, rec, -1)
}

func (t *txn) countOld(b *Bucket, rec *versionRecord, sign int64) {
	if rec.marker() {
		t.Add(counterKey(b.ID, countMarkers), sign)
		return
	}
	t.Add(counterKey(b.ID, countVersions), sign)
	t.Add(counterKey(b.ID, countOldBytes), sign*rec.size)
	t.grow(b, rec, sign)
}

func (t *txn) grow(b *Bucket, rec *versionRecord, sign int64) {
	t.grew.objects += sign
	t.grew.bytes += sign * rec.size
	set := rec.annotations()
	t.countAnnotations(b, sign*set.bytes)
}

// drop gives up the annotations and the body of a version that no row names any more, unless keep still uses it.
func (t *txn) drop(rec *versionRecord, keep body) error {
	if t.mayDestroy(rec, t.bypass) != nil {
		return errProtected // whoever comes here has asked before: the commit must not happen
	}
	t.dropAnnotations(rec)
	if rec.body == keep { // an empty one has a manifest where it came from an upload
		return nil
	}
	if rec.flags&flagParts != 0 {
		m, err := getManifest(t, rec.body.id)
		switch {
		case err == nil:
			t.deleteManifest(rec.body.id, &m)
			if rec.body.kind == bodyParts {
				t.reclaim = m.blobs(t.reclaim)
			}
		case errors.Is(err, kv.ErrNotFound) || errors.Is(err, errRecord): // what it named stays, and Unowned tells of it
		default:
			return err
		}
	}
	switch rec.body.kind {
	case bodyInline:
		t.Delete(idKey(tInline, rec.body.id))
	case bodyBlob:
		t.reclaim = append(t.reclaim, rec.body.id)
	}
	return nil
}

var errProtected = errors.New("object: a protected version would be lost")

// dropTable removes all rows of a bucket from a table that has few of them.
func (t *txn) dropTable(table byte, bucket uint64) error {
	var keys [][]byte
	for p, err := range kv.Scan(t, kv.Prefix(inBucket(table, bucket, 0))) {
		if err != nil {
			return err
		}
		keys = append(keys, bytes.Clone(p.Key))
	}
	for _, k := range keys {
		t.Delete(k)
	}
	return nil
}

// refer records that a blob belongs to a key.
func (t *txn) refer(b *Bucket, key string, blob id) {
	t.Put(idKey(tRef, blob), append(inBucket(0, b.ID, len(key))[1:], key...))
}

// show queues the key for the plain-file view.
func (t *txn) show(b *Bucket, key string) {
	if !t.s.view || t.viewed && t.shown == key {
		return
	}
	t.viewed, t.shown = true, key
	t.Put(idKey(tView, t.s.newID()), viewChange{Bucket: b.Name, Key: key}.encode())
}

// hideCurrent makes room for a new newest version of key, as the bucket's versioning asks. keep is the body the new version uses.
func (t *txn) hideCurrent(b *Bucket, key string, cur *versionRecord, keep body) error {
	lost, err := displaced(t, b, key, cur)
	if err == nil {
		err = t.mayDestroy(lost, false)
	}
	if err != nil {
		return err
	}
	if cur != nil {
		t.unput(b, key, cur)
		if cur != lost {
			t.putOld(b, key, cur)
		}
	}
	if lost == nil {
		return nil
	}
	if lost != cur {
		t.unputOld(b, key, lost)
	}
	return t.drop(lost, keep)
}

// displaced is the version that a new newest version of key takes the place of: without versioning the null version; nil for none.
func displaced(r kv.Reader, b *Bucket, key string, cur *versionRecord) (*versionRecord, error) {
	switch {
	case b.Versioning == VersioningEnabled:
		return nil, nil
	case cur != nil && cur.null():
		return cur, nil
	case b.Versioning == Unversioned:
		return nil, nil
	}
	return oldNull(r, b.ID, key)
}

// follow gives rec an id that sorts before all versions of key there are.
func (t *txn) follow(b *Bucket, key string, rec, cur *versionRecord) error {
	last := cur
	if last == nil && b.Versioning != Unversioned {
		var err error
		if last, err = newest(t, b.ID, key); err != nil {
			return err
		}
	}
	rec.id = t.s.newID()
	if last != nil && stamp(last.id) >= stamp(rec.id) { // the clock stood still or went back
		rec.id = after(last.id, rec.id)
	}
	return nil
}

// after returns v with the stamp next to last's.
func after(last, v id) id {
	for i := 7; i >= 0; i-- {
		last[i]++
		if last[i] != 0 {
			break
		}
	}
	copy(v[:8], last[:8])
	return v
}

// commit makes rec, whose body is stored, the newest version of key. rows writes the rows of its body.
func (s *Store) commit(ctx context.Context, bucket, key string, rec *versionRecord, o *order, cond *WriteConditions, rows func(*txn, *Bucket) error) (Version, error) {
	var out Version
	err := s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, bucket)
		if err != nil {
			return err
		}
		if err := b.admit(rec, o, s.now()); err != nil {
			return err
		}
		if o.ready != nil {
			if err := o.ready(t); err != nil {
				return err
			}
		}
		cur, err := current(t, b.ID, key)
		if err != nil {
			return err
		}
		if err := cond.check(cur); err != nil {
			return err
		}
		if err := t.replace(&b, key, cur, rec); err != nil {
			return err
		}
		if rows != nil {
			if err := rows(t, &b); err != nil {
				return err
			}
		}
		t.tell(&b, o.event, o.by, key, rec)
		out = rec.version(&b, key, true)
		return nil
	})
	return out, err
}

// replace makes rec the current version in place of cur.
func (t *txn) replace(b *Bucket, key string, cur, rec *versionRecord) error {
	if err := t.follow(b, key, rec, cur); err != nil {
		return err
	}
	rec.flags &^= flagNull
	if b.Versioning != VersioningEnabled {
		rec.flags |= flagNull
	}
	t.keeps = rec.annotations().id
	if err := t.hideCurrent(b, key, cur, rec.body); err != nil {
		return err
	}
	rec.sealed().wrap(rec.binding(b.ID, key))
	t.put(b, key, rec)
	return t.withinQuota(b)
}

package object

import (
	"context"
	"slices"

	"myfsio/fault"
	"myfsio/kv"
)

// Expiry names a version that a rule ends.
type Expiry struct {
	Key   string
	Stamp [16]byte // of the version as it was seen
	// Remove removes the version for good, which must be noncurrent, or a delete marker that is alone. Otherwise the version must
	// be the current one, and is deleted as by a DELETE without version id.
	Remove bool
	// Still decides inside the commit, on what the version is then; nil: it is still meant. It may be called several times.
	Still func(Entry) bool
}

func errNotMeant() error {
	return fault.New(fault.ConditionalConflict, "The version changed since the rule looked at it.")
}

// Expire ends up to MaxDelete versions in one commit. Each is looked at again there: one that is not what was seen, or not meant any more, stays, and
// its Err is of kind ConditionalConflict; one that is protected stays, and its Err is of kind Locked. An error of the engine fails them all.
// Those of one key are best given one after the other.
func (s *Store) Expire(ctx context.Context, bucket string, by Actor, list []Expiry) ([]Deleted, error) {
	if len(list) > MaxDelete {
		return nil, fault.New(fault.InvalidArgument, "At most %d versions expire at once.", MaxDelete)
	}
	out := make([]Deleted, len(list))
	err := s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, bucket)
		if err != nil {
			return err
		}
		var of *keyEntries
		for i := range list {
			if out[i], err = t.expire(&b, &list[i], &by, &of); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// expire ends one version. of is what is known of its key, if that is the key of the one before.
func (t *txn) expire(b *Bucket, x *Expiry, by *Actor, of **keyEntries) (d Deleted, err error) {
	switch {
	case !x.Remove:
		*of = nil
		d, err = t.expireCurrent(b, x, by)
	case *of == nil || (*of).key != x.Key:
		if *of, err = entriesOf(t, b, x.Key); err != nil {
			return d, err
		}
		fallthrough
	default:
		d, err = t.expireVersion(b, x, by, *of)
	}
	return ofKey(x.Key, d, err)
}

func (t *txn) expireCurrent(b *Bucket, x *Expiry, by *Actor) (Deleted, error) {
	cur, err := current(t, b.ID, x.Key)
	if err != nil {
		return Deleted{}, err
	}
	if cur == nil || cur.id != x.Stamp || x.Still != nil && !x.Still(Entry{Version: cur.version(b, x.Key, true)}) {
		return Deleted{}, errNotMeant()
	}
	return t.delete(b, &DeleteObject{Bucket: b.Name, Key: x.Key, By: *by})
}

// keyEntries are the versions of the key that was looked at last, newest first, so that many of one key cost one look.
type keyEntries struct {
	key  string
	list []Entry
}

// entriesOf reads the versions of a key down to one that cannot be read.
func entriesOf(r kv.Reader, b *Bucket, key string) (*keyEntries, error) {
	of, h, rows := &keyEntries{key: key}, history{}, 0
	add := func(v []byte) {
		rec := new(versionRecord)
		if rec.decode(v) != nil {
			rec = nil
		}
		if e, ok := h.next(b, key, rec); ok {
			of.list = append(of.list, e)
		}
		rows++
	}
	v, err := r.Get(currentKey(b.ID, key))
	if err == nil {
		add(v)
	} else if ignoreAbsent(err) != nil {
		return nil, err
	}
	for p, err := range kv.Scan(r, kv.Prefix(versionsOf(b.ID, key))) {
		if err != nil {
			return nil, err
		}
		add(p.Value)
	}
	if rows == 1 && len(of.list) == 1 {
		of.list[0].Alone = true
	}
	return of, nil
}

// drop takes out a version that was removed.
func (k *keyEntries) drop(at int) {
	gone := k.list[at]
	k.list = slices.Delete(k.list, at, at+1)
	for i := at; i < len(k.list) && !gone.DeleteMarker; i++ {
		k.list[i].Newer--
	}
	if at > 0 && at < len(k.list) {
		k.list[at].Since = id(k.list[at-1].Stamp).Time().UTC()
	}
}

func (t *txn) expireVersion(b *Bucket, x *Expiry, by *Actor, of *keyEntries) (Deleted, error) {
	at := slices.IndexFunc(of.list, func(e Entry) bool { return e.Stamp == x.Stamp })
	if at < 0 {
		return Deleted{}, errNotMeant()
	}
	e := of.list[at]
	if e.Latest && !(e.DeleteMarker && e.Alone) || x.Still != nil && !x.Still(e) {
		return Deleted{}, errNotMeant()
	}
	d, err := t.delete(b, &DeleteObject{Bucket: b.Name, Key: x.Key, VersionID: e.VersionID, By: *by})
	if err == nil {
		of.drop(at)
	}
	return d, err
}

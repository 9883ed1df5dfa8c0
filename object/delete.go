package object

import (
	"context"

	"myfsio/fault"
)

// Verify checks the request.
func (req *DeleteObject) Verify() error {
	if err := CheckKey(req.Key); err != nil {
		return err
	}
	if req.VersionID != "" && req.VersionID != NullVersion {
		if _, err := parseVersion(req.VersionID); err != nil {
			return err
		}
	}
	return req.If.Verify()
}

// Delete deletes a version, or hides the current one behind a delete marker. What is gone stays gone: the
// delete is durable when it returns.
func (s *Store) Delete(ctx context.Context, req DeleteObject) (Deleted, error) {
	var d Deleted
	if err := req.Verify(); err != nil {
		return d, err
	}
	err := s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, req.Bucket)
		if err != nil {
			return err
		}
		d, err = t.delete(&b, &req)
		return err
	})
	return d, err
}

// DeleteBatch deletes up to MaxDelete keys in one commit. What is wrong with one key is in its Err and
// spares the others; an error of the engine fails them all.
func (s *Store) DeleteBatch(ctx context.Context, bucket string, reqs []DeleteObject) ([]Deleted, error) {
	if len(reqs) > MaxDelete {
		return nil, fault.New(fault.InvalidArgument, "A batch delete names at most %d keys.", MaxDelete)
	}
	out := make([]Deleted, len(reqs))
	err := s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, bucket)
		if err != nil {
			return err
		}
		for i := range reqs {
			if out[i], err = t.deleteOne(&b, &reqs[i]); err != nil {
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

// deleteOne keeps the errors that concern the key alone. They arise before anything is changed for the key.
func (t *txn) deleteOne(b *Bucket, req *DeleteObject) (Deleted, error) {
	d, err := Deleted{}, req.Verify()
	if err == nil {
		d, err = t.delete(b, req)
	}
	return ofKey(req.Key, d, err)
}

// ofKey puts an error that concerns one key alone into its result.
func ofKey(key string, d Deleted, err error) (Deleted, error) {
	switch fault.KindOf(err) {
	case fault.Internal, fault.Corrupted:
		if err != nil {
			return d, err
		}
	}
	d.Key, d.Err = key, err
	return d, nil
}

func (t *txn) delete(b *Bucket, req *DeleteObject) (Deleted, error) {
	t.bypass = req.BypassGovernance
	if req.VersionID != "" {
		return t.deleteVersion(b, req)
	}
	d := Deleted{Key: req.Key}
	cur, err := current(t, b.ID, req.Key)
	if err != nil {
		return d, err
	}
	if err := req.If.checkDelete(cur); err != nil {
		return d, err
	}
	if b.Versioning == Unversioned {
		if cur == nil {
			return d, nil
		}
		if err := t.mayDestroy(cur, t.bypass); err != nil {
			return d, err
		}
		t.unput(b, req.Key, cur)
		d.Size = cur.size
		t.tell(b, EventDelete, &req.By, req.Key, cur)
		return d, t.drop(cur, body{})
	}
	m, err := t.mark(b, req.Key, req.Owner, cur, cur)
	if err != nil {
		return d, err
	}
	t.tell(b, EventMarker, &req.By, req.Key, m)
	d.DeleteMarker, d.VersionID = true, NullVersion
	if !m.null() {
		d.VersionID = formatVersion(m.id)
	}
	return d, nil
}

// mark puts a delete marker of who writes it on top of the key, whose newest version is or was last; cur is the current version now.
func (t *txn) mark(b *Bucket, key, writer string, last, cur *versionRecord) (*versionRecord, error) {
	m := &versionRecord{flags: flagMarker, modified: t.s.now().UnixNano(), owner: b.ObjectOwner(writer, false)}
	if err := t.follow(b, key, m, last); err != nil {
		return nil, err
	}
	if b.Versioning == VersioningSuspended {
		m.flags |= flagNull
	}
	if err := t.hideCurrent(b, key, cur, body{}); err != nil {
		return nil, err
	}
	t.putOld(b, key, m)
	return m, nil
}

// deleteVersion removes one version for good; the next older one becomes the newest.
func (t *txn) deleteVersion(b *Bucket, req *DeleteObject) (Deleted, error) {
	d := Deleted{Key: req.Key}
	if b.Versioning != Unversioned {
		d.VersionID = req.VersionID
	}
	rec, isCurrent, err := find(t, b.ID, req.Key, req.VersionID)
	if err != nil {
		return d, err
	}
	if err := req.If.checkDelete(rec); err != nil || rec == nil {
		return d, err
	}
	if err := t.mayDestroy(rec, t.bypass); err != nil {
		return d, err
	}
	d.DeleteMarker, d.Size = rec.marker(), rec.size
	if isCurrent {
		t.unput(b, req.Key, rec)
	} else {
		t.unputOld(b, req.Key, rec)
	}
	t.tell(b, EventDelete, &req.By, req.Key, rec)
	if err := t.drop(rec, body{}); err != nil {
		return d, err
	}
	return d, t.promote(b, req.Key)
}

// promote makes the newest remaining version current, unless there is a current one or the newest is a delete marker.
func (t *txn) promote(b *Bucket, key string) error {
	cur, err := current(t, b.ID, key)
	if err != nil || cur != nil {
		return err
	}
	top, err := newest(t, b.ID, key)
	if err != nil || top == nil || top.marker() {
		return err
	}
	t.unputOld(b, key, top)
	t.put(b, key, top)
	return nil
}

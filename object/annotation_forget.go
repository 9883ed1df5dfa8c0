package object

import (
	"context"

	"myfsio/kv"
)

// forgottenAtOnce is how many annotations are removed in one commit.
const forgottenAtOnce = 100

// ForgetAnnotations removes some of the annotations that no version has any more: up to a hundred rows of the next set behind the mark, whose blobs it
// queues for Reclaim. It returns the mark to go on from; done says that there is nothing behind it. A set that is being copied stays.
func (s *Store) ForgetAnnotations(ctx context.Context, behind Mark) (at Mark, done bool, err error) {
	var set id
	done = true
	err = s.queue(ctx, tForget, behind, 1, func(m Mark, v []byte) error {
		at, done = m, false
		return setID(&set, v)
	})
	if err != nil || done {
		return behind, done, err
	}
	if s.settling.has(set) {
		return at, false, nil
	}
	more := false
	err = s.update(ctx, func(t *txn) (err error) {
		more, err = t.forget(at, set)
		return err
	})
	if err != nil || more {
		return behind, false, err
	}
	return at, false, nil
}

// forget removes rows of a set, and at its end the row that named it. A set that a version took over since the queue was read is in it no more.
func (t *txn) forget(at Mark, set id) (more bool, err error) {
	if _, err := t.Get(idKey(tForget, at)); err != nil {
		return false, ignoreAbsent(err)
	}
	var keys [][]byte
	err = eachAnnotation(t, set, "", "", func(name string, v []byte) (bool, error) {
		if more = len(keys) == forgottenAtOnce; more {
			return false, nil
		}
		keys = append(keys, annotationKey(set, name))
		var a annotationRecord
		if err := a.decode(v); err != nil {
			return true, nil // what its payload was nobody can tell; the check finds it
		}
		t.dropPayload(&a)
		return true, nil
	})
	if err != nil {
		return false, err
	}
	for _, k := range keys {
		t.Delete(k)
	}
	if !more {
		t.Delete(idKey(tForget, at))
	}
	return more, nil
}

// annotationsForgotten walks the sets that wait to be forgotten.
func annotationsForgotten(r kv.Reader, fn func(set id) error) error {
	for p, err := range kv.Scan(r, kv.Prefix([]byte{tForget})) {
		if err != nil {
			return err
		}
		var set id
		if setID(&set, p.Value) != nil {
			return errRecord
		}
		if err := fn(set); err != nil {
			return err
		}
	}
	return nil
}

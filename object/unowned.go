package object

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"myfsio/blob"
	"myfsio/kv"
)

// Unowned is a blob that a reference row says belongs to a key, of which no version and no part has it: the record that did is lost.
type Unowned struct {
	Blob        blob.ID
	Bucket, Key string
}

// Unowned looks at up to most reference rows behind the blob after, in one state of the metadata, and returns those of blobs that nothing owns, the last
// blob it looked at, and whether there are more. A blob whose key has something that cannot be read, or more than 10000 versions and parts, counts as owned.
func (s *Store) Unowned(ctx context.Context, after blob.ID, most int) (out []Unowned, last blob.ID, more bool, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) error {
		out, last, more = nil, after, false
		names, err := bucketNames(r)
		if err != nil {
			return err
		}
		rg := kv.Prefix([]byte{tRef})
		rg.Start = append(idKey(tRef, after), 0)
		n, seen := 0, map[string]*owner{}
		for p, err := range kv.Scan(r, rg) {
			if err != nil {
				return err
			}
			if n++; n > most {
				more = true
				return nil
			}
			if setID(&last, p.Key[1:]) != nil || len(p.Value) < 8 {
				continue
			}
			bucket, key := binary.BigEndian.Uint64(p.Value), string(p.Value[8:])
			name, known := names[bucket]
			if !known {
				continue
			}
			o := seen[string(p.Value)]
			if o == nil {
				if o, err = owners(r, bucket, key); err != nil {
					return err
				}
				seen[string(p.Value)] = o
			}
			if !o.has(last) {
				out = append(out, Unowned{last, name, key})
			}
		}
		return ctx.Err()
	})
	return out, last, more, err
}

// Disown removes the reference row of a blob that nothing owns, and reports whether that was still so. Who calls it has put the bytes aside: from
// then on they are a stray's.
func (s *Store) Disown(ctx context.Context, u Unowned) (done bool, err error) {
	err = s.update(ctx, func(t *txn) error {
		done = false
		b, err := getBucket(t, u.Bucket)
		if err != nil {
			return err
		}
		v, err := t.Get(idKey(tRef, u.Blob))
		if err != nil || !bytes.Equal(v, append(inBucket(0, b.ID, len(u.Key))[1:], u.Key...)) {
			return ignoreAbsent(err)
		}
		o, err := owners(t, b.ID, u.Key)
		if err != nil || o.has(u.Blob) {
			return err
		}
		t.Delete(idKey(tRef, u.Blob))
		done = true
		return nil
	})
	return done, err
}

func bucketNames(r kv.Reader) (map[uint64]string, error) {
	names := map[uint64]string{}
	for p, err := range kv.Scan(r, kv.Prefix([]byte{tBucket})) {
		if err != nil {
			return nil, err
		}
		b := Bucket{Name: string(p.Key[1:])}
		if b.decode(p.Value) == nil {
			names[b.ID] = b.Name
		}
	}
	return names, nil
}

// maxOwners bounds how many versions and parts of one key are asked for their blobs.
const maxOwners = 10000

// owner is a key with the blobs that it has.
type owner struct {
	blobs map[blob.ID]bool
	all   bool // what cannot be read, or is too much, may have any
	asked int
}

// owners finds the blobs that the versions and parts of a key have.
func owners(r kv.Reader, bucket uint64, key string) (*owner, error) {
	o := &owner{blobs: map[blob.ID]bool{}}
	add := func(table byte, value []byte) error {
		if o.asked++; o.asked > maxOwners {
			return errRecord
		}
		return eachBlob(table, value, func(b blob.ID) { o.blobs[b] = true })
	}
	err := o.look(r, bucket, key, add)
	if errors.Is(err, errRecord) || errors.Is(err, kv.ErrNotFound) {
		o.all, err = true, nil
	}
	return o, err
}

func (o *owner) look(r kv.Reader, bucket uint64, key string, add func(table byte, value []byte) error) error {
	version := func(value []byte) error {
		var rec versionRecord
		if err := rec.decode(value); err != nil || rec.body.kind != bodyParts {
			return errors.Join(err, add(tVersion, value))
		}
		m, err := r.Get(idKey(tManifest, rec.body.id))
		if err == nil {
			err = errors.Join(add(tVersion, value), add(tManifest, m))
		}
		if err != nil || rec.flags&flagAppended == 0 {
			return err
		}
		for p, err := range kv.Scan(r, kv.Prefix(idKey(tTail, rec.body.id))) {
			if err == nil {
				err = add(tTail, p.Value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	v, err := r.Get(currentKey(bucket, key))
	if err == nil {
		err = version(v)
	} else {
		err = ignoreAbsent(err)
	}
	if err != nil {
		return err
	}
	for p, err := range kv.Scan(r, kv.Prefix(versionsOf(bucket, key))) {
		if err == nil {
			err = version(p.Value)
		}
		if err != nil {
			return err
		}
	}
	for p, err := range kv.Scan(r, kv.Prefix(uploadsOf(bucket, key))) {
		if err != nil {
			return err
		}
		if len(p.Key) < 16 {
			return errRecord
		}
		for part, err := range kv.Scan(r, kv.Prefix(idKey(tPart, id(p.Key[len(p.Key)-16:])))) {
			if err == nil {
				err = add(tPart, part.Value)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *owner) has(b blob.ID) bool { return o.all || o.blobs[b] }

package object

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

// Rewrap asks for a page of the envelopes of a bucket to be put under the master key in force: those of its uploads, or of its versions. Whoever
// walks a bucket walks the uploads first: an upload that is completed meanwhile is met again among the versions.
type Rewrap struct {
	Bucket  string
	Uploads bool
	// Behind this upload, or this version of this key. AfterID zero: behind all of the key; AfterKey "": from the start.
	AfterKey string
	AfterID  [16]byte
	Max      int  // rows, 1..1000
	DryRun   bool // unwrap all the same, to tell what would fail
}

// Wrapper is what an envelope is under.
type Wrapper struct {
	Sort seal.Sort
	ID   string // S3: the master key, 16 hexadecimal digits. KMS: the name of the key. Else "".
}

// Rewrapped is what came of a page.
type Rewrapped struct {
	More      bool // there is a next page, behind AfterKey and AfterID
	AfterKey  string
	AfterID   [16]byte
	Rows      int               // looked at, in clear or not
	Envelopes map[Wrapper]int64 // under each key now
	Rewrapped int64             // or, in a dry run, to be
	Damaged   int64             // rows, or envelopes, that cannot be read
	Failed    int64             // envelopes that cannot be unwrapped; Err tells of one of them
	Err       error
}

// wrapped is an envelope that a page met under a former master key.
type wrapped struct {
	key      string
	id       id // of the version or upload
	envelope *seal.Envelope
	binding  seal.Binding
	old, new []byte
}

// Rewrap puts a page of envelopes under the master key in force, in one commit that is durable when Rewrap returns. The object keys, and with
// them the bytes, stay, and nothing but the envelope of a row changes. What changes meanwhile is left to whoever changed it: it is under the master key
// in force already. Envelopes of the KMS and of customers are counted and stay. A bucket that is gone has no envelopes.
func (s *Store) Rewrap(ctx context.Context, req Rewrap) (Rewrapped, error) {
	if req.Max < 1 || req.Max > MaxListKeys {
		return Rewrapped{}, fault.New(fault.InvalidArgument, "A page has 1 to %d rows.", MaxListKeys)
	}
	kek, err := s.keys.MasterKEK()
	if err != nil {
		return Rewrapped{}, err
	}
	p := &rewrapPage{req: &req, current: kek.Source.Master}
	err = s.viewDB(ctx, p.read)
	if fault.Is(err, fault.NoSuchBucket) {
		return Rewrapped{}, nil
	}
	if err != nil {
		return Rewrapped{}, err
	}
	p.wrap(s)
	if !req.DryRun && len(p.found) > 0 {
		if err := s.update(ctx, p.commit); err != nil {
			return Rewrapped{}, err
		}
	}
	return p.out, nil
}

// rewrapPage is one page on its way.
type rewrapPage struct {
	req     *Rewrap
	current [8]byte // master key
	bucket  Bucket
	found   []wrapped
	out     Rewrapped
}

func (p *rewrapPage) read(r kv.Reader) (err error) {
	p.found, p.out = nil, Rewrapped{Envelopes: map[Wrapper]int64{}}
	if p.bucket, err = glanceBucket(r, p.req.Bucket); err != nil {
		return err
	}
	if p.req.Uploads {
		return p.readUploads(r)
	}
	return p.readVersions(r)
}

// full ends the page before a row that would be one too many. It ends behind a row whose id is known.
func (p *rewrapPage) full() bool {
	p.out.More = p.out.Rows >= p.req.Max
	return p.out.More
}

func (p *rewrapPage) readUploads(r kv.Reader) error {
	rg := kv.Prefix(inBucket(tUpload, p.bucket.ID, 0))
	if p.req.AfterKey != "" {
		rg.Start = append(uploadKey(p.bucket.ID, p.req.AfterKey, p.req.AfterID), 0)
	}
	for row, err := range kv.Scan(r, rg) {
		if err != nil {
			return err
		}
		if p.full() {
			return nil
		}
		p.out.Rows++
		key, rest, ok := unescapeKey(row.Key[rowHead:])
		var u id
		var rec uploadRecord
		if !ok || setID(&u, rest) != nil {
			p.out.Damaged++
			continue
		}
		if rec.decode(row.Value) != nil {
			p.out.Damaged++
		} else {
			p.meet(key, u, rec.seal, seal.Binding{Bucket: p.bucket.ID, Version: u, Key: key})
		}
		p.out.AfterKey, p.out.AfterID = key, u
	}
	return nil
}

func (p *rewrapPage) readVersions(r kv.Reader) error {
	m, err := p.merge(r)
	if err != nil {
		return err
	}
	defer m.close()
	known := true // the id of the row before
	for m.curOK || m.oldOK {
		if known && p.full() {
			return nil
		}
		p.out.Rows++
		key, rec, err := m.take()
		if err != nil {
			return err
		}
		if known = rec != nil; !known {
			p.out.Damaged++
			continue
		}
		p.meet(key, rec.id, rec.sealed(), rec.binding(p.bucket.ID, key))
		p.out.AfterKey, p.out.AfterID = key, rec.id
	}
	return nil
}

// merge stands behind the version where the page begins. A version that became current since then, because newer ones were deleted, stands in the other
// table now.
func (p *rewrapPage) merge(r kv.Reader) (*merge, error) {
	after, at := p.req.AfterKey, p.req.AfterID
	m, err := openMerge(r, &p.bucket, &ListVersions{KeyMarker: after})
	if err != nil || after == "" || at == (id{}) {
		return m, err
	}
	var cur versionRecord // one that cannot be read was met before all older ones
	v, err := r.Get(currentKey(p.bucket.ID, after))
	switch {
	case err == nil && cur.decode(v) == nil && bytes.Compare(cur.id[:], at[:]) < 0:
		err = m.seek(after, nil)
	case ignoreAbsent(err) == nil:
		err = m.seek(after+"\x00", append(versionKey(p.bucket.ID, after, at), 0))
	}
	if err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// meet counts an envelope, and notes one that has to move.
func (p *rewrapPage) meet(key string, i id, s *sealRecord, b seal.Binding) {
	switch {
	case s == nil:
	case s.envelope == nil:
		p.out.Damaged++
	case s.envelope.Sort == seal.S3 && s.envelope.Master != p.current:
		p.found = append(p.found, wrapped{key: key, id: i, envelope: s.envelope, binding: b, old: s.raw})
	default:
		p.out.Envelopes[wrapperOf(s.envelope)]++
	}
}

func wrapperOf(e *seal.Envelope) Wrapper {
	if e.Sort == seal.S3 {
		return Wrapper{e.Sort, hex.EncodeToString(e.Master[:])}
	}
	return Wrapper{e.Sort, e.KeyID}
}

// wrap makes the new envelopes, before the commit: it is short then.
func (p *rewrapPage) wrap(s *Store) {
	made := p.found[:0]
	for _, w := range p.found {
		e, err := s.keys.Rewrap(w.envelope, nil, w.binding, w.binding)
		if err != nil {
			p.out.Failed++
			p.out.Err = err
			p.out.Envelopes[wrapperOf(w.envelope)]++
			continue
		}
		p.out.Rewrapped++
		if p.req.DryRun {
			e = w.envelope
		}
		p.out.Envelopes[wrapperOf(e)]++
		w.new = e.Append(nil)
		made = append(made, w)
	}
	p.found = made
}

// commit writes the new envelopes where the old ones still stand.
func (p *rewrapPage) commit(t *txn) error {
	b, err := getBucket(t, p.req.Bucket)
	if fault.Is(err, fault.NoSuchBucket) || err == nil && b.ID != p.bucket.ID {
		return nil
	}
	if err != nil {
		return err
	}
	for i := range p.found {
		w := &p.found[i]
		at := [][]byte{currentKey(b.ID, w.key), versionKey(b.ID, w.key, w.id)}
		if p.req.Uploads {
			at = [][]byte{uploadKey(b.ID, w.key, w.id)}
		}
		for _, k := range at {
			if done, err := t.reseal(k, w.old, w.new); err != nil {
				return err
			} else if done {
				break
			}
		}
	}
	return nil
}

// reseal puts one envelope in the place of another in a row. All else of the row stays as it is, also what this program does not know.
func (t *txn) reseal(k, old, new []byte) (done bool, err error) {
	row, err := t.Get(k)
	if errors.Is(err, kv.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	out := make([]byte, 0, len(row)+len(new))
	for b := row; len(b) > 0; {
		num, _, data, rest, err := field(b)
		if err != nil {
			return false, nil // a damaged row stays as it is
		}
		if num == fSeal && bytes.Equal(data, old) {
			out, done = appendBytes(out, num, new), true
		} else {
			out = append(out, b[:len(b)-len(rest)]...)
		}
		b = rest
	}
	if done {
		t.Put(k, out)
	}
	return done, nil
}

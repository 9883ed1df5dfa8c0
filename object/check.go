package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"myfsio/blob"
	"myfsio/kv"
)

// Problem is a broken invariant that Check found.
type Problem struct {
	Kind   string // one of the Problem* words
	Bucket string
	Key    string
	Detail string
	Fixed  bool
}

// The kinds of problems.
const (
	ProblemRecord   = "damaged-record"     // a row that cannot be read
	ProblemLost     = "lost-bytes"         // a version whose bytes are gone or too short
	ProblemRot      = "bit-rot"            // bytes that do not match their checksum (deep check only)
	ProblemPoison   = "poisoned"           // a version whose bytes were found not to be those that were written, and that nobody can read
	ProblemCounter  = "wrong-counter"      // a counter that is not the count
	ProblemOrphan   = "orphan-row"         // a row that belongs to nothing
	ProblemMissing  = "missing-row"        // a row that should be there
	ProblemStray    = "stray-blob"         // a blob that no row refers to
	ProblemFeatures = "wrong-features"     // a bucket's record that does not say which documents there are
	ProblemVersions = "disordered-version" // versions of a key that contradict each other
)

// CheckOptions says how to check.
type CheckOptions struct {
	Deep   bool          // read all bytes and compare them with their checksums
	Repair bool          // repair what can be repaired without losing a byte; where something cannot be read nothing is removed
	Report func(Problem) // called for each problem
	Step   func()        // called for each row and blob, for progress; may be nil
}

// CheckResult counts what Check looked at.
type CheckResult struct {
	Buckets, Versions, Uploads, Blobs int64
	Problems, Fixed                   int64
}

// Check verifies every invariant between metadata and blobs. Nothing else may use the store meanwhile. It holds 16 bytes
// in memory for each body.
func (s *Store) Check(ctx context.Context, o CheckOptions) (CheckResult, error) {
	c := &checker{s: s, o: o, ctx: ctx, bodies: map[id]bool{}, blobs: map[id]bool{}, uploads: map[id]bool{}, queued: map[id]bool{}, sets: map[id]bool{}, byID: map[uint64]Bucket{}}
	if c.o.Step == nil {
		c.o.Step = func() {}
	}
	err := s.viewDB(ctx, func(r kv.Reader) error {
		c.r = r
		for _, step := range []func() error{c.queues, c.forgotten, c.buckets, c.lostAnnotations, c.orphans, c.forgetLost} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = c.strays()
	}
	if err == nil && o.Repair {
		err = c.repair()
	}
	return c.res, err
}

type checker struct {
	s         *Store
	o         CheckOptions
	ctx       context.Context
	r         kv.Reader
	res       CheckResult
	byID      map[uint64]Bucket
	bodies    map[id]bool // inline bodies and manifests in use
	blobs     map[id]bool // blobs in use
	uploads   map[id]bool
	queued    map[id]bool // blobs to be reclaimed
	sets      map[id]bool // of annotations, that a version has or that are to be forgotten
	lostSets  []id        // that nothing names
	annotated int64       // bytes of annotations in the present bucket
	fixes     []func(*txn)
	stray     []blob.ID
	moved     Usage           // what repairs in the present bucket change of its counters
	named     map[string]bool // keys of the present bucket whose null row was reported
	unsure    bool            // what cannot be read may own rows and blobs that seem to belong to nothing

	unread bool    // there is a record that cannot be read
	live   bool    // others use the store: rows only, see Audit
	guard  kv.Pair // live: the row that what is reported is about; a fix is for as long as it stands
}

func (c *checker) report(p Problem, fix func(*txn)) {
	c.res.Problems++
	if p.Kind == ProblemRecord {
		c.unsure, c.unread = true, true
	}
	if c.live {
		fix = c.whileItStands(&p, fix)
	}
	if fix != nil && c.o.Repair {
		c.fixes = append(c.fixes, fix)
		c.res.Fixed++
		p.Fixed = true
	}
	c.o.Report(p)
}

// use notes what is in use, for what is looked for afterwards.
func (c *checker) use(set map[id]bool, i id) {
	if !c.live {
		set[i] = true
	}
}

// remove is the fix that takes a row away.
func remove(key []byte) func(*txn) {
	k := bytes.Clone(key)
	return func(t *txn) { t.Delete(k) }
}

// queues learns which blobs wait to be removed.
func (c *checker) queues() error {
	for p, err := range kv.Scan(c.r, kv.Prefix([]byte{tReclaim})) {
		if err != nil {
			return err
		}
		for v := p.Value; len(v) >= 16; v = v[16:] {
			c.queued[id(v[:16])] = true
		}
	}
	return nil
}

func (c *checker) buckets() error {
	for p, err := range kv.Scan(c.r, kv.Prefix([]byte{tBucket})) {
		if err != nil {
			return err
		}
		b := Bucket{Name: string(p.Key[1:])}
		if err := b.decode(p.Value); err != nil {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Detail: "the bucket's record cannot be read"}, nil)
			continue
		}
		c.res.Buckets++
		c.byID[b.ID] = b
		if err := c.features(b); err != nil {
			return err
		}
		if err := c.bucket(&b); err != nil {
			return err
		}
	}
	return nil
}

// features checks that the bucket says which documents it has.
func (c *checker) features(b Bucket) error {
	want, err := countFeatures(c.r, b.ID)
	if err != nil || b.features&featuresKept == 0 {
		return err
	}
	const known = 1<<len(configKinds) - 1 // not those of a newer program
	if b.features&known == want&known {
		return nil
	}
	b.features = b.features&^known | want
	c.report(Problem{Kind: ProblemFeatures, Bucket: b.Name, Detail: "the bucket's record says of documents that they are there, or not, and is wrong"},
		func(t *txn) { t.Put(bucketKey(b.Name), b.encode()) })
	return nil
}

// bucket checks one bucket and recounts it.
func (c *checker) bucket(b *Bucket) error {
	var u Usage
	c.moved, c.named, c.annotated = Usage{}, map[string]bool{}, 0
	if err := c.currents(b, &u); err != nil {
		return err
	}
	if err := c.olds(b, &u); err != nil {
		return err
	}
	if err := c.nulls(b); err != nil {
		return err
	}
	if err := c.unfinished(b, &u); err != nil {
		return err
	}
	u.Annotations = c.annotated
	have, err := readUsage(c.r, b.ID)
	if err != nil || have == u || c.live && c.unread { // what cannot be read counts as well
		return err
	}
	id, fixed := b.ID, u
	fixed.Objects += c.moved.Objects
	fixed.Bytes += c.moved.Bytes
	fixed.Versions += c.moved.Versions
	fixed.OldBytes += c.moved.OldBytes
	fix := func(t *txn) { setUsage(t, id, fixed) }
	if c.live {
		fix = func(t *txn) { addUsage(t, id, &have, &u) }
	}
	c.report(Problem{Kind: ProblemCounter, Bucket: b.Name, Detail: fmt.Sprintf("counters %+v, counted %+v", have, u)}, fix)
	return nil
}

// each lists the counters.
func (u *Usage) each() map[byte]int64 {
	return map[byte]int64{
		countObjects: u.Objects, countBytes: u.Bytes, countVersions: u.Versions, countOldBytes: u.OldBytes,
		countMarkers: u.Markers, countUploads: u.Uploads, countParts: u.Parts, countAnnotations: u.Annotations,
	}
}

func setUsage(t *txn, bucket uint64, u Usage) {
	for n, v := range u.each() {
		t.Delete(counterKey(bucket, n))
		t.Add(counterKey(bucket, n), v)
	}
}

// addUsage adds what the counters lacked, or had too much, in one state.
func addUsage(t *txn, bucket uint64, have, want *Usage) {
	was := have.each()
	for n, v := range want.each() {
		t.Add(counterKey(bucket, n), v-was[n])
	}
}

func (c *checker) currents(b *Bucket, u *Usage) error {
	for p, err := range kv.Scan(c.r, kv.Prefix(inBucket(tCurrent, b.ID, 0))) {
		if err != nil {
			return err
		}
		if err := c.at(p); err != nil {
			return err
		}
		key := string(p.Key[1+8:])
		var rec versionRecord
		if rec.decode(p.Value) != nil {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "the current version's record cannot be read"}, nil)
			continue
		}
		u.Objects++
		u.Bytes += rec.size
		if rec.marker() {
			c.report(Problem{Kind: ProblemVersions, Bucket: b.Name, Key: key, Detail: "a delete marker stands as current version"}, nil)
		}
		if top, err := newest(c.r, b.ID, key); err != nil && !errors.Is(err, errRecord) {
			return err
		} else if err == nil && top != nil && stamp(top.id) >= stamp(rec.id) {
			c.report(Problem{Kind: ProblemVersions, Bucket: b.Name, Key: key, Detail: "an older version sorts before the current one"}, nil)
		}
		if err := c.version(b, key, &rec); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) olds(b *Bucket, u *Usage) error {
	last := ""
	for p, err := range kv.Scan(c.r, kv.Prefix(inBucket(tVersion, b.ID, 0))) {
		if err != nil {
			return err
		}
		if err := c.at(p); err != nil {
			return err
		}
		key, rest, ok := unescapeKey(p.Key[1+8:])
		var rec versionRecord
		if !ok || len(rest) != 16 || rec.decode(p.Value) != nil || orderOf(rec.id) != id(rest) {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "a version's record cannot be read"}, nil)
			continue
		}
		if rec.marker() {
			u.Markers++
		} else {
			u.Versions++
			u.OldBytes += rec.size
		}
		if err := c.old(b, key, &rec, key != last); err != nil {
			return err
		}
		last = key
	}
	return nil
}

// old checks a row of the version table; first says that it is the newest of its key there.
func (c *checker) old(b *Bucket, key string, rec *versionRecord, first bool) error {
	if first && !rec.marker() {
		cur, err := current(c.r, b.ID, key)
		if err != nil && !errors.Is(err, errRecord) {
			return err
		}
		if cur == nil && err == nil {
			c.report(Problem{Kind: ProblemVersions, Bucket: b.Name, Key: key, Detail: "the newest version is neither current nor a delete marker"},
				func(t *txn) { t.unputOld(b, key, rec); t.put(b, key, rec) })
			c.moved.Objects++
			c.moved.Bytes += rec.size
			c.moved.Versions--
			c.moved.OldBytes -= rec.size
		}
	}
	if rec.null() {
		v, err := c.r.Get(nullKey(b.ID, key))
		if ignoreAbsent(err) != nil {
			return err
		}
		if !bytes.Equal(v, rec.id[:]) {
			at := rec.id
			c.named[key] = true
			c.report(Problem{Kind: ProblemMissing, Bucket: b.Name, Key: key, Detail: "the null version has no row that names it"},
				func(t *txn) { t.Put(nullKey(b.ID, key), at[:]) })
		}
	}
	return c.version(b, key, rec)
}

// nulls checks that each row that names a null version names one.
func (c *checker) nulls(b *Bucket) error {
	for p, err := range kv.Scan(c.r, kv.Prefix(inBucket(tNull, b.ID, 0))) {
		if err != nil {
			return err
		}
		key := string(p.Key[1+8:])
		rec, err := oldNull(c.r, b.ID, key)
		if err != nil && !errors.Is(err, errRecord) {
			return err
		}
		if c.named[key] || err != nil && rec != nil { // reported already
			continue
		}
		if rec == nil || !rec.null() {
			c.report(Problem{Kind: ProblemOrphan, Bucket: b.Name, Key: key, Detail: "a row names a null version that is not there"}, remove(p.Key))
		}
	}
	return nil
}

// unfinished checks the uploads of a bucket.
func (c *checker) unfinished(b *Bucket, u *Usage) error {
	for p, err := range kv.Scan(c.r, kv.Prefix(inBucket(tUpload, b.ID, 0))) {
		if err != nil {
			return err
		}
		if err := c.at(p); err != nil {
			return err
		}
		key, rest, ok := unescapeKey(p.Key[1+8:])
		if !ok || len(rest) != 16 || new(uploadRecord).decode(p.Value) != nil {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "an upload's record cannot be read"}, nil)
			continue
		}
		c.res.Uploads++
		u.Uploads++
		c.use(c.uploads, id(rest))
		err := eachPart(c.r, id(rest), func(n int, part *partRecord) error {
			u.Parts += part.size
			if c.live {
				c.guard = kv.Pair{Key: partKey(id(rest), n), Value: part.encode(nil)}
			}
			for _, l := range part.left {
				c.use(c.blobs, l)
			}
			if part.at.size == 0 {
				return nil
			}
			return c.extent(b, key, part.at)
		})
		if errors.Is(err, errRecord) {
			c.report(Problem{Kind: ProblemRecord, Bucket: b.Name, Key: key, Detail: "the record of a part of an upload cannot be read"}, nil)
		} else if err != nil {
			return err
		}
	}
	return nil
}

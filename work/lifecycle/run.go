package lifecycle

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	"myfsio/fault"
	rules "myfsio/lifecycle"
	"myfsio/object"
	"myfsio/work"
)

// maxErrors is how many errors are remembered of a bucket.
const maxErrors = 20

// actor is who ends versions, as events tell of him.
var actor = object.Actor{Role: object.RoleLifecycle, Principal: "lifecycle"}

// run is a run. It belongs to one goroutine, but for what mu guards.
type run struct {
	w    *Worker
	dry  bool
	keep bool // where it stands is kept
	pace work.Pace
	now  time.Time // of the rules: one for all that the run looks at

	mu    sync.Mutex
	at    cursor
	saved time.Time
}

func (w *Worker) newRun(dry bool) *run {
	now := w.cfg.Now()
	return &run{w: w, dry: dry, pace: work.Pace{Load: w.cfg.Load}, now: now, saved: now}
}

// progress is what was done in the bucket under way, and the key.
func (r *run) progress() (*Execution, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x := r.at.Done
	x.Bucket = r.at.Bucket
	return &x, text(r.at.Key)
}

// move changes the cursor, and keeps it from time to time.
func (r *run) move(change func(*cursor)) error {
	r.mu.Lock()
	change(&r.at)
	r.mu.Unlock()
	if now := r.w.cfg.Now(); r.keep && now.Sub(r.saved) >= saveEvery {
		r.saved = now
		return r.save()
	}
	return nil
}

// save keeps where the run stands.
func (r *run) save() error {
	at := r.at
	at.Done.Errors = slices.Clone(at.Done.Errors)
	return r.w.state.Update(func(s *state) error { s.At = &at; return nil })
}

// scheduled goes on with the run that was interrupted, or begins one.
func (w *Worker) scheduled(ctx context.Context) error {
	r := w.newRun(false)
	r.keep = true
	err := w.state.Update(func(s *state) error {
		if s.At != nil {
			r.at = *s.At
			return nil
		}
		s.Started, s.At = r.now.UTC(), &cursor{}
		return nil
	})
	if err != nil {
		return err
	}
	defer w.begin(r)()
	if err := r.all(ctx, func(Execution) {}); err != nil {
		if ctx.Err() != nil {
			return r.save()
		}
		return err
	}
	return w.state.Update(func(s *state) error { s.At = nil; return nil })
}

// once carries out a run that somebody asked for.
func (w *Worker) once(ctx context.Context, req Request) (out []Execution, err error) {
	r := w.newRun(req.DryRun)
	defer w.begin(r)()
	collect := func(x Execution) { out = append(out, x) }
	if req.Bucket != "" {
		err = r.bucket(ctx, req.Bucket, collect)
	} else {
		err = r.all(ctx, collect)
	}
	return out, err
}

// all goes through the buckets from the cursor on. done is told of each that has rules.
func (r *run) all(ctx context.Context, done func(Execution)) error {
	after := ""
	if r.at.Bucket != "" { // which may have to be gone on with
		if err := r.bucket(ctx, r.at.Bucket, done); err != nil {
			return err
		}
		after = r.at.Bucket
	}
	for {
		list, err := r.w.cfg.Store.ListBuckets(ctx, object.ListBuckets{After: after, Max: r.w.page})
		if err != nil {
			return err
		}
		for i := range list.Buckets {
			b := &list.Buckets[i]
			if err := ctx.Err(); err != nil {
				return err
			}
			if b.Has(object.ConfigLifecycle) {
				if err := r.bucket(ctx, b.Name, done); err != nil {
					return err
				}
			}
			r.pace.Yield(ctx)
		}
		if after = list.Next; after == "" {
			return nil
		}
	}
}

// bucket carries out the rules of one bucket. What goes wrong with it is told in its execution and spares the others; an error is one of
// the end of ctx, or of the state.
func (r *run) bucket(ctx context.Context, name string, done func(Execution)) error {
	began := r.w.cfg.Now()
	for {
		p, err := r.plan(ctx, name)
		if err == nil && p.rules == nil {
			return r.move(func(c *cursor) { *c = cursor{Bucket: name} })
		}
		if err == nil {
			err = r.carryOut(ctx, p)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == errChanged {
			continue // with what holds now
		}
		x := r.at.Done
		if err != nil {
			x.fail(err)
		}
		x.finish(name, began, r.w.cfg.Now(), r.dry)
		if x.Something() || !r.keep {
			if err := r.w.history.add(x); err != nil {
				r.w.cfg.Log.Error("the history of lifecycle runs cannot be written", "bucket", name, "error", err)
			}
			r.w.cfg.Log.Info("lifecycle rules carried out", "bucket", name, "dry_run", r.dry, "objects", x.Objects, "versions", x.Versions,
				"delete_markers", x.Markers, "uploads", x.Uploads, "protected", x.Protected, "errors", len(x.Errors))
		}
		done(x)
		return r.move(func(c *cursor) { *c = cursor{Bucket: name, Rules: "done"} })
	}
}

// plan is what is to be done in a bucket.
type plan struct {
	bucket object.Bucket
	digest string
	rules  *rules.Rules // nil: nothing
	work   rules.Work
}

// plan reads what the bucket asks for, and begins it anew unless the cursor stands in it.
func (r *run) plan(ctx context.Context, name string) (*plan, error) {
	p := &plan{}
	if r.at.Bucket == name && r.at.Rules == "done" {
		return p, nil
	}
	b, err := r.w.cfg.Store.HeadBucket(ctx, name)
	if fault.Is(err, fault.NoSuchBucket) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := r.w.cfg.Store.Config(ctx, name, object.ConfigLifecycle)
	switch {
	case fault.Is(err, fault.NoSuchConfig) || fault.Is(err, fault.NoSuchBucket):
		return p, nil
	case err != nil:
		return nil, err
	}
	p.bucket, p.digest = b, digest(doc, b.Versioning)
	if r.at.Bucket != name || r.at.ID != b.ID || r.at.Rules != p.digest {
		if err := r.move(func(c *cursor) { c.restart(name, b.ID, p.digest) }); err != nil {
			return nil, err
		}
	}
	c, err := rules.ParseJSON(doc)
	if err != nil {
		return nil, fault.New(fault.Corrupted, "The stored lifecycle configuration cannot be read, so nothing is done: %v", err)
	}
	p.rules = rules.Compile(c)
	p.work = p.rules.Work()
	return p, nil
}

// errChanged says that the bucket is not as planned any more.
var errChanged = errors.New("the bucket or its rules changed")

// unchanged checks that the plan is still what the bucket asks for.
func (r *run) unchanged(ctx context.Context, p *plan) error {
	doc, err := r.w.cfg.Store.Config(ctx, p.bucket.Name, object.ConfigLifecycle)
	if fault.Is(err, fault.NoSuchConfig) || fault.Is(err, fault.NoSuchBucket) || err == nil && digest(doc, p.bucket.Versioning) != p.digest {
		return errChanged
	}
	if err != nil {
		return err
	}
	b, err := r.w.cfg.Store.HeadBucket(ctx, p.bucket.Name)
	if fault.Is(err, fault.NoSuchBucket) || err == nil && (b.ID != p.bucket.ID || b.Versioning != p.bucket.Versioning) {
		return errChanged
	}
	return err
}

// carryOut goes through the keys of the plan from the cursor on.
func (r *run) carryOut(ctx context.Context, p *plan) error {
	prefixes := p.work.Versions
	if p.bucket.Versioning == object.Unversioned {
		prefixes = p.work.Current
	}
	if r.at.Phase == versions {
		for _, prefix := range r.from(prefixes) {
			if err := r.versions(ctx, p, prefix); err != nil {
				return err
			}
		}
		if err := r.move(func(c *cursor) { c.to(uploads, "", "", "") }); err != nil {
			return err
		}
	}
	for _, prefix := range r.from(p.work.Uploads) {
		if err := r.uploads(ctx, p, prefix); err != nil {
			return err
		}
	}
	return nil
}

// from drops the prefixes that are done.
func (r *run) from(prefixes []string) []string {
	at := text(r.at.Prefix)
	i, _ := slices.BinarySearch(prefixes, at)
	return prefixes[i:]
}

// versions carries rules out on the versions of keys with a prefix.
func (r *run) versions(ctx context.Context, p *plan, prefix string) error {
	scan := object.ScanVersions{Bucket: p.bucket.Name, Prefix: prefix, CurrentOnly: p.bucket.Versioning == object.Unversioned, Max: r.w.page}
	if text(r.at.Prefix) == prefix {
		scan.AfterKey, scan.AfterStamp = text(r.at.Key), stampOf(r.at.Stamp)
	}
	for {
		if err := r.unchanged(ctx, p); err != nil {
			return err
		}
		found, err := r.w.cfg.Store.ScanVersions(ctx, scan)
		if err != nil {
			return err
		}
		if found.Damaged > 0 {
			r.count(func(x *Execution) { x.failf("%d records of versions cannot be read; run myfsio fsck", found.Damaged) })
		}
		due := slices.DeleteFunc(found.Entries, func(e object.Entry) bool { return !r.due(p, &e) })
		for part := range slices.Chunk(due, r.w.batch) {
			if err := r.end(ctx, p, part); err != nil {
				return err
			}
			r.pace.Yield(ctx)
		}
		if err := r.move(func(c *cursor) { c.to(versions, prefix, found.AfterKey, hex.EncodeToString(found.AfterStamp[:])) }); err != nil {
			return err
		}
		r.pace.Yield(ctx)
		if err := ctx.Err(); err != nil || !found.More {
			return err
		}
		scan.AfterKey, scan.AfterStamp = found.AfterKey, found.AfterStamp
	}
}

// due asks the rules about a version.
func (r *run) due(p *plan, e *object.Entry) bool {
	o := rules.Object{Key: e.Key, Size: e.Size, Modified: e.Modified, Marker: e.DeleteMarker}
	if p.rules.Tagged() {
		for _, t := range e.Meta.Tags {
			o.Tags = append(o.Tags, rules.Tag{Key: t.Name, Value: t.Value})
		}
	}
	var due bool
	if e.Latest {
		_, due = p.rules.Current(&o, e.Alone, r.now)
	} else {
		_, due = p.rules.Noncurrent(&o, e.Since, int64(e.Newer), r.now)
	}
	return due
}

// end ends versions in one commit.
func (r *run) end(ctx context.Context, p *plan, due []object.Entry) error {
	list := make([]object.Expiry, len(due))
	for i := range due {
		e := &due[i]
		list[i] = object.Expiry{Key: e.Key, Stamp: e.Stamp, Remove: !e.Latest || e.DeleteMarker, Still: func(e object.Entry) bool { return r.due(p, &e) }}
	}
	results := make([]object.Deleted, len(list))
	if r.dry {
		r.wouldEnd(p, due, results)
	} else {
		var err error
		if results, err = r.w.cfg.Store.Expire(ctx, p.bucket.Name, actor, list); err != nil {
			return err
		}
	}
	r.count(func(x *Execution) {
		for i := range due {
			x.tell(&due[i], results[i].Err)
		}
	})
	r.told(ctx, p, due, results)
	return nil
}

// told tells of what was ended.
func (r *run) told(ctx context.Context, p *plan, due []object.Entry, results []object.Deleted) {
	if r.dry || r.w.cfg.Done == nil {
		return
	}
	for i := range results {
		d := &results[i]
		if d.Err != nil {
			continue
		}
		x := Ended{Deed: Removed, Bucket: p.bucket.Name, Key: d.Key, VersionID: d.VersionID, Size: d.Size}
		if d.DeleteMarker && !due[i].DeleteMarker { // one was made
			x.Deed, x.Size = Marked, -1
		}
		r.w.cfg.Done(ctx, &x)
	}
}

// wouldEnd says what Object Lock would say.
func (r *run) wouldEnd(p *plan, due []object.Entry, results []object.Deleted) {
	for i := range due {
		e := &due[i]
		if lost := !e.Latest || p.bucket.Versioning == object.Unversioned; lost && e.Lock != nil {
			results[i].Err = e.Lock.Destroy(r.now, false)
		}
	}
}

// uploads gives up uploads to keys with a prefix.
func (r *run) uploads(ctx context.Context, p *plan, prefix string) error {
	list := object.ListUploads{Bucket: p.bucket.Name, Prefix: prefix, Max: r.w.page}
	if text(r.at.Prefix) == prefix {
		list.KeyMarker, list.UploadIDMarker = text(r.at.Key), r.at.Stamp
	}
	for {
		if err := r.unchanged(ctx, p); err != nil {
			return err
		}
		found, err := r.w.cfg.Store.ListUploads(ctx, list)
		if err != nil {
			return err
		}
		for i := range found.Uploads {
			if err := r.abort(ctx, p, &found.Uploads[i]); err != nil {
				return err
			}
			r.pace.Yield(ctx)
		}
		if n := len(found.Uploads); n > 0 {
			u := &found.Uploads[n-1]
			list.KeyMarker, list.UploadIDMarker = u.Key, u.UploadID
			if err := r.move(func(c *cursor) { c.to(uploads, prefix, u.Key, u.UploadID) }); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil || !found.Truncated {
			return err
		}
	}
}

// abort gives an upload up when a rule asks for it.
func (r *run) abort(ctx context.Context, p *plan, u *object.Upload) error {
	at, _, ok := p.rules.AbortDate(u.Key, u.Initiated)
	if !ok || r.now.Before(at) {
		return nil
	}
	var err error
	if !r.dry {
		err = r.w.cfg.Store.AbortUpload(ctx, object.AbortUpload{Bucket: p.bucket.Name, Key: u.Key, UploadID: u.UploadID, IfInitiated: u.Initiated})
	}
	switch {
	case fault.Is(err, fault.NoSuchUpload) || fault.Is(err, fault.PreconditionFailed): // it ended meanwhile
		return nil
	case err != nil && ctx.Err() != nil:
		return err
	}
	r.count(func(x *Execution) {
		if err != nil {
			x.fail(err)
		} else {
			x.Uploads++
		}
	})
	if err == nil && !r.dry && r.w.cfg.Done != nil {
		r.w.cfg.Done(ctx, &Ended{Deed: GivenUp, Bucket: p.bucket.Name, Key: u.Key, Size: -1})
	}
	return nil
}

// count changes what is known of the bucket under way.
func (r *run) count(change func(*Execution)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.at.Done)
}

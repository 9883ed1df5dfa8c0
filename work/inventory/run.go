package inventory

import (
	"context"
	"errors"
	"slices"

	"myfsio/fault"
	settings "myfsio/inventory"
	"myfsio/object"
)

// actor is who writes reports, as events tell of him.
var actor = object.Actor{Principal: "inventory"}

// all writes what is due, in all buckets. What goes wrong with one report spares the others; an error is one of the end of ctx, of the
// list of buckets or of the state.
func (w *Worker) all(ctx context.Context) error {
	if err := w.resume(ctx); err != nil {
		return err
	}
	before, seen := w.state.Get().Reports, map[string]bool{}
	for after := ""; ; {
		list, err := w.cfg.Store.ListBuckets(ctx, object.ListBuckets{After: after, Max: w.page})
		if err != nil {
			return err
		}
		for i := range list.Buckets {
			if b := &list.Buckets[i]; b.Has(object.ConfigInventory) {
				if err := w.bucket(ctx, b, seen); err != nil {
					return err
				}
			}
		}
		if after = list.Next; after == "" {
			break
		}
	}
	var gone []string // whose buckets or configurations are
	for at := range before {
		if !seen[at] {
			gone = append(gone, at)
		}
	}
	if gone == nil {
		return nil
	}
	return w.state.Update(func(s *state) error {
		for _, at := range gone {
			delete(s.Reports, at)
		}
		return nil
	})
}

// bucket writes what is due in one bucket.
func (w *Worker) bucket(ctx context.Context, b *object.Bucket, seen map[string]bool) error {
	set, err := w.set(ctx, b.Name)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case fault.Is(err, fault.NoSuchBucket):
		return nil
	case err != nil:
		w.cfg.Log.Error("the inventory configurations of a bucket cannot be read", "bucket", b.Name, "error", err)
		for at, r := range w.state.Get().Reports {
			seen[at] = seen[at] || r.Bucket == b.Name
		}
		return nil
	}
	for i := range set.Configs {
		c := &set.Configs[i]
		at := place(b.ID, c.ID)
		seen[at] = true
		if !c.Enabled || !due(c.Schedule.Frequency, w.state.Get().Reports[at].Done, w.cfg.Now()) {
			continue
		}
		if _, err := w.report(ctx, b, c); err != nil {
			return err
		}
	}
	return nil
}

// asked writes what a request asks for.
func (w *Worker) asked(ctx context.Context, req Request) (out []Report, err error) {
	if err := w.resume(ctx); err != nil {
		return nil, err
	}
	list, err := w.chosen(ctx, req)
	if err != nil {
		return nil, err
	}
	b, err := w.cfg.Store.HeadBucket(ctx, req.Bucket)
	if err != nil {
		return nil, err
	}
	for i := range list {
		r, err := w.report(ctx, &b, &list[i])
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

// report writes one report and notes what became of it. The error is one of the end of ctx, or of the state.
func (w *Worker) report(ctx context.Context, b *object.Bucket, c *settings.Config) (Report, error) {
	at := place(b.ID, c.ID)
	r := w.newReport(b, c)
	err := w.state.Update(func(s *state) error {
		s.Pending = &pending{Place: at, Report: r.Report, Target: c.Target()}
		return nil
	})
	if err != nil {
		return r.Report, err
	}
	defer w.tell(nil)
	if err = r.write(ctx); err == nil {
		r.Done = r.Started
	}
	if ctx.Err() != nil {
		return r.Report, ctx.Err() // what was written is removed at the next start
	}
	r.Seconds = w.cfg.Now().Sub(r.Started).Seconds()
	switch {
	case errors.Is(err, errState):
		return r.Report, err
	case err != nil:
		r.Error, r.Manifest = err.Error(), ""
		w.cfg.Log.Warn("inventory report failed", "bucket", r.Bucket, "id", r.ID, "destination", r.Destination, "error", err)
		if err := w.clear(ctx); err != nil {
			return r.Report, err
		}
	default:
		w.cfg.Log.Info("inventory report written", "bucket", r.Bucket, "id", r.ID, "destination", r.Destination, "objects", r.Rows, "files", r.Files,
			"damaged", r.Damaged)
	}
	return r.Report, w.state.Update(func(s *state) error { s.settle(at, r.Report); return nil })
}

// resume puts an end to a report that was interrupted: one that is complete is noted, of any other the files are removed.
func (w *Worker) resume(ctx context.Context) error {
	p := w.state.Get().Pending
	if p == nil {
		return nil
	}
	if p.Checksum != "" {
		_, err := w.cfg.Store.Describe(ctx, p.Target, p.Checksum, "")
		if err == nil {
			r := p.Report
			r.Done = r.Started
			return w.state.Update(func(s *state) error { s.settle(p.Place, r); return nil })
		}
		if !absent(err) {
			return err
		}
	}
	if err := w.clear(ctx); err != nil {
		return err
	}
	return w.state.Update(func(s *state) error { s.Pending = nil; return nil })
}

func absent(err error) bool {
	return fault.Is(err, fault.NoSuchKey) || fault.Is(err, fault.NoSuchBucket) || fault.Is(err, fault.NoSuchVersion)
}

// clear removes the files of the report under way. Those that cannot be removed, because Object Lock keeps them or because the server
// is in trouble, stay behind: no manifest names them.
func (w *Worker) clear(ctx context.Context) error {
	p := w.state.Get().Pending
	if p == nil {
		return nil
	}
	for _, key := range slices.Backward(p.Files) { // manifests first
		if err := w.remove(ctx, p.Target, key); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			w.cfg.Log.Warn("a file of an unfinished inventory report cannot be removed", "bucket", p.Target, "key", key, "error", err)
		}
	}
	return nil
}

// remove removes the version that a key has; its name is one that nobody else uses.
func (w *Worker) remove(ctx context.Context, bucket, key string) error {
	v, err := w.cfg.Store.Describe(ctx, bucket, key, "")
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	req := object.DeleteObject{Bucket: bucket, Key: key, Owner: v.Owner, By: actor}
	if v.Versioned {
		req.VersionID = v.VersionID
	}
	if _, err = w.cfg.Store.Delete(ctx, req); absent(err) {
		return nil
	}
	return err
}

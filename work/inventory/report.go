package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"myfsio/fault"
	"myfsio/ident"
	settings "myfsio/inventory"
	"myfsio/object"
	"myfsio/seal"
	"myfsio/work"
)

// errState is wrapped by the errors of the state, without which no report goes on.
var errState = errors.New("the state of inventory reports cannot be written")

// report is a report that is being written. It belongs to one goroutine.
type report struct {
	Report
	w      *Worker
	source *object.Bucket
	c      *settings.Config
	target object.Bucket
	pace   work.Pace
	cols   []column
	file   *file // being written; nil: none
	files  []manifestFile
}

func (w *Worker) newReport(b *object.Bucket, c *settings.Config) *report {
	return &report{
		Report: Report{Bucket: b.Name, ID: c.ID, Destination: c.Target(), Started: w.cfg.Now().UTC()},
		w:      w, source: b, c: c, pace: work.Pace{Load: w.cfg.Load}, cols: columnsOf(c, b.Name),
	}
}

// write writes the report: data files, and then what makes them visible as a report.
func (r *report) write(ctx context.Context) error {
	r.w.tell(&r.Report)
	if err := r.checkTarget(ctx); err != nil {
		return err
	}
	m := r.manifestKey()
	if _, err := r.w.cfg.Store.Describe(ctx, r.target.Name, m, ""); err == nil {
		return fault.New(fault.InvalidState, "There is a report of this minute already.")
	} else if !absent(err) {
		return err
	}
	err := r.scan(ctx)
	if err == nil {
		err = r.next()
	}
	if r.file != nil {
		r.file.abort()
	}
	if err != nil {
		return err
	}
	if err := r.unchanged(ctx); err != nil {
		return err
	}
	return r.publish(ctx)
}

// scan writes the rows.
func (r *report) scan(ctx context.Context) error {
	req := object.ScanVersions{Bucket: r.Bucket, Prefix: r.c.Prefix(), CurrentOnly: r.c.Versions == settings.Current, Max: r.w.page}
	for {
		page, err := r.w.cfg.Store.ScanVersions(ctx, req)
		if err != nil {
			return err
		}
		if err := r.same(ctx); err != nil { // before a row is written: it might be that of another bucket
			return err
		}
		r.Damaged += int64(page.Damaged)
		for i := range page.Entries {
			if err := r.row(ctx, &page.Entries[i]); err != nil {
				return err
			}
		}
		r.w.tell(&r.Report)
		if !page.More {
			return nil
		}
		req.AfterKey, req.AfterStamp = page.AfterKey, page.AfterStamp
		r.pace.Yield(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// row writes a row, into a new file where the last one is full.
func (r *report) row(ctx context.Context, e *object.Entry) error {
	if r.file != nil && (r.file.rows >= r.w.rows || r.file.sheet.size() >= r.w.bytes) {
		if err := r.next(); err != nil {
			return err
		}
	}
	if r.file == nil {
		if err := r.open(ctx); err != nil {
			return err
		}
	}
	r.Rows++
	return r.file.row(e)
}

// open begins a data file.
func (r *report) open(ctx context.Context) error {
	if err := r.checkTarget(ctx); err != nil {
		return err
	}
	key := r.c.Base(r.Bucket) + "data/" + ident.UUID() + extensions[r.c.Destination.Bucket.Format]
	if err := r.pend(key); err != nil {
		return err
	}
	r.file = r.create(ctx, key)
	return nil
}

// next completes the data file.
func (r *report) next() error {
	f := r.file
	if f == nil {
		return nil
	}
	r.file = nil
	v, err := f.close()
	if err != nil {
		return err
	}
	r.files = append(r.files, manifestFile{Key: f.key, Size: v.Size, MD5: v.ETag})
	r.Files++
	r.Bytes += v.Size
	return nil
}

// pend notes the key of a file before it is written.
func (r *report) pend(keys ...string) error {
	return r.note(func(p *pending) { p.Files = append(p.Files, keys...) })
}

func (r *report) note(change func(*pending)) error {
	err := r.w.state.Update(func(s *state) error {
		if s.Pending != nil {
			s.Pending.Report = r.Report
			change(s.Pending)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errState, err)
	}
	return nil
}

// checkTarget makes sure that the report may be written where it is to go.
func (r *report) checkTarget(ctx context.Context) error {
	t, err := r.w.cfg.Store.HeadBucket(ctx, r.c.Target())
	switch {
	case fault.Is(err, fault.NoSuchBucket) || fault.Is(err, fault.InvalidBucketName):
		return fault.New(fault.InvalidRequest, "The destination bucket does not exist.")
	case err != nil:
		return err
	case t.Owner != r.source.Owner:
		return fault.New(fault.AccessDenied, "The destination bucket belongs to another owner.")
	case r.target.ID != 0 && t.ID != r.target.ID:
		return fault.New(fault.ConditionalConflict, "The destination bucket was replaced while the report was written.")
	}
	r.target = t
	return nil
}

// same makes sure that the source is the bucket it was.
func (r *report) same(ctx context.Context) error {
	b, err := r.w.cfg.Store.HeadBucket(ctx, r.Bucket)
	if err != nil {
		return err
	}
	if b.ID != r.source.ID || b.Owner != r.source.Owner {
		return fault.New(fault.ConditionalConflict, "The bucket was replaced while the report was written.")
	}
	return nil
}

// unchanged makes sure that the report is one that is asked for.
func (r *report) unchanged(ctx context.Context) error {
	if err := r.same(ctx); err != nil {
		return err
	}
	set, err := r.w.set(ctx, r.Bucket)
	if err != nil {
		return err
	}
	if c, err := set.Get(r.ID); err != nil || !slices.Equal(c.JSON(), r.c.JSON()) {
		return fault.New(fault.ConditionalConflict, "The configuration changed while the report was written.")
	}
	return r.checkTarget(ctx)
}

// put writes a small file.
func (r *report) put(ctx context.Context, key, mime string, data string) (object.Version, error) {
	req := r.request(key, mime)
	req.Body = object.Body{Reader: strings.NewReader(data), Size: int64(len(data))}
	return r.w.cfg.Store.Put(ctx, req)
}

// request is what all files have in common.
func (r *report) request(key, mime string) object.PutObject {
	req := object.PutObject{Bucket: r.target.Name, Key: key, Owner: r.target.Owner, Meta: object.Metadata{ContentType: mime}, By: actor}
	if r.c.Destination.Bucket.Encryption != nil {
		req.Seal = &object.Sealing{Sort: seal.S3}
	}
	return req
}

// minute names a report.
func (r *report) minute(layout string) string { return r.Started.Format(layout) }

func (r *report) manifestKey() string {
	return r.c.Base(r.Bucket) + r.minute("2006-01-02T15-04Z") + "/manifest.json"
}

// created is creationTimestamp of the manifest.
func (r *report) created() string {
	return fmt.Sprint(r.Started.Truncate(time.Millisecond).UnixMilli())
}

package project

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"path"
	"time"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/view"
)

// Report counts what Adopt, Rebuild or Check did.
type Report struct {
	Buckets int64 // buckets made
	Files   int64 // files looked at
	Adopted int64 // files taken in
	Shown   int64 // files made or mended
	Skipped int64 // files that cannot be objects, and links
	Wrong   int64 // files that differ from their objects
}

// Adopter takes files into the store that a person put into the view or edited there.
type Adopter struct {
	*Projector
	Owner string // of new buckets and objects
	// Note tells of one file; may be nil.
	Note func(format string, args ...any)
}

func (a *Adopter) note(format string, args ...any) {
	if a.Note != nil {
		a.Note(format, args...)
	}
}

// Adopt looks through all directories of the root. A foreign directory becomes a bucket, a foreign file
// an object, and an edited file the new state of its object. A file is edited when its time or size is not the object's.
// It runs without a server; queued changes of the view must be drained before. Stopped half way it can
// be run again.
func (a *Adopter) Adopt(ctx context.Context) (Report, error) {
	var r Report
	names, err := a.Tree.Buckets()
	if err != nil {
		return r, err
	}
	for _, name := range names {
		ok, err := a.adoptBucket(ctx, name, &r)
		if err != nil {
			return r, err
		}
		if !ok {
			continue
		}
		if err := a.adoptFiles(ctx, name, &r); err != nil {
			return r, err
		}
	}
	return r, a.Drain(ctx)
}

func (a *Adopter) adoptBucket(ctx context.Context, name string, r *Report) (bool, error) {
	_, err := a.Store.HeadBucket(ctx, name)
	if err == nil || !isNoBucket(err) {
		return err == nil, err
	}
	if err := object.CheckBucketName(name); err != nil {
		r.Skipped++
		a.note("skipped %s: %v", name, err)
		return false, nil
	}
	if _, err := a.Store.CreateBucket(ctx, object.CreateBucket{Name: name, Owner: a.Owner}); err != nil {
		return false, err
	}
	r.Buckets++
	a.note("bucket %s", name)
	return true, nil
}

func (a *Adopter) adoptFiles(ctx context.Context, bucket string, r *Report) error {
	for e, err := range a.Tree.Walk(ctx, bucket, "") {
		if err != nil {
			return err
		}
		r.Files++
		if e.Foreign {
			r.Skipped++
			a.note("skipped %s/%s: neither a file nor a directory", bucket, e.Key)
			continue
		}
		same, err := a.same(ctx, bucket, &e)
		if err != nil {
			return err
		}
		if same {
			continue
		}
		if err := a.take(ctx, bucket, &e); err != nil {
			if k := fault.KindOf(err); k == fault.Internal || k == fault.Corrupted {
				return fmt.Errorf("%s/%s: %w", bucket, e.Key, err)
			}
			r.Skipped++
			a.note("skipped %s/%s: %v", bucket, e.Key, err)
			continue
		}
		r.Adopted++
		a.note("adopted %s/%s", bucket, e.Key)
	}
	return nil
}

// same reports whether the file shows the current version of its key. One that is not assembled has no file
// yet; what is there is of an older state.
func (a *Adopter) same(ctx context.Context, bucket string, e *view.Entry) (bool, error) {
	want, err := a.Store.Show(ctx, bucket, e.Key)
	return want.Parts || want.Exists && want.Size == e.Size && want.Modified.Equal(e.ModTime), err
}

// take makes the file the current version of its key.
func (a *Adopter) take(ctx context.Context, bucket string, e *view.Entry) error {
	f, err := a.Tree.Open(bucket, e.Key)
	if err != nil {
		return err
	}
	defer f.Close()
	meta, err := a.meta(ctx, bucket, e.Key)
	if err != nil {
		return err
	}
	if e.Size > object.MaxPartSize {
		return a.takeParts(ctx, bucket, e, meta, f)
	}
	_, err = a.Store.Put(ctx, object.PutObject{
		Bucket: bucket, Key: e.Key, Owner: a.Owner, Modified: e.ModTime,
		Meta: meta, Body: object.Body{Reader: f, Size: e.Size},
	})
	return err
}

// meta is what the object that a file is to become says of itself: what it said before, where it was one.
func (a *Adopter) meta(ctx context.Context, bucket, key string) (object.Metadata, error) {
	r, err := a.Store.Open(ctx, object.GetObject{Bucket: bucket, Key: key, HeadOnly: true})
	if k := fault.KindOf(err); err != nil && (k == fault.Internal || k == fault.Corrupted) {
		return object.Metadata{}, err
	}
	if err != nil { // no object yet, or no possible key, which the write says better
		return object.Metadata{ContentType: typeOf(key)}, nil
	}
	return r.Version.Meta, r.Close()
}

// takeParts takes in a file that is too large for one piece.
func (a *Adopter) takeParts(ctx context.Context, bucket string, e *view.Entry, meta object.Metadata, f io.ReaderAt) error {
	up, err := a.Store.CreateUpload(ctx, object.CreateUpload{Bucket: bucket, Key: e.Key, Owner: a.Owner, Initiator: a.Owner, Meta: meta})
	if err != nil {
		return err
	}
	const part = 1 << 30
	var parts []object.CompletePart
	for off := int64(0); off < e.Size && err == nil; off += part {
		n := min(part, e.Size-off)
		var p object.Part
		p, err = a.Store.PutPart(ctx, object.PutPart{
			Bucket: bucket, Key: e.Key, UploadID: up.UploadID, Number: len(parts) + 1,
			Body: object.Body{Reader: io.NewSectionReader(f, off, n), Size: n},
		})
		parts = append(parts, object.CompletePart{Number: p.Number, ETag: p.ETag})
	}
	if err == nil {
		_, err = a.Store.CompleteUpload(ctx, object.CompleteUpload{
			Bucket: bucket, Key: e.Key, UploadID: up.UploadID, Parts: parts, ObjectSize: e.Size,
		})
	}
	if err != nil {
		return errors.Join(err, a.Store.AbortUpload(context.WithoutCancel(ctx), object.AbortUpload{Bucket: bucket, Key: e.Key, UploadID: up.UploadID}))
	}
	return nil
}

func typeOf(key string) string {
	if t := mime.TypeByExtension(path.Ext(key)); t != "" {
		return t
	}
	return "binary/octet-stream"
}

func isNoBucket(err error) bool { return fault.Is(err, fault.NoSuchBucket) }

// compare is one run through all objects and files.
type compare struct {
	*Projector
	missing bool // make files that are missing
	differ  bool // make files that differ
	note    func(bucket, key, what string)
	r       Report
}

// Rebuild makes the view anew from the store: files that are missing or differ are made. Files of no object are
// left alone (Adopt takes them in). It overwrites files that were edited by hand.
func (p *Projector) Rebuild(ctx context.Context) (Report, error) {
	return p.mend(ctx, &compare{Projector: p, missing: true, differ: true})
}

// Mend makes the files that are missing and tells of those that differ, which may hold what a person wrote.
func (p *Projector) Mend(ctx context.Context, note func(bucket, key, what string)) (Report, error) {
	return p.mend(ctx, &compare{Projector: p, missing: true, note: note})
}

func (p *Projector) mend(ctx context.Context, c *compare) (Report, error) {
	if err := c.run(ctx); err != nil {
		return c.r, err
	}
	return c.r, p.Drain(ctx)
}

// Check compares the view with the store and tells of every difference.
func (p *Projector) Check(ctx context.Context, note func(bucket, key, what string)) (Report, error) {
	c := &compare{Projector: p, note: note}
	err := c.run(ctx)
	return c.r, err
}

func (c *compare) tell(bucket, key, what string) {
	c.r.Wrong++
	if c.note != nil {
		c.note(bucket, key, what)
	}
}

func (c *compare) run(ctx context.Context) error {
	page, err := c.Store.ListBuckets(ctx, object.ListBuckets{})
	for err == nil {
		for _, b := range page.Buckets {
			if err := c.bucket(ctx, b.Name); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		page, err = c.Store.ListBuckets(ctx, object.ListBuckets{After: page.Next})
	}
	return err
}

func (c *compare) bucket(ctx context.Context, bucket string) error {
	if c.missing {
		err := c.Tree.MakeBucket(bucket)
		if errors.Is(err, view.ErrClash) || errors.Is(err, view.ErrName) {
			c.tell(bucket, "", "the bucket has no directory: something else has its name")
			return nil
		}
		if err != nil {
			return err
		}
	}
	req := object.ListObjects{Bucket: bucket, Max: object.MaxListKeys}
	for {
		page, err := c.Store.List(ctx, req)
		if err != nil {
			return err
		}
		for i := range page.Objects {
			if err := c.key(ctx, bucket, page.Objects[i].Key); err != nil {
				return err
			}
		}
		if !page.Truncated {
			return c.foreign(ctx, bucket)
		}
		req.After = page.Next
	}
}

func (c *compare) key(ctx context.Context, bucket, key string) error {
	if _, ok := c.Tree.Path(bucket, key); !ok {
		return nil
	}
	want, err := c.Store.Show(ctx, bucket, key)
	if err != nil || !want.Exists || want.Parts {
		return err
	}
	c.r.Files++
	have, err := c.Tree.Stat(bucket, key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ok := err == nil
	switch {
	case ok && have.Size == want.Size && have.ModTime.Equal(want.Modified):
		return nil
	case ok && !c.differ:
		c.tell(bucket, key, differs(&want, have.Size, have.ModTime)+"; myfsio adopt takes it in, myfsio rebuild-view overwrites it")
		return nil
	case !ok:
		if hidden, err := c.hides(ctx, bucket, key); err != nil || hidden {
			return err
		}
		if !c.missing {
			c.tell(bucket, key, "the file is missing")
			return nil
		}
	}
	if err := c.Key(ctx, bucket, key); err != nil {
		return err
	}
	if _, err := c.Tree.Stat(bucket, key); errors.Is(err, fs.ErrNotExist) {
		c.tell(bucket, key, "the file cannot be made: something that is no object is in its place, or the file system refuses it")
		return nil
	} else if err != nil {
		return err
	}
	c.r.Shown++
	return nil
}

func differs(want *object.Shown, size int64, mtime time.Time) string {
	if size != want.Size {
		return fmt.Sprintf("the file has %d bytes, the object %d", size, want.Size)
	}
	return fmt.Sprintf("the file is of %s, the object of %s", mtime.UTC().Format(time.RFC3339Nano), want.Modified.UTC().Format(time.RFC3339Nano))
}

// hides reports whether other shown keys lie below key, so that a directory stands in its place.
func (p *Projector) hides(ctx context.Context, bucket, key string) (bool, error) {
	req := object.ListObjects{Bucket: bucket, Prefix: key + "/", Max: object.MaxListKeys}
	for {
		page, err := p.Store.List(ctx, req)
		if err != nil {
			return false, err
		}
		for i := range page.Objects {
			if _, ok := p.Tree.Path(bucket, page.Objects[i].Key); ok {
				return true, nil
			}
		}
		if !page.Truncated {
			return false, nil
		}
		req.After = page.Next
	}
}

// foreign tells of the files that are no objects.
func (c *compare) foreign(ctx context.Context, bucket string) error {
	for e, err := range c.Tree.Walk(ctx, bucket, "") {
		if errors.Is(err, fs.ErrNotExist) {
			c.tell(bucket, "", "the bucket's directory is missing")
			return nil
		}
		if err != nil {
			return err
		}
		want, err := c.Store.Show(ctx, bucket, e.Key)
		if err != nil {
			return err
		}
		switch {
		case want.Exists:
		case e.Foreign:
			c.tell(bucket, e.Key, "neither a directory nor a file that can be an object")
		default:
			c.tell(bucket, e.Key, "the file is not an object; myfsio adopt takes it in")
		}
	}
	return nil
}

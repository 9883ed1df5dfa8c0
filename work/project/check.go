package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"myfsio/object"
	"myfsio/view"
)

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
	if err != nil || !want.Exists || want.Parts || want.Damaged {
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

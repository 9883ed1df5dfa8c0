package project

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"myfsio/blob"
	"myfsio/object"
	"myfsio/view"
)

// bucket makes or removes the directory of a bucket.
func (p *Projector) bucket(ctx context.Context, bucket string) error {
	_, err := p.Store.HeadBucket(ctx, bucket)
	switch {
	case err == nil:
		err = p.Tree.MakeBucket(bucket)
		if errors.Is(err, view.ErrClash) || errors.Is(err, view.ErrName) {
			p.Log.Warn("the bucket has no directory in the plain-file view: something else has its name", "bucket", bucket)
			return nil
		}
	case isNoBucket(err):
		err = p.Tree.RemoveBucket(bucket)
		if errors.Is(err, view.ErrNotEmpty) {
			p.Log.Warn("the directory of a deleted bucket stays: it holds files that are no objects", "bucket", bucket)
			return nil
		}
	}
	return err
}

// Key makes the file of one key what it must be.
func (p *Projector) Key(ctx context.Context, bucket, key string) error {
	want, err := p.Store.Show(ctx, bucket, key)
	if err != nil {
		return err
	}
	return p.place(ctx, bucket, key, &want)
}

// place makes the file of a key what want says. Where a later change overtakes it, that one's own row makes it right.
func (p *Projector) place(ctx context.Context, bucket, key string, want *object.Shown) error {
	if _, ok := p.Tree.Path(bucket, key); !ok || want.Parts || want.Damaged {
		return nil
	}
	if !want.Exists {
		return p.remove(ctx, bucket, key)
	}
	err := p.show(ctx, bucket, key, want)
	if errors.Is(err, view.ErrClash) {
		cleared, clearErr := p.clearWay(ctx, bucket, key)
		if clearErr != nil {
			return clearErr
		}
		if cleared {
			err = p.show(ctx, bucket, key, want)
		}
	}
	if errors.Is(err, view.ErrClash) { // other keys lie below it, or a foreign file is in the way
		return nil
	}
	return err
}

// show makes the file of an object that exists.
func (p *Projector) show(ctx context.Context, bucket, key string, want *object.Shown) error {
	if want.Blob.IsZero() {
		return p.unlessRefused(p.Tree.Write(bucket, key, want.Inline, want.Modified), bucket, key)
	}
	err := p.trim(ctx, bucket, key, want)
	if err == nil {
		err = p.Tree.Link(bucket, key, p.Blobs.(blob.Linker).Path(want.Blob), want.Modified)
	}
	if errors.Is(err, fs.ErrNotExist) && p.gone(ctx, want.Blob) || errors.Is(err, blob.ErrNotFound) {
		return nil // replaced meanwhile: its own change follows
	}
	return p.unlessRefused(err, bucket, key)
}

func (p *Projector) gone(ctx context.Context, id blob.ID) bool {
	b, err := p.Blobs.Open(ctx, id)
	if err == nil {
		b.Close()
	}
	return errors.Is(err, blob.ErrNotFound)
}

// unlessRefused passes over the errors of a file system that does not take this name here. Trying again
// would not help, and would hold up all changes behind it.
func (p *Projector) unlessRefused(err error, bucket, key string) error {
	for _, e := range []error{syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.EINVAL, syscall.ELOOP, syscall.EACCES, syscall.EPERM} {
		if errors.Is(err, e) {
			p.Log.Warn("the file system refuses a file of the plain-file view", "bucket", bucket, "key", key, "error", err)
			return nil
		}
	}
	return err
}

// trim cuts off what a part that was not used left behind the end.
func (p *Projector) trim(ctx context.Context, bucket, key string, want *object.Shown) error {
	b, err := p.Blobs.Open(ctx, want.Blob)
	if err != nil {
		return err
	}
	size := b.Size()
	if err := b.Close(); err != nil || size <= want.Size {
		return err
	}
	return p.Store.TrimShown(ctx, bucket, key, want)
}

// clearWay removes the file of an object that stands where a directory of key must be, and reports whether there was one. A file of no
// object stays: it is a person's, or its removal is queued and will show what it hid.
func (p *Projector) clearWay(ctx context.Context, bucket, key string) (cleared bool, err error) {
	for i := range len(key) {
		if key[i] != '/' {
			continue
		}
		_, err := p.Tree.Stat(bucket, key[:i])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		want, err := p.Store.Show(ctx, bucket, key[:i])
		if err != nil || !want.Exists {
			return false, err
		}
		return true, p.Tree.Remove(bucket, key[:i])
	}
	return false, nil
}

// remove takes a file away, and shows the keys that it or its directories hid.
func (p *Projector) remove(ctx context.Context, bucket, key string) error {
	_, err := p.Tree.Stat(bucket, key)
	stood := err == nil
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = p.Tree.Remove(bucket, key)
	}
	if err != nil {
		return p.unlessRefused(err, bucket, key)
	}
	if stood {
		if err := p.below(ctx, bucket, key); err != nil {
			return err
		}
	}
	for i := strings.LastIndexByte(key, '/'); i > 0; i = strings.LastIndexByte(key[:i], '/') {
		parent := key[:i]
		want, err := p.Store.Show(ctx, bucket, parent)
		if err != nil {
			return err
		}
		if !want.Exists || want.Parts || want.Damaged {
			continue
		}
		if err := p.show(ctx, bucket, parent, &want); err != nil && !errors.Is(err, view.ErrClash) {
			return err
		}
	}
	return nil
}

// below shows the keys below key. There are some only where they came before the removal of key was made.
func (p *Projector) below(ctx context.Context, bucket, key string) error {
	req := object.ListObjects{Bucket: bucket, Prefix: key + "/", Max: object.MaxListKeys}
	for {
		page, err := p.Store.List(ctx, req)
		if isNoBucket(err) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range page.Objects {
			if err := p.Key(ctx, bucket, page.Objects[i].Key); err != nil {
				return err
			}
		}
		if !page.Truncated {
			return nil
		}
		req.After = page.Next
	}
}

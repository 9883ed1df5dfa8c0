package project

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"

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
		want, err := a.Store.Show(ctx, bucket, e.Key)
		if err != nil {
			return err
		}
		if same(&want, &e) {
			continue
		}
		if want.Sealed { // what was changed may be ciphertext
			r.Skipped++
			a.note("skipped %s/%s: the object is encrypted, so the file is not taken for what is in it; delete the object first, or run myfsio rebuild-view", bucket, e.Key)
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
func same(want *object.Shown, e *view.Entry) bool {
	return want.Parts || want.Exists && want.Size == e.Size && want.Modified.Equal(e.ModTime)
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
	r, err := a.Store.Open(ctx, object.GetObject{Bucket: bucket, Key: key, HeadOnly: true, Damaged: true})
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

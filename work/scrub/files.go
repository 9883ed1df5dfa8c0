package scrub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path"
	"time"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/vfs"
	"myfsio/view"
)

// suspect is a plain file that is not what its object says. It is judged when the view has caught up.
type suspect struct {
	bucket, key string
	have        view.Entry // ModTime zero: there is no file
	modified    time.Time  // of the object that has no file
}

// maxSuspects bounds what one run judges.
const maxSuspects = 10000

func (r *run) suspect(s suspect) error {
	if len(r.suspects) >= maxSuspects {
		return errBatch
	}
	r.suspects = append(r.suspects, s)
	return nil
}

// missing notes a current version without a plain file.
func (r *run) missing(ctx context.Context, v *object.Version) error {
	if r.hasFile(v.Bucket, v.Key) {
		return nil
	}
	if want, err := r.Store.Show(ctx, v.Bucket, v.Key); err != nil || !want.Exists || want.Parts || want.Damaged {
		return err
	}
	return r.suspect(suspect{bucket: v.Bucket, key: v.Key, modified: v.Modified})
}

// hasFile reports whether a key has a plain file, or can have none: by its name, or because of what stands in its place.
func (r *run) hasFile(bucket, key string) bool {
	file, ok := r.Tree.Path(bucket, key)
	if !ok {
		return true
	}
	_, err := os.Lstat(file)
	return !isAbsent(err)
}

// files looks for plain files that are not those of objects.
func (r *run) files(ctx context.Context) error {
	for e, err := range r.Tree.Walk(ctx, r.at.Bucket, r.at.Key) {
		if isAbsent(err) { // the bucket's directory
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.spend(ctx); err != nil {
			return err
		}
		r.FilesScanned++
		if err := r.passed(ctx, e.Key, r.file(ctx, &e)); err != nil {
			return err
		}
		r.at.Key = e.Key
	}
	return nil
}

func (r *run) file(ctx context.Context, e *view.Entry) error {
	if e.Foreign || r.Now().Sub(e.ModTime) < r.Settle {
		return nil
	}
	want, err := r.Store.Show(ctx, r.at.Bucket, e.Key)
	if fault.Is(err, fault.Corrupted) { // told of by the scan of the versions
		return nil
	}
	if err != nil || want.Parts || want.Damaged {
		return err
	}
	if same(&want, e) {
		if ok, err := r.sameBytes(ctx, r.at.Bucket, e, &want); err != nil || ok {
			return err
		}
	}
	return r.suspect(suspect{bucket: r.at.Bucket, key: e.Key, have: *e})
}

// sameBytes reports whether a file of the size and time of its object has its bytes: it is the same file as the blob, or is compared.
func (r *run) sameBytes(ctx context.Context, bucket string, e *view.Entry, want *object.Shown) (bool, error) {
	if l, ok := r.Blobs.(blob.Linker); ok && !want.Blob.IsZero() {
		info, err := os.Lstat(l.Path(want.Blob))
		if isAbsent(err) || err == nil && vfs.FileID(info) == e.FileID { // gone: told of by the scan of the versions
			return true, nil
		}
	}
	f, err := r.Tree.Open(bucket, e.Key)
	if isAbsent(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	var stored io.Reader = bytes.NewReader(want.Inline)
	if !want.Blob.IsZero() {
		b, err := r.Blobs.Open(ctx, want.Blob)
		if errors.Is(err, blob.ErrNotFound) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		defer b.Close()
		stored = io.NewSectionReader(b, 0, want.Size)
	}
	return r.equal(ctx, io.NewSectionReader(f, 0, want.Size), stored)
}

// equal compares what two readers give.
func (r *run) equal(ctx context.Context, a, b io.Reader) (bool, error) {
	const step = 64 << 10
	x, y := make([]byte, step), make([]byte, step)
	for {
		n, err := io.ReadFull(a, x)
		m, err2 := io.ReadFull(b, y)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		end2 := err2 == io.EOF || err2 == io.ErrUnexpectedEOF
		switch {
		case err != nil && !end:
			return false, err
		case err2 != nil && !end2:
			return false, err2
		case !bytes.Equal(x[:n], y[:m]):
			return false, nil
		case end || end2:
			return end == end2, nil
		}
		if err := r.wait(ctx, n); err != nil {
			return false, err
		}
	}
}

// Bounds of the wait for the view.
const (
	viewPatience = 3 * time.Minute
	viewPoll     = 200 * time.Millisecond
)

// caughtUp waits until the changes of the view that are queued by now are made for good.
func (r *run) caughtUp(ctx context.Context) error {
	now := r.Store.NewMark()
	if r.Flush != nil {
		if err := r.Flush(ctx); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(viewPatience); ; {
		queued, err := r.Store.ViewChanges(ctx, object.Mark{}, 1)
		if err != nil || len(queued) == 0 || string(queued[0].At[:]) > string(now[:]) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the plain files are still being made; %d of them are judged by a later run", len(r.suspects))
		}
		t := time.NewTimer(viewPoll)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// judge looks at the suspects again.
func (r *run) judge(ctx context.Context) {
	if len(r.suspects) == 0 {
		return
	}
	err := r.caughtUp(ctx)
	for i := range r.suspects {
		if err != nil || ctx.Err() != nil {
			break
		}
		s := &r.suspects[i]
		r.pace.Yield(ctx)
		if err := r.judgeOne(ctx, s); err != nil && ctx.Err() == nil {
			r.fail(s.bucket, s.key, err)
		}
	}
	if err != nil && ctx.Err() == nil {
		r.fail("", "", err)
	}
}

func (r *run) judgeOne(ctx context.Context, s *suspect) error {
	have, err := r.Tree.Stat(s.bucket, s.key)
	absent := isAbsent(err)
	if err != nil && !absent {
		return err
	}
	want, err := r.Store.Show(ctx, s.bucket, s.key)
	switch {
	case err != nil:
		return err
	case s.have.ModTime.IsZero():
		// Another version than the one suspected came later: its file may still be to be made.
		if !absent || !want.Exists || !want.Modified.Equal(s.modified) || want.Parts || want.Damaged || r.hasFile(s.bucket, s.key) {
			return nil
		}
		return r.mend(ctx, s, "the object has no plain file")
	case want.Damaged: // what its file is says nothing
		return nil
	case want.Exists && want.Modified.Equal(have.ModTime) && have.Size != want.Size:
		return r.judgeTorn(ctx, s, &want)
	case !absent && !have.Foreign && !want.Parts && same(&want, &have):
		return r.judgeSame(ctx, s, &want, &have)
	case absent || have.Foreign || have.Size != s.have.Size || !have.ModTime.Equal(s.have.ModTime), want.Parts:
		return nil // it moves, or is right by now
	}
	return r.judgeForeign(ctx, s, &want)
}

// mend makes a file again that is missing, or torn.
func (r *run) mend(ctx context.Context, s *suspect, detail string) error {
	i := Issue{Type: Missing, Bucket: s.bucket, Key: s.key, Detail: detail}
	if r.heals() {
		if err := r.show(ctx, s.bucket, s.key); err != nil {
			r.found(i)
			return err
		}
		_, err := r.Tree.Stat(s.bucket, s.key)
		if i.Healed = err == nil; i.Healed {
			i.Action = "made again"
		}
	}
	r.found(i)
	return nil
}

// judgeTorn deals with a file of the time of its object and another size. Where it is the file of the bytes themselves, the look at the
// versions deals with it.
func (r *run) judgeTorn(ctx context.Context, s *suspect, want *object.Shown) error {
	l, ok := r.Blobs.(blob.Linker)
	if !want.Blob.IsZero() && (!ok || r.sameFile(s.bucket, s.key, l.Path(want.Blob))) {
		return nil
	}
	return r.mend(ctx, s, "the plain file was cut, or written in part")
}

// judgeSame deals with a file of the time and size of its object. Time did not change, so no person's work is in it: it rotted, or was written by what
// a crash left. It is put aside, and made again.
func (r *run) judgeSame(ctx context.Context, s *suspect, want *object.Shown, have *view.Entry) error {
	if have.FileID != s.have.FileID {
		return nil // it moves
	}
	if ok, err := r.sameBytes(ctx, s.bucket, have, want); err != nil || ok {
		return err
	}
	if r.heals() {
		v := object.Version{Bucket: s.bucket, Key: s.key, Size: have.Size}
		path, _ := r.Tree.Path(s.bucket, s.key)
		if err := r.quarantine(&v, "file", "the plain file had other bytes than its object", func(dst string) error { return os.Link(path, dst) }); err != nil {
			return err
		}
		r.Quarantined++
		if err := r.Tree.Remove(s.bucket, s.key); err != nil {
			return err
		}
	}
	return r.mend(ctx, s, "the plain file has other bytes than the object")
}

func (r *run) heals() bool { return r.ask.AutoHeal && !r.ask.DryRun }

// show makes a file until it is what its object is afterwards: a change meanwhile may have been made before.
func (r *run) show(ctx context.Context, bucket, key string) error {
	const tries = 5
	for range tries {
		if err := r.Show(ctx, bucket, key); err != nil {
			return err
		}
		want, err := r.Store.Show(ctx, bucket, key)
		if err != nil {
			return err
		}
		have, err := r.Tree.Stat(bucket, key)
		if isAbsent(err) && !want.Exists || err == nil && (want.Parts || same(&want, &have)) {
			return nil
		}
	}
	return nil // other changes come all the time, and are made by their own rows
}

// judgeForeign deals with a file of no object, or that was edited.
func (r *run) judgeForeign(ctx context.Context, s *suspect, want *object.Shown) error {
	i := Issue{Type: Orphaned, Bucket: s.bucket, Key: s.key, Detail: "the file is not an object"}
	var v object.Version
	if want.Exists {
		var err error
		if v, err = r.Store.Describe(ctx, s.bucket, s.key, ""); err != nil {
			return ignoreGone(err)
		}
		i.Type, i.VersionID = Edited, v.VersionID
		i.Detail = fmt.Sprintf("the file has %d bytes of %s, the object %d of %s", s.have.Size, s.have.ModTime.UTC().Format(time.RFC3339Nano),
			want.Size, want.Modified.UTC().Format(time.RFC3339Nano))
	}
	switch {
	case want.Exists && v.Encryption != nil:
		i.Action = "none: the object is encrypted, its file is not to be edited"
	case want.Exists && !s.have.ModTime.After(want.Modified):
		i.Action = "none: the file is older than the object; myfsio adopt takes it in, myfsio rebuild-view overwrites it"
	case s.have.Size > object.MaxPartSize:
		i.Action = "none: the file is too large to be taken in at once; myfsio adopt does it"
	case r.heals():
		err := r.adopt(ctx, s, &v)
		if fault.Is(err, fault.PreconditionFailed) || fault.Is(err, fault.NoSuchKey) || fault.Is(err, fault.NoSuchBucket) {
			return nil // somebody else wrote it
		}
		if err != nil {
			i.Action = "adoption failed: " + err.Error()
		} else {
			i.Healed, i.Action = true, "adopted"
		}
	}
	r.found(i)
	return nil
}

func ignoreGone(err error) error {
	if fault.Is(err, fault.NoSuchKey) || fault.Is(err, fault.NoSuchBucket) || fault.Is(err, fault.NoSuchVersion) {
		return nil
	}
	return err
}

// adopt makes a file the current version of its key, unless that is another one than v by then.
func (r *run) adopt(ctx context.Context, s *suspect, v *object.Version) error {
	b, err := r.Store.HeadBucket(ctx, s.bucket)
	if err != nil {
		return err
	}
	f, err := r.Tree.Open(s.bucket, s.key)
	if err != nil {
		return err
	}
	defer f.Close()
	put := object.PutObject{
		Bucket: s.bucket, Key: s.key, Owner: b.Owner, Modified: s.have.ModTime, If: object.WriteConditions{IfNoneMatch: "*"},
		Meta: object.Metadata{ContentType: typeOf(s.key)}, Body: object.Body{Reader: f, Size: s.have.Size},
	}
	if v.ETag != "" {
		put.Owner, put.Meta, put.ACL, put.If = v.Owner, v.Meta, v.ACL, object.WriteConditions{IfMatch: v.ETag}
	}
	info, err := f.Stat()
	if err == nil && (info.Size() != s.have.Size || !info.ModTime().Equal(s.have.ModTime)) {
		err = errors.New("the file changes")
	}
	if err == nil {
		_, err = r.Store.Put(ctx, put)
	}
	return err
}

func typeOf(key string) string {
	if t := mime.TypeByExtension(path.Ext(key)); t != "" {
		return t
	}
	return "binary/octet-stream"
}

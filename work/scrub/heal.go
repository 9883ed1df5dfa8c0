package scrub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"myfsio/blob"
	"myfsio/object"
	"myfsio/vfs"
	"myfsio/view"
)

// bad deals with a version whose bytes are not what they must be. It is read once more, as clients read it, before anything is done.
func (r *run) bad(ctx context.Context, v *object.Version, first *verdict) error {
	second := r.read(ctx, r.Store, v)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case second.state == gone, second.state == whole && first.state == lost: // pieces of it were put together meanwhile
		return nil
	case second.state == whole || second.state != first.state || second.sum != first.sum:
		r.fail(v.Bucket, v.Key, fmt.Errorf("two reads do not agree (%s); nothing is done: check the memory and the disk", first.detail))
		return nil
	}
	if len(first.pieces) == 0 { // it could not even be opened
		var err error
		if first.pieces, err = r.pieces(ctx, r.Store, v); err != nil {
			return ignoreGone(err)
		}
	}
	if r.editedInPlace(ctx, v, first) {
		return nil
	}
	i := Issue{Type: Corrupted, Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, Detail: first.detail}
	switch {
	case !v.Latest:
		i.Type = Stale
	case first.state == lost:
		i.Type = Phantom
	}
	if !r.ask.DryRun {
		r.heal(ctx, v, first, &i)
	}
	r.found(i)
	return nil
}

// heal puts what is rotten aside, and brings the bytes back where that can be.
func (r *run) heal(ctx context.Context, v *object.Version, bad *verdict, i *Issue) {
	source := r.source(ctx, v) // before its name is gone
	if source != nil {
		defer source.Close()
	}
	if bad.state == rotten {
		if len(bad.blobs) == 0 {
			i.Action = "none: the bytes are in the metadata; restore them from a backup"
			return
		}
		for _, id := range bad.blobs {
			if err := r.quarantine(ctx, v, id, bad.detail); err != nil {
				r.fail(v.Bucket, v.Key, err)
				return
			}
		}
		r.Quarantined++
		i.Action = "quarantined"
	}
	if !r.ask.AutoHeal || source == nil || len(bad.all) != 1 || len(bad.blobs) != 1 {
		return
	}
	switch ok, err := r.restore(ctx, bad.all[0], source, bad.pieces); {
	case err != nil:
		r.fail(v.Bucket, v.Key, err)
	case ok:
		i.Healed, i.Action = true, "restored from the plain file"
	}
}

// source opens the plain file of a current version, if there is one of its size and time. nil: none.
func (r *run) source(ctx context.Context, v *object.Version) vfs.File {
	if r.Tree == nil || !v.Latest {
		return nil
	}
	want, err := r.Store.Show(ctx, v.Bucket, v.Key)
	have, statErr := r.Tree.Stat(v.Bucket, v.Key)
	if err != nil || statErr != nil || !same(&want, &have) {
		return nil
	}
	f, err := r.Tree.Open(v.Bucket, v.Key)
	if err != nil {
		return nil
	}
	return f
}

func same(want *object.Shown, have *view.Entry) bool {
	return want.Exists && !want.Parts && want.Size == have.Size && want.Modified.Equal(have.ModTime)
}

// note stands beside bytes in quarantine.
type note struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"version_id"`
	ETag      string `json:"etag"`
	Size      int64  `json:"size"`
	Blob      string `json:"blob"`
	Detail    string `json:"detail"`
	When      string `json:"when"`
}

// quarantine moves a blob into the directory of quarantine, with a note. The plain file that is the same file goes too: its bytes are
// those in quarantine.
func (r *run) quarantine(ctx context.Context, v *object.Version, id blob.ID, detail string) error {
	now := r.Now().UTC()
	dir := filepath.Join(r.Quarantine, now.Format("20060102T150405.000000000Z-")+id.String())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	about, err := json.MarshalIndent(note{v.Bucket, v.Key, v.VersionID, v.ETag, v.Size, id.String(), detail, now.Format(time.RFC3339)}, "", "  ")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "about.json"), func(w io.Writer) error { _, err := w.Write(append(about, '\n')); return err }); err != nil {
		return err
	}
	if err := r.keep(ctx, id, filepath.Join(dir, "bytes")); err != nil {
		return err
	}
	for _, d := range []string{dir, r.Quarantine, filepath.Dir(r.Quarantine)} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	if v.Latest && r.sameFile(v.Bucket, v.Key, filepath.Join(dir, "bytes")) {
		if err := r.Tree.Remove(v.Bucket, v.Key); err != nil {
			return err
		}
	}
	return r.Blobs.Remove(ctx, id)
}

// keep makes path hold the bytes of a blob, durably: the file itself where the engine has files, so that what cannot be read is kept too.
func (r *run) keep(ctx context.Context, id blob.ID, path string) error {
	if l, ok := r.Blobs.(blob.Linker); ok && os.Link(l.Path(id), path) == nil {
		return nil
	}
	b, err := r.Blobs.Open(ctx, id)
	if err != nil {
		return err
	}
	defer b.Close()
	return write(path, func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(b, 0, b.Size()))
		return err
	})
}

// sameFile reports whether the plain file of a key is the file at path under another name.
func (r *run) sameFile(bucket, key, path string) bool {
	if r.Tree == nil {
		return false
	}
	have, err := r.Tree.Stat(bucket, key)
	info, statErr := os.Lstat(path)
	return err == nil && statErr == nil && have.FileID != 0 && have.FileID == vfs.FileID(info)
}

// editedInPlace reports whether the bytes are others because a person wrote into the plain file, which is the same file as the blob: the time of
// last change tells. The look at the files deals with it.
func (r *run) editedInPlace(ctx context.Context, v *object.Version, bad *verdict) bool {
	l, ok := r.Blobs.(blob.Linker)
	if r.Tree == nil || !ok || !v.Latest || bad.state == lost || len(bad.all) != 1 {
		return false
	}
	want, err := r.Store.Show(ctx, v.Bucket, v.Key)
	have, statErr := r.Tree.Stat(v.Bucket, v.Key)
	if err != nil || statErr != nil || want.Blob != bad.all[0] || !have.ModTime.After(want.Modified) || !r.sameFile(v.Bucket, v.Key, l.Path(want.Blob)) {
		return false
	}
	return true
}

// restore writes a blob anew from a file, when that consists of these pieces, and reports whether it did.
func (r *run) restore(ctx context.Context, id blob.ID, f vfs.File, pieces []piece) (bool, error) {
	size := int64(0)
	if len(pieces) == 0 || slices.ContainsFunc(pieces, func(p piece) bool { size += p.size; return p.etag == "" }) {
		return false, nil
	}
	body := func() io.Reader { return io.NewSectionReader(f, 0, size) }
	from := body()
	for i := range pieces {
		if wrong, err := r.piece(ctx, from, &pieces[i], io.Discard); err != nil || wrong != "" {
			return false, err
		}
	}
	w, err := r.Blobs.Create(ctx, id, size)
	if err != nil {
		return false, err
	}
	if _, err := io.Copy(w, body()); err != nil {
		return false, errors.Join(err, w.Abort())
	}
	return true, w.Commit(ctx)
}

// write makes a new file, durably but for its name.
func write(path string, fill func(io.Writer) error) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(fill(w), w.Sync(), w.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

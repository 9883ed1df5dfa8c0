package scrub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/vfs"
	"myfsio/view"
)

// bad deals with a version whose bytes are not what they must be. It is read once more before anything is done.
func (r *run) bad(ctx context.Context, v *object.Version, first *verdict) error {
	second := r.verify(ctx, v)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case second.state == gone, second.state == whole && first.state == lost: // pieces of it were put together meanwhile
		return nil
	case second.state == whole || second.state != first.state || second.sum != first.sum:
		r.fail(v.Bucket, v.Key, fmt.Errorf("two reads do not agree (%s); nothing is done: check the memory and the disk", first.detail))
		return nil
	}
	at, err := r.Store.Bodies(ctx, v.Examined())
	if fault.Is(err, fault.Corrupted) { // of its bytes nothing can be said
		second = verdict{state: lost, detail: "the list of its parts is gone, or cannot be read"}
	} else if err != nil {
		return ignoreGone(err)
	}
	if len(second.blobs) == 0 && second.state == rotten { // it could not even be opened
		second.blobs = at.Blobs
	}
	if r.editedInPlace(ctx, v, &second, &at) {
		return nil
	}
	i := Issue{Type: Corrupted, Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, Detail: second.detail}
	switch {
	case !v.Latest:
		i.Type = Stale
	case second.state == lost && v.Poisoned: // by an earlier scan
		i.Detail = "the bytes were rotten, and are in quarantine"
	case second.state == lost:
		i.Type = Phantom
	}
	if !r.ask.DryRun {
		if err := r.heal(ctx, v, &second, &at, &i); gone2(err) {
			return nil // it was replaced, and so are its bytes
		} else if err != nil {
			r.fail(v.Bucket, v.Key, err)
		}
	}
	r.found(i)
	return nil
}

// heal marks a version whose bytes are rotten, so that nobody reads them, puts them aside, and brings the bytes back where that can be.
func (r *run) heal(ctx context.Context, v *object.Version, bad *verdict, at *object.Bodies, i *Issue) error {
	source := r.source(ctx, v) // before its name is gone
	if source != nil {
		defer source.Close()
	}
	if bad.state == rotten {
		if err := r.Store.Poison(ctx, v.Examined()); err != nil {
			return err
		}
		if err := r.putAside(ctx, v, bad, at, i); err != nil {
			return err
		}
	}
	if !r.ask.AutoHeal || source == nil || len(at.Pieces) == 0 || len(at.Blobs) > 1 {
		return nil
	}
	ok, err := r.restore(ctx, v, source, bad.pieces, at)
	if ok {
		i.Healed, i.Action = true, "restored from the plain file"
	}
	return err
}

// putAside moves rotten bytes to quarantine, once.
func (r *run) putAside(ctx context.Context, v *object.Version, bad *verdict, at *object.Bodies, i *Issue) error {
	if at.Inline != nil && !v.Poisoned {
		fill := func(path string) error {
			return write(path, func(w io.Writer) error { _, err := w.Write(at.Inline); return err })
		}
		if err := r.quarantine(v, v.VersionID, bad.detail, fill); err != nil {
			return err
		}
	}
	for _, id := range bad.blobs {
		if err := r.quarantineBlob(ctx, v, id, bad.detail); err != nil {
			return err
		}
	}
	if at.Inline == nil && len(bad.blobs) == 0 || at.Inline != nil && v.Poisoned {
		i.Action = "none: it is marked as damaged already"
		return nil
	}
	r.Quarantined++
	i.Action = "quarantined"
	return nil
}

// gone2 tells that another version has the name by now.
func gone2(err error) bool {
	return err != nil && (fault.Is(err, fault.ConditionalConflict) || ignoreGone(err) == nil)
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

// quarantine makes a directory of quarantine, with a note, that fill puts the bytes into.
func (r *run) quarantine(v *object.Version, name, detail string, fill func(path string) error) error {
	now := r.Now().UTC()
	dir := filepath.Join(r.Quarantine, fmt.Sprintf("%s-%s", now.Format("20060102T150405.000000000Z"), name))
	for n := 1; ; n++ { // names of versions without versioning are all the same
		err := os.MkdirAll(r.Quarantine, 0o700)
		if err == nil {
			err = os.Mkdir(dir, 0o700)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) || n == 1000 {
			return err
		}
		dir = fmt.Sprintf("%s.%d", strings.TrimSuffix(dir, fmt.Sprintf(".%d", n-1)), n)
	}
	about, err := json.MarshalIndent(note{v.Bucket, v.Key, v.VersionID, v.ETag, v.Size, name, detail, now.Format(time.RFC3339)}, "", "  ")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "about.json"), func(w io.Writer) error { _, err := w.Write(append(about, '\n')); return err }); err != nil {
		return err
	}
	if err := fill(filepath.Join(dir, "bytes")); err != nil {
		return errors.Join(err, os.Remove(filepath.Join(dir, "about.json")), os.Remove(dir))
	}
	dirs := []string{dir, r.Quarantine}
	if !r.quarantined { // it may be new
		dirs = append(dirs, filepath.Dir(r.Quarantine))
	}
	for _, d := range dirs {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	r.quarantined = true
	return nil
}

// quarantineBlob moves a blob into quarantine. The plain file that is the same file goes too: its bytes are those in quarantine.
func (r *run) quarantineBlob(ctx context.Context, v *object.Version, id blob.ID, detail string) error {
	same := false
	err := r.quarantine(v, id.String(), detail, func(path string) error {
		err := r.keep(ctx, id, path)
		same = err == nil && v.Latest && r.sameFile(v.Bucket, v.Key, path)
		return err
	})
	if errors.Is(err, blob.ErrNotFound) { // an earlier try, or another part in it
		return nil
	}
	if err == nil && same {
		err = r.Tree.Remove(v.Bucket, v.Key)
	}
	if err != nil {
		return err
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
func (r *run) editedInPlace(ctx context.Context, v *object.Version, bad *verdict, at *object.Bodies) bool {
	l, ok := r.Blobs.(blob.Linker)
	if r.Tree == nil || !ok || !v.Latest || bad.state == lost || len(at.Blobs) != 1 {
		return false
	}
	want, err := r.Store.Show(ctx, v.Bucket, v.Key)
	have, statErr := r.Tree.Stat(v.Bucket, v.Key)
	if err != nil || statErr != nil || want.Blob != at.Blobs[0] || !have.ModTime.After(want.Modified) || !r.sameFile(v.Bucket, v.Key, l.Path(want.Blob)) {
		return false
	}
	return true
}

// restore writes the bytes of a version anew from a file that has what must be stored, and reports whether it did and they are good.
func (r *run) restore(ctx context.Context, v *object.Version, f vfs.File, pieces []piece, at *object.Bodies) (bool, error) {
	size, err := r.isBody(ctx, f, pieces, at.Pieces)
	if err != nil || size == 0 {
		return false, err
	}
	if len(at.Blobs) == 1 {
		err = r.write(ctx, at.Blobs[0], io.NewSectionReader(f, 0, size), size)
	} else {
		err = r.mendInline(ctx, v, f, size)
	}
	if err != nil {
		return false, err
	}
	if got := r.verify(ctx, v); got.state != whole {
		return false, nil
	}
	return true, r.Store.Cure(ctx, v.Examined())
}

// isBody returns the size of what must be stored when the file begins with it, 0 when it does not or nobody can tell.
func (r *run) isBody(ctx context.Context, f io.ReaderAt, pieces []piece, stored []object.Piece) (size int64, err error) {
	known := true
	for i := range stored {
		p := &stored[i]
		sum := crc32.New(castagnoli)
		n, err := io.Copy(sum, &paced{Reader: io.NewSectionReader(f, size, p.Size), r: r, ctx: ctx})
		if err != nil {
			return 0, err
		}
		if size += p.Size; n != p.Size || p.Known && sum.Sum32() != p.Sum {
			return 0, nil
		}
		known = known && p.Known
	}
	if known {
		return size, nil
	}
	plain := int64(0)
	if len(pieces) == 0 || slices.ContainsFunc(pieces, func(p piece) bool { plain += p.size; return p.etag == "" }) || plain != size {
		return 0, nil
	}
	from := io.NewSectionReader(f, 0, size)
	for i := range pieces {
		if wrong, err := r.piece(ctx, from, &pieces[i], io.Discard); err != nil || wrong != "" {
			return 0, err
		}
	}
	return size, nil
}

// write writes a blob anew.
func (r *run) write(ctx context.Context, id blob.ID, body io.Reader, size int64) error {
	w, err := r.Blobs.Create(ctx, id, size)
	if errors.Is(err, blob.ErrExists) { // its file is gone, and the engine does not know
		if err = r.Blobs.Remove(ctx, id); err == nil {
			w, err = r.Blobs.Create(ctx, id, size)
		}
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, body); err != nil {
		return errors.Join(err, w.Abort())
	}
	return w.Commit(ctx)
}

// mendInline puts bytes into the metadata. Until they are verified nobody reads them.
func (r *run) mendInline(ctx context.Context, v *object.Version, f io.ReaderAt, size int64) error {
	stored := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), stored); err != nil {
		return err
	}
	if err := r.Store.Poison(ctx, v.Examined()); err != nil {
		return err
	}
	return r.Store.MendInline(ctx, v.Examined(), stored)
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

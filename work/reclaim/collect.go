package reclaim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/view"
	"myfsio/work"
)

// Garbage says what a Collector removes, and when. What was deleted or replaced by a commit is not its business: the worker of this package
// removes that at once. A Collector removes what no commit gave up, by age; it never touches a version of an object.
type Garbage struct {
	Store *object.Store
	Blobs blob.Store
	// Born is a mark of the start of this process: bodies begun later may be on their way and stay. See object.Store.Sweep.
	Born object.Mark

	Tree *view.Tree // whose empty directories go; nil: none
	Root string     // of Tree
	Temp []TempFiles

	TempAge   time.Duration // of temporary files, unfinished bodies and empty directories
	UploadAge time.Duration // since the last part of an unfinished multipart upload

	Load *work.Load // gives way to requests; may be nil
	Log  *slog.Logger
	Now  func() time.Time
}

// TempFiles are the temporary files of one directory: those whose names begin and end so. Directories below it are not looked at.
type TempFiles struct{ Dir, Prefix, Suffix string }

// Collection is what came of a run. The members are those of release 0.4.0; there are no lock files here, and no metadata apart from
// its objects, so their counts are 0. An orphaned version is a body that no record refers to.
type Collection struct {
	TempFiles         int64    `json:"temp_files_deleted"`
	TempBytes         int64    `json:"temp_bytes_freed"`
	Uploads           int64    `json:"multipart_uploads_deleted"`
	UploadBytes       int64    `json:"multipart_bytes_freed"`
	LockFiles         int64    `json:"lock_files_deleted"`
	Metadata          int64    `json:"orphaned_metadata_deleted"`
	Orphans           int64    `json:"orphaned_versions_deleted"`
	OrphanBytes       int64    `json:"orphaned_version_bytes_freed"`
	EmptyDirs         int64    `json:"empty_dirs_removed"`
	Errors            []string `json:"errors"`
	ExecutionTimeSecs float64  `json:"execution_time_seconds"`
}

const maxErrors = 50

// Collect is the work of a work.Job. With DryRun it counts what it would remove.
func (g *Garbage) Collect(ctx context.Context, ask work.Ask, tell func(Collection)) Collection {
	c := &collecting{Garbage: g, dry: ask.DryRun, tell: tell, pace: work.Pace{Load: g.Load}, began: g.Now()}
	c.Errors = []string{}
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{{"temporary files", c.temp}, {"multipart uploads", c.uploads}, {"bodies", c.bodies}, {"empty directories", c.dirs}} {
		if ctx.Err() != nil {
			break
		}
		if err := part.do(ctx); err != nil && ctx.Err() == nil {
			c.fail(part.name, err)
		}
		c.progress()
	}
	g.Log.Info("garbage collected", "dry run", c.dry, "temporary files", c.TempFiles, "uploads", c.Uploads, "bodies", c.Orphans,
		"bytes", c.TempBytes+c.UploadBytes+c.OrphanBytes, "empty directories", c.EmptyDirs, "errors", len(c.Errors))
	return c.progress()
}

type collecting struct {
	*Garbage
	Collection
	dry   bool
	tell  func(Collection)
	pace  work.Pace
	began time.Time
}

func (c *collecting) fail(what string, err error) {
	c.Log.Error("garbage collection", "of", what, "error", err)
	if len(c.Errors) < maxErrors {
		c.Errors = append(c.Errors, fmt.Sprintf("%s: %v", what, err))
	}
}

// progress tells of what was done so far.
func (c *collecting) progress() Collection {
	c.ExecutionTimeSecs = c.Now().Sub(c.began).Seconds()
	out := c.Collection
	out.Errors = append([]string{}, c.Errors...)
	c.tell(out)
	return out
}

// step is called between two pieces of work.
func (c *collecting) step(ctx context.Context) error {
	c.pace.Yield(ctx)
	return ctx.Err()
}

// removed notes what is, or would be, removed.
func (c *collecting) removed(what string, args ...any) {
	c.Log.Debug("garbage: "+what, append(args, "dry run", c.dry)...)
}

// temp removes temporary files that a crash left.
func (c *collecting) temp(ctx context.Context) error {
	var errs []error
	for _, t := range c.Temp {
		entries, err := os.ReadDir(t.Dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		for _, e := range entries {
			if err := c.step(ctx); err != nil {
				return err
			}
			if !strings.HasPrefix(e.Name(), t.Prefix) || !strings.HasSuffix(e.Name(), t.Suffix) {
				continue
			}
			if err := c.tempFile(filepath.Join(t.Dir, e.Name())); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

func (c *collecting) tempFile(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular() || c.began.Sub(info.ModTime()) < c.TempAge:
		return nil
	}
	c.removed("temporary file", "path", path)
	if !c.dry {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	c.TempFiles++
	c.TempBytes += info.Size()
	return nil
}

// uploads gives up multipart uploads that nobody sent a part of for long.
func (c *collecting) uploads(ctx context.Context) error {
	var errs []error
	for req := (object.ListBuckets{}); ; {
		page, err := c.Store.ListBuckets(ctx, req)
		if err != nil {
			return err
		}
		for _, b := range page.Buckets {
			if err := c.uploadsOf(ctx, b.Name); err != nil && !fault.Is(err, fault.NoSuchBucket) {
				errs = append(errs, fmt.Errorf("%s: %w", b.Name, err))
			}
		}
		if page.Next == "" || ctx.Err() != nil {
			return errors.Join(errs...)
		}
		req.After = page.Next
	}
}

func (c *collecting) uploadsOf(ctx context.Context, bucket string) error {
	req := object.ListUploads{Bucket: bucket, Max: object.MaxListKeys}
	for {
		page, err := c.Store.ListUploads(ctx, req)
		if err != nil {
			return err
		}
		for i := range page.Uploads {
			if err := c.step(ctx); err != nil {
				return err
			}
			if err := c.upload(ctx, &page.Uploads[i]); err != nil && !fault.Is(err, fault.NoSuchUpload) { // ended meanwhile
				return err
			}
		}
		if !page.Truncated {
			return nil
		}
		req.KeyMarker, req.UploadIDMarker = page.NextKeyMarker, page.NextUploadIDMarker
	}
}

func (c *collecting) upload(ctx context.Context, up *object.Upload) error {
	old := func(t time.Time) bool { return c.began.Sub(t) >= c.UploadAge }
	if !old(up.Initiated) {
		return nil
	}
	size := int64(0)
	for req := (object.ListParts{Bucket: up.Bucket, Key: up.Key, UploadID: up.UploadID, Max: object.MaxListKeys}); ; {
		page, err := c.Store.ListParts(ctx, req)
		if err != nil {
			return err
		}
		for _, p := range page.Parts {
			if !old(p.Modified) {
				return nil
			}
			size += p.Size
		}
		if !page.Truncated {
			break
		}
		req.After = page.Next
	}
	c.removed("multipart upload", "bucket", up.Bucket, "key", up.Key, "upload", up.UploadID, "bytes", size)
	if !c.dry {
		if err := c.Store.AbortUpload(ctx, object.AbortUpload{Bucket: up.Bucket, Key: up.Key, UploadID: up.UploadID}); err != nil {
			return err
		}
	}
	c.Uploads++
	c.UploadBytes += size
	return nil
}

// bodies removes what writes left behind that a crash, or a failing disk, cut off.
func (c *collecting) bodies(ctx context.Context) error {
	var before object.Mark
	binary.BigEndian.PutUint64(before[:], uint64(c.began.Add(-c.TempAge).UnixNano()))
	if string(c.Born[:]) < string(before[:]) {
		before = c.Born
	}
	return c.Store.Strays(ctx, before, func() error { return c.step(ctx) }, func(i blob.Info) error {
		c.removed("body", "blob", i.ID.String(), "bytes", i.Size)
		if !c.dry {
			if err := c.Blobs.Remove(ctx, i.ID); err != nil {
				return err
			}
		}
		c.Orphans++
		c.OrphanBytes += i.Size
		return nil
	})
}

// dirs removes directories of the plain-file view that are empty for long. The directory of a bucket stays.
func (c *collecting) dirs(ctx context.Context) error {
	if c.Tree == nil {
		return nil
	}
	names, err := c.Tree.Buckets()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(c.Root) // which links do not lead out of
	if err != nil {
		return err
	}
	defer root.Close()
	var errs []error
	for _, name := range names {
		if _, err := c.Store.HeadBucket(ctx, name); err != nil {
			continue // a person's directory
		}
		_, err := c.dir(ctx, root, name, false)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// dir removes what is empty below path, and with self path itself when nothing is left in it. It reports whether path is gone.
func (c *collecting) dir(ctx context.Context, root *os.Root, path string, self bool) (gone bool, err error) {
	if err := c.step(ctx); err != nil {
		return false, err
	}
	info, err := root.Lstat(path) // before what is in it changes its time
	if err != nil || !info.IsDir() {
		return false, ignoreAbsent(err)
	}
	entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(path))
	if err != nil {
		return false, ignoreAbsent(err)
	}
	left := len(entries)
	for _, e := range entries {
		if !e.IsDir() { // a link is none
			continue
		}
		below, err := c.dir(ctx, root, filepath.Join(path, e.Name()), true)
		if err != nil {
			return false, err
		}
		if below {
			left--
		}
	}
	if !self || left > 0 || c.began.Sub(info.ModTime()) < c.TempAge {
		return false, nil
	}
	c.removed("empty directory", "path", path)
	if !c.dry && root.Remove(path) != nil { // which takes no directory with something in it
		return false, nil
	}
	c.EmptyDirs++
	return true, nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

package server

import (
	"context"
	"fmt"
	"io"

	"myfsio/object"
	"myfsio/work/assemble"
	"myfsio/work/project"
	"myfsio/work/reclaim"
)

// FsckOptions say how Fsck works.
type FsckOptions struct {
	Repair bool // mend what can be mended without losing a byte
	Deep   bool // read all bytes
}

// Fsck verifies every invariant between metadata, bytes and the plain-file view, and writes what it finds to out. It returns the number of
// problems that remain.
func Fsck(ctx context.Context, d *Data, o FsckOptions, out io.Writer) (remaining int64, err error) {
	if err := d.settle(ctx); err != nil {
		return 0, err
	}
	res, err := d.Store.Check(ctx, object.CheckOptions{Repair: o.Repair, Deep: o.Deep, Report: func(p object.Problem) {
		mark := ""
		if p.Fixed {
			mark = " (repaired)"
		}
		fmt.Fprintf(out, "%s: %s: %s%s\n", p.Kind, place(p.Bucket, p.Key), p.Detail, mark)
	}})
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "metadata and bytes: %d buckets, %d versions, %d unfinished uploads, %d blobs: %d problems, %d repaired\n",
		res.Buckets, res.Versions, res.Uploads, res.Blobs, res.Problems, res.Fixed)
	remaining = res.Problems - res.Fixed
	if d.Projector == nil {
		return remaining, nil
	}
	n, err := fsckView(ctx, d, o, out)
	return remaining + n, err
}

func place(bucket, key string) string {
	if bucket == "" {
		return "store"
	}
	return fmt.Sprintf("%s/%q", bucket, key)
}

func fsckView(ctx context.Context, d *Data, o FsckOptions, out io.Writer) (int64, error) {
	look := d.Projector.Check
	if o.Repair {
		look = d.Projector.Mend
	}
	r, err := look(ctx, func(bucket, key, what string) {
		fmt.Fprintf(out, "view: %s: %s\n", place(bucket, key), what)
	})
	fmt.Fprintf(out, "plain files: %d objects, %d files made, %d differences\n", r.Files, r.Shown, r.Wrong)
	return r.Wrong, err
}

// settle does the work that waits for workers, so that what is checked stands still.
func (d *Data) settle(ctx context.Context) error {
	if err := d.assemble(ctx); err != nil {
		return err
	}
	if err := reclaim.New(reclaim.Config{Store: d.Store, Crashed: d.Crashed, Log: d.log}).Drain(ctx); err != nil {
		return err
	}
	if d.Projector != nil {
		return d.Projector.Drain(ctx)
	}
	return nil
}

// maxUnassembled is how many multipart objects in a row may fail to be assembled before that is taken for a failure of the disk.
const maxUnassembled = 1000

// assemble makes multipart objects one file. Those that cannot be, as bytes of them are lost, are passed over: the check tells of
// them.
func (d *Data) assemble(ctx context.Context) error {
	w := assemble.New(assemble.Config{Store: d.Store, BytesPerSecond: 1 << 40, Log: d.log})
	for failed := 0; ; {
		more, err := w.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			if failed++; failed == maxUnassembled {
				return err
			}
			d.log.Warn("a multipart object cannot be made one file", "error", err)
		case !more:
			return nil
		default:
			failed = 0
		}
	}
}

// Adopt takes files that a person put into the view in as objects of owner.
func Adopt(ctx context.Context, d *Data, owner string, out io.Writer) (project.Report, error) {
	if d.Projector == nil {
		return project.Report{}, errNoView
	}
	if err := d.settle(ctx); err != nil {
		return project.Report{}, err
	}
	a := &project.Adopter{Projector: d.Projector, Owner: owner, Note: func(format string, args ...any) {
		fmt.Fprintf(out, format+"\n", args...)
	}}
	return a.Adopt(ctx)
}

// RebuildView makes the plain-file view anew.
func RebuildView(ctx context.Context, d *Data) (project.Report, error) {
	if d.Projector == nil {
		return project.Report{}, errNoView
	}
	if err := d.settle(ctx); err != nil {
		return project.Report{}, err
	}
	return d.Projector.Rebuild(ctx)
}

var errNoView = fmt.Errorf("the plain-file view is switched off (PLAIN_FILES=false)")

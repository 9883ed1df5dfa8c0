// Package project keeps the plain-file view true: STORAGE_ROOT/<bucket>/<key> shows the current version of each key that
// a file system can name. Commits queue what they changed; project makes the files follow, within milliseconds, and
// again after a crash. The view is never needed to read an object: S3 does not notice it.
//
// # Which keys are shown
//
// A key is shown unless the file system cannot hold its name (see package view) or a directory stands where its
// file would be: of `a` and `a/b` only `a/b` is shown, as long as both exist. Multipart
// objects whose parts lie in several blobs are shown once they are assembled.
//
// # After a crash
//
// Files of small objects are written without a sync of their own. A change leaves the queue only after
// the whole file system was synced (at most once a minute), so a file that a power cut tore is written again.
package project

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"myfsio/blob"
	"myfsio/object"
	"myfsio/view"
	"myfsio/work"
)

// Config is what the worker needs.
type Config struct {
	Store *object.Store
	Tree  *view.Tree
	Blobs blob.Store // must be a blob.Linker
	Now   func() time.Time
	Log   *slog.Logger
	// Settle is how long after its projection a change leaves the queue at the earliest; 0 means DefaultSettle.
	Settle time.Duration
}

// DefaultSettle is the time between two syncs of the view.
const DefaultSettle = time.Minute

const (
	batch      = 512     // changes read at once
	batchBytes = 1 << 20 // of small bodies, held at once
	idle       = 5 * time.Second
)

// Projector makes the view follow the store.
type Projector struct {
	Config
	at      object.Mark // the last change made
	settled object.Mark // changes up to here are durable in the view and off the queue
	synced  time.Time
	hidden  atomic.Int64
	lane    *work.Lane // where files are made; nil: where the caller is
}

// New makes a projector. Run its Worker, or call Drain.
func New(c Config) (*Projector, error) {
	if _, ok := c.Blobs.(blob.Linker); !ok {
		return nil, errors.New("project: this blob store cannot show blobs as files; set PLAIN_FILES=false")
	}
	if c.Settle == 0 {
		c.Settle = DefaultSettle
	}
	return &Projector{Config: c, synced: c.Now()}, nil
}

// Worker returns the worker that runs the projector. Its files are made on a lane of its own, which ends with ctx.
func (p *Projector) Worker(ctx context.Context) *work.Worker {
	p.lane = work.NewLane(ctx)
	return &work.Worker{Name: "plain-file view", Step: p.step, Wake: p.Store.Signals().View, Idle: idle, Log: p.Log}
}

// Drain makes all queued changes, syncs the view and empties the queue.
func (p *Projector) Drain(ctx context.Context) error {
	for {
		n, err := p.advance(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return p.settle(ctx)
		}
	}
}

func (p *Projector) step(ctx context.Context) (more bool, err error) {
	n, err := p.advance(ctx)
	if err != nil {
		return false, err
	}
	if p.Now().Sub(p.synced) >= p.Settle {
		err = p.settle(ctx)
	}
	return n == batch, err
}

// advance makes the next changes and returns how many there were.
func (p *Projector) advance(ctx context.Context) (int, error) {
	changes, err := p.Store.ViewChanges(ctx, p.at, batch)
	if err != nil {
		return 0, err
	}
	done := make(map[[2]string]bool, len(changes))
	for rest := changes; len(rest) > 0; {
		files, n, err := p.gather(ctx, rest, done)
		if err == nil {
			err = p.onLane(ctx, func() error { return p.make(ctx, files) })
		}
		if err != nil {
			return 0, err
		}
		p.at, rest = rest[n-1].At, rest[n:]
	}
	return len(changes), nil
}

func (p *Projector) onLane(ctx context.Context, fn func() error) error {
	if p.lane == nil {
		return fn()
	}
	return p.lane.Do(ctx, fn)
}

// file is a change with what the file must be.
type file struct {
	bucket, key string
	want        object.Shown
}

// gather looks up what the files of the next changes must be, until it holds batchBytes. It returns how many changes it
// looked at; those of keys in done, which were made before in their last state, are passed over.
func (p *Projector) gather(ctx context.Context, changes []object.ViewChange, done map[[2]string]bool) (files []file, n int, err error) {
	size := 0
	for n < len(changes) && size < batchBytes {
		c := &changes[n]
		n++
		// A bucket can be removed only when its files are: each of its changes counts, the last one most.
		if k := [2]string{c.Bucket, c.Key}; !done[k] || c.Key == "" {
			done[k] = true
			f := file{bucket: c.Bucket, key: c.Key}
			if f.key != "" {
				if f.want, err = p.Store.Show(ctx, f.bucket, f.key); err != nil {
					return nil, 0, err
				}
				size += len(f.want.Inline)
			}
			files = append(files, f)
		}
	}
	return files, n, nil
}

func (p *Projector) make(ctx context.Context, files []file) error {
	for i := range files {
		f := &files[i]
		err := error(nil)
		if f.key == "" {
			err = p.bucket(ctx, f.bucket)
		} else {
			err = p.place(ctx, f.bucket, f.key, &f.want)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle syncs the file system and takes the changes made before off the queue.
func (p *Projector) settle(ctx context.Context) error {
	upTo := p.at
	p.synced = p.Now()
	if upTo == p.settled {
		return nil
	}
	if err := p.Tree.Sync(); err != nil {
		return err
	}
	for {
		changes, err := p.Store.ViewChanges(ctx, p.settled, batch)
		if err != nil {
			return err
		}
		marks := make([]object.Mark, 0, len(changes))
		for _, c := range changes {
			if string(c.At[:]) <= string(upTo[:]) {
				marks = append(marks, c.At)
			}
		}
		if len(marks) == 0 {
			p.settled = upTo
			return nil
		}
		if err := p.Store.ViewDone(ctx, marks); err != nil {
			return err
		}
		p.settled = marks[len(marks)-1]
	}
}

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
	if _, ok := p.Tree.Path(bucket, key); !ok || want.Parts {
		return nil
	}
	if !want.Exists {
		return p.remove(ctx, bucket, key)
	}
	err := p.show(ctx, bucket, key, want)
	if errors.Is(err, view.ErrClash) && p.clearWay(bucket, key) {
		err = p.show(ctx, bucket, key, want)
	}
	if errors.Is(err, view.ErrClash) { // other keys lie below it
		p.hidden.Add(1)
		return nil
	}
	return err
}

func (p *Projector) show(ctx context.Context, bucket, key string, want *object.Shown) error {
	if want.Blob.IsZero() {
		return p.Tree.Write(bucket, key, want.Inline, want.Modified)
	}
	if err := p.trim(ctx, want); err != nil {
		if errors.Is(err, blob.ErrNotFound) {
			return nil // replaced meanwhile: its own change follows
		}
		return err
	}
	return p.Tree.Link(bucket, key, p.Blobs.(blob.Linker).Path(want.Blob), want.Modified)
}

// trim cuts off what a part that was not used left behind the end.
func (p *Projector) trim(ctx context.Context, want *object.Shown) error {
	b, err := p.Blobs.Open(ctx, want.Blob)
	if err != nil {
		return err
	}
	size := b.Size()
	if err := b.Close(); err != nil || size <= want.Size {
		return err
	}
	return p.Blobs.(blob.Placer).Trim(ctx, want.Blob, want.Size)
}

// clearWay removes the files of keys that stand where directories of key must be; it reports whether there were any.
func (p *Projector) clearWay(bucket, key string) bool {
	cleared := false
	for i := range len(key) {
		if key[i] != '/' {
			continue
		}
		if _, err := p.Tree.Stat(bucket, key[:i]); err == nil {
			cleared = p.Tree.Remove(bucket, key[:i]) == nil || cleared
		}
	}
	return cleared
}

// remove takes a file away, and shows the keys that its directories hid.
func (p *Projector) remove(ctx context.Context, bucket, key string) error {
	if err := p.Tree.Remove(bucket, key); err != nil {
		return err
	}
	for i := strings.LastIndexByte(key, '/'); i > 0; i = strings.LastIndexByte(key[:i], '/') {
		parent := key[:i]
		want, err := p.Store.Show(ctx, bucket, parent)
		if err != nil {
			return err
		}
		if !want.Exists || want.Parts {
			continue
		}
		if err := p.show(ctx, bucket, parent, &want); err != nil && !errors.Is(err, view.ErrClash) {
			return err
		}
	}
	return nil
}

// Package project keeps the plain-file view true: STORAGE_ROOT/<bucket>/<key> shows the current version of each key that
// a file system can name. Commits queue what they changed; project makes the files follow, within milliseconds, and
// again after a crash. The view is never needed to read an object: S3 does not notice it.
//
// # Which keys are shown
//
// A key is shown unless the file system cannot hold its name (see package view) or a directory stands where its
// file would be: of `a` and `a/b` only `a/b` is shown, as long as both exist. Multipart
// objects whose parts lie in several blobs are shown once they are assembled; until then the file of an
// older state stays. A name that the file system itself refuses is passed over with a warning.
//
// # Files of others
//
// A file that a person put into the tree is replaced or removed only when an object of exactly its path is written
// or deleted. Elsewhere it stays, and hides the keys below its path. Changes that a crash left queued are made again by the next start:
// a file edited between the two is overwritten, so edit after the start.
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
	// Load is what the making of files gives way to; nil: nothing.
	Load *work.Load
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
	asked   chan chan error // who waits for Flush
	lane    *work.Lane      // where files are made; nil: where the caller is
	pace    work.Pace
}

// New makes a projector. Run its Worker, or call Drain.
func New(c Config) (*Projector, error) {
	if _, ok := c.Blobs.(blob.Linker); !ok {
		return nil, errors.New("project: this blob store cannot show blobs as files; set PLAIN_FILES=false")
	}
	if c.Settle == 0 {
		c.Settle = DefaultSettle
	}
	return &Projector{Config: c, synced: c.Now(), asked: make(chan chan error, 1), pace: work.Pace{Load: c.Load}}, nil
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

// Flush asks the Worker to make the changes that are queued, durably, and waits for it. It needs a Worker that runs.
func (p *Projector) Flush(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case p.asked <- done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select { // wakes it
	case p.Store.Signals().View <- struct{}{}:
	default:
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve does what Flush asks for.
func (p *Projector) serve(ctx context.Context) {
	select {
	case done := <-p.asked:
		done <- p.Drain(ctx)
	default:
	}
}

func (p *Projector) step(ctx context.Context) (more bool, err error) {
	p.serve(ctx)
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
	if err != nil || len(changes) == 0 {
		return 0, err
	}
	last := changes[len(changes)-1].At
	if now := p.Store.NewMark(); string(last[:]) > string(now[:]) {
		return len(changes), p.ahead(ctx, changes)
	}
	return len(changes), p.makeAll(ctx, changes)
}

// ahead makes changes that an earlier run queued when the clock was ahead of now. Those of this run get lower marks: so these leave the
// queue at once, and p.at does not pass them.
func (p *Projector) ahead(ctx context.Context, changes []object.ViewChange) error {
	at := p.at
	err := p.makeAll(ctx, changes)
	p.at = at
	if err == nil {
		err = p.Tree.Sync()
	}
	if err != nil {
		return err
	}
	marks := make([]object.Mark, len(changes))
	for i := range changes {
		marks[i] = changes[i].At
	}
	return p.Store.ViewDone(ctx, marks)
}

// makeAll makes the changes one after the other.
func (p *Projector) makeAll(ctx context.Context, changes []object.ViewChange) error {
	done := make(map[[2]string]bool, len(changes))
	for rest := changes; len(rest) > 0; {
		files, n, err := p.gather(ctx, rest, done)
		if err == nil {
			err = p.onLane(ctx, func() error { return p.make(ctx, files) })
		}
		if err != nil {
			return err
		}
		p.at, rest = rest[n-1].At, rest[n:]
	}
	return nil
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
		p.pace.Yield(ctx)
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

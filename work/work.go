// Package work is the frame of the background workers: each is a step that is run while there is work, then waits
// to be woken. What the workers do is in the packages below; they change objects only through package object,
// so that no rule is passed by.
package work

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Worker is a step that is run again and again by Run.
type Worker struct {
	Name string
	// Step does a bounded piece of work and reports whether more waits. An error is logged, and the step tried again later.
	Step func(ctx context.Context) (more bool, err error)
	// Wake ends a wait early. It may be nil.
	Wake <-chan struct{}
	// Idle is how long Run waits for Wake before it looks again all the same.
	Idle time.Duration
	Log  *slog.Logger
}

// Pauses after failures: they double from the first to the last.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 30 * time.Second
)

// Run runs the worker until ctx ends.
func (w *Worker) Run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		more, err := w.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.Log.Error("background work failed and will be tried again", "worker", w.Name, "pause", pause, "error", err)
			sleep(ctx, nil, pause)
			pause = min(2*pause, lastPause)
		case !more:
			pause = firstPause
			sleep(ctx, w.Wake, w.Idle)
		default:
			pause = firstPause
		}
	}
}

// Drain runs the step until nothing waits. It is for tools that run without the server.
func (w *Worker) Drain(ctx context.Context) error {
	for {
		more, err := w.Step(ctx)
		if err != nil || !more {
			return errors.Join(err, ctx.Err())
		}
	}
}

func sleep(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-t.C:
	}
}

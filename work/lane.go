package work

import (
	"context"
	"runtime"
)

// Lane runs functions one after another on an operating system thread of its own, which gives way to the threads that
// serve clients where the system knows priorities of threads. It is for work with files that many writes
// cause and that nobody waits for. A function that runs on it must not hold locks that serving
// needs: it may stand still for some milliseconds anywhere.
type Lane struct {
	jobs  chan job
	ended chan struct{}
}

type job struct {
	run  func() error
	done chan error
}

// NewLane starts a lane. It ends with ctx.
func NewLane(ctx context.Context) *Lane {
	l := &Lane{jobs: make(chan job), ended: make(chan struct{})}
	go l.serve(ctx)
	return l
}

func (l *Lane) serve(ctx context.Context) {
	defer close(l.ended)
	runtime.LockOSThread() // never unlocked: the thread, with its priority, ends with the goroutine
	yieldToOthers()
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-l.jobs:
			j.done <- j.run()
		}
	}
}

// Do runs fn on the lane and returns what it returns; when ctx ends before fn begins, ctx's error. Once the lane
// has ended fn runs on the caller's thread: at the end of the server nobody is left to give way to.
func (l *Lane) Do(ctx context.Context, fn func() error) error {
	done := make(chan error, 1)
	select {
	case l.jobs <- job{fn, done}:
		return <-done
	case <-l.ended:
		return fn()
	case <-ctx.Done():
		return ctx.Err()
	}
}

package work

import (
	"context"
	"time"

	"myfsio/fault"
)

// Desk takes what somebody asks of a worker to the one goroutine that does it, in Serve, and the answer back. A worker that keeps its own
// schedule and state has one; see Job for those that leave both to this package.
type Desk[Q, A any] struct {
	asks  chan *ask[Q, A]
	ended chan struct{}
}

// ask is a request on its way.
type ask[Q, A any] struct {
	q    Q
	done chan struct{} // closed when a and err are set
	a    A
	err  error
}

// NewDesk makes a desk. Nobody answers before Serve.
func NewDesk[Q, A any]() *Desk[Q, A] {
	return &Desk[Q, A]{asks: make(chan *ask[Q, A]), ended: make(chan struct{})}
}

// Ask has q done and waits for its end, but no longer than ctx: then the work, if it has begun, goes on, and the error is ctx's. At the end of Serve
// it is fault.Unavailable.
func (d *Desk[Q, A]) Ask(ctx context.Context, q Q) (a A, err error) {
	k := &ask[Q, A]{q: q, done: make(chan struct{})}
	select {
	case d.asks <- k:
	case <-d.ended:
		return a, errEnding()
	case <-ctx.Done():
		return a, ctx.Err()
	}
	select {
	case <-k.done:
		return k.a, k.err
	case <-d.ended:
		return a, errEnding()
	case <-ctx.Done():
		return a, ctx.Err()
	}
}

func errEnding() error { return fault.New(fault.Unavailable, "The server is about to end.") }

// Serve does what is asked for with do, and due at the times that next tells, one at a time, until ctx ends. It is called once. next is asked
// before each wait how long that may be; ok is false where nothing will be due.
func (d *Desk[Q, A]) Serve(ctx context.Context, do func(context.Context, Q) (A, error), next func() (wait time.Duration, ok bool), due func(context.Context)) {
	defer close(d.ended)
	serve(ctx, d.asks, func(ctx context.Context, k *ask[Q, A]) {
		k.a, k.err = do(ctx, k.q)
		close(k.done)
	}, next, due)
}

// serve is the loop of all that is done when it is due or when somebody asks.
func serve[T any](ctx context.Context, asks <-chan T, do func(context.Context, T), next func() (time.Duration, bool), due func(context.Context)) {
	for ctx.Err() == nil {
		var tick <-chan time.Time
		if wait, ok := next(); ok {
			tick = time.After(max(wait, 0))
		}
		select {
		case <-ctx.Done():
		case a := <-asks:
			do(ctx, a)
		case <-tick:
			due(ctx)
		}
	}
}

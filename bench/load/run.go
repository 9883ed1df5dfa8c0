package load

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Unit is what an item is measured in.
type Unit string

// The units. Of Millis less is better, of the others more.
const (
	OpsPerSecond   Unit = "op/s"
	MiBPerSecond   Unit = "MiB/s"
	PagesPerSecond Unit = "pages/s"
	Millis         Unit = "ms"
)

// Item is one sort of work.
type Item struct {
	Name    string
	Note    string // for a reader of the report
	Unit    Unit
	Clients int
	PerOp   float64 // units that one operation is worth; 0 means 1
	Stored  int64   // bytes that one operation stores
	Syncs   bool    // worth counting syncs of: it writes
	Cold    bool    // without warm-up: its operations are few and dear
	Static  bool    // a server of plain files can do it too
	Begin   func(ctx context.Context, e *Env) (*Job, error)
}

// Job is what the clients of one turn repeat. Op gets numbers 0, 1, 2, … each once.
// A Limit above zero ends the turn after so many operations. Done, when not nil,
// clears up after the turn, outside the measured time.
type Job struct {
	Op    func(c *Client, n int64) error
	Limit int64
	Done  func(ctx context.Context, ops int64) error
}

// Result is what one turn of an item came to.
type Result struct {
	Item    string  `json:"item"`
	Unit    Unit    `json:"unit"`
	Clients int     `json:"clients"`
	Ops     int64   `json:"ops"`
	Seconds float64 `json:"seconds"`
	Value   float64 `json:"value"` // in Unit
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Max     float64 `json:"max_ms"`
	Errors  int64   `json:"errors"`
	Error   string  `json:"error,omitempty"` // the first one
}

// Bounds limit one turn. The turn stops at whichever comes first; an operation that
// has begun is finished.
type Bounds struct {
	Duration time.Duration
	MaxOps   int64 // 0: only the item's own limit
	NoWarm   bool
}

// Probe is told when the measured part of a turn begins and ends. Both may be nil.
type Probe struct{ Before, After func() }

// maxErrors end a turn early: the server is broken, not slow.
const maxErrors = 10

// Run measures one turn of item. The error is of the tool or of the preparation;
// failed operations are in the Result.
func Run(ctx context.Context, e *Env, item *Item, b Bounds, probe Probe) (Result, error) {
	job, err := item.Begin(ctx, e)
	if err != nil {
		return Result{}, fmt.Errorf("%s: prepare: %w", item.Name, err)
	}
	t := &turn{ctx: ctx, job: job, limit: job.Limit, clients: make([]*Client, item.Clients)}
	if b.MaxOps > 0 && (t.limit == 0 || b.MaxOps < t.limit) {
		t.limit = b.MaxOps
	}
	for i := range t.clients {
		t.clients[i] = NewClient(e.Target, i)
		defer t.clients[i].Close()
	}
	if !item.Cold && !b.NoWarm {
		t.run(min(b.Duration/10, 500*time.Millisecond))
		if t.limit > 0 { // what the warm-up took must not shorten the turn to nothing
			t.limit = max(t.limit, t.next.Load()+int64(item.Clients))
		}
	}
	call(probe.Before)
	samples, elapsed := t.run(b.Duration)
	call(probe.After)
	res := summary(item, samples, elapsed)
	res.Errors, res.Error = t.failed.Load(), t.message
	if job.Done != nil {
		if err := job.Done(ctx, t.next.Load()); err != nil {
			return res, fmt.Errorf("%s: clear up: %w", item.Name, err)
		}
	}
	return res, ctx.Err()
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// turn is the state that the clients of one turn share.
type turn struct {
	ctx     context.Context
	job     *Job
	limit   int64
	clients []*Client
	next    atomic.Int64
	failed  atomic.Int64
	once    sync.Once
	message string // of the first failure
}

// run lets all clients work for d and returns the latencies of the operations that succeeded.
func (t *turn) run(d time.Duration) ([]time.Duration, time.Duration) {
	each := make([][]time.Duration, len(t.clients))
	start := time.Now()
	end := start.Add(d)
	var wg sync.WaitGroup
	for i, c := range t.clients {
		wg.Go(func() { each[i] = t.work(c, end) })
	}
	wg.Wait()
	return slices.Concat(each...), time.Since(start)
}

func (t *turn) work(c *Client, end time.Time) []time.Duration {
	var took []time.Duration
	c.begun = time.Now()
	for c.begun.Before(end) && t.ctx.Err() == nil && t.failed.Load() < maxErrors {
		n := t.next.Add(1) - 1
		if t.limit > 0 && n >= t.limit {
			t.next.Add(-1)
			break
		}
		c.took = 0
		err := t.job.Op(c, n)
		now := time.Now()
		if err != nil {
			t.fail(err)
		} else if c.took > 0 {
			took = append(took, c.took)
		} else {
			took = append(took, now.Sub(c.begun))
		}
		c.begun = now
	}
	return took
}

func (t *turn) fail(err error) {
	t.failed.Add(1)
	t.once.Do(func() { t.message = err.Error() })
}

func summary(item *Item, took []time.Duration, elapsed time.Duration) Result {
	slices.Sort(took)
	r := Result{
		Item: item.Name, Unit: item.Unit, Clients: item.Clients, Ops: int64(len(took)), Seconds: elapsed.Seconds(),
		P50: quantile(took, 0.50), P99: quantile(took, 0.99), Max: quantile(took, 1),
	}
	per := item.PerOp
	if per == 0 {
		per = 1
	}
	if item.Unit == Millis {
		r.Value = r.P50
	} else if elapsed > 0 {
		r.Value = float64(len(took)) * per / elapsed.Seconds()
	}
	return r
}

// quantile of sorted durations, in milliseconds: the smallest value that at least a
// share q of them does not exceed.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(q*float64(len(sorted))+0.999999) - 1
	i = max(0, min(i, len(sorted)-1))
	return float64(sorted[i].Microseconds()) / 1000
}

package work

import (
	"context"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"
)

// Load knows how many requests are being served and were, so that background work can give way to them.
type Load struct{ running, total atomic.Int64 }

// Handler counts the requests that next serves.
func (l *Load) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.total.Add(1)
		l.running.Add(1)
		defer l.running.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// Pace keeps work to a share of one processor while requests come fast. With a nil Load it never waits. It belongs to one
// goroutine.
type Pace struct {
	Load  *Load
	since time.Time
	total int64 // of Load when looked at last
}

// While requests come fast, work gets a tenth of a processor: it rests rest times as long as it ran. Requests come
// fast when more run than there are processors, or more than two were begun per slice.
const (
	slice    = time.Millisecond
	rest     = 9
	perSlice = 2
)

// busy reports whether requests came fast in the time since the last call, which was so long ago.
func (p *Pace) busy(ago time.Duration) bool {
	total := p.Load.total.Load()
	begun := total - p.total
	p.total = total
	return p.Load.running.Load() > int64(runtime.GOMAXPROCS(0)) || begun > perSlice*int64(ago/slice)
}

// Yield is called after each small piece of work. It waits where the work has had its share; when the requests
// stop the waiting ends.
func (p *Pace) Yield(ctx context.Context) {
	if p.Load == nil {
		return
	}
	now := time.Now()
	ran := now.Sub(p.since)
	switch {
	case p.since.IsZero() || ran > 100*slice: // it did something else meanwhile
		p.since, p.total = now, p.Load.total.Load()
		return
	case ran < slice:
		return
	}
	busy := p.busy(ran)
	for waited := time.Duration(0); waited < rest*ran && busy && ctx.Err() == nil; waited += slice {
		time.Sleep(slice)
		busy = p.busy(slice)
	}
	p.since = time.Now()
}

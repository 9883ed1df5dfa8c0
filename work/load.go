package work

import (
	"context"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"
)

// Load knows how many requests are being served, so that background work can give way to them.
type Load struct{ n atomic.Int64 }

// Handler counts the requests that next serves.
func (l *Load) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.n.Add(1)
		defer l.n.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// Busy reports whether there are more requests than processors. A nil Load never is.
func (l *Load) Busy() bool { return l != nil && l.n.Load() > int64(runtime.GOMAXPROCS(0)) }

// Pace keeps work to a share of one processor while a Load is busy. The zero value of a Pace with its Load is ready; it
// belongs to one goroutine.
type Pace struct {
	Load  *Load
	since time.Time
}

// Of a busy second, work gets a tenth: it rests rest times as long as it ran.
const (
	slice = time.Millisecond
	rest  = 9
)

// Yield is called after each small piece of work. It waits where the work has had its share; when the load
// goes away the waiting ends.
func (p *Pace) Yield(ctx context.Context) {
	now := time.Now()
	ran := now.Sub(p.since)
	switch {
	case p.since.IsZero() || ran > 100*slice: // it did something else meanwhile
		p.since = now
		return
	case ran < slice:
		return
	}
	for waited := time.Duration(0); waited < rest*ran && p.Load.Busy() && ctx.Err() == nil; waited += slice {
		time.Sleep(slice)
	}
	p.since = time.Now()
}

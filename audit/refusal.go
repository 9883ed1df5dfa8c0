package audit

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"myfsio/limit"
)

// Bounds of the lines about refusals.
const (
	window     = time.Minute // in which equal refusals share a line
	maxWindows = 1024        // sorts of refusals that are counted at once
	perNetwork = 16          // of them from one address, or IPv6 /64; the rest is counted as "*"
	perMinute  = 60          // lines
)

// Refused counts a request whose sender could not prove who he is. The first of its sort is written at once, those of the
// following minute as one line with their count.
func (l *Log) Refused(r Refusal) {
	now := l.o.Now()
	lines, n := l.refusals.add(r.clipped(), now)
	if n > 0 {
		l.append(lines, n, false)
	}
	l.refusals.arm(l.flush)
}

// flush writes what is due, though no further refusal comes.
func (l *Log) flush() {
	if lines, n := l.refusals.due(l.o.Now()); n > 0 {
		l.append(lines, n, false)
	}
	l.refusals.arm(l.flush)
}

// sort is what refusals have in common that share a line.
type sort struct{ accessKey, sourceIP, code string }

// counted is a sort of refusals within its window.
type counted struct {
	r       Refusal // the first
	network string
	end     time.Time
	count   int64 // after the line that was written
	since   time.Time
}

// refusals decides which refusals get a line.
type refusals struct {
	mu       sync.Mutex
	perDay   int64 // bytes
	sorts    map[sort]*counted
	networks map[string]int // sorts by network
	order    []sort         // by end of window
	timer    *time.Timer    // runs, or nil
	ended    bool

	minute    time.Time // when the minute ends
	lines     int       // in it
	day       string
	bytes     int64 // in it
	leftOut   int64 // without a line
	leftSince time.Time
}

// emitted is lines for the file.
type emitted struct {
	b []byte
	n int64
}

func (e *emitted) add(b []byte) { e.b, e.n = append(e.b, b...), e.n+1 }

func (f *refusals) init(perDay int64) {
	f.perDay, f.sorts, f.networks = perDay, map[sort]*counted{}, map[string]int{}
}

// add counts one refusal and returns the lines to write.
func (f *refusals) add(r Refusal, now time.Time) ([]byte, int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out emitted
	f.expire(now, &out)
	network := networkOf(r.SourceIP)
	k := sort{r.AccessKey, r.SourceIP, r.Code}
	c := f.sorts[k]
	if c == nil && f.networks[network] >= perNetwork {
		r = Refusal{AccessKey: "*", SourceIP: network, Code: "*"}
		k = sort{"*", network, "*"}
		c = f.sorts[k]
	}
	if c != nil {
		if c.count == 0 {
			c.since = now
		}
		c.count++
		return out.b, out.n
	}
	b := r.line(now, now, 1).bytes()
	if len(f.sorts) >= maxWindows || !f.take(now, len(b)) {
		f.leave(now, 1)
		return out.b, out.n
	}
	out.add(b)
	f.sorts[k] = &counted{r: r, network: network, end: now.Add(window)}
	f.networks[network]++
	f.order = append(f.order, k)
	return out.b, out.n
}

// due returns the lines to write now.
func (f *refusals) due(now time.Time) ([]byte, int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.timer = nil
	var out emitted
	f.expire(now, &out)
	return out.b, out.n
}

// expire ends the windows whose time has come.
func (f *refusals) expire(now time.Time, out *emitted) {
	if !now.Before(f.minute) {
		f.summarise(now, out)
		f.minute, f.lines = now.Add(window), 0
	}
	if day := dayOf(now); day != f.day {
		f.day, f.bytes = day, 0
	}
	for len(f.order) > 0 {
		k := f.order[0]
		c := f.sorts[k]
		if now.Before(c.end) {
			return
		}
		f.order = f.order[1:]
		if c.count > 0 {
			if b := c.r.line(now, c.since, c.count).bytes(); f.take(now, len(b)) {
				out.add(b)
				c.count, c.end = 0, now.Add(window)
				f.order = append(f.order, k)
				continue
			}
			f.leave(c.since, c.count)
		}
		f.forget(k, c)
	}
}

func (f *refusals) forget(k sort, c *counted) {
	delete(f.sorts, k)
	if f.networks[c.network]--; f.networks[c.network] <= 0 {
		delete(f.networks, c.network)
	}
}

// take reports whether there may be one more line of n bytes.
func (f *refusals) take(now time.Time, n int) bool {
	if f.lines >= perMinute || f.bytes+int64(n) > f.perDay {
		return false
	}
	f.lines++
	f.bytes += int64(n)
	return true
}

func (f *refusals) leave(since time.Time, n int64) {
	if f.leftOut == 0 || since.Before(f.leftSince) {
		f.leftSince = since
	}
	f.leftOut += n
}

func (f *refusals) summarise(now time.Time, out *emitted) {
	if f.leftOut > 0 {
		out.add((&line{Time: stamp(now), Kind: kindLeftOut, Count: f.leftOut, Since: stamp(f.leftSince)}).bytes())
		f.leftOut = 0
	}
}

// arm starts a timer when there are counts that nothing else would write.
func (f *refusals) arm(flush func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer == nil && !f.ended && (f.leftOut > 0 || len(f.order) > 0) {
		f.timer = time.AfterFunc(window, flush)
	}
}

// end returns all counts, and no more is counted towards the bounds.
func (f *refusals) end(now time.Time) ([]byte, int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	if f.timer != nil {
		f.timer.Stop()
	}
	var out emitted
	for _, k := range f.order {
		if c := f.sorts[k]; c.count > 0 {
			out.add(c.r.line(now, c.since, c.count).bytes())
			c.count = 0
		}
	}
	f.summarise(now, &out)
	return out.b, out.n
}

// networkOf groups the addresses that one sender has. An IPv4 address, and what is none, is as it was given.
func networkOf(ip string) string {
	if !strings.Contains(ip, ":") {
		return ip
	}
	a, err := netip.ParseAddr(ip)
	if a = a.Unmap(); err != nil || a.Is4() {
		return ip
	}
	return limit.Sender(a).String()
}

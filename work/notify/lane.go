package notify

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// lane delivers the events of one queue. Its fields belong to its goroutine, but for those that the notifier's lock guards.
type lane struct {
	n      *Notifier
	to     destination
	signal chan struct{}
	out    sink // made with the first event

	held     map[string]*hold // keys that wait, by key
	suspects map[string]bool  // up to two keys that were refused since an event was taken
	down     int              // rounds that failed since it was known to be down
	next     time.Time        // when the next round may begin

	pending int   // rows; guarded by Notifier.mu
	shown   Queue // but for Pending; guarded by Notifier.mu
	fresh   bool  // rows were added since the lane looked last; guarded by Notifier.mu
}

// hold is the wait of a key whose event was not taken.
type hold struct {
	tries int
	until time.Time
}

// run delivers until the queue is empty or ctx ends.
func (l *lane) run(ctx context.Context) {
	defer func() {
		if l.out != nil {
			l.out.close()
		}
	}()
	failures := 0 // of the store, not of the destination
	for ctx.Err() == nil {
		l.look()
		wait, empty, err := l.round(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			l.n.cfg.Log.Error("events cannot be delivered and will be tried again", "error", err)
			failures++
			wait = l.n.pause(failures)
		case empty && l.leave():
			return
		default:
			failures = 0
		}
		l.sleep(ctx, wait)
	}
}

// look notes that the lane is about to read its queue.
func (l *lane) look() {
	l.n.mu.Lock()
	l.fresh = false
	l.n.mu.Unlock()
}

// leave ends the lane, which found its queue empty, unless rows were added since.
func (l *lane) leave() bool {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	if l.fresh {
		return false
	}
	delete(l.n.lanes, l.to)
	return true
}

// sleep waits; when no more than a key waits, new rows end it.
func (l *lane) sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	var signal <-chan struct{}
	if l.down == 0 {
		signal = l.signal
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-signal:
	case <-t.C:
	}
}

// How many rows a round takes at most, and how many keys it tries while the destination is down.
const (
	width = 256
	probe = 4
)

// round sends what can be sent now. It returns how long to wait before the next one, and whether the queue was empty.
func (l *lane) round(ctx context.Context) (wait time.Duration, empty bool, err error) {
	now := l.n.cfg.Now()
	if wait := l.next.Sub(now); wait > 0 {
		return wait, false, nil
	}
	seen := map[string]bool{}
	max, skip := width, func(key string) bool {
		h := l.held[key]
		return h != nil && h.until.After(now)
	}
	if l.down > 0 { // a few events of different keys tell whether the destination is back
		waits := skip
		max, skip = probe, func(key string) bool {
			again := seen[key]
			seen[key] = true
			return again || waits(key)
		}
	}
	items, err := l.n.window(ctx, l.to, max, skip)
	if err != nil {
		return 0, false, err
	}
	if len(items) == 0 {
		wait, empty = l.idle(now)
		return wait, empty, nil
	}
	if l.out == nil {
		l.out = l.n.sink(&items[0].item)
		l.show(Queue{Bucket: items[0].Bucket, URL: shown(items[0].URL)})
	}
	wait, err = l.settle(ctx, l.send(ctx, items))
	return wait, false, err
}

// idle is how long the lane waits when no event may be sent now: until the first key may be tried again. With no
// such key the queue is empty.
func (l *lane) idle(now time.Time) (wait time.Duration, empty bool) {
	var first time.Time
	for _, h := range l.held {
		if first.IsZero() || h.until.Before(first) {
			first = h.until
		}
	}
	if !first.IsZero() && first.After(now) {
		return first.Sub(now), false
	}
	clear(l.held) // of rows that are gone
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	if !l.fresh {
		l.pending = 0
	}
	return 0, true
}

// result is what became of a round.
type result struct {
	taken, refused []queuedItem
	why            []error // of refused
	bucket, url    string
}

// send sends the items: those of one key one after another, up to the first that is refused, several keys at the same time. When the first few
// are all refused it does not try the rest.
func (l *lane) send(ctx context.Context, items []queuedItem) (res result) {
	res.bucket, res.url = items[0].Bucket, shown(items[0].URL)
	var mu sync.Mutex
	var wg sync.WaitGroup
	room := make(chan struct{}, l.out.parallel())
	for _, group := range byKey(items) {
		room <- struct{}{}
		mu.Lock()
		hopeless := len(res.taken) == 0 && len(res.refused) >= cap(room)
		mu.Unlock()
		if hopeless || ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-room }()
			for i := range group {
				if ctx.Err() != nil {
					return
				}
				err := l.n.sendOne(ctx, l.out, &group[i])
				mu.Lock()
				if err == nil {
					res.taken = append(res.taken, group[i])
				} else if ctx.Err() == nil {
					res.refused, res.why = append(res.refused, group[i]), append(res.why, err)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return res
}

// byKey groups items by key, in the order of the first of each.
func byKey(items []queuedItem) (groups [][]queuedItem) {
	at := map[string]int{}
	for _, it := range items {
		i, ok := at[it.Key]
		if !ok {
			i = len(groups)
			at[it.Key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], it)
	}
	return groups
}

// grace is how long a request may go on when the server stops.
const grace = 3 * time.Second

// sendOne sends an event when there is room for one more request.
func (n *Notifier) sendOne(ctx context.Context, to sink, it *queuedItem) error {
	select {
	case n.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-n.slots }()
	one, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.cfg.Timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(grace, cancel)
		context.AfterFunc(one, func() { t.Stop() })
	})
	defer stop()
	return to.send(one, it)
}

// settle removes what was taken, lets refused keys wait, and moves what was tried for too long among the failures.
func (l *lane) settle(ctx context.Context, res result) (time.Duration, error) {
	ctx = context.WithoutCancel(ctx) // what was taken is noted also when the server stops
	if err := l.n.remove(ctx, res.taken); err != nil {
		return 0, err
	}
	l.gone(len(res.taken))
	for i := range res.taken {
		delete(l.held, res.taken[i].Key)
	}
	if len(res.taken) > 0 {
		l.up()
	}
	if len(res.refused) == 0 {
		l.show(Queue{Bucket: res.bucket, URL: res.url})
		return 0, nil
	}
	l.show(Queue{Bucket: res.bucket, URL: res.url, Down: len(res.taken) == 0, Error: clip(res.why[0].Error())})
	now := l.n.cfg.Now()
	for i := range res.refused {
		l.wait(res.refused[i].Key, now)
	}
	if err := l.bury(ctx, &res, now); err != nil || len(res.taken) > 0 || len(l.suspects) < 2 {
		return 0, err
	}
	return l.fell(ctx, &res, now)
}

// up notes that the destination takes events.
func (l *lane) up() {
	if l.down > 0 {
		l.n.cfg.Log.Info("a destination of events takes them again", "destination", l.out.host())
	}
	l.down, l.next = 0, time.Time{}
	clear(l.suspects)
}

// show notes what is told of the lane.
func (l *lane) show(q Queue) {
	l.n.mu.Lock()
	l.shown = q
	l.n.mu.Unlock()
}

// maxHeld bounds the keys that wait on their own.
const maxHeld = 10_000

// wait lets a key wait.
func (l *lane) wait(key string, now time.Time) {
	h := l.held[key]
	if h == nil {
		if len(l.held) >= maxHeld {
			clear(l.held)
		}
		h = &hold{}
		l.held[key] = h
	}
	h.tries++
	h.until = now.Add(l.n.pause(h.tries))
	if len(l.suspects) < 2 {
		l.suspects[key] = true
	}
}

// fell notes that the destination took nothing of several keys: it is down, rather than one event being refused.
func (l *lane) fell(ctx context.Context, res *result, now time.Time) (time.Duration, error) {
	if l.down == 0 {
		l.n.cfg.Log.Warn("a destination takes no events; they wait for it", "bucket", res.refused[0].Bucket, "destination", l.out.host(), "error", res.why[0])
	}
	l.down++
	wait := l.n.pause(l.down)
	l.next = now.Add(wait)
	return wait, l.n.expire(ctx, l, res.why[0], now)
}

// pause is how long to wait after so many failures: a random time around one that doubles.
func (n *Notifier) pause(failures int) time.Duration {
	d := n.cfg.FirstPause << min(failures-1, 20)
	if d > n.cfg.LastPause || d <= 0 {
		d = n.cfg.LastPause
	}
	return d - d/8 + rand.N(d/4+1)
}

// gone counts rows that left the queue.
func (l *lane) gone(count int) {
	l.n.mu.Lock()
	l.pending = max(0, l.pending-count)
	l.n.mu.Unlock()
}

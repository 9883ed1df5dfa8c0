// Package notify delivers events to the webhooks, Redis streams and NATS subjects that buckets name in their notification
// configurations.
//
// # Promises
//
//   - At least once. A commit writes its event into the outbox of package object, so an event exists exactly when its change does. It
//     leaves the outbox only when it stands in the queue of every destination, durably, and a queue only when the destination
//     took it, or when it was moved among the failures. A crash in between repeats deliveries.
//   - In order for each key of a bucket at one destination: an event is sent when all earlier ones of its key were taken. Events of different keys
//     overtake each other. Repeated events come again in order; the sequencer tells them apart.
//   - A destination that is down holds up nothing but its own queue.
//   - An event that a destination did not take for MaxAge is moved among the failures, where an administrator
//     sees it, sends it again or drops it. They are bounded: the oldest give way, which is logged.
//
// # How
//
// [Notifier.Run] moves rows from the outbox into queues, a queue for each pair of bucket and URL. A queue that holds something has a
// goroutine, its lane, which works in rounds: it reads a window of rows, sends the events of several keys at the same time
// and those of one key one after another, and removes what was taken. A key whose event was refused waits, longer each time;
// when a whole round failed the lane waits, and then tries the oldest event alone.
//
// # Rows
//
// In the metadata store, under table N, which is this package's own:
//
//	N p D I    an event in the queue of destination D (8 bytes), by the id of its outbox row (16 bytes): the length of its key (uvarint), the key, item in JSON
//	N f I D    an event that failed: failure in JSON
//
// # Signatures
//
// Each request to a webhook carries X-MyFSIO-Signature: t=<unix seconds>,v1=<HMAC-SHA256 in hex of "<t>.<body>">, keyed with the
// secret of that bucket and URL, which the administration API shows. See [Verify].
package notify

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"myfsio/blob"
	"myfsio/event"
	"myfsio/kv"
	"myfsio/work"
)

// Row is an event in the outbox.
type Row struct {
	ID       [16]byte     // orders the events of a key
	BucketID uint64       // of the bucket that the change was made in; 0: not known
	Change   event.Change // without the owner of the bucket and the region
}

// Bucket is what a Notifier asks about a bucket.
type Bucket struct {
	ID    uint64 // another for each bucket of that name
	Owner string // canonical id
	Doc   []byte // its configuration document, nil when it has none
}

// Outbox is where commits leave events. [Objects] is that of a store of objects.
type Outbox interface {
	// Events returns up to max of the oldest rows, in order.
	Events(ctx context.Context, max int) ([]Row, error)
	// EventsDone removes rows.
	EventsDone(ctx context.Context, rows []Row) error
	// Bucket returns what is true at one moment. It fails with fault.NoSuchBucket.
	Bucket(ctx context.Context, name string) (Bucket, error)
}

// Config is what a Notifier is made of. Outbox, DB and Client are needed.
type Config struct {
	Outbox Outbox
	DB     kv.DB
	// Wake has a token when rows were added to the outbox.
	Wake <-chan struct{}
	// Client sends to webhooks, Dial connects to Redis and NATS: those of package guard. A nil Dial refuses them.
	Client *http.Client
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	TLS    *tls.Config // of connections to Redis and NATS; nil: the system's authorities, TLS 1.2 or later
	Region string      // of the server, for the records
	// Secret is what the keys of signatures are made from, at least 16 bytes; it must stay the same. nil: requests are not signed.
	Secret []byte

	MaxAge      time.Duration // how long delivery is tried; 0 means 24 hours
	MaxPending  int           // events in one queue, beyond which events fail at once; 0 means a million
	MaxFailures int           // 0 means 10000
	Parallel    int           // requests at once to one destination; 0 means 8
	Total       int           // requests at once; 0 means 64
	FirstPause  time.Duration // after a failure; it doubles up to LastPause. 0 means 1 s
	LastPause   time.Duration // 0 means 5 min
	Timeout     time.Duration // of a request; 0 means 30 s

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: none
}

// Notifier delivers events. Its methods may be called at the same time, Run once.
type Notifier struct {
	cfg   Config
	ids   blob.IDs
	slots chan struct{} // a token for each request under way
	stop  context.Context
	ended sync.WaitGroup

	mu       sync.Mutex // of what follows
	running  bool
	lanes    map[destination]*lane
	failures int // rows

	rules rulesCache // of Run's goroutine
}

// destination names a queue.
type destination [8]byte

func destinationOf(bucketID uint64, url string) (d destination) {
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, bucketID), url...))
	copy(d[:], sum[:])
	return d
}

// New returns a notifier. It reads the number of failures.
func New(ctx context.Context, c Config) (*Notifier, error) {
	setDefault(&c.MaxAge, 24*time.Hour)
	setDefault(&c.MaxPending, 1_000_000)
	setDefault(&c.MaxFailures, 10_000)
	setDefault(&c.Parallel, 8)
	setDefault(&c.Total, 64)
	setDefault(&c.FirstPause, time.Second)
	setDefault(&c.LastPause, 5*time.Minute)
	setDefault(&c.Timeout, 30*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	n := &Notifier{cfg: c, slots: make(chan struct{}, c.Total), lanes: map[destination]*lane{}}
	var err error
	n.failures, err = n.count(ctx, []byte{table, tFailed})
	return n, err
}

func setDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Run delivers until ctx ends, and returns when the requests under way ended; they get a few seconds for that.
func (n *Notifier) Run(ctx context.Context) {
	n.mu.Lock()
	n.stop, n.running = ctx, true
	n.mu.Unlock()
	resumed := false
	w := work.Worker{Name: "notify", Wake: n.cfg.Wake, Idle: time.Minute, Log: n.cfg.Log, Step: func(ctx context.Context) (bool, error) {
		if !resumed {
			if err := n.resume(ctx); err != nil {
				return false, err
			}
			resumed = true
		}
		return n.Move(ctx)
	}}
	w.Run(ctx)
	n.mu.Lock()
	n.running = false
	n.mu.Unlock()
	n.ended.Wait()
}

// resume starts the lanes of queues that hold something.
func (n *Notifier) resume(ctx context.Context) error {
	var found []destination
	err := n.cfg.DB.View(ctx, func(r kv.Reader) error {
		found = found[:0]
		c, err := r.Cursor(kv.Prefix([]byte{table, tPending}))
		if err != nil {
			return err
		}
		defer c.Close()
		for ok := c.Next(); ok; {
			d, _, good := splitPending(c.Key())
			if !good {
				ok = c.Next()
				continue
			}
			found = append(found, d)
			end := kv.PrefixEnd(pendingOf(d))
			if end == nil {
				break
			}
			ok = c.SeekGE(end)
		}
		return c.Err()
	})
	if err != nil {
		return err
	}
	for _, d := range found {
		count, err := n.count(ctx, pendingOf(d))
		if err != nil {
			return err
		}
		n.wake(d, count)
	}
	return nil
}

// wake tells of so many more rows in the queue of d, and starts its lane where none runs.
func (n *Notifier) wake(d destination, more int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.running {
		return // Run counts them when it begins
	}
	l := n.lanes[d]
	if l == nil {
		l = &lane{n: n, to: d, signal: make(chan struct{}, 1), held: map[string]*hold{}, suspects: map[string]bool{}}
		n.lanes[d] = l
		n.ended.Go(func() { l.run(n.stop) })
	}
	l.pending += more
	l.fresh = true
	select {
	case l.signal <- struct{}{}:
	default:
	}
}

// pending is how many rows the queue of d is known to hold.
func (n *Notifier) pending(d destination) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.lanes[d]; l != nil {
		return l.pending
	}
	return 0
}

// batch is how many rows one step moves.
const batch = 256

// Move moves rows from the outbox into the queues, and reports whether there may be more. Run calls it.
func (n *Notifier) Move(ctx context.Context) (more bool, err error) {
	rows, err := n.cfg.Outbox.Events(ctx, batch)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	queued, err := n.match(ctx, rows)
	if err != nil {
		return false, err
	}
	added, err := n.enqueue(ctx, queued)
	if err != nil {
		return false, err
	}
	if err := n.cfg.Outbox.EventsDone(ctx, rows); err != nil {
		return false, err
	}
	for d, count := range added {
		n.wake(d, count)
	}
	return len(rows) == batch, nil
}

// match finds the destinations of rows.
func (n *Notifier) match(ctx context.Context, rows []Row) ([]queuedItem, error) {
	n.rules.begin()
	var out []queuedItem
	var room [4]event.Match
	for i := range rows {
		c := rows[i].Change
		b, err := n.rules.of(ctx, n, c.Bucket)
		if err != nil {
			return nil, err
		}
		if id := rows[i].BucketID; id != 0 && id != b.ID {
			continue // its bucket is gone, and another has the name
		}
		c.BucketOwner, c.Region = b.Owner, n.cfg.Region
		for _, m := range b.rules.Match(room[:0], c.Type, c.Key) {
			out = append(out, queuedItem{destinationOf(b.ID, m.Target), rows[i].ID, item{
				At: n.cfg.Now().UnixMilli(), Bucket: c.Bucket, BucketID: b.ID, Key: c.Key, Event: c.Type.String(), URL: m.Target, Body: c.JSON(m.ID),
			}})
		}
	}
	return out, nil
}

// enqueue writes items into their queues, durably, and returns how many were new in each. Those that a full queue has no
// room for become failures.
func (n *Notifier) enqueue(ctx context.Context, items []queuedItem) (added map[destination]int, err error) {
	if len(items) == 0 {
		return nil, nil
	}
	full := 0
	err = n.cfg.DB.Update(ctx, func(t kv.Txn) error {
		added, full = map[destination]int{}, 0
		for i := range items {
			q := &items[i]
			key := pendingKey(q.to, q.id)
			if _, err := t.Get(key); err == nil {
				continue // it was moved before, and the crash came before the outbox knew
			} else if !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			if n.pending(q.to)+added[q.to] >= n.cfg.MaxPending {
				full++
				putFailure(t, q, "The queue of the destination is full.", n.cfg.Now())
				continue
			}
			t.Put(key, q.encode())
			added[q.to]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return added, n.failed(ctx, full)
}

// Announce queues the test event that each target of a configuration gets when it is set. It is best effort: a destination that
// cannot be reached shows in the failures.
func (n *Notifier) Announce(ctx context.Context, bucket, requestID, hostID string, targets []string) error {
	b, err := n.cfg.Outbox.Bucket(ctx, bucket)
	if err != nil {
		return err
	}
	now := n.cfg.Now()
	body := event.TestMessage(bucket, requestID, hostID, now)
	var items []queuedItem
	for _, url := range targets {
		items = append(items, queuedItem{destinationOf(b.ID, url), n.ids.New(now), item{
			At: now.UnixMilli(), Bucket: bucket, BucketID: b.ID, Event: "s3:TestEvent", URL: url, Body: body,
		}})
	}
	added, err := n.enqueue(ctx, items)
	for d, count := range added {
		n.wake(d, count)
	}
	return err
}

// Queue tells of a destination that events wait for.
type Queue struct {
	Bucket  string `json:"bucket"`
	URL     string `json:"url"` // without password or token
	Pending int    `json:"pending"`
	Down    bool   `json:"down"`            // it took nothing of late
	Error   string `json:"error,omitempty"` // the last one, "" since an event was taken
}

// Queues returns the destinations that events wait for or are being sent to, in no order.
func (n *Notifier) Queues() []Queue {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]Queue, 0, len(n.lanes))
	for _, l := range n.lanes {
		q := l.shown
		q.Pending = l.pending
		out = append(out, q)
	}
	return out
}

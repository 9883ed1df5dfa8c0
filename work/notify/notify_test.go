package notify

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"myfsio/event"
	"myfsio/fault"
	"myfsio/guard"
	"myfsio/kv"
	"myfsio/kv/memkv"
)

// outbox is an Outbox in memory.
type outbox struct {
	mu   sync.Mutex
	rows []Row
	docs map[string][]byte
	ids  map[string]uint64 // of buckets, where it is not 7
	wake chan struct{}
	last uint64
	fail error
}

func newOutbox() *outbox {
	return &outbox{docs: map[string][]byte{}, ids: map[string]uint64{}, wake: make(chan struct{}, 1)}
}

func (o *outbox) add(bucket, key string) {
	o.mu.Lock()
	o.last++
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], o.last)
	o.rows = append(o.rows, Row{ID: id, BucketID: o.ids[bucket], Change: event.Change{
		Type: event.CreatedPut, Time: time.Unix(0, 0), Bucket: bucket, Key: key, Sequencer: fmt.Sprintf("%016X", o.last),
	}})
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// point lets a bucket send events to URLs, each of keys with another prefix: "", or "0/", "1/", …
func (o *outbox) point(bucket string, urls ...string) {
	c := &event.Config{}
	for i, u := range urls {
		r := event.Rule{ID: fmt.Sprint("rule", i), Target: u, Events: []string{"s3:ObjectCreated:*"}}
		if len(urls) > 1 {
			r.Filter = []event.FilterRule{{Name: "prefix", Value: fmt.Sprint(i, "/")}}
		}
		c.Rules = append(c.Rules, r)
	}
	o.mu.Lock()
	o.docs[bucket] = c.JSON()
	o.mu.Unlock()
}

func (o *outbox) Events(_ context.Context, max int) ([]Row, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.rows[:min(max, len(o.rows))]), o.fail
}

func (o *outbox) EventsDone(_ context.Context, rows []Row) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	o.rows = o.rows[len(rows):]
	return nil
}

func (o *outbox) Bucket(_ context.Context, bucket string) (Bucket, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	doc, ok := o.docs[bucket]
	if !ok {
		return Bucket{}, fault.New(fault.NoSuchBucket, "")
	}
	b := Bucket{ID: 7, Owner: "owner", Doc: doc}
	if id := o.ids[bucket]; id != 0 {
		b.ID = id
	}
	return b, nil
}

func (o *outbox) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.rows)
}

// receivers are all the hosts of the world of a test.
type receivers struct {
	mu     sync.Mutex
	got    map[string][]string // host: key#sequencer, in order
	refuse func(host, key string) error
	calls  int
	busy   map[string]int // host and key: requests under way
	fault  string
}

func newReceivers() *receivers {
	return &receivers{got: map[string][]string{}, busy: map[string]int{}}
}

func (r *receivers) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(req.Body)
	var m struct {
		Event   string
		Records []struct {
			S3 struct {
				Object struct{ Key, Sequencer string }
			}
		}
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	key, seq := "", m.Event
	if len(m.Records) == 1 {
		key, seq = m.Records[0].S3.Object.Key, strings.TrimLeft(m.Records[0].S3.Object.Sequencer, "0")
	}
	host := req.URL.Host
	r.mu.Lock()
	r.calls++
	if r.busy[host+key]++; r.busy[host+key] > 1 {
		r.fault = "two requests for " + key + " at once"
	}
	r.mu.Unlock()
	time.Sleep(time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy[host+key]--
	if r.refuse != nil {
		if err := r.refuse(host, key); err != nil {
			return nil, err
		}
	}
	r.got[host] = append(r.got[host], key+"#"+seq)
	return &http.Response{StatusCode: 204, Body: http.NoBody, Request: req}, nil
}

func (r *receivers) list(host string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.got[host], " ")
}

func (r *receivers) set(refuse func(host, key string) error) {
	r.mu.Lock()
	r.refuse = refuse
	r.mu.Unlock()
}

var errAway = errors.New("connection refused")

// world is a notifier that runs.
type world struct {
	*outbox
	*receivers
	n    *Notifier
	db   kv.DB
	stop func()
}

func start(t *testing.T, o *outbox, r *receivers, db kv.DB, change func(*Config)) *world {
	c := Config{Outbox: o, DB: db, Wake: o.wake, Client: &http.Client{Transport: r}, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	n, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { n.Run(ctx); close(done) }()
	return &world{o, r, n, db, func() { cancel(); <-done }}
}

func (w *world) rows(t *testing.T, tbl byte) int {
	n, err := w.n.count(t.Context(), []byte{table, tbl})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDeliversInOrderPerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), nil)
		w.point("box", "http://one/")
		for i := range 1000 {
			w.add("box", fmt.Sprint("k", i%7))
		}
		w.add("nobox", "k")
		time.Sleep(time.Minute)
		w.stop()
		last := map[string]int{}
		got := strings.Fields(w.list("one"))
		for _, g := range got {
			key, seq, _ := strings.Cut(g, "#")
			var n int
			fmt.Sscanf(seq, "%X", &n)
			if n <= last[key] {
				t.Fatalf("%s after %X", g, last[key])
			}
			last[key] = n
		}
		if len(got) != 1000 || w.fault != "" || w.left() != 0 || w.rows(t, tPending) != 0 || len(w.n.lanes) != 0 {
			t.Errorf("%d delivered, %s, %d in the outbox, %d in queues, %d lanes", len(got), w.fault, w.left(), w.rows(t, tPending), len(w.n.lanes))
		}
	})
}

func TestDestinationThatIsDownBlocksOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), nil)
		w.point("box", "http://down/", "http://up/")
		w.set(func(host, _ string) error {
			if host == "down" {
				return errAway
			}
			return nil
		})
		for i := range 500 {
			w.add("box", fmt.Sprintf("0/%d", i))
			w.add("box", fmt.Sprintf("1/%d", i))
		}
		time.Sleep(10 * time.Second)
		if got := len(strings.Fields(w.list("up"))); got != 500 || w.left() != 0 {
			t.Errorf("%d of 500 reached the destination that is up, %d in the outbox", got, w.left())
		}
		if q := w.n.Queues(); len(q) != 1 || q[0].Pending != 500 || !q[0].Down || q[0].Error != "connection refused" || q[0].URL != "http://down/" {
			t.Errorf("queues: %+v", q)
		}
		time.Sleep(time.Hour)
		if calls := w.calls - 500; calls > 8+4*25 {
			t.Errorf("%d requests to a destination that is down", calls)
		}
		w.set(nil)
		time.Sleep(10 * time.Minute)
		w.stop()
		if got := strings.Fields(w.list("down")); len(got) != 500 || w.rows(t, tPending) != 0 {
			t.Errorf("%d of 500 arrived when it was back, %d wait", len(got), w.rows(t, tPending))
		}
	})
}

// One event that is always refused holds up its own key only, until it is given up.
func TestEventThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), nil)
		w.point("box", "http://one/")
		w.set(func(_, key string) error {
			if key == "bad" {
				return errAway
			}
			return nil
		})
		for range 3 {
			w.add("box", "bad")
			w.add("box", "good")
			time.Sleep(30 * time.Second)
		}
		if got := w.list("one"); got != "good#2 good#4 good#6" {
			t.Errorf("delivered %s", got)
		}
		time.Sleep(25 * time.Hour)
		page, next, err := w.n.Failures(t.Context(), 10, "")
		if err != nil || next != "" || len(page) != 3 || page[0].Key != "bad" || page[0].Reason != "connection refused" || page[0].Event != "ObjectCreated:Put" {
			t.Fatalf("failures: %+v, %q, %v", page, next, err)
		}
		if w.rows(t, tPending) != 0 {
			t.Error("they are still in the queue")
		}
		w.set(nil)
		if err := w.n.Retry(t.Context(), page[1].ID); err != nil {
			t.Error(err)
		}
		if err := w.n.Drop(t.Context(), page[0].ID); err != nil {
			t.Error(err)
		}
		for _, id := range []string{page[0].ID, page[1].ID} {
			if err := w.n.Drop(t.Context(), id); !fault.Is(err, fault.NoSuchConfig) {
				t.Error(err)
			}
		}
		for _, id := range []string{"", "zz", page[0].ID + "00"} {
			if err := w.n.Retry(t.Context(), id); !fault.Is(err, fault.InvalidArgument) {
				t.Error(err)
			}
		}
		time.Sleep(time.Second)
		w.stop()
		if got := w.list("one"); got != "good#2 good#4 good#6 bad#3" || w.rows(t, tFailed) != 1 || w.failures() != 1 {
			t.Errorf("delivered %s, %d failures, counted %d", got, w.rows(t, tFailed), w.failures())
		}
	})
}

// However much waits of a key that is refused, other keys go on.
func TestManyOfARefusedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), nil)
		w.point("box", "http://one/")
		w.set(func(_, key string) error {
			if key == "bad" {
				return errAway
			}
			return nil
		})
		for range 10_000 {
			w.add("box", "bad")
		}
		time.Sleep(10 * time.Minute)
		w.add("box", "good")
		time.Sleep(time.Second)
		w.stop()
		if got := w.list("one"); got != "good#2711" {
			t.Errorf("delivered %q", got)
		}
	})
}

func TestGivesUpAfterMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), func(c *Config) { c.MaxAge, c.MaxFailures = time.Hour, 200 })
		w.point("box", "http://down/")
		w.set(func(string, string) error { return errAway })
		for i := range 300 {
			w.add("box", fmt.Sprint(i))
		}
		time.Sleep(30 * time.Minute)
		w.add("box", "young")
		time.Sleep(36 * time.Minute)
		if w.rows(t, tFailed) != 200 || w.rows(t, tPending) != 1 || w.failures() != 200 {
			t.Errorf("%d failures, counted %d, %d wait", w.rows(t, tFailed), w.failures(), w.rows(t, tPending))
		}
		w.point("box") // the bucket asks for nothing any more
		time.Sleep(10 * time.Minute)
		if w.rows(t, tPending) != 0 || w.rows(t, tFailed) != 200 {
			t.Errorf("%d wait, %d failed", w.rows(t, tPending), w.rows(t, tFailed))
		}
		page, next, err := w.n.Failures(t.Context(), 150, "")
		if err != nil || len(page) != 150 || next != page[149].ID {
			t.Fatalf("%d, %q, %v", len(page), next, err)
		}
		page, next, err = w.n.Failures(t.Context(), 150, next)
		if err != nil || len(page) != 50 || next != "" || page[49].Key != "299" {
			t.Errorf("%d, %q, %v", len(page), next, err)
		}
		w.stop()
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), func(c *Config) { c.MaxPending = 10 })
		w.point("box", "http://down/")
		w.set(func(string, string) error { return errAway })
		for i := range 25 {
			w.add("box", fmt.Sprint(i))
		}
		time.Sleep(time.Minute)
		w.stop()
		if w.rows(t, tPending) != 10 || w.rows(t, tFailed) != 15 {
			t.Errorf("%d wait, %d failed", w.rows(t, tPending), w.rows(t, tFailed))
		}
	})
}

// What waited is delivered by the next process, and an outbox that did not hear of a move repeats nothing that still waits.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, r, db := newOutbox(), newReceivers(), memkv.New()
		w := start(t, o, r, db, nil)
		w.point("box", "http://one/")
		w.set(func(string, string) error { return errAway })
		for i := range 20 {
			w.add("box", fmt.Sprint("k", i%3))
		}
		time.Sleep(time.Minute)
		w.stop()
		kept := o.rows
		w = start(t, o, r, db, nil)
		time.Sleep(time.Minute)
		w.stop()
		if len(kept) != 0 || w.rows(t, tPending) != 20 {
			t.Fatalf("%d in the outbox, %d in queues", len(kept), w.rows(t, tPending))
		}
		w.set(nil)
		w = start(t, o, r, db, nil)
		time.Sleep(time.Minute)
		w.stop()
		want := "k0#1 k0#4 k0#7 k0#A k0#D k0#10 k0#13 k1#2 k1#5 k1#8 k1#B k1#E k1#11 k1#14 k2#3 k2#6 k2#9 k2#C k2#F k2#12"
		got := strings.Fields(w.list("one"))
		slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:2], b[:2]) })
		if strings.Join(got, " ") != want {
			t.Errorf("%s\nwant\n%s", strings.Join(got, " "), want)
		}
	})
}

func TestOutboxFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), nil)
		w.point("box", "http://one/")
		w.mu().Lock()
		w.outbox.fail = errors.New("disk")
		w.mu().Unlock()
		w.add("box", "a")
		time.Sleep(time.Minute)
		w.mu().Lock()
		w.outbox.fail = nil
		w.mu().Unlock()
		time.Sleep(time.Minute)
		w.stop()
		if got := w.list("one"); got != "a#1" {
			t.Errorf("delivered %q", got)
		}
	})
}

func (w *world) failures() int {
	w.n.mu.Lock()
	defer w.n.mu.Unlock()
	return w.n.failures
}

func (w *world) mu() *sync.Mutex { return &w.outbox.mu }

func TestAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), nil)
		w.point("box", "http://one/")
		time.Sleep(time.Second)
		if err := w.n.Announce(t.Context(), "box", "R", "H", []string{"http://one/", "http://two/"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		w.stop()
		if w.list("one") != "#s3:TestEvent" || w.list("two") != "#s3:TestEvent" {
			t.Errorf("%q, %q", w.list("one"), w.list("two"))
		}
	})
}

// TestWebhook delivers over real connections, through the guard, to a receiver that goes away and comes back.
func TestWebhook(t *testing.T) {
	g := guard.New(guard.Options{AllowInternal: true})
	defer g.Close()
	type request struct {
		header http.Header
		body   []byte
	}
	got := make(chan request, 100)
	status := http.StatusFound
	var mu sync.Mutex
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- request{r.Header, body}
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer srv.Close()
	o := newOutbox()
	w := start(t, o, newReceivers(), memkv.New(), func(c *Config) {
		c.Client, c.Dial, c.Secret, c.FirstPause, c.LastPause = g.Client(), g.DialContext, []byte("0123456789abcdef"), time.Millisecond, time.Millisecond
	})
	defer w.stop()
	url := srv.URL + "/hook?token=x"
	o.point("box", url)
	o.add("box", "a key")
	first := <-got
	mu.Lock()
	status = http.StatusOK
	mu.Unlock()
	again := <-got
	for string(again.body) == "" {
		again = <-got
	}
	secret := w.n.Secret("box", url)
	if secret == "" || secret == w.n.Secret("box", url+"x") || !Verify(secret, again.header.Get(SignatureHeader), again.body, time.Now(), time.Minute) {
		t.Errorf("signature %q", again.header.Get(SignatureHeader))
	}
	if Verify(secret, again.header.Get(SignatureHeader), append(again.body, ' '), time.Now(), time.Minute) ||
		Verify(secret, again.header.Get(SignatureHeader), again.body, time.Now().Add(2*time.Minute), time.Minute) ||
		Verify("", Sign("", time.Now(), nil), nil, time.Now(), time.Minute) || Verify(secret, "", again.body, time.Now(), time.Minute) {
		t.Error("a wrong signature is right")
	}
	if string(first.body) != string(again.body) || first.header.Get(deliveryHeader) != again.header.Get(deliveryHeader) ||
		again.header.Get("Content-Type") != "application/json" || again.header.Get(eventHeader) != "ObjectCreated:Put" {
		t.Errorf("%v %s\n%v %s", first.header, first.body, again.header, again.body)
	}
}

func TestCheckTarget(t *testing.T) {
	g := guard.New(guard.Options{})
	for _, u := range []string{"https://example.com/hook?x=1", "http://example.com", "redis://example.com/0?stream=s", "rediss://example.com:6380/?stream=a%20b", "redis://example.com?stream=s",
		"nats://example.com/s3.events", "nats://example.com:4333/s", "tls://user:p%40w@example.com/a.b-c_d", "tls://token@example.com/s"} {
		if err := CheckTarget(g, u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range []string{"", "ftp://example.com/", "https://user:pw@example.com/", "http://127.0.0.1/", "http://169.254.169.254/", "http://localhost/", "arn:aws:sns:x", "https://",
		"redis://127.0.0.1/0?stream=s", "redis://:pw@example.com/0?stream=s", "redis://example.com/0", "redis://example.com/x?stream=s", "redis://example.com/-1?stream=s", "redis:///0?stream=s", "redis://example.com/0?stream=s&x=y",
		"nats://example.com", "nats://example.com/", "nats://example.com/a b", "nats://example.com/a*", "nats://example.com/a.>", "nats://example.com/a..b", "nats://example.com/.a", "nats://example.com/a/b", "nats://example.com/$JS.API.STREAM.DELETE.x",
		"nats://example.com/_INBOX.a", "nats://example.com/s?x=y", "nats://example.com/s?", "nats://example.com/s#f", "nats://:pw@example.com/s", "nats://127.0.0.1/s", "nats://u:p@169.254.169.254/s", "nats:///s", "nats://example.com:0/s",
		"nats://example.com/" + strings.Repeat("s", 257), "nats://example.com/é", "nats://example.com/a%0d%0aPUB"} {
		if err := CheckTarget(g, u); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%s: %v", u, err)
		}
	}
}

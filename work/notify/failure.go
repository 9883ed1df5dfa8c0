package notify

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"myfsio/event"
	"myfsio/fault"
	"myfsio/jsondoc"
	"myfsio/kv"
)

// failure is an event that was given up, as it is stored.
type failure struct {
	item
	Failed int64  `json:"failed"` // Unix milliseconds
	Reason string `json:"reason"`
}

// Failure is an event that was given up.
type Failure struct {
	ID       string          `json:"id"` // of this failure; hexadecimal
	Bucket   string          `json:"bucket"`
	Key      string          `json:"key"`
	Event    string          `json:"event"`
	URL      string          `json:"url"` // without password or token
	QueuedAt time.Time       `json:"queued_at"`
	FailedAt time.Time       `json:"failed_at"`
	Reason   string          `json:"reason"`
	Body     json.RawMessage `json:"body"` // what the destination would have got
}

const failureKeyLen = 2 + 16 + 8

func failedKey(id [16]byte, to destination) []byte {
	return append(append([]byte{table, tFailed}, id[:]...), to[:]...)
}

// maxReason bounds the text of a reason in bytes.
const maxReason = 500

// clip shortens a reason, parts of which a destination may have written.
func clip(reason string) string { return strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "") }

// putFailure writes a failure.
func putFailure(t kv.Txn, q *queuedItem, reason string, now time.Time) {
	t.Put(failedKey(q.id, q.to), jsondoc.MustEncode(&failure{q.item, now.UnixMilli(), clip(reason)})) // as in item.encode
}

func readFailure(key, value []byte) (out Failure, q queuedItem, err error) {
	if len(key) != failureKeyLen {
		return out, q, fmt.Errorf("the key %x of a failed event cannot be read", key)
	}
	var f failure
	if err := json.Unmarshal(value, &f); err != nil {
		return out, q, fmt.Errorf("a failed event cannot be read: %w", err)
	}
	q.item = f.item
	copy(q.id[:], key[2:])
	copy(q.to[:], key[2+16:])
	return Failure{
		ID: hex.EncodeToString(key[2:]), Bucket: f.Bucket, Key: f.Key, Event: f.Event, URL: shown(f.URL), Reason: f.Reason, Body: f.Body,
		QueuedAt: time.UnixMilli(f.At).UTC(), FailedAt: time.UnixMilli(f.Failed).UTC(),
	}, q, nil
}

// failed counts new failures and drops the oldest beyond the bound.
func (n *Notifier) failed(ctx context.Context, count int) error {
	if count == 0 {
		return nil
	}
	n.mu.Lock()
	n.failures += count
	over := n.failures - n.cfg.MaxFailures
	n.mu.Unlock()
	if over <= 0 {
		return nil
	}
	dropped := 0
	err := n.cfg.DB.Update(ctx, func(t kv.Txn) error {
		dropped = 0
		var keys [][]byte
		for p, err := range kv.Scan(t, kv.Prefix([]byte{table, tFailed})) {
			if err != nil {
				return err
			}
			if keys = append(keys, bytes.Clone(p.Key)); len(keys) == over {
				break
			}
		}
		for _, k := range keys {
			t.Delete(k)
		}
		dropped = len(keys)
		return nil
	})
	if err != nil {
		return err
	}
	n.forget(over) // where fewer were there, the count was too high
	n.cfg.Log.Warn("there are too many failed events; the oldest were dropped", "dropped", dropped, "kept", n.cfg.MaxFailures)
	return nil
}

// forget notes that failures are gone.
func (n *Notifier) forget(count int) {
	n.mu.Lock()
	n.failures = max(0, n.failures-count)
	n.mu.Unlock()
}

// bury moves the refused items that were tried for too long among the failures.
func (l *lane) bury(ctx context.Context, res *result, now time.Time) error {
	var dead []queuedItem
	var why []error
	for i := range res.refused {
		if l.n.tooOld(&res.refused[i].item, now) {
			dead, why = append(dead, res.refused[i]), append(why, res.why[i])
		}
	}
	if len(dead) == 0 {
		return nil
	}
	return l.n.giveUp(ctx, l, dead, func(i int) string { return why[i].Error() }, now)
}

func (n *Notifier) tooOld(it *item, now time.Time) bool {
	return now.Sub(time.UnixMilli(it.At)) >= n.cfg.MaxAge
}

// giveUp moves items of a lane's queue among the failures.
func (n *Notifier) giveUp(ctx context.Context, l *lane, dead []queuedItem, why func(i int) string, now time.Time) error {
	err := n.cfg.DB.Update(ctx, func(t kv.Txn) error {
		for i := range dead {
			t.Delete(pendingKey(dead[i].to, dead[i].id))
			putFailure(t, &dead[i], why(i), now)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range dead {
		delete(l.held, dead[i].Key)
	}
	l.gone(len(dead))
	n.cfg.Log.Warn("events were given up; the administration API shows them", "count", len(dead), "bucket", dead[0].Bucket, "destination", l.out.host(), "reason", why(0))
	return n.failed(ctx, len(dead))
}

// expire clears the queue of a destination that is down of what waited for too long; of everything, when its bucket does
// not name it any more.
func (n *Notifier) expire(ctx context.Context, l *lane, why error, now time.Time) error {
	for {
		items, err := n.window(ctx, l.to, width, func(string) bool { return false })
		if err != nil || len(items) == 0 {
			return err
		}
		named, err := n.named(ctx, &items[0].item)
		if err != nil {
			return err
		}
		if !named {
			if err := n.remove(ctx, items); err != nil {
				return err
			}
			l.gone(len(items))
			n.cfg.Log.Info("events were dropped: their bucket does not name the destination any more", "count", len(items), "bucket", items[0].Bucket, "destination", l.out.host())
			continue
		}
		dead := slices.DeleteFunc(items, func(q queuedItem) bool { return !n.tooOld(&q.item, now) })
		if len(dead) == 0 {
			return nil
		}
		if err := n.giveUp(ctx, l, dead, func(int) string { return why.Error() }, now); err != nil {
			return err
		}
	}
}

// named reports whether a bucket still names the destination of an item.
func (n *Notifier) named(ctx context.Context, it *item) (bool, error) {
	b, err := n.cfg.Outbox.Bucket(ctx, it.Bucket)
	switch {
	case fault.Is(err, fault.NoSuchBucket):
		return false, nil
	case err != nil:
		return false, err
	case b.ID != it.BucketID || len(b.Doc) == 0:
		return false, nil
	}
	c, err := event.ParseJSON(b.Doc)
	if err != nil {
		return true, nil // nobody can tell
	}
	return slices.Contains(c.Targets(), it.URL), nil
}

// MaxPage is how many failures a page has at most.
const MaxPage = 1000

// Failures returns up to limit failures, oldest first, those behind the one that after names, and what after is for
// the next page, "" at the end.
func (n *Notifier) Failures(ctx context.Context, limit int, after string) (page []Failure, next string, err error) {
	limit = min(max(limit, 1), MaxPage)
	rg := kv.Prefix([]byte{table, tFailed})
	if after != "" {
		key, err := failureKeyOf(after)
		if err != nil {
			return nil, "", err
		}
		rg.Start = append(key, 0)
	}
	err = n.cfg.DB.View(ctx, func(r kv.Reader) error {
		page, next = nil, ""
		for p, err := range kv.Scan(r, rg) {
			if err != nil {
				return err
			}
			if len(page) == limit {
				next = page[limit-1].ID
				return nil
			}
			f, _, err := readFailure(p.Key, p.Value)
			if err != nil {
				return err
			}
			page = append(page, f)
		}
		return nil
	})
	return page, next, err
}

func failureKeyOf(id string) ([]byte, error) {
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != failureKeyLen-2 {
		return nil, fault.New(fault.InvalidArgument, "This is not the id of a failed event.")
	}
	return append([]byte{table, tFailed}, b...), nil
}

// Retry puts a failure back into the queue of its destination.
func (n *Notifier) Retry(ctx context.Context, id string) error {
	key, err := failureKeyOf(id)
	if err != nil {
		return err
	}
	var q queuedItem
	err = n.cfg.DB.Update(ctx, func(t kv.Txn) error {
		v, err := getFailure(t, key)
		if err != nil {
			return err
		}
		if _, q, err = readFailure(key, v); err != nil {
			return err
		}
		q.At = n.cfg.Now().UnixMilli()
		t.Delete(key)
		t.Put(pendingKey(q.to, q.id), q.encode())
		return nil
	})
	if err != nil {
		return err
	}
	n.forget(1)
	n.wake(q.to, 1)
	return nil
}

// Drop removes a failure.
func (n *Notifier) Drop(ctx context.Context, id string) error {
	key, err := failureKeyOf(id)
	if err != nil {
		return err
	}
	err = n.cfg.DB.Update(ctx, func(t kv.Txn) error {
		if _, err := getFailure(t, key); err != nil {
			return err
		}
		t.Delete(key)
		return nil
	})
	if err == nil {
		n.forget(1)
	}
	return err
}

func getFailure(r kv.Reader, key []byte) ([]byte, error) {
	v, err := r.Get(key)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, fault.New(fault.NoSuchConfig, "There is no such failed event.")
	}
	return v, err
}

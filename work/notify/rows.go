package notify

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"myfsio/jsondoc"
	"myfsio/kv"
)

// The tables.
const (
	table    = 'N'
	tPending = 'p'
	tFailed  = 'f'
)

// item is an event in a queue, as it is stored.
type item struct {
	At       int64           `json:"at"` // when it was queued, Unix milliseconds
	Bucket   string          `json:"bucket"`
	BucketID uint64          `json:"bucketId"`
	Key      string          `json:"key"`
	Event    string          `json:"event"`
	URL      string          `json:"url"`
	Body     json.RawMessage `json:"body"` // what is sent, byte for byte
}

// queuedItem is an item with its place.
type queuedItem struct {
	to destination
	id [16]byte
	item
}

// encode writes the length of the key (uvarint), the key, and the item in JSON: the key stands in front for those who look no
// further.
func (i *item) encode() []byte {
	b := append(binary.AppendUvarint(nil, uint64(len(i.Key))), i.Key...)
	return append(b, jsondoc.MustEncode(i)...) // its body is JSON that this program wrote
}

// splitItem returns the key of an item and its JSON.
func splitItem(v []byte) (key, doc []byte, err error) {
	n, used := binary.Uvarint(v)
	if used <= 0 || n > uint64(len(v)-used) {
		return nil, nil, errors.New("a queued event cannot be read: its key is cut off")
	}
	return v[used : used+int(n)], v[used+int(n):], nil
}

func decodeItem(doc []byte) (i item, err error) {
	if err = json.Unmarshal(doc, &i); err != nil {
		err = fmt.Errorf("a queued event cannot be read: %w", err)
	}
	return i, err
}

func pendingOf(d destination) []byte { return append([]byte{table, tPending}, d[:]...) }

func pendingKey(d destination, id [16]byte) []byte { return append(pendingOf(d), id[:]...) }

// splitPending reads what pendingKey wrote.
func splitPending(key []byte) (d destination, id [16]byte, ok bool) {
	if len(key) != 2+len(d)+len(id) {
		return d, id, false
	}
	copy(d[:], key[2:])
	copy(id[:], key[2+len(d):])
	return d, id, true
}

// count returns the number of rows with a prefix.
func (n *Notifier) count(ctx context.Context, prefix []byte) (count int, err error) {
	err = n.cfg.DB.View(ctx, func(r kv.Reader) error {
		count = 0
		c, err := r.Cursor(kv.Prefix(prefix))
		if err != nil {
			return err
		}
		defer c.Close()
		for c.Next() {
			count++
		}
		return c.Err()
	})
	return count, err
}

// scanned is how many rows one window looks at: a key that waits hides the rows behind it from sight.
const scanned = 100_000

// window returns up to max rows of a queue, oldest first, without those of keys for which skip is true.
func (n *Notifier) window(ctx context.Context, d destination, max int, skip func(key string) bool) (out []queuedItem, err error) {
	err = n.cfg.DB.View(ctx, func(r kv.Reader) error {
		out = nil
		looked := 0
		for p, err := range kv.Scan(r, kv.Prefix(pendingOf(d))) {
			if err != nil {
				return err
			}
			if looked++; looked > scanned || len(out) == max {
				return nil
			}
			to, id, ok := splitPending(p.Key)
			if !ok {
				return fmt.Errorf("the key %x of a queued event cannot be read", p.Key)
			}
			key, doc, err := splitItem(p.Value)
			if err != nil {
				return err
			}
			if skip(string(key)) {
				continue
			}
			it, err := decodeItem(doc)
			if err != nil {
				return err
			}
			out = append(out, queuedItem{to, id, it})
		}
		return nil
	})
	return out, err
}

// remove takes items out of their queue. It need not be durable: at worst they are sent again.
func (n *Notifier) remove(ctx context.Context, items []queuedItem) error {
	return kv.UpdateLazy(ctx, n.cfg.DB, func(t kv.Txn) error {
		for i := range items {
			t.Delete(pendingKey(items[i].to, items[i].id))
		}
		return nil
	})
}

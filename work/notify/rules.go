package notify

import (
	"bytes"
	"context"

	"myfsio/event"
	"myfsio/fault"
)

// rulesCache keeps compiled rules of buckets with the document they are from.
type rulesCache struct {
	seen map[string]bucketRules // in this step
	kept map[string]bucketRules
}

type bucketRules struct {
	id    uint64
	doc   []byte
	rules *event.Rules
}

// maxKept is how many buckets' rules are kept compiled.
const maxKept = 1000

func (c *rulesCache) begin() {
	c.seen = map[string]bucketRules{}
	if len(c.kept) > maxKept || c.kept == nil {
		c.kept = map[string]bucketRules{}
	}
}

// of returns the rules and id of a bucket, nil where there are none.
func (c *rulesCache) of(ctx context.Context, n *Notifier, bucket string) (*event.Rules, uint64, error) {
	if b, ok := c.seen[bucket]; ok {
		return b.rules, b.id, nil
	}
	id, doc, err := n.cfg.Outbox.Notification(ctx, bucket)
	if fault.Is(err, fault.NoSuchBucket) {
		err = nil
	}
	if err != nil {
		return nil, 0, err
	}
	b := c.kept[bucket]
	if b.id != id || !bytes.Equal(b.doc, doc) || b.rules == nil {
		b = bucketRules{id: id, doc: doc}
		if len(doc) > 0 {
			conf, err := event.ParseJSON(doc)
			if err != nil {
				// Nobody can tell what it asked for, and the events of other buckets must not wait.
				n.cfg.Log.Error("a stored notification configuration cannot be read; events are not delivered until it is set again", "bucket", bucket, "error", err)
				conf = &event.Config{}
			}
			b.rules = event.Compile(conf)
		}
	}
	c.seen[bucket], c.kept[bucket] = b, b
	return b.rules, b.id, nil
}

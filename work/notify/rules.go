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
	Bucket
	rules *event.Rules // nil: none
}

// maxKept is how many buckets' rules are kept compiled.
const maxKept = 1000

func (c *rulesCache) begin() {
	c.seen = map[string]bucketRules{}
	if len(c.kept) > maxKept || c.kept == nil {
		c.kept = map[string]bucketRules{}
	}
}

// of returns a bucket and its rules. One that is gone has none.
func (c *rulesCache) of(ctx context.Context, n *Notifier, bucket string) (bucketRules, error) {
	if b, ok := c.seen[bucket]; ok {
		return b, nil
	}
	fresh, err := n.cfg.Outbox.Bucket(ctx, bucket)
	if err != nil && !fault.Is(err, fault.NoSuchBucket) {
		return bucketRules{}, err
	}
	b := bucketRules{fresh, c.kept[bucket].rules}
	if b.rules == nil || !bytes.Equal(c.kept[bucket].Doc, b.Doc) {
		b.rules = n.compile(bucket, b.Doc)
	}
	c.seen[bucket], c.kept[bucket] = b, b
	return b, nil
}

func (n *Notifier) compile(bucket string, doc []byte) *event.Rules {
	if len(doc) == 0 {
		return nil
	}
	c, err := event.ParseJSON(doc)
	if err != nil {
		// Nobody can tell what it asked for, and the events of other buckets must not wait.
		n.cfg.Log.Error("a stored notification configuration cannot be read; events are not delivered until it is set again", "bucket", bucket, "error", err)
		return nil
	}
	return event.Compile(c)
}

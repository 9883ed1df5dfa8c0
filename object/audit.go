package object

import (
	"bytes"
	"context"

	"myfsio/kv"
)

// Audit verifies the rows of one bucket while others use the store: that its records can be read, that each of its blobs, and each null version, has
// the row that names it, that its versions do not contradict each other, and that its counters are the count. It looks at one state of the
// metadata, and at no body. With Repair it mends missing rows, where what they belong to is still as it was looked at, and adds to
// counters what they lack; all else needs Check, which has the store for itself. Deep is not used.
func (s *Store) Audit(ctx context.Context, bucket string, o CheckOptions) (CheckResult, error) {
	c := &checker{s: s, o: o, ctx: ctx, live: true}
	if c.o.Step == nil {
		c.o.Step = func() {}
	}
	err := s.viewDB(ctx, func(r kv.Reader) error {
		c.r, c.fixes, c.res, c.unread = r, nil, CheckResult{}, false
		b, err := getBucket(r, bucket)
		if err != nil {
			return err
		}
		if err := c.features(b); err != nil {
			return err
		}
		return c.bucket(&b)
	})
	if err == nil && o.Repair {
		err = c.repair()
	}
	return c.res, err
}

// at notes the row that is looked at.
func (c *checker) at(p kv.Pair) error {
	if c.live {
		c.guard = kv.Pair{Key: bytes.Clone(p.Key), Value: bytes.Clone(p.Value)}
	}
	return c.ctx.Err()
}

// whileItStands makes a fix one for a store that others use; nil for what cannot be mended so.
func (c *checker) whileItStands(p *Problem, fix func(*txn)) func(*txn) {
	row := c.guard
	switch {
	case fix == nil:
		return nil
	case p.Kind == ProblemCounter:
		return fix
	case p.Kind != ProblemMissing:
		return nil
	}
	return func(t *txn) {
		if v, err := t.Get(row.Key); err == nil && bytes.Equal(v, row.Value) {
			fix(t)
		}
	}
}

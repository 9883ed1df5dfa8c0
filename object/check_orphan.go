package object

import (
	"encoding/binary"
	"errors"
	"fmt"

	"myfsio/blob"
	"myfsio/kv"
)

// orphans finds the rows that belong to nothing. Those of a version or upload are never removed: their bucket may be what is damaged.
func (c *checker) orphans() error {
	in := func(set map[id]bool) func([]byte) bool {
		return func(k []byte) bool { return len(k) == 17 && set[id(k[1:])] }
	}
	ofUpload := func(k []byte) bool { return len(k) == 19 && c.uploads[id(k[1:17])] }
	ofBody := func(k []byte) bool { return len(k) == 19 && c.bodies[id(k[1:17])] }
	for _, t := range []struct {
		table byte
		owned func(key []byte) bool
	}{
		{tCurrent, c.inKnownBucket}, {tVersion, c.inKnownBucket}, {tUpload, c.inKnownBucket},
		{tNull, c.inKnownBucket}, {tCounter, c.inKnownBucket}, {tConfig, c.inKnownBucket}, {tToken, c.inKnownBucket},
		{tRef, in(c.blobs)}, {tInline, in(c.bodies)}, {tManifest, in(c.bodies)}, {tPart, ofUpload}, {tTail, ofBody},
	} {
		for p, err := range kv.Scan(c.r, kv.Prefix([]byte{t.table})) {
			if err != nil {
				return err
			}
			if t.owned(p.Key) {
				continue
			}
			if t.table == tRef { // its bytes are there: the row of the version is what is missing
				there, err := c.exists(p.Key)
				if err != nil {
					return err
				}
				c.unsure = c.unsure || there
			}
			c.unsure = c.unsure || t.table == tCurrent || t.table == tVersion || t.table == tUpload
			fix := remove(p.Key)
			if c.unsure {
				fix = nil
			}
			c.report(Problem{Kind: ProblemOrphan, Detail: fmt.Sprintf("row %c%x belongs to nothing", t.table, p.Key[1:])}, fix)
		}
	}
	return nil
}

// exists reports whether the blob of a reference row is there.
func (c *checker) exists(k []byte) (bool, error) {
	var b blob.ID
	if setID(&b, k[1:]) != nil {
		return false, nil
	}
	f, err := c.s.blobs.Open(c.ctx, b)
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}

func (c *checker) inKnownBucket(k []byte) bool {
	if len(k) < 9 {
		return false
	}
	_, ok := c.byID[binary.BigEndian.Uint64(k[1:9])]
	return ok
}

// strays finds the blobs that nothing refers to.
func (c *checker) strays() error {
	for info, err := range c.s.blobs.List(c.ctx, blob.ID{}) {
		if err != nil {
			return err
		}
		c.o.Step()
		c.res.Blobs++
		if c.blobs[info.ID] || c.queued[info.ID] {
			continue
		}
		fix := func(*txn) {}
		if c.unsure {
			fix = nil
		} else {
			c.stray = append(c.stray, info.ID)
		}
		c.report(Problem{Kind: ProblemStray, Detail: fmt.Sprintf("blob %s of %d bytes belongs to nothing", info.ID, info.Size)}, fix)
	}
	return nil
}

// repair carries the fixes out.
func (c *checker) repair() error {
	const batch = 500
	for len(c.fixes) > 0 {
		n := min(batch, len(c.fixes))
		err := c.s.update(c.ctx, func(t *txn) error {
			for _, fix := range c.fixes[:n] {
				fix(t)
			}
			return nil
		})
		if err != nil {
			return err
		}
		c.fixes = c.fixes[n:]
	}
	for _, b := range c.stray {
		if err := c.s.blobs.Remove(c.ctx, b); err != nil {
			return internal(err, "remove")
		}
	}
	return nil
}

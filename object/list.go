package object

import (
	"context"
	"slices"
	"strings"

	"myfsio/fault"
	"myfsio/kv"
)

// grouping is what every listing does with prefix and delimiter.
type grouping struct{ prefix, delimiter string }

// common returns the common prefix that key falls under, "" for none.
func (g grouping) common(key string) string {
	if g.delimiter == "" {
		return ""
	}
	if i := strings.Index(key[len(g.prefix):], g.delimiter); i >= 0 {
		return key[:len(g.prefix)+i+len(g.delimiter)]
	}
	return ""
}

// isCommon reports whether marker is itself a common prefix: the listing goes on behind all keys under it.
func (g grouping) isCommon(marker string) bool {
	return marker != "" && strings.HasPrefix(marker, g.prefix) && g.common(marker) == marker
}

// behind returns the first key a listing after marker can return.
func (g grouping) behind(marker string) string {
	switch end := kv.PrefixEnd([]byte(marker)); {
	case end != nil && g.isCommon(marker):
		return string(end)
	case marker == "" || marker < g.prefix:
		return g.prefix
	}
	return marker + "\x00"
}

func verifyMax(n int) error {
	if n < 0 {
		return fault.New(fault.InvalidArgument, "Argument max-keys must be an integer between 0 and 2147483647")
	}
	return nil
}

// List returns a page of current versions. It seeks past each common prefix and reads nothing it does not return.
func (s *Store) List(ctx context.Context, req ListObjects) (ObjectPage, error) {
	var page ObjectPage
	if err := verifyMax(req.Max); err != nil {
		return page, err
	}
	req.Max = min(req.Max, MaxListKeys)
	err := s.viewDB(ctx, func(r kv.Reader) error {
		page = ObjectPage{}
		b, err := glanceBucket(r, req.Bucket)
		if err != nil || req.Max == 0 {
			return err
		}
		return listCurrent(ctx, r, &b, &req, &page)
	})
	return page, err
}

func listCurrent(ctx context.Context, r kv.Reader, b *Bucket, req *ListObjects, page *ObjectPage) error {
	g := grouping{req.Prefix, req.Delimiter}
	c, err := r.Cursor(kv.Prefix(currentKey(b.ID, req.Prefix)))
	if err != nil {
		return err
	}
	defer c.Close()
	head := len(currentKey(b.ID, ""))
	page.Objects = make([]Version, 0, min(req.Max, 64))
	last, l := "", lister{b: b}
	var rec brief
	for ok := c.SeekGE(currentKey(b.ID, g.behind(req.After))); ok; {
		if len(page.Objects)+len(page.Prefixes) == req.Max {
			page.Truncated, page.Next = true, last
			return nil
		}
		key := string(c.Key()[head:])
		if p := g.common(key); p != "" {
			page.Prefixes, last = append(page.Prefixes, p), p
			ok = c.SeekGE(kv.PrefixEnd(currentKey(b.ID, p)))
			if err := ctx.Err(); err != nil {
				return err
			}
			continue
		}
		v, err := c.Value()
		if err != nil {
			return err
		}
		if err := rec.decode(v); err != nil {
			return err
		}
		if len(page.Objects) == cap(page.Objects) { // from a few to a full page, without the steps between
			page.Objects = slices.Grow(page.Objects, req.Max-len(page.Objects))
		}
		page.Objects, last = append(page.Objects, l.version(&rec, key, true)), key
		ok = c.Next()
	}
	return c.Err()
}

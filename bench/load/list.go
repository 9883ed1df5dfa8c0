package load

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	pageKeys   = 1000
	dirKeys    = 1000 // keys in each directory of a bucket to list
	listClient = 4
	listedSize = 64 // bytes of each object in a bucket to list
)

// listKey spreads keys over directories of 1000.
func listKey(i int) string { return fmt.Sprintf("dir%04d/obj%06d", i/dirKeys, i%dirKeys) }

func dirs(keys int) int { return (keys + dirKeys - 1) / dirKeys }

// listBucket makes the bucket of so many keys that listings and puts-into share.
func listBucket(ctx context.Context, e *Env, keys int) (string, error) {
	bucket := "list-" + short(keys)
	return bucket, e.once(bucket, func() error {
		if err := e.makeBucket(bucket); err != nil {
			return err
		}
		begun := time.Now()
		defer func() { e.logf("filled %s in %.1f s", bucket, time.Since(begun).Seconds()) }()
		if e.Seed == nil {
			return e.fill(ctx, bucket, keys, listKey, e.body(listedSize))
		}
		if err := e.fill(ctx, bucket, 1, listKey, e.body(listedSize)); err != nil {
			return err
		}
		rest := make([]string, keys-1)
		for i := range rest {
			rest[i] = listKey(i + 1)
		}
		if err := e.Seed(ctx, bucket, listKey(0), rest); err != nil {
			return err
		}
		return checkSeed(e, bucket, keys)
	})
}

// checkSeed reads a few of the copies.
func checkSeed(e *Env, bucket string, keys int) error {
	c := NewClient(e.Target, 0)
	defer c.Close()
	body := e.body(listedSize).Bytes
	for _, i := range []int{keys / 3, keys / 2, keys - 1} {
		r := &Request{Method: "GET", Path: "/" + bucket + "/" + listKey(i)}
		if err := wantLength(listedSize)(c.Read(r, nil, 200, Verify(body))); err != nil {
			return fmt.Errorf("seeded object: %w", err)
		}
	}
	return nil
}

// page is what a list page is checked for.
type page struct {
	keys, prefixes int
	truncated      bool
	next           string
}

func (c *Client) listPage(bucket, query string) (page, error) {
	text, err := c.Text(&Request{Method: "GET", Path: "/" + bucket, Query: query}, nil, 200)
	if err != nil {
		return page{}, err
	}
	p := page{keys: bytes.Count(text, []byte("<Key>")), prefixes: bytes.Count(text, []byte("<CommonPrefixes>"))}
	truncated, ok := element(text, "IsTruncated")
	if !ok {
		return p, fmt.Errorf("no IsTruncated in a list page: %.200s", text)
	}
	p.truncated = truncated == "true"
	if p.next, ok = element(text, "NextContinuationToken"); !ok && p.truncated {
		return p, fmt.Errorf("truncated list page without a token")
	}
	return p, nil
}

// list walks the whole bucket page by page: each client begins somewhere, follows
// the tokens to the end and goes on from the first key.
func list(keys int) *Item {
	return &Item{
		Name: "list-" + short(keys), Note: "ListObjectsV2, pages of 1000 following the token", Unit: PagesPerSecond, Clients: listClient,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := listBucket(ctx, e, keys)
			var cursors [listClient]string
			for i := range cursors {
				cursors[i] = "list-type=2&start-after=" + escape(listKey(i*keys/listClient))
			}
			return &Job{Op: func(c *Client, n int64) error {
				p, err := c.listPage(bucket, cursors[c.ID])
				if err != nil {
					return err
				}
				if p.truncated && p.keys != pageKeys {
					return fmt.Errorf("%d keys in a truncated page", p.keys)
				}
				cursors[c.ID] = "list-type=2"
				if p.truncated {
					cursors[c.ID] = "continuation-token=" + escape(p.next) + "&list-type=2"
				}
				return nil
			}}, err
		},
	}
}

func listDelimiter(keys int) *Item {
	want := min(dirs(keys), pageKeys)
	return &Item{
		Name: "list-" + short(keys) + "-delimiter", Note: fmt.Sprintf("ListObjectsV2 with delimiter /, %d prefixes on the page", want),
		Unit: PagesPerSecond, Clients: listClient,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := listBucket(ctx, e, keys)
			return &Job{Op: func(c *Client, n int64) error {
				p, err := c.listPage(bucket, "delimiter=%2F&list-type=2&max-keys=1000")
				if err == nil && (p.prefixes != want || p.keys != 0) {
					err = fmt.Errorf("%d prefixes and %d keys, want %d and none", p.prefixes, p.keys, want)
				}
				return err
			}}, err
		},
	}
}

// listOne is one client asking for single pages of 100 keys at random places: does the
// size of the bucket show?
func listOne(keys int) *Item {
	const ask = 100
	return &Item{
		Name: "page-in-" + short(keys), Note: "ListObjectsV2, 100 keys after a random one", Unit: PagesPerSecond, Clients: 1,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := listBucket(ctx, e, keys)
			return &Job{Op: func(c *Client, n int64) error {
				after := listKey(rand.IntN(keys - ask))
				p, err := c.listPage(bucket, "list-type=2&max-keys=100&start-after="+escape(after))
				if err == nil && p.keys != ask {
					err = fmt.Errorf("%d keys after %s, want %d", p.keys, after, ask)
				}
				return err
			}}, err
		},
	}
}

// putInto stores new objects among those of a bucket that is listed: does its size show?
func putInto(keys int) *Item {
	return &Item{
		Name: "put-into-" + short(keys), Note: "PutObject of 4 KiB, new keys spread over the bucket's prefixes", Unit: OpsPerSecond, Clients: 16,
		Stored: smallSize,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := listBucket(ctx, e, keys)
			e.turns++
			body, turn := e.body(smallSize), e.turns
			return &Job{Op: func(c *Client, n int64) error {
				key := fmt.Sprintf("dir%04d/put%03d-%07d", int(n)%dirs(keys), turn, n)
				_, err := c.Do(e.putRequest(bucket, key, "", body), body.Bytes, 200)
				return err
			}}, err
		},
	}
}

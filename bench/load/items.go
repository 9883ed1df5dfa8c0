package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
)

const (
	kib = 1 << 10
	mib = 1 << 20

	smallSize = 4 * kib
	largeSize = 32 * mib
	partSize  = 8 * mib
	rangeSize = 64 * kib

	large = "large" // the bucket that large reads share

	maxLargePuts  = 96 // of 32 MiB in one turn: 3 GiB
	maxMultiparts = 32 // of 64 MiB in one turn: 2 GiB
)

// Items returns all items for data of the given sizes, in the order to run them.
func Items(s Sizes) []*Item {
	first, last := s.Lists[0], s.Lists[len(s.Lists)-1]
	items := []*Item{
		put("put-4k-c1", 1, smallSize, 0),
		put("put-4k-c16", 16, smallSize, 0),
		put("put-32m-c4", 4, largeSize, maxLargePuts),
		multipart(),
		getSmall(s), head(s), getLarge(s, "get-32m-c4", large), getRange(s),
		remove(s),
		complete(s),
	}
	for _, n := range s.Lists[1:] {
		items = append(items, list(n), listDelimiter(n))
	}
	return append(items, listOne(first), listOne(last), putInto(first), putInto(last), startup(last))
}

func objectKey(i int) string { return fmt.Sprintf("obj%07d", i) }

func put(name string, clients, size int, limit int64, headers ...Header) *Item {
	it := &Item{
		Name: name, Note: "PutObject, new keys", Unit: OpsPerSecond, Clients: clients,
		Stored: int64(size), Syncs: true,
	}
	if size >= mib {
		it.Unit, it.PerOp = MiBPerSecond, float64(size)/mib
	}
	it.Begin = func(ctx context.Context, e *Env) (*Job, error) {
		bucket, err := e.freshBucket(name)
		if err != nil {
			return nil, err
		}
		body := e.body(size)
		job := &Job{Limit: limit, Op: func(c *Client, n int64) error {
			_, err := c.Do(e.putRequest(bucket, objectKey(int(n)), "", body, headers...), body.Bytes, 200)
			return err
		}}
		if size >= mib { // small ones may stay to the end of the run
			job.Done = func(ctx context.Context, ops int64) error { return e.remove(ctx, bucket, int(ops), objectKey) }
		}
		return job, nil
	}
	return it
}

// smallObjects makes the bucket that small reads share.
func smallObjects(ctx context.Context, e *Env) (string, error) {
	const bucket = "small"
	return bucket, e.once(bucket, func() error {
		if err := e.makeBucket(bucket); err != nil {
			return err
		}
		return e.fill(ctx, bucket, e.Sizes.Objects, objectKey, e.body(smallSize))
	})
}

// largeObjects makes the bucket that large reads share, or another one, whose objects are stored with headers.
func largeObjects(ctx context.Context, e *Env, bucket string, headers ...Header) error {
	return e.once(bucket, func() error {
		if err := e.makeBucket(bucket); err != nil {
			return err
		}
		return e.fill(ctx, bucket, e.Sizes.LargeObjects, objectKey, e.body(largeSize), headers...)
	})
}

func getSmall(s Sizes) *Item {
	return &Item{
		Name: "get-4k-c16", Note: "GetObject, random keys, every body compared", Unit: OpsPerSecond, Clients: 16,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := smallObjects(ctx, e)
			body := e.body(smallSize).Bytes
			return &Job{Op: func(c *Client, n int64) error {
				r := &Request{Method: "GET", Path: "/" + bucket + "/" + objectKey(rand.IntN(s.Objects))}
				return wantLength(int64(len(body)))(c.Read(r, nil, 200, Verify(body)))
			}}, err
		},
	}
}

// wantLength turns what Read returns into an error when the length is another.
func wantLength(want int64) func(Response, int64, error) error {
	return func(_ Response, n int64, err error) error {
		if err == nil && n != want {
			err = fmt.Errorf("body of %d bytes, want %d", n, want)
		}
		return err
	}
}

func head(s Sizes) *Item {
	return &Item{
		Name: "head-c16", Note: "HeadObject, random keys", Unit: OpsPerSecond, Clients: 16,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := smallObjects(ctx, e)
			return &Job{Op: func(c *Client, n int64) error {
				_, err := c.Do(&Request{Method: "HEAD", Path: "/" + bucket + "/" + objectKey(rand.IntN(s.Objects))}, nil, 200)
				return err
			}}, err
		},
	}
}

func getLarge(s Sizes, name, bucket string, headers ...Header) *Item {
	return &Item{
		Name: name, Note: "GetObject, every 16th body compared", Unit: MiBPerSecond, Clients: 4,
		PerOp: largeSize / mib, Static: true,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			err := largeObjects(ctx, e, bucket, headers...)
			body := e.body(largeSize).Bytes
			return &Job{Op: func(c *Client, n int64) error {
				r := &Request{Method: "GET", Path: "/" + bucket + "/" + objectKey(int(n)%s.LargeObjects)}
				var sink func([]byte) error
				if n%16 == 0 {
					sink = Verify(body)
				}
				return wantLength(largeSize)(c.Read(r, nil, 200, sink))
			}}, err
		},
	}
}

func getRange(s Sizes) *Item {
	return &Item{
		Name: "range-64k-c16", Note: "GetObject, 64 KiB at random places of 32 MiB, every 16th compared", Unit: OpsPerSecond, Clients: 16,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			err := largeObjects(ctx, e, large)
			body := e.body(largeSize).Bytes
			return &Job{Op: func(c *Client, n int64) error {
				at := rand.IntN(largeSize - rangeSize)
				r := &Request{
					Method: "GET", Path: "/" + large + "/" + objectKey(int(n)%s.LargeObjects),
					Headers: []Header{{"range", "bytes=" + strconv.Itoa(at) + "-" + strconv.Itoa(at+rangeSize-1)}},
				}
				var sink func([]byte) error
				if n%16 == 0 {
					sink = Verify(body[at : at+rangeSize])
				}
				return wantLength(rangeSize)(c.Read(r, nil, 206, sink))
			}}, err
		},
	}
}

func remove(s Sizes) *Item {
	return &Item{
		Name: "delete-c16", Note: "DeleteObject of 4 KiB objects", Unit: OpsPerSecond, Clients: 16, Syncs: true, Cold: true,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := e.freshBucket("delete")
			if err != nil {
				return nil, err
			}
			if err := e.fill(ctx, bucket, s.Deletes, objectKey, e.body(smallSize)); err != nil {
				return nil, err
			}
			return &Job{Limit: int64(s.Deletes), Op: func(c *Client, n int64) error {
				_, err := c.Do(&Request{Method: "DELETE", Path: "/" + bucket + "/" + objectKey(int(n))}, nil, 204)
				return err
			}}, nil
		},
	}
}

// startup times a restart over the largest bucket, to the first page of it.
func startup(keys int) *Item {
	return &Item{
		Name: "startup-" + short(keys), Note: "from exec to the first signed list page, caches warm", Unit: Millis, Clients: 1, Cold: true,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			if e.Restart == nil {
				return nil, ErrUnsupported
			}
			bucket, err := listBucket(ctx, e, keys)
			probe := func() error {
				c := NewClient(e.Target, 0)
				defer c.Close()
				_, err := c.Do(&Request{Method: "GET", Path: "/" + bucket, Query: "list-type=2&max-keys=1"}, nil, 200)
				return err
			}
			return &Job{Limit: 3, Op: func(c *Client, n int64) error {
				d, err := e.Restart(ctx, probe)
				c.Took(d)
				return err
			}}, err
		},
	}
}

// short writes 1000000 as 1m and 5000 as 5k.
func short(n int) string {
	switch {
	case n%1_000_000 == 0:
		return strconv.Itoa(n/1_000_000) + "m"
	case n%1000 == 0:
		return strconv.Itoa(n/1000) + "k"
	}
	return strconv.Itoa(n)
}

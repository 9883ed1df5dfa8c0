package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Sizes are the dimensions of the data. Names of items follow them.
type Sizes struct {
	Objects       int   // small objects to read
	LargeObjects  int   // of 32 MiB, to read
	Deletes       int   // objects to delete in one turn, at most
	Lists         []int // keys of the buckets to list, ascending; the first and the last are compared
	CompleteParts int   // parts of the upload whose completion is timed
	CompletePart  int   // bytes of each, at least 5 MiB
}

// Full is the real measurement; Short shows within a minute that all of it works.
var (
	Full  = Sizes{Objects: 10_000, LargeObjects: 8, Deletes: 30_000, Lists: []int{1000, 100_000, 1_000_000}, CompleteParts: 128, CompletePart: 8 << 20}
	Short = Sizes{Objects: 500, LargeObjects: 4, Deletes: 500, Lists: []int{1000, 2000, 5000}, CompleteParts: 8, CompletePart: 5 << 20}
)

// Body is an object's content with its hash, made once.
type Body struct {
	Bytes  []byte
	SHA256 string // lower-case hex
}

// NewBody returns size bytes that do not compress, the same ones for a seed.
func NewBody(size int, seed byte) *Body {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{seed, 1, 2, 3}).Read(b)
	sum := sha256.Sum256(b)
	return &Body{Bytes: b, SHA256: hex.EncodeToString(sum[:])}
}

// Env is one server under test and what has been put into it. Its methods are for
// one goroutine at a time.
type Env struct {
	Target *Target
	Sizes  Sizes
	Log    func(format string, args ...any) // progress; nil is silent

	// Restart stops the server, starts it again on the same data and returns the time
	// from its start to the first nil from probe. Nil: items that need it are refused.
	Restart func(ctx context.Context, probe func() error) (time.Duration, error)
	// Seed, when not nil, makes copies of a stored object under other keys, faster than
	// requests could. Nil: requests are made.
	Seed func(ctx context.Context, bucket, from string, keys []string) error
	// Publish, when not nil, stores an object in a server that takes no PUT.
	Publish func(bucket, key string, body []byte) error
	// Admin is the server with the rights of an administrator. Nil: items that need them are refused.
	Admin *Target
	// Policy, when not nil, gives the policy that a new bucket is made with.
	Policy func(bucket string) string

	bodies map[int]*Body
	done   map[string]bool
	turns  int
}

// ErrUnsupported is returned by items that the server at hand cannot do.
var ErrUnsupported = errors.New("not possible with this server")

func (e *Env) logf(format string, args ...any) {
	if e.Log != nil {
		e.Log(format, args...)
	}
}

// body returns the body of the given size that all objects of that size have.
func (e *Env) body(size int) *Body {
	if b := e.bodies[size]; b != nil {
		return b
	}
	if e.bodies == nil {
		e.bodies = map[int]*Body{}
	}
	e.bodies[size] = NewBody(size, 7)
	return e.bodies[size]
}

// ShareBodies makes e use the bodies of other, to save memory and hashing.
func (e *Env) ShareBodies(other *Env) {
	if other.bodies == nil {
		other.bodies = map[int]*Body{}
	}
	e.bodies = other.bodies
}

// once runs f the first time it is called with name.
func (e *Env) once(name string, f func() error) error {
	if e.done[name] {
		return nil
	}
	if err := f(); err != nil {
		return err
	}
	if e.done == nil {
		e.done = map[string]bool{}
	}
	e.done[name] = true
	return nil
}

// freshBucket makes a bucket that no other turn has seen.
func (e *Env) freshBucket(name string) (string, error) {
	e.turns++
	bucket := fmt.Sprintf("%s-t%d", name, e.turns)
	return bucket, e.makeBucket(bucket)
}

func (e *Env) makeBucket(bucket string) error {
	if e.Publish != nil {
		return nil
	}
	c := NewClient(e.Target, 0)
	defer c.Close()
	if _, err := c.Do(&Request{Method: "PUT", Path: "/" + bucket}, nil, 200); err != nil || e.Policy == nil {
		return err
	}
	doc := []byte(e.Policy(bucket))
	sum := sha256.Sum256(doc)
	_, err := c.Do(&Request{Method: "PUT", Path: "/" + bucket, Query: "policy=", Payload: hex.EncodeToString(sum[:])}, doc, 204)
	return err
}

// putRequest is a PUT of body at key, or of a part when query says so.
func (e *Env) putRequest(bucket, key, query string, body *Body, headers ...Header) *Request {
	r := &Request{Method: "PUT", Path: "/" + bucket + "/" + key, Query: query, Headers: headers, Payload: body.SHA256}
	if e.Target.UnsignedPayload {
		r.Payload = unsignedPayload
	}
	return r
}

// fill stores body under n keys with 16 clients.
func (e *Env) fill(ctx context.Context, bucket string, n int, key func(int) string, body *Body, headers ...Header) error {
	if e.Publish != nil {
		for i := range n {
			if err := e.Publish(bucket, key(i), body.Bytes); err != nil {
				return err
			}
		}
		return nil
	}
	return e.parallel(ctx, 16, n, func(c *Client, i int) error {
		_, err := c.Do(e.putRequest(bucket, key(i), "", body, headers...), body.Bytes, 200)
		return err
	})
}

// parallel calls f for 0 to n-1 with the given number of clients and returns the first error.
func (e *Env) parallel(ctx context.Context, clients, n int, f func(c *Client, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for id := range min(clients, n) {
		wg.Go(func() {
			c := NewClient(e.Target, id)
			defer c.Close()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(c, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// remove deletes n objects with 4 clients.
func (e *Env) remove(ctx context.Context, bucket string, n int, key func(int) string) error {
	return e.parallel(ctx, 4, n, func(c *Client, i int) error {
		_, err := c.Do(&Request{Method: "DELETE", Path: "/" + bucket + "/" + key(i)}, nil, 204)
		return err
	})
}

// escape encodes a query value as the signature wants it.
func escape(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	hugePart  = 32 * mib
	hugeParts = 32 // 1 GiB
)

// sealed asks for SSE-S3.
var sealed = []Header{{"x-amz-server-side-encryption", "AES256"}}

// Features returns the items that tell what features of ours cost: each encrypted item behind the plain one that it is
// compared with, and reads while a lifecycle run deletes.
func Features(s Sizes) []*Item {
	return []*Item{
		put("put-32m-plain", 4, largeSize, maxLargePuts),
		put("put-32m-sealed", 4, largeSize, maxLargePuts, sealed...),
		getLarge(s, "get-32m-plain", "large-plain"),
		getLarge(s, "get-32m-sealed", "large-sealed", sealed...),
		rangeWith("plain"),
		rangeWith("sealed", sealed...),
		getSmall(s),
		duringLifecycle(s),
	}
}

func rangeWith(name string, headers ...Header) *Item {
	return &Item{
		Name: "range-64k-of-1g-" + name, Note: "GetObject, 64 KiB at random places of 1 GiB uploaded in parts, every 16th compared", Unit: OpsPerSecond, Clients: 16,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, body := "huge-"+name, e.body(hugePart)
			err := e.once(bucket, func() error { return e.storeHuge(bucket, headers, body) })
			return &Job{Op: func(c *Client, n int64) error {
				part, at := rand.IntN(hugeParts), rand.IntN(hugePart-rangeSize)
				from := part*hugePart + at
				r := &Request{
					Method: "GET", Path: "/" + bucket + "/huge",
					Headers: []Header{{"range", "bytes=" + strconv.Itoa(from) + "-" + strconv.Itoa(from+rangeSize-1)}},
				}
				var sink func([]byte) error
				if n%16 == 0 {
					sink = Verify(body.Bytes[at : at+rangeSize])
				}
				return wantLength(rangeSize)(c.Read(r, nil, 206, sink))
			}}, err
		},
	}
}

// storeHuge uploads one object of 1 GiB in equal parts.
func (e *Env) storeHuge(bucket string, headers []Header, part *Body) error {
	if err := e.makeBucket(bucket); err != nil {
		return err
	}
	c := NewClient(e.Target, 0)
	defer c.Close()
	u, err := e.createUpload(c, bucket, "huge", headers...)
	if err != nil {
		return err
	}
	for n := range hugeParts {
		if err := u.part(c, n+1, part); err != nil {
			return err
		}
	}
	return u.complete(c)
}

// duringLifecycle reads small objects while a run deletes all objects of the largest bucket.
func duringLifecycle(s Sizes) *Item {
	doomed := s.Lists[len(s.Lists)-1]
	return &Item{
		Name: "get-4k-lifecycle-" + short(doomed), Note: "as get-4k-c16 while a lifecycle run deletes " + strconv.Itoa(doomed) + " objects", Unit: OpsPerSecond, Clients: 16,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			if e.Admin == nil {
				return nil, ErrUnsupported
			}
			job, err := getSmall(s).Begin(ctx, e)
			if err != nil {
				return nil, err
			}
			run, err := e.startLifecycle(ctx, doomed)
			job.Done = func(ctx context.Context, _ int64) error { return run.wait(ctx) }
			return job, err
		},
	}
}

// lifecycleRun is one run under way.
type lifecycleRun struct {
	env    *Env
	bucket string
	want   int
	begun  time.Time
}

const expireAll = `<LifecycleConfiguration><Rule><ID>all</ID><Status>Enabled</Status><Filter/><Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>`

// startLifecycle fills a bucket with objects that are past their time, and starts the run that deletes them.
func (e *Env) startLifecycle(ctx context.Context, objects int) (*lifecycleRun, error) {
	bucket, err := e.freshBucket("lifecycle")
	if err != nil {
		return nil, err
	}
	if err := e.fill(ctx, bucket, objects, listKey, e.body(listedSize)); err != nil {
		return nil, err
	}
	owner := NewClient(e.Target, 0)
	defer owner.Close()
	rule := sha256.Sum256([]byte(expireAll))
	if _, err := owner.Do(&Request{Method: "PUT", Path: "/" + bucket, Query: "lifecycle=", Payload: hex.EncodeToString(rule[:])}, []byte(expireAll), 200); err != nil {
		return nil, err
	}
	ask := fmt.Appendf(nil, `{"bucket":%q}`, bucket)
	sum := sha256.Sum256(ask)
	run := &lifecycleRun{env: e, bucket: bucket, want: objects, begun: time.Now()}
	started := make(chan error, 1)
	go func() { // is answered after 20 s when the run takes longer
		c := NewClient(e.Admin, 1)
		defer c.Close()
		_, err := c.Do(&Request{Method: "POST", Path: "/admin/lifecycle/run", Payload: hex.EncodeToString(sum[:])}, ask, 202)
		if s := (*StatusError)(nil); errors.As(err, &s) && s.Status == 200 {
			err = nil // over already
		}
		started <- err
	}()
	select {
	case err := <-started:
		return run, err
	case <-time.After(100 * time.Millisecond):
		return run, nil
	}
}

// wait waits for the end of the run and says how long it took.
func (l *lifecycleRun) wait(ctx context.Context) error {
	c := NewClient(l.env.Admin, 0)
	defer c.Close()
	for {
		text, err := c.Text(&Request{Method: "GET", Path: "/admin/lifecycle/history", Query: "bucket=" + l.bucket}, nil, 200)
		if err != nil {
			return err
		}
		if bytes.Contains(text, []byte(l.bucket)) {
			return l.report(text)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second): // administrators are limited too
		}
	}
}

func (l *lifecycleRun) report(history []byte) error {
	var h struct {
		Executions []struct {
			Deleted int     `json:"objects_deleted"`
			Seconds float64 `json:"execution_time_seconds"`
		}
	}
	if err := json.Unmarshal(history, &h); err != nil {
		return err
	}
	last := h.Executions[0]
	if last.Deleted != l.want {
		return fmt.Errorf("a lifecycle run deleted %d objects, want %d", last.Deleted, l.want)
	}
	l.env.logf("a lifecycle run deleted %d objects in %.1f s (%.0f a second), %.1f s after it was asked for", last.Deleted, last.Seconds, float64(last.Deleted)/last.Seconds, time.Since(l.begun).Seconds())
	return nil
}

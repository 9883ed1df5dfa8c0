package object_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"myfsio/blob/memblob"
	"myfsio/fault"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/vfs/memfs"
)

// The keys of concurrent tests.
var hot = [...]string{"a", "a/b", "b"}

// registers is a bucket as a sequential machine sees it: an entity tag for each hot key, "" where it has no current version.
type registers [len(hot)]string

// asked is an operation as a client begins it.
type asked struct {
	op   string // put, complete, delete, get, list
	key  int
	etag string // of the body to write
	cond object.WriteConditions
}

// answered is what the client was told.
type answered struct {
	kind  fault.Kind // of the error, 0 for success
	found registers  // by a list, or the one of a get
}

// step says whether a bucket in state r may answer so, and what it becomes.
func (r registers) step(in asked, out answered) (bool, registers) {
	cur := r[in.key]
	next := r
	switch in.op {
	case "list":
		return out == answered{found: r}, r
	case "get":
		if cur == "" {
			return out.kind == fault.NoSuchKey, r
		}
		return out.kind == 0 && out.found[in.key] == cur, r
	case "delete":
		next[in.key] = ""
	default:
		next[in.key] = in.etag
	}
	want := fault.Kind(0)
	switch c := in.cond; {
	case c.IfNoneMatch != "" && cur != "", c.IfMatch != "" && c.IfMatch != "*" && cur != "" && c.IfMatch != cur:
		want = fault.PreconditionFailed
	case c.IfMatch != "" && cur == "" && in.op == "delete":
		want = fault.PreconditionFailed
	case c.IfMatch != "" && cur == "":
		want = fault.NoSuchKey
	}
	if want != 0 {
		next = r
	}
	return out.kind == want, next
}

// perKey is the machine for histories without lists, in which keys are independent; whole is the machine for all.
var (
	whole = porcupine.Model{
		Init: func() any { return registers{} },
		Step: func(state, in, out any) (bool, any) { return state.(registers).step(in.(asked), out.(answered)) },
		DescribeOperation: func(in, out any) string {
			return fmt.Sprintf("%+v -> %+v", in, out)
		},
	}
	perKey = porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			out := make([][]porcupine.Operation, len(hot))
			for _, op := range history {
				k := op.Input.(asked).key
				out[k] = append(out[k], op)
			}
			return out
		},
		Init: whole.Init, Step: whole.Step, DescribeOperation: whole.DescribeOperation,
	}
)

// client does operations one after the other and writes its history.
type client struct {
	x       *shop
	id      int
	rng     *rand.Rand
	start   time.Time
	seen    string // an entity tag met lately, for conditions
	history []porcupine.Operation
}

func (c *client) run(ops []string, n int) error {
	for i := range n {
		in := asked{op: ops[c.rng.IntN(len(ops))], key: c.rng.IntN(len(hot))}
		data := content(uint64(c.id*1000+i), sizes[c.rng.IntN(len(sizes))])
		do, err := c.prepare(&in, data)
		if err != nil {
			return err
		}
		call := time.Since(c.start)
		out, err := do()
		back := time.Since(c.start)
		if err != nil {
			return err
		}
		c.history = append(c.history, porcupine.Operation{ClientId: c.id, Input: in, Call: int64(call), Output: out, Return: int64(back)})
	}
	return nil
}

// told turns an error into an answer; one that no client should get stays an error.
func told(err error) (answered, error) {
	switch k := fault.KindOf(err); {
	case err == nil:
		return answered{}, nil
	case k == fault.NoSuchKey || k == fault.PreconditionFailed:
		return answered{kind: k}, nil
	}
	return answered{}, err
}

// prepare draws the rest of an operation and returns what does it.
func (c *client) prepare(in *asked, data []byte) (func() (answered, error), error) {
	x, key := c.x, hot[in.key]
	if c.rng.IntN(2) == 0 && in.op != "get" && in.op != "list" {
		in.cond = []object.WriteConditions{{IfMatch: c.seen}, {IfMatch: "*"}, {IfNoneMatch: "*"}}[c.rng.IntN(3)]
		if in.op == "delete" {
			in.cond.IfNoneMatch = ""
		}
	}
	switch in.op {
	case "put":
		in.etag = md5Hex(data)
		return func() (answered, error) {
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Body: body(data), If: in.cond})
			return told(err)
		}, nil
	case "complete":
		return c.prepareComplete(in, data)
	case "delete":
		return func() (answered, error) {
			_, err := x.s.Delete(x.ctx, object.DeleteObject{Bucket: home, Key: key, If: in.cond})
			return told(err)
		}, nil
	case "get":
		return func() (answered, error) { return c.get(in.key) }, nil
	}
	return c.list, nil
}

func (c *client) prepareComplete(in *asked, data []byte) (func() (answered, error), error) {
	x, key := c.x, hot[in.key]
	u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: key})
	if err != nil {
		return nil, err
	}
	req := completeOf(u)
	for _, n := range []int{3, 1} { // not in place
		p, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: key, UploadID: u.UploadID, Number: n, Body: body(append(data, make([]byte, 20+n)...))})
		if err != nil {
			return nil, err
		}
		req.Parts = append([]object.CompletePart{{Number: n, ETag: p.ETag}}, req.Parts...)
	}
	req.If = in.cond
	in.etag = partsTag(append(data, make([]byte, 21)...), append(data, make([]byte, 23)...))
	return func() (answered, error) {
		_, err := x.s.CompleteUpload(x.ctx, req)
		return told(err)
	}, nil
}

// get reads all bytes and demands that they are those of the entity tag.
func (c *client) get(key int) (answered, error) {
	r, err := c.x.s.Open(c.x.ctx, object.GetObject{Bucket: home, Key: hot[key]})
	if err != nil {
		return told(err)
	}
	data, err := io.ReadAll(struct{ io.Reader }{r})
	if err = errors.Join(err, r.Close()); err != nil {
		return answered{}, err
	}
	got := md5Hex(data)
	if r.Version.Parts > 0 {
		half := (len(data) - 2) / 2 // the second part is two bytes longer
		got = partsTag(data[:half], data[half:])
	}
	if c.seen = r.Version.ETag; got != c.seen {
		return answered{}, fmt.Errorf("bytes of %s under the headers of %s", got, c.seen)
	}
	out := answered{}
	out.found[key] = got
	return out, nil
}

func (c *client) list() (answered, error) {
	page, err := c.x.s.List(c.x.ctx, object.ListObjects{Bucket: home, Max: 1000})
	if err != nil {
		return answered{}, err
	}
	out := answered{}
	for _, v := range page.Objects {
		for i, k := range hot {
			if k == v.Key {
				out.found[i] = v.ETag
			}
		}
	}
	return out, nil
}

// partsTag is the entity tag of an object of two parts.
func partsTag(parts ...[]byte) string {
	var sums []byte
	for _, p := range parts {
		sums = append(sums, sumMD5(p)...)
	}
	return fmt.Sprintf("%s-%d", md5Hex(sums), len(parts))
}

// concurrently makes a shop on each pair of engines.
func concurrently(t *testing.T, fn func(t *testing.T, x *shop)) {
	t.Run("memory", func(t *testing.T) { fn(t, newShop(t, object.Unversioned)) })
	t.Run("stern", func(t *testing.T) {
		fn(t, shopOver(t, memkv.With(memkv.Options{Retry: true, Poison: true, Seed: 3}), memblob.New(), object.Unversioned))
	})
	t.Run("disk", func(t *testing.T) {
		d, err := openOn(memfs.New(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer d.close()
		fn(t, shopOver(t, d.db, d.blobs, object.Unversioned))
	})
}

// upkeep runs the workers until stop is called.
func (x *shop) upkeep() (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-x.s.Signals().Reclaim:
			case <-x.s.Signals().Assemble:
			}
			if err := errors.Join(assembleAll(x.ctx, x.s), reclaimAll(x.ctx, x.s)); err != nil {
				x.Error(err)
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

func TestLinearizable(t *testing.T) {
	concurrently(t, func(t *testing.T, x *shop) {
		for round := range 6 {
			model, ops, n := perKey, []string{"put", "put", "get", "get", "get", "delete", "complete"}, 40
			if round%2 == 1 {
				model, ops, n = whole, append(ops, "list", "list", "list"), 25
			}
			x.delete("a", "")
			x.delete("a/b", "")
			x.delete("b", "")
			history := x.clients(4, n, ops, uint64(round))
			if got := porcupine.CheckOperationsTimeout(model, history, time.Minute); got != porcupine.Ok {
				t.Fatalf("round %d: %s: %v", round, got, history)
			}
		}
		x.drain()
		x.clean()
	})
}

// clients runs clients at the same time, and the workers, and returns the history of them all.
func (x *shop) clients(count, n int, ops []string, seed uint64) (history []porcupine.Operation) {
	stop := x.upkeep()
	defer stop()
	start := time.Now()
	cs := make([]*client, count)
	var wg sync.WaitGroup
	for i := range cs {
		cs[i] = &client{x: x, id: i, rng: rand.New(rand.NewPCG(seed, uint64(i)+100)), start: start, seen: "none"}
		wg.Go(func() {
			if err := cs[i].run(ops, n); err != nil {
				x.Error(err)
			}
		})
	}
	wg.Wait()
	for _, c := range cs {
		history = append(history, c.history...)
	}
	return history
}

// Of many that write on the same condition at the same time exactly one wins.
func TestOneWinner(t *testing.T) {
	concurrently(t, func(t *testing.T, x *shop) {
		for round := range 20 {
			cond := object.WriteConditions{IfNoneMatch: "*"}
			if round > 0 {
				cond = object.WriteConditions{IfMatch: x.open(object.GetObject{Key: "k", HeadOnly: true}).Version.ETag}
			}
			var won atomic.Int32
			var winner atomic.Pointer[[]byte]
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					data := content(uint64(round*8+i), 40+i*10) // inline and blobs
					switch _, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(data), If: cond}); {
					case err == nil:
						won.Add(1)
						winner.Store(&data)
					case !fault.Is(err, fault.PreconditionFailed):
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Fatalf("round %d: %d winners", round, won.Load())
			}
			x.get("k", "", *winner.Load())
		}
		x.clean()
	})
}

// Parts come at the same time, some numbers several times with different bytes; the object is what the listed entity
// tags say.
func TestConcurrentParts(t *testing.T) {
	concurrently(t, func(t *testing.T, x *shop) {
		for round := range 5 {
			u := x.begin("k")
			var mu sync.Mutex
			sent := map[string][]byte{}
			var wg sync.WaitGroup
			for i := range 18 {
				wg.Go(func() {
					data := content(uint64(round*100+i), []int{100, 100, 60, 200}[(i+round)%4])
					p := x.part(u, i%6+1, data)
					mu.Lock()
					defer mu.Unlock()
					sent[p.ETag] = data
				})
			}
			wg.Wait()
			page, err := x.s.ListParts(x.ctx, object.ListParts{Bucket: home, Key: "k", UploadID: u.UploadID, Max: 1000})
			x.ok(err)
			var list []object.CompletePart
			var want []byte
			for _, p := range page.Parts {
				list = append(list, object.CompletePart{Number: p.Number, ETag: p.ETag})
				want = append(want, sent[p.ETag]...)
			}
			if len(list) != 6 {
				t.Fatalf("%d parts", len(list))
			}
			x.clean()
			x.complete(u, list...)
			x.get("k", "", want)
			x.drain()
			x.get("k", "", want)
			x.wantBlobs(int64(len(want)))
			x.clean()
		}
	})
}

package query

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"myfsio/fault"
)

// Config is what an Engine is made of.
type Config struct {
	// Command starts a worker: the program and its arguments.
	Command []string
	Limits  Limits        // of one worker; zero fields mean 256 MiB and 300 s
	Slots   int           // queries at a time; 0 means GOMAXPROCS
	Wait    time.Duration // how long a query waits for a slot before it is refused with SlowDown; 0 means 10 s
}

// Engine runs queries. It may be used by many goroutines.
type Engine struct {
	cfg   Config
	slots chan struct{}
}

// New returns an engine.
func New(cfg Config) *Engine {
	if cfg.Limits.Memory <= 0 {
		cfg.Limits.Memory = 256 << 20
	}
	if cfg.Limits.CPU <= 0 {
		cfg.Limits.CPU = 300
	}
	if cfg.Slots <= 0 {
		cfg.Slots = runtime.GOMAXPROCS(0)
	}
	if cfg.Wait <= 0 {
		cfg.Wait = 10 * time.Second
	}
	return &Engine{cfg: cfg, slots: make(chan struct{}, cfg.Slots)}
}

// Source is the object: bytes that do not change, and their number.
type Source interface {
	io.ReaderAt
	Size() int64
}

// Event is one step of a query. Data is valid until the next step.
type Event struct {
	Kind  Kind // Records, Progress or End
	Data  []byte
	Stats Stats
}

// Run is a query on its way. It belongs to one goroutine and must be closed.
type Run struct {
	e      *Engine
	ctx    context.Context
	cancel context.CancelFunc
	src    Source
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errOut tail
	frame  []byte
	read   []byte
	first  *Event // found by Start
	ended  bool
	waited bool
}

// Start begins a query and returns when its first event is there. An error up to then, such as one in the SQL, is
// returned here. The query is killed when ctx ends. The source is read until Close, by the caller's goroutine only.
func (e *Engine) Start(ctx context.Context, q Query, src Source) (*Run, error) {
	if err := q.Complete(); err != nil {
		return nil, err
	}
	if err := e.acquire(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &Run{e: e, ctx: ctx, cancel: cancel, src: src}
	q.Size, q.Limits = src.Size(), e.cfg.Limits
	err := r.spawn(&q)
	if err == nil {
		var ev Event
		if ev, err = r.Next(); err == nil {
			r.first = &ev
			return r, nil
		}
	}
	r.Close()
	return nil, err
}

func (e *Engine) acquire(ctx context.Context) error {
	select {
	case e.slots <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(e.cfg.Wait)
	defer t.Stop()
	select {
	case e.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return fault.New(fault.SlowDown, "Too many queries are running. Please reduce your request rate.")
	}
}

// spawn starts the worker and gives it the query.
func (r *Run) spawn(q *Query) error {
	ask, err := json.Marshal(q)
	if err != nil {
		return err
	}
	r.cmd = exec.CommandContext(r.ctx, r.e.cfg.Command[0], r.e.cfg.Command[1:]...)
	r.cmd.Env = []string{"GOTRACEBACK=none", "GOMAXPROCS=2"}
	r.cmd.Dir = "/"
	r.cmd.Stderr = &r.errOut
	r.cmd.WaitDelay = 5 * time.Second
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	r.out = bufio.NewReaderSize(out, 64<<10)
	if err := r.cmd.Start(); err != nil {
		r.cmd = nil
		return fmt.Errorf("query: start the worker: %w", err)
	}
	r.send(Ask, ask)
	return nil
}

// send writes a message to the worker. That it is no longer read is no failure yet: a worker that has what it needs
// ends while a read of its own is under way, and what it said before is still to be read. If it died, reading tells.
func (r *Run) send(k Kind, payload []byte) {
	_ = WriteFrame(r.in, k, payload)
}

// Next returns the next event; io.EOF when End was returned before.
func (r *Run) Next() (Event, error) {
	if r.first != nil {
		ev := *r.first
		r.first = nil
		return ev, nil
	}
	if r.ended {
		return Event{}, io.EOF
	}
	for {
		kind, payload, err := ReadFrame(r.out, r.frame)
		if err != nil {
			return Event{}, r.died(err)
		}
		r.frame = payload[:0]
		switch kind {
		case Read:
			if err := r.reply(payload); err != nil {
				return Event{}, err
			}
		case Records:
			return Event{Kind: kind, Data: payload}, nil
		case Progress, End:
			r.ended = kind == End
			stats, err := parseStats(payload)
			return Event{Kind: kind, Stats: stats}, err
		case Failed:
			return Event{}, failure(payload)
		default:
			return Event{}, fmt.Errorf("query: message of kind %q from the worker", byte(kind))
		}
	}
}

// reply sends the bytes that the worker asks for.
func (r *Run) reply(payload []byte) error {
	if len(payload) != 12 {
		return errors.New("query: malformed message from the worker")
	}
	off, n := int64(binary.BigEndian.Uint64(payload)), int64(binary.BigEndian.Uint32(payload[8:]))
	size := r.src.Size()
	if off < 0 || n > MaxRead || off > size || n > size-off {
		return errors.New("query: the worker asks for bytes that are not there")
	}
	if int64(cap(r.read)) < n {
		r.read = make([]byte, n)
	}
	b := r.read[:n]
	if m, err := r.src.ReadAt(b, off); int64(m) < n {
		return fmt.Errorf("query: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	r.send(Bytes, b)
	return nil
}

// died tells why the worker ended without a last word.
func (r *Run) died(cause error) error {
	gone := r.ctx.Err()
	r.wait()
	if gone != nil {
		return gone
	}
	state, text := r.cmd.ProcessState, r.errOut.String()
	if state == nil {
		return fmt.Errorf("query: worker: %w", cause)
	}
	used := state.UserTime() + state.SystemTime()
	switch limit := r.e.cfg.Limits; {
	case used+time.Second >= time.Duration(limit.CPU)*time.Second:
		return Errorf(codeLimit, "The query needs more than %d seconds of processor time. Ask for less at a time.", limit.CPU)
	case outOfMemory(text):
		return Errorf(codeLimit, "The query needs more than %d MiB of memory. Ask for less at a time.", limit.Memory>>20)
	default:
		return fmt.Errorf("query: worker ended with %v: %s", state, text)
	}
}

// codeLimit is the code of S3 Select for a query that the server cannot evaluate.
const codeLimit = "ExternalEvalException"

// outOfMemory reports whether the last words of a worker speak of memory.
func outOfMemory(text string) bool {
	for _, sign := range []string{"out of memory", "cannot allocate", "bad_alloc", "allocat", "ENOMEM", "mmap", "newosproc", "pthread_create"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

func (r *Run) wait() {
	if r.cmd == nil || r.waited {
		return
	}
	r.waited = true
	r.in.Close()
	r.cmd.Wait() // the state tells what there is to know
}

// Close ends the query, kills the worker if it still runs, and frees its slot.
func (r *Run) Close() {
	if r.e == nil {
		return
	}
	r.cancel()
	r.wait()
	<-r.e.slots
	r.e = nil
}

// tail keeps the first bytes of what is written to it, which tell more than the last ones of a trace.
type tail struct{ b []byte }

const maxTail = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[:min(len(p), maxTail-len(t.b))]...)
	return len(p), nil
}

// String returns what is kept.
func (t *tail) String() string { return string(t.b) }

// Self returns the program that is running, as it was when it was started: another one may have taken its place on disk.
func Self() (string, error) {
	if _, err := os.Stat("/proc/self/exe"); err == nil {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/query"
)

var all = query.Query{Expression: "select * from s3object", In: csvNone, Out: asCSV}

// TestCancel ends a query in its midst.
func TestCancel(t *testing.T) {
	e := engine(t, query.Config{Slots: 1})
	ctx, cancel := context.WithCancel(context.Background())
	src := inMemory{bytes.NewReader(bytes.Repeat([]byte("abcdefgh,ijkl\n"), 1<<20))}
	r, err := e.Start(ctx, all, src)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r.Close()
	r.Close()
	if a := ask(t, e, all, []byte("a\n")); a.text != "a\n" { // its slot is free
		t.Error(a.err)
	}
}

// TestSlots refuses a query that waited too long for others.
func TestSlots(t *testing.T) {
	e := engine(t, query.Config{Slots: 1, Wait: time.Millisecond})
	r, err := e.Start(context.Background(), all, inMemory{bytes.NewReader(bytes.Repeat([]byte("a,b\n"), 1<<20))})
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(t, e, all, []byte("a\n")); !fault.Is(a.err, fault.SlowDown) {
		t.Error(a.err)
	}
	r.Close()
	if a := ask(t, e, all, []byte("a\n")); a.err != nil {
		t.Error(a.err)
	}
}

// brokenSource fails behind its first megabytes.
type brokenSource struct{ n int64 }

func (b brokenSource) Size() int64 { return 100 << 20 }

func (b brokenSource) ReadAt(p []byte, off int64) (int, error) {
	if off >= b.n {
		return 0, io.ErrClosedPipe
	}
	return copy(p, bytes.Repeat([]byte("a,b\n"), len(p)/4+1)), nil
}

// TestBrokenSource gives the error of the source, not one of the worker.
func TestBrokenSource(t *testing.T) {
	e := engine(t, query.Config{})
	for _, n := range []int64{0, 8 << 20} {
		r, err := e.Start(context.Background(), all, brokenSource{n})
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Error(n, err)
		}
		if r != nil {
			r.Close()
		}
	}
}

// TestNoWorker starts what is not a worker.
func TestNoWorker(t *testing.T) {
	for _, command := range []string{"/nonexistent", "/bin/false", "/bin/cat", os.DevNull} {
		e := query.New(query.Config{Command: []string{command}})
		if _, err := e.Start(context.Background(), all, inMemory{bytes.NewReader([]byte("a\n"))}); err == nil || fault.Is(err, fault.InvalidRequest) {
			t.Error(command, err)
		}
	}
}

// TestProcessorTime stops a query that computes for too long.
func TestProcessorTime(t *testing.T) {
	e := engine(t, query.Config{Limits: query.Limits{CPU: 1}})
	q := all
	q.Expression = "select count(*) from s3object where regexp_matches(_1, '(x+x+)+y" + strings.Repeat("|(x*z?){50}w", 8) + "')"
	if a := ask(t, e, q, bytes.Repeat([]byte(strings.Repeat("x", 2000)+"\n"), 100000)); a.code() != "ExternalEvalException" || !strings.Contains(a.err.Error(), "processor time") {
		t.Error(a.text, a.err)
	}
}

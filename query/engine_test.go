package query

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
)

// TestMain is also a worker, see TestWorkerEndsAheadOfItsRead.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "hasty-worker" {
		os.Exit(hasty(os.Stdout))
	}
	os.Exit(m.Run())
}

// hasty asks for more than a pipe holds, and ends with a result without taking it.
func hasty(out io.Writer) int {
	var all bytes.Buffer
	WriteFrame(&all, Read, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0})
	WriteFrame(&all, Records, []byte("x\n"))
	WriteFrame(&all, End, Stats{Returned: 2}.Append(nil))
	if _, err := out.Write(all.Bytes()); err != nil {
		return 1
	}
	return 0
}

type zeros struct{}

func (zeros) ReadAt(p []byte, off int64) (int, error) { clear(p); return len(p), nil }
func (zeros) Size() int64                             { return 8 << 20 }

// TestWorkerEndsAheadOfItsRead is a statement with LIMIT: the worker has what it needs while its reader still wants more.
func TestWorkerEndsAheadOfItsRead(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	e := New(Config{Command: []string{self, "hasty-worker"}})
	r, err := e.Start(context.Background(), Query{Expression: "select 1", Out: Output{Format: CSV}}, zeros{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if ev, err := r.Next(); err != nil || ev.Kind != Records || string(ev.Data) != "x\n" {
		t.Fatalf("%+v %v", ev, err)
	}
	if ev, err := r.Next(); err != nil || ev.Kind != End || ev.Stats.Returned != 2 {
		t.Fatalf("%+v %v", ev, err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatal(err)
	}
}

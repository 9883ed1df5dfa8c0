package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/query"
)

// TestMain is also the worker of the tests.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "select-worker" {
		os.Exit(Main(os.Stdin, os.Stdout))
	}
	if len(os.Args) == 3 && os.Args[1] == "select-raw" {
		os.Exit(runRaw(os.Args[2]))
	}
	os.Exit(m.Run())
}

// engine returns an engine whose workers are this test.
func engine(t testing.TB, cfg query.Config) *query.Engine {
	t.Helper()
	if !Built {
		t.Skip("built without SQL")
	}
	self, err := query.Self()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Command = []string{self, "select-worker"}
	return query.New(cfg)
}

// object bytes in memory.
type inMemory struct{ *bytes.Reader }

func (m inMemory) Size() int64 { return m.Reader.Size() }

// answer is the whole result of a query.
type answer struct {
	text  string
	stats query.Stats
	err   error
}

// code is the S3 code of the error.
func (a answer) code() string {
	var fe *fault.Error
	if errors.As(a.err, &fe) {
		return fe.Code
	}
	if a.err != nil {
		return "error"
	}
	return ""
}

func ask(t testing.TB, e *query.Engine, q query.Query, data []byte) (a answer) {
	t.Helper()
	if q.Now.IsZero() {
		q.Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	}
	r, err := e.Start(context.Background(), q, inMemory{bytes.NewReader(data)})
	if err != nil {
		return answer{err: err}
	}
	defer r.Close()
	var out bytes.Buffer
	for {
		ev, err := r.Next()
		switch {
		case err == io.EOF:
			a.text = out.String()
			return a
		case err != nil:
			a.text, a.err = out.String(), err
			return a
		}
		out.Write(ev.Data)
		if ev.Kind == query.End {
			a.stats = ev.Stats
		}
	}
}

// Inputs and outputs that tests use.
var (
	csvUse  = query.Input{Format: query.CSV, CSV: query.CSVInput{Header: query.UseHeader}}
	csvNone = query.Input{Format: query.CSV}
	lines   = query.Input{Format: query.JSON}
	doc     = query.Input{Format: query.JSON, Document: true}
	pq      = query.Input{Format: query.Parquet}
	asCSV   = query.Output{Format: query.CSV}
	asJSON  = query.Output{Format: query.JSON}
)

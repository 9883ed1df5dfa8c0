//go:build cgo && !noselect

package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"myfsio/fault"
	"myfsio/query"
)

// Built reports whether this build can run queries.
const Built = true

// Main runs the one query that comes from in, and returns the exit code of the process. It changes the limits of
// the whole process.
func Main(in, out *os.File) int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // the server says when it is over
	s, q, err := connect(in, out)
	if err != nil {
		return 1
	}
	stats := new(counts)
	done := make(chan struct{})
	go tell(s, stats, done)
	err = run(s, q, stats)
	close(done)
	if err == nil {
		err = s.frame(query.End, stats.now().Append(nil))
	} else {
		err = s.frame(query.Failed, failure(err))
	}
	if err != nil {
		return 1
	}
	return 0
}

// tell sends the statistics every second, after the first two.
func tell(s *server, stats *counts, done chan struct{}) {
	time.Sleep(time.Second)
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
			s.frame(query.Progress, stats.now().Append(nil))
		}
	}
}

func (c *counts) now() query.Stats {
	return query.Stats{Scanned: c.scanned.Load(), Processed: c.processed.Load(), Returned: c.returned.Load()}
}

// failure is err for the server: what is the client's fault has a code.
func failure(err error) []byte {
	f := query.Failure{Message: err.Error()}
	var fe *fault.Error
	if errors.As(err, &fe) && fe.Kind == fault.InvalidRequest {
		f = query.Failure{Code: fe.Code, Message: fe.Msg}
	}
	b, _ := json.Marshal(f) // two strings
	return b
}

// run runs the query.
func run(s *server, q *query.Query, stats *counts) error {
	if err := limitProcess(q.Limits); err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	db, err := openDuck(q.Limits)
	if err != nil {
		return err
	}
	if err := closeDoors(); err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	lx, err := lex(q.Expression)
	if err != nil {
		return err
	}
	doc, err := db.parse(lx.sql)
	if err != nil {
		return err
	}
	st, err := statement(doc)
	if err != nil {
		return err
	}
	src, err := newSource(q, &object{at: bounded{s, q.Size}, size: q.Size, stats: stats})
	if err != nil {
		return err
	}
	if err := setFrom(src, lx.from); err != nil {
		return err
	}
	p, err := newPlan(st, src, q)
	if err != nil {
		return err
	}
	return evaluate(s, q, db, src, p, stats)
}

// setFrom gives the source the path of FROM. Tables of CSV and Parquet have none but [*].
func setFrom(src source, from []step) error {
	if j, ok := src.(*jsonSource); ok {
		j.from = from
		return nil
	}
	for _, f := range from {
		if !f.all {
			return query.Errorf("InvalidKeyPath", "Key path in the SQL expression is not valid: only JSON has paths.")
		}
	}
	return nil
}

// evaluate runs the plan and sends the results.
func evaluate(s *server, q *query.Query, db *duck, src source, p *plan, stats *counts) error {
	f := newFeed(src)
	if err := db.register(f); err != nil {
		return err
	}
	var header []string
	if c, ok := src.(*csvSource); ok {
		header = c.header()
	}
	kinds, err := db.prepare(p)
	if err != nil {
		return err
	}
	send := func(b []byte) error {
		stats.returned.Add(int64(len(b)))
		return s.frame(query.Records, b)
	}
	e := newEncoder(q, p.out, kinds, header, send)
	if err := db.rows(e.row); err != nil {
		if f.err != nil {
			err = f.err
		}
		e.flush() // what came before the error
		return err
	}
	return e.flush()
}

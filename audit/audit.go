// Package audit keeps the record of who changed what, and of who could not prove who he is.
//
// # Files
//
// A directory, readable by its owner alone, holds one file for each day (UTC), 2026-01-31.jsonl, and further ones when it is
// full, 2026-01-31.1.jsonl and so on. Each line is a JSON object with "time" and "kind":
//
//	change    one administrative change or a refused attempt: who, from where, what, the outcome
//	refused   requests whose sender could not prove who he is: key, address, code, and how many since when
//	left_out  how many refusals got no line of their own
//	lost      how many lines could not be written, since when
//
// The oldest files are removed when all exceed MaxTotal. Lines are only ever appended, so the files may be read, copied and
// followed while the server runs. A crash may tear the last line; the next one begins a line of its own.
//
// # Promises
//
// A change is on disk when [Log.Change] returns; many at once share one sync. Refusals are not synced, and a flood of them cannot
// fill the disk, nor push changes out of it in a short time: each (access key, address, code) gets at most one line a
// minute, each network at most [perNetwork] sorts of line, all together [perMinute] lines a minute and a hundredth of MaxTotal a
// day. What gets no line is counted. Fields are bounded and hold no secret.
//
// A disk that fails refuses nothing: the fault is logged once, counted in [Log.Health], and when the disk is well again a
// line says how many lines are missing.
package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"
)

// Options of a Log. Dir is needed; its parent must exist.
type Options struct {
	Dir      string
	MaxBytes int64 // of a file; default 64 MiB
	MaxTotal int64 // of all files; default 1 GiB, at least twice MaxBytes
	Log      *slog.Logger
	Now      func() time.Time

	disk disk // tests
}

// Log is an open audit log. Its methods may be called at the same time. Close it.
type Log struct {
	o Options

	mu      sync.Mutex // of what follows
	next    *batch     // what the next write takes; nil: nobody waits
	failed  error      // of the last write
	lost    int64      // lines since Open that could not be written
	missing int64      // of lost, those that no line tells of yet
	since   time.Time  // when the first of missing was
	closed  bool

	writing sync.Mutex // of w; taken before mu
	w       writer

	refusals refusals
}

// batch is lines that are written, and synced, together.
type batch struct {
	lines []byte
	count int64
	sync  bool
	done  chan struct{}
}

// Open makes the directory where needed, and ends a line that a crash has torn.
func Open(o Options) (*Log, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.disk == nil {
		o.disk = osDisk{}
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.MaxTotal <= 0 {
		o.MaxTotal = 1 << 30
	}
	o.MaxTotal = max(o.MaxTotal, 2*o.MaxBytes)
	l := &Log{o: o, w: writer{disk: o.disk, dir: o.Dir, maxBytes: o.MaxBytes, maxTotal: o.MaxTotal}}
	l.refusals.init(o.MaxTotal / 100)
	err := o.disk.Mkdir(o.Dir)
	if err == nil {
		err = l.w.resume()
	}
	if err != nil {
		l.w.close()
		return nil, fmt.Errorf("audit log: %w", err)
	}
	return l, nil
}

// Change writes one change. It is durable when Change returns, unless the disk fails, which [Log.Health] tells.
func (l *Log) Change(e Event) {
	if e.Time.IsZero() {
		e.Time = l.o.Now()
	}
	l.append(e.line().bytes(), 1, true)
}

// append adds lines to the next batch and returns when it is written. The first one of a batch writes it, as soon as the batch
// before it is done; meanwhile others join.
func (l *Log) append(lines []byte, count int64, sync bool) {
	l.mu.Lock()
	b := l.next
	first := b == nil
	if first {
		b = &batch{done: make(chan struct{})}
		l.next = b
	}
	b.lines, b.count, b.sync = append(b.lines, lines...), b.count+count, b.sync || sync
	l.mu.Unlock()
	if !first {
		<-b.done
		return
	}
	l.writing.Lock()
	l.write(b)
	l.writing.Unlock()
	close(b.done)
}

// write writes the batch b, which nobody can join any more once it has begun.
func (l *Log) write(b *batch) {
	now := l.o.Now()
	l.mu.Lock()
	l.next = nil
	told, closed := l.missing, l.closed
	if told > 0 {
		b.sync = true // the disk is well again when it can sync
		b.lines = append(b.lines, (&line{Time: stamp(now), Kind: kindLost, Count: told, Since: stamp(l.since)}).bytes()...)
	}
	l.mu.Unlock()
	err := error(fs.ErrClosed)
	if !closed {
		err = l.w.write(now, b.lines, b.sync)
		if err != nil { // a line that is there twice is better than none
			err = l.w.write(now, b.lines, b.sync)
		}
	}
	l.note(now, err, l.w.trim, b.count, told)
}

// note keeps the state of the disk, and logs when it changes.
func (l *Log) note(now time.Time, err, trim error, count, told int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.failed
	if err != nil {
		if l.missing == 0 {
			l.since = now
		}
		l.lost, l.missing = l.lost+count, l.missing+count
		l.failed = err
	} else {
		l.missing -= told
		l.failed = trim
	}
	switch {
	case l.failed != nil && before == nil && err != nil:
		l.o.Log.Error("the audit log cannot be written; changes go on without it", "dir", l.o.Dir, "error", err)
	case l.failed != nil && before == nil:
		l.o.Log.Error("old files of the audit log cannot be removed", "dir", l.o.Dir, "error", trim)
	case l.failed == nil && before != nil:
		l.o.Log.Info("the audit log is written again", "dir", l.o.Dir, "lost", l.lost)
	}
}

// Health is the state of the log.
type Health struct {
	Err  error // why the last write failed; nil when all is well
	Lost int64 // lines since Open that could not be written
}

// Health returns the state of the log.
func (l *Log) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Health{l.failed, l.lost}
}

// Close writes the refusals that were only counted so far, and makes everything durable. What is reported afterwards is lost.
func (l *Log) Close() error {
	if lines, n := l.refusals.end(l.o.Now()); n > 0 {
		l.append(lines, n, true)
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	again := l.closed
	l.closed = true
	l.mu.Unlock()
	if again || l.w.open == nil {
		return nil
	}
	return errors.Join(l.w.open.Sync(), l.w.close())
}

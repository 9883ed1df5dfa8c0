package accesslog

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"myfsio/fault"
	"myfsio/ident"
)

// Source tells a Log about buckets and takes what it writes. [Objects] is the one over a store of objects.
type Source interface {
	// Logging returns the canonical id of a bucket's owner and the bucket's logging configuration, a nil document when it has
	// none. It fails with fault.NoSuchBucket.
	Logging(ctx context.Context, bucket string) (owner string, doc []byte, err error)
	// Write makes an object in a bucket, which belongs to the bucket's owner.
	Write(ctx context.Context, bucket, key string, data []byte) error
}

// Options of a Log. Source is needed.
type Options struct {
	Source Source
	Region string
	// Every is how long a line waits at most; 0 means a minute.
	Every time.Duration
	// MaxObject is how many bytes one object of a log has, about; 0 means 1 MiB.
	MaxObject int
	// MaxMemory is how many bytes of lines are kept in all; 0 means 64 MiB.
	MaxMemory int
	// CacheFor is how long the configuration of a bucket is used without a look, where [Log.Forget] was not called for it; 0 means 10 s.
	CacheFor time.Duration
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: none
}

// Log writes access logs. Its methods may be called at the same time, Run once.
type Log struct {
	o    Options
	full chan struct{} // a token when a piece is ready to be written

	known sync.Map // bucket: *target

	mu      sync.Mutex // of what follows
	pieces  map[string]*piece
	ready   []*piece // in the order in which they became ready
	size    int      // bytes of all pieces
	cached  int      // entries of known, about
	dropped int64    // lines since they were last told of
}

// target is where the lines of a bucket go. nil fields: nowhere.
type target struct {
	until time.Time // when it is looked at again
	owner string    // of the source
	to    *Enabled  // nil: no logging
}

// piece is lines that will be one object.
type piece struct {
	source string
	target *target
	first  time.Time // when its first line was added
	day    string    // of its lines, where that matters
	data   []byte
	lines  int64
}

// New returns a log, of which nothing is written before Run.
func New(o Options) *Log {
	if o.Every <= 0 {
		o.Every = time.Minute
	}
	if o.MaxObject <= 0 {
		o.MaxObject = 1 << 20
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = 64 << 20
	}
	if o.CacheFor <= 0 {
		o.CacheFor = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Log{o: o, full: make(chan struct{}, 1), pieces: map[string]*piece{}}
}

// Wants reports whether requests to a bucket are logged, so that a caller need not make an Entry for nothing.
func (l *Log) Wants(ctx context.Context, bucket string) bool {
	t := l.lookup(ctx, bucket)
	return t != nil && t.to != nil
}

// Forget makes the next request look at the bucket's configuration: it was changed.
func (l *Log) Forget(bucket string) { l.known.Delete(bucket) }

// maxCached is how many buckets are known at the same time. Clients may name buckets that do not exist.
const maxCached = 10000

// lookup returns where the lines of a bucket go; nil when that cannot be found out.
func (l *Log) lookup(ctx context.Context, bucket string) *target {
	if bucket == "" {
		return nil
	}
	if t, ok := l.known.Load(bucket); ok && l.o.Now().Before(t.(*target).until) {
		return t.(*target)
	}
	t, err := l.look(context.WithoutCancel(ctx), bucket) // also for a client that went away
	if err != nil {
		l.o.Log.Error("the logging configuration of a bucket cannot be read; its requests are not logged", "bucket", bucket, "error", err)
		return nil
	}
	l.mu.Lock()
	if l.cached++; l.cached > maxCached {
		l.known.Clear()
		l.cached = 1
	}
	l.mu.Unlock()
	l.known.Store(bucket, t)
	return t
}

func (l *Log) look(ctx context.Context, bucket string) (*target, error) {
	t := &target{until: l.o.Now().Add(l.o.CacheFor)}
	owner, doc, err := l.o.Source.Logging(ctx, bucket)
	switch fault.KindOf(err) {
	case fault.NoSuchBucket, fault.InvalidBucketName:
		return t, nil
	}
	if err != nil || len(doc) == 0 {
		return t, err
	}
	c, err := ParseJSON(doc)
	if err != nil {
		return nil, fmt.Errorf("the stored document: %w", err)
	}
	t.owner, t.to = owner, c.Enabled
	return t, nil
}

// Add adds the line of a request, if its bucket's requests are logged. It keeps no part of e.
func (l *Log) Add(ctx context.Context, e *Entry) {
	t := l.lookup(ctx, e.Bucket)
	if t == nil || t.to == nil {
		return
	}
	var room [1024]byte
	line := e.append(room[:0], t.owner)
	day := ""
	if p := t.to.partitioned(); p != nil && p.Source == eventTime {
		day = e.Time.UTC().Format(time.DateOnly)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+len(line) > l.o.MaxMemory {
		l.dropped++
		return
	}
	p := l.pieces[e.Bucket]
	switch {
	case p == nil:
	case p.day != day || p.target != t && !same(p.target, t):
		l.seal(p)
		p = nil
	default:
		p.target = t
	}
	if p == nil {
		p = &piece{source: e.Bucket, target: t, first: l.o.Now(), day: day}
		l.pieces[e.Bucket] = p
	}
	p.data = append(p.data, line...)
	p.lines++
	l.size += len(line)
	if len(p.data) >= l.o.MaxObject {
		l.seal(p)
	}
}

// same reports whether the lines for two targets may stand in one object.
func same(a, b *target) bool {
	return a.owner == b.owner && bytes.Equal((&Config{Enabled: a.to}).JSON(), (&Config{Enabled: b.to}).JSON())
}

// seal makes a piece ready to be written. l.mu is held.
func (l *Log) seal(p *piece) {
	delete(l.pieces, p.source)
	l.ready = append(l.ready, p)
	select {
	case l.full <- struct{}{}:
	default:
	}
}

func (e *Enabled) partitioned() *Partitioned {
	if e.Format == nil {
		return nil
	}
	return e.Format.Partitioned
}

// name returns the key of the object of a piece that is written now.
func (l *Log) name(p *piece, now time.Time) string {
	to := p.target.to
	now = now.UTC()
	key := to.TargetPrefix
	if part := to.partitioned(); part != nil {
		day := now
		if p.day != "" {
			day, _ = time.Parse(time.DateOnly, p.day) // it was written by Format
			now = day
		}
		key += p.target.owner + "/" + l.o.Region + "/" + p.source + "/" + day.Format("2006/01/02/")
	}
	return key + now.Format("2006-01-02-15-04-05") + "-" + ident.Hex()
}

// Run writes until ctx ends, and then what is left, for which it takes at most final.
func (l *Log) Run(ctx context.Context, final time.Duration) {
	tick := time.NewTicker(max(l.o.Every/10, time.Millisecond))
	defer tick.Stop()
	pause := time.Duration(0)
	for ctx.Err() == nil {
		full := l.full
		if pause > 0 {
			full = nil
		}
		select {
		case <-ctx.Done():
			continue
		case <-full:
		case <-tick.C:
			l.ripen(l.o.Now().Add(-l.o.Every))
		}
		if pause--; pause > 0 {
			continue
		}
		pause = 0
		if err := l.write(ctx); err != nil && ctx.Err() == nil {
			l.o.Log.Error("access logs cannot be written and will be tried again", "error", err)
			pause = 10 // ticks
		}
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), final)
	defer cancel()
	if err := l.Flush(bounded); err != nil {
		l.o.Log.Error("access logs were lost at the end", "bytes", l.waiting(), "error", err)
	}
}

// Flush writes all that waits.
func (l *Log) Flush(ctx context.Context) error {
	l.mu.Lock()
	for _, p := range l.pieces {
		l.seal(p)
	}
	l.mu.Unlock()
	return l.write(ctx)
}

func (l *Log) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// ripen makes the pieces ready whose first line was added before a time, and tells of lines that were dropped.
func (l *Log) ripen(before time.Time) {
	l.mu.Lock()
	for _, p := range l.pieces {
		if !p.first.After(before) {
			l.seal(p)
		}
	}
	dropped := l.dropped
	l.dropped = 0
	l.mu.Unlock()
	if dropped > 0 {
		l.o.Log.Error("lines of access logs were dropped, as they cannot be written fast enough", "lines", dropped)
	}
}

// write writes the ready pieces. One that fails for a reason that may pass stays, and the others are written all the same.
func (l *Log) write(ctx context.Context) error {
	l.mu.Lock()
	work := l.ready
	l.ready = nil
	l.mu.Unlock()
	var failed error
	for i, p := range work {
		err := l.o.Source.Write(ctx, p.target.to.TargetBucket, l.name(p, l.o.Now()), p.data)
		gone := err == nil
		switch fault.KindOf(err) {
		case fault.NoSuchBucket, fault.InvalidBucketName, fault.QuotaExceeded, fault.AccessDenied, fault.InvalidArgument, fault.KeyTooLong, fault.InvalidRequest, fault.InvalidState:
			l.o.Log.Error("an access log was dropped, as its target does not take it", "bucket", p.source, "target", p.target.to.TargetBucket, "lines", p.lines, "error", err)
			gone = true
		}
		l.mu.Lock()
		if gone {
			l.size -= len(p.data)
		} else {
			failed = err
			l.ready = append(l.ready, work[i])
		}
		l.mu.Unlock()
		if ctx.Err() != nil && !gone {
			l.mu.Lock()
			l.ready = append(l.ready, work[i+1:]...)
			l.mu.Unlock()
			break
		}
	}
	return failed
}

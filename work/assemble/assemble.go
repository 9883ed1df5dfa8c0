// Package assemble makes multipart objects whose parts lie in several blobs one contiguous file, so that the
// plain-file view can show them. Parts of equal size need none of this: they are written side by side at once.
package assemble

import (
	"context"
	"log/slog"
	"time"

	"myfsio/object"
	"myfsio/work"
)

// Config is what the worker needs.
type Config struct {
	Store *object.Store
	// BytesPerSecond bounds the copying, so that it does not starve clients; 0 means DefaultRate.
	BytesPerSecond int64
	Log            *slog.Logger
}

// DefaultRate is what the copying is held to, in bytes per second.
const DefaultRate = 256 << 20

const idle = time.Minute

type assembler struct {
	Config
	at object.Mark
}

// New makes the worker.
func New(c Config) *work.Worker {
	if c.BytesPerSecond == 0 {
		c.BytesPerSecond = DefaultRate
	}
	a := &assembler{Config: c}
	return &work.Worker{Name: "assemble", Step: a.step, Wake: c.Store.Signals().Assemble, Idle: idle, Log: c.Log}
}

// step assembles one object. One that fails is passed over until the next round, so that it does not hold up the others.
func (a *assembler) step(ctx context.Context) (more bool, err error) {
	at, done, err := a.Store.Assemble(ctx, a.at, func(n int64) error { return a.pace(ctx, n) })
	a.at = at
	if err != nil {
		return false, err
	}
	if !done {
		a.at = object.Mark{}
	}
	return done, nil
}

// pace waits as long as n bytes may take.
func (a *assembler) pace(ctx context.Context, n int64) error {
	t := time.NewTimer(time.Duration(n) * time.Second / time.Duration(a.BytesPerSecond))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

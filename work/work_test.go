package work

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunWorksWaitsAndTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		start := time.Now()
		var at []time.Duration
		w := &Worker{Name: "test", Wake: wake, Idle: time.Hour, Log: slog.New(slog.DiscardHandler), Step: func(context.Context) (bool, error) {
			at = append(at, time.Since(start))
			switch len(at) {
			case 1:
				return true, nil // more waits: at once again
			case 2, 3:
				return false, errors.New("failed") // after 100 ms, then 200 ms
			case 4:
				return false, nil // waits for a wake
			case 6:
				cancel()
			}
			return false, nil // waits an hour
		}}
		done := make(chan struct{})
		go func() { w.Run(ctx); close(done) }()
		time.Sleep(time.Second)
		wake <- struct{}{}
		<-done
		want := []time.Duration{0, 0, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, time.Second + time.Hour}
		if len(at) != len(want) {
			t.Fatalf("steps at %v, want %v", at, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Errorf("step %d at %v, want %v", i+1, at[i], want[i])
			}
		}
	})
}

func TestDrain(t *testing.T) {
	left := 3
	w := &Worker{Step: func(context.Context) (bool, error) { left--; return left > 0, nil }}
	if err := w.Drain(t.Context()); err != nil || left != 0 {
		t.Errorf("%v, %d left", err, left)
	}
	fails := errors.New("fails")
	w.Step = func(context.Context) (bool, error) { return true, fails }
	if err := w.Drain(t.Context()); !errors.Is(err, fails) {
		t.Errorf("%v", err)
	}
}

func TestLane(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := NewLane(ctx)
	ran := 0
	fails := errors.New("fails")
	if err := l.Do(ctx, func() error { ran++; return nil }); err != nil {
		t.Error(err)
	}
	if err := l.Do(ctx, func() error { ran++; return fails }); err != fails {
		t.Errorf("%v, want the function's error", err)
	}
	cancel()
	<-l.ended
	if err := l.Do(t.Context(), func() error { ran++; return nil }); err != nil {
		t.Errorf("after the end of the lane: %v", err)
	}
	if ran != 3 {
		t.Errorf("%d functions ran", ran)
	}
}

// A caller whose time is over does not wait for a lane that is busy.
func TestLaneBusy(t *testing.T) {
	l := NewLane(t.Context())
	busy, release := make(chan struct{}), make(chan struct{})
	first := make(chan error)
	go func() { first <- l.Do(t.Context(), func() error { close(busy); <-release; return nil }) }()
	<-busy
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Do(ctx, func() error { t.Error("it ran"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Load{}
		p := Pace{Load: l}
		run := func(d time.Duration) time.Duration { // works for d, and returns how long it then waited
			time.Sleep(d)
			start := time.Now()
			p.Yield(t.Context())
			return time.Since(start)
		}
		run(0)
		if w := run(5 * slice); w != 0 {
			t.Errorf("waited %v without load", w)
		}
		l.running.Store(1000)
		if w := run(slice / 2); w != 0 {
			t.Errorf("waited %v before the slice was used", w)
		}
		if w := run(2*slice - slice/2); w != rest*2*slice {
			t.Errorf("waited %v, want %v", w, rest*2*slice)
		}
		time.AfterFunc(2*slice+3*slice, func() { l.running.Store(0) })
		if w := run(2 * slice); w > 4*slice {
			t.Errorf("waited %v although the load went away", w)
		}
		l.total.Add(perSlice * 2) // slow enough
		if w := run(2 * slice); w != 0 {
			t.Errorf("waited %v for few requests", w)
		}
		l.total.Add(100) // short ones, none of which runs just now
		if w := run(2 * slice); w != slice {
			t.Errorf("waited %v for many short requests that then stopped, want %v", w, slice)
		}
		none := Pace{}
		none.Yield(t.Context())
	})
}

package lifecycle

import (
	"context"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/object"
)

// TestNext: the time of the next run.
func TestNext(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		st   state
		want time.Time
	}{
		{state{}, epoch.Add(time.Hour)},
		{state{Started: epoch.Add(-10 * time.Minute)}, epoch.Add(50 * time.Minute)},
		{state{Started: epoch.Add(-10 * time.Hour)}, epoch.Add(-9 * time.Hour)}, // overdue
		{state{Started: epoch.Add(10 * time.Hour)}, epoch.Add(time.Hour)},       // the clock was wrong
		{state{Started: epoch, At: &cursor{}}, epoch},
	} {
		w.check(w.state.Update(func(s *state) error { *s = tt.st; return nil }))
		if got := w.next(); !got.Equal(tt.want) {
			t.Errorf("%+v: %s", tt.st, got)
		}
	}
}

// TestStart goes through the loop: runs that are asked for, dry ones where lifecycles are off, and one at a time.
func TestStart(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.Unversioned, all+expire)
	w.bucket("plain", object.Unversioned)
	w.put("box", "k", 1)
	w.days(3)
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	go func() { w.Run(ctx); close(ended) }()
	start := func(req Request) ([]Execution, error) { return w.Start(w.ctx, req) }
	out, err := start(Request{DryRun: true})
	if err != nil || len(out) != 1 || out[0].Objects != 1 || !out[0].DryRun {
		t.Error(out, err)
	}
	if out, err := start(Request{Bucket: "plain"}); err != nil || len(out) != 0 {
		t.Error(out, err)
	}
	if _, err := start(Request{Bucket: "none"}); !fault.Is(err, fault.NoSuchBucket) {
		t.Error(err)
	}
	busy, free := make(chan struct{}), make(chan struct{})
	w.scan = func() { close(busy); <-free }
	short, giveUp := context.WithCancel(w.ctx)
	gone := make(chan error)
	go func() {
		_, err := w.Start(short, Request{Bucket: "box"})
		gone <- err
	}()
	<-busy
	if st := w.Status(); st.Current == nil || st.Current.Bucket != "box" || !st.NextRun.IsZero() {
		t.Errorf("%+v", st)
	}
	if _, err := w.Start(w.ctx, Request{}); !fault.Is(err, fault.InvalidState) {
		t.Error("two runs at a time:", err)
	}
	giveUp() // who asked goes; the run goes on
	if err := <-gone; err != context.Canceled {
		t.Error(err)
	}
	w.scan = nil
	close(free)
	for {
		out, err := start(Request{})
		if fault.Is(err, fault.InvalidState) { // the one before is not at its end yet
			continue
		}
		if err != nil || len(out) != 1 {
			t.Error(out, err)
		}
		break
	}
	w.want("box", "")
	if st := w.Status(); st.Current != nil || !st.Enabled || !st.NextRun.Equal(w.clock().Add(time.Hour)) || !st.LastRun.IsZero() {
		t.Errorf("%+v", st)
	}
	cancel()
	<-ended
	if _, err := w.Start(w.ctx, Request{}); !fault.Is(err, fault.Unavailable) {
		t.Error("a run after the end:", err)
	}
}

func TestDisabled(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.Unversioned, all+expire)
	w.put("box", "k", 1)
	w.days(3)
	w.cfg.Enabled = false
	if _, ok := w.wait(false); ok {
		t.Error("a run is due")
	}
	if _, err := w.Start(w.ctx, Request{}); !fault.Is(err, fault.InvalidRequest) {
		t.Error(err)
	}
	if st := w.Status(); st.Enabled || !st.NextRun.IsZero() {
		t.Errorf("%+v", st)
	}
	w.want("box", "k")
}

// TestScheduled: the loop runs what is due.
func TestScheduled(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.Unversioned, all+expire)
	w.put("box", "k", 1)
	w.days(3)
	w.check(w.state.Update(func(s *state) error { s.Started = epoch; return nil }))
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan struct{})
	w.config = func() {
		if w.state.Get().Started.After(epoch) {
			select {
			case <-done:
			default:
				close(done)
			}
		}
	}
	ended := make(chan struct{})
	go func() { w.Run(ctx); close(ended) }()
	<-done
	cancel()
	<-ended
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	for _, b := range []string{"aaa", "box"} {
		w.bucket(b, object.Unversioned, all+expire)
	}
	for range 5 {
		w.put("box", "k", 1)
		w.days(3)
		w.check(w.scheduled(w.ctx))
	}
	w.put("aaa", "k", 1)
	w.days(3)
	w.check(w.scheduled(w.ctx))
	w.check(w.scheduled(w.ctx)) // nothing to do, nothing to tell
	box, err := w.history.List("box", time.Time{})
	w.check(err)
	if len(box) != 3 || box[0].Timestamp <= box[1].Timestamp || box[0].Objects != 1 || box[0].Bucket != "box" {
		t.Errorf("%+v", box)
	}
	every, err := w.history.List("", time.Time{})
	w.check(err)
	if len(every) != 4 || every[0].Bucket != "aaa" {
		t.Errorf("%+v", every)
	}
	if lately, err := w.history.List("", w.clock()); err != nil || len(lately) != 1 {
		t.Error(lately, err)
	}
	if none, err := w.history.List("none", time.Time{}); err != nil || none == nil || len(none) != 0 {
		t.Error(none, err)
	}
	w.history.max = 0
	w.run()
	if box, _ := w.history.List("box", time.Time{}); len(box) != 3 {
		t.Error("a history that is not wanted grows")
	}
}

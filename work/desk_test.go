package work_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"myfsio/fault"
	"myfsio/work"
)

// TestDesk: answers and errors come back, work goes on when nobody waits for it, one piece at a time with what is due, and the end is told.
func TestDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, gate, odd := work.NewDesk[int, int](), make(chan struct{}), errors.New("odd")
		running, began, ticks := 0, 0, 0
		alone := func() func() {
			if running++; running > 1 {
				t.Error("two pieces at a time")
			}
			return func() { running-- }
		}
		do := func(_ context.Context, n int) (int, error) {
			defer alone()()
			began++
			if n < 0 {
				<-gate
			}
			if n%2 != 0 {
				return 0, odd
			}
			return 2 * n, nil
		}
		ctx, stop := context.WithCancel(t.Context())
		next := func() (time.Duration, bool) { return time.Hour, ticks < 3 }
		ended := make(chan struct{})
		go func() { d.Serve(ctx, do, next, func(context.Context) { defer alone()(); ticks++ }); close(ended) }()
		if a, err := d.Ask(ctx, 4); a != 8 || err != nil {
			t.Error(a, err)
		}
		if _, err := d.Ask(ctx, 3); err != odd {
			t.Error(err)
		}
		short, done := context.WithTimeout(ctx, time.Minute)
		defer done()
		if _, err := d.Ask(short, -2); err != context.DeadlineExceeded {
			t.Error("while it runs:", err)
		}
		if _, err := d.Ask(short, 2); err != context.DeadlineExceeded {
			t.Error("while another one runs:", err)
		}
		synctest.Wait()
		if began != 3 {
			t.Error(began, "pieces were begun")
		}
		close(gate)
		time.Sleep(10 * time.Hour)
		synctest.Wait()
		if ticks != 3 {
			t.Error(ticks, "ticks")
		}
		stop()
		<-ended
		if _, err := d.Ask(t.Context(), 2); !fault.Is(err, fault.Unavailable) {
			t.Error("after the end:", err)
		}
	})
}

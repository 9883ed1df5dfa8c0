package gate

import (
	"context"
	"testing"
	"time"

	"myfsio/fault"
)

func TestLimit(t *testing.T) {
	if wait, err := Limit(nil).Take(context.Background(), AdminRequests, "c"); wait != 0 || err != nil {
		t.Errorf("no limit: %v, %v", wait, err)
	}
	for _, ok := range []bool{true, false} {
		l := Limit(func(_ context.Context, class RateClass, client string) (time.Duration, bool) {
			return time.Minute, ok && class == AdminRequests && client == "c"
		})
		wait, err := l.Take(context.Background(), AdminRequests, "c")
		if ok != (err == nil) || !ok && (wait != time.Minute || !fault.Is(err, fault.SlowDown)) {
			t.Errorf("allowed %t: %v, %v", ok, wait, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for wait, want := range map[time.Duration]string{-1: "1", 0: "1", 1: "1", time.Second: "1", time.Second + 1: "2", time.Minute: "60"} {
		if got := RetryAfter(wait); got != want {
			t.Errorf("%v: %s", wait, got)
		}
	}
}

package load

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// tiny keeps the test of all items within a second or so.
var tiny = Sizes{Objects: 20, LargeObjects: 1, Deletes: 20, Lists: []int{1000, 2000, 3000}, CompleteParts: 2, CompletePart: 5 << 20}

func TestEveryItem(t *testing.T) {
	for _, mode := range []string{"signed payload", "unsigned payload, dropped bodies"} {
		t.Run(mode, func(t *testing.T) {
			_, target := newStub(t)
			target.UnsignedPayload = mode != "signed payload"
			target.Drop = target.UnsignedPayload
			env := &Env{Target: target, Sizes: tiny}
			env.Restart = func(_ context.Context, probe func() error) (time.Duration, error) { return time.Second, probe() }
			for _, item := range Items(tiny) {
				res, err := Run(t.Context(), env, item, Bounds{Duration: time.Minute, MaxOps: int64(item.Clients), NoWarm: true}, Probe{})
				if err != nil || res.Errors != 0 || res.Ops == 0 || res.Ops > int64(item.Clients) || res.Value <= 0 || res.P50 > res.P99 || res.P99 > res.Max {
					t.Errorf("%s: %+v, %v", item.Name, res, err)
				}
			}
		})
	}
}

func TestFailuresAreCounted(t *testing.T) {
	stub, target := newStub(t)
	env := &Env{Target: target, Sizes: tiny}
	item := Items(tiny)[0]
	stub.broken = func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "obj0000001") }
	res, err := Run(t.Context(), env, item, Bounds{Duration: time.Minute, MaxOps: 3, NoWarm: true}, Probe{})
	if err != nil || res.Ops != 2 || res.Errors != 1 || !strings.Contains(res.Error, "SlowDown") {
		t.Errorf("%+v, %v", res, err)
	}
	stub.broken = func(r *http.Request) bool { return strings.Contains(r.URL.Path, "obj") }
	res, err = Run(t.Context(), env, item, Bounds{Duration: time.Minute, MaxOps: 1000, NoWarm: true}, Probe{})
	if err != nil || res.Ops != 0 || res.Errors != maxErrors {
		t.Errorf("a broken server must end the turn: %+v, %v", res, err)
	}
}

func TestWrongBytesAreFound(t *testing.T) {
	stub, target := newStub(t)
	env := &Env{Target: target, Sizes: tiny}
	if _, err := smallObjects(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	for path, body := range stub.objects {
		other := append([]byte(nil), body...)
		other[len(other)-1] ^= 1
		stub.objects[path] = other
	}
	res, err := Run(t.Context(), env, getSmall(tiny), Bounds{Duration: time.Minute, MaxOps: 1, NoWarm: true}, Probe{})
	if err != nil || res.Errors != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	for path, body := range stub.objects {
		stub.objects[path] = body[:100]
	}
	res, err = Run(t.Context(), env, getSmall(tiny), Bounds{Duration: time.Minute, MaxOps: 1, NoWarm: true}, Probe{})
	if err != nil || res.Errors != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestNoRestart(t *testing.T) {
	_, target := newStub(t)
	_, err := Run(t.Context(), &Env{Target: target, Sizes: tiny}, startup(1000), Bounds{}, Probe{})
	if !errors.Is(err, ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestRunStopsWithContext(t *testing.T) {
	_, target := newStub(t)
	ctx, cancel := context.WithCancel(t.Context())
	probe := Probe{Before: cancel}
	_, err := Run(ctx, &Env{Target: target, Sizes: tiny}, Items(tiny)[0], Bounds{Duration: time.Hour, NoWarm: true}, probe)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestServerEndsConnections(t *testing.T) {
	_, target := newStub(t)
	c := NewClient(target, 0)
	defer c.Close()
	closing := &Request{Method: "PUT", Path: "/bucket", Headers: []Header{{"connection", "close"}}}
	// The stub signs again without this header, so it refuses; the connection ends either way.
	var status *StatusError
	for range 2 {
		if _, err := c.Do(closing, nil, 200); !errors.As(err, &status) || status.Status != 403 {
			t.Fatalf("got %v", err)
		}
		if c.conn != nil {
			t.Fatal("the connection was kept")
		}
	}
	if _, err := c.Do(&Request{Method: "PUT", Path: "/bucket"}, nil, 200); err != nil || c.conn == nil {
		t.Errorf("got %v", err)
	}
}

func TestQuantile(t *testing.T) {
	var d []time.Duration
	for i := 1; i <= 100; i++ {
		d = append(d, time.Duration(i)*time.Millisecond)
	}
	for _, tt := range []struct {
		n    int
		q    float64
		want float64
	}{{100, 0.5, 50}, {100, 0.99, 99}, {100, 1, 100}, {1, 0.5, 1}, {3, 0.5, 2}, {0, 0.5, 0}} {
		if got := quantile(d[:tt.n], tt.q); got != tt.want {
			t.Errorf("q%v of %d: got %v, want %v", tt.q, tt.n, got, tt.want)
		}
	}
}

package inventory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
	settings "myfsio/inventory"
	"myfsio/object"
)

func TestDue(t *testing.T) {
	at := func(s string) time.Time {
		tm, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	for _, tt := range []struct {
		frequency, done, now string
		want                 bool
	}{
		{settings.Daily, "2026-01-01 00:00", "2026-01-01 23:00", false},
		{settings.Daily, "2026-01-01 23:00", "2026-01-02 00:00", true},
		{settings.Daily, "2026-01-03 00:00", "2026-01-01 00:00", true},   // the clock was wrong
		{settings.Weekly, "2026-01-01 11:00", "2026-01-03 23:00", false}, // Thursday, Saturday
		{settings.Weekly, "2026-01-01 11:00", "2026-01-04 00:00", true},  // Sunday
		{settings.Weekly, "2026-01-04 00:00", "2026-01-10 23:00", false},
	} {
		if got := due(tt.frequency, at(tt.done), at(tt.now)); got != tt.want {
			t.Errorf("%+v: %t", tt, got)
		}
	}
	if !due(settings.Weekly, time.Time{}, epoch) {
		t.Error("a first report is not due")
	}
}

// TestSchedule: what was written is not written again before its time, over restarts too; what is gone is forgotten.
func TestSchedule(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", "o", object.Unversioned)
	w.put("box", "k")
	w.configure("box", "daily", nil)
	w.configure("box", "weekly", func(c *settings.Config) { c.Schedule.Frequency = settings.Weekly })
	total := 0
	for hour := range 24 * 8 { // to Friday of the next week
		if hour%5 == 0 {
			w.restart()
		}
		w.check(w.all(w.ctx))
		w.tick(time.Hour)
		total = hour
	}
	complete, stray := w.reports()
	daily := 0
	for _, k := range complete {
		if strings.Contains(k, "/daily/") {
			daily++
		}
	}
	if daily != 9 || len(complete)-daily != 2 || len(stray) != 0 {
		t.Error(total, daily, complete, stray)
	}
	w.check(w.store.DeleteConfig(w.ctx, "box", object.ConfigInventory))
	w.configure("box", "daily", nil)
	w.check(w.all(w.ctx))
	if r := w.one(); r.ID != "daily" || r.Rows != 1 {
		t.Errorf("%+v", r)
	}
	w.check(w.store.DeleteConfig(w.ctx, "box", object.ConfigInventory))
	w.check(w.all(w.ctx))
	if list := w.Status().Reports; len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

var errInjected = errors.New("injected")

func (w *world) twenty(v object.Versioning) {
	w.bucket("box", "o", v)
	for i := range 25 {
		w.put("box", fmt.Sprint(i))
	}
	w.configure("box", "all", nil)
}

// TestNthFailure: each call on the store fails once. The report fails or comes out whole, nothing stays of one that failed, and the next hour brings one.
func TestNthFailure(t *testing.T) {
	for _, v := range []object.Versioning{object.Unversioned, object.VersioningEnabled} {
		for n := 1; ; n++ {
			w := newWorld(t)
			if v == object.VersioningEnabled {
				w.check(w.store.SetVersioning(w.ctx, "dest", v))
			}
			w.twenty(v)
			calls, failed := 0, ""
			w.hook(func(call string) error {
				w.mu.Lock()
				defer w.mu.Unlock()
				if calls++; calls == n {
					failed = call
					return errInjected
				}
				return nil
			})
			w.all(w.ctx)
			w.hook(nil)
			complete, stray := w.reports()
			if len(stray) != 0 {
				t.Fatalf("%s, call %d: %q is left behind", failed, n, stray)
			}
			w.tick(time.Hour)
			w.check(w.all(w.ctx))
			again, stray := w.reports()
			if r := w.one(); len(again) != 1 || len(stray) != 0 || r.Error != "" || r.Rows != 25 || r.Files != 3 {
				t.Fatalf("%s, call %d: %q then %q, %q; %+v", failed, n, complete, again, stray, r)
			}
			if versions, err := w.store.ListVersions(w.ctx, object.ListVersions{Bucket: "dest", Max: 100}); err != nil || len(versions.Versions) != 6 {
				t.Fatalf("%s, call %d: %d versions, %v", failed, n, len(versions.Versions), err)
			}
			if failed == "" {
				break
			}
		}
	}
}

// TestInterrupted: the server ends at any call on the store, and all calls from then on fail. The next start writes one whole report, and nothing
// else stays.
func TestInterrupted(t *testing.T) {
	for n := 1; ; n++ {
		w := newWorld(t)
		w.twenty(object.VersioningEnabled)
		ctx, cancel := context.WithCancel(w.ctx)
		calls := 0
		w.hook(func(string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if calls++; calls >= n {
				cancel()
				return context.Canceled
			}
			return nil
		})
		err := w.all(ctx)
		w.hook(nil)
		if done := ctx.Err() == nil; done {
			cancel()
			w.check(err)
			if n < 20 {
				t.Fatal("too few steps:", n)
			}
			return
		}
		w.restart()
		w.tick(time.Minute)
		w.check(w.all(w.ctx))
		complete, stray := w.reports()
		if len(complete) != 1 || len(stray) != 0 || w.state.Get().Pending != nil || w.one().Error != "" {
			t.Fatalf("call %d: %q, %q, %+v", n, complete, stray, w.one())
		}
	}
}

// TestPublished: a report that is complete stays, also where the server ended before it was noted.
func TestPublished(t *testing.T) {
	w := newWorld(t)
	w.twenty(object.Unversioned)
	var left state
	w.hook(func(call string) error {
		w.mu.Lock() // files are put by a goroutine of their own
		defer w.mu.Unlock()
		left = *w.state.Get()
		return nil
	})
	w.check(w.all(w.ctx))
	w.hook(nil)
	w.check(w.state.Update(func(s *state) error { *s = left; return nil }))
	w.tick(time.Minute)
	w.check(w.all(w.ctx))
	complete, stray := w.reports()
	if r := w.one(); len(complete) != 1 || len(stray) != 0 || r.Done.IsZero() || r.Rows != 25 || r.Manifest != complete[0] {
		t.Errorf("%q, %q, %+v", complete, stray, r)
	}
}

// TestGivenUp: what changes while a report is written.
func TestGivenUp(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(w *world)
		want   string
	}{
		"configuration gone":    {func(w *world) { w.check(w.store.DeleteConfig(w.ctx, "box", object.ConfigInventory)) }, "configuration changed"},
		"configuration changed": {func(w *world) { w.configure("box", "all", func(c *settings.Config) { c.Fields = nil }) }, "configuration changed"},
		"another owner": {func(w *world) {
			for i := range 25 {
				_, err := w.store.Delete(w.ctx, object.DeleteObject{Bucket: "box", Key: fmt.Sprint(i)})
				w.check(err)
			}
			w.check(w.store.DeleteBucket(w.ctx, "box"))
			w.bucket("box", "other", object.Unversioned)
			w.put("box", "secret")
		}, "replaced"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.twenty(object.Unversioned)
			scans := 0
			w.hook(func(call string) error {
				if call == "ScanVersions" {
					if scans++; scans == 3 {
						tt.change(w)
					}
				}
				return nil
			})
			w.check(w.all(w.ctx))
			if r := w.one(); !strings.Contains(r.Error, tt.want) || !r.Done.IsZero() {
				t.Errorf("%+v", r)
			}
			if files := w.files("dest"); len(files) != 0 {
				t.Errorf("%q", files)
			}
		})
	}
}

// TestTarget: destinations that are none.
func TestTarget(t *testing.T) {
	for name, want := range map[string]string{"missing": "does not exist", "foreign": "another owner"} {
		w := newWorld(t)
		w.twenty(object.Unversioned)
		w.bucket("foreign", "other", object.Unversioned)
		w.configure("box", "all", func(c *settings.Config) { c.Destination.Bucket.ARN = "arn:aws:s3:::" + name })
		w.check(w.all(w.ctx))
		if r := w.one(); !strings.Contains(r.Error, want) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestStart goes through the loop.
func TestStart(t *testing.T) {
	w := newWorld(t)
	w.twenty(object.Unversioned)
	w.configure("box", "off", func(c *settings.Config) { c.Enabled = false })
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	go func() { w.Run(ctx); close(ended) }()
	for _, tt := range []struct {
		req  Request
		want fault.Kind
	}{{Request{Bucket: "none"}, fault.NoSuchBucket}, {Request{"box", "none"}, fault.NoSuchConfig}, {Request{"box", "off"}, fault.InvalidRequest}} {
		if _, err := w.Start(w.ctx, tt.req); !fault.Is(err, tt.want) {
			t.Errorf("%+v: %v", tt.req, err)
		}
	}
	if out, err := w.Start(w.ctx, Request{"box", "all"}); err != nil || len(out) != 1 || out[0].Error != "" || out[0].Rows != 25 {
		t.Errorf("%+v %v", out, err)
	}
	if out, err := w.Start(w.ctx, Request{"box", "all"}); err != nil || !strings.Contains(out[0].Error, "this minute") {
		t.Errorf("%+v %v", out, err)
	}
	w.tick(time.Minute)
	busy, free := make(chan struct{}), make(chan struct{})
	w.hook(func(call string) error {
		if call == "ScanVersions" {
			w.hook(nil)
			close(busy)
			<-free
		}
		return nil
	})
	gone := make(chan error)
	go func() {
		_, err := w.Start(w.ctx, Request{Bucket: "box"})
		gone <- err
	}()
	<-busy
	if st := w.Status(); st.Current == nil || st.Current.ID != "all" || !st.NextRun.Equal(epoch.Truncate(time.Hour).Add(time.Hour)) {
		t.Errorf("%+v", st)
	}
	if _, err := w.Start(w.ctx, Request{Bucket: "box"}); !fault.Is(err, fault.InvalidState) {
		t.Error(err)
	}
	close(free)
	if err := <-gone; err != nil {
		t.Error(err)
	}
	if complete, stray := w.reports(); len(complete) != 2 || len(stray) != 0 {
		t.Error(complete, stray)
	}
	cancel()
	<-ended
	if _, err := w.Start(w.ctx, Request{Bucket: "box"}); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
}

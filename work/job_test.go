package work_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"myfsio/fault"
	"myfsio/work"
)

type count struct{ N int }

// newJob makes a job that counts its runs and waits for the gate in each.
func newJob(t *testing.T, path string, every time.Duration, gate chan struct{}) *work.Job[count] {
	t.Helper()
	n := 0
	j, err := work.NewJob(work.JobOptions[count]{
		Name: "test", History: path, Every: every, Ask: work.Ask{AutoHeal: true}, Log: slog.New(slog.DiscardHandler),
		Do: func(ctx context.Context, _ work.Ask, tell func(count)) count {
			n++
			tell(count{-n})
			select {
			case <-gate:
			case <-ctx.Done():
			}
			return count{n}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestJobRuns: scheduled and asked for, one at a time, with a history that outlives the server.
func TestJobRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.json")
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		j := newJob(t, path, time.Hour, gate)
		if _, _, err := j.Start(work.Ask{}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("before Run: %v", err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { j.Run(ctx); close(ended) }()
		synctest.Wait()
		r, started, err := j.Start(work.Ask{DryRun: true})
		if !started || err != nil {
			t.Fatal(started, err)
		}
		synctest.Wait()
		if again, started, err := j.Start(work.Ask{}); again != r || started || err != nil || r.Result().N != -1 || j.Running() != r {
			t.Errorf("a second run: %v, %v; %+v", started, err, r.Result())
		}
		gate <- struct{}{}
		<-r.Done()
		if r.Result().N != 1 || j.Running() != nil {
			t.Errorf("%+v", r.Result())
		}
		time.Sleep(10 * time.Minute) // the first scheduled run
		synctest.Wait()
		gate <- struct{}{}
		time.Sleep(time.Hour - time.Second)
		if h := j.History(10, 0); len(h) != 2 || h[0].Result.N != 2 || !h[0].AutoHeal || h[0].DryRun || !h[1].DryRun {
			t.Errorf("%+v", h)
		}
		time.Sleep(2 * time.Second) // the second one
		synctest.Wait()
		stop()
		<-ended
		if h := j.History(1, 0); len(h) != 1 || h[0].Result.N != 3 || !h[0].Interrupted || j.Running() != nil {
			t.Errorf("%+v", h)
		}
		if _, _, err := j.Start(work.Ask{}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("after Run: %v", err)
		}
		// The next server goes on with the history and with the schedule.
		j = newJob(t, path, time.Hour, gate)
		ctx, stop = context.WithCancel(t.Context())
		ended = make(chan struct{})
		go func() { j.Run(ctx); close(ended) }()
		time.Sleep(59 * time.Minute)
		if h := j.History(10, 1); len(h) != 2 || h[0].Result.N != 2 || j.Running() != nil {
			t.Errorf("%+v", h)
		}
		time.Sleep(2 * time.Minute)
		if j.Running() == nil {
			t.Error("the schedule began anew")
		}
		stop()
		<-ended
	})
}

// TestJobHistoryIsBounded: the oldest runs are forgotten.
func TestJobHistoryIsBounded(t *testing.T) {
	gate := make(chan struct{})
	close(gate)
	j := newJob(t, filepath.Join(t.TempDir(), "history.json"), 0, gate)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { j.Run(ctx); close(ended) }()
	for range work.Keep + 3 {
		r, err := start(j)
		if err != nil {
			t.Fatal(err)
		}
		<-r.Done()
	}
	stop()
	<-ended
	h := j.History(200, 0)
	if len(h) != work.Keep || h[0].Result.N != work.Keep+3 || len(j.History(5, work.Keep-2)) != 2 || len(j.History(5, 1000)) != 0 || len(j.History(-1, -1)) != 0 {
		t.Errorf("%d runs, the newest %+v", len(h), h[0])
	}
}

// start waits until the job is there to take what is asked.
func start(j *work.Job[count]) (*work.JobRun[count], error) {
	for {
		r, _, err := j.Start(work.Ask{})
		if !fault.Is(err, fault.Unavailable) {
			return r, errors.Join(err)
		}
	}
}

package kvtest

import (
	"context"
	"errors"
	"testing"

	"myfsio/kv"
)

func testContext(t *testing.T, db kv.DB) {
	cause := errors.New("cause")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	ran := false
	err1 := db.View(ctx, func(kv.Reader) error { ran = true; return nil })
	err2 := db.Update(ctx, func(kv.Txn) error { ran = true; return nil })
	if ran || err1 != ctx.Err() || err2 != ctx.Err() {
		t.Errorf("View = %v, Update = %v, ran %v; want ctx.Err() and no run", err1, err2, ran)
	}
	put(t, db, "a", "1")
}

func testClose(t *testing.T, db kv.DB) {
	put(t, db, "a", "1")
	if err := db.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	ctx, ran := context.Background(), false
	for name, err := range map[string]error{
		"View":       db.View(ctx, func(kv.Reader) error { ran = true; return nil }),
		"Update":     db.Update(ctx, func(kv.Txn) error { ran = true; return nil }),
		"UpdateLazy": kv.UpdateLazy(ctx, db, func(kv.Txn) error { ran = true; return nil }),
		"Close":      db.Close(),
	} {
		if !errors.Is(err, kv.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", name, err)
		}
	}
	if ran {
		t.Error("fn ran after Close")
	}
}

// testCloseWaits closes while a View and an Update run.
func testCloseWaits(t *testing.T, db kv.DB) {
	put(t, db, "a", "1")
	inside, leave := make(chan struct{}, 2), make(chan struct{})
	results := make(chan error, 3)
	go func() {
		results <- db.View(context.Background(), func(r kv.Reader) error {
			inside <- struct{}{}
			<-leave
			return want(r, "a", []byte("1"))
		})
	}()
	first := true
	go func() {
		results <- db.Update(context.Background(), func(tx kv.Txn) error {
			if first {
				first = false
				inside <- struct{}{}
				<-leave
			}
			tx.Put([]byte("b"), nil)
			return want(tx, "a", []byte("1"))
		})
	}()
	<-inside
	<-inside
	go func() { results <- db.Close() }()
	close(leave)
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// testLazy mixes lazy and other updates; order and reads are those of Update.
func testLazy(t *testing.T, db kv.DB) {
	lazy, ok := db.(kv.Lazy)
	if !ok {
		t.Skip("the engine has no UpdateLazy")
	}
	ctx := context.Background()
	put(t, db, "a", "1")
	if err := lazy.UpdateLazy(ctx, func(tx kv.Txn) error { tx.Put([]byte("a"), []byte("2")); tx.Add([]byte("n"), 1); return nil }); err != nil {
		t.Fatal(err)
	}
	view(t, db, func(r kv.Reader) error { return errors.Join(want(r, "a", []byte("2")), wantCount(r, "n", 1)) })
	if err := lazy.UpdateLazy(ctx, func(tx kv.Txn) error { tx.Put([]byte("a"), []byte("x")); return errWanted }); err != errWanted {
		t.Errorf("UpdateLazy = %v", err)
	}
	update(t, db, func(tx kv.Txn) error { return want(tx, "a", []byte("2")) })
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := lazy.UpdateLazy(cancelled, func(kv.Txn) error { return nil }); err != context.Canceled {
		t.Errorf("UpdateLazy with a cancelled context = %v", err)
	}
}

package notify

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"myfsio/blob/memblob"
	"myfsio/event"
	"myfsio/kv/memkv"
	"myfsio/object"
)

// TestBucketMadeAgain: what happened in a bucket that was removed is nothing to the receivers of the next bucket of its name.
func TestBucketMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, r := memkv.New(), newReceivers()
		store, err := object.New(t.Context(), object.Config{KV: db, Blobs: memblob.New()})
		if err != nil {
			t.Fatal(err)
		}
		create := func(url string) {
			t.Helper()
			if _, err := store.CreateBucket(t.Context(), object.CreateBucket{Name: "box", Owner: strings.Repeat("a", 64)}); err != nil {
				t.Fatal(err)
			}
			c := &event.Config{Rules: []event.Rule{{ID: "r", Target: url, Events: []string{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}}}}
			if err := store.SetConfig(t.Context(), "box", object.ConfigNotification, c.JSON()); err != nil {
				t.Fatal(err)
			}
		}
		put := func(key string) {
			t.Helper()
			if _, err := store.Put(t.Context(), object.PutObject{Bucket: "box", Key: key, Body: object.Body{Reader: strings.NewReader(""), Size: 0}}); err != nil {
				t.Fatal(err)
			}
		}
		create("http://first/")
		put("secret")
		if _, err := store.Delete(t.Context(), object.DeleteObject{Bucket: "box", Key: "secret"}); err != nil {
			t.Fatal(err)
		}
		if err := store.DeleteBucket(t.Context(), "box"); err != nil {
			t.Fatal(err)
		}
		create("http://second/")
		put("mine")
		w := start(t, newOutbox(), r, db, func(c *Config) { c.Outbox = Objects{store}; c.Wake = store.Signals().Events })
		time.Sleep(time.Second)
		w.stop()
		if first, second := w.list("first"), w.list("second"); first != "" || !strings.HasPrefix(second, "mine#") || strings.Contains(second, "secret") {
			t.Errorf("the first got %q, the second %q", first, second)
		}
		if rows, err := store.Events(t.Context(), object.Mark{}, 10); len(rows) != 0 || err != nil {
			t.Errorf("%d events stay in the outbox (%v)", len(rows), err)
		}
	})
}

// TestOldRow: a row of before there was the id goes by the name of its bucket.
func TestOldRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newOutbox(), newReceivers(), memkv.New(), nil)
		w.point("box", "http://one/")
		w.add("box", "old")
		w.mu().Lock()
		w.ids["box"] = 8
		w.mu().Unlock()
		w.add("box", "new")
		time.Sleep(time.Second)
		w.stop()
		if got := w.list("one"); got != "new#2 old#1" && got != "old#1 new#2" {
			t.Errorf("delivered %q", got)
		}
	})
}

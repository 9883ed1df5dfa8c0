package object_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"myfsio/object"
	"myfsio/object/lock"
)

// actor is who does a step.
func (s *step) actor() object.Actor {
	a := object.Actor{Role: object.Role(s.ref % 3)}
	if s.ref2%2 == 0 {
		a.Principal, a.SourceIP, a.RequestID = "somebody", "192.0.2.1", fmt.Sprint(s.ref)
	}
	return a
}

// compareEvents compares the events that wait, page by page.
func (w *world) compareEvents() error {
	var got []object.Event
	for mark := (object.Mark{}); ; {
		page, err := w.s.Events(w.ctx, mark, 3)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		mark = page[len(page)-1].At
	}
	ordered := slices.IsSortedFunc(got, func(a, b object.Event) int { return strings.Compare(a.Sequencer(), b.Sequencer()) })
	if !ordered {
		return fmt.Errorf("events out of order: %v", got)
	}
	for _, e := range got {
		if b, err := w.s.HeadBucket(w.ctx, e.Bucket); e.BucketID == 0 || err == nil && e.BucketID > b.ID {
			return fmt.Errorf("the event %+v is of a bucket with the id %d (%v)", e, b.ID, err)
		}
	}
	return w.same("events", got, nil, w.m.Events(), nil)
}

// deliver takes the first n events out of the outbox.
func (w *world) deliver(n int) error {
	w.logf("deliver %d events", n)
	page, err := w.s.Events(w.ctx, object.Mark{}, n)
	if err != nil {
		return err
	}
	var marks []object.Mark
	for _, e := range page {
		marks = append(marks, e.At)
	}
	w.m.EventsDone(min(n, len(w.m.Events())))
	if err := w.s.EventsDone(w.ctx, marks); err != nil {
		return err
	}
	_, err = w.s.Begin(w.ctx) // some other commit: from then on a crash does not bring the events back
	return err
}

// told returns the names of the events that wait, and takes them out.
func (x *shop) told() string {
	x.Helper()
	var out []string
	var marks []object.Mark
	events, err := x.s.Events(x.ctx, object.Mark{}, 100)
	x.ok(err)
	for _, e := range events {
		out = append(out, fmt.Sprintf("%s %s", e.Name, e.Key))
		marks = append(marks, e.At)
	}
	x.ok(x.s.EventsDone(x.ctx, marks))
	return strings.Join(out, ", ")
}

func TestEventsOfEachChange(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	x.put("before", nil)
	if got := x.told(); got != "" {
		t.Errorf("without a document: %s", got)
	}
	x.ok(x.s.SetConfig(x.ctx, home, object.ConfigNotification, []byte("n")))
	x.ok(x.s.SetObjectLock(x.ctx, home, lock.Rule{}))
	form, rule := object.Actor{Role: object.RoleForm}, object.Actor{Role: object.RoleLifecycle}
	var v object.Version
	remove := func(req object.DeleteObject) func() {
		return func() {
			if req.Bucket, req.Key = home, "k"; req.VersionID == "v" {
				req.VersionID = v.VersionID
			}
			_, _ = x.s.Delete(x.ctx, req)
		}
	}
	var u object.CompleteUpload
	complete := func() { _, err := x.s.CompleteUpload(x.ctx, u); x.ok(err) }
	for _, tc := range []struct {
		name string
		do   func()
		want string
	}{
		{"put", func() { v = x.put("k", content(1, 100)) }, "ObjectCreated:Put k"},
		{"form", func() {
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "form", Body: body(nil), By: form})
			x.ok(err)
		}, "ObjectCreated:Post form"},
		{"copy", func() { x.copyTo("k", "copy") }, "ObjectCreated:Copy copy"},
		{"upload", func() { up := x.begin("up"); u = completeOf(up, x.part(up, 1, content(1, 100))) }, ""},
		{"complete", complete, "ObjectCreated:CompleteMultipartUpload up"},
		{"complete once more", complete, ""},
		{"tags", func() { x.tag("k", "a") }, "ObjectTagging:Put k"},
		{"no tags", func() { _, err := x.s.SetTags(x.ctx, object.SetTags{Bucket: home, Key: "k"}); x.ok(err) }, "ObjectTagging:Delete k"},
		{"list", func() {
			_, err := x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k", ACL: publicRead})
			x.ok(err)
		}, "ObjectAcl:Put k"},
		{"the same list", func() {
			_, err := x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k", ACL: publicRead})
			x.ok(err)
		}, ""},
		{"hold", func() {
			_, err := x.s.SetLegalHold(x.ctx, object.SetLegalHold{Bucket: home, Key: "k", On: true})
			x.ok(err)
		}, ""},
		{"refused delete", remove(object.DeleteObject{VersionID: "v"}), ""},
		{"refused put", func() {
			_, _ = x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(nil), If: object.WriteConditions{IfNoneMatch: "*"}})
		}, ""},
		{"marker", remove(object.DeleteObject{}), "ObjectRemoved:DeleteMarkerCreated k"},
		{"marker by rule", remove(object.DeleteObject{By: rule}), "LifecycleExpiration:DeleteMarkerCreated k"},
		{"no hold", func() {
			_, err := x.s.SetLegalHold(x.ctx, object.SetLegalHold{Bucket: home, Key: "k", VersionID: v.VersionID})
			x.ok(err)
		}, ""},
		{"delete version", remove(object.DeleteObject{VersionID: "v"}), "ObjectRemoved:Delete k"},
		{"delete version once more", remove(object.DeleteObject{VersionID: "v"}), ""},
		{"batch", func() {
			_, err := x.s.DeleteBatch(x.ctx, home, []object.DeleteObject{{Key: "copy"}, {Key: ""}, {Key: "up", By: rule}})
			x.ok(err)
		}, "ObjectRemoved:DeleteMarkerCreated copy, LifecycleExpiration:DeleteMarkerCreated up"},
		{"without a document", func() {
			x.ok(x.s.DeleteConfig(x.ctx, home, object.ConfigNotification))
			x.put("k", nil)
		}, ""},
	} {
		for len(x.s.Signals().Events) > 0 {
			<-x.s.Signals().Events
		}
		tc.do()
		if n := len(x.s.Signals().Events); (n == 1) != (tc.want != "") {
			t.Errorf("%s: %d signals", tc.name, n)
		}
		if got := x.told(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	x.clean()
}

func TestEventSaysAll(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.ok(x.s.SetConfig(x.ctx, home, object.ConfigNotification, []byte("n")))
	who := object.Actor{Principal: "p", SourceIP: "192.0.2.7", RequestID: "r"}
	b, err := x.s.HeadBucket(x.ctx, home)
	x.ok(err)
	put := func() object.Version {
		v, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(content(1, 9)), By: who})
		x.ok(err)
		return v
	}
	v := put()
	want := object.Event{Name: object.EventPut, Bucket: home, BucketID: b.ID, Key: "k", Size: 9, ETag: v.ETag, Time: x.clock, By: who}
	for range 3 {
		got, err := x.s.Events(x.ctx, object.Mark{}, 10)
		x.ok(err)
		if len(got) != 1 || got[0].At == (object.Mark{}) {
			t.Fatalf("%+v", got)
		}
		at := got[0].At
		if got[0].At = (object.Mark{}); got[0] != want {
			t.Errorf("%+v, want %+v", got[0], want)
		}
		x.ok(x.s.EventsDone(x.ctx, []object.Mark{at}))
		x.versioning(object.VersioningEnabled)
		want.VersionID = put().VersionID
	}
}

package lifecycle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
	rules "myfsio/lifecycle"
	"myfsio/object"
	"myfsio/object/lock"
)

const (
	all      = `<Filter/>`
	expire   = `<Expiration><Days>2</Days></Expiration>`
	old      = `<NoncurrentVersionExpiration><NoncurrentDays>2</NoncurrentDays></NoncurrentVersionExpiration>`
	markers  = `<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`
	giveUp   = `<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload>`
	logs     = `<Filter><Prefix>logs/</Prefix></Filter>`
	tagged   = `<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>`
	tomorrow = `<Expiration><Date>2026-01-05</Date></Expiration>`
)

var ab = object.Pair{Name: "a", Value: "b"}

func TestUnversioned(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.Unversioned, logs+expire, tagged+expire, all+tomorrow)
	for i := range 7 {
		w.put("box", fmt.Sprintf("logs/%d", i), 1)
	}
	w.put("box", "a", 1, ab)
	w.put("box", "b", 1, object.Pair{Name: "a", Value: "c"})
	w.put("box", "logs", 1)
	w.run()
	w.want("box", "a b logs logs/0 logs/1 logs/2 logs/3 logs/4 logs/5 logs/6")
	w.days(3) // the 4th, 10:30: midnight of the 4th is passed
	out := w.run()
	w.want("box", "b logs")
	if len(out) != 1 || out[0].Objects != 8 || out[0].Bucket != "box" || out[0].Versions+out[0].Markers+out[0].Uploads+out[0].Protected != 0 || len(out[0].Errors) != 0 {
		t.Errorf("%+v", out)
	}
	w.days(1)
	w.run()
	w.want("box", "")
}

// TestVersioned lives through the life of keys.
func TestVersioned(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.VersioningEnabled, all+expire, all+old, all+markers)
	w.put("box", "a", 1)
	w.put("box", "a", 2)
	w.put("box", "b", 1)
	w.remove("box", "c") // a marker alone
	w.run()
	w.want("box", "a a~ b")
	w.days(3)
	out := w.run() // current versions get markers, the old one is old
	w.want("box", "a! a~ b! b~")
	if x := out[0]; x.Objects != 2 || x.Versions != 1 {
		t.Errorf("%+v", x)
	}
	w.run()
	w.want("box", "a! a~ b! b~")
	w.days(3)
	w.run() // what was current is old enough
	w.want("box", "a! b!")
	w.run()
	w.want("box", "")
}

func TestNewer(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.VersioningEnabled, all+`<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>`)
	for i := range 8 {
		w.put("box", "k", i)
	}
	w.remove("box", "k")
	w.put("box", "k", 9)
	w.days(5)
	w.run()
	w.want("box", "k k~! k~ k~") // a delete marker does not count for what is kept
	var sizes []int64
	for _, e := range w.entries("box") {
		sizes = append(sizes, e.Size)
	}
	if !slices.Equal(sizes, []int64{9, 0, 7, 6}) {
		t.Error(sizes)
	}
}

func TestSuspended(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.VersioningEnabled, all+expire)
	w.put("box", "a", 1)
	w.check(w.store.SetVersioning(w.ctx, "box", object.VersioningSuspended))
	w.put("box", "b", 1)
	w.days(3)
	w.run()
	w.want("box", "a! a~ b!")
	w.days(3)
	w.run() // the marker of b is alone, and old enough for the rule
	w.want("box", "a! a~")
}

// TestLocked: what is protected stays, and is told of.
func TestLocked(t *testing.T) {
	w := newWorld(t)
	w.locked("box", all+old)
	until := lock.Retention{Mode: lock.Governance, Until: epoch.AddDate(0, 0, 10)}
	first := w.put("box", "kept", 1)
	w.put("box", "kept", 2)
	held := w.put("box", "held", 1)
	w.put("box", "held", 2)
	w.put("box", "free", 1)
	w.put("box", "free", 2)
	_, err := w.store.SetRetention(w.ctx, object.SetRetention{Bucket: "box", Key: "kept", VersionID: first.VersionID, Retention: until})
	w.check(err)
	_, err = w.store.SetLegalHold(w.ctx, object.SetLegalHold{Bucket: "box", Key: "held", VersionID: held.VersionID, On: true})
	w.check(err)
	w.days(5)
	dry, err := w.once(w.ctx, Request{DryRun: true})
	w.check(err)
	w.want("box", "free free~ held held~ kept kept~")
	out := w.run()
	w.want("box", "free held held~ kept kept~")
	if x := out[0]; x.Versions != 1 || x.Protected != 2 || dry[0].Versions != 1 || dry[0].Protected != 2 || !dry[0].DryRun {
		t.Errorf("%+v %+v", x, dry)
	}
	w.days(10)
	w.run()
	w.want("box", "free held held~ kept")
}

// TestTold: each version and upload that a rule ended is told of once, after it ended, and a dry run tells of nothing.
func TestTold(t *testing.T) {
	w := newWorld(t)
	var got []string
	w.cfg.Done = func(_ context.Context, x *Ended) {
		got = append(got, fmt.Sprintf("%d %s %s %d %t", x.Deed, x.Bucket, x.Key, x.Size, x.VersionID != ""))
	}
	told := func(want ...string) {
		t.Helper()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		got = nil
	}
	w.bucket("flat", object.Unversioned, all+expire, all+giveUp)
	w.bucket("box", object.VersioningEnabled, all+expire, all+old, all+markers)
	w.put("flat", "a", 4)
	w.put("box", "b", 5)
	_, err := w.store.CreateUpload(w.ctx, object.CreateUpload{Bucket: "flat", Key: "up", Owner: "o"})
	w.check(err)
	w.days(3)
	_, err = w.once(w.ctx, Request{DryRun: true})
	w.check(err)
	told()
	w.run()
	told("0 flat a 4 false", "1 box b -1 true", "2 flat up -1 false")
	w.days(3)
	w.run()
	told("0 box b 5 true")
	w.run()
	told("0 box b 0 true")
	w.run()
	told()
}

func TestUploads(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.Unversioned, logs+giveUp)
	for _, k := range []string{"logs/a", "logs/a", "logs/b", "logs/c", "logs/d", "other"} {
		_, err := w.store.CreateUpload(w.ctx, object.CreateUpload{Bucket: "box", Key: k, Owner: "o"})
		w.check(err)
		w.tick(time.Second)
	}
	w.days(2)
	_, err := w.store.CreateUpload(w.ctx, object.CreateUpload{Bucket: "box", Key: "logs/a", Owner: "o"})
	w.check(err)
	w.days(1)
	if out := w.run(); out[0].Uploads != 5 {
		t.Errorf("%+v", out)
	}
	w.want("box", "logs/a+ other+")
}

// TestChangedMeanwhile: what changes between the look and the commit is looked at again there.
func TestChangedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.Unversioned, tagged+expire)
	for _, k := range []string{"gone", "retagged", "stays", "written"} {
		w.put("box", k, 1, ab)
	}
	w.days(3)
	w.page, w.batch = 10, 10
	w.expire = func() {
		w.put("box", "written", 2, ab)
		_, err := w.store.SetTags(w.ctx, object.SetTags{Bucket: "box", Key: "retagged"})
		w.check(err)
		w.remove("box", "gone")
	}
	if out := w.run(); out[0].Objects != 1 || len(out[0].Errors) != 0 {
		t.Errorf("%+v", out)
	}
	w.want("box", "retagged written")
}

// TestRulesChange: rules that are taken away or replaced end nothing more.
func TestRulesChange(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(w *world)
		want   string
	}{
		"removed":   {func(w *world) { w.rules("box") }, "k3 k4 k5 k6 k7 k8"},
		"narrowed":  {func(w *world) { w.rules("box", `<Filter><Prefix>k7</Prefix></Filter>`+expire) }, "k3 k4 k5 k6 k8"},
		"versioned": {func(w *world) { w.check(w.store.SetVersioning(w.ctx, "box", object.VersioningEnabled)) }, "k3! k3~ k4! k4~ k5! k5~ k6! k6~ k7! k7~ k8! k8~"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.bucket("box", object.Unversioned, all+expire)
			for i := range 9 {
				w.put("box", fmt.Sprintf("k%d", i), 1)
			}
			w.days(3)
			scans := 0
			w.config = func() {
				if scans++; scans == 3 { // the plan, the first page, now before the second
					tt.change(w)
				}
			}
			w.run()
			w.want("box", tt.want)
		})
	}
}

// TestResume: a run that is interrupted anywhere is gone on with where it was, and ends like one that was not.
func TestResume(t *testing.T) {
	for cut := 1; ; cut++ {
		w := newWorld(t)
		dir := t.TempDir()
		w.restart(dir)
		for _, b := range []string{"aaa", "box", "zzz"} {
			w.bucket(b, object.VersioningEnabled, all+expire, logs+old, all+giveUp)
			for i := range 5 {
				w.put(b, fmt.Sprintf("%d", i), 1)
				w.put(b, fmt.Sprintf("logs/%d", i), 1)
				w.put(b, fmt.Sprintf("logs/%d", i), 2)
				_, err := w.store.CreateUpload(w.ctx, object.CreateUpload{Bucket: b, Key: fmt.Sprint(i), Owner: "o"})
				w.check(err)
			}
		}
		w.days(3)
		ctx, cancel := context.WithCancel(context.Background())
		n, seen := 0, 0
		step := func() {
			w.tick(saveEvery) // so that each step is kept
			if n++; n == cut {
				cancel()
			}
		}
		w.scan, w.abort = func() { seen++; step() }, step
		err := w.scheduled(ctx)
		if err != nil {
			t.Fatal(err)
		}
		interrupted := w.state.Get().At != nil
		if interrupted != (ctx.Err() != nil) {
			t.Fatal("cut", cut, "interrupted", interrupted)
		}
		cancel()
		before := seen
		w.restart(dir) // a new process
		started := w.state.Get().Started
		if interrupted {
			if !w.next().Equal(w.clock()) {
				t.Fatal("an interrupted run waits")
			}
			w.check(w.scheduled(w.ctx))
		}
		for _, b := range []string{"aaa", "box", "zzz"} {
			w.want(b, "0! 0~ 1! 1~ 2! 2~ 3! 3~ 4! 4~ logs/0! logs/0~ logs/1! logs/1~ logs/2! logs/2~ logs/3! logs/3~ logs/4! logs/4~")
			list, err := w.history.List(b, time.Time{})
			w.check(err)
			if len(list) != 1 || list[0].Objects != 10 || list[0].Versions != 5 || list[0].Uploads < 4 || list[0].Uploads > 5 {
				t.Fatalf("cut %d: %s: %+v", cut, b, list)
			}
		}
		st := w.state.Get()
		if st.At != nil || !st.Started.Equal(started) || !w.next().Equal(started.Add(time.Hour)) {
			t.Fatalf("%+v", st)
		}
		if !interrupted {
			return
		}
		if total := seen; total > before+30 {
			t.Fatal("it began anew:", before, total)
		}
	}
}

// TestResumeElsewhere: a state is no reason to skip what it is not about.
func TestResumeElsewhere(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.Unversioned, all+expire)
	w.put("box", "a", 1)
	w.put("box", "z", 1)
	w.days(3)
	for _, at := range []cursor{
		{Bucket: "box", ID: 1, Rules: "x", Key: "7a"}, // another bucket of that name, or other rules
		{Bucket: "box", Phase: 7, Prefix: "zz", Key: "zz", Stamp: "zz"}, {Bucket: "a-gone"}, {},
	} {
		w.check(w.state.Update(func(s *state) error { s.At = &at; return nil }))
		w.check(w.scheduled(w.ctx))
		w.want("box", "")
		w.put("box", "a", 1)
		w.days(3)
	}
}

// TestAgainstNaive lets random buckets live under random rules, and compares what is left with what the rules say of each version.
func TestAgainstNaive(t *testing.T) {
	list := []string{all + expire, logs + expire, tagged + expire, all + old, logs + old, tagged + old, all + markers, logs + markers, all + giveUp, all + tomorrow,
		`<Filter><ObjectSizeGreaterThan>2</ObjectSizeGreaterThan></Filter>` + expire,
		`<Filter><Prefix>logs/1</Prefix></Filter><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>`}
	ended := 0
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		w.page, w.batch = 1+rnd.IntN(5), 1+rnd.IntN(5)
		var chosen []string
		for range 1 + rnd.IntN(4) {
			chosen = append(chosen, list[rnd.IntN(len(list))])
		}
		versioning := object.Versioning(rnd.IntN(3))
		w.bucket("box", versioning, chosen...)
		keys := []string{"a", "logs/1", "logs/10", "logs/2", "z"}
		for range 40 {
			k := keys[rnd.IntN(len(keys))]
			if rnd.IntN(4) == 0 {
				w.remove("box", k)
			} else {
				var tags []object.Pair
				if rnd.IntN(2) == 0 {
					tags = []object.Pair{ab}
				}
				w.put("box", k, rnd.IntN(5), tags...)
			}
			w.tick(time.Duration(rnd.IntN(6)) * time.Hour)
		}
		w.days(rnd.IntN(4))
		rs := rules.Compile(w.parse(chosen...))
		var want []string
		for _, e := range w.entries("box") {
			o := rules.Object{Key: e.Key, Size: e.Size, Modified: e.Modified, Marker: e.DeleteMarker}
			for _, p := range e.Meta.Tags {
				o.Tags = append(o.Tags, rules.Tag{Key: p.Name, Value: p.Value})
			}
			due := false
			if e.Latest {
				_, due = rs.Current(&o, e.Alone, w.clock())
			} else {
				_, due = rs.Noncurrent(&o, e.Since, int64(e.Newer), w.clock())
			}
			switch s := fmt.Sprintf("%s %x", e.Key, e.Stamp); {
			case !due:
				want = append(want, s)
			case e.Latest && !e.DeleteMarker && (versioning == object.VersioningEnabled || versioning == object.VersioningSuspended && e.VersionID != object.NullVersion):
				ended++
				want = append(want, e.Key+" marker", s)
			case e.Latest && !e.DeleteMarker && versioning == object.VersioningSuspended:
				ended++
				want = append(want, e.Key+" marker")
			default:
				ended++
			}
		}
		before := w.list("box")
		dry, err := w.once(w.ctx, Request{DryRun: true})
		w.check(err)
		out := w.run()
		var got []string
		for _, e := range w.entries("box") {
			if e.DeleteMarker && e.Modified.Equal(w.clock()) {
				got = append(got, e.Key+" marker")
			} else {
				got = append(got, fmt.Sprintf("%s %x", e.Key, e.Stamp))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, versioning %d\nrules %q\nbefore %s\nafter  %s\ngot  %q\nwant %q", seed, versioning, chosen, before, w.list("box"), got, want)
		}
		dry[0].DryRun = false
		if !reflect.DeepEqual(dry, out) {
			t.Fatalf("seed %d: dry run %+v\nrun %+v", seed, dry, out)
		}
	}
	if ended < 100 {
		t.Error("too few cases:", ended)
	}
}

// TestDamaged: rules that cannot be read end nothing, and spare other buckets.
func TestDamaged(t *testing.T) {
	w := newWorld(t)
	w.bucket("box", object.Unversioned, all+expire)
	w.bucket("other", object.Unversioned, all+expire)
	w.put("box", "k", 1)
	w.put("other", "k", 1)
	w.check(w.store.SetConfig(w.ctx, "box", object.ConfigLifecycle, []byte(`{"Rules":[{"Status":"Enabled"}]}`)))
	w.days(3)
	out := w.run()
	w.want("box", "k")
	w.want("other", "")
	if len(out) != 2 || len(out[0].Errors) != 1 || !strings.Contains(out[0].Errors[0], "cannot be read") {
		t.Errorf("%+v", out)
	}
	w.want("box", "k")
	if _, err := w.once(w.ctx, Request{Bucket: "none"}); err != nil && !fault.Is(err, fault.NoSuchBucket) {
		t.Error(err)
	}
}

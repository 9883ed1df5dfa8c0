package object

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/kv"
)

// audit runs Audit and returns the kinds it reports, in order and each once.
func (p *patient) audit(repair bool) string {
	p.t.Helper()
	var kinds []string
	_, err := p.s.Audit(p.ctx, "bucket", CheckOptions{Repair: repair, Report: func(q Problem) { kinds = append(kinds, q.Kind) }})
	p.ok(err)
	slices.Sort(kinds)
	return strings.Join(slices.Compact(kinds), " ")
}

// TestAudit: what is wrong with the rows of a bucket is found while it is used, and mended where that loses nothing.
func TestAudit(t *testing.T) {
	for name, tc := range map[string]struct {
		damage      func(p *patient)
		kind, after string
	}{
		"nothing":        {func(*patient) {}, "", ""},
		"reference":      {func(p *patient) { p.delete(idKey(tRef, p.rec("large").body.id)) }, ProblemMissing, ""},
		"null":           {func(p *patient) { p.delete(nullKey(p.b.ID, "old")) }, ProblemMissing, ""},
		"counters":       {func(p *patient) { p.update(func(t kv.Txn) { t.Add(counterKey(p.b.ID, countBytes), 7) }) }, ProblemCounter, ""},
		"current":        {func(p *patient) { p.delete(currentKey(p.b.ID, "small")) }, ProblemCounter, ""},
		"current of two": {func(p *patient) { p.delete(currentKey(p.b.ID, "old")) }, ProblemVersions + " " + ProblemCounter, ProblemVersions},
		"record":         {func(p *patient) { p.set(currentKey(p.b.ID, "small"), []byte{0xFF}) }, ProblemRecord, ProblemRecord},
		"manifest":       {func(p *patient) { p.delete(idKey(tManifest, p.rec("parts").body.id)) }, ProblemLost, ProblemLost},
		"part's reference": {func(p *patient) {
			p.update(func(t kv.Txn) {
				p.ok(eachPart(t, p.up, func(_ int, part *partRecord) error { t.Delete(idKey(tRef, part.at.blob)); return nil }))
			})
		}, ProblemMissing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPatient(t)
			tc.damage(p)
			sorted := func(s string) string {
				f := strings.Fields(s)
				slices.Sort(f)
				return strings.Join(f, " ")
			}
			for _, repair := range []bool{false, true} {
				if got := p.audit(repair); got != sorted(tc.kind) {
					t.Errorf("found %q", got)
				}
			}
			if got := p.audit(false); got != tc.after {
				t.Errorf("after the repair: %q", got)
			}
		})
	}
}

func (p *patient) delete(key []byte) {
	p.t.Helper()
	p.update(func(t kv.Txn) { t.Delete(key) })
}

// TestAuditUnderLoad: nobody's write is taken for damage, and counters that were wrong are right afterwards.
func TestAuditUnderLoad(t *testing.T) {
	p := newPatient(t)
	p.update(func(t kv.Txn) { t.Add(counterKey(p.b.ID, countObjects), 100) })
	var wg sync.WaitGroup
	for _, key := range []string{"a", "b", "large"} {
		wg.Go(func() {
			for i := range 200 {
				p.put(key, i%60)
				if i%3 == 0 {
					_, err := p.s.Delete(p.ctx, DeleteObject{Bucket: "bucket", Key: key})
					p.ok(err)
				}
			}
		})
	}
	if got := p.audit(true); got != ProblemCounter {
		t.Errorf("found %q", got)
	}
	for range 30 {
		if got := p.audit(true); got != "" {
			t.Errorf("found %q", got)
			break
		}
		if list, _, _, err := p.s.Unowned(p.ctx, blob.ID{}, 1000); err != nil || len(list) > 0 {
			t.Errorf("unowned: %v, %v", list, err)
			break
		}
	}
	wg.Wait()
	if got := p.problems(false); got != "" {
		t.Error(got)
	}
}

// TestUnowned: the bytes of a record that is lost are found, and never those of one that is there.
func TestUnowned(t *testing.T) {
	p := newPatient(t)
	lost := p.rec("large").body.id
	p.delete(currentKey(p.b.ID, "large"))
	p.set(currentKey(p.b.ID, "parts"), []byte{0xFF}) // may own anything
	var found []Unowned
	for after, more := (blob.ID{}), true; more; {
		var list []Unowned
		var err error
		list, after, more, err = p.s.Unowned(p.ctx, after, 1)
		p.ok(err)
		found = append(found, list...)
	}
	if len(found) != 1 || found[0] != (Unowned{lost, "bucket", "large"}) {
		t.Fatalf("%+v", found)
	}
	if done, err := p.s.Disown(p.ctx, found[0]); err != nil || !done {
		t.Errorf("%v, %v", done, err)
	}
	if done, err := p.s.Disown(p.ctx, found[0]); err != nil || done {
		t.Errorf("%v, %v", done, err)
	}
	if done, err := p.s.Disown(p.ctx, Unowned{p.rec("old").body.id, "bucket", "old"}); err != nil || done {
		t.Errorf("%v, %v", done, err)
	}
}

// TestStraysAreOfNoRecord: a blob whose reference row is lost is no stray as long as a record uses it; where a record cannot be read, none is.
func TestStraysAreOfNoRecord(t *testing.T) {
	p := newPatient(t)
	w, err := p.s.blobs.Create(p.ctx, p.s.newID(), 1)
	p.ok(err)
	p.ok(w.Commit(p.ctx))
	p.update(func(t kv.Txn) {
		for pair, err := range kv.Scan(t, kv.Prefix([]byte{tRef})) {
			p.ok(err)
			t.Delete(slices.Clone(pair.Key))
		}
	})
	whole := p.rec("small").encode(nil)
	p.set(currentKey(p.b.ID, "small"), []byte{0xFF})
	mark, free := p.s.NewMark(), func() error { return nil }
	if n, err := p.s.Sweep(p.ctx, mark, free); n != 0 || !fault.Is(err, fault.Corrupted) {
		t.Errorf("%d, %v", n, err)
	}
	p.set(currentKey(p.b.ID, "small"), whole)
	if n, err := p.s.Sweep(p.ctx, mark, free); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if got := p.audit(true) + p.problems(false); got != ProblemMissing {
		t.Error(got)
	}
	stopped, stop := context.WithCancel(p.ctx)
	stop()
	if _, err := p.s.Sweep(stopped, p.s.NewMark(), stopped.Err); err == nil {
		t.Error("a sweep went on")
	}
}

package object_test

import (
	"time"

	"myfsio/object"
	"myfsio/object/lock"
)

var periods = []time.Duration{time.Second, time.Hour, 30 * time.Hour, 60 * time.Hour, -time.Second}

func (w *world) retention(s *step) lock.Retention {
	if s.ref2%4 == 0 {
		return lock.Retention{}
	}
	return lock.Retention{Mode: lock.Mode(1 + s.ref2%2), Until: w.clock.Add(periods[s.ref%len(periods)]).UTC()}
}

// lock is what a writer asks for: mostly nothing.
func (w *world) lock(s *step) (state lock.State) {
	if s.ref%7 == 6 {
		state.Retention = w.retention(s)
	}
	if s.ref2%9 == 8 {
		state.Hold = lock.Hold(1 + s.ref%2)
	}
	return state
}

var rules = []lock.Rule{{}, {Mode: lock.Governance, Days: 1}, {Mode: lock.Compliance, Days: 2}, {Mode: lock.Compliance, Years: 1}}

func (w *world) runLock(s *step, bucket, key string) error {
	if s.op == "objectLock" {
		rule := rules[s.ref%len(rules)]
		w.logf("object lock of %s: %v", bucket, rule)
		return w.same("object lock", nil, w.s.SetObjectLock(w.ctx, bucket, rule), nil, w.m.SetObjectLock(bucket, rule))
	}
	id := ""
	if s.option(0, 1) {
		id = w.version(bucket, key, s.ref2)
	}
	if s.op == "hold" {
		req := object.SetLegalHold{Bucket: bucket, Key: key, VersionID: id, On: s.option(1, 1)}
		w.logf("hold of %s/%.20q %s: %v", bucket, key, id, req.On)
		want, wantErr := w.m.SetLegalHold(req)
		req.VersionID = w.toReal(id)
		got, gotErr := w.s.SetLegalHold(w.ctx, req)
		return w.same("hold", got, gotErr, want, wantErr)
	}
	req := object.SetRetention{Bucket: bucket, Key: key, VersionID: id, Retention: w.retention(s), BypassGovernance: s.option(1, 1)}
	w.logf("retention of %s/%.20q %s: %v, bypass %v", bucket, key, id, req.Retention, req.BypassGovernance)
	want, wantErr := w.m.SetRetention(req)
	req.VersionID = w.toReal(id)
	got, gotErr := w.s.SetRetention(w.ctx, req)
	return w.same("retention", got, gotErr, want, wantErr)
}

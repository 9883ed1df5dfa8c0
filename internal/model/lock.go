package model

import (
	"time"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/object/lock"
)

// protects reports whether the version may not be destroyed now.
func (v *version) protects(now time.Time, bypass bool) bool {
	if v == nil {
		return false
	}
	if v.lock.Hold == lock.HoldOn {
		return true
	}
	if !v.lock.Retention.Until.After(now) {
		return false
	}
	return v.lock.Retention.Mode == lock.Compliance || v.lock.Retention.Mode == lock.Governance && !bypass
}

// askedLock checks what a writer asks for against the clock.
func (m *Model) askedLock(s lock.State) error {
	if s.Retention.Mode != lock.None && !s.Retention.Until.After(m.Now()) {
		return fail(fault.InvalidArgument)
	}
	return nil
}

// takesLock refuses protection in a bucket without Object Lock.
func (b *bucket) takesLock(s lock.State) error {
	if !b.ObjectLock && (s.Retention.Mode != lock.None || s.Hold != lock.HoldUnset) {
		return fail(fault.InvalidRequest)
	}
	return nil
}

// protect is what a new version is protected by.
func (m *Model) protect(b *bucket, s lock.State) lock.State {
	if r := b.DefaultLock; s.Retention.Mode == lock.None && r.Mode != lock.None {
		s.Retention = lock.Retention{Mode: r.Mode, Until: m.Now().AddDate(r.Years, 0, r.Days).UTC()}
	}
	return s
}

// SetObjectLock turns Object Lock on and sets the rule.
func (m *Model) SetObjectLock(name string, rule lock.Rule) error {
	b, err := m.bucket(name)
	if err != nil {
		return err
	}
	if b.Versioning != object.VersioningEnabled {
		return fail(fault.InvalidState)
	}
	b.ObjectLock, b.DefaultLock = true, rule
	return nil
}

// SetRetention replaces the retention of a version.
func (m *Model) SetRetention(req object.SetRetention) (object.Version, error) {
	if err := m.askedLock(lock.State{Retention: req.Retention}); err != nil {
		return object.Version{}, err
	}
	b, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	if err != nil {
		return object.Version{}, err
	}
	if !b.ObjectLock {
		return object.Version{}, fail(fault.InvalidRequest)
	}
	old, next := v.lock.Retention, req.Retention
	if old.Mode != lock.None && old.Until.After(m.Now()) { // it still counts
		extended := old.Mode == next.Mode && !next.Until.Before(old.Until)
		bypassed := old.Mode == lock.Governance && req.BypassGovernance
		if !extended && !bypassed {
			return object.Version{}, fail(fault.Locked)
		}
	}
	v.lock.Retention = next
	return b.describe(v), nil
}

// SetLegalHold sets the hold of a version.
func (m *Model) SetLegalHold(req object.SetLegalHold) (object.Version, error) {
	b, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	if err != nil {
		return object.Version{}, err
	}
	if !b.ObjectLock {
		return object.Version{}, fail(fault.InvalidRequest)
	}
	v.lock.Hold = lock.HoldOff
	if req.On {
		v.lock.Hold = lock.HoldOn
	}
	return b.describe(v), nil
}

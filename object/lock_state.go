package object

import (
	"context"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/object/lock"
)

// SetRetention replaces the retention of a version; the zero retention removes it.
type SetRetention struct {
	Bucket, Key, VersionID string
	Retention              lock.Retention
	// BypassGovernance allows what governance mode forbids; the caller has checked the right.
	BypassGovernance bool
}

// SetLegalHold puts a legal hold on a version or takes it off.
type SetLegalHold struct {
	Bucket, Key, VersionID string
	On                     bool
}

func errNoLock() error {
	return fault.New(fault.InvalidRequest, "Bucket is missing Object Lock Configuration")
}

// LockRule returns the rule of a bucket with Object Lock, which may be none, or an error of kind NoSuchConfig.
func (b *Bucket) LockRule() (lock.Rule, error) {
	if !b.ObjectLock {
		return lock.Rule{}, &fault.Error{Kind: fault.NoSuchConfig, Code: "ObjectLockConfigurationNotFoundError", Msg: "Object Lock configuration does not exist for this bucket"}
	}
	return b.DefaultLock, nil
}

// SetObjectLock turns Object Lock on for good in a bucket with versioning, and sets the retention that its new versions get when
// their writers name none.
func (s *Store) SetObjectLock(ctx context.Context, bucket string, rule lock.Rule) error {
	if err := rule.Verify(); err != nil {
		return err
	}
	return s.changeBucket(ctx, bucket, func(b *Bucket) error {
		if b.Versioning != VersioningEnabled {
			return fault.New(fault.InvalidState, "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
		}
		b.ObjectLock, b.DefaultLock = true, rule
		return nil
	})
}

// SetRetention replaces the retention of a version as far as its present one allows.
func (s *Store) SetRetention(ctx context.Context, req SetRetention) (Version, error) {
	next := lock.Retention{Mode: req.Retention.Mode, Until: req.Retention.Until.UTC()}
	if next.Mode == lock.None {
		next = lock.Retention{}
	}
	if err := next.Verify(s.now()); err != nil {
		return Version{}, err
	}
	return s.amend(ctx, req.Bucket, req.Key, req.VersionID, func(_ *txn, b *Bucket, rec *versionRecord) error {
		if !b.ObjectLock {
			return errNoLock()
		}
		state := rec.lock()
		if err := state.Retention.Change(next, s.now(), req.BypassGovernance); err != nil {
			return err
		}
		state.Retention = next
		rec.setLock(state)
		return nil
	})
}

// SetLegalHold puts a legal hold on a version or takes it off.
func (s *Store) SetLegalHold(ctx context.Context, req SetLegalHold) (Version, error) {
	return s.amend(ctx, req.Bucket, req.Key, req.VersionID, func(_ *txn, b *Bucket, rec *versionRecord) error {
		if !b.ObjectLock {
			return errNoLock()
		}
		state := rec.lock()
		if err := state.Readable(); err != nil {
			return err
		}
		if state.Hold = lock.HoldOff; req.On {
			state.Hold = lock.HoldOn
		}
		rec.setLock(state)
		return nil
	})
}

// Retention returns the retention of a version, or an error of kind NoSuchConfig when it has none.
func (s *Store) Retention(ctx context.Context, bucket, key, version string) (lock.Retention, error) {
	state, err := s.lockState(ctx, bucket, key, version)
	if err == nil && !state.Retention.Set() {
		err = errNoState()
	}
	return state.Retention, err
}

// LegalHold reports whether a version has a legal hold. One that never had one is an error of kind NoSuchConfig.
func (s *Store) LegalHold(ctx context.Context, bucket, key, version string) (on bool, err error) {
	state, err := s.lockState(ctx, bucket, key, version)
	if err == nil && state.Hold == lock.HoldUnset {
		err = errNoState()
	}
	return state.Hold == lock.HoldOn, err
}

func errNoState() error {
	return &fault.Error{Kind: fault.NoSuchConfig, Code: "NoSuchObjectLockConfiguration", Msg: "The specified object does not have a ObjectLock configuration"}
}

func (s *Store) lockState(ctx context.Context, bucket, key, version string) (state lock.State, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) error {
		b, rec, _, err := lookup(r, bucket, key, version)
		if err != nil {
			return err
		}
		if !b.ObjectLock {
			return errNoLock()
		}
		state = rec.lock()
		return state.Readable()
	})
	return state, err
}

// protect gives rec, which is to be written into the bucket, the protection that its writer asked for or else the bucket's.
func (b *Bucket) protect(rec *versionRecord, asked lock.State, now time.Time) error {
	if err := b.takesLock(&asked); err != nil {
		return err
	}
	if b.ObjectLock && !asked.Retention.Set() {
		asked.Retention = b.DefaultLock.Retention(now)
	}
	rec.setLock(asked)
	return nil
}

// takesLock refuses protection where the bucket has no Object Lock.
func (b *Bucket) takesLock(asked *lock.State) error {
	if asked.Set() && !b.ObjectLock {
		return errNoLock()
	}
	return asked.Readable()
}

func (r *versionRecord) lock() lock.State {
	if r.rare == nil {
		return lock.State{}
	}
	return r.rare.lock
}

func (r *versionRecord) setLock(s lock.State) {
	if r.rare != nil || s.Set() {
		r.seldom().lock = s
	}
}

// mayDestroy decides whether a version may be lost; nil is none.
func (t *txn) mayDestroy(rec *versionRecord, bypass bool) error {
	if rec == nil || rec.rare == nil {
		return nil
	}
	return rec.rare.lock.Destroy(t.s.now(), bypass)
}

// Field numbers of a lock's message.
const (
	fLockMode protowire.Number = iota + 1
	fLockUntil
	fLockHold
)

func appendLock(b []byte, num protowire.Number, s *lock.State) []byte {
	if !s.Set() || s.Readable() != nil { // what could not be read stays among the unknown fields
		return b
	}
	var room [32]byte
	in := appendUint(room[:0], fLockMode, uint64(s.Retention.Mode))
	if s.Retention.Set() {
		in = appendUint(in, fLockUntil, uint64(s.Retention.Until.UnixNano()))
	}
	return appendBytes(b, num, appendUint(in, fLockHold, uint64(s.Hold)))
}

// readLock reads a lock's message. One that is damaged, or says what this program does not know, is Unreadable: then it protects from everybody.
func readLock(data []byte) (s lock.State, ok bool) {
	known := true
	err := fields(data, func(num protowire.Number, v uint64, _ []byte) error {
		switch num {
		case fLockMode:
			s.Retention.Mode = lock.Mode(v)
			known = known && v <= uint64(lock.Compliance)
		case fLockUntil:
			s.Retention.Until = time.Unix(0, int64(v)).UTC()
		case fLockHold:
			s.Hold = lock.Hold(v)
			known = known && v <= uint64(lock.HoldOff)
		default:
			known = false
		}
		return nil
	})
	if err != nil || !known || !s.Set() || s.Retention.Set() == s.Retention.Until.IsZero() {
		return lock.State{Retention: lock.Retention{Mode: lock.Unreadable}}, false
	}
	return s, true
}

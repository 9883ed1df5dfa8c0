// Package lock is the rules of S3 Object Lock: who may destroy a version, when, and how its protection may change.
//
// # Words
//
// A retention protects a version until a date. In governance mode those who may bypass it can destroy the version all the same,
// and shorten or remove the retention; in compliance mode nobody can, and the retention can only be made longer. A legal hold protects a
// version until it is taken off, whatever the retention says. A rule is the retention that versions of a bucket
// get when their writer names none.
//
// The package decides and stores nothing: package object asks it inside the commits that destroy or change something.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
package lock

import (
	"time"

	"myfsio/fault"
)

// Mode is the mode of a retention. Its values are part of the format.
type Mode uint8

// The modes. Unreadable stands for protection that is damaged or that a newer program wrote: it protects from everybody.
const (
	None Mode = iota
	Governance
	Compliance
	Unreadable Mode = 255
)

// String returns the mode as S3 writes it, "" for None and Unreadable.
func (m Mode) String() string {
	switch m {
	case Governance:
		return "GOVERNANCE"
	case Compliance:
		return "COMPLIANCE"
	}
	return ""
}

// ParseMode reads a mode as S3 writes it.
func ParseMode(s string) (Mode, bool) {
	for _, m := range []Mode{Governance, Compliance} {
		if s == m.String() {
			return m, true
		}
	}
	return None, false
}

// Hold is the legal hold of a version. Its values are part of the format.
type Hold uint8

// The holds. HoldUnset is that of a version that never had one, HoldOff that of one whose hold was taken off.
const (
	HoldUnset Hold = iota
	HoldOn
	HoldOff
)

// Retention protects a version until a date. The zero value is none.
type Retention struct {
	Mode  Mode
	Until time.Time
}

// Set reports whether there is a retention, be it over or not.
func (r Retention) Set() bool { return r.Mode != None }

// active reports whether the retention protects at this time.
func (r Retention) active(now time.Time) bool {
	return r.Mode == Unreadable || r.Mode != None && now.Before(r.Until)
}

// Verify checks a retention that is asked for: it has a mode and a date in the future, or neither.
func (r Retention) Verify(now time.Time) error {
	switch {
	case r == Retention{}:
		return nil
	case r.Mode != Governance && r.Mode != Compliance:
		return fault.New(fault.InvalidArgument, "Unknown wormMode directive.")
	case r.Until.IsZero():
		return fault.New(fault.InvalidArgument, "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	case !now.Before(r.Until):
		return fault.New(fault.InvalidArgument, "The retain until date must be in the future!")
	case r.Until.Year() > lastYear:
		return fault.New(fault.InvalidArgument, "The retain until date is too far in the future.")
	}
	return nil
}

// lastYear is the last whole one that nanoseconds since 1970 reach.
const lastYear = 2261

// Change decides whether a retention may be replaced by next. bypass says that the caller may bypass governance, and wants to.
func (r Retention) Change(next Retention, now time.Time, bypass bool) error {
	longer := next.Mode == r.Mode && !next.Until.Before(r.Until)
	switch {
	case r.Mode == Unreadable:
		return errUnreadable()
	case !r.active(now) || longer || r.Mode == Governance && bypass:
		return nil
	}
	return errLocked()
}

// State is all that protects a version. The zero value protects from nothing.
type State struct {
	Retention Retention
	Hold      Hold
}

// Set reports whether anything was ever set.
func (s *State) Set() bool { return s.Retention.Set() || s.Hold != HoldUnset }

// Verify checks what a writer asks for.
func (s *State) Verify(now time.Time) error {
	if s.Hold > HoldOff {
		return fault.New(fault.InvalidArgument, "Legal Hold must be either of 'ON' or 'OFF'")
	}
	return s.Retention.Verify(now)
}

// Destroy decides whether the version may be destroyed. bypass is that of Retention.Change.
func (s *State) Destroy(now time.Time, bypass bool) error {
	r := s.Retention
	if s.Hold == HoldOn || r.active(now) && !(r.Mode == Governance && bypass) {
		return errLocked()
	}
	return nil
}

// Readable returns an error when the state could not be read.
func (s *State) Readable() error {
	if s.Retention.Mode == Unreadable {
		return errUnreadable()
	}
	return nil
}

func errLocked() error {
	return fault.New(fault.Locked, "Access Denied because object protected by object lock.")
}

func errUnreadable() error {
	return fault.New(fault.Corrupted, "The stored protection of the object cannot be read, so it stays as it is. Run myfsio fsck.")
}

// Limits of a rule.
const (
	MaxDays  = 36500
	MaxYears = 100
)

// Rule is the retention that versions get when their writer names none: for so many days or years. The zero value is none.
type Rule struct {
	Mode        Mode
	Days, Years int
}

// Verify checks a rule: it has a mode and either days or years, or is none.
func (r Rule) Verify() error {
	switch {
	case r == Rule{}:
		return nil
	case r.Mode != Governance && r.Mode != Compliance, r.Days != 0 && r.Years != 0, r.Days == 0 && r.Years == 0:
		return &fault.Error{Kind: fault.MalformedXML, Msg: "The XML you provided was not well-formed or did not validate against our published schema"}
	case r.Days < 0 || r.Years < 0:
		return &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidRetentionPeriod", Msg: "Default retention period must be a positive integer value."}
	case r.Days > MaxDays || r.Years > MaxYears:
		return &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidRetentionPeriod", Msg: "Default retention period too large. The maximum is 36500 days or 100 years."}
	}
	return nil
}

// Retention is that of a version written now.
func (r Rule) Retention(now time.Time) Retention {
	if r.Mode == None {
		return Retention{}
	}
	return Retention{Mode: r.Mode, Until: now.UTC().AddDate(r.Years, 0, r.Days)}
}

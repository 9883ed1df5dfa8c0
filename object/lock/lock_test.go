package lock_test

import (
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/object/lock"
)

var now = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

const fine = fault.Kind(255)

func verdict(err error) fault.Kind {
	if err == nil {
		return fine
	}
	return fault.KindOf(err)
}

func retention(m lock.Mode, d time.Duration) lock.Retention {
	return lock.Retention{Mode: m, Until: now.Add(d)}
}

func TestChange(t *testing.T) {
	const h = time.Hour
	none, gov, com := lock.Retention{}, lock.Governance, lock.Compliance
	for _, tc := range []struct {
		name        string
		old, next   lock.Retention
		plain, with fault.Kind // without and with the bypass
	}{
		{"first", none, retention(com, h), fine, fine},
		{"nothing at all", none, none, fine, fine},
		{"governance longer", retention(gov, h), retention(gov, 2*h), fine, fine},
		{"governance the same", retention(gov, h), retention(gov, h), fine, fine},
		{"governance shorter", retention(gov, 2*h), retention(gov, h), fault.Locked, fine},
		{"governance removed", retention(gov, h), none, fault.Locked, fine},
		{"governance to compliance", retention(gov, h), retention(com, 2*h), fault.Locked, fine},
		{"governance over", retention(gov, -1), none, fine, fine},
		{"governance until now", retention(gov, 0), none, fine, fine},
		{"governance for one more moment", retention(gov, 1), none, fault.Locked, fine},
		{"compliance longer", retention(com, h), retention(com, 2*h), fine, fine},
		{"compliance the same", retention(com, h), retention(com, h), fine, fine},
		{"compliance shorter", retention(com, 2*h), retention(com, h), fault.Locked, fault.Locked},
		{"compliance removed", retention(com, h), none, fault.Locked, fault.Locked},
		{"compliance to governance", retention(com, h), retention(gov, 3*h), fault.Locked, fault.Locked},
		{"compliance over", retention(com, -1), retention(gov, h), fine, fine},
		{"unreadable", lock.Retention{Mode: lock.Unreadable}, retention(com, h), fault.Corrupted, fault.Corrupted},
	} {
		if got := verdict(tc.old.Change(tc.next, now, false)); got != tc.plain {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.plain)
		}
		if got := verdict(tc.old.Change(tc.next, now, true)); got != tc.with {
			t.Errorf("%s with the bypass: %d, want %d", tc.name, got, tc.with)
		}
	}
}

func TestDestroy(t *testing.T) {
	for _, tc := range []struct {
		name        string
		s           lock.State
		plain, with bool // whether it may be destroyed
	}{
		{"nothing", lock.State{}, true, true},
		{"governance", lock.State{Retention: retention(lock.Governance, 1)}, false, true},
		{"governance over", lock.State{Retention: retention(lock.Governance, 0)}, true, true},
		{"compliance", lock.State{Retention: retention(lock.Compliance, 1)}, false, false},
		{"compliance over", lock.State{Retention: retention(lock.Compliance, 0)}, true, true},
		{"hold", lock.State{Hold: lock.HoldOn}, false, false},
		{"hold taken off", lock.State{Hold: lock.HoldOff}, true, true},
		{"hold on what is over", lock.State{Retention: retention(lock.Compliance, -1), Hold: lock.HoldOn}, false, false},
		{"governance, hold taken off", lock.State{Retention: retention(lock.Governance, 1), Hold: lock.HoldOff}, false, true},
		{"unreadable", lock.State{Retention: lock.Retention{Mode: lock.Unreadable}}, false, false},
		{"unreadable with an old date", lock.State{Retention: retention(lock.Unreadable, -1)}, false, false},
	} {
		if err := tc.s.Destroy(now, false); (err == nil) != tc.plain {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err := tc.s.Destroy(now, true); (err == nil) != tc.with {
			t.Errorf("%s with the bypass: %v", tc.name, err)
		}
	}
}

func TestVerify(t *testing.T) {
	for _, tc := range []struct {
		s    lock.State
		want fault.Kind
	}{
		{lock.State{}, fine},
		{lock.State{Retention: retention(lock.Governance, 1), Hold: lock.HoldOn}, fine},
		{lock.State{Retention: retention(lock.Governance, 0)}, fault.InvalidArgument},
		{lock.State{Retention: lock.Retention{Mode: lock.Compliance}}, fault.InvalidArgument},
		{lock.State{Retention: lock.Retention{Until: now.Add(1)}}, fault.InvalidArgument},
		{lock.State{Retention: retention(lock.Unreadable, 1)}, fault.InvalidArgument},
		{lock.State{Retention: retention(3, 1)}, fault.InvalidArgument},
		{lock.State{Retention: lock.Retention{Mode: lock.Compliance, Until: time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)}}, fault.InvalidArgument},
		{lock.State{Hold: 3}, fault.InvalidArgument},
	} {
		if got := verdict(tc.s.Verify(now)); got != tc.want {
			t.Errorf("%+v: %d, want %d", tc.s, got, tc.want)
		}
	}
}

func TestRule(t *testing.T) {
	for _, tc := range []struct {
		r     lock.Rule
		want  fault.Kind
		until string
	}{
		{lock.Rule{}, fine, ""},
		{lock.Rule{Mode: lock.Governance, Days: 1}, fine, "2024-03-01"},
		{lock.Rule{Mode: lock.Compliance, Years: 1}, fine, "2025-03-01"},
		{lock.Rule{Mode: lock.Compliance, Days: 36500}, fine, "2124-02-05"},
		{lock.Rule{Mode: lock.Compliance, Years: 100}, fine, "2124-02-29"},
		{lock.Rule{Mode: lock.Compliance, Days: 36501}, fault.InvalidArgument, ""},
		{lock.Rule{Mode: lock.Compliance, Years: 101}, fault.InvalidArgument, ""},
		{lock.Rule{Mode: lock.Compliance, Years: -1}, fault.InvalidArgument, ""},
		{lock.Rule{Mode: lock.Compliance}, fault.MalformedXML, ""},
		{lock.Rule{Mode: lock.Compliance, Days: 1, Years: 1}, fault.MalformedXML, ""},
		{lock.Rule{Days: 1}, fault.MalformedXML, ""},
		{lock.Rule{Mode: lock.Unreadable, Days: 1}, fault.MalformedXML, ""},
	} {
		if got := verdict(tc.r.Verify()); got != tc.want {
			t.Errorf("%+v: %d, want %d", tc.r, got, tc.want)
		}
		if tc.want != fine || !tc.r.Retention(now).Set() {
			continue
		}
		if got := tc.r.Retention(now); got.Mode != tc.r.Mode || got.Until.Format(time.DateOnly) != tc.until || got.Until.Hour() != 12 {
			t.Errorf("%+v: %+v", tc.r, got)
		}
	}
	for _, m := range []lock.Mode{lock.Governance, lock.Compliance} {
		if got, ok := lock.ParseMode(m.String()); !ok || got != m {
			t.Errorf("%d is read as %d", m, got)
		}
	}
	for _, s := range []string{"", "governance", "NONE"} {
		if _, ok := lock.ParseMode(s); ok {
			t.Errorf("%q is a mode", s)
		}
	}
}

package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	settings "myfsio/inventory"
)

// Report is what became of the last report of a configuration.
type Report struct {
	Bucket      string    `json:"bucket"`
	ID          string    `json:"id"`
	Destination string    `json:"destination"`
	Started     time.Time `json:"started"`
	Rows        int64     `json:"objects"`
	Files       int       `json:"files"`
	Bytes       int64     `json:"bytes"`              // of the data files
	Damaged     int64     `json:"damaged,omitempty"`  // records that could not be read and are left out
	Manifest    string    `json:"manifest,omitempty"` // key
	Seconds     float64   `json:"seconds"`
	Error       string    `json:"error,omitempty"` // why there is none
	// Done is when the last report that was completed began, zero for none.
	Done time.Time `json:"last_completed,omitzero"`
}

// state is inventory_state.json.
type state struct {
	Reports map[string]Report `json:"reports,omitempty"` // by place
	Pending *pending          `json:"pending,omitempty"` // under way, or interrupted
}

// pending is a report that is being written.
type pending struct {
	Place    string   `json:"place"`
	Report   Report   `json:"report"`
	Target   string   `json:"target"`
	Checksum string   `json:"checksum,omitempty"` // key of what is written last; "" before the data is complete
	Files    []string `json:"files,omitempty"`    // keys
}

// place names a configuration in the state: that of an earlier bucket of the same name is another one.
func place(bucket uint64, id string) string { return fmt.Sprintf("%x/%s", bucket, id) }

func (s *state) list() []Report {
	return slices.SortedFunc(maps.Values(s.Reports), func(a, b Report) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.ID, b.ID))
	})
}

// settle notes what became of a report.
func (s *state) settle(at string, r Report) {
	if s.Reports == nil {
		s.Reports = map[string]Report{}
	}
	if r.Error != "" {
		r.Done = s.Reports[at].Done
	}
	s.Reports[at] = r
	s.Pending = nil
}

// due reports whether a report whose last one began at done is to be written now.
func due(frequency string, done, now time.Time) bool {
	return done.IsZero() || period(frequency, done) != period(frequency, now)
}

// period numbers days, or weeks that begin on Sundays, UTC.
func period(frequency string, t time.Time) int64 {
	day := t.Unix() / 86400
	if frequency == settings.Weekly {
		return (day + 4) / 7 // 1970 began on a Thursday
	}
	return day
}

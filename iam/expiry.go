package iam

import (
	"encoding/json"
	"strings"
	"time"

	"myfsio/fault"
)

// Expiry is when credentials end. The zero value is never.
type Expiry struct {
	raw string // JSON, as in the file
	at  time.Time
	bad bool // cannot be read: taken as passed
}

// expiresAt returns the expiry at t.
func expiresAt(t time.Time) Expiry {
	t = t.UTC()
	return Expiry{raw: `"` + t.Format("2006-01-02T15:04:05.999999-07:00") + `"`, at: t}
}

// ParseExpiry reads an ISO 8601 date and time; without a zone it is in UTC. "" is never.
func ParseExpiry(s string) (Expiry, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Expiry{}, nil
	}
	iso := strings.Replace(s, " ", "T", 1)
	for _, layout := range [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, iso); err == nil { // fractions of seconds are read with each layout
			return expiresAt(t), nil
		}
	}
	return Expiry{}, fault.New(fault.InvalidArgument, "An expiry must look like 2031-05-01T12:00:00Z.")
}

// Passed reports whether the credentials have ended at now.
func (e Expiry) Passed(now time.Time) bool { return e.bad || e.raw != "" && !now.Before(e.at) }

// Time returns when the credentials end; ok is false for never and for what cannot be read.
func (e Expiry) Time() (t time.Time, ok bool) { return e.at, e.raw != "" && !e.bad }

// UnmarshalJSON reads a string; anything else that is not null has passed.
func (e *Expiry) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	if err == nil {
		*e, err = ParseExpiry(s)
	}
	if err != nil {
		*e = Expiry{bad: true}
	}
	if *e != (Expiry{}) {
		e.raw = string(b)
	}
	return nil
}

// MarshalJSON writes what was read.
func (e Expiry) MarshalJSON() ([]byte, error) {
	if e.raw == "" {
		return []byte("null"), nil
	}
	return []byte(e.raw), nil
}

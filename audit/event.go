package audit

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// Event is one administrative change, tried or made. Its fields are bounded when they are written; longer ones are cut.
type Event struct {
	Time      time.Time // default now
	RequestID string
	Action    string // the operation: CreateUser
	Actor     Actor
	SourceIP  string
	UserAgent string
	Bucket    string
	Key       string
	Target    string // the user or access key that is changed
	Outcome   string // "ok", or the code of the error
	// Details are what was changed to what, as JSON writes them; at most 8 KiB. They must not hold secrets;
	// a logs.Secret is masked.
	Details any
}

// Actor is who asked.
type Actor struct {
	UserID      string
	AccessKey   string
	DisplayName string
	Session     string // the name of temporary credentials
}

// Refusal is a request whose sender could not prove who he is.
type Refusal struct {
	AccessKey string // as it was sent: anything
	SourceIP  string
	Method    string // how the proof was sent: header, query, form, console
	Code      string // SignatureDoesNotMatch
	Reason    string
}

// The kinds of lines.
const (
	kindChange  = "change"
	kindRefused = "refused"
	kindLeftOut = "left_out" // refusals that got no line of their own
	kindLost    = "lost"     // lines that could not be written
)

// line is a line of the file. Field order is that of the file; readers must take fields they do not know.
type line struct {
	Time      string          `json:"time"`
	Kind      string          `json:"kind"`
	RequestID string          `json:"request_id,omitempty"`
	Action    string          `json:"action,omitempty"`
	Actor     *actor          `json:"actor,omitempty"`
	AccessKey string          `json:"access_key,omitempty"`
	SourceIP  string          `json:"source_ip,omitempty"`
	UserAgent string          `json:"user_agent,omitempty"`
	Method    string          `json:"method,omitempty"`
	Bucket    string          `json:"bucket,omitempty"`
	Key       string          `json:"key,omitempty"`
	Target    string          `json:"target,omitempty"`
	Outcome   string          `json:"outcome,omitempty"`
	Code      string          `json:"code,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Details   json.RawMessage `json:"details,omitempty"`
	Count     int64           `json:"count,omitempty"` // of refusals or lost lines
	Since     string          `json:"since,omitempty"` // when the first of Count was
}

type actor struct {
	UserID      string `json:"user_id,omitempty"`
	AccessKey   string `json:"access_key,omitempty"`
	DisplayName string `json:"name,omitempty"`
	Session     string `json:"session,omitempty"`
}

// The longest details and the longest line, in bytes. No field comes near the second, so that every line can be read back.
const (
	maxDetails = 8 << 10
	maxLine    = 64 << 10
)

func (e *Event) line() *line {
	l := &line{Time: stamp(e.Time), Kind: kindChange, RequestID: clip(e.RequestID, 64), Action: clip(e.Action, 64),
		SourceIP: clip(e.SourceIP, 64), UserAgent: clip(e.UserAgent, 256), Bucket: clip(e.Bucket, 255), Key: clip(e.Key, 1024),
		Target: clip(e.Target, 256), Outcome: clip(e.Outcome, 64), Details: details(e.Details)}
	if e.Actor != (Actor{}) {
		l.Actor = &actor{UserID: clip(e.Actor.UserID, 128), AccessKey: clip(e.Actor.AccessKey, 128), DisplayName: clip(e.Actor.DisplayName, 256), Session: clip(e.Actor.Session, 128)}
	}
	return l
}

// clipped returns r with bounded fields, so that what is remembered of it is bounded too.
func (r Refusal) clipped() Refusal {
	return Refusal{clip(r.AccessKey, 128), clip(r.SourceIP, 64), clip(r.Method, 32), clip(r.Code, 64), clip(r.Reason, 256)}
}

func (r Refusal) line(at, since time.Time, count int64) *line {
	l := &line{Time: stamp(at), Kind: kindRefused, AccessKey: r.AccessKey, SourceIP: r.SourceIP, Method: r.Method, Code: r.Code, Reason: r.Reason, Count: count}
	if !since.Equal(at) {
		l.Since = stamp(since)
	}
	return l
}

func details(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	switch {
	case err != nil:
		return json.RawMessage(`{"not_written":"not JSON"}`)
	case len(b) > maxDetails:
		return json.RawMessage(`{"not_written":"too long"}`)
	}
	return b
}

// bytes returns the line with its newline.
func (l *line) bytes() []byte {
	b, err := json.Marshal(l)
	if err != nil { // strings and checked JSON cannot fail
		b = []byte(`{"kind":"` + kindLost + `","count":1}`)
	}
	return append(b, '\n')
}

const stampForm = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Format(stampForm) }

// clip cuts s to max bytes, between characters, and replaces what could steer the terminal of somebody who
// looks at the file; JSON escapes the rest of it.
func clip(s string, max int) string {
	if len(s) > max {
		end := max
		for end > 0 && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end]
	}
	for _, r := range s {
		if steers(r) {
			return strings.Map(func(r rune) rune {
				if steers(r) {
					return utf8.RuneError
				}
				return r
			}, s)
		}
	}
	return s
}

// steers reports control characters that JSON leaves as they are: DEL and C1, and the marks of direction.
func steers(r rune) bool {
	return r >= 0x7f && r <= 0x9f || r == 0x61c || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

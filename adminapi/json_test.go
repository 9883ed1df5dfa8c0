package adminapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"myfsio/fault"
)

func TestCheckJSON(t *testing.T) {
	deep := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	for text, ok := range map[string]bool{
		`{}`: true, `[]`: true, `1`: true, `"x"`: true, `null`: true, deep: true, " {\"a\": [1, {\"a\": 2}, {\"a\": 3}]}\n": true,
		`[` + deep + `]`: false, `{"a": 1, "a": 2}`: false, `{"a": 1, "A": 2}`: false, `{"x": {"a": 1, "\u0061": 2}}`: false, `[{"a": {}, "b": [], "a": 0}]`: false,
		`{"a": "a", "b": "a"}`: true, `{"a": {"a": {"a": 1}}}`: true, `{} {}`: false, `{}]`: false, `{`: false, `{"a"}`: false, "\"\xff\"": false, `{"a": 1,}`: false, ``: false,
	} {
		err := checkJSON([]byte(text))
		if (err == nil) != ok || err != nil && !fault.Is(err, fault.InvalidRequest) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// FuzzCheckJSON checks that what passes is valid JSON.
func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{`{"a": [1, {"b": null}]}`, `{"a":1,"a":2}`, `[[[[`, `"\u00`, `{} x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := checkJSON(b); err == nil && !json.Valid(b) {
			t.Errorf("%q passes", b)
		}
		var in simulateDoc
		parseJSON(b, &in)
	})
}

func TestMediaOf(t *testing.T) {
	for ct, want := range map[string]media{
		"": mediaJSON, "application/json": mediaJSON, "Application/JSON; charset=UTF-8": mediaJSON, "application/policy+json": mediaJSON,
		"application/json; charset=utf-16": mediaOther, "application/x-www-form-urlencoded": mediaForm, "text/plain": mediaOther, "text/json": mediaOther, ";": mediaOther,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Content-Type", ct)
		if got := mediaOf(r); got != want {
			t.Errorf("%q: %d", ct, got)
		}
	}
}

// pages is an audit log of n entries.
type pages struct {
	limit  int
	before string
}

func (p *pages) Recent(_ context.Context, limit int, before string) ([]json.RawMessage, string, error) {
	p.limit, p.before = limit, before
	if before == "bad" {
		return nil, "", invalid("before is not a mark of this log.")
	}
	if before == "end" {
		return nil, "", nil
	}
	return []json.RawMessage{json.RawMessage(`{"op":"CreateUser"}`)}, "older", nil
}

func TestAuditLog(t *testing.T) {
	log := &pages{}
	w := newWorld(t, func(c *Config) { c.Audit = log })
	for _, tt := range []struct {
		query  string
		status int
		body   string
		limit  int
	}{
		{"", 200, `{"entries":[{"op":"CreateUser"}],"next":"older"}`, auditPage},
		{"?limit=1000&before=older", 200, `{"entries":[{"op":"CreateUser"}],"next":"older"}`, 1000},
		{"?before=end", 200, `{"entries":[]}`, auditPage},
		{"?limit=0", 400, "", 0}, {"?limit=1001", 400, "", 0}, {"?limit=x", 400, "", 0}, {"?before=bad", 400, "", auditPage},
	} {
		*log = pages{}
		res := w.do(t, "GET", "/admin/audit-log"+tt.query, "")
		b, err := io.ReadAll(res.Body)
		check(t, err)
		if res.StatusCode != tt.status || log.limit != tt.limit || tt.body != "" && strings.TrimSpace(string(b)) != tt.body {
			t.Errorf("%q: %d %s, limit %d", tt.query, res.StatusCode, b, log.limit)
		}
	}
}

package adminapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"myfsio/fault"
	"myfsio/work/notify"
)

// letters are Notifications with one failure, a1.
type letters struct{ did []string }

func (l *letters) Queues() []notify.Queue {
	return []notify.Queue{{Bucket: "box", URL: "https://h/", Pending: 3, Down: true, Error: "connection refused"}}
}

func (l *letters) Failures(_ context.Context, limit int, after string) ([]notify.Failure, string, error) {
	if after != "" {
		return nil, "", nil
	}
	return []notify.Failure{{ID: "a1", Bucket: "box", Key: "k", Event: "ObjectCreated:Put", URL: "https://h/", QueuedAt: now, FailedAt: now, Reason: "no", Body: json.RawMessage(`{"Records":[]}`)}}, "a1", nil
}

func (l *letters) act(what, id string) error {
	if id != "a1" {
		return fault.New(fault.NoSuchConfig, "There is no such failed event.")
	}
	l.did = append(l.did, what)
	return nil
}

func (l *letters) Retry(_ context.Context, id string) error { return l.act("retry", id) }
func (l *letters) Drop(_ context.Context, id string) error  { return l.act("drop", id) }
func (l *letters) Secret(bucket, url string) string         { return bucket + "+" + url }

func TestNotifications(t *testing.T) {
	var l letters
	w := newWorld(t, func(c *Config) { c.Notifications = &l })
	for _, c := range []struct {
		who, method, path string
		status            int
		want              string
	}{
		{"admin", "GET", "/admin/notifications", 200, `{"queues":[{"bucket":"box","url":"https://h/","pending":3,"down":true,"error":"connection refused"}]}`},
		{"admin", "GET", "/admin/notifications/failures", 200, `{"failures":[{"id":"a1","bucket":"box","key":"k","event":"ObjectCreated:Put","url":"https://h/","queued_at":"2026-03-04T05:06:07Z","failed_at":"2026-03-04T05:06:07Z","reason":"no","body":{"Records":[]}}],"next":"a1"}`},
		{"admin", "GET", "/admin/notifications/failures?after=a1&limit=1000", 200, `{"failures":[]}`},
		{"admin", "GET", "/admin/notifications/failures?limit=1001", 400, ""},
		{"admin", "GET", "/admin/notifications/failures?limit=x", 400, ""},
		{"admin", "POST", "/myfsio/admin/notifications/failures/a1/retry", 204, ""},
		{"admin", "POST", "/admin/notifications/failures/b2/retry", 404, ""},
		{"admin", "DELETE", "/admin/notifications/failures/a1", 204, ""},
		{"admin", "DELETE", "/admin/notifications/failures/b2", 404, ""},
		{"admin", "PUT", "/admin/notifications/failures/a1", 405, ""},
		{"admin", "GET", "/admin/notifications/secret?bucket=box&url=https%3A%2F%2Fh%2F", 200, `{"bucket":"box","secret":"box+https://h/","url":"https://h/"}`},
		{"admin", "GET", "/admin/notifications/secret?bucket=box", 400, ""},
		{"manager", "GET", "/admin/notifications", 403, ""},
		{"owner", "GET", "/admin/notifications/secret?bucket=box&url=https%3A%2F%2Fh%2F", 403, ""},
		{"reader", "DELETE", "/admin/notifications/failures/a1", 403, ""},
	} {
		status, body := asking(w, c.who, c.method, c.path)
		if status != c.status || c.want != "" && body != c.want {
			t.Errorf("%s %s by %s: %d %s", c.method, c.path, c.who, status, body)
		}
	}
	if got := strings.Join(l.did, " "); got != "retry drop" {
		t.Errorf("it did %s", got)
	}
	none := newWorld(t, nil)
	for _, path := range []string{"/admin/notifications", "/admin/notifications/failures", "/admin/notifications/secret"} {
		if status, body := asking(none, "admin", "GET", path); status != http.StatusNotImplemented {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// asking sends a request of one of the people.
func asking(w *world, who, method, target string) (int, string) {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("X-Access-Key", people[who][0])
	r.Header.Set("X-Secret-Key", people[who][1])
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec.Code, strings.TrimSpace(rec.Body.String())
}

package server

import (
	"strings"
	"testing"
)

const pastRule = `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>past</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter>` +
	`<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>`

// TestLifecycle: rules are told of, tried out and carried out.
func TestLifecycle(t *testing.T) {
	r := start(t, keyed(t, t.TempDir(), "LIFECYCLE_ENABLED", "true"))
	defer r.end()
	r.want(200, "PUT", "/box", "")
	r.want(200, "PUT", "/box/logs/a", "x")
	r.want(200, "PUT", "/box/b", "x")
	r.want(200, "PUT", "/box?lifecycle", pastRule)
	if res, _ := r.do("HEAD", "/box/logs/a", nil); res.Header.Get("X-Amz-Expiration") != `expiry-date="Wed, 01 Jan 2020 00:00:00 GMT", rule-id="past"` {
		t.Error(res.Header)
	}
	if out := r.admin(200, "POST", "/admin/lifecycle/run", `{"dry_run": true}`); !strings.Contains(out, `"objects_deleted":1`) {
		t.Error(out)
	}
	r.want(200, "GET", "/box/logs/a", "")
	if out := r.admin(200, "POST", "/admin/lifecycle/run", `{"bucket": "box"}`); !strings.Contains(out, `"objects_deleted":1`) {
		t.Error(out)
	}
	r.want(404, "GET", "/box/logs/a", "")
	r.want(200, "GET", "/box/b", "")
	if out := r.admin(200, "GET", "/admin/lifecycle/history?bucket=box", ""); strings.Count(out, `"timestamp"`) != 2 {
		t.Error(out)
	}
	if out := r.admin(200, "GET", "/admin/lifecycle/status", ""); !strings.Contains(out, `"enabled":true`) {
		t.Error(out)
	}
}

// TestLifecycleOff: without LIFECYCLE_ENABLED rules are kept, and nothing is promised or done.
func TestLifecycleOff(t *testing.T) {
	r := start(t, keyed(t, t.TempDir()))
	defer r.end()
	r.want(200, "PUT", "/box", "")
	r.want(200, "PUT", "/box/logs/a", "x")
	r.want(200, "PUT", "/box?lifecycle", pastRule)
	if res, _ := r.do("HEAD", "/box/logs/a", nil); res.Header.Get("X-Amz-Expiration") != "" {
		t.Error(res.Header)
	}
	r.admin(400, "POST", "/admin/lifecycle/run", `{}`)
	if out := r.admin(200, "POST", "/admin/lifecycle/run", `{"dry_run": true}`); !strings.Contains(out, `"objects_deleted":1`) {
		t.Error(out)
	}
	r.want(200, "GET", "/box/logs/a", "")
}

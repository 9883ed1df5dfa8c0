package adminapi

import (
	"slices"
	"testing"
)

// TestNoDomains: without websites each of the routes is refused.
func TestNoDomains(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Domains = nil })
	for _, rt := range w.routes {
		if len(rt.path) < 2 || rt.path[1] != "website-domains" {
			continue
		}
		path := "/admin/website-domains"
		if len(rt.path) > 2 {
			path += "/example.com"
		}
		if res := w.do(t, rt.method, path, `{"domain": "example.com", "bucket": "box"}`); res.StatusCode != 400 {
			t.Errorf("%s %s: %s", rt.method, path, res.Status)
		}
	}
}

// TestDomainAudit: the audit log tells of changes.
func TestDomainAudit(t *testing.T) {
	w := newWorld(t, nil)
	w.do(t, "POST", "/admin/website-domains", `{"domain": "Example.com", "bucket": "box"}`)
	w.do(t, "PUT", "/admin/website-domains/example.com", `{"bucket": "nobox"}`)
	w.do(t, "DELETE", "/admin/website-domains/EXAMPLE.com", ``)
	w.do(t, "GET", "/admin/website-domains", ``)
	want := []string{"CreateWebsiteDomain example.com done", "UpdateWebsiteDomain example.com NoSuchBucket", "DeleteWebsiteDomain example.com done"}
	if !slices.Equal(w.changes, want) {
		t.Errorf("%q", w.changes)
	}
}

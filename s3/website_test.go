package s3

import (
	"strings"
	"testing"
)

// TestNoWebsites: a server that serves no websites takes no configuration for one, gives none and removes none.
func TestNoWebsites(t *testing.T) {
	w := newWorld(t, memory, func(c *Config) { c.Websites = false })
	w.bucket("box")
	for method, body := range map[string]string{
		"GET": "", "DELETE": "", "PUT": "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>",
	} {
		if status, body := w.send("admin", method, "/box?website", body); status != 400 || !strings.Contains(body, "<Code>InvalidRequest</Code>") {
			t.Errorf("%s: %d %s", method, status, body)
		}
	}
}

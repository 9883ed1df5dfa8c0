package server

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"myfsio/sigv4"
)

// admin sends a request whose body is signed and demands a status.
func (r *running) admin(status int, method, path, body string) string {
	r.Helper()
	req, err := http.NewRequest(method, "http://"+r.host+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	r.signer.Sign(req, sigv4.PayloadHash([]byte(body)), time.Now())
	res, err := client.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	if res.StatusCode != status {
		r.Errorf("%s %s: %s, want %d\n%s", method, path, res.Status, status, b)
	}
	return string(b)
}

// visit asks for a page of a website.
func (r *running) visit(method, host, path string) (status int, body string) {
	r.Helper()
	req, err := http.NewRequest(method, "http://"+r.host+path, nil)
	if err != nil {
		r.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestWebsite goes through the steps of the documentation.
func TestWebsite(t *testing.T) {
	r := start(t, keyed(t, t.TempDir(), "WEBSITE_HOSTING_ENABLED", "true", "S3_DOMAINS", "s3.test", "API_BASE_URL", "http://api.test:5000"))
	defer r.end()
	r.want(200, "PUT", "/my-site", "")
	r.want(200, "PUT", "/my-site/index.html", "welcome")
	r.want(200, "PUT", "/my-site/404.html", "sorry")
	if status, body := r.visit("GET", "example.com", "/"); status != 403 {
		t.Error("before the domain is mapped:", status, body)
	}
	r.admin(201, "POST", "/admin/website-domains", `{"domain": "example.com", "bucket": "my-site"}`)
	if status, body := r.visit("GET", "example.com", "/"); status != 404 || !strings.Contains(body, "NoSuchWebsiteConfiguration") {
		t.Error("before the bucket is a site:", status, body)
	}
	r.want(200, "PUT", "/my-site?website", `<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>404.html</Key></ErrorDocument></WebsiteConfiguration>`)
	for _, tt := range []struct {
		method, host, path string
		status             int
		body               string
	}{
		{"GET", "example.com", "/", 200, "welcome"}, {"HEAD", "example.com:5000", "/", 200, ""}, {"GET", "EXAMPLE.com", "/none", 404, "sorry"},
		{"GET", "example.com", "/admin/website-domains", 404, "sorry"}, {"GET", "example.com", "/my-site?list-type=2", 404, "sorry"},
		{"PUT", "example.com", "/x", 405, "Method Not Allowed"}, {"GET", "other.com", "/my-site/index.html", 403, "AccessDenied"}, {"GET", "example.com", "/myfsio/health", 200, "ok"},
		{"GET", "my-site.s3.test", "/index.html", 403, "AccessDenied"}, {"GET", "EXAMPLE.COM:8443", "/", 200, "welcome"}, {"GET", "example.com.", "/", 200, "welcome"}, {"HEAD", "example.com", "/none", 404, ""},
		{"GET", "[::1]:5000", "/my-site/index.html", 403, "AccessDenied"}, {"GET", "[2001:db8::1]", "/my-site/index.html", 403, "AccessDenied"}, {"GET", "192.0.2.1", "/my-site/index.html", 403, "AccessDenied"},
		{"GET", "www.example.com", "/my-site/index.html", 403, "AccessDenied"}, {"GET", "example.com.evil.test", "/my-site/index.html", 403, "AccessDenied"},
	} {
		if status, body := r.visit(tt.method, tt.host, tt.path); status != tt.status || !strings.Contains(body, tt.body) {
			t.Errorf("%+v: %d %s", tt, status, body)
		}
	}
	for _, own := range []string{"s3.test", "a.s3.test", "api.test", "localhost"} {
		r.admin(409, "POST", "/admin/website-domains", `{"domain": "`+own+`", "bucket": "my-site"}`)
	}
	r.admin(204, "DELETE", "/admin/website-domains/example.com", "")
	if status, _ := r.visit("GET", "example.com", "/"); status != 403 {
		t.Error("after the domain is not mapped any more:", status)
	}
}

// TestNoWebsite: by default no host shows a website.
func TestNoWebsite(t *testing.T) {
	r := start(t, keyed(t, t.TempDir()))
	defer r.end()
	r.want(200, "PUT", "/my-site", "")
	r.want(400, "PUT", "/my-site?website", `<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>`)
	r.admin(400, "POST", "/admin/website-domains", `{"domain": "example.com", "bucket": "my-site"}`)
	r.admin(400, "GET", "/admin/website-domains", "")
}

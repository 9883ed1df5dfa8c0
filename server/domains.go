package server

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"

	"myfsio/accesslog"
	"myfsio/adminapi"
	"myfsio/config"
	"myfsio/website"
	"myfsio/website/domain"
)

// domains are the domains of websites, as both who shows and who changes them need them.
type domains interface {
	adminapi.Domains
	website.Domains
}

// openDomains opens the domains of websites, nil when the server serves none.
func (s *server) openDomains() (domains, error) {
	if !s.cfg.WebsiteHosting {
		return nil, nil
	}
	d, err := domain.Open(domain.Options{
		Path:     filepath.Join(s.cfg.StorageRoot, SystemDir, "config", "website_domains.json"),
		Reserved: ownHosts(s.cfg), Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// ownHosts returns what tells the names of the server itself: those that S3 answers to, and that of its own URL.
func ownHosts(cfg *config.Config) func(host string) bool {
	own := map[string]bool{"localhost": true}
	for _, d := range cfg.S3Domains {
		own[strings.ToLower(strings.Trim(d, "."))] = true
	}
	if u, err := url.Parse(cfg.APIBaseURL); err == nil && cfg.IsSet("API_BASE_URL") {
		own[strings.ToLower(u.Hostname())] = true
	}
	return func(host string) bool {
		if own[host] {
			return true
		}
		for _, d := range cfg.S3Domains {
			if strings.HasSuffix(host, "."+strings.ToLower(strings.Trim(d, "."))) {
				return true
			}
		}
		return false
	}
}

// visited hands an answered request of a website to the access log of its bucket.
func (f *front) visited(ctx context.Context, r *website.Record) {
	q := r.Request
	if !f.logs.Wants(ctx, q.Bucket) {
		return
	}
	f.logs.Add(ctx, &accesslog.Entry{
		Bucket: q.Bucket, Time: q.Started, RemoteIP: q.SourceIP, RequestID: q.ID, Key: r.Key, Operation: "WEBSITE." + r.HTTP.Method + ".OBJECT",
		HTTP: r.HTTP, Status: r.Status, Code: r.Code, Sent: r.Sent, Size: r.Size, Total: r.Duration, TurnAround: r.ToFirst,
		Referer: q.Referer, UserAgent: q.UserAgent, HostID: r.HostID, Host: f.trust.Host(r.HTTP),
	})
}

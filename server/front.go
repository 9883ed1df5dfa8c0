package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"myfsio/accesslog"
	"myfsio/adminapi"
	"myfsio/auth"
	"myfsio/bucketpolicy"
	"myfsio/cors"
	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/iam"
	"myfsio/limit"
	"myfsio/limit/redislimit"
	"myfsio/lockout"
	"myfsio/proxy"
	"myfsio/query"
	"myfsio/s3"
	"myfsio/sigv4"
	"myfsio/sts"
	"myfsio/website"
)

// front is everything between a connection and the data.
type front struct {
	trust proxy.Trust
	s3    *s3.Handler
	sts   *sts.Handler
	admin *adminapi.Handler
	sites *website.Handler // nil: no websites
	logs  *accesslog.Log   // of buckets
	close []func() error
}

// ServeHTTP leads a request to whom its host or path belongs. A bucket that is named by the host has all paths, and so has a website.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case f.s3.VirtualHosted(r):
		f.s3.ServeHTTP(w, r)
	case f.sites != nil && f.sites.Serves(r):
		f.sites.ServeHTTP(w, r)
	case adminapi.Owns(r.URL):
		f.admin.ServeHTTP(w, r)
	case f.sts.Matches(r):
		f.sts.ServeHTTP(w, r)
	default:
		f.s3.ServeHTTP(w, r)
	}
}

// Close releases what the fronts hold open.
func (f *front) Close() error {
	var errs []error
	for _, c := range f.close {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// newFront builds the fronts.
func (s *server) newFront(users *iam.Store) (*front, error) {
	cfg := s.cfg
	f := &front{trust: proxy.Trust{Peers: cfg.Proxy.TrustedPeers, Count: cfg.Proxy.Trusted}, logs: s.logs}
	policies, err := bucketpolicy.Open(bucketpolicy.Options{Path: cfg.Auth.BucketPolicyPath, Log: s.log})
	if err != nil {
		return nil, err
	}
	take, err := s.limits(f)
	if err != nil {
		return nil, err
	}
	trail, err := s.openTrail()
	if err != nil {
		return nil, err
	}
	f.close = append(f.close, trail.Close)
	prover := s.authenticator(users)
	prover.Refused = trail.refused
	rights := access.New(access.Config{Policies: policies, Objects: s.data.Store, Strict: cfg.Auth.PolicyEvaluation == "strict"})
	door := &gate.Gate{Authorizer: rights, Hooks: gate.Hooks{After: trail.after}}
	source := func(r *http.Request) auth.Source {
		return auth.Source{IP: f.trust.Client(r), Secure: f.trust.Secure(r)}
	}

	origins, err := cors.Server(cfg.CORS.Origins, cfg.CORS.Methods, cfg.CORS.AllowHeaders, cfg.CORS.ExposeHeaders)
	if err != nil {
		return nil, fmt.Errorf("the CORS_ settings: %w", err)
	}
	f.s3 = s3.New(s3.Config{
		Store: s.data.Store, Gate: door, Auth: prover, Policies: policies,
		Region: cfg.Region, Domains: cfg.S3Domains,
		MaxUpload: cfg.Limits.MaxUpload, ObjectTags: tagLimit(cfg.Limits.ObjectTags), BodyTimeout: time.Duration(cfg.Limits.BodyTimeout) * time.Second,
		Log: s.log, DisplayName: displayName(users), KnownUser: func(id string) bool { _, ok := users.ByCanonical(id); return ok },
		Source: source, Limit: take,
		ServerCORS: origins, RedirectHosts: cfg.Proxy.RedirectHosts, Websites: cfg.WebsiteHosting, Lifecycle: cfg.Lifecycle.Enabled,
		Notices: s.notices, LoggingChanged: s.logs.Forget, Done: f.record, Select: s.queries(),
	})
	domains, err := s.openDomains()
	if err != nil {
		return nil, err
	}
	if domains != nil {
		f.sites = website.New(website.Config{
			Store: s.data.Store, Gate: door, Domains: domains, ServerCORS: origins, Limit: take,
			Source: source, Done: f.visited, Log: s.log,
		})
	}
	base := "" // the host that the request came to
	if cfg.IsSet("API_BASE_URL") {
		base = cfg.APIBaseURL
	}
	f.sts = sts.New(sts.Config{Gate: door, Auth: prover, Users: users, VirtualHosted: f.s3.VirtualHosted, Limit: take, Source: source, Log: s.log})
	f.admin = adminapi.New(adminapi.Config{
		Gate: door, Auth: prover, Users: users, Region: cfg.Region, BaseURL: base, Explain: rights, Policies: policies,
		Objects: s.data.Store, Audit: trail.reader(), Limit: take, Source: source, Log: s.log,
		Domains: domains, Buckets: s.data.Store, Notifications: s.notices, Jobs: s.jobs, Lifecycle: s.lifecycle, Inventory: s.inventory, KMS: s.data.Keyring,
	})
	return f, nil
}

// queries runs SQL over objects; nil where there is no worker for it.
func (s *server) queries() *query.Engine {
	if len(s.worker) == 0 {
		return nil
	}
	return query.New(query.Config{Command: s.worker})
}

// authenticator proves who sends requests.
func (s *server) authenticator(users *iam.Store) *auth.Authenticator {
	a := &s.cfg.Auth
	return &auth.Authenticator{
		Verifier: &sigv4.Verifier{
			Region: s.cfg.Region, AnyRegion: a.AnyRegion, Service: s.cfg.Service,
			MinExpiry: time.Duration(s.cfg.Limits.PresignMin) * time.Second,
			Clock: sigv4.Clock{
				Skew: time.Duration(s.cfg.Limits.SigV4Tolerance) * time.Second, MaxExpiry: time.Duration(s.cfg.Limits.PresignMax) * time.Second,
			},
		},
		Users: users, HeaderPair: a.LegacyHeader, SigV2: a.SigV2, Log: s.log,
		Lockout: &lockout.Table{Max: a.MaxAttempts, Window: time.Duration(a.LockoutMinutes) * time.Minute},
	}
}

// limits makes the counter of requests. What it holds open is closed with f.
func (s *server) limits(f *front) (gate.Limit, error) {
	r := &s.cfg.Rate
	rates := make([]limit.Rate, gate.AdminRequests+1)
	for class, rate := range map[gate.RateClass]struct {
		n   int
		per time.Duration
	}{
		gate.ListBuckets: {r.ListBuckets.N, r.ListBuckets.Per}, gate.BucketRequests: {r.BucketOps.N, r.BucketOps.Per},
		gate.ObjectRequests: {r.ObjectOps.N, r.ObjectOps.Per}, gate.HeadRequests: {r.HeadOps.N, r.HeadOps.Per},
		gate.AdminRequests: {r.Admin.N, r.Admin.Per},
	} {
		rates[class] = limit.Rate{N: rate.n, Per: rate.per}
	}
	var counter limit.Limiter
	switch uri := r.StorageURI; uri {
	case "", "memory://":
		counter = limit.NewMemory(limit.Options{Rates: rates})
	default:
		shared, err := redislimit.Open(redislimit.Options{URL: uri, Rates: rates, Log: s.log})
		if err != nil {
			return nil, err
		}
		f.close = append(f.close, shared.Close)
		counter = shared
	}
	return func(ctx context.Context, class gate.RateClass, client string) (time.Duration, bool) {
		return counter.Take(ctx, limit.Class(class), client)
	}, nil
}

// tagLimit is OBJECT_TAG_LIMIT as package s3 takes it, where 0 is the usual limit.
func tagLimit(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

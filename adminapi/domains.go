package adminapi

import (
	"context"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/website/domain"
)

// Domains keeps which domain shows the website of which bucket; see package domain, whose Store it is.
type Domains interface {
	List() []domain.Mapping
	Get(domain string) (domain.Mapping, error)
	Create(domain, bucket string) (domain.Mapping, error)
	Update(domain, bucket string) (domain.Mapping, error)
	Delete(domain string) (domain.Mapping, error)
}

// Buckets tells which buckets there are.
type Buckets interface {
	HeadBucket(ctx context.Context, name string) (object.Bucket, error)
}

// domains refuses what is about domains where the server serves no websites.
func (h *Handler) domains() (Domains, error) {
	if h.cfg.Domains == nil {
		return nil, fault.New(fault.InvalidRequest, "Website hosting is not enabled. Set WEBSITE_HOSTING_ENABLED=true and start the server again.")
	}
	return h.cfg.Domains, nil
}

func listDomains(h *Handler, _ context.Context, _ *call) (answer, error) {
	d, err := h.domains()
	if err != nil {
		return answer{}, err
	}
	return answer{body: d.List()}, nil
}

func getDomain(h *Handler, _ context.Context, c *call) (answer, error) {
	d, err := h.domains()
	if err != nil {
		return answer{}, err
	}
	m, err := d.Get(c.id)
	return answer{body: m}, err
}

func createDomain(h *Handler, ctx context.Context, c *call) (answer, error) {
	return h.mapDomain(ctx, c, true)
}

func updateDomain(h *Handler, ctx context.Context, c *call) (answer, error) {
	return h.mapDomain(ctx, c, false)
}

// mapDomain maps a domain to a bucket that is there. Its website may follow later.
func (h *Handler) mapDomain(ctx context.Context, c *call, create bool) (answer, error) {
	d, err := h.domains()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Domain string `json:"domain"`
		Bucket string `json:"bucket"`
	}
	if err := c.readJSON(&in); err != nil {
		return answer{}, err
	}
	if !create {
		in.Domain = c.id
	}
	if in.Domain == "" || in.Bucket == "" {
		return answer{}, invalid("domain and bucket are needed.")
	}
	c.gate.Bucket, c.gate.Key = in.Bucket, in.Domain // for the audit log
	set, status := d.Update, 200
	if create {
		set, status = d.Create, 201
	} else if _, err := d.Get(in.Domain); err != nil {
		return answer{}, err
	}
	if _, err := h.cfg.Buckets.HeadBucket(ctx, in.Bucket); err != nil {
		return answer{}, err
	}
	m, err := set(in.Domain, in.Bucket)
	if err != nil {
		return answer{}, err
	}
	c.gate.Key = m.Domain
	return answer{status, m}, nil
}

func deleteDomain(h *Handler, _ context.Context, c *call) (answer, error) {
	d, err := h.domains()
	if err != nil {
		return answer{}, err
	}
	m, err := d.Delete(c.id)
	if err != nil {
		return answer{}, err
	}
	c.gate.Bucket, c.gate.Key = m.Bucket, m.Domain
	return answer{status: 204}, nil
}

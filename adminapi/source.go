package adminapi

import (
	"context"
	"net/url"

	"myfsio/iam/policy"
	"myfsio/object"
)

// Objects describes what is stored.
type Objects interface {
	Describe(ctx context.Context, bucket, key, versionID string) (object.Version, error)
}

// source answers for the seldom condition keys of a request that is only thought of.
type source struct {
	query   url.Values
	headers map[string][]string
	request []policy.Tag
	given   []policy.Tag // stands for the stored tags
	stored  func() ([]policy.Tag, error)
}

var _ policy.Source = source{}

// Query implements policy.Source.
func (s source) Query(name string) (string, bool) { return s.query.Get(name), s.query.Has(name) }

// Header implements policy.Source.
func (s source) Header(name string) []string { return s.headers[name] }

// RequestTags implements policy.Source.
func (s source) RequestTags() ([]policy.Tag, error) { return s.request, nil }

// ObjectTags implements policy.Source.
func (s source) ObjectTags() ([]policy.Tag, error) {
	if s.given != nil || s.stored == nil {
		return s.given, nil
	}
	return s.stored()
}

// storedTags returns what reads the tags of an object.
func (h *Handler) storedTags(ctx context.Context, bucket, key, versionID string) func() ([]policy.Tag, error) {
	return func() ([]policy.Tag, error) {
		if h.cfg.Objects == nil {
			return nil, nil
		}
		v, err := h.cfg.Objects.Describe(ctx, bucket, key, versionID)
		if err != nil {
			return nil, err
		}
		tags := make([]policy.Tag, 0, len(v.Meta.Tags))
		for _, t := range v.Meta.Tags {
			tags = append(tags, policy.Tag{Key: t.Name, Value: t.Value})
		}
		return tags, nil
	}
}

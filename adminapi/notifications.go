package adminapi

import (
	"context"
	"strconv"

	"myfsio/fault"
	"myfsio/work/notify"
)

// Notifications are the events that were or are to be delivered.
type Notifications interface {
	// Queues are the destinations that events wait for.
	Queues() []notify.Queue
	// Failures returns up to limit events that were given up, oldest first, behind the one that after names, and what after is for
	// the next page.
	Failures(ctx context.Context, limit int, after string) (page []notify.Failure, next string, err error)
	// Retry sends one again, Drop removes it. One that is not there is fault.NoSuchConfig.
	Retry(ctx context.Context, id string) error
	Drop(ctx context.Context, id string) error
	// Secret is the key of signatures of what is sent for a bucket to a URL.
	Secret(bucket, url string) string
}

func (h *Handler) notifications() (Notifications, error) {
	if h.cfg.Notifications == nil {
		return nil, fault.New(fault.NotImplemented, "This server sends no notifications.")
	}
	return h.cfg.Notifications, nil
}

func listQueues(h *Handler, _ context.Context, _ *call) (answer, error) {
	n, err := h.notifications()
	if err != nil {
		return answer{}, err
	}
	return answer{body: map[string]any{"queues": n.Queues()}}, nil
}

// failuresPage is how many failures a page has when the client does not say.
const failuresPage = 100

func listFailures(h *Handler, ctx context.Context, c *call) (answer, error) {
	n, err := h.notifications()
	if err != nil {
		return answer{}, err
	}
	limit := failuresPage
	if s := c.query.Get("limit"); s != "" {
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > notify.MaxPage {
			return answer{}, invalid("limit must be a number from 1 to %d.", notify.MaxPage)
		}
	}
	page, next, err := n.Failures(ctx, limit, c.query.Get("after"))
	if err != nil {
		return answer{}, err
	}
	return answer{body: struct {
		Failures []notify.Failure `json:"failures"`
		Next     string           `json:"next,omitempty"`
	}{append([]notify.Failure{}, page...), next}}, nil
}

func retryFailure(h *Handler, ctx context.Context, c *call) (answer, error) {
	n, err := h.notifications()
	if err != nil {
		return answer{}, err
	}
	return answer{status: 204}, n.Retry(ctx, c.id)
}

func dropFailure(h *Handler, ctx context.Context, c *call) (answer, error) {
	n, err := h.notifications()
	if err != nil {
		return answer{}, err
	}
	return answer{status: 204}, n.Drop(ctx, c.id)
}

func showSecret(h *Handler, _ context.Context, c *call) (answer, error) {
	n, err := h.notifications()
	if err != nil {
		return answer{}, err
	}
	bucket, url := c.query.Get("bucket"), c.query.Get("url")
	if bucket == "" || url == "" {
		return answer{}, invalid("bucket and url name a destination.")
	}
	return answer{body: map[string]string{"bucket": bucket, "url": url, "secret": n.Secret(bucket, url)}}, nil
}

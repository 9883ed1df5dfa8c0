package adminapi

import (
	"context"
	"errors"
	"time"

	"myfsio/fault"
	"myfsio/work/inventory"
)

func (h *Handler) inventory() (*inventory.Worker, error) {
	if h.cfg.Inventory == nil {
		return nil, fault.New(fault.NotImplemented, "This server writes no inventory reports.")
	}
	return h.cfg.Inventory, nil
}

func inventoryStatus(h *Handler, _ context.Context, _ *call) (answer, error) {
	w, err := h.inventory()
	if err != nil {
		return answer{}, err
	}
	s := w.Status()
	return answer{body: struct {
		Running bool               `json:"running"`
		Current *inventory.Report  `json:"current,omitempty"`
		NextRun time.Time          `json:"next_run"`
		Reports []inventory.Report `json:"reports"`
	}{s.Current != nil, s.Current, s.NextRun, append([]inventory.Report{}, s.Reports...)}}, nil
}

func runInventory(h *Handler, ctx context.Context, c *call) (answer, error) {
	w, err := h.inventory()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Bucket string `json:"bucket"`
		ID     string `json:"id"`
	}
	if err := c.readJSON(&in); err != nil {
		return answer{}, err
	}
	if in.Bucket == "" {
		return answer{}, invalid("bucket is needed.")
	}
	c.gate.Bucket = in.Bucket // for the audit log
	bounded, cancel := context.WithTimeout(ctx, runWait)
	defer cancel()
	out, err := w.Start(bounded, inventory.Request{Bucket: in.Bucket, ID: in.ID})
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return answer{202, map[string]any{"running": true}}, nil
	case err != nil:
		return answer{}, err
	}
	return answer{body: map[string]any{"running": false, "reports": append([]inventory.Report{}, out...)}}, nil
}

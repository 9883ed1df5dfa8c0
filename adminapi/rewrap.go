package adminapi

import (
	"context"

	"myfsio/fault"
	"myfsio/work"
	"myfsio/work/rewrap"
)

const noMaster = "There is no master key: encryption is off. Start the server with ENCRYPTION_ENABLED=true."

func rewrapStatus(h *Handler, _ context.Context, _ *call) (answer, error) {
	j := &h.cfg.Jobs
	if j.Rewrap == nil {
		return answer{body: map[string]any{"enabled": false, "message": noMaster}}, nil
	}
	s, err := j.Rewrapper.Status()
	if err != nil {
		return answer{}, err
	}
	return answer{body: struct {
		Enabled bool `json:"enabled"`
		rewrap.Status
		state[rewrap.Report]
	}{true, s, stateOf(j.Rewrap)}}, nil
}

func rewrapRun(h *Handler, ctx context.Context, c *call) (answer, error) {
	if h.cfg.Jobs.Rewrap == nil {
		return answer{}, fault.New(fault.InvalidRequest, noMaster)
	}
	var in struct {
		DryRun bool `json:"dry_run"`
		Full   bool `json:"full"`
	}
	if err := c.readOptional(&in); err != nil {
		return answer{}, err
	}
	return runJob(ctx, h.cfg.Jobs.Rewrap, work.Ask{DryRun: in.DryRun, Full: in.Full}, h.patience)
}

func rewrapStop(h *Handler, _ context.Context, _ *call) (answer, error) {
	if h.cfg.Jobs.Rewrap == nil {
		return answer{}, fault.New(fault.InvalidRequest, noMaster)
	}
	return answer{body: map[string]any{"stopped": h.cfg.Jobs.Rewrapper.Stop()}}, nil
}

func rewrapHistory(h *Handler, _ context.Context, c *call) (answer, error) {
	if h.cfg.Jobs.Rewrap == nil {
		return answer{body: map[string]any{"executions": []any{}}}, nil
	}
	return historyOf(c, h.cfg.Jobs.Rewrap)
}

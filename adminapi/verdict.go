package adminapi

import (
	"cmp"
	"context"
	"encoding/json"

	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/iam"
	"myfsio/iam/policy"
)

// by names the statement that decided, with its text where the caller may see it.
func (h *Handler) by(ctx context.Context, c *call, r *gate.Request, v access.Verdict) by {
	out := by{Source: cmp.Or(string(v.By), string(access.ByNothing)), Sid: v.Match.Sid}
	n := v.Match.Statement
	switch {
	case v.By == access.ByUserPolicy:
		out.Document = r.Principal.UserID
		if n, text, ok := h.userStatement(ctx, r, v); ok {
			out.Statement, out.Text = &n, text
		}
	case n >= 0 && (v.By == access.ByBucketPolicy || v.By == access.ByStrict):
		out.Document, out.Statement = r.Bucket, &n
		// The right to ask about users is not one to read a bucket's policy.
		ask := gate.Request{Op: getBucketPolicy, Principal: c.gate.Principal, Bucket: r.Bucket, Conditions: c.gate.Conditions}
		if h.cfg.Policies != nil && h.cfg.Gate.Authorize(ctx, &ask) == nil {
			raw, _, _ := h.cfg.Policies.Get(r.Bucket)
			out.Text = statementOf(raw, n)
		}
	}
	return out
}

var getBucketPolicy = gate.Lookup("GetBucketPolicy")

// userStatement finds which of a user's policies decided, by asking each alone. It returns the place among the policies
// and the statement of it: all of a policy in the short form.
func (h *Handler) userStatement(ctx context.Context, r *gate.Request, v access.Verdict) (int, json.RawMessage, bool) {
	u, err := h.cfg.Users.User(r.Principal.UserID)
	if err != nil {
		return 0, nil, false
	}
	for i, p := range u.Policies {
		alone := *r
		alone.Principal.Policy = compile(p)
		got := h.cfg.Explain.Explain(ctx, &alone)
		if got.By != v.By || got.Match.Decision != v.Match.Decision || got.Action != v.Action {
			continue
		}
		if p.Document != nil {
			return i, statementOf(p.Document, got.Match.Statement), true
		}
		text, err := json.Marshal(p)
		return i, text, err == nil
	}
	return 0, nil, false
}

// compile makes one policy of a user ready; one that is not valid grants nothing.
func compile(p iam.Policy) *policy.Policy {
	if p.Document == nil {
		return policy.Compile([]policy.Rule{{Bucket: p.Bucket, Actions: p.Actions, Prefix: p.Prefix}}, nil)
	}
	doc, err := policy.Parse(p.Document, policy.User, "")
	if err != nil {
		return nil
	}
	return policy.Compile(nil, []*policy.Policy{doc})
}

// statementOf returns the nth statement of a policy document, nil when there is none.
func statementOf(raw []byte, n int) json.RawMessage {
	var doc struct{ Statement json.RawMessage }
	if json.Unmarshal(raw, &doc) != nil {
		return nil
	}
	var many []json.RawMessage
	if json.Unmarshal(doc.Statement, &many) != nil {
		many = []json.RawMessage{doc.Statement}
	}
	if n < 0 || n >= len(many) {
		return nil
	}
	return many[n]
}

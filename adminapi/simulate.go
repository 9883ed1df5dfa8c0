package adminapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/iam"
	"myfsio/iam/policy"
)

// Explainer tells how a request would be decided and by what. access.Authorizer is one.
type Explainer interface {
	Explain(ctx context.Context, r *gate.Request) access.Verdict
}

type simulateDoc struct {
	User      string            `json:"user"` // id or access key
	Anonymous bool              `json:"anonymous"`
	Action    string            `json:"action"` // s3:GetObject, read, GetObject, iam:list_users
	Extra     []string          `json:"extra"`  // further rights on the same resource, s3:PutObjectTagging
	Bucket    string            `json:"bucket"`
	Key       string            `json:"key"`
	VersionID string            `json:"version_id"`
	Context   map[string]values `json:"context"` // condition keys
	Headers   map[string]values `json:"headers"` // of the request
}

// values is a string or several.
type values []string

// UnmarshalJSON reads a string, number, boolean, or an array of them.
func (v *values) UnmarshalJSON(b []byte) error {
	var many []any
	if json.Unmarshal(b, &many) != nil {
		var one any
		if err := json.Unmarshal(b, &one); err != nil {
			return err
		}
		many = []any{one}
	}
	*v = make(values, 0, len(many))
	for _, x := range many {
		switch x := x.(type) {
		case string:
			*v = append(*v, x)
		case float64, bool:
			*v = append(*v, fmt.Sprint(x))
		default:
			return invalid("A value of a context or header must be a string.")
		}
	}
	return nil
}

type verdictDoc struct {
	Decision string `json:"decision"` // allow or deny
	Reason   string `json:"reason"`
	Action   string `json:"action"` // the right that was asked for last
	By       by     `json:"by"`
}

// by names what decided.
type by struct {
	Source    string          `json:"source"`
	Document  string          `json:"document,omitempty"`  // whose policy: a user id or bucket
	Statement *int            `json:"statement,omitempty"` // from 0
	Sid       string          `json:"sid,omitempty"`
	Text      json.RawMessage `json:"text,omitempty"` // of the statement
}

// simulate tells whether a request would be allowed and what decides it, without making it.
func simulate(h *Handler, ctx context.Context, c *call) (answer, error) {
	if h.cfg.Explain == nil {
		return answer{}, fault.New(fault.NotImplemented, "This server cannot explain its decisions.")
	}
	var in simulateDoc
	if err := c.readJSON(&in); err != nil {
		return answer{}, err
	}
	r, err := h.imagined(ctx, c, &in)
	if err != nil {
		return answer{}, err
	}
	if !in.Anonymous {
		var refused error
		if r.Principal, refused, err = h.principal(in.User); err != nil {
			return answer{}, err
		}
		if refused != nil {
			return answer{body: verdictDoc{"deny", problemOf(refused).msg, r.Action(), by{Source: string(access.ByNothing)}}}, nil
		}
	}
	v := h.cfg.Explain.Explain(ctx, r)
	if v.Err != nil && problemOf(v.Err).status >= 500 {
		return answer{}, v.Err
	}
	return answer{body: verdictDoc{decision(v), reason(r, v), v.Action, h.by(ctx, c, r, v)}}, nil
}

// principal is the user as his requests have him. refused is why none of them would get as far as a decision.
func (h *Handler) principal(idOrKey string) (p iam.Principal, refused, err error) {
	if idOrKey == "" {
		return p, nil, invalid(`"user" or "anonymous": true is needed.`)
	}
	u, err := h.cfg.Users.User(idOrKey)
	if err != nil {
		return p, nil, err
	}
	key := ""
	for _, k := range u.Keys {
		if k.AccessKey == idOrKey || key == "" && strings.EqualFold(k.Status, "active") {
			key = k.AccessKey
		}
	}
	if key == "" {
		return p, fault.New(fault.AccessDenied, "The user has no active access key."), nil
	}
	cred, err := h.cfg.Users.Resolve(key, "")
	if err != nil {
		return p, err, nil
	}
	return cred.Principal, cred.Check(h.cfg.Now()), nil
}

// imagined builds the request that is asked about, without its principal.
func (h *Handler) imagined(ctx context.Context, c *call, in *simulateDoc) (*gate.Request, error) {
	op, err := findOp(in.Action, in.Bucket, in.VersionID)
	if err != nil {
		return nil, err
	}
	switch {
	case op.Scope != gate.Service && in.Bucket == "":
		return nil, invalid("%s is about a bucket: bucket is missing.", op.Name)
	case op.Scope == gate.Object && in.Key == "":
		return nil, invalid("%s is about an object: key is missing.", op.Name)
	case op.Scope != gate.Object && in.VersionID != "":
		return nil, invalid("%s takes no version.", op.Name)
	}
	for _, e := range in.Extra {
		if policy.Lookup(e) == 0 {
			return nil, invalid("The action %q is not known.", e)
		}
	}
	r := &gate.Request{
		Op: op, Bucket: in.Bucket, Key: in.Key, VersionID: in.VersionID, Extra: in.Extra, ID: c.gate.ID, Started: c.gate.Started,
	}
	if in.Anonymous && in.User != "" {
		return nil, invalid(`"user" and "anonymous" exclude each other.`)
	}
	return r, h.conditions(ctx, r, in)
}

// representative are the operations that stand for short actions that need more than one right.
var representative = map[string]string{
	"list": "ListObjectsV2", "read": "GetObject", "write": "PutObject", "delete": "DeleteObject", "share": "PutObjectAcl",
	"policy": "PutBucketPolicy", "versioning": "PutBucketVersioning", "tagging": "PutBucketTagging", "encryption": "PutBucketEncryption",
	"lifecycle": "PutBucketLifecycleConfiguration", "cors": "PutBucketCors", "replication": "PutBucketReplication", "quota": "PutBucketQuota",
	"object_lock": "PutObjectLockConfiguration", "notification": "PutBucketNotificationConfiguration", "logging": "PutBucketLogging",
	"website": "PutBucketWebsite", "create_bucket": "CreateBucket", "delete_bucket": "DeleteBucket",
}

// findOp finds the operation that an operation's name, an action or a short action means.
func findOp(action, bucket, version string) (*gate.Op, error) {
	if action == "" {
		return nil, invalid("action is missing: s3:GetObject, read, or the name of an operation.")
	}
	short := strings.ToLower(action)
	switch {
	case short == "list" && bucket == "":
		return gate.Lookup("ListBuckets"), nil
	case representative[short] != "":
		return gate.Lookup(representative[short]), nil
	}
	a := policy.Lookup(action)
	var found *gate.Op
	for _, list := range [...][]gate.Op{gate.Ops(), gate.AdminOps()} {
		for i := range list {
			op := &list[i]
			switch {
			case strings.EqualFold(op.Name, action):
				return op, nil
			case a != 0 && policy.Lookup(op.Action) == a && better(op, found), a != 0 && op.VersionAction != "" && policy.Lookup(op.VersionAction) == a && better(op, found):
				found = op
			}
		}
	}
	if found == nil {
		return nil, invalid("No operation needs the action %q.", action)
	}
	if policy.Lookup(found.Action) != a && version == "" {
		return nil, invalid("%s is about a version: version_id is missing.", a)
	}
	return found, nil
}

// better reports whether an operation stands for its action rather than another: the one that is named like it does.
func better(op, than *gate.Op) bool {
	named := func(o *gate.Op) bool {
		return strings.HasSuffix(o.Action, ":"+o.Name) || strings.HasSuffix(o.VersionAction, ":"+o.Name)
	}
	return than == nil || op.Scope != gate.Service && named(op) && !named(than)
}

func decision(v access.Verdict) string {
	if v.Allowed {
		return "allow"
	}
	return "deny"
}

// reason tells a verdict in a sentence.
func reason(r *gate.Request, v access.Verdict) string {
	var fe *fault.Error
	switch {
	case errors.As(v.Err, &fe):
		return "The request fails whatever the policies say: " + problemOf(v.Err).msg
	case v.Allowed && v.By == access.BySignIn:
		return "Every user may."
	case v.Allowed && v.By == access.ByAdministrator:
		return "Administrators may."
	case v.Allowed && v.By == access.ByOwner:
		return "The user owns the bucket."
	case v.Allowed:
		return fmt.Sprintf("The %s allows %s.", v.By, v.Action)
	case v.By == access.ByNothing:
		return fmt.Sprintf("Nothing allows %s.", v.Action)
	case v.By == access.ByStrict:
		return "The bucket's policy or a list allows it, and the user's own policies do not; this server asks for both (POLICY_EVALUATION=strict)."
	case v.Match.Decision == policy.Deny:
		return fmt.Sprintf("A statement of the %s denies %s.", v.By, v.Action)
	case v.By == access.BySessionPolicy:
		return fmt.Sprintf("The session policy does not allow %s.", v.Action)
	}
	return fmt.Sprintf("The %s stands against %s.", v.By, v.Action)
}

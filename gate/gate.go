package gate

import (
	"context"
	"time"

	"myfsio/fault"
	"myfsio/iam"
	"myfsio/iam/policy"
)

// Request is one use of an operation.
type Request struct {
	Op        *Op
	Principal iam.Principal // the zero value is anonymous
	Bucket    string
	Key       string
	VersionID string
	// Extra are further rights needed on the same resource, such as s3:PutObjectTagging for a
	// PutObject with tags. Each must be granted.
	Extra     []string
	ID        string // of the HTTP request
	SourceIP  string // without port
	UserAgent string
	Referer   string
	Secure    bool // came over TLS
	Started   time.Time

	// Lists says that the operation lists keys; Prefix is the prefix it lists.
	Lists  bool
	Prefix string
	// Conditions is what the conditions of policies look at.
	Conditions policy.Context
	// Seen is set by whoever decides by what is stored with one version, its list or its tags: see Saw. The zero value says that any
	// version may be served. Whoever serves another version than this asks again.
	Seen Sight
}

// Sight is the stamp of the one version that a decision is about.
type Sight [16]byte

// Torn is the sight of no version: there was none, or one after the other was looked at. No version has this stamp.
var Torn = Sight{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// Saw notes that a decision looked at the version with this stamp, or with the zero one, that there is none.
func (s *Sight) Saw(stamp [16]byte) {
	next := Sight(stamp)
	if next == (Sight{}) {
		next = Torn
	}
	s.join(next)
}

// And is the sight of both.
func (s Sight) And(other Sight) Sight {
	if other != (Sight{}) {
		s.join(other)
	}
	return s
}

func (s *Sight) join(next Sight) {
	if *s != (Sight{}) && *s != next {
		next = Torn
	}
	*s = next
}

// Holds reports whether the decision holds for the version with this stamp.
func (s Sight) Holds(stamp [16]byte) bool { return s == Sight{} || s != Torn && s == stamp }

// Anonymous reports whether nobody proved to be anybody.
func (r *Request) Anonymous() bool { return r.Principal.UserID == "" }

// Action returns the right the request needs first of all.
func (r *Request) Action() string {
	if r.VersionID != "" && r.Op.VersionAction != "" {
		return r.Op.VersionAction
	}
	return r.Op.Action
}

// Authorizer decides who may do what.
type Authorizer interface {
	// Authorize returns nil when the principal holds Action and every Extra of the request, else a
	// fault.AccessDenied. Any other error means that it could not decide, which denies too.
	Authorize(ctx context.Context, r *Request) error
}

// Hooks are told of operations. Each may be nil. They run on the request's goroutine and must be quick.
type Hooks struct {
	// Before runs after authorisation and may refuse, for rate limits: fault.SlowDown.
	Before func(ctx context.Context, r *Request) error
	// After runs when the operation has ended, refused ones included. err is its outcome.
	After func(ctx context.Context, r *Request, err error)
}

// Gate is the door. Its fields are set before first use.
type Gate struct {
	Authorizer Authorizer
	Hooks      Hooks
}

// Run authorises r and runs fn. A refused operation ends in fault.NotImplemented, after
// authorisation. The error of fn is returned as it is.
func (g *Gate) Run(ctx context.Context, r *Request, fn func(context.Context) error) error {
	err := g.run(ctx, r, fn)
	if g.Hooks.After != nil {
		g.Hooks.After(ctx, r, err)
	}
	return err
}

func (g *Gate) run(ctx context.Context, r *Request, fn func(context.Context) error) error {
	if !r.Op.PerKey {
		if err := g.Authorize(ctx, r); err != nil {
			return err
		}
	}
	if g.Hooks.Before != nil {
		if err := g.Hooks.Before(ctx, r); err != nil {
			return err
		}
	}
	if r.Op.State.Refused() {
		return fault.New(fault.NotImplemented, "%s is %s.", r.Op.Name, r.Op.State.Why)
	}
	return fn(ctx)
}

// Authorize asks the Authorizer alone: for the source of a copy, or a key of a batch.
func (g *Gate) Authorize(ctx context.Context, r *Request) error {
	if g.Authorizer == nil {
		return fault.New(fault.AccessDenied, "Access Denied")
	}
	return g.Authorizer.Authorize(ctx, r)
}

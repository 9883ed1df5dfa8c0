package access

import (
	"context"
	"sync"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/iam/policy"
	"myfsio/object"
)

// Policies finds the policy of a bucket.
type Policies interface {
	Get(bucket string) (raw []byte, p *policy.Policy, ok bool)
}

// Objects describes what is stored.
type Objects interface {
	HeadBucket(ctx context.Context, name string) (object.Bucket, error)
	Describe(ctx context.Context, bucket, key, versionID string) (object.Version, error)
}

// Config is what an Authorizer is made of. Policies and Objects are needed.
type Config struct {
	Policies Policies
	Objects  Objects
	// Strict asks for an allowing user policy even where the bucket's policy or a list allows.
	Strict bool
}

// Authorizer implements gate.Authorizer. It may be used by many goroutines.
type Authorizer struct {
	cfg Config
	ops map[*gate.Op]actions
}

// actions are the actions of an operation, of the current and of a named version.
type actions struct {
	plain, version policy.Action
	admin          bool // of gate.AdminOps
	website        bool // gate.Website
}

// New returns an Authorizer.
func New(cfg Config) *Authorizer {
	a := &Authorizer{cfg: cfg, ops: map[*gate.Op]actions{}}
	for i, list := range [][]gate.Op{gate.Ops(), gate.AdminOps()} {
		for k := range list {
			op := &list[k]
			a.ops[op] = actions{plain: policy.Lookup(op.Action), version: policy.Lookup(op.VersionAction), admin: i == 1}
		}
	}
	a.ops[gate.Website()] = actions{plain: policy.Lookup(gate.Website().Action), website: true}
	return a
}

// By says what decided.
type By string

// What can decide.
const (
	ByNothing       By = "none"           // nothing allows it
	ByUserPolicy    By = "user policy"    //
	BySessionPolicy By = "session policy" // it denies, or does not allow
	ByBucketPolicy  By = "bucket policy"  //
	ByOwner         By = "owner"          // of the bucket
	ByACL           By = "acl"            // of the bucket or object
	ByPublicBlock   By = "public access block"
	ByAdministrator By = "administrator" // iam:*, or the right to mend any bucket's policy
	BySignIn        By = "signed in"     // open to every user
	ByStrict        By = "strict evaluation"
	ByWebsite       By = "website" // a domain is mapped to the bucket
)

// Verdict is a decision and its reason.
type Verdict struct {
	Allowed bool
	By      By
	// Action is the right that was asked for last: the one that is missing, when refused.
	Action string
	// Match is the statement that decided, where a policy did.
	Match policy.Verdict
	Err   error // why it could not be decided, which refuses
}

// silent is the verdict of no policy.
var silent = (*policy.Policy)(nil).Eval(&policy.Request{})

func allow(by By) Verdict { return Verdict{Allowed: true, By: by, Match: silent} }

func refuse(by By) Verdict { return Verdict{By: by, Match: silent} }

func (v Verdict) because(m policy.Verdict) Verdict {
	v.Match = m
	return v
}

// Authorize implements gate.Authorizer.
func (a *Authorizer) Authorize(ctx context.Context, r *gate.Request) error {
	v := a.Explain(ctx, r)
	switch {
	case v.Allowed:
		return nil
	case v.Err != nil:
		return v.Err
	}
	return fault.New(fault.AccessDenied, "Access Denied")
}

// Explain decides as Authorize does and tells why.
func (a *Authorizer) Explain(ctx context.Context, r *gate.Request) Verdict {
	act, ok := a.ops[r.Op]
	if !ok {
		return refuse(ByNothing)
	}
	action := act.plain
	if r.VersionID != "" && r.Op.VersionAction != "" {
		action = act.version
	}
	q := questions.Get().(*question)
	*q = question{a: a, ctx: ctx, r: r}
	v := q.right(action, r.Action(), act)
	for _, extra := range r.Extra {
		if !v.Allowed {
			break
		}
		v = q.right(policy.Lookup(extra), extra, act)
	}
	*q = question{}
	questions.Put(q)
	return v
}

// right decides about one right.
func (q *question) right(action policy.Action, name string, act actions) Verdict {
	q.action, q.ask.Action = action, 0
	var v Verdict
	switch {
	case act.admin:
		v = q.administration(name)
	case act.website:
		v = q.website()
	case q.r.Bucket == "" && q.r.Op.Scope == gate.Service:
		v = q.service()
	default:
		v = q.bucketAndKey()
	}
	v.Action = name
	return v
}

// question is a request whose rights are asked for one after the other.
type question struct {
	a      *Authorizer
	ctx    context.Context
	r      *gate.Request
	action policy.Action
	ask    policy.Request
	who    policy.Principal

	bucket object.Bucket
	known  bool // bucket was read
	exists bool // and exists
}

// questions are used again, as each request asks one.
var questions = sync.Pool{New: func() any { return new(question) }}

// eval asks one policy.
func (q *question) eval(p *policy.Policy) policy.Verdict {
	if p == nil {
		return silent
	}
	if q.ask.Action == 0 {
		q.prepare()
	}
	return p.Eval(&q.ask)
}

func (q *question) prepare() {
	r := q.r
	q.ask = policy.Request{Action: q.action, Bucket: r.Bucket, Key: r.Key, Lists: r.Lists, Prefix: r.Prefix, Context: &r.Conditions}
	if r.Op.Scope != gate.Object && !objectRight(q.action) {
		q.ask.Key = ""
	}
	if !r.Anonymous() {
		p := &r.Principal
		q.who = policy.Principal{UserID: p.UserID, Username: p.Username, AccessKey: p.AccessKey, CanonicalID: p.CanonicalID, Session: p.SessionName}
		q.ask.Principal = &q.who
	}
}

// objectRight reports whether an action is one on an object: PostObject and DeleteObjects are requests to a bucket that need it.
func objectRight(a policy.Action) bool { return a.Scope() == policy.ObjectScope }

// administration decides about users, keys and what belongs to them.
func (q *question) administration(name string) Verdict {
	p := &q.r.Principal
	switch {
	case q.r.Anonymous():
		return refuse(ByNothing)
	case name == "":
		return allow(BySignIn)
	}
	if p.Session != nil {
		if m := q.eval(p.Session); m.Decision != policy.Allow {
			return refuse(BySessionPolicy).because(m)
		}
	}
	if name == "iam:*" {
		if p.Admin {
			return allow(ByAdministrator)
		}
		return refuse(ByNothing)
	}
	m := q.eval(p.Policy)
	switch {
	case m.Decision == policy.Deny:
		return refuse(ByUserPolicy).because(m)
	case m.Decision == policy.Allow:
		return allow(ByUserPolicy).because(m)
	case p.Admin:
		return allow(ByAdministrator)
	}
	return refuse(ByNothing)
}

// service decides about ListBuckets, which shows each user what he may see: the handler asks for each bucket.
func (q *question) service() Verdict {
	p := &q.r.Principal
	if q.r.Anonymous() {
		return refuse(ByNothing)
	}
	if m := q.eval(p.Policy); m.Decision == policy.Deny {
		return refuse(ByUserPolicy).because(m)
	}
	if m := q.eval(p.Session); m.Decision == policy.Deny {
		return refuse(BySessionPolicy).because(m)
	}
	return allow(BySignIn)
}

// bucketAndKey decides about a bucket or object.
func (q *question) bucketAndKey() Verdict {
	p := &q.r.Principal
	user := q.eval(p.Policy)
	if user.Decision == policy.Deny {
		return refuse(ByUserPolicy).because(user)
	}
	if p.Session != nil {
		if m := q.eval(p.Session); m.Decision != policy.Allow {
			return refuse(BySessionPolicy).because(m)
		}
	}
	if q.action == actCreateBucket { // there is no bucket yet whose policy or owner could speak
		if user.Decision == policy.Allow && !q.r.Anonymous() {
			return allow(ByUserPolicy).because(user)
		}
		return refuse(ByNothing)
	}
	doc, v, decided := q.bucketPolicy()
	if decided {
		return v
	}
	if user.Decision == policy.Allow {
		return allow(ByUserPolicy).because(user)
	}
	return q.otherwise(doc)
}

// bucketPolicy asks the bucket's policy. decided is true when it denies.
func (q *question) bucketPolicy() (m policy.Verdict, v Verdict, decided bool) {
	_, doc, ok := q.a.cfg.Policies.Get(q.r.Bucket)
	if !ok {
		return silent, v, false
	}
	m = q.eval(doc)
	switch {
	case m.Decision == policy.Deny && mendsPolicy(q.action):
		mayMend, err := q.mayMend()
		if err != nil {
			return m, Verdict{Err: err}, true
		}
		if mayMend {
			return silent, v, false
		}
		return m, refuse(ByBucketPolicy).because(m), true
	case m.Decision == policy.Deny:
		return m, refuse(ByBucketPolicy).because(m), true
	case m.Decision == policy.Allow && q.r.Anonymous():
		return q.publicPolicy(doc, m)
	}
	return m, v, false
}

// publicPolicy holds anonymous requests to a block of public access.
func (q *question) publicPolicy(doc *policy.Policy, m policy.Verdict) (policy.Verdict, Verdict, bool) {
	if err := q.read(); err != nil {
		return m, Verdict{Err: err}, true
	}
	if q.exists && q.bucket.PublicAccess&object.RestrictBuckets != 0 && doc.Public() {
		return silent, refuse(ByPublicBlock), true
	}
	return m, Verdict{}, false
}

// otherwise decides when no user policy allows: by ownership, the bucket's policy and lists.
func (q *question) otherwise(doc policy.Verdict) Verdict {
	if err := q.read(); err != nil {
		return Verdict{Err: err}
	}
	if !q.exists {
		if q.r.Anonymous() {
			return refuse(ByNothing) // who may do nothing is not told what there is
		}
		return Verdict{Err: fault.New(fault.NoSuchBucket, "The specified bucket does not exist")}
	}
	if mendsPolicy(q.action) && q.r.Principal.Admin {
		return allow(ByAdministrator)
	}
	if aboutQuota(q.action) && q.administers() {
		return allow(ByAdministrator)
	}
	owner := q.owns()
	if owner {
		if v := q.byOwner(); v.Allowed || v.Err != nil {
			return v
		}
	}
	strict := q.a.cfg.Strict && !owner && !q.r.Anonymous()
	if doc.Decision == policy.Allow && !setsQuota(q.action) { // which the bucket's owner could write
		if strict {
			return refuse(ByStrict).because(doc)
		}
		return allow(ByBucketPolicy).because(doc)
	}
	v := q.byList()
	if v.Allowed && strict {
		return refuse(ByStrict)
	}
	return v
}

// website decides about a visit. The mapping of the domain allows it; the bucket's policy, and a block of public buckets, still
// refuse. Access control lists have no say, as they only ever allow.
func (q *question) website() Verdict {
	if !q.r.Anonymous() { // a visitor proves nothing
		return refuse(ByNothing)
	}
	if _, doc, ok := q.a.cfg.Policies.Get(q.r.Bucket); ok {
		if m := q.eval(doc); m.Decision == policy.Deny {
			return refuse(ByBucketPolicy).because(m)
		}
	}
	switch err := q.read(); {
	case err != nil:
		return Verdict{Err: err}
	case !q.exists:
		return Verdict{Err: fault.New(fault.NoSuchBucket, "The specified bucket does not exist")}
	case q.bucket.PublicAccess.Has(object.RestrictBuckets):
		return refuse(ByPublicBlock)
	}
	return allow(ByWebsite)
}

// read reads the bucket, once.
func (q *question) read() error {
	if q.known {
		return nil
	}
	b, err := q.a.cfg.Objects.HeadBucket(q.ctx, q.r.Bucket)
	if err != nil && !fault.Is(err, fault.NoSuchBucket) {
		return err
	}
	q.bucket, q.known, q.exists = b, true, err == nil
	return nil
}

func (q *question) owns() bool {
	p := &q.r.Principal
	return q.exists && !q.r.Anonymous() && p.CanonicalID != "" && q.bucket.Owner == p.CanonicalID
}

func (q *question) mayMend() (bool, error) {
	if q.r.Anonymous() {
		return false, nil
	}
	if q.r.Principal.Admin {
		return true, nil
	}
	err := q.read()
	return q.owns(), err
}

// administers reports whether the sender administers users, which lets him set quotas: by iam:* or by iam:list_users. A narrowed session must
// keep that right.
func (q *question) administers() bool {
	p := &q.r.Principal
	if q.r.Anonymous() {
		return false
	}
	if q.ask.Action == 0 {
		q.prepare()
	}
	ask := q.ask
	ask.Action, ask.Bucket, ask.Key = actListUsers, "", ""
	if p.Session != nil && p.Session.Eval(&ask).Decision != policy.Allow {
		return false
	}
	verdict := p.Policy.Eval(&ask).Decision
	return verdict == policy.Allow || p.Admin && verdict != policy.Deny
}

// byOwner decides what the owner of the bucket may do because he is that.
func (q *question) byOwner() Verdict {
	if setsQuota(q.action) {
		return refuse(ByNothing)
	}
	need := needs(q.action)
	switch {
	case need.bucket&acl.Read != 0 && !q.bucket.ACL.Default(), need.object&acl.Read != 0 && q.bucket.Ownership != object.BucketOwnerEnforced:
		return refuse(ByNothing) // as the lists say
	}
	return allow(ByOwner)
}

// byList decides by the access control lists of the bucket and object.
func (q *question) byList() Verdict {
	need := needs(q.action)
	b := &q.bucket
	if b.Ownership == object.BucketOwnerEnforced || need == (rights{}) {
		return refuse(ByNothing)
	}
	if need.bucket != 0 {
		return q.allows(&b.ACL, b.Owner, need.bucket)
	}
	v, err := q.a.cfg.Objects.Describe(q.ctx, q.r.Bucket, q.r.Key, q.r.VersionID)
	switch {
	case fault.Is(err, fault.NoSuchKey) && need.object == acl.Read:
		// Who may list the bucket may know that there is nothing; the operation says so, unless there is something by then.
		q.r.Seen.Saw([16]byte{})
		return q.allows(&b.ACL, b.Owner, acl.Read)
	case err != nil:
		return refuse(ByNothing)
	}
	q.r.Seen.Saw(v.Stamp)
	if v.ACL.Default() && q.owns() {
		return allow(ByOwner)
	}
	return q.allows(&v.ACL, v.Owner, need.object)
}

// allows asks one list.
func (q *question) allows(list *acl.List, owner string, want acl.Permission) Verdict {
	p := &q.r.Principal
	signedIn := !q.r.Anonymous()
	if signedIn && p.CanonicalID == owner && (list.Default() || want&^(acl.ReadACP|acl.WriteACP) == 0) {
		return allow(ByACL)
	}
	if list.Default() {
		return refuse(ByNothing)
	}
	id := ""
	if signedIn {
		id = p.CanonicalID
	}
	ignore := q.bucket.PublicAccess&object.IgnoreACLs != 0
	switch {
	case list.Allows(id, signedIn, want, ignore):
		return allow(ByACL)
	case ignore && list.Allows(id, signedIn, want, false):
		return refuse(ByPublicBlock)
	}
	return refuse(ByNothing)
}

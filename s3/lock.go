package s3

import (
	"context"
	"strings"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/s3/wire"
)

// Headers of protection.
const (
	lockPrefix   = "X-Amz-Object-Lock-"
	lockMode     = lockPrefix + "Mode"
	lockUntil    = lockPrefix + "Retain-Until-Date"
	lockHold     = lockPrefix + "Legal-Hold"
	lockEnabled  = "X-Amz-Bucket-Object-Lock-Enabled"
	bypassHeader = "X-Amz-Bypass-Governance-Retention"
)

// bypassRight is a right beyond that of an operation that would break governance.
const bypassRight = "s3:BypassGovernanceRetention"

// Operations of Object Lock whose right is needed beside that of the operation itself.
var (
	opPutObjectLock = gate.Lookup("PutObjectLockConfiguration")
	opPutVersioning = gate.Lookup("PutBucketVersioning")
	opPutRetention  = gate.Lookup("PutObjectRetention")
	opPutLegalHold  = gate.Lookup("PutObjectLegalHold")
	opGetRetention  = gate.Lookup("GetObjectRetention")
	opGetLegalHold  = gate.Lookup("GetObjectLegalHold")
)

// getObjectLock serves GetObjectLockConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html
func (h *Handler) getObjectLock(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	rule, err := b.LockRule()
	if err != nil {
		return nil, err
	}
	doc := &wire.ObjectLock{Enabled: "Enabled"}
	if rule.Mode != lock.None {
		def := &wire.DefaultRetention{Mode: rule.Mode.String()}
		if n := int64(rule.Days); n != 0 {
			def.Days = &n
		}
		if n := int64(rule.Years); n != 0 {
			def.Years = &n
		}
		doc.Rule = &wire.LockRule{Default: def}
	}
	return r.config(doc)
}

// putObjectLock serves PutObjectLockConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
func (h *Handler) putObjectLock(ctx context.Context, r *request) (*response, error) {
	doc, err := sent(r, wire.MaxDocument, wire.ParseObjectLock, wire.ParseObjectLockJSON)
	if err != nil {
		return nil, err
	}
	var rule lock.Rule
	if doc.Rule != nil {
		if rule, err = lockRule(doc.Rule.Default); err != nil {
			return nil, err
		}
	}
	if err := h.cfg.Store.SetObjectLock(ctx, r.gate.Bucket, rule); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// lockRule is the rule of a document, which has one.
func lockRule(def *wire.DefaultRetention) (lock.Rule, error) {
	mode, known := lock.ParseMode(def.Mode)
	if !known || (def.Days == nil) == (def.Years == nil) {
		return lock.Rule{}, fault.New(fault.MalformedXML, "A default retention has the mode GOVERNANCE or COMPLIANCE, and either days or years.")
	}
	period := func(n *int64, most int) int {
		switch {
		case n == nil:
			return 0
		case *n <= 0:
			return -1 // no days are a wrong period, not a missing one
		}
		return int(min(*n, int64(most)+1))
	}
	rule := lock.Rule{Mode: mode, Days: period(def.Days, lock.MaxDays), Years: period(def.Years, lock.MaxYears)}
	return rule, rule.Verify()
}

// getRetention serves GetObjectRetention.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html
func (h *Handler) getRetention(ctx context.Context, r *request) (*response, error) {
	v, err := r.protected(ctx)
	if err != nil {
		return r.unreadable(ctx, nil, err)
	}
	keep, err := h.cfg.Store.Retention(ctx, r.gate.Bucket, r.gate.Key, v.VersionID)
	if err != nil {
		return nil, err
	}
	return r.config(&wire.Retention{Mode: keep.Mode.String(), Until: wire.FormatRetainUntil(keep.Until)})
}

// getLegalHold serves GetObjectLegalHold.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html
func (h *Handler) getLegalHold(ctx context.Context, r *request) (*response, error) {
	v, err := r.protected(ctx)
	if err != nil {
		return r.unreadable(ctx, nil, err)
	}
	on, err := h.cfg.Store.LegalHold(ctx, r.gate.Bucket, r.gate.Key, v.VersionID)
	if err != nil {
		return nil, err
	}
	return r.config(&wire.LegalHold{Status: holdText(on)})
}

// protected finds the version whose protection is asked for, which the gate decided about.
func (r *request) protected(ctx context.Context) (object.Version, error) {
	version, err := r.versionParam()
	if err != nil {
		return object.Version{}, err
	}
	v, err := r.h.cfg.Store.Describe(ctx, r.gate.Bucket, r.gate.Key, version)
	if err == nil && !r.decidedOn(&v) {
		err = errReplaced()
	}
	return v, err
}

// putRetention serves PutObjectRetention.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html
func (h *Handler) putRetention(ctx context.Context, r *request) (*response, error) {
	doc := r.protection()
	if doc.err != nil {
		return nil, doc.err
	}
	set := object.SetRetention{Bucket: r.gate.Bucket, Key: r.gate.Key}
	var err error
	if doc.retention != (wire.Retention{}) {
		var known bool
		if set.Retention.Mode, known = lock.ParseMode(doc.retention.Mode); !known {
			return nil, fault.New(fault.MalformedXML, "The mode of a retention is GOVERNANCE or COMPLIANCE.")
		}
		if set.Retention.Until, err = wire.ParseRetainUntil(doc.retention.Until); err != nil {
			return nil, fault.New(fault.MalformedXML, "The date of a retention is one of ISO 8601, such as 2030-12-31T23:59:59Z.")
		}
	}
	if set.VersionID, err = r.versionParam(); err != nil {
		return nil, err
	}
	if set.BypassGovernance, err = r.mayBypass(ctx, r.gate); err != nil {
		return nil, err
	}
	if _, err = h.cfg.Store.SetRetention(ctx, set); err != nil {
		return r.unreadable(ctx, nil, err)
	}
	return r.answer(), nil
}

// putLegalHold serves PutObjectLegalHold.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html
func (h *Handler) putLegalHold(ctx context.Context, r *request) (*response, error) {
	doc := r.protection()
	if doc.err != nil {
		return nil, doc.err
	}
	version, err := r.versionParam()
	if err != nil {
		return nil, err
	}
	_, err = h.cfg.Store.SetLegalHold(ctx, object.SetLegalHold{Bucket: r.gate.Bucket, Key: r.gate.Key, VersionID: version, On: doc.hold.Status == "ON"})
	if err != nil {
		return r.unreadable(ctx, nil, err)
	}
	return r.answer(), nil
}

// protection is the body of PutObjectRetention or PutObjectLegalHold.
type protection struct {
	retention wire.Retention
	hold      wire.LegalHold
	err       error
}

// protection reads the body of the request, once: conditions of policies look at it before the gate has opened.
func (r *request) protection() *protection {
	if r.protects != nil {
		return r.protects
	}
	p := &protection{}
	r.protects = p
	if r.gate.Op == opPutLegalHold {
		p.hold, p.err = sent(r, wire.MaxDocument, wire.ParseLegalHold, wire.ParseLegalHoldJSON)
	} else {
		p.retention, p.err = sent(r, wire.MaxDocument, wire.ParseRetention, wire.ParseRetentionJSON)
	}
	return p
}

// bodyHeader returns what the body of a request says in the place of a header of protection. What cannot be read says nothing; the
// operation refuses it.
func (r *request) bodyHeader(name string) (values []string, ok bool) {
	if r.gate.Op != opPutRetention && r.gate.Op != opPutLegalHold || !strings.HasPrefix(name, lockPrefix) {
		return nil, false
	}
	p := r.protection()
	v := map[string]string{lockMode: p.retention.Mode, lockUntil: p.retention.Until, lockHold: p.hold.Status}[name]
	if v == "" {
		return nil, true
	}
	return []string{v}, true
}

// mayBypass reports whether the request asks to override governance, and its sender may do that where ask is. Who may not is treated as
// if he had not asked: consoles always do.
func (r *request) mayBypass(ctx context.Context, ask gate.Request) (bool, error) {
	if !strings.EqualFold(r.header(bypassHeader), "true") {
		return false, nil
	}
	ask.Extra = []string{bypassRight}
	err := r.h.cfg.Gate.Authorize(ctx, &ask)
	if fault.Is(err, fault.AccessDenied) {
		return false, nil
	}
	return err == nil, err
}

// takesLock reports whether the operation makes a version whose protection stands in headers.
func takesLock(op *gate.Op) bool {
	switch op.Name {
	case "PutObject", "CopyObject", "CreateMultipartUpload", "PostObject":
		return true
	}
	return false
}

// newLock reads the protection that what is written shall have, and asks the gate for the right to give it.
func (r *request) newLock(ctx context.Context) (state lock.State, err error) {
	mode, until, hold := r.header(lockMode), r.header(lockUntil), r.header(lockHold)
	if mode != "" || until != "" {
		if state.Retention, err = headerRetention(mode, until); err != nil {
			return state, err
		}
		if err = r.mayToo(ctx, opPutRetention); err != nil {
			return state, err
		}
	}
	switch hold {
	case "":
		return state, nil
	case "ON":
		state.Hold = lock.HoldOn
	case "OFF":
		state.Hold = lock.HoldOff
	default:
		return state, wire.InvalidArgument("x-amz-object-lock-legal-hold", hold, "Legal Hold must be either of 'ON' or 'OFF'")
	}
	return state, r.mayToo(ctx, opPutLegalHold)
}

func headerRetention(mode, until string) (keep lock.Retention, err error) {
	if mode == "" || until == "" {
		return keep, fault.New(fault.InvalidArgument, "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	}
	var known bool
	if keep.Mode, known = lock.ParseMode(mode); !known {
		return keep, wire.InvalidArgument("x-amz-object-lock-mode", mode, "Unknown wormMode directive.")
	}
	keep.Until, err = wire.ParseRetainUntil(until)
	return keep, err
}

// mayToo asks the gate for the right of another operation on what the request writes.
func (r *request) mayToo(ctx context.Context, op *gate.Op) error {
	also := r.gate
	also.Op, also.VersionID, also.Extra = op, "", nil
	return r.h.cfg.Gate.Authorize(ctx, &also)
}

// lockBucket reads x-amz-bucket-object-lock-enabled of a bucket to be made.
func (r *request) lockBucket(ctx context.Context) (bool, error) {
	v := r.header(lockEnabled)
	switch {
	case v == "" || strings.EqualFold(v, "false"):
		return false, nil
	case !strings.EqualFold(v, "true"):
		return false, wire.InvalidArgument("x-amz-bucket-object-lock-enabled", v, "The header is true or false.")
	}
	if err := r.mayAlso(ctx, opPutObjectLock); err != nil {
		return false, err
	}
	return true, r.mayAlso(ctx, opPutVersioning)
}

// showLock tells of the protection of a version in the headers of a GET or HEAD, as far as the sender may know of it.
func (r *request) showLock(ctx context.Context, res *response, v *object.Version) {
	if v.Lock == nil {
		return
	}
	if keep := v.Lock.Retention; keep.Mode.String() != "" && r.mayKnow(ctx, opGetRetention, v) {
		res.set("x-amz-object-lock-mode", keep.Mode.String())
		res.set("x-amz-object-lock-retain-until-date", wire.FormatRetainUntil(keep.Until))
	}
	if v.Lock.Hold != lock.HoldUnset && r.mayKnow(ctx, opGetLegalHold, v) {
		res.set("x-amz-object-lock-legal-hold", holdText(v.Lock.Hold == lock.HoldOn))
	}
}

// mayKnow reports whether the sender has the right of another operation on this very version.
func (r *request) mayKnow(ctx context.Context, op *gate.Op, v *object.Version) bool {
	ask := r.gate
	ask.Op, ask.Extra = op, nil
	return r.h.cfg.Gate.Authorize(ctx, &ask) == nil && ask.Seen.And(r.tagged).Holds(v.Stamp)
}

func holdText(on bool) string {
	if on {
		return "ON"
	}
	return "OFF"
}

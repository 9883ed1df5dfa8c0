package s3

import (
	"context"
	"crypto/tls"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/iam/policy"
	"myfsio/object"
	"myfsio/s3/wire"
)

// A request answers for the condition keys of policies: what follows is called only when a policy has such a key.
var _ policy.Source = (*request)(nil)

func tlsVersion(c *tls.ConnectionState) string {
	if c == nil {
		return ""
	}
	switch c.Version {
	case tls.VersionTLS10:
		return "1.0"
	case tls.VersionTLS11:
		return "1.1"
	case tls.VersionTLS12:
		return "1.2"
	}
	return "1.3"
}

// Query implements policy.Source.
func (r *request) Query(name string) (string, bool) {
	for i := range r.query {
		if r.query[i].Name == name {
			return r.query[i].Value, true
		}
	}
	return "", false
}

// Header implements policy.Source.
func (r *request) Header(name string) []string {
	if values, ok := r.bodyHeader(name); ok {
		return values
	}
	if values, ok := r.encryptionHeader(name); ok {
		return values
	}
	return r.http.Header[name]
}

// ObjectTags implements policy.Source. What they decide holds for the version they are of, see openSeen.
func (r *request) ObjectTags() ([]policy.Tag, error) {
	v, err := r.storedTags(r.gate.Bucket, r.gate.Key, r.gate.VersionID)
	r.tagged.Saw(v.Stamp)
	return policyTags(v.Meta.Tags), err
}

// storedTags describes a version, for its tags. What is not there has none.
func (r *request) storedTags(bucket, key, version string) (object.Version, error) {
	if key == "" {
		return object.Version{}, nil
	}
	v, err := r.h.cfg.Store.Describe(r.http.Context(), bucket, key, version)
	switch fault.KindOf(err) {
	case fault.NoSuchBucket, fault.NoSuchKey, fault.NoSuchVersion, fault.MethodNotAllowed, fault.InvalidArgument:
		return object.Version{}, nil
	}
	return v, err
}

// RequestTags implements policy.Source. Those of PutObjectTagging are in its body, which is read for them before the gate has opened.
func (r *request) RequestTags() ([]policy.Tag, error) {
	if r.gate.Op == opPutObjectTagging {
		doc, err := r.tagDocument()
		return policyTags(pairs(doc.TagSet)), err
	}
	tags, err := r.tags()
	return policyTags(tags), err
}

// tagDocument reads the body of PutObjectTagging, once.
func (r *request) tagDocument() (wire.Tagging, error) {
	if !r.tagsRead {
		r.tagsRead = true
		r.tagDoc, r.tagErr = r.readTagDocument()
	}
	return r.tagDoc, r.tagErr
}

func (r *request) readTagDocument() (wire.Tagging, error) {
	return sent(r, wire.MaxDocument, wire.ParseTaggingXML, wire.ParseTaggingJSON)
}

func policyTags(pairs []object.Pair) []policy.Tag {
	out := make([]policy.Tag, len(pairs))
	for i, p := range pairs {
		out[i] = policy.Tag{Key: p.Name, Value: p.Value}
	}
	return out
}

// elsewhere is a request as it is asked about another object than its own: the source of a copy, or a key of a batch. It brings
// no tags there.
type elsewhere struct {
	*request
	bucket, key, version string
	seen                 gate.Sight // whose tags were looked at
}

// Query implements policy.Source.
func (e *elsewhere) Query(name string) (string, bool) {
	if name == "versionId" {
		return e.version, e.version != ""
	}
	return e.request.Query(name)
}

// ObjectTags implements policy.Source.
func (e *elsewhere) ObjectTags() ([]policy.Tag, error) {
	v, err := e.storedTags(e.bucket, e.key, e.version)
	e.seen.Saw(v.Stamp)
	return policyTags(v.Meta.Tags), err
}

// RequestTags implements policy.Source.
func (e *elsewhere) RequestTags() ([]policy.Tag, error) { return nil, nil }

// about is a copy of the gate's request for another operation on another object.
func (r *request) about(op *gate.Op, bucket, key, version string) gate.Request {
	ask := r.gate
	ask.Op, ask.Extra = op, nil
	ask.Bucket, ask.Key, ask.VersionID = bucket, key, version
	ask.Lists, ask.Prefix, ask.Seen = false, "", gate.Sight{}
	ask.Conditions.Source = &elsewhere{request: r, bucket: bucket, key: key, version: version}
	return ask
}

// replaced is how often a request begins anew because what it is about was replaced meanwhile.
const replaced = 4

// openSeen opens the version that the gate decided about. Where its decision rests on the tags or list of a version, and another
// one took its place meanwhile, or one came where there was none, the gate decides again. also are operations whose rights are needed too.
func (h *Handler) openSeen(ctx context.Context, r *request, get object.GetObject, also ...*gate.Op) (*object.Reader, error) {
	for range replaced {
		for _, op := range also {
			ask := r.gate
			ask.Op = op
			err := h.cfg.Gate.Authorize(ctx, &ask)
			if r.gate.Seen = r.gate.Seen.And(ask.Seen); err != nil {
				return nil, err
			}
		}
		rd, err := h.open(ctx, r, get)
		if rd == nil || rd.Version.DeleteMarker || fault.Is(err, fault.NoSuchKey) || r.decidedOn(&rd.Version) {
			return rd, err
		}
		if err == nil && !get.HeadOnly {
			rd.Close()
		}
		if err := r.decideAgain(ctx); err != nil {
			return nil, err
		}
	}
	return nil, errReplaced()
}

// decideAgain asks the gate anew, about what is there now.
func (r *request) decideAgain(ctx context.Context) error {
	r.gate.Seen, r.tagged = gate.Sight{}, gate.Sight{}
	return r.h.cfg.Gate.Authorize(ctx, &r.gate)
}

// amend changes a version that the gate decided about: change gets its stamp. Where another one took its place meanwhile, the gate
// decides again.
func (r *request) amend(ctx context.Context, change func(stamp [16]byte) (object.Version, error)) (object.Version, error) {
	for range replaced {
		v, err := change(r.gate.Seen.And(r.tagged))
		if !fault.Is(err, fault.ConditionalConflict) {
			return v, err
		}
		if err := r.decideAgain(ctx); err != nil {
			return v, err
		}
	}
	return object.Version{}, errReplaced()
}

func errReplaced() error {
	return fault.New(fault.SlowDown, "The object was replaced while it was looked at. Please try again.")
}

// decidedOn reports whether the gate would decide the same about v as it did.
func (r *request) decidedOn(v *object.Version) bool {
	return r.gate.Seen.And(r.tagged).Holds(v.Stamp)
}

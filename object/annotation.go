package object

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

// Limits of https://docs.aws.amazon.com/AmazonS3/latest/userguide/annotations-overview.html
const (
	MaxAnnotations    = 1000    // of a version
	MaxAnnotationName = 512     // bytes
	MaxAnnotationSize = 1 << 20 // bytes of a payload, which has at least one
)

// Annotation describes a named payload that is attached to a version.
type Annotation struct {
	Name     string
	Size     int64  // bytes
	ETag     string // without quotes: MD5 in hex
	Modified time.Time
	Checksum Checksum // of the whole payload, in every annotation
}

// PutAnnotation attaches an annotation to a version, in place of one with the same name.
type PutAnnotation struct {
	Bucket, Key, VersionID string
	Stamp                  [16]byte // as of SetTags
	Name                   string
	// Body is text in UTF-8. Without an algorithm its checksum is a CRC64NVME.
	Body    Body
	IfMatch string // entity tag of the object, "" for any
	// BypassGovernance allows to replace an annotation of a version under governance retention; the caller has checked the right.
	BypassGovernance bool
	By               Actor
}

// DeleteAnnotation removes an annotation. Removing one that is not there succeeds.
type DeleteAnnotation struct {
	Bucket, Key, VersionID string
	Stamp                  [16]byte // as of SetTags
	Name                   string
	IfMatch                string // as of PutAnnotation
	BypassGovernance       bool   // as of PutAnnotation
	By                     Actor
}

func coded(k fault.Kind, code, format string, args ...any) error {
	e := fault.New(k, format, args...)
	e.Code = code
	return e
}

// CheckAnnotationName reports why name cannot be that of an annotation: see
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/annotations-overview.html#annotations-naming-rules
func CheckAnnotationName(name string) error {
	switch {
	case len(name) > MaxAnnotationName:
		return coded(fault.InvalidArgument, "AnnotationNameTooLong", "The annotation name exceeds %d bytes.", MaxAnnotationName)
	case name == "":
		return coded(fault.InvalidArgument, "InvalidAnnotationName", "An annotation name has at least one byte.")
	case !nameLetters(name):
		return coded(fault.InvalidArgument, "InvalidAnnotationName", "An annotation name has letters, digits, underscores, periods and hyphens.")
	case hasPrefixFold(name, "aws") || hasPrefixFold(name, "s3"):
		return coded(fault.InvalidArgument, "InvalidAnnotationName", "An annotation name does not begin with aws or s3.")
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// nameLetters reports whether s has only characters of names of annotations.
func nameLetters(s string) bool {
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			return false // not UTF-8
		case unicode.IsLetter(r), r >= '0' && r <= '9', r == '_', r == '.', r == '-':
		default:
			return false
		}
	}
	return true
}

// Verify checks the request before a byte of the payload is read.
func (req *PutAnnotation) Verify() error {
	if err := CheckAnnotationName(req.Name); err != nil {
		return err
	}
	switch {
	case req.Body.Size == 0:
		return errNoPayload()
	case req.Body.Size > MaxAnnotationSize:
		return errPayloadTooLarge()
	}
	return nil
}

func errNoPayload() error {
	return fault.New(fault.InvalidRequest, "The payload of an annotation has at least one byte.")
}

func errPayloadTooLarge() error {
	return fault.New(fault.EntityTooLarge, "The payload of an annotation has at most %d bytes.", MaxAnnotationSize)
}

// annotated is what one look at a version showed to whoever writes an annotation.
type annotated struct {
	bucket uint64
	rec    *versionRecord
	old    *annotationRecord // of the same name; nil for none
}

// PutAnnotation attaches an annotation to a version; both are durable when it returns. The version keeps its entity tag and its
// time. An error of kind ConditionalConflict says that the version is another one by now than when the payload began.
func (s *Store) PutAnnotation(ctx context.Context, req PutAnnotation) (Annotation, Version, error) {
	if err := req.Verify(); err != nil {
		return Annotation{}, Version{}, err
	}
	seen, key, err := s.beforeAnnotation(ctx, &req)
	if err != nil {
		return Annotation{}, Version{}, err
	}
	a := &annotationRecord{modified: s.now().UnixNano()}
	if key != nil {
		a.salt = s.newID()
	}
	text := req.Body
	text.Reader = &payload{src: req.Body.Reader}
	st, err := s.ingestAnnotation(ctx, &text, a, key, req.Name)
	if err != nil {
		return Annotation{}, Version{}, err
	}
	defer st.discard()
	v, err := s.amend(ctx, req.Bucket, req.Key, req.VersionID, func(t *txn, b *Bucket, rec *versionRecord) error {
		if key != nil && rec.id != seen.rec.id || (rec.sealed() != nil) != (key != nil) {
			return fault.New(fault.ConditionalConflict, "The object was replaced meanwhile. Please try again.")
		}
		return t.annotate(b, rec, &req, a, st)
	})
	st.settle(err)
	return a.show(req.Name), v, err
}

// beforeAnnotation refuses what would fail in its commit anyway, and finds the key of an encrypted object; nil for one in clear.
func (s *Store) beforeAnnotation(ctx context.Context, req *PutAnnotation) (seen annotated, key *seal.Key, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) error {
		b, rec, _, err := lookup(r, req.Bucket, req.Key, req.VersionID)
		if err != nil {
			return err
		}
		seen = annotated{bucket: b.ID, rec: rec}
		if seen.old, err = s.mayAnnotate(r, &b, rec, req); err != nil || b.Quota == (Quota{}) {
			return err
		}
		grew := max(req.Body.Size, 1)
		if seen.old != nil {
			grew -= seen.old.size
		}
		h, err := holds(r, b.ID)
		if err != nil {
			return err
		}
		return b.Quota.allows(held{h.objects, h.bytes + grew}, held{0, grew})
	})
	if err != nil || seen.rec.sealed() == nil {
		return seen, nil, err
	}
	k, err := s.keyOf(seen.rec.sealed(), nil, seen.rec.binding(seen.bucket, req.Key))
	return seen, &k, err
}

// mayAnnotate decides whether the version may get the annotation, and returns the one that it replaces.
func (s *Store) mayAnnotate(r kv.Reader, b *Bucket, rec *versionRecord, req *PutAnnotation) (*annotationRecord, error) {
	if err := rec.ifMatch(req.IfMatch); err != nil {
		return nil, err
	}
	if e := rec.sealed(); e != nil && e.envelope != nil && e.envelope.Sort == seal.Customer {
		return nil, fault.New(fault.InvalidRequest, "Objects encrypted with a customer's key (SSE-C) cannot have annotations.")
	}
	set := rec.annotations()
	old, err := getAnnotation(r, set.id, req.Name)
	if err != nil {
		return nil, err
	}
	if old == nil && set.count >= MaxAnnotations {
		return nil, coded(fault.InvalidRequest, "AnnotationLimitExceeded", "An object has at most %d annotations.", MaxAnnotations)
	}
	if old != nil {
		err = rec.protected(s.now(), req.BypassGovernance)
	}
	return old, err
}

// ifMatch decides the condition on the object that an annotation is attached to.
func (r *versionRecord) ifMatch(tag string) error {
	if tag != "" && !tagMatches(tag, r) {
		return errPrecondition("x-amz-object-if-match")
	}
	return nil
}

// protected is the error of a change that would lose what the protection of the version guards.
func (r *versionRecord) protected(now time.Time, bypass bool) error {
	state := r.lock()
	return state.Destroy(now, bypass)
}

// ingestAnnotation stores a payload and fills the record with what came of it. of is the key of an encrypted object.
func (s *Store) ingestAnnotation(ctx context.Context, b *Body, a *annotationRecord, of *seal.Key, name string) (*stored, error) {
	if b.Digest.Algorithm == checksum.None {
		b.Digest.Algorithm = checksum.CRC64NVME
	}
	st, err := s.ingest(ctx, b, s.inline, place{id: s.newID()}, a.payloadKey(of, name))
	if err != nil {
		return nil, err
	}
	if st.size == 0 {
		st.discard()
		return nil, errNoPayload()
	}
	a.size, a.etag, a.body, a.stored = st.size, st.md5, st.body, st.crc
	a.sum = sumRecord{alg: b.Digest.Algorithm, typ: checksum.FullObject, raw: st.sum}
	return st, nil
}

// annotate makes a, whose payload is stored, an annotation of rec.
func (t *txn) annotate(b *Bucket, rec *versionRecord, req *PutAnnotation, a *annotationRecord, st *stored) error {
	if err := rec.stamped(req.Stamp); err != nil {
		return err
	}
	old, err := t.s.mayAnnotate(t, b, rec, req)
	if err != nil {
		return err
	}
	set := rec.annotations()
	if set.none() {
		set.id = t.s.newID()
	}
	delta := a.size
	if old != nil {
		delta -= old.size
		t.dropPayload(old)
	} else {
		set.count++
	}
	set.bytes += delta
	set.changes++
	rec.setAnnotations(set)
	t.putAnnotation(set.id, req.Name, a, st)
	t.countAnnotations(b, delta)
	t.tell(b, EventAnnotation, &req.By, req.Key, rec)
	return t.withinQuota(b)
}

// DeleteAnnotation removes an annotation of a version for good, whether the version is current or not.
func (s *Store) DeleteAnnotation(ctx context.Context, req DeleteAnnotation) (Version, error) {
	if err := CheckAnnotationName(req.Name); err != nil {
		return Version{}, err
	}
	return s.amend(ctx, req.Bucket, req.Key, req.VersionID, func(t *txn, b *Bucket, rec *versionRecord) error {
		if err := rec.stamped(req.Stamp); err != nil {
			return err
		}
		if err := rec.ifMatch(req.IfMatch); err != nil {
			return err
		}
		set := rec.annotations()
		old, err := getAnnotation(t, set.id, req.Name)
		if err != nil || old == nil {
			return err
		}
		if err := rec.protected(s.now(), req.BypassGovernance); err != nil {
			return err
		}
		t.Delete(annotationKey(set.id, req.Name))
		t.dropPayload(old)
		t.countAnnotations(b, -old.size)
		set.count, set.bytes, set.changes = set.count-1, set.bytes-old.size, set.changes+1
		if set.count <= 0 {
			set = annotationSet{}
		}
		rec.setAnnotations(set)
		t.tell(b, EventAnnotationDelete, &req.By, req.Key, rec)
		return nil
	})
}

// payload reads text in UTF-8 of at most MaxAnnotationSize bytes.
type payload struct {
	src  io.Reader
	n    int64
	tail [utf8.UTFMax]byte // the beginning of a character
	have int
}

// Read implements io.Reader. What is no text, or too long, is an error.
func (p *payload) Read(b []byte) (int, error) {
	n, err := p.src.Read(b)
	if p.n += int64(n); p.n > MaxAnnotationSize {
		return 0, errPayloadTooLarge()
	}
	if !p.text(b[:n]) || err == io.EOF && p.have > 0 {
		return 0, coded(fault.InvalidRequest, "UnsupportedMediaType", "The payload of an annotation is text in UTF-8. Encode other bytes in base64.")
	}
	return n, err
}

// text reports whether b goes on as text.
func (p *payload) text(b []byte) bool {
	for p.have > 0 && len(b) > 0 {
		p.tail[p.have] = b[0]
		p.have, b = p.have+1, b[1:]
		if !utf8.FullRune(p.tail[:p.have]) {
			continue
		}
		if r, size := utf8.DecodeRune(p.tail[:p.have]); r == utf8.RuneError && size < 2 {
			return false
		}
		p.have = 0
	}
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if end := b[len(b)-i:]; utf8.RuneStart(end[0]) {
			if !utf8.FullRune(end) {
				p.have = copy(p.tail[:], end)
				b = b[:len(b)-i]
			}
			break
		}
	}
	return utf8.Valid(b)
}

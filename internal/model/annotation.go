package model

import (
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/seal"
)

// note is an annotation of a version.
type note struct {
	data     []byte
	modified time.Time
	sum      object.Checksum
}

func (n *note) show(name string) object.Annotation {
	return object.Annotation{Name: name, Size: int64(len(n.data)), ETag: hexMD5(n.data), Modified: n.modified, Checksum: n.sum}
}

func checkNoteName(name string) error {
	low := strings.ToLower(name)
	bad := func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune("0123456789_.-", r) }
	if name == "" || len(name) > 512 || strings.HasPrefix(low, "aws") || strings.HasPrefix(low, "s3") || strings.ContainsFunc(name, bad) {
		return fail(fault.InvalidArgument)
	}
	return nil
}

// annotated is how many bytes the annotations of the version have.
func (v *version) annotated() (n int64) {
	for _, a := range v.notes {
		n += int64(len(a.data))
	}
	return n
}

// noteRoom refuses an annotation of so many bytes, in place of one of less bytes.
func (b *bucket) noteRoom(size, less int64) error {
	total := int64(0)
	for _, v := range b.versions {
		total += int64(len(v.data)) + v.annotated()
	}
	if q := b.Quota.MaxBytes; q > 0 && size > less && total-less+size > q {
		return fail(fault.QuotaExceeded)
	}
	return nil
}

// PutAnnotation attaches data to a version.
func (m *Model) PutAnnotation(req object.PutAnnotation, data []byte) (object.Annotation, object.Version, error) {
	none := func(err error) (object.Annotation, object.Version, error) {
		return object.Annotation{}, object.Version{}, err
	}
	if err := checkNoteName(req.Name); err != nil {
		return none(err)
	}
	if req.Body.Size == 0 {
		return none(fail(fault.InvalidRequest))
	}
	b, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	if err != nil {
		return none(err)
	}
	if req.IfMatch != "" && req.IfMatch != "*" && req.IfMatch != v.etag {
		return none(fail(fault.PreconditionFailed))
	}
	if v.enc != nil && v.enc.Sort == seal.Customer {
		return none(fail(fault.InvalidRequest))
	}
	old, less := v.notes[req.Name], int64(0)
	if old != nil {
		less = int64(len(old.data))
		if v.protects(m.Now(), req.BypassGovernance) {
			return none(fail(fault.Locked))
		}
	}
	if err := b.noteRoom(max(req.Body.Size, 1), less); err != nil {
		return none(err)
	}
	if !utf8.Valid(data) {
		return none(fail(fault.InvalidRequest))
	}
	if err := checkBody(&req.Body, data); err != nil {
		return none(err)
	}
	if len(data) == 0 {
		return none(fail(fault.InvalidRequest))
	}
	if err := b.noteRoom(int64(len(data)), less); err != nil {
		return none(err)
	}
	alg := req.Body.Digest.Algorithm
	if alg == checksum.None {
		alg = checksum.CRC64NVME
	}
	if v.notes == nil {
		v.notes = map[string]*note{}
	}
	n := &note{data: slices.Clone(data), modified: m.Now(), sum: sumOf(alg, data)}
	v.notes[req.Name] = n
	m.tell(b, "ObjectAnnotation:Put", req.By, v)
	return n.show(req.Name), b.describe(v), nil
}

// DeleteAnnotation removes an annotation.
func (m *Model) DeleteAnnotation(req object.DeleteAnnotation) (object.Version, error) {
	if err := checkNoteName(req.Name); err != nil {
		return object.Version{}, err
	}
	b, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	if err != nil {
		return object.Version{}, err
	}
	if req.IfMatch != "" && req.IfMatch != "*" && req.IfMatch != v.etag {
		return object.Version{}, fail(fault.PreconditionFailed)
	}
	if v.notes[req.Name] != nil {
		if v.protects(m.Now(), req.BypassGovernance) {
			return object.Version{}, fail(fault.Locked)
		}
		delete(v.notes, req.Name)
		m.tell(b, "ObjectAnnotation:Delete", req.By, v)
	}
	return b.describe(v), nil
}

// Annotation reads an annotation.
func (m *Model) Annotation(req object.GetAnnotation) (object.Annotation, []byte, error) {
	if err := checkNoteName(req.Name); err != nil {
		return object.Annotation{}, nil, err
	}
	_, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	if err != nil {
		return object.Annotation{}, nil, err
	}
	n := v.notes[req.Name]
	if n == nil {
		return object.Annotation{}, nil, fail(fault.NoSuchConfig)
	}
	return n.show(req.Name), n.data, nil
}

// ListAnnotations returns a page of the annotations of a version.
func (m *Model) ListAnnotations(req object.ListAnnotations) (object.AnnotationPage, error) {
	var page object.AnnotationPage
	b, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	if err != nil {
		return page, err
	}
	page.Version = b.describe(v)
	var names []string
	for name := range v.notes {
		if strings.HasPrefix(name, req.Prefix) && name > req.After {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if req.Max > 0 && len(names) > req.Max {
		names = names[:req.Max]
		page.Next = names[len(names)-1]
	}
	for _, name := range names {
		page.Annotations = append(page.Annotations, v.notes[name].show(name))
	}
	return page, nil
}

// copyNotes are the annotations of a copy; of one that keeps its bytes they stay as they are.
func (m *Model) copyNotes(src *version, req *object.CopyObject, stay bool) map[string]*note {
	if req.ExcludeAnnotations {
		return nil
	}
	out := map[string]*note{}
	for name, n := range src.notes {
		c := *n
		if !stay {
			c.modified = m.Now()
		}
		if req.Checksum != checksum.None {
			c.sum = sumOf(req.Checksum, n.data)
		}
		out[name] = &c
	}
	return out
}

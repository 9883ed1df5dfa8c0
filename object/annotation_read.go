package object

import (
	"context"
	"errors"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

// GetAnnotation names an annotation.
type GetAnnotation struct {
	Bucket, Key, VersionID string
	Name                   string
}

// ListAnnotations asks for a page of the annotations of a version, in the order of the bytes of their names.
type ListAnnotations struct {
	Bucket, Key, VersionID string
	Prefix                 string
	After                  string // names greater than this
	Max                    int    // 1..MaxAnnotations; 0 means MaxAnnotations
}

// AnnotationPage is a page of annotations. Next is the After of the next page, "" at the end.
type AnnotationPage struct {
	Version     Version // they are attached to
	Annotations []Annotation
	Next        string
}

func errNoAnnotation() error {
	return coded(fault.NoSuchConfig, "NoSuchAnnotation", "The specified annotation does not exist on this object.")
}

// OpenAnnotation opens the payload of an annotation. Version of the Reader is the object's; Length is that of the payload. The reader of a payload that is
// replaced meanwhile goes on with the old bytes.
func (s *Store) OpenAnnotation(ctx context.Context, req GetAnnotation) (*Reader, Annotation, error) {
	if err := CheckAnnotationName(req.Name); err != nil {
		return nil, Annotation{}, err
	}
	const tries = 5 // as of Open
	for try := 1; ; try++ {
		r, a, err := s.openAnnotation(ctx, &req)
		if !errors.Is(err, blob.ErrNotFound) {
			return r, a, err
		}
		if try == tries {
			return nil, a, errMissing(err)
		}
	}
}

func (s *Store) openAnnotation(ctx context.Context, req *GetAnnotation) (*Reader, Annotation, error) {
	var (
		o      opened
		parent *versionRecord
		a      *annotationRecord
		v      Version
	)
	err := s.viewDB(ctx, func(r kv.Reader) error {
		o.free()
		o = opened{}
		b, rec, isCurrent, err := lookup(r, req.Bucket, req.Key, req.VersionID)
		if err != nil {
			return err
		}
		parent, v = rec, rec.version(&b, req.Key, isCurrent)
		if a, err = getAnnotation(r, rec.annotations().id, req.Name); err != nil {
			return err
		}
		if a == nil {
			return errNoAnnotation()
		}
		o.bucket, o.rec = b, a.asVersion()
		if a.body.kind == bodyInline {
			return o.loadInline(r)
		}
		return nil
	})
	if err != nil {
		return nil, Annotation{}, err
	}
	if o.key, err = s.annotationKeyOf(parent, a, parent.binding(o.bucket.ID, req.Key), req.Name); err != nil {
		o.free()
		return nil, Annotation{}, err
	}
	r := &Reader{s: s, ctx: ctx, rec: o.rec, Version: v, Length: a.size, quiet: true}
	if err := r.begin(&o); err != nil {
		return nil, Annotation{}, errors.Join(err, r.Close())
	}
	r.watch(&o)
	return r, a.show(req.Name), nil
}

// annotationKeyOf finds the key of a payload; the zero one for what is stored in clear.
func (s *Store) annotationKeyOf(parent *versionRecord, a *annotationRecord, to seal.Binding, name string) (bodyKey, error) {
	if a.salt.IsZero() {
		return bodyKey{}, nil
	}
	sealed := parent.sealed()
	if sealed == nil {
		return bodyKey{}, fault.New(fault.Corrupted, "The key that the annotation is encrypted with is gone. Run myfsio fsck.")
	}
	k, err := s.keyOf(sealed, nil, to)
	if err != nil {
		return bodyKey{}, err
	}
	return bodyKey{key: *a.payloadKey(&k, name), own: true}, nil
}

// ListAnnotations returns a page of the annotations of a version. It reads no payload.
func (s *Store) ListAnnotations(ctx context.Context, req ListAnnotations) (AnnotationPage, error) {
	var page AnnotationPage
	if err := req.Verify(); err != nil {
		return page, err
	}
	most := min(req.Max, MaxAnnotations)
	if most <= 0 {
		most = MaxAnnotations
	}
	err := s.viewDB(ctx, func(r kv.Reader) error {
		page = AnnotationPage{}
		b, rec, isCurrent, err := lookup(r, req.Bucket, req.Key, req.VersionID)
		if err != nil {
			return err
		}
		page.Version = rec.version(&b, req.Key, isCurrent)
		set := rec.annotations()
		if set.none() {
			return nil
		}
		return eachAnnotation(r, set.id, req.Prefix, req.After, func(name string, v []byte) (bool, error) {
			if len(page.Annotations) == most {
				page.Next = page.Annotations[most-1].Name
				return false, nil
			}
			var a annotationRecord
			if err := a.decode(v); err != nil {
				return false, err
			}
			page.Annotations = append(page.Annotations, a.show(name))
			return true, nil
		})
	})
	return page, err
}

// Verify checks the request.
func (req *ListAnnotations) Verify() error {
	if len(req.Prefix) > MaxAnnotationName || !nameLetters(req.Prefix) {
		return coded(fault.InvalidArgument, "InvalidPrefix", "The annotation prefix you provided is invalid.")
	}
	return nil
}

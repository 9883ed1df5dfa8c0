package wire

import "time"

// PutAnnotation is the answer of PutObjectAnnotation.
type PutAnnotation struct{ Key, Name string }

// Append writes the document.
func (r *PutAnnotation) Append(dst []byte) []byte {
	d := begin(dst, "PutObjectAnnotationOutput")
	d.text("Key", r.Key)
	d.text("AnnotationName", r.Name)
	d.close("PutObjectAnnotationOutput")
	return d.b
}

// ListAnnotations is the answer of ListObjectAnnotations.
type ListAnnotations struct {
	Entries          []AnnotationEntry
	Bucket, Key      string
	Prefix           string
	Max              int
	Token, NextToken string
}

// AnnotationEntry is an annotation in a listing.
type AnnotationEntry struct {
	Name      string
	Algorithm string // of its checksum
	ETag      string // without quotes
	Modified  time.Time
	Size      int64
}

// Append writes the document.
func (r *ListAnnotations) Append(dst []byte) []byte {
	const root = "ListObjectAnnotationsOutput"
	d := begin(dst, root)
	d.open("Annotations")
	for i := range r.Entries {
		e := &r.Entries[i]
		d.open("AnnotationEntry")
		d.text("AnnotationName", e.Name)
		d.opt("ChecksumAlgorithm", e.Algorithm)
		d.etag(e.ETag)
		d.time("LastModified", e.Modified)
		d.int("Size", e.Size)
		d.close("AnnotationEntry")
	}
	d.close("Annotations")
	d.text("Bucket", r.Bucket)
	d.text("Key", r.Key)
	d.opt("AnnotationPrefix", r.Prefix)
	d.int("MaxAnnotationResults", int64(r.Max))
	d.int("AnnotationCount", int64(len(r.Entries)))
	d.opt("ContinuationToken", r.Token)
	d.opt("NextContinuationToken", r.NextToken)
	d.close(root)
	return d.b
}

package wire

import (
	"strconv"
	"strings"
	"time"

	"myfsio/checksum"
)

// parseRoot reads a document whose root must have one of the names.
func parseRoot(body []byte, names ...string) (*Element, error) {
	root, err := ParseXML(body)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if root.Name == n {
			return root, nil
		}
	}
	return nil, ErrMalformedXML()
}

// CreateBucket is the body of CreateBucket.
type CreateBucket struct {
	Location string // LocationConstraint
	// Unsupported is the name of an element that asks for more than a region, "" when there is none.
	Unsupported string
}

// ParseCreateBucket reads the body of CreateBucket, which may be empty.
func ParseCreateBucket(body []byte) (CreateBucket, error) {
	if len(body) == 0 {
		return CreateBucket{}, nil
	}
	root, err := parseRoot(body, "CreateBucketConfiguration", "CreateBucketRequest")
	if err != nil {
		return CreateBucket{}, err
	}
	var c CreateBucket
	for i := range root.Children {
		switch e := &root.Children[i]; e.Name {
		case "LocationConstraint":
			c.Location = strings.TrimSpace(e.Text)
		default:
			c.Unsupported = e.Name
		}
	}
	return c, nil
}

// Versioning is the document of Get and PutBucketVersioning, in XML and JSON.
type Versioning struct {
	Status    string `json:"Status,omitempty"` // Enabled, Suspended, or "" for never enabled
	MFADelete string `json:"MFADelete,omitempty"`
}

// ParseVersioning reads the XML body of PutBucketVersioning.
func ParseVersioning(body []byte) (Versioning, error) {
	root, err := parseRoot(body, "VersioningConfiguration")
	if err != nil {
		return Versioning{}, err
	}
	return Versioning{Status: root.Value("Status"), MFADelete: root.Value("MfaDelete")}, nil
}

// ParseVersioningJSON reads the JSON body of PutBucketVersioning.
func ParseVersioningJSON(body []byte) (v Versioning, err error) {
	return v, DecodeJSON(body, &v)
}

// Append writes the document.
func (r *Versioning) Append(dst []byte) []byte {
	d := begin(dst, "VersioningConfiguration")
	d.opt("Status", r.Status)
	d.opt("MfaDelete", r.MFADelete)
	d.close("VersioningConfiguration")
	return d.b
}

// Tagging is the document of the tagging operations, in XML and JSON.
type Tagging struct {
	TagSet []Tag `json:"TagSet"`
}

// ParseTaggingXML reads a Tagging document. Text of keys and values is not trimmed.
func ParseTaggingXML(body []byte) (Tagging, error) {
	root, err := parseRoot(body, "Tagging")
	if err != nil {
		return Tagging{}, err
	}
	set := root.Child("TagSet")
	if set == nil {
		return Tagging{}, ErrMalformedXML()
	}
	var t Tagging
	for i := range set.Children {
		tag := &set.Children[i]
		key, value := tag.Child("Key"), tag.Child("Value")
		if tag.Name != "Tag" || key == nil || value == nil {
			return Tagging{}, ErrMalformedXML()
		}
		t.TagSet = append(t.TagSet, Tag{key.Text, value.Text})
	}
	return t, nil
}

// ParseTaggingJSON reads {"TagSet":[{"Key":"","Value":""}]}.
func ParseTaggingJSON(body []byte) (t Tagging, err error) {
	if err := DecodeJSON(body, &t); err != nil {
		return Tagging{}, err
	}
	if t.TagSet == nil {
		return Tagging{}, errMalformedJSON()
	}
	return t, nil
}

// Append writes the document.
func (r *Tagging) Append(dst []byte) []byte {
	d := begin(dst, "Tagging")
	d.open("TagSet")
	for _, t := range r.TagSet {
		d.open("Tag")
		d.text("Key", t.Key)
		d.text("Value", t.Value)
		d.close("Tag")
	}
	d.close("TagSet")
	d.close("Tagging")
	return d.b
}

// DeleteKey is a key of DeleteObjects, with its conditions.
type DeleteKey struct {
	Key, VersionID string
	ETag           string // without quotes, "" when not given
	Modified       time.Time
	Size           *int64
}

// Delete is the body of DeleteObjects.
type Delete struct {
	Quiet bool
	Keys  []DeleteKey
}

// ParseDelete reads the body of DeleteObjects: 1 to max keys. The white space of keys is theirs.
func ParseDelete(body []byte, max int) (Delete, error) {
	root, err := parseRoot(body, "Delete")
	if err != nil {
		return Delete{}, err
	}
	del := Delete{Quiet: root.Value("Quiet") == "true"}
	for i := range root.Children {
		o := &root.Children[i]
		if o.Name != "Object" {
			continue
		}
		k, ok := parseDeleteKey(o)
		if !ok || len(del.Keys) == max {
			return Delete{}, ErrMalformedXML()
		}
		del.Keys = append(del.Keys, k)
	}
	if len(del.Keys) == 0 {
		return Delete{}, ErrMalformedXML()
	}
	return del, nil
}

func parseDeleteKey(o *Element) (DeleteKey, bool) {
	key := o.Child("Key")
	if key == nil || key.Text == "" {
		return DeleteKey{}, false
	}
	k := DeleteKey{Key: key.Text, VersionID: o.Value("VersionId"), ETag: Unquote(o.Value("ETag"))}
	if s := o.Value("LastModifiedTime"); s != "" {
		t, ok := ParseTime(s)
		if !ok {
			return DeleteKey{}, false
		}
		k.Modified = t
	}
	if s := o.Value("Size"); s != "" {
		n, ok := parseOffset(s)
		if !ok {
			return DeleteKey{}, false
		}
		k.Size = &n
	}
	return k, true
}

// CompletedPart is a part that CompleteMultipartUpload names.
type CompletedPart struct {
	Number    int
	ETag      string // without quotes
	Algorithm checksum.Algorithm
	Checksum  string // base64, as sent
}

// ParseComplete reads the body of CompleteMultipartUpload: 1 to max parts.
func ParseComplete(body []byte, max int) ([]CompletedPart, error) {
	root, err := parseRoot(body, "CompleteMultipartUpload", "CompletedMultipartUpload")
	if err != nil {
		return nil, err
	}
	parts := make([]CompletedPart, 0, min(len(root.Children), max))
	for i := range root.Children {
		p, ok := parsePart(&root.Children[i])
		if !ok || len(parts) == max {
			return nil, ErrMalformedXML()
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return nil, ErrMalformedXML()
	}
	return parts, nil
}

func parsePart(e *Element) (CompletedPart, bool) {
	if e.Name != "Part" {
		return CompletedPart{}, false
	}
	var p CompletedPart
	for i := range e.Children {
		c := &e.Children[i]
		text := strings.TrimSpace(c.Text)
		switch name, isSum := strings.CutPrefix(c.Name, "Checksum"); {
		case c.Name == "PartNumber":
			n, err := strconv.Atoi(text)
			if err != nil {
				return CompletedPart{}, false
			}
			p.Number = n
		case c.Name == "ETag":
			p.ETag = Unquote(text)
		case isSum:
			alg, known := checksum.Parse(name)
			if !known || p.Algorithm != checksum.None {
				return CompletedPart{}, false
			}
			p.Algorithm, p.Checksum = alg, text
		}
	}
	return p, p.Number != 0 && p.ETag != ""
}

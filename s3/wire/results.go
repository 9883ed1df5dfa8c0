package wire

import "time"

// Checksum is a checksum in a document: the element Checksum<Algorithm>, and ChecksumType.
// The zero value writes nothing.
type Checksum struct {
	Algorithm string // such as "CRC32"
	Type      string // "" writes no ChecksumType
	Value     string
}

func (d *doc) checksum(c Checksum) {
	if c.Algorithm == "" || c.Value == "" {
		return
	}
	d.text("Checksum"+c.Algorithm, c.Value)
	d.opt("ChecksumType", c.Type)
}

// Location is the answer of GetBucketLocation; "" stands for us-east-1.
type Location struct{ Region string }

// Append writes the document.
func (r *Location) Append(dst []byte) []byte {
	d := begin(dst, "LocationConstraint")
	d.b = AppendText(d.b, r.Region)
	d.close("LocationConstraint")
	return d.b
}

// CopyResult is the answer of CopyObject, and of UploadPartCopy with Part set.
type CopyResult struct {
	Part     bool
	Modified time.Time
	ETag     string
	Checksum Checksum
}

// Append writes the document.
func (r *CopyResult) Append(dst []byte) []byte {
	root := "CopyObjectResult"
	if r.Part {
		root = "CopyPartResult"
	}
	d := begin(dst, root)
	d.time("LastModified", r.Modified)
	d.etag(r.ETag)
	d.checksum(r.Checksum)
	d.close(root)
	return d.b
}

// InitiateUpload is the answer of CreateMultipartUpload.
type InitiateUpload struct{ Bucket, Key, UploadID string }

// Append writes the document.
func (r *InitiateUpload) Append(dst []byte) []byte {
	d := begin(dst, "InitiateMultipartUploadResult")
	d.text("Bucket", r.Bucket)
	d.text("Key", r.Key)
	d.text("UploadId", r.UploadID)
	d.close("InitiateMultipartUploadResult")
	return d.b
}

// CompleteResult is the answer of CompleteMultipartUpload.
type CompleteResult struct {
	Location, Bucket, Key, ETag string
	Checksum                    Checksum
}

// Append writes the document.
func (r *CompleteResult) Append(dst []byte) []byte {
	d := begin(dst, "CompleteMultipartUploadResult")
	d.text("Location", r.Location)
	d.text("Bucket", r.Bucket)
	d.text("Key", r.Key)
	d.etag(r.ETag)
	d.checksum(r.Checksum)
	d.close("CompleteMultipartUploadResult")
	return d.b
}

// Part is a part of an upload or object.
type Part struct {
	Number   int
	Modified time.Time
	ETag     string
	Size     int64
	Checksum Checksum
}

// ListParts is the answer of ListParts.
type ListParts struct {
	Bucket, Key, UploadID string
	Initiator, Owner      Owner
	StorageClass          string
	Marker, Next, Max     int
	Truncated             bool
	ChecksumAlgorithm     string
	ChecksumType          string
	Parts                 []Part
}

// Append writes the document.
func (r *ListParts) Append(dst []byte) []byte {
	d := begin(dst, "ListPartsResult")
	d.text("Bucket", r.Bucket)
	d.text("Key", r.Key)
	d.text("UploadId", r.UploadID)
	d.owner("Initiator", r.Initiator)
	d.owner("Owner", r.Owner)
	d.class(r.StorageClass)
	d.int("PartNumberMarker", int64(r.Marker))
	d.int("NextPartNumberMarker", int64(r.Next))
	d.int("MaxParts", int64(r.Max))
	d.bool("IsTruncated", r.Truncated)
	d.opt("ChecksumAlgorithm", r.ChecksumAlgorithm)
	d.opt("ChecksumType", r.ChecksumType)
	for i := range r.Parts {
		p := &r.Parts[i]
		d.open("Part")
		d.int("PartNumber", int64(p.Number))
		d.time("LastModified", p.Modified)
		d.etag(p.ETag)
		d.int("Size", p.Size)
		d.checksum(p.Checksum)
		d.close("Part")
	}
	d.close("ListPartsResult")
	return d.b
}

// Attributes is the answer of GetObjectAttributes; what was not asked for is left at its zero value.
type Attributes struct {
	ETag         string
	Checksum     Checksum
	Parts        *AttributeParts
	StorageClass string
	Size         int64
	HasSize      bool
}

// AttributeParts is the ObjectParts of Attributes. Paging is left out when there are no Parts to page through.
type AttributeParts struct {
	Total             int
	Marker, Next, Max int
	Truncated         bool
	Parts             []Part
}

// Append writes the document. Its ETag has no quotes, as in AWS.
func (r *Attributes) Append(dst []byte) []byte {
	d := begin(dst, "GetObjectAttributesResponse")
	d.opt("ETag", r.ETag)
	if r.Checksum.Value != "" {
		d.open("Checksum")
		d.checksum(r.Checksum)
		d.close("Checksum")
	}
	if r.Parts != nil {
		d.attributeParts(r.Parts)
	}
	d.opt("StorageClass", r.StorageClass)
	if r.HasSize {
		d.int("ObjectSize", r.Size)
	}
	d.close("GetObjectAttributesResponse")
	return d.b
}

func (d *doc) attributeParts(a *AttributeParts) {
	d.open("ObjectParts")
	d.int("PartsCount", int64(a.Total))
	if a.Parts != nil {
		d.int("PartNumberMarker", int64(a.Marker))
		d.int("NextPartNumberMarker", int64(a.Next))
		d.int("MaxParts", int64(a.Max))
		d.bool("IsTruncated", a.Truncated)
	}
	for i := range a.Parts {
		p := &a.Parts[i]
		d.open("Part")
		d.int("PartNumber", int64(p.Number))
		d.int("Size", p.Size)
		d.checksum(p.Checksum)
		d.close("Part")
	}
	d.close("ObjectParts")
}

// DeletedEntry is the outcome of one key of DeleteObjects: an error when Code is set.
type DeletedEntry struct {
	Key, VersionID        string
	DeleteMarker          bool
	DeleteMarkerVersionID string
	Code, Message         string
}

// DeleteResult is the answer of DeleteObjects.
type DeleteResult struct{ Entries []DeletedEntry }

// Append writes the document.
func (r *DeleteResult) Append(dst []byte) []byte {
	d := begin(dst, "DeleteResult")
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Code != "" {
			d.open("Error")
			d.text("Key", e.Key)
			d.opt("VersionId", e.VersionID)
			d.text("Code", e.Code)
			d.text("Message", e.Message)
			d.close("Error")
			continue
		}
		d.open("Deleted")
		d.text("Key", e.Key)
		d.opt("VersionId", e.VersionID)
		if e.DeleteMarker {
			d.bool("DeleteMarker", true)
			d.opt("DeleteMarkerVersionId", e.DeleteMarkerVersionID)
		}
		d.close("Deleted")
	}
	d.close("DeleteResult")
	return d.b
}

// PostResponse is the answer of an upload from a form that asks for status 201.
type PostResponse struct {
	Location, Bucket, Key string
	ETag                  string // without quotes
}

// Append writes the document. It has no namespace.
func (r *PostResponse) Append(dst []byte) []byte {
	d := doc{append(dst, xmlHeader...)}
	d.open("PostResponse")
	d.text("Location", r.Location)
	d.text("Bucket", r.Bucket)
	d.text("Key", r.Key)
	d.etag(r.ETag)
	d.close("PostResponse")
	return d.b
}

package wire

import "time"

// Owner is an owner or initiator. DisplayName is left out when empty.
type Owner struct {
	ID          string `json:"ID"`
	DisplayName string `json:"DisplayName,omitempty"`
}

func (d *doc) owner(name string, o Owner) {
	d.open(name)
	d.text("ID", o.ID)
	d.opt("DisplayName", o.DisplayName)
	d.close(name)
}

// Entry is an object, version or delete marker of a listing.
type Entry struct {
	Key               string
	Modified          time.Time
	ETag              string // without quotes
	Size              int64
	StorageClass      string // "" means STANDARD
	ChecksumAlgorithm string // "" without a checksum
	ChecksumType      string
	Owner             Owner  // no ID: not shown
	VersionID         string // of a version listing
	Latest            bool
	DeleteMarker      bool
}

// Listing is the part that the listings of objects and versions share. Keys and prefixes are given
// as they are; they are encoded on the way out where EncodeURL asks.
type Listing struct {
	Bucket, Prefix, Delimiter string
	EncodeURL                 bool
	Max                       int
	Truncated                 bool
	Entries                   []Entry
	Prefixes                  []string
}

// name writes a key, prefix, marker or delimiter, URL-encoded where the client asked for it.
func (d *doc) name(element, value string, encode bool) {
	d.open(element)
	if encode {
		d.b = appendKey(d.b, value) // leaves nothing that XML would escape
	} else {
		d.b = AppendText(d.b, value)
	}
	d.close(element)
}

func (d *doc) optName(element, value string, encode bool) {
	if value != "" {
		d.name(element, value, encode)
	}
}

// tail writes what stands in every listing before its entries.
func (d *doc) tail(l *Listing, maxName string) {
	d.int(maxName, int64(l.Max))
	d.optName("Delimiter", l.Delimiter, l.EncodeURL)
	if l.EncodeURL {
		d.text("EncodingType", "url")
	}
	d.bool("IsTruncated", l.Truncated)
}

func (d *doc) prefixes(prefixes []string, encode bool) {
	for _, p := range prefixes {
		d.open("CommonPrefixes")
		d.name("Prefix", p, encode)
		d.close("CommonPrefixes")
	}
}

// body writes what an object and a version share.
func (d *doc) body(e *Entry) {
	d.time("LastModified", e.Modified)
	d.etag(e.ETag)
	if e.ChecksumAlgorithm != "" {
		d.text("ChecksumAlgorithm", e.ChecksumAlgorithm)
		d.opt("ChecksumType", e.ChecksumType)
	}
	d.int("Size", e.Size)
	if e.Owner.ID != "" {
		d.owner("Owner", e.Owner)
	}
	d.class(e.StorageClass)
}

func (d *doc) contents(l *Listing) {
	for i := range l.Entries {
		e := &l.Entries[i]
		d.open("Contents")
		d.name("Key", e.Key, l.EncodeURL)
		d.body(e)
		d.close("Contents")
	}
	d.prefixes(l.Prefixes, l.EncodeURL)
}

// ListObjects is the answer of the first version of the listing.
type ListObjects struct {
	Listing
	Marker, NextMarker string // NextMarker only with a delimiter
}

// Append writes the document.
func (r *ListObjects) Append(dst []byte) []byte {
	d := begin(dst, "ListBucketResult")
	d.text("Name", r.Bucket)
	d.name("Prefix", r.Prefix, r.EncodeURL)
	d.name("Marker", r.Marker, r.EncodeURL)
	d.optName("NextMarker", r.NextMarker, r.EncodeURL)
	d.tail(&r.Listing, "MaxKeys")
	d.contents(&r.Listing)
	d.close("ListBucketResult")
	return d.b
}

// ListObjectsV2 is the answer of the second version of the listing.
type ListObjectsV2 struct {
	Listing
	StartAfter            string
	ContinuationToken     string
	NextContinuationToken string
}

// Append writes the document.
func (r *ListObjectsV2) Append(dst []byte) []byte {
	d := begin(dst, "ListBucketResult")
	d.text("Name", r.Bucket)
	d.name("Prefix", r.Prefix, r.EncodeURL)
	d.optName("StartAfter", r.StartAfter, r.EncodeURL)
	d.opt("ContinuationToken", r.ContinuationToken)
	d.opt("NextContinuationToken", r.NextContinuationToken)
	d.int("KeyCount", int64(len(r.Entries)+len(r.Prefixes)))
	d.tail(&r.Listing, "MaxKeys")
	d.contents(&r.Listing)
	d.close("ListBucketResult")
	return d.b
}

// ListVersions is the answer of ListObjectVersions.
type ListVersions struct {
	Listing
	KeyMarker, VersionIDMarker         string
	NextKeyMarker, NextVersionIDMarker string // used when Truncated
}

// Append writes the document.
func (r *ListVersions) Append(dst []byte) []byte {
	d := begin(dst, "ListVersionsResult")
	d.text("Name", r.Bucket)
	d.name("Prefix", r.Prefix, r.EncodeURL)
	d.name("KeyMarker", r.KeyMarker, r.EncodeURL)
	d.text("VersionIdMarker", r.VersionIDMarker)
	if r.Truncated {
		d.name("NextKeyMarker", r.NextKeyMarker, r.EncodeURL)
		d.opt("NextVersionIdMarker", r.NextVersionIDMarker)
	}
	d.tail(&r.Listing, "MaxKeys")
	for i := range r.Entries {
		d.version(&r.Entries[i], r.EncodeURL)
	}
	d.prefixes(r.Prefixes, r.EncodeURL)
	d.close("ListVersionsResult")
	return d.b
}

func (d *doc) version(e *Entry, encode bool) {
	element := "Version"
	if e.DeleteMarker {
		element = "DeleteMarker"
	}
	d.open(element)
	d.name("Key", e.Key, encode)
	d.text("VersionId", e.VersionID)
	d.bool("IsLatest", e.Latest)
	if e.DeleteMarker {
		d.time("LastModified", e.Modified)
		d.owner("Owner", e.Owner)
	} else {
		d.body(e)
	}
	d.close(element)
}

// Upload is an entry of ListUploads.
type Upload struct {
	Key, UploadID     string
	Initiated         time.Time
	StorageClass      string
	Owner, Initiator  Owner
	ChecksumAlgorithm string
	ChecksumType      string
}

// ListUploads is the answer of ListMultipartUploads. Its Entries are not used.
type ListUploads struct {
	Listing
	KeyMarker, UploadIDMarker         string
	NextKeyMarker, NextUploadIDMarker string // used when Truncated
	Uploads                           []Upload
}

// Append writes the document.
func (r *ListUploads) Append(dst []byte) []byte {
	d := begin(dst, "ListMultipartUploadsResult")
	d.text("Bucket", r.Bucket)
	d.name("KeyMarker", r.KeyMarker, r.EncodeURL)
	d.text("UploadIdMarker", r.UploadIDMarker)
	if r.Truncated {
		d.name("NextKeyMarker", r.NextKeyMarker, r.EncodeURL)
		d.text("NextUploadIdMarker", r.NextUploadIDMarker)
	}
	d.name("Prefix", r.Prefix, r.EncodeURL)
	d.tail(&r.Listing, "MaxUploads")
	for i := range r.Uploads {
		u := &r.Uploads[i]
		d.open("Upload")
		d.name("Key", u.Key, r.EncodeURL)
		d.text("UploadId", u.UploadID)
		d.owner("Initiator", u.Initiator)
		d.owner("Owner", u.Owner)
		d.class(u.StorageClass)
		d.time("Initiated", u.Initiated)
		d.opt("ChecksumAlgorithm", u.ChecksumAlgorithm)
		d.opt("ChecksumType", u.ChecksumType)
		d.close("Upload")
	}
	d.prefixes(r.Prefixes, r.EncodeURL)
	d.close("ListMultipartUploadsResult")
	return d.b
}

// class writes a storage class; "" is STANDARD.
func (d *doc) class(name string) {
	if name == "" {
		name = "STANDARD"
	}
	d.text("StorageClass", name)
}

// Bucket is an entry of ListBuckets.
type Bucket struct {
	Name    string
	Created time.Time
	Region  string // "" not shown
}

// ListBuckets is the answer of ListBuckets.
type ListBuckets struct {
	Owner             Owner
	Buckets           []Bucket
	Prefix            string
	ContinuationToken string
}

// Append writes the document.
func (r *ListBuckets) Append(dst []byte) []byte {
	d := begin(dst, "ListAllMyBucketsResult")
	d.owner("Owner", r.Owner)
	d.open("Buckets")
	for _, b := range r.Buckets {
		d.open("Bucket")
		d.text("Name", b.Name)
		d.time("CreationDate", b.Created)
		d.opt("BucketRegion", b.Region)
		d.close("Bucket")
	}
	d.close("Buckets")
	d.opt("ContinuationToken", r.ContinuationToken)
	d.opt("Prefix", r.Prefix)
	d.close("ListAllMyBucketsResult")
	return d.b
}

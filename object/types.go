package object

import (
	"io"
	"time"

	"myfsio/acl"
	"myfsio/checksum"
	"myfsio/object/lock"
	"myfsio/seal"
)

// Limits of S3 that every front shares.
const (
	MaxKeyLength  = 1024    // bytes of UTF-8
	MaxParts      = 10000   // of one multipart upload
	MaxPartSize   = 5 << 30 // bytes, also of a single PUT
	MaxObjectSize = 5 << 40 // bytes
	MaxUserMeta   = 2 << 10 // bytes of names and values together
	MaxListKeys   = 1000    // entries of one page
	MaxDelete     = 1000    // keys of one batch delete
)

// NullVersion is the version id of a version written while versioning was not enabled.
const NullVersion = "null"

// Versioning is the versioning state of a bucket.
type Versioning uint8

// The states. A bucket that was once enabled never goes back to Unversioned.
const (
	Unversioned Versioning = iota
	VersioningEnabled
	VersioningSuspended
)

// Bucket describes a bucket.
type Bucket struct {
	Name       string
	ID         uint64 // never used again, also not by a bucket of the same name
	Created    time.Time
	Owner      string // canonical user id
	Region     string // LocationConstraint as given; "" means the server's default
	Versioning Versioning
	ObjectLock bool
	// DefaultLock is the retention that new versions get when their writers name none, in a bucket with ObjectLock.
	DefaultLock lock.Rule
	Quota       Quota

	Ownership    Ownership
	PublicAccess PublicAccess
	ACL          acl.List // of the bucket itself

	features features
	extra    string // fields of the record that a newer program wrote
}

// Usage counts what a bucket holds. It is exact at every commit.
type Usage struct {
	Objects  int64 // current versions
	Bytes    int64 // of current versions
	Versions int64 // noncurrent versions that are not delete markers
	OldBytes int64 // of noncurrent versions
	Markers  int64 // delete markers
	Uploads  int64 // unfinished multipart uploads
	Parts    int64 // bytes of parts of unfinished uploads
	// Annotations is the bytes of the annotations of all versions.
	Annotations int64
}

// Pair is a name and a value, in the order the client gave.
type Pair struct{ Name, Value string }

// Metadata is what a client says about an object when it writes it. S3 returns it as it was given.
type Metadata struct {
	ContentType        string
	CacheControl       string
	ContentDisposition string
	ContentEncoding    string // without aws-chunked
	ContentLanguage    string
	Expires            string // as given, not parsed
	WebsiteRedirect    string // x-amz-website-redirect-location
	StorageClass       string // "" means STANDARD; recorded, without effect
	User               []Pair // x-amz-meta-*, names in lower case without the prefix
	Tags               []Pair // object tags
}

// Checksum is a checksum of S3's additional kind. The zero value means none.
type Checksum struct {
	Algorithm checksum.Algorithm
	Type      checksum.Type
	Value     string // as S3 shows it: base64, with "-N" behind a composite one
}

// Version describes one version of an object, or a delete marker.
type Version struct {
	Bucket       string
	Key          string
	VersionID    string // NullVersion, or as given out
	Latest       bool
	DeleteMarker bool
	Size         int64
	ETag         string // without quotes: MD5 in hex, "-N" behind it for N parts
	Modified     time.Time
	Owner        string
	Checksum     Checksum
	Parts        int  // 0 when the object was written in one piece
	Versioned    bool // the bucket's versioning was ever enabled: VersionID is shown
	Meta         Metadata
	ACL          acl.List // not in listings
	// Lock is the retention and legal hold; nil when the version never had one. Not in listings.
	Lock *lock.State
	// Encryption is nil for a version that is stored in clear. Not in listings.
	Encryption *Encryption
	// Stamp is another for each version that was ever written, also of those called NullVersion: equal stamps mean the same bytes and
	// metadata, but for tags and ACL. Not in listings.
	Stamp [16]byte
	// Annotations is how many annotations the version has. Not in listings.
	Annotations int
	// Lifecycle says that the bucket has a lifecycle configuration, so that a rule may end the version. Not in listings.
	Lifecycle bool
	// Poisoned says that the stored bytes were found not to be those that were written: they are not given out. See Store.Poison.
	Poisoned bool
}

// Digest asks for a checksum of the bytes of a body.
type Digest struct {
	Algorithm checksum.Algorithm
	// Want returns the raw value the bytes must have. It is called once, after the body
	// gave io.EOF, as the value may come in a trailer. Nil: compute and record only.
	// A mismatch fails the operation with fault.BadDigest.
	Want func() ([]byte, error)
}

// Body is the bytes of a write.
type Body struct {
	Reader io.Reader // an error other than io.EOF voids the whole write
	Size   int64     // bytes announced, -1 when unknown; a body of another length is fault.IncompleteBody
	MD5    []byte    // Content-MD5, 16 bytes; nil when not given
	Digest Digest    // Algorithm None: no additional checksum
}

// Conditions are the preconditions of a read, or of a copy's source (RFC 9110 section 13). Zero values mean not given.
type Conditions struct {
	IfMatch           []string // entity tags without quotes; "*" matches any
	IfNoneMatch       []string
	IfModifiedSince   time.Time
	IfUnmodifiedSince time.Time
}

// WriteConditions are the preconditions of a write or delete, decided inside its commit.
type WriteConditions struct {
	IfMatch     string // entity tag without quotes, or "*"
	IfNoneMatch string // only "*" is allowed by S3
	// Empty asks that there is nothing, or an object without bytes.
	Empty bool
	// For deletes only.
	IfMatchModified time.Time // x-amz-if-match-last-modified-time
	IfMatchSize     *int64    // x-amz-if-match-size
}

// Range is a byte range as the client asked for it: First..Last inclusive, Last -1 for the end;
// or the last Suffix bytes when First is -1.
type Range struct{ First, Last, Suffix int64 }

// SetBucket is what CreateBucket takes.
type CreateBucket struct {
	Name       string
	Owner      string
	Region     string
	ObjectLock bool // also enables versioning
	ACL        acl.List
	Ownership  Ownership
}

// ListBuckets asks for a page of buckets in the order of names.
type ListBuckets struct {
	Prefix string
	After  string // names greater than this
	Max    int    // 1..10000; 0 means 10000
	Region string // only buckets of this region, "" all
}

// BucketPage is a page of buckets. Next is the After of the next page, "" at the end.
type BucketPage struct {
	Buckets []Bucket
	Next    string
}

// PutObject writes an object in one piece.
type PutObject struct {
	Bucket, Key string
	Owner       string // who writes; Bucket.Ownership decides who owns the version
	ACL         acl.List
	// BucketOwnerFull says that ACL is the canned list bucket-owner-full-control.
	BucketOwnerFull bool
	Meta            Metadata
	Body            Body
	If              WriteConditions
	Seal            *Sealing   // asked for; nil: as the bucket's default encryption says
	Lock            lock.State // asked for; without a retention the bucket's rule counts
	By              Actor
	Modified        time.Time // zero: now; set by what brings objects in from elsewhere
}

// GetObject reads an object, or only its description.
type GetObject struct {
	Bucket, Key string
	VersionID   string // "" for the current version
	If          Conditions
	Range       *Range
	PartNumber  int  // 1..10000; 0 when not given; excludes Range
	HeadOnly    bool // no bytes are opened
	Damaged     bool // what is poisoned is opened too: for those who examine and mend it, never for clients
	// Customer is the key of SSE-C that came with the request; nil: none. Also with HeadOnly it must be the right one.
	Customer *seal.Key
}

// DeleteObject deletes the current version (by a delete marker where versioning asks for one) or the named version.
type DeleteObject struct {
	Bucket, Key string
	VersionID   string
	Owner       string // who deletes; Bucket.Ownership decides who owns a delete marker
	If          WriteConditions
	By          Actor
	// BypassGovernance allows the deletion of a version under governance retention; the caller has checked the right.
	BypassGovernance bool
}

// Deleted is the result of a delete. Deleting what is not there succeeds.
type Deleted struct {
	Key          string
	VersionID    string // of the version removed, or of the marker made; "" in a bucket never versioned
	DeleteMarker bool   // a marker was made, or the version removed was one
	Size         int64  // of the version removed
	Err          error  // of this key in a batch
}

// CopyObject copies a version to a key.
type CopyObject struct {
	SourceBucket, SourceKey, SourceVersionID string
	SourceIf                                 Conditions
	// SourceStamp is the Version.Stamp of the source that was looked at before; another one there is a ConditionalConflict. Zero: any.
	SourceStamp     [16]byte
	SourceCustomer  *seal.Key // the key of SSE-C that the source is encrypted with
	Bucket, Key     string
	Owner           string   // as of PutObject
	ACL             acl.List // that of the source is not copied
	BucketOwnerFull bool
	ReplaceMeta     bool // x-amz-metadata-directive: REPLACE; else Meta is ignored but for StorageClass and WebsiteRedirect
	ReplaceTags     bool // x-amz-tagging-directive: REPLACE
	// ExcludeAnnotations is x-amz-object-annotation-directive: EXCLUDE. Else the copy has the annotations of the source, all of them from its commit on.
	ExcludeAnnotations bool
	// SourceBare says that the source was seen without annotations. One that has some, which would be copied, is a ConditionalConflict.
	SourceBare bool
	Meta       Metadata
	Checksum   checksum.Algorithm // None keeps the source's
	If         WriteConditions
	// Seal is as of PutObject; that of the source is not copied. But a source that is encrypted makes no copy in clear where the server can encrypt.
	Seal *Sealing
	Lock lock.State // as of PutObject; that of the source is not copied
	By   Actor
}

// Copied is the result of a copy.
type Copied struct {
	Version         Version
	SourceVersionID string // "" when the source bucket was never versioned
}

// ListObjects asks for a page of current versions.
type ListObjects struct {
	Bucket, Prefix, Delimiter string
	After                     string // keys, or common prefixes, greater than this
	Max                       int    // 0..1000; 0 gives an empty page that is not truncated
}

// ObjectPage is a page of a listing. Objects and Prefixes together are in order; Next is the After of the
// next page: the last key or common prefix returned. Objects carry no Meta but the storage class, and no
// value of their checksum.
type ObjectPage struct {
	Objects   []Version
	Prefixes  []string
	Truncated bool
	Next      string
}

// ListVersions asks for a page of all versions, keys in order, newest first within a key.
type ListVersions struct {
	Bucket, Prefix, Delimiter string
	KeyMarker                 string // start behind this key, or
	VersionMarker             string // behind this version of KeyMarker
	Max                       int
}

// VersionPage is a page of versions.
type VersionPage struct {
	Versions          []Version
	Prefixes          []string
	Truncated         bool
	NextKeyMarker     string
	NextVersionMarker string
}

// CreateUpload begins a multipart upload.
type CreateUpload struct {
	Bucket, Key     string
	Owner           string // as of PutObject, like ACL and BucketOwnerFull; the commit of CompleteUpload decides
	Initiator       string
	Meta            Metadata
	ACL             acl.List
	BucketOwnerFull bool
	Checksum        checksum.Algorithm
	ChecksumType    checksum.Type // used when Checksum is not None
	Seal            *Sealing      // as of PutObject
	Lock            lock.State    // as of PutObject
}

// Upload describes an unfinished multipart upload.
type Upload struct {
	Bucket, Key  string
	UploadID     string
	Owner        string
	Initiator    string
	Initiated    time.Time
	StorageClass string
	Checksum     checksum.Algorithm
	ChecksumType checksum.Type
	Encryption   *Encryption // nil: none
}

// PutPart writes a part.
type PutPart struct {
	Bucket, Key, UploadID string
	Number                int // 1..10000
	Body                  Body
	Customer              *seal.Key // the key of SSE-C that the upload was created with
}

// CopyPart writes a part from an existing object.
type CopyPart struct {
	SourceBucket, SourceKey, SourceVersionID string
	SourceIf                                 Conditions
	SourceStamp                              [16]byte // as of CopyObject
	Range                                    *Range   // nil: the whole source
	Bucket, Key, UploadID                    string
	Number                                   int
	SourceCustomer, Customer                 *seal.Key // as of CopyObject, as of PutPart
}

// Part describes a part.
type Part struct {
	Number   int
	Size     int64
	ETag     string // MD5 in hex
	Checksum Checksum
	Modified time.Time
	// Encryption is that of the upload, where the part was just written.
	Encryption *Encryption
}

// CopiedPart is the result of CopyPart.
type CopiedPart struct {
	Part            Part
	SourceVersionID string
}

// ListParts asks for a page of the parts of an unfinished upload.
type ListParts struct {
	Bucket, Key, UploadID string
	After                 int // part numbers greater than this
	Max                   int // 0..1000
}

// PartPage is a page of parts.
type PartPage struct {
	Upload    Upload
	Parts     []Part
	Truncated bool
	Next      int
}

// ListUploads asks for a page of unfinished uploads, by key and then by upload id.
type ListUploads struct {
	Bucket, Prefix, Delimiter string
	KeyMarker, UploadIDMarker string
	Max                       int
}

// UploadPage is a page of uploads.
type UploadPage struct {
	Uploads            []Upload
	Prefixes           []string
	Truncated          bool
	NextKeyMarker      string
	NextUploadIDMarker string
}

// CompletePart names a part in CompleteUpload, as the client lists it.
type CompletePart struct {
	Number   int
	ETag     string   // with or without quotes
	Checksum Checksum // Algorithm None: not given
}

// CompleteUpload makes the parts an object.
type CompleteUpload struct {
	Bucket, Key, UploadID string
	Parts                 []CompletePart
	Checksum              Checksum // of the whole object, as the client expects it; Algorithm None: not given
	ObjectSize            int64    // x-amz-mp-object-size; -1 when not given
	If                    WriteConditions
	By                    Actor
}

// AbortUpload gives an upload up and frees its parts.
type AbortUpload struct {
	Bucket, Key, UploadID string
	IfInitiated           time.Time // x-amz-if-match-initiated-time
}

// ObjectParts asks for the parts of a finished multipart object (GetObjectAttributes).
type ObjectParts struct {
	Bucket, Key, VersionID string
	After, Max             int
}

// ObjectPartPage is a page of them. Total is the number of all parts, 0 for an object written in one piece.
type ObjectPartPage struct {
	Version   Version
	Parts     []Part
	Total     int
	Truncated bool
	Next      int
}

// SetTags replaces the tags of a version; nil removes them, which is an event of its own.
type SetTags struct {
	Bucket, Key, VersionID string
	// Stamp is the Version.Stamp of the version that was looked at before; another one there is a ConditionalConflict. Zero: any.
	Stamp [16]byte
	Tags  []Pair
	By    Actor
}

// SetACL replaces the access control list of a version.
type SetACL struct {
	Bucket, Key, VersionID string
	Stamp                  [16]byte // as of SetTags
	ACL                    acl.List
	By                     Actor
}

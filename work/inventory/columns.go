package inventory

import (
	"slices"
	"strings"
	"time"

	"myfsio/checksum"
	settings "myfsio/inventory"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/seal"
)

// kind is a type of values.
type kind byte

const (
	none kind = iota // no value
	text
	boolean
	number
	instant // milliseconds since 1970
)

// value is one value of a row.
type value struct {
	kind kind
	s    string
	n    int64
}

func str(s string) value { return value{kind: text, s: s} }

func flag(b bool) value {
	if b {
		return value{boolean, "true", 1}
	}
	return value{boolean, "false", 0}
}

func integer(n int64) value { return value{kind: number, n: n} }

func when(t time.Time) value {
	if t.IsZero() {
		return value{}
	}
	return value{kind: instant, n: t.UnixMilli()}
}

// column is a column of a report.
type column struct {
	name    string // in CSV
	parquet string // in Parquet
	kind    kind
	needed  bool // each row has a value
	key     bool // it is the key, which CSV encodes like a URL
	value   func(*object.Entry) value
}

// versioned are the columns of a report of all versions.
var versioned = []column{
	{name: "VersionId", parquet: "version_id", kind: text, value: func(e *object.Entry) value {
		if e.VersionID == object.NullVersion { // as S3 has it
			return str("")
		}
		return str(e.VersionID)
	}},
	{name: "IsLatest", parquet: "is_latest", kind: boolean, value: func(e *object.Entry) value { return flag(e.Latest) }},
	{name: "IsDeleteMarker", parquet: "is_delete_marker", kind: boolean, value: func(e *object.Entry) value { return flag(e.DeleteMarker) }},
}

// optional are the optional columns. A delete marker has a value in those of markers alone.
var optional = []column{
	{name: "Size", parquet: "size", kind: number, value: func(e *object.Entry) value { return integer(e.Size) }},
	{name: "LastModifiedDate", parquet: "last_modified_date", kind: instant, value: func(e *object.Entry) value { return when(e.Modified) }},
	{name: "ETag", parquet: "e_tag", kind: text, value: func(e *object.Entry) value { return str(e.ETag) }},
	{name: "StorageClass", parquet: "storage_class", kind: text, value: func(e *object.Entry) value {
		if e.Meta.StorageClass == "" {
			return str("STANDARD")
		}
		return str(e.Meta.StorageClass)
	}},
	{name: "IsMultipartUploaded", parquet: "is_multipart_uploaded", kind: boolean, value: func(e *object.Entry) value { return flag(e.Parts > 0) }},
	{name: "EncryptionStatus", parquet: "encryption_status", kind: text, value: encryptionStatus},
	{name: "ObjectLockRetainUntilDate", parquet: "object_lock_retain_until_date", kind: instant, value: func(e *object.Entry) value {
		if e.Lock == nil || !e.Lock.Retention.Set() {
			return value{}
		}
		return when(e.Lock.Retention.Until)
	}},
	{name: "ObjectLockMode", parquet: "object_lock_mode", kind: text, value: func(e *object.Entry) value {
		if e.Lock == nil || !e.Lock.Retention.Set() {
			return value{}
		}
		return str(e.Lock.Retention.Mode.String())
	}},
	{name: "ObjectLockLegalHoldStatus", parquet: "object_lock_legal_hold_status", kind: text, value: func(e *object.Entry) value {
		if e.Lock != nil && e.Lock.Hold == lock.HoldOn {
			return str("On")
		}
		return str("Off")
	}},
	{name: "BucketKeyStatus", parquet: "bucket_key_status", kind: text, value: func(e *object.Entry) value {
		if e.Encryption != nil && e.Encryption.BucketKey {
			return str("ENABLED")
		}
		return str("DISABLED")
	}},
	{name: "ChecksumAlgorithm", parquet: "checksum_algorithm", kind: text, value: func(e *object.Entry) value {
		if e.Checksum.Algorithm == checksum.None {
			return value{}
		}
		return str(e.Checksum.Algorithm.String())
	}},
	{name: "ObjectOwner", parquet: "object_owner", kind: text, value: func(e *object.Entry) value { return str(e.Owner) }},
}

// ofMarkers are the optional columns that say something of a delete marker.
var ofMarkers = []string{"LastModifiedDate", "ObjectOwner"}

func encryptionStatus(e *object.Entry) value {
	if e.Encryption == nil {
		return str("NOT-SSE")
	}
	switch e.Encryption.Sort {
	case seal.S3:
		return str("SSE-S3")
	case seal.KMS:
		return str("SSE-KMS")
	case seal.Customer:
		return str("SSE-C")
	}
	return value{} // it cannot be read
}

// columnsOf returns the columns of the reports that c asks for, in their order.
func columnsOf(c *settings.Config, bucket string) []column {
	cols := []column{
		{name: "Bucket", parquet: "bucket", kind: text, needed: true, value: func(*object.Entry) value { return str(bucket) }},
		{name: "Key", parquet: "key", kind: text, needed: true, key: true, value: func(e *object.Entry) value { return str(e.Key) }},
	}
	if c.Versions == settings.All {
		cols = append(cols, versioned...)
	}
	for _, col := range optional {
		if !slices.Contains(c.Fields, col.name) {
			continue
		}
		if !slices.Contains(ofMarkers, col.name) {
			of := col.value
			col.value = func(e *object.Entry) value {
				if e.DeleteMarker {
					return value{}
				}
				return of(e)
			}
		}
		cols = append(cols, col)
	}
	return cols
}

// schemaOf is fileSchema of the manifest.
func schemaOf(format string, cols []column) string {
	var names []string
	for _, c := range cols {
		if format == settings.CSV {
			names = append(names, c.name)
			continue
		}
		s := "optional "
		if c.needed {
			s = "required "
		}
		names = append(names, s+parquetTypes[c.kind][0]+" "+c.parquet+parquetTypes[c.kind][1]+";")
	}
	if format == settings.CSV {
		return strings.Join(names, ", ")
	}
	return "message s3.inventory { " + strings.Join(names, " ") + " }"
}

// parquetTypes are the types of kinds in the language of schemas: physical, and logical behind the name.
var parquetTypes = map[kind][2]string{text: {"binary", " (UTF8)"}, boolean: {"boolean", ""}, number: {"int64", ""}, instant: {"int64", " (TIMESTAMP_MILLIS)"}}

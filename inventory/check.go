package inventory

import (
	"slices"
	"strings"
	"unicode/utf8"

	"myfsio/fault"
	"myfsio/s3/wire"
)

// fields are the optional fields that are offered, in the order of their columns.
var fields = []string{"Size", "LastModifiedDate", "ETag", "StorageClass", "IsMultipartUploaded", "EncryptionStatus", "ObjectLockRetainUntilDate",
	"ObjectLockMode", "ObjectLockLegalHoldStatus", "BucketKeyStatus", "ChecksumAlgorithm", "ObjectOwner"}

// absent are those of S3 that are not, and why.
var absent = map[string]string{
	"ReplicationStatus":            "reports tell nothing about replication",
	"IntelligentTieringAccessTier": "there is one tier of storage",
	"ObjectAccessControlList":      "reports tell nothing about access control lists",
	"LifecycleExpirationDate":      "reports tell nothing about lifecycle rules",
}

// CheckID reports why id cannot be that of a configuration.
func CheckID(id string) error {
	ok := id != "" && len(id) <= maxID && id != "." && id != ".."
	for i := 0; ok && i < len(id); i++ {
		c := id[i]
		ok = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
	}
	if !ok {
		return &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidConfigurationId",
			Msg: "The specified configuration id is invalid: it has 1 to 64 letters, digits, periods, dashes and underscores."}
	}
	return nil
}

// check reports the first fault of the configuration.
func (c *Config) check() error {
	if err := CheckID(c.ID); err != nil {
		return err
	}
	switch {
	case c.Versions != All && c.Versions != Current, c.Schedule.Frequency != Daily && c.Schedule.Frequency != Weekly:
		return wire.ErrMalformedXML()
	case len(c.Prefix()) > maxPrefix:
		return fault.New(fault.InvalidArgument, "The maximum size of a prefix is %d.", maxPrefix)
	}
	if err := c.Destination.Bucket.check(); err != nil {
		return err
	}
	for i, f := range c.Fields {
		why, known := absent[f]
		switch {
		case known:
			return fault.New(fault.NotImplemented, "The optional field %s is not offered: %s.", f, why)
		case !slices.Contains(fields, f):
			return wire.ErrMalformedXML()
		case slices.Contains(c.Fields[:i], f):
			return fault.New(fault.InvalidArgument, "The optional field %s is given twice.", f)
		}
	}
	return nil
}

func (d *BucketDestination) check() error {
	name, ok := strings.CutPrefix(d.ARN, arnPrefix)
	switch {
	case !ok || name == "" || strings.ContainsAny(name, "/:*?"):
		return &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidS3DestinationBucket", Msg: "Invalid bucket ARN: it is " + arnPrefix + " and the name of a bucket."}
	case d.Format == "ORC":
		return fault.New(fault.NotImplemented, "The format ORC is not offered: use CSV or Parquet.")
	case d.Format != CSV && d.Format != Parquet:
		return wire.ErrMalformedXML()
	case len(d.Prefix) > maxDest:
		return fault.New(fault.InvalidArgument, "The prefix of a destination has at most %d bytes.", maxDest)
	case !utf8.ValidString(d.Prefix):
		return fault.New(fault.InvalidArgument, "The prefix of a destination is text in UTF-8.")
	}
	if e := d.Encryption; e != nil {
		if e.KMS != nil {
			return fault.New(fault.NotImplemented, "SSE-KMS is not offered for inventory reports: use SSE-S3, or the default encryption of the destination.")
		}
		if e.S3 == nil {
			return wire.ErrMalformedXML()
		}
	}
	return nil
}

func errAbsent() error {
	return &fault.Error{Kind: fault.NoSuchConfig, Code: "NoSuchConfiguration", Msg: "The specified configuration does not exist."}
}

func errTooMany() error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: "TooManyConfigurations",
		Msg: "You are attempting to create a new configuration but have already reached the 1,000-configuration limit."}
}

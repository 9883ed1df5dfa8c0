package lifecycle

import (
	"encoding/json"
	"time"

	"myfsio/fault"
	"myfsio/jsondoc"
	"myfsio/s3/wire"
)

// Bounds of a configuration. The number of rules is S3's own.
const (
	MaxDocument = 768 << 10 // bytes of the document
	MaxRules    = 1000
)

// Config is the document of a bucket, LifecycleConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_BucketLifecycleConfiguration.html
type Config struct {
	Rules []Rule `json:"Rules"`
	// TransitionDefaultMinimumObjectSize is the value of the header of that name; without transitions it says nothing.
	TransitionDefaultMinimumObjectSize string `json:"TransitionDefaultMinimumObjectSize,omitempty"`
}

// Rule is a LifecycleRule. It has either Filter or Prefix.
type Rule struct {
	ID                             string      `json:"ID,omitempty"`
	Prefix                         *string     `json:"Prefix,omitempty"` // the older form of Filter.Prefix
	Filter                         *Filter     `json:"Filter,omitempty"`
	Status                         string      `json:"Status"` // Enabled or Disabled
	Expiration                     *Expiration `json:"Expiration,omitempty"`
	NoncurrentVersionExpiration    *Noncurrent `json:"NoncurrentVersionExpiration,omitempty"`
	AbortIncompleteMultipartUpload *Abort      `json:"AbortIncompleteMultipartUpload,omitempty"`

	Transitions                  json.RawMessage `json:"Transitions,omitempty"` // never set in a Config that was parsed
	NoncurrentVersionTransitions json.RawMessage `json:"NoncurrentVersionTransitions,omitempty"`
}

// Filter says what a rule is about: all of the bucket, what one predicate fits, or what all of And fit.
type Filter struct {
	Prefix                *string `json:"Prefix,omitempty"`
	Tag                   *Tag    `json:"Tag,omitempty"`
	ObjectSizeGreaterThan *int64  `json:"ObjectSizeGreaterThan,omitempty"` // bytes
	ObjectSizeLessThan    *int64  `json:"ObjectSizeLessThan,omitempty"`
	And                   *And    `json:"And,omitempty"`
}

// And is several predicates that must all hold.
type And struct {
	Prefix                *string `json:"Prefix,omitempty"`
	Tags                  []Tag   `json:"Tags,omitempty"`
	ObjectSizeGreaterThan *int64  `json:"ObjectSizeGreaterThan,omitempty"`
	ObjectSizeLessThan    *int64  `json:"ObjectSizeLessThan,omitempty"`
}

// Tag is a tag that an object must have.
type Tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

// Expiration ends the life of current versions, by one of its fields.
type Expiration struct {
	Date                      *Date  `json:"Date,omitempty"`
	Days                      *int64 `json:"Days,omitempty"`
	ExpiredObjectDeleteMarker *bool  `json:"ExpiredObjectDeleteMarker,omitempty"` // of a delete marker that nothing is left behind
}

// Noncurrent ends the life of versions that others took the place of.
type Noncurrent struct {
	NoncurrentDays          *int64 `json:"NoncurrentDays,omitempty"`
	NewerNoncurrentVersions *int64 `json:"NewerNoncurrentVersions,omitempty"` // as many of the newest ones are kept
}

// Abort gives up uploads that were not completed.
type Abort struct {
	DaysAfterInitiation *int64 `json:"DaysAfterInitiation"`
}

// Date is a day: its midnight, UTC.
type Date struct{ time.Time }

// parseDate reads a date of ISO 8601, with or without its time.
func parseDate(s string) (Date, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return Date{t.UTC()}, true
		}
	}
	return Date{}, false
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *Date) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	var ok bool
	if *d, ok = parseDate(s); !ok {
		return wire.ErrMalformedXML()
	}
	return nil
}

// ParseJSON reads the JSON document {"Rules":[…]} and checks it. It is also the form in which documents are stored.
func ParseJSON(doc []byte) (*Config, error) {
	if len(doc) > 2*MaxDocument { // one that is stored may be a little larger than the one that came
		return nil, wire.ErrTooLarge()
	}
	c := &Config{}
	if err := wire.DecodeJSON(doc, c); err != nil {
		return nil, err
	}
	for i := range c.Rules {
		if r := &c.Rules[i]; r.Transitions != nil || r.NoncurrentVersionTransitions != nil {
			return nil, errTransition()
		}
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

// JSON returns the JSON document.
func (c *Config) JSON() []byte {
	return jsondoc.MustEncode(c)
}

// Name gives each rule without an ID one that next returns.
func (c *Config) Name(next func() string) {
	for i := range c.Rules {
		if c.Rules[i].ID == "" {
			c.Rules[i].ID = next()
		}
	}
}

func invalidRequest(format string, args ...any) error {
	return fault.New(fault.InvalidRequest, format, args...)
}

func invalidArgument(format string, args ...any) error {
	return fault.New(fault.InvalidArgument, format, args...)
}

func errTransition() error {
	return fault.New(fault.NotImplemented, "Transitions to other storage classes are not offered: there is one tier of storage.")
}

// formatDate writes a date as S3's documents do.
func (d Date) format() string { return wire.FormatTime(d.Time) }

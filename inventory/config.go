package inventory

import (
	"encoding/json"
	"slices"
	"strings"

	"myfsio/jsondoc"
	"myfsio/s3/wire"
)

// Bounds of configurations. Their number is S3's own.
const (
	MaxDocument = 16 << 10 // bytes of the document of one
	MaxConfigs  = 1000     // of a bucket
	maxID       = 64       // characters
	maxPrefix   = 1024     // bytes, of keys to list
	maxDest     = 512      // bytes, of keys to write: the names of files come behind it
)

// Config is the document InventoryConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_InventoryConfiguration.html
type Config struct {
	Destination Destination `json:"Destination"`
	Enabled     bool        `json:"IsEnabled"`
	Filter      *Filter     `json:"Filter,omitempty"`
	ID          string      `json:"Id"`
	Versions    string      `json:"IncludedObjectVersions"` // All or Current
	Fields      []string    `json:"OptionalFields,omitempty"`
	Schedule    Schedule    `json:"Schedule"`
}

// Destination is where reports go.
type Destination struct {
	Bucket BucketDestination `json:"S3BucketDestination"`
}

// BucketDestination is the only sort of destination.
type BucketDestination struct {
	AccountID  string      `json:"AccountId,omitempty"` // kept, without effect
	ARN        string      `json:"Bucket"`              // arn:aws:s3:::name
	Encryption *Encryption `json:"Encryption,omitempty"`
	Format     string      `json:"Format"` // CSV or Parquet
	Prefix     string      `json:"Prefix,omitempty"`
}

// Encryption says how the files of a report are encrypted.
type Encryption struct {
	S3  *struct{}       `json:"SSES3,omitempty"`  // by a key of the server
	KMS json.RawMessage `json:"SSEKMS,omitempty"` // never set in a Config that was parsed
}

// Filter says which objects are listed.
type Filter struct {
	Prefix string `json:"Prefix"`
}

// Schedule says how often.
type Schedule struct {
	Frequency string `json:"Frequency"` // Daily or Weekly
}

// The values of the members that have few.
const (
	All     = "All"
	Current = "Current"
	Daily   = "Daily"
	Weekly  = "Weekly"
	CSV     = "CSV"
	Parquet = "Parquet"
)

const arnPrefix = "arn:aws:s3:::"

// Target is the name of the bucket that reports go to.
func (c *Config) Target() string { return strings.TrimPrefix(c.Destination.Bucket.ARN, arnPrefix) }

// Base is what the keys of all files of the reports about source begin with, with a slash at its end.
func (c *Config) Base(source string) string {
	base := c.Destination.Bucket.Prefix
	if base != "" && !strings.HasSuffix(base, "/") {
		base += "/"
	}
	return base + source + "/" + c.ID + "/"
}

// Prefix is what the keys that are listed begin with.
func (c *Config) Prefix() string {
	if c.Filter == nil {
		return ""
	}
	return c.Filter.Prefix
}

// ParseJSON reads the JSON document of one configuration and checks it.
func ParseJSON(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, wire.ErrTooLarge()
	}
	c := &Config{}
	if err := wire.DecodeJSON(doc, c); err != nil {
		return nil, err
	}
	return c, c.check()
}

// JSON returns the JSON document.
func (c *Config) JSON() []byte { return jsondoc.MustEncode(c) }

// Set is the configurations of a bucket, ordered by id.
type Set struct {
	Configs []Config `json:"InventoryConfigurationList"`
}

// ParseSet reads what [Set.JSON] wrote. An empty document is an empty set.
func ParseSet(doc []byte) (*Set, error) {
	s := &Set{}
	if len(doc) == 0 {
		return s, nil
	}
	if err := wire.DecodeJSON(doc, s); err != nil {
		return nil, err
	}
	for i := range s.Configs {
		if err := s.Configs[i].check(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// JSON returns the document of the set, nothing when it is empty.
func (s *Set) JSON() []byte {
	if len(s.Configs) == 0 {
		return nil
	}
	return jsondoc.MustEncode(s)
}

func (s *Set) search(id string) (int, bool) {
	return slices.BinarySearchFunc(s.Configs, id, func(c Config, id string) int { return strings.Compare(c.ID, id) })
}

// Get returns the configuration of an id; of one that is not there the error says so as S3 does.
func (s *Set) Get(id string) (*Config, error) {
	i, ok := s.search(id)
	if !ok {
		return nil, errAbsent()
	}
	return &s.Configs[i], nil
}

// Put adds a configuration or replaces the one of its id.
func (s *Set) Put(c *Config) error {
	i, there := s.search(c.ID)
	switch {
	case there:
		s.Configs[i] = *c
	case len(s.Configs) >= MaxConfigs:
		return errTooMany()
	default:
		s.Configs = slices.Insert(s.Configs, i, *c)
	}
	return nil
}

// Delete removes the configuration of an id.
func (s *Set) Delete(id string) error {
	i, there := s.search(id)
	if !there {
		return errAbsent()
	}
	s.Configs = slices.Delete(s.Configs, i, i+1)
	return nil
}

// After returns up to max configurations with ids behind this one, and whether there are more.
func (s *Set) After(id string, max int) (list []Config, more bool) {
	i, there := s.search(id)
	if there {
		i++
	}
	list = s.Configs[i:]
	return list[:min(max, len(list))], len(list) > max
}

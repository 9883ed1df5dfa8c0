package cors

import (
	"strings"
	"unicode/utf8"

	"myfsio/fault"
	"myfsio/jsondoc"
	"myfsio/s3/wire"
)

// Bounds of a configuration, S3's own.
const (
	MaxDocument = 64 << 10 // bytes of the document
	MaxRules    = 100
	maxID       = 255 // characters
)

// Config is the document of a bucket, CORSConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSConfiguration.html
type Config struct {
	Rules []Rule `json:"CORSRules"`
}

// Rule is a CORSRule.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSRule.html
type Rule struct {
	ID             string   `json:"ID,omitempty"`
	AllowedOrigins []string `json:"AllowedOrigins"`
	AllowedMethods []string `json:"AllowedMethods"`
	AllowedHeaders []string `json:"AllowedHeaders,omitempty"`
	ExposeHeaders  []string `json:"ExposeHeaders,omitempty"`
	MaxAgeSeconds  *int32   `json:"MaxAgeSeconds,omitempty"` // nil: the browser's own
}

// methods are those a rule of a bucket may allow.
var methods = []string{"GET", "PUT", "POST", "DELETE", "HEAD"}

// ParseJSON reads the JSON document {"CORSRules":[…]} and checks it. It is also the form in which documents are
// stored, see [Config.JSON].
func ParseJSON(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, wire.ErrTooLarge()
	}
	c := &Config{}
	if err := wire.DecodeJSON(doc, c); err != nil {
		return nil, err
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

// Check reports the first fault of the configuration, with the code and text of S3.
func (c *Config) Check() error {
	if len(c.Rules) == 0 {
		return wire.ErrMalformedXML()
	}
	if len(c.Rules) > MaxRules {
		return invalid("The number of CORS rules should not exceed allowed limit of %d rules.", MaxRules)
	}
	for i := range c.Rules {
		if err := c.Rules[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rule) check() error {
	if len(r.AllowedOrigins) == 0 || len(r.AllowedMethods) == 0 || r.MaxAgeSeconds != nil && *r.MaxAgeSeconds < 0 {
		return wire.ErrMalformedXML()
	}
	if utf8.RuneCountInString(r.ID) > maxID {
		return invalid("The ID value can be up to %d characters long. Invalid ID is %q", maxID, r.ID)
	}
	for _, m := range r.AllowedMethods {
		if !contains(methods, m) {
			return invalid("Found unsupported HTTP method in CORS config. Unsupported method is %s", m)
		}
	}
	for _, list := range []struct {
		name   string
		values []string
	}{{"AllowedOrigin", r.AllowedOrigins}, {"AllowedHeader", r.AllowedHeaders}, {"ExposeHeader", r.ExposeHeaders}} {
		for _, v := range list.values {
			if strings.Count(v, "*") > 1 {
				return invalid("%s \"%s\" can not have more than one wildcard.", list.name, v)
			}
		}
	}
	for _, v := range r.ExposeHeaders {
		if !token(v) {
			return invalid("ExposeHeader %q is not the name of a header.", v)
		}
	}
	return nil
}

// token reports whether s could be the name of a header or method, or a pattern of one.
func token(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7F || strings.IndexByte(`"(),/:;<=>?@[\]{}`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func invalid(format string, args ...any) error {
	return fault.New(fault.InvalidRequest, format, args...)
}

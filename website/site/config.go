package site

import (
	"strconv"
	"strings"

	"myfsio/fault"
	"myfsio/jsondoc"
	"myfsio/s3/wire"
)

// Bounds of a configuration. The number of rules is S3's own.
const (
	MaxDocument = 64 << 10 // bytes of the document
	MaxRules    = 50
	maxKey      = 1024 // bytes of a key, or a part of one
	maxHost     = 255  // bytes of a host with its port
)

// Config is the document of a bucket, WebsiteConfiguration: either RedirectAllRequestsTo alone, or IndexDocument and what
// goes with it.
type Config struct {
	RedirectAllRequestsTo *RedirectAll   `json:"RedirectAllRequestsTo,omitempty"`
	IndexDocument         *IndexDocument `json:"IndexDocument,omitempty"`
	ErrorDocument         *ErrorDocument `json:"ErrorDocument,omitempty"`
	RoutingRules          []RoutingRule  `json:"RoutingRules,omitempty"`
}

// RedirectAll leads every request elsewhere.
type RedirectAll struct {
	HostName string `json:"HostName"`
	Protocol string `json:"Protocol,omitempty"` // http, https, or "" for that of the request
}

// IndexDocument names what stands for a directory.
type IndexDocument struct {
	Suffix string `json:"Suffix"` // without /
}

// ErrorDocument names what is shown beside an error.
type ErrorDocument struct {
	Key string `json:"Key"`
}

// RoutingRule leads some requests elsewhere. Without a condition it is all.
type RoutingRule struct {
	Condition *Condition `json:"Condition,omitempty"`
	Redirect  Redirect   `json:"Redirect"`
}

// Condition says which requests a rule is for; those that both fields fit, where both are there.
type Condition struct {
	KeyPrefixEquals             *string `json:"KeyPrefixEquals,omitempty"`
	HTTPErrorCodeReturnedEquals string  `json:"HttpErrorCodeReturnedEquals,omitempty"`
}

// Redirect says where to. What is not there stays as in the request.
type Redirect struct {
	Protocol             string  `json:"Protocol,omitempty"`
	HostName             string  `json:"HostName,omitempty"`
	ReplaceKeyPrefixWith *string `json:"ReplaceKeyPrefixWith,omitempty"` // instead of the prefix of the condition
	ReplaceKeyWith       *string `json:"ReplaceKeyWith,omitempty"`
	HTTPRedirectCode     string  `json:"HttpRedirectCode,omitempty"` // 301..399, "" for 301
}

// ParseJSON reads the JSON document, which has the names of the XML one, and checks it. It is also the form in which
// documents are stored.
func ParseJSON(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, wire.ErrTooLarge()
	}
	c := &Config{}
	if err := wire.DecodeJSON(doc, c); err != nil {
		return nil, err
	}
	if c.RoutingRules != nil && len(c.RoutingRules) == 0 {
		return nil, wire.ErrMalformedXML()
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
	if all := c.RedirectAllRequestsTo; all != nil {
		switch {
		case c.IndexDocument != nil || c.ErrorDocument != nil || c.RoutingRules != nil:
			return wire.ErrMalformedXML()
		case all.HostName == "":
			return invalid(`A host name must be provided to redirect all requests (e.g. "example.com").`)
		}
		return checkTarget(all.Protocol, all.HostName)
	}
	if c.IndexDocument == nil {
		return wire.InvalidArgument("IndexDocument", "null", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty")
	}
	if s := c.IndexDocument.Suffix; s == "" || strings.Contains(s, "/") || len(s) > maxKey {
		return wire.InvalidArgument("IndexDocument", s, "The IndexDocument Suffix is not well formed")
	}
	if c.ErrorDocument != nil {
		switch k := c.ErrorDocument.Key; {
		case k == "":
			return wire.ErrMalformedXML()
		case len(k) > maxKey:
			return &fault.Error{Kind: fault.KeyTooLong, Code: "KeyTooLongError", Msg: "Your key is too long"}
		}
	}
	if n := len(c.RoutingRules); n > MaxRules {
		return invalid("%d routing rules provided, the number of routing rules in a website configuration is limited to %d.", n, MaxRules)
	}
	for i := range c.RoutingRules {
		if err := c.RoutingRules[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *RoutingRule) check() error {
	if k := r.Condition; k != nil {
		if k.KeyPrefixEquals == nil && k.HTTPErrorCodeReturnedEquals == "" {
			return invalid("Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.")
		}
		if code := k.HTTPErrorCodeReturnedEquals; code != "" && !between(code, 400, 599) {
			return invalid("The provided HTTP error code (%.20s) is not valid. Valid codes are 4XX or 5XX.", code)
		}
		if k.KeyPrefixEquals != nil && len(*k.KeyPrefixEquals) > maxKey {
			return errLongKey()
		}
	}
	d := &r.Redirect
	if *d == (Redirect{}) {
		return wire.ErrMalformedXML()
	}
	if d.ReplaceKeyPrefixWith != nil && d.ReplaceKeyWith != nil {
		return invalid("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
	}
	for _, with := range []*string{d.ReplaceKeyPrefixWith, d.ReplaceKeyWith} {
		if with != nil && len(*with) > maxKey {
			return errLongKey()
		}
	}
	if code := d.HTTPRedirectCode; code != "" && !between(code, 301, 399) {
		return invalid("The provided HTTP redirect code (%.20s) is not valid. Valid codes are 3XX except 300.", code)
	}
	return checkTarget(d.Protocol, d.HostName)
}

// between reports whether s is a number of three digits from lo to hi.
func between(s string, lo, hi int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && len(s) == 3 && n >= lo && n <= hi
}

func checkTarget(protocol, host string) error {
	if protocol != "" && protocol != "http" && protocol != "https" {
		return invalid("Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.")
	}
	// A host that could be read as more than one would lead elsewhere than it seems to.
	for i := 0; i < len(host); i++ {
		if c := host[i]; c <= ' ' || c >= 0x7F || strings.IndexByte(`/\?#@"'<>%`, c) >= 0 {
			return invalid("The host name %q is not valid.", host)
		}
	}
	if len(host) > maxHost {
		return invalid("The host name is too long.")
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fault.New(fault.InvalidRequest, format, args...)
}

func errLongKey() error { return invalid("The maximum size of a key is %d bytes.", maxKey) }

package accesslog

import (
	"encoding/json"
	"strings"

	"myfsio/fault"
	"myfsio/jsondoc"
	"myfsio/s3/wire"
)

// Bounds of a configuration.
const (
	MaxDocument = 64 << 10 // bytes of the document
	maxPrefix   = 800      // bytes, which leaves room in a key for what follows
)

// Config is the document of a bucket, BucketLoggingStatus. A nil Enabled is no logging.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
type Config struct {
	Enabled *Enabled `json:"LoggingEnabled,omitempty"`
}

// Enabled says where the log of a bucket goes.
type Enabled struct {
	TargetBucket string `json:"TargetBucket"`
	TargetPrefix string `json:"TargetPrefix"`
	// TargetGrants is what S3 has for buckets with access control lists; it is refused unless it is empty.
	TargetGrants []json.RawMessage `json:"TargetGrants,omitempty"`
	Format       *KeyFormat        `json:"TargetObjectKeyFormat,omitempty"`
}

// KeyFormat is how the objects of a log are named; one member is set.
type KeyFormat struct {
	Simple      *struct{}    `json:"SimplePrefix,omitempty"`
	Partitioned *Partitioned `json:"PartitionedPrefix,omitempty"`
}

// Partitioned puts the day into the name: that of the requests, or that of the writing.
type Partitioned struct {
	Source string `json:"PartitionDateSource,omitempty"` // EventTime or DeliveryTime, which is the default
}

// The values of Partitioned.Source.
const (
	eventTime    = "EventTime"
	deliveryTime = "DeliveryTime"
)

// ParseJSON reads the JSON document {"LoggingEnabled": {…}} or {} and checks it. It is also the form in which documents
// are stored, see [Config.JSON].
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
func (c *Config) JSON() []byte {
	return jsondoc.MustEncode(c)
}

func (c *Config) check() error {
	e := c.Enabled
	if e == nil {
		return nil
	}
	if e.TargetBucket == "" {
		return wire.ErrMalformedXML()
	}
	if len(e.TargetGrants) > 0 {
		return fault.New(fault.NotImplemented, "TargetGrants is not offered: give rights on the target bucket by a bucket policy.")
	}
	if len(e.TargetPrefix) > maxPrefix {
		return fault.New(fault.InvalidArgument, "TargetPrefix has at most %d bytes.", maxPrefix)
	}
	if f := e.Format; f != nil {
		if (f.Simple == nil) == (f.Partitioned == nil) {
			return wire.ErrMalformedXML()
		}
		if p := f.Partitioned; p != nil && p.Source != "" && p.Source != eventTime && p.Source != deliveryTime {
			return wire.ErrMalformedXML()
		}
	}
	return nil
}

// ParseXML reads a BucketLoggingStatus document and checks it.
func ParseXML(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, wire.ErrTooLarge()
	}
	root, err := wire.ParseXML(doc)
	if err != nil {
		return nil, err
	}
	c := &Config{}
	if root.Name != "BucketLoggingStatus" || len(root.Children) > 1 {
		return nil, wire.ErrMalformedXML()
	}
	if len(root.Children) == 1 {
		c.Enabled = &Enabled{}
		if root.Children[0].Name != "LoggingEnabled" || !c.Enabled.parse(&root.Children[0]) {
			return nil, wire.ErrMalformedXML()
		}
	}
	return c, c.check()
}

func (e *Enabled) parse(x *wire.Element) bool {
	seen := map[string]bool{}
	for i := range x.Children {
		child := &x.Children[i]
		if seen[child.Name] {
			return false
		}
		seen[child.Name] = true
		switch child.Name {
		case "TargetBucket":
			e.TargetBucket = strings.TrimSpace(child.Text)
		case "TargetPrefix":
			e.TargetPrefix = child.Text
		case "TargetGrants":
			for range child.Children {
				e.TargetGrants = append(e.TargetGrants, json.RawMessage("{}"))
			}
		case "TargetObjectKeyFormat":
			e.Format = &KeyFormat{}
			if child.Child("SimplePrefix") != nil {
				e.Format.Simple = &struct{}{}
			}
			if p := child.Child("PartitionedPrefix"); p != nil {
				e.Format.Partitioned = &Partitioned{Source: p.Value("PartitionDateSource")}
			}
		default:
			return false
		}
	}
	return true
}

// Append writes the XML document behind dst.
func (c *Config) Append(dst []byte) []byte {
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<BucketLoggingStatus xmlns="`+wire.Namespace+`">`...)
	if e := c.Enabled; e != nil {
		dst = append(dst, "<LoggingEnabled><TargetBucket>"...)
		dst = wire.AppendText(dst, e.TargetBucket)
		dst = append(dst, "</TargetBucket><TargetPrefix>"...)
		dst = wire.AppendText(dst, e.TargetPrefix)
		dst = append(dst, "</TargetPrefix>"...)
		switch f := e.Format; {
		case f == nil:
		case f.Simple != nil:
			dst = append(dst, "<TargetObjectKeyFormat><SimplePrefix></SimplePrefix></TargetObjectKeyFormat>"...)
		default:
			dst = append(dst, "<TargetObjectKeyFormat><PartitionedPrefix>"...)
			if s := f.Partitioned.Source; s != "" {
				dst = append(dst, "<PartitionDateSource>"+s+"</PartitionDateSource>"...)
			}
			dst = append(dst, "</PartitionedPrefix></TargetObjectKeyFormat>"...)
		}
		dst = append(dst, "</LoggingEnabled>"...)
	}
	return append(dst, "</BucketLoggingStatus>"...)
}

package inventory

import (
	"encoding/json"
	"strconv"

	"myfsio/s3/wire"
)

const root = "InventoryConfiguration"

// ParseXML reads an InventoryConfiguration document and checks it. Prefixes are taken as they stand.
func ParseXML(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, wire.ErrTooLarge()
	}
	e, err := wire.ParseXML(doc)
	if err != nil {
		return nil, err
	}
	c := &Config{}
	if e.Name != root || !c.read(e) {
		return nil, wire.ErrMalformedXML()
	}
	return c, c.check()
}

func (c *Config) read(e *wire.Element) bool {
	enabled := false
	ok := e.Read(wire.Fields{
		"Destination": func(e *wire.Element) bool {
			return e.Read(wire.Fields{"S3BucketDestination": c.Destination.Bucket.read}, nil)
		},
		"IsEnabled": func(e *wire.Element) bool {
			var s string
			ok := wire.Word(&s)(e)
			c.Enabled, enabled = s == "true", true
			return ok && (c.Enabled || s == "false")
		},
		"Filter": func(e *wire.Element) bool {
			c.Filter = &Filter{}
			return e.Read(wire.Fields{"Prefix": wire.Exact(&c.Filter.Prefix)}, nil)
		},
		"Id": wire.Word(&c.ID), "IncludedObjectVersions": wire.Word(&c.Versions),
		"OptionalFields": func(e *wire.Element) bool {
			return e.Read(nil, wire.Fields{"Field": func(e *wire.Element) bool {
				c.Fields = append(c.Fields, "")
				return wire.Word(&c.Fields[len(c.Fields)-1])(e)
			}})
		},
		"Schedule": func(e *wire.Element) bool {
			return e.Read(wire.Fields{"Frequency": wire.Word(&c.Schedule.Frequency)}, nil)
		},
	}, nil)
	return ok && enabled
}

func (d *BucketDestination) read(e *wire.Element) bool {
	return e.Read(wire.Fields{
		"AccountId": wire.Word(&d.AccountID), "Bucket": wire.Word(&d.ARN), "Format": wire.Word(&d.Format), "Prefix": wire.Exact(&d.Prefix),
		"Encryption": func(e *wire.Element) bool {
			d.Encryption = &Encryption{}
			return len(e.Children) == 1 && e.Read(wire.Fields{
				"SSE-S3":  func(e *wire.Element) bool { d.Encryption.S3 = &struct{}{}; return len(e.Children) == 0 },
				"SSE-KMS": func(*wire.Element) bool { d.Encryption.KMS = json.RawMessage("{}"); return true },
			}, nil)
		},
	}, nil)
}

// Append writes the XML document behind dst.
func (c *Config) Append(dst []byte) []byte {
	return wire.AppendEnd(c.append(wire.AppendRoot(dst, root)), root)
}

func (c *Config) append(dst []byte) []byte {
	d := &c.Destination.Bucket
	dst = wire.AppendStart(wire.AppendStart(dst, "Destination"), "S3BucketDestination")
	if d.AccountID != "" {
		dst = wire.AppendElement(dst, "AccountId", d.AccountID)
	}
	dst = wire.AppendElement(dst, "Bucket", d.ARN)
	if d.Encryption != nil {
		dst = append(dst, "<Encryption><SSE-S3></SSE-S3></Encryption>"...)
	}
	dst = wire.AppendElement(dst, "Format", d.Format)
	if d.Prefix != "" {
		dst = wire.AppendElement(dst, "Prefix", d.Prefix)
	}
	dst = wire.AppendEnd(wire.AppendEnd(dst, "S3BucketDestination"), "Destination")
	dst = wire.AppendElement(dst, "IsEnabled", strconv.FormatBool(c.Enabled))
	if c.Filter != nil {
		dst = wire.AppendStart(dst, "Filter")
		dst = wire.AppendEnd(wire.AppendElement(dst, "Prefix", c.Filter.Prefix), "Filter")
	}
	dst = wire.AppendElement(dst, "Id", c.ID)
	dst = wire.AppendElement(dst, "IncludedObjectVersions", c.Versions)
	if len(c.Fields) > 0 {
		dst = wire.AppendStart(dst, "OptionalFields")
		for _, f := range c.Fields {
			dst = wire.AppendElement(dst, "Field", f)
		}
		dst = wire.AppendEnd(dst, "OptionalFields")
	}
	dst = wire.AppendStart(dst, "Schedule")
	return wire.AppendEnd(wire.AppendElement(dst, "Frequency", c.Schedule.Frequency), "Schedule")
}

// List is a page of the configurations of a bucket, the document ListInventoryConfigurationsResult.
type List struct {
	Token     string   `json:"ContinuationToken,omitempty"`
	Configs   []Config `json:"InventoryConfigurationList,omitempty"`
	Truncated bool     `json:"IsTruncated"`
	Next      string   `json:"NextContinuationToken,omitempty"`
}

// Append writes the XML document behind dst.
func (l *List) Append(dst []byte) []byte {
	const name = "ListInventoryConfigurationsResult"
	dst = wire.AppendRoot(dst, name)
	if l.Token != "" {
		dst = wire.AppendElement(dst, "ContinuationToken", l.Token)
	}
	for i := range l.Configs {
		dst = wire.AppendEnd(l.Configs[i].append(wire.AppendStart(dst, root)), root)
	}
	dst = wire.AppendElement(dst, "IsTruncated", strconv.FormatBool(l.Truncated))
	if l.Next != "" {
		dst = wire.AppendElement(dst, "NextContinuationToken", l.Next)
	}
	return wire.AppendEnd(dst, name)
}

package lifecycle

import (
	"strconv"

	"myfsio/s3/wire"
)

// ParseXML reads a LifecycleConfiguration document and checks it. Prefixes and tags are taken as they stand.
func ParseXML(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, wire.ErrTooLarge()
	}
	root, err := wire.ParseXML(doc)
	if err != nil {
		return nil, err
	}
	c, r := &Config{}, reader{}
	ok := root.Name == "LifecycleConfiguration" && root.Read(nil, wire.Fields{"Rule": func(e *wire.Element) bool {
		c.Rules = append(c.Rules, Rule{})
		return len(c.Rules) <= MaxRules+1 && r.rule(e, &c.Rules[len(c.Rules)-1])
	}})
	switch {
	case r.transition:
		return nil, errTransition()
	case !ok && len(c.Rules) <= MaxRules:
		return nil, wire.ErrMalformedXML()
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

// reader reads rules.
type reader struct {
	transition bool // there is one
}

func (d *reader) rule(e *wire.Element, r *Rule) bool {
	transition := func(*wire.Element) bool { d.transition = true; return true }
	return e.Read(wire.Fields{
		"ID": wire.Exact(&r.ID), "Status": wire.Word(&r.Status), "Prefix": given(&r.Prefix),
		"Filter": func(e *wire.Element) bool {
			r.Filter = &Filter{}
			return r.Filter.read(e)
		},
		"Expiration": func(e *wire.Element) bool {
			r.Expiration = &Expiration{}
			return r.Expiration.read(e)
		},
		"NoncurrentVersionExpiration": func(e *wire.Element) bool {
			n := &Noncurrent{}
			r.NoncurrentVersionExpiration = n
			return e.Read(wire.Fields{"NoncurrentDays": wire.Number(&n.NoncurrentDays), "NewerNoncurrentVersions": wire.Number(&n.NewerNoncurrentVersions)}, nil)
		},
		"AbortIncompleteMultipartUpload": func(e *wire.Element) bool {
			a := &Abort{}
			r.AbortIncompleteMultipartUpload = a
			return e.Read(wire.Fields{"DaysAfterInitiation": wire.Number(&a.DaysAfterInitiation)}, nil)
		},
	}, wire.Fields{"Transition": transition, "NoncurrentVersionTransition": transition})
}

func (f *Filter) read(e *wire.Element) bool {
	return e.Read(wire.Fields{
		"Prefix": given(&f.Prefix), "ObjectSizeGreaterThan": wire.Number(&f.ObjectSizeGreaterThan), "ObjectSizeLessThan": wire.Number(&f.ObjectSizeLessThan),
		"Tag": func(e *wire.Element) bool {
			f.Tag = &Tag{}
			return f.Tag.read(e)
		},
		"And": func(e *wire.Element) bool {
			a := &And{}
			f.And = a
			return e.Read(wire.Fields{
				"Prefix": given(&a.Prefix), "ObjectSizeGreaterThan": wire.Number(&a.ObjectSizeGreaterThan), "ObjectSizeLessThan": wire.Number(&a.ObjectSizeLessThan),
			}, wire.Fields{"Tag": func(e *wire.Element) bool {
				a.Tags = append(a.Tags, Tag{})
				return a.Tags[len(a.Tags)-1].read(e)
			}})
		},
	}, nil)
}

// read needs both a key and a value, which may be empty.
func (t *Tag) read(e *wire.Element) bool {
	return len(e.Children) == 2 && e.Read(wire.Fields{"Key": wire.Exact(&t.Key), "Value": wire.Exact(&t.Value)}, nil)
}

func (x *Expiration) read(e *wire.Element) bool {
	return e.Read(wire.Fields{
		"Days": wire.Number(&x.Days),
		"Date": func(e *wire.Element) bool {
			var s string
			ok := wire.Word(&s)(e)
			d, is := parseDate(s)
			x.Date = &d
			return ok && is
		},
		"ExpiredObjectDeleteMarker": func(e *wire.Element) bool {
			var s string
			ok := wire.Word(&s)(e)
			v := s == "true"
			x.ExpiredObjectDeleteMarker = &v
			return ok && (v || s == "false")
		},
	}, nil)
}

// given takes a leaf that may be empty and still says something.
func given(to **string) func(*wire.Element) bool {
	return func(e *wire.Element) bool {
		*to = new(string)
		return wire.Exact(*to)(e)
	}
}

// Append writes the XML document behind dst.
func (c *Config) Append(dst []byte) []byte {
	dst = wire.AppendRoot(dst, "LifecycleConfiguration")
	for i := range c.Rules {
		dst = c.Rules[i].append(dst)
	}
	return wire.AppendEnd(dst, "LifecycleConfiguration")
}

func (r *Rule) append(dst []byte) []byte {
	dst = wire.AppendStart(dst, "Rule")
	if r.ID != "" {
		dst = wire.AppendElement(dst, "ID", r.ID)
	}
	dst = wire.AppendOptional(dst, "Prefix", r.Prefix)
	if r.Filter != nil {
		dst = r.Filter.append(dst)
	}
	dst = wire.AppendElement(dst, "Status", r.Status)
	if e := r.Expiration; e != nil {
		dst = wire.AppendStart(dst, "Expiration")
		if e.Date != nil {
			dst = wire.AppendElement(dst, "Date", e.Date.format())
		}
		dst = number(dst, "Days", e.Days)
		if e.ExpiredObjectDeleteMarker != nil {
			dst = wire.AppendElement(dst, "ExpiredObjectDeleteMarker", strconv.FormatBool(*e.ExpiredObjectDeleteMarker))
		}
		dst = wire.AppendEnd(dst, "Expiration")
	}
	if n := r.NoncurrentVersionExpiration; n != nil {
		dst = wire.AppendStart(dst, "NoncurrentVersionExpiration")
		dst = number(dst, "NoncurrentDays", n.NoncurrentDays)
		dst = number(dst, "NewerNoncurrentVersions", n.NewerNoncurrentVersions)
		dst = wire.AppendEnd(dst, "NoncurrentVersionExpiration")
	}
	if a := r.AbortIncompleteMultipartUpload; a != nil {
		dst = wire.AppendStart(dst, "AbortIncompleteMultipartUpload")
		dst = number(dst, "DaysAfterInitiation", a.DaysAfterInitiation)
		dst = wire.AppendEnd(dst, "AbortIncompleteMultipartUpload")
	}
	return wire.AppendEnd(dst, "Rule")
}

func (f *Filter) append(dst []byte) []byte {
	dst = wire.AppendStart(dst, "Filter")
	if a := f.And; a != nil {
		dst = wire.AppendStart(dst, "And")
		dst = wire.AppendOptional(dst, "Prefix", a.Prefix)
		for i := range a.Tags {
			dst = a.Tags[i].append(dst)
		}
		dst = number(dst, "ObjectSizeGreaterThan", a.ObjectSizeGreaterThan)
		dst = number(dst, "ObjectSizeLessThan", a.ObjectSizeLessThan)
		dst = wire.AppendEnd(dst, "And")
	}
	dst = wire.AppendOptional(dst, "Prefix", f.Prefix)
	if f.Tag != nil {
		dst = f.Tag.append(dst)
	}
	dst = number(dst, "ObjectSizeGreaterThan", f.ObjectSizeGreaterThan)
	dst = number(dst, "ObjectSizeLessThan", f.ObjectSizeLessThan)
	return wire.AppendEnd(dst, "Filter")
}

func (t *Tag) append(dst []byte) []byte {
	dst = wire.AppendStart(dst, "Tag")
	dst = wire.AppendElement(dst, "Key", t.Key)
	dst = wire.AppendElement(dst, "Value", t.Value)
	return wire.AppendEnd(dst, "Tag")
}

func number(dst []byte, name string, n *int64) []byte {
	if n == nil {
		return dst
	}
	return wire.AppendElement(dst, name, strconv.FormatInt(*n, 10))
}

package site

import "myfsio/s3/wire"

// ParseXML reads a WebsiteConfiguration document and checks it. Keys and prefixes are taken as they stand.
func ParseXML(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, wire.ErrTooLarge()
	}
	root, err := wire.ParseXML(doc)
	if err != nil {
		return nil, err
	}
	c := &Config{}
	if root.Name != "WebsiteConfiguration" || !c.parse(root) {
		return nil, wire.ErrMalformedXML()
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Config) parse(root *wire.Element) bool {
	return root.Read(wire.Fields{
		"RedirectAllRequestsTo": func(e *wire.Element) bool {
			c.RedirectAllRequestsTo = &RedirectAll{}
			return e.Read(wire.Fields{"HostName": wire.Word(&c.RedirectAllRequestsTo.HostName), "Protocol": wire.Word(&c.RedirectAllRequestsTo.Protocol)}, nil)
		},
		"IndexDocument": func(e *wire.Element) bool {
			c.IndexDocument = &IndexDocument{}
			return e.Read(wire.Fields{"Suffix": wire.Exact(&c.IndexDocument.Suffix)}, nil)
		},
		"ErrorDocument": func(e *wire.Element) bool {
			c.ErrorDocument = &ErrorDocument{}
			return e.Read(wire.Fields{"Key": wire.Exact(&c.ErrorDocument.Key)}, nil)
		},
		"RoutingRules": func(e *wire.Element) bool {
			return len(e.Children) > 0 && e.Read(nil, wire.Fields{"RoutingRule": c.parseRule})
		},
	}, nil)
}

func (c *Config) parseRule(e *wire.Element) bool {
	var r RoutingRule
	redirects := false
	ok := e.Read(wire.Fields{
		"Condition": func(e *wire.Element) bool {
			r.Condition = &Condition{}
			return e.Read(wire.Fields{"KeyPrefixEquals": given(&r.Condition.KeyPrefixEquals),
				"HttpErrorCodeReturnedEquals": wire.Word(&r.Condition.HTTPErrorCodeReturnedEquals)}, nil)
		},
		"Redirect": func(e *wire.Element) bool {
			redirects = true
			d := &r.Redirect
			return e.Read(wire.Fields{"Protocol": wire.Word(&d.Protocol), "HostName": wire.Word(&d.HostName), "HttpRedirectCode": wire.Word(&d.HTTPRedirectCode),
				"ReplaceKeyPrefixWith": given(&d.ReplaceKeyPrefixWith), "ReplaceKeyWith": given(&d.ReplaceKeyWith)}, nil)
		},
	}, nil)
	c.RoutingRules = append(c.RoutingRules, r)
	return ok && redirects
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
	dst = wire.AppendRoot(dst, "WebsiteConfiguration")
	if all := c.RedirectAllRequestsTo; all != nil {
		dst = wire.AppendStart(dst, "RedirectAllRequestsTo")
		dst = wire.AppendElement(dst, "HostName", all.HostName)
		dst = option(dst, "Protocol", all.Protocol)
		dst = wire.AppendEnd(dst, "RedirectAllRequestsTo")
	}
	if c.IndexDocument != nil {
		dst = wire.AppendStart(dst, "IndexDocument")
		dst = wire.AppendElement(dst, "Suffix", c.IndexDocument.Suffix)
		dst = wire.AppendEnd(dst, "IndexDocument")
	}
	if c.ErrorDocument != nil {
		dst = wire.AppendStart(dst, "ErrorDocument")
		dst = wire.AppendElement(dst, "Key", c.ErrorDocument.Key)
		dst = wire.AppendEnd(dst, "ErrorDocument")
	}
	if len(c.RoutingRules) > 0 {
		dst = wire.AppendStart(dst, "RoutingRules")
		for i := range c.RoutingRules {
			dst = c.RoutingRules[i].append(dst)
		}
		dst = wire.AppendEnd(dst, "RoutingRules")
	}
	return wire.AppendEnd(dst, "WebsiteConfiguration")
}

func (r *RoutingRule) append(dst []byte) []byte {
	dst = wire.AppendStart(dst, "RoutingRule")
	if k := r.Condition; k != nil {
		dst = wire.AppendStart(dst, "Condition")
		dst = wire.AppendOptional(dst, "KeyPrefixEquals", k.KeyPrefixEquals)
		dst = option(dst, "HttpErrorCodeReturnedEquals", k.HTTPErrorCodeReturnedEquals)
		dst = wire.AppendEnd(dst, "Condition")
	}
	d := &r.Redirect
	dst = wire.AppendStart(dst, "Redirect")
	dst = option(dst, "Protocol", d.Protocol)
	dst = option(dst, "HostName", d.HostName)
	dst = wire.AppendOptional(dst, "ReplaceKeyPrefixWith", d.ReplaceKeyPrefixWith)
	dst = wire.AppendOptional(dst, "ReplaceKeyWith", d.ReplaceKeyWith)
	dst = option(dst, "HttpRedirectCode", d.HTTPRedirectCode)
	dst = wire.AppendEnd(dst, "Redirect")
	return wire.AppendEnd(dst, "RoutingRule")
}

func option(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return wire.AppendElement(dst, name, value)
}

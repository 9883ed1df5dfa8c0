package cors

import (
	"strconv"
	"strings"

	"myfsio/s3/wire"
)

// ParseXML reads a CORSConfiguration document and checks it.
func ParseXML(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, wire.ErrTooLarge()
	}
	root, err := wire.ParseXML(doc)
	if err != nil {
		return nil, err
	}
	if root.Name != "CORSConfiguration" {
		return nil, wire.ErrMalformedXML()
	}
	c := &Config{}
	for i := range root.Children {
		e := &root.Children[i]
		var r Rule
		if e.Name != "CORSRule" || !r.parse(e) {
			return nil, wire.ErrMalformedXML()
		}
		c.Rules = append(c.Rules, r)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

// parse reads a CORSRule element. White space around values is layout.
func (r *Rule) parse(e *wire.Element) bool {
	seen := map[string]bool{}
	for i := range e.Children {
		c := &e.Children[i]
		text := strings.TrimSpace(c.Text)
		if len(c.Children) > 0 {
			return false
		}
		switch c.Name {
		case "AllowedOrigin":
			r.AllowedOrigins = append(r.AllowedOrigins, text)
		case "AllowedMethod":
			r.AllowedMethods = append(r.AllowedMethods, text)
		case "AllowedHeader":
			r.AllowedHeaders = append(r.AllowedHeaders, text)
		case "ExposeHeader":
			r.ExposeHeaders = append(r.ExposeHeaders, text)
		case "ID":
			r.ID = text
		case "MaxAgeSeconds":
			n, err := strconv.ParseInt(text, 10, 32)
			if err != nil {
				return false
			}
			age := int32(n)
			r.MaxAgeSeconds = &age
		default:
			return false
		}
		if single := c.Name == "ID" || c.Name == "MaxAgeSeconds"; single && seen[c.Name] {
			return false
		}
		seen[c.Name] = true
	}
	return true
}

// Append writes the XML document behind dst.
func (c *Config) Append(dst []byte) []byte {
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<CORSConfiguration xmlns="`+wire.Namespace+`">`...)
	for i := range c.Rules {
		r := &c.Rules[i]
		dst = append(dst, "<CORSRule>"...)
		if r.ID != "" {
			dst = wire.AppendElement(dst, "ID", r.ID)
		}
		dst = elements(dst, "AllowedHeader", r.AllowedHeaders)
		dst = elements(dst, "AllowedMethod", r.AllowedMethods)
		dst = elements(dst, "AllowedOrigin", r.AllowedOrigins)
		dst = elements(dst, "ExposeHeader", r.ExposeHeaders)
		if r.MaxAgeSeconds != nil {
			dst = wire.AppendElement(dst, "MaxAgeSeconds", strconv.Itoa(int(*r.MaxAgeSeconds)))
		}
		dst = append(dst, "</CORSRule>"...)
	}
	return append(dst, "</CORSConfiguration>"...)
}

func elements(dst []byte, name string, values []string) []byte {
	for _, v := range values {
		dst = wire.AppendElement(dst, name, v)
	}
	return dst
}

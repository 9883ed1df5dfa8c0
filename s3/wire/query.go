package wire

import "strings"

// Param is a parameter of a query string. Bare says that it came without a value.
type Param struct {
	Name, Value string
	Bare        bool
}

// Query is the parameters of a query string, in their order.
type Query []Param

// ParseQuery reads a raw query string. Only & separates. An empty string gives nil.
func ParseQuery(raw string) (Query, error) {
	if raw == "" {
		return nil, nil
	}
	q := make(Query, 0, 1+strings.Count(raw, "&"))
	for raw != "" {
		var item string
		item, raw, _ = strings.Cut(raw, "&")
		if item == "" {
			continue
		}
		name, value, found := strings.Cut(item, "=")
		n, ok1 := unescape(name, true)
		v, ok2 := unescape(value, true)
		if !ok1 || !ok2 {
			return nil, errInvalidURI()
		}
		q = append(q, Param{n, v, !found || v == ""})
	}
	return q, nil
}

// Get returns the first value of a parameter, "" when there is none.
func (q Query) Get(name string) string {
	for i := range q {
		if q[i].Name == name {
			return q[i].Value
		}
	}
	return ""
}

// Has reports whether there is a parameter of that name.
func (q Query) Has(name string) bool {
	for i := range q {
		if q[i].Name == name {
			return true
		}
	}
	return false
}

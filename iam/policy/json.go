package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds how deep values stand within each other: the grammar needs six.
const maxDepth = 10

type nodeKind uint8

const (
	isNull nodeKind = iota
	isString
	isNumber
	isBoolean
	isArray
	isObject
)

var kindNames = [...]string{"null", "a string", "a number", "true or false", "an array", "an object"}

func (k nodeKind) String() string { return kindNames[k] }

// node is a JSON value as it was written. encoding/json into a struct would hide doubled and misspelt names.
type node struct {
	kind  nodeKind
	text  string   // of a string; the digits of a number; "true" and "false"
	names []string // of an object's members
	items []node
}

// get returns the member of an object, nil when it has none.
func (n *node) get(name string) *node {
	for i := range n.names {
		if n.names[i] == name {
			return &n.items[i]
		}
	}
	return nil
}

// decode reads a document of JSON.
func decode(doc []byte) (node, error) {
	if !utf8.Valid(doc) {
		return node{}, errors.New("the document is not valid UTF-8")
	}
	var raw json.RawMessage
	if err := json.Unmarshal(doc, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return node{}, fmt.Errorf("the document is not valid JSON: %v at byte %d", syntax, syntax.Offset)
		}
		return node{}, fmt.Errorf("the document is not valid JSON: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	return decodeValue(d, 0)
}

func decodeValue(d *json.Decoder, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("values stand within each other more than %d deep; a policy needs 6", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return node{}, fmt.Errorf("the document is not valid JSON: %v", err)
	}
	switch t := t.(type) {
	case string:
		return node{kind: isString, text: t}, nil
	case json.Number:
		return node{kind: isNumber, text: t.String()}, nil
	case bool:
		return node{kind: isBoolean, text: fmt.Sprint(t)}, nil
	case json.Delim:
		n := node{kind: isArray}
		if t == '{' {
			n.kind = isObject
		}
		return n, n.decodeItems(d, depth)
	}
	return node{}, nil
}

func (n *node) decodeItems(d *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		if n.kind == isObject {
			t, err := d.Token()
			if err != nil {
				return fmt.Errorf("the document is not valid JSON: %v", err)
			}
			name := t.(string)
			if seen[name] {
				return fmt.Errorf("the name %q stands twice in one object; join the two", name)
			}
			seen[name] = true
			n.names = append(n.names, name)
		}
		item, err := decodeValue(d, depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, err := d.Token() // the closing bracket
	return err
}

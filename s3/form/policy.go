package form

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"myfsio/fault"
	"myfsio/jsondoc"
)

// Policy is a policy document: until when a form may be used, and what it may say.
type Policy struct {
	Expires    time.Time
	conditions []condition
	length     Length
}

// condition is a condition on a field.
type condition struct {
	field  string // in lower case
	value  string
	prefix bool // starts-with, otherwise eq
	broken bool // can not hold
	shown  string
}

// Policy reads the policy of the form; nil when it has none. Its error is of code InvalidPolicyDocument.
func (f *Form) Policy() (*Policy, error) {
	encoded, ok := f.values["policy"]
	if !ok {
		return nil, nil
	}
	return parsePolicy(encoded)
}

// parsePolicy reads a policy document in base64.
func parsePolicy(encoded string) (*Policy, error) {
	doc, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, invalid("Invalid Base64 encoding.")
	}
	var members map[string]json.RawMessage
	if !utf8.Valid(doc) || json.Unmarshal(unescape(doc), &members) != nil || members == nil {
		return nil, errJSON()
	}
	p := &Policy{length: AnyLength}
	if err := p.members(members); err != nil {
		return nil, err
	}
	var conditions []json.RawMessage
	if raw := members["conditions"]; raw[0] != '[' || json.Unmarshal(raw, &conditions) != nil {
		return nil, invalid("Invalid 'conditions' value: must be a List.")
	}
	for _, raw := range conditions {
		if err := p.condition(raw); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// members checks which members a document has, and reads the expiration.
func (p *Policy) members(members map[string]json.RawMessage) error {
	var other []string
	for name := range members {
		if name != "expiration" && name != "conditions" {
			other = append(other, strings.ToLower(name))
		}
	}
	if len(other) > 0 {
		return invalid("Unexpected: '%s'", slices.Min(other))
	}
	raw, ok := members["expiration"]
	if !ok {
		return invalid("Policy missing expiration.")
	}
	if _, ok = members["conditions"]; !ok {
		return invalid("Policy missing conditions.")
	}
	var text string
	if raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return errJSON()
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || !strings.HasSuffix(text, "Z") {
		return invalid("Invalid 'expiration' value: '%s'", text)
	}
	p.Expires = at
	return nil
}

// condition reads one condition.
func (p *Policy) condition(raw json.RawMessage) error {
	switch raw[0] {
	case '{':
		return p.simple(raw)
	case '[':
		return p.list(raw)
	}
	return invalid("Invalid Condition: must be a List or Object.")
}

// simple reads {"field": "value"}.
func (p *Policy) simple(raw json.RawMessage) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var tokens []json.Token // of a map, the second of equal names would hide the first
	for {
		t, err := dec.Token()
		if err != nil {
			break
		}
		tokens = append(tokens, t)
	}
	if len(tokens) == 4 {
		name, _ := tokens[1].(string)
		switch value := tokens[2].(type) {
		case string:
			p.conditions = append(p.conditions, newCondition("eq", "$"+name, value))
			return nil
		case nil:
			return errJSON()
		}
		return invalid("Invalid Simple-Condition: value must be a string.")
	}
	return invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
}

// list reads ["operation", …].
func (p *Policy) list(raw json.RawMessage) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var items []any
	if dec.Decode(&items) != nil {
		return errJSON()
	}
	if len(items) == 0 {
		return invalid("Invalid Condition: missing operation identifier.")
	}
	operation, ok := items[0].(string)
	if !ok {
		return errJSON()
	}
	kind := strings.ToLower(operation)
	if kind != "eq" && kind != "starts-with" && kind != "content-length-range" {
		return invalid("Invalid Condition: unknown operation '%s'.", operation)
	}
	if len(items) != 3 {
		return invalid("Invalid %s: wrong number of arguments.", kind)
	}
	if kind == "content-length-range" {
		return p.lengthRange(operation, items[1], items[2])
	}
	field, ok1 := items[1].(string)
	value, ok2 := items[2].(string)
	if !ok1 || !ok2 {
		return errJSON()
	}
	p.conditions = append(p.conditions, newCondition(operation, field, value))
	return nil
}

func newCondition(operation, field, value string) condition {
	name, named := strings.CutPrefix(field, "$")
	return condition{field: strings.ToLower(name), value: value, prefix: strings.EqualFold(operation, "starts-with"), broken: !named,
		shown: show(operation, field, value)}
}

// lengthRange takes ["content-length-range", min, max] in. Of several all must hold.
func (p *Policy) lengthRange(operation string, low, high any) error {
	min, okMin, err := bound(low)
	if err != nil {
		return err
	}
	max, okMax, err := bound(high)
	if err != nil {
		return err
	}
	if !okMin || !okMax {
		p.conditions = append(p.conditions, condition{broken: true, shown: show(operation, low, high)})
		return nil
	}
	if min > p.length.Min {
		p.length.Min = min
	}
	if max < p.length.Max {
		p.length.Max = max
	}
	return nil
}

// bound reads a bound of a length: a number, or digits in a string. Other strings make a condition that fails.
func bound(v any) (n int64, ok bool, err error) {
	switch v := v.(type) {
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil {
			return 0, false, errJSON()
		}
		if n < 0 {
			return 0, false, invalid("Invalid content-length-range: a length can not be negative.")
		}
		return n, true, nil
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil && n >= 0, nil
	}
	return 0, false, errJSON()
}

// show writes a condition as S3's messages do.
func show(items ...any) string {
	list := make([]string, len(items))
	for i, v := range items {
		list[i] = string(jsondoc.MustEncode(v))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// unescape takes away the escapes that S3 documents for policies beyond those of JSON: \$ and \v. Backslashes stand
// in strings only.
func unescape(doc []byte) []byte {
	if !bytes.Contains(doc, []byte(`\$`)) && !bytes.Contains(doc, []byte(`\v`)) {
		return doc
	}
	out := make([]byte, 0, len(doc)+16)
	for i := 0; i < len(doc); i++ {
		if doc[i] != '\\' || i+1 == len(doc) {
			out = append(out, doc[i])
			continue
		}
		switch i++; doc[i] {
		case '$':
			out = append(out, '$')
		case 'v':
			out = append(out, `\u000b`...)
		default:
			out = append(out, '\\', doc[i])
		}
	}
	return out
}

func invalid(format string, args ...any) error {
	return &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidPolicyDocument", Msg: "Invalid Policy: " + fmt.Sprintf(format, args...)}
}

func errJSON() error { return invalid("Invalid JSON.") }

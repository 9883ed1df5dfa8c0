package form

import (
	"strings"
	"time"

	"myfsio/fault"
)

// Length is what the policy says of the length of the file. A nil policy says nothing.
func (p *Policy) Length() Length {
	if p == nil {
		return AnyLength
	}
	return p.length
}

// Check holds the form against the policy: it must not be expired, all conditions must hold, and every field must have
// one. bucket is the one the request goes to. A nil policy allows everything. The error is a
// fault.AccessDenied in the words of S3.
func (p *Policy) Check(f *Form, bucket string, now time.Time) error {
	if p == nil {
		return nil
	}
	if now.After(p.Expires) {
		return denied("Policy expired.")
	}
	covered := map[string]bool{}
	for i := range p.conditions {
		c := &p.conditions[i]
		value := f.values[c.field]
		if c.field == "bucket" {
			value = bucket
		}
		if c.broken || !c.holds(value) {
			return denied("Policy Condition failed: " + c.shown)
		}
		covered[c.field] = true
	}
	if named, ok := f.values["bucket"]; ok && named != bucket {
		return denied("Policy Condition failed: " + show("eq", "$bucket", named))
	}
	for _, name := range f.names {
		if !covered[name] && !free(name) {
			return denied("Extra input fields: " + name)
		}
	}
	if !covered["bucket"] {
		return denied("Extra input fields: bucket")
	}
	return nil
}

// holds reports whether the value is as the condition wants it. Of a Content-Type with commas each item must begin so.
func (c *condition) holds(value string) bool {
	switch {
	case !c.prefix:
		return value == c.value
	case c.field != "content-type":
		return strings.HasPrefix(value, c.value)
	}
	for item := range strings.SplitSeq(value, ",") {
		if !strings.HasPrefix(strings.TrimLeft(item, " \t"), c.value) {
			return false
		}
	}
	return true
}

// free reports whether a field needs no condition.
func free(name string) bool {
	switch name {
	case "awsaccesskeyid", "signature", "x-amz-signature", "policy", "file":
		return true
	}
	return strings.HasPrefix(name, ignorePrefix)
}

func denied(why string) error {
	return fault.New(fault.AccessDenied, "%s", "Invalid according to Policy: "+why)
}

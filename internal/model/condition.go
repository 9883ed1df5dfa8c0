package model

import (
	"time"

	"myfsio/fault"
	"myfsio/object"
)

func verifyWrite(c *object.WriteConditions) error {
	if c.IfNoneMatch != "" && c.IfNoneMatch != "*" || c.IfMatch != "" && c.IfNoneMatch != "" {
		return fail(fault.NotImplemented)
	}
	return nil
}

// checkWrite decides the conditions of a write; a key without a current version counts as absent.
func checkWrite(c *object.WriteConditions, cur *version) error {
	if c.IfNoneMatch == "*" && cur != nil {
		return fail(fault.PreconditionFailed)
	}
	if c.IfMatch != "" {
		if cur == nil {
			return fail(fault.NoSuchKey)
		}
		if c.IfMatch != "*" && c.IfMatch != cur.etag {
			return fail(fault.PreconditionFailed)
		}
	}
	return nil
}

// checkDelete decides the conditions of a delete on the version it would remove or hide.
func checkDelete(c *object.WriteConditions, v *version) error {
	absent := v == nil || v.marker
	switch {
	case c.IfMatch != "" && absent,
		c.IfMatch != "" && c.IfMatch != "*" && c.IfMatch != v.etag,
		!absent && !c.IfMatchModified.IsZero() && !second(c.IfMatchModified).Equal(second(v.modified)),
		!absent && c.IfMatchSize != nil && *c.IfMatchSize != int64(len(v.data)):
		return fail(fault.PreconditionFailed)
	}
	return nil
}

// checkRead decides the conditions of a read: HTTP's order, RFC 9110 section 13.2.2.
func checkRead(c *object.Conditions, v *version) error {
	if len(c.IfMatch) > 0 {
		if !among(v.etag, c.IfMatch) {
			return fail(fault.PreconditionFailed)
		}
	} else if !c.IfUnmodifiedSince.IsZero() && second(v.modified).After(c.IfUnmodifiedSince) {
		return fail(fault.PreconditionFailed)
	}
	if len(c.IfNoneMatch) > 0 {
		if among(v.etag, c.IfNoneMatch) {
			return fail(fault.NotModified)
		}
	} else if !c.IfModifiedSince.IsZero() && !second(v.modified).After(c.IfModifiedSince) {
		return fail(fault.NotModified)
	}
	return nil
}

func among(etag string, tags []string) bool {
	for _, t := range tags {
		if t == "*" || t == etag {
			return true
		}
	}
	return false
}

// second is all of a time that HTTP can say.
func second(t time.Time) time.Time { return t.Truncate(time.Second) }

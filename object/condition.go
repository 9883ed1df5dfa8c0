package object

import (
	"errors"
	"strings"
	"time"

	"myfsio/fault"
)

// errPrecondition is the answer to a condition that does not hold.
func errPrecondition(condition string) error {
	return &fault.Error{Kind: fault.PreconditionFailed, Msg: "At least one of the pre-conditions you specified did not hold", Condition: condition}
}

func errNotModified(condition string) error {
	return &fault.Error{Kind: fault.NotModified, Msg: "Not Modified", Condition: condition}
}

// failedCondition names the condition that an error of one of these two kinds tells of.
func failedCondition(err error) string {
	var fe *fault.Error
	if errors.As(err, &fe) {
		return fe.Condition
	}
	return ""
}

// Verify checks that the conditions can be decided.
func (c *WriteConditions) Verify() error {
	if c.IfNoneMatch != "" && c.IfNoneMatch != "*" {
		return fault.New(fault.NotImplemented, "If-None-Match on a write takes only *")
	}
	if c.IfMatch != "" && c.IfNoneMatch != "" {
		return fault.New(fault.NotImplemented, "If-Match and If-None-Match cannot be given together")
	}
	return nil
}

// check decides the conditions of a write against the current version, nil when there is none (a delete marker counts as none).
//
//	             no current      current, tag differs   current, tag equal
//	If-Match t   NoSuchKey       PreconditionFailed     go on
//	If-Match *   NoSuchKey       go on                  go on
//	If-None-M. * go on           PreconditionFailed     PreconditionFailed
func (c *WriteConditions) check(cur *versionRecord) error {
	switch {
	case c.Empty && cur != nil && cur.size > 0:
		return errWriteOffset()
	case c.IfNoneMatch == "*" && cur != nil:
		return errPrecondition("If-None-Match")
	case c.IfMatch == "":
		return nil
	case cur == nil:
		return errNoSuchKey()
	case !tagMatches(c.IfMatch, cur):
		return errPrecondition("If-Match")
	}
	return nil
}

// checkDelete decides the conditions of a delete against the version to be deleted, nil when there is none. Time
// and size conditions hold for what is not there, an entity tag does not.
func (c *WriteConditions) checkDelete(rec *versionRecord) error {
	if rec == nil || rec.marker() {
		if c.IfMatch != "" {
			return errPrecondition("If-Match")
		}
		return nil
	}
	switch {
	case c.IfMatch != "" && !tagMatches(c.IfMatch, rec):
		return errPrecondition("If-Match")
	case !c.IfMatchModified.IsZero() && !c.IfMatchModified.Truncate(time.Second).Equal(time.Unix(0, rec.modified).UTC().Truncate(time.Second)):
		return errPrecondition("x-amz-if-match-last-modified-time")
	case c.IfMatchSize != nil && *c.IfMatchSize != rec.size:
		return errPrecondition("x-amz-if-match-size")
	}
	return nil
}

// none reports whether no condition was given.
func (c *WriteConditions) none() bool {
	return c.IfMatch == "" && c.IfNoneMatch == "" && c.IfMatchModified.IsZero() && c.IfMatchSize == nil && !c.Empty
}

func tagMatches(tag string, rec *versionRecord) bool {
	return tag == "*" || strings.Trim(tag, `"`) == formatETag(rec.etag, rec.parts)
}

func anyTag(tags []string, rec *versionRecord) bool {
	for _, t := range tags {
		if tagMatches(t, rec) {
			return true
		}
	}
	return false
}

// check decides the conditions of a read (RFC 9110 section 13.2.2). Entity tags go before dates: If-Unmodified-Since
// counts only without If-Match, If-Modified-Since only without If-None-Match.
func (c *Conditions) check(rec *versionRecord) error {
	modified := time.Unix(0, rec.modified).UTC().Truncate(time.Second)
	switch {
	case len(c.IfMatch) > 0 && !anyTag(c.IfMatch, rec):
		return errPrecondition("If-Match")
	case len(c.IfMatch) == 0 && !c.IfUnmodifiedSince.IsZero() && modified.After(c.IfUnmodifiedSince):
		return errPrecondition("If-Unmodified-Since")
	case len(c.IfNoneMatch) > 0:
		if anyTag(c.IfNoneMatch, rec) {
			return errNotModified("If-None-Match")
		}
	case !c.IfModifiedSince.IsZero() && !modified.After(c.IfModifiedSince):
		return errNotModified("If-Modified-Since")
	}
	return nil
}

func errNoSuchKey() error { return fault.New(fault.NoSuchKey, "The specified key does not exist.") }

package lifecycle

import (
	"time"
	"unicode/utf8"

	"myfsio/s3/wire"
)

// Bounds of the parts of a rule, as S3 has them.
const (
	maxID     = 255  // characters
	maxPrefix = 1024 // bytes
	maxTags   = 50   // of a filter, as many as an object may have
	maxTagKey = 128  // characters
	maxTagVal = 256
	maxSize   = 50 << 40 // bytes, of the largest object there may be
	maxDays   = 1<<31 - 1
	maxNewer  = 100
)

// Check reports the first fault of the configuration, with the code and text of S3.
func (c *Config) Check() error {
	switch {
	case len(c.Rules) == 0:
		return wire.ErrMalformedXML()
	case len(c.Rules) > MaxRules:
		return invalidRequest("The number of lifecycle rules must not exceed the allowed limit of %d rules.", MaxRules)
	}
	switch c.TransitionDefaultMinimumObjectSize {
	case "", "all_storage_classes_128K", "varies_by_storage_class":
	default:
		return invalidArgument("The transition default minimum object size is not valid.")
	}
	ids := make(map[string]bool, len(c.Rules))
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.ID != "" && ids[r.ID] {
			return invalidArgument("Rule ID must be unique. Found same ID for more than one rule")
		}
		ids[r.ID] = true
		if err := r.check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rule) check() error {
	switch {
	case utf8.RuneCountInString(r.ID) > maxID:
		return invalidArgument("ID length should not exceed allowed limit of %d", maxID)
	case r.Status != "Enabled" && r.Status != "Disabled", (r.Filter == nil) == (r.Prefix == nil):
		return wire.ErrMalformedXML()
	case r.Expiration == nil && r.NoncurrentVersionExpiration == nil && r.AbortIncompleteMultipartUpload == nil:
		return invalidRequest("At least one action needs to be specified in a rule")
	case r.Prefix != nil && len(*r.Prefix) > maxPrefix:
		return errPrefix()
	}
	if r.Filter != nil {
		if err := r.Filter.check(); err != nil {
			return err
		}
	}
	for _, check := range []func() error{r.checkExpiration, r.checkNoncurrent, r.checkAbort} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func errPrefix() error { return invalidRequest("The maximum size of a prefix is %d.", maxPrefix) }

func (f *Filter) check() error {
	n := 0
	for _, there := range []bool{f.Prefix != nil, f.Tag != nil, f.ObjectSizeGreaterThan != nil, f.ObjectSizeLessThan != nil, f.And != nil} {
		if there {
			n++
		}
	}
	if n > 1 {
		return wire.ErrMalformedXML()
	}
	and := f.all()
	if f.And != nil && and.Prefix == nil && len(and.Tags) == 0 && and.ObjectSizeGreaterThan == nil && and.ObjectSizeLessThan == nil {
		return wire.ErrMalformedXML()
	}
	return and.check()
}

// all returns the predicates of a filter in the one form that holds them all.
func (f *Filter) all() And {
	if f.And != nil {
		return *f.And
	}
	a := And{Prefix: f.Prefix, ObjectSizeGreaterThan: f.ObjectSizeGreaterThan, ObjectSizeLessThan: f.ObjectSizeLessThan}
	if f.Tag != nil {
		a.Tags = []Tag{*f.Tag}
	}
	return a
}

func (a *And) check() error {
	if a.Prefix != nil && len(*a.Prefix) > maxPrefix {
		return errPrefix()
	}
	if len(a.Tags) > maxTags {
		return invalidRequest("A filter can have %d tags.", maxTags)
	}
	keys := map[string]bool{}
	for _, t := range a.Tags {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > maxTagKey:
			return invalidRequest("The TagKey you have provided is invalid")
		case utf8.RuneCountInString(t.Value) > maxTagVal:
			return invalidRequest("The TagValue you have provided is invalid")
		case keys[t.Key]:
			return invalidRequest("Duplicate Tag Keys are not allowed.")
		}
		keys[t.Key] = true
	}
	more, less := a.ObjectSizeGreaterThan, a.ObjectSizeLessThan
	switch {
	case more != nil && (*more < 0 || *more > maxSize):
		return invalidRequest("'ObjectSizeGreaterThan' should be between 0 and %d.", int64(maxSize))
	case less != nil && (*less < 1 || *less > maxSize):
		return invalidRequest("'ObjectSizeLessThan' should be between 1 and %d.", int64(maxSize))
	case more != nil && less != nil && *less <= *more:
		return invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
	}
	return nil
}

// predicates are those of the rule, in whichever form.
func (r *Rule) predicates() And {
	if r.Filter == nil {
		return And{Prefix: r.Prefix}
	}
	return r.Filter.all()
}

// prefixOnly refuses an action that looks at neither tags nor sizes.
func (r *Rule) prefixOnly(action string) error {
	a := r.predicates()
	switch {
	case len(a.Tags) > 0:
		return invalidRequest("%s cannot be specified with Tags.", action)
	case a.ObjectSizeGreaterThan != nil || a.ObjectSizeLessThan != nil:
		return invalidRequest("%s cannot be specified with Object Size.", action)
	}
	return nil
}

func (r *Rule) checkExpiration() error {
	e := r.Expiration
	if e == nil {
		return nil
	}
	n := 0
	for _, there := range []bool{e.Date != nil, e.Days != nil, e.ExpiredObjectDeleteMarker != nil} {
		if there {
			n++
		}
	}
	switch {
	case n != 1:
		return wire.ErrMalformedXML()
	case e.Days != nil:
		return checkDays("Days", "Expiration", e.Days)
	case e.Date != nil:
		if t := e.Date.Time; !t.Equal(t.Truncate(24*time.Hour)) || t.Year() < 1970 || t.Year() > 9999 {
			return invalidArgument("'Date' must be at midnight GMT")
		}
		return nil
	}
	return r.prefixOnly("ExpiredObjectDeleteMarker")
}

func (r *Rule) checkNoncurrent() error {
	n := r.NoncurrentVersionExpiration
	if n == nil {
		return nil
	}
	if n.NoncurrentDays == nil {
		return wire.ErrMalformedXML()
	}
	if err := checkDays("NoncurrentDays", "NoncurrentVersionExpiration", n.NoncurrentDays); err != nil {
		return err
	}
	switch newer := n.NewerNoncurrentVersions; {
	case newer == nil:
	case *newer < 1 || *newer > maxNewer:
		return invalidArgument("'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be a positive integer of at most %d", maxNewer)
	case r.Filter == nil:
		return invalidRequest("A Filter must be specified when NewerNoncurrentVersions is.")
	}
	return nil
}

func (r *Rule) checkAbort() error {
	a := r.AbortIncompleteMultipartUpload
	if a == nil {
		return nil
	}
	if a.DaysAfterInitiation == nil {
		return wire.ErrMalformedXML()
	}
	if err := checkDays("DaysAfterInitiation", "AbortIncompleteMultipartUpload", a.DaysAfterInitiation); err != nil {
		return err
	}
	return r.prefixOnly("AbortIncompleteMultipartUpload")
}

func checkDays(name, action string, days *int64) error {
	switch {
	case *days <= 0:
		return invalidArgument("'%s' for %s action must be a positive integer", name, action)
	case *days > maxDays:
		return wire.ErrMalformedXML()
	}
	return nil
}

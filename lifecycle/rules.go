package lifecycle

import (
	"slices"
	"strings"
	"time"
)

// Rules are the enabled rules of a configuration, made ready for use. They are never changed and may be used by many
// goroutines. No rules at all, nil, say nothing.
type Rules struct {
	rules []rule
	tags  bool
}

// rule is a rule made ready. Numbers that a rule has not are 0.
type rule struct {
	id     string
	prefix string
	tags   []Tag
	sized  bool
	more   int64 // only larger objects than this, when sized
	less   int64 // only smaller ones, when sized

	days    int64
	date    int64 // Unix time, when dated
	dated   bool
	marker  bool // ExpiredObjectDeleteMarker
	oldDays int64
	newer   int64
	abort   int64
}

// Object is a version as rules look at it.
type Object struct {
	Key      string
	Size     int64
	Tags     []Tag // needed when Rules.Tagged
	Modified time.Time
	Marker   bool // a delete marker
}

// Compile makes Rules of a configuration that was checked. A nil one gives nil.
func Compile(c *Config) *Rules {
	if c == nil {
		return nil
	}
	rs := &Rules{}
	for i := range c.Rules {
		if c.Rules[i].Status == "Enabled" {
			r := compile(&c.Rules[i])
			rs.rules = append(rs.rules, r)
			rs.tags = rs.tags || len(r.tags) > 0
		}
	}
	return rs
}

func compile(from *Rule) rule {
	r, a := rule{id: from.ID, more: -1, less: 1<<63 - 1}, from.predicates()
	if a.Prefix != nil {
		r.prefix = *a.Prefix
	}
	r.tags = a.Tags
	if a.ObjectSizeGreaterThan != nil {
		r.more, r.sized = *a.ObjectSizeGreaterThan, true
	}
	if a.ObjectSizeLessThan != nil {
		r.less, r.sized = *a.ObjectSizeLessThan, true
	}
	if e := from.Expiration; e != nil {
		switch {
		case e.Days != nil:
			r.days = *e.Days
		case e.Date != nil:
			r.date, r.dated = e.Date.Unix(), true
		case e.ExpiredObjectDeleteMarker != nil:
			r.marker = *e.ExpiredObjectDeleteMarker
		}
	}
	if n := from.NoncurrentVersionExpiration; n != nil {
		r.oldDays = *n.NoncurrentDays
		if n.NewerNoncurrentVersions != nil {
			r.newer = *n.NewerNoncurrentVersions
		}
	}
	if from.AbortIncompleteMultipartUpload != nil {
		r.abort = *from.AbortIncompleteMultipartUpload.DaysAfterInitiation
	}
	return r
}

// fits reports whether the filter of the rule fits. Delete markers have neither tags nor a size.
func (r *rule) fits(o *Object) bool {
	if !strings.HasPrefix(o.Key, r.prefix) {
		return false
	}
	if o.Marker {
		return len(r.tags) == 0 && !r.sized
	}
	if o.Size <= r.more || o.Size >= r.less {
		return false
	}
	for _, t := range r.tags {
		if !slices.Contains(o.Tags, t) {
			return false
		}
	}
	return true
}

const day = 24 * 60 * 60 // seconds

// after returns the midnight that ends the day which comes so many days after t.
func after(t time.Time, days int64) time.Time {
	s := t.Unix()
	floor := s / day
	if s%day < 0 {
		floor--
	}
	return time.Unix((floor+days+1)*day, 0).UTC()
}

// Tagged reports whether any rule looks at tags.
func (rs *Rules) Tagged() bool { return rs != nil && rs.tags }

// Expiry returns when a current version that is no delete marker expires, and by which rule: the earliest, and of equal ones
// the first. ok is false when none ever does.
func (rs *Rules) Expiry(o *Object) (at time.Time, rule string, ok bool) {
	if o.Marker {
		return time.Time{}, "", false
	}
	return rs.expiry(o)
}

func (rs *Rules) expiry(o *Object) (at time.Time, rule string, ok bool) {
	if rs == nil {
		return at, "", false
	}
	for i := range rs.rules {
		r := &rs.rules[i]
		if r.days == 0 && !r.dated || !r.fits(o) {
			continue
		}
		t := time.Unix(r.date, 0).UTC()
		if !r.dated {
			t = after(o.Modified, r.days)
		}
		if !ok || t.Before(at) {
			at, rule, ok = t, r.id, true
		}
	}
	return at, rule, ok
}

// Current reports whether a current version is at its end now, and by which rule. Of a delete marker alone says whether it is the only
// version of its key; one that hides others stays.
func (rs *Rules) Current(o *Object, alone bool, now time.Time) (rule string, due bool) {
	if o.Marker && !alone {
		return "", false
	}
	if at, rule, ok := rs.expiry(o); ok && !now.Before(at) {
		return rule, true
	}
	if rs == nil || !o.Marker {
		return "", false
	}
	for i := range rs.rules {
		if r := &rs.rules[i]; r.marker && r.fits(o) {
			return r.id, true
		}
	}
	return "", false
}

// Noncurrent reports whether a noncurrent version is at its end now, and by which rule. since is when it became noncurrent: when the
// version was written that took its place. newer is how many noncurrent versions of the key, delete markers not counted, are newer.
func (rs *Rules) Noncurrent(o *Object, since time.Time, newer int64, now time.Time) (rule string, due bool) {
	if rs == nil {
		return "", false
	}
	for i := range rs.rules {
		r := &rs.rules[i]
		if r.oldDays > 0 && newer >= r.newer && r.fits(o) && !now.Before(after(since, r.oldDays)) {
			return r.id, true
		}
	}
	return "", false
}

// AbortDate returns when an unfinished upload is given up, and by which rule. ok is false when it never is.
func (rs *Rules) AbortDate(key string, initiated time.Time) (at time.Time, rule string, ok bool) {
	if rs == nil {
		return at, "", false
	}
	for i := range rs.rules {
		r := &rs.rules[i]
		if r.abort == 0 || !strings.HasPrefix(key, r.prefix) {
			continue
		}
		if t := after(initiated, r.abort); !ok || t.Before(at) {
			at, rule, ok = t, r.id, true
		}
	}
	return at, rule, ok
}

// Work says which walks through a bucket the rules ask for.
type Work struct {
	// Current, Versions and Uploads are prefixes of the keys to look at, ordered, none of which is a prefix of another: for
	// expirations of current versions, for noncurrent versions and delete markers, and for uploads.
	Current, Versions, Uploads []string
}

// Work returns what there is to do for the rules.
func (rs *Rules) Work() Work {
	var w Work
	if rs == nil {
		return w
	}
	for i := range rs.rules {
		r := &rs.rules[i]
		if r.days > 0 || r.dated {
			w.Current = append(w.Current, r.prefix)
		}
		if r.days > 0 || r.dated || r.marker || r.oldDays > 0 {
			w.Versions = append(w.Versions, r.prefix)
		}
		if r.abort > 0 {
			w.Uploads = append(w.Uploads, r.prefix)
		}
	}
	w.Current, w.Versions, w.Uploads = cover(w.Current), cover(w.Versions), cover(w.Uploads)
	return w
}

// cover drops prefixes that others cover.
func cover(prefixes []string) []string {
	slices.Sort(prefixes)
	var out []string
	for _, p := range prefixes {
		if len(out) == 0 || !strings.HasPrefix(p, out[len(out)-1]) {
			out = append(out, p)
		}
	}
	return out
}

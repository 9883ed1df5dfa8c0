package wire

import (
	"time"

	"myfsio/fault"
)

// ObjectLock is the document of Get and PutObjectLockConfiguration, in XML and JSON.
type ObjectLock struct {
	Enabled string    `json:"ObjectLockEnabled,omitempty"` // Enabled
	Rule    *LockRule `json:"Rule,omitempty"`
}

// LockRule is its rule.
type LockRule struct {
	Default *DefaultRetention `json:"DefaultRetention,omitempty"`
}

// DefaultRetention is the retention of new versions: for days or for years.
type DefaultRetention struct {
	Mode  string `json:"Mode,omitempty"`
	Days  *int64 `json:"Days,omitempty"`
	Years *int64 `json:"Years,omitempty"`
}

const objectLock = "ObjectLockConfiguration"

// Append writes the document.
func (r *ObjectLock) Append(dst []byte) []byte {
	d := begin(dst, objectLock)
	d.opt("ObjectLockEnabled", r.Enabled)
	if r.Rule != nil && r.Rule.Default != nil {
		def := r.Rule.Default
		d.open("Rule")
		d.open("DefaultRetention")
		d.text("Mode", def.Mode)
		if def.Days != nil {
			d.int("Days", *def.Days)
		}
		if def.Years != nil {
			d.int("Years", *def.Years)
		}
		d.close("DefaultRetention")
		d.close("Rule")
	}
	d.close(objectLock)
	return d.b
}

// ParseObjectLock reads the XML body of PutObjectLockConfiguration. Its values are not looked at.
func ParseObjectLock(body []byte) (ObjectLock, error) {
	root, err := parseRoot(body, objectLock)
	if err != nil {
		return ObjectLock{}, err
	}
	var o ObjectLock
	var def DefaultRetention
	rule := func(e *Element) bool {
		o.Rule = &LockRule{}
		return e.Read(Fields{"DefaultRetention": func(e *Element) bool {
			o.Rule.Default = &def
			return e.Read(Fields{"Mode": Word(&def.Mode), "Days": Number(&def.Days), "Years": Number(&def.Years)}, nil)
		}}, nil)
	}
	if !root.Read(Fields{"ObjectLockEnabled": Word(&o.Enabled), "Rule": rule}, nil) {
		return ObjectLock{}, ErrMalformedXML()
	}
	return o.checked()
}

// ParseObjectLockJSON reads {"ObjectLockEnabled":"","Rule":{"DefaultRetention":{"Mode":"","Days":1}}}.
func ParseObjectLockJSON(body []byte) (ObjectLock, error) {
	var o ObjectLock
	if err := DecodeJSON(body, &o); err != nil {
		return o, err
	}
	return o.checked()
}

func (r ObjectLock) checked() (ObjectLock, error) {
	if r.Enabled != "Enabled" || r.Rule != nil && r.Rule.Default == nil {
		return ObjectLock{}, ErrMalformedXML()
	}
	return r, nil
}

// Retention is the document of Get and PutObjectRetention, in XML and JSON. It is empty, or has both.
type Retention struct {
	Mode  string `json:"Mode,omitempty"`
	Until string `json:"RetainUntilDate,omitempty"`
}

// Append writes the document.
func (r *Retention) Append(dst []byte) []byte {
	d := begin(dst, "Retention")
	d.opt("Mode", r.Mode)
	d.opt("RetainUntilDate", r.Until)
	d.close("Retention")
	return d.b
}

// ParseRetention reads the XML body of PutObjectRetention. Its values are not looked at.
func ParseRetention(body []byte) (Retention, error) {
	root, err := parseRoot(body, "Retention")
	if err != nil {
		return Retention{}, err
	}
	var r Retention
	if !root.Read(Fields{"Mode": Word(&r.Mode), "RetainUntilDate": Word(&r.Until)}, nil) {
		return Retention{}, ErrMalformedXML()
	}
	return r.checked(len(root.Children) == 0)
}

// ParseRetentionJSON reads {"Mode":"","RetainUntilDate":""}, or {}.
func ParseRetentionJSON(body []byte) (Retention, error) {
	var in *struct {
		Mode  *string `json:"Mode"`
		Until *string `json:"RetainUntilDate"`
	}
	if err := DecodeJSON(body, &in); err != nil {
		return Retention{}, err
	}
	switch {
	case in == nil:
		return Retention{}, errMalformedJSON()
	case in.Mode == nil && in.Until == nil:
		return Retention{}, nil
	case in.Mode == nil || in.Until == nil:
		return Retention{}, ErrMalformedXML()
	}
	return Retention{*in.Mode, *in.Until}.checked(false)
}

func (r Retention) checked(empty bool) (Retention, error) {
	if !empty && (r.Mode == "" || r.Until == "") {
		return Retention{}, ErrMalformedXML()
	}
	return r, nil
}

// LegalHold is the document of Get and PutObjectLegalHold, in XML and JSON.
type LegalHold struct {
	Status string `json:"Status"` // ON or OFF
}

// Append writes the document.
func (r *LegalHold) Append(dst []byte) []byte {
	d := begin(dst, "LegalHold")
	d.text("Status", r.Status)
	d.close("LegalHold")
	return d.b
}

// ParseLegalHold reads the XML body of PutObjectLegalHold.
func ParseLegalHold(body []byte) (LegalHold, error) {
	root, err := parseRoot(body, "LegalHold")
	if err != nil {
		return LegalHold{}, err
	}
	var h LegalHold
	if !root.Read(Fields{"Status": Word(&h.Status)}, nil) {
		return LegalHold{}, ErrMalformedXML()
	}
	return h.checked()
}

// ParseLegalHoldJSON reads {"Status":""}.
func ParseLegalHoldJSON(body []byte) (LegalHold, error) {
	var h LegalHold
	if err := DecodeJSON(body, &h); err != nil {
		return h, err
	}
	return h.checked()
}

func (r LegalHold) checked() (LegalHold, error) {
	if r.Status != "ON" && r.Status != "OFF" {
		return LegalHold{}, ErrMalformedXML()
	}
	return r, nil
}

// ParseRetainUntil reads the date of a retention, which is in ISO 8601. What it has beyond milliseconds is rounded up, since
// [FormatRetainUntil] shows no more: a date that was read back is never before the one that was set.
func ParseRetainUntil(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return roundUp(t), nil
		}
	}
	return time.Time{}, fault.New(fault.InvalidArgument, "The retain until date must be provided in ISO 8601 format")
}

// FormatRetainUntil writes the date of a retention: 2006-01-02T15:04:05.000Z. It is never before the date itself.
func FormatRetainUntil(t time.Time) string { return FormatTime(roundUp(t)) }

func roundUp(t time.Time) time.Time {
	return t.UTC().Add(time.Millisecond - 1).Truncate(time.Millisecond)
}

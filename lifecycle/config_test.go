package lifecycle

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"myfsio/fault"
)

const namespace = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`

func document(rules string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><LifecycleConfiguration` + namespace + `>` + rules + `</LifecycleConfiguration>`
}

// rule is a rule with an action that fits any filter.
func enabled(inner string) string {
	return document(`<Rule><ID>r</ID><Status>Enabled</Status>` + inner + `</Rule>`)
}

const (
	all    = `<Filter/>`
	expire = `<Expiration><Days>1</Days></Expiration>`
)

// code is the code of an error as S3 shows it.
func code(err error) string {
	var fe *fault.Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &fe):
		return err.Error()
	case fe.Code != "":
		return fe.Code
	}
	return map[fault.Kind]string{fault.InvalidArgument: "InvalidArgument", fault.InvalidRequest: "InvalidRequest", fault.NotImplemented: "NotImplemented"}[fe.Kind]
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<Rule><ID>%d</ID><Status>Enabled</Status><Filter/>%s</Rule>", i, expire)
	}
	return b.String()
}

func tags(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<Tag><Key>%d</Key><Value/></Tag>", i)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ doc, code, says string }{
		{enabled(all + expire), "", ""},
		{enabled(`<Prefix/>` + expire), "", ""}, {enabled(`<Filter><Prefix> a/ </Prefix></Filter>` + expire), "", ""},
		{enabled(`<Filter><Tag><Key>k</Key><Value/></Tag></Filter>` + expire), "", ""},
		{enabled(`<Filter><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan></Filter>` + expire), "", ""},
		{enabled(`<Filter><And><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><Tag><Key>l</Key><Value>w</Value></Tag><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan><ObjectSizeLessThan>64000</ObjectSizeLessThan></And></Filter>` + expire), "", ""},
		{enabled(all + `<Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration>`), "", ""}, {enabled(all + `<Expiration><Date> 2030-01-01 </Date></Expiration>`), "", ""},
		{enabled(all + `<Expiration><Date>2030-01-01T02:00:00+02:00</Date></Expiration>`), "", ""},
		{enabled(all + `<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`), "", ""},
		{enabled(all + `<Expiration><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration>`), "", ""},
		{enabled(all + `<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>100</NewerNoncurrentVersions></NoncurrentVersionExpiration>`), "", ""},
		{enabled(`<Filter><Prefix>x</Prefix></Filter>` + `<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>`), "", ""},
		{document(many(1000)), "", ""},
		{document(`<Rule><Status>Enabled</Status><Filter/>` + expire + `</Rule><Rule><Status>Disabled</Status><Filter/>` + expire + `</Rule>`), "", ""},
		{`<LifecycleConfiguration><Rule><ID>DeleteOldLogs</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>`, "", ""},
		{`<s3:LifecycleConfiguration xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/"><s3:Rule><s3:ID>r</s3:ID><s3:Status>Enabled</s3:Status><s3:Filter/><s3:Expiration><s3:Days>1</s3:Days></s3:Expiration></s3:Rule></s3:LifecycleConfiguration>`, "", ""},

		{"", "MalformedXML", ""}, {document(""), "MalformedXML", ""}, {"<Other/>", "MalformedXML", ""}, {enabled(expire), "MalformedXML", ""}, {enabled(all + `<Prefix/>` + expire), "MalformedXML", ""},
		{enabled(all), "InvalidRequest", "At least one action"}, {enabled(all + expire + expire), "MalformedXML", ""}, {enabled(all + expire + `<Unknown/>`), "MalformedXML", ""},
		{document(`<Rule><Filter/>` + expire + `</Rule>`), "MalformedXML", ""}, {document(`<Rule><Status>enabled</Status><Filter/>` + expire + `</Rule>`), "MalformedXML", ""},
		{document(many(1001)), "InvalidRequest", "1000 rules"}, {document(many(1002)), "InvalidRequest", "1000 rules"},
		{document(strings.ReplaceAll(many(2), "<ID>1<", "<ID>0<")), "InvalidArgument", "Rule ID must be unique"},
		{document(strings.ReplaceAll(many(1), "<ID>0<", "<ID>"+strings.Repeat("ü", 256)+"<")), "InvalidArgument", "ID length"},
		{document(strings.ReplaceAll(many(1), "<ID>0<", "<ID>"+strings.Repeat("ü", 255)+"<")), "", ""},
		{enabled(`<Prefix>` + strings.Repeat("p", 1025) + `</Prefix>` + expire), "InvalidRequest", "1024"},
		{enabled(`<Filter><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></Filter>` + expire), "MalformedXML", ""}, {enabled(`<Filter><And/></Filter>` + expire), "MalformedXML", ""},
		{enabled(`<Filter><Tag><Key>k</Key></Tag></Filter>` + expire), "MalformedXML", ""}, {enabled(`<Filter><Tag><Key/><Value/></Tag></Filter>` + expire), "InvalidRequest", "TagKey"},
		{enabled(`<Filter><Tag><Key>` + strings.Repeat("k", 129) + `</Key><Value/></Tag></Filter>` + expire), "InvalidRequest", "TagKey"},
		{enabled(`<Filter><Tag><Key>k</Key><Value>` + strings.Repeat("k", 257) + `</Value></Tag></Filter>` + expire), "InvalidRequest", "TagValue"},
		{enabled(`<Filter><And><Tag><Key>k</Key><Value>v</Value></Tag><Tag><Key>k</Key><Value>w</Value></Tag></And></Filter>` + expire), "InvalidRequest", "Duplicate Tag Keys"},
		{enabled(`<Filter><And>` + tags(51) + `</And></Filter>` + expire), "InvalidRequest", "50 tags"}, {enabled(`<Filter><And>` + tags(50) + `</And></Filter>` + expire), "", ""},
		{enabled(`<Filter><ObjectSizeLessThan>0</ObjectSizeLessThan></Filter>` + expire), "InvalidRequest", "ObjectSizeLessThan"}, {enabled(`<Filter><ObjectSizeGreaterThan>-1</ObjectSizeGreaterThan></Filter>` + expire), "InvalidRequest", "ObjectSizeGreaterThan"},
		{enabled(`<Filter><And><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><ObjectSizeLessThan>5</ObjectSizeLessThan></And></Filter>` + expire), "InvalidRequest", "greater than"},
		{enabled(`<Filter><ObjectSizeGreaterThan>x</ObjectSizeGreaterThan></Filter>` + expire), "MalformedXML", ""},
		{enabled(all + `<Expiration/>`), "MalformedXML", ""}, {enabled(all + `<Expiration><Days>1</Days><Date>2030-01-01T00:00:00Z</Date></Expiration>`), "MalformedXML", ""},
		{enabled(all + `<Expiration><Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`), "MalformedXML", ""},
		{enabled(all + `<Expiration><Days>0</Days></Expiration>`), "InvalidArgument", "'Days' for Expiration action must be a positive integer"}, {enabled(all + `<Expiration><Days>-3</Days></Expiration>`), "InvalidArgument", "positive"},
		{enabled(all + `<Expiration><Days>1.5</Days></Expiration>`), "MalformedXML", ""}, {enabled(all + `<Expiration><Days>2147483648</Days></Expiration>`), "MalformedXML", ""},
		{enabled(all + `<Expiration><Date>2030-01-01T01:00:00Z</Date></Expiration>`), "InvalidArgument", "midnight"}, {enabled(all + `<Expiration><Date>tomorrow</Date></Expiration>`), "MalformedXML", ""},
		{enabled(all + `<Expiration><Date>2030-01-01T00:00:00+02:00</Date></Expiration>`), "InvalidArgument", "midnight"}, {enabled(all + `<Expiration><Date/></Expiration>`), "MalformedXML", ""},
		{enabled(all + `<Expiration><ExpiredObjectDeleteMarker>maybe</ExpiredObjectDeleteMarker></Expiration>`), "MalformedXML", ""},
		{enabled(`<Filter><Tag><Key>k</Key><Value/></Tag></Filter><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`), "InvalidRequest", "cannot be specified with Tags"},
		{enabled(`<Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`), "InvalidRequest", "Object Size"},
		{enabled(all + `<NoncurrentVersionExpiration/>`), "MalformedXML", ""}, {enabled(all + `<NoncurrentVersionExpiration><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>`), "MalformedXML", ""},
		{enabled(all + `<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration>`), "InvalidArgument", "'NoncurrentDays'"},
		{enabled(all + `<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>0</NewerNoncurrentVersions></NoncurrentVersionExpiration>`), "InvalidArgument", "NewerNoncurrentVersions"},
		{enabled(all + `<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>101</NewerNoncurrentVersions></NoncurrentVersionExpiration>`), "InvalidArgument", "NewerNoncurrentVersions"},
		{enabled(`<Prefix/><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>`), "InvalidRequest", "Filter"},
		{enabled(all + `<AbortIncompleteMultipartUpload/>`), "MalformedXML", ""}, {enabled(all + `<AbortIncompleteMultipartUpload><DaysAfterInitiation>0</DaysAfterInitiation></AbortIncompleteMultipartUpload>`), "InvalidArgument", "DaysAfterInitiation"},
		{enabled(`<Filter><Tag><Key>k</Key><Value/></Tag></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>`), "InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags"},
		{enabled(`<Filter><ObjectSizeLessThan>1</ObjectSizeLessThan></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>`), "InvalidRequest", "Object Size"},
		{enabled(all + expire + `<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>`), "NotImplemented", "Transitions"},
		{enabled(all + `<NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays><StorageClass>GLACIER</StorageClass></NoncurrentVersionTransition>`), "NotImplemented", "Transitions"},
		{strings.Repeat(" ", MaxDocument+1), "MaxMessageLengthExceeded", ""},
	} {
		c, err := ParseXML([]byte(tt.doc))
		if code(err) != tt.code || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%.300s: %q %v", tt.doc, code(err), err)
		}
		if err == nil {
			roundTrip(t, c)
		}
	}
}

// roundTrip holds that no form of a document loses anything.
func roundTrip(t *testing.T, c *Config) {
	t.Helper()
	x, err := ParseXML(c.Append(nil))
	if err != nil || !reflect.DeepEqual(x, c) {
		t.Errorf("XML %s: %+v %v", c.Append(nil), x, err)
	}
	j, err := ParseJSON(c.JSON())
	if err != nil || !reflect.DeepEqual(j, c) {
		t.Errorf("JSON %s: %+v %v", c.JSON(), j, err)
	}
}

func TestParseJSON(t *testing.T) {
	for doc, want := range map[string]string{
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{"Prefix":"logs/"},"Expiration":{"Days":30}}]}`:                                                                                                     "",
		`{"Rules":[{"ID":"a","Status":"Enabled","Prefix":"","Expiration":{"Date":"2030-01-01T00:00:00+00:00"}}],"TransitionDefaultMinimumObjectSize":"all_storage_classes_128K"}`:                            "",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{"And":{"Prefix":"p","Tags":[{"Key":"k","Value":"v"}]}},"NoncurrentVersionExpiration":{"NoncurrentDays":1,"NewerNoncurrentVersions":2}}]}`:          "",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{},"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1}},{"Status":"Disabled","Filter":{},"Expiration":{"ExpiredObjectDeleteMarker":true}}]}`: "",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{},"Expiration":{"Days":1},"Transitions":[{"Days":1,"StorageClass":"GLACIER"}]}]}`:                                                                  "NotImplemented",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{},"Expiration":{"Days":1},"NoncurrentVersionTransitions":[]}]}`:                                                                                    "NotImplemented",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{},"Expiration":{"Days":1.5}}]}`:                                                                                                                    "MalformedXML",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{},"Expiration":{"Date":"x"}}]}`:                                                                                                                    "MalformedXML",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{},"Expiration":{"Day":1}}]}`:                                                                                                                       "MalformedXML",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{"Tags":[]},"Expiration":{"Days":1}}]}`:                                                                                                             "MalformedXML",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{},"AbortIncompleteMultipartUpload":{}}]}`:                                                                                                          "MalformedXML",
		`{"Rules":[]}`: "MalformedXML", `{}`: "MalformedXML", `[]`: "MalformedXML", `{"Rules":[{}]}`: "MalformedXML",
		`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{},"Expiration":{"Days":1}}],"TransitionDefaultMinimumObjectSize":"x"}`: "InvalidArgument",
	} {
		c, err := ParseJSON([]byte(doc))
		if code(err) != want {
			t.Errorf("%s: %v", doc, err)
		}
		if err == nil && c.TransitionDefaultMinimumObjectSize == "" {
			roundTrip(t, c)
		}
	}
}

func TestName(t *testing.T) {
	c, err := ParseXML([]byte(document(`<Rule><Status>Enabled</Status><Filter/>` + expire + `</Rule><Rule><ID>own</ID><Status>Enabled</Status><Filter/>` + expire + `</Rule><Rule><Status>Enabled</Status><Filter/>` + expire + `</Rule>`)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	c.Name(func() string { n++; return strconv.Itoa(n) })
	if c.Rules[0].ID != "1" || c.Rules[1].ID != "own" || c.Rules[2].ID != "2" {
		t.Errorf("%+v", c.Rules)
	}
}

package form

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2015, 12, 29, 12, 0, 0, 0, time.UTC)

const until = `"expiration": "2015-12-30T12:00:00.000Z"`

func encode(doc string) string { return base64.StdEncoding.EncodeToString([]byte(doc)) }

// The document and fields of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html.
func TestExample(t *testing.T) {
	const doc = "{ \"expiration\": \"2015-12-30T12:00:00.000Z\",\r\n  \"conditions\": [\r\n    {\"bucket\": \"sigv4examplebucket\"},\r\n    [\"starts-with\", \"$key\", \"user/user1/\"],\r\n    {\"acl\": \"public-read\"},\r\n    {\"success_action_redirect\": \"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html\"},\r\n    [\"starts-with\", \"$Content-Type\", \"image/\"],\r\n    {\"x-amz-meta-uuid\": \"14365123651274\"},\r\n    {\"x-amz-server-side-encryption\": \"AES256\"},\r\n    [\"starts-with\", \"$x-amz-meta-tag\", \"\"],\r\n\r\n    {\"x-amz-credential\": \"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request\"},\r\n    {\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"},\r\n    {\"x-amz-date\": \"20151229T000000Z\" }\r\n  ]\r\n}"
	f := read(t, "key", "user/user1/${filename}", "acl", "public-read", "success_action_redirect", "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
		"Content-Type", "image/jpeg", "x-amz-meta-uuid", "14365123651274", "x-amz-server-side-encryption", "AES256",
		"X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request", "X-Amz-Algorithm", "AWS4-HMAC-SHA256", "X-Amz-Date", "20151229T000000Z",
		"x-amz-meta-tag", "", "Policy", encode(doc), "X-Amz-Signature", "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e", "file|a.jpg", "")
	p, err := f.Policy()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(f, "sigv4examplebucket", now); err != nil {
		t.Error(err)
	}
	if err := p.Check(f, "sigv4examplebucket", now.Add(24*time.Hour+time.Second)); say(err) != "AccessDenied: Invalid according to Policy: Policy expired." {
		t.Error(err)
	}
	if p.Length() != AnyLength {
		t.Error(p.Length())
	}
	var none *Policy
	if none.Check(f, "b", now) != nil || none.Length() != AnyLength {
		t.Error("no policy refuses")
	}
	if p, err := read(t, "file", "").Policy(); p != nil || err != nil {
		t.Error(p, err)
	}
}

// Condition matching as in https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html, and S3's answers
// as they were seen.
func TestConditions(t *testing.T) {
	const failed = "Policy Condition failed: "
	for _, tt := range []struct {
		conditions string   // beside those on bucket and key
		fields     []string // beside key=foo.txt
		want       string
	}{
		{``, nil, ""},
		{`{"acl": "private"}`, []string{"acl", "private"}, ""},
		{`{"acl": "private"}`, []string{"acl", "public-read"}, failed + `["eq", "$acl", "private"]`},
		{`{"acl": "private"}`, []string{"acl", "Private"}, failed + `["eq", "$acl", "private"]`},
		{`{"acl": "private"}`, nil, failed + `["eq", "$acl", "private"]`},
		{`["eq", "$acl", "private"]`, []string{"acl", "private"}, ""},
		{`["EQ", "$AcL", "private"]`, []string{"aCl", "private"}, ""},
		{`["StArTs-WiTh", "$CoNtEnT-TyPe", "text/"]`, []string{"content-type", "text/plain"}, ""},
		{`["starts-with", "$Content-Type", "image/"]`, []string{"Content-Type", "image/jpg,image/png, image/gif"}, ""},
		{`["starts-with", "$Content-Type", "image/"]`, []string{"Content-Type", "image/jpg,text/plain"}, failed + `["starts-with", "$Content-Type", "image/"]`},
		{`["starts-with", "$x-amz-meta-a", "x"]`, []string{"x-amz-meta-a", "x,y"}, ""},
		{`["starts-with", "$x-amz-meta-a", ""]`, []string{"x-amz-meta-a", "any"}, ""},
		{`["starts-with", "$x-amz-meta-a", ""]`, nil, ""},
		{`["starts-with", "$x-amz-meta-a", "bar"]`, nil, failed + `["starts-with", "$x-amz-meta-a", "bar"]`},
		{`["eq", "$x-amz-meta-a", ""]`, []string{"x-amz-meta-a", "barclamp"}, failed + `["eq", "$x-amz-meta-a", ""]`},
		{`["eq", "success_action_redirect", "http://a"]`, []string{"success_action_redirect", "http://a"}, failed + `["eq", "success_action_redirect", "http://a"]`},
		{`["eq", "$Content-Disposition", "filename=\"<test>.png\""]`, nil, failed + `["eq", "$Content-Disposition", "filename=\"<test>.png\""]`},
		{`["starts-with", "$x-amz-meta-a", "a"], ["eq", "$x-amz-meta-a", "ab"]`, []string{"x-amz-meta-a", "ab"}, ""},
		{`["starts-with", "$x-amz-meta-a", "a"], ["eq", "$x-amz-meta-a", "ab"]`, []string{"x-amz-meta-a", "ac"}, failed + `["eq", "$x-amz-meta-a", "ab"]`},
		{`["content-length-range", "test", "10"]`, nil, failed + `["content-length-range", "test", "10"]`},
		{`["content-length-range", "5", "10"]`, nil, ""},
		{`["starts-with", "$x-amz-meta-a", "\$\v"]`, []string{"x-amz-meta-a", "$\v."}, ""},
		{`["starts-with", "$x-amz-meta-a", "\\$"]`, []string{"x-amz-meta-a", `\$foo`}, ""},
		{``, []string{"x-amz-meta-a", "1"}, "Extra input fields: x-amz-meta-a"},
		{``, []string{"x-amz-checksum-sha256", "1"}, "Extra input fields: x-amz-checksum-sha256"},
		{``, []string{"x-amz-security-token", "1"}, "Extra input fields: x-amz-security-token"},
		{``, []string{"success_action_status", "201"}, "Extra input fields: success_action_status"},
		{``, []string{"x-ignore-foo", "bar", "signature", "x", "AWSAccessKeyId", "x", "x-amz-signature", "x"}, ""},
		{``, []string{"bucket", "b"}, ""},
		{``, []string{"bucket", "other"}, failed + `["eq", "$bucket", "other"]`},
		{`["eq", "$x-ignore-a", "1"]`, []string{"x-ignore-a", "2"}, failed + `["eq", "$x-ignore-a", "1"]`},
	} {
		doc := `{` + until + `, "conditions": [{"bucket": "b"}, ["starts-with", "$key", "foo"]` + strings.TrimSuffix(", "+tt.conditions, ", ") + `]}`
		f := read(t, append(append([]string{"key", "${filename}"}, tt.fields...), "policy", encode(doc), "file|foo.txt", "")...)
		p, err := f.Policy()
		if err != nil {
			t.Errorf("%s: %v", tt.conditions, err)
			continue
		}
		got := strings.TrimPrefix(say(p.Check(f, "b", now)), "AccessDenied: Invalid according to Policy: ")
		if got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.conditions, tt.fields, got, tt.want)
		}
	}
	f := read(t, "key", "foo", "policy", encode(`{`+until+`, "conditions": [{"key": "foo"}]}`), "file", "")
	p, err := f.Policy()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(f, "b", now); say(err) != "AccessDenied: Invalid according to Policy: Extra input fields: bucket" {
		t.Error(err)
	}
}

func TestLengths(t *testing.T) {
	for conditions, want := range map[string]Length{
		`["content-length-range", 1048576, 10485760]`:                                     {1048576, 10485760},
		`["Content-Length-Range", 0, 0]`:                                                  {0, 0},
		`["content-length-range", 5, 10], ["content-length-range", "7", "20"]`:            {7, 10},
		`["content-length-range", 10, 5]`:                                                 {10, 5},
		`["content-length-range", 0, 9223372036854775807], {"x": "content-length-range"}`: AnyLength,
	} {
		p, err := parsePolicy(encode(`{` + until + `, "conditions": [` + conditions + `]}`))
		if err != nil || p.Length() != want {
			t.Errorf("%s: %+v %v", conditions, p, err)
		}
	}
}

func TestBadPolicies(t *testing.T) {
	with := func(condition string) string { return `{` + until + `, "conditions": [` + condition + `]}` }
	for _, tt := range []struct{ doc, want string }{
		{"", "Invalid JSON."}, {"null", "Invalid JSON."}, {"[]", "Invalid JSON."}, {"{", "Invalid JSON."}, {with("") + "x", "Invalid JSON."}, {with(`["eq", "$a", "b"],`), "Invalid JSON."},
		{with("\"\xFF\""), "Invalid JSON."},
		{`{}`, "Policy missing expiration."}, {`{` + until + `}`, "Policy missing conditions."}, {`{"conditions": []}`, "Policy missing expiration."},
		{`{"EXPIRATION": "2015-12-30T12:00:00.000Z", "conditions": []}`, "Unexpected: 'expiration'"}, {`{` + until + `, "CONDITIONS": []}`, "Unexpected: 'conditions'"},
		{`{"Version": "2012-10-17", "Statement": []}`, "Unexpected: 'statement'"},
		{`{` + until + `, "conditions": {}}`, "Invalid 'conditions' value: must be a List."}, {`{` + until + `, "conditions": null}`, "Invalid 'conditions' value: must be a List."},
		{`{"expiration": 1, "conditions": []}`, "Invalid JSON."}, {`{"expiration": null, "conditions": []}`, "Invalid JSON."},
		{`{"expiration": "2011-09-13T07:52:58+02:00", "conditions": []}`, "Invalid 'expiration' value: '2011-09-13T07:52:58+02:00'"},
		{`{"expiration": "2015-10-17 03:15:59 UTC", "conditions": []}`, "Invalid 'expiration' value: '2015-10-17 03:15:59 UTC'"},
		{`{"expiration": "2015-13-17T03:15:59Z", "conditions": []}`, "Invalid 'expiration' value: '2015-13-17T03:15:59Z'"},
		{`{"expiration": "", "conditions": []}`, "Invalid 'expiration' value: ''"},
		{with(`{}`), "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."},
		{with(`{"bucket": "b", "acl": "c"}`), "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."},
		{with(`{"acl": "b", "acl": "c"}`), "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."},
		{with(`{"Content-Length": 6199034}`), "Invalid Simple-Condition: value must be a string."}, {with(`{"a": null}`), "Invalid JSON."}, {with(`{"a": true}`), "Invalid Simple-Condition: value must be a string."},
		{with(`"a"`), "Invalid Condition: must be a List or Object."}, {with(`null`), "Invalid Condition: must be a List or Object."},
		{with(`[]`), "Invalid Condition: missing operation identifier."}, {with(`[1, "$a", "b"]`), "Invalid JSON."}, {with(`["like", "$a", "b"]`), "Invalid Condition: unknown operation 'like'."},
		{with(`["eq", "$a"]`), "Invalid eq: wrong number of arguments."}, {with(`["starts-with", "$a", "b", "c"]`), "Invalid starts-with: wrong number of arguments."},
		{with(`["eq", "$a", 1]`), "Invalid JSON."}, {with(`["eq", 1, "a"]`), "Invalid JSON."},
		{with(`["content-length-range", 0]`), "Invalid content-length-range: wrong number of arguments."}, {with(`["content-length-range", -1, 0]`), "Invalid content-length-range: a length can not be negative."},
		{with(`["content-length-range", 0, 512.0]`), "Invalid JSON."}, {with(`["content-length-range", 0, 99999999999999999999]`), "Invalid JSON."}, {with(`["content-length-range", null, 1]`), "Invalid JSON."},
	} {
		_, err := parsePolicy(encode(tt.doc))
		if got := say(err); got != "InvalidPolicyDocument: Invalid Policy: "+tt.want {
			t.Errorf("%s: %s, want %s", tt.doc, got, tt.want)
		}
	}
	if _, err := parsePolicy("e30"); say(err) != "InvalidPolicyDocument: Invalid Policy: Invalid Base64 encoding." {
		t.Error(err)
	}
}

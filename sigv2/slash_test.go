package sigv2

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"testing"
)

// Most clients sign the path of a bucket with a slash behind it, whether they send one or not.
func TestPathOfABucket(t *testing.T) {
	const date = "Tue, 27 Mar 2007 19:36:42 +0000"
	sign := func(path string) string {
		mac := hmac.New(sha1.New, []byte(exampleSecret))
		mac.Write([]byte("PUT\n\n\n" + date + "\n" + path))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	for _, c := range []struct{ bucket, sent, signed, code string }{
		{"", "/box", "/box", ""},
		{"", "/box", "/box/", ""},
		{"", "/box?acl", "/box/?acl", ""},
		{"", "/box?acl", "/box?acl", ""},
		{"", "/box/", "/box/", ""},
		{"box", "/", "/box/", ""},
		{"", "/box/", "/box", "SignatureDoesNotMatch"},
		{"", "/box", "/box//", "SignatureDoesNotMatch"},
		{"", "/box", "/bo/", "SignatureDoesNotMatch"},
		{"", "/box?acl", "/box/", "SignatureDoesNotMatch"},
		{"", "/box/key", "/box/key/", "SignatureDoesNotMatch"}, // another object
		{"", "/box/key/", "/box/key", "SignatureDoesNotMatch"},
		{"box", "/key", "/box/key/", "SignatureDoesNotMatch"},
	} {
		r := wire(t, "PUT "+c.sent+" HTTP/1.1\nHost: s3.example\nDate: "+date+"\nAuthorization: AWS "+exampleKey+":"+sign(c.signed)+"\n\n")
		if got := attempt(at(t, date), r, c.bucket); got != c.code {
			t.Errorf("%s %s, signed %s: %q, want %q", c.bucket, c.sent, c.signed, got, c.code)
		}
	}
}

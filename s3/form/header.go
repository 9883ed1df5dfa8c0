package form

import (
	"net/http"
	"net/url"
	"strings"

	"myfsio/s3/wire"
)

// headers are the fields that stand for a header of another name or without x-amz-.
var headers = map[string]string{
	"content-type":             "Content-Type",
	"cache-control":            "Cache-Control",
	"content-disposition":      "Content-Disposition",
	"content-encoding":         "Content-Encoding",
	"content-language":         "Content-Language",
	"expires":                  "Expires",
	"content-md5":              "Content-Md5",
	"acl":                      "X-Amz-Acl",
	"x-amz-acl":                "X-Amz-Acl",
	"x-amz-checksum-algorithm": "X-Amz-Sdk-Checksum-Algorithm",
	"x-amz-storage-class":      "X-Amz-Storage-Class",

	"x-amz-website-redirect-location": "X-Amz-Website-Redirect-Location",
	"x-amz-expected-bucket-owner":     "X-Amz-Expected-Bucket-Owner",
}

// prefixes are the beginnings of further fields that stand for the header of their name.
var prefixes = []string{metaPrefix, "x-amz-checksum-", "x-amz-server-side-encryption", "x-amz-object-lock-", "x-amz-grant-"}

// Header returns the headers of the PutObject that the form stands for, by their canonical names. The tagging
// document is among them as X-Amz-Tagging. Fields that stand for no header are not.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
func (f *Form) Header() (http.Header, error) {
	h := http.Header{}
	for _, name := range f.names {
		header := headerOf(name)
		if header == "" || f.values[name] == "" && !strings.HasPrefix(name, metaPrefix) {
			continue
		}
		if !printable(f.values[name]) {
			return nil, wire.InvalidArgument(name, "", "The value has characters that no header can carry.")
		}
		if _, twice := h[header]; twice {
			return nil, wire.InvalidArgument(name, f.values[name], "The form says this twice, by two names.")
		}
		h[header] = []string{f.values[name]}
	}
	tags, err := f.tagging()
	if tags != "" {
		h["X-Amz-Tagging"] = []string{tags}
	}
	return h, err
}

func headerOf(name string) string {
	if header, ok := headers[name]; ok {
		return header
	}
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) && token(name) {
			return http.CanonicalHeaderKey(name)
		}
	}
	return ""
}

// token reports whether a name can be the name of a header.
func token(name string) bool {
	for i := 0; i < len(name); i++ {
		if name[i] <= ' ' || name[i] >= 0x7F || strings.IndexByte(`"(),/:;<=>?@[\]{}`, name[i]) >= 0 {
			return false
		}
	}
	return true
}

func printable(v string) bool {
	for i := 0; i < len(v); i++ {
		if v[i] < ' ' && v[i] != '\t' || v[i] == 0x7F {
			return false
		}
	}
	return true
}

// tagging turns the document in the field tagging into what the header for tags would say.
func (f *Form) tagging() (string, error) {
	doc := f.values["tagging"]
	if doc == "" {
		return "", nil
	}
	t, err := wire.ParseTaggingXML([]byte(doc))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, tag := range t.TagSet {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(tag.Key) + "=" + url.QueryEscape(tag.Value))
	}
	return b.String(), nil
}

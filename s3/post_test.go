package s3

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"myfsio/sigv4"
)

// form makes a form of the lines of an exchange, each a field and its value: "name: value". The file is
// "file: bytes" without a name, or "file NAME: bytes"; @size makes its bytes. The field policy is written in JSON, in which (until)
// stands for a time to come and (proof) for the conditions on the fields of the signature, which are added with @auth form
// and form-v2.
func (w *world) form(x *exchange, req *http.Request) ([]byte, error) {
	p := people[x.who]
	signer := sigv4.Signer{AccessKey: p[0], SecretKey: p[1], Region: "us-east-1"}
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	m.SetBoundary("----boundary")
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", m.FormDataContentType())
	}
	for line := range strings.Lines(w.vars.expand(x.body)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if !ok {
			return nil, fmt.Errorf("field %q", line)
		}
		name, file, isFile := strings.Cut(name, " ")
		switch {
		case isFile:
			part, _ := m.CreateFormFile(name, file)
			if x.size >= 0 {
				value = string(pattern(x.size))
			}
			part.Write([]byte(value))
		case name == "policy":
			fields := signPolicy(x.auth, signer, value)
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				m.WriteField(name, fields[name])
			}
		default:
			m.WriteField(name, value)
		}
	}
	m.Close()
	return b.Bytes(), nil
}

// signPolicy returns the field policy and those that prove it.
func signPolicy(how string, s sigv4.Signer, doc string) map[string]string {
	now := time.Now()
	doc = strings.ReplaceAll(doc, "(until)", now.Add(time.Hour).UTC().Format(time.RFC3339))
	proof := s.SignPolicy("", now)
	conditions := fmt.Sprintf(`{"x-amz-algorithm":%q},{"x-amz-credential":%q},{"x-amz-date":%q}`, proof["x-amz-algorithm"], proof["x-amz-credential"], proof["x-amz-date"])
	if how != "form" {
		conditions = `["starts-with","$x-ignore-proof",""]`
	}
	policy := base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(doc, "(proof)", conditions)))
	switch how {
	case "form":
		return s.SignPolicy(policy, now)
	case "form-v2":
		mac := hmac.New(sha1.New, []byte(s.SecretKey))
		mac.Write([]byte(policy))
		return map[string]string{"policy": policy, "AWSAccessKeyId": s.AccessKey, "signature": base64.StdEncoding.EncodeToString(mac.Sum(nil))}
	}
	return map[string]string{"policy": policy}
}

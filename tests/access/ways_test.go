package access

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"myfsio/sigv4"
)

// credentials prove somebody; the zero value is an anonymous request.
type credentials struct{ key, secret, token string }

// way is a way to prove oneself.
type way struct {
	name string
	form bool // in the fields of a form
	// make builds the request of a user.
	make func(q *request, c credentials) *http.Request
}

var (
	byHeader = way{"Signature V4", false, func(q *request, c credentials) *http.Request {
		r := q.http()
		signer(c).Sign(r, sigv4.PayloadHash([]byte(q.body)), time.Now())
		return r
	}}
	byURL = way{"presigned URL", false, func(q *request, c credentials) *http.Request {
		r := q.http()
		u, err := url.Parse(signer(c).Presign(r, time.Minute, time.Now()))
		if err != nil {
			panic(err)
		}
		r.URL, r.RequestURI = u, u.RequestURI()
		return r
	}}
	byPair = way{"header pair", false, func(q *request, c credentials) *http.Request {
		r := q.http()
		r.Header.Set("X-Access-Key", c.key)
		r.Header.Set("X-Secret-Key", c.secret)
		if c.token != "" {
			r.Header.Set("X-Session-Token", c.token)
		}
		return r
	}}
	byV2   = way{"Signature V2", false, signV2}
	byForm = way{"form, Signature V4", true, func(q *request, c credentials) *http.Request {
		return q.filled(signer(c).SignPolicy(q.formPolicy(c.token, "x-amz-algorithm", "x-amz-credential", "x-amz-date"), time.Now()))
	}}
	byFormV2 = way{"form, Signature V2", true, func(q *request, c credentials) *http.Request {
		doc := q.formPolicy(c.token)
		fields := map[string]string{"policy": doc, "AWSAccessKeyId": c.key, "signature": sumV2(c.secret, doc)}
		if c.token != "" {
			fields["x-amz-security-token"] = c.token
		}
		return q.filled(fields)
	}}
	anonymously = way{"anonymous", false, func(q *request, _ credentials) *http.Request { return q.http() }}

	// every is all ways of S3; the first is what the others are compared with.
	every = []way{byHeader, byURL, byPair, byV2, byForm, byFormV2}
)

func signer(c credentials) sigv4.Signer {
	return sigv4.Signer{AccessKey: c.key, SecretKey: c.secret, Token: c.token, Region: region}
}

// request is one request before it is signed.
type request struct {
	method, target string
	headers        []string // "Name: value"
	body           string
	fields         []string // "name: value", of a form upload, whose body is made of them
	bucket, key    string   // of the form
}

// http is the request without any proof.
func (q *request) http() *http.Request {
	if q.fields != nil && q.body == "" {
		return q.filled(nil)
	}
	r := httptest.NewRequest(q.method, "http://files.test"+q.target, strings.NewReader(q.body))
	if q.body == "" {
		r.Body = http.NoBody
	}
	for _, h := range q.headers {
		name, value, _ := strings.Cut(h, ": ")
		if value == "{md5}" {
			sum := md5.Sum([]byte(q.body))
			value = base64.StdEncoding.EncodeToString(sum[:])
		}
		r.Header.Set(name, value)
	}
	return r
}

// filled is a form upload with further fields.
func (q *request) filled(more map[string]string) *http.Request {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	m.SetBoundary("b0undary")
	for _, f := range q.fields {
		name, value, _ := strings.Cut(f, ": ")
		m.WriteField(name, value)
	}
	for name, value := range more {
		m.WriteField(name, value)
	}
	file, _ := m.CreateFormFile("file", "f") // nothing fails in memory
	file.Write([]byte("x"))
	m.Close()
	q.body = body.String()
	defer func() { q.body = "" }()
	r := q.http()
	r.Header.Set("Content-Type", m.FormDataContentType())
	return r
}

// settled is q with the body of its form in place, for ways that sign a body.
func (q request) settled() request {
	if q.fields != nil {
		r := q.filled(nil)
		var body bytes.Buffer
		body.ReadFrom(r.Body)
		q.body, q.headers = body.String(), append(slices.Clone(q.headers), "Content-Type: "+r.Header.Get("Content-Type"))
	}
	return q
}

// formPolicy is the policy document of a form, which allows any value in its fields.
func (q *request) formPolicy(token string, also ...string) string {
	conditions := []string{`{"bucket": "` + q.bucket + `"}`}
	for _, f := range q.fields {
		name, _, _ := strings.Cut(f, ": ")
		conditions = append(conditions, `["starts-with", "$`+name+`", ""]`)
	}
	for _, name := range also {
		conditions = append(conditions, `["starts-with", "$`+name+`", ""]`)
	}
	if token != "" {
		conditions = append(conditions, `["starts-with", "$x-amz-security-token", ""]`)
	}
	doc := `{"expiration": "` + time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z") + `", "conditions": [` + strings.Join(conditions, ", ") + `]}`
	return base64.StdEncoding.EncodeToString([]byte(doc))
}

// subV2 are the sub-resources that Signature V2 covers: it is older than the others.
var subV2 = strings.Fields(`accelerate acl analytics cors delete inventory lifecycle location logging metrics notification object-lock partNumber policy
	replication requestPayment restore select select-type tagging torrent uploadId uploads versionId versioning versions website`)

// steering are parameters that Signature V2 need not cover.
var steering = strings.Fields("list-type prefix x-id")

// coversV2 reports whether Signature V2 can sign a request.
func (q *request) coversV2() bool {
	_, query, _ := strings.Cut(q.target, "?")
	for p := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(p, "="); name != "" && !slices.Contains(subV2, name) && !slices.Contains(steering, name) {
			return false
		}
	}
	return true
}

// signV2 signs as https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html says.
func signV2(q *request, c credentials) *http.Request {
	r := q.http()
	r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if c.token != "" {
		r.Header.Set("X-Amz-Security-Token", c.token)
	}
	text := r.Method + "\n" + r.Header.Get("Content-Md5") + "\n" + r.Header.Get("Content-Type") + "\n" + r.Header.Get("Date") + "\n"
	var amz []string
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") {
			amz = append(amz, lower)
		}
	}
	slices.Sort(amz)
	for i, name := range amz {
		amz[i] = name + ":" + r.Header.Get(name) + "\n"
	}
	var sub []string
	for p := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if name, _, _ := strings.Cut(p, "="); slices.Contains(subV2, name) {
			plain, err := url.QueryUnescape(p)
			if err != nil {
				panic(err)
			}
			sub = append(sub, plain)
		}
	}
	slices.Sort(sub)
	text += strings.Join(amz, "") + r.URL.Path
	if len(sub) > 0 {
		text += "?" + strings.Join(sub, "&")
	}
	r.Header.Set("Authorization", "AWS "+c.key+":"+sumV2(c.secret, text))
	return r
}

func sumV2(secret, text string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

package form

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"myfsio/fault"
	"myfsio/s3/wire"
)

// build writes a form: pairs of names and values, and the file last. A name with a "|" is a name and a file name.
func build(t testing.TB, pairs ...string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.SetBoundary("9431149156168")
	for i := 0; i < len(pairs); i += 2 {
		name, file, isFile := strings.Cut(pairs[i], "|")
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"`, name)}}
		if isFile {
			h["Content-Disposition"][0] += fmt.Sprintf(`; filename="%s"`, file)
			h["Content-Type"] = []string{"image/jpeg"}
		}
		p, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(p, pairs[i+1])
	}
	w.Close()
	return w.FormDataContentType(), b.String()
}

func read(t testing.TB, pairs ...string) *Form {
	t.Helper()
	kind, body := build(t, pairs...)
	f, err := Read(kind, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// say writes an error as code, message and fields.
func say(err error) string {
	if err == nil {
		return ""
	}
	var fe *fault.Error
	if !errors.As(err, &fe) {
		return "no fault: " + err.Error()
	}
	code := fe.Code
	if code == "" {
		code = map[fault.Kind]string{fault.InvalidArgument: "InvalidArgument", fault.AccessDenied: "AccessDenied", fault.EntityTooLarge: "EntityTooLarge",
			fault.EntityTooSmall: "EntityTooSmall", fault.PreconditionFailed: "PreconditionFailed", fault.IncompleteBody: "IncompleteBody", fault.MalformedXML: "MalformedXML"}[fe.Kind]
	}
	out := code + ": " + fe.Msg
	var d *wire.Detail
	if errors.As(err, &d) {
		for _, f := range d.Fields {
			out += " " + f.Name + "=" + f.Value
		}
	}
	return out
}

// The order of https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html.
func TestRead(t *testing.T) {
	f := read(t, "KEY", "user/${filename}", "Content-Type", "image/jpeg", "x-amz-meta-Tag", "Ninja", "X-Amz-Meta-tag", "Stallman", "x-ignore-a", "1", "x-ignore-a", "2",
		"Policy", "${filename}", `FILE|C:\Program Files\directory1\file.txt`, "some bytes", "submit", "Upload", "key", "other")
	for name, want := range map[string]string{"key": "user/file.txt", "content-type": "image/jpeg", "x-amz-meta-tag": "Ninja,Stallman", "x-ignore-a": "1",
		"policy": "${filename}", "submit": "-"} {
		got, ok := f.Get(name)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if key, err := f.Key(); err != nil || key != "user/file.txt" {
		t.Error(key, err)
	}
	got, err := io.ReadAll(f.File(AnyLength))
	if err != nil || string(got) != "some bytes" {
		t.Errorf("%q %v", got, err)
	}
}

func TestFileNames(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{"file|a.txt", "p/a.txt"}, {"file|/home/me/a.txt", "p/a.txt"}, {"file|dir/", "p/"}, {"file|", "p/"}, {"file", "p/${filename}"}, {"file|é.pdf", "p/é.pdf"},
		{`file|a\\b.txt`, "p/b.txt"}, {"file|..", "p/.."},
	} {
		f := read(t, "key", "p/${filename}", tt.file, "x")
		if got, _ := f.Key(); got != tt.want {
			t.Errorf("%s: %q", tt.file, got)
		}
	}
}

func TestBadForms(t *testing.T) {
	const notMultipart = "PreconditionFailed: At least one of the pre-conditions you specified did not hold Condition=Bucket POST must be of the enclosure-type multipart/form-data"
	const malformed = "MalformedPOSTRequest: The body of your POST request is not well-formed multipart/form-data."
	const tooLong = "MaxPostPreDataLengthExceeded: Your POST request fields preceding the upload file were too large. MaxPostPreDataLengthBytes=20480"
	const noFile = "InvalidArgument: POST requires exactly one file upload per request. ArgumentName=file ArgumentValue=0"
	kind, body := build(t, "key", "k", "file|f", "data")
	form := func(pairs ...string) string { _, b := build(t, pairs...); return b }
	many := make([]string, 0, 2*MaxCount+4)
	for i := range MaxCount + 1 {
		many = append(many, fmt.Sprint("x-ignore-", i), "")
	}
	for _, tt := range []struct{ name, kind, body, want string }{
		{"good", kind, body, ""},
		{"good, quoted boundary", `Multipart/Form-Data; boundary="9431149156168"`, body, ""},
		{"good, preamble", kind, "ignored\r\n" + body, ""},
		{"html", "text/html", body, notMultipart}, {"none", "", body, notMultipart}, {"mixed", "multipart/mixed; boundary=a", body, notMultipart},
		{"no boundary", "multipart/form-data", body, malformed}, {"bad", "multipart/form-data; boundary", body, malformed},
		{"long boundary", "multipart/form-data; boundary=" + strings.Repeat("a", 71), body, malformed},
		{"empty", kind, "", malformed}, {"no part", kind, "--9431149156168--\r\n", noFile}, {"other", kind, "x", malformed},
		{"no file", kind, form("key", "k"), noFile},
		{"file by another name", kind, form("key", "k", "upload|f", "data"), noFile},
		{"truncated field", kind, body[:90], malformed},
		{"large field", kind, form("key", strings.Repeat("k", MaxFields), "file|f", ""), tooLong},
		{"endless field", kind, "--9431149156168\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n" + strings.Repeat("k", 1<<20), tooLong},
		{"endless header", kind, "--9431149156168\r\nA: " + strings.Repeat("k", 1<<20), tooLong},
		{"endless preamble", kind, strings.Repeat("k\r\n", 1<<20), tooLong},
		{"many fields", kind, form(append(many, "file|f", "")...), tooLong},
		{"twice", kind, form("key", "a", "Key", "b", "file|f", ""), "InvalidArgument: The form has more than one field of this name. ArgumentName=key ArgumentValue="},
		{"not UTF-8", kind, form("key", "a\xFF", "file|f", ""), malformed},
		{"long name", kind, form("key", "a", "file|"+strings.Repeat("f", 1025), ""), "InvalidArgument: The name of the file is too long or is not UTF-8. ArgumentName=filename ArgumentValue="},
		{"blow-up", kind, form("key", strings.Repeat("${filename}", 1000), "file|"+strings.Repeat("f", 1000), ""), tooLong},
	} {
		_, err := Read(tt.kind, strings.NewReader(tt.body))
		if got := say(err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	broken := &fault.Error{Kind: fault.IncompleteBody, Msg: "gone"}
	_, err := Read(kind, io.MultiReader(strings.NewReader(body[:90]), failing{broken}))
	if say(err) != "IncompleteBody: gone" {
		t.Error(err)
	}
	f := read(t, "Content-Type", "a", "file", "")
	if _, err := f.Key(); say(err) != "InvalidArgument: Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields. ArgumentName=key ArgumentValue=" {
		t.Error(say(err))
	}
	f.SetDefault("key", "")
	f.SetDefault("content-type", "b")
	if _, err := f.Key(); say(err) != "InvalidArgument: User key must have a length greater than 0. ArgumentName=key ArgumentValue=" {
		t.Error(say(err))
	}
	if v, _ := f.Get("content-type"); v != "a" {
		t.Error(v)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// content-length-range as in https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html; both
// ends belong to it.
func TestFile(t *testing.T) {
	big := strings.Repeat("0123456789abcdef\r\n--943", 10000)
	for _, tt := range []struct {
		data  string
		limit Length
		after []string
		want  string
	}{
		{"", AnyLength, nil, ""}, {big, AnyLength, nil, ""},
		{"12345", Length{5, 10}, nil, ""}, {"1234567890", Length{5, 10}, nil, ""},
		{"1", Length{5, 10}, nil, "EntityTooSmall: Your proposed upload is smaller than the minimum allowed size ProposedSize=1 MinSizeAllowed=5"},
		{"123456789012", Length{5, 10}, nil, "EntityTooLarge: Your proposed upload exceeds the maximum allowed size MaxSizeAllowed=10"},
		{big, Length{0, 10}, nil, "EntityTooLarge: Your proposed upload exceeds the maximum allowed size MaxSizeAllowed=10"},
		{"", Length{0, 0}, nil, ""}, {"1", Length{0, 0}, nil, "EntityTooLarge: Your proposed upload exceeds the maximum allowed size MaxSizeAllowed=0"},
		{"1", AnyLength, []string{"submit", "Upload", "policy", "x"}, ""},
		{"1", AnyLength, []string{"submit", big}, ""},
		{"1", AnyLength, []string{"submit", big, "x", big, "y", big, "z", big, "a", big, "b", big}, "MaxPostPreDataLengthExceeded: Your POST request fields preceding the upload file were too large. MaxPostPreDataLengthBytes=20480"},
		{"1", AnyLength, []string{"submit", "Upload", "file|b", "x"}, "InvalidArgument: POST requires exactly one file upload per request. ArgumentName=file ArgumentValue=2"},
	} {
		f := read(t, append([]string{"key", "k", "file|f", tt.data}, tt.after...)...)
		r := f.File(tt.limit)
		got, err := io.ReadAll(r)
		if say(err) != tt.want || err == nil && string(got) != tt.data {
			t.Errorf("%.20q %v: %d bytes, %s", tt.data, tt.limit, len(got), say(err))
		}
		if n, again := r.Read(make([]byte, 1)); n != 0 || err == nil && again != io.EOF || err != nil && again != err {
			t.Errorf("%.20q: then %d %v", tt.data, n, again)
		}
	}
	kind, body := build(t, "key", "k", "file|f", "1")
	f, err := Read(kind, io.MultiReader(strings.NewReader(body+"epilogue"), failing{&fault.Error{Kind: fault.IncompleteBody, Msg: "wrong hash"}}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(f.File(AnyLength)); say(err) != "IncompleteBody: wrong hash" {
		t.Error(err)
	}
	kind, body = build(t, "key", "k", "file|f", big)
	for _, cut := range []int{1, 2, 3, 17, 19, 1000, len(big) / 2} {
		f, err := Read(kind, strings.NewReader(body[:len(body)-cut]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(f.File(AnyLength)); (cut == 2) != (err == nil) || err != nil && !strings.HasPrefix(say(err), "MalformedPOSTRequest") {
			t.Errorf("%d bytes short: %v", cut, err)
		}
	}
}

// The fields of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html.
func TestHeader(t *testing.T) {
	f := read(t, "key", "k", "acl", "public-read", "Content-Type", "text/plain; charset=utf-8", "Expires", "x", "X-Amz-Meta-TEST-2", "", "x-amz-meta-f", "${filename}",
		"x-amz-server-side-encryption", "AES256", "x-amz-checksum-algorithm", "CRC32", "x-amz-checksum-crc32", "AAAAAA==", "x-amz-storage-class", "STANDARD_IA",
		"x-amz-copy-source", "b/k", "x-amz-decoded-content-length", "1", "authorization", "x", "content-length", "9", "x-amz-date", "20151229T000000Z", "x-amz-meta-a b", "x",
		"tagging", `<Tagging><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag><Tag><Key>c</Key><Value></Value></Tag></TagSet></Tagging>`, "file|n", "")
	h, err := f.Header()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	h.Write(&b)
	if got, want := strings.ReplaceAll(b.String(), "\r\n", "\n"), `Content-Type: text/plain; charset=utf-8
Expires: x
X-Amz-Acl: public-read
X-Amz-Checksum-Crc32: AAAAAA==
X-Amz-Meta-F: n
X-Amz-Meta-Test-2: 
X-Amz-Sdk-Checksum-Algorithm: CRC32
X-Amz-Server-Side-Encryption: AES256
X-Amz-Storage-Class: STANDARD_IA
X-Amz-Tagging: a+b=1%262&c=
`; got != want {
		t.Errorf("%s", got)
	}
	for _, pairs := range [][]string{{"content-type", "a\r\nSet-Cookie: x"}, {"x-amz-meta-a", "a\x00"}, {"tagging", "not-xml"}, {"tagging", "<a/>"}, {"acl", "private", "x-amz-acl", "public-read"}} {
		if _, err := read(t, append(pairs, "file|f", "")...).Header(); err == nil {
			t.Errorf("%q is taken", pairs)
		}
	}
}

func TestAnswers(t *testing.T) {
	for status, want := range map[string]int{"200": 200, "201": 201, "204": 204, "404": 204, "": 204} {
		if got := read(t, "success_action_status", status, "file|f", "").Status(); got != want {
			t.Errorf("%s: %d", status, got)
		}
	}
}

func TestRedirect(t *testing.T) {
	const refused = "InvalidArgument"
	for _, tt := range []struct {
		hosts    []string
		raw      string
		location string // "" for none
	}{
		{nil, "http://store:5000/done.html", "http://store:5000/done.html?bucket=b&key=a%2Fb+c&etag=%22e%22"},
		{nil, "https://STORE:5000/done?x=1 2&y#part", "https://STORE:5000/done?x=1%202&y&bucket=b&key=a%2Fb+c&etag=%22e%22#part"},
		{nil, "/wrong/redirect/relative", ""}, {nil, "javascript:alert(1)", ""}, {nil, "//evil.org/", ""}, {nil, "http:evil.org", ""}, {nil, "", ""}, {nil, "http://a b/", ""},
		{nil, "https://example.org\r\nX: y", ""}, {nil, `http://store:5000\@evil.org/`, ""},
		{nil, "http://store/", refused}, {nil, "http://evil.org/", refused}, {nil, "http://store:5000@evil.org/", refused}, {nil, "http://u@store:5000/", refused},
		{nil, "http://store:5000.evil.org/", ""}, {nil, "http://evil.org/?http://store:5000/", refused}, {nil, "http://evil.org#store:5000", refused},
		{[]string{"Example.com", "b.org:8080"}, "https://example.com:443/", "https://example.com:443/?bucket=b&key=a%2Fb+c&etag=%22e%22"},
		{[]string{"example.com"}, "http://example.com/", "http://example.com/?bucket=b&key=a%2Fb+c&etag=%22e%22"},
		{[]string{"example.com"}, "http://example.com:443/", refused}, {[]string{"example.com"}, "http://store:5000/", refused}, {[]string{"example.com"}, "http://example.com.evil.org/", refused},
		{[]string{"example.com"}, "http://evilexample.com/", refused}, {[]string{"b.org:8080"}, "http://b.org/", refused}, {[]string{""}, "http:///x", ""},
	} {
		for _, name := range []string{"success_action_redirect", "redirect"} {
			r, err := read(t, name, tt.raw, "file|f", "").Redirect(tt.hosts, "store:5000")
			got := ""
			switch {
			case err != nil:
				got = refused
			case r != nil:
				got = r.Location("b", "a/b c", "e")
			}
			if got != tt.location {
				t.Errorf("%v %q: %q %v", tt.hosts, tt.raw, got, err)
			}
		}
	}
	r, err := read(t, "redirect", "http://evil.org", "success_action_redirect", "http://store:5000/", "file|f", "").Redirect(nil, "store:5000")
	if err != nil || r == nil {
		t.Error(err)
	}
}

// BenchmarkFile reads the file of a form.
func BenchmarkFile(b *testing.B) {
	kind, body := build(b, "key", "k", "file|f", strings.Repeat("0123456789abcde\n", 1<<20))
	buf := make([]byte, 256<<10)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		f, err := Read(kind, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		for r := f.File(AnyLength); err == nil; {
			_, err = r.Read(buf)
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}

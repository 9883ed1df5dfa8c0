package form

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzRead: a form gives the same whole or byte by byte; its fields stay within their bound; its headers carry no
// line ends, and a redirect leads to the one host that is allowed.
func FuzzRead(f *testing.F) {
	for _, pairs := range [][]string{
		{"key", "a/${filename}", "acl", "private", "success_action_redirect", "http://h/?x", "tagging", "<Tagging><TagSet/></Tagging>", "file|f", "data", "submit", "x"},
		{"policy", "e30=", "x-amz-meta-a", "1", "x-amz-meta-a", "2", "file", "data", "file", "2"},
	} {
		_, body := build(f, pairs...)
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const kind = "multipart/form-data; boundary=9431149156168"
		one, err := Read(kind, bytes.NewReader(body))
		two, err2 := Read(kind, iotest.OneByteReader(bytes.NewReader(body)))
		if (err == nil) != (err2 == nil) {
			t.Fatal(err, err2)
		}
		if err != nil {
			if strings.HasPrefix(say(err), "no fault") {
				t.Fatal(err)
			}
			return
		}
		total := 0
		for _, name := range one.names {
			total += len(name) + len(one.values[name])
			if one.values[name] != two.values[name] || name != strings.ToLower(name) {
				t.Fatalf("%q", name)
			}
		}
		if total > 3*MaxFields {
			t.Fatal(total)
		}
		data, err := io.ReadAll(one.File(AnyLength))
		data2, err2 := io.ReadAll(two.File(AnyLength))
		if !bytes.Equal(data, data2) || say(err) != say(err2) || !bytes.Contains(body, data) {
			t.Fatalf("%q %v, %q %v", data, err, data2, err2)
		}
		if h, err := one.Header(); err == nil {
			for _, v := range h {
				if strings.ContainsAny(v[0], "\r\n\x00") {
					t.Fatalf("%q", h)
				}
			}
		}
		if r, _ := one.Redirect(nil, "h"); r != nil {
			loc := r.Location("b", "k\r\n", "e")
			if rest, ok := strings.CutPrefix(strings.ToLower(loc), "http://h"); !ok {
				if rest, ok = strings.CutPrefix(strings.ToLower(loc), "https://h"); !ok || rest == "" || !strings.ContainsRune("/?:", rune(rest[0])) {
					t.Fatal(loc)
				}
			} else if rest == "" || !strings.ContainsRune("/?:", rune(rest[0])) {
				t.Fatal(loc)
			}
			if strings.ContainsAny(loc, "\r\n ") {
				t.Fatalf("%q", loc)
			}
		}
		if p, err := one.Policy(); err == nil {
			p.Check(one, "b", now)
		}
	})
}

// FuzzPolicy: no document makes the parser panic, and what it accepts never lets a field pass that it does not name.
func FuzzPolicy(f *testing.F) {
	f.Add(`{` + until + `, "conditions": [{"bucket": "b"}, ["starts-with", "$key", "foo"], ["content-length-range", 0, "9"], ["eq", "$acl", "\$\v"]]}`)
	f.Add(`{"expiration": "x", "conditions": [[], {}, 1]}`)
	f.Fuzz(func(t *testing.T, doc string) {
		p, err := parsePolicy(encode(doc))
		if err != nil {
			if !strings.HasPrefix(say(err), "InvalidPolicyDocument: ") {
				t.Fatal(err)
			}
			return
		}
		form := &Form{names: []string{"key", "x-amz-meta-unnamed"}, values: map[string]string{"key": "foo", "x-amz-meta-unnamed": "1"}}
		named := strings.Contains(strings.ToLower(string(unescape([]byte(doc)))), "x-amz-meta-unnamed") || strings.Contains(doc, `\`)
		if p.Check(form, "b", now) == nil && !named {
			t.Fatal(doc)
		}
	})
}

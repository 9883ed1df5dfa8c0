package load

import (
	"strings"
	"testing"
	"time"
)

// The examples of "Authenticating Requests: Using the Authorization Header (AWS
// Signature Version 4)", transfer of a payload in a single chunk.
func TestSignerExamples(t *testing.T) {
	cred := Credentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	at := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name, signed, signature string
		req                     Request
	}{
		{
			"get object", "host;range;x-amz-content-sha256;x-amz-date",
			"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
			Request{Method: "GET", Path: "/test.txt", Headers: []Header{{"range", "bytes=0-9"}}},
		},
		{
			"put object", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
			"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
			Request{
				Method: "PUT", Path: "/test%24file.text", Payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
				Headers: []Header{{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
			},
		},
		{
			"get bucket lifecycle", "host;x-amz-content-sha256;x-amz-date",
			"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
			Request{Method: "GET", Path: "/", Query: "lifecycle="},
		},
		{
			"list objects", "host;x-amz-content-sha256;x-amz-date",
			"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
			Request{Method: "GET", Path: "/", Query: "max-keys=2&prefix=J"},
		},
	}
	s := NewSigner(cred, "us-east-1", "examplebucket.s3.amazonaws.com") // one for all: its scratch space must not leak
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines := string(s.Append(nil, &tt.req, at))
			want := "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=" +
				tt.signed + ", Signature=" + tt.signature + "\r\n"
			if !strings.HasSuffix(lines, want) {
				t.Errorf("got  %q\nwant %q", lines, want)
			}
			if !strings.HasPrefix(lines, "x-amz-date: 20130524T000000Z\r\nx-amz-content-sha256: ") {
				t.Errorf("got %q", lines)
			}
		})
	}
}

func TestSignerNewDay(t *testing.T) {
	s := NewSigner(Credentials{"a", "b"}, "us-east-1", "h")
	r := &Request{Method: "GET", Path: "/"}
	day := time.Date(2026, 1, 1, 23, 59, 59, 0, time.UTC)
	s.Append(nil, r, day)
	got := string(s.Append(nil, r, day.Add(time.Second)))
	want := string(NewSigner(Credentials{"a", "b"}, "us-east-1", "h").Append(nil, r, day.Add(time.Second)))
	if got != want || !strings.Contains(got, "/20260102/") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNewTargetLoopbackOnly(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:9000":   "127.0.0.1:9000",
		"http://127.9.9.9:1/":     "127.9.9.9:1",
		"http://localhost:80":     "127.0.0.1:80",
		"http://[::1]:7":          "[::1]:7",
		"http://10.0.0.1:9000":    "",
		"http://192.168.1.1":      "",
		"http://0.0.0.0:9000":     "",
		"http://example.com":      "",
		"http://127.0.0.1.nip.io": "",
		"https://127.0.0.1:9000":  "",
		"http://127.0.0.1:1/path": "",
		"127.0.0.1:9000":          "",
		"":                        "",
	} {
		got := ""
		if target, err := NewTarget(endpoint, "", Credentials{}); err == nil {
			got = target.Addr
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", endpoint, got, want)
		}
	}
}

func TestEscape(t *testing.T) {
	if got, want := escape("a/b c+=~é"), "a%2Fb%20c%2B%3D~%C3%A9"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

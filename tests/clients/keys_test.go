package clients

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"myfsio/tests/signed"
)

// oddKey is a legal key that some file system, URL or XML library would rather not see.
type oddKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// oddKeys is the table that every client goes through.
var oddKeys = []oddKey{
	{"space", "a b"}, {"leading space", " a"}, {"trailing space", "a "}, {"two spaces", "a  b"},
	{"plus", "a+b"}, {"percent", "a%b"}, {"percent at end", "a%"}, {"escaped slash literal", "a%2Fb"}, {"escaped space literal", "a%20b"},
	{"ampersand", "a&b"}, {"question mark", "a?b=c"}, {"hash", "a#b"}, {"equals", "a=b"}, {"semicolon", "a;b"}, {"colon", "a:b"},
	{"single quote", "a'b"}, {"double quote", `a"b`}, {"less and greater", "a<b>c"}, {"backslash", `a\b`}, {"pipe", "a|b"},
	{"brackets", "a[b]{c}(d)"}, {"at comma dollar", "a@b,c$d!e*f"}, {"tilde caret backtick", "a~b^c`d"},
	{"umlaut NFC", "\u00e4"}, {"umlaut NFD", "a\u0308"}, {"kanji", "\u6f22\u5b57/\u304b\u306a"}, {"emoji", "\U0001f4a5/\U0001f468\u200d\U0001f469"},
	{"double slash", "a//b"}, {"trailing slash", "dir/"}, {"leading slash", "/lead"}, {"two leading slashes", "//lead"}, {"only slash", "/"},
	{"dot", "."}, {"dot dot", ".."}, {"parent", "../x"}, {"dot inside", "a/./b"}, {"dot dot inside", "a/../b"}, {"trailing dot", "a/."},
	{"prefix of another", "p"}, {"below the prefix", "p/q"}, {"below and slash", "p/"},
	{"system directory", ".myfsio.sys/config/iam.json"}, {"longest", strings.Repeat("k", 1024)}, {"long segment", "d/" + strings.Repeat("s", 300)},
	{"deep", strings.Repeat("d/", 400) + "x"}, {"control", "a\x01b"}, {"tab and newline", "a\tb\nc"}, {"carriage return", "a\rb"}, {"delete character", "a\x7fb"},
	{"upper case", "CaSe"}, {"lower case", "case"}, {"device name", "NUL"}, {"sub-resource name", "uploads"}, {"not a character", "a\ufffeb"},
}

// keysFile writes the table for the client scripts.
func keysFile(t *testing.T) string {
	t.Helper()
	b, err := json.Marshal(oddKeys)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(t.TempDir(), "keys.json"), b)
}

// TestKeys sends every odd key through every operation that names one, byte by byte as it is.
func TestKeys(t *testing.T) {
	t.Parallel()
	s := server(t)
	const bucket = "raw-keys"
	s.ask(t, signed.Request{Method: "PUT", Bucket: bucket})
	for _, k := range oddKeys {
		s.ask(t, signed.Request{Method: "PUT", Bucket: bucket, Key: k.Key, Body: []byte(k.Name)})
	}
	var want []string
	for _, k := range oddKeys {
		want = append(want, k.Key)
	}
	slices.Sort(want)
	if got := listed(t, s, bucket); !slices.Equal(got, want) {
		t.Errorf("listed %q\nwant %q", got, want)
	}
	for _, k := range oddKeys {
		t.Run(k.Name, func(t *testing.T) { roundTrip(t, s, bucket, k) })
	}
	if got := listed(t, s, bucket); len(got) != 0 {
		t.Errorf("left over: %q", got)
	}
	s.ask(t, signed.Request{Method: "DELETE", Bucket: bucket})
}

// roundTrip reads, copies onto itself, and deletes an object whose body is the name of its key.
func roundTrip(t *testing.T, s *target, bucket string, k oddKey) {
	get := func() {
		t.Helper()
		if got := s.ask(t, signed.Request{Method: "GET", Bucket: bucket, Key: k.Key}); string(got.Body) != k.Name {
			t.Errorf("got %q", got.Body)
		}
	}
	get()
	if got := s.ask(t, signed.Request{Method: "HEAD", Bucket: bucket, Key: k.Key}); got.Header.Get("ETag") == "" {
		t.Error("HEAD without an ETag")
	}
	tag := []byte(`<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>`)
	s.ask(t, signed.Request{Method: "PUT", Bucket: bucket, Key: k.Key, Query: url.Values{"tagging": {""}}, Body: tag})
	copied := signed.Request{Method: "PUT", Bucket: bucket, Key: k.Key, Header: map[string][]string{
		"X-Amz-Copy-Source":        {"/" + bucket + "/" + signed.Escape(k.Key)},
		"X-Amz-Metadata-Directive": {"REPLACE"}, "X-Amz-Meta-Copied": {"yes"},
	}}
	s.ask(t, copied)
	if got := s.ask(t, signed.Request{Method: "HEAD", Bucket: bucket, Key: k.Key}); got.Header.Get("X-Amz-Meta-Copied") != "yes" {
		t.Error("the copy's metadata is missing")
	}
	get()
	s.ask(t, signed.Request{Method: "DELETE", Bucket: bucket, Key: k.Key})
	_, err := s.raw().Do(t.Context(), signed.Request{Method: "GET", Bucket: bucket, Key: k.Key})
	if fail, ok := err.(*signed.Error); !ok || fail.Code != "NoSuchKey" {
		t.Errorf("after the deletion: %v", err)
	}
}

// listed returns all keys of a bucket, five at a time.
func listed(t *testing.T, s *target, bucket string) []string {
	t.Helper()
	var keys []string
	q := url.Values{"list-type": {"2"}, "max-keys": {"5"}, "encoding-type": {"url"}}
	for range 1000 {
		got := s.ask(t, signed.Request{Method: "GET", Bucket: bucket, Query: q})
		var page struct {
			Contents              []struct{ Key string }
			IsTruncated           bool
			NextContinuationToken string
		}
		if err := xml.NewDecoder(bytes.NewReader(got.Body)).Decode(&page); err != nil {
			t.Fatalf("%v in %s", err, got.Body)
		}
		for _, c := range page.Contents {
			key, err := url.QueryUnescape(c.Key)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
		if !page.IsTruncated {
			return keys
		}
		q.Set("continuation-token", page.NextContinuationToken)
	}
	t.Fatal("the listing does not end")
	return nil
}

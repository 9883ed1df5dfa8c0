package s3

import (
	"strings"
	"testing"
)

// TestPoisonedAnswers: nobody is given the bytes of an object that rotted, by any way; it is listed, and can be replaced and deleted.
func TestPoisonedAnswers(t *testing.T) {
	w := newWorld(t, memory, nil)
	w.must("admin", "PUT", "/box", "", 200)
	w.must("admin", "PUT", "/box/k", "precious", 200)
	v, err := w.store.Describe(t.Context(), "box", "k", "")
	if err == nil {
		err = w.store.Poison(t.Context(), v.Examined())
	}
	if err != nil {
		t.Fatal(err)
	}
	id := between(w.must("admin", "POST", "/box/up?uploads", "", 200), "<UploadId>", "</UploadId>")
	for _, ask := range [][]string{
		{"GET", "/box/k"}, {"GET", "/box/k", "Range: bytes=0-1"}, {"GET", "/box/k?partNumber=1"}, {"HEAD", "/box/k"},
		{"GET", "/box/k?attributes", "x-amz-object-attributes: ETag"},
		{"PUT", "/box/copy", "x-amz-copy-source: /box/k"},
		{"PUT", "/box/k", "x-amz-copy-source: /box/k", "x-amz-metadata-directive: REPLACE"},
		{"PUT", "/box/up?partNumber=1&uploadId=" + id, "x-amz-copy-source: /box/k"},
	} {
		status, text := w.send("admin", ask[0], ask[1], "", ask[2:]...)
		if status != 500 || strings.Contains(text, "precious") || ask[0] != "HEAD" && !strings.Contains(text, "<Code>InternalError</Code>") {
			t.Errorf("%v: %d %s", ask, status, text)
		}
	}
	if text := w.must("admin", "GET", "/box?list-type=2", "", 200); !strings.Contains(text, "<Key>k</Key>") {
		t.Error(text)
	}
	w.must("admin", "GET", "/box/k?tagging", "", 200)
	w.must("admin", "PUT", "/box/k", "new", 200)
	if text := w.must("admin", "GET", "/box/k", "", 200); text != "new" {
		t.Error(text)
	}
	w.must("admin", "DELETE", "/box/k", "", 204)
}

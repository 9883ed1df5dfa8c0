package gz

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAccepts(t *testing.T) {
	for v, want := range map[string]bool{
		"gzip": true, "deflate, gzip": true, "gzip;q=0": false, "gzip; q=0.5": true, "identity": false, "": false, "*": true, "br": false, "GZIP": true, "gzip;q=x": false,
	} {
		if got := accepts([]string{v}); got != want {
			t.Errorf("%q: %v, want %v", v, got, want)
		}
	}
}

func TestHandler(t *testing.T) {
	long := strings.Repeat("listing ", 200)
	for _, c := range []struct {
		name, accept, body string
		document, zipped   bool
	}{
		{"document", "gzip", long, true, true},
		{"short document", "gzip", "short", true, false},
		{"object", "gzip", long, false, false},
		{"client without gzip", "identity", long, true, false},
	} {
		h := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.document {
				Document(w)
			}
			if len(c.body) < minSize {
				w.Header().Set("Content-Length", "5")
			}
			io.Copy(w, strings.NewReader(c.body))
		}))
		req := httptest.NewRequest("GET", "/", nil)
		req.Header.Set("Accept-Encoding", c.accept)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		var body io.Reader = rec.Body
		zipped := rec.Header().Get("Content-Encoding") == "gzip"
		if zipped != c.zipped {
			t.Errorf("%s: compressed %v, want %v", c.name, zipped, c.zipped)
		}
		if zipped {
			var err error
			if body, err = gzip.NewReader(rec.Body); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != c.body {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
}

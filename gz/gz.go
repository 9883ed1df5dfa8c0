// Package gz compresses the text documents a server answers with (listings, JSON) for clients that accept it. The bytes
// of objects are never touched: only an answer that its handler declares a document is compressed.
package gz

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// minSize is the length, in bytes, from which a document is compressed.
const minSize = 500

// Documenter is what a handler looks for in its ResponseWriter: Document says that the answer to
// follow is a text document. It must be called before WriteHeader.
type Documenter interface{ Document() }

// Document declares the answer to w a document, where w cares.
func Document(w http.ResponseWriter) {
	if d, ok := w.(Documenter); ok {
		d.Document()
	}
}

// Handler compresses the documents that next answers with.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !accepts(r.Header["Accept-Encoding"]) {
			next.ServeHTTP(w, r)
			return
		}
		gw := &writer{ResponseWriter: w}
		defer gw.close()
		next.ServeHTTP(gw, r)
	})
}

// accepts reports whether the Accept-Encoding values allow gzip (RFC 9110 section 12.5.3).
func accepts(values []string) bool {
	for _, v := range values {
		for _, c := range strings.Split(v, ",") {
			name, params, _ := strings.Cut(strings.TrimSpace(c), ";")
			if n := strings.TrimSpace(name); !strings.EqualFold(n, "gzip") && n != "*" {
				continue
			}
			q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			f, err := strconv.ParseFloat(q, 64)
			return !ok || err == nil && f > 0
		}
	}
	return false
}

var pool = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

type writer struct {
	http.ResponseWriter
	document bool
	started  bool
	gz       *gzip.Writer
}

func (w *writer) Document() { w.document = true }

// Unwrap serves http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	if status >= 200 && !w.started {
		w.started = true
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) begin(status int) {
	h := w.Header()
	if !w.document || status == http.StatusNoContent || status == http.StatusNotModified || h.Get("Content-Encoding") != "" {
		return
	}
	h.Add("Vary", "Accept-Encoding")
	if n, err := strconv.Atoi(h.Get("Content-Length")); err == nil && n < minSize {
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	w.gz = pool.Get().(*gzip.Writer)
	w.gz.Reset(w.ResponseWriter)
}

func (w *writer) Write(p []byte) (int, error) {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	if w.gz != nil {
		return w.gz.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom leaves the way open for the kernel to send files.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	if w.gz != nil {
		return io.Copy(w.gz, r)
	}
	return io.Copy(w.ResponseWriter, r)
}

// Flush sends what was written so far.
func (w *writer) Flush() {
	if w.gz != nil {
		w.gz.Flush()
	}
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

func (w *writer) close() {
	if w.gz == nil {
		return
	}
	w.gz.Close() // an error means that the client is gone
	w.gz.Reset(nil)
	pool.Put(w.gz)
}

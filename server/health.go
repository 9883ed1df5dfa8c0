package server

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
)

// health answers /myfsio/health (the process is alive) and /myfsio/ready (it can serve requests).
type health struct {
	version  string
	draining atomic.Bool
	check    func() error               // of the metadata
	foreign  func(r *http.Request) bool // the path is a key of the bucket in the Host header; nil: never
	next     http.Handler
}

// ServeHTTP passes everything else on.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.foreign != nil && h.foreign(r) {
		h.next.ServeHTTP(w, r)
		return
	}
	switch r.URL.Path {
	case "/myfsio/health":
		h.answer(w, r, http.StatusOK, "ok")
	case "/myfsio/ready", "/myfsio/health/ready":
		switch {
		case h.draining.Load():
			h.answer(w, r, http.StatusServiceUnavailable, "draining")
		case h.check() != nil:
			h.answer(w, r, http.StatusServiceUnavailable, "metadata unavailable")
		default:
			h.answer(w, r, http.StatusOK, "ready")
		}
	default:
		h.next.ServeHTTP(w, r)
	}
}

func (h *health) answer(w http.ResponseWriter, r *http.Request, status int, word string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		status, word = http.StatusMethodNotAllowed, "method not allowed"
	}
	body, _ := json.Marshal(map[string]string{"status": word, "version": h.version}) // strings always marshal
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Server", "MyFSIO")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// Package terminal is where a server that a test runs writes its log.
package terminal

import (
	"regexp"
	"strings"
	"sync"
)

// Terminal keeps what a server says, and tells of its address. Its methods may be called at the same time.
type Terminal struct {
	mu   sync.Mutex
	text strings.Builder
	addr chan string
}

// New returns an empty Terminal, for one server after another.
func New() *Terminal { return &Terminal{addr: make(chan string, 1)} }

var addressOf = regexp.MustCompile(`msg="serving the S3 API" address=(\S+)`)

// Write implements io.Writer. A line is written in one piece.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m := addressOf.FindSubmatch(p); m != nil {
		t.addr <- string(m[1])
	}
	return t.text.Write(p)
}

// Addr gives the address of each server that begins to serve.
func (t *Terminal) Addr() <-chan string { return t.addr }

// String is all that was said.
func (t *Terminal) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

package worker

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"myfsio/query"
)

// server is the other end of the pipes.
type server struct {
	in   *bufio.Reader
	send sync.Mutex // out
	out  io.Writer
	ask  sync.Mutex // one question at a time
	want chan []byte
	got  chan error
}

// connect reads the query, and listens from then on. When the server goes away the process ends.
func connect(in io.Reader, out io.Writer) (*server, *query.Query, error) {
	s := &server{in: bufio.NewReaderSize(in, 64<<10), out: out, want: make(chan []byte, 1), got: make(chan error)}
	kind, payload, err := query.ReadFrame(s.in, nil)
	if err != nil {
		return nil, nil, err
	}
	q := new(query.Query)
	if err := json.Unmarshal(payload, q); err != nil || kind != query.Ask {
		return nil, nil, fmt.Errorf("no query: %w", err)
	}
	go s.listen()
	return s, q, nil
}

// listen takes the answers.
func (s *server) listen() {
	for {
		if _, err := s.in.Peek(1); err != nil {
			os.Exit(1)
		}
		p := <-s.want
		kind, b, err := query.ReadFrame(s.in, p[:0:len(p)])
		if err == nil && (kind != query.Bytes || len(b) != len(p)) {
			err = errors.New("not the bytes that were asked for")
		}
		s.got <- err
	}
}

// frame sends one message.
func (s *server) frame(k query.Kind, payload []byte) error {
	s.send.Lock()
	defer s.send.Unlock()
	return query.WriteFrame(s.out, k, payload)
}

// sourceError is a failure to read the object.
type sourceError struct{ err error }

// Error implements error.
func (e *sourceError) Error() string { return "read: " + e.err.Error() }

// ReadAt implements io.ReaderAt over the object.
func (s *server) ReadAt(p []byte, off int64) (n int, err error) {
	s.ask.Lock()
	defer s.ask.Unlock()
	for n < len(p) {
		piece := p[n:min(len(p), n+query.MaxRead)]
		var ask [12]byte
		binary.BigEndian.PutUint64(ask[:], uint64(off)+uint64(n))
		binary.BigEndian.PutUint32(ask[8:], uint32(len(piece)))
		s.want <- piece
		if err := s.frame(query.Read, ask[:]); err != nil {
			return n, &sourceError{err}
		}
		if err := <-s.got; err != nil {
			return n, &sourceError{err}
		}
		n += len(piece)
	}
	return n, nil
}

// bounded is the object: reads behind its end give io.EOF.
type bounded struct {
	s    *server
	size int64
}

// ReadAt implements io.ReaderAt.
func (b bounded) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= b.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > b.size-off
	if short {
		p = p[:b.size-off]
	}
	n, err := b.s.ReadAt(p, off)
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

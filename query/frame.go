package query

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"myfsio/fault"
)

// A Kind is the first byte of a message between server and worker; four bytes of length follow, big-endian, and
// that many bytes.
type Kind byte

// The messages.
const (
	Ask      Kind = 'Q' // to the worker: the Query in JSON, first and once
	Bytes    Kind = 'B' // to the worker: what Read asked for
	Read     Kind = 'R' // from the worker: offset (8 bytes) and number of bytes (4), at most MaxRead
	Records  Kind = 'D' // from the worker: a piece of the result
	Progress Kind = 'P' // from the worker: Stats
	Failed   Kind = 'E' // from the worker: a Failure in JSON, last
	End      Kind = 'Z' // from the worker: Stats, last
)

// Bounds of messages in bytes.
const (
	MaxRead  = 1 << 20
	maxFrame = 2 << 20
)

// Failure is an error on its way from the worker.
type Failure struct {
	Code    string // of S3 Select; "" for a fault of the worker
	Message string
}

// WriteFrame writes one message.
func WriteFrame(w io.Writer, k Kind, payload []byte) error {
	var head [5]byte
	head[0] = byte(k)
	binary.BigEndian.PutUint32(head[1:], uint32(len(payload)))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

// ReadFrame reads one message into buf, or a larger buffer when it does not fit.
func ReadFrame(r *bufio.Reader, buf []byte) (Kind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("query: message of %d bytes", n)
	}
	if int(n) > cap(buf) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return 0, nil, err
	}
	return Kind(head[0]), buf, nil
}

// Append writes the three numbers of s.
func (s Stats) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(s.Scanned))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Processed))
	return binary.BigEndian.AppendUint64(b, uint64(s.Returned))
}

func parseStats(b []byte) (Stats, error) {
	if len(b) != 24 {
		return Stats{}, errors.New("query: malformed statistics")
	}
	n := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[i:])) }
	return Stats{n(0), n(8), n(16)}, nil
}

// failure is the error of a Failed message.
func failure(payload []byte) error {
	var f Failure
	if err := json.Unmarshal(payload, &f); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	if f.Code == "" {
		return fmt.Errorf("query: worker: %s", f.Message)
	}
	return &fault.Error{Kind: fault.InvalidRequest, Code: f.Code, Msg: f.Message}
}

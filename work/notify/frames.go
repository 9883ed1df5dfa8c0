package notify

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
)

// Bounds of what a server may say at once, in bytes.
const (
	maxLine = 32 << 10
	maxBody = 16 << 10
)

var errFrame = errors.New("the server says what its protocol does not know, or more than is taken")

// frames is a connection to a server that a user chose. What the server says is let through line by line, and a line that announces a
// body only with that whole body: the clients of these protocols make room for as many bytes as a server announces, and
// one that announces too many would end this process.
type frames struct {
	net.Conn
	in   *bufio.Reader
	body func(line []byte) (int, error)
	rest []byte // let through, not yet read
	buf  []byte
}

// framed returns a connection that lets through what body allows. body gets a line without its CRLF, and returns the
// length of the bytes behind it, to which another CRLF is added, or -1 when there are none. first was read before.
func framed(conn net.Conn, first []byte, body func(line []byte) (int, error)) *frames {
	return &frames{Conn: conn, in: bufio.NewReaderSize(conn, maxLine), body: body, rest: first}
}

// Read implements net.Conn. Nothing can be read behind an error.
func (f *frames) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *frames) next() error {
	line, err := f.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return errFrame
	}
	if err != nil {
		return midway(err, len(line) > 0)
	}
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || bytes.IndexByte(text, '\r') >= 0 {
		return errFrame
	}
	n, err := f.body(text)
	if err != nil || n > maxBody {
		return errFrame
	}
	f.buf = append(f.buf[:0], line...)
	if n >= 0 {
		start := len(f.buf)
		f.buf = append(f.buf, make([]byte, n+2)...)
		if _, err := io.ReadFull(f.in, f.buf[start:]); err != nil {
			return midway(err, true)
		}
		if !bytes.HasSuffix(f.buf[start+n:], []byte("\r\n")) {
			return errFrame
		}
	}
	f.rest = f.buf
	return nil
}

// midway is the error of a connection that ended within a frame.
func midway(err error, begun bool) error {
	if begun && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// bodyLength reads the length that a line announces.
func bodyLength(digits []byte) (int, error) {
	if len(digits) == 0 || len(digits) > 9 || len(bytes.Trim(digits, "0123456789")) > 0 {
		return 0, errFrame
	}
	return strconv.Atoi(string(digits))
}

// redisBody is the frame of an answer of Redis to XADD or SELECT: a status, an error, a number or a string.
func redisBody(line []byte) (int, error) {
	switch {
	case len(line) == 0:
		return 0, errFrame
	case line[0] == '+' || line[0] == '-' || line[0] == ':', string(line) == "$-1":
		return -1, nil
	case line[0] == '$':
		return bodyLength(line[1:])
	}
	return 0, errFrame
}

// natsBody is the frame of what a NATS server says.
// https://docs.nats.io/reference/reference-protocols/nats-protocol
func natsBody(line []byte) (int, error) {
	for _, c := range line {
		if c < ' ' {
			return 0, errFrame
		}
	}
	fields := bytes.Split(line, []byte(" "))
	switch verb := string(fields[0]); {
	case len(line) == 4 && (verb == "PING" || verb == "PONG"), len(line) == 3 && verb == "+OK":
		return -1, nil
	case len(fields) > 1 && (verb == "INFO" || verb == "-ERR"):
		return -1, nil
	case verb == "MSG" && (len(fields) == 4 || len(fields) == 5), verb == "HMSG" && (len(fields) == 5 || len(fields) == 6):
		for _, f := range fields {
			if len(f) == 0 {
				return 0, errFrame
			}
		}
		return bodyLength(fields[len(fields)-1])
	}
	return 0, errFrame
}

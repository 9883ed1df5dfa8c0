package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Bounds on what a server may send as head of an answer.
const (
	maxHeaderLines = 256
	maxInterim     = 8 // answers of class 1xx before the real one
)

// bodyLength of an answer whose body ends with the connection.
const untilClose = -1

// Response is the head of an answer: what the load needs of it and no more.
type Response struct {
	Status  int
	Length  int64 // of the body; untilClose when neither Content-Length nor chunked
	Chunked bool
	Close   bool // the server ends the connection after this answer
	ETag    string
}

var errHead = errors.New("malformed answer")

// readHead reads the head of the answer to a request of the given method.
// Answers of class 1xx are passed over.
func readHead(br *bufio.Reader, method string) (Response, error) {
	for range maxInterim {
		r, err := readOneHead(br)
		if err != nil {
			return Response{}, err
		}
		if r.Status >= 200 {
			return r.frame(method), nil
		}
	}
	return Response{}, fmt.Errorf("%w: too many interim answers", errHead)
}

// frame settles how long the body is, by RFC 9112 section 6.3.
func (r Response) frame(method string) Response {
	switch {
	case method == "HEAD" || r.Status == 204 || r.Status == 304:
		r.Length, r.Chunked = 0, false
	case r.Chunked:
		r.Length = untilClose // whatever Content-Length said
	case r.Length == untilClose:
		r.Close = true
	}
	return r
}

func readOneHead(br *bufio.Reader) (Response, error) {
	r := Response{Length: untilClose}
	line, err := readLine(br)
	if err != nil {
		return r, err
	}
	if r.Status, r.Close, err = parseStatus(line); err != nil {
		return r, err
	}
	for range maxHeaderLines {
		if line, err = readLine(br); err != nil {
			return r, noEOF(err)
		}
		if len(line) == 0 {
			return r, nil
		}
		if err = r.header(line); err != nil {
			return r, err
		}
	}
	return r, fmt.Errorf("%w: too many header lines", errHead)
}

// readLine returns one line without its end; it is valid until the next read. A
// line longer than the reader's buffer is an error.
func readLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	if err != nil {
		if err == io.EOF && len(line) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	line = line[:len(line)-1]
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

// parseStatus reads "HTTP/1.1 200 OK". An HTTP/1.0 answer ends its connection.
func parseStatus(line []byte) (status int, closes bool, err error) {
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1."))
	if !ok || len(rest) < 5 || rest[1] != ' ' || rest[0] != '0' && rest[0] != '1' || len(rest) > 5 && rest[5] != ' ' {
		return 0, false, fmt.Errorf("%w: status line %.40q", errHead, line)
	}
	for _, c := range rest[2:5] {
		if c < '0' || c > '9' {
			return 0, false, fmt.Errorf("%w: status line %.40q", errHead, line)
		}
		status = status*10 + int(c-'0')
	}
	if status < 100 {
		return 0, false, fmt.Errorf("%w: status %d", errHead, status)
	}
	return status, rest[0] == '0', nil
}

func (r *Response) header(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 {
		return fmt.Errorf("%w: header line %.40q", errHead, line)
	}
	value = bytes.Trim(value, " \t")
	switch {
	case nameIs(name, "content-length"):
		n, err := parseLength(value)
		if err != nil || r.Length != untilClose && r.Length != n {
			return fmt.Errorf("%w: content length %.40q", errHead, value)
		}
		r.Length = n
	case nameIs(name, "transfer-encoding"):
		if !bytes.EqualFold(value, []byte("chunked")) {
			return fmt.Errorf("%w: transfer encoding %.40q", errHead, value)
		}
		r.Chunked = true
	case nameIs(name, "connection"):
		r.Close = r.Close || bytes.EqualFold(value, []byte("close"))
	case nameIs(name, "etag"):
		r.ETag = string(value)
	}
	return nil
}

func nameIs(name []byte, want string) bool {
	return len(name) == len(want) && bytes.EqualFold(name, []byte(want))
}

// parseLength reads decimal digits and nothing else.
func parseLength(b []byte) (int64, error) {
	if len(b) == 0 || len(b) > 18 || bytes.ContainsFunc(b, func(c rune) bool { return c < '0' || c > '9' }) {
		return 0, errHead
	}
	return strconv.ParseInt(string(b), 10, 64)
}

// readBody copies the body of r to sink, piece by piece through buf, and returns its
// length. What sink is given is valid only during the call.
func readBody(br *bufio.Reader, r Response, buf []byte, sink func([]byte) error) (int64, error) {
	switch {
	case r.Chunked:
		return readChunks(br, buf, sink)
	case r.Length == untilClose:
		n, err := readN(br, math.MaxInt64, buf, sink)
		if err == io.ErrUnexpectedEOF {
			err = nil // the end of the connection is the end of the body
		}
		return n, err
	default:
		return readN(br, r.Length, buf, sink)
	}
}

func readN(br *bufio.Reader, n int64, buf []byte, sink func([]byte) error) (int64, error) {
	var done int64
	for done < n {
		m, err := br.Read(buf[:min(int64(len(buf)), n-done)])
		if m > 0 {
			done += int64(m)
			if err := sink(buf[:m]); err != nil {
				return done, err
			}
		}
		if err != nil {
			return done, noEOF(err)
		}
	}
	return done, nil
}

func readChunks(br *bufio.Reader, buf []byte, sink func([]byte) error) (int64, error) {
	var done int64
	for {
		line, err := readLine(br)
		if err != nil {
			return done, noEOF(err)
		}
		size, err := parseChunkSize(line)
		if err != nil {
			return done, err
		}
		if size == 0 {
			return done, skipTrailer(br)
		}
		m, err := readN(br, size, buf, sink)
		done += m
		if err != nil {
			return done, err
		}
		if line, err = readLine(br); err != nil {
			return done, noEOF(err)
		}
		if len(line) != 0 {
			return done, fmt.Errorf("%w: no line end after a chunk", errHead)
		}
	}
}

// parseChunkSize reads hex digits, passing over a chunk extension.
func parseChunkSize(line []byte) (int64, error) {
	line, _, _ = bytes.Cut(line, []byte(";"))
	line = bytes.TrimRight(line, " \t")
	if len(line) == 0 || len(line) > 15 || line[0] == '+' || line[0] == '-' {
		return 0, fmt.Errorf("%w: chunk size %.40q", errHead, line)
	}
	n, err := strconv.ParseInt(string(line), 16, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: chunk size %.40q", errHead, line)
	}
	return n, nil
}

func skipTrailer(br *bufio.Reader) error {
	for range maxHeaderLines {
		line, err := readLine(br)
		if err != nil {
			return noEOF(err)
		}
		if len(line) == 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: too many trailer lines", errHead)
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

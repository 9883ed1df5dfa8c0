package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

const (
	bufferSize     = 256 << 10 // for bodies that are read and thrown away
	joinLimit      = 32 << 10  // a body up to this size goes out in one piece with its head
	maxText        = 16 << 20  // of an answer that is kept, such as a list page
	requestTimeout = 5 * time.Minute
)

// Client is one connection to a Target with its buffers. It belongs to one
// goroutine; Close ends the connection. It connects on first use, and again when
// the server has ended the connection in due form.
type Client struct {
	ID     int // 0 to clients-1 within a turn
	target *Target
	signer *Signer
	conn   net.Conn
	br     *bufio.Reader
	head   []byte
	buf    []byte
	text   []byte

	begun time.Time     // of the operation under way
	took  time.Duration // set by Took or Pause; zero: time the whole operation
}

// NewClient returns a Client that has not connected yet.
func NewClient(t *Target, id int) *Client {
	return &Client{
		ID: id, target: t, signer: NewSigner(t.Credentials, t.Region, t.Addr),
		br: bufio.NewReaderSize(nil, 64<<10), buf: make([]byte, bufferSize),
	}
}

// Close ends the connection.
func (c *Client) Close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// Start restarts the clock of the operation under way: what came before is not counted.
func (c *Client) Start() { c.begun = time.Now() }

// Took says how long the operation took, for one that knows better than the clock around it.
func (c *Client) Took(d time.Duration) { c.took = d }

// Pause stops the clock of the operation: what comes after is not counted.
func (c *Client) Pause() { c.took = time.Since(c.begun) }

// StatusError is an answer of another status than the expected one.
type StatusError struct {
	Method, Path string
	Status, Want int
	Text         string // the start of the body
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: status %d, want %d: %.300s", e.Method, e.Path, e.Status, e.Want, e.Text)
}

// Do sends r with body, expects the status want, and throws the answer's body away.
func (c *Client) Do(r *Request, body []byte, want int) (Response, error) {
	resp, _, err := c.Read(r, body, want, nil)
	return resp, err
}

func discard([]byte) error { return nil }

// dropFrom is the length from which a body may be left in the kernel.
const dropFrom = 64 << 10

var errNoDrop = errors.New("the kernel cannot drop what was received")

// body reads the body of resp. A long one that nobody wants may be left in the kernel.
func (c *Client) body(resp Response, sink func([]byte) error) (int64, error) {
	if sink != nil {
		return readBody(c.br, resp, c.buf, sink)
	}
	if !c.target.Drop || resp.Chunked || resp.Length < dropFrom {
		return readBody(c.br, resp, c.buf, discard)
	}
	have, err := readN(c.br, min(int64(c.br.Buffered()), resp.Length), c.buf, discard)
	if err != nil {
		return have, err
	}
	n, err := drop(c.conn, resp.Length-have, c.buf)
	return have + n, err
}

// Read is Do with the body of the expected answer handed to sink piece by piece (nil
// throws it away); it returns the length of that body too. A body of another length than announced is
// an error.
func (c *Client) Read(r *Request, body []byte, want int, sink func([]byte) error) (Response, int64, error) {
	resp, err := c.roundTrip(r, body)
	if err != nil {
		c.Close()
		return resp, 0, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	if resp.Status != want {
		c.text = c.text[:0]
		sink = c.keep
	}
	n, err := c.body(resp, sink)
	if err != nil || resp.Close {
		c.Close()
	}
	if resp.Status != want {
		return resp, n, &StatusError{Method: r.Method, Path: r.Path, Status: resp.Status, Want: want, Text: string(c.text)}
	}
	if err != nil {
		err = fmt.Errorf("%s %s: body after %d bytes: %w", r.Method, r.Path, n, err)
	}
	return resp, n, err
}

// Text is Do with the body of the answer, which is valid until the next request.
func (c *Client) Text(r *Request, body []byte, want int) ([]byte, error) {
	c.text = c.text[:0]
	_, _, err := c.Read(r, body, want, c.keep)
	return c.text, err
}

func (c *Client) keep(p []byte) error {
	if len(c.text)+len(p) > maxText {
		return errors.New("answer too large")
	}
	c.text = append(c.text, p...)
	return nil
}

// Verify returns a sink that compares what it is given with want, piece by piece.
func Verify(want []byte) func([]byte) error {
	at := 0
	return func(p []byte) error {
		if at+len(p) > len(want) || !bytes.Equal(p, want[at:at+len(p)]) {
			return fmt.Errorf("other bytes than were stored, near offset %d", at)
		}
		at += len(p)
		return nil
	}
}

func (c *Client) roundTrip(r *Request, body []byte) (Response, error) {
	if c.conn == nil {
		if err := c.dial(); err != nil {
			return Response{}, err
		}
	}
	now := time.Now()
	if err := c.conn.SetDeadline(now.Add(requestTimeout)); err != nil {
		return Response{}, err
	}
	c.build(r, len(body), now)
	sendErr := c.send(body)
	resp, err := readHead(c.br, r.Method)
	if err != nil && sendErr != nil {
		return resp, sendErr
	}
	if sendErr != nil {
		resp.Close = true // answered before it had the body
	}
	return resp, err
}

func (c *Client) send(body []byte) error {
	if len(body) <= joinLimit {
		c.head = append(c.head, body...)
		_, err := c.conn.Write(c.head)
		return err
	}
	pieces := net.Buffers{c.head, body}
	_, err := pieces.WriteTo(c.conn)
	return err
}

// build writes the head of the request into c.head.
func (c *Client) build(r *Request, bodyLen int, now time.Time) {
	h := append(c.head[:0], r.Method...)
	h = append(h, ' ')
	h = append(h, r.Path...)
	if r.Query != "" {
		h = append(h, '?')
		h = append(h, r.Query...)
	}
	h = append(h, " HTTP/1.1\r\nHost: "...)
	h = append(h, c.target.Addr...)
	h = append(h, "\r\n"...)
	for _, x := range r.Headers {
		h = append(h, x.Name...)
		h = append(h, ": "...)
		h = append(h, x.Value...)
		h = append(h, "\r\n"...)
	}
	if c.target.signed() {
		h = c.signer.Append(h, r, now)
	}
	if bodyLen > 0 || r.Method == "PUT" || r.Method == "POST" {
		h = append(h, "Content-Length: "...)
		h = strconv.AppendInt(h, int64(bodyLen), 10)
		h = append(h, "\r\n"...)
	}
	c.head = append(h, "\r\n"...)
}

func (c *Client) dial() error {
	d := net.Dialer{Timeout: 10 * time.Second}
	conn, err := d.DialContext(context.Background(), "tcp", c.target.Addr)
	if err != nil {
		return err
	}
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		conn.Close()
		return errors.New("only loopback addresses are allowed")
	}
	c.conn = conn
	c.br.Reset(conn)
	return nil
}

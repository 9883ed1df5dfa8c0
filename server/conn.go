package server

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// bounded is a listener that has at most so many connections at once; further ones wait in the kernel's queue. Its
// connections are cut when the other side takes no byte for a while. (netutil.LimitListener would do for the
// first, but hides the connection's ReadFrom, and with it sendfile.)
type bounded struct {
	*net.TCPListener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
	stall  time.Duration // how long a client may take nothing
}

func newBounded(ln *net.TCPListener, connections int, stall time.Duration) *bounded {
	return &bounded{TCPListener: ln, slots: make(chan struct{}, connections), closed: make(chan struct{}), stall: stall}
}

// Accept waits for a slot and then for a connection.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	c, err := b.AcceptTCP()
	if err != nil {
		<-b.slots
		return nil, err
	}
	return &conn{TCPConn: c, b: b}, nil
}

// Close ends the listening; connections live on.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.TCPListener.Close()
}

// conn is a connection of a bounded listener.
type conn struct {
	*net.TCPConn
	b    *bounded
	once sync.Once
}

// Close gives the slot back.
func (c *conn) Close() error {
	err := c.TCPConn.Close()
	c.once.Do(func() { <-c.b.slots })
	return err
}

// patience moves the deadline for the bytes to be written next.
func (c *conn) patience() error { return c.TCPConn.SetWriteDeadline(time.Now().Add(c.b.stall)) }

// Write writes small answers.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.patience(); err != nil {
		return 0, err
	}
	return c.TCPConn.Write(p)
}

// sendPiece is how much a client must take within stall, bytes.
const sendPiece = 4 << 20

// ReadFrom sends the bytes of a file without bringing them into the process, piece by piece.
func (c *conn) ReadFrom(r io.Reader) (total int64, err error) {
	src, limit := r, int64(-1)
	if l, ok := r.(*io.LimitedReader); ok {
		src, limit = l.R, l.N
		defer func() { l.N -= total }()
	}
	for limit != 0 {
		piece := &io.LimitedReader{R: src, N: sendPiece}
		if limit > 0 {
			piece.N = min(piece.N, limit)
		}
		want := piece.N
		if err := c.patience(); err != nil {
			return total, err
		}
		n, err := c.TCPConn.ReadFrom(piece)
		total += n
		if limit > 0 {
			limit -= n
		}
		if err != nil || n < want { // n < want: the source ended
			return total, err
		}
	}
	return total, nil
}

var errNotTCP = errors.New("server: not a TCP listener")

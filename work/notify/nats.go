package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"myfsio/fault"
)

// subject is a subject of a NATS server that a stream of JetStream takes: nats://host:4222/subject, or tls://. Each event is a message of its JSON,
// with the header Nats-Msg-Id, its sequencer, by which the stream knows it when it is sent again. It is taken when the stream says
// so: NATS by itself acknowledges nothing.
// https://docs.nats.io/nats-concepts/jetstream
type subject struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	tls  *tls.Config // nil: the system's authorities
	url  *url.URL
	room int // messages on their way at once

	mu   sync.Mutex
	conn *natsConn // nil until the first event
}

// natsConn is a connection to a NATS server. It does not mend itself: the lane waits, and the next event connects anew.
type natsConn struct {
	conn   *nats.Conn
	stream jetstream.JetStream
	told   atomic.Pointer[error] // what the server complained of out of turn
}

const maxSubject = 256 // bytes

func isNATS(u *url.URL) bool { return u.Scheme == "nats" || u.Scheme == "tls" }

// subjectOf returns the subject that a URL names.
func subjectOf(u *url.URL) (string, error) {
	name := strings.TrimPrefix(u.Path, "/")
	ok := name != "" && len(name) <= maxSubject && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
	for i, token := range strings.Split(name, ".") {
		ok = ok && token != "" && !(i == 0 && (token[0] == '$' || token == "_INBOX"))
	}
	for _, c := range []byte(name) {
		ok = ok && c > ' ' && c < 0x7F && strings.IndexByte("*>/", c) < 0
	}
	if !ok {
		return "", fault.New(fault.InvalidArgument, "a nats:// URL names its subject: nats://host:4222/subject")
	}
	if u.User != nil && u.User.Username() == "" {
		return "", fault.New(fault.InvalidArgument, "a nats:// URL holds user:password@, token@ or neither")
	}
	return name, nil
}

func (s *subject) send(ctx context.Context, it *queuedItem) error {
	name, err := subjectOf(s.url)
	if err != nil {
		return err
	}
	c, err := s.connected(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, acknowledge)
	defer cancel()
	m := nats.NewMsg(name)
	m.Data = it.Body
	m.Header.Set(eventHeader, it.Event)
	_, err = c.stream.PublishMsg(ctx, m, jetstream.WithMsgID(strings.ToUpper(hex.EncodeToString(it.id[:]))), jetstream.WithRetryAttempts(0))
	switch told := c.told.Load(); {
	case err == nil:
		return nil
	case told != nil:
		return *told
	case errors.Is(err, jetstream.ErrNoStreamResponse):
		return fmt.Errorf("no stream of JetStream takes the subject %s", name)
	case errors.Is(err, jetstream.ErrInvalidJSAck):
		return fmt.Errorf("the subject %s is answered by something that is no stream of JetStream", name)
	}
	return err // that the stream is full, for one; or the connection is closed
}

// connected returns the connection, which is made when there is none. One that failed, or answers no pings, has closed itself.
func (s *subject) connected(ctx context.Context) (*natsConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && !s.conn.conn.IsClosed() {
		return s.conn, nil
	}
	c, err := s.connect(ctx)
	if err == nil {
		s.conn = c
	}
	return c, err
}

// connect makes a connection through the guard, to no other server than the one that the URL names.
func (s *subject) connect(ctx context.Context) (*natsConn, error) {
	if s.dial == nil {
		return nil, errors.New("this server does not send to NATS")
	}
	c, dialer := &natsConn{}, &natsDialer{s: s, ctx: ctx}
	options := []nats.Option{
		nats.Name("MyFSIO"), nats.SetCustomDialer(dialer), nats.SkipHostLookup(), nats.IgnoreDiscoveredServers(),
		nats.NoReconnect(), nats.Timeout(handshake), nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ErrorHandler(func(conn *nats.Conn, _ *nats.Subscription, err error) { // of rights: whoever waits for an answer gets none
			c.told.CompareAndSwap(nil, &err)
			go conn.Close()
		}),
	}
	if u := s.url.User; u != nil {
		if password, ok := u.Password(); ok {
			options = append(options, nats.UserInfo(u.Username(), password))
		} else {
			options = append(options, nats.Token(u.Username()))
		}
	}
	address := s.url.Host
	if s.url.Port() == "" {
		address = net.JoinHostPort(s.url.Hostname(), "4222")
	}
	var err error
	if c.conn, err = nats.Connect("nats://"+address, options...); err != nil {
		return nil, cmp.Or(dialer.err, err)
	}
	if c.stream, err = jetstream.New(c.conn); err != nil {
		c.conn.Close()
		return nil, err
	}
	return c, nil
}

func (s *subject) parallel() int { return s.room }
func (s *subject) host() string  { return s.url.Host }

func (s *subject) close() {
	s.mu.Lock()
	c := s.conn
	s.conn = nil
	s.mu.Unlock()
	if c != nil {
		c.conn.Close()
	}
}

// How long a server may take until it has accepted a connection, and until it acknowledges a message.
const (
	handshake   = 10 * time.Second
	acknowledge = 10 * time.Second
)

// natsDialer connects for package nats, and begins TLS itself: so that what that package reads went through frames, in clear.
type natsDialer struct {
	s   *subject
	ctx context.Context
	err error // of the last call of Dial, which package nats does not tell
}

// SkipTLSHandshake tells package nats that connections are encrypted already, when they must be.
func (*natsDialer) SkipTLSHandshake() bool { return true }

// Dial implements nats.CustomDialer.
func (d *natsDialer) Dial(network, address string) (net.Conn, error) {
	var conn, framed net.Conn
	if conn, d.err = d.s.dial(d.ctx, network, address); d.err != nil {
		return nil, d.err
	}
	stop := context.AfterFunc(d.ctx, func() { conn.Close() })
	defer stop()
	if framed, d.err = d.begin(conn); d.err != nil {
		conn.Close()
		return nil, d.err
	}
	return framed, nil
}

// begin reads the greeting of the server and begins TLS when one of the two wants it.
func (d *natsDialer) begin(conn net.Conn) (net.Conn, error) {
	conn.SetDeadline(time.Now().Add(handshake))
	line, err := greeting(conn)
	if err != nil {
		return nil, err
	}
	var info struct {
		Required  bool `json:"tls_required"`
		Available bool `json:"tls_available"`
	}
	if err := json.Unmarshal(line[len("INFO "):], &info); err != nil {
		return nil, errFrame
	}
	wanted := d.s.url.Scheme == "tls"
	if wanted && !info.Required && !info.Available {
		return nil, errors.New("the server does not offer TLS")
	}
	if wanted || info.Required {
		secure := tls.Client(conn, tlsFor(d.s.tls, d.s.url.Hostname()))
		if err := secure.HandshakeContext(d.ctx); err != nil {
			return nil, err
		}
		conn = secure
	}
	conn.SetDeadline(time.Time{})
	return framed(conn, line, natsBody), nil
}

// greeting reads the first line, INFO {…}, and no byte more: behind it TLS may begin.
func greeting(conn net.Conn) ([]byte, error) {
	var line []byte
	var one [1]byte
	for len(line) < maxLine {
		if _, err := conn.Read(one[:]); err != nil {
			return nil, err
		}
		if line = append(line, one[0]); one[0] == '\n' {
			if !strings.HasPrefix(string(line), "INFO ") || !strings.HasSuffix(string(line), "\r\n") {
				return nil, errFrame
			}
			return line, nil
		}
	}
	return nil, errFrame
}

// tlsFor is the configuration of TLS for a host.
func tlsFor(base *tls.Config, host string) *tls.Config {
	if base == nil {
		base = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c := base.Clone()
	c.ServerName = host
	return c
}

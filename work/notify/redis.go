package notify

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

	"myfsio/fault"
)

// stream is a stream of a Redis server: redis://host:6379/0?stream=name, or rediss:// over TLS. Each event is an entry with the field
// event, its JSON, and delivery, which is the same when it is sent again.
type stream struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	tls  *tls.Config // nil: the system's authorities
	url  *url.URL
	conn redis.Conn // nil until the first event, and after a failure
}

// Bounds of a stream: about so many entries are kept, and a name has so many bytes.
const (
	maxEntries    = 1_000_000
	maxStreamName = 256
)

func isRedis(u *url.URL) bool { return u.Scheme == "redis" || u.Scheme == "rediss" }

// streamOf returns the number of the database and the name of the stream in a URL.
func streamOf(u *url.URL) (db int, name string, err error) {
	path := strings.TrimPrefix(u.Path, "/")
	if path != "" {
		if db, err = strconv.Atoi(path); err != nil || db < 0 || db > 9999 {
			return 0, "", fault.New(fault.InvalidArgument, "the path of a redis:// URL is the number of a database")
		}
	}
	q, err := url.ParseQuery(u.RawQuery)
	name = q.Get("stream")
	if err != nil || name == "" || len(name) > maxStreamName || len(q) != 1 {
		return 0, "", fault.New(fault.InvalidArgument, "a redis:// URL names its stream: redis://host:6379/0?stream=name")
	}
	return db, name, nil
}

func (s *stream) send(ctx context.Context, it *queuedItem) error {
	db, name, err := streamOf(s.url)
	if err != nil {
		return err
	}
	if s.conn == nil {
		if s.conn, err = s.connect(ctx, db); err != nil {
			return err
		}
	}
	_, err = redis.DoContext(s.conn, ctx, "XADD", name, "MAXLEN", "~", maxEntries, "*", "event", []byte(it.Body), "delivery", hex.EncodeToString(it.id[:]))
	if err != nil {
		s.close()
	}
	return err
}

// connect makes a connection through the guard.
func (s *stream) connect(ctx context.Context, db int) (redis.Conn, error) {
	if s.dial == nil {
		return nil, errors.New("this server does not send to Redis")
	}
	address := s.url.Host
	if s.url.Port() == "" {
		address = net.JoinHostPort(s.url.Hostname(), "6379")
	}
	conn, err := s.dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if s.url.Scheme == "rediss" {
		secure := tls.Client(conn, tlsFor(s.tls, s.url.Hostname()))
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		conn = secure
	}
	c := redis.NewConn(framed(conn, nil, redisBody), 30*time.Second, 30*time.Second)
	if db == 0 {
		return c, nil
	}
	if _, err := redis.DoContext(c, ctx, "SELECT", db); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (s *stream) parallel() int { return 1 }
func (s *stream) host() string  { return s.url.Host }

func (s *stream) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

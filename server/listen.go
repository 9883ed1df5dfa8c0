package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Times and sizes that bound what a connection can take.
const (
	headerTimeout = 30 * time.Second // for the header of a request
	headerBytes   = 64 << 10         // the s3 front answers over its own, lower limit in S3's words
	stallTimeout  = 2 * time.Minute  // for a client to take a piece of an answer
	drainTimeout  = 30 * time.Second // for running requests at the end
)

// listener is one HTTP listener with its server.
type listener struct {
	http *http.Server
	ln   net.Listener
}

// listenConfig says how a listener is made.
type listenConfig struct {
	host        string
	port        int
	connections int // at once; more wait to be accepted
	backlog     int
	idle        time.Duration
	header      time.Duration // for the header of a request; 0: headerTimeout
	handler     http.Handler
	log         *slog.Logger
}

func listen(ctx context.Context, c listenConfig) (*listener, error) {
	addr := net.JoinHostPort(c.host, strconv.Itoa(c.port))
	lc := net.ListenConfig{}
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; is another server running there? Choose a port with --api-port", addr, err)
	}
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(errNotTCP, ln.Close())
	}
	setBacklog(tcp, c.backlog)
	return &listener{
		ln: newBounded(tcp, c.connections, stallTimeout),
		http: &http.Server{
			Handler:           lastOfChunked(c.handler),
			ReadHeaderTimeout: cmp.Or(c.header, headerTimeout),
			IdleTimeout:       c.idle,
			MaxHeaderBytes:    headerBytes,
			ErrorLog:          slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
		},
	}, nil
}

// lastOfChunked makes a request whose body comes in chunks of HTTP the last one of its connection. net/http drops a Content-Length
// that such a request has as well, and tells nobody; a proxy that believed the length would take what follows for another
// request than this server does. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
func lastOfChunked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// serve serves until stop ends, then lets the running requests finish.
func (l *listener) serve(stop context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- l.http.Serve(l.ln) }()
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	err := l.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(fmt.Errorf("requests were cut off after %s", drainTimeout), l.http.Close())
	}
	if serveErr := <-failed; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

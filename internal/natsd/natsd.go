// Package natsd runs a real nats-server with JetStream for tests, which may kill it and start it again over the same data.
//
// tests/setup installs the program. Without it a test is skipped, or fails with MYFSIO_REQUIRE_CLIENTS=1.
package natsd

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Server is a directory of data and at most one process over it. Its methods are for one goroutine at a time.
type Server struct {
	Address string // host:port, kept over starts

	t      testing.TB
	binary string
	conf   string
	log    string
	cmd    *exec.Cmd
	client []nats.Option
}

// wait bounds a start, which takes a fraction of a second.
const wait = time.Minute

// New prepares a server, which does not run yet, and is killed at the end of the test. conf is appended to its configuration, client are
// options of the connections that the methods make.
func New(t testing.TB, conf string, client ...nats.Option) *Server {
	t.Helper()
	dir := t.TempDir()
	s := &Server{t: t, binary: find(t), conf: filepath.Join(dir, "conf"), log: filepath.Join(dir, "log"), client: client}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Address = ln.Addr().String()
	ln.Close()
	text := fmt.Sprintf("listen: %q\nlog_file: %q\njetstream { store_dir: %q }\n%s\n", s.Address, s.log, filepath.Join(dir, "data"), conf)
	if err := os.WriteFile(s.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// find returns the path of the program.
func find(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != "/" {
		p := filepath.Join(dir, ".cache", "clients", "bin", "nats-server")
		if _, err := os.Stat(p); err == nil {
			return p
		}
		dir = filepath.Dir(dir)
	}
	p, err := exec.LookPath("nats-server")
	if err == nil {
		return p
	}
	if os.Getenv("MYFSIO_REQUIRE_CLIENTS") == "1" {
		t.Fatal("there is no nats-server here; tests/setup installs it")
	}
	t.Skip("there is no nats-server here; tests/setup installs it")
	return ""
}

// Start runs the program and returns when it takes connections.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = exec.Command(s.binary, "-c", s.conf)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(wait); ; time.Sleep(10 * time.Millisecond) {
		c, err := s.connect()
		if err == nil {
			_, err = c.js.AccountInfo(context.Background())
			c.conn.Close()
		}
		if err == nil {
			return
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(s.log)
			s.t.Fatalf("nats-server does not start: %v\n%s", err, log)
		}
	}
}

// Kill ends the process as a crash does. Nothing happens where none runs.
func (s *Server) Kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

type connection struct {
	conn *nats.Conn
	js   jetstream.JetStream
}

func (s *Server) connect() (connection, error) {
	conn, err := nats.Connect("nats://"+s.Address, append([]nats.Option{nats.NoReconnect(), nats.Timeout(wait)}, s.client...)...)
	if err != nil {
		return connection{}, err
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(wait))
	return connection{conn, js}, err
}

// Do calls fn with a connection of its own.
func (s *Server) Do(fn func(conn *nats.Conn, js jetstream.JetStream) error) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	defer c.conn.Close()
	return fn(c.conn, c.js)
}

// Stream makes a stream in files that takes subjects.
func (s *Server) Stream(name string, subjects ...string) {
	s.t.Helper()
	err := s.Do(func(_ *nats.Conn, js jetstream.JetStream) error {
		_, err := js.CreateStream(context.Background(), jetstream.StreamConfig{Name: name, Subjects: subjects})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// Messages returns what a stream holds, in order.
func (s *Server) Messages(stream string) (all []*jetstream.RawStreamMsg, err error) {
	err = s.Do(func(_ *nats.Conn, js jetstream.JetStream) error {
		ctx := context.Background()
		st, err := js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		state := st.CachedInfo().State
		for seq := max(state.FirstSeq, 1); seq <= state.LastSeq; seq++ {
			m, err := st.GetMsg(ctx, seq)
			if err != nil {
				return err
			}
			all = append(all, m)
		}
		return nil
	})
	return all, err
}

// Log returns what the server wrote so far.
func (s *Server) Log() string {
	b, _ := os.ReadFile(s.log)
	return strings.TrimSpace(string(b))
}

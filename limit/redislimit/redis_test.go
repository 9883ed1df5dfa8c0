//go:build unix

package redislimit

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"myfsio/limit"
)

const password = "pa:ss@wörd"

// server is a real Redis server of the test's own.
type server struct {
	t    *testing.T
	port string
	dir  string
	cmd  *exec.Cmd
}

// startServer runs a server on a free port, and ends it with the test.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("MYFSIO_REQUIRE_CLIENTS") == "1" {
			t.Fatal("redis-server is not installed; tests/setup says why")
		}
		t.Skip("redis-server is not installed; tests/setup installs it")
	}
	s := &server{t: t, dir: t.TempDir()}
	t.Cleanup(s.kill)
	for range 5 { // somebody else may take the port before the server does
		s.port = freePort(t)
		if s.start(args...) {
			return s
		}
	}
	t.Fatal("redis-server does not start")
	return nil
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

// start returns when the server takes commands: it says so in its log, which is read to the end.
func (s *server) start(args ...string) bool {
	s.t.Helper()
	s.kill()
	port := "--port"
	if len(args) > 0 {
		port = "--tls-port"
		args = append([]string{"--port", "0"}, args...)
	}
	s.cmd = exec.Command("redis-server", append([]string{port, s.port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no", "--requirepass", password}, args...)...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	var said bytes.Buffer
	buf := make([]byte, 4096)
	for !strings.Contains(said.String(), "Ready to accept connections") {
		n, err := out.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			s.t.Logf("redis-server ended: %s", said.String())
			return false
		}
	}
	go func() { // so that the server never waits for its log to be read
		for {
			if _, err := out.Read(buf); err != nil {
				return
			}
		}
	}()
	return true
}

// kill ends the server at once, as kill -9 does.
func (s *server) kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGKILL)
	s.cmd.Wait()
}

func (s *server) url() string {
	return "redis://:pa%3Ass%40w%C3%B6rd@127.0.0.1:" + s.port + "/3"
}

type clock struct{ t atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1e9, c.t.Load()) }
func (c *clock) advance(d time.Duration) { c.t.Add(int64(d)) }

// node is one gateway.
type node struct {
	*Limiter
	clock *clock
	log   *safeBuffer
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) lines() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.b.String(), "\n")
}

func open(t *testing.T, url string, rates ...limit.Rate) *node {
	t.Helper()
	n := &node{clock: &clock{}, log: &safeBuffer{}}
	// A long timeout, so that a busy machine does not look like a server that is away.
	l, err := Open(Options{URL: url, Rates: rates, Timeout: 20 * time.Second, Log: slog.New(slog.NewTextHandler(n.log, nil)), Now: n.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	n.Limiter = l
	t.Cleanup(func() { l.Close() })
	return n
}

// takes counts how many of so many requests pass.
func (n *node) takes(t *testing.T, client string, count int) (passed int) {
	t.Helper()
	for range count {
		retry, ok := n.Take(t.Context(), 0, client)
		if ok == (retry > 0) {
			t.Fatalf("retry %v, ok %v", retry, ok)
		}
		if ok {
			passed++
		}
	}
	return passed
}

func TestTwoGatewaysShareOneCount(t *testing.T) {
	s := startServer(t)
	hourly := limit.Rate{N: 10, Per: time.Hour}
	a, b := open(t, s.url(), hourly, hourly), open(t, s.url(), hourly, hourly)
	b.clock.advance(1000 * time.Hour) // their clocks do not matter
	if got := a.takes(t, "192.0.2.1", 6) + b.takes(t, "192.0.2.1", 6) + a.takes(t, "192.0.2.1", 6); got != 10 {
		t.Errorf("%d passed through two gateways, want 10", got)
	}
	retry, ok := b.Take(t.Context(), 0, "192.0.2.1")
	if ok || retry <= 0 || retry > 6*time.Minute {
		t.Errorf("retry %v, %v; one comes back every six minutes", retry, ok)
	}
	if b.takes(t, "192.0.2.2", 1) != 1 {
		t.Error("another client is refused")
	}
	if _, ok := b.Take(t.Context(), 1, "192.0.2.1"); !ok {
		t.Error("another class is refused")
	}
	if got := a.takes(t, "2001:db8::1", 5) + b.takes(t, "2001:db8::2", 10); got != 10 {
		t.Errorf("%d passed from one IPv6 network, want 10", got)
	}
	if a.log.lines()+b.log.lines() > 0 {
		t.Errorf("log: %s%s", a.log.b.String(), b.log.b.String())
	}
}

func TestEvenRefill(t *testing.T) {
	s := startServer(t)
	a := open(t, s.url(), limit.Rate{N: 1000, Per: 100 * time.Millisecond})
	// The limiter's own clock runs ahead, so that its local count refuses nothing.
	passed := 0
	for range 3000 {
		a.clock.advance(time.Millisecond)
		passed += a.takes(t, "192.0.2.1", 1)
	}
	if passed <= 1000 {
		t.Errorf("%d of 3000 passed: nothing was refilled", passed)
	}
}

func TestManyAtOnceShareOneCount(t *testing.T) {
	s := startServer(t)
	a, b := open(t, s.url(), limit.Rate{N: 100, Per: time.Hour}), open(t, s.url(), limit.Rate{N: 100, Per: time.Hour})
	var passed atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		n := []*node{a, b}[i%2]
		wg.Go(func() {
			for range 40 {
				if _, ok := n.Take(context.Background(), 0, "192.0.2.1"); ok {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if passed.Load() != 100 {
		t.Errorf("%d passed, want 100", passed.Load())
	}
}

func TestServerIsKilledAndComesBack(t *testing.T) {
	s := startServer(t)
	hourly := limit.Rate{N: 10, Per: time.Hour}
	a, b := open(t, s.url(), hourly), open(t, s.url(), hourly)
	if a.takes(t, "192.0.2.1", 4) != 4 || b.takes(t, "192.0.2.1", 4) != 4 {
		t.Fatal("refused too early")
	}
	s.kill()
	if got := a.takes(t, "192.0.2.1", 20); got != 6 {
		t.Errorf("%d passed while the server was away; this process had seen 4 of 10", got)
	}
	if got := b.takes(t, "192.0.2.3", 20); got != 10 {
		t.Errorf("%d of a new client passed while the server was away, want 10", got)
	}
	if a.log.lines() != 1 || b.log.lines() != 1 {
		t.Errorf("log while away: %s%s", a.log.b.String(), b.log.b.String())
	}
	a.clock.advance(time.Minute) // it asks once more and is still alone
	a.takes(t, "192.0.2.4", 3)
	if a.log.lines() != 1 {
		t.Errorf("log while away: %s", a.log.b.String())
	}
	if !s.start() {
		t.Fatal("redis-server does not start again")
	}
	a.clock.advance(2 * time.Second)
	b.clock.advance(2 * time.Second)
	if got := a.takes(t, "192.0.2.5", 6) + b.takes(t, "192.0.2.5", 20); got != 10 {
		t.Errorf("%d passed after the server came back, want 10", got)
	}
	if a.log.lines() != 2 || b.log.lines() != 2 {
		t.Errorf("log when back: %s%s", a.log.b.String(), b.log.b.String())
	}
	if text := a.log.b.String() + b.log.b.String(); strings.Contains(text, "ss@w") || strings.Contains(text, "pa%3A") {
		t.Errorf("the log holds the password: %s", text)
	}
}

// TestRestartBetweenRequests leaves idle connections dead; they cost nothing and are not worth a line.
func TestRestartBetweenRequests(t *testing.T) {
	s := startServer(t)
	a := open(t, s.url(), limit.Rate{N: 1000, Per: time.Hour})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { a.Take(context.Background(), 0, "192.0.2.1") })
	}
	wg.Wait()
	if !s.start() {
		t.Fatal("redis-server does not start again")
	}
	b := open(t, s.url(), limit.Rate{N: 1000, Per: time.Hour})
	if a.takes(t, "192.0.2.2", 100) != 100 || b.takes(t, "192.0.2.2", 1000) != 900 {
		t.Error("the count after a restart is not shared")
	}
	if a.log.lines() != 0 {
		t.Errorf("log: %s", a.log.b.String())
	}
}

// TestServerHangs stops the server without closing its connections: it takes bytes and never answers.
func TestServerHangs(t *testing.T) {
	s := startServer(t)
	a := open(t, s.url(), limit.Rate{N: 10, Per: time.Hour})
	a.takes(t, "192.0.2.1", 1)
	a.o.Timeout = 50 * time.Millisecond
	s.cmd.Process.Signal(syscall.SIGSTOP)
	defer s.cmd.Process.Signal(syscall.SIGCONT)
	if got := a.takes(t, "192.0.2.1", 20); got != 9 {
		t.Errorf("%d passed while the server hung, want 9", got)
	}
	if a.log.lines() != 1 {
		t.Errorf("log: %s", a.log.b.String())
	}
}

func TestClientThatHungUpIsNoFailure(t *testing.T) {
	s := startServer(t)
	a := open(t, s.url(), limit.Rate{N: 10, Per: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := a.Take(ctx, 0, "192.0.2.1"); !ok || a.log.lines() != 0 {
		t.Errorf("ok %v, log: %s", ok, a.log.b.String())
	}
}

func TestServerRefuses(t *testing.T) {
	s := startServer(t)
	for _, url := range []string{"redis://127.0.0.1:" + s.port, "redis://:wrong@127.0.0.1:" + s.port, "redis://:pa%3Ass%40w%C3%B6rd@127.0.0.1:" + s.port + "/99"} {
		a := open(t, url, limit.Rate{N: 10, Per: time.Hour})
		if got := a.takes(t, "192.0.2.1", 20); got != 10 || a.log.lines() != 1 || strings.Contains(a.log.b.String(), "wrong@") {
			t.Errorf("%s: %d passed, log: %s", url, got, a.log.b.String())
		}
	}
}

func TestTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	s := startServer(t, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no", "--tls-ca-cert-file", cert)
	url := "rediss" + strings.TrimPrefix(s.url(), "redis")
	for _, tt := range []struct {
		url   string
		roots *x509.CertPool
		lines int
	}{{url, pool, 0}, {url, nil, 1}, {s.url(), nil, 1}} {
		var log safeBuffer
		l, err := Open(Options{URL: tt.url, Rates: []limit.Rate{{N: 10, Per: time.Hour}}, Timeout: 20 * time.Second,
			TLS: &tls.Config{RootCAs: tt.roots}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		l.Take(t.Context(), 0, "192.0.2.1")
		if log.lines() != tt.lines {
			t.Errorf("%s, authorities %v: log %q", tt.url, tt.roots, log.b.String())
		}
	}
}

// certificate makes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := errors.Join(os.WriteFile(cert, certPEM, 0o600), os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return cert, key, pool
}

// TestKeys looks at what is kept: few bytes, that go by themselves, and heal when they make no sense.
func TestKeys(t *testing.T) {
	s := startServer(t)
	a := open(t, s.url(), limit.Rate{N: 60, Per: time.Minute})
	a.takes(t, "2001:db8::1", 50) // which the server remembers for 50 seconds
	conn := a.pool.Get()
	defer conn.Close()
	keys, err := redis.Strings(conn.Do("KEYS", "*"))
	if err != nil || fmt.Sprint(keys) != "[myfsio:limit:0:2001:db8::/64]" {
		t.Fatalf("keys %q, %v", keys, err)
	}
	ttl, err := redis.Int(conn.Do("PTTL", keys[0]))
	if err != nil || ttl <= 0 || ttl > 50_002 {
		t.Errorf("the key lives %d ms, %v", ttl, err)
	}
	for _, value := range []string{"no number", "9e99", "-5", ""} {
		if _, err := conn.Do("SET", keys[0], value); err != nil {
			t.Fatal(err)
		}
		wait, err := a.ask(t.Context(), a.o.Rates[0], keys[0])
		if err != nil || wait > time.Second {
			t.Errorf("%q: wait %v, %v", value, wait, err)
		}
	}
}

func TestURL(t *testing.T) {
	for _, tt := range []struct{ url, addr string }{
		{"redis://cache", "cache:6379"},
		{"redis://", "localhost:6379"},
		{"redis://u:p@cache:7000/2", "cache:7000"},
		{"rediss://[2001:db8::1]:7000/", "[2001:db8::1]:7000"},
		{"http://cache", ""},
		{"redis://cache/x", ""},
		{"redis://cache/-1", ""},
		{"redis://cache?db=1", ""},
		{"redis:cache", ""},
		{"redis://u:se@cret%zz@cache", ""},
		{"redis://u:se cret\x7f@cache", ""},
	} {
		l, err := Open(Options{URL: tt.url})
		switch {
		case err != nil && tt.addr != "":
			t.Errorf("%s: %v", tt.url, err)
		case err != nil && strings.Contains(err.Error(), "cret"):
			t.Errorf("the error repeats the password: %v", err)
		case err == nil && l.addr != tt.addr:
			t.Errorf("%s: %q, want %q", tt.url, l.addr, tt.addr)
		}
	}
}

// Package daemon runs the real program in a process of its own, for the tests that look at it from outside.
//
// A Server is one data directory and the environment that goes with it; it may be started, stopped, killed and
// started again, and the program's other commands run beside it. Nothing of the product is imported: these tests
// see what a user sees.
package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Credentials that every Server is started with.
const (
	AccessKey = "testaccess"
	SecretKey = "testsecret123"
	Region    = "us-east-1"
)

const (
	startWait = time.Minute // bound on a start, which takes a fraction of a second
	stopWait  = time.Minute
	logTail   = 4 << 10 // bytes of a server's output that an error shows
)

// Build compiles the program once per process and returns its path. With MYFSIO_BINARY set it returns that; with
// MYFSIO_RACE=1 the program has the race detector and ends at the first race. Cleanup removes what it made.
var Build = sync.OnceValues(func() (string, error) {
	if p := os.Getenv("MYFSIO_BINARY"); p != "" {
		return filepath.Abs(p)
	}
	dir, err := os.MkdirTemp("", "myfsio-build-")
	if err != nil {
		return "", err
	}
	built = dir
	bin := filepath.Join(dir, "myfsio")
	args := []string{"build", "-o", bin}
	if os.Getenv("MYFSIO_RACE") == "1" {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "myfsio/cmd/myfsio")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// built is the directory that Build made, or empty.
var built string

// Cleanup removes what Build made; for the end of TestMain.
func Cleanup() {
	if built != "" {
		os.RemoveAll(built)
	}
}

// Server is one data directory, and at most one process over it. Its methods are for one goroutine at a time.
type Server struct {
	Binary string
	Dir    string   // everything is below: data, logs and the working directory of the process
	Env    []string // further variables, as NAME=value
	Port   int      // chosen at the first start, and kept

	cmd    *exec.Cmd
	exited chan struct{} // closed when cmd has ended and exit is set
	exit   error
	output lockedBuffer
}

// New prepares a server under dir; nothing runs yet.
func New(dir string, env ...string) (*Server, error) {
	bin, err := Build()
	if err != nil {
		return nil, err
	}
	s := &Server{Binary: bin, Dir: dir, Env: env}
	for _, d := range []string{s.Data(), filepath.Join(dir, "logs"), filepath.Join(dir, "cwd")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	s.Port, err = freePort()
	return s, err
}

// Data is the STORAGE_ROOT.
func (s *Server) Data() string { return filepath.Join(s.Dir, "data") }

// Host is the address in the form host:port.
func (s *Server) Host() string { return fmt.Sprintf("127.0.0.1:%d", s.Port) }

// URL is the endpoint.
func (s *Server) URL() string { return "http://" + s.Host() }

// Output is what the present process, or the last one, has said.
func (s *Server) Output() string { return s.output.String() }

// Start runs the program and returns when it answers.
func (s *Server) Start() error {
	if err := s.Launch(); err != nil {
		return err
	}
	return s.Ready()
}

// Launch runs the program and returns at once.
func (s *Server) Launch() error {
	if s.cmd != nil {
		return errors.New("daemon: already running")
	}
	s.output.Reset()
	cmd := s.command(context.Background(), "--mode", "api", "--api-port", fmt.Sprint(s.Port))
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.cmd, s.exited = cmd, exited
	go func() {
		s.exit = cmd.Wait()
		close(exited)
	}()
	return nil
}

// Ready waits until the program answers, and fails when it ends before that.
func (s *Server) Ready() error {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	deadline := time.NewTimer(startWait)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := client.Get(s.URL() + "/myfsio/health")
		if err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.exited:
			s.cmd = nil
			return fmt.Errorf("daemon: ended while starting: %v\n%s", s.exit, s.tail())
		case <-deadline.C:
			return fmt.Errorf("daemon: no answer after %v: %v\n%s", startWait, err, s.tail())
		case <-tick.C:
		}
	}
}

// Stop ends the program as a service manager does, and requires that it ends well.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.exited:
		s.cmd = nil
		if s.exit != nil {
			return fmt.Errorf("daemon: SIGTERM: %w\n%s", s.exit, s.tail())
		}
		return nil
	case <-time.After(stopWait):
		s.Kill()
		return fmt.Errorf("daemon: still running %v after SIGTERM\n%s", stopWait, s.tail())
	}
}

// Kill ends the program without a warning and waits for its end.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Kill()
	<-s.exited
	s.cmd = nil
}

// Run runs another command of the program with the server's environment, and returns what it said.
func (s *Server) Run(ctx context.Context, args ...string) (string, error) {
	out, err := s.command(ctx, args...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("myfsio %s: %w\n%s", strings.Join(args, " "), err, tail(out))
	}
	return string(out), nil
}

// Fsck checks the data of a stopped server; an error means that something is wrong with it.
func (s *Server) Fsck(ctx context.Context) error {
	_, err := s.Run(ctx, "fsck")
	return err
}

func (s *Server) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.Binary, args...)
	cmd.Dir = filepath.Join(s.Dir, "cwd") // no .env of the developer's is found there
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + cmd.Dir,
		"TMPDIR=" + os.TempDir(),
		"STORAGE_ROOT=" + s.Data(),
		"LOG_DIR=" + filepath.Join(s.Dir, "logs"),
		"LOG_TO_FILE=false",
		"ADMIN_ACCESS_KEY=" + AccessKey,
		"ADMIN_SECRET_KEY=" + SecretKey,
		"APP_HOST=127.0.0.1",
		"AWS_REGION=" + Region,
		"GORACE=halt_on_error=1",
	}, s.Env...)
	return cmd
}

func (s *Server) tail() string { return tail([]byte(s.Output())) }

func tail(out []byte) string {
	if len(out) > logTail {
		out = out[len(out)-logTail:]
	}
	return string(out)
}

// freePort finds a port that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// lockedBuffer keeps what a process says; it may be read while the process writes. It keeps at most 1 MiB, the end.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const bufferLimit = 1 << 20

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf.Len()+len(p) > bufferLimit {
		b.buf.Next(b.buf.Len() / 2)
	}
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *lockedBuffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
}

//go:build linux

package compare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"myfsio/bench/load"
)

const (
	readyTimeout = 5 * time.Minute // generous: start-up over 10^6 objects is one of the things measured
	stopTimeout  = time.Minute
	restTimeout  = 5 * time.Second
)

// server is one running server.
type server struct {
	spec    *Spec
	program Program
	dir     string
	port    int
	target  *load.Target
	env     *load.Env
	cmd     *exec.Cmd
	exited  chan struct{} // closed when cmd has ended
	idleRSS int64         // bytes, after the first start
	probe   string
}

// newServer prepares a server with all it writes under dir. It is not started yet.
func newServer(spec *Spec, p Program, dir string, sizes load.Sizes, log func(string, ...any)) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cred := load.Credentials{AccessKey: accessKey, SecretKey: secretKey}
	if spec.Static {
		cred = load.Credentials{}
	}
	target, err := load.NewTarget(fmt.Sprintf("http://127.0.0.1:%d", port), "", cred)
	if err != nil {
		return nil, err
	}
	s := &server{spec: spec, program: p, dir: dir, port: port, target: target}
	s.env = &load.Env{Target: target, Sizes: sizes, Log: func(f string, a ...any) { log(spec.Name+": "+f, a...) }}
	if spec.Static {
		s.env.Publish = s.publish
	} else {
		s.env.Restart = s.restart
	}
	if spec.Object != nil {
		s.env.Seed = s.seed
	}
	s.env.Policy = spec.Policy
	if spec.Admin.AccessKey != "" {
		s.env.Admin = &load.Target{Addr: target.Addr, Region: target.Region, Credentials: spec.Admin}
	}
	return s, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// start runs the server's program; ready or not, stop must be called.
func (s *server) start(ctx context.Context) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	l, err := s.spec.Launch(s.dir, s.port)
	if err != nil {
		return err
	}
	s.probe = l.Probe
	out, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close() // the child has its own
	s.cmd = exec.Command(s.program.Path, l.Args...)
	s.cmd.Dir = s.dir
	s.cmd.Env = append(baseEnv(), l.Env...)
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that workers stop and go with their master
	if err := s.cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.exited = exited
	go func(cmd *exec.Cmd) {
		cmd.Wait()
		close(exited)
	}(s.cmd)
	return ctx.Err()
}

// baseEnv is the part of the environment that servers get: none of the settings that
// the shell of whoever measures may hold.
func baseEnv() []string { return []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()} }

func (s *server) logPath() string { return filepath.Join(filepath.Dir(s.dir), s.spec.Name+".log") }

// ready waits until the server answers.
func (s *server) ready(ctx context.Context) error {
	c := load.NewClient(s.target, 0)
	defer c.Close()
	return s.await(ctx, func() error {
		_, err := c.Do(&load.Request{Method: "GET", Path: s.probe}, nil, 200)
		return err
	})
}

// await repeats probe until it succeeds, the server ends or too much time goes by.
func (s *server) await(ctx context.Context, probe func() error) error {
	deadline := time.Now().Add(readyTimeout)
	for {
		err := probe()
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("%s ended: %s", s.spec.Name, s.lastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %v: %w", s.spec.Name, readyTimeout, err)
		}
	}
}

func (s *server) lastWords() string {
	b, _ := os.ReadFile(s.logPath())
	return string(tail(b, 1000))
}

// restart is load.Env.Restart.
func (s *server) restart(ctx context.Context, probe func() error) (time.Duration, error) {
	if err := s.stop(); err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := s.start(ctx); err != nil {
		return 0, err
	}
	err := s.await(ctx, probe)
	return time.Since(begun), err
}

// stop ends the server: politely, then not.
func (s *server) stop() error {
	if s.cmd == nil || s.cmd.Process == nil {
		return nil
	}
	s.resume()
	s.signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		s.signal(syscall.SIGKILL)
		<-s.exited
	}
	s.cmd = nil
	return nil
}

func (s *server) pause()  { s.signal(syscall.SIGSTOP) }
func (s *server) resume() { s.signal(syscall.SIGCONT) }

// signal reaches the server and its workers: the process group that start made for it.
func (s *server) signal(sig syscall.Signal) {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	select {
	case <-s.exited: // its number may belong to somebody else by now
	default:
		syscall.Kill(-s.cmd.Process.Pid, sig)
	}
}

// publish is load.Env.Publish: the file server's way of storing an object.
func (s *server) publish(bucket, key string, body []byte) error {
	path := filepath.Join(s.dir, "data", bucket, key)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o644)
}

// rest waits until the server has next to nothing to do, or restTimeout.
func (s *server) rest(ctx context.Context) error {
	const look = 100 * time.Millisecond
	before, err := usageOf(s.cmd.Process.Pid)
	if err != nil {
		return errors.Join(err, fmt.Errorf("%s: %s", s.spec.Name, s.lastWords()))
	}
	for end := time.Now().Add(restTimeout); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
		after, err := usageOf(s.cmd.Process.Pid)
		if err != nil {
			return err
		}
		if after.CPU-before.CPU <= look/10 {
			return nil
		}
		before = after
	}
	return nil
}

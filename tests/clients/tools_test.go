package clients

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cache is where tests/setup puts what the distribution does not have.
func cache(t *testing.T, elem ...string) string {
	t.Helper()
	p, err := filepath.Abs(filepath.Join(append([]string{"..", "..", ".cache", "clients"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tool finds a program: first where tests/setup puts it, then on the PATH. A missing one ends the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, p := range []string{cache(t, "bin", name), cache(t, "venv", "bin", name)} {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	p, err := exec.LookPath(name)
	if err != nil {
		absent(t, name)
	}
	return p
}

// absent ends a test that lacks a client.
func absent(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("MYFSIO_REQUIRE_CLIENTS") == "1" {
		t.Fatalf("%s is not installed; tests/setup says why", what)
	}
	t.Skipf("%s is not installed; tests/setup installs it", what)
}

// runner runs one client program with one environment.
type runner struct {
	t    *testing.T
	path string
	args []string // before those of each call
	env  []string
	dir  string
}

// try runs the program; ok is whether it ended well.
func (r *runner) try(args ...string) (stdout, stderr string, ok bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.path, append(append([]string{}, r.args...), args...)...)
	cmd.Env, cmd.Dir = r.env, r.dir
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	fail := cmd.Run()
	return out.String(), err.String(), fail == nil
}

// must runs the program and fails the test when it fails.
func (r *runner) must(args ...string) string {
	r.t.Helper()
	out, errs, ok := r.try(args...)
	if !ok {
		r.t.Fatalf("%s %s failed\n%s\n%s", filepath.Base(r.path), strings.Join(args, " "), end(out), end(errs))
	}
	return out
}

// refused runs the program, which has to fail and to say why.
func (r *runner) refused(why string, args ...string) {
	r.t.Helper()
	out, errs, ok := r.try(args...)
	if ok {
		r.t.Fatalf("%s: succeeded, want %s", strings.Join(args, " "), why)
	}
	if !strings.Contains(out+errs, why) {
		r.t.Fatalf("%s: want %s\n%s\n%s", strings.Join(args, " "), why, end(out), end(errs))
	}
}

// end is the part of a client's output that a failure shows.
func end(s string) string {
	if len(s) > 4000 {
		s = "…" + s[len(s)-4000:]
	}
	return s
}

// check is one line of a client script.
type check struct {
	Name   string
	Status string // ok, fail, skip
	Detail string
	Done   bool // the last line
}

// script runs a client script and makes each of its checks a subtest.
func script(t *testing.T, r *runner, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.path, append(append([]string{}, r.args...), args...)...)
	cmd.Env, cmd.Dir = r.env, r.dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, fail := cmd.Output()
	done, other := false, ""
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c check
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			other += lines.Text() + "\n"
			continue
		}
		if c.Done {
			done = true
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			switch c.Status {
			case "ok":
			case "skip":
				t.Skip(c.Detail)
			default:
				t.Error(c.Detail)
			}
		})
	}
	if !done || fail != nil && !t.Failed() {
		t.Fatalf("%s did not come to its end: %v\n%s\n%s", filepath.Base(r.path), fail, end(other), end(errs.String()))
	}
}

// write makes a file and returns its path.
func write(t *testing.T, path string, body []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// read returns a file's bytes.
func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same fails the test when two files differ.
func same(t *testing.T, want, got string) {
	t.Helper()
	if a, b := read(t, want), read(t, got); !bytes.Equal(a, b) {
		t.Fatalf("%s (%d bytes) and %s (%d bytes) differ", want, len(a), got, len(b))
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocsAreCurrent fails when a generated document differs from what the tables say. `make docs` writes them.
func TestDocsAreCurrent(t *testing.T) {
	dir := t.TempDir()
	var errOut bytes.Buffer
	if code := run(context.Background(), []string{"docs", dir}, &errOut, &errOut); code != exitOK {
		t.Fatalf("exit %d: %s", code, &errOut)
	}
	for _, name := range []string{"CONFIG.md", "S3.md"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", "..", "doc", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("doc/%s is not what the code says; run make docs", name)
		}
	}
}

func TestRun(t *testing.T) {
	t.Setenv("STORAGE_ROOT", filepath.Join(t.TempDir(), "data"))
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"--version", exitOK, "myfsio " + version},
		{"version", exitOK, "myfsio " + version},
		{"help", exitOK, "Usage:"},
		{"--help", exitOK, "Usage:"},
		{"--nonsense", exitUsage, "nonsense"},
		{"nonsense", exitUsage, "nonsense"},
		{"fsck extra", exitUsage, "extra"},
		{"--mode half", exitUsage, "half"},
		{"--mode ui", exitFailed, "console"},
		{"--show-config", exitOK, "STORAGE_ROOT="},
		{"--check-config", exitOK, "can be used"},
		{"--check-config --api-port 99999", exitFailed, "CRITICAL"},
		{"--api-port 99999", exitFailed, "CRITICAL"},
		{"--reset-cred", exitOK, "Secret key:"},
		{"--mode reset-cred", exitOK, "Secret key:"},
		{"docs", exitUsage, "Usage:"},
		{"docs /nonexistent/dir", exitFailed, "no such file"},
		{"fsck", exitOK, "clean"},
		{"adopt", exitOK, "0 adopted"},
		{"rebuild-view", exitOK, "0 objects"},
	} {
		var out bytes.Buffer
		code := run(context.Background(), strings.Fields(c.args), &out, &out)
		if code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("myfsio %s: exit %d, want %d with %q:\n%s", c.args, code, c.code, c.says, &out)
		}
	}
}

// cli runs the program on a data directory of its own, and returns its exit code and what it said.
func cli(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), args, &out, &out)
	return code, out.String()
}

// TestTools walks through adopt, fsck and rebuild-view as a person would.
func TestTools(t *testing.T) {
	root := filepath.Join(t.TempDir(), "data")
	t.Setenv("STORAGE_ROOT", root)
	file := filepath.Join(root, "photos", "a.txt")
	write := func(text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("hello")
	for _, c := range []struct {
		name string
		do   func() // before
		args string
		code int
		says string
	}{
		{"no administrator yet", nil, "adopt", exitOK, "Secret key:"},
		{"once more", nil, "adopt", exitOK, "1 files looked at: 0 adopted"},
		{"clean", nil, "fsck", exitOK, "clean"},
		{"edited", func() { write("edited") }, "fsck", exitFailed, "the file has 6 bytes, the object 5"},
		{"repair keeps what a person wrote", nil, "fsck --repair", exitFailed, "1 problems remain"},
		{"adopted", nil, "adopt", exitOK, "adopted photos/a.txt"},
		{"clean again", nil, "fsck --deep", exitOK, "clean"},
		{"deleted", func() { os.RemoveAll(filepath.Dir(file)) }, "fsck", exitFailed, "the file is missing"},
		{"rebuilt", nil, "rebuild-view", exitOK, "1 objects looked at: 1 files made or mended"},
		{"clean at last", nil, "fsck", exitOK, "clean"},
	} {
		if c.do != nil {
			c.do()
		}
		if code, out := cli(t, strings.Fields(c.args)...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", c.name, code, c.code, c.says, out)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "edited" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestServeEnds: the program serves until its context ends, and a second one on its data is refused.
func TestServeEnds(t *testing.T) {
	t.Setenv("STORAGE_ROOT", filepath.Join(t.TempDir(), "data"))
	t.Setenv("APP_HOST", "127.0.0.1")
	t.Setenv("LOG_TO_FILE", "false")
	ctx, stop := context.WithCancel(t.Context())
	said, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--api-port", "0", "--mode", "api"}, out, out)
		out.Close()
	}()
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.Contains(lines.Text(), "serving the S3 API") {
	}
	go io.Copy(io.Discard, said)
	for _, args := range []string{"fsck", "--api-port 0", "adopt", "rebuild-view"} {
		if code, out := cli(t, strings.Fields(args)...); code != exitFailed || !strings.Contains(out, "in use by another MyFSIO process") {
			t.Errorf("%s beside a server: exit %d\n%s", args, code, out)
		}
	}
	if code, out := cli(t, "--reset-cred"); code != exitOK || !strings.Contains(out, "Secret key:") {
		t.Errorf("--reset-cred beside a server: exit %d\n%s", code, out)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit %d", code)
	}
	if code, out := cli(t, "fsck"); code != exitOK {
		t.Errorf("exit %d\n%s", code, out)
	}
}

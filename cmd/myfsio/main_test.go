package main

import (
	"bytes"
	"context"
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

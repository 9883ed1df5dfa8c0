//go:build linux

package compare

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrMissing is returned for a server whose program is not on this machine and is not
// installed by this tool.
var ErrMissing = errors.New("not installed")

// Program is an installed server.
type Program struct {
	Path    string
	Version string
}

// Install makes the program of s ready under bin: a pinned module is installed with
// the go command unless that very version is there already, our own server is
// built from source (a directory within this module), others are looked up.
func Install(ctx context.Context, s *Spec, bin, source string, log func(string, ...any)) (Program, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return Program{}, err
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return Program{}, err
	}
	path := filepath.Join(bin, s.Name)
	switch {
	case s.Module != "":
		if info, err := buildinfo.ReadFile(path); err == nil && info.Main.Version == s.Version {
			return Program{path, s.Version}, nil
		}
		log("installing %s@%s", s.Module, s.Version)
		// The command named in the pinned module may ask for a newer toolchain than ours.
		err := command(ctx, bin, []string{"GOBIN=" + bin, "CGO_ENABLED=0", "GOTOOLCHAIN=auto"}, "go", "install", s.Module+"@"+s.Version)
		return Program{path, s.Version}, err
	case s.Package != "":
		log("building %s", s.Package)
		err := command(ctx, source, nil, "go", "build", "-trimpath", "-o", path, s.Package)
		return Program{path, revision(ctx, source)}, err
	}
	path, err = exec.LookPath(s.Binary)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + s.Binary); err != nil {
			return Program{}, fmt.Errorf("%s: %w", s.Binary, ErrMissing)
		}
	}
	out, _ := exec.CommandContext(ctx, path, "-v").CombinedOutput()
	_, version, _ := strings.Cut(strings.TrimSpace(string(out)), "/")
	return Program{path, version}, nil
}

func command(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, tail(out, 2000))
	}
	return nil
}

// revision is the commit that source is at, or nothing.
func revision(ctx context.Context, source string) string {
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty")
	cmd.Dir = source
	out, _ := cmd.Output()
	return strings.TrimSpace(string(out))
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

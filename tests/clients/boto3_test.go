package clients

import (
	"os"
	"testing"
)

// venv returns the Python that has the AWS libraries: that of tests/setup, or the system's own.
func venv(t *testing.T) string {
	t.Helper()
	p := cache(t, "venv", "bin", "python")
	if _, err := os.Stat(p); err == nil {
		return p
	}
	r := &runner{t: t, path: tool(t, "python3"), env: os.Environ()}
	if _, _, ok := r.try("-c", "import boto3, awscli"); !ok {
		absent(t, "boto3")
	}
	return r.path
}

func TestBoto3(t *testing.T) {
	t.Parallel()
	python := venv(t)
	s := server(t)
	r := &runner{t: t, path: python, env: s.env(t, "MYFSIO_BUCKET=boto3", "MYFSIO_KEYS="+keysFile(t), "PYTHONDONTWRITEBYTECODE=1")}
	script(t, r, "boto3_test.py")
}

// TestBoto3Access is who may do what. Some of it needs a server with other settings, which only ours has.
func TestBoto3Access(t *testing.T) {
	t.Parallel()
	python := venv(t)
	s := server(t)
	env := s.env(t, "MYFSIO_BUCKET=boto3-access", "PYTHONDONTWRITEBYTECODE=1")
	if s.own != nil {
		env = append(env, "MYFSIO_OTHER_ENDPOINT="+own(t, "SIGV2_ENABLED=true", "MULTIPART_MIN_PART_SIZE=1").URL)
	}
	script(t, &runner{t: t, path: python, env: env}, "boto3_access_test.py")
}

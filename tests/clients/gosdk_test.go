package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestGoSDK(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "gosdk")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Dir = "gosdk"
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly")
	if out, err := build.CombinedOutput(); err != nil {
		t.Logf("go build: %v\n%s", err, end(string(out)))
		absent(t, "the AWS SDK for Go")
	}
	s := server(t)
	script(t, &runner{t: t, path: bin, env: s.env(t, "MYFSIO_BUCKET=gosdk", "MYFSIO_KEYS="+keysFile(t))})
	t.Run("limited", func(t *testing.T) {
		u := s.session(t, s.limited(t, "limited-gosdk"))
		script(t, &runner{t: t, path: bin, env: append(s.env(t, "MYFSIO_BUCKET=limited-gosdk", "MYFSIO_LIMITED=1"), u.env()...)})
		s.untouched(t, "limited-gosdk")
	})
}

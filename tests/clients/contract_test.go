package clients

import (
	"path/filepath"
	"strings"
	"testing"

	"myfsio/tests/daemon"
)

// TestContract runs the examples of the documentation, see contract/README.md. They edit the files of the server, so it is
// their own, and they use the same names of buckets, so they run one after the other.
func TestContract(t *testing.T) {
	t.Parallel()
	tool(t, "curl")
	tool(t, "openssl")
	bash := tool(t, "bash")
	scripts, err := filepath.Glob("contract/[0-9]*.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	s := own(t, "RATE_LIMIT_ADMIN=100000 per minute")
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".sh"), func(t *testing.T) {
			t.Log(s.contract(t, bash).must(path))
		})
	}
	if err := s.own.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.own.Fsck(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// contract runs scripts with the variables of contract/lib.sh.
func (s *target) contract(t *testing.T, bash string) *runner {
	return &runner{t: t, path: bash, env: s.env(t,
		"ENDPOINT="+s.URL, "ACCESS_KEY="+daemon.AccessKey, "SECRET_KEY="+daemon.SecretKey, "REGION="+daemon.Region,
		"CONFIG_DIR="+filepath.Join(s.own.Data(), ".myfsio.sys", "config"))}
}

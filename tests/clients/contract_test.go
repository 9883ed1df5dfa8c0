package clients

import (
	"context"
	"net/http"
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
	const manyUsers = "RATE_LIMIT_ADMIN=100000 per minute"
	s := own(t, manyUsers)
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".sh"), func(t *testing.T) {
			s := s
			if settings := settingsOf(string(read(t, path))); settings != nil { // which the usual server does not have
				s = own(t, append(settings, manyUsers)...)
			}
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

// settingsOf returns what a script needs of its server: the lines that begin with "# Settings: ".
func settingsOf(script string) (all []string) {
	for line := range strings.Lines(script) {
		if v, ok := strings.CutPrefix(line, "# Settings: "); ok {
			all = append(all, strings.TrimSpace(v))
		}
	}
	return all
}

// contract runs scripts with the variables of contract/lib.sh.
func (s *target) contract(t *testing.T, bash string) *runner {
	return &runner{t: t, path: bash, env: s.env(t,
		"ENDPOINT="+s.URL, "ACCESS_KEY="+daemon.AccessKey, "SECRET_KEY="+daemon.SecretKey, "REGION="+daemon.Region,
		"CONFIG_DIR="+filepath.Join(s.own.Data(), ".myfsio.sys", "config"))}
}

// TestIAMFile is what section 4 promises of iam.json: encrypted with SECRET_KEY, also one that was in clear before, and new keys for
// the administrator who lost his.
func TestIAMFile(t *testing.T) {
	t.Parallel()
	s := own(t, "RATE_LIMIT_ADMIN=100000 per minute")
	path := filepath.Join(s.own.Data(), ".myfsio.sys", "config", "iam.json")
	u := s.user(t, `[{"bucket": "*", "actions": ["list"]}]`)
	if !strings.Contains(string(read(t, path)), u.AccessKey) {
		t.Error("without SECRET_KEY the file is not in clear")
	}
	buckets := func(u user) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Access-Key", u.AccessKey)
		r.Header.Set("X-Secret-Key", u.SecretKey)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	s.own.Env = append(s.own.Env, "SECRET_KEY=a secret of this server")
	s.stopped(t, func(context.Context) {})
	if got := buckets(u); got != 200 {
		t.Errorf("after encryption: %d", got)
	}
	if text := string(read(t, path)); !strings.HasPrefix(text, "MYFSIO_IAM_ENC:") || strings.Contains(text, u.AccessKey) {
		t.Errorf("with SECRET_KEY the file is in clear: %.40s…", text)
	}
	s.own.Env = append(s.own.Env, "ADMIN_ACCESS_KEY=", "ADMIN_SECRET_KEY=") // random ones
	old, lost := user{AccessKey: daemon.AccessKey, SecretKey: daemon.SecretKey}, user{}
	s.stopped(t, func(ctx context.Context) {
		out, err := s.own.Run(ctx, "--reset-cred")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out) {
			if _, v, ok := strings.Cut(line, "Access key: "); ok {
				lost.AccessKey = strings.TrimSpace(v)
			}
			if _, v, ok := strings.Cut(line, "Secret key: "); ok {
				lost.SecretKey = strings.TrimSpace(v)
			}
		}
	})
	for who, want := range map[user]int{lost: 200, old: 403, u: 200} {
		if got := buckets(who); got != want {
			t.Errorf("%s after --reset-cred: %d, want %d", who.AccessKey, got, want)
		}
	}
	if err := s.own.Stop(); err != nil {
		t.Fatal(err)
	}
}

package clients

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

// limit bounds one command of a client.
const limit = 5 * time.Minute

func TestMain(m *testing.M) {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Printf("after the tests: %v\nFAIL\n", err)
		code = 1
	}
	daemon.Cleanup()
	os.Exit(code)
}

// target is the server that a test talks to.
type target struct {
	URL  string
	Host string
	own  *daemon.Server // nil for somebody else's server
}

// shared is the one server of all tests, started by the first that asks.
var shared = sync.OnceValues(func() (*target, error) {
	if url := os.Getenv("MYFSIO_CLIENTS_ENDPOINT"); url != "" {
		return &target{URL: url, Host: strings.TrimPrefix(url, "http://")}, nil
	}
	dir, err := os.MkdirTemp("", "myfsio-clients-")
	if err != nil {
		return nil, err
	}
	sharedDir = dir
	s, err := daemon.New(dir, "RATE_LIMIT_ADMIN=100000 per minute") // the tests make many users
	if err != nil {
		return nil, err
	}
	sharedServer = s
	return &target{URL: s.URL(), Host: s.Host(), own: s}, s.Start()
})

var (
	sharedServer *daemon.Server
	sharedDir    string
)

// stopShared ends the shared server and requires order: exit code 0, and data that fsck finds clean.
func stopShared() error {
	if sharedServer == nil {
		return nil
	}
	defer os.RemoveAll(sharedDir)
	if err := sharedServer.Stop(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return sharedServer.Fsck(ctx)
}

// server returns the shared server.
func server(t *testing.T) *target {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// raw is our own client, which sends keys as they are.
func (s *target) raw() *signed.Client {
	return &signed.Client{
		Endpoint: s.URL, AccessKey: daemon.AccessKey, SecretKey: daemon.SecretKey, Region: daemon.Region,
		HTTP: &http.Client{Timeout: time.Minute},
	}
}

// ask sends one request and fails the test when it fails.
func (s *target) ask(t *testing.T, r signed.Request) *signed.Response {
	t.Helper()
	resp, err := s.raw().Do(t.Context(), r)
	if err != nil {
		t.Fatalf("%s %s/%q: %v", r.Method, r.Bucket, r.Key, err)
	}
	return resp
}

// env is the environment of a client: the usual variables of AWS, and nothing of the developer's own settings.
func (s *target) env(t *testing.T, extra ...string) []string {
	home := t.TempDir()
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"TMPDIR=" + home,
		"LANG=C.UTF-8",
		"LC_ALL=C.UTF-8",
		"AWS_ACCESS_KEY_ID=" + daemon.AccessKey,
		"AWS_SECRET_ACCESS_KEY=" + daemon.SecretKey,
		"AWS_DEFAULT_REGION=" + daemon.Region,
		"AWS_REGION=" + daemon.Region,
		"AWS_ENDPOINT_URL=" + s.URL,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + home + "/aws-config",
		"AWS_SHARED_CREDENTIALS_FILE=" + home + "/aws-credentials",
		"MYFSIO_TMP=" + home,
	}, extra...)
}

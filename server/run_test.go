package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"myfsio/config"
	"myfsio/internal/terminal"
	"myfsio/sigv4"
)

// TestMain opens a data directory, and no more, where a test asks for a second process.
func TestMain(m *testing.M) {
	if root := os.Getenv("MYFSIO_TEST_OPEN"); root != "" {
		d, err := OpenData(context.Background(), DataConfig{Root: root, Sync: true, PlainFiles: true, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if os.Getenv("MYFSIO_TEST_CRASH") == "" {
			err = d.Close(context.Background())
		}
		fmt.Println("opened", d.Crashed, err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process opens root in another process.
func process(t *testing.T, root string, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "MYFSIO_TEST_OPEN="+root), env...)
	out, _ := cmd.CombinedOutput() // the text says how it went
	return string(out)
}

// settings is a configuration of its own: env files and the environment have no part in it.
func settings(t *testing.T, root string, pairs ...string) *config.Config {
	t.Helper()
	values := map[string]string{
		"STORAGE_ROOT": filepath.Join(root, "data"), "APP_HOST": "127.0.0.1", "APP_PORT": "0", "LOG_DIR": filepath.Join(root, "logs"), "AWS_REGION": "eu-test-1",
	}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	cfg, problems := config.Load(config.Source{Env: func(name string) (string, bool) { v, ok := values[name]; return v, ok }, Files: []string{}})
	for _, p := range problems {
		t.Error(p)
	}
	return cfg
}

// running is a server that runs.
type running struct {
	*testing.T
	host   string
	out    *terminal.Terminal
	signer sigv4.Signer
	stop   context.CancelFunc
	ended  chan error
}

const testAccess, testSecret = "AKTEST", "a secret of the tests"

// start runs a server until the test ends. Without a pair of keys in the settings the test sets signer.
func start(t *testing.T, cfg *config.Config) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{
		T: t, out: terminal.New(), stop: stop, ended: make(chan error, 1),
		signer: sigv4.Signer{AccessKey: testAccess, SecretKey: testSecret, Region: "eu-test-1"},
	}
	go func() { r.ended <- Run(ctx, cfg, "1.2.3", r.out) }()
	select {
	case r.host = <-r.out.Addr():
	case err := <-r.ended:
		t.Fatalf("it ended: %v\n%s", err, r.out)
	}
	t.Cleanup(func() { r.stop() })
	return r
}

// keyed is a configuration whose administrator has the keys of the tests.
func keyed(t *testing.T, root string, pairs ...string) *config.Config {
	return settings(t, root, append(pairs, "ADMIN_ACCESS_KEY", testAccess, "ADMIN_SECRET_KEY", testSecret)...)
}

// end stops the server in order.
func (r *running) end() {
	r.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		r.Errorf("the end: %v\n%s", err, r.out)
	}
}

// do sends a signed request and returns its answer.
func (r *running) do(method, path string, body io.Reader, header ...string) (*http.Response, string) {
	r.Helper()
	resp, err := r.try(method, path, body, header...)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return resp, string(data)
}

var client = &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}}

func (r *running) try(method, path string, body io.Reader, header ...string) (*http.Response, error) {
	req, err := http.NewRequest(method, "http://"+r.host+path, body)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	r.signer.Sign(req, "", time.Now())
	return client.Do(req)
}

// want sends a request and demands a status.
func (r *running) want(status int, method, path, body string) string {
	r.Helper()
	resp, data := r.do(method, path, strings.NewReader(body))
	if resp.StatusCode != status {
		r.Errorf("%s %s: %s, want %d\n%s", method, path, resp.Status, status, data)
	}
	return data
}

func TestServe(t *testing.T) {
	root := t.TempDir()
	r := start(t, keyed(t, root))
	for path, word := range map[string]string{"/myfsio/health": "ok", "/myfsio/ready": "ready", "/myfsio/health/ready": "ready"} {
		resp, err := http.Get("http://" + r.host + path)
		if err != nil {
			t.Fatal(err)
		}
		var body map[string]string
		err = json.NewDecoder(resp.Body).Decode(&body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || body["status"] != word || body["version"] != "1.2.3" || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s, %v, %v", path, resp.Status, body, err)
		}
	}
	if resp, err := http.Post("http://"+r.host+"/myfsio/ready", "", nil); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v, %v", resp, err)
	}
	r.want(200, "PUT", "/bucket", "")
	r.want(200, "PUT", "/bucket/dir/key", "hello")
	if got := r.want(200, "GET", "/bucket/dir/key", ""); got != "hello" {
		t.Errorf("%q", got)
	}
	if got := r.want(200, "GET", "/bucket?list-type=2", ""); !strings.Contains(got, "<Key>dir/key</Key>") {
		t.Errorf("%s", got)
	}
	r.signer.SecretKey = "another"
	r.want(403, "GET", "/bucket/dir/key", "")
	r.end()
	if data, err := os.ReadFile(filepath.Join(root, "data", "bucket", "dir", "key")); err != nil || string(data) != "hello" {
		t.Errorf("%q, %v", data, err)
	}
}

// TestDrain: when it is told to stop, a request that runs is finished; what it wrote is there, also as a file,
// and the end counts as orderly.
func TestDrain(t *testing.T) {
	root := t.TempDir()
	r := start(t, keyed(t, root))
	r.want(200, "PUT", "/bucket", "")
	for i := range 50 { // the view has work left
		r.want(200, "PUT", fmt.Sprint("/bucket/", i), "x")
	}
	body, feed := io.Pipe()
	answer := make(chan string, 1)
	go func() {
		resp, err := r.try("PUT", "/bucket/slow", body, "Expect", "100-continue")
		if err != nil {
			answer <- err.Error()
			return
		}
		resp.Body.Close()
		answer <- resp.Status
	}()
	if _, err := feed.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil { // the body is asked for: the request runs
		t.Fatal(err)
	}
	r.stop()
	for deadline := time.Now().Add(time.Minute); ; { // until nobody listens
		c, err := net.Dial("tcp", r.host)
		if err != nil {
			break
		}
		c.Close()
		if time.Now().After(deadline) {
			t.Fatal("it listens still")
		}
	}
	select {
	case err := <-r.ended:
		t.Fatalf("it did not wait: %v", err)
	case s := <-answer:
		t.Fatalf("answered %s", s)
	default:
	}
	feed.Write([]byte("end"))
	feed.Close()
	if s := <-answer; s != "200 OK" {
		t.Errorf("answered %s", s)
	}
	r.end()
	for _, name := range []string{"0", "49", "slow"} {
		if _, err := os.Stat(filepath.Join(root, "data", "bucket", name)); err != nil {
			t.Error(err)
		}
	}
	r = start(t, keyed(t, root))
	if got := r.want(200, "GET", "/bucket/slow", ""); len(got) != 1<<20+3 {
		t.Errorf("%d bytes", len(got))
	}
	if strings.Contains(r.out.String(), "orderly") {
		t.Errorf("the end was not orderly:\n%s", r.out)
	}
	r.end()
}

func TestHealthStates(t *testing.T) {
	h := &health{version: "1", check: func() error { return nil }, next: http.NotFoundHandler(),
		foreign: func(r *http.Request) bool { return r.Host == "bucket.s3.test" }}
	ask := func(path string, status int, says string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != status || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	ask("/myfsio/ready", 200, "ready")
	ask("/other", 404, "")
	ask("http://bucket.s3.test/myfsio/health", 404, "") // a key of that bucket
	h.check = func() error { return errors.New("secret detail") }
	ask("/myfsio/ready", 503, `"metadata unavailable"`)
	ask("/myfsio/health", 200, "ok")
	h.draining.Store(true)
	ask("/myfsio/ready", 503, "draining")
	ask("/myfsio/health/ready", 503, "draining")
	ask("/myfsio/health", 200, "ok")
}

// TestGzip: listings are compressed for who accepts it, the bytes of objects never are.
func TestGzip(t *testing.T) {
	r := start(t, keyed(t, t.TempDir()))
	defer r.end()
	r.want(200, "PUT", "/bucket", "")
	text := strings.Repeat("compressible ", 1000)
	for i := range 20 {
		r.want(200, "PUT", fmt.Sprintf("/bucket/%d.txt", i), text)
	}
	plain := r.want(200, "GET", "/bucket?list-type=2", "")
	resp, body := r.do("GET", "/bucket?list-type=2", nil, "Accept-Encoding", "gzip")
	if resp.Header.Get("Content-Encoding") != "gzip" || len(body) >= len(plain) || resp.Header.Get("Vary") == "" {
		t.Fatalf("%v, %d bytes of %d", resp.Header, len(body), len(plain))
	}
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != plain {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for _, header := range [][]string{nil, {"Range", "bytes=0-4999"}} {
		resp, body = r.do("GET", "/bucket/0.txt", nil, append(header, "Accept-Encoding", "gzip")...)
		if resp.Header.Get("Content-Encoding") != "" || !strings.HasPrefix(text, body) || len(body) < 5000 {
			t.Errorf("object: %v, %d bytes", resp.Header, len(body))
		}
	}
	if resp, _ = r.do("GET", "/bucket?list-type=2", nil, "Accept-Encoding", "gzip;q=0"); resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("%v", resp.Header)
	}
}

// TestSlowHeader: who does not end the header of a request in time is cut off.
func TestSlowHeader(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	l, err := listen(t.Context(), listenConfig{host: "127.0.0.1", connections: 2, header: 50 * time.Millisecond, handler: http.NotFoundHandler(), log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- l.serve(ctx) }()
	for _, sent := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "} {
		c, err := net.Dial("tcp", l.ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		io.WriteString(c, sent)
		// To its end, or to a reset: on a busy machine the server may be through before it is sent to.
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %q: %v", sent, err)
		}
		c.Close()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

var shownKeys = regexp.MustCompile(`Access key: (\S+)\n\s+Secret key: (\S+)\n`)

// TestFirstStart: the keys of the administrator are shown once, and never logged; new ones count with the next request.
func TestFirstStart(t *testing.T) {
	root := t.TempDir()
	cfg := settings(t, root, "LOG_TO_FILE", "true", "LOG_LEVEL", "DEBUG")
	r := start(t, cfg)
	keys := shownKeys.FindStringSubmatch(r.out.String())
	if keys == nil {
		t.Fatalf("no keys in\n%s", r.out)
	}
	r.signer.AccessKey, r.signer.SecretKey = keys[1], keys[2]
	r.want(200, "PUT", "/bucket", "")

	var out bytes.Buffer
	if err := ResetAdmin(cfg, &out); err != nil {
		t.Fatal(err)
	}
	fresh := shownKeys.FindStringSubmatch(out.String())
	if fresh == nil || fresh[1] == keys[1] || fresh[2] == keys[2] {
		t.Fatalf("%q", &out)
	}
	r.want(403, "GET", "/bucket", "") // the next request
	r.signer.AccessKey, r.signer.SecretKey = fresh[1], fresh[2]
	r.want(200, "GET", "/bucket", "")
	if n := strings.Count(r.out.String(), keys[2]); n != 1 {
		t.Errorf("the secret key is shown %d times", n)
	}
	r.end()

	r2 := start(t, cfg)
	r2.signer = r.signer
	r2.want(200, "GET", "/bucket", "")
	r2.end()
	if text := r2.out.String(); shownKeys.MatchString(text) || strings.Contains(text, fresh[2]) {
		t.Errorf("the second start shows keys:\n%s", text)
	}
	text, err := os.ReadFile(filepath.Join(root, "logs", cfg.Log.File))
	if err != nil || !bytes.Contains(text, []byte("serving")) {
		t.Fatalf("%q, %v", text, err)
	}
	for _, secret := range []string{keys[2], fresh[2]} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("a secret key is in the log:\n%s", text)
		}
	}
	if strings.Contains(start(t, keyed(t, t.TempDir())).out.String(), testSecret) {
		t.Error("a secret key that was given is shown")
	}
}

func TestStartFails(t *testing.T) {
	root := t.TempDir()
	r := start(t, keyed(t, root))
	defer r.end()
	_, port, _ := net.SplitHostPort(r.host)
	other := t.TempDir()
	out := terminal.New()
	err := Run(t.Context(), keyed(t, other, "APP_PORT", port), "1", out)
	if err == nil || !strings.Contains(err.Error(), "is another server running there? Choose a port with --api-port") {
		t.Errorf("a port in use: %v", err)
	}
	if err := Run(t.Context(), keyed(t, root), "1", out); err == nil || !strings.Contains(err.Error(), "in use by another MyFSIO process") {
		t.Errorf("a directory in use: %v", err)
	}
	if got := process(t, r.data(root)); !strings.Contains(got, "in use by another MyFSIO process: stop that one first") {
		t.Errorf("another process: %s", got)
	}
	if err := os.WriteFile(filepath.Join(other, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]*config.Config{
		"logs":  keyed(t, t.TempDir(), "LOG_TO_FILE", "true", "LOG_DIR", filepath.Join(other, "file", "logs")),
		"root":  keyed(t, filepath.Join(other, "file"), "LOG_TO_FILE", "false"),
		"users": keyed(t, other, "IAM_CONFIG", filepath.Join(other, "file", "iam.json")),
	} {
		if err := Run(t.Context(), cfg, "1", out); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	r2 := start(t, keyed(t, other)) // the failed starts left nothing locked
	if strings.Contains(r2.out.String(), "orderly") {
		t.Errorf("a start that failed counts as a crash:\n%s", r2.out)
	}
	r2.end()
}

func (r *running) data(root string) string { return filepath.Join(root, "data") }

// TestAsync: DURABILITY=async serves, and says what that means.
func TestAsync(t *testing.T) {
	root := t.TempDir()
	r := start(t, keyed(t, root, "DURABILITY", "async", "PLAIN_FILES", "false"))
	if !strings.Contains(r.out.String(), "level=WARN") || !strings.Contains(r.out.String(), "DURABILITY=async") {
		t.Errorf("no warning:\n%s", r.out)
	}
	r.want(200, "PUT", "/bucket", "")
	large := make([]byte, 100_000)
	rand.Read(large)
	r.want(200, "PUT", "/bucket/large", string(large))
	r.end()
	if _, err := os.Stat(filepath.Join(root, "data", "bucket")); !os.IsNotExist(err) {
		t.Errorf("there are plain files: %v", err)
	}
	r = start(t, keyed(t, root)) // the view is switched on: new changes are shown
	if got := r.want(200, "GET", "/bucket/large", ""); got != string(large) {
		t.Errorf("%d bytes", len(got))
	}
	if strings.Contains(r.out.String(), "async") {
		t.Errorf("a warning:\n%s", r.out)
	}
	r.end()
}

// TestCrashedRun: a process that ends without a word is noticed by the next.
func TestCrashedRun(t *testing.T) {
	root := t.TempDir()
	for _, want := range []string{"opened false", "opened true", "opened true"} {
		if got := process(t, root, "MYFSIO_TEST_CRASH=1"); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := process(t, root); !strings.HasPrefix(got, "opened true <nil>") {
		t.Errorf("%s", got)
	}
	if got := process(t, root); !strings.HasPrefix(got, "opened false <nil>") {
		t.Errorf("%s", got)
	}
}

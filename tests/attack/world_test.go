package attack

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"myfsio/config"
	"myfsio/internal/terminal"
	"myfsio/server"
	"myfsio/tests/daemon"
)

const region = "us-east-1"

// secretKey is the SECRET_KEY of the servers.
const secretKey = "planted-SECRET_KEY-0123456789"

// user has an access key.
type user struct {
	key, secret, token string
	id                 string
}

var root = user{key: "AKROOTROOTROOT", secret: "planted-root-secret-0001"}

// nobody shows no proof.
var nobody = user{}

// world is a server that runs, and what is known of it.
type world struct {
	t    *testing.T
	host string // host:port
	dir  string // STORAGE_ROOT
	out  *terminal.Terminal
	stop func()

	mu      sync.Mutex
	secrets []string // that may be in no answer and in no file of the log
	answers []string // all of them, but those that must tell a secret
}

// start runs a server until the test ends. settings are pairs of a name and a value.
func start(t *testing.T, settings ...string) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "data"), secrets: []string{root.secret, secretKey}}
	w.run(settings...)
	return w
}

// run starts the server, for the first time or again.
func (w *world) run(settings ...string) {
	w.t.Helper()
	values := map[string]string{
		"STORAGE_ROOT": w.dir, "APP_HOST": "127.0.0.1", "APP_PORT": "0", "LOG_DIR": filepath.Join(filepath.Dir(w.dir), "logs"), "LOG_LEVEL": "DEBUG",
		"AWS_REGION": region, "ADMIN_ACCESS_KEY": root.key, "ADMIN_SECRET_KEY": root.secret, "SECRET_KEY": secretKey, "AUDIT_LOG_ENABLED": "true",
		"DURABILITY": "async", "SIGV2_ENABLED": "true", "RATE_LIMIT_ADMIN": "100000 per minute", "AUTH_MAX_ATTEMPTS": "1000000",
		"MULTIPART_MIN_PART_SIZE": "1", "TRUSTED_PROXIES": "127.0.0.9/32",
	}
	for i := 0; i < len(settings); i += 2 {
		values[settings[i]] = settings[i+1]
	}
	cfg, problems := config.Load(config.Source{Env: func(name string) (string, bool) { v, ok := values[name]; return v, ok }, Files: []string{}})
	for _, p := range problems {
		w.t.Fatal(p)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.out = terminal.New()
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, cfg, "0.0.0", w.out) }()
	select {
	case w.host = <-w.out.Addr():
	case err := <-ended:
		w.t.Fatalf("the server ended: %v\n%s", err, w.out)
	}
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("the server: %v", err)
		}
		w.searchSecrets()
	})
	w.t.Cleanup(w.stop)
}

// knows plants a secret: it must not be found anywhere.
func (w *world) knows(secrets ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range secrets {
		if s != "" {
			w.secrets = append(w.secrets, s)
		}
	}
}

// searchSecrets looks for the secrets in the log, the audit log and all answers.
func (w *world) searchSecrets() {
	w.mu.Lock()
	defer w.mu.Unlock()
	places := map[string]string{"the terminal": w.out.String(), "an answer": strings.Join(w.answers, "\n")}
	for _, dir := range []string{filepath.Join(filepath.Dir(w.dir), "logs"), filepath.Join(w.dir, ".myfsio.sys", "audit")} {
		for name, text := range filesBelow(w.t, dir) {
			places[name] = text
		}
	}
	for where, text := range places {
		for _, s := range w.secrets {
			if i := strings.Index(text, s); i >= 0 {
				w.t.Errorf("a secret is in %s: …%s…", where, text[max(0, i-80):min(len(text), i+len(s)+20)])
			}
		}
		if strings.Contains(text, `msg=panic`) || strings.Contains(text, "http: panic") {
			i := strings.Index(text, "panic")
			w.t.Errorf("a panic is in %s: %s", where, text[max(0, i-100):min(len(text), i+2000)])
		}
	}
}

// filesBelow reads all files below a directory that may be absent.
func filesBelow(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
			}
			out[path] = string(b)
		}
		return nil
	})
	return out
}

// newUser makes a user; policies is the JSON array of iam.json.
func (w *world) newUser(name, policies string) user {
	w.t.Helper()
	u := user{key: "AK" + strings.ToUpper(name) + "00000000", secret: "planted-" + name + "-secret-0001"}
	a := w.do(root.header("POST", "/iam/users", `{"display_name":"`+name+`","access_key":"`+u.key+`","secret_key":"`+u.secret+`","policies":`+policies+`}`).secret())
	a.is(201)
	u.id = a.json("user_id")
	w.knows(u.secret)
	return u
}

// session asks STS for temporary credentials of u; policy narrows them, "" for none.
func (w *world) session(u user, policy string) user {
	w.t.Helper()
	form := "Action=AssumeRole&Version=2011-06-15&RoleSessionName=attack&RoleArn=arn:aws:iam::000000000000:role/x"
	if policy != "" {
		form += "&Policy=" + escape(policy)
	}
	a := w.do(u.sts(form).secret())
	a.is(200)
	s := user{key: a.xml("AccessKeyId"), secret: a.xml("SecretAccessKey"), token: a.xml("SessionToken"), id: u.id}
	if s.key == "" || s.secret == "" || s.token == "" {
		w.t.Fatalf("no credentials: %s", a.body)
	}
	w.knows(s.secret, s.token)
	return s
}

// matrix is which pattern was tried at which door.
var matrix = struct {
	sync.Mutex
	doors map[string]map[string]bool
}{doors: map[string]map[string]bool{}}

// tried notes that a pattern was tried at doors.
func tried(pattern string, doors ...string) {
	matrix.Lock()
	defer matrix.Unlock()
	if matrix.doors[pattern] == nil {
		matrix.doors[pattern] = map[string]bool{}
	}
	for _, d := range doors {
		matrix.doors[pattern][d] = true
	}
}

// TestMain prints the matrix after a verbose run.
func TestMain(m *testing.M) {
	code := m.Run()
	daemon.Cleanup()
	if testing.Verbose() {
		printMatrix(os.Stdout)
	}
	os.Exit(code)
}

func printMatrix(out io.Writer) {
	var patterns []string
	for p := range matrix.doors {
		patterns = append(patterns, p)
	}
	slices.Sort(patterns)
	for _, p := range patterns {
		var doors []string
		for d := range matrix.doors[p] {
			doors = append(doors, d)
		}
		slices.Sort(doors)
		fmt.Fprintf(out, "%-44s %s\n", p, strings.Join(doors, ", "))
	}
}

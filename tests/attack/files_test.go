//go:build unix

package attack

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"myfsio/internal/terminal"
	"myfsio/tests/daemon"
)

// TestHalfWrittenFiles: files of users and policies that are being written, damaged, gone, or no files at all open nothing, hang
// nothing and end nothing; what was in force stays so.
func TestHalfWrittenFiles(t *testing.T) { // alone, as it looks at the heap
	w := start(t, "SECRET_KEY", "")
	alice, bob := w.newUser("alice", mayMakeBuckets), w.newUser("bob", noRights)
	w.do(alice.header("PUT", "/alice-box", "")).is(200)
	w.do(alice.header("PUT", "/alice-box/k", "secret of alice")).is(200)
	const deny, allow = `"Condition":{"Bool":{"aws:SecureTransport":"false"}}`, ""
	w.do(alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/open/*"), allow), statement("Deny", "*", "s3:GetObject", arn("alice-box/k"), deny)))).is(204)
	w.do(alice.header("PUT", "/alice-box/open/k", "open")).is(200)
	dir := filepath.Join(w.dir, ".myfsio.sys", "config")
	holds := func(what string) { // what held before
		t.Helper()
		began := time.Now()
		w.do(root.header("GET", "/iam/users", "")).is(200)
		w.do(alice.header("GET", "/alice-box", "")).is(200)
		w.do(alice.header("GET", "/alice-box/k", "")).refused(what + ": the bucket's Deny")
		w.do(nobody.sign(&req{method: "GET", target: "/alice-box/open/k"})).is(200)
		w.do(nobody.sign(&req{method: "GET", target: "/alice-box/k"})).is(403)
		w.do(bob.header("GET", "/alice-box/k", "")).is(403)
		w.do(bob.header("GET", "/iam/users", "")).is(403)
		w.do(user{key: bob.key, secret: "wrong"}.header("GET", "/", "")).refused(what)
		if d := time.Since(began); d > quick {
			t.Errorf("%s: requests took %v", what, d)
		}
	}
	holds("at first")
	for _, name := range []string{"iam.json", "bucket_policies.json"} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for cut := 0; cut < len(good); cut += max(1, len(good)/40) {
			must(os.WriteFile(path, good[:cut], 0o600))
			w.do(bob.header("GET", "/alice-box/k", "")).is(403)
			w.do(bob.header("GET", "/iam/users", "")).is(403)
			w.do(nobody.sign(&req{method: "GET", target: "/alice-box/k"})).is(403)
		}
		evil := filepath.Join(t.TempDir(), "evil")
		must(os.WriteFile(evil, bytes.Repeat([]byte("x"), 1000), 0o600))
		for what, damage := range map[string]func() error{
			"empty":            func() error { return os.WriteFile(path, nil, 0o600) },
			"null":             func() error { return os.WriteFile(path, []byte("null"), 0o600) },
			"an array":         func() error { return os.WriteFile(path, []byte("[]"), 0o600) },
			"another type":     func() error { return os.WriteFile(path, []byte(`{"users":{"a":1},"policies":[1]}`), 0o600) },
			"zeros":            func() error { return os.WriteFile(path, make([]byte, len(good)), 0o600) },
			"two documents":    func() error { return os.WriteFile(path, append(append([]byte{}, good...), good...), 0o600) },
			"deep":             func() error { return os.WriteFile(path, []byte(strings.Repeat("[", 20000)), 0o600) },
			"another's cipher": func() error { return os.WriteFile(path, []byte("MYFSIO_IAM_ENC:gAAAAABkAAAA"), 0o600) },
			"gone":             func() error { return nil },
			"a link to a file": func() error { return os.Symlink(evil, path) },
			"a dangling link":  func() error { return os.Symlink(filepath.Join(dir, "absent"), path) },
			"a link to itself": func() error { return os.Symlink(path, path) },
			"an endless file":  func() error { return os.Symlink("/dev/zero", path) },
			"a directory":      func() error { return os.Mkdir(path, 0o700) },
			"a pipe":           func() error { return syscall.Mkfifo(path, 0o600) },
			"a huge file": func() error {
				f, err := os.Create(path)
				if err != nil {
					return err
				}
				defer f.Close()
				return f.Truncate(1 << 40)
			},
		} {
			os.Remove(path)
			must(damage())
			grown := peak(func() { holds(name + " is " + what) })
			if grown > 150<<20 {
				t.Errorf("%s is %s: the heap grew by %d MiB", name, what, grown>>20)
			}
			must(os.RemoveAll(path))
			must(os.WriteFile(path, good, 0o600))
			holds(name + " is good again")
		}
	}
	// A change while the file is damaged keeps what was in force, and the damaged file aside.
	path := filepath.Join(dir, "iam.json")
	if err := os.WriteFile(path, []byte(`{"version":2,"users":[`), 0o600); err != nil {
		t.Fatal(err)
	}
	w.newUser("late", noRights)
	holds("changed over a damaged file")
	if kept, _ := filepath.Glob(path + ".damaged-*"); len(kept) == 0 {
		t.Error("the damaged file was not kept")
	}
	tried("files half written, damaged, no files", "files")
}

// TestFileGrants: what a person writes into the file of users grants what it says, and nothing by its faults.
func TestFileGrants(t *testing.T) {
	t.Parallel()
	w := start(t, "SECRET_KEY", "")
	w.do(root.header("PUT", "/box", "")).is(200)
	w.do(root.header("PUT", "/box/k", "secret")).is(200)
	path := filepath.Join(w.dir, ".myfsio.sys", "config", "iam.json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, odd := range []string{
		`"expires_at":"yesterday","policies":[{"bucket":"*","actions":["*"]}]`, `"expires_at":"2001-01-01T00:00:00","policies":[{"bucket":"*","actions":["*"]}]`, `"enabled":false,"policies":[{"bucket":"*","actions":["*"]}]`, `"enabled":"no","policies":[{"bucket":"*","actions":["*"]}]`,
		`"policies":[{"bucket":"","actions":["*"]}]`, `"policies":[{"actions":["*"]}]`, `"policies":[{"bucket":"*","actions":"*"}]`, `"policies":[{}]`, `"policies":[null]`, `"policies":"*"`, `"policies":[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Unknown":{"a":"b"}}}]}]`,
		`"policies":[{"Version":"2012-10-17","Statement":[{"Effect":"ALLOW","Action":"*","Resource":"*"}]}]`, `"policies":[{"bucket":"*","prefix":"x/","actions":["*"]}]`, `"policies":[{"bucket":"box ","prefix":"nope","actions":["*"]}]`, `"access_keys_of":[]`,
	} {
		u := user{key: fmt.Sprint("AKODD", i), secret: "planted-odd-secret"}
		one := fmt.Sprintf(`{"user_id":"u-odd%d","display_name":"odd","access_keys":[{"access_key":"%s","secret_key":"%s","status":"active"}],%s},`, i, u.key, u.secret, odd)
		text := strings.Replace(string(good), `"users": [`, `"users": [`+one, 1)
		if text == string(good) {
			t.Fatal("the file has another form")
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, r := range []*req{u.header("GET", "/box/k", ""), u.header("GET", "/box", ""), u.header("PUT", "/box/n", "x"), u.header("GET", "/iam/users", ""), u.header("DELETE", "/box/k", "")} {
			w.do(r).refused(odd)
		}
		w.do(root.header("GET", "/box/k", "")).is(200)
	}
	w.knows("planted-odd-secret")
	tried("faults in the file of users", "files")
}

// TestProgram: the program itself, as a service manager starts it, opens nothing either, and its output holds no secret but the one
// it must show once.
func TestProgram(t *testing.T) {
	t.Parallel()
	s, err := daemon.New(t.TempDir(), "LOG_LEVEL=DEBUG", "AUDIT_LOG_ENABLED=true", "SECRET_KEY="+secretKey, "AUTH_MAX_ATTEMPTS=3", "RATE_LIMIT_STORAGE_URI=redis://:planted-redis-password@127.0.0.1:1/0", "LOG_TO_FILE=true")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	w := &world{t: t, host: s.Host(), dir: s.Data(), out: terminal.New()}
	admin := user{key: daemon.AccessKey, secret: daemon.SecretKey}
	w.do(admin.header("PUT", "/box", "")).is(200)
	for _, target := range []string{"/", "/box", "/box/k", "/iam/users", "/myfsio/admin/audit-log", "/kms/keys", "/metrics", "/debug/pprof/heap", "/.env", "/box/../../etc/passwd"} {
		for _, method := range []string{"GET", "PUT", "POST", "DELETE"} {
			w.do(nobody.sign(&req{method: method, target: target})).refused("the program, anonymous")
		}
	}
	for range 5 {
		w.do(user{key: admin.key, secret: "a wrong one"}.header("GET", "/", "").at("127.0.0.2")).refused("a guess")
	}
	w.do(admin.header("GET", "/", "").at("127.0.0.2")).is(403)
	w.do(admin.header("GET", "/", "")).is(200)
	w.do(admin.header("GET", "/iam/users", "")).is(200)
	shown, err := s.Run(t.Context(), "--show-config")
	if err != nil {
		t.Error(err)
	}
	checked, _ := s.Run(t.Context(), "--check-config")
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	w.knows(admin.secret, secretKey, "planted-redis-password")
	w.answers = append(w.answers, shown, checked, s.Output())
	w.searchSecrets()
	tried("the program as it is run", "anonymous", "header", "admin", "files")
}

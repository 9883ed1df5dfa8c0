package attack

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestHammering: a stranger who guesses locks himself out, at every door, and nobody else.
func TestHammering(t *testing.T) {
	t.Parallel()
	const stranger, admin = "127.0.0.2", "127.0.0.3"
	guess := user{key: root.key, secret: "a wrong secret of root"}
	ways := map[string]func(user) *req{
		"header":    func(u user) *req { return u.header("GET", "/", "") },
		"presigned": func(u user) *req { return u.presigned("GET", "/", "") },
		"v2":        func(u user) *req { return u.v2("GET", "/", "") },
		"v2-query":  func(u user) *req { return u.v2query("GET", "/", "") },
		"pair":      func(u user) *req { return u.pair("GET", "/", "") },
		"form":      func(u user) *req { return u.form("box", `{"key":"k"}`, "x", field{"key", "k"}) },
		"chunked":   func(u user) *req { return u.streamed("/box/k", false, []string{"x"}, nil) },
		"admin":     func(u user) *req { return u.header("GET", "/iam/users", "") },
		"sts":       func(u user) *req { return u.sts("Action=GetCallerIdentity") },
		"session": func(u user) *req {
			u.token = "AAAA"
			return u.header("GET", "/", "")
		},
	}
	for name, way := range ways {
		w := start(t, "AUTH_MAX_ATTEMPTS", "3", "AUTH_LOCKOUT_MINUTES", "1000")
		w.do(root.header("PUT", "/box", "")).is(200)
		for range 3 {
			if a := w.do(way(guess).at(stranger)); a.code() == "AccessDenied" {
				a.fail("%s: locked before its time", name)
			}
		}
		for range 20 {
			w.do(way(guess).at(stranger)).refused(name)
		}
		for other, again := range ways { // the right secret does not help the stranger now, at any door
			if other != "session" {
				w.do(again(root).at(stranger)).refused(name + " locks " + other)
			}
		}
		w.do(way(guess).with("X-Forwarded-For: " + admin).at(stranger)).refused(name)
		// The administrator works, at every door, from elsewhere.
		for other, again := range ways {
			if s := w.do(again(root).at(admin)).status; other != "session" && s != 200 && s != 204 {
				t.Errorf("%s locks the administrator out at %s: %d", name, other, s)
			}
		}
		// What is only malformed or late counts for nothing.
		for range 10 {
			w.do((&req{method: "GET", target: "/", host: fixedHost}).with("Authorization: AWS4-HMAC-SHA256 Credential=" + root.key).at(admin)).refused("malformed")
			w.do(guess.signAt(&req{method: "GET", target: "/"}, hash(""), time.Now().Add(-time.Hour)).at(admin)).refused("late")
		}
		w.do(root.header("GET", "/", "").at(admin)).is(200)
		tried("hammering the administrator's key", name)
		w.stop()
	}
}

// TestHammeringUnknownKeys: guesses of keys take bounded memory, lines of the audit log, and answers that do not tell which keys exist.
func TestHammeringUnknownKeys(t *testing.T) { // alone, as it looks at the heap
	w := start(t, "AUTH_MAX_ATTEMPTS", "3")
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := held()
	long := strings.Repeat("K", 8000)
	for i := range 3000 {
		key := fmt.Sprint("AKGUESS", i)
		if i%3 == 0 {
			key = long + key
		}
		r := user{key: key, secret: "x"}.pair("GET", "/", "")
		r.tells = true // or all answers would be kept
		w.do(r).refused("an unknown key")
	}
	if after := held(); after > before+20<<20 {
		t.Errorf("%d MiB for unknown keys", (after-before)>>20)
	}
	size := 0
	for _, text := range filesBelow(t, filepath.Join(w.dir, ".myfsio.sys", "audit")) {
		size += len(text)
	}
	if size > 64<<10 {
		t.Errorf("%d bytes of audit log for guesses", size)
	}
	tried("unknown keys without number", "pair", "files")
}

// TestLeaks: what is refused or fails quotes no secret, in no log, no answer and no header; the server looks for them when it
// stops. Every door fails here with secrets in odd places.
func TestLeaks(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	alice := b.alice
	s := b.session(alice, "")
	b.knows(base64.StdEncoding.EncodeToString([]byte(root.secret)), escape(s.token))
	broken := alice.header("GET", "/alice-box/k", "")
	sig := broken.lines[len(broken.lines)-1]
	b.knows(sig[strings.LastIndex(sig, "=")+1:])
	for _, r := range []*req{broken.to("/alice-box/other"), broken.with("x-amz-acl: private")} {
		b.do(r).refused("broken")
	}
	url := alice.presigned("GET", "/alice-box/k", "")
	b.knows(url.target[strings.LastIndex(url.target, "=")+1:])
	for _, r := range []*req{url.to(url.target + "&x=y"), url.to(strings.Replace(url.target, "alice-box", "bob-box", 1)), url.with("Authorization: Bearer x")} {
		b.do(r).refused("broken URL")
	}
	v2 := alice.v2("GET", "/alice-box/k", "")
	b.knows(v2.lines[len(v2.lines)-1][strings.LastIndex(v2.lines[len(v2.lines)-1], ":")+1:])
	b.do(v2.to("/alice-box/x")).refused("broken V2")
	for _, target := range []string{"/", "/alice-box", "/alice-box/k", "/iam/users", "/admin/none", "/kms/keys", "/alice-box/k?nonsense", "/%ff", "/alice-box/k?versionId=x"} {
		for _, method := range []string{"GET", "POST", "PATCH"} {
			b.do(s.header(method, target, "<x"))
			b.do(s.pair(method, target, "{"))
			b.do(user{key: alice.key, secret: root.secret}.pair(method, target, "x")).refused("another's secret")
			b.do(user{key: "AKNOBODY", secret: root.secret}.pair(method, target, "x")).refused("an unknown key")
		}
	}
	b.do((&req{method: "GET", target: "/", host: fixedHost}).with("Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(root.secret)))).refused("another scheme")
	b.do((&req{method: "GET", target: "/", host: fixedHost}).with("Authorization: " + root.secret)).refused("no scheme")
	b.do((&req{method: "GET", target: "/", host: fixedHost}).with("X-Secret-Key: " + root.secret)).refused("half a pair")
	b.do((&req{method: "GET", target: "/", host: fixedHost}).with("Cookie: session=" + root.secret)).refused("a cookie")
	b.do(root.header("POST", "/iam/users", `{"display_name":"x","secret_key":"`+alice.secret+`","access_key":"`+alice.key+`","policies":[]}`)).refused("a key twice")
	b.do(root.header("POST", "/iam/users", `{"display_name":"x","secret_key":"`+alice.secret+`","policies":"x"}`)).refused("no policies")
	b.do(root.header("POST", "/iam/users", `{"display_name":"x","secret_key":["`+alice.secret+`"]}`)).refused("a list of secrets")
	b.do(s.sts("Action=GetCallerIdentity")).is(200)
	b.do(s.sts("Action=GetSessionToken")).is(403)
	b.do(root.header("GET", "/iam/users", "")).is(200)
	b.do(root.header("GET", "/iam/users/"+alice.id, "")).is(200)
	b.do(root.header("GET", "/admin/audit-log?limit=1000", "")).is(200)
	b.do(root.header("POST", "/iam/simulate", `{"user":"`+alice.id+`","action":"read","bucket":"alice-box","key":"k"}`)).is(200)
	b.do(alice.form("alice-box", `{"key":"f"},["starts-with","$success_action_redirect",""]`, "x", field{"key", "f"}, field{"success_action_redirect", "http://" + fixedHost + "/done"})).is(303)
	b.do(alice.form("alice-box", `{"key":"other"}`, "x", field{"key", "f"})).refused("a policy broken")
	b.do(alice.header("POST", "/alice-box/mp?uploads", "")).is(200)
	tried("secrets in logs, audit log and answers", "header", "presigned", "v2", "pair", "session", "sts", "admin", "form")
	// The file of users is encrypted where a key was given, and no other file below the storage root holds a secret; all belong to their owner alone.
	b.stop()
	for path, text := range filesBelow(t, filepath.Join(b.dir, ".myfsio.sys")) {
		for _, secret := range b.secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds a secret", path)
			}
		}
	}
	for _, name := range []string{"iam.json", "bucket_policies.json"} {
		info, err := os.Stat(filepath.Join(b.dir, ".myfsio.sys", "config", name))
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %v", name, info.Mode())
		}
	}
	tried("secrets on the disk", "files")
}

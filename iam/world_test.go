package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"myfsio/iam/policy"
	"myfsio/logs"
)

// world is a store with an administrator (ROOT), one who manages users (MANAGER) and an ordinary user (ANN).
type world struct {
	*Store
	t    testing.TB
	path string
	o    Options
	log  *bytes.Buffer
}

const managerActions = `"iam:create_user","iam:delete_user","iam:rotate_key","iam:update_policy","iam:create_key","iam:delete_key","iam:disable_user"`

func account(id, key, policies string) string {
	return fmt.Sprintf(`{"user_id":"u-%s","display_name":"%s","access_keys":[{"access_key":"%s","secret_key":"secret-of-%s","status":"active"}],"policies":[%s]}`, id, id, key, id, policies)
}

func people(more ...string) string {
	text := `{"version":2,"users":[` + account("root", "ROOT", `{"bucket":"*","actions":["iam:*"]}`) + "," +
		account("manager", "MANAGER", `{"bucket":"*","actions":[`+managerActions+`]}`) + "," +
		account("ann", "ANN", `{"bucket":"b","actions":["read"]}`)
	for _, m := range more {
		text += "," + m
	}
	return text + "]}"
}

func newWorld(t testing.TB, text string) *world {
	w := &world{t: t, path: filepath.Join(t.TempDir(), "iam.json"), log: &bytes.Buffer{}}
	edit(t, w.path, text)
	w.o = options(w.path)
	w.o.SecretKey = "a secret key of the server"
	w.o.Log = slog.New(slog.NewTextHandler(w.log, nil))
	w.Store = mustOpen(t, w.o)
	return w
}

func (w *world) who(accessKey string) Principal {
	w.t.Helper()
	c, ok := w.Lookup(accessKey)
	if !ok {
		w.t.Fatalf("%s is not known", accessKey)
	}
	return c.Principal
}

// may asks a user's policy as a request with no circumstances would.
func may(p Principal, action, bucket, key string) bool {
	r := policy.Request{Action: policy.Lookup(action), Bucket: bucket, Key: key}
	return p.Policy.Eval(&r).Decision == policy.Allow && (p.Session == nil || p.Session.Eval(&r).Decision == policy.Allow)
}

func rule(bucket string, actions ...string) []Policy {
	return []Policy{{Bucket: bucket, Actions: actions}}
}

func document(text string) []Policy {
	var p Policy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		panic(err)
	}
	return []Policy{p}
}

func secretsIn(s string, secrets ...logs.Secret) bool {
	for _, secret := range secrets {
		if bytes.Contains([]byte(s), []byte(secret.Reveal())) {
			return true
		}
	}
	return false
}

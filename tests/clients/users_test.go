package clients

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

// user is somebody other than the administrator.
type user struct{ ID, AccessKey, SecretKey, Token string }

// admin asks the administration for something, which has to succeed. in and out are JSON, nil for none.
func (s *target) admin(t *testing.T, method, path string, in, out any) {
	t.Helper()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			t.Fatal(err)
		}
	}
	u := user{AccessKey: daemon.AccessKey, SecretKey: daemon.SecretKey}
	answer := u.ask(t, method, s.URL+path, "application/json", body)
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

// ask sends a request that is not S3's with the header pair.
func (u user) ask(t *testing.T, method, url, contentType string, body []byte) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Access-Key", u.AccessKey)
	r.Header.Set("X-Secret-Key", u.SecretKey)
	resp, err := (&http.Client{Timeout: time.Minute}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %d %s %v", method, url, resp.StatusCode, answer, err)
	}
	return answer
}

// user makes a user with these policies, which are JSON.
func (s *target) user(t *testing.T, policies string) user {
	t.Helper()
	if s.own == nil {
		t.Skip("needs our own server")
	}
	var made struct {
		ID        string `json:"user_id"`
		AccessKey string `json:"access_key"`
		SecretKey string `json:"secret_key"`
	}
	s.admin(t, "POST", "/iam/users", map[string]any{"policies": json.RawMessage(policies)}, &made)
	return user{ID: made.ID, AccessKey: made.AccessKey, SecretKey: made.SecretKey}
}

// limited makes a bucket in which a file "theirs/secret" lies, and a user who may do everyday work below "mine/" in it. There is
// a bucket "private-" and the same name as well, of which he must not learn.
func (s *target) limited(t *testing.T, bucket string) user {
	t.Helper()
	u := s.user(t, `[{"bucket": "`+bucket+`", "actions": ["list", "read", "write", "delete"], "prefix": "mine/"}]`)
	s.ask(t, signed.Request{Method: "PUT", Bucket: "private-" + bucket})
	s.ask(t, signed.Request{Method: "PUT", Bucket: bucket})
	s.ask(t, signed.Request{Method: "PUT", Bucket: bucket, Key: "theirs/secret", Body: []byte("secret")})
	return u
}

// untouched fails the test when the file of limited is not what it was.
func (s *target) untouched(t *testing.T, bucket string) {
	t.Helper()
	if got := s.ask(t, signed.Request{Method: "GET", Bucket: bucket, Key: "theirs/secret"}); string(got.Body) != "secret" {
		t.Errorf("the file of somebody else became %q", got.Body)
	}
}

// session gives temporary credentials of u.
func (s *target) session(t *testing.T, u user) user {
	t.Helper()
	form := url.Values{"Action": {"GetSessionToken"}, "Version": {"2011-06-15"}, "DurationSeconds": {"900"}}.Encode()
	var answer struct {
		C struct{ AccessKeyId, SecretAccessKey, SessionToken string } `xml:"GetSessionTokenResult>Credentials"`
	}
	if err := xml.Unmarshal(u.ask(t, "POST", s.URL+"/", "application/x-www-form-urlencoded", []byte(form)), &answer); err != nil {
		t.Fatal(err)
	}
	return user{ID: u.ID, AccessKey: answer.C.AccessKeyId, SecretKey: answer.C.SecretAccessKey, Token: answer.C.SessionToken}
}

// env are the variables of AWS for the user, to stand behind those of target.env.
func (u user) env() []string {
	e := []string{"AWS_ACCESS_KEY_ID=" + u.AccessKey, "AWS_SECRET_ACCESS_KEY=" + u.SecretKey}
	if u.Token != "" {
		e = append(e, "AWS_SESSION_TOKEN="+u.Token)
	}
	return e
}

// public gets an object as somebody without credentials does.
func (s *target) public(t *testing.T, path string) (status int, body string) {
	t.Helper()
	return fetch(t, s.URL+path)
}

// fetch gets what is at an address.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", strings.TrimSpace(url), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Timeout: time.Minute}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

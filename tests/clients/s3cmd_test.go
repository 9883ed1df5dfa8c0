package clients

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/tests/daemon"
)

// s3cmd runs the program with somebody's credentials.
func s3cmd(t *testing.T, s *target, path string, u user) *runner {
	config := fmt.Appendf(nil, `[default]
access_key = %s
secret_key = %s
access_token = %s
host_base = %s
host_bucket = %s
bucket_location = %s
signature_v2 = False
use_https = False
multipart_chunk_size_mb = 5
max_retries = 1
`, u.AccessKey, u.SecretKey, u.Token, s.Host, s.Host, daemon.Region)
	dir := t.TempDir()
	return &runner{t: t, path: path, args: []string{"--config=" + write(t, filepath.Join(dir, "s3cfg"), config), "--no-progress"}, env: s.env(t), dir: dir}
}

func TestS3cmd(t *testing.T) {
	t.Parallel()
	path := tool(t, "s3cmd")
	s := server(t)
	dir := t.TempDir()
	c := s3cmd(t, s, path, user{AccessKey: daemon.AccessKey, SecretKey: daemon.SecretKey})
	c.dir = dir
	small, big := write(t, filepath.Join(dir, "small file"), body(1, 1000)), write(t, filepath.Join(dir, "big"), body(2, 20<<20))

	c.must("mb", "s3://s3cmd")
	if out := c.must("ls"); !strings.Contains(out, "s3://s3cmd") {
		t.Errorf("ls: %s", out)
	}
	for from, to := range map[string]string{small: "dir/small file+ä", big: "big"} {
		c.must("put", "--add-header=x-amz-meta-note:yes", "--mime-type=x/y", from, "s3://s3cmd/"+to)
		c.must("get", "--force", "s3://s3cmd/"+to, filepath.Join(dir, "back"))
		same(t, from, filepath.Join(dir, "back"))
	}
	info := c.must("info", "s3://s3cmd/big")
	if !strings.Contains(info, "20971520") || !strings.Contains(info, "x/y") || !strings.Contains(info, "x-amz-meta-note: yes") {
		t.Errorf("info: %s", info)
	}
	c.must("cp", "s3://s3cmd/big", "s3://s3cmd/copies/big")
	c.must("mv", "s3://s3cmd/copies/big", "s3://s3cmd/moved/big")
	c.must("get", "s3://s3cmd/moved/big", filepath.Join(dir, "moved"))
	same(t, big, filepath.Join(dir, "moved"))
	out := c.must("ls", "-r", "s3://s3cmd")
	for _, want := range []string{"s3://s3cmd/dir/small file+ä", "s3://s3cmd/big", "s3://s3cmd/moved/big"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
	if strings.Contains(out, "copies/") {
		t.Errorf("moved, but still there: %s", out)
	}
	c.must("del", "s3://s3cmd/moved/big")

	tree := goSources(t, "encoding")
	c.must("sync", tree+"/", "s3://s3cmd/tree/")
	if out := c.must("sync", tree+"/", "s3://s3cmd/tree/"); strings.Contains(out, "upload:") {
		t.Errorf("a second sync uploads again: %s", end(out))
	}
	c.must("sync", "s3://s3cmd/tree/", filepath.Join(dir, "tree")+"/")
	sameTree(t, tree, filepath.Join(dir, "tree"))
	c.refused("does not exist", "get", "s3://s3cmd/none", filepath.Join(dir, "none"))
	c.must("rb", "--recursive", "--force", "s3://s3cmd")
}

// TestS3cmdAccess opens and closes buckets and objects, with lists, policies and signed addresses.
func TestS3cmdAccess(t *testing.T) {
	t.Parallel()
	path := tool(t, "s3cmd")
	s := own(t, "SIGV2_ENABLED=true") // signurl knows Signature Version 2 alone
	c := s3cmd(t, s, path, user{AccessKey: daemon.AccessKey, SecretKey: daemon.SecretKey})
	c.must("mb", "s3://s3cmd-access")
	c.must("put", write(t, filepath.Join(c.dir, "file"), []byte("hello")), "s3://s3cmd-access/file")
	readable := func(want bool) {
		t.Helper()
		if status, text := s.public(t, "/s3cmd-access/file"); (status == 200) != want || (text == "hello") != want {
			t.Errorf("without credentials: %d %s, want it readable: %v", status, text, want)
		}
	}
	readable(false)
	c.must("setacl", "--acl-public", "s3://s3cmd-access/file")
	readable(true)
	if out := c.must("info", "s3://s3cmd-access/file"); !strings.Contains(out, "*anon*: READ") {
		t.Errorf("info: %s", out)
	}
	c.must("setacl", "--acl-private", "s3://s3cmd-access/file")
	readable(false)
	c.must("setacl", "--acl-public", "s3://s3cmd-access")
	if status, _ := s.public(t, "/s3cmd-access/"); status != 200 {
		t.Errorf("listing without credentials: %d", status)
	}
	c.must("put", "--acl-public", filepath.Join(c.dir, "file"), "s3://s3cmd-access/file")
	readable(true)
	c.must("put", filepath.Join(c.dir, "file"), "s3://s3cmd-access/file")
	readable(false)
	c.must("setpolicy", write(t, filepath.Join(c.dir, "policy"), []byte(policyFor("s3:GetObject", "s3cmd-access/*"))), "s3://s3cmd-access")
	readable(true)
	if out := c.must("info", "s3://s3cmd-access"); !strings.Contains(out, "s3:GetObject") {
		t.Errorf("info: %s", out)
	}
	c.must("delpolicy", "s3://s3cmd-access")
	readable(false)
	url := c.must("signurl", "s3://s3cmd-access/file", "+60")
	if status, text := fetch(t, url); status != 200 || text != "hello" {
		t.Errorf("%s: %d %s", url, status, text)
	}
	// The usual server takes no such signature, and says what to do.
	usual := server(t)
	url = strings.Replace(url, s.Host, usual.Host, 1)
	if status, text := fetch(t, url); status != 400 || !strings.Contains(text, "AWS4-HMAC-SHA256") {
		t.Errorf("%s: %d %s", url, status, text)
	}
	old := &runner{t: t, path: path, args: append(c.args, "--signature-v2"), env: c.env, dir: c.dir}
	old.must("put", filepath.Join(c.dir, "file"), "s3://s3cmd-access/dir/a b+c")
	if out := old.must("ls", "-r", "s3://s3cmd-access"); !strings.Contains(out, "dir/a b+c") {
		t.Errorf("ls: %s", out)
	}
	old.must("get", "--force", "s3://s3cmd-access/dir/a b+c", filepath.Join(c.dir, "back"))
	old.must("rb", "--recursive", "--force", "s3://s3cmd-access")
}

// TestS3cmdLimited is everyday work with few rights.
func TestS3cmdLimited(t *testing.T) {
	t.Parallel()
	path := tool(t, "s3cmd")
	s := server(t)
	u := s.limited(t, "limited-s3cmd")
	c, session := s3cmd(t, s, path, u), s3cmd(t, s, path, s.session(t, u))
	tree, big := goSources(t, "bufio"), write(t, filepath.Join(c.dir, "big"), body(2, 12<<20))
	c.must("sync", tree+"/", "s3://limited-s3cmd/mine/tree/")
	c.must("sync", "s3://limited-s3cmd/mine/tree/", filepath.Join(c.dir, "tree")+"/")
	sameTree(t, tree, filepath.Join(c.dir, "tree"))
	session.must("put", big, "s3://limited-s3cmd/mine/big")
	session.must("get", "s3://limited-s3cmd/mine/big", filepath.Join(c.dir, "back"))
	same(t, big, filepath.Join(c.dir, "back"))
	c.must("del", "s3://limited-s3cmd/mine/big")
	if out := c.must("ls"); !strings.Contains(out, "s3://limited-s3cmd") || strings.Contains(out, "private-") {
		t.Errorf("ls shows other buckets: %s", out)
	}
	for _, args := range [][]string{{"ls", "s3://limited-s3cmd"}, {"ls", "s3://limited-s3cmd/theirs/"}, {"put", big, "s3://limited-s3cmd/theirs/secret"},
		{"del", "s3://limited-s3cmd/theirs/secret"}, {"mb", "s3://limited-s3cmd-2"}, {"setacl", "--acl-public", "s3://limited-s3cmd"},
		{"cp", "s3://limited-s3cmd/theirs/secret", "s3://limited-s3cmd/mine/stolen"}, {"get", "s3://limited-s3cmd/theirs/secret", filepath.Join(c.dir, "secret")}} {
		c.refused("403", args...)
	}
	s.untouched(t, "limited-s3cmd")
}

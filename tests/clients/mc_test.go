package clients

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/tests/daemon"
)

func TestMC(t *testing.T) {
	t.Parallel()
	path := tool(t, "mc")
	s := server(t)
	dir := t.TempDir()
	c := &runner{t: t, path: path, args: []string{"--config-dir", filepath.Join(dir, "config"), "--quiet", "--no-color"}, env: s.env(t), dir: dir}
	c.must("alias", "set", "my", s.URL, daemon.AccessKey, daemon.SecretKey, "--api", "S3v4")
	c.must("mb", "my/mc-main")

	tree := goSources(t, "net")
	c.must("mirror", tree, "my/mc-main/tree")
	c.must("mirror", "my/mc-main/tree", filepath.Join(dir, "back"))
	sameTree(t, tree, filepath.Join(dir, "back"))
	if out := c.must("diff", tree, "my/mc-main/tree"); strings.TrimSpace(out) != "" {
		t.Errorf("diff: %s", end(out))
	}
	if out := c.must("find", "my/mc-main/tree", "--name", "server.go"); !strings.Contains(out, "my/mc-main/tree/http/server.go") {
		t.Errorf("find: %s", out)
	}

	big := write(t, filepath.Join(dir, "big"), body(7, 20<<20))
	c.must("cp", "--attr", "X-Amz-Meta-Note=yes;Content-Type=x/y", "--tags", "a=1&b=2", big, "my/mc-main/d/big file")
	c.must("cp", "my/mc-main/d/big file", filepath.Join(dir, "copied"))
	same(t, big, filepath.Join(dir, "copied"))
	if got := c.must("cat", "my/mc-main/d/big file"); got != string(read(t, big)) {
		t.Errorf("cat: %d bytes", len(got))
	}
	var stat struct {
		Size     int
		Metadata map[string]string
	}
	if err := json.Unmarshal([]byte(c.must("stat", "--json", "my/mc-main/d/big file")), &stat); err != nil {
		t.Fatal(err)
	}
	if stat.Size != 20<<20 || stat.Metadata["X-Amz-Meta-Note"] != "yes" || stat.Metadata["Content-Type"] != "x/y" {
		t.Errorf("stat: %+v", stat)
	}
	if out := c.must("tag", "list", "my/mc-main/d/big file"); !strings.Contains(out, "a") || !strings.Contains(out, "2") {
		t.Errorf("tags: %s", out)
	}
	c.must("cp", "my/mc-main/d/big file", "my/mc-main/d/second")
	c.must("mv", "my/mc-main/d/second", "my/mc-main/d/third")
	if out := c.must("ls", "my/mc-main/d/"); strings.Contains(out, "second") || !strings.Contains(out, "third") {
		t.Errorf("ls: %s", out)
	}
	mcVersions(t, c, dir)
	c.must("rm", "--recursive", "--force", "my/mc-main/tree")
	if out := c.must("ls", "--recursive", "my/mc-main/tree"); strings.TrimSpace(out) != "" {
		t.Errorf("left over: %s", out)
	}
	c.must("rb", "--force", "my/mc-main")
}

func mcVersions(t *testing.T, c *runner, dir string) {
	c.must("mb", "my/mc-versions")
	c.must("version", "enable", "my/mc-versions")
	for _, text := range []string{"one", "two"} {
		c.must("cp", write(t, filepath.Join(dir, "v"), []byte(text)), "my/mc-versions/v")
	}
	c.must("rm", "my/mc-versions/v")
	if out := c.must("ls", "--versions", "my/mc-versions/v"); strings.Count(out, "PUT") != 2 || strings.Count(out, "DEL") != 1 {
		t.Errorf("versions: %s", out)
	}
	c.must("undo", "--force", "my/mc-versions/v")
	c.must("cp", "my/mc-versions/v", filepath.Join(dir, "undone"))
	if got, err := os.ReadFile(filepath.Join(dir, "undone")); string(got) != "two" {
		t.Errorf("undone: %q, %v", got, err)
	}
	c.must("rb", "--force", "my/mc-versions")
}

// TestMCLimited is everyday work with few rights, and what it takes to open a bucket to everybody.
func TestMCLimited(t *testing.T) {
	t.Parallel()
	path := tool(t, "mc")
	s := server(t)
	u := s.limited(t, "limited-mc")
	session := s.session(t, u)
	dir := t.TempDir()
	c := &runner{t: t, path: path, args: []string{"--config-dir", filepath.Join(dir, "config"), "--quiet", "--no-color"}, dir: dir,
		env: s.env(t, "MC_HOST_session=http://"+session.AccessKey+":"+session.SecretKey+":"+session.Token+"@"+s.Host,
			"MC_HOST_wrong=http://"+u.AccessKey+":not-the-secret@"+s.Host)}
	c.must("alias", "set", "admin", s.URL, daemon.AccessKey, daemon.SecretKey)
	c.must("alias", "set", "my", s.URL, u.AccessKey, u.SecretKey)
	c.refused("signature", "ls", "wrong/limited-mc/mine/")

	tree, big := goSources(t, "bufio"), write(t, filepath.Join(dir, "big"), body(7, 20<<20))
	c.must("mirror", tree, "my/limited-mc/mine/tree")
	c.must("mirror", "my/limited-mc/mine/tree", filepath.Join(dir, "back"))
	sameTree(t, tree, filepath.Join(dir, "back"))
	c.must("cp", big, "my/limited-mc/mine/big")
	c.must("cp", "session/limited-mc/mine/big", filepath.Join(dir, "copied"))
	same(t, big, filepath.Join(dir, "copied"))
	c.must("mv", "session/limited-mc/mine/big", "session/limited-mc/mine/moved")
	if out := c.must("ls", "my/limited-mc/mine/"); !strings.Contains(out, "moved") || !strings.Contains(out, "tree/") {
		t.Errorf("ls: %s", out)
	}
	if out := c.must("ls", "my"); !strings.Contains(out, "limited-mc/") || strings.Contains(out, "private-") {
		t.Errorf("ls shows other buckets: %s", out)
	}
	for _, alias := range []string{"my", "session"} {
		c.refused("Access Denied", "ls", alias+"/limited-mc")
		c.refused("Access Denied", "ls", alias+"/limited-mc/theirs/")
		c.refused("", "cat", alias+"/limited-mc/theirs/secret")
		c.refused("", "cp", big, alias+"/limited-mc/theirs/secret")
		c.refused("", "cp", alias+"/limited-mc/theirs/secret", alias+"/limited-mc/mine/stolen")
		c.refused("", "rm", alias+"/limited-mc/theirs/secret")
		c.refused("Access Denied", "mb", alias+"/limited-mc-2")
		c.refused("Access Denied", "anonymous", "set", "download", alias+"/limited-mc")
		c.refused("Access Denied", "anonymous", "get", alias+"/limited-mc")
	}
	s.untouched(t, "limited-mc")

	// Opening a bucket is the right "policy".
	if status, _ := s.public(t, "/limited-mc/mine/moved"); status != 403 {
		t.Errorf("without credentials: %d", status)
	}
	s.admin(t, "PUT", "/iam/users/"+u.ID+"/policies", json.RawMessage(`[{"bucket": "limited-mc", "actions": ["policy"]}]`), nil)
	c.must("anonymous", "set", "download", "my/limited-mc")
	if out := c.must("anonymous", "get", "my/limited-mc"); !strings.Contains(out, "download") {
		t.Errorf("anonymous get: %s", out)
	}
	if status, _ := s.public(t, "/limited-mc/mine/moved"); status != 200 {
		t.Errorf("without credentials: %d", status)
	}
	for _, how := range []string{"upload", "public"} {
		c.must("anonymous", "set", how, "my/limited-mc/mine/")
		if out := c.must("anonymous", "get", "my/limited-mc/mine/"); !strings.Contains(out, how) {
			t.Errorf("anonymous get: %s, want %s", out, how)
		}
	}
	c.must("anonymous", "set", "private", "my/limited-mc/mine/")
	c.must("anonymous", "set", "private", "my/limited-mc")
	if status, _ := s.public(t, "/limited-mc/mine/moved"); status != 403 {
		t.Errorf("without credentials: %d", status)
	}
	c.must("rb", "--force", "admin/limited-mc")
}

package clients

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestRestic(t *testing.T) {
	t.Parallel()
	path := tool(t, "restic")
	s := server(t)
	dir := t.TempDir()
	c := &runner{t: t, path: path, dir: dir, args: []string{"--quiet", "--cache-dir", filepath.Join(dir, "cache")},
		env: s.env(t, "RESTIC_REPOSITORY=s3:"+s.URL+"/restic/repo", "RESTIC_PASSWORD=correct horse")}
	here := tree(t, filepath.Join(dir, "tree"))
	c.must("init")
	c.must("backup", here)
	if err := os.RemoveAll(filepath.Join(here, "dir 07")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(here, "new"), body(9, 3<<20))
	c.must("backup", here)
	var snapshots []struct{ ID string }
	if err := json.Unmarshal([]byte(c.must("snapshots", "--json")), &snapshots); err != nil || len(snapshots) != 2 {
		t.Fatalf("snapshots: %v, %v", snapshots, err)
	}
	c.must("restore", "latest", "--target", filepath.Join(dir, "restored"))
	sameTree(t, here, filepath.Join(dir, "restored", here))
	c.must("check", "--read-data")
	c.must("forget", "--keep-last=1", "--prune")
	c.must("check", "--read-data")
	if err := json.Unmarshal([]byte(c.must("snapshots", "--json")), &snapshots); err != nil || len(snapshots) != 1 {
		t.Fatalf("snapshots after forget: %v, %v", snapshots, err)
	}
}

// TestResticLimited keeps backups with the rights to list, read, write and delete below a prefix.
func TestResticLimited(t *testing.T) {
	t.Parallel()
	path := tool(t, "restic")
	s := server(t)
	u := s.limited(t, "limited-restic")
	dir := t.TempDir()
	r := func(repository string, u user) *runner {
		return &runner{t: t, path: path, dir: dir, args: []string{"--quiet", "--cache-dir", filepath.Join(dir, "cache")},
			env: append(s.env(t, "RESTIC_REPOSITORY=s3:"+s.URL+"/limited-restic/"+repository, "RESTIC_PASSWORD=correct horse"), u.env()...)}
	}
	c, here := r("mine/repo", u), goSources(t, "bufio")
	c.must("init")
	c.must("backup", here)
	session := r("mine/repo", s.session(t, u))
	session.must("backup", here)
	session.must("restore", "latest", "--target", filepath.Join(dir, "restored"))
	sameTree(t, here, filepath.Join(dir, "restored", here))
	c.must("forget", "--keep-last=1", "--prune")
	c.must("check", "--read-data")
	r("theirs/repo", u).refused("Access Denied", "init")
	s.untouched(t, "limited-restic")
}

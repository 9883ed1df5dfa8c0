package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"myfsio/tests/daemon"
)

func TestRclone(t *testing.T) {
	t.Parallel()
	path := tool(t, "rclone")
	s := server(t)
	dir := t.TempDir()
	c := &runner{t: t, path: path, dir: dir, env: s.env(t,
		"RCLONE_CONFIG="+filepath.Join(dir, "none.conf"), "RCLONE_CONFIG_MY_TYPE=s3", "RCLONE_CONFIG_MY_PROVIDER=Other",
		"RCLONE_CONFIG_MY_ACCESS_KEY_ID="+daemon.AccessKey, "RCLONE_CONFIG_MY_SECRET_ACCESS_KEY="+daemon.SecretKey,
		"RCLONE_CONFIG_MY_ENDPOINT="+s.URL, "RCLONE_CONFIG_MY_REGION="+daemon.Region, "RCLONE_CONFIG_MY_FORCE_PATH_STYLE=true",
		"RCLONE_S3_CHUNK_SIZE=5M", "RCLONE_S3_UPLOAD_CUTOFF=5M", "RCLONE_TRANSFERS=4", "RCLONE_CHECKERS=8")}
	here, back := tree(t, filepath.Join(dir, "tree")), filepath.Join(dir, "back")
	stamp := time.Date(2001, 2, 3, 4, 5, 6, 789000000, time.UTC)
	for _, name := range []string{"big/20MiB.bin", "odd/with space"} {
		if err := os.Chtimes(filepath.Join(here, name), stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	c.must("mkdir", "my:rclone")
	c.must("sync", here, "my:rclone/tree")
	c.must("check", "--download", here, "my:rclone/tree")
	c.must("sync", "my:rclone/tree", back)
	sameTree(t, here, back)
	for _, name := range []string{"big/20MiB.bin", "odd/with space"} {
		if st, err := os.Stat(filepath.Join(back, name)); err != nil || !st.ModTime().Equal(stamp) {
			t.Errorf("%s: modified %v, want %v (%v)", name, st.ModTime(), stamp, err)
		}
	}
	if _, errs, _ := c.try("sync", "-v", here, "my:rclone/tree"); strings.Contains(errs, "Copied") {
		t.Errorf("a second sync copies again: %s", end(errs))
	}
	c.must("copyto", "my:rclone/tree/big/20MiB.bin", "my:rclone/copies/there.bin")
	c.must("copyto", "my:rclone/copies/there.bin", filepath.Join(dir, "there.bin"))
	same(t, filepath.Join(here, "big/20MiB.bin"), filepath.Join(dir, "there.bin"))
	if out := c.must("lsf", "my:rclone"); out != "copies/\ntree/\n" {
		t.Errorf("lsf: %q", out)
	}
	if out := c.must("lsf", "-R", "--files-only", "my:rclone/tree"); strings.Count(out, "\n") != len(files(t, here)) {
		t.Errorf("lsf -R: %d lines", strings.Count(out, "\n"))
	}
	if err := os.RemoveAll(filepath.Join(here, "dir 05")); err != nil {
		t.Fatal(err)
	}
	c.must("sync", here, "my:rclone/tree")
	c.must("check", here, "my:rclone/tree")
	c.must("purge", "my:rclone")
	if out := c.must("lsf", "my:"); strings.Contains("\n"+out, "\nrclone/") {
		t.Errorf("purged, but still there: %s", out)
	}
}

// TestRcloneLimited is everyday work with few rights, with lasting and with temporary credentials.
func TestRcloneLimited(t *testing.T) {
	t.Parallel()
	path := tool(t, "rclone")
	s := server(t)
	u := s.limited(t, "limited-rclone")
	for name, u := range map[string]user{"user": u, "session": s.session(t, u)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mine := "my:limited-rclone/mine/" + name
			c := &runner{t: t, path: path, dir: dir, args: []string{"--retries=1", "--low-level-retries=1"}, env: s.env(t,
				"RCLONE_CONFIG="+filepath.Join(dir, "none.conf"), "RCLONE_CONFIG_MY_TYPE=s3", "RCLONE_CONFIG_MY_PROVIDER=Other",
				"RCLONE_CONFIG_MY_ACCESS_KEY_ID="+u.AccessKey, "RCLONE_CONFIG_MY_SECRET_ACCESS_KEY="+u.SecretKey, "RCLONE_CONFIG_MY_SESSION_TOKEN="+u.Token,
				"RCLONE_CONFIG_MY_ENDPOINT="+s.URL, "RCLONE_CONFIG_MY_REGION="+daemon.Region, "RCLONE_CONFIG_MY_FORCE_PATH_STYLE=true",
				"RCLONE_CONFIG_MY_NO_CHECK_BUCKET=true", // it would make the bucket, which he may not
				"RCLONE_S3_CHUNK_SIZE=5M", "RCLONE_S3_UPLOAD_CUTOFF=5M")}
			tree := goSources(t, "bufio")
			c.must("sync", tree, mine+"/tree")
			c.must("check", "--download", tree, mine+"/tree")
			c.must("copyto", write(t, filepath.Join(dir, "big"), body(3, 12<<20)), mine+"/big")
			c.must("copyto", mine+"/big", mine+"/copy")
			c.must("copyto", mine+"/copy", filepath.Join(dir, "back"))
			same(t, filepath.Join(dir, "big"), filepath.Join(dir, "back"))
			if out := c.must("lsf", "my:"); !strings.Contains(out, "limited-rclone/") || strings.Contains(out, "private-") {
				t.Errorf("other buckets: %q", out)
			}
			if link := c.must("link", "--expire=1h", mine+"/big"); !strings.Contains(link, "X-Amz-Signature") {
				t.Errorf("link: %s", link)
			} else if status, text := fetch(t, link); status != 200 || len(text) != 12<<20 {
				t.Errorf("link: %d, %d bytes", status, len(text))
			}
			c.refused("AccessDenied", "lsf", "my:limited-rclone")
			c.refused("AccessDenied", "lsf", "my:limited-rclone/theirs")
			c.refused("403", "copyto", filepath.Join(dir, "big"), "my:limited-rclone/theirs/new")
			c.refused("", "copyto", "my:limited-rclone/theirs/secret", filepath.Join(dir, "secret"))
			c.refused("", "deletefile", "my:limited-rclone/theirs/secret")
			c.must("delete", mine)
		})
	}
	s.untouched(t, "limited-rclone")
}

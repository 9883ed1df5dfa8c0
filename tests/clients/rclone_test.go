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
	if out := c.must("lsf", "my:"); strings.Contains(out, "rclone/") {
		t.Errorf("purged, but still there: %s", out)
	}
}

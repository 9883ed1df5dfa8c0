package clients

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/tests/daemon"
)

func TestS3cmd(t *testing.T) {
	t.Parallel()
	path := tool(t, "s3cmd")
	s := server(t)
	dir := t.TempDir()
	config := write(t, filepath.Join(dir, "s3cfg"), fmt.Appendf(nil, `[default]
access_key = %s
secret_key = %s
host_base = %s
host_bucket = %s
bucket_location = %s
signature_v2 = False
use_https = False
multipart_chunk_size_mb = 5
`, daemon.AccessKey, daemon.SecretKey, s.Host, s.Host, daemon.Region))
	c := &runner{t: t, path: path, args: []string{"--config=" + config, "--no-progress"}, env: s.env(t), dir: dir}
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

package clients

import (
	"path/filepath"
	"strings"
	"testing"

	"myfsio/tests/daemon"
)

// TestCurl is the first quarter of an hour with the server: no client but curl, with both kinds of credentials.
func TestCurl(t *testing.T) {
	t.Parallel()
	path := tool(t, "curl")
	s := server(t)
	for name, credentials := range map[string][]string{
		"signed": { // S3 wants the header, which curl sends by itself since version 8 only
			"--aws-sigv4", "aws:amz:" + daemon.Region + ":s3", "--user", daemon.AccessKey + ":" + daemon.SecretKey,
			"-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"},
		"headers": {"-H", "X-Access-Key: " + daemon.AccessKey, "-H", "X-Secret-Key: " + daemon.SecretKey},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := &runner{t: t, path: path, dir: dir, env: s.env(t), args: append([]string{"-sS", "--fail-with-body"}, credentials...)}
			bucket := s.URL + "/curl-" + name
			hello := write(t, filepath.Join(dir, "hello.txt"), []byte("hello, world\n"))
			c.must("-X", "PUT", bucket)
			c.must("-T", hello, bucket+"/hello.txt")
			c.must("-o", "back.txt", bucket+"/hello.txt")
			same(t, hello, filepath.Join(dir, "back.txt"))
			big := write(t, filepath.Join(dir, "big"), body(3, 3<<20))
			c.must("-T", big, bucket+"/dir/big")
			c.must("-o", "back", bucket+"/dir/big")
			same(t, big, filepath.Join(dir, "back"))
			if out := c.must("-I", bucket+"/dir/big"); !strings.Contains(out, "3145728") {
				t.Errorf("HEAD: %s", out)
			}
			if out := c.must(bucket + "?list-type=2"); !strings.Contains(out, "<Key>dir/big</Key>") {
				t.Errorf("list: %s", out)
			}
			if out := c.must(s.URL + "/"); !strings.Contains(out, "<Name>curl-"+name+"</Name>") {
				t.Errorf("buckets: %s", out)
			}
			c.refused("NoSuchKey", bucket+"/none")
			c.refused("BucketNotEmpty", "-X", "DELETE", bucket)
			c.must("-X", "DELETE", bucket+"/hello.txt")
			c.must("-X", "DELETE", bucket+"/dir/big")
			c.must("-X", "DELETE", bucket)
		})
	}
	t.Run("without", func(t *testing.T) {
		c := &runner{t: t, path: path, dir: t.TempDir(), env: s.env(t), args: []string{"-sS", "--fail-with-body"}}
		c.refused("AccessDenied", s.URL+"/")
		c.refused("InvalidAccessKeyId", "-H", "X-Access-Key: nobody", "-H", "X-Secret-Key: nothing", s.URL+"/")
		if out := c.must(s.URL + "/myfsio/health"); !strings.Contains(out, "version") {
			t.Errorf("health: %s", out)
		}
	})
}

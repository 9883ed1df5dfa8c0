package clients

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/internal/leak"
	"myfsio/kms"
	"myfsio/kv"
	"myfsio/kv/pebblekv"
	"myfsio/seal"
	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

// TestEncryption is what clients do with encryption by the server. Whatever they did, the data directory does not show it.
func TestEncryption(t *testing.T) {
	t.Parallel()
	python := venv(t)
	s := own(t, "ENCRYPTION_ENABLED=true", "KMS_ENABLED=true")
	t.Run("clients", func(t *testing.T) { // which ends when all of them have ended
		for name, fn := range map[string]func(*testing.T, *target){
			"awscli": cliEncryption, "mc": mcEncryption, "rclone": rcloneEncryption, "restic": resticEncryption,
			"boto3": func(t *testing.T, s *target) {
				script(t, &runner{t: t, path: python, env: s.env(t, "MYFSIO_BUCKET=encryption-boto3", "PYTHONDONTWRITEBYTECODE=1")}, "boto3_encryption_test.py")
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				fn(t, s)
			})
		}
	})
	if err := s.own.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.own.Fsck(t.Context()); err != nil {
		t.Fatal(err)
	}
	unseen(t, s.own.Dir, marker)
	keysUnseen(t, s.own.Dir)
}

// keysUnseen fails the test when a key that the server used stands anywhere below dir, logs included, but the master key in its own file. Those of
// customers are not known here.
func keysUnseen(t *testing.T, dir string) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var masterKey string
	check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d.Name() == "master.key" {
			masterKey = path
		}
		return err
	}))
	ringFile := filepath.Join(filepath.Dir(masterKey), "kms_keys.json")
	master, err := kms.OpenMaster(kms.MasterOptions{Path: masterKey, Needed: []string{ringFile}})
	check(err)
	ring, err := kms.Open(kms.Options{Path: ringFile, Master: master})
	check(err)
	db, err := pebblekv.Open(pebblekv.Options{Dir: filepath.Join(filepath.Dir(filepath.Dir(masterKey)), "meta")})
	check(err)
	defer db.Close()
	secrets := leak.Secrets{}
	check(secrets.Master(master, ringFile))
	var found []string
	check(db.View(t.Context(), func(r kv.Reader) error {
		opened, err := secrets.Objects(r, &seal.Keys{Masters: master, KMS: ring}, 8)
		if err == nil && opened < 20 {
			err = fmt.Errorf("only %d objects of the server's keys", opened)
		}
		if err == nil {
			found, err = secrets.Rows(r)
		}
		return err
	}))
	more, err := secrets.Files(dir, func(path string) bool { return strings.HasPrefix(filepath.Base(path), "master.key") })
	check(err)
	if found = append(found, more...); len(found) > 0 {
		t.Errorf("keys in clear: %q", found)
	}
}

// marker stands in what the clients encrypt.
const marker = "this text must not be seen in any file of the server"

// secrets are bytes with the marker in them, again and again.
func secrets(seed uint64, n int) []byte {
	b := body(seed, n)
	for at := 0; at+len(marker) <= n; at += 50_000 {
		copy(b[at:], marker)
	}
	return b
}

// unseen fails the test when a file below dir has the text.
func unseen(t *testing.T, dir, text string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if bytes.Contains(read(t, path), []byte(text)) {
			t.Errorf("%s is in clear", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// encrypted makes a bucket that encrypts by default.
func (s *target) encrypted(t *testing.T, bucket string) {
	t.Helper()
	s.ask(t, signed.Request{Method: "PUT", Bucket: bucket})
	s.ask(t, signed.Request{Method: "PUT", Bucket: bucket, Query: url.Values{"encryption": {""}}, Body: []byte("<ServerSideEncryptionConfiguration><Rule>" +
		"<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>")})
}

// tls is the server behind a proxy that speaks TLS with a certificate of its own: some clients send no keys without it.
func (s *target) tls(t *testing.T) string {
	t.Helper()
	to := &url.URL{Scheme: "http", Host: s.Host}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is signed
	}})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// kmsKey makes a key of the KMS and returns its id.
func (s *target) kmsKey(t *testing.T) string {
	t.Helper()
	var made struct{ KeyMetadata struct{ KeyID string } }
	s.admin(t, "POST", "/kms/keys", map[string]string{"description": "of " + t.Name()}, &made)
	return made.KeyMetadata.KeyID
}

func cliEncryption(t *testing.T, s *target) {
	c := startCLI(t, s)
	s3 := func(args ...string) {
		t.Helper()
		if a := c.try(append([]string{"s3"}, args...)...); a.Code != 0 {
			t.Fatalf("aws s3 %q: %s", args, a.Err)
		}
	}
	key := c.file("key", body(1, 32))
	big := c.file("big", secrets(2, 20<<20))
	s3("mb", "s3://encryption-awscli")
	for name, how := range map[string][2][]string{
		"server":   {{"--sse=AES256"}},
		"kms":      {{"--sse=aws:kms", "--sse-kms-key-id=" + s.kmsKey(t)}},
		"customer": {{"--sse-c=AES256", "--sse-c-key=fileb://" + key}, {"--sse-c=AES256", "--sse-c-key=fileb://" + key}},
	} {
		to := "s3://encryption-awscli/" + name
		s3(append([]string{"cp", "--no-progress", big, to}, how[0]...)...)
		s3(append([]string{"cp", "--no-progress", to, c.path("back-" + name)}, how[1]...)...)
		same(t, big, c.path("back-"+name))
	}
	s3("cp", "--no-progress", "s3://encryption-awscli/customer", "s3://encryption-awscli/copy", "--sse-c-copy-source=AES256", "--sse-c-copy-source-key=fileb://"+key, "--sse=AES256")
	s3("cp", "--no-progress", "s3://encryption-awscli/copy", c.path("copy"))
	same(t, big, c.path("copy"))
	const b = "--bucket=encryption-awscli"
	c.refused("400", "head-object", b, "--key=customer")
	if got := c.api("head-object", b, "--key=server").str("ServerSideEncryption"); got != "AES256" {
		t.Errorf("server: %s", got)
	}
	if got := c.api("head-object", b, "--key=kms").str("SSEKMSKeyId"); !strings.HasPrefix(got, "arn:aws:kms:") {
		t.Errorf("kms: %s", got)
	}
	c.api("put-bucket-encryption", b, `--server-side-encryption-configuration={"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}`)
	if got := quoteAny(c.api("get-bucket-encryption", b)); !strings.Contains(got, `"SSEAlgorithm":"AES256"`) {
		t.Errorf("get-bucket-encryption: %s", got)
	}
	s3("cp", "--no-progress", big, "s3://encryption-awscli/default")
	if got := c.api("head-object", b, "--key=default").str("ServerSideEncryption"); got != "AES256" {
		t.Errorf("default: %s", got)
	}
	arn := c.api("head-object", b, "--key=kms").str("SSEKMSKeyId")
	c.api("update-object-encryption", b, "--key=default", `--object-encryption={"SSEKMS":{"KMSKeyArn":`+quote(arn)+`}}`)
	if got := c.api("head-object", b, "--key=default").str("SSEKMSKeyId"); got != arn {
		t.Errorf("after the update: %s, want %s", got, arn)
	}
	s3("cp", "--no-progress", "s3://encryption-awscli/default", c.path("updated"))
	same(t, big, c.path("updated"))
	c.api("delete-bucket-encryption", b)
}

func mcEncryption(t *testing.T, s *target) {
	dir := t.TempDir()
	c := &runner{t: t, path: tool(t, "mc"), args: []string{"--config-dir", filepath.Join(dir, "config"), "--quiet", "--no-color", "--insecure"}, env: s.env(t), dir: dir}
	c.must("alias", "set", "my", s.URL, daemon.AccessKey, daemon.SecretKey, "--api", "S3v4")
	c.must("alias", "set", "tls", s.tls(t), daemon.AccessKey, daemon.SecretKey, "--api", "S3v4")
	const b = "/encryption-mc"
	c.must("mb", "my"+b)
	c.must("encrypt", "set", "sse-s3", "my"+b)
	if out := c.must("encrypt", "info", "my"+b); !strings.Contains(strings.ToLower(out), "sse-s3") {
		t.Errorf("encrypt info: %s", out)
	}
	big := write(t, filepath.Join(dir, "big"), secrets(3, 20<<20))
	c.must("cp", big, "my"+b+"/default")
	if out := c.must("stat", "my"+b+"/default"); !strings.Contains(out, "SSE-S3") {
		t.Errorf("stat: %s", out)
	}
	kms := s.kmsKey(t)
	c.must("encrypt", "set", "sse-kms", kms, "my"+b)
	if out := c.must("encrypt", "info", "my"+b); !strings.Contains(out, kms) {
		t.Errorf("encrypt info: %s", out)
	}
	c.must("encrypt", "clear", "my"+b)
	c.must("cp", "--enc-s3=my"+b, big, "my"+b+"/server")
	c.must("cp", "--enc-kms=my"+b+"="+kms, big, "my"+b+"/kms")
	customer := "--enc-c=tls" + b + "=MzJieXRlc2xvbmdzZWNyZXRrZXltdXN0YmVnaXZlbjE"
	c.must("cp", customer, big, "tls"+b+"/customer")
	c.must("cp", customer, "tls"+b+"/customer", filepath.Join(dir, "back-customer"))
	same(t, big, filepath.Join(dir, "back-customer"))
	c.refused("", "cp", "tls"+b+"/customer", filepath.Join(dir, "no"))
	for _, name := range []string{"default", "server", "kms"} {
		c.must("cp", "my"+b+"/"+name, filepath.Join(dir, "back-"+name))
		same(t, big, filepath.Join(dir, "back-"+name))
	}
	c.must("rb", "--force", "my"+b)
}

func rcloneEncryption(t *testing.T, s *target) {
	dir := t.TempDir()
	remote := func(extra ...string) *runner {
		return &runner{t: t, path: tool(t, "rclone"), dir: dir, args: []string{"--no-check-certificate", "--retries=1", "--low-level-retries=1"}, env: s.env(t, append([]string{
			"RCLONE_CONFIG=" + filepath.Join(dir, "none.conf"), "RCLONE_CONFIG_MY_TYPE=s3", "RCLONE_CONFIG_MY_PROVIDER=Other",
			"RCLONE_CONFIG_MY_ACCESS_KEY_ID=" + daemon.AccessKey, "RCLONE_CONFIG_MY_SECRET_ACCESS_KEY=" + daemon.SecretKey,
			"RCLONE_CONFIG_MY_ENDPOINT=" + s.tls(t), "RCLONE_CONFIG_MY_REGION=" + daemon.Region, "RCLONE_CONFIG_MY_FORCE_PATH_STYLE=true",
			"RCLONE_S3_CHUNK_SIZE=5M", "RCLONE_S3_UPLOAD_CUTOFF=5M"}, extra...)...)}
	}
	here := goSources(t, "bufio")
	big := write(t, filepath.Join(dir, "big"), secrets(4, 12<<20))
	for name, c := range map[string]*runner{
		"customer": remote("RCLONE_S3_SSE_CUSTOMER_ALGORITHM=AES256", "RCLONE_S3_SSE_CUSTOMER_KEY=32 characters of my customer key"),
		"server":   remote("RCLONE_S3_SERVER_SIDE_ENCRYPTION=AES256"),
	} {
		c.must("mkdir", "my:encryption-rclone")
		c.must("sync", here, "my:encryption-rclone/"+name+"/tree")
		c.must("check", "--download", here, "my:encryption-rclone/"+name+"/tree")
		c.must("copyto", big, "my:encryption-rclone/"+name+"/big")
		c.must("copyto", "my:encryption-rclone/"+name+"/big", "my:encryption-rclone/"+name+"/copy")
		c.must("copyto", "my:encryption-rclone/"+name+"/copy", filepath.Join(dir, name))
		same(t, big, filepath.Join(dir, name))
	}
	if out, _, _ := remote().try("cat", "my:encryption-rclone/customer/big"); out != "" { // rclone finds no file and ends well
		t.Errorf("without the key: %d bytes", len(out))
	}
}

func resticEncryption(t *testing.T, s *target) {
	s.encrypted(t, "encryption-restic")
	dir := t.TempDir()
	c := &runner{t: t, path: tool(t, "restic"), dir: dir, args: []string{"--quiet", "--cache-dir", filepath.Join(dir, "cache")},
		env: s.env(t, "RESTIC_REPOSITORY=s3:"+s.URL+"/encryption-restic", "RESTIC_PASSWORD=correct horse")}
	here := filepath.Join(dir, "here")
	write(t, filepath.Join(here, "big"), secrets(5, 25<<20))
	write(t, filepath.Join(here, "small"), []byte("small"))
	c.must("init")
	c.must("backup", here)
	write(t, filepath.Join(here, "big"), secrets(6, 26<<20))
	c.must("backup", here)
	c.must("restore", "latest", "--target", filepath.Join(dir, "restored"))
	sameTree(t, here, filepath.Join(dir, "restored", here))
	c.must("forget", "--keep-last=1", "--prune")
	c.must("check", "--read-data")
	head := s.ask(t, signed.Request{Method: "HEAD", Bucket: "encryption-restic", Key: "config"})
	if got := head.Header.Get("X-Amz-Server-Side-Encryption"); got != "AES256" {
		t.Errorf("the repository's config: %q", got)
	}
}

package clients

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cli is a conversation with the AWS CLI, see awscli_batch.py.
type cli struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
	dir string // for the files of commands
}

// answer is what one command said.
type answer struct {
	Code     int
	Out, Err string
}

func startCLI(t *testing.T, s *target, env ...string) *cli {
	t.Helper()
	cmd := exec.Command(venv(t), "awscli_batch.py")
	// Without the setting version 1 of the CLI presigns with Signature Version 2.
	config := write(t, filepath.Join(t.TempDir(), "config"), []byte("[default]\ns3 =\n    signature_version = s3v4\n"))
	cmd.Env = append(s.env(t, "PYTHONDONTWRITEBYTECODE=1", "AWS_PAGER=", "AWS_CONFIG_FILE="+config), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the conversation with the AWS CLI: %v", err)
		}
	})
	return &cli{t: t, in: in, out: bufio.NewReader(out), dir: t.TempDir()}
}

// forTest is the same conversation on behalf of a subtest.
func (c *cli) forTest(t *testing.T) *cli {
	sub := *c
	sub.t = t
	return &sub
}

func (c *cli) try(args ...string) answer {
	c.t.Helper()
	line, err := json.Marshal(args)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		c.t.Fatal(err)
	}
	said, err := c.out.ReadBytes('\n')
	if err != nil {
		c.t.Fatalf("%q: %v", args, err)
	}
	var a answer
	if err := json.Unmarshal(said, &a); err != nil {
		c.t.Fatal(err)
	}
	return a
}

// api runs "aws s3api" and returns its answer as JSON.
func (c *cli) api(args ...string) object {
	c.t.Helper()
	return c.call("s3api", args...)
}

// call runs a command of a service and returns its answer as JSON.
func (c *cli) call(service string, args ...string) object {
	c.t.Helper()
	a := c.try(append([]string{service, "--output=json"}, args...)...)
	if a.Code != 0 {
		c.t.Fatalf("aws %s %.300q: %s", service, args, a.Err)
	}
	o := object{}
	if strings.TrimSpace(a.Out) != "" {
		if err := json.Unmarshal([]byte(a.Out), &o); err != nil {
			c.t.Fatalf("aws %s %.300q: %v in %s", service, args, err, a.Out)
		}
	}
	return o
}

// refused runs "aws s3api", which has to fail with an error code.
func (c *cli) refused(code string, args ...string) {
	c.t.Helper()
	a := c.try(append([]string{"s3api", "--output=json"}, args...)...)
	if a.Code == 0 || !strings.Contains(a.Err, "("+code+")") {
		c.t.Fatalf("aws s3api %.300q: want %s, got %d %s", args, code, a.Code, a.Err)
	}
}

// object is a JSON object of the CLI's output.
type object map[string]any

// list is a member that is a list of objects.
func (o object) list(name string) []object {
	var all []object
	items, _ := o[name].([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		all = append(all, m)
	}
	return all
}

// column is one member of each object of a list.
func (o object) column(list, name string) []string {
	var all []string
	for _, item := range o.list(list) {
		all = append(all, item.str(name))
	}
	return all
}

func (o object) str(name string) string {
	s, _ := o[name].(string)
	return s
}

func (c *cli) file(name string, b []byte) string { return write(c.t, filepath.Join(c.dir, name), b) }
func (c *cli) path(name string) string           { return filepath.Join(c.dir, name) }

// TestAWSCLISync is the everyday use of "aws s3": a tree of thousands of files there and back.
func TestAWSCLISync(t *testing.T) {
	t.Parallel()
	venv(t)
	s := server(t)
	aws := &runner{t: t, path: tool(t, "aws"), env: s.env(t), dir: t.TempDir()}
	dir, back := tree(t, filepath.Join(aws.dir, "tree")), filepath.Join(aws.dir, "back")
	aws.must("s3", "mb", "s3://awscli-sync")
	aws.must("s3", "sync", "--only-show-errors", dir, "s3://awscli-sync/t")
	aws.must("s3", "sync", "--only-show-errors", "s3://awscli-sync/t", back)
	sameTree(t, dir, back)
	if out := aws.must("s3", "sync", dir, "s3://awscli-sync/t"); strings.Contains(out, "upload:") {
		t.Errorf("a second sync uploads again: %s", end(out))
	}
	if err := os.RemoveAll(filepath.Join(dir, "dir 03")); err != nil {
		t.Fatal(err)
	}
	aws.must("s3", "sync", "--only-show-errors", "--delete", dir, "s3://awscli-sync/t")
	aws.must("s3", "sync", "--only-show-errors", "--delete", "s3://awscli-sync/t", back)
	sameTree(t, dir, back)
	if out := aws.must("s3", "ls", "s3://awscli-sync/t/"); !strings.Contains(out, "PRE dir 04/") || strings.Contains(out, "dir 03") {
		t.Errorf("ls: %s", out)
	}
	aws.refused("BucketNotEmpty", "s3", "rb", "s3://awscli-sync")
	aws.must("s3", "rb", "--force", "s3://awscli-sync")
}

// TestAWSCLICopy copies single files of all sizes, and uses a presigned address with curl.
func TestAWSCLICopy(t *testing.T) {
	t.Parallel()
	venv(t)
	s := server(t)
	c := startCLI(t, s)
	s3 := func(args ...string) string {
		t.Helper()
		a := c.try(append([]string{"s3"}, args...)...)
		if a.Code != 0 {
			t.Fatalf("aws s3 %q: %s", args, a.Err)
		}
		return a.Out
	}
	big := c.file("big", body(30, 30<<20))
	s3("mb", "s3://awscli-cp")
	s3("cp", "--no-progress", big, "s3://awscli-cp/big file")
	s3("cp", "--no-progress", "s3://awscli-cp/big file", c.path("back"))
	same(t, big, c.path("back"))
	if etag := c.api("head-object", "--bucket=awscli-cp", "--key=big file").str("ETag"); !strings.Contains(etag, "-") {
		t.Errorf("not a multipart upload: %s", etag)
	}
	s3("cp", "--no-progress", "s3://awscli-cp/big file", "s3://awscli-cp/big copy")
	s3("mv", "--no-progress", "s3://awscli-cp/big copy", c.path("moved"))
	same(t, big, c.path("moved"))
	c.refused("404", "head-object", "--bucket=awscli-cp", "--key=big copy")
	url := strings.TrimSpace(s3("presign", "s3://awscli-cp/big file", "--expires-in=300"))
	curl := &runner{t: t, path: tool(t, "curl"), env: os.Environ()}
	curl.must("-sS", "--fail", "-o", c.path("curled"), url)
	same(t, big, c.path("curled"))
	for _, algorithm := range []string{"CRC32", "SHA256", "CRC64NVME"} {
		s3("cp", "--no-progress", "--checksum-algorithm", algorithm, big, "s3://awscli-cp/sum-"+algorithm)
		head := c.api("head-object", "--bucket=awscli-cp", "--key=sum-"+algorithm, "--checksum-mode=ENABLED")
		if head.str("Checksum"+algorithm) == "" {
			t.Errorf("no %s: %v", algorithm, head)
		}
		s3("cp", "--no-progress", "--checksum-mode=ENABLED", "s3://awscli-cp/sum-"+algorithm, c.path("summed"))
		same(t, big, c.path("summed"))
	}
	s3("rb", "--force", "s3://awscli-cp")
}

// TestAWSCLIAPI goes through single operations.
func TestAWSCLIAPI(t *testing.T) {
	t.Parallel()
	venv(t)
	c := startCLI(t, server(t))
	const b = "--bucket=awscli-api"
	c.api("create-bucket", b)
	for name, fn := range map[string]func(*cli){
		"objects": func(c *cli) { cliObjects(c, b) }, "listing": func(c *cli) { cliListing(c, b) },
		"conditions": func(c *cli) { cliConditions(c, b) }, "multipart": func(c *cli) { cliMultipart(c, b) },
		"tags": func(c *cli) { cliTags(c, b) }, "versions": func(c *cli) { cliVersions(c) },
	} {
		t.Run(name, func(t *testing.T) { fn(c.forTest(t)) })
	}
	t.Run("keys", func(t *testing.T) {
		c.api("create-bucket", "--bucket=awscli-keys")
		for _, k := range oddKeys {
			t.Run(k.Name, func(t *testing.T) { cliKey(c.forTest(t), "--bucket=awscli-keys", k) })
		}
		if a := c.try("s3", "rb", "s3://awscli-keys"); a.Code != 0 {
			t.Errorf("something is left: %s", a.Err)
		}
	})
}

func cliObjects(c *cli, b string) {
	data := body(1, 50_000)
	in := c.file("in", data)
	c.api("put-object", b, "--key=o", "--body="+in, "--content-type=x/y", "--metadata=a=1,b=two", "--cache-control=no-store")
	got := c.api("get-object", b, "--key=o", c.path("out"))
	same(c.t, in, c.path("out"))
	if got.str("ContentType") != "x/y" || got.str("CacheControl") != "no-store" || got["Metadata"].(map[string]any)["b"] != "two" {
		c.t.Errorf("%v", got)
	}
	c.api("get-object", b, "--key=o", "--range=bytes=10-19", c.path("part"))
	if got := read(c.t, c.path("part")); string(got) != string(data[10:20]) {
		c.t.Errorf("range: %d bytes", len(got))
	}
	c.refused("InvalidRange", "get-object", b, "--key=o", "--range=bytes=50000-", c.path("part"))
	c.refused("404", "head-object", b, "--key=none")
	c.refused("NoSuchKey", "get-object", b, "--key=none", c.path("part"))
	for _, sum := range []string{"CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"} {
		put := c.api("put-object", b, "--key=sum", "--body="+in, "--checksum-algorithm="+sum)
		attributes := c.api("get-object-attributes", b, "--key=sum", "--object-attributes", "Checksum", "ObjectSize", "ETag")
		shown, _ := attributes["Checksum"].(map[string]any)
		if shown["Checksum"+sum] != put["Checksum"+sum] || put.str("Checksum"+sum) == "" || attributes["ObjectSize"] != float64(len(data)) {
			c.t.Errorf("%s: %v, %v", sum, put, attributes)
		}
	}
	c.refused("BadDigest", "put-object", b, "--key=sum", "--body="+in, "--checksum-sha1=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	c.api("copy-object", b, "--key=copy", "--copy-source=awscli-api/o")
	if got := c.api("head-object", b, "--key=copy"); got.str("ContentType") != "x/y" {
		c.t.Errorf("copy: %v", got)
	}
	c.api("rename-object", b, "--key=renamed", "--rename-source=copy", "--destination-if-none-match=*")
	if got := c.api("head-object", b, "--key=renamed"); got.str("ContentType") != "x/y" {
		c.t.Errorf("renamed: %v", got)
	}
	c.refused("404", "head-object", b, "--key=copy")
	c.api("put-object-annotation", b, "--key=renamed", "--annotation-name=n", "--annotation-payload="+c.file("note", []byte("text")))
	if got := c.api("list-object-annotations", b, "--key=renamed"); got["AnnotationCount"] != float64(1) {
		c.t.Errorf("annotations: %v", got)
	}
	c.api("delete-object-annotation", b, "--key=renamed", "--annotation-name=n")
	c.api("put-object", b, "--key=renamed", "--body="+c.file("more", []byte("more")), "--write-offset-bytes=50000")
	c.refused("InvalidWriteOffset", "put-object", b, "--key=renamed", "--body="+c.path("more"), "--write-offset-bytes=50000")
	c.api("get-object", b, "--key=renamed", c.path("whole"))
	if got := read(c.t, c.path("whole")); string(got) != string(data)+"more" {
		c.t.Errorf("appended: %d bytes", len(got))
	}
	c.api("delete-objects", b, "--delete", `{"Objects":[{"Key":"o"},{"Key":"renamed"},{"Key":"sum"}]}`)
}

func cliListing(c *cli, b string) {
	var want []string
	for _, k := range []string{"l/a/1", "l/a/2", "l/b", "l/c c", "l/d+d", "l/e/3"} {
		c.api("put-object", b, "--key="+k)
		want = append(want, k)
	}
	if got := c.api("list-objects-v2", b, "--prefix=l/", "--page-size=2").column("Contents", "Key"); !slices.Equal(got, want) {
		c.t.Errorf("pages of 2: %q", got)
	}
	page := c.api("list-objects-v2", b, "--prefix=l/", "--max-items=4")
	next := c.api("list-objects-v2", b, "--prefix=l/", "--starting-token="+page.str("NextToken"))
	if got := append(page.column("Contents", "Key"), next.column("Contents", "Key")...); !slices.Equal(got, want) {
		c.t.Errorf("4 and the rest: %q", got)
	}
	got := c.api("list-objects", b, "--prefix=l/", "--delimiter=/")
	if p := got.column("CommonPrefixes", "Prefix"); !slices.Equal(p, []string{"l/a/", "l/e/"}) {
		c.t.Errorf("prefixes: %q", p)
	}
	if k := got.column("Contents", "Key"); !slices.Equal(k, want[2:5]) {
		c.t.Errorf("keys beside them: %q", k)
	}
}

func cliConditions(c *cli, b string) {
	in := c.file("in", []byte("x"))
	tag := c.api("put-object", b, "--key=if", "--body="+in, "--if-none-match=*").str("ETag")
	c.refused("PreconditionFailed", "put-object", b, "--key=if", "--body="+in, "--if-none-match=*")
	c.api("put-object", b, "--key=if", "--body="+in, "--if-match="+tag)
	c.refused("PreconditionFailed", "put-object", b, "--key=if", "--body="+in, `--if-match="0"`)
	c.refused("304", "get-object", b, "--key=if", "--if-none-match="+tag, c.path("out"))
	c.refused("412", "head-object", b, "--key=if", `--if-match="0"`)
}

func cliMultipart(c *cli, b string) {
	parts := []string{c.file("p1", body(1, 5<<20)), c.file("p2", body(2, 5<<20)), c.file("p3", body(3, 77))}
	id := c.api("create-multipart-upload", b, "--key=m", "--content-type=m/p").str("UploadId")
	var etags []string
	for i, p := range parts {
		n := string(rune('1' + i))
		etags = append(etags, `{"PartNumber":`+n+`,"ETag":`+quote(c.api("upload-part", b, "--key=m", "--upload-id="+id, "--part-number="+n, "--body="+p).str("ETag"))+`}`)
	}
	if got := c.api("list-parts", b, "--key=m", "--upload-id="+id, "--page-size=1").list("Parts"); len(got) != 3 {
		c.t.Errorf("parts: %v", got)
	}
	if got := c.api("list-multipart-uploads", b).column("Uploads", "UploadId"); !slices.Contains(got, id) {
		c.t.Errorf("uploads: %v", got)
	}
	whole := `{"Parts":[` + strings.Join(etags, ",") + `]}`
	c.api("complete-multipart-upload", b, "--key=m", "--upload-id="+id, "--multipart-upload="+whole)
	c.api("get-object", b, "--key=m", c.path("m"))
	var want []byte
	for _, p := range parts {
		want = append(want, read(c.t, p)...)
	}
	same(c.t, c.file("whole", want), c.path("m"))
	c.api("get-object", b, "--key=m", "--part-number=3", c.path("m3"))
	same(c.t, parts[2], c.path("m3"))
	id = c.api("create-multipart-upload", b, "--key=m2").str("UploadId")
	copied := c.api("upload-part-copy", b, "--key=m2", "--upload-id="+id, "--part-number=1", "--copy-source=awscli-api/m", "--copy-source-range=bytes=5242880-10485759")
	tag := object(copied["CopyPartResult"].(map[string]any)).str("ETag")
	c.api("complete-multipart-upload", b, "--key=m2", "--upload-id="+id, `--multipart-upload={"Parts":[{"PartNumber":1,"ETag":`+quote(tag)+`}]}`)
	c.api("get-object", b, "--key=m2", c.path("m2"))
	same(c.t, parts[1], c.path("m2"))
	id = c.api("create-multipart-upload", b, "--key=m3").str("UploadId")
	c.api("abort-multipart-upload", b, "--key=m3", "--upload-id="+id)
	c.refused("NoSuchUpload", "list-parts", b, "--key=m3", "--upload-id="+id)
}

func quote(s string) string { return quoteAny(s) }

// quoteAny is the JSON of strings, and of what was JSON.
func quoteAny(v any) string {
	b, _ := json.Marshal(v) // it always has a form in JSON
	return string(b)
}

func cliTags(c *cli, b string) {
	c.api("put-object", b, "--key=tags", "--tagging=a=1&b=2")
	if got := c.api("get-object-tagging", b, "--key=tags").column("TagSet", "Value"); len(got) != 2 {
		c.t.Errorf("tags: %v", got)
	}
	c.api("put-object-tagging", b, "--key=tags", `--tagging={"TagSet":[{"Key":"c","Value":"3 + 3"}]}`)
	if got := c.api("get-object-tagging", b, "--key=tags").column("TagSet", "Value"); !slices.Equal(got, []string{"3 + 3"}) {
		c.t.Errorf("tags: %v", got)
	}
	c.api("delete-object-tagging", b, "--key=tags")
	if got := c.api("get-object-tagging", b, "--key=tags").list("TagSet"); len(got) != 0 {
		c.t.Errorf("tags: %v", got)
	}
}

func cliVersions(c *cli) {
	const b = "--bucket=awscli-versions"
	c.api("create-bucket", b)
	c.api("put-bucket-versioning", b, "--versioning-configuration=Status=Enabled")
	if got := c.api("get-bucket-versioning", b).str("Status"); got != "Enabled" {
		c.t.Errorf("versioning: %s", got)
	}
	one := c.api("put-object", b, "--key=v", "--body="+c.file("v1", []byte("one"))).str("VersionId")
	two := c.api("put-object", b, "--key=v", "--body="+c.file("v2", []byte("two"))).str("VersionId")
	marker := c.api("delete-object", b, "--key=v").str("VersionId")
	c.refused("NoSuchKey", "get-object", b, "--key=v", c.path("out"))
	c.api("get-object", b, "--key=v", "--version-id="+one, c.path("out"))
	same(c.t, c.path("v1"), c.path("out"))
	got := c.api("list-object-versions", b)
	if ids := got.column("Versions", "VersionId"); !slices.Equal(ids, []string{two, one}) {
		c.t.Errorf("versions: %v", got)
	}
	if ids := got.column("DeleteMarkers", "VersionId"); !slices.Equal(ids, []string{marker}) {
		c.t.Errorf("markers: %v", got)
	}
	c.refused("BucketNotEmpty", "delete-bucket", b)
	for _, id := range []string{marker, one} {
		c.api("delete-object", b, "--key=v", "--version-id="+id)
	}
	c.api("get-object", b, "--key=v", c.path("out"))
	same(c.t, c.path("v2"), c.path("out"))
	c.api("delete-object", b, "--key=v", "--version-id="+two)
	c.api("delete-bucket", b)
}

// cliKey takes one odd key through the commands that name it.
func cliKey(c *cli, b string, k oddKey) {
	in := c.file("key", []byte(k.Name))
	c.api("put-object", b, "--key="+k.Key, "--body="+in)
	c.api("head-object", b, "--key="+k.Key)
	c.api("get-object", b, "--key="+k.Key, c.path("out"))
	same(c.t, in, c.path("out"))
	if got := c.api("list-objects-v2", b, "--prefix="+k.Key).column("Contents", "Key"); !slices.Equal(got, []string{k.Key}) {
		c.t.Errorf("listed: %q", got)
	}
	source := strings.TrimPrefix(b, "--bucket=") + "/" + k.Key // the CLI escapes it
	c.api("copy-object", b, "--key="+k.Key, "--copy-source="+source, "--metadata-directive=REPLACE", "--metadata=x=y")
	c.api("delete-object", b, "--key="+k.Key)
	c.refused("404", "head-object", b, "--key="+k.Key)
}

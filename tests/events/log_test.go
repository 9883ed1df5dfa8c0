package events

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

// ask sends a request with the keys in its header.
func ask(t *testing.T, method, url, body string, want int) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	check(t, err)
	req.Header.Set("X-Access-Key", daemon.AccessKey)
	req.Header.Set("X-Secret-Key", daemon.SecretKey)
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != want {
		t.Fatalf("%s %s: %s", method, url, resp.Status)
	}
	return resp
}

// logOf returns the lines of the only log in a bucket, and the headers of its object.
func logOf(t *testing.T, s *daemon.Server, bucket, prefix string) ([]string, http.Header) {
	t.Helper()
	resp, err := client(s).Do(t.Context(), signed.Request{Method: "GET", Bucket: bucket, Query: url.Values{"list-type": {"2"}}})
	check(t, err)
	var page struct{ Contents []struct{ Key string } }
	check(t, xml.Unmarshal(resp.Body, &page))
	if len(page.Contents) != 1 || !regexp.MustCompile(`^`+prefix+`\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}$`).MatchString(page.Contents[0].Key) {
		t.Fatalf("the log is %+v", page.Contents)
	}
	resp, err = client(s).Do(t.Context(), signed.Request{Method: "GET", Bucket: bucket, Key: page.Contents[0].Key})
	check(t, err)
	return strings.Split(strings.TrimSuffix(string(resp.Body), "\n"), "\n"), resp.Header
}

// TestAccessLog: an orderly end loses no line, and each is as S3 writes it.
func TestAccessLog(t *testing.T) {
	s, err := daemon.New(t.TempDir(), "ENCRYPTION_ENABLED=true", "LIFECYCLE_ENABLED=true")
	check(t, err)
	defer s.Kill()
	check(t, s.Start())
	c := client(s)
	const rule = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
	const keys = "<Delete><Quiet>true</Quiet><Object><Key>a b</Key></Object><Object><Key>none</Key></Object><Object><Key>big</Key><VersionId>bad</VersionId></Object></Delete>"
	const expire = "<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status><Filter><Prefix>old/</Prefix></Filter><Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>"
	sum := md5.Sum([]byte(keys))
	do := func(list ...signed.Request) {
		t.Helper()
		for _, q := range list {
			_, err := c.Do(t.Context(), q)
			check(t, err)
		}
	}
	do(signed.Request{Method: "PUT", Bucket: "box"}, signed.Request{Method: "PUT", Bucket: "logs"},
		signed.Request{Method: "PUT", Bucket: "logs", Query: url.Values{"encryption": {""}}, Body: []byte(rule)},
		signed.Request{Method: "PUT", Bucket: "box", Query: url.Values{"logging": {""}}, Body: []byte("<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>box/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>")},
		signed.Request{Method: "PUT", Bucket: "box", Key: "a b", Body: []byte("hello")},
		signed.Request{Method: "GET", Bucket: "box", Key: "a b"},
		signed.Request{Method: "PUT", Bucket: "box", Key: "big", Body: make([]byte, 64<<20)},
		signed.Request{Method: "PUT", Bucket: "box", Key: "old/1", Body: []byte("1234567")},
		signed.Request{Method: "POST", Bucket: "box", Query: url.Values{"delete": {""}}, Header: http.Header{"Content-Md5": {base64.StdEncoding.EncodeToString(sum[:])}}, Body: []byte(keys)},
		signed.Request{Method: "PUT", Bucket: "box", Query: url.Values{"lifecycle": {""}}, Body: []byte(expire)})
	c.Do(t.Context(), signed.Request{Method: "GET", Bucket: "box", Key: "none"})
	cut := ask(t, "GET", s.URL()+"/box/big", "", 200)
	_, err = io.ReadFull(cut.Body, make([]byte, 1000))
	check(t, err)
	cut.Body.Close() // and with it the connection
	ask(t, "POST", s.URL()+"/admin/lifecycle/run", `{"bucket_name": "box"}`, 200)
	check(t, s.Stop())
	check(t, s.Start())
	lines, header := logOf(t, s, "logs", "box/")
	if got := header.Get("X-Amz-Server-Side-Encryption"); got != "AES256" {
		t.Errorf("the log is encrypted by %q", got)
	}
	const head = `^[0-9a-f]{64} box \[[^\]]+ \+0000\] `
	const client = head + `127\.0\.0\.1 [0-9a-f]{64} ([0-9A-F]{16}) `
	const host = ` - [0-9A-F]{32} SigV4 - AuthHeader 127\.0\.0\.1:\d+ - - -$`
	const tail = ` "-" "[^"]*"` + host
	want := []string{
		client + `REST\.PUT\.LOGGING_STATUS - "PUT /box\?logging= HTTP/1\.1" 200 - - - \d+ (\d+|-)` + tail,
		client + `REST\.PUT\.OBJECT a%2520b "PUT /box/a%20b HTTP/1\.1" 200 - - 5 \d+ (\d+|-)` + tail,
		client + `REST\.GET\.OBJECT a%2520b "GET /box/a%20b HTTP/1\.1" 200 - 5 5 \d+ (\d+|-)` + tail,
		client + `REST\.PUT\.OBJECT big "PUT /box/big HTTP/1\.1" 200 - - 67108864 \d+ (\d+|-)` + tail,
		client + `REST\.PUT\.OBJECT old/1 "PUT /box/old/1 HTTP/1\.1" 200 - - 7 \d+ (\d+|-)` + tail,
		client + `REST\.POST\.MULTI_OBJECT_DELETE - "POST /box\?delete= HTTP/1\.1" 200 - \d+ - \d+ (\d+|-)` + tail,
		client + `BATCH\.DELETE\.OBJECT a%2520b - 204 - - 5 - - - -` + host,
		client + `BATCH\.DELETE\.OBJECT none - 204 - - - - - - -` + host,
		client + `BATCH\.DELETE\.OBJECT big - 400 InvalidArgument - - - - - - bad [0-9A-F]{32} SigV4 - AuthHeader 127\.0\.0\.1:\d+ - - -$`,
		client + `REST\.PUT\.LIFECYCLE - "PUT /box\?lifecycle= HTTP/1\.1" 200 - - - \d+ (\d+|-)` + tail,
		client + `REST\.GET\.OBJECT none "GET /box/none HTTP/1\.1" 404 NoSuchKey \d+ - \d+ (\d+|-)` + tail,
		client + `REST\.GET\.OBJECT big "GET /box/big HTTP/1\.1" 200 - (\d+) 67108864 \d+ (\d+|-) "-" "[^"]*" - [0-9A-F]{32} - - AuthHeader 127\.0\.0\.1:\d+ - - -$`,
		head + `- AmazonS3 [0-9A-F]{16} S3\.EXPIRE\.OBJECT old/1 "-" - - - 7 - - "-" "-" - - - - - - - - -$`,
	}
	found := map[string][]string{}
	for _, l := range lines {
		for _, w := range want {
			if m := regexp.MustCompile(w).FindStringSubmatch(l); m != nil {
				found[w] = m
			}
		}
	}
	for _, w := range want {
		if found[w] == nil {
			t.Errorf("no line is like %s", w)
		}
	}
	if len(lines) != len(want) || t.Failed() {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), strings.Join(lines, "\n"))
	}
	if found[want[5]][1] != found[want[6]][1] {
		t.Error("the line of a key has not the id of its request")
	}
	if n, err := strconv.Atoi(found[want[11]][2]); err != nil || n < 1000 || n >= 64<<20 {
		t.Errorf("%d bytes of the answer that was cut off were sent, %v", n, err)
	}
}

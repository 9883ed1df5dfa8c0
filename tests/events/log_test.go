package events

import (
	"encoding/xml"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

// TestAccessLog: an orderly end loses no line, and each is as S3 writes it.
func TestAccessLog(t *testing.T) {
	s, err := daemon.New(t.TempDir())
	check(t, err)
	defer s.Kill()
	check(t, s.Start())
	c := client(s)
	for _, q := range []signed.Request{
		{Method: "PUT", Bucket: "box"},
		{Method: "PUT", Bucket: "logs"},
		{Method: "PUT", Bucket: "box", Query: url.Values{"logging": {""}}, Body: []byte("<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>box/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>")},
		{Method: "PUT", Bucket: "box", Key: "a b", Body: []byte("hello")},
		{Method: "GET", Bucket: "box", Key: "a b"},
	} {
		_, err := c.Do(t.Context(), q)
		check(t, err)
	}
	c.Do(t.Context(), signed.Request{Method: "GET", Bucket: "box", Key: "none"})
	check(t, s.Stop())
	check(t, s.Start())
	resp, err := client(s).Do(t.Context(), signed.Request{Method: "GET", Bucket: "logs", Query: url.Values{"list-type": {"2"}}})
	check(t, err)
	var page struct{ Contents []struct{ Key string } }
	check(t, xml.Unmarshal(resp.Body, &page))
	if len(page.Contents) != 1 || !regexp.MustCompile(`^box/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}$`).MatchString(page.Contents[0].Key) {
		t.Fatalf("the log is %+v", page.Contents)
	}
	resp, err = client(s).Do(t.Context(), signed.Request{Method: "GET", Bucket: "logs", Key: page.Contents[0].Key})
	check(t, err)
	lines := strings.Split(strings.TrimSuffix(string(resp.Body), "\n"), "\n")
	const head = `^[0-9a-f]{64} box \[[^\]]+ \+0000\] 127\.0\.0\.1 [0-9a-f]{64} [0-9A-F]{16} `
	const tail = ` "-" "[^"]*" - [0-9A-F]{32} SigV4 - AuthHeader 127\.0\.0\.1:\d+ - - -$`
	want := []string{
		`REST\.PUT\.LOGGING_STATUS - "PUT /box\?logging= HTTP/1\.1" 200 - - - \d+ (\d+|-)`,
		`REST\.PUT\.OBJECT a%2520b "PUT /box/a%20b HTTP/1\.1" 200 - - 5 \d+ (\d+|-)`,
		`REST\.GET\.OBJECT a%2520b "GET /box/a%20b HTTP/1\.1" 200 - 5 5 \d+ (\d+|-)`,
		`REST\.GET\.OBJECT none "GET /box/none HTTP/1\.1" 404 NoSuchKey \d+ - \d+ (\d+|-)`,
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), resp.Body)
	}
	for i, l := range lines {
		if !regexp.MustCompile(head + want[i] + tail).MatchString(l) {
			t.Errorf("line %s\nwant %s", l, want[i])
		}
	}
}

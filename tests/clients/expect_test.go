package clients

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

// TestExpectContinue wants a 100 for each PUT that asks for one, also for one without a body. The AWS CLI and boto3
// ask so for every file they upload; when the final answer comes without a 100, they keep its status for the next
// answer on the same connection, wait there for a body, and hang for a minute.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	s := server(t)
	const bucket = "expect-continue"
	s.ask(t, signed.Request{Method: "PUT", Bucket: bucket})
	conn, err := net.Dial("tcp", s.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for i, text := range []string{"a", "", "", "bb", ""} { // one after the other on one connection
		fmt.Fprintf(conn, "PUT /%s/%d HTTP/1.1\r\nHost: %s\r\nX-Access-Key: %s\r\nX-Secret-Key: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
			bucket, i, s.Host, daemon.AccessKey, daemon.SecretKey, len(text))
		line, err := in.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
			t.Fatalf("request %d of %d bytes: %q, %v; want a 100 first", i, len(text), line, err)
		}
		for line != "\r\n" { // a 100 may have headers
			if line, err = in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprint(conn, text)
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("request %d: %v, %v", i, resp, err)
		}
		resp.Body.Close()
	}
}

package attack

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestSmuggling: where a request ends is not open to two readings: a body that looks like a request is none, and a request
// whose length is told twice or oddly is refused and ends its connection.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/k"), "")))).is(204)
	const hidden = "GET /alice-box/k HTTP/1.1\r\nHost: " + fixedHost + "\r\n\r\n" // what it answers would be seen
	chunked := "0\r\n\r\n" + hidden
	for name, c := range map[string]struct {
		lines, body string
	}{
		"a body":                         {"Content-Length: %", hidden},
		"a length twice":                 {"Content-Length: 0\r\nContent-Length: %", hidden},
		"a length twice, the other way":  {"Content-Length: %\r\nContent-Length: 0", hidden},
		"a list of lengths":              {"Content-Length: 0, %", hidden},
		"a signed length":                {"Content-Length: +0", hidden},
		"a negative length":              {"Content-Length: -1", hidden},
		"a hexadecimal length":           {"Content-Length: 0x0", hidden},
		"an empty length":                {"Content-Length: ", hidden},
		"a length and chunks":            {"Content-Length: %\r\nTransfer-Encoding: chunked", chunked},
		"chunks and a length":            {"Transfer-Encoding: chunked\r\nContent-Length: %", chunked},
		"chunks that are not":            {"Transfer-Encoding: xchunked", chunked},
		"chunks and more":                {"Transfer-Encoding: chunked, identity", chunked},
		"chunks twice":                   {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", chunked},
		"chunks behind a tab":            {"Transfer-Encoding:\tchunked\r\nContent-Length: %", chunked},
		"a blank before the colon":       {"Transfer-Encoding : chunked\r\nContent-Length: %", chunked},
		"a folded line":                  {"X: y\r\n Content-Length: 0\r\nContent-Length: %", hidden},
		"a folded encoding":              {"Transfer-Encoding:\r\n chunked\r\nContent-Length: %", chunked},
		"a vertical tab":                 {"Transfer-Encoding: \x0bchunked\r\nContent-Length: %", chunked},
		"a bare return":                  {"X: y\rContent-Length: 0\r\nContent-Length: %", hidden},
		"a NUL":                          {"X: y\x00\r\nContent-Length: %", hidden},
		"a line without a colon":         {"Content-Length 0\r\nContent-Length: %", hidden},
		"a chunk's length with blanks":   {"Transfer-Encoding: chunked", "0 \r\n\r\n" + hidden},
		"a chunk's length with a sign":   {"Transfer-Encoding: chunked", "-0\r\n\r\n" + hidden},
		"a huge chunk":                   {"Transfer-Encoding: chunked", "ffffffffffffffff1\r\n" + hidden},
		"an upgrade":                     {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nContent-Length: %", hidden},
		"a promise to go on":             {"Expect: 100-continue\r\nContent-Length: %", hidden},
		"another promise":                {"Expect: x\r\nContent-Length: %", hidden},
		"a second host":                  {"Host: evil.test\r\nContent-Length: %", hidden},
		"trailers that would be headers": {"Transfer-Encoding: chunked\r\nTrailer: Authorization, X-Amz-Acl, Content-Length", "0\r\nAuthorization: x\r\nContent-Length: 5\r\n\r\n"},
	} {
		conn, err := net.Dial("tcp", b.host)
		if err != nil {
			t.Fatal(err)
		}
		body := c.body
		text := "PUT /alice-box/smuggled HTTP/1.1\r\nHost: " + fixedHost + "\r\n" + strings.ReplaceAll(c.lines, "%", strconv.Itoa(len(body))) + "\r\n\r\n" + body
		conn.SetDeadline(time.Now().Add(patience))
		io.WriteString(conn, text)
		conn.(*net.TCPConn).CloseWrite()
		all, _ := io.ReadAll(bufio.NewReader(conn)) // a reset is an end as well
		conn.Close()
		got := string(all)
		if strings.Contains(got, "HTTP/1.1 200") {
			t.Errorf("%s: a hidden request was answered:\n%s", name, got)
		}
		if n := strings.Count(got, "HTTP/1.1 "); n > 2 { // 100 and another
			t.Errorf("%s: %d answers", name, n)
		}
	}
	b.do(b.alice.header("GET", "/alice-box/smuggled", "")).is(404)
	tried("smuggled requests", "anonymous")
}

package load

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// answer reads one whole answer with small pieces, to cross all the edges.
func answer(r io.Reader, method string) (Response, string, error) {
	br := bufio.NewReaderSize(r, 256)
	resp, err := readHead(br, method)
	if err != nil {
		return resp, "", err
	}
	var body bytes.Buffer
	n, err := readBody(br, resp, make([]byte, 7), func(p []byte) error {
		body.Write(p)
		return nil
	})
	if err == nil && n != int64(body.Len()) {
		err = io.ErrShortWrite
	}
	return resp, body.String(), err
}

func TestReadAnswer(t *testing.T) {
	long := strings.Repeat("x", 1000)
	tests := []struct {
		name, method, in string
		status           int
		body             string
		closes           bool
	}{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
		{"length in lower case", "GET", "HTTP/1.1 200 OK\r\ncontent-length:5 \r\n\r\nhello", 200, "hello", false},
		{"no reason", "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", false},
		{"bare line feeds", "GET", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "ok", false},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n", 200, "abc0123456789", false},
		{"chunked beats length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", 200, "ab", false},
		{"head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", false},
		{"head chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", false},
		{"204", "DELETE", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", false},
		{"304 with length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, "", false},
		{"100 first", "PUT", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", false},
		{"until close", "GET", "HTTP/1.1 200 OK\r\n\r\nall of it", 200, "all of it", true},
		{"close", "GET", "HTTP/1.1 500 Oops\r\nConnection: close\r\nContent-Length: 1\r\n\r\n!", 500, "!", true},
		{"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n!", 200, "!", true},
		{"long", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + long, 200, long, false},
		{"long chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3e8\r\n" + long + "\r\n0\r\n\r\n", 200, long, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
				resp, body, err := answer(r, tt.method)
				if err != nil || resp.Status != tt.status || body != tt.body || resp.Close != tt.closes {
					t.Errorf("got %d %q close=%v %v, want %d %q close=%v", resp.Status, body, resp.Close, err, tt.status, tt.body, tt.closes)
				}
			}
		})
	}
}

func TestReadAnswerRejects(t *testing.T) {
	for _, in := range []string{
		"",
		"HTTP/1.1 200 OK",
		"HTTP/1.1 200 OK\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n",
		"SSH-2.0-x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n1",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n1",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300) + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", maxHeaderLines+1) + "\r\n",
		strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInterim+1),
	} {
		if resp, body, err := answer(strings.NewReader(in), "GET"); err == nil {
			t.Errorf("%.60q: got %d %q, want an error", in, resp.Status, body)
		}
	}
}

// FuzzReadAnswer: no answer may hang or crash the client, and where net/http accepts the
// same bytes with a plain length or chunks, both must read the same body.
func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), false)
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), false)
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nETag: \"x\"\r\n\r\n"), true)
	f.Fuzz(func(t *testing.T, in []byte, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		resp, body, err := answer(bytes.NewReader(in), method)
		if err != nil {
			return
		}
		if len(body) > len(in) || resp.Status < 200 || resp.Status > 999 {
			t.Fatalf("status %d, body of %d bytes from %d", resp.Status, len(body), len(in))
		}
		theirs, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(in)), &http.Request{Method: method})
		if err != nil || theirs.StatusCode < 200 || theirs.StatusCode != resp.Status {
			return // it is stricter than this client in places
		}
		want, err := io.ReadAll(theirs.Body)
		if err == nil && theirs.ContentLength >= 0 && string(want) != body {
			t.Fatalf("got body %q, net/http reads %q", body, want)
		}
	})
}

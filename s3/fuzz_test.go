package s3

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"myfsio/gate"
	"myfsio/object"
	"myfsio/s3/wire"
)

// offline is a handler without a network, with an administrator behind the header pair and one object.
func offline(t testing.TB) *Handler {
	store := memory(t, 1, time.Now)
	ctx := context.Background()
	if _, err := store.CreateBucket(ctx, object.CreateBucket{Name: "box", Owner: "o"}); err != nil {
		t.Fatal(err)
	}
	if err := store.SetVersioning(ctx, "box", object.VersioningEnabled); err != nil {
		t.Fatal(err)
	}
	_, err := store.Put(ctx, object.PutObject{Bucket: "box", Key: "k", Body: object.Body{Reader: strings.NewReader("hello"), Size: 5},
		Meta: object.Metadata{ContentType: "text/plain", User: []object.Pair{{Name: "a", Value: "b"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Store: store, Gate: &gate.Gate{Authorizer: adminOnly{}}, Auth: proving(t),
		Domains: []string{"s3.test"}})
}

// FuzzRequest sends whole requests: none may end in an internal error or an answer that is no XML.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		"GET /box/k?partNumber=1&versionId=null HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nIf-Match: *\r\n\r\n",
		"PUT /box/k HTTP/1.1\r\nHost: x\r\nx-amz-meta-a: b\r\nx-amz-tagging: a=b\r\nContent-Length: 1\r\n\r\nx",
		"PUT /box/c HTTP/1.1\r\nHost: x\r\nx-amz-copy-source: box/k?versionId=null\r\nContent-Length: 0\r\n\r\n",
		"GET /?list-type=2&delimiter=/&encoding-type=url HTTP/1.1\r\nHost: box.s3.test\r\n\r\n",
		"GET /box?versions&key-marker=a&version-id-marker=b HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /box?delete HTTP/1.1\r\nHost: x\r\nContent-MD5: AAAA\r\nContent-Length: 50\r\n\r\n<Delete><Object><Key>a</Key></Object></Delete>    ",
		"POST /box/k?uploads HTTP/1.1\r\nHost: x\r\nx-amz-checksum-algorithm: SHA256\r\nContent-Length: 0\r\n\r\n",
		"PUT /box/k?tagging HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"TagSet\":[]}",
		"PUT /box/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"OPTIONS /box/k HTTP/1.1\r\nHost: x\r\nOrigin: https://a\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: a,b\r\n\r\n",
		"PUT /box?cors HTTP/1.1\r\nHost: x\r\nOrigin: null\r\nContent-Length: 133\r\n\r\n<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod></CORSRule></CORSConfiguration>       ",
		"POST /box HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 142\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\ndata\r\n--x--\r\n    ",
		"GET /box/k?attributes HTTP/1.1\r\nHost: x\r\nx-amz-object-attributes: ETag,ObjectParts\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	h := offline(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return
		}
		req.RemoteAddr = "127.0.0.1:1"
		req.Header.Set("X-Access-Key", people["admin"][0])
		req.Header.Set("X-Secret-Key", people["admin"][1])
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		res := w.Result()
		if res.StatusCode == http.StatusInternalServerError {
			t.Fatalf("status 500\n%s\n%s", raw, w.Body)
		}
		if !requestID.MatchString(w.Header()["x-amz-request-id"][0]) {
			t.Fatal("no request id")
		}
		if res.Header.Get("Content-Type") == "application/xml" && w.Body.Len() > 0 && res.StatusCode != 206 && !strings.Contains(req.URL.RawQuery, "response-") {
			if _, err := wire.ParseXML(w.Body.Bytes()); err != nil && (req.Method != "GET" || res.StatusCode >= 300) {
				t.Fatalf("no XML: %s", w.Body)
			}
		}
	})
}

// nowhere is a ResponseWriter that forgets.
type nowhere struct{ h http.Header }

func (n *nowhere) Header() http.Header                 { return n.h }
func (n *nowhere) WriteHeader(int)                     {}
func (n *nowhere) Write(p []byte) (int, error)         { return len(p), nil }
func (n *nowhere) SetReadDeadline(time.Time) error     { return nil }
func (n *nowhere) ReadFrom(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

// BenchmarkHandler measures what the front costs, without the network and with the header pair as proof.
func BenchmarkHandler(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 4096)
	for _, bm := range []struct{ name, method, path string }{
		{"HEAD", "HEAD", "/box/k"}, {"GET", "GET", "/box/k"}, {"PUT", "PUT", "/box/new"}, {"LIST", "GET", "/box?list-type=2"}, {"404", "GET", "/box/none"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			h := offline(b)
			w := &nowhere{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				var rd io.Reader
				if bm.method == "PUT" {
					rd = bytes.NewReader(body)
				}
				req, _ := http.NewRequest(bm.method, bm.path, rd)
				req.RemoteAddr, req.ProtoMajor = "127.0.0.1:1", 2
				req.Header = http.Header{"X-Access-Key": {people["admin"][0]}, "X-Secret-Key": {people["admin"][1]}}
				clear(w.h)
				h.ServeHTTP(w, req)
			}
		})
	}
}

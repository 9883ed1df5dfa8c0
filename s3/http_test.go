package s3

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/auth"
	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/kv/memkv"
	"myfsio/object"
)

// conn is a connection on which requests are written by hand.
type conn struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func (w *world) dial() *conn {
	c, err := net.Dial("tcp", strings.TrimPrefix(w.srv.URL, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return &conn{w.t.(*testing.T), c, bufio.NewReader(c)}
}

// send writes text with the line ends of HTTP; PAIR stands for the headers of the header pair.
func (c *conn) send(text string) {
	text = strings.ReplaceAll(text, "PAIR", "Host: x\nX-Access-Key: "+people["admin"][0]+"\nX-Secret-Key: "+people["admin"][1])
	if _, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads one answer and checks its status and the code in its body.
func (c *conn) answer(status int, code string) *http.Response {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != status || code != "" && !strings.Contains(string(body), "<Code>"+code+"</Code>") {
		c.t.Fatalf("status %d, want %d %s\n%s", res.StatusCode, status, code, body)
	}
	return res
}

func (w *world) bucket(name string) {
	if _, err := w.store.CreateBucket(context.Background(), object.CreateBucket{Name: name, Owner: canonical("admin")}); err != nil {
		w.t.Fatal(err)
	}
}

// absent fails when the key is there.
func (w *world) absent(bucket, key string) {
	w.t.Helper()
	_, err := w.store.Open(context.Background(), object.GetObject{Bucket: bucket, Key: key, HeadOnly: true})
	if !fault.Is(err, fault.NoSuchKey) {
		w.t.Errorf("%s is there: %v", key, err)
	}
}

// TestExpectContinue checks that a refusal comes before the body is asked for.
func TestExpectContinue(t *testing.T) {
	w := newWorld(t, memory, nil)
	w.bucket("box")
	for _, tt := range []struct {
		head   string
		status int
	}{
		{"PUT /box/k HTTP/1.1\nHost: x\n", 403},
		{"PUT /nobox/k HTTP/1.1\nPAIR\n", 404},
		{"PUT /box/k HTTP/1.1\nPAIR\nIf-Match: x\n", 404},
		{"PUT /box/k HTTP/1.1\nPAIR\nx-amz-server-side-encryption: none\n", 400},
		{"PUT /box/k?partNumber=1&uploadId=none HTTP/1.1\nPAIR\n", 404},
	} {
		c := w.dial()
		c.send(tt.head + "Content-Length: 5\nExpect: 100-continue\n\n")
		c.answer(tt.status, "")
	}
	c := w.dial()
	c.send("PUT /box/k HTTP/1.1\nPAIR\nContent-Length: 5\nExpect: 100-continue\n\n")
	c.answer(100, "")
	c.send("hello")
	c.answer(200, "")
}

// TestStalledBody checks that a client that stops sending gets RequestTimeout and leaves nothing behind.
func TestStalledBody(t *testing.T) {
	w := newWorld(t, memory, func(c *Config) { c.BodyTimeout = 20 * time.Millisecond })
	w.bucket("box")
	c := w.dial()
	c.send("PUT /box/k HTTP/1.1\nPAIR\nContent-Length: 50000\n\nhello")
	res := c.answer(400, "RequestTimeout")
	if !res.Close {
		t.Error("the connection stays open in the midst of a body")
	}
	w.absent("box", "k")
}

// deadlines is a ResponseWriter that remembers the last read deadline.
type deadlines struct {
	http.ResponseWriter
	last time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.last = t
	return nil
}

// TestDeadlineEnds checks that a body that came in full leaves no deadline on the connection.
func TestDeadlineEnds(t *testing.T) {
	d := &deadlines{}
	p := &patient{body: io.NopCloser(strings.NewReader("hello")), conn: http.NewResponseController(d), limit: time.Hour}
	if n, err := p.Read(make([]byte, 9)); n != 5 || err != nil || d.last.IsZero() {
		t.Errorf("read %d, %v, deadline %v", n, err, d.last)
	}
	if _, err := p.Read(make([]byte, 9)); err != io.EOF || !d.last.IsZero() {
		t.Errorf("at the end %v, deadline %v", err, d.last)
	}
}

// TestTruncatedBody checks that a body that ends early stores nothing.
func TestTruncatedBody(t *testing.T) {
	w := newWorld(t, memory, nil)
	w.bucket("box")
	for _, head := range []string{"Content-Length: 50000", "Transfer-Encoding: chunked"} {
		c := w.dial()
		c.send("PUT /box/k HTTP/1.1\nPAIR\n" + head + "\n\n5\nhello\n")
		c.Conn.(*net.TCPConn).CloseWrite()
		c.answer(400, "IncompleteBody")
		w.absent("box", "k")
	}
}

// TestLengths checks bodies of unknown and of no length.
func TestLengths(t *testing.T) {
	w := newWorld(t, memory, func(c *Config) { c.MaxUpload = 10 })
	w.bucket("box")
	c := w.dial()
	c.send("PUT /box/chunked HTTP/1.1\nPAIR\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n")
	c.answer(200, "")
	c.send("GET /box/chunked HTTP/1.1\nPAIR\n\n")
	if res := c.answer(200, ""); res.ContentLength != 5 {
		t.Errorf("stored %d bytes", res.ContentLength)
	}
	c.send("PUT /box/none HTTP/1.1\nPAIR\n\n")
	c.answer(411, "MissingContentLength")
	c.send("PUT /box/zero HTTP/1.1\nPAIR\nContent-Length: 0\n\n")
	c.answer(200, "")
	c.send("PUT /box/long HTTP/1.1\nPAIR\nContent-Length: 11\n\n")
	c.answer(400, "EntityTooLarge")
	c = w.dial()
	c.send("PUT /box/long HTTP/1.1\nPAIR\nTransfer-Encoding: chunked\n\nb\nhello world\n0\n\n")
	c.answer(400, "EntityTooLarge")
	w.absent("box", "long")
	w.absent("box", "none")
}

// TestKeepAlive checks that a connection is good for more after a refused request with a small body, and closed after
// one with a large body.
func TestKeepAlive(t *testing.T) {
	w := newWorld(t, memory, nil)
	w.bucket("box")
	c := w.dial()
	c.send("PUT /nobox/k HTTP/1.1\nPAIR\nContent-Length: 5\n\nhello")
	c.answer(404, "NoSuchBucket")
	c.send("HEAD /box HTTP/1.1\nPAIR\n\n")
	if res, err := http.ReadResponse(c.r, &http.Request{Method: "HEAD"}); err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	c.send("PUT /nobox/k HTTP/1.1\nPAIR\nContent-Length: 8000000\n\nhello")
	if res := c.answer(404, "NoSuchBucket"); !res.Close {
		t.Error("the server wants to read eight megabytes for nothing")
	}
}

// TestPanic checks that a panic is an answer, and that the server goes on.
func TestPanic(t *testing.T) {
	w := newWorld(t, memory, func(c *Config) {
		c.Auth.Refused = func(_ context.Context, r auth.Refusal) {
			if r.AccessKey == "panic" {
				panic("on purpose")
			}
		}
	})
	c := w.dial()
	c.send("GET / HTTP/1.1\nHost: x\nX-Access-Key: panic\nX-Secret-Key: x\n\n")
	res := c.answer(500, "InternalError")
	if !requestID.MatchString(res.Header.Get("x-amz-request-id")) {
		t.Error("no request id")
	}
	c.send("GET / HTTP/1.1\nPAIR\n\n")
	c.answer(200, "")
}

// rights allows what is listed as "who action resource".
type rights []string

func (a rights) Authorize(_ context.Context, r *gate.Request) error {
	for _, action := range append([]string{r.Action()}, r.Extra...) {
		if !slices.Contains(a, fmt.Sprintf("%s %s/%s", action, r.Bucket, r.Key)) {
			return fault.New(fault.AccessDenied, "Access Denied")
		}
	}
	return nil
}

// TestRights checks which rights requests need beyond the one of their own operation.
func TestRights(t *testing.T) {
	const put, src = "s3:PutObject box/k", "s3:GetObject box/src"
	for _, tt := range []struct {
		name    string
		allowed rights
		request string
		status  int
	}{
		{"copy", rights{put, src, "s3:GetObjectTagging box/src"}, "PUT /box/k HTTP/1.1\nPAIR\nx-amz-copy-source: box/src\n", 200},
		{"copy without the source", rights{put, "s3:GetObjectTagging box/src"}, "PUT /box/k HTTP/1.1\nPAIR\nx-amz-copy-source: box/src\n", 403},
		{"copy without the tags of the source", rights{put, src}, "PUT /box/k HTTP/1.1\nPAIR\nx-amz-copy-source: box/src\n", 403},
		{"copy that leaves the tags", rights{put, src}, "PUT /box/k HTTP/1.1\nPAIR\nx-amz-copy-source: box/src\nx-amz-tagging-directive: REPLACE\n", 200},
		{"copy of a version", rights{put, src}, "PUT /box/k HTTP/1.1\nPAIR\nx-amz-copy-source: box/src?versionId=null\n", 403},
		{"copy without the target", rights{src}, "PUT /box/k HTTP/1.1\nPAIR\nx-amz-copy-source: box/src\n", 403},
		{"copy of a part without the source", rights{put}, "PUT /box/k?partNumber=1&uploadId=x HTTP/1.1\nPAIR\nx-amz-copy-source: box/src\n", 403},
		{"copy of a part", rights{put, src}, "PUT /box/k?partNumber=1&uploadId=x HTTP/1.1\nPAIR\nx-amz-copy-source: box/src\n", 404},
		{"put", rights{put}, "PUT /box/k HTTP/1.1\nPAIR\n", 200},
		{"put with tags", rights{put}, "PUT /box/k HTTP/1.1\nPAIR\nx-amz-tagging: a=b\n", 403},
		{"put with tags allowed", rights{put, "s3:PutObjectTagging box/k"}, "PUT /box/k HTTP/1.1\nPAIR\nx-amz-tagging: a=b\n", 200},
		{"upload with tags", rights{put}, "POST /box/k?uploads HTTP/1.1\nPAIR\nx-amz-tagging: a=b\n", 403},
		{"get", rights{src}, "GET /box/src HTTP/1.1\nPAIR\n", 200},
		{"get of a version", rights{src}, "GET /box/src?versionId=null HTTP/1.1\nPAIR\n", 403},
		{"get of a version allowed", rights{"s3:GetObjectVersion box/src"}, "GET /box/src?versionId=null HTTP/1.1\nPAIR\n", 200},
		{"what is not there is not told", rights{"s3:GetObject box/none"}, "GET /box/none HTTP/1.1\nPAIR\n", 403},
		{"but to who may list", rights{"s3:GetObject box/none", "s3:ListBucket box/"}, "GET /box/none HTTP/1.1\nPAIR\n", 404},
		{"attributes need the read as well", rights{"s3:GetObjectAttributes box/src"}, "GET /box/src?attributes HTTP/1.1\nPAIR\nx-amz-object-attributes: ETag\n", 403},
		{"delete of a version", rights{"s3:DeleteObject box/src"}, "DELETE /box/src?versionId=null HTTP/1.1\nPAIR\n", 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, memory, func(c *Config) { c.Gate = &gate.Gate{Authorizer: tt.allowed} })
			w.bucket("box")
			_, err := w.store.Put(context.Background(), object.PutObject{Bucket: "box", Key: "src", Meta: object.Metadata{Tags: []object.Pair{{Name: "a", Value: "b"}}},
				Body: object.Body{Reader: strings.NewReader("x"), Size: 1}})
			if err != nil {
				t.Fatal(err)
			}
			c := w.dial()
			c.send(tt.request + "Content-Length: 0\n\n")
			c.answer(tt.status, "")
		})
	}
}

// TestDone checks what is told of answered requests.
func TestDone(t *testing.T) {
	var mu sync.Mutex
	var got []string
	w := newWorld(t, memory, func(c *Config) {
		c.Done = func(_ context.Context, r *Record) {
			op := "none"
			if r.Request.Op != nil {
				op = r.Request.Op.Log
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprintf("%s %d %q sent %d received %d size %d", op, r.Status, r.Code, r.Sent, r.Received, r.Size))
		}
	})
	w.bucket("box")
	c := w.dial()
	c.send("PUT /box/k HTTP/1.1\nPAIR\nContent-Length: 5\n\nhello")
	c.answer(200, "")
	c.send("GET /box/k HTTP/1.1\nPAIR\nRange: bytes=1-3\n\n")
	c.answer(206, "")
	c.send("DELETE / HTTP/1.1\nPAIR\n\n")
	c.answer(405, "MethodNotAllowed")
	c.send("HEAD /box HTTP/1.1\nPAIR\nConnection: close\n\n")
	if _, err := io.ReadAll(c.r); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	w.srv.Close() // waits for the handlers
	want := []string{
		`REST.PUT.OBJECT 200 "" sent 0 received 5 size 5`,
		`REST.GET.OBJECT 206 "" sent 3 received 0 size 5`,
		`none 405 "MethodNotAllowed" sent`,
		`REST.HEAD.BUCKET 200 "" sent 0 received 0 size -1`,
	}
	for i, g := range got {
		if i >= len(want) || !strings.HasPrefix(g, want[i]) {
			t.Errorf("told %s, want %s", g, want[min(i, len(want)-1)])
		}
	}
	if len(got) != len(want) {
		t.Errorf("told %d times of %d requests", len(got), len(want))
	}
}

// TestKeysAreTold: what became of each key of a DeleteObjects, and nothing of a batch that failed as a whole.
func TestKeysAreTold(t *testing.T) {
	var mu sync.Mutex
	var got []KeyRecord
	w := newWorld(t, memory, func(c *Config) {
		c.Done = func(_ context.Context, r *Record) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, r.Keys...)
		}
	})
	w.bucket("box")
	c := w.dial()
	c.send("PUT /box/k HTTP/1.1\nPAIR\nContent-Length: 5\n\nhello")
	c.answer(200, "")
	for _, body := range []string{
		"<Delete><Quiet>true</Quiet><Object><Key>k</Key></Object><Object><Key>none</Key></Object><Object><Key>k</Key><VersionId>bad</VersionId></Object></Delete>",
		"<Delete>",
	} {
		sum := md5.Sum([]byte(body))
		c.send(fmt.Sprintf("POST /box?delete HTTP/1.1\nPAIR\nContent-MD5: %s\nContent-Length: %d\n\n%s", base64.StdEncoding.EncodeToString(sum[:]), len(body), body))
		c.answer(map[bool]int{true: 200, false: 400}[len(body) > 20], "")
	}
	c.Close()
	w.srv.Close() // waits for the handlers
	want := []KeyRecord{{Key: "k", Status: 204, Size: 5}, {Key: "none", Status: 204, Size: -1}, {Key: "k", VersionID: "bad", Status: 400, Code: "InvalidArgument", Size: -1}}
	if !slices.Equal(got, want) {
		t.Errorf("told %+v, want %+v", got, want)
	}
}

// torn is a store of blobs whose bytes cannot be read from some place on.
type torn struct{ blob.Store }

func (t torn) Open(ctx context.Context, id blob.ID) (blob.Blob, error) {
	b, err := t.Store.Open(ctx, id)
	return tornBlob{b}, err
}

type tornBlob struct{ blob.Blob }

const tornAt = 1 << 20

func (b tornBlob) ReadAt(p []byte, off int64) (int, error) {
	if room := max(0, tornAt-off); int64(len(p)) > room {
		n, _ := b.Blob.ReadAt(p[:room], off)
		return n, errors.New("input/output error")
	}
	return b.Blob.ReadAt(p, off)
}

// TestCutIsTold: an answer that fails in its midst is cut off, and told of with the bytes that were sent.
func TestCutIsTold(t *testing.T) {
	var mu sync.Mutex
	var got []string
	open := func(t testing.TB, minPart int64, now func() time.Time) *object.Store {
		s, err := object.New(context.Background(), object.Config{KV: memkv.New(), Blobs: torn{memblob.New()}, MinPartSize: minPart, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w := newWorld(t, open, func(c *Config) {
		c.Done = func(_ context.Context, r *Record) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprintf("%s %d %q sent %t size %d", r.Request.Op.Log, r.Status, r.Code, r.Sent > 0 && r.Sent <= tornAt, r.Size))
		}
	})
	w.bucket("box")
	c := w.dial()
	c.send("PUT /box/k HTTP/1.1\nPAIR\nContent-Length: 2097152\n\n" + strings.Repeat("x", 2<<20))
	c.answer(200, "")
	c.send("GET /box/k HTTP/1.1\nPAIR\n\n")
	if all, err := io.ReadAll(c.r); len(all) >= 2<<20 {
		t.Errorf("%d bytes, %v", len(all), err)
	}
	w.srv.Close() // waits for the handlers
	if want := []string{`REST.PUT.OBJECT 200 "" sent false size 2097152`, `REST.GET.OBJECT 200 "InternalError" sent true size 2097152`}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

package sigv4

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"myfsio/fault"
)

// publishedChunks are the two examples of the S3 documentation: 65536 and 1024 bytes "a", then the end.
var publishedChunks = []struct{ name, header, body string }{
	{"signed", `PUT /examplebucket/chunkObject.txt HTTP/1.1
Host: s3.amazonaws.com
x-amz-date: 20130524T000000Z
x-amz-storage-class: REDUCED_REDUNDANCY
Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9
x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD
Content-Encoding: aws-chunked
x-amz-decoded-content-length: 66560
Content-Length: 66824

`, "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + strings.Repeat("a", 65536) +
		"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + strings.Repeat("a", 1024) +
		"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"},
	{"signed trailer", `PUT /examplebucket/chunkObject.txt HTTP/1.1
Host: s3.amazonaws.com
x-amz-date: 20130524T000000Z
x-amz-storage-class: REDUCED_REDUNDANCY
Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e
x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
Content-Encoding: aws-chunked
x-amz-decoded-content-length: 66560
x-amz-trailer: x-amz-checksum-crc32c
Content-Length: 66946

`, "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + strings.Repeat("a", 65536) +
		"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + strings.Repeat("a", 1024) +
		"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
		"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"},
}

// verified returns the body of a published header with the given bytes behind it.
func verified(t testing.TB, header, body string) *Body {
	t.Helper()
	r := wire(t, header)
	r.Body = io.NopCloser(strings.NewReader(body))
	q, err := exampleVerifier().Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Verify([]byte(exampleSecret)); err != nil {
		t.Fatal(err)
	}
	b, err := q.Body()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPublishedChunks(t *testing.T) {
	for _, c := range publishedChunks {
		b := verified(t, c.header, c.body)
		got, err := io.ReadAll(b)
		if err != nil || string(got) != strings.Repeat("a", 66560) || b.Size() != 66560 {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
		if _, err := b.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%s: after the end: %v", c.name, err)
		}
		if b.Close(); c.name == "signed trailer" && b.Trailer().Get("x-amz-checksum-crc32c") != "sOO8/Q==" {
			t.Errorf("%s: trailer %v", c.name, b.Trailer())
		}
		if _, err := b.Read(make([]byte, 1)); err != errClosed {
			t.Errorf("%s: after Close: %v", c.name, err)
		}
	}
	// The documentation prints the trailer with a blank line before its signature.
	odd := strings.Replace(publishedChunks[1].body, "sOO8/Q==\r\n", "sOO8/Q==\n\r\n", 1)
	if _, err := io.ReadAll(verified(t, publishedChunks[1].header, odd)); err != nil {
		t.Error(err)
	}
}

// Every altered byte of framing and data must be noticed, and every cut.
func TestChunkNegatives(t *testing.T) {
	change := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	for _, c := range []struct {
		name, code string
		example    int
		change     func(string) string
	}{
		{"first chunk", CodeSignature, 0, change("aaa\r\n400", "aab\r\n400")},
		{"last chunk", CodeSignature, 0, change("aaa\r\n0;", "aab\r\n0;")},
		{"chunk signature", CodeSignature, 0, change("=0055", "=0056")},
		{"end signature", CodeSignature, 0, change("=b6c6", "=b6c7")},
		{"signature cut", CodeInvalidRequest, 0, change("=b6c6", "=")},
		{"signature odd", CodeInvalidRequest, 0, change("=b6c6", "=b6cx")},
		{"no signature", CodeInvalidRequest, 0, change(";chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", "")},
		{"size too small", CodeSignature, 0, change("\r\n400;", "\r\n3ff;")},
		{"size too large", CodeIncompleteBody, 0, change("\r\n400;", "\r\n401;")},
		{"size odd", CodeInvalidRequest, 0, change("\r\n400;", "\r\n-1;")},
		{"size huge", CodeInvalidRequest, 0, change("\r\n400;", "\r\n7fffffffffffffff;")},
		{"end early", CodeIncompleteBody, 0, change("\r\n400;", "\r\n0;")},
		{"cut in a chunk", CodeIncompleteBody, 0, func(s string) string { return s[:1000] }},
		{"cut in a header", CodeIncompleteBody, 0, func(s string) string { return s[:10] }},
		{"cut before the end", CodeIncompleteBody, 0, func(s string) string { return s[:len(s)-2] }},
		{"cut before the last chunk", CodeIncompleteBody, 0, func(s string) string { return s[:strings.Index(s, "0;chunk-signature=b6")] }},
		{"nothing", CodeIncompleteBody, 0, func(string) string { return "" }},
		{"more", CodeInvalidRequest, 0, func(s string) string { return s + "x" }},
		{"line too long", CodeInvalidRequest, 0, change("\r\n400;", "\r\n400;"+strings.Repeat("x", 300))},
		{"trailer signature", CodeSignature, 1, change("d81f", "d81e")},
		{"trailer value", CodeSignature, 1, change("sOO8", "sOO9")},
		{"trailer signature gone", CodeTrailer, 1, change("x-amz-trailer-signature:", "x-amz-checksum-crc32:")},
		{"trailer not announced", CodeTrailer, 1, change("checksum-crc32c", "checksum-crc32")},
		{"trailer twice", CodeTrailer, 1, change("x-amz-checksum-crc32c:sOO8/Q==\r\n", "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n")},
		{"trailer without colon", CodeTrailer, 1, change("crc32c:", "crc32c ")},
		{"trailer unsigned end", CodeTrailer, 1, func(s string) string { return s[:len(s)-2] + "x-amz-checksum-crc32c:x\r\n\r\n" }},
		{"trailer too long", CodeInvalidRequest, 1, change("sOO8", strings.Repeat("x", maxTrailerSize))},
		{"trailer of blanks", CodeTrailer, 1, change("x-amz-checksum-crc32c", strings.Repeat("\r\n", 40))},
		{"trailer cut", CodeIncompleteBody, 1, func(s string) string { return s[:len(s)-1] }},
	} {
		example := publishedChunks[c.example]
		body := c.change(example.body)
		if body == example.body {
			t.Errorf("%s changes nothing", c.name)
		}
		for _, size := range []int{1, 100, 5000, 1 << 20} {
			b := verified(t, example.header, body)
			got, err := readBy(b, size)
			if codeOf(err) != c.code {
				t.Errorf("%s by %d: %v, want %s", c.name, size, err, c.code)
			}
			if len(got) >= 66560 {
				t.Errorf("%s by %d: all bytes were given out before the error", c.name, size)
			}
			if _, again := b.Read(make([]byte, 1)); again != err {
				t.Errorf("%s: then %v", c.name, again)
			}
			b.Close()
		}
	}
}

func readBy(r io.Reader, size int) (got []byte, err error) {
	p := make([]byte, size)
	for {
		n, err := r.Read(p)
		got = append(got, p[:n]...)
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
	}
}

func unsignedChunked(body string, size int, trailer string) *http.Request {
	r := httptest.NewRequest("PUT", "/b/k", nil)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set("X-Amz-Content-Sha256", streamUnsignedTrailer)
	r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(size))
	if trailer != "" {
		r.Header.Set("X-Amz-Trailer", trailer)
	}
	return r
}

func TestUnsignedTrailer(t *testing.T) {
	for _, c := range []struct {
		name, body, trailer string
		size                int
		want, code          string
	}{
		{"one chunk", "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "x-amz-checksum-crc32", 11, "hello world", ""},
		{"announced in capitals", "B\r\nhello world\r\n0\r\nX-Amz-Checksum-Crc32: DUoRhQ==\r\n\r\n", "X-Amz-Checksum-CRC32", 11, "hello world", ""},
		{"empty", "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "x-amz-checksum-crc32", 0, "", ""},
		{"no trailer", "1\r\na\r\n0\r\n\r\n", "", 1, "a", ""},
		{"bare newlines", "1\na\n0\n\n", "", 1, "a", ""},
		{"extension", "1;x=y\r\na\r\n0\r\n\r\n", "", 1, "a", ""},
		{"announced and missing", "1\r\na\r\n0\r\n\r\n", "x-amz-checksum-crc32", 1, "", CodeTrailer},
		{"not announced", "1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "", 1, "", CodeTrailer},
		{"longer than announced", "2\r\nab\r\n0\r\n\r\n", "", 1, "", CodeIncompleteBody},
		{"shorter than announced", "1\r\na\r\n0\r\n\r\n", "", 2, "a", CodeIncompleteBody},
		{"one more chunk", "1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "", 1, "", CodeIncompleteBody},
		{"not chunked", "hello", "", 5, "", CodeIncompleteBody},
	} {
		b, err := UnsignedBody(unsignedChunked(c.body, c.size, c.trailer))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got, err := io.ReadAll(b)
		if err == nil && c.code != "" || err != nil && codeOf(err) != c.code || string(got) != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		if c.trailer != "" && c.code == "" && len(b.Trailer().Get("x-amz-checksum-crc32")) != 8 {
			t.Errorf("%s: trailer %v", c.name, b.Trailer())
		}
	}
}

func TestBodyRefused(t *testing.T) {
	for _, c := range []struct {
		name, code string
		change     func(h http.Header)
	}{
		{"no length", CodeMissingLength, func(h http.Header) { h.Del("X-Amz-Decoded-Content-Length") }},
		{"odd length", CodeInvalidArgument, func(h http.Header) { h.Set("X-Amz-Decoded-Content-Length", "-1") }},
		{"odd trailer", CodeInvalidRequest, func(h http.Header) { h.Set("X-Amz-Trailer", "a b") }},
		{"too many trailers", CodeInvalidRequest, func(h http.Header) { h.Set("X-Amz-Trailer", strings.Repeat("a,", 20)) }},
		{"signed chunks without a key", CodeInvalidRequest, func(h http.Header) { h.Set("X-Amz-Content-Sha256", streamSigned) }},
		{"odd hash", CodeInvalidArgument, func(h http.Header) { h.Set("X-Amz-Content-Sha256", "abc") }},
	} {
		r := unsignedChunked("0\r\n\r\n", 0, "")
		c.change(r.Header)
		if _, err := UnsignedBody(r); codeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	q, err := exampleVerifier().Parse(wire(t, published[0].request))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Body(); err == nil {
		t.Error("a body without proof")
	}
}

func TestHashedBody(t *testing.T) {
	for _, c := range []struct {
		name, body, sha string
		length          int64
		code            string
	}{
		{"right", "hello", PayloadHash([]byte("hello")), 5, ""},
		{"right, length unknown", "hello", PayloadHash([]byte("hello")), -1, ""},
		{"right, in capitals", "hello", strings.ToUpper(PayloadHash([]byte("hello"))), 5, ""},
		{"empty", "", emptySHA256, 0, ""},
		{"unsigned", "hello", unsignedPayload, 5, ""},
		{"none", "hello", "", 5, ""},
		{"wrong", "hellO", PayloadHash([]byte("hello")), 5, CodeSHA256Mismatch},
		{"wrong, length unknown", "hellO", PayloadHash([]byte("hello")), -1, CodeSHA256Mismatch},
		{"empty and wrong", "", PayloadHash([]byte("hello")), 0, CodeSHA256Mismatch},
		{"short", "hell", PayloadHash([]byte("hell")), 5, CodeIncompleteBody},
		{"short, unsigned", "hell", unsignedPayload, 5, CodeIncompleteBody},
		{"long", "hello!", PayloadHash([]byte("hello!")), 5, CodeIncompleteBody},
	} {
		for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
			r := httptest.NewRequest("PUT", "/b/k", nil)
			r.Body, r.ContentLength = io.NopCloser(wrap(strings.NewReader(c.body))), c.length
			if c.sha != "" {
				r.Header.Set("X-Amz-Content-Sha256", c.sha)
			}
			b, err := UnsignedBody(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(b)
			if c.name == "long" && err != nil && codeOf(err) == CodeSHA256Mismatch {
				continue // read byte by byte, the first five are another body
			}
			if err == nil && (c.code != "" || string(got) != c.body) || err != nil && codeOf(err) != c.code {
				t.Errorf("%s: %q, %v", c.name, got, err)
			}
		}
	}
}

// An error of the connection is not hidden.
func TestSourceError(t *testing.T) {
	for _, sha := range []string{unsignedPayload, streamUnsignedTrailer} {
		r := unsignedChunked("", 5, "")
		r.Header.Set("X-Amz-Content-Sha256", sha)
		r.Body = io.NopCloser(iotest.ErrReader(io.ErrClosedPipe))
		b, err := UnsignedBody(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(b); err != io.ErrClosedPipe {
			t.Errorf("%s: %v", sha, err)
		}
	}
}

// encode writes body in signed chunks of random sizes, as a client does.
func encode(q *Request, body []byte, trailers map[string]string, rng *rand.Rand) string {
	s := newSeal(q)
	var out strings.Builder
	sign := func(chunk []byte) string {
		s.sum.Write(chunk)
		s.verify("AWS4-HMAC-SHA256-PAYLOAD", emptySHA256+"\n")
		sig := s.key.sign(nil, s.msg)
		copy(s.claimed[:], sig)
		hex.Encode(s.previous[:], sig)
		return hex.EncodeToString(sig)
	}
	for len(body) > 0 {
		n := min(1+rng.IntN(1<<rng.IntN(15)), len(body))
		fmt.Fprintf(&out, "%x;chunk-signature=%s\r\n%s\r\n", n, sign(body[:n]), body[:n])
		body = body[n:]
	}
	fmt.Fprintf(&out, "0;chunk-signature=%s\r\n", sign(nil))
	for k, v := range trailers {
		fmt.Fprintf(&out, "%s:%s\r\n", k, v)
		s.sum.Write([]byte(k + ":" + v + "\n"))
	}
	if trailers != nil {
		s.verify("AWS4-HMAC-SHA256-TRAILER", "")
		fmt.Fprintf(&out, "x-amz-trailer-signature:%x\r\n", s.key.sign(nil, s.msg))
	}
	return out.String() + "\r\n"
}

// Random bodies in random chunks over a connection with random read sizes come out as they went in.
func TestRandomChunks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		body := make([]byte, rng.IntN(1<<rng.IntN(18)))
		for i := range body {
			body[i] = byte(rng.Uint32())
		}
		trailers := map[string]string(nil)
		sha := streamSigned
		if rng.IntN(2) == 0 {
			trailers, sha = map[string]string{"x-amz-checksum-crc32": fmt.Sprintf("%x", crc32.ChecksumIEEE(body))}, streamSignedTrailer
		}
		r := httptest.NewRequest("PUT", "http://h/b/k", nil)
		r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(len(body)))
		if trailers != nil {
			r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		}
		Signer{AccessKey: "k", SecretKey: "s", Region: "us-east-1"}.Sign(r, sha, exampleTime)
		q, err := exampleVerifier().Parse(r)
		if err == nil {
			err = q.Verify([]byte("s"))
		}
		if err != nil {
			t.Fatal(err)
		}
		r.Body = io.NopCloser(&jerky{strings.NewReader(encode(q, body, trailers, rng)), rng})
		b, err := q.Body()
		if err != nil {
			t.Fatal(err)
		}
		got, err := readBy(b, 1+rng.IntN(1<<rng.IntN(18)))
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%d bytes: %d, %v", len(body), len(got), err)
		}
		b.Close()
	}
}

// jerky reads less than it is asked for.
type jerky struct {
	r   io.Reader
	rng *rand.Rand
}

func (j *jerky) Read(p []byte) (int, error) { return j.r.Read(p[:1+j.rng.IntN(len(p))]) }

// slowDecode is the obvious decoder of unsigned chunks: it wants everything in memory.
func slowDecode(s string, size int) (string, bool) {
	var out string
	first := true
	for {
		if !first {
			switch {
			case strings.HasPrefix(s, "\r\n"):
				s = s[2:]
			case strings.HasPrefix(s, "\n"):
				s = s[1:]
			default:
				return out, false
			}
		}
		first = false
		line, rest, ok := strings.Cut(s, "\n")
		if !ok || len(line)+1 > maxChunkHeader {
			return out, false
		}
		digits, _, _ := strings.Cut(strings.TrimSuffix(line, "\r"), ";")
		n, ok := chunkSize([]byte(digits))
		if !ok {
			return out, false
		}
		if n == 0 {
			return out, len(out) == size && (rest == "\r\n" || rest == "\n")
		}
		if n > int64(len(rest)) || len(out)+int(n) > size {
			return out, false
		}
		out, s = out+rest[:n], rest[n:]
	}
}

func FuzzChunks(f *testing.F) {
	f.Add("b\r\nhello world\r\n0\r\n\r\n", 11, 3)
	f.Add("1\na\n2;x\r\nbc\r\n0\n\n", 3, 1)
	f.Add("0\r\n\r\n", 0, 9000)
	f.Fuzz(func(t *testing.T, in string, size, by int) {
		if size < 0 || size > 1<<20 || by < 1 || by > 1<<20 {
			return
		}
		want, ok := slowDecode(in, size)
		b, err := UnsignedBody(unsignedChunked(in, size, ""))
		if err != nil {
			t.Fatal(err)
		}
		got, err := readBy(b, by)
		if ok != (err == nil) || ok && string(got) != want {
			t.Fatalf("%q: %q, %v; want %q, %v", in, got, err, want, ok)
		}
		if !ok && size > 0 && len(got) >= size {
			t.Fatalf("%q: all %d bytes before %v", in, size, err)
		}
		if _, isFault := err.(*fault.Error); err != nil && !isFault {
			t.Fatalf("%v has no kind", err)
		}
		b.Close()
	})
}

func BenchmarkBody(b *testing.B) {
	const size = 8 << 20
	body := make([]byte, size)
	rng := rand.New(rand.NewPCG(1, 1))
	var chunked strings.Builder
	for i := 0; i < size; i += 64 << 10 {
		chunked.WriteString("10000\r\n" + string(body[i:i+64<<10]) + "\r\n")
	}
	chunked.WriteString("0\r\n\r\n")
	p := make([]byte, 256<<10)
	run := func(name string, open func() *Body) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				body := open()
				for {
					if _, err := body.Read(p); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
				body.Close()
			}
		})
	}
	r := httptest.NewRequest("PUT", "http://h/b/k", nil)
	r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(size))
	Signer{AccessKey: "k", SecretKey: "s", Region: "us-east-1"}.Sign(r, streamSigned, exampleTime)
	q, _ := exampleVerifier().Parse(r)
	q.Verify([]byte("s"))
	signed := encode(q, body, nil, rng)
	run("signed", func() *Body {
		r.Body = io.NopCloser(strings.NewReader(signed))
		body, _ := q.Body()
		return body
	})
	run("unsigned", func() *Body {
		body, _ := UnsignedBody(unsignedChunked(chunked.String(), size, ""))
		return body
	})
}

package load

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// stub is a small S3 in memory: enough to run every item against.
type stub struct {
	mu      sync.Mutex
	objects map[string][]byte // by bucket/key
	buckets map[string]bool
	parts   map[string]map[int][]byte // by upload id
	broken  func(r *http.Request) bool
}

func newStub(t *testing.T) (*stub, *Target) {
	t.Helper()
	s := &stub{objects: map[string][]byte{}, buckets: map[string]bool{}, parts: map[string]map[int][]byte{}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	target, err := NewTarget(srv.URL, "", Credentials{"key", "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return s, target
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	sum := sha256.Sum256(body)
	if want := r.Header.Get("X-Amz-Content-Sha256"); err != nil || want != unsignedPayload && want != hex.EncodeToString(sum[:]) || !s.authentic(r, want) {
		http.Error(w, "<Error><Code>SignatureDoesNotMatch</Code></Error>", 403)
		return
	}
	if s.broken != nil && s.broken(r) {
		http.Error(w, "<Error><Code>SlowDown</Code></Error>", 503)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	switch {
	case key == "" && r.Method == "PUT":
		s.buckets[bucket] = true
	case !s.buckets[bucket]:
		http.Error(w, "<Error><Code>NoSuchBucket</Code></Error>", 404)
	case key == "":
		s.list(w, bucket, q.Get)
	case q.Has("uploads") || q.Has("uploadId"):
		s.multipart(w, r, bucket+"/"+key, body)
	default:
		s.object(w, r, bucket+"/"+key, body)
	}
}

// authentic signs the request again, with the headers that the client named.
func (s *stub) authentic(r *http.Request, payload string) bool {
	at, err := time.Parse(amzTime, r.Header.Get("X-Amz-Date"))
	if err != nil {
		return false
	}
	again := Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Payload: payload}
	if v := r.Header.Get("Range"); v != "" {
		again.Headers = []Header{{"range", v}}
	}
	want := string(NewSigner(Credentials{"key", "secret"}, "us-east-1", r.Host).Append(nil, &again, at))
	return strings.HasSuffix(want, "Authorization: "+r.Header.Get("Authorization")+"\r\n")
}

func (s *stub) object(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	data, ok := s.objects[path]
	switch {
	case r.Method == "PUT":
		s.objects[path] = body
		w.Header().Set("ETag", `"etag"`)
	case r.Method == "DELETE":
		delete(s.objects, path)
		w.WriteHeader(204)
	case !ok:
		http.Error(w, "<Error><Code>NoSuchKey</Code></Error>", 404)
	default:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

func (s *stub) multipart(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	q := r.URL.Query()
	id := q.Get("uploadId")
	switch {
	case q.Has("uploads"):
		id = fmt.Sprintf("up/load+%d", len(s.parts))
		s.parts[id] = map[int][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case r.Method == "PUT":
		n, _ := strconv.Atoi(q.Get("partNumber"))
		s.parts[id][n] = body
		w.Header().Set("ETag", fmt.Sprintf(`"part-%d"`, n))
	default:
		var whole []byte
		for n := 1; n <= len(s.parts[id]); n++ {
			if !bytes.Contains(body, fmt.Appendf(nil, "<PartNumber>%d</PartNumber><ETag>%s</ETag>", n, html.EscapeString(fmt.Sprintf(`"part-%d"`, n)))) {
				http.Error(w, "<Error><Code>InvalidPart</Code></Error>", 400)
				return
			}
			whole = append(whole, s.parts[id][n]...)
		}
		s.objects[path] = whole
		io.WriteString(w, "<CompleteMultipartUploadResult/>")
	}
}

func (s *stub) list(w http.ResponseWriter, bucket string, get func(string) string) {
	limit, err := strconv.Atoi(get("max-keys"))
	if err != nil {
		limit = 1000
	}
	after := max(get("start-after"), get("continuation-token"))
	var keys []string
	for path := range s.objects {
		if key, ok := strings.CutPrefix(path, bucket+"/"); ok && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var b strings.Builder
	if get("delimiter") != "" {
		for i, key := range keys {
			dir, _, _ := strings.Cut(key, "/")
			if i == 0 || !strings.HasPrefix(keys[i-1], dir+"/") {
				fmt.Fprintf(&b, "<CommonPrefixes><Prefix>%s/</Prefix></CommonPrefixes>", dir)
			}
		}
		keys = nil
	}
	truncated := len(keys) > limit
	keys = keys[:min(limit, len(keys))]
	for _, key := range keys {
		fmt.Fprintf(&b, "<Contents><Key>%s</Key></Contents>", key)
	}
	fmt.Fprintf(&b, "<IsTruncated>%v</IsTruncated>", truncated)
	if truncated {
		fmt.Fprintf(&b, "<NextContinuationToken>%s</NextContinuationToken>", keys[len(keys)-1])
	}
	fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", b.String()) // long ones go out in chunks
}

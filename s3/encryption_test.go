package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"myfsio/blob/fileblob"
	"myfsio/internal/leak"
	"myfsio/kv"
	"myfsio/kv/pebblekv"
	"myfsio/object"
	"myfsio/seal"
	"myfsio/vfs"
)

// The states that an object can be in: what a write sends, what a read has to send, what answers show.
const (
	testKey    = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	testKeyMD5 = "KYvwGXoFFJ42a2u2GDWhwQ=="
)

type sseState struct {
	name        string
	write, read map[string]string
	shown       map[string]string // x-amz-server-side-encryption… without the beginning
}

var sseStates = []sseState{
	{name: "clear"},
	{name: "SSE-S3", write: map[string]string{"x-amz-server-side-encryption": "AES256"}, shown: map[string]string{"": "AES256"}},
	{name: "SSE-KMS", write: map[string]string{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "k"},
		shown: map[string]string{"": "aws:kms", "-aws-kms-key-id": "arn:aws:kms:local:000000000000:key/k"}},
	{name: "SSE-C", write: customerHeaders, read: customerHeaders, shown: map[string]string{"-customer-algorithm": "AES256", "-customer-key-MD5": testKeyMD5}},
}

var customerHeaders = map[string]string{"x-amz-server-side-encryption-customer-algorithm": "AES256", "x-amz-server-side-encryption-customer-key": testKey}

// sourceHeaders are the same for the source of a copy.
func sourceHeaders(of map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range of {
		out["x-amz-copy-source-"+strings.TrimPrefix(name, "x-amz-")] = value
	}
	return out
}

// sseWorld is a server over a directory.
type sseWorld struct {
	*world
	dir   string
	keys  *seal.Keys
	close func()
	auth  string       // how requests are proved; "": by the header
	heard bytes.Buffer // all answers
}

func newSSEWorld(t *testing.T) *sseWorld {
	w := &sseWorld{dir: t.TempDir()}
	w.world = newWorld(t, func(t testing.TB, minPart int64, now func() time.Time) *object.Store {
		db, err := pebblekv.Open(pebblekv.Options{Dir: filepath.Join(w.dir, "meta")})
		if err != nil {
			t.Fatal(err)
		}
		blobs, err := fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: filepath.Join(w.dir, "blobs")})
		if err != nil {
			t.Fatal(err)
		}
		w.keys = keys(t)
		s, err := object.New(context.Background(), object.Config{KV: db, Blobs: blobs, MinPartSize: minPart, Now: now, Keys: w.keys, Encrypt: true})
		if err != nil {
			t.Fatal(err)
		}
		closed := false
		w.close = func() {
			if !closed {
				closed = true
				db.Close()
				blobs.Close()
			}
		}
		t.Cleanup(w.close)
		return s
	}, nil)
	w.bucket("box")
	return w
}

// do sends a request and returns the answer of the status.
func (w *sseWorld) do(method, target string, status int, body []byte, headers ...map[string]string) (http.Header, []byte) {
	w.t.Helper()
	x := &exchange{method: method, target: target, auth: cmp.Or(w.auth, "header"), who: "admin", size: -1, body: string(body)}
	for _, h := range headers {
		for name, value := range h {
			x.header = append(x.header, [2]string{name, value})
		}
	}
	req, err := w.request(x)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	res.Header.Write(&w.heard)
	w.heard.Write(got)
	if res.StatusCode != status {
		w.t.Fatalf("%s %s: %s\n%.500s", method, target, res.Status, got)
	}
	return res.Header, got
}

// shows demands the headers of a state, and no others of encryption.
func (w *sseWorld) shows(what string, h http.Header, want map[string]string) {
	w.t.Helper()
	const prefix = "x-amz-server-side-encryption"
	for name, value := range want {
		if got := h.Get(prefix + name); got != value {
			w.t.Errorf("%s: %s is %q, want %q", what, name, got, value)
		}
	}
	for name := range h {
		low := strings.ToLower(name)
		rest, is := strings.CutPrefix(low, prefix)
		if !is {
			continue
		}
		if !slices.ContainsFunc([]string{"", "-aws-kms-key-id", "-customer-algorithm", "-customer-key-md5"}, func(s string) bool { return s == rest }) {
			w.t.Errorf("%s: the answer has %s", what, name)
		}
		if _, ok := want[rest]; !ok && want[strings.Replace(rest, "md5", "MD5", 1)] == "" {
			w.t.Errorf("%s: the answer has %s: %q", what, name, h.Get(name))
		}
	}
}

// planted begins every kilobyte of what the tests store.
const planted = "what nobody may find"

func sseBody(size int) []byte {
	return bytes.Repeat([]byte(planted+strings.Repeat(".", 100-len(planted))), size/100+1)[:size]
}

// sseWays are how an object can be written.
var sseWays = []struct {
	name  string
	write func(w *sseWorld, key string, s *sseState, parts [][]byte) http.Header
}{
	{"put", func(w *sseWorld, key string, s *sseState, parts [][]byte) http.Header {
		h, _ := w.do("PUT", "/box/"+key, 200, bytes.Join(parts, nil), s.write)
		return h
	}},
	{"multipart", func(w *sseWorld, key string, s *sseState, parts [][]byte) http.Header {
		h, doc := w.do("POST", "/box/"+key+"?uploads", 200, nil, s.write)
		w.shows("create upload", h, s.shown)
		var up struct{ UploadId string }
		xml.Unmarshal(doc, &up)
		list := "<CompleteMultipartUpload>"
		for i, p := range parts {
			h, _ := w.do("PUT", fmt.Sprintf("/box/%s?partNumber=%d&uploadId=%s", key, i+1, up.UploadId), 200, p, s.read)
			w.shows("part", h, s.shown)
			list += fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, h.Get("ETag"))
		}
		h, _ = w.do("POST", "/box/"+key+"?uploadId="+up.UploadId, 200, []byte(list+"</CompleteMultipartUpload>"))
		return h
	}},
	{"copy", func(w *sseWorld, key string, s *sseState, parts [][]byte) http.Header {
		from := customerHeaders
		if s.write == nil { // of what is encrypted a copy without any wish is encrypted too
			from = nil
		}
		w.do("PUT", "/box/source", 200, bytes.Join(parts, nil), from)
		h, _ := w.do("PUT", "/box/"+key, 200, nil, s.write, sourceHeaders(from), map[string]string{"x-amz-copy-source": "/box/source"})
		w.do("PUT", "/box/source", 200, bytes.Join(parts, nil), customerHeaders)
		return h
	}},
	{"form", func(w *sseWorld, key string, s *sseState, parts [][]byte) http.Header {
		var fields, conditions strings.Builder
		for name, value := range s.write {
			fmt.Fprintf(&fields, "%s: %s\n", name, value)
			fmt.Fprintf(&conditions, `["starts-with", "$%s", ""], `, name)
		}
		status, body, h := w.upload("form", "admin", "/box", "key: "+key+"\n"+fields.String()+
			`policy: {"expiration": "(until)", "conditions": [{"bucket": "box"}, ["starts-with", "$key", ""], `+conditions.String()+"(proof)]}\nfile: "+string(bytes.Join(parts, nil)))
		if status != 204 {
			w.t.Fatalf("form: %d %s", status, body)
		}
		return h
	}},
}

// Every way of writing in every state gives the same object to every way of reading.
func TestEncryptionMatrix(t *testing.T) {
	sets := map[string][][]byte{"small": {sseBody(1000)}, "parts": {sseBody(70_000), sseBody(70_000), sseBody(10_000)}}
	for _, versioned := range []bool{false, true} {
		w := newSSEWorld(t)
		if versioned {
			w.do("PUT", "/box?versioning", 200, []byte("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"))
		}
		for i := range sseStates {
			s := &sseStates[i]
			for _, way := range sseWays {
				for size, parts := range sets {
					key := s.name + "/" + way.name + "/" + size
					h := way.write(w, key, s, parts)
					done := s.shown
					if way.name == "multipart" && s.name == "SSE-C" {
						done = nil // completing brings no key
					}
					w.shows(key, h, done)
					w.reads(key, s, parts, way.name == "multipart", h.Get("x-amz-version-id"))
				}
			}
		}
		w.listed(len(sets))
	}
}

// reads reads an object in all ways.
func (w *sseWorld) reads(key string, s *sseState, parts [][]byte, multipart bool, version string) {
	w.t.Helper()
	all := bytes.Join(parts, nil)
	target := "/box/" + key
	query := "?"
	if version != "" {
		query += "versionId=" + version + "&"
	}
	tag := ""
	for _, t := range []string{target, target + query} {
		h, got := w.do("GET", t, 200, nil, s.read)
		if !bytes.Equal(got, all) || h.Get("Content-Length") != fmt.Sprint(len(all)) {
			w.t.Errorf("%s: %d other bytes", t, len(got))
		}
		w.shows(key, h, s.shown)
		tag = h.Get("ETag")
		if multipart != strings.Contains(tag, "-") {
			w.t.Errorf("%s has the tag %s", key, tag)
		}
	}
	if sum := fmt.Sprintf(`"%x"`, md5.Sum(all)); !multipart && tag != sum {
		w.t.Errorf("%s has the tag %s, want %s", key, tag, sum)
	}
	h, _ := w.do("HEAD", target, 200, nil, s.read)
	if h.Get("Content-Length") != fmt.Sprint(len(all)) || h.Get("ETag") != tag {
		w.t.Errorf("%s: HEAD says %v", key, h)
	}
	w.shows(key, h, s.shown)
	if h, _ := w.do("HEAD", target+query, 200, nil, s.read); h.Get("ETag") != tag || version != "" && h.Get("x-amz-version-id") != version {
		w.t.Errorf("%s: HEAD of the version says %v", key, h)
	}
	for i, r := range [][2]int{{0, 0}, {10, 99}, {len(all) / 2, len(all)/2 + 70}, {len(all) - 5, len(all) - 1}, {0, len(all) - 1}} {
		h, got := w.do("GET", target+[]string{"", query}[i%2], 206, nil, s.read, map[string]string{"Range": fmt.Sprintf("bytes=%d-%d", r[0], r[1])})
		w.shows(key, h, s.shown)
		if !bytes.Equal(got, all[r[0]:r[1]+1]) || h.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", r[0], r[1], len(all)) {
			w.t.Errorf("%s: range %v: %d bytes, %v", key, r, len(got), h)
		}
	}
	if !multipart {
		parts = [][]byte{all}
	}
	for i, p := range parts {
		h, got := w.do("GET", fmt.Sprintf("%s%spartNumber=%d", target, query, i+1), 206, nil, s.read)
		if w.shows(key, h, s.shown); !bytes.Equal(got, p) || h.Get("ETag") != tag {
			w.t.Errorf("%s: part %d has %d bytes, %v", key, i+1, len(got), h)
		}
	}
}

// listed demands that listings tell sizes and tags as reads do, and nothing of encryption.
func (w *sseWorld) listed(sets int) {
	w.t.Helper()
	h, doc := w.do("GET", "/box?list-type=2", 200, nil)
	w.shows("listing", h, nil)
	var list struct {
		Contents []struct {
			Key, ETag string
			Size      int
		}
	}
	if err := xml.Unmarshal(doc, &list); err != nil {
		w.t.Fatal(err)
	}
	if want := len(sseStates)*len(sseWays)*sets + 1; len(list.Contents) != want {
		w.t.Errorf("%d objects, want %d", len(list.Contents), want)
	}
	for _, c := range list.Contents {
		read := map[string]string{}
		if strings.HasPrefix(c.Key, "SSE-C/") || c.Key == "source" {
			read = customerHeaders
		}
		h, _ := w.do("HEAD", "/box/"+c.Key, 200, nil, read)
		if h.Get("ETag") != c.ETag || h.Get("Content-Length") != fmt.Sprint(c.Size) {
			w.t.Errorf("%s is listed with %d bytes and %s, HEAD says %v", c.Key, c.Size, c.ETag, h)
		}
	}
}

// A copy goes from any state to any state, also in place, with the bytes, the size and the tag of its source.
func TestEncryptionCopies(t *testing.T) {
	w := newSSEWorld(t)
	all := sseBody(70_000)
	for i := range sseStates {
		for j := range sseStates {
			from, to := &sseStates[i], &sseStates[j]
			for _, key := range []string{from.name, from.name + " as " + to.name} {
				h, _ := w.do("PUT", "/box/"+url.PathEscape(from.name), 200, all, from.write)
				tag := h.Get("ETag")
				want := to
				if to.write == nil && from.write != nil {
					want = &sseStates[1] // what is encrypted stays so
				}
				h, _ = w.do("PUT", "/box/"+url.PathEscape(key), 200, nil, to.write, sourceHeaders(from.read), map[string]string{"x-amz-copy-source": "/box/" + url.PathEscape(from.name), "x-amz-metadata-directive": "REPLACE"})
				w.shows(key, h, want.shown)
				h, got := w.do("GET", "/box/"+url.PathEscape(key), 200, nil, want.read)
				if w.shows(key, h, want.shown); !bytes.Equal(got, all) || h.Get("ETag") != tag {
					t.Errorf("%s to %s: %d bytes, %v", from.name, to.name, len(got), h)
				}
				w.do("GET", "/box/"+url.PathEscape(key)+"?partNumber=1", 206, nil, want.read)
			}
		}
	}
}

// Nothing of what is encrypted stands in the data directory, nor the customer's key.
func TestNothingInClear(t *testing.T) {
	w := newSSEWorld(t)
	parts := [][]byte{sseBody(70_000), sseBody(70_000), sseBody(1000)}
	for i := range sseStates[1:] {
		for _, way := range sseWays {
			way.write(w, sseStates[i+1].name+way.name, &sseStates[i+1], parts)
			way.write(w, sseStates[i+1].name+way.name+"/small", &sseStates[i+1], parts[2:])
		}
	}
	w.do("PUT", "/box?encryption", 200, []byte("<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"))
	sseWays[0].write(w, "default", &sseStates[0], parts)
	w.do("POST", "/box/unfinished?uploads", 200, nil, sseStates[1].write)
	w.do("PUT", "/box/default?encryption", 200, []byte("<ObjectEncryption><SSE-KMS><KMSKeyArn>arn:aws:kms:local:000000000000:key/k</KMSKeyArn></SSE-KMS></ObjectEncryption>"))
	w.srv.Close()
	w.close()
	w.noKeys()
	if found := grep(t, w.dir); len(found) > 0 {
		t.Errorf("found in clear: %q", found)
	}
	w = newSSEWorld(t) // the search finds what is there
	sseWays[0].write(w, "clear", &sseStates[0], parts)
	w.srv.Close()
	w.close()
	if found := grep(t, w.dir); len(found) == 0 {
		t.Error("the search finds nothing")
	}
}

// noKeys demands that none of the keys that the objects are really encrypted with stands in any file or row.
func (w *sseWorld) noKeys() {
	w.t.Helper()
	db, err := pebblekv.Open(pebblekv.Options{Dir: filepath.Join(w.dir, "meta")})
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	secrets := leak.Secrets{"01234567890123456789012345678901": "customer's key"}
	if err := secrets.Master(w.keys.Masters, ""); err != nil {
		w.t.Fatal(err)
	}
	var found []string
	err = db.View(w.t.Context(), func(r kv.Reader) error {
		opened, err := secrets.Objects(r, w.keys, 3, seal.Key([]byte("01234567890123456789012345678901")))
		if want := 2*3*len(sseWays) + 1 + 1 + 1; err == nil && opened != want { // "source", and the unfinished upload
			err = fmt.Errorf("%d envelopes, want %d", opened, want)
		}
		if err == nil {
			found, err = secrets.Rows(r)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	more, err := secrets.Files(w.dir, nil)
	if found = append(found, more...); err != nil || len(found) > 0 {
		w.t.Errorf("%v, %v", found, err)
	}
	for k := range secrets { // the search finds what is there
		if err := os.WriteFile(filepath.Join(w.dir, "planted"), []byte("x"+base64.StdEncoding.EncodeToString([]byte(k))), 0o600); err != nil {
			w.t.Fatal(err)
		}
		if found, err := secrets.Files(w.dir, nil); err != nil || len(found) == 0 {
			w.t.Errorf("%v, %v", found, err)
		}
		break
	}
	os.Remove(filepath.Join(w.dir, "planted"))
}

// grep looks for what must not be in the files below dir.
func grep(t *testing.T, dir string) (found []string) {
	t.Helper()
	secrets := [][]byte{[]byte(planted), []byte("01234567890123456789012345678901"), []byte(testKey), []byte(testKeyMD5)}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, s := range secrets {
			if bytes.Contains(data, s) {
				found = append(found, fmt.Sprintf("%.20s in %s", s, path))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A server that does not encrypt says so, and stores nothing; what it stored before it still reads.
func TestEncryptionOff(t *testing.T) {
	off := newWorld(t, func(t testing.TB, minPart int64, now func() time.Time) *object.Store {
		db, err := pebblekv.Open(pebblekv.Options{Dir: filepath.Join(t.TempDir(), "meta")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		blobs, err := fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: filepath.Join(t.TempDir(), "blobs")})
		if err != nil {
			t.Fatal(err)
		}
		s, err := object.New(context.Background(), object.Config{KV: db, Blobs: blobs, MinPartSize: minPart, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, nil)
	w := &sseWorld{world: off}
	w.bucket("box")
	w.do("PUT", "/box/there", 200, []byte("x"))
	for _, s := range sseStates[1:3] {
		_, doc := w.do("PUT", "/box/k", 400, []byte("x"), s.write)
		if !bytes.Contains(doc, []byte("<Code>InvalidRequest</Code>")) || !bytes.Contains(doc, []byte("ENCRYPTION_ENABLED")) {
			t.Errorf("%s", doc)
		}
		w.do("POST", "/box/k?uploads", 400, nil, s.write)
		w.do("PUT", "/box/k", 400, nil, s.write, map[string]string{"x-amz-copy-source": "/box/there"})
	}
	for _, alg := range []string{"AES256", "aws:kms"} {
		_, doc := w.do("PUT", "/box?encryption", 400, []byte("<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>"+alg+"</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"))
		if !bytes.Contains(doc, []byte("ENCRYPTION_ENABLED")) {
			t.Errorf("%s", doc)
		}
	}
	w.do("HEAD", "/box/k", 404, nil)
	h := sseWays[0].write(w, "c", &sseStates[3], [][]byte{sseBody(1000)})
	w.shows("SSE-C", h, sseStates[3].shown)
	w.reads("c", &sseStates[3], [][]byte{sseBody(1000)}, false, "")
}

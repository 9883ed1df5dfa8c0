package events

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
	"myfsio/work/notify"
)

func TestMain(m *testing.M) {
	code := m.Run()
	daemon.Cleanup()
	os.Exit(code)
}

const (
	bucket  = "box"
	writers = 4
	keys    = 3 // of each writer
)

// receiver is a webhook that goes away and comes back, and refuses at times.
type receiver struct {
	addr   string
	secret string

	mu    sync.Mutex
	got   map[string][]string // key: versions in the order of their first coming
	seen  map[string]bool     // key and version
	again int
	wrong string
	srv   *http.Server
	moody bool
}

func newReceiver() *receiver {
	return &receiver{addr: "127.0.0.1:0", got: map[string][]string{}, seen: map[string]bool{}}
}

func (r *receiver) start() error {
	ln, err := net.Listen("tcp", r.addr)
	if err != nil {
		return err
	}
	r.addr = ln.Addr().String()
	srv := &http.Server{Handler: r}
	r.mu.Lock()
	r.srv = srv
	r.mu.Unlock()
	go srv.Serve(ln)
	return nil
}

func (r *receiver) kill() { r.srv.Close() }

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.moody && rand.IntN(10) == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.secret != "" && !notify.Verify(r.secret, req.Header.Get(notify.SignatureHeader), body, time.Now(), time.Minute) {
		r.wrong = "a signature is wrong"
	}
	if r.take(body) && r.moody && rand.IntN(10) == 0 { // taken, and the server does not hear of it
		panic(http.ErrAbortHandler)
	}
}

// take notes an event, and reports whether it tells of a change. r.mu is held, where anybody else has r.
func (r *receiver) take(body []byte) bool {
	var m struct {
		Event   string
		Records []struct {
			EventName string
			S3        struct {
				Bucket struct{ Name string }
				Object struct{ Key, VersionID string }
			}
		}
	}
	if err := json.Unmarshal(body, &m); err != nil || m.Event == "" && len(m.Records) != 1 {
		r.wrong = fmt.Sprintf("%s: %v", body, err)
		return false
	}
	if m.Event != "" {
		return false
	}
	o := m.Records[0].S3.Object
	key, _ := url.QueryUnescape(o.Key)
	id := o.VersionID
	if strings.HasSuffix(m.Records[0].EventName, "DeleteMarkerCreated") {
		id = "marker " + id
	}
	if r.seen[key+" "+id] {
		r.again++
	} else {
		r.seen[key+" "+id] = true
		r.got[key] = append(r.got[key], id)
	}
	return true
}

func (r *receiver) set(moody bool) {
	r.mu.Lock()
	r.moody = moody
	r.mu.Unlock()
}

// rounds is how many kills there are.
func rounds(t *testing.T) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("MYFSIO_EVENTS_ROUNDS"), "5"))
	check(t, err)
	return n
}

// patience is how long the last events may take to arrive, on a machine that is busy with other things.
const patience = 4 * time.Minute

func TestKill(t *testing.T) {
	s, err := daemon.New(t.TempDir(), "ALLOW_INTERNAL_ENDPOINTS=true", "RATE_LIMIT_OBJECT_OPS=100000000 per minute", "RATE_LIMIT_BUCKET_OPS=100000000 per minute")
	check(t, err)
	defer s.Kill()
	r := newReceiver()
	check(t, r.start())
	defer r.kill()
	check(t, s.Start())
	prepare(t, s, r)
	for i := range rounds(t) {
		r.set(true)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() { write(ctx, client(s), w) })
		}
		time.Sleep(time.Duration(200+rand.IntN(300)) * time.Millisecond)
		r.kill()
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		if i%2 == 0 {
			check(t, r.start())
			time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		}
		s.Kill()
		cancel()
		wg.Wait()
		if i%2 == 1 {
			check(t, r.start())
		}
		check(t, s.Start())
	}
	r.set(false)
	want := committed(t, s)
	deadline := time.Now().Add(patience)
	for !r.holds(want) {
		if time.Now().After(deadline) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	r.judge(t, want)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func client(s *daemon.Server) *signed.Client {
	return &signed.Client{Endpoint: s.URL(), AccessKey: daemon.AccessKey, SecretKey: daemon.SecretKey, Region: daemon.Region,
		HTTP: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}}
}

// prepare makes the bucket and asks for its events, and for the secret of their signatures.
func prepare(t *testing.T, s *daemon.Server, r *receiver) {
	t.Helper()
	c := client(s)
	hook := "http://" + r.addr + "/hook"
	for _, q := range []signed.Request{
		{Method: "PUT", Bucket: bucket},
		{Method: "PUT", Bucket: bucket, Query: url.Values{"versioning": {""}}, Body: []byte("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")},
		{Method: "PUT", Bucket: bucket, Query: url.Values{"notification": {""}}, Header: http.Header{"Content-Type": {"application/json"}},
			Body: []byte(`{"TopicConfigurations":[{"TopicArn":"` + hook + `","Events":["s3:ObjectCreated:*","s3:ObjectRemoved:*"]}]}`)},
	} {
		_, err := c.Do(t.Context(), q)
		check(t, err)
	}
	req, err := http.NewRequest("GET", s.URL()+"/admin/notifications/secret?bucket="+bucket+"&url="+url.QueryEscape(hook), nil)
	check(t, err)
	req.Header.Set("X-Access-Key", daemon.AccessKey)
	req.Header.Set("X-Secret-Key", daemon.SecretKey)
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	defer resp.Body.Close()
	var answer struct{ Secret string }
	check(t, json.NewDecoder(resp.Body).Decode(&answer))
	if len(answer.Secret) != 64 {
		t.Fatalf("the secret has %d characters", len(answer.Secret))
	}
	r.mu.Lock()
	r.secret = answer.Secret
	r.mu.Unlock()
}

// write puts and deletes keys of its own until ctx ends. What is answered does not matter: the listing tells what was committed.
func write(ctx context.Context, c *signed.Client, writer int) {
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("w%d/k %d+é", writer, rand.IntN(keys))
		if rand.IntN(5) == 0 {
			c.Do(ctx, signed.Request{Method: "DELETE", Bucket: bucket, Key: key})
		} else {
			c.Do(ctx, signed.Request{Method: "PUT", Bucket: bucket, Key: key, Body: []byte(strconv.Itoa(n))})
		}
	}
}

// committed is what stands in the bucket: by key the versions, oldest first.
func committed(t *testing.T, s *daemon.Server) map[string][]string {
	t.Helper()
	type entry struct {
		XMLName        xml.Name
		Key, VersionId string
	}
	all := map[string][]string{}
	q := url.Values{"versions": {""}}
	for {
		resp, err := client(s).Do(t.Context(), signed.Request{Method: "GET", Bucket: bucket, Query: q})
		check(t, err)
		var page struct {
			IsTruncated                        bool
			NextKeyMarker, NextVersionIdMarker string
			Items                              []entry `xml:",any"`
		}
		check(t, xml.Unmarshal(resp.Body, &page))
		for _, e := range page.Items {
			switch e.XMLName.Local {
			case "Version":
				all[e.Key] = append(all[e.Key], e.VersionId)
			case "DeleteMarker":
				all[e.Key] = append(all[e.Key], "marker "+e.VersionId)
			}
		}
		if !page.IsTruncated {
			break
		}
		q.Set("key-marker", page.NextKeyMarker)
		q.Set("version-id-marker", page.NextVersionIdMarker)
	}
	for _, versions := range all {
		slices.Reverse(versions)
	}
	return all
}

// holds reports whether as much arrived as was committed.
func (r *receiver) holds(want map[string][]string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range want {
		if len(r.got[key]) < len(want[key]) {
			return false
		}
	}
	return true
}

func (r *receiver) judge(t *testing.T, want map[string][]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	total := 0
	for key := range want {
		total += len(want[key])
		if !slices.Equal(r.got[key], want[key]) {
			t.Errorf("%q: %d versions were committed, events told of %d\ncommitted %q\ntold      %q", key, len(want[key]), len(r.got[key]), want[key], r.got[key])
		}
	}
	for key := range r.got {
		if want[key] == nil {
			t.Errorf("%q: events tell of a key that nothing was committed to", key)
		}
	}
	if r.wrong != "" {
		t.Error(r.wrong)
	}
	t.Logf("%d changes, %d events came again", total, r.again)
}

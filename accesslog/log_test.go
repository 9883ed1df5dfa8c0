package accesslog

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"myfsio/fault"
)

// disk is a Source in memory.
type disk struct {
	mu      sync.Mutex
	docs    map[string]string
	objects map[string]string
	looks   int
	fail    error
}

func newDisk() *disk { return &disk{docs: map[string]string{}, objects: map[string]string{}} }

func (d *disk) Logging(_ context.Context, bucket string) (string, []byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	doc, ok := d.docs[bucket]
	if !ok {
		return "", nil, fault.New(fault.NoSuchBucket, "")
	}
	return "owner", []byte(doc), nil
}

func (d *disk) Write(ctx context.Context, bucket, key string, data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return d.fail
	}
	d.objects[bucket+"/"+key] = string(data)
	return ctx.Err()
}

// lines are the lines of all objects, without what comes behind the request id.
func (d *disk) lines() (all []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, data := range d.objects {
		for _, l := range strings.Split(strings.TrimSuffix(data, "\n"), "\n") {
			all = append(all, strings.Fields(l)[6])
		}
	}
	slices.Sort(all)
	return all
}

func (d *disk) keys() (all []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k := range d.objects {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

func (d *disk) set(bucket, doc string) {
	d.mu.Lock()
	d.docs[bucket] = doc
	d.mu.Unlock()
}

func to(bucket, prefix string) string {
	return fmt.Sprintf(`{"LoggingEnabled":{"TargetBucket":%q,"TargetPrefix":%q}}`, bucket, prefix)
}

// start runs a log; stop ends it and waits.
func start(d *disk, change func(*Options)) (l *Log, stop func()) {
	o := Options{Source: d, Region: "us-east-1", Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	l = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { l.Run(ctx, 10*time.Second); close(done) }()
	return l, func() { cancel(); <-done }
}

func add(l *Log, bucket string, id int) {
	l.Add(context.Background(), &Entry{Bucket: bucket, RequestID: fmt.Sprintf("%05d", id), Time: time.Now(), Size: -1})
}

func TestWritesInTimeAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		d.set("box", to("logs", "box/"))
		d.set("quiet", "")
		l, stop := start(d, nil)
		add(l, "box", 1)
		add(l, "quiet", 2)
		add(l, "nobox", 3)
		add(l, "", 4)
		time.Sleep(30 * time.Second)
		add(l, "box", 5)
		if len(d.keys()) != 0 {
			t.Error("written at once")
		}
		time.Sleep(40 * time.Second)
		if got := d.lines(); !slices.Equal(got, []string{"00001", "00005"}) {
			t.Errorf("lines %v", got)
		}
		if got := d.keys(); len(got) != 1 || !regexp.MustCompile(`^logs/box/2000-01-01-00-01-0\d-[0-9A-F]{16}$`).MatchString(got[0]) {
			t.Errorf("keys %v", got)
		}
		add(l, "box", 6)
		stop()
		if got := d.lines(); len(got) != 3 || l.waiting() != 0 {
			t.Errorf("after the end: %v, %d bytes wait", got, l.waiting())
		}
		if !l.Wants(t.Context(), "box") || l.Wants(t.Context(), "quiet") {
			t.Error("it wants what it should not, or the other way round")
		}
	})
}

func TestWritesWhenThereIsMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		d.set("box", to("logs", ""))
		l, stop := start(d, func(o *Options) { o.MaxObject = 1000 })
		for i := range 100 {
			add(l, "box", i)
		}
		synctest.Wait()
		if n := len(d.lines()); n < 80 || len(d.keys()) < 5 {
			t.Errorf("%d lines in %d objects without a wait", n, len(d.keys()))
		}
		stop()
		if n := len(d.lines()); n != 100 {
			t.Errorf("%d lines", n)
		}
	})
}

func TestTargetThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		d.set("box", to("logs", ""))
		d.set("other", to("elsewhere", ""))
		l, stop := start(d, func(o *Options) { o.MaxMemory = 1000 })
		d.fail = errors.New("disk")
		for i := range 20 {
			add(l, "box", i)
			time.Sleep(10 * time.Second)
		}
		if l.waiting() > 1000 || l.waiting() < 500 {
			t.Errorf("%d bytes wait", l.waiting())
		}
		d.mu.Lock()
		d.fail = nil
		d.mu.Unlock()
		time.Sleep(3 * time.Minute)
		if n := len(d.lines()); n < 5 || n == 20 || l.waiting() != 0 {
			t.Errorf("%d lines when it was back, %d bytes wait", n, l.waiting())
		}
		d.mu.Lock()
		d.fail = fault.New(fault.NoSuchBucket, "")
		d.mu.Unlock()
		add(l, "box", 21)
		time.Sleep(3 * time.Minute)
		if l.waiting() != 0 {
			t.Error("lines for a target that is gone are kept")
		}
		stop()
	})
}

func TestConfigurationChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		d.set("box", to("logs", "a/"))
		l, stop := start(d, nil)
		add(l, "box", 1)
		d.set("box", to("logs", "b/"))
		add(l, "box", 2)
		l.Forget("box")
		add(l, "box", 3)
		d.set("box", "{}")
		time.Sleep(11 * time.Second) // another process changed it
		add(l, "box", 4)
		add(l, "box", 5)
		stop()
		keys := d.keys()
		if len(keys) != 2 || !strings.HasPrefix(keys[0], "logs/a/") || !strings.HasPrefix(keys[1], "logs/b/") || !slices.Equal(d.lines(), []string{"00001", "00002", "00003"}) || d.looks != 3 {
			t.Errorf("%v %v, %d looks", keys, d.lines(), d.looks)
		}
	})
}

func TestPartitioned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		d.set("ev", `{"LoggingEnabled":{"TargetBucket":"logs","TargetPrefix":"p/","TargetObjectKeyFormat":{"PartitionedPrefix":{"PartitionDateSource":"EventTime"}}}}`)
		d.set("del", `{"LoggingEnabled":{"TargetBucket":"logs","TargetPrefix":"q/","TargetObjectKeyFormat":{"PartitionedPrefix":{}}}}`)
		l, stop := start(d, func(o *Options) { o.Every = 100 * time.Hour })
		for range 2 {
			add(l, "ev", 1)
			add(l, "del", 1)
			time.Sleep(24 * time.Hour)
		}
		stop()
		want := []string{"logs/p/owner/us-east-1/ev/2000/01/01/2000-01-01-00-00-00-", "logs/p/owner/us-east-1/ev/2000/01/02/2000-01-02-00-00-00-", "logs/q/owner/us-east-1/del/2000/01/03/2000-01-03-"}
		got := d.keys()
		for i := range want {
			if len(got) != len(want) || !strings.HasPrefix(got[i], want[i]) {
				t.Fatalf("%q", got)
			}
		}
	})
}

func TestLine(t *testing.T) {
	at := time.Date(2019, 2, 6, 0, 0, 38, 0, time.UTC)
	r := httptest.NewRequest("GET", "/box/a%20b?versionId=v1&X-Amz-Signature=abc&X-Amz-Security-Token=t&x=1&%58-Amz-Signature=z", nil)
	r.TLS = &tls.ConnectionState{Version: tls.VersionTLS12, CipherSuite: tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	for _, c := range []struct {
		e    Entry
		want string
	}{
		{Entry{Bucket: "box", Time: at, RemoteIP: "192.0.2.3", Requester: "who", RequestID: "R", Operation: "REST.GET.OBJECT", Key: "a b/é+%", HTTP: r, Status: 200, Sent: 113, Size: 226,
			Total: 7 * time.Millisecond, TurnAround: 3500 * time.Microsecond, Referer: "http://x/\"\n", UserAgent: `S3 Console/0.4 "q" \ ` + "\x7f", VersionID: "v1", HostID: "H=",
			SignatureVersion: "AWS4-HMAC-SHA256", AuthType: "REST-QUERY-STRING", Host: "box.s3.example.com"},
			`owner box [06/Feb/2019:00:00:38 +0000] 192.0.2.3 who R REST.GET.OBJECT a%2520b/%25C3%25A9%252B%2525 "GET /box/a%20b?versionId=v1&X-Amz-Signature=REDACTED&X-Amz-Security-Token=REDACTED&x=1&%58-Amz-Signature=REDACTED HTTP/1.1" ` +
				`200 - 113 226 7 3 "http://x/%22%0A" "S3 Console/0.4 %22q%22 \ %7F" v1 H= SigV4 ECDHE-RSA-AES128-GCM-SHA256 QueryString box.s3.example.com TLSv1.2 - -`},
		{Entry{Bucket: "box", Time: at, Status: 404, Code: "NoSuchKey", Size: -1, VersionID: "null", Host: "a b"},
			`owner box [06/Feb/2019:00:00:38 +0000] - - - - - "-" 404 NoSuchKey - - - - "-" "-" - - - - - a%20b - - -`},
		{Entry{Bucket: "box", Time: at, RemoteIP: "192.0.2.3", Requester: "who", RequestID: "R", Operation: "BATCH.DELETE.OBJECT", Key: "a b", HTTP: r, Status: 204, Size: 5, Part: true, Total: time.Second, TurnAround: time.Second,
			Referer: "x", UserAgent: "y", HostID: "H=", SignatureVersion: "AWS4-HMAC-SHA256", AuthType: "REST-HEADER", Host: "h"},
			`owner box [06/Feb/2019:00:00:38 +0000] 192.0.2.3 who R BATCH.DELETE.OBJECT a%2520b - 204 - - 5 - - - - - H= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader h TLSv1.2 - -`},
		{Entry{Bucket: "box", Time: at, Requester: "AmazonS3", RequestID: "R", Operation: "S3.EXPIRE.OBJECT", Key: "k", Size: 5, VersionID: "v"},
			`owner box [06/Feb/2019:00:00:38 +0000] - AmazonS3 R S3.EXPIRE.OBJECT k "-" - - - 5 - - "-" "-" v - - - - - - - -`},
	} {
		if got := string(c.e.append(nil, "owner")); got != c.want+"\n" {
			t.Errorf("\n%swant\n%s", got, c.want)
		}
	}
	r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256}
	if suite, version := secured(r); suite != "TLS_AES_128_GCM_SHA256" || version != "TLSv1.3" {
		t.Errorf("%s %s", suite, version)
	}
}

// line is how S3's documentation tells programs to read a log.
var line = regexp.MustCompile(`^([^ ]*) ([^ ]*) \[(.*?)\] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ("[^"]*"|-) (-|[0-9]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ("[^"]*"|-) ("[^"]*"|-) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*)$`)

// FuzzLine: whatever clients send, it is one line of as many fields.
func FuzzLine(f *testing.F) {
	f.Add("key \" \n", "agent\r\n", "code", "/?Signature=\"a b")
	f.Fuzz(func(t *testing.T, key, agent, code, target string) {
		r := &http.Request{Method: "GET", RequestURI: target, Proto: "HTTP/1.1"}
		e := Entry{Bucket: key, Key: key, UserAgent: agent, Referer: agent, Code: code, HTTP: r, Host: agent, RemoteIP: agent, VersionID: agent, RequestID: code}
		if target == "" {
			e.HTTP = nil
		}
		got := e.append(nil, "owner")
		if bytes.Count(got, []byte("\n")) != 1 || !line.Match(bytes.TrimSuffix(got, []byte("\n"))) {
			t.Errorf("%q", got)
		}
	})
}

func TestDocuments(t *testing.T) {
	for _, c := range []struct{ xml, json string }{
		{`<BucketLoggingStatus/>`, `{}`},
		{`<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>a&lt;/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>`,
			`{"LoggingEnabled":{"TargetBucket":"logs","TargetPrefix":"a</"}}`},
		{`<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix></TargetPrefix><TargetGrants/><TargetObjectKeyFormat><SimplePrefix/></TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>`,
			`{"LoggingEnabled":{"TargetBucket":"logs","TargetPrefix":"","TargetObjectKeyFormat":{"SimplePrefix":{}}}}`},
		{`<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix/><TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix></TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>`,
			`{"LoggingEnabled":{"TargetBucket":"logs","TargetPrefix":"","TargetObjectKeyFormat":{"PartitionedPrefix":{"PartitionDateSource":"EventTime"}}}}`},
	} {
		x, err := ParseXML([]byte(c.xml))
		if err != nil || string(x.JSON()) != c.json {
			t.Errorf("%s: %v, %v", c.xml, x, err)
			continue
		}
		j, err := ParseJSON([]byte(c.json))
		if err != nil {
			t.Errorf("%s: %v", c.json, err)
			continue
		}
		again, err := ParseXML(j.Append(nil))
		if err != nil || string(again.JSON()) != c.json {
			t.Errorf("%s: %s, %v", c.json, j.Append(nil), err)
		}
	}
	for doc, kind := range map[string]fault.Kind{
		`[]`: fault.MalformedXML, `{"LoggingEnabled":{}}`: fault.MalformedXML, `{"X":1}`: fault.MalformedXML, `{}{}`: fault.MalformedXML,
		`{"LoggingEnabled":{"TargetBucket":"l","TargetGrants":[{}]}}`:                                                       fault.NotImplemented,
		`{"LoggingEnabled":{"TargetBucket":"l","TargetPrefix":"` + strings.Repeat("x", 801) + `"}}`:                         fault.InvalidArgument,
		`{"LoggingEnabled":{"TargetBucket":"l","TargetObjectKeyFormat":{}}}`:                                                fault.MalformedXML,
		`{"LoggingEnabled":{"TargetBucket":"l","TargetObjectKeyFormat":{"PartitionedPrefix":{"PartitionDateSource":"x"}}}}`: fault.MalformedXML,
		`{"LoggingEnabled":{"TargetBucket":"l","TargetObjectKeyFormat":{"SimplePrefix":{},"PartitionedPrefix":{}}}}`:        fault.MalformedXML,
		`<A/>`: fault.MalformedXML, `<BucketLoggingStatus><X/></BucketLoggingStatus>`: fault.MalformedXML,
		`<BucketLoggingStatus><LoggingEnabled><TargetBucket>l</TargetBucket><TargetGrants><Grant/></TargetGrants></LoggingEnabled></BucketLoggingStatus>`: fault.NotImplemented,
		`<BucketLoggingStatus><LoggingEnabled><TargetBucket>l</TargetBucket><TargetBucket>l</TargetBucket></LoggingEnabled></BucketLoggingStatus>`:        fault.MalformedXML,
	} {
		parse := ParseJSON
		if doc[0] == '<' {
			parse = ParseXML
		}
		if _, err := parse([]byte(doc)); !fault.Is(err, kind) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func BenchmarkNotLogged(b *testing.B) {
	d := newDisk()
	d.set("box", "")
	l := New(Options{Source: d})
	ctx := context.Background()
	for b.Loop() {
		l.Wants(ctx, "box")
	}
}

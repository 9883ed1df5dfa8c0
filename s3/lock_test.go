package s3

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"myfsio/object"
	"myfsio/s3/wire"
	"myfsio/work/lifecycle"
)

// shelf is a bucket with Object Lock and a version in it that somebody would like to lose: a version of k.
type shelf struct {
	*world
	bucket, version string
	content         string
	rules           *lifecycle.Worker
}

func (s *shelf) at(target string) string {
	return "/" + s.bucket + strings.ReplaceAll(target, "{v}", "versionId="+s.version)
}

// tick moves the clock of the store.
func (w *world) tick(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
}

func (w *world) in(d time.Duration) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return wire.FormatRetainUntil(w.now.Add(d))
}

// protections are what a version may have, and whether it may be lost then: by anyone who may delete, or by who bypasses governance alone.
var protections = []struct {
	name        string
	put         func(s *shelf)
	plain, with bool
}{
	{"nothing", func(*shelf) {}, true, true},
	{"governance", func(s *shelf) { s.retain("GOVERNANCE", 240*time.Hour) }, false, true},
	{"compliance", func(s *shelf) { s.retain("COMPLIANCE", 240*time.Hour) }, false, false},
	{"a hold", func(s *shelf) { s.hold("ON") }, false, false},
	{"a hold over governance", func(s *shelf) { s.retain("GOVERNANCE", 240*time.Hour); s.hold("ON") }, false, false},
	{"a hold over what is over", func(s *shelf) { s.retain("COMPLIANCE", time.Hour); s.hold("ON"); s.tick(2 * time.Hour) }, false, false},
	{"a hold that is off", func(s *shelf) { s.hold("ON"); s.hold("OFF") }, true, true},
	{"governance that is over", func(s *shelf) { s.retain("GOVERNANCE", time.Hour); s.tick(time.Hour) }, true, true},
	{"compliance that is over", func(s *shelf) { s.retain("COMPLIANCE", time.Hour); s.tick(time.Hour) }, true, true},
}

func (s *shelf) retain(mode string, d time.Duration) {
	s.t.Helper()
	s.must("admin", "PUT", s.at("/k?retention&{v}"), "<Retention><Mode>"+mode+"</Mode><RetainUntilDate>"+s.in(d)+"</RetainUntilDate></Retention>", 200)
}

func (s *shelf) hold(status string) {
	s.t.Helper()
	s.must("admin", "PUT", s.at("/k?legal-hold&{v}"), "<LegalHold><Status>"+status+"</Status></LegalHold>", 200)
}

const bypassing = "x-amz-bypass-governance-retention: true"

// When a way to lose a version succeeds.
const (
	never = iota
	plain
	bypass
)

// ways are all ways over HTTP, and in the background, in which the version could be lost.
var ways = []struct {
	name string
	when int
	try  func(s *shelf)
}{
	{"delete", plain, func(s *shelf) { s.send("admin", "DELETE", s.at("/k?{v}"), "") }},
	{"delete with bypass", bypass, func(s *shelf) { s.send("admin", "DELETE", s.at("/k?{v}"), "", bypassing) }},
	{"delete with a bypass that is none", plain, func(s *shelf) {
		s.send("admin", "DELETE", s.at("/k?{v}"), "", "x-amz-bypass-governance-retention: 1")
	}},
	{"delete by a user", plain, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:DeleteObjectVersion"))
		s.send("user", "DELETE", s.at("/k?{v}"), "", bypassing)
	}},
	{"delete by a user who may bypass", bypass, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"))
		s.send("user", "DELETE", s.at("/k?{v}"), "", bypassing)
	}},
	{"delete by a user who may bypass, and does not", plain, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"))
		s.send("user", "DELETE", s.at("/k?{v}"), "")
	}},
	{"delete by a user who may only bypass", never, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:DeleteObject", "s3:BypassGovernanceRetention"))
		s.send("user", "DELETE", s.at("/k?{v}"), "", bypassing)
	}},
	{"delete where nobody may bypass", plain, func(s *shelf) {
		s.policy(bucketStatement("Deny", "s3:BypassGovernanceRetention"))
		s.send("admin", "DELETE", s.at("/k?{v}"), "", bypassing)
	}},
	{"batch", plain, func(s *shelf) { s.batch("admin") }},
	{"batch with bypass", bypass, func(s *shelf) { s.batch("admin", bypassing) }},
	{"batch by a user", plain, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:DeleteObjectVersion"))
		s.batch("user", bypassing)
	}},
	{"batch by a user who may bypass", bypass, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"))
		s.batch("user", bypassing)
	}},
	{"hide", never, func(s *shelf) { s.must("admin", "DELETE", s.at("/k"), "", 204, bypassing) }},
	{"overwrite", never, func(s *shelf) { s.must("admin", "PUT", s.at("/k"), "other", 200, bypassing) }},
	{"copy onto", never, func(s *shelf) {
		s.must("admin", "PUT", s.at("/other"), "other", 200)
		s.must("admin", "PUT", s.at("/k"), "", 200, "x-amz-copy-source: /"+s.bucket+"/other", bypassing)
	}},
	{"copy onto itself", never, func(s *shelf) {
		s.must("admin", "PUT", s.at("/k"), "", 200, "x-amz-copy-source: "+s.at("/k?{v}"), "x-amz-metadata-directive: REPLACE")
	}},
	{"complete onto", never, func(s *shelf) {
		id := between(s.must("admin", "POST", s.at("/k?uploads"), "", 200), "<UploadId>", "</UploadId>")
		s.must("admin", "PUT", s.at("/k?partNumber=1&uploadId="+id), "x", 200)
		s.must("admin", "POST", s.at("/k?uploadId="+id), "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"+
			"<ETag>9dd4e461268c8034f5c8564e155c67a6</ETag></Part></CompleteMultipartUpload>", 200)
	}},
	{"form", never, func(s *shelf) {
		s.exchange("-- form --\n@auth form\nPOST /" + s.bucket + "\n\nkey: k\npolicy: {\"expiration\": \"(until)\", \"conditions\": [{\"bucket\": \"" + s.bucket +
			"\"}, [\"starts-with\", \"$key\", \"\"], (proof)]}\nfile: x\n=> 204\n")
	}},
	{"tags, list", never, func(s *shelf) {
		s.must("admin", "PUT", s.at("/k?tagging&{v}"), "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", 200)
		s.must("admin", "PUT", s.at("/k?acl&{v}"), "", 200, "x-amz-acl: private")
	}},
	{"the bucket", never, func(s *shelf) { s.must("admin", "DELETE", s.at(""), "", 409, bypassing) }},
	{"suspend and overwrite", never, func(s *shelf) {
		s.must("admin", "PUT", s.at("?versioning"), "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>", 409)
		s.must("admin", "PUT", s.at("/k"), "other", 200)
		s.must("admin", "DELETE", s.at("/k"), "", 204)
	}},
	{"lifecycle", plain, func(s *shelf) {
		s.must("admin", "PUT", s.at("?lifecycle"), "<LifecycleConfiguration><Rule><ID>r</ID><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>"+
			"<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>", 200)
		for range 2 { // the first may only hide it
			s.tick(72 * time.Hour)
			if _, err := s.rules.Start(context.Background(), lifecycle.Request{Bucket: s.bucket}); err != nil {
				s.t.Fatal(err)
			}
		}
	}},
	{"take away and delete", plain, func(s *shelf) {
		s.send("admin", "PUT", s.at("/k?retention&{v}"), "<Retention/>")
		s.send("admin", "DELETE", s.at("/k?{v}"), "")
	}},
	{"take away with bypass and delete", bypass, func(s *shelf) {
		s.send("admin", "PUT", s.at("/k?retention&{v}"), "<Retention/>", bypassing)
		s.send("admin", "DELETE", s.at("/k?{v}"), "")
	}},
	{"take away as a user and delete", plain, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:PutObjectRetention", "s3:DeleteObjectVersion"))
		s.send("user", "PUT", s.at("/k?retention&{v}"), "<Retention/>", bypassing)
		s.send("user", "DELETE", s.at("/k?{v}"), "")
	}},
	{"take away as a user who may bypass and delete", bypass, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:PutObjectRetention", "s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"))
		s.send("user", "PUT", s.at("/k?retention&{v}"), "{}", "Content-Type: application/json", bypassing)
		s.send("user", "DELETE", s.at("/k?{v}"), "")
	}},
	{"shorten, wait and delete", plain, func(s *shelf) {
		s.send("admin", "PUT", s.at("/k?retention&{v}"), "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>"+s.in(time.Second)+"</RetainUntilDate></Retention>")
		s.tick(time.Minute)
		s.send("admin", "DELETE", s.at("/k?{v}"), "")
	}},
	{"make it governance and delete with bypass", bypass, func(s *shelf) {
		s.send("admin", "PUT", s.at("/k?retention&{v}"), "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>"+s.in(480*time.Hour)+"</RetainUntilDate></Retention>", bypassing)
		s.send("admin", "DELETE", s.at("/k?{v}"), "", bypassing)
	}},
	{"take a hold off as a user and delete", plain, func(s *shelf) {
		s.policy(bucketStatement("Allow", "s3:PutObjectRetention", "s3:DeleteObjectVersion"))
		s.must("user", "PUT", s.at("/k?legal-hold&{v}"), "<LegalHold><Status>OFF</Status></LegalHold>", 403, bypassing)
		s.send("user", "DELETE", s.at("/k?{v}"), "")
	}},
	{"another rule for the bucket", never, func(s *shelf) {
		s.must("admin", "PUT", s.at("?object-lock"), "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>", 200)
		s.must("admin", "DELETE", s.at("?object-lock"), "", 405)
	}},
}

func bucketStatement(effect string, actions ...string) string {
	return `{"Effect":"` + effect + `","Principal":"*","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"arn:aws:s3:::%s/*"}`
}

func (s *shelf) policy(statement string) {
	s.t.Helper()
	s.must("admin", "PUT", s.at("?policy"), `{"Version":"2012-10-17","Statement":[`+fmt.Sprintf(statement, s.bucket)+`]}`, 204)
}

func (s *shelf) batch(who string, headers ...string) {
	s.t.Helper()
	s.exchangeBatch(who, "<Delete><Object><Key>k</Key><VersionId>"+s.version+"</VersionId></Object></Delete>", headers)
}

func (s *shelf) exchangeBatch(who, body string, headers []string) {
	s.t.Helper()
	s.exchange("-- batch --\n@auth header " + who + "\n@md5\nPOST /" + s.bucket + "?delete\n" + strings.Join(append(headers, ""), "\n") + "\n" + body + "\n=> 200\n")
}

// exchange runs one exchange of a transcript.
func (w *world) exchange(text string) {
	w.t.Helper()
	list, err := parseTranscript("inline", text)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, x := range list {
		if err := w.run(x); err != nil {
			w.t.Error(err)
		}
	}
}

// newShelf puts the version into a bucket of its own: the current one, an older one, or one from before there were versions.
func newShelf(w *world, rules *lifecycle.Worker, kind string, n int) *shelf {
	s := &shelf{world: w, bucket: fmt.Sprintf("shelf-%d", n), content: string(pattern(20 << 10)), rules: rules}
	if kind == "null" {
		s.must("admin", "PUT", s.at(""), "", 200)
		s.must("admin", "PUT", s.at("/k"), s.content, 200)
		s.must("admin", "PUT", s.at("?versioning"), "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", 200)
		s.must("admin", "PUT", s.at("?object-lock"), "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>", 200)
	} else {
		s.must("admin", "PUT", s.at(""), "", 200, "x-amz-bucket-object-lock-enabled: true")
		s.must("admin", "PUT", s.at("/k"), s.content, 200)
	}
	s.version = s.world.version(s.bucket, "k")
	if kind == "old" {
		s.must("admin", "PUT", s.at("/k"), "newer", 200)
	}
	return s
}

// TestLocked tries every way to lose a version, whatever protects it and wherever it stands.
func TestLocked(t *testing.T) {
	w := judged(t)
	rules, err := lifecycle.New(lifecycle.Config{Store: w.store, Dir: t.TempDir(), Enabled: true, Interval: 1000 * time.Hour, Now: func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { rules.Run(ctx); close(ran) }()
	defer func() { cancel(); <-ran }()
	n := 0
	for _, kind := range []string{"current", "old", "null"} {
		for _, p := range protections {
			for _, way := range ways {
				n++
				s := newShelf(w, rules, kind, n)
				p.put(s)
				way.try(s)
				s.collect()
				lost := way.when == plain && p.plain || way.when == bypass && p.with
				status, text := s.send("admin", "GET", s.at("/k?{v}"), "")
				if gone := status == 404; gone != lost || !gone && (status != 200 || text != s.content) {
					t.Errorf("a %s version with %s: %s: status %d, %d bytes; lost should be %t", kind, p.name, way.name, status, len(text), lost)
				}
			}
		}
	}
	t.Logf("%d cases", n)
}

// collect removes all bytes that nothing refers to.
func (s *shelf) collect() {
	s.t.Helper()
	ctx := context.Background()
	for at, n := (object.Mark{}), 1; n > 0; {
		var err error
		if at, n, err = s.store.Reclaim(ctx, at, 100); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := s.store.Sweep(ctx, s.store.NewMark(), func() error { return nil }); err != nil {
		s.t.Fatal(err)
	}
}

// TestLockRights checks who may give protection, see it and bypass it, by rights and by the conditions of policies.
func TestLockRights(t *testing.T) {
	w := judged(t)
	until := func(d time.Duration) string { return "x-amz-object-lock-retain-until-date: " + w.in(d) }
	doc := func(d time.Duration) string {
		return "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>" + w.in(d) + "</RetainUntilDate></Retention>"
	}
	const mode, hold = "x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-legal-hold: ON"
	allow := func(actions string) {
		w.must("admin", "PUT", "/box?policy", bucketPolicy("Allow", `"*"`, actions), 204)
	}
	w.must("admin", "PUT", "/box", "", 200, "x-amz-bucket-object-lock-enabled: true")
	w.must("admin", "PUT", "/box/k", "x", 200, mode, until(time.Hour), hold)
	w.must("user", "PUT", "/mine", "", 403, "x-amz-bucket-object-lock-enabled: true")

	allow(`"s3:PutObject"`)
	w.steps([]step{{200, "user PUT /box/n | x"}, {403, "user GET /box?object-lock"}, {403, "user PUT /box?object-lock"}})
	w.must("user", "PUT", "/box/n", "x", 403, mode, until(time.Hour))
	w.must("user", "PUT", "/box/n", "x", 403, hold)
	w.must("user", "POST", "/box/n?uploads", "", 403, mode, until(time.Hour))
	w.must("user", "PUT", "/box/k?retention", doc(2*time.Hour), 403)
	w.must("user", "PUT", "/box/k?legal-hold", "<LegalHold><Status>OFF</Status></LegalHold>", 403)
	w.must("nobody", "GET", "/box/k?retention", "", 403)

	allow(`["s3:PutObject","s3:PutObjectRetention"]`)
	w.must("user", "PUT", "/box/n", "x", 200, mode, until(time.Hour))
	w.must("user", "PUT", "/box/n", "x", 403, mode, until(time.Hour), hold)
	w.must("user", "PUT", "/box/k?retention", doc(2*time.Hour), 200)
	w.must("user", "PUT", "/box/k?retention", doc(time.Hour), 403, bypassing)

	seen := func(want ...string) {
		t.Helper()
		req, _ := http.NewRequest("HEAD", w.srv.URL+"/box/k", nil)
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		var got []string
		for _, h := range []string{"x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"} {
			if res.Header.Get(h) != "" {
				got = append(got, h)
			}
		}
		if res.StatusCode != 200 || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("status %d, headers %q, want %q", res.StatusCode, got, want)
		}
	}
	allow(`"s3:GetObject"`)
	seen()
	allow(`["s3:GetObject","s3:GetObjectLegalHold"]`)
	seen("x-amz-object-lock-legal-hold")
	allow(`["s3:GetObject","s3:GetObjectRetention"]`)
	seen("x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date")
	w.must("nobody", "GET", "/box/k?retention", "", 200)
	w.must("nobody", "GET", "/box/k?legal-hold", "", 403)
	w.must("nobody", "GET", "/box/none?retention", "", 403)

	// The conditions of the example in AWS's documentation, for what stands in a header and in a body.
	w.must("admin", "PUT", "/box?policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["s3:PutObjectRetention","s3:PutObject"],
		"Resource":"arn:aws:s3:::box/*","Condition":{"NumericGreaterThan":{"s3:object-lock-remaining-retention-days":"10"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:PutObjectRetention","Resource":"arn:aws:s3:::box/*","Condition":{"StringEquals":{"s3:object-lock-mode":"COMPLIANCE"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:PutObjectLegalHold","Resource":"arn:aws:s3:::box/*","Condition":{"StringEquals":{"s3:object-lock-legal-hold":"OFF"}}}]}`, 204)
	// Requests are judged by the clock of the server, which is not that of the store here.
	real := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.RFC3339) }
	body := func(mode string, days int) string {
		return "<Retention><Mode>" + mode + "</Mode><RetainUntilDate>" + real(days) + "</RetainUntilDate></Retention>"
	}
	w.must("admin", "PUT", "/box/c", "x", 403, mode, "x-amz-object-lock-retain-until-date: "+real(20))
	w.must("admin", "PUT", "/box/c", "x", 200, mode, "x-amz-object-lock-retain-until-date: "+real(5))
	w.must("admin", "PUT", "/box/c?retention", body("GOVERNANCE", 20), 403)
	w.must("admin", "PUT", "/box/c?retention", body("COMPLIANCE", 7), 403)
	w.must("admin", "PUT", "/box/c?retention", `{"Mode":"COMPLIANCE","RetainUntilDate":"`+real(7)+`"}`, 403, "Content-Type: application/json")
	w.must("admin", "PUT", "/box/c?retention", body("GOVERNANCE", 7), 200)
	w.must("admin", "PUT", "/box/c?retention", body("COMPLIANCE", 7)+"<", 400) // what cannot be read is refused
	w.must("admin", "PUT", "/box/c?legal-hold", "<LegalHold><Status>ON</Status></LegalHold>", 200)
	w.must("admin", "PUT", "/box/c?legal-hold", "<LegalHold><Status>OFF</Status></LegalHold>", 403)
	w.must("admin", "PUT", "/box/c?legal-hold", `{"Status":"OFF"}`, 403, "Content-Type: application/json", "x-amz-object-lock-legal-hold: ON")
}

// TestLockedBucketRights: who makes a bucket with Object Lock may be denied that.
func TestLockedBucketRights(t *testing.T) {
	a := &rules{}
	w := newWorld(t, memory, withRules(a))
	w.must("admin", "PUT", "/box", "", 200, "x-amz-bucket-object-lock-enabled: true")
	want := "admin CreateBucket box/ s3:CreateBucket, admin PutObjectLockConfiguration box/ s3:PutBucketObjectLockConfiguration, " +
		"admin PutBucketVersioning box/ s3:PutBucketVersioning"
	if got := strings.Join(a.take(), ", "); got != want {
		t.Errorf("asked for %q, want %q", got, want)
	}
}

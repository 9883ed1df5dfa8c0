package s3

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/iam/policy"
	"myfsio/object"
	"myfsio/sigv4"
)

// policies keeps the policies of buckets in memory.
type policies struct {
	mu sync.Mutex
	of map[string][]byte
}

func (p *policies) Get(bucket string) ([]byte, *policy.Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	raw, ok := p.of[bucket]
	if !ok {
		return nil, nil, false
	}
	doc, err := policy.Parse(raw, policy.Bucket, bucket)
	return raw, doc, err == nil
}

func (p *policies) Put(bucket string, raw []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[string][]byte{}
	}
	p.of[bucket] = raw
	return nil
}

func (p *policies) Delete(bucket string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.of, bucket)
	return nil
}

// rules is an Authorizer: administrators may do everything, others what one of its strings says: "who Operation bucket/key right",
// where each word may be *. It remembers what it was asked.
type rules struct {
	mu    sync.Mutex
	allow []string
	asked []string
	look  func(*gate.Request) // called for each question, may be nil
}

func (a *rules) Authorize(_ context.Context, r *gate.Request) error {
	if a.look != nil {
		a.look(r)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	who := r.Principal.DisplayName
	if r.Anonymous() {
		who = "nobody"
	}
	q := []string{who, r.Op.Name, r.Bucket + "/" + r.Key, r.Action()}
	a.asked = append(a.asked, strings.Join(q, " "))
	if r.Principal.Admin {
		return nil
	}
	for _, rule := range a.allow {
		if ok := true; len(q) == len(strings.Fields(rule)) {
			for i, w := range strings.Fields(rule) {
				ok = ok && (w == "*" || w == q[i])
			}
			if ok {
				return nil
			}
		}
	}
	return errAccessDenied()
}

// take returns the questions so far and forgets them.
func (a *rules) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := a.asked
	a.asked = nil
	return asked
}

// send makes a request for one of the people, "nobody" for an anonymous one, and returns status and body.
func (w *world) send(who, method, target, body string, headers ...string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequest(method, w.srv.URL+target, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	if who != "nobody" {
		p := people[who]
		s := sigv4.Signer{AccessKey: p[0], SecretKey: p[1], Region: "us-east-1"}
		s.Sign(req, sigv4.PayloadHash([]byte(body)), time.Now())
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
	return res.StatusCode, string(got)
}

func (w *world) must(who, method, target, body string, status int, headers ...string) string {
	w.t.Helper()
	got, text := w.send(who, method, target, body, headers...)
	if got != status {
		w.t.Fatalf("%s %s %s: status %d, want %d\n%s", who, method, target, got, status, text)
	}
	return text
}

func withRules(a *rules) func(*Config) { return func(c *Config) { c.Gate.Authorizer = a } }

// TestRightsAsked checks which rights are asked for beside that of the operation itself.
func TestRightsAsked(t *testing.T) {
	a := &rules{}
	w := newWorld(t, memory, withRules(a))
	w.bucket("box")
	w.must("admin", "PUT", "/box?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", 200)
	w.must("admin", "PUT", "/box/src", "x", 200, "x-amz-tagging: a=b")
	old := w.version("box", "src")
	w.must("admin", "PUT", "/box/src", "y", 200)
	upload := between(w.must("admin", "POST", "/box/m?uploads", "", 200), "<UploadId>", "</UploadId>")
	a.take()
	for _, tt := range []struct {
		method, target, body string
		headers              []string
		status               int
		want                 []string // "Operation key right"
	}{
		{"PUT", "/box/k", "x", nil, 200, []string{"PutObject k s3:PutObject"}},
		{"PUT", "/box/k", "x", []string{"x-amz-acl: private"}, 200, []string{"PutObject k s3:PutObject"}},
		{"PUT", "/box/k", "x", []string{"x-amz-acl: bucket-owner-full-control"}, 200, []string{"PutObject k s3:PutObject"}},
		{"PUT", "/box/k", "x", []string{"x-amz-acl: public-read", "x-amz-tagging: a=b"}, 200,
			[]string{"PutObject k s3:PutObject", "PutObjectTagging k s3:PutObjectTagging", "PutObjectAcl k s3:PutObjectAcl"}},
		{"PUT", "/box/k", "x", []string{"x-amz-grant-read: id=" + canonical("user")}, 200,
			[]string{"PutObject k s3:PutObject", "PutObjectAcl k s3:PutObjectAcl"}},
		{"POST", "/box/n?uploads", "", []string{"x-amz-acl: public-read"}, 200,
			[]string{"CreateMultipartUpload n s3:PutObject", "PutObjectAcl n s3:PutObjectAcl"}},
		{"PUT", "/box/c", "", []string{"x-amz-copy-source: /box/src"}, 200,
			[]string{"CopyObject c s3:PutObject", "GetObject src s3:GetObject"}},
		{"PUT", "/box/c", "", []string{"x-amz-copy-source: /box/src?versionId=" + old, "x-amz-acl: public-read"}, 200,
			[]string{"CopyObject c s3:PutObject", "GetObject src s3:GetObjectVersion", "GetObjectTagging src s3:GetObjectVersionTagging", "PutObjectAcl c s3:PutObjectAcl"}},
		{"PUT", "/box/m?partNumber=1&uploadId=" + upload, "", []string{"x-amz-copy-source: /box/src?versionId=" + old}, 200,
			[]string{"UploadPartCopy m s3:PutObject", "GetObject src s3:GetObjectVersion"}},
		{"PUT", "/box/m?partNumber=2&uploadId=" + upload, "x", nil, 200, []string{"UploadPart m s3:PutObject"}},
		{"GET", "/box/m?uploadId=" + upload, "", nil, 200, []string{"ListParts m s3:ListMultipartUploadParts"}},
		{"DELETE", "/box/m?uploadId=" + upload, "", nil, 204, []string{"AbortMultipartUpload m s3:AbortMultipartUpload"}},
		{"GET", "/box/src?attributes&versionId=" + old, "", []string{"x-amz-object-attributes: ETag"}, 200,
			[]string{"GetObjectAttributes src s3:GetObjectVersionAttributes", "GetObject src s3:GetObjectVersion"}},
		{"GET", "/box/src?versionId=" + old, "", nil, 200, []string{"GetObject src s3:GetObjectVersion"}},
		{"HEAD", "/box/src?versionId=" + old, "", nil, 200, []string{"HeadObject src s3:GetObjectVersion"}},
		{"GET", "/box/src?acl&versionId=" + old, "", nil, 200, []string{"GetObjectAcl src s3:GetObjectVersionAcl"}},
		{"PUT", "/box/src?acl&versionId=" + old, "", []string{"x-amz-acl: private"}, 200, []string{"PutObjectAcl src s3:PutObjectVersionAcl"}},
		{"GET", "/box/src?tagging&versionId=" + old, "", nil, 200, []string{"GetObjectTagging src s3:GetObjectVersionTagging"}},
		{"DELETE", "/box/src?tagging&versionId=" + old, "", nil, 204, []string{"DeleteObjectTagging src s3:DeleteObjectVersionTagging"}},
		{"DELETE", "/box/src?versionId=" + old, "", nil, 204, []string{"DeleteObject src s3:DeleteObjectVersion"}},
		{"PUT", "/box/renamed?renameObject", "", []string{"x-amz-rename-source: c"}, 200,
			[]string{"RenameObject renamed s3:PutObject", "GetObject c s3:GetObject", "GetObjectTagging c s3:GetObjectTagging", "DeleteObject c s3:DeleteObject"}},
		{"PUT", "/new", "", []string{"x-amz-acl: public-read", "x-amz-object-ownership: ObjectWriter"}, 200,
			[]string{"CreateBucket  s3:CreateBucket", "PutBucketOwnershipControls  s3:PutBucketOwnershipControls", "PutBucketAcl  s3:PutBucketAcl"}},
	} {
		w.must("admin", tt.method, tt.target, tt.body, tt.status, tt.headers...)
		var got []string
		for _, q := range a.take() {
			f := strings.Split(q, " ")
			_, key, _ := strings.Cut(f[2], "/")
			got = append(got, f[1]+" "+key+" "+f[3])
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s %s %v\ngot  %q\nwant %q", tt.method, tt.target, tt.headers, got, tt.want)
		}
	}
}

func (w *world) version(bucket, key string) string {
	v, err := w.store.Describe(context.Background(), bucket, key, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return v.VersionID
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// TestSharesNeedARight: who may write, and not share, writes what stays with its owner.
func TestSharesNeedARight(t *testing.T) {
	w := newWorld(t, memory, withRules(&rules{allow: []string{"user PutObject * s3:PutObject", "user CreateMultipartUpload * *", "nobody PutObject * *"}}))
	w.bucket("box")
	w.must("user", "PUT", "/box/k", "x", 200)
	w.must("user", "PUT", "/box/k", "x", 200, "x-amz-acl: bucket-owner-full-control")
	w.must("user", "PUT", "/box/k", "x", 403, "x-amz-acl: public-read")
	w.must("user", "PUT", "/box/k", "x", 403, "x-amz-grant-read: id="+canonical("user"))
	w.must("user", "POST", "/box/k?uploads", "", 403, "x-amz-acl: public-read")
	w.must("nobody", "PUT", "/box/n", "x", 200)
	w.must("nobody", "PUT", "/box/n", "x", 403, "x-amz-acl: public-read")
	for _, key := range []string{"k", "n"} {
		v, err := w.store.Describe(context.Background(), "box", key, "")
		if err != nil || v.Owner != canonical("admin") || !v.ACL.Default() {
			t.Errorf("%s: owner %q, list %v, %v", key, v.Owner, v.ACL, err)
		}
	}
}

// TestWriterOwns: where the writer owns what he writes, canned lists are his.
func TestWriterOwns(t *testing.T) {
	w := newWorld(t, memory, withRules(&rules{allow: []string{"user * * *"}}))
	w.bucket("box")
	w.must("admin", "PUT", "/box?ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>", 200)
	w.must("user", "PUT", "/box/k", "x", 200, "x-amz-acl: bucket-owner-read")
	v, err := w.store.Describe(context.Background(), "box", "k", "")
	want := []acl.Grant{{Grantee: acl.Grantee{ID: canonical("user")}, Permission: acl.FullControl}, {Grantee: acl.Grantee{ID: canonical("admin")}, Permission: acl.Read}}
	if err != nil || v.Owner != canonical("user") || !slices.Equal(v.ACL.Grants, want) {
		t.Errorf("owner %q, list %v, %v", v.Owner, v.ACL, err)
	}
	w.must("user", "PUT", "/box/k", "x", 200, "x-amz-acl: bucket-owner-full-control")
	if v, err = w.store.Describe(context.Background(), "box", "k", ""); err != nil || v.Owner != canonical("admin") {
		t.Errorf("owner %q, %v", v.Owner, err)
	}
}

// TestNoBucketYet: a gate that knows of no bucket does not keep its maker from a list.
func TestNoBucketYet(t *testing.T) {
	var err error
	a := &rules{}
	w := newWorld(t, memory, func(c *Config) {
		c.Gate.Authorizer = authorizer(func(ctx context.Context, r *gate.Request) error {
			if r.Op.Name == "PutBucketAcl" {
				return err
			}
			return a.Authorize(ctx, r)
		})
	})
	err = errAccessDenied()
	w.must("admin", "PUT", "/box", "", 403, "x-amz-acl: public-read")
	err = fault.New(fault.NoSuchBucket, "none")
	w.must("admin", "PUT", "/box", "", 200, "x-amz-acl: public-read")
}

type authorizer func(context.Context, *gate.Request) error

func (f authorizer) Authorize(ctx context.Context, r *gate.Request) error { return f(ctx, r) }

// TestListBucketsShowsWhatIsVisible: pages are full although most buckets are left out.
func TestListBucketsShowsWhatIsVisible(t *testing.T) {
	a := &rules{allow: []string{"user ListBuckets / *", "user ListBuckets b03/ *", "user HeadBucket b05/ *", "user HeadBucket b17/ *"}}
	w := newWorld(t, memory, withRules(a))
	for i := range 20 {
		owner := canonical("admin")
		if i == 9 {
			owner = canonical("user")
		}
		if _, err := w.store.CreateBucket(context.Background(), object.CreateBucket{Name: fmt.Sprintf("b%02d", i), Owner: owner}); err != nil {
			t.Fatal(err)
		}
	}
	page := func(query string) (names []string, token string) {
		var doc struct {
			Names []string `xml:"Buckets>Bucket>Name"`
			Token string   `xml:"ContinuationToken"`
		}
		if err := xml.Unmarshal([]byte(w.must("user", "GET", "/?"+query, "", 200)), &doc); err != nil {
			t.Fatal(err)
		}
		return doc.Names, doc.Token
	}
	for size, want := range map[int][][]string{
		1:  {{"b03"}, {"b05"}, {"b09"}, {"b17"}},
		2:  {{"b03", "b05"}, {"b09", "b17"}},
		3:  {{"b03", "b05", "b09"}, {"b17"}},
		4:  {{"b03", "b05", "b09", "b17"}},
		99: {{"b03", "b05", "b09", "b17"}},
	} {
		token := ""
		for i, names := range want {
			var got []string
			got, token = page(fmt.Sprintf("max-buckets=%d&continuation-token=%s", size, token))
			if !slices.Equal(got, names) || (token == "") != (i == len(want)-1) {
				t.Errorf("pages of %d, page %d: %q, token %q, want %q", size, i, got, token, names)
			}
		}
	}
	w.must("nobody", "GET", "/", "", 403)
}

// TestAnonymousMakesNoBucket also where the gate would let it.
func TestAnonymousMakesNoBucket(t *testing.T) {
	w := newWorld(t, memory, withRules(&rules{allow: []string{"nobody * * *"}}))
	w.must("nobody", "PUT", "/box", "", 403)
	w.must("nobody", "GET", "/", "", 403)
}

// TestStalePolicy: a policy that stayed behind never holds for a new bucket, and making what is there takes nothing away.
func TestStalePolicy(t *testing.T) {
	p := &policies{}
	w := newWorld(t, memory, func(c *Config) { c.Policies = p })
	p.Put("box", []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::box/*"}]}`))
	w.must("admin", "PUT", "/box", "", 200)
	w.must("admin", "GET", "/box?policy", "", 404)
	w.must("admin", "PUT", "/box?policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::box/*"}]}`, 204)
	w.must("admin", "PUT", "/box", "", 409)
	w.must("admin", "GET", "/box?policy", "", 200)
	w.must("admin", "DELETE", "/box", "", 204)
	if len(p.of) != 0 {
		t.Errorf("policies of no bucket: %v", p.of)
	}
}

// TestConditions checks what a policy's conditions are told.
func TestConditions(t *testing.T) {
	var got []string
	a := &rules{look: func(r *gate.Request) {
		c := &r.Conditions
		id, has := c.Source.Query("versionId")
		stored, err := c.Source.ObjectTags()
		brought, err2 := c.Source.RequestTags()
		got = append(got, fmt.Sprintf("%s %s/%s lists=%t %q version=%q,%t stored=%v brought=%v ua=%s header=%v from=%s %v %v", r.Op.Name, r.Bucket, r.Key, r.Lists, r.Prefix,
			id, has, stored, brought, c.UserAgent, c.Source.Header("X-Amz-Storage-Class"), c.SourceIP, err, err2))
		if c.Now.IsZero() || c.Secure || c.TLSVersion != "" {
			t.Errorf("conditions %+v", c)
		}
	}}
	w := newWorld(t, memory, withRules(a))
	w.bucket("box")
	w.must("admin", "PUT", "/box/src", "x", 200, "x-amz-tagging: a=b")
	for _, tt := range []struct {
		method, target, body string
		headers              []string
		want                 []string
	}{
		{"PUT", "/box/k", "x", []string{"x-amz-tagging: c=d", "x-amz-storage-class: STANDARD_IA"}, []string{
			`PutObject box/k lists=false "" version="",false stored=[] brought=[{c d}] ua=t header=[STANDARD_IA] from=127.0.0.1 <nil> <nil>`,
			`PutObjectTagging box/k lists=false "" version="",false stored=[] brought=[{c d}] ua=t header=[STANDARD_IA] from=127.0.0.1 <nil> <nil>`}},
		{"PUT", "/box/k?tagging", "<Tagging><TagSet><Tag><Key>e</Key><Value>f</Value></Tag></TagSet></Tagging>", nil, []string{
			`PutObjectTagging box/k lists=false "" version="",false stored=[{c d}] brought=[{e f}] ua=t header=[] from=127.0.0.1 <nil> <nil>`}},
		{"PUT", "/box/c", "", []string{"x-amz-copy-source: /box/src?versionId=null", "x-amz-tagging: g=h", "x-amz-tagging-directive: REPLACE"}, []string{
			`CopyObject box/c lists=false "" version="",false stored=[] brought=[{g h}] ua=t header=[] from=127.0.0.1 <nil> <nil>`,
			`GetObject box/src lists=false "" version="null",true stored=[{a b}] brought=[] ua=t header=[] from=127.0.0.1 <nil> <nil>`,
			`PutObjectTagging box/c lists=false "" version="",false stored=[] brought=[{g h}] ua=t header=[] from=127.0.0.1 <nil> <nil>`}},
		{"GET", "/box?list-type=2&prefix=a%2F", "", nil, []string{
			`ListObjectsV2 box/ lists=true "a/" version="",false stored=[] brought=[] ua=t header=[] from=127.0.0.1 <nil> <nil>`}},
		{"GET", "/box?versions", "", nil, []string{
			`ListObjectVersions box/ lists=true "" version="",false stored=[] brought=[] ua=t header=[] from=127.0.0.1 <nil> <nil>`}},
		{"GET", "/box?uploads&prefix=p", "", nil, []string{
			`ListMultipartUploads box/ lists=true "p" version="",false stored=[] brought=[] ua=t header=[] from=127.0.0.1 <nil> <nil>`}},
		{"HEAD", "/box", "", nil, []string{
			`HeadBucket box/ lists=false "" version="",false stored=[] brought=[] ua=t header=[] from=127.0.0.1 <nil> <nil>`}},
		{"GET", "/box/k?versionId=null", "", nil, []string{
			`GetObject box/k lists=false "" version="null",true stored=[{e f}] brought=[] ua=t header=[] from=127.0.0.1 <nil> <nil>`}},
		{"POST", "/box?delete", "<Delete><Object><Key>src</Key></Object><Object><Key>k</Key><VersionId>null</VersionId></Object></Delete>", []string{"content-md5: "}, []string{
			`DeleteObject box/src lists=false "" version="",false stored=[{a b}] brought=[] ua=t header=[] from=127.0.0.1 <nil> <nil>`,
			`DeleteObject box/k lists=false "" version="null",true stored=[{e f}] brought=[] ua=t header=[] from=127.0.0.1 <nil> <nil>`}},
	} {
		got = nil
		headers := append(tt.headers, "User-Agent: t")
		for i, h := range headers {
			if h == "content-md5: " {
				alg, sum := sumBody("CRC32", []byte(tt.body))
				headers[i] = alg.Header() + ": " + sum
			}
		}
		if status, body := w.send("admin", tt.method, tt.target, tt.body, headers...); status != 200 {
			t.Fatalf("%s %s: %d %s", tt.method, tt.target, status, body)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s %s\ngot  %s\nwant %s", tt.method, tt.target, strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
		}
	}
}

// TestReplacedWhileDecided: a decision about one version serves no other.
func TestReplacedWhileDecided(t *testing.T) {
	ctx := context.Background()
	var w *world
	replace, tag := 0, "" // how often the object is replaced behind a decision, and the tag it then has
	put := func(text, open string) {
		if _, err := w.store.Put(ctx, object.PutObject{Bucket: "box", Key: "k", Owner: canonical("admin"), Meta: object.Metadata{Tags: []object.Pair{{Name: "open", Value: open}}},
			Body: object.Body{Reader: strings.NewReader(text), Size: int64(len(text))}}); err != nil {
			t.Error(err)
		}
	}
	byTags := func(r *gate.Request) error {
		tags, err := r.Conditions.Source.ObjectTags()
		if err != nil || len(tags) != 1 || tags[0].Value != "yes" {
			return errAccessDenied()
		}
		return nil
	}
	byList := func(r *gate.Request) error {
		v, err := w.store.Describe(ctx, r.Bucket, r.Key, r.VersionID)
		if err != nil || v.Meta.Tags[0].Value != "yes" {
			return errAccessDenied()
		}
		r.Seen = v.Stamp
		return nil
	}
	for name, decide := range map[string]func(*gate.Request) error{"tags": byTags, "list": byList} {
		w = newWorld(t, memory, func(c *Config) {
			c.Gate.Authorizer = authorizer(func(_ context.Context, r *gate.Request) error {
				err := decide(r)
				if err == nil && replace > 0 {
					replace--
					put("new", tag)
				}
				return err
			})
		})
		w.bucket("box")
		for _, tt := range []struct {
			replace int
			tag     string
			status  int
			body    string
		}{{0, "", 200, "old"}, {1, "yes", 200, "new"}, {1, "no", 403, ""}, {2, "yes", 200, "new"}, {100, "yes", 503, ""}} {
			replace = 0
			put("old", "yes")
			replace, tag = tt.replace, tt.tag
			if status, body := w.send("user", "GET", "/box/k", ""); status != tt.status || status == 200 && body != tt.body {
				t.Errorf("%s, replaced %d times: %d %s, want %d", name, tt.replace, status, body, tt.status)
			}
		}
	}
}

// TestCopiedWhileDecided: neither a copy nor a read takes a version that came after the decision, also where there was none before.
func TestCopiedWhileDecided(t *testing.T) {
	ctx := context.Background()
	var w *world
	var behind []string // what takes the place of the object behind each decision: "yes text", "no text", or "" for nothing
	set := func(what string) {
		var err error
		if open, text, ok := strings.Cut(what, " "); ok {
			_, err = w.store.Put(ctx, object.PutObject{Bucket: "box", Key: "k", Owner: canonical("admin"), Meta: object.Metadata{Tags: []object.Pair{{Name: "open", Value: open}}},
				Body: object.Body{Reader: strings.NewReader(text), Size: int64(len(text))}})
		} else {
			_, err = w.store.Delete(ctx, object.DeleteObject{Bucket: "box", Key: "k"})
		}
		if err != nil {
			t.Error(err)
		}
	}
	w = newWorld(t, memory, func(c *Config) {
		c.Gate.Authorizer = authorizer(func(_ context.Context, r *gate.Request) error {
			if r.Key != "k" || r.Op != opGetObject && r.Op != opGetObjectTagging {
				return nil
			}
			tags, err := r.Conditions.Source.ObjectTags()
			if err != nil || len(tags) > 0 && tags[0].Value == "no" {
				return errAccessDenied()
			}
			if len(behind) > 0 {
				set(behind[0])
				behind = behind[1:]
			}
			return nil
		})
	})
	w.bucket("box")
	w.send("user", "POST", "/box/parts?uploads", "")
	uploads, err := w.store.ListUploads(ctx, object.ListUploads{Bucket: "box", Max: 1})
	if err != nil || len(uploads.Uploads) != 1 {
		t.Fatal(err)
	}
	part := "/box/parts?partNumber=1&uploadId=" + uploads.Uploads[0].UploadID
	for _, tt := range []struct {
		before string
		behind []string
		status int
		body   string
	}{
		{"yes old", nil, 200, "old"}, {"yes old", []string{"yes new"}, 200, "new"}, {"yes old", []string{"no new"}, 403, ""}, {"yes old", []string{""}, 404, ""},
		{"", nil, 404, ""}, {"", []string{"no new"}, 403, ""}, {"", []string{"yes new"}, 200, "new"},
		{"yes old", []string{"yes 1", "yes 2", "yes 3", "yes 4", "yes 5", "yes 6", "yes 7", "yes 8", "yes 9"}, 503, ""},
	} {
		for _, request := range []string{"GET /box/k", "PUT /box/copy", "PUT " + part} {
			behind = nil
			set(tt.before)
			behind = tt.behind
			method, target, _ := strings.Cut(request, " ")
			var lines []string
			if method == "PUT" {
				lines = []string{"x-amz-copy-source: /box/k"}
			}
			status, body := w.send("user", method, target, "", lines...)
			if target == "/box/copy" && status == 200 {
				_, body = w.send("user", "GET", "/box/copy", "")
			}
			if status != tt.status || status == 200 && target != part && body != tt.body {
				t.Errorf("%s, %q then %q: %d %s, want %d %s", request, tt.before, tt.behind, status, body, tt.status, tt.body)
			}
		}
	}
}

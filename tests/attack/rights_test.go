package attack

import (
	"crypto/md5"
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// statement is one of a bucket's policy; who is a user id or "*".
func statement(effect, who, actions, resources, more string) string {
	list := func(words string) string { return `["` + strings.ReplaceAll(words, " ", `","`) + `"]` }
	principal := `"*"`
	if who != "*" {
		principal = `{"AWS":"arn:aws:iam::000000000000:user/` + who + `"}`
	}
	if more != "" {
		more = "," + more
	}
	return `{"Effect":"` + effect + `","Principal":` + principal + `,"Action":` + list(actions) + `,"Resource":` + list(resources) + more + `}`
}

func md5Line(body string) string {
	sum := md5.Sum([]byte(body))
	return "Content-MD5: " + base64.StdEncoding.EncodeToString(sum[:])
}

func deleteDoc(keys ...string) string {
	s := "<Delete>"
	for _, k := range keys {
		key, version, _ := strings.Cut(k, "@")
		s += "<Object><Key>" + key + "</Key>"
		if version != "" {
			s += "<VersionId>" + version + "</VersionId>"
		}
		s += "</Object>"
	}
	return s + "</Delete>"
}

func arn(path string) string { return "arn:aws:s3:::" + path }

// TestForeignSources: copying reads, whatever the way in which the source is written.
func TestForeignSources(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	alice := b.alice
	b.do(b.bob.header("PUT", "/bob-box?versioning", `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`)).is(200)
	version := b.do(b.bob.header("PUT", "/bob-box/k", "secret of bob-box")).is(200).header.Get("X-Amz-Version-Id")
	b.do(b.bob.header("PUT", "/bob-box/open", "open now")).is(200)
	b.do(b.bob.header("PUT", "/bob-box/open", "open last")).is(200)
	old := b.do(b.bob.header("GET", "/bob-box?versions&prefix=open", "")).is(200)
	ids := strings.Split(old.body, "<VersionId>")
	oldest, _, _ := strings.Cut(ids[len(ids)-1], "<")
	b.do(b.bob.header("PUT", "/bob-box?policy", policyOf(statement("Allow", "alice", "s3:GetObject", arn("bob-box/open"), "")))).is(204)
	b.do(alice.header("GET", "/bob-box/open", "")).is(200)
	upload := b.do(alice.header("POST", "/alice-box/copy?uploads", "")).is(200).xml("UploadId")

	sources := []string{
		"/bob-box/k", "bob-box/k", "bob-box%2Fk", "/bob-box%2Fk", "%2Fbob-box%2Fk", "/bob-box/%6b", "%62ob-box/k", "//bob-box/k", "/alice-box/../bob-box/k",
		"/bob-box/open/../k", "/bob-box/./k", "bob-box/k?versionId=" + version, "bob-box/k?versionId=null", "bob-box/k%3FversionId=" + version, "bob-box/open?versionId=" + oldest,
		"bob-box/open?versionId=null", "bob-box/k?versionId=" + version + "&versionId=" + oldest, "bob-box/open?versionId=" + version, "bob-box/open%2F..%2Fk", "bob-box/absent",
		"bob-box/k?x=y", "bob-box/k#", "bob-box/k%00", "arn:aws:s3:::bob-box/k", "arn:aws:s3:us-east-1:000000000000:accesspoint/x/object/bob-box/k", "http://" + fixedHost + "/bob-box/k",
		"bob-box", "/", "", "bob-box/", "\\bob-box\\k", "BOB-BOX/k",
	}
	for _, src := range sources {
		line := "x-amz-copy-source: " + src
		for _, r := range []*req{
			alice.header("PUT", "/alice-box/copy", "", line),
			alice.v2("PUT", "/alice-box/copy", "", line),
			alice.pair("PUT", "/alice-box/copy", "", line),
			alice.presigned("PUT", "/alice-box/copy", "", line),
			alice.presigned("PUT", "/alice-box/copy?x-amz-copy-source="+escape(src), ""),
			alice.header("PUT", "/alice-box/copy?partNumber=1&uploadId="+upload, "", line),
			alice.presigned("PUT", "/alice-box/copy?partNumber=1&uploadId="+upload+"&x-amz-copy-source="+escape(src), ""),
			alice.header("PUT", "/alice-box/copy", "", line, "x-amz-copy-source-range: bytes=0-1"),
			alice.header("PUT", "/alice-box/copy", "", line, "x-amz-metadata-directive: REPLACE", "x-amz-tagging-directive: REPLACE"),
		} {
			a := b.do(r).refused("source " + src)
			if src == "bob-box/absent" && a.status != 403 {
				a.fail("it tells that a key is absent")
			}
		}
		b.do(alice.header("GET", "/alice-box/copy", "")).is(404)
	}
	b.do(alice.header("PUT", "/alice-box/copy", "", "x-amz-copy-source: bob-box/open")).is(200)
	if parts := b.do(alice.header("GET", "/alice-box/copy?uploadId="+upload, "")).is(200); strings.Contains(parts.body, "<Part>") {
		parts.fail("a part came of a source without right")
	}
	// Who may read and not write may not copy into it, and a copy within it needs both.
	b.do(alice.header("PUT", "/bob-box/new", "", "x-amz-copy-source: /alice-box/k")).is(403)
	b.do(alice.header("PUT", "/bob-box/open", "", "x-amz-copy-source: /bob-box/open", "x-amz-metadata-directive: REPLACE")).is(403)
	// Tags are a right of their own.
	b.do(b.bob.header("PUT", "/bob-box/open?tagging", `<Tagging><TagSet><Tag><Key>a</Key><Value>secret-tag</Value></Tag></TagSet></Tagging>`)).is(200)
	b.do(alice.header("PUT", "/alice-box/copy", "", "x-amz-copy-source: bob-box/open")).is(403)
	b.do(alice.header("PUT", "/alice-box/copy", "", "x-amz-copy-source: bob-box/open", "x-amz-tagging-directive: REPLACE")).is(200)
	tried("copy and part-copy without right to the source", "header", "v2", "pair", "presigned")
}

// TestRidersOnWrites: a right to write is none to tag, to share, or to a version.
func TestRidersOnWrites(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.do(b.bob.header("PUT", "/bob-box?versioning", `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`)).is(200)
	b.do(b.bob.header("PUT", "/bob-box?policy", policyOf(
		statement("Allow", "alice", "s3:GetObject s3:PutObject s3:DeleteObject", arn("bob-box/*"), "")))).is(204)
	v1 := b.do(b.bob.header("PUT", "/bob-box/k", "v1")).is(200).header.Get("X-Amz-Version-Id")
	b.do(b.bob.header("PUT", "/bob-box/k", "v2")).is(200)
	u := b.do(b.alice.header("POST", "/bob-box/up?uploads", "")).is(200).xml("UploadId")
	alice := b.alice
	for _, lines := range [][]string{
		{"x-amz-tagging: a=b"}, {"x-amz-acl: public-read"}, {"x-amz-acl: public-read-write"}, {"x-amz-acl: authenticated-read"},
		{"x-amz-grant-read: uri=http://acs.amazonaws.com/groups/global/AllUsers"}, {"x-amz-grant-full-control: id=" + strings.Repeat("0", 64)},
		{"x-amz-acl: private", "x-amz-grant-read: uri=http://acs.amazonaws.com/groups/global/AllUsers"},
		{"x-amz-grant-write-acp: uri=http://acs.amazonaws.com/groups/global/AuthenticatedUsers"},
	} {
		for _, r := range []*req{
			alice.header("PUT", "/bob-box/new", "x", lines...),
			alice.header("PUT", "/bob-box/new", "", append([]string{"x-amz-copy-source: /alice-box/k", "x-amz-tagging-directive: REPLACE"}, lines...)...),
			alice.header("POST", "/bob-box/new?uploads", "", lines...),
			alice.presigned("PUT", "/bob-box/new", "x", lines...),
			alice.pair("PUT", "/bob-box/new", "x", lines...),
			alice.streamed("/bob-box/new", true, []string{"x"}, nil, lines...),
		} {
			b.do(r).refused(lines[0])
		}
		if len(lines) > 1 {
			continue
		}
		name, value, _ := strings.Cut(lines[0], ": ")
		f := field{strings.TrimPrefix(name, "x-amz-"), value}
		if f.name != "acl" && f.name != "tagging" {
			f.name = name
		}
		if f.name == "tagging" {
			f.value = `<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>`
		}
		b.do(alice.form("bob-box", `{"key":"new"},["starts-with","$`+f.name+`",""]`, "x", field{"key", "new"}, f)).refused("form with " + f.name)
	}
	b.do(b.bob.header("GET", "/bob-box/new", "")).is(404)
	tried("tags and lists ride on writes", "header", "presigned", "pair", "trailer", "form")

	// Versions are rights of their own.
	for _, c := range []struct{ method, target string }{
		{"GET", "/bob-box/k?versionId=" + v1}, {"HEAD", "/bob-box/k?versionId=" + v1}, {"DELETE", "/bob-box/k?versionId=" + v1}, {"GET", "/bob-box/k?versionId=" + v1 + "&tagging"},
		{"GET", "/bob-box/k?versionI%64=" + v1}, {"DELETE", "/bob-box/k?versionId=null"}, {"GET", "/bob-box/k?versionId=" + v1 + "&attributes"}, {"GET", "/bob-box/k?attributes"},
		{"GET", "/bob-box/k?acl"}, {"GET", "/bob-box/k?tagging"}, {"DELETE", "/bob-box/k?tagging"}, {"GET", "/bob-box?versions"}, {"GET", "/bob-box?uploads"}, {"GET", "/bob-box"},
		{"GET", "/bob-box/up?uploadId=" + u}, {"DELETE", "/bob-box/up?uploadId=" + u}, {"GET", "/bob-box?policy"}, {"GET", "/bob-box?versioning"}, {"DELETE", "/bob-box"}, {"GET", "/bob-box?location"},
	} {
		for _, d := range doors {
			if d.name == "v2" || d.name == "v2-query" {
				continue // its signer here knows no query
			}
			b.do(d.make(alice, c.method, c.target, "")).is(403)
		}
	}
	a := b.do(alice.header("POST", "/bob-box?delete", deleteDoc("k@"+v1), md5Line(deleteDoc("k@"+v1))))
	a.is(200).holds("<Code>AccessDenied</Code>").lacks("<Deleted>")
	// An empty version id, and one twice, name none.
	b.do(alice.header("GET", "/bob-box/k?versionId=", "")).refused("an empty version")
	b.do(alice.header("GET", "/bob-box/k?versionId=&versionId="+v1, "")).lacks("v1")
	b.do(alice.header("GET", "/bob-box/k?versionId="+v1+"&versionId=", "")).is(403)
	b.do(b.bob.header("GET", "/bob-box/k?versionId="+v1, "")).is(200).holds("v1")
	tried("rights of versions", "header", "presigned", "pair")

	// One key of a batch that is not allowed goes by itself.
	b.do(b.bob.header("PUT", "/bob-box?policy", policyOf(statement("Allow", "alice", "s3:DeleteObject s3:DeleteObjectVersion", arn("bob-box/mine/*"), "")))).is(204)
	b.do(b.bob.header("PUT", "/bob-box/mine/a", "x")).is(200)
	b.do(b.bob.header("PUT", "/bob-box/theirs", "x")).is(200)
	keys := []string{"mine/a", "theirs", "mine/../theirs", "theirs@null", "Mine/a", "k@" + v1}
	doc := deleteDoc(keys...)
	a = b.do(alice.header("POST", "/bob-box?delete", doc, md5Line(doc))).is(200)
	if n := strings.Count(a.body, "<Code>AccessDenied</Code>"); n != 4 {
		a.fail("%d refusals", n)
	}
	for _, k := range []string{"/bob-box/theirs", "/bob-box/k"} {
		b.do(b.bob.header("GET", k, "")).is(200)
	}
	doc = strings.Replace(doc, "<Delete>", "<Delete><Quiet>true</Quiet>", 1)
	b.do(alice.header("POST", "/bob-box?delete", doc, md5Line(doc))).is(200).holds("<Code>AccessDenied</Code>")
	b.do((&req{method: "POST", target: "/bob-box?delete", body: doc, host: fixedHost}).with(md5Line(doc))).lacks("<Deleted>")
	b.do(b.bob.header("GET", "/bob-box/theirs", "")).is(200)
	tried("a foreign key in a batch", "header", "anonymous")
}

// TestForeignUploads: an upload belongs to its key, and its id opens nothing.
func TestForeignUploads(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.do(b.alice.header("POST", "/alice-box/up?uploads", "")).is(200).xml("UploadId")
	etag := b.do(b.alice.header("PUT", "/alice-box/up?partNumber=1&uploadId="+id, "data")).is(200).header.Get("ETag")
	complete := "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + etag + "</ETag></Part></CompleteMultipartUpload>"
	b.do(b.bob.header("PUT", "/bob-box?policy", policyOf(statement("Allow", "mallory", "s3:PutObject s3:AbortMultipartUpload s3:ListMultipartUploadParts", arn("bob-box/m/*"), "")))).is(204)
	for who, u := range map[string]user{"bob": b.bob, "mallory": b.mallory, "nobody": nobody} {
		for _, target := range []string{"/alice-box/up", "/alice-box/other", "/bob-box/up", "/bob-box/m/up"} {
			t := target + "?uploadId=" + id
			for _, r := range []*req{
				{method: "PUT", target: target + "?partNumber=1&uploadId=" + id, body: "evil"}, {method: "GET", target: t}, {method: "DELETE", target: t}, {method: "POST", target: t, body: complete},
				{method: "PUT", target: target + "?partNumber=2&uploadId=" + id, lines: []string{"x-amz-copy-source: /bob-box/k"}},
			} {
				b.do(u.sign(r)).refused(who)
			}
		}
	}
	// The key of an upload cannot be exchanged for another, in the bucket or elsewhere.
	for _, target := range []string{"/alice-box/other", "/alice-box/up%00", "/alice-box/UP", "/alice-box/up/"} {
		b.do(b.alice.header("POST", target+"?uploadId="+id, complete)).refused("another key")
	}
	mine := b.do(b.mallory.header("POST", "/bob-box/m/x?uploads", "")).is(200).xml("UploadId")
	for _, target := range []string{"/bob-box/x", "/bob-box/n/x", "/bob-box/m/../n/x", "/alice-box/m/x"} {
		b.do(b.mallory.header("POST", target+"?uploadId="+mine, complete)).refused("complete outside the prefix")
		b.do(b.mallory.header("PUT", target+"?partNumber=1&uploadId="+mine, "x")).refused("a part outside the prefix")
	}
	for _, bad := range []string{"", "..", "../" + id, id + "%00", id + "x", strings.ToLower(id) + "y", "%2F", strings.Repeat("A", 4000)} {
		b.do(b.alice.header("PUT", "/alice-box/up?partNumber=1&uploadId="+bad, "x")).refused("upload id " + bad)
	}
	b.do(b.alice.header("POST", "/alice-box/up?uploadId="+id, complete)).is(200)
	b.do(b.alice.header("GET", "/alice-box/up", "")).is(200).holds("data")
	b.do(b.bob.header("GET", "/bob-box?uploads", "")).is(200).holds(mine).lacks(id)
	tried("uploads of others", "header", "anonymous")
}

// TestPrefixEscapes: who may do something below a prefix stays there, in S3 and on the disk.
func TestPrefixEscapes(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.do(root.header("PUT", "/team", "")).is(200)
	b.do(root.header("PUT", "/team/team-b/x", "of team b")).is(200)
	b.do(root.header("PUT", "/team/team-ab", "neighbour")).is(200)
	carol := b.newUser("carol", `[{"bucket":"team","actions":["list","read","write","delete"],"prefix":"team-a/"}]`)
	carl := b.newUser("carl", `[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*Object","Resource":"arn:aws:s3:::team/team-a/*"},
		{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::team","Condition":{"StringLike":{"s3:prefix":"team-a/*"}}}]}]`)
	s := b.session(carol, "")
	for _, u := range []user{carol, carl, s} {
		b.do(u.header("PUT", "/team/team-a/x", "of team a")).is(200)
		for _, key := range []string{
			"team-a/../team-b/x", "team-a/..%2Fteam-b%2Fx", "team-a/%2e%2e/team-b/x", "team-a/..\\team-b\\x", "team-a//../team-b/x", "team-a/./../team-b/x", "team-a/../../../../../../tmp/x",
			"team-a/../../bob-box/k", "team-a/../../.myfsio.sys/config/iam.json", "team-a/%c0%ae%c0%ae/team-b/x", "team-a/..%00/team-b/x", "team-a/\xef\xbc\x8e\xef\xbc\x8e/team-b/x",
		} {
			key = (&url.URL{Path: "/team/"}).Path + key
			if strings.Contains(key, "\xef") {
				key = strings.ReplaceAll(key, "\xef\xbc\x8e", "%EF%BC%8E")
			}
			key = strings.ReplaceAll(key, `\`, "%5C")
			a := b.do(u.header("PUT", key, "of carol"))
			if a.status == 200 { // a key of its own
				b.do(u.header("GET", key, "")).is(200).holds("of carol")
				b.do(u.header("DELETE", key, "")).is(204)
			} else {
				a.refused(key)
			}
			b.do(root.header("GET", "/team/team-b/x", "")).is(200).holds("of team b")
		}
		for _, key := range []string{
			"team-b/x", "team-a", "team-ab", "team-A/x", "/team-a/x", "./team-a/x", "x/../team-a/x", "%2Fteam-a/x", "team-%61b", "team-b/../team-a/x", "..%2Fteam%2Fteam-a%2Fx",
		} {
			for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
				b.do(u.header(method, "/team/"+key, "")).refused(method + " " + key).lacks("of team b").lacks("neighbour")
			}
			b.do(u.header("PUT", "/team/team-a/copy", "", "x-amz-copy-source: /team/"+key)).refused("copy of " + key)
		}
		// Listings.
		for _, q := range []string{
			"", "prefix=", "prefix=team-", "prefix=team-b/", "prefix=team-a", "prefix=TEAM-A/", "prefix=/team-a/", "delimiter=/", "delimiter=/&prefix=", "prefix=&prefix=team-a/", "start-after=team-a/", "marker=team-a/",
			"list-type=2&start-after=team-a/", "list-type=2&prefix=", "list-type=2&prefix=team-b/&start-after=team-a/", "versions", "versions&prefix=", "versions&prefix=team-b/", "versions&key-marker=team-a/", "uploads",
			"uploads&prefix=team-b/", "Prefix=team-a/", "%70refix=", "list-type=2&continuation-token=AAAA",
		} {
			b.do(u.header("GET", "/team?"+q, "")).refused("listing " + q).lacks("of team b").lacks("team-ab").lacks("team-b/x")
		}
		for _, q := range []string{
			"prefix=team-a/", "prefix=team-a/&prefix=", "prefix=team-a/&prefix=team-b/", "prefix=team-a/&delimiter=/", "prefix=team-a/&delimiter=a", "prefix=team-a/&marker=team-b/", "prefix=team-a/&marker=a", "prefix=team-a/&encoding-type=url",
			"list-type=2&prefix=team-a/&start-after=a", "list-type=2&prefix=team-a/../", "prefix=team-a/..", "prefix=team-a/&max-keys=1000",
		} {
			b.do(u.header("GET", "/team?"+q, "")).is(200).lacks("team-ab").lacks("team-b/x").lacks("<Key>team-b")
		}
	}
	// The token of a listing of another user leads nowhere else.
	page := b.do(root.header("GET", "/team?list-type=2&max-keys=1", "")).is(200)
	token := page.xml("NextContinuationToken")
	for _, q := range []string{"list-type=2&continuation-token=" + escape(token), "list-type=2&prefix=team-b/&continuation-token=" + escape(token)} {
		b.do(carol.header("GET", "/team?"+q, "")).is(403)
	}
	b.do(carol.header("GET", "/team?list-type=2&prefix=team-a/&continuation-token="+escape(token), "")).is(200).lacks("team-b").lacks("team-ab")
	b.do(carol.header("GET", "/", "")).is(200).holds("<Name>team</Name>").lacks("bob-box").lacks("alice-box")
	tried("prefix escapes and listings", "header", "session")

	// Keys that the disk would take for others are not there, and nothing left the tree of the bucket.
	for _, key := range []string{"../bob-box/evil", "../../evil", "..", ".", "a/../../bob-box/evil", "%2e%2e/evil", "../.myfsio.sys/config/evil", "a%00b", "%2Ftmp%2Fevil", "team-a%2F..%2Fevil", `..%5Cevil`, "a/%2e%2e/%2e%2e/evil", ".myfsio.sys/evil"} {
		if a := b.do(root.header("PUT", "/team/"+key, "evil bytes")); a.status != 200 {
			a.refused(key)
		} else {
			b.do(root.header("GET", "/team/"+key, "")).is(200).holds("evil bytes")
		}
	}
	b.stop() // the view is drained
	base := filepath.Dir(b.dir)
	for path, text := range filesBelow(t, base) {
		rel, _ := filepath.Rel(b.dir, path)
		if text == "evil bytes" && !strings.HasPrefix(rel, "team/") && !strings.HasPrefix(rel, ".myfsio.sys/blobs/") {
			t.Errorf("bytes of a key are at %s", rel)
		}
		if rel == "team/team-b/x" && text != "of team b" {
			t.Errorf("%s holds %q", rel, text)
		}
	}
	if _, err := os.Stat(filepath.Join(b.dir, "team", "team-b", "x")); err != nil {
		t.Error("the view has no file of team b: ", err)
	}
	tried("prefix escapes on the disk", "files")
}

// TestOddPaths: no spelling of a path leads past the bucket or the key that is meant.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	b := newBox(t, "S3_DOMAINS", "s3.test")
	for _, target := range []string{
		"//bob-box/k", "/bob-box//k", "/./bob-box/k", "/alice-box/../bob-box/k", "/alice-box/..%2fbob-box/k", "/alice-box%2f..%2fbob-box/k", "/bob-box%2Fk", "/bob-box%2fk", "/%62ob-box/k", "/bob-box/k/", "/bob-box/k%00",
		"/bob-box/%6b", "/bob-box%00/k", "/BOB-BOX/k", "/bob-box;x/k", "/bob-box/k;x=1", "/bob-box/k%20", "/bob-box/%ff", "/%ff/k", "/bob-box\\k", "\\bob-box\\k", "http://" + fixedHost + "/bob-box/k", "http://evil.test/bob-box/k",
		"http://bob-box.s3.test/k", "/bob-box/k?%00", "/bob-box/k?%zz", "/bob-box/k?versionId=%ff", "/bob-box/%", "/bob-box/%2", "*", "/bob-box/k HTTP/1.0", "bob-box/k", "/?/bob-box/k", "/bob-box/k?a=b?c=d", "/bob-box/k%3Facl",
	} {
		for _, host := range []string{fixedHost, "bob-box.s3.test", "alice-box.s3.test", "BOB-BOX.S3.TEST:5000", "bob-box.s3.test.", "..s3.test", ".s3.test", "x..s3.test", "bob-box%2e.s3.test", "s3.test", "bob-box.s3.test:x", "[::1]:5000", "bob-box.s3.test@evil"} {
			for _, method := range []string{"GET", "PUT", "DELETE", "HEAD"} {
				a, err := b.try(&req{method: method, target: target, host: host})
				if err == nil {
					a.refused("anonymous at " + host).lacks("secret of")
				}
				if strings.HasPrefix(target, "*") || strings.Contains(target, "HTTP/1.0") || strings.Contains(target, "%zz") || strings.HasSuffix(target, "%") || strings.HasSuffix(target, "%2") || !strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "http") || strings.ContainsAny(host, "%@") {
					continue // nothing that could be signed
				}
				a, err = b.try(b.mallory.sign(&req{method: method, target: target, host: host}))
				if err == nil && (a.status < 300 && !strings.Contains(a.body, "ListAllMyBucketsResult")) {
					a.fail("a user without rights at %s", host)
				} else if err == nil {
					a.lacks("secret of").lacks("bob-box</Name>")
				}
			}
		}
	}
	b.do(b.bob.header("GET", "/bob-box/k", "")).is(200)
	tried("odd paths and hosts", "anonymous", "header")
}

// TestPresignedRights: a signed URL is worth what its maker may do when it is used.
func TestPresignedRights(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	dora := b.newUser("dora", `[{"bucket":"bob-box","actions":["read"]}]`)
	ask := func(u user, doc string) *answer {
		return b.do(u.header("POST", "/admin/presign", doc, "Content-Type: application/json").secret())
	}
	for _, doc := range []string{
		`{"bucket":"bob-box","key":"k","method":"PUT"}`, `{"bucket":"bob-box","key":"k","method":"DELETE"}`, `{"bucket":"alice-box","key":"k"}`, `{"bucket":"bob-box","key":"k","method":"PATCH"}`,
		`{"bucket":"bob-box/../alice-box","key":"k"}`, `{"bucket":"","key":"alice-box/k"}`, `{"bucket":"bob-box","key":""}`, `{"bucket":"iam","key":"users"}`, `{"bucket":"bob-box","key":"k","expires_in":0}`,
		`{"bucket":"bob-box","key":"k","expires_in":604801}`, `{"bucket":"bob-box","key":"k","response_content_type":"text/html\r\nX-Evil: 1"}`, `{"bucket":"bob-box","key":"k","method":"GET","Method":"PUT"}`,
	} {
		if a := ask(dora, doc); a.status == 200 {
			a.fail("%s", doc)
		}
	}
	a := ask(dora, `{"bucket":"bob-box","key":"k","expires_in":60}`).is(200)
	u, err := url.Parse(a.json("url"))
	if err != nil {
		t.Fatal(err)
	}
	get := (&req{method: "GET", target: u.RequestURI(), host: u.Host})
	b.do(get).is(200).holds("secret of bob-box")
	own := dora.presigned("GET", "/bob-box/k", "")
	b.do(own).is(200)
	s := b.session(dora, "")
	ofSession := s.presigned("GET", "/bob-box/k", "")
	b.do(ofSession).is(200)
	narrow := b.session(dora, policyOf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bob-box/other"}`))
	if a := ask(narrow, `{"bucket":"bob-box","key":"k"}`); a.status == 200 {
		a.fail("a narrowed session signs what it may not do")
	}
	b.do(narrow.presigned("GET", "/bob-box/k", "")).is(403)
	revoke := func(what, method, path, body string) {
		b.do(root.header(method, path, body, "Content-Type: application/json")).is(200)
		for _, r := range []*req{get, own, ofSession} {
			b.do(r).refused(what)
		}
	}
	again := func(method, path, body string) {
		b.do(root.header(method, path, body, "Content-Type: application/json")).is(200)
		b.do(own).is(200)
		b.do(ofSession).is(200)
	}
	user := "/iam/users/" + dora.id
	revoke("a disabled user", "POST", user+"/disable", "")
	again("POST", user+"/enable", "")
	revoke("a disabled key", "POST", user+"/keys/"+dora.key+"/disable", "")
	again("POST", user+"/keys/"+dora.key+"/enable", "")
	revoke("rights taken away", "PUT", user+"/policies", `[]`)
	again("PUT", user+"/policies", `[{"bucket":"bob-box","actions":["read"]}]`)
	revoke("expired", "POST", user+"/expiry", `{"expires_at":"2001-01-01T00:00:00Z"}`)
	again("POST", user+"/expiry", `{"expires_at":""}`)
	b.do(root.header("POST", user+"/rotate", "").secret()).is(200)
	for _, r := range []*req{get, own, ofSession} {
		b.do(r).refused("a rotated secret")
	}
	b.do(root.header("DELETE", user, "")).is(204)
	for _, r := range []*req{get, own, ofSession} {
		b.do(r).refused("a removed user")
	}
	tried("presigned URLs beyond their maker's rights", "presigned", "admin", "session")
}

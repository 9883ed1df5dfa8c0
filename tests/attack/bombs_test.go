package attack

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// quick is how long the answer to a bomb may take on a busy machine. A thousandth is usual.
const quick = 5 * time.Second

// peak watches how much the heap grows while f runs.
func peak(f func()) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, uint64(0)
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	f()
	close(done)
	watch.Wait()
	return most - min(most, before)
}

// TestBombs: documents made to cost much are refused or read, quickly and without much memory.
func TestBombs(t *testing.T) { // alone, as it looks at the heap
	b := newBox(t)
	alice := b.alice
	deep := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	many := func(n int, f func(i int) string) string {
		var s []string
		for i := range n {
			s = append(s, f(i))
		}
		return strings.Join(s, ",")
	}
	stars := strings.Repeat("*a", 500)
	manyStatements := policyOf(many(1000, func(i int) string {
		return statement("Allow", "*", "s3:GetObject", arn(fmt.Sprint("alice-box/", i)), "")
	}))
	const entity = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>`
	const external = `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>`
	xml := map[string]string{
		"entities": entity + `<Tagging><TagSet><Tag><Key>&c;</Key><Value>x</Value></Tag></TagSet></Tagging>`, "an external entity": external + `<Tagging><TagSet><Tag><Key>k</Key><Value>&a;</Value></Tag></TagSet></Tagging>`,
		"an external DTD": `<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><Tagging><TagSet/></Tagging>`, "a parameter entity": `<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd">%a;]><Tagging><TagSet/></Tagging>`,
		"depth": deep("<Tagging>", "</Tagging>", 5000), "attributes": "<Tagging " + strings.ReplaceAll(many(5000, func(i int) string { return fmt.Sprintf(`a%d="b"`, i) }), ",", " ") + "/>", "an open end": strings.Repeat("<TagSet>", 10000),
		"a long name": "<" + strings.Repeat("a", 60000) + "/>", "comments": "<Tagging>" + strings.Repeat("<!-- x -->", 5000), "instructions": strings.Repeat("<?x y?>", 8000), "references": "<Tagging>" + strings.Repeat("&#x41;", 9000), "cdata": "<Tagging>" + strings.Repeat("<![CDATA[x]]>", 4000),
		"XInclude": `<Tagging xmlns:xi="http://www.w3.org/2001/XInclude"><TagSet><xi:include href="file:///etc/passwd" parse="text"/></TagSet></Tagging>`, "UTF-16": "\xff\xfe<\x00T\x00a\x00g\x00>\x00", "another encoding": `<?xml version="1.0" encoding="UTF-7"?>+ADw-Tagging+AD4-`, "NUL": "<Tagging>\x00</Tagging>",
	}
	json := map[string]string{
		"depth": deep("[", "]", 5000), "depth of objects": strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), "numbers": `{"display_name":1e999999999}`, "a long number": `{"display_name":` + strings.Repeat("9", 20000) + `}`, "members": "{" + many(5000, func(i int) string { return fmt.Sprintf(`"a%d":1`, i) }) + ",\"a1\":2}",
		"not UTF-8": "{\"display_name\":\"\xff\"}", "a surrogate": `{"display_name":"\ud800","policies":[{"bucket":"*","actions":["iam:*"]}`, "an open end": strings.Repeat(`[{"a":`, 3000), "two values": `{} {}`,
	}
	policies := map[string]string{
		"wildcards": policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/"+strings.Repeat(stars, 10)), "")), "many wildcards": policyOf(many(19, func(i int) string { return statement("Allow", "*", "s3:*", arn("alice-box/"+stars[:900]), "") })),
		"statements": manyStatements, "depth": deep("[", "]", 10000), "conditions": policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"StringLike":{`+many(400, func(i int) string { return fmt.Sprintf(`"s3:ExistingObjectTag/t%d":"`+stars[:20]+`b"`, i) })+`}}`)),
		"too long": policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), "")) + strings.Repeat(" ", 21<<10), "variables": policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/"+strings.Repeat("${aws:username}", 1000)), "")), "principals": policyOf(strings.Replace(statement("Allow", "x", "s3:GetObject", arn("alice-box/*"), ""), `{"AWS":"arn:aws:iam::000000000000:user/x"}`, `{"AWS":[`+many(400, func(i int) string { return fmt.Sprintf(`"arn:aws:iam::000000000000:user/%d"`, i) })+`]}`, 1)),
	}
	expensive := "/alice-box/" + strings.Repeat("a", 1000)
	took := func(what string, f func() *answer) *answer {
		began := time.Now()
		a := f()
		if d := time.Since(began); d > quick {
			a.fail("%s: it took %v", what, d)
		}
		return a
	}
	grown := peak(func() {
		for name, doc := range xml {
			for _, target := range []string{"/alice-box/k?tagging", "/alice-box/k?acl", "/alice-box?acl", "/alice-box?cors", "/alice-box?versioning", "/alice-box?ownershipControls", "/alice-box?publicAccessBlock", "/other-box"} {
				took(name, func() *answer { return b.do(alice.header("PUT", target, doc)) }).refused("XML, " + name).lacks("root:")
			}
			took(name, func() *answer { return b.do(alice.header("POST", "/alice-box?delete", doc, md5Line(doc))) }).refused("XML, " + name)
			took(name, func() *answer { return b.do(alice.header("POST", "/alice-box/k?uploadId=x", doc)) }).refused("XML, " + name)
			took(name, func() *answer {
				return b.do(alice.form("alice-box", `{"key":"k"},["starts-with","$tagging",""]`, "x", field{"key", "k"}, field{"tagging", doc[:min(len(doc), 15000)]}))
			}).refused("XML in a form, " + name)
		}
		for name, doc := range json {
			for _, target := range []string{"/iam/users", "/iam/simulate", "/admin/presign", "/iam/users/" + alice.id + "/name", "/iam/users/" + alice.id + "/expiry"} {
				took(name, func() *answer { return b.do(root.header("POST", target, doc, "Content-Type: application/json")) }).refused("JSON, " + name)
			}
			took(name, func() *answer { return b.do(root.header("PUT", "/iam/users/"+alice.id+"/policies", doc)) }).refused("JSON, " + name)
			for _, target := range []string{"/alice-box/k?tagging", "/alice-box?acl", "/alice-box?cors", "/alice-box?versioning"} {
				took(name, func() *answer { return b.do(alice.header("PUT", target, doc, "Content-Type: application/json")) }).refused("JSON, " + name)
			}
			took(name, func() *answer {
				return b.do(alice.sts("Action=AssumeRole&RoleSessionName=xx&Policy=" + escape(doc[:min(len(doc), 2000)])))
			}).refused("a session's policy, " + name)
			f := formOf("alice-box", "x", []field{{"key", "k"}, {"policy", base64.StdEncoding.EncodeToString([]byte(doc[:min(len(doc), 10000)]))}})
			took(name, func() *answer { return b.do(f) }).refused("a form's policy, " + name)
		}
		for name, doc := range policies {
			a := took(name, func() *answer { return b.do(alice.header("PUT", "/alice-box?policy", doc)) })
			if a.status != 204 {
				a.refused("policy, " + name)
				continue
			}
			for _, u := range []user{nobody, b.mallory, b.bob} {
				for _, method := range []string{"GET", "PUT", "DELETE"} {
					took("deciding by "+name, func() *answer { return b.do(u.sign(&req{method: method, target: expensive})) }).refused("policy, " + name)
				}
				took("a batch by "+name, func() *answer {
					doc := deleteDoc(strings.Split(strings.TrimSuffix(strings.Repeat(strings.Repeat("a", 900)+" ", 1000), " "), " ")...)
					return b.do(u.sign((&req{method: "POST", target: "/alice-box?delete", body: doc}).with(md5Line(doc))))
				})
			}
			b.do(alice.header("DELETE", "/alice-box?policy", "")).is(204)
		}
	})
	if grown > 200<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	tried("bombs: XML, JSON, policies", "header", "form", "admin", "sts", "anonymous")
}

// TestHugeRequests: what is too large is refused before it is held in memory.
func TestHugeRequests(t *testing.T) { // alone, as it looks at the heap
	b := newBox(t, "MAX_UPLOAD_SIZE", "1000000")
	alice := b.alice
	mib := strings.Repeat("x", 1<<20)
	lines := func(n int, f func(i int) string) (out []string) {
		for i := range n {
			out = append(out, f(i))
		}
		return out
	}
	huge := map[string]*req{
		"a header":             nobody.sign((&req{method: "GET", target: "/alice-box/k"}).with("X: " + mib[:200000])),
		"many headers":         nobody.sign((&req{method: "GET", target: "/alice-box/k"}).with(lines(5000, func(i int) string { return fmt.Sprintf("x-amz-meta-%d: y", i) })...)),
		"a query":              nobody.sign(&req{method: "GET", target: "/alice-box/k?x=" + mib[:200000]}),
		"a signed query":       alice.presigned("GET", "/alice-box/k?response-content-type="+mib[:30000], ""),
		"many parameters":      alice.header("GET", "/alice-box?"+strings.Repeat("a=b&", 4000), ""),
		"a path":               nobody.sign(&req{method: "GET", target: "/alice-box/" + mib[:100000]}),
		"a key":                alice.header("PUT", "/alice-box/"+mib[:1025], "x"),
		"a token":              alice.header("GET", "/alice-box/k", "", "x-amz-security-token: "+mib[:12000]),
		"signed headers":       (&req{method: "GET", target: "/alice-box/k", host: fixedHost}).with("Authorization: AWS4-HMAC-SHA256 Credential=x/20200101/r/s3/aws4_request, SignedHeaders=" + strings.Repeat("a;", 5000) + ", Signature=" + hash("")),
		"metadata":             alice.header("PUT", "/alice-box/k", "x", "x-amz-meta-a: "+mib[:5000]),
		"tags":                 alice.header("PUT", "/alice-box/k", "x", "x-amz-tagging: "+strings.Repeat("a=b&", 3000)),
		"fifty-one tags":       alice.header("PUT", "/alice-box/k", "x", "x-amz-tagging: "+manyTags(51)),
		"grants":               alice.header("PUT", "/alice-box/k", "x", "x-amz-grant-read: "+strings.Repeat("id=x,", 2000)),
		"an object":            alice.header("PUT", "/alice-box/k", mib),
		"an object in chunks":  alice.streamed("/alice-box/k", true, []string{mib}, nil),
		"a form's file":        alice.form("alice-box", `{"key":"f"}`, mib, field{"key", "f"}),
		"a form's field":       alice.form("alice-box", `{"key":"f"}`, "x", field{"key", "f"}, field{"x-ignore-a", mib[:100000]}),
		"ten thousand fields":  formOf("alice-box", "x", fieldsOf(10000)),
		"an anonymous form":    formOf("alice-box", mib, []field{{"key", "f"}}),
		"a form without end":   nobody.sign((&req{method: "POST", target: "/alice-box", body: strings.Repeat("a", 500000)}).with("Content-Type: multipart/form-data; boundary=x")),
		"a long boundary":      nobody.sign((&req{method: "POST", target: "/alice-box", body: mib[:1000]}).with("Content-Type: multipart/form-data; boundary=" + mib[:9000])),
		"a document":           alice.header("PUT", "/alice-box?acl", mib),
		"a batch":              alice.header("POST", "/alice-box?delete", strings.Repeat(mib, 4), md5Line(strings.Repeat(mib, 4))),
		"1001 keys":            alice.header("POST", "/alice-box?delete", deleteDoc(lines(1001, func(i int) string { return fmt.Sprint(i) })...), md5Line(deleteDoc(lines(1001, func(i int) string { return fmt.Sprint(i) })...))),
		"administration":       root.header("POST", "/iam/users", strings.Repeat(mib, 2)),
		"administration, pair": root.pair("POST", "/iam/users", strings.Repeat(mib, 2)),
		"STS":                  alice.sts("Action=GetCallerIdentity&x=" + mib),
		"many policies":        root.header("PUT", "/iam/users/"+alice.id+"/policies", "["+strings.TrimSuffix(strings.Repeat(`{"bucket":"a-b","actions":["read"]},`, 101), ",")+"]"),
		"a large policy":       root.header("PUT", "/iam/users/"+alice.id+"/policies", `[{"bucket":"*","actions":["read"],"prefix":"`+mib[:70000]+`"}]`),
		"an upload of many":    alice.header("POST", "/alice-box/k?uploadId=x", strings.Repeat("<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>", 40000)),
		"ranges":               alice.header("GET", "/alice-box/k?versions", "", "Range: bytes="+strings.Repeat("0-1,", 3000)),
	}
	for name, r := range huge {
		began := time.Now()
		a, err := b.try(r)
		if err == nil {
			if a.status == 431 || a.status == 413 {
				a.status = 400
			}
			a.refused(name)
		}
		if d := time.Since(began); d > quick {
			t.Errorf("%s: it took %v", name, d)
		}
	}
	b.do(alice.header("GET", "/alice-box/k", "")).is(200).holds("secret of alice-box")
	// Announced and not sent: nothing is reserved for it.
	grown := peak(func() {
		for range 20 {
			for _, r := range []*req{
				(&req{method: "PUT", target: "/alice-box/k"}).with("Content-Length: 999999999999999"), (&req{method: "POST", target: "/iam/users"}).with("Content-Length: 1000000", "X-Access-Key: x", "X-Secret-Key: y"),
				(&req{method: "POST", target: "/alice-box"}).with("Content-Length: 999999999999999", "Content-Type: multipart/form-data; boundary=x"), (&req{method: "POST", target: "/"}).with("Content-Length: 60000", "Content-Type: application/x-www-form-urlencoded", "X-Access-Key: x", "X-Secret-Key: y"),
			} {
				r.raw = true
				c, err := net.Dial("tcp", b.host)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				io.WriteString(c, r.text(b.host))
			}
			b.do(alice.header("GET", "/alice-box/k", "")).is(200)
		}
	})
	if grown > 100<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	tried("bombs: sizes", "header", "presigned", "chunked", "form", "anonymous", "admin", "sts", "pair")

	// What is compressed is not taken apart, and an answer is not blown up by asking for it compressed.
	var z bytes.Buffer
	zw := gzip.NewWriter(&z)
	io.WriteString(zw, strings.Repeat(" ", 10<<20)+`{"display_name":"x","policies":[]}`)
	zw.Close()
	for _, r := range []*req{
		root.header("POST", "/iam/users", z.String(), "Content-Encoding: gzip", "Content-Type: application/json"), alice.header("PUT", "/alice-box?acl", z.String(), "Content-Encoding: gzip"), alice.sts(z.String()).with("Content-Encoding: gzip"),
	} {
		b.do(r).refused("a gzip bomb")
	}
	b.do(alice.header("PUT", "/alice-box/z", z.String(), "Content-Encoding: gzip")).is(200)
	if got := b.do(alice.header("GET", "/alice-box/z", "", "Accept-Encoding: gzip")).is(200); got.body != z.String() {
		got.fail("the bytes of an object were changed")
	}
	tried("bombs: gzip", "header", "admin", "sts")
}

func fieldsOf(n int) (out []field) {
	for i := range n {
		out = append(out, field{fmt.Sprint("x-ignore-", i), ""})
	}
	return out
}

// TestSlowBodies: who sends nothing is let go, and holds up nobody meanwhile.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	b := newBox(t, "REQUEST_BODY_TIMEOUT_SECONDS", "1")
	var all sync.WaitGroup
	for name, r := range map[string]*req{
		"a body": b.alice.header("PUT", "/alice-box/slow", strings.Repeat("x", 1000)), "chunks": b.alice.streamed("/alice-box/slow", false, []string{strings.Repeat("x", 1000)}, nil), "a form": b.alice.form("alice-box", `{"key":"f"}`, "x", field{"key", "f"}),
		"a document": b.alice.header("PUT", "/alice-box?acl", "<AccessControlPolicy>"+strings.Repeat(" ", 1000)), "nobody's form": formOf("alice-box", "x", []field{{"key", "f"}}), "nobody's body": nobody.sign(&req{method: "PUT", target: "/alice-box/slow", body: strings.Repeat("x", 1000)}),
	} {
		all.Go(func() {
			c, err := net.Dial("tcp", b.host)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			text := r.text(b.host)
			io.WriteString(c, text[:len(text)-100])
			c.SetDeadline(time.Now().Add(patience))
			if _, err := io.ReadAll(c); err != nil { // an answer or not: it must end
				t.Errorf("%s: the connection is held: %v", name, err)
			}
		})
	}
	for range 20 {
		b.do(b.alice.header("GET", "/alice-box/k", "")).is(200)
	}
	all.Wait()
	b.do(b.alice.header("GET", "/alice-box/slow", "")).is(404)
	tried("slow bodies", "header", "chunked", "form", "anonymous")
}

// manyTags is a tagging header of n tags.
func manyTags(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&t%d=1", i)
	}
	return b.String()[1:]
}

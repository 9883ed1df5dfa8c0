package attack

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// race lets one goroutine change and others look, a bounded number of times.
func race(rounds int, change func(i int), looks ...func()) {
	var done atomic.Bool
	var all sync.WaitGroup
	for _, look := range looks {
		all.Go(func() {
			for !done.Load() {
				look()
			}
		})
	}
	for i := range rounds {
		change(i)
	}
	done.Store(true)
	all.Wait()
}

// TestRacedConditions: while an object is replaced by one that a reader may not see, he never gets a byte, a header or a copy of it,
// though he looks at every moment.
func TestRacedConditions(t *testing.T) {
	t.Parallel()
	const secret = "SECRET-BYTES-OF-THE-OTHER-VERSION"
	all := statement("Allow", "bob", "s3:GetObject s3:GetObjectAttributes s3:GetObjectTagging s3:GetObjectAcl", arn("alice-box/*"), "")
	for name, c := range map[string]struct {
		policy string
		lines  [2][]string // of the public and the secret version
		delete bool        // in between
		who    string
		acl    string // of the bucket
	}{
		"allowed by tag": {policy: policyOf(statement("Allow", "bob", "s3:GetObject s3:GetObjectAttributes s3:GetObjectTagging s3:GetObjectAcl", arn("alice-box/*"), `"Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"public"}}`)),
			lines: [2][]string{{"x-amz-tagging: class=public"}, {"x-amz-tagging: class=secret&hidden=" + secret, "x-amz-meta-a: " + secret}}, who: "bob"},
		"denied by tag": {policy: policyOf(all, statement("Deny", "bob", "s3:*", arn("alice-box/*"), `"Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"secret"}}`)),
			lines: [2][]string{nil, {"x-amz-tagging: class=secret&hidden=" + secret, "x-amz-meta-a: " + secret}}, who: "bob"},
		"denied by tag, with gaps": {policy: policyOf(all, statement("Deny", "bob", "s3:*", arn("alice-box/*"), `"Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"secret"}}`)),
			lines: [2][]string{nil, {"x-amz-tagging: class=secret&hidden=" + secret, "x-amz-meta-a: " + secret}}, delete: true, who: "bob"},
		"a list":            {lines: [2][]string{{"x-amz-acl: public-read"}, {"x-amz-meta-a: " + secret}}, who: "nobody"},
		"a list, with gaps": {lines: [2][]string{{"x-amz-acl: public-read"}, {"x-amz-meta-a: " + secret}}, delete: true, who: "nobody", acl: "public-read"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			reader := b.bob
			if c.who == "nobody" {
				reader = nobody
			}
			if c.policy != "" {
				b.do(b.alice.header("PUT", "/alice-box?policy", c.policy)).is(204)
			}
			if c.acl != "" {
				b.do(b.alice.header("PUT", "/alice-box?acl", "", "x-amz-acl: "+c.acl)).is(200)
			}
			etag := b.do(b.alice.header("PUT", "/alice-box/k", secret, c.lines[1]...)).is(200).header.Get("ETag")
			upload := ""
			if c.who == "bob" {
				upload = b.do(b.bob.header("POST", "/bob-box/parts?uploads", "")).is(200).xml("UploadId")
			}
			var seen [2]atomic.Int64
			look := func(what string, r *req) {
				a := b.do(r)
				if strings.Contains(a.body, secret) || strings.Contains(fmt.Sprint(a.header), secret) || a.header.Get("ETag") == etag || strings.Contains(a.body, strings.Trim(etag, `"`)) {
					a.fail("%s: it is seen", what)
				}
				seen[min(a.status/400, 1)].Add(1)
			}
			looks := []func(){
				func() { look("GET", reader.sign(&req{method: "GET", target: "/alice-box/k"})) },
				func() { look("HEAD", reader.sign(&req{method: "HEAD", target: "/alice-box/k"})) },
				func() {
					look("a range", reader.sign((&req{method: "GET", target: "/alice-box/k"}).with("Range: bytes=1-", "If-Range: "+etag)))
				},
			}
			if c.who == "bob" {
				looks = append(looks, func() {
					look("attributes", reader.header("GET", "/alice-box/k?attributes", "", "x-amz-object-attributes: ETag"))
					look("tags", reader.header("GET", "/alice-box/k?tagging", ""))
				}, func() {
					look("a copy", reader.header("PUT", "/bob-box/copy", "", "x-amz-copy-source: /alice-box/k"))
					look("the copy", reader.header("GET", "/bob-box/copy", ""))
				}, func() {
					look("a part", reader.header("PUT", "/bob-box/parts?partNumber=1&uploadId="+upload, "", "x-amz-copy-source: /alice-box/k"))
				})
			}
			race(250, func(i int) {
				if c.delete {
					b.do(b.alice.header("DELETE", "/alice-box/k", "")).is(204)
				}
				if i%2 == 0 {
					b.do(b.alice.header("PUT", "/alice-box/k", "public", c.lines[0]...)).is(200)
				} else {
					b.do(b.alice.header("PUT", "/alice-box/k", secret, c.lines[1]...)).is(200)
				}
			}, looks...)
			t.Logf("%d answers, %d refusals", seen[0].Load(), seen[1].Load())
		})
	}
	tried("objects replaced under a condition or list", "header", "anonymous")
}

// TestRacedLists: who may share his own object shares no other one that takes its place meanwhile.
func TestRacedLists(t *testing.T) {
	t.Parallel()
	const secret = "SECRET OF ALICE"
	b := newBox(t)
	b.do(b.alice.header("PUT", "/alice-box?ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>")).is(200)
	b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "bob", "s3:PutObject", arn("alice-box/*"), "")))).is(204)
	share := func(lines ...string) func() {
		return func() {
			b.do(b.bob.header("PUT", "/alice-box/k?acl", "", lines...))
			if a := b.do(nobody.sign(&req{method: "GET", target: "/alice-box/k"})); strings.Contains(a.body, secret) {
				a.fail("an object of alice is public by a list of bob")
			}
		}
	}
	race(300, func(i int) {
		if i%2 == 0 {
			b.do(b.bob.header("PUT", "/alice-box/k", "of bob")).is(200)
		} else {
			b.do(b.alice.header("PUT", "/alice-box/k", secret)).is(200)
		}
	}, share("x-amz-acl: public-read"), share("x-amz-acl: public-read"), share("x-amz-grant-read: uri=http://acs.amazonaws.com/groups/global/AllUsers"))
	// Nor does who may change the tags of some objects change those of others.
	b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "bob", "s3:PutObjectTagging s3:DeleteObjectTagging", arn("alice-box/*"), `"Condition":{"StringEquals":{"s3:ExistingObjectTag/of":"bob"}}`),
		statement("Allow", "*", "s3:GetObject", arn("alice-box/t"), `"Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"public"}}`)))).is(204)
	race(300, func(i int) {
		if i%2 == 0 {
			b.do(b.alice.header("PUT", "/alice-box/t", "x", "x-amz-tagging: of=bob")).is(200)
		} else {
			b.do(b.alice.header("PUT", "/alice-box/t", secret, "x-amz-tagging: of=alice")).is(200)
		}
	}, func() {
		b.do(b.bob.header("PUT", "/alice-box/t?tagging", "<Tagging><TagSet><Tag><Key>class</Key><Value>public</Value></Tag><Tag><Key>of</Key><Value>bob</Value></Tag></TagSet></Tagging>"))
	}, func() {
		if a := b.do(nobody.sign(&req{method: "GET", target: "/alice-box/t"})); strings.Contains(a.body, secret) {
			a.fail("an object is public by tags of bob")
		}
	})
	tried("objects replaced under a change of list or tags", "header")
}

// TestRacedRename: who may read and rename only some objects of a bucket gets no other one to where he may read, though it takes their place meanwhile.
func TestRacedRename(t *testing.T) {
	t.Parallel()
	const secret = "SECRET-BYTES-OF-THE-OTHER-VERSION"
	b := newBox(t)
	b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(
		statement("Allow", "bob", "s3:GetObject s3:GetObjectTagging s3:DeleteObject", arn("alice-box/*"), `"Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"public"}}`),
		statement("Allow", "bob", "s3:GetObject s3:PutObject", arn("alice-box/bob/*"), "")))).is(204)
	b.do(b.alice.header("PUT", "/alice-box/k", secret, "x-amz-tagging: class=secret")).is(200)
	b.do(b.bob.header("PUT", "/alice-box/bob/k?renameObject", "", "x-amz-rename-source: k")).is(403)
	b.do(b.bob.header("PUT", "/alice-box/other?renameObject", "", "x-amz-rename-source: k")).is(403)
	var moved atomic.Int64
	race(300, func(i int) {
		if i%2 == 0 {
			b.do(b.alice.header("PUT", "/alice-box/k", "public", "x-amz-tagging: class=public")).is(200)
		} else {
			b.do(b.alice.header("PUT", "/alice-box/k", secret, "x-amz-tagging: class=secret")).is(200)
		}
	}, func() {
		if b.do(b.bob.header("PUT", "/alice-box/bob/k?renameObject", "", "x-amz-rename-source: k")).status == 200 {
			moved.Add(1)
		}
		if a := b.do(b.bob.sign(&req{method: "GET", target: "/alice-box/bob/k"})); strings.Contains(a.body, secret) {
			a.fail("a secret object was renamed")
		}
	})
	t.Logf("%d were renamed", moved.Load())
	tried("objects replaced under a rename", "header")
}

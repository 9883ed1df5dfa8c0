package attack

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// door makes a proven request.
type door struct {
	name string
	make func(u user, method, target, body string) *req
}

// doors are the ways to prove oneself on a request of S3.
var doors = []door{
	{"header", func(u user, m, t, b string) *req { return u.header(m, t, b) }},
	{"presigned", func(u user, m, t, b string) *req { return u.presigned(m, t, b) }},
	{"v2", func(u user, m, t, b string) *req {
		if u.token != "" {
			return u.v2(m, t, b, "x-amz-security-token: "+u.token)
		}
		return u.v2(m, t, b)
	}},
	{"v2-query", func(u user, m, t, b string) *req { return u.v2query(m, t, b) }},
	{"pair", func(u user, m, t, b string) *req { return u.pair(m, t, b) }},
}

// box is a server with alice's bucket and its neighbours.
type box struct {
	*world
	alice, bob, mallory user
}

const noRights = `[]`
const mayMakeBuckets = `[{"bucket":"*","actions":["create_bucket"]}]`

func newBox(t *testing.T, settings ...string) *box {
	t.Helper()
	w := start(t, settings...)
	b := &box{world: w, alice: w.newUser("alice", mayMakeBuckets), bob: w.newUser("bob", mayMakeBuckets), mallory: w.newUser("mallory", noRights)}
	for _, u := range []struct {
		user
		bucket string
	}{{b.alice, "alice-box"}, {b.bob, "bob-box"}} {
		w.do(u.header("PUT", "/"+u.bucket, "")).is(200)
		w.do(u.header("PUT", "/"+u.bucket+"/k", "secret of "+u.bucket)).is(200)
	}
	return b
}

// TestChangedRequests: whatever is changed of a proven request makes it void, at each door where that is signed.
func TestChangedRequests(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.do(b.alice.header("PUT", "/alice-box?versioning", `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`)).is(200)
	version := b.do(b.alice.header("PUT", "/alice-box/k", "v1")).is(200).header.Get("X-Amz-Version-Id")
	b.do(b.alice.header("PUT", "/alice-box/k", "v2")).is(200)
	query := func(add string) func(*req) {
		return func(r *req) {
			sep := "?"
			if strings.Contains(r.target, "?") {
				sep = "&"
			}
			r.target += sep + add
		}
	}
	line := func(l string) func(*req) { return func(r *req) { r.lines = append(r.lines, l) } }
	replace := func(old, new string) func(*req) {
		return func(r *req) {
			r.target = strings.Replace(r.target, old, new, 1)
			for i := range r.lines {
				r.lines[i] = strings.Replace(r.lines[i], old, new, 1)
			}
		}
	}
	flip := func(name string) func(*req) {
		return func(r *req) {
			change := func(s string) string {
				i := strings.LastIndex(s, name)
				if i < 0 {
					return s
				}
				i += len(name) + 2
				c := byte('0')
				if s[i] == c {
					c = '1'
				}
				return s[:i] + string(c) + s[i+1:]
			}
			r.target = change(r.target)
			for i := range r.lines {
				if strings.HasPrefix(r.lines[i], "Authorization") {
					r.lines[i] = change(r.lines[i])
				}
			}
		}
	}
	const all, signed, v4 = "header presigned v2 v2-query pair", "header presigned v2 v2-query", "header presigned"
	for _, c := range []struct {
		name   string
		doors  string
		change func(*req)
	}{
		{"another key", signed, replace("/alice-box/k", "/alice-box/other")},
		{"another bucket", signed, replace("/alice-box/k", "/bob-box/k")},
		{"a bucket named by %2F", v4, replace("/alice-box/k", "/alice-box%2Fk")},
		{"the slash in front", signed, replace("/alice-box/k", "//alice-box/k")},
		{"a dot in the path", signed, replace("/alice-box/k", "/./alice-box/k")},
		{"dots in the path", signed, replace("/alice-box/k", "/bob-box/../alice-box/k")},
		{"a backslash in the path", signed, replace("/alice-box/k", `/alice-box\k`)},
		{"absolute form of another path", signed, replace("/alice-box/k", "http://"+fixedHost+"/bob-box/k")},
		{"another method", signed, func(r *req) { r.method = "DELETE" }},
		{"HEAD for GET", signed, func(r *req) { r.method = "HEAD" }},
		{"a version", signed, query("versionId=" + version)},
		{"a sub-resource", signed, query("acl")},
		{"another sub-resource", signed, query("tagging")},
		{"an upload", signed, query("uploadId=x&partNumber=1")},
		{"an override", signed, query("response-content-type=text/html")},
		{"an escaped override", signed, query("response-content%2Dtype=text/html")},
		{"a parameter", v4, query("x=y")},
		{"a listing's parameter", v4, query("prefix=x")},
		{"an x-amz- parameter", signed, query("x-amz-acl=public-read")},
		{"an X-Amz- parameter", signed, query("X-Amz-Acl=public-read")},
		{"a list in the header", signed, line("x-amz-acl: public-read")},
		{"tags in the header", signed, line("X-Amz-Tagging: a=b")},
		{"metadata in the header", signed, line("x-amz-meta-a: b")},
		{"a source in the header", signed, line("x-amz-copy-source: /bob-box/k")},
		{"a token in the header", all, line("x-amz-security-token: AAAA")},
		{"an owner in the header", signed, line("X-AMZ-Expected-Bucket-Owner: x")},
		{"an unusual spelling of a header", signed, line("x-AMZ-aCL: public-read")},
		{"a grant in the header", signed, line("x-amz-grant-full-control: uri=http://acs.amazonaws.com/groups/global/AllUsers")},
		{"a date in the header", "presigned v2 v2-query", line("x-amz-date: 20200101T000000Z")},
		{"a second Authorization", signed, line("Authorization: AWS4-HMAC-SHA256 Credential=x")},
		{"a second, other Authorization", all, line("Authorization: Bearer x")},
		{"the pair beside it", signed, line("X-Access-Key: x")},
		{"half of the pair, twice", "pair", line("X-Access-Key: " + root.key)},
		{"another secret, twice", "pair", line("X-Secret-Key: x")},
		{"a V2 parameter beside it", all, query("AWSAccessKeyId=x")},
		{"an escaped V2 parameter beside it", all, query("AWSAccessKe%79Id=x")},
		{"a V4 parameter beside it", all, query("X-Amz-Signature=x")},
		{"an escaped V4 parameter beside it", all, query("X-Amz-Sig%6eature=x")},
		{"another host", v4, func(r *req) { r.host = "evil.test" }},
		{"another port", v4, func(r *req) { r.host = "attack.test:80" }},
		{"the host in upper case", v4, func(r *req) { r.host = strings.ToUpper(r.host) }},
		{"the host with a dot", v4, func(r *req) { r.host = "attack.test.:5000" }},
		{"the key of another user", all, replace(b.alice.key, b.bob.key)},
		{"the key of the administrator", all, replace(b.alice.key, root.key)},
		{"an unknown key", all, replace(b.alice.key, "AKUNKNOWN")},
		{"an empty key", all, replace(b.alice.key, "")},
		{"a changed signature", v4, flip("Signature=")},
		{"a changed V2 signature", "v2", flip(b.alice.key)},
		{"a changed V2 signature in the query", "v2-query", flip("Signature=")},
		{"an upper-case signature", v4, func(r *req) {
			up := func(s string) string {
				i := strings.LastIndex(s, "Signature=")
				if i < 0 {
					return s
				}
				return s[:i] + "Signature=" + strings.ToUpper(s[i+10:])
			}
			r.target = up(r.target)
			for i := range r.lines {
				r.lines[i] = up(r.lines[i])
			}
		}},
		{"a longer life", "presigned", replace("X-Amz-Expires=60", "X-Amz-Expires=600")},
		{"a life twice", "presigned", query("X-Amz-Expires=600")},
		{"a life in lower case", "presigned", query("x-amz-expires=600")},
		{"an end twice", "v2-query", query("Expires=9999999999")},
		{"another region", v4, replace("/"+region+"/", "/eu-west-1/")},
		{"another region, escaped", "presigned", replace("%2F"+region+"%2F", "%2Feu-west-1%2F")},
		{"another service", "header", replace("/s3/", "/sts/")},
		{"another service, escaped", "presigned", replace("%2Fs3%2F", "%2Fiam%2F")},
		{"another terminator", v4, replace("aws4_request", "aws4_reques")},
		{"no signed headers", v4, replace("SignedHeaders=host", "SignedHeaders=")},
		{"the host not signed", "header", replace("host;", "")},
		{"another secret", "pair", replace(b.alice.secret, b.bob.secret)},
		{"a secret cut", "pair", replace(b.alice.secret, b.alice.secret[:len(b.alice.secret)-1])},
		{"an empty secret", "pair", replace(b.alice.secret, "")},
	} {
		for _, d := range doors {
			if !strings.Contains(" "+c.doors+" ", " "+d.name+" ") {
				continue
			}
			r := d.make(b.alice, "GET", "/alice-box/k", "")
			whole := *r
			whole.lines = append([]string(nil), r.lines...)
			was := fmt.Sprint(r.method, r.target, r.lines, r.host)
			c.change(&whole)
			if fmt.Sprint(whole.method, whole.target, whole.lines, whole.host) == was {
				continue // there is nothing of the kind at this door
			}
			a, err := b.try(&whole)
			if err != nil {
				t.Errorf("%s, %s: %v", c.name, d.name, err)
				continue
			}
			a.refused(c.name + ", " + d.name).lacks("v1").lacks("v2")
			b.do(r).is(200).holds("v2")
		}
	}
	tried("changed requests", "header", "presigned", "v2", "v2-query", "pair")
}

// TestReplay: a request is void when its time is over, and before it.
func TestReplay(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	now := time.Now()
	for name, r := range map[string]*req{
		"an old signature":         b.alice.signAt(&req{method: "GET", target: "/alice-box/k"}, hash(""), now.Add(-16*time.Minute)),
		"a signature to come":      b.alice.signAt(&req{method: "GET", target: "/alice-box/k"}, hash(""), now.Add(16*time.Minute)),
		"a URL that has ended":     b.alice.presignedAt(time.Minute, now.Add(-61*time.Second), "GET", "/alice-box/k", ""),
		"a URL to come":            b.alice.presignedAt(time.Minute, now.Add(16*time.Minute), "GET", "/alice-box/k", ""),
		"a URL for too long":       b.alice.presignedAt(7*24*time.Hour+time.Second, now, "GET", "/alice-box/k", ""),
		"a URL for no time":        b.alice.presignedAt(0, now, "GET", "/alice-box/k", ""),
		"a URL of the past":        b.alice.presignedAt(-time.Minute, now.Add(time.Minute), "GET", "/alice-box/k", ""),
		"a form that has ended":    b.alice.formUntil(now.Add(-time.Second), "alice-box", `{"key":"f"}`, "x", field{"key", "f"}),
		"an old stream":            b.alice.streamedAt(now.Add(-16*time.Minute), "/alice-box/n", false, []string{"x"}, nil),
		"an old admin request":     root.signAt(&req{method: "GET", target: "/iam/users"}, hash(""), now.Add(-16*time.Minute)),
		"an old request for a key": b.alice.signAt((&req{method: "POST", target: "/", body: "Action=GetSessionToken"}).with("Content-Type: application/x-www-form-urlencoded"), hash("Action=GetSessionToken"), now.Add(-16*time.Minute)),
	} {
		b.do(r).refused(name)
	}
	tried("replay out of time", "header", "presigned", "form", "chunked", "admin", "sts")
}

// TestChangedBodies: a body that is not the signed one stores nothing.
func TestChangedBodies(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	const target = "/alice-box/victim"
	b.do(b.alice.header("PUT", target, "good")).is(200)
	bad := map[string]*req{}
	whole := b.alice.header("PUT", target, "body")
	for name, body := range map[string]string{"changed": "evil", "longer": "bodybody", "shorter": "bod", "empty": ""} {
		r := *whole
		r.body = body
		bad[name] = &r
	}
	swap := func(i, k int) func([]string) []string {
		return func(p []string) []string { p[i], p[k] = p[k], p[i]; return p }
	}
	edit := func(old, new string) func([]string) []string {
		return func(p []string) []string {
			for i := range p {
				p[i] = strings.Replace(p[i], old, new, 1)
			}
			return p
		}
	}
	data := []string{strings.Repeat("a", 8192), strings.Repeat("b", 8192), "tail"}
	for _, trailer := range []bool{false, true} {
		name := fmt.Sprintf("chunks, trailer %v: ", trailer)
		stream := func(change func([]string) []string, lines ...string) *req {
			return b.alice.streamed(target, trailer, data, change, lines...)
		}
		b.do(stream(nil)).is(200)
		b.do(b.alice.header("PUT", target, "good")).is(200)
		bad[name+"swapped"] = stream(swap(0, 1))
		bad[name+"one left out"] = stream(func(p []string) []string { return append(p[:1:1], p[2:]...) })
		bad[name+"one twice"] = stream(func(p []string) []string { return append([]string{p[0], p[0]}, p[1:]...) })
		bad[name+"the end left out"] = stream(func(p []string) []string { return p[:3] })
		bad[name+"ended early"] = stream(func(p []string) []string { return append(p[:2:2], p[3:]...) })
		bad[name+"data changed"] = stream(edit("aaaa", "aaab"))
		bad[name+"no signature"] = stream(edit(";chunk-signature=", ";x="))
		bad[name+"an empty signature"] = stream(func(p []string) []string {
			i := strings.Index(p[0], "=")
			p[0] = p[0][:i+1] + p[0][i+65:]
			return p
		})
		bad[name+"a second signature"] = stream(edit(";chunk-signature=", ";chunk-signature=00;chunk-signature="))
		bad[name+"a huge chunk"] = stream(func(p []string) []string { p[0] = "7fffffffffffffff" + p[0][4:]; return p })
		bad[name+"a negative chunk"] = stream(func(p []string) []string { p[0] = "-1" + p[0][4:]; return p })
		bad[name+"a long line"] = stream(func(p []string) []string { p[0] = strings.Repeat("0", 100<<10) + p[0]; return p })
		bad[name+"another's chunks"] = func() *req {
			mine, his := stream(nil), b.bob.streamed(target, trailer, data, nil)
			mine.body = his.body
			return mine
		}()
		bad[name+"the chunks of another time"] = func() *req {
			now, then := stream(nil), b.alice.streamedAt(time.Now().Add(-time.Minute), target, trailer, data, nil)
			now.body = then.body
			return now
		}()
		bad[name+"a shorter length"] = func() *req { // the length is signed
			r := stream(nil)
			for i := range r.lines {
				r.lines[i] = strings.Replace(r.lines[i], "Decoded-Content-Length: 16388", "Decoded-Content-Length: 4", 1)
			}
			return r
		}()
		bad[name+"more behind the end"] = stream(func(p []string) []string { return append(p, p[0]) })
	}
	trail := func(change func([]string) []string) *req { return b.alice.streamed(target, true, data, change) }
	bad["no trailer"] = trail(func(p []string) []string { p[4] = "\r\n"; return p })
	bad["a trailer without a signature"] = trail(func(p []string) []string {
		i := strings.Index(p[4], "x-amz-trailer-signature")
		p[4] = p[4][:i] + "\r\n"
		return p
	})
	bad["a changed trailer"] = trail(edit("x-amz-checksum-sha256:", "x-amz-checksum-sha256:A"))
	bad["a trailer under another name"] = trail(edit("x-amz-checksum-sha256:", "x-amz-acl:public-read\r\nx-amz-checksum-sha256:"))
	bad["a trailer signature changed"] = trail(edit("x-amz-trailer-signature:", "x-amz-trailer-signature:0"))
	bad["a header pair with signed chunks"] = func() *req {
		r := b.alice.pair("PUT", target, b.alice.streamed(target, false, data, nil).body, "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "X-Amz-Decoded-Content-Length: 16388")
		return r
	}()
	bad["two lengths"] = b.alice.header("PUT", target, "body", "Content-Length: 3")
	bad["a length and chunks of HTTP"] = func() *req {
		r := b.alice.header("PUT", target, "body\r\n\r\n", "Transfer-Encoding: chunked")
		return r
	}()
	for name, r := range bad {
		a, err := b.try(r)
		if err == nil && (a.status < 400 || a.status > 499) {
			a.fail("%s: want a refusal", name)
		}
		if got := b.do(b.alice.header("GET", target, "")).is(200); got.body != "good" {
			got.fail("%s: the object was changed", name)
			b.do(b.alice.header("PUT", target, "good")).is(200)
		}
	}
	// The body of administration and STS is signed, whatever the client says of it.
	doc := `{"display_name":"x","policies":[]}`
	for _, change := range []func(*req){
		func(r *req) { r.body = strings.Replace(r.body, "[]", `[{"bucket":"*","actions":["*","iam:*"]}]`, 1) },
		func(r *req) { r.body += " " },
		func(r *req) { r.body = "" },
	} {
		for _, u := range []user{root} {
			r := u.header("POST", "/iam/users", doc)
			change(r)
			b.do(r).refused("a changed body of administration")
			r = u.signAt(&req{method: "POST", target: "/iam/users", body: doc}, "UNSIGNED-PAYLOAD", time.Now())
			change(r)
			if r.body != "" {
				b.do(r).refused("an unsigned body of administration")
			}
		}
		r := b.alice.sts("Action=GetCallerIdentity")
		change(r)
		r.body = strings.Replace(r.body, "GetCallerIdentity", "GetSessionToken", 1)
		b.do(r).refused("a changed form of STS")
	}
	tried("changed bodies and chunks", "header", "chunked", "trailer", "pair", "admin", "sts")
}

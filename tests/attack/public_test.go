package attack

import (
	"strings"
	"testing"
)

// TestPublicBlock: what blocks public access holds for every way in which something could become public.
func TestPublicBlock(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	alice := b.alice
	const everybody = "uri=http://acs.amazonaws.com/groups/global/AllUsers"
	const everyUser = "uri=http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	// What was public before counts no more, and comes back when the block goes.
	b.do(alice.header("PUT", "/alice-box/before", "public", "x-amz-acl: public-read")).is(200)
	b.do(alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/k"), "")))).is(204)
	block := func(which string) {
		doc := "<PublicAccessBlockConfiguration>"
		for _, name := range strings.Fields(which) {
			doc += "<" + name + ">true</" + name + ">"
		}
		b.do(alice.header("PUT", "/alice-box?publicAccessBlock", doc+"</PublicAccessBlockConfiguration>")).is(200)
	}
	sees := func(target string, status int) {
		t.Helper()
		b.do(nobody.sign(&req{method: "GET", target: target})).is(status)
	}
	sees("/alice-box/before", 200)
	sees("/alice-box/k", 200)
	block("IgnorePublicAcls")
	sees("/alice-box/before", 403)
	b.do(b.mallory.header("GET", "/alice-box/before", "")).is(403)
	sees("/alice-box/k", 200)
	block("RestrictPublicBuckets")
	sees("/alice-box/before", 200)
	sees("/alice-box/k", 403)
	block("BlockPublicAcls BlockPublicPolicy")

	upload := "/alice-box/new?uploads"
	for _, line := range []string{
		"x-amz-acl: public-read", "x-amz-acl: public-read-write", "x-amz-acl: authenticated-read", "x-amz-grant-read: " + everybody, "x-amz-grant-read-acp: " + everybody, "x-amz-grant-full-control: " + everyUser, "x-amz-grant-write-acp: " + everyUser,
		"x-amz-grant-read: id=" + strings.Repeat("0", 64) + ", " + everybody, "x-amz-grant-read: URI=http://acs.amazonaws.com/groups/global/AllUsers", `x-amz-grant-read: uri="http://acs.amazonaws.com/groups/global/AllUsers"`,
	} {
		for _, r := range []*req{
			alice.header("PUT", "/alice-box/new", "x", line), alice.header("PUT", "/alice-box/new", "", "x-amz-copy-source: /alice-box/k", line), alice.header("POST", upload, "", line), alice.header("PUT", "/alice-box/k?acl", "", line),
			alice.header("PUT", "/alice-box?acl", "", line), alice.presigned("PUT", "/alice-box/new", "x", line), alice.pair("PUT", "/alice-box/new", "x", line), alice.streamed("/alice-box/new", true, []string{"x"}, nil, line), root.header("PUT", "/alice-box/k?acl", "", line),
		} {
			b.do(r).refused(line)
		}
		name, value, _ := strings.Cut(line, ": ")
		if name == "x-amz-acl" {
			name = "acl"
		}
		b.do(alice.form("alice-box", `{"key":"new"},["starts-with","$`+name+`",""]`, "x", field{"key", "new"}, field{name, value})).refused("form, " + line)
	}
	grant := `<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>%</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">` +
		`<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`
	owner := b.do(alice.header("GET", "/alice-box?acl", "")).is(200).xml("ID")
	for _, target := range []string{"/alice-box?acl", "/alice-box/k?acl"} {
		b.do(alice.header("PUT", target, strings.Replace(grant, "%", owner, 1))).is(403)
	}
	b.do(alice.header("DELETE", "/alice-box?policy", "")).is(204)
	for _, p := range []string{
		policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), "")), policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"StringLike":{"aws:Referer":"*"}}`)),
		policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`)), policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}`)),
		policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"StringNotEquals":{"aws:username":"x"}}`)), policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"Bool":{"aws:SecureTransport":"false"}}`)),
		policyOf(statement("Deny", "bob", "s3:GetObject", arn("alice-box/*"), ""), statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), "")),
		strings.Replace(policyOf(statement("Allow", "mallory", "s3:GetObject", arn("alice-box/*"), "")), `"Principal"`, `"NotPrincipal"`, 1), policyOf(strings.Replace(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), ""), `"*"`, `{"AWS":["*"]}`, 1)),
		policyOf(strings.Replace(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), ""), `"*"`, `{"AWS":["arn:aws:iam::000000000000:user/bob","*"]}`, 1)), policyOf(strings.Replace(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), ""), `"*"`, `{"AWS":"arn:aws:iam::*:user/*"}`, 1)),
		policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"StringLike":{"aws:UserAgent":"*"},"Null":{"aws:Referer":"true"}}`)), policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2001-01-01T00:00:00Z"}}`)),
	} {
		if a := b.do(alice.header("PUT", "/alice-box?policy", p)); a.status == 204 {
			// It was not taken for public: then it must not be.
			for _, u := range []user{nobody, b.mallory} {
				b.do(u.sign(&req{method: "GET", target: "/alice-box/k"})).refused("a policy that passed for private: " + p)
			}
		}
	}
	b.do(b.mallory.header("DELETE", "/alice-box?publicAccessBlock", "")).is(403)
	tried("public in spite of the block", "header", "presigned", "pair", "trailer", "form")
}

package s3

import (
	"strings"
	"testing"

	"myfsio/gate/access"
)

// judged is a world whose gate decides as the server's does.
func judged(t *testing.T) *world {
	return newWorld(t, memory, func(c *Config) {
		c.Gate.Authorizer = access.New(access.Config{Policies: c.Policies, Objects: c.Store})
	})
}

// step is a request and the status of its answer. A line is: who METHOD target [header: value]; behind a | stands the body.
type step struct {
	status int
	line   string
}

func (w *world) steps(steps []step) {
	w.t.Helper()
	for _, s := range steps {
		line, body, _ := strings.Cut(s.line, " | ")
		f := strings.SplitN(line, " ", 4)
		var headers []string
		if len(f) == 4 {
			headers = strings.Split(f[3], "; ")
		}
		for i := range headers {
			headers[i] = w.vars.expand(headers[i])
		}
		if status, text := w.send(f[0], f[1], f[2], w.vars.expand(body), headers...); status != s.status {
			w.t.Errorf("%s: status %d, want %d\n%s", s.line, status, s.status, text)
		}
	}
}

const policyOf = `{"Version":"2012-10-17","Statement":[{"Effect":"%E","Principal":%P,"Action":%A,"Resource":["arn:aws:s3:::box","arn:aws:s3:::box/*"]}]}`

func bucketPolicy(effect, principal, action string) string {
	return strings.NewReplacer("%E", effect, "%P", principal, "%A", action).Replace(policyOf)
}

// TestNobodyAtFirst: what is new is its owner's.
func TestNobodyAtFirst(t *testing.T) {
	w := judged(t)
	w.steps([]step{
		{200, "admin PUT /box"}, {200, "admin PUT /box/k | x"},
		{403, "nobody GET /"}, {200, "user GET /"},
		{403, "nobody GET /box"}, {403, "user GET /box"}, {403, "user HEAD /box"},
		{403, "nobody GET /box/k"}, {403, "user GET /box/k"}, {403, "nobody GET /box/none"}, {403, "user GET /box/none"},
		{403, "nobody PUT /box/n | x"}, {403, "user PUT /box/n | x"}, {403, "user DELETE /box/k"}, {403, "nobody DELETE /box/k"},
		{403, "nobody GET /nowhere"}, {404, "user GET /nowhere"}, {403, "nobody GET /nowhere/k"}, {404, "user GET /nowhere/k"},
		{403, "user PUT /mine"}, {403, "nobody PUT /mine"},
		{403, "user GET /box?acl"}, {403, "user GET /box?policy"}, {403, "user PUT /box?acl x-amz-acl: public-read"},
		{403, "user PUT /box/k?acl x-amz-acl: public-read"}, {403, "nobody GET /box/k?acl"},
	})
}

// TestRightsByLists: canned lists and grants open what they say and no more.
func TestRightsByLists(t *testing.T) {
	w := judged(t)
	w.steps([]step{
		{200, "admin PUT /box x-amz-acl: public-read"}, {200, "admin PUT /box/k | x"}, {200, "admin PUT /box/p x-amz-acl: public-read | x"},
		{200, "admin PUT /box/g x-amz-grant-read: id=${user} | x"},
		{200, "nobody GET /box"}, {200, "nobody GET /box?list-type=2&prefix=a"}, {200, "nobody GET /box?versions"}, {200, "nobody HEAD /box"},
		{403, "nobody GET /box/k"}, {200, "nobody GET /box/p"}, {200, "nobody HEAD /box/p"}, {404, "nobody GET /box/none"},
		{403, "nobody GET /box/g"}, {200, "user GET /box/g"}, {403, "user PUT /box/g | y"}, {403, "user GET /box/g?acl"},
		{403, "nobody PUT /box/n | x"}, {403, "nobody GET /box?acl"}, {403, "nobody GET /box/p?acl"},
		{200, "admin GET /box/g"}, {200, "admin GET /box/g?acl"}, // by policy, not by the list
		{200, "admin PUT /box?acl x-amz-acl: public-read-write"},
		{200, "nobody PUT /box/n | x"}, {204, "nobody DELETE /box/n"}, {403, "nobody GET /box/k"},
		{200, "admin PUT /box?acl x-amz-acl: authenticated-read"},
		{403, "nobody GET /box"}, {200, "user GET /box"}, {403, "user PUT /box/n | x"},
		{200, "admin PUT /box?publicAccessBlock | <PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>"},
		{403, "user GET /box"}, {403, "nobody GET /box/p"}, {200, "user GET /box/g"},
		{204, "admin DELETE /box?publicAccessBlock"}, {200, "admin PUT /box?acl x-amz-acl: private"},
		{200, "nobody GET /box/p"},
		{200, "admin PUT /box?ownershipControls | <OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"},
		{403, "nobody GET /box/p"}, {403, "user GET /box/g"},
	})
}

// TestRightsByPolicies: policies of buckets, and what they deny.
func TestRightsByPolicies(t *testing.T) {
	w := judged(t)
	w.steps([]step{
		{200, "admin PUT /box"}, {200, "admin PUT /box/k | x"},
		{204, "admin PUT /box?policy | " + bucketPolicy("Allow", `"*"`, `["s3:GetObject","s3:ListBucket"]`)},
		{200, "nobody GET /box"}, {200, "nobody GET /box/k"}, {404, "nobody GET /box/none"}, {403, "nobody GET /box/k?versionId=null"},
		{403, "nobody PUT /box/n | x"}, {403, "nobody GET /box?policy"}, {403, "nobody GET /box?versions"},
		{200, "admin PUT /box?publicAccessBlock | <PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"},
		{403, "nobody GET /box/k"}, {204, "admin DELETE /box?publicAccessBlock"},
		{204, "admin PUT /box?policy | " + bucketPolicy("Allow", `{"AWS":"arn:aws:iam:::user/user"}`, `"s3:*"`)},
		{403, "nobody GET /box/k"}, {200, "user GET /box/k"}, {200, "user PUT /box/k | y"}, {200, "user GET /box?policy"},
		{200, "user PUT /box/k x-amz-acl: public-read | y"}, {200, "nobody GET /box/k"},
		{204, "admin PUT /box?policy | " + bucketPolicy("Allow", `{"AWS":"arn:aws:iam:::user/user"}`, `"s3:PutObject"`)},
		{200, "user PUT /box/k | y"}, {403, "user PUT /box/k x-amz-acl: public-read | y"}, {403, "user PUT /box/k x-amz-tagging: a=b | y"},
		{403, "user GET /box/k"}, {403, "user GET /box/none"}, {403, "user DELETE /box/k"},
		{204, "admin PUT /box?policy | " + bucketPolicy("Deny", `"*"`, `"s3:*"`)},
		{403, "admin GET /box/k"}, {403, "admin DELETE /box"}, {200, "admin GET /box?policy"}, {204, "admin DELETE /box?policy"},
		{200, "admin GET /box/k"},
	})
	if got := w.must("user", "GET", "/", "", 200); strings.Contains(got, "<Name>") {
		t.Error(got)
	}
	w.must("admin", "PUT", "/box?policy", bucketPolicy("Allow", `{"AWS":"arn:aws:iam:::user/user"}`, `"s3:ListBucket"`), 204)
	if got := w.must("user", "GET", "/", "", 200); !strings.Contains(got, "<Name>box</Name>") {
		t.Error(got)
	}
}

// TestRightsByTags: conditions on tags look at the version that is read, and at the tags that are brought.
func TestRightsByTags(t *testing.T) {
	w := judged(t)
	policy := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":"arn:aws:s3:::box/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/open":"yes"}}},
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam:::user/user"},"Action":["s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws:s3:::box/*","Condition":{"StringEquals":{"s3:RequestObjectTag/by":"user"}}},
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam:::user/user"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::box","Condition":{"StringLike":{"s3:prefix":"user/*"}}}]}`
	w.steps([]step{
		{200, "admin PUT /box"}, {200, "admin PUT /box?versioning | <VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"},
		{200, "admin PUT /box/k x-amz-tagging: open=yes | x"},
	})
	old := w.version("box", "k")
	w.steps([]step{
		{200, "admin PUT /box/k x-amz-tagging: open=no | y"},
		{204, "admin PUT /box?policy | " + policy},
		{403, "nobody GET /box/k"}, {200, "nobody GET /box/k?versionId=" + old},
		{200, "admin PUT /box/k?tagging | <Tagging><TagSet><Tag><Key>open</Key><Value>yes</Value></Tag></TagSet></Tagging>"},
		{200, "nobody GET /box/k"}, {403, "nobody GET /box/none"},
		{403, "user PUT /box/u | x"}, {403, "user PUT /box/u x-amz-tagging: by=admin | x"}, {200, "user PUT /box/u x-amz-tagging: by=user | x"},
		{403, "user PUT /box/u?tagging | <Tagging><TagSet><Tag><Key>by</Key><Value>admin</Value></Tag></TagSet></Tagging>"},
		{200, "user PUT /box/u?tagging | <Tagging><TagSet><Tag><Key>by</Key><Value>user</Value></Tag></TagSet></Tagging>"},
		{403, "user PUT /box/u?tagging | nonsense"},
		{403, "user GET /box"}, {200, "user GET /box?prefix=user/"}, {200, "user GET /box?list-type=2&prefix=user/a"}, {403, "user GET /box?prefix=use"},
	})
}

// TestRightsOfWriters: who owns what he wrote into the bucket of another reads and shares it.
func TestRightsOfWriters(t *testing.T) {
	w := judged(t)
	w.steps([]step{
		{200, "admin PUT /box x-amz-object-ownership: ObjectWriter"},
		{204, "admin PUT /box?policy | " + bucketPolicy("Allow", `{"AWS":"arn:aws:iam:::user/user"}`, `["s3:PutObject","s3:PutObjectAcl"]`)},
		{200, "user PUT /box/k | x"}, {200, "user GET /box/k"}, {200, "user GET /box/k?acl"}, {403, "nobody GET /box/k"},
		{200, "user PUT /box/k?acl x-amz-acl: public-read"}, {200, "nobody GET /box/k"},
		{204, "admin DELETE /box?policy"}, {200, "user GET /box/k"}, {403, "user PUT /box/k | x"},
		{200, "user PUT /box/k?acl | <AccessControlPolicy><Owner><ID>${user}</ID></Owner><AccessControlList/></AccessControlPolicy>"},
		{403, "user GET /box/k"}, {200, "user GET /box/k?acl"},
	})
}

package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// dice makes random policies and requests of few words, so that they often meet.
type dice struct{ *rand.Rand }

func pick[T any](d dice, list ...T) T { return list[d.IntN(len(list))] }

func some[T any](d dice, list ...T) any {
	if d.IntN(2) == 0 {
		return pick(d, list...)
	}
	out := []T{}
	for range 1 + d.IntN(3) {
		out = append(out, pick(d, list...))
	}
	return out
}

func (d dice) document(kind Kind) []byte {
	var list []any
	for range 1 + d.IntN(4) {
		list = append(list, d.statement(kind))
	}
	doc := map[string]any{"Statement": list}
	switch d.IntN(8) {
	case 0:
		doc["Version"] = "2008-10-17"
	case 1:
	default:
		doc["Version"] = "2012-10-17"
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return b
}

func (d dice) statement(kind Kind) map[string]any {
	s := map[string]any{"Effect": pick(d, "Allow", "Allow", "Deny")}
	s[pick(d, "Action", "Action", "Action", "NotAction")] = some(d, "s3:GetObject", "s3:PutObject", "s3:*", "*", "s3:Get*", "s3:?etObject", "s3:*Object", "S3:ListBucket", "s3:L*", "s3:HeadObject", "iam:*", "iam:List*", "iam:create_*", "kms:*", "kms:De*", "s3:GetBucket*")
	resources := []string{"arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b*", "arn:aws:s3:::*", "arn:aws:s3:::*/*", "arn:aws:s3:::b/a/*", "arn:aws:s3:::b/*/b", "arn:aws:s3:::b/?/b", "arn:aws:s3:::b/a/b", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::?/a*", "arn:aws:s3:::b/*?b*", "arn:aws:s3:::b/${aws:username, 'a'}/${s3:ExistingObjectTag/env}", "arn:aws:s3:::b/${*}/b", "arn:aws:s3:::${aws:username}/*"}
	if kind != Bucket {
		resources = append(resources, "*", "arn:aws:s3:::c", "arn:aws:s3:::c/*", "arn:aws:iam::*:*", "arn:aws:kms:*:*:*", "arn:aws:sqs:::b")
	} else {
		s[pick(d, "Principal", "Principal", "NotPrincipal")] = d.principal()
	}
	s[pick(d, "Resource", "Resource", "Resource", "NotResource")] = some(d, resources...)
	if d.IntN(2) == 0 {
		c := map[string]any{}
		for range 1 + d.IntN(3) {
			op, block := d.condition()
			c[op] = block
		}
		s["Condition"] = c
	}
	return s
}

func (d dice) principal() any {
	if d.IntN(3) == 0 {
		return "*"
	}
	p := map[string]any{"AWS": some(d, "*", "arn:aws:iam::123456789012:user/bob", "arn:aws:iam:::user/a", "u-1", "AKIA1", "123456789012", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/x")}
	if d.IntN(4) == 0 {
		p["CanonicalUser"] = some(d, "c1", "c2")
	}
	if d.IntN(4) == 0 {
		delete(p, "AWS")
		p["Service"] = "x.amazonaws.com"
	}
	return p
}

func (d dice) condition() (string, map[string]any) {
	texts := []string{"a", "b", "bob", "a/*", "*", "?", "a*b", "?*?", "*b?", "${aws:username}", "${aws:username, 'a'}/*", "x${aws:UserAgent}", "${*}", "", "é?", "*é", "${s3:RequestObjectTag/env}"}
	arns := []string{"arn:aws:iam::*:user/bob", "arn:aws:iam::123456789012:user/*", "arn:*:iam:*:*:user/?", "arn:aws:iam::*:user/${s3:prefix}", "*", "arn:aws:s3:::b"}
	keys := []string{"aws:username", "s3:prefix", "aws:UserAgent", "aws:Referer", "s3:x-amz-acl", "s3:ExistingObjectTag/env", "s3:RequestObjectTag/env", "s3:RequestObjectTagKeys", "aws:userid", "aws:PrincipalArn", "aws:SourceVpc", "S3:Delimiter", "s3:x-amz-copy-source"}
	var op, key string
	var values any
	switch d.IntN(8) {
	case 0:
		op = pick(d, "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals")
		key, values = pick(d, "s3:max-keys", "s3:signatureAge", "aws:EpochTime", "s3:TlsVersion", "s3:prefix"), some[any](d, "1", 2, "1.5", "3000", 1577836800)
	case 1:
		op = pick(d, "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals")
		key, values = pick(d, "aws:CurrentTime", "aws:EpochTime", "s3:object-lock-retain-until-date"), some(d, "2020-01-01T00:00:00Z", "2020-01-01", "1577836801", "2021-01-01T00:00:00+01:00")
	case 2:
		op = pick(d, "IpAddress", "NotIpAddress")
		key, values = pick(d, "aws:SourceIp", "aws:SourceIp", "aws:Referer"), some(d, "10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "0.0.0.0/0", "::ffff:10.0.0.0/108", "10.0.0.3/31")
	case 3:
		op = pick(d, "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike")
		key, values = pick(d, "aws:PrincipalArn", "aws:SourceArn", "aws:UserAgent"), some(d, arns...)
	case 4:
		key, values = pick(d, "aws:SecureTransport", "aws:ViaAWSService", "aws:MultiFactorAuthPresent"), some[any](d, "true", "false", true, "False")
		op = pick(d, "Bool", "Null")
	case 5:
		return "Null", map[string]any{pick(d, keys...): pick[any](d, "true", "false", true)}
	default:
		op = pick(d, "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike")
		key, values = pick(d, keys...), some(d, texts...)
	}
	if op != "Null" {
		op = pick(d, "", "", "ForAnyValue:", "ForAllValues:") + op + pick(d, "", "", "IfExists")
	}
	return op, map[string]any{key: values}
}

func (d dice) request() *Request {
	src := newSource()
	c := &Context{Source: src, SourceIP: pick(d, "", "10.0.0.1", "10.0.0.2", "2001:db8::1", "::ffff:10.0.0.2", "11.1.1.1"), Secure: d.IntN(2) == 0}
	r := &Request{Context: c, Bucket: pick(d, "b", "b", "b", "c"), Key: pick(d, "", "a/b", "a/x", "x", "bob/x", "*/b", "a/é/b", "a/prod", "a/")}
	r.Action = Lookup(pick(d, "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetBucketAcl", "s3:ListAllMyBuckets", "iam:list_users", "iam:create_user", "iam:*", "kms:Decrypt", "kms:*"))
	if r.Action.Scope() == ServiceScope {
		r.Bucket, r.Key = "", ""
	}
	if d.IntN(3) > 0 {
		name := pick(d, "bob", "a", "b", "*", "é")
		r.Principal = &Principal{Username: name, UserID: pick(d, "u-1", "u-2"), AccessKey: pick(d, "AKIA1", "AKIA2"), CanonicalID: pick(d, "c1", "c3")}
	}
	text := func() string {
		return pick(d, "", "a", "b", "bob", "a/x", "axb", "ab", "é", "éa", "xé", "*", "arn:aws:iam::000000000000:user/bob")
	}
	c.UserAgent, c.Referer = text(), text()
	if d.IntN(2) == 0 {
		c.Now = time.Unix(1577836800+int64(d.IntN(3)), 0)
	}
	c.SignatureVersion, c.SignatureAge, c.TLSVersion = pick(d, "", "AWS"), time.Duration(d.IntN(5))*time.Second, pick(d, "", "1.2", "2")
	for _, q := range []string{"prefix", "delimiter"} {
		if d.IntN(2) == 0 {
			src.query[q] = text()
		}
	}
	if d.IntN(2) == 0 {
		src.query["max-keys"] = pick(d, "1", "2", "x", "")
	}
	if d.IntN(2) == 0 {
		src.header("X-Amz-Acl", text())
	}
	if d.IntN(8) == 0 {
		src.header("X-Amz-Acl", text())
	}
	if d.IntN(3) == 0 {
		src.header("X-Amz-Copy-Source", pick(d, "/b/a", "b%2Fa", "a"))
	}
	if d.IntN(3) == 0 {
		src.header("X-Amz-Object-Lock-Retain-Until-Date", pick(d, "2020-01-01T00:00:00Z", "junk"))
	}
	for range d.IntN(3) {
		src.tags = append(src.tags, Tag{pick(d, "env", "x"), text()})
		src.rtags = append(src.rtags, Tag{pick(d, "env", "a", "b"), text()})
	}
	if d.IntN(6) == 0 {
		src.err, src.tags, src.rtags = errors.New("away"), nil, nil
	}
	return r
}

// TestRandom compares the two evaluators on random policies and requests.
func TestRandom(t *testing.T) {
	policies := 6000
	if testing.Short() {
		policies = 500
	}
	seen := map[Decision]int{}
	for seed := range policies {
		d := dice{rand.New(rand.NewPCG(uint64(seed), 1))}
		kind := pick(d, User, Bucket)
		doc := d.document(kind)
		p, err := Parse(doc, kind, "b")
		if err != nil {
			continue // an action that applies to no resource
		}
		n, err := newNaive(doc, kind)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			r := d.request()
			v := p.Eval(r)
			if want := n.eval(r); v.Decision != want {
				t.Fatalf("seed %d: %v, naively %s\n%s\n%s", seed, v, decisionNames[want], doc, describe(r))
			}
			seen[v.Decision]++
		}
	}
	t.Logf("silent %d, allow %d, deny %d", seen[Silent], seen[Allow], seen[Deny])
	if sum := seen[Silent] + seen[Allow] + seen[Deny]; sum < policies*6 || seen[Allow] < sum/20 || seen[Deny] < sum/20 {
		t.Errorf("the dice are loaded: %v", seen)
	}
}

func describe(r *Request) string {
	return fmt.Sprintf("%s %s/%s principal %+v\ncontext %+v\nsource %+v", r.Action, r.Bucket, r.Key, r.Principal, *r.Context, *sourceOf(r))
}

// TestRandomJoined compares Compile of several documents with each of them on its own.
func TestRandomJoined(t *testing.T) {
	for seed := range 500 {
		d := dice{rand.New(rand.NewPCG(uint64(seed), 2))}
		var docs []*Policy
		for range 3 {
			p, err := Parse(d.document(User), User, "")
			if err != nil {
				t.Fatal(err)
			}
			docs = append(docs, p)
		}
		joined := Compile(nil, docs)
		for range 10 {
			r := d.request()
			want := Silent
			for _, p := range docs {
				want = max(want, p.Eval(r).Decision)
			}
			v := joined.Eval(r)
			if v.Decision != want {
				t.Fatalf("seed %d: %v, want %s", seed, v, decisionNames[want])
			}
			if v.Decision != Silent {
				if own := docs[v.Document].Eval(r); own.Decision != v.Decision || own.Statement != v.Statement {
					t.Fatalf("seed %d: %v, the document itself: %v", seed, v, own)
				}
			}
		}
	}
}

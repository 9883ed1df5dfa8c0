package policy

import (
	"testing"
	"time"
)

// typical is a policy of ten statements in both forms, and a request that the last of them allows.
func typical(t testing.TB) (*Policy, *Request) {
	doc, err := Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*/secret/*"},
		{"Effect": "Deny", "Action": "s3:Delete*", "Resource": ["arn:aws:s3:::archive", "arn:aws:s3:::archive/*"]},
		{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::a/*"},
		{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*/reports/*"},
		{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/users/*"}]}`), User, "")
	if err != nil {
		t.Fatal(err)
	}
	rules := []Rule{
		{Bucket: "one", Actions: []string{"read", "list"}},
		{Bucket: "two", Actions: []string{"*"}},
		{Bucket: "three", Actions: []string{"read"}, Prefix: "a/"},
		{Bucket: "four", Actions: []string{"s3:GetObject", "s3:PutObject"}},
		{Bucket: "*", Actions: []string{"list"}},
	}
	return Compile(rules, []*Policy{doc}), &Request{Action: Lookup("s3:GetObject"), Bucket: "home", Key: "users/bob/photos/2024/picture.jpeg", Principal: &Principal{UserID: "u-1", Username: "bob"}}
}

// conditional is a bucket's policy with conditions on what the context holds.
func conditional(t testing.TB) (*Policy, *Request) {
	p, err := Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}, "NumericLessThan": {"s3:TlsVersion": "1.2"}}},
		{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*", "Condition": {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}},
		{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:user/alice"]}, "Action": "s3:*", "Resource": "arn:aws:s3:::b/private/*"},
		{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}/*", "Condition": {
			"StringLike": {"aws:UserAgent": "*aws-sdk-go*", "s3:x-amz-storage-class": "*"}, "StringNotEquals": {"aws:Referer": "x"}, "StringEquals": {"s3:ExistingObjectTag/env": "prod"},
			"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}, "NumericLessThan": {"s3:signatureAge": "600000"}, "StringEqualsIfExists": {"s3:prefix": "x"}}}]}`), Bucket, "b")
	if err != nil {
		t.Fatal(err)
	}
	src := newSource()
	src.header("X-Amz-Storage-Class", "STANDARD")
	src.tags = []Tag{{"env", "prod"}}
	c := &Context{Now: time.Unix(1700000000, 0), SourceIP: "10.1.2.3", Secure: true, TLSVersion: "1.3", UserAgent: "tool/1 aws-sdk-go/2", SignatureVersion: "AWS4-HMAC-SHA256", SignatureAge: time.Second, Source: src}
	return p, &Request{Action: Lookup("s3:GetObject"), Bucket: "b", Key: "bob/x", Principal: &Principal{UserID: "u-1", Username: "bob"}, Context: c}
}

func TestNoAllocation(t *testing.T) {
	for name, build := range map[string]func(testing.TB) (*Policy, *Request){"typical": typical, "conditional": conditional} {
		p, r := build(t)
		if v := p.Eval(r); v.Decision != Allow {
			t.Fatalf("%s: %v", name, v)
		}
		if n := testing.AllocsPerRun(100, func() { p.Eval(r) }); n != 0 {
			t.Errorf("%s: a decision allocates %v times", name, n)
		}
	}
}

func benchmark(b *testing.B, build func(testing.TB) (*Policy, *Request)) {
	p, r := build(b)
	b.ReportAllocs()
	for b.Loop() {
		p.Eval(r)
	}
}

func BenchmarkTypical(b *testing.B)     { benchmark(b, typical) }
func BenchmarkConditional(b *testing.B) { benchmark(b, conditional) }

func BenchmarkShort(b *testing.B) {
	benchmark(b, func(testing.TB) (*Policy, *Request) {
		r := &Request{Action: Lookup("s3:GetObject"), Bucket: "b", Key: "team-a/x"}
		return Compile([]Rule{{Bucket: "a", Actions: []string{"read"}}, {Bucket: "b", Actions: []string{"list", "read"}, Prefix: "team-a/"}}, nil), r
	})
}

func BenchmarkParse(b *testing.B) {
	d := []byte(`{"Version": "2012-10-17", "Statement": [{"Sid": "PublicRead", "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(d, Bucket, "b"); err != nil {
			b.Fatal(err)
		}
	}
}

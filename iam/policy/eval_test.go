package policy

import "testing"

func TestSmoke(t *testing.T) {
	p, err := Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/${aws:username}/*"],"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},
	{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/bob"},"Action":"s3:*","Resource":["arn:aws:s3:::*/*"]}]}`), Bucket, "b")
	if err != nil {
		t.Fatal(err)
	}
	bob := &Principal{UserID: "u1", Username: "bob"}
	r := &Request{Action: Lookup("s3:getobject"), Bucket: "b", Key: "bob/x", Principal: bob, Context: &Context{SourceIP: "10.1.1.1"}}
	if v := p.Eval(r); v.Decision != Allow {
		t.Fatal(v)
	}
	if n := testing.AllocsPerRun(100, func() { p.Eval(r) }); n != 0 {
		t.Fatal(n)
	}
	r.Principal = nil
	t.Log(p.Eval(r))
	for a := range Actions() {
		_ = a
	}
}
func BenchmarkSmoke(b *testing.B) {
	p := Compile([]Rule{{Bucket: "x", Actions: []string{"read"}}, {Bucket: "b", Actions: []string{"list", "read"}, Prefix: "t/"}}, nil)
	r := &Request{Action: Lookup("s3:getobject"), Bucket: "b", Key: "t/x"}
	b.ReportAllocs()
	for b.Loop() {
		p.Eval(r)
	}
}

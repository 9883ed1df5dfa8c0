package wire

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzXML holds the parser against the standard library's: what both accept has the same root, and
// what the parser takes can be written and read again.
func FuzzXML(f *testing.F) {
	for _, s := range []string{
		`<a/>`, `<a><b> x </b></a>`, `<?xml version="1.0"?><a>&lt;&#65;</a>`, `<!DOCTYPE a><a/>`, `<a><![CDATA[x]]></a>`,
		`<Delete><Object><Key>a</Key></Object></Delete>`, `<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>`,
		`<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"e"</ETag></Part></CompleteMultipartUpload>`,
		`<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`,
		`<CreateBucketConfiguration><LocationConstraint>eu</LocationConstraint></CreateBucketConfiguration>`,
		`<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`,
		`{"Owner":{"ID":"o"},"Grants":[{"Grantee":{"Type":"CanonicalUser","ID":"i"},"Permission":"WRITE_ACP"}]}`,
		`<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>`,
		`<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzAccess(t, body)
		ParseCreateBucket(body)
		ParseVersioning(body)
		ParseVersioningJSON(body)
		ParseTaggingXML(body)
		ParseTaggingJSON(body)
		ParseDelete(body, 1000)
		ParseComplete(body, 10000)
		root, err := ParseXML(body)
		if err != nil {
			return
		}
		if bytes.Contains(body, []byte("<!DOCTYPE")) && !bytes.Contains(body, []byte("<![CDATA[")) && !bytes.Contains(body, []byte("<!--")) && !bytes.Contains(body, []byte("<?")) && !bytes.ContainsAny(body, `"'`) {
			t.Fatal("a DOCTYPE is taken")
		}
		var std struct {
			XMLName xml.Name
		}
		if xml.Unmarshal(body, &std) == nil && std.XMLName.Local != root.Name && !strings.Contains(root.Name, ":") && !strings.Contains(std.XMLName.Local, ":") {
			t.Fatalf("root %q, the standard library says %q", root.Name, std.XMLName.Local)
		}
		again, err := ParseXML(appendElement(nil, root))
		if err != nil || !same(root, again) {
			t.Fatalf("%+v comes back as %+v, %v", root, again, err)
		}
	})
}

// fuzzAccess checks that what the parsers of access documents take means the same when it is written and read again.
func fuzzAccess(t *testing.T, body []byte) {
	for _, parse := range []func([]byte, int) (ACL, error){ParseACL, ParseACLJSON} {
		a, err := parse(body, 3)
		if err != nil {
			continue
		}
		for i, g := range a.Grants {
			if (g.Grantee.ID == "") == (g.Grantee.URI == "") || g.Grantee.EmailAddress != "" || i > 2 {
				t.Fatalf("%q gives %+v", body, a)
			}
		}
		again, err := ParseACL(a.Append(nil), 3)
		if err != nil || len(again.Grants) != len(a.Grants) {
			trimmed := len(a.Grants) > 0 || strings.TrimSpace(a.Owner.ID) == "" // JSON keeps white space that XML drops
			if !trimmed {
				t.Fatalf("%+v comes back as %+v, %v", a, again, err)
			}
		}
	}
	if p, err := ParsePublicAccessBlock(body); err == nil {
		if again, err := ParsePublicAccessBlock(p.Append(nil)); err != nil || again != p {
			t.Fatalf("%+v comes back as %+v, %v", p, again, err)
		}
	}
	ParsePublicAccessBlockJSON(body)
	if o, err := ParseOwnershipControls(body); err == nil && len(o.Rules) != 1 {
		t.Fatalf("%q gives %+v", body, o)
	}
	ParseOwnershipControlsJSON(body)
}

func FuzzGrantHeader(f *testing.F) {
	f.Add(`id="a", uri="http://acs.amazonaws.com/groups/global/AllUsers"`)
	f.Add(`id=a,emailAddress="x@y"`)
	f.Fuzz(func(t *testing.T, h string) {
		grantees, err := ParseGrantHeader("x-amz-grant-read", h, 3)
		if err != nil {
			return
		}
		if len(grantees) == 0 || len(grantees) > 3 {
			t.Fatalf("%q gives %+v", h, grantees)
		}
		for _, g := range grantees {
			if (g.ID == "") == (g.URI == "") {
				t.Fatalf("%q gives %+v", h, grantees)
			}
		}
	})
}

func appendElement(dst []byte, e *Element) []byte {
	d := doc{dst}
	d.open(e.Name)
	d.b = AppendText(d.b, e.Text)
	for i := range e.Children {
		d.b = appendElement(d.b, &e.Children[i])
	}
	d.close(e.Name)
	return d.b
}

func same(a, b *Element) bool {
	if local(a.Name) != b.Name || string(AppendText(nil, a.Text)) != string(AppendText(nil, b.Text)) || len(a.Children) != len(b.Children) {
		return false
	}
	for i := range a.Children {
		if !same(&a.Children[i], &b.Children[i]) {
			return false
		}
	}
	return true
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-5", "bytes=5-", "bytes=0-0,2-3", "bytes=99999999999999999999-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, h string) {
		r, ok := ParseRange(h)
		switch {
		case !ok:
		case r.First < 0 && (r.First != -1 || r.Suffix < 0 || r.Last != -1),
			r.First >= 0 && r.Last != -1 && r.Last < r.First,
			r.First >= 0 && r.Suffix != 0:
			t.Fatalf("%q gives %+v", h, r)
		}
		if c, err := ParseCopyRange(h); err == nil && (c.First < 0 || c.Last < c.First) {
			t.Fatalf("%q gives %+v", h, c)
		}
	})
}

func FuzzList(f *testing.F) {
	f.Add("list-type=2&prefix=a%2F&delimiter=/&max-keys=5&continuation-token=x&encoding-type=url")
	f.Add("versions&key-marker=a&version-id-marker=b")
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := ParseQuery(raw)
		if err != nil {
			return
		}
		l, err := ParseList(q, "max-keys")
		if err != nil {
			return
		}
		if l.Max < 0 || l.Max > maxPage || !utf8.ValidString(l.Prefix) || !utf8.ValidString(l.Marker) {
			t.Fatalf("%q gives %+v", raw, l)
		}
		if after, err := DecodeToken(TokenObjects, l.ContinuationToken); err == nil && EncodeToken(TokenObjects, after) != l.ContinuationToken {
			t.Fatalf("two tokens for %q", after)
		}
	})
}

func FuzzCopySource(f *testing.F) {
	f.Add("/bucket/key?versionId=1")
	f.Add("bucket/a%20b+%3F")
	f.Fuzz(func(t *testing.T, h string) {
		c, err := ParseCopySource(h)
		if err != nil {
			return
		}
		if c.Bucket == "" || c.Key == "" || strings.Contains(c.Bucket, "/") || !utf8.ValidString(c.Key) {
			t.Fatalf("%q gives %+v", h, c)
		}
		again, err := ParseCopySource("/" + EncodeKey(c.Bucket) + "/" + EncodeKey(c.Key))
		if err != nil || again.Key != c.Key || again.Bucket != c.Bucket {
			t.Fatalf("%+v comes back as %+v, %v", c, again, err)
		}
	})
}

func FuzzRenameSource(f *testing.F) {
	f.Add("/bucket/key", "bucket")
	f.Add("a%20b+%3F", "b")
	f.Fuzz(func(t *testing.T, h, bucket string) {
		key, err := ParseRenameSource(h, bucket)
		if err != nil {
			return
		}
		if key == "" || !utf8.ValidString(key) {
			t.Fatalf("%q gives %q", h, key)
		}
		again, err := ParseRenameSource(strings.ReplaceAll(EncodeKey(key), "/", "%2F"), bucket)
		if err != nil || again != key {
			t.Fatalf("%q comes back as %q, %v", key, again, err)
		}
	})
}

func FuzzETags(f *testing.F) {
	f.Add(`"a", W/"b", c`)
	f.Fuzz(func(t *testing.T, h string) {
		for _, weak := range []bool{false, true} {
			if n := len(ParseETags(h, weak)); n > len(h) {
				t.Fatalf("%d tags of %d bytes", n, len(h))
			}
		}
	})
}

func FuzzTagging(f *testing.F) {
	f.Add("a=b&c=d%20e")
	f.Fuzz(func(t *testing.T, h string) {
		tags, err := ParseTagging(h)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, tag := range tags {
			if seen[tag.Key] || !utf8.ValidString(tag.Key) || !utf8.ValidString(tag.Value) {
				t.Fatalf("%q gives %+v", h, tags)
			}
			seen[tag.Key] = true
		}
	})
}

package wire

import (
	"encoding/xml"
	"errors"
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"myfsio/checksum"
	"myfsio/fault"
)

func TestAppendText(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"plain/key.txt":  "plain/key.txt",
		`a<b>&"c'`:       "a&lt;b&gt;&amp;&quot;c&#39;",
		"ünïcödé 日本":     "ünïcödé 日本",
		"\x01\n\r\t\x7f": "&#x1;&#xa;&#xd;&#x9;&#x7f;",
		"a\x00b":         "a\uFFFDb",
		"bad\xffbyte":    "bad\uFFFDbyte",
		"\uFFFD":         "\uFFFD",
		"\uFFFE":         "\uFFFD",
	} {
		if got := string(AppendText(nil, in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFormatTime(t *testing.T) {
	for _, tm := range []time.Time{
		time.Date(2024, 2, 29, 23, 59, 58, 7_999_999, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2031, 12, 1, 3, 4, 5, 678_000_000, time.FixedZone("", 3600)),
		{},
	} {
		if got, want := FormatTime(tm), tm.UTC().Format(timeFormat); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestParseRange(t *testing.T) {
	for in, want := range map[string]*Range{
		"bytes=0-0":                     {0, 0, 0},
		"bytes=5-":                      {5, -1, 0},
		"bytes=-5":                      {-1, -1, 5},
		"bytes=-0":                      {-1, -1, 0},
		"BYTES=1-2":                     {1, 2, 0},
		"bytes=1-99999999999999999999":  {1, math.MaxInt64, 0},
		"bytes=99999999999999999999-":   {math.MaxInt64, -1, 0},
		"bytes=-99999999999999999999":   {-1, -1, math.MaxInt64},
		"bytes=2-1":                     nil,
		"bytes=":                        nil,
		"bytes=-":                       nil,
		"bytes=a-b":                     nil,
		"bytes=+1-2":                    nil,
		"bytes=1--2":                    nil,
		"bytes=0-1,3-4":                 nil,
		"items=0-1":                     nil,
		"":                              nil,
		"bytes=0x1-2":                   nil,
		"bytes=-9223372036854775808123": {-1, -1, math.MaxInt64},
	} {
		got, ok := ParseRange(in)
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("%q: got %v, %t, want %v", in, got, ok, want)
		}
	}
}

func TestParseCopyRange(t *testing.T) {
	if r, err := ParseCopyRange("bytes=3-7"); err != nil || r != (Range{3, 7, 0}) {
		t.Error(r, err)
	}
	for _, in := range []string{"bytes=3-", "bytes=-3", "3-7", "bytes=7-3", "Bytes=1-2", "bytes= 1-2", ""} {
		if _, err := ParseCopyRange(in); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestParseETags(t *testing.T) {
	for _, tt := range []struct {
		in   string
		weak bool
		want []string
	}{
		{`"a"`, false, []string{"a"}},
		{`a`, false, []string{"a"}},
		{`*`, false, []string{"*"}},
		{`"a", "b,c" ,d`, false, []string{"a", "b,c", "d"}},
		{`W/"a"`, true, []string{"a"}},
		{`W/"a"`, false, []string{`W/"a"`}},
		{` , ,`, false, nil},
		{`"`, false, []string{`"`}},
	} {
		if got := ParseETags(tt.in, tt.weak); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %q", tt.in, got)
		}
	}
}

func TestParseCopySource(t *testing.T) {
	for in, want := range map[string]CopySource{
		"/b/k":                       {"b", "k", ""},
		"b/k":                        {"b", "k", ""},
		"b/dir/":                     {"b", "dir/", ""},
		"b//k":                       {"b", "/k", ""},
		"b/a%20b+c%2Bd%25":           {"b", "a b+c+d%", ""},
		"b/a?b":                      {"b", "a?b", ""},
		"b/a%3Fb?versionId=v1":       {"b", "a?b", "v1"},
		"b/a%3FversionId=x":          {"b", "a?versionId=x", ""},
		"b%2Fk":                      {"b", "k", ""},
		"%2Fb%2Fk":                   {"b", "k", ""},
		"/b/k?versionId=null":        {"b", "k", "null"},
		"b/k?versionId=v&x=y":        {"b", "k", "v"},
		"b/%E6%97%A5":                {"b", "日", ""},
		"b/a?versionId=x?versionId=": {},
		"b":                          {},
		"b/":                         {},
		"/":                          {},
		"":                           {},
		"b/%zz":                      {},
		"b/%ff":                      {},
		"b/k?versionId=":             {},
	} {
		got, err := ParseCopySource(in)
		if got != want || (err != nil) != (want == CopySource{}) {
			t.Errorf("%q: got %+v, %v", in, got, err)
		}
	}
}

func TestParseTagging(t *testing.T) {
	got, err := ParseTagging("a=1&b+c=x%26y&empty=&bare")
	want := []Tag{{"a", "1"}, {"b c", "x&y"}, {"empty", ""}, {"bare", ""}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, in := range []string{"a=1&a=2", "a=%zz", "%ff=1"} {
		if _, err := ParseTagging(in); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestParseQuery(t *testing.T) {
	q, err := ParseQuery("acl&prefix=a+b%2F&x=&&list-type=2&prefix=second;third")
	if err != nil || q.Get("prefix") != "a b/" || !q.Has("acl") || q.Has("y") || !q[2].Bare || q[4].Value != "second;third" {
		t.Errorf("got %v, %v", q, err)
	}
	if _, err := ParseQuery("a=%"); err == nil {
		t.Error("no error for a broken escape")
	}
}

func TestParseList(t *testing.T) {
	for in, want := range map[string]struct {
		max int
		arg string // the argument at fault
	}{
		"":                                 {1000, ""},
		"max-keys=":                        {1000, ""},
		"max-keys=0":                       {0, ""},
		"max-keys=5000":                    {1000, ""},
		"max-keys=-1":                      {0, "max-keys"},
		"max-keys=ten":                     {0, "max-keys"},
		"max-keys=99999999999":             {0, "max-keys"},
		"encoding-type=url":                {1000, ""},
		"encoding-type=xml":                {0, "encoding-type"},
		"list-type=2&continuation-token=":  {0, "continuation-token"},
		"prefix=%ff":                       {0, "prefix"},
		"fetch-owner=true&start-after=%00": {1000, ""},
	} {
		q, err := ParseQuery(in)
		if err != nil {
			t.Fatal(err)
		}
		l, err := ParseList(q, "max-keys")
		var d *Detail
		if errors.As(err, &d) {
			if d.Fields[0].Value != want.arg {
				t.Errorf("%q: %v", in, d)
			}
		} else if err != nil || want.arg != "" || l.Max != want.max {
			t.Errorf("%q: got %+v, %v", in, l, err)
		}
	}
}

func TestTokens(t *testing.T) {
	for _, s := range []string{"", "a", "ünï\x00/", strings.Repeat("x", 1024)} {
		tok := EncodeToken(TokenObjects, s)
		if got, err := DecodeToken(TokenObjects, tok); err != nil || got != s {
			t.Errorf("%q: %q, %v", s, got, err)
		}
		if _, err := DecodeToken(TokenBuckets, tok); err == nil {
			t.Error("a token of objects is taken for one of buckets")
		}
		for i := range tok {
			bad := []byte(tok)
			bad[i] ^= 1
			if got, err := DecodeToken(TokenObjects, string(bad)); err == nil {
				t.Errorf("changed token is taken: %q", got)
			}
		}
	}
	for _, s := range []string{"", "abc", "!!!!", "YQ=="} {
		if _, err := DecodeToken(TokenObjects, s); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%q is taken", s)
		}
	}
}

func TestEncodeKey(t *testing.T) {
	for in, want := range map[string]string{
		"a/b-c_d.e*f": "a/b-c_d.e*f",
		"a b+c%":      "a%20b%2Bc%25",
		"\x01日":       "%01%E6%97%A5",
	} {
		if got := EncodeKey(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
		for _, dec := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
			if back, err := dec(EncodeKey(in)); err != nil || back != in {
				t.Errorf("%q comes back as %q, %v", in, back, err)
			}
		}
	}
}

func TestParseXML(t *testing.T) {
	got, err := ParseXML([]byte("\uFEFF<?xml version='1.0' encoding=\"utf-8\"?><!-- c --><s3:A xmlns:s3=\"u\" b='>'>\n  <B> x &amp;&#x41;&#10;<![CDATA[<raw>&]]> </B>\r\n<C/><!-- -- > --><D ></D >\n</s3:A>\n<?pi?>"))
	want := &Element{Name: "A", Children: []Element{{Name: "B", Text: " x &A\n<raw>& "}, {Name: "C"}, {Name: "D"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, in := range []string{
		"", " ", "<", "<a", "<a>", "<a></b>", "<a/><b/>", "x<a/>", "<a/>x", "<a b></a>", "<a b=c></a>", "<a b='></a>",
		"<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a>&x;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>",
		"<a>&#x110000;</a>", "<a>&amp</a>", "<a>\x00</a>", "<a>\xff</a>", "<a><![CDATA[]]</a>", "<a><!-- </a>", "<a><?x</a>",
		"<?xml version='1.0' encoding='utf-16'?><a/>", "<?xml ", "<a><!ELEMENT></a>", "< a/>", "<a><![CDATA[></a>",
		strings.Repeat("<a>", 13) + strings.Repeat("</a>", 13),
		"<a>" + strings.Repeat("<b/>", maxElements) + "</a>",
		"<a " + strings.Repeat("b='' ", maxAttributes+1) + "/>",
	} {
		if e, err := ParseXML([]byte(in)); !fault.Is(err, fault.MalformedXML) {
			t.Errorf("%.60q: got %+v, %v", in, e, err)
		}
	}
}

func TestParseDelete(t *testing.T) {
	del, err := ParseDelete([]byte(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Quiet>true</Quiet>
  <Object><Key> a </Key><VersionId>v</VersionId><ETag>"e"</ETag><Size>7</Size><LastModifiedTime>Wed, 21 Oct 2015 07:28:00 GMT</LastModifiedTime></Object>
  <Object><Key>&#x1;b</Key></Object>
</Delete>`), 1000)
	if err != nil || !del.Quiet || len(del.Keys) != 2 {
		t.Fatal(del, err)
	}
	k := del.Keys[0]
	if k.Key != " a " || k.VersionID != "v" || k.ETag != "e" || *k.Size != 7 || k.Modified.Unix() != 1445412480 || del.Keys[1].Key != "\x01b" {
		t.Errorf("got %+v", del)
	}
	for _, in := range []string{
		`<Delete/>`, `<Delete><Object/></Delete>`, `<Delete><Object><Key/></Object></Delete>`, `<Remove><Object><Key>a</Key></Object></Remove>`,
		`<Delete><Object><Key>a</Key><Size>-1</Size></Object></Delete>`,
		`<Delete><Object><Key>a</Key><LastModifiedTime>soon</LastModifiedTime></Object></Delete>`,
		`<Delete>` + strings.Repeat(`<Object><Key>a</Key></Object>`, 1001) + `</Delete>`,
	} {
		if _, err := ParseDelete([]byte(in), 1000); !fault.Is(err, fault.MalformedXML) {
			t.Errorf("%.80s: %v", in, err)
		}
	}
}

func TestParseComplete(t *testing.T) {
	parts, err := ParseComplete([]byte("<CompleteMultipartUpload>\n <Part>\n  <PartNumber> 1 </PartNumber>\n  <ETag>&quot;e&quot;</ETag>\n <ChecksumCRC32C>AAAAAA==</ChecksumCRC32C></Part><Part><ETag>f</ETag><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>"), 10)
	want := []CompletedPart{{1, "e", checksum.CRC32C, "AAAAAA=="}, {Number: 2, ETag: "f"}}
	if err != nil || !reflect.DeepEqual(parts, want) {
		t.Errorf("got %+v, %v", parts, err)
	}
	for _, in := range []string{
		`<CompleteMultipartUpload/>`, `<CompleteMultipartUpload><Part/></CompleteMultipartUpload>`,
		`<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>`,
		`<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>`,
		`<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>e</ETag><ChecksumFOO>x</ChecksumFOO></Part></CompleteMultipartUpload>`,
	} {
		if _, err := ParseComplete([]byte(in), 10); !fault.Is(err, fault.MalformedXML) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestTaggingDocument(t *testing.T) {
	doc := Tagging{[]Tag{{" k ", "<v>"}, {"e", ""}}}
	back, err := ParseTaggingXML(doc.Append(nil))
	if err != nil || !reflect.DeepEqual(back, doc) {
		t.Errorf("got %+v, %v", back, err)
	}
	back, err = ParseTaggingJSON([]byte(`{"TagSet":[{"Key":" k ","Value":"<v>"},{"Key":"e","Value":""}]}`))
	if err != nil || !reflect.DeepEqual(back, doc) {
		t.Errorf("got %+v, %v", back, err)
	}
	for _, in := range []string{``, `{}`, `{"Tags":[]}`, `{"TagSet":[]} x`, `[]`} {
		if _, err := ParseTaggingJSON([]byte(in)); err == nil {
			t.Errorf("%s is taken", in)
		}
	}
	for _, in := range []string{`<Tagging/>`, `<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>`, `<Tagging><TagSet><Tug/></TagSet></Tagging>`} {
		if _, err := ParseTaggingXML([]byte(in)); err == nil {
			t.Errorf("%s is taken", in)
		}
	}
	if empty, err := ParseTaggingXML([]byte(`<Tagging><TagSet/></Tagging>`)); err != nil || len(empty.TagSet) != 0 {
		t.Error(empty, err)
	}
}

// TestDocumentsAreXML reads every document with the standard library's parser.
func TestDocumentsAreXML(t *testing.T) {
	when := time.Unix(1700000000, 0)
	sum := Checksum{"SHA256", "COMPOSITE", "x-2"}
	owner := Owner{"id", "na<me"}
	l := Listing{Bucket: "b", Prefix: "<", Delimiter: "&", Max: 3, Truncated: true, Prefixes: []string{"a&"},
		Entries: []Entry{{Key: "k'\"", Modified: when, ETag: "e", Owner: owner, VersionID: "v"}, {Key: "m", DeleteMarker: true, Owner: owner}}}
	for _, d := range []interface{ Append([]byte) []byte }{
		&ListObjects{l, "m", "n"}, &ListObjectsV2{l, "s", "t", "u"}, &ListVersions{Listing: l, NextKeyMarker: "k", NextVersionIDMarker: "v"},
		&ListUploads{Listing: l, Uploads: []Upload{{Key: "k", Initiated: when}}}, &ListBuckets{Owner: owner, Buckets: []Bucket{{"b", when, "r"}}},
		&Location{"eu"}, &CopyResult{false, when, "e", sum}, &CopyResult{true, when, "e", sum}, &InitiateUpload{"b", "k", "u"},
		&CompleteResult{"l", "b", "k", "e", sum}, &ListParts{Parts: []Part{{1, when, "e", 3, sum}}},
		&Attributes{ETag: "e", Checksum: sum, Parts: &AttributeParts{Total: 1, Parts: []Part{{1, when, "", 2, sum}}}, HasSize: true},
		&DeleteResult{[]DeletedEntry{{Key: "k", DeleteMarker: true, DeleteMarkerVersionID: "v"}, {Key: "k", Code: "C", Message: "m"}}},
		&ACL{owner, []Grant{{Grantee{Type: CanonicalUser, ID: "i<d"}, "READ"}, {Grantee{Type: GroupGrantee, URI: "u&"}, "WRITE"}}},
		&PublicAccessBlock{true, false, true, false}, &OwnershipControls{[]OwnershipRule{{"ObjectWriter"}}}, &PolicyStatus{true}, &Versioning{Status: "Enabled"}, &Tagging{[]Tag{{"a", "b"}}}, &Error{Code: "C", Fields: []Field{{"F", "<"}}},
	} {
		out := d.Append(nil)
		var any struct {
			Inner string `xml:",innerxml"`
		}
		if err := xml.Unmarshal(out, &any); err != nil {
			t.Errorf("%T: %v\n%s", d, err, out)
		}
		if _, err := ParseXML(out); err != nil {
			t.Errorf("%T: %v\n%s", d, err, out)
		}
	}
}

func BenchmarkListObjectsV2(b *testing.B) {
	l := ListObjectsV2{Listing: Listing{Bucket: "bucket", Max: 1000}}
	for range 1000 {
		l.Entries = append(l.Entries, Entry{Key: "photos/2024/05/IMG_20240512_101530.jpg", Modified: time.Unix(1700000000, 0),
			ETag: "d41d8cd98f00b204e9800998ecf8427e", Size: 1234567, ChecksumAlgorithm: "CRC64NVME", ChecksumType: "FULL_OBJECT"})
	}
	buf := l.Append(nil)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = l.Append(buf[:0])
	}
}

func BenchmarkParseComplete(b *testing.B) {
	var s strings.Builder
	s.WriteString("<CompleteMultipartUpload>")
	for range 10000 {
		s.WriteString("<Part><PartNumber>9999</PartNumber><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>")
	}
	s.WriteString("</CompleteMultipartUpload>")
	body := []byte(s.String())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseComplete(body, 10000); err != nil {
			b.Fatal(err)
		}
	}
}

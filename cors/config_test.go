package cors

import (
	"reflect"
	"strings"
	"testing"
)

// The example of https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html.
const example = `<CORSConfiguration>
 <CORSRule>
   <AllowedOrigin>http://www.example.com</AllowedOrigin>
   <AllowedMethod>PUT</AllowedMethod>
   <AllowedMethod>POST</AllowedMethod>
   <AllowedMethod>DELETE</AllowedMethod>
   <AllowedHeader>*</AllowedHeader>
   <MaxAgeSeconds>3000</MaxAgeSeconds>
   <ExposeHeader>x-amz-server-side-encryption</ExposeHeader>
 </CORSRule>
 <CORSRule>
   <ID>two</ID>
   <AllowedOrigin>*</AllowedOrigin>
   <AllowedMethod>GET</AllowedMethod>
 </CORSRule>
</CORSConfiguration>`

func TestDocuments(t *testing.T) {
	c, err := ParseXML([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{Rules: []Rule{
		{AllowedOrigins: []string{"http://www.example.com"}, AllowedMethods: []string{"PUT", "POST", "DELETE"}, AllowedHeaders: []string{"*"},
			ExposeHeaders: []string{"x-amz-server-side-encryption"}, MaxAgeSeconds: age(3000)},
		{ID: "two", AllowedOrigins: []string{"*"}, AllowedMethods: []string{"GET"}}}}
	if !reflect.DeepEqual(c, want) {
		t.Fatalf("%+v", c)
	}
	again, err := ParseXML(c.Append(nil))
	if err != nil || !reflect.DeepEqual(again, want) {
		t.Fatal(err, again)
	}
	const doc = `{"CORSRules":[{"AllowedOrigins":["http://www.example.com"],"AllowedMethods":["PUT","POST","DELETE"],"AllowedHeaders":["*"],"ExposeHeaders":["x-amz-server-side-encryption"],"MaxAgeSeconds":3000},{"ID":"two","AllowedOrigins":["*"],"AllowedMethods":["GET"]}]}`
	if got := string(c.JSON()); got != doc {
		t.Fatal(got)
	}
	if again, err = ParseJSON([]byte(doc)); err != nil || !reflect.DeepEqual(again, want) {
		t.Fatal(err, again)
	}
	if got := string((&Config{Rules: []Rule{{AllowedOrigins: []string{"<&"}}}}).Append(nil)); !strings.Contains(got, "<AllowedOrigin>&lt;&amp;</AllowedOrigin>") {
		t.Error(got)
	}
}

func TestBadDocuments(t *testing.T) {
	const malformed = "MalformedXML: The XML you provided was not well-formed or did not validate against our published schema"
	const okay = `<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>`
	doc := func(inner string) string { return "<CORSConfiguration>" + inner + "</CORSConfiguration>" }
	rule := func(inner string) string { return doc("<CORSRule>" + inner + "</CORSRule>") }
	for _, tt := range []struct{ doc, want string }{
		{"", malformed}, {"<a/>", malformed}, {doc(""), malformed}, {doc("<Rule/>"), malformed}, {rule(""), malformed},
		{rule(`<AllowedOrigin>*</AllowedOrigin>`), malformed}, {rule(`<AllowedMethod>GET</AllowedMethod>`), malformed},
		{rule(okay + "<Other/>"), malformed}, {rule(okay + "<ID>a</ID><ID>b</ID>"), malformed}, {rule(okay + "<ID><a/></ID>"), malformed},
		{rule(okay + "<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>1</MaxAgeSeconds>"), malformed},
		{rule(okay + "<MaxAgeSeconds>-1</MaxAgeSeconds>"), malformed}, {rule(okay + "<MaxAgeSeconds>1.5</MaxAgeSeconds>"), malformed},
		{rule(okay + "<MaxAgeSeconds>99999999999</MaxAgeSeconds>"), malformed},
		{rule(okay + "<AllowedMethod>OPTIONS</AllowedMethod>"), "InvalidRequest: Found unsupported HTTP method in CORS config. Unsupported method is OPTIONS"},
		{rule(okay + "<AllowedMethod/>"), "InvalidRequest: Found unsupported HTTP method in CORS config. Unsupported method is "},
		{rule(okay + "<AllowedOrigin>*example*.com</AllowedOrigin>"), `InvalidRequest: AllowedOrigin "*example*.com" can not have more than one wildcard.`},
		{rule(okay + "<AllowedHeader>x-*-*</AllowedHeader>"), `InvalidRequest: AllowedHeader "x-*-*" can not have more than one wildcard.`},
		{rule(okay + "<ExposeHeader>a&#10;b</ExposeHeader>"), `InvalidRequest: ExposeHeader "a\nb" is not the name of a header.`},
		{rule(okay + "<ID>" + strings.Repeat("é", 256) + "</ID>"), "InvalidRequest: The ID value can be up to 255 characters long. Invalid ID is \"" + strings.Repeat("é", 256) + `"`},
		{rule(okay + "<ID>" + strings.Repeat("é", 255) + "</ID>"), ""},
		{rule(okay + "<AllowedOrigin></AllowedOrigin>"), ""},
		{doc(strings.Repeat("<CORSRule>"+okay+"</CORSRule>", 100)), ""},
		{doc(strings.Repeat("<CORSRule>"+okay+"</CORSRule>", 101)), "InvalidRequest: The number of CORS rules should not exceed allowed limit of 100 rules."},
		{rule(okay + strings.Repeat(" ", MaxDocument)), "MaxMessageLengthExceeded: Your request was too big."},
	} {
		_, err := ParseXML([]byte(tt.doc))
		if got := describe(err); err == nil && tt.want != "" || err != nil && got != tt.want {
			t.Errorf("%.80s: %s", tt.doc, got)
		}
	}
	for _, doc := range []string{"", "[]", `{}`, `{"CORSRules":[]}`, `{"CORSRules":[{}]}`, `{"CORSRules":[{"AllowedOrigins":["*"],"AllowedMethods":["GET"],"Foo":1}]}`,
		`{"CORSRules":[{"AllowedOrigins":"*","AllowedMethods":["GET"]}]}`, `{"CORSRules":[{"AllowedOrigins":["*"],"AllowedMethods":["GET"]}]} x`, `{"CORSRules":[{"AllowedOrigins":["*"],"AllowedMethods":["GET"]}]}}`,
		`{"CORSRules":[{"AllowedOrigins":["*"],"AllowedMethods":["GET"]}]}` + strings.Repeat(" ", MaxDocument)} {
		if _, err := ParseJSON([]byte(doc)); err == nil {
			t.Errorf("%.80s is taken", doc)
		}
	}
}

// FuzzConfig: what is taken can be written and read again, in both forms, and answers every request without a panic; what
// stands in headers has no line ends.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(example), "http://www.example.com", "PUT", "a,b")
	f.Add([]byte(`{"CORSRules":[{"AllowedOrigins":["a*b"],"AllowedMethods":["GET"],"ExposeHeaders":["ETag","x-*"]}]}`), "ab", "GET", "")
	f.Fuzz(func(t *testing.T, doc []byte, origin, method, headers string) {
		c, err := ParseXML(doc)
		if err != nil {
			if c, err = ParseJSON(doc); err != nil {
				return
			}
			if doc := c.JSON(); len(doc) <= MaxDocument {
				if again, err := ParseJSON(doc); err != nil || string(again.JSON()) != string(doc) {
					t.Fatal(err)
				}
			}
		} else if again, err := ParseXML(c.Append(nil)); len(c.Append(nil)) <= MaxDocument && (err != nil || len(again.Rules) != len(c.Rules)) {
			t.Fatal(err)
		}
		h := map[string][]string{"X-A": {"1"}}
		a, _ := Compile(c).Preflight(Request{origin, method, headers})
		a.Set(h)
		for name, v := range h {
			if name != "Access-Control-Allow-Origin" && strings.ContainsAny(v[0], "\r\n") {
				t.Fatal(name, v)
			}
		}
	})
}

package cors

import "testing"

// BenchmarkCompile is what a request of a browser costs beside reading the document.
func BenchmarkCompile(b *testing.B) {
	doc := []byte(`{"CORSRules":[{"AllowedOrigins":["https://example.com","https://app.example.com"],"AllowedMethods":["GET","PUT","POST","DELETE"],"AllowedHeaders":["*"],"ExposeHeaders":["ETag","x-amz-meta-*"],"MaxAgeSeconds":3600}]}`)
	b.ReportAllocs()
	for b.Loop() {
		c, err := ParseJSON(doc)
		if err != nil {
			b.Fatal(err)
		}
		Compile(c)
	}
}

func BenchmarkMatch(b *testing.B) {
	rs, err := Server([]string{"https://a", "https://*.example.com"}, []string{"GET", "PUT"}, []string{"*"}, []string{"ETag"})
	if err != nil {
		b.Fatal(err)
	}
	q := Request{Origin: "https://app.example.com", Method: "PUT", Headers: "content-type,x-amz-date"}
	h := map[string][]string{}
	b.ReportAllocs()
	for b.Loop() {
		clear(h)
		rs.Match(q).Set(h)
	}
}

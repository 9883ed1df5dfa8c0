package adminapi

import (
	"net/url"
	"testing"
)

// BenchmarkOwns asks about requests of S3, which all pass here.
func BenchmarkOwns(b *testing.B) {
	for _, path := range []string{"/bucket/photos/2026/01/02/image-0001.jpg", "/admin-bucket/photos/image.jpg", "/admin/users"} {
		u, err := url.Parse("http://localhost" + path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(path[1:6], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Owns(u)
			}
		})
	}
}

package kms

import (
	"path/filepath"
	"testing"
)

// What SSE-KMS adds to a PUT and to a GET.
func BenchmarkDataKey(b *testing.B) {
	m, err := OpenMaster(MasterOptions{Path: filepath.Join(b.TempDir(), "master.key")})
	if err != nil {
		b.Fatal(err)
	}
	k, err := Open(Options{Path: filepath.Join(b.TempDir(), "kms_keys.json"), Master: m})
	if err != nil {
		b.Fatal(err)
	}
	for range 100 {
		if _, err := k.Create(CreateKey{}); err != nil {
			b.Fatal(err)
		}
	}
	context := map[string]string{"aws:s3:arn": "arn:aws:s3:::bucket"}
	_, blob, _, err := k.NewDataKey("", context)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("New", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			k.NewDataKey("", context)
		}
	})
	b.Run("Open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			k.OpenDataKey(blob, context)
		}
	})
}

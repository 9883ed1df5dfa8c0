package object

import (
	"bytes"
	"io"
	"testing"
	"unicode/utf8"
)

// inPieces gives bytes in pieces of one size.
type inPieces struct {
	src  io.Reader
	size int
}

func (p inPieces) Read(b []byte) (int, error) { return p.src.Read(b[:min(len(b), p.size)]) }

// Whatever the pieces a payload comes in, it is text when it is text as a whole.
func FuzzAnnotationText(f *testing.F) {
	f.Add([]byte("é€😀"), 1)
	f.Add([]byte("a\xf0\x9f"), 2)
	f.Add([]byte("\xed\xa0\x80\xff"), 3)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		if size < 1 {
			return
		}
		got, err := io.ReadAll(&payload{src: inPieces{bytes.NewReader(data), size}})
		if (err == nil) != utf8.Valid(data) || err == nil && !bytes.Equal(got, data) {
			t.Fatalf("%q in pieces of %d: %q, %v", data, size, got, err)
		}
	})
}

// A record that can be read is written as one that says the same.
func FuzzAnnotationRecord(f *testing.F) {
	a := annotationRecord{size: 3, modified: 4, etag: []byte("0123456789abcdef"), body: body{kind: bodyBlob, id: id{1}}, salt: id{2}, stored: 5}
	f.Add(a.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b annotationRecord
		if a.decode(data) != nil {
			return
		}
		again := a.encode()
		if err := b.decode(again); err != nil || !bytes.Equal(b.encode(), again) {
			t.Fatalf("%x: %v", data, err)
		}
	})
}

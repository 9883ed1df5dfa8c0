package fileblob

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/vfs"
)

// TestDirect writes a large blob from page-aligned buffers: past the cache as long as pieces are aligned, and
// byte for byte in any case.
func TestDirect(t *testing.T) {
	s, err := Open(Options{FS: vfs.OS{}, Dir: t.TempDir(), Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 3<<20+777) // large allocations begin at a page
	r := rand.NewChaCha8([32]byte{1})
	r.Read(want)
	var ids blob.IDs
	for _, c := range []struct {
		name  string
		sizes []int // of the pieces written; the rest follows in one
		off   int64
		hint  int64
	}{
		{"aligned, then the end", []int{1 << 20, 1 << 20, 1 << 20}, 0, int64(len(want))},
		{"one piece with the end", nil, 0, int64(len(want))},
		{"odd piece in the middle", []int{1 << 20, 5, 1 << 20}, 0, int64(len(want))},
		{"piece at an aligned offset", []int{1 << 20}, 8 << 20, int64(len(want))},
		{"piece at an odd offset", []int{1 << 20}, 12345, int64(len(want))},
		{"a hint that is too small", []int{1 << 20}, 0, 10},
	} {
		id := ids.New(time.Now())
		w, err := s.CreateAt(t.Context(), id, c.off, c.hint)
		if err != nil {
			t.Fatal(err)
		}
		began := w.(*piece).direct
		rest := want
		for _, n := range append(c.sizes, len(want)) {
			n = min(n, len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			rest = rest[n:]
		}
		if w.(*piece).direct {
			t.Errorf("%s: the end went past the cache although it is no whole block", c.name)
		}
		if err := w.Commit(t.Context()); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		b, err := s.Open(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(b, c.off, b.Size()-c.off))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: the bytes differ (%d of %d), %v", c.name, len(got), len(want), err)
		}
		b.Close()
		t.Logf("%s: direct at first: %v", c.name, began)
	}
}

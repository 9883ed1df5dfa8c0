package view

import (
	"path/filepath"
	"strings"
	"testing"

	"myfsio/vfs/memfs"
)

func TestPlainKey(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, tc := range []struct {
		key                    string
		linux, darwin, windows bool
	}{
		{"a", true, true, true},
		{"a/b/c.txt", true, true, true},
		{"a b", true, true, true},
		{"ключ/鍵", true, true, true},
		{".hidden", true, true, true},
		{"...", true, true, false},
		{"a..b", true, true, true},
		{long, true, true, true},
		{long + "/" + long, true, true, true},
		{"a/.myfsio.sys", true, true, true},
		{".myfsio.system", true, true, true},
		{"a\nb", true, true, false},
		{"a\\b", true, true, false},
		{`..\x`, true, true, false},
		{"c:x", true, true, false},
		{"what?", true, true, false},
		{"a./b", true, true, false},
		{"a /b", true, true, false},
		{"con", true, true, false},
		{"x/NUL.txt", true, true, false},
		{"aux .c", true, true, false},
		{"com1", true, true, false},
		{"LPT9.log", true, true, false},
		{"com¹", true, true, false},
		{"com", true, true, true},
		{"com10", true, true, true},
		{"lptx", true, true, true},
		{"console", true, true, true},
		{"\xff", true, false, false},
		{"", false, false, false},
		{"/", false, false, false},
		{"/a", false, false, false},
		{"a/", false, false, false},
		{"a//b", false, false, false},
		{".", false, false, false},
		{"..", false, false, false},
		{"a/.", false, false, false},
		{"./a", false, false, false},
		{"../a", false, false, false},
		{"a/../b", false, false, false},
		{long + "x", false, false, false},
		{"a/" + long + "x", false, false, false},
		{"a\x00b", false, false, false},
		{".myfsio.sys", false, false, false},
		{".myfsio.sys/meta", false, false, false},
		{".myfsio.tmp-1", false, false, false},
		{".myfsio.tmp/x", false, false, false},
	} {
		for goos, want := range map[string]bool{"linux": tc.linux, "darwin": tc.darwin, "windows": tc.windows} {
			if got := plainKey(goos, tc.key); got != want {
				t.Errorf("%s: %.40q: %v", goos, tc.key, got)
			}
		}
	}
}

func TestPathHasABound(t *testing.T) {
	tree := testTree(t)
	segment := strings.Repeat("x", 99) + "/"
	for n := range 60 {
		key := strings.Repeat(segment, n) + "k"
		path, ok := tree.Path("b", key)
		if ok != (len(path) <= maxPath) || len(path) != len("/data/b/")+len(key) {
			t.Errorf("%d segments: %v, %d bytes", n, ok, len(path))
		}
	}
}

func testTree(t testing.TB) *Tree {
	t.Helper()
	tree, err := Open(Options{FS: memfs.New(), Root: "/data"})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// FuzzPath checks that every path is below its bucket and tells its bucket and key.
func FuzzPath(f *testing.F) {
	for _, key := range []string{"a", "a/b", "../a", "a/../../b", "/", "", ".myfsio.sys/x", "a\x00", "a//b", "b/./c", "\\..\\x"} {
		f.Add("bucket", key)
		f.Add(key, "key")
	}
	tree := testTree(f)
	f.Fuzz(func(t *testing.T, bucket, key string) {
		path, ok := tree.Path(bucket, key)
		if !ok {
			return
		}
		if filepath.Clean(path) != path {
			t.Errorf("%q is not clean", path)
		}
		rel, err := filepath.Rel(tree.root, path)
		if err != nil || !filepath.IsLocal(rel) {
			t.Fatalf("%q leaves the root: %q, %v", path, rel, err)
		}
		b, k, found := strings.Cut(filepath.ToSlash(rel), "/")
		if !found || b != bucket || k != key {
			t.Errorf("%q is the path of %q, %q, not of %q, %q", path, b, k, bucket, key)
		}
		if b == internalDir {
			t.Errorf("%q is internal", path)
		}
	})
}

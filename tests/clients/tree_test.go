package clients

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// body makes n bytes that depend on seed alone.
func body(seed uint64, n int) []byte {
	b := make([]byte, n)
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	rand.NewChaCha8(key).Read(b)
	return b
}

// oddNames are file names that clients stumble over.
var oddNames = []string{
	"with space", "plus+sign", "per%cent", "per%20cent", "amper&sand", "hash#mark", "question?mark", "quote'single",
	"semi;colon", "equals=sign", "at@sign", "comma,name", "exclaim!", "dollar$", "paren(1)", "brack[1]", "brace{1}",
	"tilde~", "caret^", "pipe|", "colon:name", "back`tick", "umlaut-\u00e4\u00f6\u00fc", "combining-a\u0308",
	"kanji-\u6f22\u5b57", "emoji-\U0001f4a5", "..dots", "trailing.", "-dash", "_under", ".hidden",
}

// bigFiles are sizes in MiB, some of which a client sends in parts.
var bigFiles = []int{1, 3, 6, 20}

// tree makes about 3,000 files below dir, always the same: nested directories, empty files, odd names, and files
// around the sizes where servers and clients change their way.
func tree(t *testing.T, dir string) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	put := func(name string, size int) {
		write(t, filepath.Join(dir, name), body(uint64(len(name))<<32|uint64(size), size))
	}
	for i := range 2900 {
		size := rng.IntN(3000)
		switch rng.IntN(40) {
		case 0:
			size = 0
		case 1:
			size = 16<<10 + rng.IntN(3) - 1
		case 2:
			size = 64<<10 + rng.IntN(3) - 1
		case 3:
			size = rng.IntN(200 << 10)
		}
		put(fmt.Sprintf("dir %02d/sub-%d/%d/file-%04d.txt", i%17, i%5, i%3, i), size)
	}
	for i, name := range oddNames {
		put("odd/"+name, i*7)
		put("odd dirs/"+name+"/file", i*11)
	}
	for _, mib := range bigFiles {
		put(fmt.Sprintf("big/%dMiB.bin", mib), mib<<20+13)
	}
	return dir
}

// goSources is a real tree that is there wherever Go is: part of its standard library.
func goSources(t *testing.T, pkg string) string {
	t.Helper()
	dir := filepath.Join(runtime.GOROOT(), "src", pkg)
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files lists the regular files below dir by their slash-separated relative names.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		found[filepath.ToSlash(rel)] = path
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sameTree fails the test when the files below two directories differ in names or bytes.
func sameTree(t *testing.T, want, got string) {
	t.Helper()
	a, b := files(t, want), files(t, got)
	wrong := 0
	for name, path := range a {
		other, ok := b[name]
		switch {
		case !ok:
			t.Errorf("%q is missing", name)
		case !bytes.Equal(read(t, path), read(t, other)):
			t.Errorf("%q differs", name)
		default:
			continue
		}
		if wrong++; wrong > 10 {
			t.Fatal("and more")
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%q should not be there", name)
		}
	}
	if len(a) == 0 {
		t.Errorf("no files below %s", want)
	}
}

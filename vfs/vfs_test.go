package vfs_test

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"myfsio/vfs"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

// systems are all file systems, each with an empty directory to work in.
func systems(t *testing.T) map[string]func(t *testing.T) (vfs.FS, string) {
	return map[string]func(t *testing.T) (vfs.FS, string){
		"os": func(t *testing.T) (vfs.FS, string) { return vfs.OS{}, t.TempDir() },
		"confined": func(t *testing.T) (vfs.FS, string) {
			dir := t.TempDir()
			return confine(t, vfs.OS{}, dir), dir
		},
		"mem":   func(t *testing.T) (vfs.FS, string) { return memfs.New(), "/" },
		"fault": func(t *testing.T) (vfs.FS, string) { return faultfs.New(memfs.New(), "/"), "/" },
	}
}

func confine(t *testing.T, c vfs.Confiner, dir string) vfs.FS {
	t.Helper()
	f, err := c.Confine(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFS(t *testing.T) {
	for name, open := range systems(t) {
		for _, tc := range []struct {
			name string
			run  func(t *testing.T, f vfs.FS, dir string)
		}{
			{"errors", testErrors}, {"files", testFiles}, {"write file", testWriteFile},
			{"names", testNames}, {"directories", testDirectories},
		} {
			t.Run(name+"/"+tc.name, func(t *testing.T) {
				f, dir := open(t)
				tc.run(t, f, dir)
			})
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, f vfs.FS, path, data string) {
	t.Helper()
	file, err := f.Create(path)
	must(t, err)
	_, err = file.Write([]byte(data))
	must(t, err)
	must(t, file.Close())
}

func get(t *testing.T, f vfs.FS, path string) string {
	t.Helper()
	file, err := f.Open(path)
	must(t, err)
	defer file.Close()
	data, err := io.ReadAll(file)
	must(t, err)
	return string(data)
}

func testErrors(t *testing.T, f vfs.FS, dir string) {
	in := func(name string) string { return filepath.Join(dir, name) }
	put(t, f, in("file"), "x")
	must(t, f.Mkdir(in("dir")))
	put(t, f, in("dir/file"), "y")
	must(t, f.Mkdir(in("empty")))
	create := func(name string) error { _, err := f.Create(in(name)); return err }
	openWrite := func(name string) error { _, _, err := f.OpenWrite(in(name)); return err }
	open := func(name string) error { _, err := f.Open(in(name)); return err }
	readDir := func(name string) error { _, err := f.ReadDir(in(name)); return err }
	lstat := func(name string) error { _, err := f.Lstat(in(name)); return err }
	now := time.Now()
	for what, tc := range map[string]struct{ got, want error }{
		"create there":         {create("file"), fs.ErrExist},
		"create on dir":        {create("dir"), fs.ErrExist},
		"create below file":    {create("file/x"), syscall.ENOTDIR},
		"create below nothing": {create("no/x"), fs.ErrNotExist},
		"openwrite nowhere":    {openWrite("no/x"), fs.ErrNotExist},
		"open absent":          {open("no"), fs.ErrNotExist},
		"open below file":      {open("file/x"), syscall.ENOTDIR},
		"write file there":     {f.WriteFile(in("file"), nil, now), fs.ErrExist},
		"write file nowhere":   {f.WriteFile(in("no/x"), nil, now), fs.ErrNotExist},
		"write file below":     {f.WriteFile(in("file/x"), nil, now), syscall.ENOTDIR},
		"link there":           {f.Link(in("file"), in("dir/file")), fs.ErrExist},
		"link absent":          {f.Link(in("no"), in("new")), fs.ErrNotExist},
		"link below file":      {f.Link(in("dir/file"), in("file/x")), syscall.ENOTDIR},
		"rename absent":        {f.Rename(in("no"), in("new")), fs.ErrNotExist},
		"rename below file":    {f.Rename(in("dir/file"), in("file/x")), syscall.ENOTDIR},
		"remove absent":        {f.Remove(in("no")), fs.ErrNotExist},
		"removedir absent":     {f.RemoveDir(in("no")), fs.ErrNotExist},
		"removedir file":       {f.RemoveDir(in("file")), syscall.ENOTDIR},
		"removedir full":       {f.RemoveDir(in("dir")), fs.ErrExist},
		"mkdir there":          {f.Mkdir(in("dir")), fs.ErrExist},
		"mkdir on file":        {f.Mkdir(in("file")), fs.ErrExist},
		"mkdir below file":     {f.Mkdir(in("file/x")), syscall.ENOTDIR},
		"mkdir nowhere":        {f.Mkdir(in("no/x")), fs.ErrNotExist},
		"readdir absent":       {readDir("no"), fs.ErrNotExist},
		"readdir file":         {readDir("file"), syscall.ENOTDIR},
		"lstat absent":         {lstat("no"), fs.ErrNotExist},
		"lstat below file":     {lstat("file/x"), syscall.ENOTDIR},
		"chtimes absent":       {f.Chtimes(in("no"), now), fs.ErrNotExist},
		"syncdir absent":       {f.SyncDir(in("no")), fs.ErrNotExist},
		"syncdir file":         {f.SyncDir(in("file")), syscall.ENOTDIR},
	} {
		if !errors.Is(tc.got, tc.want) {
			t.Errorf("%s: %v, want %v", what, tc.got, tc.want)
		}
	}
	for what, err := range map[string]error{
		"rename over dir": f.Rename(in("file"), in("empty")),
		"remove dir":      f.Remove(in("empty")),
		"link of a dir":   f.Link(in("empty"), in("new")),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if get(t, f, in("file")) != "x" || get(t, f, in("dir/file")) != "y" {
		t.Error("a failed call changed a file")
	}
}

func testFiles(t *testing.T, f vfs.FS, dir string) {
	path := filepath.Join(dir, "a")
	file, created, err := f.OpenWrite(path)
	must(t, err)
	if !created {
		t.Error("OpenWrite did not say that it made the file")
	}
	must(t, file.Preallocate(0, 1<<20))
	_, err = file.WriteAt([]byte("world"), 6)
	must(t, err)
	_, err = file.Write([]byte("hello"))
	must(t, err)
	file.WriteBack(0, 11)
	must(t, file.SyncData())
	if fi, err := file.Stat(); err != nil || fi.Size() != 11 {
		t.Errorf("Stat: %v, %v", fi, err)
	}
	must(t, file.Close())
	if got := get(t, f, path); got != "hello\x00world" {
		t.Errorf("read %q", got)
	}
	file, created, err = f.OpenWrite(path)
	must(t, err)
	if created {
		t.Error("OpenWrite says it made a file that was there")
	}
	must(t, file.Truncate(3))
	_, err = file.WriteAt([]byte("!"), 5)
	must(t, err)
	p := make([]byte, 10)
	if n, err := file.ReadAt(p, 1); n != 5 || err != io.EOF || string(p[:n]) != "el\x00\x00!" {
		t.Errorf("ReadAt: %d, %v, %q", n, err, p)
	}
	if n, err := file.ReadAt(p, 9); n != 0 || err != io.EOF {
		t.Errorf("ReadAt behind the end: %d, %v", n, err)
	}
	must(t, file.Truncate(8))
	must(t, file.Close())
	if got := get(t, f, path); got != "hel\x00\x00!\x00\x00" {
		t.Errorf("read %q", got)
	}
}

func testWriteFile(t *testing.T, f vfs.FS, dir string) {
	when := time.Unix(1_600_000_000, 123_000_000)
	for name, data := range map[string]string{"a": "data", "empty": "", "long": strings.Repeat("x", 100_000)} {
		path := filepath.Join(dir, name)
		err := f.WriteFile(path, []byte(data), when)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("not here")
		}
		must(t, err)
		if get(t, f, path) != data {
			t.Errorf("%s: wrong bytes", name)
		}
		fi, err := f.Lstat(path)
		if err != nil || !fi.ModTime().Equal(when) || fi.Size() != int64(len(data)) || !fi.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", name, fi, err)
		}
	}
}

func testNames(t *testing.T, f vfs.FS, dir string) {
	in := func(name string) string { return filepath.Join(dir, name) }
	put(t, f, in("a"), "A")
	must(t, f.Link(in("a"), in("b")))
	id := func(name string) uint64 {
		fi, err := f.Lstat(in(name))
		must(t, err)
		return vfs.FileID(fi)
	}
	if id("a") != id("b") {
		t.Error("two names of one file have two identities")
	}
	when := time.Unix(1_500_000_000, 0)
	must(t, f.Chtimes(in("a"), when))
	if fi, _ := f.Lstat(in("b")); !fi.ModTime().Equal(when) {
		t.Errorf("time of the second name: %v", fi.ModTime())
	}
	must(t, f.Rename(in("a"), in("b"))) // one file: both names may stay
	put(t, f, in("c"), "C")
	if id("c") == id("b") {
		t.Error("two files have one identity")
	}
	open, err := f.Open(in("b"))
	must(t, err)
	defer open.Close()
	must(t, f.Rename(in("c"), in("b")))
	if got := get(t, f, in("b")); got != "C" {
		t.Errorf("after the rename: %q", got)
	}
	if data, err := io.ReadAll(open); string(data) != "A" {
		t.Errorf("an open file that was replaced: %q, %v", data, err)
	}
	must(t, f.Remove(in("b")))
	if _, err := f.Lstat(in("b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
}

func testDirectories(t *testing.T, f vfs.FS, dir string) {
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, vfs.MkdirAll(f, in("x/y/z")))
	must(t, vfs.MkdirAll(f, in("x/y/z")))
	put(t, f, in("x/b"), "12")
	put(t, f, in("x/B"), "1")
	if err := vfs.MkdirAll(f, in("x/b/c")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("MkdirAll below a file: %v", err)
	}
	entries, err := f.ReadDir(in("x"))
	must(t, err)
	var got []string
	for _, e := range entries {
		fi, err := e.Info()
		must(t, err)
		if !fi.IsDir() {
			got = append(got, e.Name()+"="+string(rune('0'+fi.Size())))
		} else if e.IsDir() {
			got = append(got, e.Name()+"/")
		}
	}
	if s := strings.Join(got, " "); s != "B=1 b=2 y/" {
		t.Errorf("ReadDir: %s", s)
	}
	must(t, f.SyncDir(in("x")))
	if err := f.SyncAll(dir); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("SyncAll: %v", err)
	}
	must(t, f.RemoveDir(in("x/y/z")))
	must(t, f.RemoveDir(in("x/y")))
}

package view_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"myfsio/vfs"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
	"myfsio/view"
)

var (
	ctx  = context.Background()
	when = time.Unix(1_600_000_000, 0)
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fixture is a tree with the file system that it is on.
type fixture struct {
	*view.Tree
	fs   vfs.FS
	root string
}

func open(t testing.TB, fsys vfs.FS, root string) *fixture {
	t.Helper()
	tree, err := view.Open(view.Options{FS: fsys, Root: root})
	must(t, err)
	t.Cleanup(func() { tree.Close() })
	return &fixture{tree, fsys, root}
}

// each runs test on every file system: as it is, without links, and without files that appear whole.
func each(t *testing.T, test func(t *testing.T, f *fixture)) {
	lacking := func(kind string) *faultfs.FS {
		fsys := faultfs.New(memfs.New(), "/")
		fsys.Arm(faultfs.Fault{Err: errors.ErrUnsupported, Sticky: true, Match: func(c faultfs.Call) bool { return c.Kind == kind }})
		return fsys
	}
	for name, fsys := range map[string]vfs.FS{
		"os": vfs.OS{}, "mem": memfs.New(), "no links": lacking("link"), "no write file": lacking("writefile"),
	} {
		t.Run(name, func(t *testing.T) {
			root := "/data"
			if name == "os" {
				root = filepath.Join(t.TempDir(), "data")
			}
			test(t, open(t, fsys, root))
		})
	}
}

// source makes a file to link, outside of all buckets.
func (f *fixture) source(t testing.TB, name, data string) string {
	t.Helper()
	path := filepath.Join(f.root, ".myfsio.sys", name)
	f.plain(t, path, data)
	return path
}

// plain makes a file by hand.
func (f *fixture) plain(t testing.TB, path, data string) {
	t.Helper()
	file, err := f.fs.Create(path)
	must(t, err)
	_, err = file.Write([]byte(data))
	must(t, err)
	must(t, file.Close())
}

// read returns what is shown for a key, "-" for nothing.
func (f *fixture) read(t testing.TB, bucket, key string) string {
	t.Helper()
	file, err := f.Open(bucket, key)
	if errors.Is(err, fs.ErrNotExist) {
		return "-"
	}
	must(t, err)
	defer file.Close()
	data, err := io.ReadAll(file)
	must(t, err)
	return string(data)
}

// keys walks a bucket; foreign entries get a question mark.
func (f *fixture) keys(t testing.TB, bucket, after string) string {
	t.Helper()
	var keys []string
	for e, err := range f.Walk(ctx, bucket, after) {
		must(t, err)
		if e.Foreign {
			e.Key += "?"
		}
		keys = append(keys, e.Key)
	}
	return strings.Join(keys, " ")
}

// temps returns the number of temporary files.
func (f *fixture) temps(t testing.TB) int {
	t.Helper()
	entries, err := f.fs.ReadDir(filepath.Join(f.root, ".myfsio.sys", "tmp"))
	must(t, err)
	return len(entries)
}

func (f *fixture) write(bucket, key, data string) error {
	return f.Write(bucket, key, []byte(data), when)
}

func TestShowReplaceRemove(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		must(t, f.MakeBucket("b"))
		must(t, f.MakeBucket("b"))
		one, two := f.source(t, "one", "ONE"), f.source(t, "two", "TWO")
		steps := []struct {
			what string
			err  error
			want string
		}{
			{"link", f.Link("b", "x/y/z", one, when), "ONE"},
			{"the same again", f.Link("b", "x/y/z", one, when), "ONE"},
			{"link over link", f.Link("b", "x/y/z", two, when), "TWO"},
			{"write over link", f.write("b", "x/y/z", "small"), "small"},
			{"write over file", f.write("b", "x/y/z", "smaller"), "smaller"},
			{"link over file", f.Link("b", "x/y/z", one, when), "ONE"},
		}
		for _, s := range steps {
			if s.err != nil {
				t.Errorf("%s: %v", s.what, s.err)
			}
		}
		if got := f.read(t, "b", "x/y/z"); got != "ONE" {
			t.Errorf("read %q", got)
		}
		e, err := f.Stat("b", "x/y/z")
		must(t, err)
		if e.Key != "x/y/z" || e.Size != 3 || !e.ModTime.Equal(when) || e.Foreign {
			t.Errorf("Stat: %+v", e)
		}
		if path, _ := f.Path("b", "x/y/z"); path != e.Path {
			t.Errorf("Path %q, Stat says %q", path, e.Path)
		}
		must(t, f.write("b", "x/w", ""))
		if got := f.keys(t, "b", ""); got != "x/w x/y/z" {
			t.Errorf("keys: %s", got)
		}
		must(t, f.Remove("b", "x/y/z"))
		must(t, f.Remove("b", "x/y/z"))
		if _, err := f.fs.Lstat(filepath.Join(f.root, "b/x/y")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an empty directory is left: %v", err)
		}
		must(t, f.Remove("b", "x/w"))
		if entries, err := f.fs.ReadDir(filepath.Join(f.root, "b")); err != nil || len(entries) != 0 {
			t.Errorf("the bucket holds %v, %v", entries, err)
		}
		if n := f.temps(t); n != 0 {
			t.Errorf("%d temporary files", n)
		}
	})
}

// TestEachStepOfReplace reads after each replacement.
func TestEachStepOfReplace(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		for i, data := range []string{"a", "bb", "", "ccc"} {
			src := f.source(t, fmt.Sprint(i), "linked"+data)
			must(t, f.Link("b", "k", src, when.Add(time.Duration(i)*time.Hour)))
			if got := f.read(t, "b", "k"); got != "linked"+data {
				t.Errorf("linked %q, read %q", data, got)
			}
			if e, _ := f.Stat("b", "k"); !e.ModTime.Equal(when.Add(time.Duration(i) * time.Hour)) {
				t.Errorf("time %v", e.ModTime)
			}
			must(t, f.write("b", "k", data))
			if got := f.read(t, "b", "k"); got != data {
				t.Errorf("wrote %q, read %q", data, got)
			}
		}
	})
}

func TestLinkSharesTheFile(t *testing.T) {
	for name, f := range map[string]*fixture{
		"os": open(t, vfs.OS{}, t.TempDir()), "mem": open(t, memfs.New(), "/data"),
	} {
		src := f.source(t, "src", "data")
		must(t, f.Link("b", "k", src, when))
		fi, err := f.fs.Lstat(src)
		must(t, err)
		if e, err := f.Stat("b", "k"); err != nil || e.FileID != vfs.FileID(fi) || e.FileID == 0 || !fi.ModTime().Equal(when) {
			t.Errorf("%s: %+v, %v; the source is %d of %v", name, e, err, vfs.FileID(fi), fi.ModTime())
		}
		before := fi.ModTime()
		must(t, f.Link("b", "k2", src, time.Time{})) // no time: it is left
		if fi, _ := f.fs.Lstat(src); !fi.ModTime().Equal(before) {
			t.Errorf("%s: the time was changed to %v", name, fi.ModTime())
		}
		if err := f.Link("b", "k3", src+"absent", when); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: Link of nothing: %v", name, err)
		}
	}
}

func TestClash(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		src := f.source(t, "src", "linked")
		must(t, f.write("b", "a", "file"))
		must(t, f.write("b", "d/e/f", "deep"))
		for _, key := range []string{"a/b", "a/b/c", "d", "d/e", "d/e/f/g"} {
			if err := f.write("b", key, "x"); !errors.Is(err, view.ErrClash) {
				t.Errorf("Write %s: %v", key, err)
			}
			if err := f.Link("b", key, src, when); !errors.Is(err, view.ErrClash) {
				t.Errorf("Link %s: %v", key, err)
			}
			if got := f.read(t, "b", key); key != "d/e/f" && got != "-" {
				t.Errorf("read %s: %q", key, got)
			}
			must(t, f.Remove("b", key)) // nothing of others goes
		}
		if f.read(t, "b", "a") != "file" || f.read(t, "b", "d/e/f") != "deep" {
			t.Error("a clash changed a file")
		}
		if n := f.temps(t); n != 0 {
			t.Errorf("%d temporary files", n)
		}
		must(t, f.Remove("b", "a"))
		must(t, f.write("b", "a/b", "now")) // the way is free
		must(t, f.Remove("b", "d/e/f"))
		must(t, f.write("b", "d", "now"))
		if got := f.keys(t, "b", ""); got != "a/b d" {
			t.Errorf("keys: %s", got)
		}
	})
}

func TestNotPossibleNames(t *testing.T) {
	f := open(t, memfs.New(), "/data")
	src := f.source(t, "src", "x")
	for _, tc := range [][2]string{{"b", "a//b"}, {"b", "../b"}, {"b", ""}, {".myfsio.sys", "x"}, {"..", "x"}, {"", "x"}, {"a/b", "x"}} {
		if err := f.write(tc[0], tc[1], "x"); !errors.Is(err, view.ErrName) {
			t.Errorf("Write %q: %v", tc, err)
		}
		if err := f.Link(tc[0], tc[1], src, when); !errors.Is(err, view.ErrName) {
			t.Errorf("Link %q: %v", tc, err)
		}
		if _, err := f.Stat(tc[0], tc[1]); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Stat %q: %v", tc, err)
		}
		must(t, f.Remove(tc[0], tc[1]))
	}
	for _, bucket := range []string{"", ".", "..", ".myfsio.sys", "a/b", "a\x00"} {
		for what, err := range map[string]error{"MakeBucket": f.MakeBucket(bucket), "RemoveBucket": f.RemoveBucket(bucket)} {
			if !errors.Is(err, view.ErrName) {
				t.Errorf("%s %q: %v", what, bucket, err)
			}
		}
		for _, err := range f.Walk(ctx, bucket, "") {
			if !errors.Is(err, view.ErrName) {
				t.Errorf("Walk %q: %v", bucket, err)
			}
		}
	}
}

func TestBuckets(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		for _, b := range []string{"two", "one", "three"} {
			must(t, f.MakeBucket(b))
		}
		must(t, f.write("one", "a/b/c", "x"))
		must(t, f.fs.Mkdir(filepath.Join(f.root, ".hidden")))
		f.plain(t, filepath.Join(f.root, "file"), "x")
		if names, err := f.Buckets(); err != nil || strings.Join(names, " ") != "one three two" {
			t.Errorf("Buckets: %v, %v", names, err)
		}
		if err := f.RemoveBucket("one"); !errors.Is(err, view.ErrNotEmpty) {
			t.Errorf("RemoveBucket of a full one: %v", err)
		}
		if err := f.RemoveBucket("file"); !errors.Is(err, view.ErrNotEmpty) {
			t.Errorf("RemoveBucket of a file: %v", err)
		}
		if err := f.MakeBucket("file"); !errors.Is(err, view.ErrClash) {
			t.Errorf("MakeBucket over a file: %v", err)
		}
		if err := f.write("file", "key", "x"); !errors.Is(err, view.ErrClash) {
			t.Errorf("Write below a file: %v", err)
		}
		if f.read(t, "one", "a/b/c") != "x" {
			t.Error("RemoveBucket removed a file")
		}
		must(t, vfs.MkdirAll(f.fs, filepath.Join(f.root, "two/left/over")))
		must(t, vfs.MkdirAll(f.fs, filepath.Join(f.root, "two/and/over")))
		must(t, f.RemoveBucket("two"))
		must(t, f.RemoveBucket("two"))
		if names, err := f.Buckets(); err != nil || strings.Join(names, " ") != "one three" {
			t.Errorf("Buckets: %v, %v", names, err)
		}
		for _, err := range f.Walk(ctx, "two", "") {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Walk of an absent bucket: %v", err)
			}
		}
		if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Sync: %v", err)
		}
	})
}

func TestSweep(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		tmp := filepath.Join(f.root, ".myfsio.sys", "tmp")
		for _, name := range []string{"a", "old-1"} {
			f.plain(t, filepath.Join(tmp, name), "x")
		}
		must(t, f.Sweep())
		must(t, f.Sweep())
		if n := f.temps(t); n != 0 {
			t.Errorf("%d temporary files", n)
		}
	})
}

// TestRootGone checks that a tree whose root has gone, like a disk that is not mounted, is not made anew.
func TestRootGone(t *testing.T) {
	mem := memfs.New()
	f := open(t, mem, "/data")
	must(t, mem.RemoveDir("/data/.myfsio.sys/tmp"))
	must(t, mem.RemoveDir("/data/.myfsio.sys"))
	must(t, mem.RemoveDir("/data"))
	if err := f.write("b", "a/b", "x"); err == nil || errors.Is(err, view.ErrClash) {
		t.Errorf("Write: %v", err)
	}
	if _, err := mem.Lstat("/data"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the root was made: %v", err)
	}
}

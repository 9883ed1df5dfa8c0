package project_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"myfsio/object"
	"myfsio/object/encrypt"
	"myfsio/seal"
	"myfsio/vfs/faultfs"
	"myfsio/work/project"
)

// adopter takes files in and keeps what it tells.
func (w *world) adopter(notes *[]string) *project.Adopter {
	return &project.Adopter{Projector: w.p, Owner: "me", Note: func(format string, args ...any) {
		if notes != nil {
			*notes = append(*notes, fmt.Sprintf(format, args...))
		}
	}}
}

// adopt takes files in as the tool does: what is queued comes first.
func (w *world) adopt(notes *[]string) project.Report {
	w.Helper()
	w.quiesce()
	r, err := w.adopter(notes).Adopt(w.ctx)
	w.ok(err)
	return r
}

// get reads an object from the store and checks its entity tag.
func (w *world) get(bucket, key, version string) (object.Version, []byte) {
	w.Helper()
	r, err := w.s.Open(w.ctx, object.GetObject{Bucket: bucket, Key: key, VersionID: version})
	w.ok(err)
	data, err := io.ReadAll(struct{ io.Reader }{r})
	w.ok(errors.Join(err, r.Close()))
	if etag := fmt.Sprintf("%x", md5.Sum(data)); r.Version.Parts == 0 && r.Version.ETag != etag {
		w.Errorf("%s/%s has the entity tag %s and bytes of %s", bucket, key, r.Version.ETag, etag)
	}
	return r.Version, data
}

// deep runs the store's own check.
func (w *world) deep() []object.Problem {
	w.Helper()
	var ps []object.Problem
	_, err := w.s.Check(w.ctx, object.CheckOptions{Deep: true, Report: func(p object.Problem) { ps = append(ps, p) }})
	w.ok(err)
	return ps
}

// TestAdoptForeign: files and directories of a person become objects and buckets, with their bytes and times.
func TestAdoptForeign(t *testing.T) {
	for name, d := range map[string]*disk{"memory": memDisk(), "disk": realDisk(t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			w := one(t, d)
			w.put("one", "known", []byte("known"))
			w.quiesce()
			files := map[string][]byte{
				"one/new.txt": []byte("text"), "one/empty": {}, "one/large.bin": content(1, 100_000), "one/d/e/f/deep.html": []byte("<p>"),
				"photos/a.png": content(2, 500), "photos/no extension": content(3, 64),
			}
			when := epoch.Add(-time.Hour)
			for name, data := range files {
				w.person(name, data, when)
			}
			w.person("Not A Bucket/file", []byte("x"), when)
			w.person("loose file", []byte("x"), when)
			var notes []string
			r := w.adopt(&notes)
			if want := (project.Report{Buckets: 1, Files: 7, Adopted: 6, Skipped: 1}); r != want {
				t.Errorf("%+v, want %+v", r, want)
			}
			if !slices.ContainsFunc(notes, func(n string) bool { return strings.HasPrefix(n, "skipped Not A Bucket:") }) || !slices.Contains(notes, "adopted one/new.txt") ||
				!slices.Contains(notes, "bucket photos") {
				t.Errorf("%q", notes)
			}
			for name, data := range files {
				bucket, key, _ := strings.Cut(name, "/")
				v, got := w.get(bucket, key, "")
				if !bytes.Equal(got, data) || !v.Modified.Equal(when) || v.Owner != "me" {
					t.Errorf("%s: %d bytes, %+v", name, len(got), v)
				}
				kind := map[string]string{".txt": "text/plain", ".html": "text/html", ".png": "image/png"}[filepath.Ext(key)]
				if kind == "" {
					kind = "binary/octet-stream"
				}
				if name != "one/large.bin" && !strings.HasPrefix(v.Meta.ContentType, kind) {
					t.Errorf("%s is %s, want %s", name, v.Meta.ContentType, kind)
				}
				if s := w.read(name); !bytes.Equal(s.data, data) || !s.mtime.Equal(when) {
					t.Errorf("the file %s is %v", name, s)
				}
			}
			if b, err := w.s.HeadBucket(w.ctx, "photos"); err != nil || b.Owner != "me" {
				t.Errorf("%+v, %v", b, err)
			}
			for range 2 {
				if r := w.adopt(nil); r.Adopted != 0 || r.Buckets != 0 || r.Files != 7 || r.Skipped != 1 {
					t.Errorf("once more: %+v", r)
				}
				w.restart()
			}
			if ps := w.deep(); len(ps) > 0 {
				t.Errorf("%v", ps)
			}
		})
	}
}

// TestAdoptEdited: an edited file is the new state of its object, which keeps what the client said of it; others are
// left alone. A version takes the place of another where the bucket has versions.
func TestAdoptEdited(t *testing.T) {
	for _, versioned := range []bool{false, true} {
		w := one(t, memDisk())
		if versioned {
			w.ok(w.s.SetVersioning(w.ctx, "one", object.VersioningEnabled))
		}
		meta := object.Metadata{ContentType: "x/y", User: []object.Pair{{Name: "n", Value: "v"}}, Tags: []object.Pair{{Name: "t", Value: "v"}}}
		old := map[string]string{}
		for key, data := range map[string][]byte{"size": []byte("abc"), "time": []byte("abc"), "blob": content(1, 500), "same": []byte("abc"), "same blob": content(2, 500)} {
			v, err := w.s.Put(w.ctx, object.PutObject{Bucket: "one", Key: key, Meta: meta, Body: body(data)})
			w.ok(err)
			old[key] = v.VersionID
		}
		w.quiesce()
		w.person("one/size", []byte("abcd"), w.clock)
		w.person("one/time", []byte("xyz"), w.clock.Add(time.Nanosecond))
		w.person("one/blob", content(3, 600), w.clock.Add(time.Hour))
		if r := w.adopt(nil); r.Adopted != 3 || r.Files != 5 {
			t.Errorf("versioned %v: %+v", versioned, r)
		}
		for key, want := range map[string]string{"size": "abcd", "time": "xyz", "blob": string(content(3, 600))} {
			v, got := w.get("one", key, "")
			if string(got) != want || v.Meta.ContentType != "x/y" || len(v.Meta.User) != 1 || len(v.Meta.Tags) != 1 {
				t.Errorf("versioned %v: %s is %d bytes, %+v", versioned, key, len(got), v.Meta)
			}
			if s := w.read("one/" + key); string(s.data) != want || !s.mtime.Equal(v.Modified) {
				t.Errorf("versioned %v: the file %s is %v", versioned, key, s)
			}
			if versioned {
				if _, got := w.get("one", key, old[key]); string(got) == want {
					t.Errorf("the old version of %s is %q", key, got)
				}
			}
		}
		for _, key := range []string{"same", "same blob"} {
			if v, _ := w.get("one", key, ""); v.VersionID != old[key] {
				t.Errorf("%s is a new version", key)
			}
		}
		w.sameAsStore()
		if ps := w.deep(); len(ps) > 0 {
			t.Errorf("versioned %v: %v", versioned, ps)
		}
	}
}

// TestAdoptEditedInPlace: who writes into the file of a large object writes into its blob. Adopted, the object is what the file is, and
// its entity tag says so. An older version cannot be had back: the deep check tells of it.
func TestAdoptEditedInPlace(t *testing.T) {
	for _, versioned := range []bool{false, true} {
		for name, edit := range map[string]func(f *os.File) error{
			"overwrite": func(f *os.File) error { _, err := f.WriteAt([]byte("edited"), 10); return err },
			"append":    func(f *os.File) error { _, err := f.WriteAt([]byte("edited"), 500); return err },
			"truncate":  func(f *os.File) error { return f.Truncate(100) },
			"to inline": func(f *os.File) error { return f.Truncate(10) },
			"to none":   func(f *os.File) error { return f.Truncate(0) },
		} {
			t.Run(fmt.Sprint(name, " ", versioned), func(t *testing.T) {
				w := one(t, realDisk(t.TempDir()))
				if versioned {
					w.ok(w.s.SetVersioning(w.ctx, "one", object.VersioningEnabled))
				}
				_, err := w.s.Put(w.ctx, object.PutObject{Bucket: "one", Key: "k", Body: body(content(1, 500))})
				w.ok(err)
				w.quiesce()
				path := filepath.Join(w.d.root, "one", "k")
				f, err := os.OpenFile(path, os.O_RDWR, 0)
				w.ok(err)
				w.ok(errors.Join(edit(f), f.Close()))
				want, err := os.ReadFile(path)
				w.ok(err)
				if r := w.adopt(nil); r.Adopted != 1 {
					t.Errorf("%+v", r)
				}
				w.upkeep()
				if _, got := w.get("one", "k", ""); !bytes.Equal(got, want) {
					t.Errorf("%d bytes, want %d", len(got), len(want))
				}
				w.sameAsStore()
				ps := w.deep()
				if damaged := versioned && name != "append"; damaged != (len(ps) > 0) {
					t.Errorf("%v", ps)
				}
			})
		}
	}
}

// TestAdoptSkips: links, devices and names that are no keys.
func TestAdoptSkips(t *testing.T) {
	root := t.TempDir()
	w := one(t, realDisk(root))
	w.quiesce()
	outside := filepath.Join(t.TempDir(), "secret")
	w.ok(os.WriteFile(outside, []byte("secret"), 0o600))
	dir := filepath.Join(root, "one")
	w.ok(os.Symlink(outside, filepath.Join(dir, "link")))
	w.ok(os.Symlink(filepath.Dir(outside), filepath.Join(dir, "linked")))
	w.ok(os.Symlink(filepath.Dir(outside), filepath.Join(root, "linked-bucket")))
	w.ok(syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	w.ok(os.WriteFile(filepath.Join(dir, "not\xffutf8"), []byte("x"), 0o600))
	deep := filepath.Join(dir, strings.Repeat("n", 250), strings.Repeat("n", 250), strings.Repeat("n", 250), strings.Repeat("n", 250))
	w.ok(os.MkdirAll(deep, 0o755))
	w.ok(os.WriteFile(filepath.Join(deep, strings.Repeat("n", 100)), []byte("longer than a key"), 0o600))
	w.ok(os.MkdirAll(filepath.Join(root, "empty-dir", "sub"), 0o755))
	var notes []string
	r := w.adopt(&notes)
	if want := (project.Report{Buckets: 1, Files: 5, Skipped: 5}); r != want {
		t.Errorf("%+v, want %+v: %q", r, want, notes)
	}
	page, err := w.s.List(w.ctx, object.ListObjects{Bucket: "one", Max: 10})
	if err != nil || len(page.Objects) > 0 {
		t.Errorf("%v, %v", page.Objects, err)
	}
	if data, err := os.ReadFile(outside); err != nil || string(data) != "secret" {
		t.Errorf("%q, %v", data, err)
	}
}

// TestAdoptInterrupted stops the adoption at any call and runs it again.
func TestAdoptInterrupted(t *testing.T) {
	stopped := true
	for n := 0; stopped; n++ {
		w := one(t, memDisk())
		w.put("one", "edited", content(1, 100))
		w.quiesce()
		w.person("one/edited", content(2, 200), w.clock.Add(time.Hour))
		w.person("one/d/large", content(3, 300), epoch)
		w.person("one/d/small", []byte("x"), epoch)
		w.person("two/f", []byte("x"), epoch)
		ctx, cancel := context.WithCancel(w.ctx)
		calls := 0
		w.d.fs.Hook(func(faultfs.Call) {
			if calls++; calls > n {
				cancel()
			}
		})
		_, err := w.adopter(nil).Adopt(ctx)
		w.d.fs.Hook(nil)
		stopped = calls > n
		if stopped && err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at call %d: %v", n, err)
		}
		cancel()
		if n%2 == 0 {
			w.restart()
		}
		w.adopt(nil)
		for name, want := range map[string][]byte{"one/edited": content(2, 200), "one/d/large": content(3, 300), "one/d/small": []byte("x"), "two/f": []byte("x")} {
			bucket, key, _ := strings.Cut(name, "/")
			if _, got := w.get(bucket, key, ""); !bytes.Equal(got, want) {
				t.Errorf("stopped at call %d: %s has %d bytes", n, name, len(got))
			}
		}
		w.sameAsStore()
		if r := w.adopt(nil); r.Adopted != 0 {
			t.Errorf("stopped at call %d: %+v", n, r)
		}
	}
}

// TestAdoptLeavesUnassembled: a multipart object that has no file yet is not overwritten by the file of its older state.
func TestAdoptLeavesUnassembled(t *testing.T) {
	w := one(t, memDisk())
	w.put("one", "k", []byte("old"))
	w.quiesce()
	req := object.CreateUpload{Bucket: "one", Key: "k"}
	got, err := w.s.CreateUpload(w.ctx, req)
	w.ok(err)
	want, err := w.m.CreateUpload(req)
	w.ok(err)
	var gots, wants [2]object.Part
	for _, i := range []int{0, 1, 0} {
		gots[i], wants[i] = w.part(got, want, i+1, content(uint64(i), 50))
	}
	w.complete(got, want, gots[:], wants[:])
	w.ok(w.p.Drain(w.ctx))
	if r, err := w.adopter(nil).Adopt(w.ctx); err != nil || r.Adopted != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	w.quiesce()
	w.want()
}

// damage edits the tree of a world with the objects a, b, c and d/e.
var damage = []struct {
	name   string
	do     func(w *world)
	says   string // what Check says, of one thing
	mends  bool   // Mend makes it good
	rights bool   // Rebuild makes it good
}{
	{"nothing", func(w *world) {}, "", true, true},
	{"deleted", func(w *world) { w.ok(w.d.fs.Remove("/data/one/a")) }, `a: the file is missing`, true, true},
	{"deleted deep", func(w *world) { w.ok(errors.Join(w.d.fs.Remove("/data/one/d/e"), w.d.fs.RemoveDir("/data/one/d"))) }, `d/e: the file is missing`, true, true},
	{"longer", func(w *world) { w.person("one/a", []byte("longer"), epoch) }, `a: the file has 6 bytes, the object 1`, false, true},
	{"another time", func(w *world) { w.person("one/a", []byte("x"), epoch) }, `a: the file is of 2024`, false, true},
	{"blob replaced", func(w *world) { w.person("one/b", []byte("x"), epoch) }, `b: the file has 1 bytes, the object 100`, false, true},
	{"foreign", func(w *world) { w.person("one/x", []byte("x"), epoch) }, `x: the file is not an object`, false, false},
	{"bucket gone", func(w *world) { w.ok(w.d.fs.RemoveDir("/data/two.two")) }, `: the bucket's directory is missing`, true, true},
	{"bucket a file", func(w *world) {
		w.ok(w.d.fs.RemoveDir("/data/two.two"))
		w.person("two.two", []byte("x"), epoch)
	}, `: the bucket's directory is missing`, false, false},
}

// TestCheckMendRebuild plants damage and looks at what each of the three does about it.
func TestCheckMendRebuild(t *testing.T) {
	for _, c := range damage {
		for _, rebuild := range []bool{false, true} {
			w := one(t, memDisk())
			w.createBucket("two.two")
			w.put("one", "a", []byte("a"))
			w.put("one", "b", content(1, 100))
			w.put("one", "d", []byte("hidden"))
			w.put("one", "d/e", []byte("e"))
			w.put("one", "no//file", []byte("x"))
			w.quiesce()
			c.do(w)
			before, _ := w.found()
			var notes []string
			note := func(_, key, what string) { notes = append(notes, key+": "+what) }
			r, err := w.p.Check(w.ctx, note)
			w.ok(err)
			if r.Wrong != int64(len(notes)) || r.Shown != 0 || (c.says == "") != (len(notes) == 0) || c.says != "" && (len(notes) != 1 || !strings.HasPrefix(notes[0], c.says)) {
				t.Errorf("%s: Check says %q, %+v; want %q", c.name, notes, r, c.says)
			}
			if after, _ := w.found(); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("%s: Check changed the tree", c.name)
			}
			good := c.mends
			if rebuild {
				good = c.rights
				r, err = w.p.Rebuild(w.ctx)
			} else {
				r, err = w.p.Mend(w.ctx, func(_, key, what string) {})
			}
			w.ok(err)
			if (r.Wrong == 0) != good || (w.diff() == "") != good {
				t.Errorf("%s, rebuild %v: %+v\n%s", c.name, rebuild, r, w.diff())
			}
			if c.name == "foreign" {
				w.want("one/x")
			}
			if c.name == "longer" && !rebuild && string(w.read("one/a").data) != "longer" {
				t.Error("Mend overwrote an edited file")
			}
		}
	}
}

// TestRebuildFromNothing: all files and directories are deleted.
func TestRebuildFromNothing(t *testing.T) {
	root := t.TempDir()
	w := program(t, 7, realDisk(root), 80)
	for _, b := range bucketNames {
		w.ok(os.RemoveAll(filepath.Join(root, b)))
	}
	_, err := w.p.Rebuild(w.ctx)
	w.ok(err)
	w.want()
	if _, err := os.Stat(filepath.Join(root, ".myfsio.sys", "meta")); errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// masters is one master key.
type masters struct{}

func (masters) Current() (id [8]byte, key [32]byte, err error) { return id, [32]byte{1}, nil }
func (masters) Find([8]byte) ([32]byte, error)                 { return [32]byte{1}, nil }

// TestAdoptEncrypted: the file of an encrypted object is its ciphertext, and what somebody does to it is never taken for what is in the object. What
// a person puts into a bucket that encrypts becomes an encrypted object, and its file ciphertext.
func TestAdoptEncrypted(t *testing.T) {
	w := one(t, memDisk())
	s, err := object.New(w.ctx, object.Config{KV: w.db, Blobs: w.blobs, Inline: testInline, MinPartSize: testMinPart, View: true, Now: w.now,
		Keys: &seal.Keys{Masters: masters{}}, Encrypt: true})
	w.ok(err)
	w.s, w.p.Store = s, s
	rule := encrypt.Rule{Algorithm: encrypt.AES256}
	w.ok(s.SetConfig(w.ctx, "one", object.ConfigEncryption, rule.JSON()))
	bodies := map[string][]byte{"small": content(1, 50), "large": content(2, 100_000)}
	for key, data := range bodies {
		w.put("one", key, data)
	}
	w.quiesce()
	for key, data := range bodies {
		if got := w.read("one/" + key).data; int64(len(got)) != seal.EncryptedSize(int64(len(data))) || bytes.Contains(got, data[:16]) {
			t.Errorf("the file of %s has %d bytes", key, len(got))
		}
	}
	if r := w.adopt(nil); r.Adopted != 0 || r.Skipped != 0 {
		t.Errorf("nothing was touched: %+v", r)
	}
	if r, err := w.p.Check(w.ctx, nil); err != nil || r.Wrong != 0 {
		t.Errorf("check: %+v, %v", r, err)
	}
	for key := range bodies {
		w.person("one/"+key, []byte("new text"), epoch.Add(time.Hour))
	}
	var notes []string
	if r := w.adopt(&notes); r.Adopted != 0 || r.Skipped != 2 || !strings.Contains(strings.Join(notes, ""), "encrypted") {
		t.Errorf("%+v %q", r, notes)
	}
	for key, data := range bodies {
		if v, got := w.get("one", key, ""); !bytes.Equal(got, data) || v.Encryption == nil {
			t.Errorf("%s was changed", key)
		}
	}
	plain := content(3, 30_000)
	w.person("one/mine", plain, epoch)
	if r := w.adopt(nil); r.Adopted != 1 {
		t.Errorf("%+v", r)
	}
	if v, got := w.get("one", "mine", ""); !bytes.Equal(got, plain) || v.Encryption == nil {
		t.Errorf("%+v", v)
	}
	if got := w.read("one/mine").data; bytes.Contains(got, plain[:16]) {
		t.Error("the file is still in clear")
	}
}

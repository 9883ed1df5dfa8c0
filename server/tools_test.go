package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/blob"
	"myfsio/object"
)

// openTest opens a data directory.
func openTest(t *testing.T, root string, plain bool) *Data {
	t.Helper()
	d, err := OpenData(t.Context(), DataConfig{Root: root, PlainFiles: plain, MinPartSize: 1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func putTest(t *testing.T, d *Data, key string, size int) {
	t.Helper()
	_, err := d.Store.Put(t.Context(), object.PutObject{Bucket: "bucket", Key: key, Body: object.Body{Reader: bytes.NewReader(make([]byte, size)), Size: int64(size)}})
	must(t, err)
}

// scattered writes an object in two blobs, not yet made one.
func scattered(t *testing.T, d *Data, key string) {
	t.Helper()
	up, err := d.Store.CreateUpload(t.Context(), object.CreateUpload{Bucket: "bucket", Key: key})
	must(t, err)
	var parts []object.CompletePart
	for _, n := range []int{1, 1, 2} {
		p, err := d.Store.PutPart(t.Context(), object.PutPart{Bucket: "bucket", Key: key, UploadID: up.UploadID, Number: n, Body: object.Body{Reader: bytes.NewReader(make([]byte, 50)), Size: 50}})
		must(t, err)
		parts = append(parts, object.CompletePart{Number: n, ETag: p.ETag})
	}
	_, err = d.Store.CompleteUpload(t.Context(), object.CompleteUpload{Bucket: "bucket", Key: key, UploadID: up.UploadID, Parts: parts[1:], ObjectSize: -1})
	must(t, err)
}

func fsckTest(t *testing.T, d *Data, o FsckOptions) (int64, string) {
	t.Helper()
	var out strings.Builder
	n, err := Fsck(t.Context(), d, o, &out)
	must(t, err)
	return n, out.String()
}

func TestOpenDataTwice(t *testing.T) {
	root := t.TempDir()
	d := openTest(t, root, true)
	_, err := OpenData(t.Context(), DataConfig{Root: root, PlainFiles: true, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "in use by another MyFSIO process: stop that one first, or set STORAGE_ROOT") {
		t.Errorf("%v", err)
	}
	must(t, d.Close(t.Context()))
	must(t, openTest(t, root, true).Close(t.Context()))
}

// TestFsck finds and mends damage between metadata, bytes and view, after a crash too.
func TestFsck(t *testing.T) {
	root := t.TempDir()
	d := openTest(t, root, true)
	_, err := d.Store.CreateBucket(t.Context(), object.CreateBucket{Name: "bucket"})
	must(t, err)
	putTest(t, d, "small", 10)
	putTest(t, d, "large", 100_000)
	scattered(t, d, "scattered")
	if n, out := fsckTest(t, d, FsckOptions{Deep: true}); n != 0 {
		t.Errorf("%d problems:\n%s", n, out)
	}
	w, err := d.Blobs.Create(t.Context(), blob.ID{1}, 1) // a write that a crash cut off
	must(t, err)
	must(t, w.Commit(t.Context()))
	must(t, d.closeEngines()) // the crash
	must(t, os.Remove(filepath.Join(root, "bucket", "small")))
	must(t, os.WriteFile(filepath.Join(root, "bucket", "foreign"), []byte("x"), 0o644))

	d = openTest(t, root, true)
	if !d.Crashed {
		t.Error("the crash was not noticed")
	}
	n, out := fsckTest(t, d, FsckOptions{})
	if n != 2 || !strings.Contains(out, `bucket/"small": the file is missing`) || !strings.Contains(out, `bucket/"foreign": the file is not an object`) || strings.Contains(out, "stray") {
		t.Errorf("%d problems:\n%s", n, out)
	}
	if n, out := fsckTest(t, d, FsckOptions{Repair: true}); n != 1 || !strings.Contains(out, "1 files made") {
		t.Errorf("%d problems:\n%s", n, out)
	}
	if r, err := Adopt(t.Context(), d, "me", io.Discard); err != nil || r.Adopted != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if n, out := fsckTest(t, d, FsckOptions{Deep: true}); n != 0 {
		t.Errorf("%d problems:\n%s", n, out)
	}
	must(t, d.Close(t.Context()))
}

// TestFsckLostBytes: bytes that are lost are told of, also where they keep other work from being done; the rest is
// checked and adopted all the same.
func TestFsckLostBytes(t *testing.T) {
	root := t.TempDir()
	d := openTest(t, root, true)
	_, err := d.Store.CreateBucket(t.Context(), object.CreateBucket{Name: "bucket"})
	must(t, err)
	scattered(t, d, "lost")
	for info, err := range d.Blobs.List(t.Context(), blob.ID{}) {
		must(t, err)
		must(t, d.Blobs.Remove(t.Context(), info.ID))
	}
	scattered(t, d, "good")
	n, out := fsckTest(t, d, FsckOptions{})
	if n == 0 || !strings.Contains(out, `lost-bytes: bucket/"lost"`) || strings.Contains(out, "good") {
		t.Errorf("%d problems:\n%s", n, out)
	}
	if fi, err := os.Stat(filepath.Join(root, "bucket", "good")); err != nil || fi.Size() != 100 {
		t.Errorf("%v, %v", fi, err)
	}
	must(t, os.WriteFile(filepath.Join(root, "bucket", "new"), []byte("x"), 0o644))
	if r, err := Adopt(t.Context(), d, "me", io.Discard); err != nil || r.Adopted != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fsck(ctx, d, FsckOptions{}, io.Discard); err == nil {
		t.Error("a check that was stopped says nothing")
	}
	must(t, d.Close(t.Context()))
}

func TestToolsWithoutView(t *testing.T) {
	d := openTest(t, t.TempDir(), false)
	if _, err := Adopt(t.Context(), d, "me", io.Discard); err == nil || !strings.Contains(err.Error(), "PLAIN_FILES") {
		t.Errorf("%v", err)
	}
	if _, err := RebuildView(t.Context(), d); err == nil || !strings.Contains(err.Error(), "PLAIN_FILES") {
		t.Errorf("%v", err)
	}
	if n, out := fsckTest(t, d, FsckOptions{}); n != 0 {
		t.Errorf("%d problems:\n%s", n, out)
	}
	must(t, d.Close(t.Context()))
}

// TestViewSwitchedOff: what changed while the view was off is mended by a rebuild.
func TestViewSwitchedOff(t *testing.T) {
	root := t.TempDir()
	d := openTest(t, root, true)
	_, err := d.Store.CreateBucket(t.Context(), object.CreateBucket{Name: "bucket"})
	must(t, err)
	putTest(t, d, "a", 10)
	must(t, d.Close(t.Context()))
	d = openTest(t, root, false)
	putTest(t, d, "a", 20)
	putTest(t, d, "b", 20)
	must(t, d.Close(t.Context()))
	d = openTest(t, root, true)
	r, err := RebuildView(t.Context(), d)
	if err != nil || r.Shown != 2 || r.Wrong != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	must(t, d.Close(t.Context()))
}

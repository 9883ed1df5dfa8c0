package project_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"myfsio/object"
)

// keys meet each other as files and directories, and some can be no file.
var keys = []string{
	"a", "a/b", "a/b/c", "a/b/d", "a/c", "a.txt", "b", "b/x", "d/d/d/d/f", "é/ü", // plain
	"a/", "a//b", "/a", ".", "..", "../one/a", "a/..", "a/./b", "a\x00b", ".myfsio.sys/x", ".myfsio.tmp1", "a/" + strings.Repeat("n", 256),
}

var bucketNames = []string{"one", "two.two"}

var sizes = []int{0, 1, 63, 64, 65, 300, 5000}

// do does a random thing to the store and the model.
func (w *world) do(rng *rand.Rand) {
	w.clock = w.clock.Add(time.Duration(rng.IntN(3)) * time.Millisecond)
	bucket, key := bucketNames[rng.IntN(2)*rng.IntN(2)], keys[rng.IntN(len(keys))]
	if rng.IntN(3) > 0 {
		key = keys[rng.IntN(7)]
	}
	switch n := rng.IntN(100); {
	case n < 10:
		w.rename(bucket, keys[rng.IntN(7)], key)
	case n < 18:
		w.append(bucket, key, content(rng.Uint64(), 1+sizes[rng.IntN(len(sizes))]))
	case n < 35:
		w.put(bucket, key, content(rng.Uint64(), sizes[rng.IntN(len(sizes))]))
	case n < 54:
		w.delete(bucket, key, "")
	case n < 60:
		if ids := w.ids[bucket+"/"+key]; len(ids) > 0 {
			w.delete(bucket, key, ids[rng.IntN(len(ids))][0])
		}
	case n < 68:
		w.copy(bucketNames[rng.IntN(2)], keys[rng.IntN(7)], bucket, key)
	case n < 80:
		w.multipart(bucket, key, rng)
	case n < 84:
		v := object.Versioning(1 + rng.IntN(2))
		w.logf("versioning of %s: %d", bucket, v)
		w.agree(w.s.SetVersioning(w.ctx, bucket, v), w.m.SetVersioning(bucket, v))
	case n < 90:
		w.createBucket(bucket)
	case n < 94:
		w.emptyBucket(bucket)
	case n < 97:
		w.logf("upkeep")
		w.upkeep()
	default:
		w.logf("restart")
		w.restart()
	}
}

// agree demands that both sides say the same, and reports whether it was yes.
func (w *world) agree(got, want error) bool {
	w.Helper()
	if (got == nil) != (want == nil) {
		w.Fatalf("%s\nthe store says %v, the model %v", strings.Join(w.log, "\n"), got, want)
	}
	return got == nil
}

func (w *world) made(got, want object.Version) {
	at := got.Bucket + "/" + got.Key
	w.ids[at] = append(w.ids[at], [2]string{want.VersionID, got.VersionID})
}

func (w *world) createBucket(bucket string) {
	w.Helper()
	w.logf("create bucket %s", bucket)
	req := object.CreateBucket{Name: bucket}
	_, got := w.s.CreateBucket(w.ctx, req)
	_, want := w.m.CreateBucket(req)
	w.agree(got, want)
}

func (w *world) put(bucket, key string, data []byte) bool {
	w.Helper()
	w.logf("put %s/%.20q: %d bytes", bucket, key, len(data))
	req := object.PutObject{Bucket: bucket, Key: key, Body: body(data)}
	got, gotErr := w.s.Put(w.ctx, req)
	want, wantErr := w.m.Put(req, data)
	if !w.agree(gotErr, wantErr) {
		return false
	}
	w.made(got, want)
	return true
}

// delete deletes the current version, or the one with the model's id.
func (w *world) delete(bucket, key, version string) {
	w.Helper()
	w.logf("delete %s/%.20q %s", bucket, key, version)
	req := object.DeleteObject{Bucket: bucket, Key: key, VersionID: version}
	want, wantErr := w.m.Delete(req)
	for _, id := range w.ids[bucket+"/"+key] {
		if id[0] == version {
			req.VersionID = id[1]
		}
	}
	got, gotErr := w.s.Delete(w.ctx, req)
	if w.agree(gotErr, wantErr) && version == "" && want.DeleteMarker {
		w.made(object.Version{Bucket: bucket, Key: key, VersionID: got.VersionID}, object.Version{VersionID: want.VersionID})
	}
}

func (w *world) rename(bucket, from, key string) {
	w.Helper()
	w.logf("rename %s/%.20q to %.20q", bucket, from, key)
	req := object.RenameObject{Bucket: bucket, Source: from, Key: key}
	got, gotErr := w.s.Rename(w.ctx, req)
	want, wantErr := w.m.Rename(req)
	if !w.agree(gotErr, wantErr) {
		return
	}
	w.made(got.Version, want.Version)
	if want.SourceVersionID != "" {
		w.made(object.Version{Bucket: bucket, Key: from, VersionID: got.SourceVersionID}, object.Version{VersionID: want.SourceVersionID})
	}
}

func (w *world) append(bucket, key string, data []byte) {
	w.Helper()
	req := object.AppendObject{PutObject: object.PutObject{Bucket: bucket, Key: key, Body: body(data)}}
	if r, err := w.m.Open(object.GetObject{Bucket: bucket, Key: key}); err == nil {
		req.Offset = r.Version.Size
	}
	w.logf("append to %s/%.20q at %d: %d bytes", bucket, key, req.Offset, len(data))
	got, gotErr := w.s.Append(w.ctx, req)
	want, wantErr := w.m.Append(req, data)
	if w.agree(gotErr, wantErr) {
		w.made(got, want)
	}
}

func (w *world) copy(fromBucket, fromKey, bucket, key string) {
	w.Helper()
	w.logf("copy %s/%s to %s/%.20q", fromBucket, fromKey, bucket, key)
	req := object.CopyObject{SourceBucket: fromBucket, SourceKey: fromKey, Bucket: bucket, Key: key, ReplaceMeta: true}
	got, gotErr := w.s.Copy(w.ctx, req)
	want, wantErr := w.m.Copy(req)
	if w.agree(gotErr, wantErr) {
		w.made(got.Version, want.Version)
	}
}

// multipart uploads parts of one size or not, some of them twice, and lists some of them.
func (w *world) multipart(bucket, key string, rng *rand.Rand) {
	w.Helper()
	req := object.CreateUpload{Bucket: bucket, Key: key}
	got, gotErr := w.s.CreateUpload(w.ctx, req)
	want, wantErr := w.m.CreateUpload(req)
	if !w.agree(gotErr, wantErr) {
		return
	}
	n, size := 1+rng.IntN(4), 16+rng.IntN(200)
	even, twice := rng.IntN(2) == 0, rng.IntN(2) == 0
	gots, wants := make([]object.Part, n), make([]object.Part, n)
	for _, i := range rng.Perm(n) {
		for range 1 + rng.IntN(2)*b2i(twice) {
			length := size
			if !even || i == n-1 {
				length = 16 + rng.IntN(200)
			}
			gots[i], wants[i] = w.part(got, want, i+1, content(rng.Uint64(), length))
		}
	}
	if rng.IntN(3) == 0 { // the last part is given up, and leaves bytes behind
		n = max(1, n-1)
	}
	w.logf("complete %s/%.20q: %d parts, even %v, twice %v", bucket, key, n, even, twice)
	w.complete(got, want, gots[:n], wants[:n])
}

func (w *world) part(got, want object.Upload, n int, data []byte) (object.Part, object.Part) {
	w.Helper()
	put := func(u object.Upload) object.PutPart {
		return object.PutPart{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID, Number: n, Body: body(data)}
	}
	g, gotErr := w.s.PutPart(w.ctx, put(got))
	m, wantErr := w.m.PutPart(put(want), data)
	w.agree(gotErr, wantErr)
	return g, m
}

func (w *world) complete(got, want object.Upload, gots, wants []object.Part) {
	w.Helper()
	list := func(u object.Upload, parts []object.Part) object.CompleteUpload {
		req := object.CompleteUpload{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID, ObjectSize: -1}
		for _, p := range parts {
			req.Parts = append(req.Parts, object.CompletePart{Number: p.Number, ETag: p.ETag})
		}
		return req
	}
	g, gotErr := w.s.CompleteUpload(w.ctx, list(got, gots))
	m, wantErr := w.m.CompleteUpload(list(want, wants))
	if w.agree(gotErr, wantErr) {
		w.made(g, m)
	}
}

// emptyBucket deletes all that a bucket holds and the bucket, and half the time makes it anew.
func (w *world) emptyBucket(bucket string) {
	w.Helper()
	w.logf("empty and delete %s", bucket)
	for {
		page, err := w.m.ListVersions(object.ListVersions{Bucket: bucket, Max: 1000})
		if err != nil || len(page.Versions) == 0 {
			break
		}
		for _, v := range page.Versions {
			w.delete(bucket, v.Key, v.VersionID)
		}
	}
	w.agree(w.s.DeleteBucket(w.ctx, bucket), w.m.DeleteBucket(bucket))
	if len(w.log)%2 == 0 {
		w.createBucket(bucket)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// program runs a random program over the disk; now and then, and at the end, it looks at the view.
func program(t *testing.T, seed uint64, d *disk, steps int) *world {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t, d)
	w.logf("seed %d", seed)
	w.createBucket(bucketNames[0])
	w.createBucket(bucketNames[1])
	for range steps {
		w.do(rng)
		switch rng.IntN(8) {
		case 0:
			w.step()
		case 1:
			w.quiesce()
			w.want()
		}
	}
	w.quiesce()
	w.want()
	if n := w.queued(); n > 0 {
		t.Fatalf("%d changes are queued", n)
	}
	return w
}

// TestPrograms: after every program the tree is the model's projection.
func TestPrograms(t *testing.T) {
	for seed := range uint64(60) {
		program(t, seed, memDisk(), 120)
	}
}

// TestProgramsOnDisk runs them with the engines of the server.
func TestProgramsOnDisk(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := program(t, seed, realDisk(t.TempDir()), 100)
			r, err := w.p.Check(w.ctx, func(bucket, key, what string) { t.Errorf("%s/%q: %s", bucket, key, what) })
			if err != nil || r.Wrong != 0 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// TestReplay: all changes are made again, from the start, in every state; that changes nothing.
func TestReplay(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t, memDisk())
		w.logf("seed %d", seed)
		w.createBucket(bucketNames[0])
		w.createBucket(bucketNames[1])
		for range 60 {
			w.do(rng)
			if rng.IntN(6) == 0 {
				w.upkeep()
				w.step() // made, and still queued
				w.want()
				w.restart() // at the start of the queue again
				w.step()
				w.want()
			}
		}
	}
}

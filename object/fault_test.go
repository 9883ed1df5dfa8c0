package object_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/faultblob"
	"myfsio/blob/fileblob"
	"myfsio/blob/memblob"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/kv/faultkv"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

// snapshot writes down everything that can be seen but ids, which differ between runs.
func (x *shop) snapshot() string {
	x.Helper()
	var sb strings.Builder
	page, err := x.s.ListBuckets(x.ctx, object.ListBuckets{})
	x.ok(err)
	for _, b := range page.Buckets {
		u, err := x.s.Usage(x.ctx, b.Name)
		x.ok(err)
		fmt.Fprintf(&sb, "%s %+v\n%v %v %v %v %v %v %v\n", b.Name, u, b.Quota, b.Versioning, b.ObjectLock, b.DefaultLock, b.ACL, b.Ownership, b.PublicAccess)
		doc, err := x.s.Config(x.ctx, b.Name, object.ConfigCORS)
		if !fault.Is(err, fault.NoSuchConfig) {
			x.ok(err)
		}
		fmt.Fprintf(&sb, "%q\n", doc)
		x.snapshotVersions(&sb, b.Name)
		x.snapshotUploads(&sb, b.Name)
	}
	events, err := x.s.Events(x.ctx, object.Mark{}, 1000)
	x.ok(err)
	for _, e := range events {
		fmt.Fprintf(&sb, "%s of %s/%q %d %s\n", e.Name, e.Bucket, e.Key, e.Size, e.ETag)
	}
	return sb.String()
}

func (x *shop) snapshotVersions(sb *strings.Builder, bucket string) {
	x.Helper()
	page, err := x.s.ListVersions(x.ctx, object.ListVersions{Bucket: bucket, Max: 1000})
	x.ok(err)
	for _, v := range page.Versions {
		fmt.Fprintf(sb, "%q latest %v null %v marker %v", v.Key, v.Latest, v.VersionID == object.NullVersion, v.DeleteMarker)
		if !v.DeleteMarker {
			r, err := x.s.Open(x.ctx, object.GetObject{Bucket: bucket, Key: v.Key, VersionID: v.VersionID, Damaged: true})
			x.ok(err)
			data, err := readOddly(r)
			x.ok(err)
			x.ok(r.Close())
			fmt.Fprintf(sb, " %s %d %s %v %v %v", md5Hex(data), r.Version.Size, r.Version.ETag, r.Version.Meta, r.Version.ACL, v.Poisoned)
			if l := r.Version.Lock; l != nil {
				fmt.Fprintf(sb, " %v", *l)
			}
			x.ok(describeAnnotations(x.ctx, x.s, sb, &v))
			if e := r.Version.Encryption; e != nil {
				fmt.Fprintf(sb, " %v", *e)
			}
		}
		sb.WriteString("\n")
	}
}

func (x *shop) snapshotUploads(sb *strings.Builder, bucket string) {
	x.Helper()
	ups, err := x.s.ListUploads(x.ctx, object.ListUploads{Bucket: bucket, Max: 1000})
	x.ok(err)
	for _, u := range ups.Uploads {
		parts, err := x.s.ListParts(x.ctx, object.ListParts{Bucket: bucket, Key: u.Key, UploadID: u.UploadID, Max: 1000})
		x.ok(err)
		fmt.Fprintf(sb, "upload of %q", u.Key)
		for _, p := range parts.Parts {
			fmt.Fprintf(sb, " %d:%s", p.Number, p.ETag)
		}
		sb.WriteString("\n")
	}
}

// vaulted is the bucket of the stage that has Object Lock.
const vaulted = "vaulted"

// stage is a bucket with something of everything, the same each time.
func stage(x *shop) (u object.Upload, list []object.CompletePart, old object.Version) {
	x.versioning(object.VersioningEnabled)
	x.ok(x.s.SetConfig(x.ctx, home, object.ConfigCORS, []byte("old")))
	old = x.put("k", content(1, 10))
	x.put("k", content(2, 300))
	x.multipart("multi", content(3, 100), content(4, 50))
	x.scattered("scattered", content(5, 100), content(6, 90))
	x.put("gone", content(7, 200))
	x.delete("gone", "")
	u = x.begin("up")
	list = append(list, x.part(u, 1, content(8, 100)), x.part(u, 2, content(9, 100)), x.part(u, 4, content(10, 30)))
	x.versioning(object.VersioningSuspended)
	x.put("null", content(11, 100))
	sealedWriters[0].write(x, "sealed", wishes[1], [][]byte{content(13, 300)})
	sealedWriters[4].write(x, "sealed parts", wishes[2], [][]byte{content(14, 100), content(15, 50)})
	x.annotate("null", "", "small", 20)
	x.annotate("null", "", "large", 300)
	x.annotate("k", old.VersionID, "old", 300)
	x.annotate("sealed", "", "small", 20)
	x.annotate("sealed", "", "large", 300)
	x.put("lost", content(12, 10))
	x.annotate("lost", "", "small", 20)
	x.annotate("lost", "", "large", 300)
	x.delete("lost", object.NullVersion) // its annotations wait to be removed
	x.put("short", content(16, 40))
	x.put("grown", content(17, 200))
	x.ok(x.appendTo("grown", content(17, 200), content(18, 100)))
	x.ok(x.s.SetConfig(x.ctx, home, object.ConfigNotification, []byte("n")))
	_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: vaulted, ObjectLock: true})
	x.ok(err)
	_, err = x.s.Put(x.ctx, object.PutObject{Bucket: vaulted, Key: "k", Body: body(content(12, 10)), Lock: lock.State{Hold: lock.HoldOff}})
	x.ok(err)
	x.ok(x.s.SetQuota(x.ctx, vaulted, object.Quota{MaxBytes: 50, MaxObjects: 3}))
	return u, list, old
}

// acts are the operations that are made to fail at every place. again says that the operation can be repeated after it happened.
var acts = []struct {
	name  string
	again bool
	run   func(x *shop, u object.Upload, list []object.CompletePart, old object.Version) error
}{
	{"put inline", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "new", Body: body(content(20, 20))})
		return err
	}},
	{"put blob", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "new", Body: body(content(20, 500)), If: object.WriteConditions{}})
		return err
	}},
	{"overwrite", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "null", Body: body(content(20, 500)), If: object.WriteConditions{IfMatch: "*"}})
		return err
	}},
	{"copy", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "scattered", Bucket: home, Key: "copy"})
		return err
	}},
	{"copy in place", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "null", Bucket: home, Key: "null", ReplaceMeta: true})
		return err
	}},
	{"append inline", false, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.appendTo("short", content(16, 40), content(20, 30))
	}},
	{"append", false, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.appendTo("null", content(11, 100), content(20, 30))
	}},
	{"append again", false, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.appendTo("grown", join(content(17, 200), content(18, 100)), content(20, 30))
	}},
	{"append sealed", false, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.appendTo("sealed parts", join(content(14, 100), content(15, 50)), content(20, 30))
	}},
	{"rename", false, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Rename(x.ctx, object.RenameObject{Bucket: home, Source: "scattered", Key: "k", Token: "t"})
		return err
	}},
	{"rename sealed", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Rename(x.ctx, object.RenameObject{Bucket: home, Source: "sealed parts", Key: "null", Token: "t"})
		return err
	}},
	{"delete", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Delete(x.ctx, object.DeleteObject{Bucket: home, Key: "multi"})
		return err
	}},
	{"delete version", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		_, err := x.s.Delete(x.ctx, object.DeleteObject{Bucket: home, Key: "k", VersionID: old.VersionID})
		return err
	}},
	{"delete batch", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		out, err := x.s.DeleteBatch(x.ctx, home, []object.DeleteObject{
			{Bucket: home, Key: "k", VersionID: old.VersionID}, {Bucket: home, Key: "scattered"}, {Bucket: home, Key: "null", VersionID: "null"},
		})
		for _, d := range out {
			err = errors.Join(err, d.Err)
		}
		return err
	}},
	{"set tags", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		_, err := x.s.SetTags(x.ctx, object.SetTags{Bucket: home, Key: "k", VersionID: old.VersionID, Tags: []object.Pair{{Name: "n"}}})
		return err
	}},
	{"poison", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		return x.s.Poison(x.ctx, old.Examined())
	}},
	{"cure", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		return x.s.Cure(x.ctx, old.Examined())
	}},
	{"update encryption", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.UpdateEncryption(x.ctx, object.UpdateEncryption{Bucket: home, Key: "sealed parts", KeyID: "other"})
		return err
	}},
	{"rewrap", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		x.keep.inForce = 1
		_, err := rewrapAll(x.ctx, x.s, 2, false)
		return err
	}},
	{"set list", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		_, err := x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "k", VersionID: old.VersionID, ACL: publicRead})
		return err
	}},
	{"set list of bucket", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.s.SetBucketACL(x.ctx, home, publicRead)
	}},
	{"set ownership", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.s.SetOwnership(x.ctx, home, object.BucketOwnerPreferred)
	}},
	{"set retention", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		_, err := x.s.SetRetention(x.ctx, object.SetRetention{Bucket: vaulted, Key: "k", Retention: lock.Retention{Mode: lock.Compliance, Until: epoch.AddDate(1, 0, 0)}})
		return err
	}},
	{"set hold", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		_, err := x.s.SetLegalHold(x.ctx, object.SetLegalHold{Bucket: vaulted, Key: "k", On: true})
		return err
	}},
	{"set object lock", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		return x.s.SetObjectLock(x.ctx, vaulted, lock.Rule{Mode: lock.Governance, Days: 1})
	}},
	{"set quota", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		return x.s.SetQuota(x.ctx, home, object.Quota{MaxBytes: 1})
	}},
	{"put within a quota", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: vaulted, Key: "new", Body: body(content(20, 20))})
		return err
	}},
	{"expire", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		now, err := x.s.Describe(x.ctx, home, "multi", "")
		if err != nil && !fault.Is(err, fault.NoSuchKey) {
			return err
		}
		out, err := x.s.Expire(x.ctx, home, object.Actor{Role: object.RoleLifecycle}, []object.Expiry{{Key: "k", Stamp: old.Stamp, Remove: true}, {Key: "multi", Stamp: now.Stamp}})
		for _, d := range out {
			if !fault.Is(d.Err, fault.ConditionalConflict) { // done before
				err = errors.Join(err, d.Err)
			}
		}
		return err
	}},
	{"annotate", true, func(x *shop, _ object.Upload, _ []object.CompletePart, old object.Version) error {
		return x.note("k", old.VersionID, "second", 20)
	}},
	{"annotate first", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.note("multi", "", "first", 300)
	}},
	{"replace annotation", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.note("null", "", "large", 500)
	}},
	{"annotate sealed", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.note("sealed parts", "", "first", 300)
	}},
	{"remove annotation", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.DeleteAnnotation(x.ctx, object.DeleteAnnotation{Bucket: home, Key: "null", Name: "large"})
		return err
	}},
	{"copy annotations", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "sealed", Bucket: home, Key: "copy", Seal: wishes[2]})
		return err
	}},
	{"copy over annotations", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "sealed", Bucket: home, Key: "null", Seal: wishes[1]})
		return err
	}},
	{"copy in place without annotations", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "null", Bucket: home, Key: "null", ReplaceMeta: true, ExcludeAnnotations: true})
		return err
	}},
	{"read annotation", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		r, _, err := x.s.OpenAnnotation(x.ctx, object.GetAnnotation{Bucket: home, Key: "sealed", Name: "large"})
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, struct{ io.Reader }{r})
		return errors.Join(err, r.Close())
	}},
	{"scan", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.ScanVersions(x.ctx, object.ScanVersions{Bucket: home, Max: 5})
		return err
	}},
	{"deliver", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		events, err := x.s.Events(x.ctx, object.Mark{}, 5)
		for _, e := range events {
			err = errors.Join(err, x.s.EventsDone(x.ctx, []object.Mark{e.At}))
		}
		return err
	}},
	{"set configuration", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.s.SetConfig(x.ctx, home, object.ConfigCORS, []byte("new"))
	}},
	{"delete configuration", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.s.DeleteConfig(x.ctx, home, object.ConfigCORS)
	}},
	{"create upload", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "up2"})
		return err
	}},
	{"put part", true, func(x *shop, u object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "up", UploadID: u.UploadID, Number: 3, Body: body(content(21, 100))})
		return err
	}},
	{"put part again", true, func(x *shop, u object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "up", UploadID: u.UploadID, Number: 1, Body: body(content(21, 100))})
		return err
	}},
	{"put larger part", true, func(x *shop, u object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "up", UploadID: u.UploadID, Number: 7, Body: body(content(21, 700))})
		return err
	}},
	{"complete", false, func(x *shop, u object.Upload, list []object.CompletePart, _ object.Version) error {
		_, err := x.s.CompleteUpload(x.ctx, completeOf(u, list...))
		return err
	}},
	{"complete in order", false, func(x *shop, u object.Upload, list []object.CompletePart, _ object.Version) error {
		_, err := x.s.CompleteUpload(x.ctx, completeOf(u, list[:2]...))
		return err
	}},
	{"put sealed inline", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "new", Seal: wishes[2], Body: body(content(20, 20))})
		return err
	}},
	{"put sealed blob", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "new", Seal: wishes[1], Body: body(content(20, 500))})
		return err
	}},
	{"copy sealed", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "sealed parts", Bucket: home, Key: "copy", Seal: wishes[1]})
		return err
	}},
	{"copy sealed in place", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "sealed parts", Bucket: home, Key: "sealed parts", ReplaceMeta: true, Seal: wishes[2]})
		return err
	}},
	{"encrypt in place", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "null", Bucket: home, Key: "null", Seal: wishes[1]})
		return err
	}},
	{"read sealed", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		r, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "sealed parts"})
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, struct{ io.Reader }{r})
		return errors.Join(err, r.Close())
	}},
	{"abort", false, func(x *shop, u object.Upload, _ []object.CompletePart, _ object.Version) error {
		return x.s.AbortUpload(x.ctx, object.AbortUpload{Bucket: home, Key: "up", UploadID: u.UploadID})
	}},
	{"read", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		r, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "scattered"})
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, struct{ io.Reader }{r})
		return errors.Join(err, r.Close())
	}},
	{"assemble", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return assembleAll(x.ctx, x.s)
	}},
	{"reclaim", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		return reclaimAll(x.ctx, x.s)
	}},
	{"sweep", true, func(x *shop, _ object.Upload, _ []object.CompletePart, _ object.Version) error {
		_, err := x.s.Sweep(x.ctx, x.s.NewMark(), func() error { return nil })
		return err
	}},
}

// switched is a DB that can be replaced by another under a Store.
type switched struct{ kv.DB }

func (s *switched) UpdateLazy(ctx context.Context, fn func(kv.Txn) error) error {
	return kv.UpdateLazy(ctx, s.DB, fn)
}

var errInjected = errors.New("injected")

// rig is the engines of one run, and what can fail in them.
type rig struct {
	db    *switched
	blobs blob.Store
	arm   func(n int) (fired func() bool) // makes the nth call fail from now on; fired tells afterwards whether it came to that
	calm  func()                          // ends the trouble
}

// troubles are the places where calls fail.
var troubles = map[string]func(t *testing.T) *rig{
	"kv":          func(*testing.T) *rig { return kvRig(false) },
	"kv for good": func(*testing.T) *rig { return kvRig(true) },
	"blob": func(*testing.T) *rig {
		blobs, faults := faultblob.New(memblob.New())
		return &rig{db: &switched{memkv.New()}, blobs: blobs, calm: func() { faults.Arm(1<<30, nil) },
			arm: func(n int) func() bool { faults.Arm(n, errInjected); return faults.Fired }}
	},
	"file system":           func(t *testing.T) *rig { return fileRig(t, false) },
	"file system, half way": func(t *testing.T) *rig { return fileRig(t, true) },
}

func kvRig(sticky bool) *rig {
	sound := memkv.New()
	db := &switched{sound}
	return &rig{db: db, blobs: memblob.New(), calm: func() { db.DB = sound },
		arm: func(n int) func() bool {
			f := faultkv.New(sound, faultkv.Plan{Nth: int64(n + 1), Sticky: sticky, Err: errInjected})
			db.DB = f
			return f.Fired
		}}
}

// fileRig fails the calls of the file system below the blobs; with short, writes do half their work first.
func fileRig(t *testing.T, short bool) *rig {
	t.Helper()
	files := faultfs.New(memfs.New(), "/")
	blobs, err := fileblob.Open(fileblob.Options{FS: files, Dir: "/blobs", Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	return &rig{db: &switched{memkv.New()}, blobs: blobs, calm: files.Disarm,
		arm: func(n int) func() bool {
			files.Arm(faultfs.Fault{N: n, Err: errInjected, All: !short, Short: short})
			return files.Fired
		}}
}

// Whatever call of an engine fails, an operation tells so and nothing is half done.
func TestNthFailure(t *testing.T) {
	for _, a := range acts {
		_, _, _, after := prepare(t, func(x *shop, u object.Upload, list []object.CompletePart, old object.Version) {
			x.ok(a.run(x, u, list, old))
		})
		for name, trouble := range troubles {
			t.Run(a.name+"/"+name, func(t *testing.T) {
				for n := 0; failOnce(t, n, trouble, a.run, a.again, after); n++ {
					if t.Failed() {
						t.Fatalf("at place %d", n)
					}
				}
			})
		}
	}
}

// prepare sets the stage, runs then on it and returns what can be seen before and after.
func prepare(t *testing.T, then func(*shop, object.Upload, []object.CompletePart, object.Version)) (*shop, *switched, string, string) {
	t.Helper()
	db := &switched{memkv.New()}
	x := shopOver(t, db, memblob.New(), object.Unversioned)
	u, list, old := stage(x)
	before := x.snapshot()
	then(x, u, list, old)
	return x, db, before, x.snapshot()
}

type act func(*shop, object.Upload, []object.CompletePart, object.Version) error

// failOnce runs an operation with its nth call failing and reports whether there was such a call.
func failOnce(t *testing.T, n int, trouble func(*testing.T) *rig, run act, again bool, after string) bool {
	g := trouble(t)
	x := shopOver(t, g.db, g.blobs, object.Unversioned)
	u, list, old := stage(x)
	before := x.snapshot()
	asked := g.arm(n)
	err := run(x, u, list, old)
	fired := asked()
	g.calm()
	if !fired {
		x.ok(err)
	}
	happened := x.judge(err, before, after)
	x.ok(check(x.ctx, x.s, true))
	x.clock = x.clock.Add(time.Hour)
	_, serr := x.s.Sweep(x.ctx, x.s.NewMark(), func() error { return nil })
	x.ok(serr)
	x.clean()
	if err != nil && (again || !happened) {
		if err := run(x, u, list, old); err != nil {
			t.Errorf("the same operation once more: %v", err)
		}
		if got := x.snapshot(); !happened && got != after {
			t.Errorf("after the repetition:\n%s\nwant\n%s", got, after)
		}
	}
	x.drain()
	x.clean()
	return fired
}

// judge compares the state with the error, and reports whether the operation happened.
func (x *shop) judge(err error, before, after string) bool {
	x.Helper()
	got := x.snapshot()
	var fe *fault.Error
	switch {
	case err == nil && got != after:
		x.Errorf("success, but the state is\n%s\nwant\n%s", got, after)
	case err == nil:
		return true
	case !errors.As(err, &fe) || fe.Kind != fault.Internal || fe.Msg == "" || !errors.Is(err, errInjected):
		x.Errorf("error %v (%T): want one of kind Internal with a message and its cause", err, err)
	case errors.Is(err, kv.ErrUnknown) && got == after:
		return true
	case got != before:
		x.Errorf("error %v, but the state is\n%s\nwant\n%s", err, got, before)
	}
	return false
}

// A body that fails in its middle leaves nothing.
func TestBodyFails(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.put("k", content(1, 10))
	u := x.begin("up")
	for size := range 200 {
		broken := func() io.Reader { return io.MultiReader(strings.NewReader(strings.Repeat("x", size)), failing{}) }
		for _, said := range []int64{-1, 300} {
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: object.Body{Reader: broken(), Size: said}})
			x.kind(err, fault.IncompleteBody)
			_, err = x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "up", UploadID: u.UploadID, Number: 1, Body: object.Body{Reader: broken(), Size: said}})
			x.kind(err, fault.IncompleteBody)
		}
	}
	x.get("k", "", content(1, 10))
	x.wantBlobs()
	x.clean()
}

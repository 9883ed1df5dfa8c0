package object_test

import (
	"bytes"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"myfsio/blob/fileblob"
	"myfsio/fault"
	"myfsio/kv/pebblekv"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

// syncs is what happened on the disk, in order: calls of the file engine that change something, and syncs
// of Pebble's log. Repetitions are left out, and ids are replaced.
type syncs struct {
	mu    sync.Mutex
	calls []string
}

func (s *syncs) add(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.calls); n == 0 || s.calls[n-1] != call {
		s.calls = append(s.calls, call)
	}
}

func (s *syncs) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := strings.Join(s.calls, ", ")
	s.calls = nil
	return out
}

// blobCall names a call of the file engine without ids.
func (s *syncs) blobCall(c faultfs.Call) {
	if !c.Mutating() || c.Kind == "preallocate" {
		return
	}
	what := "blob"
	if len(path.Base(c.Path)) == 2 {
		what = "directory"
	}
	s.add(c.Kind + " " + what)
}

func (s *syncs) logCall(op errorfs.Op) error {
	if strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) {
		s.add("sync log")
	}
	return nil
}

// TestSyncOrder is the list of what must reach the disk, and in which order, before each operation answers. A body is
// durable, and then its name, and then the log that speaks of it; a removal comes after the log that allows it, which is on the disk here when reclaim begins.
func TestSyncOrder(t *testing.T) {
	const wholeBlob = "create blob, writeat blob, syncdata blob, syncdir directory"
	for _, tc := range []struct {
		name, want string
		run        func(x *shop)
	}{
		{"put small", "sync log", func(x *shop) { x.put("k", content(1, 10)) }},
		{"put large", wholeBlob + ", sync log", func(x *shop) { x.put("k", content(1, 500)) }},
		{"overwrite", wholeBlob + ", sync log", func(x *shop) { x.put("large", content(2, 400)) }},
		{"reclaim", "remove blob", func(x *shop) { x.ok(reclaimAll(x.ctx, x.s)) }},
		{"overwrite with small", "sync log", func(x *shop) { x.put("large", content(2, 4)) }},
		{"delete", "sync log", func(x *shop) { x.delete("large", "") }},
		{"delete version", "sync log", func(x *shop) { x.delete("large", object.NullVersion) }},
		{"delete batch", "sync log", func(x *shop) {
			_, err := x.s.DeleteBatch(x.ctx, home, []object.DeleteObject{{Key: "large"}, {Key: "small"}})
			x.ok(err)
		}},
		{"copy small", "sync log", func(x *shop) { x.copyTo("small", "copy") }},
		{"copy large", wholeBlob + ", sync log", func(x *shop) { x.copyTo("large", "copy") }},
		{"copy in place", "sync log", func(x *shop) { x.describeAnew("large") }},
		{"tags", "sync log", func(x *shop) {
			_, err := x.s.SetTags(x.ctx, object.SetTags{Bucket: home, Key: "large"})
			x.ok(err)
		}},
		{"object list", "sync log", func(x *shop) {
			_, err := x.s.SetObjectACL(x.ctx, object.SetACL{Bucket: home, Key: "large", ACL: publicRead})
			x.ok(err)
		}},
		{"bucket list", "sync log", func(x *shop) { x.ok(x.s.SetBucketACL(x.ctx, home, publicRead)) }},
		{"ownership", "sync log", func(x *shop) { x.ok(x.s.SetOwnership(x.ctx, home, object.ObjectWriter)) }},
		{"public access", "sync log", func(x *shop) { x.ok(x.s.SetPublicAccess(x.ctx, home, object.BlockPolicy)) }},
		{"configuration", "sync log", func(x *shop) { x.ok(x.s.SetConfig(x.ctx, home, object.ConfigCORS, []byte("x"))) }},
		{"quota", "sync log", func(x *shop) { x.ok(x.s.SetQuota(x.ctx, home, object.Quota{MaxObjects: 1})) }},
		{"beyond a quota", "sync log, " + wholeBlob + ", remove blob", func(x *shop) {
			x.ok(x.s.SetQuota(x.ctx, home, object.Quota{MaxBytes: 900}))
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "new", Body: object.Body{Reader: bytes.NewReader(content(1, 700)), Size: -1}})
			x.kind(err, fault.QuotaExceeded)
		}},
		{"object lock", "sync log", func(x *shop) { x.ok(x.s.SetObjectLock(x.ctx, vaulted, lock.Rule{})) }},
		{"retention", "sync log", func(x *shop) {
			_, err := x.s.SetRetention(x.ctx, object.SetRetention{Bucket: vaulted, Key: "k", Retention: x.until(lock.Governance, 1)})
			x.ok(err)
		}},
		{"hold", "sync log", func(x *shop) {
			_, err := x.s.SetLegalHold(x.ctx, object.SetLegalHold{Bucket: vaulted, Key: "k", On: true})
			x.ok(err)
		}},
		{"delete of what is protected", "", func(x *shop) {
			_, err := x.s.Delete(x.ctx, object.DeleteObject{Bucket: vaulted, Key: "held", VersionID: x.top})
			x.kind(err, fault.Locked)
		}},
		{"expire", "sync log", func(x *shop) { x.ok(x.expire(object.Expiry{Key: "small", Stamp: x.topStamp("small")})[0].Err) }},
		{"expire nothing", "", func(x *shop) { x.kind(x.expire(object.Expiry{Key: "small"})[0].Err, fault.ConditionalConflict) }},
		{"begin upload", "sync log", func(x *shop) { x.begin("k") }},
		{"first part", "openwrite blob, writeat blob, syncdata blob, syncdir directory, sync log", func(x *shop) { x.part(x.fresh, 1, content(1, 100)) }},
		{"second part", "openwrite blob, writeat blob, syncdata blob, sync log", func(x *shop) { x.part(x.upload, 2, content(1, 100)) }},
		{"part again", wholeBlob + ", sync log", func(x *shop) { x.part(x.upload, 1, content(1, 100)) }},
		{"complete", "sync log", func(x *shop) { x.complete(x.upload, object.CompletePart{Number: 1, ETag: md5Hex(content(3, 100))}) }},
		{"abort", "sync log", func(x *shop) {
			x.ok(x.s.AbortUpload(x.ctx, object.AbortUpload{Bucket: home, Key: "up", UploadID: x.upload.UploadID}))
		}},
		{"versioning", "sync log", func(x *shop) { x.versioning(object.VersioningEnabled) }},
		{"no configuration", "sync log", func(x *shop) { x.ok(x.s.DeleteConfig(x.ctx, home, object.ConfigCORS)) }},
		{"delete of nothing", "", func(x *shop) { x.delete("nothing", "") }},
		{"refused", "", func(x *shop) {
			if _, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "large", If: object.WriteConditions{IfNoneMatch: "*"}}); err == nil {
				x.Error("not refused")
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x, s := syncShop(t)
			tc.run(x)
			if got := s.take(); got != tc.want {
				t.Errorf("on the disk: %s\nwant:        %s", got, tc.want)
			}
		})
	}
}

func (x *shop) copyTo(from, to string) {
	x.Helper()
	_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: from, Bucket: home, Key: to})
	x.ok(err)
}

// syncShop makes a store on a recorded disk with a large object (written twice), a small one, an upload with one part and one without.
func syncShop(t *testing.T) (*shop, *syncs) {
	s := &syncs{}
	fsys := memfs.New()
	ffs := faultfs.New(fsys, "/")
	ffs.Hook(s.blobCall)
	db, err := pebblekv.Open(pebblekv.Options{Dir: "/meta", FS: errorfs.Wrap(fsys.Pebble(), errorfs.InjectorFunc(s.logCall)), Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := fileblob.Open(fileblob.Options{FS: ffs, Dir: "/blobs", Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	x := shopOver(t, db, blobs, object.Unversioned)
	x.put("large", content(7, 300))
	x.put("large", content(8, 300))
	x.put("small", content(9, 9))
	_, err = x.s.CreateBucket(x.ctx, object.CreateBucket{Name: vaulted, ObjectLock: true})
	x.ok(err)
	for key, hold := range map[string]lock.Hold{"k": lock.HoldUnset, "held": lock.HoldOn} {
		v, err := x.s.Put(x.ctx, object.PutObject{Bucket: vaulted, Key: key, Body: body(nil), Lock: lock.State{Hold: hold}})
		x.ok(err)
		if key == "held" {
			x.top = v.VersionID
		}
	}
	x.fresh = x.begin("fresh")
	x.upload = x.begin("up")
	x.part(x.upload, 1, content(3, 100))
	s.take()
	return x, s
}

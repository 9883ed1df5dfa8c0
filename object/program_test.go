package object_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/fileblob"
	"myfsio/blob/memblob"
	"myfsio/checksum"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/kv/pebblekv"
	"myfsio/object"
	"myfsio/vfs"
)

func (w *world) logf(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%3d  ", len(w.log))+fmt.Sprintf(format, args...))
}

// run does one step on both sides and compares the answers.
func (w *world) run(s step) error {
	if w.clock = w.clock.Add(s.dt); w.clock.Before(w.floor) {
		w.clock = w.floor
	}
	if w.clock.After(w.latest) {
		w.latest = w.clock
	}
	bucket, key := bucketNames[s.b], nasty[s.k]
	switch s.op {
	case "put":
		return w.runPut(&s, bucket, key)
	case "get":
		return w.runGet(&s, bucket, key)
	case "delete", "deleteVersion":
		return w.runDelete(&s, bucket, key)
	case "deleteBatch":
		return w.runDeleteBatch(&s, bucket)
	case "copy":
		return w.runCopy(&s, bucket, key)
	case "append":
		return w.runAppend(&s, bucket, key)
	case "rename":
		return w.runRename(&s, bucket, key)
	case "setTags", "tags":
		return w.runTags(&s, bucket, key)
	case "poison":
		return w.runPoison(&s, bucket, key)
	case "updateEncryption":
		return w.runUpdateEncryption(&s, bucket, key)
	case "createUpload":
		return w.runCreateUpload(&s, bucket, key)
	case "putPart":
		return w.runPutPart(&s)
	case "copyPart":
		return w.runCopyPart(&s, bucket, key)
	case "complete":
		return w.runComplete(&s)
	case "abort":
		return w.runAbort(&s)
	case "annotate", "unannotate":
		return w.runAnnotation(&s, bucket, key)
	case "expire":
		return w.runExpire(&s, bucket)
	case "deliver":
		return w.deliver(s.n)
	case "quota":
		q := quotas[s.ref%len(quotas)]
		w.logf("quota of %s: %v", bucket, q)
		return w.same("quota", nil, w.s.SetQuota(w.ctx, bucket, q), nil, w.m.SetQuota(bucket, q))
	case "retention", "hold", "objectLock":
		return w.runLock(&s, bucket, key)
	case "objectACL", "bucketACL", "ownership", "publicAccess", "setConfig", "deleteConfig":
		return w.runAccess(&s, bucket, key)
	}
	return w.runAdmin(&s, bucket)
}

var quotas = []object.Quota{{}, {MaxBytes: 500}, {MaxObjects: 3}, {MaxBytes: 1500, MaxObjects: 6}}

func (w *world) runAdmin(s *step, bucket string) error {
	switch s.op {
	case "createBucket":
		w.logf("create bucket %s", bucket)
		req := object.CreateBucket{Name: bucket, Owner: "me", Region: "eu", ObjectLock: s.b == 2 && s.option(0, 1)}
		if s.option(1, 1) {
			req.ACL, req.Ownership = s.list(), object.Ownership(s.ref2%4)
		}
		got, gotErr := w.s.CreateBucket(w.ctx, req)
		want, wantErr := w.m.CreateBucket(req)
		return w.same("create bucket", got, gotErr, want, wantErr)
	case "deleteBucket":
		w.logf("delete bucket %s", bucket)
		return w.same("delete bucket", nil, w.s.DeleteBucket(w.ctx, bucket), nil, w.m.DeleteBucket(bucket))
	case "versioning":
		v := object.Versioning(1 + s.opt%2)
		if s.opt == 1 {
			v = object.VersioningEnabled
		}
		w.logf("versioning of %s: %d", bucket, v)
		return w.same("versioning", nil, w.s.SetVersioning(w.ctx, bucket, v), nil, w.m.SetVersioning(bucket, v))
	case "restart":
		w.logf("restart")
		return w.restart()
	case "rekey":
		w.keys.inForce = (w.keys.inForce + 1) % 3
		w.logf("master key %d", w.keys.inForce)
		return nil
	case "rewrap":
		w.logf("rewrap")
		_, err := rewrapAll(w.ctx, w.s, s.n, s.option(0, 2))
		return err
	case "reclaim":
		w.logf("reclaim")
		return reclaimAll(w.ctx, w.s)
	case "assemble":
		w.logf("assemble")
		return assembleAll(w.ctx, w.s)
	case "sweep":
		w.logf("sweep")
		_, err := w.s.Sweep(w.ctx, w.s.NewMark(), func() error { return nil })
		return err
	}
	return fmt.Errorf("no operation %q", s.op)
}

func (w *world) runPut(s *step, bucket, key string) error {
	body, data := s.body()
	req := object.PutObject{Bucket: bucket, Key: key, Owner: s.writer(), ACL: s.list(), BucketOwnerFull: s.full(), Meta: s.metadata(), Body: body, If: w.writeIf(s, bucket, key), Lock: w.lock(s), By: s.actor(), Seal: s.seal()}
	if s.option(24, 3) {
		req.Modified = epoch.Add(-time.Duration(s.ref) * time.Hour)
	}
	w.logf("put %s/%.20q by %q: %d bytes (said %d, md5 %.4x), sum %s, list %v, lock %v, if %+v, seal %v", bucket, key, req.Owner, len(data), body.Size, body.MD5, body.Digest.Algorithm, req.ACL, req.Lock, req.If, req.Seal)
	got, gotErr := w.s.Put(w.ctx, req)
	want, wantErr := w.m.Put(req, data)
	if err := w.finished(got, gotErr, want, wantErr); err != nil {
		return err
	}
	return w.same("put", got, gotErr, want, wantErr)
}

// finished pairs the ids of two new versions.
func (w *world) finished(got object.Version, gotErr error, want object.Version, wantErr error) error {
	if gotErr != nil || wantErr != nil {
		return nil
	}
	return w.noted(got, want)
}

func (w *world) runGet(s *step, bucket, key string) error {
	req := object.GetObject{Bucket: bucket, Key: key, If: w.readIf(s, bucket, key)}
	if s.option(0, 1) {
		req.VersionID = w.version(bucket, key, s.ref)
	}
	switch s.opt >> 4 & 7 {
	case 0:
		req.Range = &object.Range{First: int64(s.size / 2), Last: int64(s.size)}
	case 1:
		req.Range = &object.Range{First: int64(s.size / 3), Last: -1}
	case 2:
		req.Range = &object.Range{First: -1, Suffix: int64(s.size)}
	case 3:
		req.PartNumber = s.n
	}
	req.Customer = w.keyOf(bucket, key, req.VersionID, s.option(20, 4))
	w.logf("get %s/%.20q %s range %+v part %d if %+v", bucket, key, req.VersionID, req.Range, req.PartNumber, req.If)
	return w.compareGet(req, s.option(8, 1))
}

func (w *world) compareGet(req object.GetObject, odd bool) error {
	want, wantErr := w.m.Open(req)
	req.VersionID = w.toReal(req.VersionID)
	got, gotErr := w.read(req, odd)
	if err := w.same(fmt.Sprintf("get %.20q %s", req.Key, req.VersionID), got, gotErr, want, wantErr); err != nil {
		return err
	}
	if wantErr != nil && (got.Found != want.Found || w.text(got.Version) != w.text(want.Version)) {
		return fmt.Errorf("the version that comes with the error %v:\n  store %s\n  model %s", gotErr, w.text(got), w.text(want))
	}
	return nil
}

func (w *world) runDelete(s *step, bucket, key string) error {
	req := object.DeleteObject{Bucket: bucket, Key: key, Owner: s.writer(), If: w.writeIf(s, bucket, key), BypassGovernance: s.option(10, 1), By: s.actor()}
	req.If.IfNoneMatch = ""
	if s.op == "deleteVersion" {
		req.VersionID = w.version(bucket, key, s.ref)
	}
	if s.option(4, 3) {
		size := int64(s.size)
		req.If.IfMatchSize = &size
	}
	if s.option(7, 3) {
		req.If.IfMatchModified = w.clock
	}
	w.logf("delete %s/%.20q %s if %+v", bucket, key, req.VersionID, req.If)
	want, wantErr := w.m.Delete(req)
	req.VersionID = w.toReal(req.VersionID)
	got, gotErr := w.s.Delete(w.ctx, req)
	if err := w.marked(bucket, got, gotErr, want, wantErr); err != nil {
		return err
	}
	return w.same("delete", got, gotErr, want, wantErr)
}

// marked pairs the ids of what two deletes made or removed.
func (w *world) marked(bucket string, got object.Deleted, gotErr error, want object.Deleted, wantErr error) error {
	if gotErr != nil || wantErr != nil || want.VersionID == unknownID {
		return nil
	}
	if err := w.pair(want.VersionID, got.VersionID); err != nil {
		return err
	}
	if want.DeleteMarker {
		w.remember(bucket, want.Key, want.VersionID)
	}
	return nil
}

func (w *world) runDeleteBatch(s *step, bucket string) error {
	var wants, gots []object.DeleteObject
	for i := range s.n {
		key := nasty[(s.k+i*s.k2)%len(nasty)]
		req := object.DeleteObject{Bucket: bucket, Key: key, Owner: "me", BypassGovernance: s.option(i, 1), By: s.actor()}
		if (s.ref+i)%3 == 0 {
			req.VersionID = w.version(bucket, key, s.ref2+i)
		}
		if (s.ref+i)%5 == 0 {
			req.If.IfMatch = w.etag(bucket, key, s.ref2+i)
		}
		wants = append(wants, req)
		req.VersionID = w.toReal(req.VersionID)
		gots = append(gots, req)
	}
	w.logf("delete batch in %s: %.400q", bucket, fmt.Sprint(wants))
	want, wantErr := w.m.DeleteBatch(bucket, wants)
	got, gotErr := w.s.DeleteBatch(w.ctx, bucket, gots)
	for i := range min(len(got), len(want)) {
		if err := w.marked(bucket, got[i], got[i].Err, want[i], want[i].Err); err != nil {
			return err
		}
	}
	return w.same("delete batch", got, gotErr, want, wantErr)
}

func (w *world) runCopy(s *step, bucket, key string) error {
	req := object.CopyObject{
		SourceBucket: bucketNames[s.b2], SourceKey: nasty[s.k2], Bucket: bucket, Key: key, Owner: s.writer(), ACL: s.list(), BucketOwnerFull: s.full(),
		ReplaceMeta: s.option(16, 1), ReplaceTags: s.option(17, 1), Meta: s.metadata(), If: w.writeIf(s, bucket, key), Lock: w.lock(s), By: s.actor(), Seal: s.seal(),
	}
	if s.option(18, 2) {
		req.Checksum = s.algorithm()
	}
	req.ExcludeAnnotations = s.option(24, 2)
	if s.option(20, 1) { // in place
		req.SourceBucket, req.SourceKey = bucket, key
	}
	if s.option(21, 1) {
		req.SourceVersionID = w.version(req.SourceBucket, req.SourceKey, s.ref)
	}
	if s.option(22, 3) {
		req.SourceIf = w.readIf(s, req.SourceBucket, req.SourceKey)
	}
	req.SourceCustomer = w.keyOf(req.SourceBucket, req.SourceKey, req.SourceVersionID, s.option(8, 5))
	w.logf("copy %s/%.20q %s to %s/%.20q meta %v tags %v sum %s if %+v source if %+v seal %v", req.SourceBucket, req.SourceKey, req.SourceVersionID,
		bucket, key, req.ReplaceMeta, req.ReplaceTags, req.Checksum, req.If, req.SourceIf, req.Seal)
	want, wantErr := w.m.Copy(req)
	req.SourceVersionID = w.toReal(req.SourceVersionID)
	got, gotErr := w.s.Copy(w.ctx, req)
	if err := w.finished(got.Version, gotErr, want.Version, wantErr); err != nil {
		return err
	}
	return w.same("copy", got, gotErr, want, wantErr)
}

// runAppend mostly names the right offset, and what is there mostly asks for the encryption that it has.
func (w *world) runAppend(s *step, bucket, key string) error {
	body, data := s.body()
	req := object.AppendObject{PutObject: object.PutObject{Bucket: bucket, Key: key, Owner: s.writer(), Meta: s.metadata(), Body: body, By: s.actor()}}
	if s.option(14, 2) {
		req.If = w.writeIf(s, bucket, key)
	}
	if r, err := w.m.Open(object.GetObject{Bucket: bucket, Key: key}); err == nil {
		req.Offset = r.Version.Size
	}
	if s.option(16, 3) {
		req.Offset = int64(sizes[s.n])
	}
	if s.option(19, 2) {
		req.Seal = s.seal()
	}
	w.logf("append to %s/%.20q at %d: %d bytes (said %d, md5 %.4x), sum %s, if %+v, seal %v", bucket, key, req.Offset, len(data), body.Size, body.MD5, body.Digest.Algorithm, req.If, req.Seal)
	got, gotErr := w.s.Append(w.ctx, req)
	want, wantErr := w.m.Append(req, data)
	if err := w.finished(got, gotErr, want, wantErr); err != nil {
		return err
	}
	return w.same("append", got, gotErr, want, wantErr)
}

// runRename gives the request a token now and then, and sends it again.
func (w *world) runRename(s *step, bucket, key string) error {
	req := object.RenameObject{Bucket: bucket, Source: nasty[s.k2], Key: key, Owner: s.writer(), By: s.actor()}
	if s.option(16, 2) {
		req.SourceIf = w.readIf(s, bucket, req.Source)
	} else if s.option(18, 2) {
		req.If = w.readIf(s, bucket, key)
	}
	if s.option(20, 1) {
		req.Token = fmt.Sprint(len(w.log))
	}
	req.SourceCustomer = w.keyOf(bucket, req.Source, "", s.option(24, 5))
	w.logf("rename %s/%.20q to %.20q if %+v source if %+v token %q", bucket, req.Source, key, req.If, req.SourceIf, req.Token)
	want, wantErr := w.m.Rename(req)
	got, gotErr := w.s.Rename(w.ctx, req)
	if err := w.finished(got.Version, gotErr, want.Version, wantErr); err != nil {
		return err
	}
	if gotErr == nil && want.SourceVersionID != "" {
		if err := w.pair(want.SourceVersionID, got.SourceVersionID); err != nil {
			return err
		}
		w.remember(bucket, req.Source, want.SourceVersionID)
	}
	if err := w.same("rename", got, gotErr, want, wantErr); err != nil || gotErr != nil || req.Token == "" {
		return err
	}
	done, err := w.s.RenameDone(w.ctx, req)
	if err != nil || !done {
		return fmt.Errorf("the token does not tell that the rename is done: %v", err)
	}
	_, err = w.s.Rename(w.ctx, req)
	return err
}

func (w *world) runTags(s *step, bucket, key string) error {
	id := ""
	if s.option(0, 1) {
		id = w.version(bucket, key, s.ref)
	}
	if s.op == "tags" {
		w.logf("tags of %s/%.20q %s", bucket, key, id)
		want, wantErr := w.m.Tags(bucket, key, id)
		got, gotErr := w.s.Describe(w.ctx, bucket, key, w.toReal(id))
		return w.same("tags", got, gotErr, want, wantErr)
	}
	req := object.SetTags{Bucket: bucket, Key: key, VersionID: id, Tags: s.tags(), By: s.actor()}
	if len(req.Tags) == 0 && s.option(2, 1) {
		req.Tags = nil
	}
	w.logf("set tags of %s/%.20q %s: %v", bucket, key, id, req.Tags)
	want, wantErr := w.m.SetTags(req)
	req.VersionID = w.toReal(id)
	got, gotErr := w.s.SetTags(w.ctx, req)
	return w.same("set tags", got, gotErr, want, wantErr)
}

func (w *world) runPoison(s *step, bucket, key string) error {
	id := ""
	if s.option(0, 1) {
		id = w.version(bucket, key, s.ref)
	}
	on, mark := true, w.s.Poison
	if s.option(1, 1) {
		on, mark = false, w.s.Cure
	}
	w.logf("poison %s/%.20q %s: %v", bucket, key, id, on)
	wantErr := w.m.Poison(bucket, key, id, on)
	v, gotErr := w.s.Describe(w.ctx, bucket, key, w.toReal(id))
	if gotErr == nil {
		gotErr = mark(w.ctx, v.Examined())
	}
	return w.same("poison", nil, gotErr, nil, wantErr)
}

func (w *world) runUpdateEncryption(s *step, bucket, key string) error {
	id := ""
	if s.option(0, 1) {
		id = w.version(bucket, key, s.ref)
	}
	req := object.UpdateEncryption{Bucket: bucket, Key: key, VersionID: id, KeyID: []string{"k", "other", "k", "other", "none"}[s.ref2%5], BucketKey: s.option(1, 1)}
	w.logf("update encryption of %s/%.20q %s: %s", bucket, key, id, req.KeyID)
	want, wantErr := w.m.UpdateEncryption(req)
	req.VersionID = w.toReal(id)
	got, gotErr := w.s.UpdateEncryption(w.ctx, req)
	return w.same("update encryption", got, gotErr, want, wantErr)
}

func (w *world) runCreateUpload(s *step, bucket, key string) error {
	alg := s.algorithm()
	req := object.CreateUpload{
		Bucket: bucket, Key: key, Owner: s.writer(), Initiator: "it", Meta: s.metadata(), ACL: s.list(), BucketOwnerFull: s.full(),
		Checksum: alg, ChecksumType: alg.DefaultType(), Lock: w.lock(s), Seal: s.seal(),
	}
	if s.option(6, 2) {
		req.ChecksumType = checksum.FullObject
	}
	got, gotErr := w.s.CreateUpload(w.ctx, req)
	want, wantErr := w.m.CreateUpload(req)
	w.logf("create upload %s of %s/%.20q sum %s %s", want.UploadID, bucket, key, alg, req.ChecksumType)
	if gotErr == nil && wantErr == nil {
		if err := w.pair(want.UploadID, got.UploadID); err != nil {
			return err
		}
		w.uploads = append(w.uploads, want)
	}
	return w.same("create upload", got, gotErr, want, wantErr)
}

func (w *world) runPutPart(s *step) error {
	u := w.upload(s.ref2)
	body, data := s.body()
	if s.opt>>16&3 > 0 { // mostly as the upload wants it
		body.Digest.Algorithm = u.Checksum
	}
	req := object.PutPart{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID, Number: s.n, Body: body, Customer: keyTo(u.Encryption, s.option(20, 5))}
	w.logf("put part %d of %s: %d bytes (said %d, md5 %.4x) sum %s", s.n, u.UploadID, len(data), body.Size, body.MD5, body.Digest.Algorithm)
	want, wantErr := w.m.PutPart(req, data)
	req.UploadID = w.toReal(u.UploadID)
	got, gotErr := w.s.PutPart(w.ctx, req)
	return w.same("put part", got, gotErr, want, wantErr)
}

func (w *world) runCopyPart(s *step, bucket, key string) error {
	u := w.upload(s.ref2)
	req := object.CopyPart{SourceBucket: bucket, SourceKey: key, Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID, Number: s.n}
	if s.option(0, 1) {
		req.SourceVersionID = w.version(bucket, key, s.ref)
	}
	if s.option(1, 1) {
		req.Range = &object.Range{First: int64(s.size / 4), Last: int64(s.size / 2)}
	}
	if s.option(2, 2) {
		req.SourceIf = w.readIf(s, bucket, key)
	}
	req.Customer, req.SourceCustomer = keyTo(u.Encryption, s.option(20, 5)), w.keyOf(bucket, key, req.SourceVersionID, s.option(25, 5))
	w.logf("copy part %d of %s from %s/%.20q %s range %+v if %+v", s.n, u.UploadID, bucket, key, req.SourceVersionID, req.Range, req.SourceIf)
	want, wantErr := w.m.CopyPart(req)
	req.UploadID, req.SourceVersionID = w.toReal(u.UploadID), w.toReal(req.SourceVersionID)
	got, gotErr := w.s.CopyPart(w.ctx, req)
	return w.same("copy part", got, gotErr, want, wantErr)
}

// runComplete lists all parts, or some, or wrong ones.
func (w *world) runComplete(s *step) error {
	u := w.upload(s.ref2)
	req := object.CompleteUpload{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID, ObjectSize: -1, If: w.writeIf(s, u.Bucket, u.Key), By: s.actor()}
	page, _ := w.m.ListParts(object.ListParts{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID, Max: 1000})
	size := int64(0)
	for i, p := range page.Parts {
		if s.option(0, 2) && s.ref>>i&1 == 1 {
			continue
		}
		c := object.CompletePart{Number: p.Number, ETag: `"` + p.ETag + `"`}
		if s.option(2, 1) {
			c.Checksum = p.Checksum
		}
		req.Parts, size = append(req.Parts, c), size+p.Size
	}
	switch s.opt >> 4 & 31 {
	case 0:
		req.Parts = append(req.Parts, object.CompletePart{Number: 9, ETag: "d41d8cd98f00b204e9800998ecf8427e"})
	case 1:
		if len(req.Parts) > 0 {
			req.Parts[0].ETag = "d41d8cd98f00b204e9800998ecf8427f"
		}
	case 2, 3:
		req.ObjectSize = size
	case 4:
		req.ObjectSize = size + 1
	case 5:
		if len(req.Parts) > 1 {
			req.Parts[0], req.Parts[1] = req.Parts[1], req.Parts[0]
		}
	}
	w.logf("complete %s: %+v size %d if %+v", u.UploadID, req.Parts, req.ObjectSize, req.If)
	want, wantErr := w.m.CompleteUpload(req)
	req.UploadID = w.toReal(u.UploadID)
	got, gotErr := w.s.CompleteUpload(w.ctx, req)
	if err := w.finished(got, gotErr, want, wantErr); err != nil {
		return err
	}
	return w.same("complete", got, gotErr, want, wantErr)
}

func (w *world) runAbort(s *step) error {
	u := w.upload(s.ref2)
	req := object.AbortUpload{Bucket: u.Bucket, Key: u.Key, UploadID: u.UploadID}
	if s.option(0, 1) {
		req.IfInitiated = w.clock.Add(-time.Second).Truncate(time.Second)
	}
	w.logf("abort %s if initiated %v", u.UploadID, req.IfInitiated)
	wantErr := w.m.AbortUpload(req)
	req.UploadID = w.toReal(u.UploadID)
	return w.same("abort", nil, w.s.AbortUpload(w.ctx, req), nil, wantErr)
}

// engines are the pairs of engines that programs run on; share is how many of the programs each one gets, in percent.
var engines = []struct {
	name  string
	share int
	open  func(dir string, seed uint64) (kv.DB, blob.Store, error)
}{
	{"memory", 60, func(string, uint64) (kv.DB, blob.Store, error) { return memkv.New(), memblob.New(), nil }},
	{"stern", 30, func(_ string, seed uint64) (kv.DB, blob.Store, error) {
		return memkv.With(memkv.Options{Retry: true, Poison: true, Seed: seed}), memblob.New(), nil
	}},
	{"noplacer", 8, func(string, uint64) (kv.DB, blob.Store, error) {
		return memkv.New(), struct{ blob.Store }{memblob.New()}, nil
	}},
	{"disk", 2, func(dir string, _ uint64) (kv.DB, blob.Store, error) { return openDisk(dir) }},
}

func openDisk(dir string) (kv.DB, blob.Store, error) {
	db, err := pebblekv.Open(pebblekv.Options{Dir: dir + "/meta"}) // not synced: crash tests are elsewhere
	if err != nil {
		return nil, nil, err
	}
	blobs, err := fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: dir + "/blobs"})
	return db, blobs, err
}

// programs returns how many programs to run.
func programs(t *testing.T, normal int) int {
	if s := os.Getenv("MYFSIO_PROGRAMS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("MYFSIO_PROGRAMS: %v", err)
		}
		return n
	}
	if testing.Short() {
		return normal / 5
	}
	return normal
}

// TestPrograms runs random programs on the store and the model. MYFSIO_PROGRAMS sets how many, MYFSIO_SEED runs
// the program of one seed.
func TestPrograms(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			play := func(steps []step, seed uint64) (*world, error) {
				db, blobs, err := e.open(t.TempDir(), seed)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				defer blobs.Close()
				w, err := newWorld(db, blobs)
				if err != nil {
					t.Fatal(err)
				}
				return w, w.play(steps, seed)
			}
			first, n := uint64(1), max(1, programs(t, 1000)*e.share/100)
			if s := os.Getenv("MYFSIO_SEED"); s != "" {
				first, _ = strconv.ParseUint(s, 10, 64)
				n = 1
			}
			for seed := first; seed < first+uint64(n); seed++ {
				steps := drawProgram(seed)
				if _, err := play(steps, seed); err != nil {
					steps = shrink(steps, func(s []step) bool { _, err := play(s, seed); return err != nil })
					w, err := play(steps, seed)
					t.Fatalf("seed %d, the shortest failing program:\n%s\n%v", seed, strings.Join(w.log, "\n"), err)
				}
			}
		})
	}
}

// play runs a program and compares the whole state at its end, before and after upkeep.
func (w *world) play(steps []step, seed uint64) error {
	for _, s := range steps {
		if err := w.run(s); err != nil {
			return err
		}
	}
	for _, when := range []string{"at the end", "after upkeep"} {
		if when == "after upkeep" {
			if err := w.drain(); err != nil {
				return err
			}
		}
		if err := check(w.ctx, w.s, false); err != nil {
			return fmt.Errorf("%s: %w", when, err)
		}
		if list, _, _, err := w.s.Unowned(w.ctx, blob.ID{}, 1000); err != nil || len(list) > 0 {
			return fmt.Errorf("%s: %v belong to nothing, %v", when, list, err)
		}
		if err := w.compareAll(rand.New(rand.NewPCG(seed, 3)), 40); err != nil {
			return fmt.Errorf("%s: %w", when, err)
		}
		if err := w.compareView(when == "after upkeep"); err != nil {
			return fmt.Errorf("%s: %w", when, err)
		}
	}
	return nil
}

// shrink leaves out steps as long as the program fails.
func shrink(steps []step, fails func([]step) bool) []step {
	for size := len(steps) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(steps); {
			less := append(append([]step(nil), steps[:at]...), steps[at+size:]...)
			if fails(less) {
				steps = less
			} else {
				at += size
			}
		}
	}
	return steps
}

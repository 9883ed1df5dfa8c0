package object_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/seal"
)

// describeAnnotations writes down those of a version.
func describeAnnotations(ctx context.Context, s *object.Store, sb *strings.Builder, v *object.Version) error {
	page, err := s.ListAnnotations(ctx, object.ListAnnotations{Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID})
	if err != nil {
		return err
	}
	for _, a := range page.Annotations {
		r, got, err := s.OpenAnnotation(ctx, object.GetAnnotation{Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, Name: a.Name})
		if err != nil {
			return err
		}
		data, err := io.ReadAll(struct{ io.Reader }{r})
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		if got != a || md5Hex(data) != a.ETag {
			return fmt.Errorf("annotation %+v is listed as %+v", got, a)
		}
		fmt.Fprintf(sb, " %q %d %s %s", a.Name, a.Size, a.ETag, a.Checksum.Value)
	}
	return nil
}

// words is text of this size that depends on the name.
func words(name string, size int) []byte {
	return bytes.Repeat([]byte(name+"-"), size/(len(name)+1)+1)[:size]
}

func (x *shop) note(key, version, name string, size int) error {
	_, _, err := x.s.PutAnnotation(x.ctx, object.PutAnnotation{Bucket: home, Key: key, VersionID: version, Name: name, Body: body(words(name, size))})
	return err
}

func (x *shop) annotate(key, version, name string, size int) {
	x.Helper()
	x.ok(x.note(key, version, name, size))
}

// annotations demands that a version has these, of so many bytes in all.
func (x *shop) annotations(key, version string, count int, total int64) {
	x.Helper()
	var sb strings.Builder
	x.ok(describeAnnotations(x.ctx, x.s, &sb, &object.Version{Bucket: home, Key: key, VersionID: version}))
	page, err := x.s.ListAnnotations(x.ctx, object.ListAnnotations{Bucket: home, Key: key, VersionID: version})
	x.ok(err)
	n := int64(0)
	for _, a := range page.Annotations {
		n += a.Size
	}
	if len(page.Annotations) != count || page.Version.Annotations != count || n != total {
		x.Errorf("%q has %d annotations of %d bytes and says %d, want %d of %d", key, len(page.Annotations), n, page.Version.Annotations, count, total)
	}
}

func TestAnnotationName(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "ml.labels": true, "Größe_1-2": true, "日本語": true, "xaws": true, strings.Repeat("n", 512): true, "\uFFFD": false,
		"": false, " ": false, "a b": false, "a/b": false, "aws": false, "AWS-x": false, "s3": false, "S3.": false, "sſ": true, "a\x00": false, "\xff": false,
		strings.Repeat("n", 513): false, "½": false, "٣": false, "a\n": false,
	} {
		if err := object.CheckAnnotationName(name); (err == nil) != ok {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

// Text is told from what is none, however it is cut into pieces.
func TestAnnotationText(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.put("k", nil)
	for text, ok := range map[string]bool{
		"a": true, "é": true, "€uro": true, "a😀": true, "😀😀": true, "\xff": false, "a\xc3": false, "€\xe2\x82": false, "\xed\xa0\x80": false, "\xc0\x80": false,
		"a\x00b": true, strings.Repeat("é€😀", 100): true, strings.Repeat("é€😀", 100) + "\xf0\x9f": false, "\x80": false,
	} {
		for _, cut := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			_, _, err := x.s.PutAnnotation(x.ctx, object.PutAnnotation{Bucket: home, Key: "k", Name: "n", Body: object.Body{Reader: cut(strings.NewReader(text)), Size: -1}})
			if (err == nil) != ok {
				t.Errorf("%.20q: %v", text, err)
			}
			if !ok {
				x.kind(err, fault.InvalidRequest)
			}
		}
	}
	x.clean()
}

func TestAnnotationLimits(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.put("k", nil)
	x.annotate("k", "", "large", object.MaxAnnotationSize)
	x.kind(x.note("k", "", "larger", object.MaxAnnotationSize+1), fault.EntityTooLarge)
	_, _, err := x.s.PutAnnotation(x.ctx, object.PutAnnotation{Bucket: home, Key: "k", Name: "n",
		Body: object.Body{Reader: bytes.NewReader(words("n", object.MaxAnnotationSize+1)), Size: -1}})
	x.kind(err, fault.EntityTooLarge)
	_, _, err = x.s.PutAnnotation(x.ctx, object.PutAnnotation{Bucket: home, Key: "k", Name: "n", Body: object.Body{Reader: strings.NewReader(""), Size: -1}})
	x.kind(err, fault.InvalidRequest)
	for i := 1; i < object.MaxAnnotations; i++ {
		x.annotate("k", "", fmt.Sprint("n", i), 1)
	}
	x.kind(x.note("k", "", "one-more", 1), fault.InvalidRequest)
	x.annotate("k", "", "n7", 2) // in place of one
	_, err = x.s.DeleteAnnotation(x.ctx, object.DeleteAnnotation{Bucket: home, Key: "k", Name: "n8"})
	x.ok(err)
	x.annotate("k", "", "one-more", 1)
	x.annotations("k", "", object.MaxAnnotations, object.MaxAnnotationSize+object.MaxAnnotations)
	x.clean()
}

// A version takes its annotations with it in one small commit, and they are removed a hundred at a time.
func TestForgetAnnotations(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.put("k", nil)
	for i := range 250 {
		x.annotate("k", "", fmt.Sprint("n", i), 1+i%2*200) // inline, and in blobs
	}
	x.put("k", content(1, 10))
	x.annotations("k", "", 0, 0)
	if u, err := x.s.Usage(x.ctx, home); err != nil || u.Annotations != 0 {
		t.Errorf("usage %+v, %v", u, err)
	}
	x.clean()
	x.reopen()
	steps := 0
	for mark, done := (object.Mark{}), false; !done; steps++ {
		var err error
		mark, done, err = x.s.ForgetAnnotations(x.ctx, mark)
		x.ok(err)
		x.clean()
	}
	if steps != 4 {
		t.Errorf("%d steps, want three and the last look", steps)
	}
	x.drain()
	x.wantBlobs()
	x.clean()
}

func TestAnnotationsOfVersions(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	v1 := x.put("k", content(1, 10))
	x.annotate("k", "", "a", 100)
	x.annotate("k", "", "b", 10)
	v2 := x.put("k", content(2, 10))
	x.annotations("k", "", 0, 0)
	x.annotations("k", v1.VersionID, 2, 110)
	x.annotate("k", v2.VersionID, "a", 5)
	x.delete("k", "")
	x.kind(x.note("k", "", "c", 1), fault.NoSuchKey)
	x.annotations("k", v1.VersionID, 2, 110)
	x.delete("k", v1.VersionID)
	x.annotations("k", v2.VersionID, 1, 5)
	x.kind(x.note("k", v1.VersionID, "c", 1), fault.NoSuchVersion)
	x.drain()
	x.clean()
}

// An object under Object Lock may get annotations; those that it has are protected like itself.
func TestAnnotationLock(t *testing.T) {
	x := newShop(t, object.Unversioned)
	_, err := x.s.CreateBucket(x.ctx, object.CreateBucket{Name: vaulted, ObjectLock: true})
	x.ok(err)
	for _, c := range []struct {
		key    string
		state  lock.State
		bypass bool // helps
	}{
		{"governance", lock.State{Retention: lock.Retention{Mode: lock.Governance, Until: epoch.AddDate(1, 0, 0)}}, true},
		{"compliance", lock.State{Retention: lock.Retention{Mode: lock.Compliance, Until: epoch.AddDate(1, 0, 0)}}, false},
		{"hold", lock.State{Hold: lock.HoldOn}, false},
	} {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: vaulted, Key: c.key, Body: body(nil), Lock: c.state})
		x.ok(err)
		put := func(bypass bool) error {
			_, _, err := x.s.PutAnnotation(x.ctx, object.PutAnnotation{Bucket: vaulted, Key: c.key, Name: "n", Body: body([]byte("x")), BypassGovernance: bypass})
			return err
		}
		remove := func(bypass bool) error {
			_, err := x.s.DeleteAnnotation(x.ctx, object.DeleteAnnotation{Bucket: vaulted, Key: c.key, Name: "n", BypassGovernance: bypass})
			return err
		}
		x.ok(remove(false)) // there is none
		x.ok(put(false))
		x.kind(put(false), fault.Locked)
		x.kind(remove(false), fault.Locked)
		if !c.bypass {
			x.kind(put(true), fault.Locked)
			x.kind(remove(true), fault.Locked)
			continue
		}
		x.ok(put(true))
		x.ok(remove(true))
	}
}

func TestAnnotationConditions(t *testing.T) {
	x := newShop(t, object.Unversioned)
	v := x.put("k", content(1, 10))
	other := x.put("other", content(2, 10))
	for tag, ok := range map[string]bool{"": true, "*": true, v.ETag: true, other.ETag: false} {
		_, _, err := x.s.PutAnnotation(x.ctx, object.PutAnnotation{Bucket: home, Key: "k", Name: "n", Body: body([]byte("x")), IfMatch: tag})
		if _, derr := x.s.DeleteAnnotation(x.ctx, object.DeleteAnnotation{Bucket: home, Key: "k", Name: "n", IfMatch: tag}); (err == nil) != ok || (derr == nil) != ok {
			t.Errorf("tag %q: %v, %v", tag, err, derr)
		}
		if !ok {
			x.kind(err, fault.PreconditionFailed)
		}
	}
	_, _, err := x.s.PutAnnotation(x.ctx, object.PutAnnotation{Bucket: home, Key: "k", Name: "n", Body: body([]byte("x")), Stamp: other.Stamp})
	x.kind(err, fault.ConditionalConflict)
	if now, err := x.s.Describe(x.ctx, home, "k", ""); err != nil || now.ETag != v.ETag || !now.Modified.Equal(v.Modified) || now.Stamp != v.Stamp {
		t.Errorf("the object became %+v, %v", now, err)
	}
}

// An annotation of an encrypted object is encrypted, under a key of its own for each payload and name.
func TestAnnotationSealed(t *testing.T) {
	x := newShop(t, object.Unversioned)
	for _, wish := range wishes[1:3] {
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(content(1, 300)), Seal: wish})
		x.ok(err)
		for _, size := range []int{20, 300, 200_000} {
			x.annotate("k", "", fmt.Sprint("n", size), size)
			x.annotate("k", "", fmt.Sprint("n", size), size) // under another key
		}
		x.annotations("k", "", 3, 200_320)
		_, err = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", Bucket: home, Key: "k", ReplaceMeta: true, Seal: wish})
		x.ok(err) // in place: another envelope of the same key
		x.annotations("k", "", 3, 200_320)
		_, err = x.s.Rename(x.ctx, object.RenameObject{Bucket: home, Source: "k", Key: "moved"})
		x.ok(err)
		x.annotations("moved", "", 3, 200_320)
		_, err = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "moved", Bucket: home, Key: "clear", Seal: wishes[1]})
		x.ok(err)
		x.annotations("clear", "", 3, 200_320)
		x.drain()
		x.clean()
	}
	x.noText("n300-n300", "n20-n20")
	_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "theirs", Body: body(nil), Seal: &object.Sealing{Sort: seal.Customer, Customer: &seal.Key{1}}})
	x.ok(err)
	x.kind(x.note("theirs", "", "n", 1), fault.InvalidRequest)
	_, err = x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "moved", Bucket: home, Key: "theirs", Seal: &object.Sealing{Sort: seal.Customer, Customer: &seal.Key{1}}})
	x.kind(err, fault.InvalidRequest)
}

// noText demands that nothing stored has one of the texts.
func (x *shop) noText(texts ...string) {
	x.Helper()
	everything := x.everything()
	for _, text := range texts {
		if bytes.Contains(everything, []byte(text)) {
			x.Errorf("%q is stored in clear", text)
		}
	}
}

// A copy has all annotations from its commit on, however many there are; what a change of the source cuts off leaves nothing.
func TestCopyAnnotations(t *testing.T) {
	x := newShop(t, object.VersioningEnabled)
	x.put("k", content(1, 10))
	for i := range 50 {
		x.annotate("k", "", fmt.Sprint("n", i), 1+i%2*200)
	}
	x.clock = x.clock.Add(time.Hour)
	cp := object.CopyObject{SourceBucket: home, SourceKey: "k", Bucket: home, Key: "copy"}
	_, err := x.s.Copy(x.ctx, cp)
	x.ok(err)
	x.annotations("copy", "", 50, 50+25*200)
	x.annotations("k", "", 50, 50+25*200)
	bare := cp
	bare.SourceBare = true
	_, err = x.s.Copy(x.ctx, bare)
	x.kind(err, fault.ConditionalConflict)
	bare.ExcludeAnnotations = true
	v, err := x.s.Copy(x.ctx, bare)
	x.ok(err)
	x.annotations("copy", v.Version.VersionID, 0, 0)
	x.ok(x.s.SetQuota(x.ctx, home, object.Quota{MaxBytes: 11_000}))
	_, err = x.s.Copy(x.ctx, cp)
	x.kind(err, fault.QuotaExceeded)
	x.kind(x.note("copy", "", "n", 2000), fault.QuotaExceeded)
	x.ok(x.s.SetQuota(x.ctx, home, object.Quota{}))
	x.clean()
	x.drain()
	x.clean()
}

// What a check finds of damaged annotations, and what it mends.
func TestCheckAnnotations(t *testing.T) {
	for _, c := range []struct {
		name   string
		prefix []byte // of the row that is lost
		found  string
		left   string // after the repair
	}{
		{"inline payload", []byte{'d'}, object.ProblemLost, object.ProblemLost},
		{"reference of a blob", []byte{'x'}, object.ProblemMissing, ""},
		{"annotation", []byte{'A'}, object.ProblemVersions + " " + object.ProblemCounter + " " + object.ProblemOrphan, ""},
		{"version", []byte{'o'}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newShop(t, object.Unversioned)
			x.put("k", nil)
			x.annotate("k", "", "a", 10)
			x.annotate("k", "", "b", 300)
			x.clean()
			x.ok(x.db.Update(x.ctx, func(t kv.Txn) error {
				for p, err := range kv.Scan(t, kv.Prefix(c.prefix)) {
					if err != nil {
						return err
					}
					t.Delete(bytes.Clone(p.Key))
					return nil
				}
				return errors.New("no such row")
			}))
			if got := x.problems(true); c.found != "" && got != c.found {
				t.Errorf("found %q, want %q", got, c.found)
			}
			if c.name == "version" { // its annotations go, and the bytes of its blobs with them
				x.drain()
			}
			if got := x.problems(false); got != c.left {
				t.Errorf("after the repair %q, want %q", got, c.left)
			}
		})
	}
}

// problems are the kinds of problems that a check finds.
func (x *shop) problems(repair bool) string {
	x.Helper()
	var kinds []string
	_, err := x.s.Check(x.ctx, object.CheckOptions{Repair: repair, Report: func(p object.Problem) { kinds = append(kinds, p.Kind) }})
	x.ok(err)
	return strings.Join(kinds, " ")
}

package object_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/object"
)

// The tables say how each precondition ends (rows) in each state of the key (columns):
//
//	absent   the key was never written
//	same     its current version has the entity tag that the request names
//	other    its current version has another one
//	marker   a delete marker stands on top of a version with that entity tag
//	null     versioning is suspended; the null version is current and has that entity tag
//	nulldel  versioning is suspended; a null delete marker stands on top of a version with that entity tag
//
// AWS, user guide "conditional-writes" and "conditional-reads", API reference of each operation:
//   - a write with If-Match on a key without a current version is 404 Not Found, and a delete marker counts as none
//   - a write with If-None-Match: * succeeds there, delete marker or not; any other value is 501 Not Implemented
//   - a read with If-Match that holds ignores If-Unmodified-Since, one with If-None-Match that does not hold
//     (304) goes before If-Modified-Since; for the source of a copy 304 becomes 412
//   - a delete with If-Match that does not hold is 412. The guide does not say plainly what a key without a
//     current version gives; 412 follows RFC 9110: "*" asks for a current version, and there is none
//   - conditions of size and time of a delete hold where there is nothing (API reference, for directory buckets)
//   - "Conditional delete evaluations only apply to the current version of the object." Here a condition with a version
//     id is decided on the version that would be removed, which protects the same thing
const (
	writeTable = `
                      absent        same                other               marker        null                nulldel
		none          ok            ok                  ok                  ok            ok                  ok
		match-tag     NoSuchKey     ok                  PreconditionFailed  NoSuchKey     ok                  NoSuchKey
		match-any     NoSuchKey     ok                  ok                  NoSuchKey     ok                  NoSuchKey
		none-any      ok            PreconditionFailed  PreconditionFailed  ok            PreconditionFailed  ok
		none-tag      NotImplemented NotImplemented     NotImplemented      NotImplemented NotImplemented     NotImplemented
		both          NotImplemented NotImplemented     NotImplemented      NotImplemented NotImplemented     NotImplemented`

	readTable = `
                      absent     same                other               marker     null                nulldel
		none          NoSuchKey  ok                  ok                  NoSuchKey  ok                  NoSuchKey
		match-tag     NoSuchKey  ok                  PreconditionFailed  NoSuchKey  ok                  NoSuchKey
		match-any     NoSuchKey  ok                  ok                  NoSuchKey  ok                  NoSuchKey
		none-tag      NoSuchKey  NotModified         ok                  NoSuchKey  NotModified         NoSuchKey
		none-any      NoSuchKey  NotModified         NotModified         NoSuchKey  NotModified         NoSuchKey
		mod-before    NoSuchKey  ok                  ok                  NoSuchKey  ok                  NoSuchKey
		mod-at        NoSuchKey  NotModified         NotModified         NoSuchKey  NotModified         NoSuchKey
		unmod-before  NoSuchKey  PreconditionFailed  PreconditionFailed  NoSuchKey  PreconditionFailed  NoSuchKey
		unmod-at      NoSuchKey  ok                  ok                  NoSuchKey  ok                  NoSuchKey
		match+unmod   NoSuchKey  ok                  PreconditionFailed  NoSuchKey  ok                  NoSuchKey
		none+mod      NoSuchKey  NotModified         ok                  NoSuchKey  NotModified         NoSuchKey
		match+none    NoSuchKey  NotModified         PreconditionFailed  NoSuchKey  NotModified         NoSuchKey`

	deleteTable = `
                      absent              same                other               marker              null                nulldel
		none          ok                  ok                  ok                  ok                  ok                  ok
		match-tag     PreconditionFailed  ok                  PreconditionFailed  PreconditionFailed  ok                  PreconditionFailed
		match-any     PreconditionFailed  ok                  ok                  PreconditionFailed  ok                  PreconditionFailed
		size-right    ok                  ok                  PreconditionFailed  ok                  ok                  ok
		time-right    ok                  ok                  ok                  ok                  ok                  ok
		time-wrong    ok                  PreconditionFailed  PreconditionFailed  ok                  PreconditionFailed  ok
		size+time     ok                  ok                  PreconditionFailed  ok                  ok                  ok
		none-any      ok                  ok                  ok                  ok                  ok                  ok`

	// Of a delete that names the version on top, marker or not; absent names one that never was.
	deleteVersionTable = `
                      absent              same                other               marker              null                nulldel
		none          ok                  ok                  ok                  ok                  ok                  ok
		match-tag     PreconditionFailed  ok                  PreconditionFailed  PreconditionFailed  ok                  PreconditionFailed
		match-any     PreconditionFailed  ok                  ok                  PreconditionFailed  ok                  PreconditionFailed
		size-right    ok                  ok                  PreconditionFailed  ok                  ok                  ok
		time-wrong    ok                  PreconditionFailed  PreconditionFailed  ok                  PreconditionFailed  ok`
)

var kindNames = map[string]fault.Kind{
	"NoSuchKey": fault.NoSuchKey, "PreconditionFailed": fault.PreconditionFailed, "NotModified": fault.NotModified, "NotImplemented": fault.NotImplemented,
}

// known is the body whose entity tag the requests name.
var known = content(1, 100)

// inState makes a store whose key "k" is in the state, and returns the id of the version on top.
func inState(t *testing.T, state string) (*shop, string) {
	x := newShop(t, object.VersioningEnabled)
	top := unknownID
	switch state {
	case "same":
		top = x.put("k", known).VersionID
	case "other":
		x.put("k", known)
		top = x.put("k", content(2, 90)).VersionID
	case "marker":
		x.put("k", known)
		top = x.delete("k", "").VersionID
	case "null":
		x.put("k", content(2, 90))
		x.versioning(object.VersioningSuspended)
		top = x.put("k", known).VersionID
	case "nulldel":
		x.put("k", known)
		x.versioning(object.VersioningSuspended)
		top = x.delete("k", "").VersionID
	}
	return x, top
}

func writeConditions(name string) object.WriteConditions {
	size, tag := int64(len(known)), md5Hex(known)
	return map[string]object.WriteConditions{
		"none": {}, "match-tag": {IfMatch: tag}, "match-any": {IfMatch: "*"}, "none-any": {IfNoneMatch: "*"}, "none-tag": {IfNoneMatch: tag},
		"both": {IfMatch: tag, IfNoneMatch: "*"}, "size-right": {IfMatchSize: &size},
		"time-right": {IfMatchModified: epoch.Truncate(time.Second)}, "time-wrong": {IfMatchModified: epoch.Add(time.Second)},
		"size+time": {IfMatchSize: &size, IfMatchModified: epoch},
	}[name]
}

func readConditions(name string) object.Conditions {
	at := epoch.Truncate(time.Second) // all that HTTP can say of the time of the last change
	before := at.Add(-time.Second)
	tags, anyTag := []string{"ffffffffffffffffffffffffffffffff", md5Hex(known)}, []string{"*"}
	return map[string]object.Conditions{
		"none": {}, "match-tag": {IfMatch: tags}, "match-any": {IfMatch: anyTag}, "none-tag": {IfNoneMatch: tags}, "none-any": {IfNoneMatch: anyTag},
		"mod-before": {IfModifiedSince: before}, "mod-at": {IfModifiedSince: at}, "unmod-before": {IfUnmodifiedSince: before}, "unmod-at": {IfUnmodifiedSince: at},
		"match+unmod": {IfMatch: tags, IfUnmodifiedSince: before}, "none+mod": {IfNoneMatch: tags, IfModifiedSince: at}, "match+none": {IfMatch: tags, IfNoneMatch: tags},
	}[name]
}

// eachCell calls fn for every cell of a table.
func eachCell(t *testing.T, table string, fn func(t *testing.T, condition, state, want string)) {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	states := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		if len(cells) != len(states)+1 {
			t.Fatalf("the line %q has %d cells", line, len(cells))
		}
		for i, state := range states {
			t.Run(cells[0]+"/"+state, func(t *testing.T) { fn(t, cells[0], state, cells[i+1]) })
		}
	}
}

// outcome compares an error with a cell.
func outcome(t *testing.T, err error, want string) {
	t.Helper()
	if k, ok := kindNames[want]; want == "ok" && err != nil || want != "ok" && (!ok || !fault.Is(err, k)) {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestConditionsOfWrites(t *testing.T) {
	type write func(x *shop, c object.WriteConditions) error
	writes := map[string]write{
		"put": func(x *shop, c object.WriteConditions) error {
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(content(5, 10)), If: c})
			return err
		},
		"complete": func(x *shop, c object.WriteConditions) error {
			u := x.begin("k")
			req := completeOf(u, x.part(u, 1, content(5, 10)))
			req.If = c
			_, err := x.s.CompleteUpload(x.ctx, req)
			return err
		},
		"copy": func(x *shop, c object.WriteConditions) error {
			x.put("source", content(5, 10))
			_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "source", Bucket: home, Key: "k", If: c})
			return err
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			eachCell(t, writeTable, func(t *testing.T, condition, state, want string) {
				x, _ := inState(t, state)
				before, err := x.s.ListVersions(x.ctx, object.ListVersions{Bucket: home, Prefix: "k", Max: 1000})
				x.ok(err)
				outcome(t, write(x, writeConditions(condition)), want)
				after, err := x.s.ListVersions(x.ctx, object.ListVersions{Bucket: home, Prefix: "k", Max: 1000})
				x.ok(err)
				if grew := len(after.Versions) - len(before.Versions); want != "ok" && grew != 0 {
					t.Errorf("%d new versions of a write that failed", grew)
				}
				x.ok(check(x.ctx, x.s, false))
			})
		})
	}
}

func TestConditionsOfReads(t *testing.T) {
	type read func(x *shop, c object.Conditions) error
	reads := map[string]read{
		"get": func(x *shop, c object.Conditions) error {
			r, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "k", If: c})
			if err == nil {
				err = r.Close()
			}
			return err
		},
		"head": func(x *shop, c object.Conditions) error {
			_, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "k", If: c, HeadOnly: true})
			return err
		},
		"copy": func(x *shop, c object.Conditions) error {
			_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", SourceIf: c, Bucket: home, Key: "copy"})
			return err
		},
		"copy part": func(x *shop, c object.Conditions) error {
			u := x.begin("up")
			_, err := x.s.CopyPart(x.ctx, object.CopyPart{SourceBucket: home, SourceKey: "k", SourceIf: c, Bucket: home, Key: "up", UploadID: u.UploadID, Number: 1})
			return err
		},
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			eachCell(t, readTable, func(t *testing.T, condition, state, want string) {
				x, _ := inState(t, state)
				if want == "NotModified" && strings.HasPrefix(name, "copy") {
					want = "PreconditionFailed"
				}
				outcome(t, read(x, readConditions(condition)), want)
			})
		})
	}
}

func TestConditionsOfDeletes(t *testing.T) {
	for name, table := range map[string]string{"delete": deleteTable, "delete version": deleteVersionTable, "batch": deleteTable} {
		t.Run(name, func(t *testing.T) {
			eachCell(t, table, func(t *testing.T, condition, state, want string) {
				x, top := inState(t, state)
				req := object.DeleteObject{Bucket: home, Key: "k", If: writeConditions(condition)}
				if name == "delete version" {
					req.VersionID = top
				}
				before := x.snapshot()
				err := deleteBy(x, name, req)
				outcome(t, err, want)
				if err != nil && x.snapshot() != before {
					t.Error("a delete that failed changed something")
				}
				x.clean()
			})
		})
	}
}

func deleteBy(x *shop, name string, req object.DeleteObject) error {
	if name != "batch" {
		_, err := x.s.Delete(x.ctx, req)
		return err
	}
	out, err := x.s.DeleteBatch(x.ctx, home, []object.DeleteObject{req})
	if err != nil {
		return err
	}
	return out[0].Err
}

// A condition that fails names itself, for the answer.
func TestConditionIsNamed(t *testing.T) {
	x, _ := inState(t, "other")
	_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(nil), If: writeConditions("match-tag")})
	var fe *fault.Error
	if !errors.As(err, &fe) || fe.Condition != "If-Match" {
		t.Errorf("error %+v", fe)
	}
	later, v := x.clock.Add(time.Hour), x.put("k", known)
	for want, c := range map[string]object.Conditions{
		"If-Match":            {IfMatch: []string{"x"}},
		"If-None-Match":       {IfNoneMatch: []string{v.ETag}, IfModifiedSince: later},
		"If-Modified-Since":   {IfModifiedSince: later},
		"If-Unmodified-Since": {IfUnmodifiedSince: later.Add(-2 * time.Hour)},
	} {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "k", SourceIf: c, Bucket: home, Key: "copy"})
		if !errors.As(err, &fe) || fe.Kind != fault.PreconditionFailed || fe.Condition != "x-amz-copy-source-"+want {
			t.Errorf("source %s: error %+v", want, fe)
		}
		_, err = x.s.CopyPart(x.ctx, object.CopyPart{SourceBucket: home, SourceKey: "k", SourceIf: c, Bucket: home, Key: "up", UploadID: x.begin("up").UploadID, Number: 1})
		if !errors.As(err, &fe) || fe.Kind != fault.PreconditionFailed || fe.Condition != "x-amz-copy-source-"+want {
			t.Errorf("source of a part %s: error %+v", want, fe)
		}
	}
}

// A write whose condition cannot hold fails before its body is read, and one whose condition fails only
// later leaves no bytes.
func TestConditionBeforeBody(t *testing.T) {
	x, _ := inState(t, "other")
	_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: object.Body{Reader: untouched{t}, Size: -1}, If: writeConditions("match-tag")})
	x.kind(err, fault.PreconditionFailed)
	x.put("k", known)
	blobs := x.stored()
	late := readerFunc(func(p []byte) (int, error) { // the object changes while the body comes
		if _, err := x.s.Put(context.Background(), object.PutObject{Bucket: home, Key: "k", Body: body(nil)}); err != nil {
			return 0, err
		}
		return copy(p, content(3, 300)), io.EOF
	})
	_, err = x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: object.Body{Reader: late, Size: -1}, If: writeConditions("match-tag")})
	x.kind(err, fault.PreconditionFailed)
	x.wantBlobs(blobs...)
	x.clean()
}

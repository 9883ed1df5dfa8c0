package object_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/seal"
)

// appendTo appends data to an object that has the bytes old.
func (x *shop) appendTo(key string, old, data []byte) error {
	_, err := x.s.Append(x.ctx, appendOf(key, int64(len(old)), data))
	return err
}

func appendOf(key string, offset int64, data []byte) object.AppendObject {
	return object.AppendObject{PutObject: object.PutObject{Bucket: home, Key: key, Body: body(data)}, Offset: offset}
}

// code demands that an error has this code.
func (x *shop) code(err error, code string) {
	x.Helper()
	var fe *fault.Error
	if !errors.As(err, &fe) || fe.Code != code {
		x.Errorf("error %v, want code %q", err, code)
	}
}

// Whatever way an object was written and encrypted, what is appended is behind it, before and after it is put together, and under another name.
func TestAppendSealed(t *testing.T) {
	parts := [][]byte{content(1, 100), content(2, 100), content(3, 30)}
	for _, wish := range wishes {
		for _, wr := range sealedWriters {
			t.Run(nameOf(wish)+"/"+wr.name, func(t *testing.T) {
				x, _ := sealedShop(t, object.Unversioned)
				v := wr.write(x, "a", wish, parts)
				shape := parts
				if v.Parts == 0 {
					shape = [][]byte{join(parts...)}
				}
				for round := range 3 {
					for i := range 3 {
						more := content(uint64(10*round+i+20), 10+100*i)
						req := appendOf("a", int64(len(join(shape...))), more)
						if req.Seal = wish; i == 1 && wish != nil && wish.Sort != seal.Customer {
							req.Seal = nil // need not be said again
						}
						got, err := x.s.Append(x.ctx, req)
						x.ok(err)
						shape = append(shape[:len(shape):len(shape)], more)
						if got.Parts != len(shape) || got.Size != int64(len(join(shape...))) {
							t.Fatalf("%+v after %d appends", got, i+1)
						}
						x.readSealed("a", wish, shape, got)
						x.clean()
					}
					if round == 1 {
						x.rename(object.RenameObject{Source: "a", Key: "b", SourceCustomer: keyOf(wish)})
						x.readSealed("b", wish, shape, object.Version{Parts: 1})
						x.rename(object.RenameObject{Source: "b", Key: "a", SourceCustomer: keyOf(wish)})
					}
					x.secret(wish, shape)
					x.drain()
					x.readSealed("a", wish, shape, object.Version{Parts: 1})
					x.clean()
				}
			})
		}
	}
}

// What an append may not do it is told before its body is read.
func TestAppendRefused(t *testing.T) {
	x, _ := sealedShop(t, object.Unversioned)
	big := content(1, 200)
	for _, w := range wishes {
		sealedWriters[0].write(x, nameOf(w), w, [][]byte{big})
	}
	for _, c := range []struct {
		key    string
		offset int64
		seal   *object.Sealing
		kind   fault.Kind
		code   string
	}{
		{"none", 1, nil, fault.NoSuchKey, ""},
		{"clear", 0, nil, fault.InvalidRequest, "InvalidWriteOffset"},
		{"clear", 201, nil, fault.InvalidRequest, "InvalidWriteOffset"},
		{"clear", -1, nil, fault.InvalidArgument, ""},
		{"clear", 200, wishes[1], fault.InvalidRequest, "EncryptionTypeMismatch"},
		{"clear", 200, wishes[3], fault.InvalidRequest, "EncryptionTypeMismatch"},
		{"SSE-S3", 200, wishes[2], fault.InvalidRequest, "EncryptionTypeMismatch"},
		{"SSE-KMS", 200, &object.Sealing{Sort: seal.KMS, KeyID: "other"}, fault.InvalidRequest, "EncryptionTypeMismatch"},
		{"SSE-C", 200, nil, fault.InvalidRequest, ""},
		{"SSE-C", 200, &object.Sealing{Sort: seal.Customer, Customer: &stranger}, fault.AccessDenied, ""},
	} {
		req := appendOf(c.key, c.offset, nil)
		req.Seal, req.Body.Reader = c.seal, unread{t}
		_, err := x.s.Append(x.ctx, req)
		x.kind(err, c.kind)
		x.code(err, c.code)
	}
	x.versioning(object.VersioningEnabled)
	x.put("new", big)
	x.kind(x.appendTo("new", big, big), fault.InvalidRequest)
	x.versioning(object.VersioningSuspended)
	x.kind(x.appendTo("new", big, big), fault.InvalidRequest)
	x.ok(x.appendTo("clear", big, big))
	x.get("clear", object.NullVersion, join(big, big))
	x.clean()
}

// An object without bytes is written anew by the first append, whatever it was encrypted with: there is nothing that its key would open.
func TestAppendToNothing(t *testing.T) {
	x, _ := sealedShop(t, object.Unversioned)
	for _, w := range wishes {
		sealedWriters[0].write(x, nameOf(w), w, [][]byte{nil})
		x.ok(x.appendTo(nameOf(w), nil, content(1, 20)))
		if v := x.get(nameOf(w), "", content(1, 20)); v.Encryption != nil {
			t.Errorf("%s: %+v", nameOf(w), v.Encryption)
		}
	}
	x.clean()
}

// A quota bounds what is appended, and so does the number of pieces.
func TestAppendBounds(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.put("k", content(1, 100))
	x.ok(x.s.SetQuota(x.ctx, home, object.Quota{MaxBytes: 150, MaxObjects: 1}))
	x.kind(x.appendTo("k", content(1, 100), content(2, 51)), fault.QuotaExceeded)
	x.ok(x.appendTo("k", content(1, 100), content(2, 50)))
	x.ok(x.s.SetQuota(x.ctx, home, object.Quota{}))
	v := x.get("k", "", join(content(1, 100), content(2, 50)))
	for v.Parts < object.MaxAppended {
		if v.Parts%1000 == 0 {
			x.drain()
		}
		var err error
		v, err = x.s.Append(x.ctx, appendOf("k", v.Size, []byte("x")))
		x.ok(err)
	}
	_, err := x.s.Append(x.ctx, appendOf("k", v.Size, []byte("x")))
	x.code(err, "TooManyParts")
	want := join(content(1, 100), content(2, 50), bytes.Repeat([]byte("x"), object.MaxAppended-2))
	x.get("k", "", want)
	x.clock = x.clock.Add(time.Minute)
	x.drain()
	x.get("k", "", want)
	x.clean()
	x.wantBlobs(int64(len(want)))
}

// Of appends at the same place one happens; what is there is what they said.
func TestAppendRace(t *testing.T) {
	x := newShop(t, object.Unversioned)
	const writers, rounds = 4, 40
	all := content(1, 100)
	x.put("k", all)
	for round := range rounds {
		var won atomic.Int64
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				data := bytes.Repeat([]byte{byte(w + 1)}, 10+round)
				switch err := x.appendTo("k", all, data); {
				case err == nil:
					if !won.CompareAndSwap(0, int64(w+1)) {
						t.Error("two appends at the same place")
					}
				default:
					x.code(err, "InvalidWriteOffset")
				}
			})
		}
		wg.Go(func() { x.ok(assembleAll(x.ctx, x.s)) })
		wg.Wait()
		all = append(all[:len(all):len(all)], bytes.Repeat([]byte{byte(won.Load())}, 10+round)...)
		x.get("k", "", all)
	}
	x.clock = x.clock.Add(time.Minute)
	x.drain()
	x.get("k", "", all)
	x.clean()
	x.wantBlobs(int64(len(all)))
}

// A checksum of the whole is carried on or given up, and never wrong.
func TestAppendChecksums(t *testing.T) {
	for _, alg := range checksum.All() {
		for _, size := range []int{20, 200} { // inline, and not
			for _, sent := range []checksum.Algorithm{checksum.None, alg, checksum.SHA256} {
				t.Run(fmt.Sprint(alg, size, sent), func(t *testing.T) {
					x := newShop(t, object.Unversioned)
					all := content(1, size)
					_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: object.Body{Reader: bytes.NewReader(all), Size: int64(size), Digest: object.Digest{Algorithm: alg}}})
					x.ok(err)
					for i := range 3 {
						more := content(uint64(i+2), 30)
						req := appendOf("k", int64(len(all)), more)
						h := checksum.New(sent)
						req.Body.Digest.Algorithm = sent
						if h != nil {
							h.Write(more)
							req.Body.Digest.Want = func() ([]byte, error) { return h.Sum(nil), nil }
						}
						v, err := x.s.Append(x.ctx, req)
						x.ok(err)
						all = append(all, more...)
						whole := checksum.New(alg)
						whole.Write(all)
						if c := v.Checksum; c.Algorithm != checksum.None && (c.Type != checksum.FullObject || c.Value != checksum.Encode(whole.Sum(nil))) {
							t.Errorf("%+v is not the checksum of the object", c)
						}
						_, crc := checksum.Combine(alg, make([]byte, alg.Size()), make([]byte, alg.Size()), 1)
						if v.Checksum.Algorithm == checksum.None && (crc == nil || v.Parts == 0) {
							t.Error("the checksum was given up")
						}
						req = appendOf("k", int64(len(all)), more)
						req.Body.Digest = object.Digest{Algorithm: checksum.CRC32, Want: func() ([]byte, error) { return make([]byte, 4), nil }}
						_, err = x.s.Append(x.ctx, req)
						x.kind(err, fault.BadDigest)
					}
					x.get("k", "", all)
					x.clean()
				})
			}
		}
	}
}

// Pieces are put together when the object was left alone, or much was appended; what is appended meanwhile waits.
func TestAppendAssembly(t *testing.T) {
	x := newShop(t, object.Unversioned)
	all := content(1, 300)
	grow := func(size int) {
		more := content(uint64(size), size)
		x.ok(x.appendTo("k", all, more))
		all = append(all, more...)
	}
	x.put("k", all)
	grow(10)
	grow(20)
	x.drain()
	x.wantBlobs(300, 10, 20) // not yet
	r := x.open(object.GetObject{Key: "k"})
	before := all
	x.clock = x.clock.Add(object.AppendQuiet)
	x.drain()
	x.wantBlobs(330, 10, 20) // which the reader holds
	x.rest(r, before)
	x.drain()
	x.wantBlobs(330)
	grow(40)
	x.drain()
	x.wantBlobs(330, 40)
	grow(290)
	meanwhile := false
	_, _, err := x.s.Assemble(x.ctx, object.Mark{}, func(int64) error {
		if !meanwhile {
			meanwhile = true
			grow(50)
		}
		return nil
	})
	x.ok(err)
	x.ok(reclaimAll(x.ctx, x.s))
	x.wantBlobs(660, 50)
	x.get("k", "", all)
	x.clean()
	x.clock = x.clock.Add(object.AppendQuiet)
	x.drain()
	x.wantBlobs(710)
	x.get("k", "", all)
	x.clean()
	x.delete("k", "")
	x.drain()
	x.wantBlobs()
	rows := 0
	x.ok(x.db.View(x.ctx, func(r kv.Reader) error {
		for _, table := range []byte("tma") {
			for _, err := range kv.Scan(r, kv.Prefix([]byte{table})) {
				x.ok(err)
				rows++
			}
		}
		return nil
	}))
	if rows != 0 {
		t.Errorf("%d rows are left", rows)
	}
}

// Blobs that pieces lie in are no strays though their reference rows are lost.
func TestAppendedAreNoStrays(t *testing.T) {
	x := newShop(t, object.Unversioned)
	all := content(1, 100)
	x.put("k", all)
	for i := range 4 {
		x.ok(x.appendTo("k", all, content(uint64(i+2), 20)))
		all = append(all, content(uint64(i+2), 20)...)
		if i == 1 {
			x.clock = x.clock.Add(time.Minute)
			x.drain()
		}
	}
	x.ok(x.db.Update(x.ctx, func(t kv.Txn) error {
		for p, err := range kv.Scan(t, kv.Prefix([]byte{'x'})) {
			x.ok(err)
			t.Delete(bytes.Clone(p.Key))
		}
		return nil
	}))
	x.clock = x.clock.Add(100 * time.Hour)
	_, err := x.s.Sweep(x.ctx, x.s.NewMark(), func() error { return nil })
	x.ok(err)
	x.get("k", "", all)
	_, err = x.s.Check(x.ctx, object.CheckOptions{Repair: true, Report: func(object.Problem) {}})
	x.ok(err)
	x.clean()
	x.get("k", "", all)
}

// The file that shows an object is not cut while it grows, nor is a blob that grows cut for it.
func TestAppendTrim(t *testing.T) {
	x := newShop(t, object.Unversioned)
	all := content(1, 100)
	x.put("k", all)
	old, err := x.s.Show(x.ctx, home, "k")
	x.ok(err)
	x.ok(x.appendTo("k", all, content(2, 100)))
	all = append(all, content(2, 100)...)
	_, _, err = x.s.Assemble(x.ctx, object.Mark{}, func(int64) error { return x.s.TrimShown(x.ctx, home, "k", &old) })
	x.ok(err)
	x.ok(x.s.TrimShown(x.ctx, home, "k", &old))
	x.get("k", "", all)
	x.clean()
	now, err := x.s.Show(x.ctx, home, "k")
	x.ok(err)
	x.ok(x.s.TrimShown(x.ctx, home, "k", &now))
	x.get("k", "", all)
}

// Protection that came before versioning was suspended is not lost.
func TestAppendLocked(t *testing.T) {
	x := newShop(t, object.Unversioned)
	x.put("k", content(1, 100))
	x.versioning(object.VersioningEnabled)
	x.ok(x.s.SetObjectLock(x.ctx, home, lock.Rule{}))
	x.kind(x.appendTo("k", content(1, 100), content(2, 10)), fault.InvalidRequest)
	x.get("k", "", content(1, 100))
}

package object_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"myfsio/kv"
	"myfsio/object"
	"myfsio/seal"
)

// rewrapAll walks all buckets in pages of max rows, as a worker does.
func rewrapAll(ctx context.Context, s *object.Store, max int, dry bool) (sum object.Rewrapped, err error) {
	sum.Envelopes = map[object.Wrapper]int64{}
	page, err := s.ListBuckets(ctx, object.ListBuckets{})
	if err != nil {
		return sum, err
	}
	for _, b := range page.Buckets {
		for _, uploads := range []bool{true, false} {
			for req := (object.Rewrap{Bucket: b.Name, Uploads: uploads, Max: max, DryRun: dry}); ; {
				p, err := s.Rewrap(ctx, req)
				if err != nil {
					return sum, err
				}
				for k, n := range p.Envelopes {
					sum.Envelopes[k] += n
				}
				sum.Rows, sum.Rewrapped, sum.Damaged, sum.Failed = sum.Rows+p.Rows, sum.Rewrapped+p.Rewrapped, sum.Damaged+p.Damaged, sum.Failed+p.Failed
				if sum.Err = errors.Join(sum.Err, p.Err); !p.More {
					break
				}
				req.AfterKey, req.AfterID = p.AfterKey, p.AfterID
			}
		}
	}
	return sum, nil
}

func master(n int) object.Wrapper {
	return object.Wrapper{Sort: seal.S3, ID: fmt.Sprintf("%02x00000000000000", n+1)}
}

// sealedStage is a shop with envelopes of all sorts in all places: current and old versions, the null version, uploads.
func sealedStage(t testing.TB) (x *shop, v *keeper, u object.Upload, part object.CompletePart) {
	x, v = sealedShop(t, object.Unversioned)
	sealedWriters[0].write(x, "k", wishes[1], [][]byte{content(1, 10)})
	x.versioning(object.VersioningEnabled)
	for i := range 7 {
		sealedWriters[i%len(sealedWriters)].write(x, "k", wishes[i%len(wishes)], [][]byte{content(2, 300+i)})
		sealedWriters[i%len(sealedWriters)].write(x, fmt.Sprintf("k%d\x00", i), wishes[1+i%2], [][]byte{content(3, 20+i)})
	}
	x.delete("k1\x00", "")
	x.delete("k3\x00", "")
	for i := range 5 {
		w := wishes[i%len(wishes)]
		up, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "k", Seal: w})
		x.ok(err)
		p, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "k", UploadID: up.UploadID, Number: 1, Body: body(content(4, 100)), Customer: keyOf(w)})
		x.ok(err)
		if i == 1 {
			u, part = up, object.CompletePart{Number: 1, ETag: p.ETag}
		}
	}
	return x, v, u, part
}

// After a walk in pages of any size, the former master key is needed for nothing; rows are otherwise what they were.
func TestRewrap(t *testing.T) {
	for _, max := range []int{1, 2, 3, 7, 1000} {
		t.Run(fmt.Sprint(max), func(t *testing.T) {
			x, v, u, part := sealedStage(t)
			before := x.readAll()
			count, err := rewrapAll(x.ctx, x.s, max, true)
			x.ok(err)
			if count.Rewrapped != 0 || count.Envelopes[master(0)] == 0 || count.Failed+count.Damaged > 0 {
				t.Fatalf("%+v", count)
			}
			v.inForce = 1
			rows := x.everything()
			dry, err := rewrapAll(x.ctx, x.s, max, true)
			x.ok(err)
			if dry.Rewrapped != count.Envelopes[master(0)] || !reflect.DeepEqual(dry.Envelopes, count.Envelopes) || dry.Rows != count.Rows || !bytes.Equal(rows, x.everything()) {
				t.Errorf("dry run: %+v, before %+v", dry, count)
			}
			wet, err := rewrapAll(x.ctx, x.s, max, false)
			x.ok(err)
			if wet.Rewrapped != dry.Rewrapped || wet.Envelopes[master(0)] != 0 || wet.Envelopes[master(1)] != dry.Rewrapped || wet.Rows != dry.Rows {
				t.Errorf("%+v, dry %+v", wet, dry)
			}
			v.lost = 1
			if again, err := rewrapAll(x.ctx, x.s, max, false); err != nil || again.Rewrapped+again.Failed+again.Damaged > 0 || !reflect.DeepEqual(again.Envelopes, wet.Envelopes) {
				t.Errorf("again: %+v, %v", again, err)
			}
			if now := x.readAll(); now != before {
				t.Errorf("became\n%s\nbefore\n%s", now, before)
			}
			x.complete(u, part)
			x.readSealed("k", wishes[1], [][]byte{content(4, 100)}, object.Version{})
			x.clean()
		})
	}
}

// readAll reads each version that needs no customer's key.
func (x *shop) readAll() (out string) {
	x.Helper()
	page, err := x.s.ListVersions(x.ctx, object.ListVersions{Bucket: home, Max: 1000})
	x.ok(err)
	for _, v := range page.Versions {
		out += fmt.Sprintf("%+v ", v)
		if v.DeleteMarker {
			continue
		}
		d, err := x.s.Describe(x.ctx, home, v.Key, v.VersionID)
		x.ok(err)
		g := object.GetObject{Bucket: home, Key: v.Key, VersionID: v.VersionID}
		if d.Encryption != nil && d.Encryption.Sort == seal.Customer {
			g.Customer = &customer
		}
		r, err := x.s.Open(x.ctx, g)
		x.ok(err)
		data, err := readOddly(r)
		x.ok(errors.Join(err, r.Close()))
		out += md5Hex(data) + "\n"
	}
	return out
}

// An envelope whose master key is lost stays, and is told of; the others move.
func TestRewrapWithoutKey(t *testing.T) {
	x, v, _, _ := sealedStage(t)
	v.inForce = 1
	sealedWriters[0].write(x, "newer", wishes[1], [][]byte{content(1, 10)})
	v.inForce, v.lost = 2, 1
	got, err := rewrapAll(x.ctx, x.s, 4, false)
	x.ok(err)
	if got.Failed == 0 || got.Failed != got.Envelopes[master(0)] || got.Rewrapped != 1 || got.Envelopes[master(2)] != 1 || got.Err == nil {
		t.Errorf("%+v", got)
	}
	v.lost = 0
	x.readSealed("newer", wishes[1], [][]byte{content(1, 10)}, object.Version{})
	x.clean()
}

// A version that becomes current between two pages, because the newer one is deleted, is not passed by.
func TestRewrapOfPromoted(t *testing.T) {
	x, v := sealedShop(t, object.VersioningEnabled)
	for i := range 4 {
		sealedWriters[0].write(x, "k", wishes[1], [][]byte{content(uint64(i), 10)})
	}
	v.inForce = 1
	first, err := x.s.Rewrap(x.ctx, object.Rewrap{Bucket: home, Max: 1})
	x.ok(err)
	newest, err := x.s.Describe(x.ctx, home, "k", "")
	x.ok(err)
	x.delete("k", newest.VersionID)
	rest, err := x.s.Rewrap(x.ctx, object.Rewrap{Bucket: home, Max: 10, AfterKey: first.AfterKey, AfterID: first.AfterID})
	x.ok(err)
	if first.Rewrapped != 1 || rest.Rewrapped != 3 || rest.More {
		t.Errorf("%+v, then %+v", first, rest)
	}
	gone, err := x.s.Rewrap(x.ctx, object.Rewrap{Bucket: "gone", Max: 10})
	if x.ok(err); gone.More || gone.Rows != 0 {
		t.Errorf("%+v", gone)
	}
}

// Damaged envelopes and records are counted, and hold up no others.
func TestRewrapOfDamage(t *testing.T) {
	x, v, _, _ := sealedStage(t)
	damaged := 0
	x.ok(x.db.Update(x.ctx, func(tx kv.Txn) error {
		damaged = 0
		for p, err := range kv.Scan(tx, kv.Range{}) {
			if err != nil {
				return err
			}
			if bytes.HasPrefix(p.Key, []byte("o")) && bytes.HasSuffix(p.Key, []byte("k")) {
				tx.Put(bytes.Clone(p.Key), []byte{0xff})
			}
			if p.Key[0] == 'u' && damaged == 0 || p.Key[0] == 'v' && damaged == 1 {
				tx.Put(bytes.Clone(p.Key), []byte{0xff})
				damaged++
			}
		}
		return nil
	}))
	v.inForce = 1
	for _, max := range []int{1, 1000} {
		got, err := rewrapAll(x.ctx, x.s, max, false)
		x.ok(err)
		if got.Damaged != 3 || got.Envelopes[master(0)] != 0 {
			t.Errorf("%+v", got)
		}
	}
}

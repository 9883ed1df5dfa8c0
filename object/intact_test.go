package object

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

// rotBlob flips a byte of a blob.
func (p *patient) rotBlob(b id, at int) {
	p.t.Helper()
	f, err := p.s.blobs.Open(p.ctx, b)
	p.ok(err)
	data := make([]byte, f.Size())
	if _, err := f.ReadAt(data, 0); err != nil && err != io.EOF {
		p.t.Fatal(err)
	}
	p.ok(f.Close())
	data[at] ^= 1
	p.ok(p.s.blobs.Remove(p.ctx, b))
	w, err := p.s.blobs.Create(p.ctx, b, int64(len(data)))
	p.ok(err)
	_, err = w.Write(data)
	p.ok(err)
	p.ok(w.Commit(p.ctx))
}

// rotInline flips a byte of an inline body.
func (p *patient) rotInline(i id, at int) {
	p.t.Helper()
	p.update(func(t kv.Txn) {
		v, err := t.Get(idKey(tInline, i))
		p.ok(err)
		v = bytes.Clone(v)
		v[at] ^= 1
		t.Put(idKey(tInline, i), v)
	})
}

func (p *patient) doubted(want int) {
	p.t.Helper()
	if got := p.s.Suspects(); len(got) != want {
		p.t.Errorf("%d suspects: %v", len(got), got)
	}
}

// TestRotIsSeenByReaders: of an inline body no rotten byte is given out; of a whole larger one not the last.
func TestRotIsSeenByReaders(t *testing.T) {
	for at := range 5 {
		for _, old := range []bool{false, true} { // of a program that recorded no CRC
			p := newPatient(t)
			rec := p.rec("small")
			if old {
				rec.stored = 0
				p.update(func(t kv.Txn) { t.Put(currentKey(p.b.ID, "small"), rec.encode(nil)) })
			}
			p.rotInline(rec.body.id, at)
			for _, req := range []GetObject{{}, {Range: &Range{First: 1, Last: 1}}, {PartNumber: 1}} {
				req.Bucket, req.Key = "bucket", "small"
				if r, err := p.s.Open(p.ctx, req); !fault.Is(err, fault.Corrupted) {
					t.Errorf("byte %d: %v, %v", at, r, err)
				}
			}
			p.doubted(1)
		}
	}
	for _, at := range []int{0, 25, 49} {
		p := newPatient(t)
		p.rotBlob(p.rec("large").body.id, at)
		for name, read := range map[string]func(r *Reader) (int64, error){
			"Read":    func(r *Reader) (int64, error) { return io.Copy(io.Discard, struct{ io.Reader }{r}) },
			"WriteTo": func(r *Reader) (int64, error) { return r.WriteTo(struct{ io.Writer }{io.Discard}) },
		} {
			r, err := p.s.Open(p.ctx, GetObject{Bucket: "bucket", Key: "large"})
			p.ok(err)
			if n, err := read(r); !fault.Is(err, fault.Corrupted) || n >= 50 {
				t.Errorf("%s, byte %d: %d bytes, %v", name, at, n, err)
			}
			p.ok(r.Close())
			p.doubted(1)
		}
		_, err := p.s.Copy(p.ctx, CopyObject{SourceBucket: "bucket", SourceKey: "large", Bucket: "bucket", Key: "copy"})
		if !fault.Is(err, fault.Corrupted) {
			t.Errorf("copy: %v", err)
		}
	}
}

// TestGoneBytesAreDoubted: what is missing is told of too, once.
func TestGoneBytesAreDoubted(t *testing.T) {
	p := newPatient(t)
	p.ok(p.s.blobs.Remove(p.ctx, p.rec("large").body.id))
	p.update(func(t kv.Txn) { t.Delete(idKey(tInline, p.rec("small").body.id)) })
	for _, key := range []string{"large", "small", "large", "small"} {
		if _, err := p.s.Open(p.ctx, GetObject{Bucket: "bucket", Key: key}); !fault.Is(err, fault.Corrupted) {
			t.Errorf("%v", err)
		}
	}
	p.doubted(2)
	_, err := p.s.Open(p.ctx, GetObject{Bucket: "bucket", Key: "large", Damaged: true})
	if !fault.Is(err, fault.Corrupted) {
		t.Errorf("%v", err)
	}
	p.doubted(0)
}

// TestStoredSums: the CRC is that of the bytes as they are stored, for every sort of body, so that it can be checked without a key.
func TestStoredSums(t *testing.T) {
	p := newPatient(t)
	p.parts("joined")
	key := seal.Key{1}
	for name, size := range map[string]int{"c small": 5, "c large": 70000} {
		_, err := p.s.Put(p.ctx, PutObject{Bucket: "bucket", Key: name, Seal: &Sealing{Sort: seal.Customer, Customer: &key}, Body: Body{Reader: strings.NewReader(strings.Repeat("x", size)), Size: -1}})
		p.ok(err)
	}
	for _, name := range []string{"small", "large", "parts", "joined", "c small", "c large"} {
		v, err := p.s.Describe(p.ctx, "bucket", name, "")
		p.ok(err)
		b, err := p.s.Bodies(p.ctx, v.Examined())
		p.ok(err)
		for i, x := range b.Pieces {
			data := b.Inline
			if !x.Blob.IsZero() {
				f, err := p.s.blobs.Open(p.ctx, x.Blob)
				p.ok(err)
				data = make([]byte, x.Size)
				if _, err := f.ReadAt(data, x.Off); err != nil && err != io.EOF {
					t.Fatal(err)
				}
				p.ok(f.Close())
			}
			if got := storedSum(0).add(data); !x.Known || uint32(got) != x.Sum || int64(len(data)) != x.Size {
				t.Errorf("%s, piece %d: %+v", name, i, x)
			}
		}
		if len(b.Pieces) == 0 {
			t.Errorf("%s has no pieces", name)
		}
	}
	if got := p.problems(false); got != "" {
		t.Error(got)
	}
	p.rotInline(p.rec("c small").body.id, 30)
	if got := p.problems(false); got != ProblemRot {
		t.Error(got)
	}
	p.rotInline(p.rec("c small").body.id, 30)
	p.rotBlob(p.rec("c large").body.id, 69000)
	if got := p.problems(false); got != ProblemRot {
		t.Error(got)
	}
}

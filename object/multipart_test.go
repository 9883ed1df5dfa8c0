package object_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
)

// pieces are parts of one size and a shorter last one.
func pieces(n, size, last int) (parts [][]byte) {
	for i := range n {
		parts = append(parts, content(uint64(i+1), size))
	}
	parts[n-1] = parts[n-1][:last]
	return parts
}

// Parts of one size, in whatever order they come, become one blob without a copy.
func TestPartsShareBlob(t *testing.T) {
	parts := pieces(4, 100, 30)
	for name, order := range map[string][]int{"in order": {1, 2, 3, 4}, "backwards, but the last": {3, 2, 1, 4}, "mixed": {2, 4, 1, 3}} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " restart ", restart), func(t *testing.T) {
				x := newShop(t, object.Unversioned)
				u := x.begin("k")
				list := make([]object.CompletePart, 4)
				for _, n := range order {
					list[n-1] = x.part(u, n, parts[n-1])
					if restart {
						x.clock = x.clock.Add(time.Second)
						x.reopen()
					}
				}
				x.complete(u, list...)
				x.wantBlobs(330)
				x.get("k", "", join(parts...))
				if _, done, err := x.s.Assemble(x.ctx, object.Mark{}, nil); done || err != nil {
					t.Errorf("there was something to assemble, error %v", err)
				}
				x.clean()
			})
		}
	}
}

// What the stride does not fit lies elsewhere and is brought together by Assemble.
func TestPartsNotInPlace(t *testing.T) {
	parts := pieces(4, 100, 30)
	again := func(n int) func(x *shop, u object.Upload, list []object.CompletePart) {
		return func(x *shop, u object.Upload, list []object.CompletePart) {
			parts := pieces(4, 100, 30)
			x.part(u, n, content(77, len(parts[n-1])+5)) // other bytes
			list[n-1] = x.part(u, n, parts[n-1])
		}
	}
	for name, tc := range map[string]struct {
		order []int
		more  func(x *shop, u object.Upload, list []object.CompletePart)
	}{
		"small one first": {order: []int{4, 1, 2, 3}},
		"part 1 again":    {[]int{1, 2, 3, 4}, again(1)},
		"part 3 again":    {[]int{1, 2, 3, 4}, again(3)},
		"last again":      {[]int{1, 2, 3, 4}, again(4)},
		"only one again":  {[]int{1}, again(1)},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " restart ", restart), func(t *testing.T) {
				x := newShop(t, object.Unversioned)
				u := x.begin("k")
				list := make([]object.CompletePart, len(tc.order))
				var want [][]byte
				for _, n := range tc.order {
					list[n-1] = x.part(u, n, parts[n-1])
					want = append(want, parts[len(want)])
				}
				if restart {
					x.clock = x.clock.Add(time.Second)
					x.reopen()
				}
				if tc.more != nil {
					tc.more(x, u, list)
				}
				x.clean()
				x.complete(u, list...)
				x.get("k", "", join(want...))
				x.clean()
				x.drain()
				x.get("k", "", join(want...))
				x.wantBlobs(int64(len(join(want...))))
				x.clean()
				x.delete("k", "")
				x.drain()
				x.wantBlobs()
				x.clean()
			})
		}
	}
}

// A part that failed can be sent again and takes its place.
func TestPartFailsAndComesAgain(t *testing.T) {
	x := newShop(t, object.Unversioned)
	parts := pieces(3, 100, 100)
	u := x.begin("k")
	list := []object.CompletePart{x.part(u, 1, parts[0]), {}, {}}
	for range 3 {
		broken := io.MultiReader(readerFunc(func(p []byte) (int, error) { return copy(p, content(8, 60)), io.EOF }), failing{})
		_, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "k", UploadID: u.UploadID, Number: 2, Body: object.Body{Reader: broken, Size: 100}})
		x.kind(err, fault.IncompleteBody)
	}
	list[2] = x.part(u, 3, parts[2])
	list[1] = x.part(u, 2, parts[1])
	x.complete(u, list...)
	x.wantBlobs(300)
	x.get("k", "", join(parts...))
	x.clean()
}

// An upload that is given up while a part comes leaves nothing once the part has failed.
func TestAbortDuringPart(t *testing.T) {
	x := newShop(t, object.Unversioned)
	u := x.begin("k")
	x.part(u, 1, content(1, 100))
	slow := readerFunc(func(p []byte) (int, error) {
		if err := x.s.AbortUpload(x.ctx, object.AbortUpload{Bucket: home, Key: "k", UploadID: u.UploadID}); err != nil {
			return 0, err
		}
		return copy(p, content(2, 100)), io.EOF
	})
	_, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "k", UploadID: u.UploadID, Number: 2, Body: object.Body{Reader: slow, Size: 100}})
	x.kind(err, fault.NoSuchUpload)
	x.drain()
	x.clock = x.clock.Add(time.Hour)
	_, err = x.s.Sweep(x.ctx, x.s.NewMark(), func() error { return nil })
	x.ok(err)
	x.wantBlobs()
	x.ok(x.s.DeleteBucket(x.ctx, home))
	x.clean()
}

// A client whose answer was lost completes again and is told of the object, as long as that is current.
func TestCompleteAgain(t *testing.T) {
	for name, v := range map[string]object.Versioning{"unversioned": object.Unversioned, "versioned": object.VersioningEnabled} {
		t.Run(name, func(t *testing.T) {
			x := newShop(t, v)
			u := x.begin("k")
			parts := pieces(2, 100, 50)
			list := []object.CompletePart{x.part(u, 1, parts[0]), x.part(u, 2, parts[1])}
			first := x.complete(u, list...)
			if again := x.complete(u, list...); again.VersionID != first.VersionID || again.ETag != first.ETag || again.Modified != first.Modified {
				t.Errorf("again: %+v, first %+v", again, first)
			}
			req := object.CompleteUpload{Bucket: home, Key: "k", UploadID: u.UploadID, Parts: list[:1], ObjectSize: -1}
			if _, err := x.s.CompleteUpload(x.ctx, req); !fault.Is(err, fault.NoSuchUpload) {
				t.Errorf("another list: %v", err)
			}
			x.put("k", []byte("new"))
			req.Parts = list
			if _, err := x.s.CompleteUpload(x.ctx, req); !fault.Is(err, fault.NoSuchUpload) {
				t.Errorf("after an overwrite: %v", err)
			}
			x.get("k", "", []byte("new"))
			x.clean()
		})
	}
}

// Parts that are not listed are left out of the object and given up.
func TestCompleteSomeParts(t *testing.T) {
	parts := pieces(5, 100, 50)
	for _, chosen := range [][]int{{1}, {5}, {2, 3}, {1, 3, 5}, {1, 2}, {4, 5}} {
		t.Run(fmt.Sprint(chosen), func(t *testing.T) {
			x := newShop(t, object.Unversioned)
			u := x.begin("k")
			list := make([]object.CompletePart, 5)
			for i := range parts {
				list[i] = x.part(u, i+1, parts[i])
			}
			var pick []object.CompletePart
			var want []byte
			for _, n := range chosen {
				pick, want = append(pick, list[n-1]), append(want, parts[n-1]...)
			}
			v := x.complete(u, pick...)
			x.get("k", "", want)
			for i, n := range chosen {
				r := x.open(object.GetObject{Key: "k", PartNumber: i + 1})
				if r.PartsCount != len(chosen) || v.Parts != len(chosen) {
					t.Errorf("%d parts, want %d", r.PartsCount, len(chosen))
				}
				x.rest(r, parts[n-1])
			}
			x.clean()
			x.drain()
			x.get("k", "", want)
			x.clean()
		})
	}
}

// A file that shows an object must have its bytes and no more.
func TestBlobIsTheObject(t *testing.T) {
	parts := pieces(3, 100, 100)
	for name, upload := range map[string]func(x *shop, u object.Upload) object.Version{
		"last part left out": func(x *shop, u object.Upload) object.Version {
			list := []object.CompletePart{x.part(u, 1, parts[0]), x.part(u, 2, parts[1])}
			x.part(u, 3, parts[2])
			return x.complete(u, list...)
		},
		"last part sent again without bytes": func(x *shop, u object.Upload) object.Version {
			x.part(u, 3, parts[2])
			return x.complete(u, x.part(u, 1, parts[0]), x.part(u, 2, parts[1]), x.part(u, 3, nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newShop(t, object.Unversioned)
			upload(x, x.begin("k"))
			x.drain()
			show, err := x.s.Show(x.ctx, home, "k")
			x.ok(err)
			if show.Parts || show.Size != 200 {
				t.Errorf("%+v", show)
			}
			x.wantBlobs(200)
			x.get("k", "", join(parts[0], parts[1]))
			x.clean()
		})
	}
}

func TestReaderRanges(t *testing.T) {
	data := content(1, 250)
	writes := map[string]func(x *shop){
		"inline":     func(x *shop) { x.put("k", data[:60]) },
		"blob":       func(x *shop) { x.put("k", data) },
		"contiguous": func(x *shop) { x.multipart("k", data[:100], data[100:200], data[200:]) },
		"scattered":  func(x *shop) { x.scattered("k", data[:100], data[100:117], data[117:117], data[117:]) },
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			x := newShop(t, object.Unversioned)
			if name == "scattered" {
				x.minPart(0)
			}
			write(x)
			size := int64(250)
			if name == "inline" {
				size = 60
			}
			for first := int64(0); first < size; first += 7 {
				for _, last := range []int64{-1, first, first + 1, size / 2, size - 1, size, size + 100} {
					if last >= 0 && last < first {
						continue
					}
					r := x.open(object.GetObject{Key: "k", Range: &object.Range{First: first, Last: last}})
					end := last + 1
					if last < 0 || last >= size {
						end = size
					}
					if !r.Ranged || r.Offset != first || r.Length != end-first {
						t.Fatalf("range %d-%d: %d bytes at %d", first, last, r.Length, r.Offset)
					}
					x.rest(r, data[first:end])
				}
				r := x.open(object.GetObject{Key: "k", Range: &object.Range{First: -1, Suffix: first + 1}})
				x.rest(r, data[size-first-1:size])
			}
			for _, g := range []object.Range{{First: size, Last: -1}, {First: size + 1, Last: size + 2}, {First: -1, Suffix: 0}} {
				_, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "k", Range: &g})
				x.kind(err, fault.InvalidRange)
			}
		})
	}
}

// minPart makes a new store with another least size of parts.
func (x *shop) minPart(n int64) {
	x.Helper()
	s, err := object.New(x.ctx, object.Config{KV: x.db, Blobs: x.blobs, Inline: testInline, MinPartSize: max(n, 1) - 1<<40, Now: func() time.Time { return x.clock }})
	x.ok(err)
	x.s = s
}

// The checksum of a multipart object, of each algorithm and type, is that of its bytes or of its parts' checksums.
func TestMultipartChecksums(t *testing.T) {
	parts := pieces(3, 100, 30)
	for _, alg := range checksum.All() {
		for _, typ := range []checksum.Type{checksum.FullObject, checksum.Composite} {
			x := newShop(t, object.Unversioned)
			u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "k", Checksum: alg, ChecksumType: typ})
			if !alg.Allows(typ) {
				x.kind(err, fault.InvalidRequest)
				continue
			}
			x.ok(err)
			var list []object.CompletePart
			raw := [][]byte{}
			for i, p := range parts {
				list = append(list, x.part(u, i+1, p))
				raw = append(raw, sum(alg, p))
			}
			want := checksum.Encode(sum(alg, join(parts...)))
			if typ == checksum.Composite {
				want = checksum.Encode(checksum.OfParts(alg, raw)) + "-3"
			}
			v := x.complete(u, list...)
			if v.Checksum != (object.Checksum{Algorithm: alg, Type: typ, Value: want}) {
				t.Errorf("%s %s: %+v, want %s", alg, typ, v.Checksum, want)
			}
			x.clean()
		}
	}
}

func sum(a checksum.Algorithm, data []byte) []byte {
	h := checksum.New(a)
	h.Write(data)
	return h.Sum(nil)
}

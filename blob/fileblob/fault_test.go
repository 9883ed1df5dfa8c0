package fileblob_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"myfsio/blob"
	"myfsio/blob/fileblob"
	"myfsio/vfs"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

// TestOpenFails fails every call of Open; the next Open works.
func TestOpenFails(t *testing.T) {
	mem := memfs.New()
	for n := 0; ; n++ {
		fsys := faultfs.New(mem, "/")
		fsys.Arm(faultfs.Fault{N: n, Err: syscall.EIO, All: true})
		s, err := fileblob.Open(fileblob.Options{FS: fsys, Dir: "/a/blobs", Sync: true})
		if !fsys.Fired() {
			fsys.Disarm()
			must(t, err)
			must(t, put(s, testID(1), []byte("x")))
			break
		}
		if !errors.Is(err, syscall.EIO) {
			t.Fatalf("call %d failed, Open returned %v", n, err)
		}
	}
}

// TestEveryCallFails fails the nth call to the file system, for every n, in each operation. The operation must say
// so, leave no file, and work when it is tried again.
func TestEveryCallFails(t *testing.T) {
	large := bytes.Repeat([]byte("large"), 1<<20)
	for _, tc := range []struct {
		name string
		prep func(s *fileblob.Store) error
		run  func(s *fileblob.Store) error
		left int // files after the failure; what run adds does not count
	}{
		{"create", nil, func(s *fileblob.Store) error { return put(s, testID(1), large) }, 0},
		{"create, promised more", nil, func(s *fileblob.Store) error {
			w, err := s.Create(ctx, testID(1), 10<<20)
			if err != nil {
				return err
			}
			return end(w, large)
		}, 0},
		{"piece", nil, func(s *fileblob.Store) error { return place(s, testID(1), 5, large) }, 0},
		{"second piece", func(s *fileblob.Store) error { return place(s, testID(1), 0, []byte("first")) },
			func(s *fileblob.Store) error { return place(s, testID(1), 5, large) }, 1},
		{"trim", func(s *fileblob.Store) error { return place(s, testID(1), 0, []byte("first")) },
			func(s *fileblob.Store) error { return s.Trim(ctx, testID(1), 3) }, 1},
		{"remove", func(s *fileblob.Store) error { return put(s, testID(1), []byte("first")) },
			func(s *fileblob.Store) error { return s.Remove(ctx, testID(1)) }, 1},
		{"read", func(s *fileblob.Store) error { return put(s, testID(1), []byte("first")) }, readFirst, 1},
		{"list", func(s *fileblob.Store) error { return put(s, testID(1), []byte("first")) },
			func(s *fileblob.Store) (err error) {
				for _, err = range s.List(ctx, testID(0)) {
				}
				return err
			}, 1},
	} {
		for _, fault := range []faultfs.Fault{{Err: syscall.EIO, All: true}, {Err: syscall.ENOSPC, Short: true}} {
			t.Run(fmt.Sprintf("%s/%v", tc.name, fault.Err), func(t *testing.T) {
				failEach(t, fault, tc.prep, tc.run, tc.left)
			})
		}
	}
}

func readFirst(s *fileblob.Store) error {
	b, err := s.Open(ctx, testID(1))
	if err != nil {
		return err
	}
	if _, err := b.ReadAt(make([]byte, 5), 0); err != nil {
		b.Close()
		return err
	}
	return b.Close()
}

func failEach(t *testing.T, fault faultfs.Fault, prep, run func(s *fileblob.Store) error, left int) {
	for n := 0; ; n++ {
		fsys := faultfs.New(memfs.New(), "/blobs")
		s := open(t, fileblob.Options{FS: fsys, Dir: "/blobs", Sync: true})
		if prep != nil {
			must(t, prep(s))
		}
		fault.N = n
		fsys.Arm(fault)
		err := run(s)
		fired := fsys.Fired()
		fsys.Disarm()
		if !fired {
			must(t, err)
			return
		}
		if !errors.Is(err, fault.Err) {
			t.Fatalf("call %d failed, the operation returned %v", n, err)
		}
		if files := count(t, fsys); files != left {
			t.Fatalf("call %d failed: %d files, want %d", n, files, left)
		}
		if err := run(s); err != nil {
			t.Fatalf("call %d failed, and the second try: %v", n, err)
		}
	}
}

// count returns the number of files in directory 07.
func count(t *testing.T, fsys vfs.FS) int {
	t.Helper()
	entries, err := fsys.ReadDir("/blobs/07")
	must(t, err)
	return len(entries)
}

// TestFileThatCannotBeRemoved lets the disk die under a write, so that its file stays: it cannot be
// opened, but is listed and can be removed when the disk is back.
func TestFileThatCannotBeRemoved(t *testing.T) {
	for name, write := range map[string]func(s *fileblob.Store) error{
		"whole": func(s *fileblob.Store) error { return put(s, testID(1), []byte("x")) },
		"piece": func(s *fileblob.Store) error { return place(s, testID(1), 0, []byte("x")) },
	} {
		t.Run(name, func(t *testing.T) {
			fsys := faultfs.New(memfs.New(), "/blobs")
			s := open(t, fileblob.Options{FS: fsys, Dir: "/blobs", Sync: true})
			fsys.Arm(faultfs.Fault{N: 1, Err: syscall.EIO, Sticky: true})
			if err := write(s); !errors.Is(err, syscall.EIO) {
				t.Fatalf("the write: %v", err)
			}
			fsys.Disarm()
			if _, err := s.Open(ctx, testID(1)); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("Open: %v", err)
			}
			if _, err := s.CreateAt(ctx, testID(1), 0, -1); !errors.Is(err, blob.ErrExists) {
				t.Errorf("CreateAt: %v", err)
			}
			for info, err := range s.List(ctx, blob.ID{}) {
				must(t, err)
				must(t, s.Remove(ctx, info.ID))
			}
			if n := count(t, fsys); n != 0 {
				t.Errorf("%d files are left", n)
			}
			must(t, write(s))
		})
	}
}

// TestCrashAtEveryCall runs a random program and cuts the power before every call to the file system.
// What was committed by then, and not removed, is there and whole.
func TestCrashAtEveryCall(t *testing.T) {
	for seed := range uint64(4) {
		mem := memfs.New()
		fsys := faultfs.New(mem, "/blobs")
		s := open(t, fileblob.Options{FS: fsys, Dir: "/blobs", Sync: true})
		done := map[blob.ID][]byte{} // what must be there now
		crash := uint64(0)
		fsys.Hook(func(c faultfs.Call) {
			if !c.Mutating() {
				return
			}
			crash++
			for _, percent := range []int{0, 50} {
				check(t, mem.CrashClone(crash, percent), done, c)
			}
		})
		crashProgram(t, s, rand.New(rand.NewPCG(seed, 3)), done)
		if crash < 100 {
			t.Errorf("only %d crashes", crash)
		}
	}
}

// crashProgram keeps in done what is committed. What an operation changes is taken out of done before it begins.
func crashProgram(t *testing.T, s *fileblob.Store, rng *rand.Rand, done map[blob.ID][]byte) {
	for i := range byte(40) {
		data := bytes.Repeat([]byte{i, 1}, rng.IntN(10_000))
		id := testID(i)
		switch rng.IntN(4) {
		case 0:
			must(t, put(s, id, data))
			done[id] = data
		case 1:
			w, err := s.Create(ctx, id, 10)
			must(t, err)
			_, err = w.Write(data)
			must(t, err)
			must(t, w.Abort())
		case 2: // two pieces, the second first, and a trim
			half := len(data) / 2
			must(t, place(s, id, int64(half), data[half:]))
			want := append(make([]byte, half), data[half:]...)
			must(t, place(s, id, int64(len(data)), []byte("garbage"))) // committed, then cut
			delete(done, id)
			must(t, s.Trim(ctx, id, int64(len(data))))
			done[id] = want
			delete(done, id)
			must(t, place(s, id, 0, data[:half]))
			done[id] = data
		case 3:
			for id := range done {
				delete(done, id)
				must(t, s.Remove(ctx, id))
				break
			}
		}
	}
}

// check opens the disk after a crash and looks for what must be there.
func check(t *testing.T, disk *memfs.FS, done map[blob.ID][]byte, c faultfs.Call) {
	t.Helper()
	s := open(t, fileblob.Options{FS: disk, Dir: "/blobs", Sync: true})
	for id, want := range done {
		b, err := s.Open(ctx, id)
		if err != nil {
			t.Fatalf("crash before %q: blob %v: %v", c, id, err)
		}
		got := make([]byte, b.Size())
		if _, err := b.ReadAt(got, 0); len(got) > 0 && err != nil {
			t.Fatalf("crash before %q: blob %v: %v", c, id, err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("crash before %q: blob %v has %d bytes, want %d, or other bytes", c, id, len(got), len(want))
		}
		must(t, b.Close())
	}
}

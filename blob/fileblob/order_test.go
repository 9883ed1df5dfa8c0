package fileblob_test

import (
	"context"
	"strings"
	"testing"

	"myfsio/blob"
	"myfsio/blob/fileblob"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

var ctx = context.Background()

// testID returns an id of directory 07 whose first byte is b.
func testID(b byte) blob.ID { return blob.ID{0: b, 15: 7} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(s *fileblob.Store, id blob.ID, data []byte) error {
	w, err := s.Create(ctx, id, int64(len(data)))
	if err != nil {
		return err
	}
	return end(w, data)
}

func place(s *fileblob.Store, id blob.ID, off int64, data []byte) error {
	w, err := s.CreateAt(ctx, id, off, int64(len(data)))
	if err != nil {
		return err
	}
	return end(w, data)
}

func end(w blob.Writer, data []byte) error {
	if _, err := w.Write(data); err != nil {
		w.Abort()
		return err
	}
	return w.Commit(ctx)
}

// TestOrderOfCalls fixes what is asked of the disk, and in which order. /a is blob testID(1).
func TestOrderOfCalls(t *testing.T) {
	small, large := []byte("data"), make([]byte, 9<<20)
	for _, tc := range []struct {
		name string
		sync bool
		prep func(s *fileblob.Store) error // not recorded
		run  func(s *fileblob.Store) error
		want string
	}{
		{"create and commit", true, nil,
			func(s *fileblob.Store) error { return put(s, testID(1), small) },
			"create a, writeat a, syncdata a, close a, syncdir ."},
		{"large", true, nil,
			func(s *fileblob.Store) error { return put(s, testID(1), large) },
			"create a, preallocate a, writeat a, writeback a, syncdata a, close a, syncdir ."},
		{"shorter than promised", true, nil,
			func(s *fileblob.Store) error {
				w, err := s.Create(ctx, testID(1), 10<<20)
				must(t, err)
				return end(w, small)
			},
			"create a, preallocate a, writeat a, truncate a, syncdata a, close a, syncdir ."},
		{"abort", true, nil,
			func(s *fileblob.Store) error {
				w, err := s.Create(ctx, testID(1), 1)
				must(t, err)
				return w.Abort()
			},
			"create a, close a, remove a"},
		{"first piece", true, nil,
			func(s *fileblob.Store) error { return place(s, testID(1), 8, small) },
			"openwrite a, writeat a, syncdata a, close a, syncdir ."},
		{"second piece", true,
			func(s *fileblob.Store) error { return place(s, testID(1), 8, small) },
			func(s *fileblob.Store) error { return place(s, testID(1), 0, small) },
			"openwrite a, writeat a, syncdata a, close a"},
		{"second piece while the first is not committed", true, nil,
			func(s *fileblob.Store) error {
				one, err := s.CreateAt(ctx, testID(1), 0, -1)
				must(t, err)
				two, err := s.CreateAt(ctx, testID(1), 8, -1)
				must(t, err)
				must(t, two.Commit(ctx))
				return one.Commit(ctx)
			},
			"openwrite a, openwrite a, syncdata a, close a, syncdir ., syncdata a, close a"},
		{"piece of a whole blob", true, // its name may be from before a crash
			func(s *fileblob.Store) error { return put(s, testID(1), small) },
			func(s *fileblob.Store) error { return place(s, testID(1), 0, small) },
			"openwrite a, writeat a, syncdata a, close a, syncdir ."},
		{"trim", true,
			func(s *fileblob.Store) error { return place(s, testID(1), 0, small) },
			func(s *fileblob.Store) error { return s.Trim(ctx, testID(1), 2) },
			"lstat a, openwrite a, truncate a, syncdata a, close a"},
		{"remove", true,
			func(s *fileblob.Store) error { return put(s, testID(1), small) },
			func(s *fileblob.Store) error { return s.Remove(ctx, testID(1)) },
			"remove a"},
		{"create without sync", false, nil,
			func(s *fileblob.Store) error { return put(s, testID(1), large) },
			"create a, preallocate a, writeat a, close a"},
		{"piece without sync", false, nil,
			func(s *fileblob.Store) error { return place(s, testID(1), 8, small) },
			"openwrite a, writeat a, close a"},
		{"trim without sync", false,
			func(s *fileblob.Store) error { return place(s, testID(1), 0, small) },
			func(s *fileblob.Store) error { return s.Trim(ctx, testID(1), 2) },
			"lstat a, openwrite a, truncate a, close a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := faultfs.New(memfs.New(), "/blobs/07")
			s := open(t, fileblob.Options{FS: fsys, Dir: "/blobs", Sync: tc.sync})
			if tc.prep != nil {
				must(t, tc.prep(s))
			}
			fsys.Forget()
			must(t, tc.run(s))
			var got []string
			for _, c := range fsys.Calls() {
				got = append(got, strings.Replace(c.String(), testID(1).String(), "a", 1))
			}
			if s := strings.Join(got, ", "); s != tc.want {
				t.Errorf("got  %s\nwant %s", s, tc.want)
			}
		})
	}
}

// TestOpenIsDurable checks that the directories of a new store survive a crash, and those that an
// earlier Open made and could not sync.
func TestOpenIsDurable(t *testing.T) {
	mem := memfs.New()
	open(t, fileblob.Options{FS: mem, Dir: "/deep/down/blobs", Sync: true})
	clone := mem.CrashClone(1, 0)
	if entries, err := clone.ReadDir("/deep/down/blobs"); err != nil || len(entries) != 256 {
		t.Errorf("%d directories, %v", len(entries), err)
	}

	mem = memfs.New()
	must(t, mem.Mkdir("/blobs"))
	for _, name := range []string{"00", "01"} {
		must(t, mem.Mkdir("/blobs/"+name))
	}
	open(t, fileblob.Options{FS: mem, Dir: "/blobs", Sync: true})
	if entries, err := mem.CrashClone(1, 0).ReadDir("/blobs"); err != nil || len(entries) != 256 {
		t.Errorf("%d directories, %v", len(entries), err)
	}
}

func TestForeignNamesAreNotListed(t *testing.T) {
	mem := memfs.New()
	s := open(t, fileblob.Options{FS: mem, Dir: "/blobs"})
	must(t, put(s, testID(1), []byte("x")))
	must(t, put(s, testID(0xAB), []byte("y")))
	for _, name := range []string{
		"/blobs/README", "/blobs/07/README", "/blobs/07/" + testID(2).String() + "0", "/blobs/07/" + testID(2).String()[1:],
		"/blobs/08/" + testID(2).String(), "/blobs/07/AB" + testID(0xAB).String()[2:], "/blobs/07/.tmp",
	} {
		f, err := mem.Create(name)
		must(t, err)
		must(t, f.Close())
	}
	must(t, mem.Mkdir("/blobs/07/"+testID(3).String()))
	var got []byte
	for info, err := range s.List(ctx, blob.ID{}) {
		must(t, err)
		got = append(got, info.ID[0])
	}
	if string(got) != "\x01\xab" {
		t.Errorf("listed %x", got)
	}
}

// TestRestart checks what a second process sees of the first one's blobs, the unfinished ones included.
func TestRestart(t *testing.T) {
	mem := memfs.New()
	first := open(t, fileblob.Options{FS: mem, Dir: "/blobs", Sync: true})
	must(t, put(first, testID(1), []byte("done")))
	must(t, place(first, testID(2), 0, []byte("piece")))
	w, err := first.Create(ctx, testID(3), -1)
	must(t, err)
	_, err = w.Write([]byte("half"))
	must(t, err)

	second := open(t, fileblob.Options{FS: mem, Dir: "/blobs", Sync: true})
	count := 0
	for _, err := range second.List(ctx, blob.ID{}) {
		must(t, err)
		count++
	}
	if count != 3 {
		t.Errorf("listed %d, want the unfinished one too", count)
	}
	must(t, place(second, testID(2), 5, []byte(" and piece")))
	b, err := second.Open(ctx, testID(2))
	must(t, err)
	if b.Size() != 15 {
		t.Errorf("size %d", b.Size())
	}
	must(t, b.Close())
	must(t, second.Remove(ctx, testID(3)))
}

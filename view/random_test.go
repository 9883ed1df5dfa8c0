package view_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
	"myfsio/view"
)

// keys of random programs: they clash, share directories, and sort differently as names and as keys.
var pool = []string{"a", "a/b", "a/b/c", "a/b/d", "a/bb", "a.txt", "a0", "b", "b/", "b//c", "c/d/e", "c/d", "c", "é/x"}

// model maps shown keys to their bytes.
type model map[string]string

// fits says what the view must answer to showing key beside what is shown.
func (m model) fits(key string) error {
	if key == "b/" || key == "b//c" {
		return view.ErrName
	}
	for other := range m {
		if strings.HasPrefix(other, key+"/") || strings.HasPrefix(key, other+"/") {
			return view.ErrClash
		}
	}
	return nil
}

// step makes one random change and keeps the model true.
func (m model) step(f *fixture, rng *rand.Rand, src map[string]string) error {
	return m.change(f, rng, src, pool[rng.IntN(len(pool))])
}

func (m model) change(f *fixture, rng *rand.Rand, src map[string]string, key string) error {
	if rng.IntN(3) == 0 {
		if err := f.Remove("b", key); err != nil {
			return err
		}
		delete(m, key)
		return nil
	}
	data := fmt.Sprint(rng.IntN(4))
	var err error
	if rng.IntN(2) == 0 {
		err = f.write("b", key, data)
	} else {
		err = f.Link("b", key, src[data], when)
	}
	want := m.fits(key)
	if want == nil && err == nil {
		m[key] = data
		return nil
	}
	if !errors.Is(err, want) {
		return fmt.Errorf("%s: %w, want %v", key, err, want)
	}
	return nil
}

func (m model) check(t *testing.T, f *fixture) {
	t.Helper()
	want := slices.Sorted(maps.Keys(m))
	if got := f.keys(t, "b", ""); got != strings.Join(want, " ") {
		t.Fatalf("shown: %s, want %v", got, want)
	}
	for key, data := range m {
		if got := f.read(t, "b", key); got != data {
			t.Fatalf("%s: %q, want %q", key, got, data)
		}
	}
	if n := f.temps(t); n != 0 {
		t.Fatalf("%d temporary files", n)
	}
}

func (f *fixture) sources(t *testing.T) map[string]string {
	src := map[string]string{}
	for _, data := range []string{"0", "1", "2", "3"} {
		src[data] = f.source(t, "src"+data, data)
	}
	return src
}

func TestRandomPrograms(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		must(t, f.MakeBucket("b"))
		src, m := f.sources(t), model{}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 600 {
			must(t, m.step(f, rng, src))
			m.check(t, f)
		}
		for key := range m {
			must(t, f.Remove("b", key))
		}
		if entries, err := f.fs.ReadDir(filepath.Join(f.root, "b")); err != nil || len(entries) != 0 {
			t.Errorf("left in the bucket: %v, %v", entries, err)
		}
	})
}

// TestEveryCallFails fails the nth call, for every n, in each operation: it says so, each key shows its old or its
// new bytes, and the operation works when it is tried again.
func TestEveryCallFails(t *testing.T) {
	for name, op := range map[string]func(f *fixture, src string) error{
		"link":          func(f *fixture, src string) error { return f.Link("b", "new/dir/key", src, when) },
		"link over":     func(f *fixture, src string) error { return f.Link("b", "old/key", src, when) },
		"write":         func(f *fixture, src string) error { return f.write("b", "new/dir/key", "new") },
		"write over":    func(f *fixture, src string) error { return f.write("b", "old/key", "new") },
		"remove":        func(f *fixture, src string) error { return f.Remove("b", "old/key") },
		"make bucket":   func(f *fixture, src string) error { return f.MakeBucket("c") },
		"remove bucket": func(f *fixture, src string) error { return f.RemoveBucket("empty") },
		"sweep":         func(f *fixture, src string) error { return f.Sweep() },
		"sync":          func(f *fixture, src string) error { return f.Sync() },
		"read": func(f *fixture, src string) error {
			file, err := f.Open("b", "old/key")
			if err != nil {
				return err
			}
			_, err = file.ReadAt(make([]byte, 3), 0)
			file.Close()
			return err
		},
		"walk": func(f *fixture, src string) (err error) {
			for _, err = range f.Walk(ctx, "b", "") {
			}
			return err
		},
	} {
		for _, kind := range []string{"", "link", "writefile"} { // what the file system cannot do
			t.Run(name+" without "+kind, func(t *testing.T) { failEach(t, kind, op) })
		}
	}
}

// lacking is a file system that lacks a kind of call, below one that fails calls.
func lacking(kind string) *faultfs.FS {
	base := faultfs.New(memfs.New(), "/data")
	base.Arm(faultfs.Fault{Err: errors.ErrUnsupported, Sticky: true, Match: func(c faultfs.Call) bool { return c.Kind == kind }})
	return faultfs.New(base, "/data")
}

func failEach(t *testing.T, kind string, op func(f *fixture, src string) error) {
	for n := 0; ; n++ {
		fsys := lacking(kind)
		f := open(t, fsys, "/data")
		src := f.source(t, "src", "new")
		must(t, f.write("b", "old/key", "old"))
		must(t, fsys.Mkdir("/data/empty"))
		must(t, fsys.Mkdir("/data/empty/dir"))
		f.plain(t, "/data/.myfsio.sys/tmp/stray", "x")
		var calls []faultfs.Call
		fsys.Arm(faultfs.Fault{N: n, Err: syscall.EIO, All: true, Match: func(c faultfs.Call) bool {
			if c.Kind == "close" && !strings.HasPrefix(c.Path, ".myfsio.sys/tmp") {
				return false // of a file that was read: nothing is lost
			}
			calls = append(calls, c)
			return true
		}})
		err := op(f, src)
		fired := fsys.Fired()
		fsys.Disarm()
		if fired && !errors.Is(err, syscall.EIO) {
			t.Fatalf("call %d failed, the operation returned %v", n, err)
		}
		if got := f.read(t, "b", "old/key"); got != "old" && got != "new" && got != "-" {
			t.Fatalf("call %d failed: %q is shown", n, got)
		}
		if got := f.read(t, "b", "new/dir/key"); got != "new" && got != "-" {
			t.Fatalf("call %d failed: %q is shown", n, got)
		}
		allowed := 1 // the stray one
		if fired && calls[n].Kind == "remove" {
			allowed = 2 // the disk would not let it go; Sweep will
		}
		if temps := f.temps(t); temps > allowed {
			t.Fatalf("%v failed: %d temporary files", calls[n], temps)
		}
		if err := op(f, src); err != nil {
			t.Fatalf("call %d failed, and the second try: %v", n, err)
		}
		if !fired {
			must(t, err)
			return
		}
	}
}

// TestCrash cuts the power before every call of a random program. Afterwards Sweep leaves no temporary
// file, and doing everything once more makes the view true.
func TestCrash(t *testing.T) {
	mem := memfs.New()
	fsys := faultfs.New(mem, "/data")
	f := open(t, fsys, "/data")
	must(t, f.MakeBucket("b"))
	src, m := f.sources(t), model{}
	must(t, f.Sync())
	crash := uint64(0)
	var done model               // at the last Sync
	touched := map[string]bool{} // keys changed since then
	fsys.Hook(func(c faultfs.Call) {
		if c.Mutating() {
			crash++
			for _, percent := range []int{0, 50} {
				checkCrash(t, mem.CrashClone(crash, percent), done, touched, m)
			}
		}
	})
	rng := rand.New(rand.NewPCG(5, 5))
	for range 6 {
		for range 10 {
			key := pool[rng.IntN(len(pool))]
			touched[key] = true
			must(t, m.change(f, rng, src, key))
		}
		must(t, f.Sync())
		done = maps.Clone(m)
		clear(touched)
	}
	if crash < 100 {
		t.Errorf("only %d crashes", crash)
	}
}

func checkCrash(t *testing.T, disk *memfs.FS, done model, touched map[string]bool, now model) {
	t.Helper()
	f := open(t, disk, "/data")
	must(t, f.Sweep())
	if n := f.temps(t); n != 0 {
		t.Fatalf("%d temporary files", n)
	}
	for key, data := range done {
		if got := f.read(t, "b", key); !touched[key] && got != data {
			t.Fatalf("%s was synced: %q, want %q", key, got, data)
		}
	}
	for _, key := range pool { // everything once more: what is not to be shown, and what is
		must(t, f.Remove("b", key))
	}
	for key, data := range now {
		must(t, f.write("b", key, data))
	}
	now.check(t, f)
}

func TestSyncIsDurable(t *testing.T) {
	mem := memfs.New()
	f := open(t, mem, "/data")
	m := model{}
	src := f.sources(t)
	rng := rand.New(rand.NewPCG(9, 9))
	must(t, f.MakeBucket("b"))
	for range 50 {
		must(t, m.step(f, rng, src))
	}
	must(t, f.Sync())
	m.check(t, open(t, mem.CrashClone(1, 0), "/data"))
}

// TestWalkResumes compares the walk behind every possible key with the sorted rest.
func TestWalkResumes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		var all []string
		for _, key := range []string{"a.txt", "a/b", "a/b.c", "a/b0/x", "a/c/d/e", "a0", "b", "c/x", "c/y", "c0", "é"} {
			must(t, f.write("b", key, "x"))
			all = append(all, key)
		}
		slices.Sort(all)
		afters := slices.Concat(all, []string{"", "0", "a", "a/", "a/a", "a/b0", "a/b0/", "a/c/d/", "a/z", "c", "c/", "c/x\x00", "z", "zz", "\xff"})
		for _, after := range afters {
			var want []string
			for _, key := range all {
				if key > after {
					want = append(want, key)
				}
			}
			if got := f.keys(t, "b", after); got != strings.Join(want, " ") {
				t.Errorf("after %q: %s, want %v", after, got, want)
			}
		}
		for range f.Walk(ctx, "b", "") { // stopping early is fine
			break
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		for _, err := range f.Walk(cancelled, "b", "") {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("with a cancelled context: %v", err)
			}
		}
	})
}

// TestManyAtOnce lets writers and removers meet in the same directories. Each owns its keys, and finds them at
// the end.
func TestManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		src := f.source(t, "src", "linked")
		var wg sync.WaitGroup
		const workers, rounds = 6, 60
		for w := range workers {
			wg.Go(func() {
				key := fmt.Sprintf("shared/dir/%d", w)
				for i := range rounds {
					var err error
					switch (i + w) % 3 {
					case 0:
						err = f.write("b", key, "small")
					case 1:
						err = f.Link("b", key, src, when)
					case 2:
						err = f.Remove("b", key)
					}
					if err != nil {
						t.Errorf("%s: %v", key, err)
					}
				}
			})
		}
		wg.Wait()
		var want []string
		for w := range workers {
			if (rounds-1+w)%3 != 2 {
				want = append(want, fmt.Sprintf("shared/dir/%d", w))
			}
		}
		if got := f.keys(t, "b", ""); got != strings.Join(want, " ") {
			t.Errorf("keys: %s, want %v", got, want)
		}
		if n := f.temps(t); n != 0 {
			t.Errorf("%d temporary files", n)
		}
	})
}

package faultfs_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"myfsio/vfs"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

// program makes one call of every kind and stops at the first error.
func program(f vfs.FS) error {
	if err := f.Mkdir("/r/d"); err != nil {
		return err
	}
	file, err := f.Create("/r/d/a")
	if err != nil {
		return err
	}
	defer file.Close()
	steps := []func() error{
		func() error { return file.Preallocate(0, 1) },
		func() error { _, err := file.Write([]byte("12")); return err },
		func() error { _, err := file.WriteAt([]byte("34"), 2); return err },
		func() error { return file.Truncate(3) },
		func() error { file.WriteBack(0, 3); return file.SyncData() },
		func() error { _, err := file.ReadAt(make([]byte, 1), 0); return err },
		func() error { _, err := file.Stat(); return err },
		func() error { return f.SyncDir("/r/d") },
		func() error { return f.Link("/r/d/a", "/r/b") },
		func() error { return f.Rename("/r/b", "/r/c") },
		func() error { _, err := f.Lstat("/r/c"); return err },
		func() error { _, err := f.ReadDir("/r"); return err },
		func() error { return f.Chtimes("/r/c", time.Now()) },
		func() error { return f.WriteFile("/r/w", nil, time.Now()) },
		func() error { return f.SyncAll("/r") },
		func() error { return f.Remove("/r/d/a") },
		func() error { return f.RemoveDir("/r/d") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func fresh(t *testing.T) *faultfs.FS {
	t.Helper()
	mem := memfs.New()
	if err := mem.Mkdir("/r"); err != nil {
		t.Fatal(err)
	}
	return faultfs.New(mem, "/r")
}

const record = `mkdir d
create d/a
preallocate d/a
write d/a
writeat d/a
truncate d/a
writeback d/a
syncdata d/a
readat d/a
stat d/a
syncdir d
link d/a b
rename b c
lstat c
readdir .
chtimes c
writefile w
syncall .
remove d/a
removedir d
close d/a`

func TestRecord(t *testing.T) {
	f := fresh(t)
	if err := program(f); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range f.Calls() {
		lines = append(lines, c.String())
	}
	if got := strings.Join(lines, "\n"); got != record {
		t.Errorf("recorded:\n%s", got)
	}
	f.Forget()
	if len(f.Calls()) != 0 {
		t.Error("Forget left calls")
	}
}

func TestEveryCallFailsOnce(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault faultfs.Fault
		want  int // how many n fail
	}{
		{"mutating", faultfs.Fault{}, 15},
		{"all", faultfs.Fault{All: true}, 20}, // all but writeback
		{"matching", faultfs.Fault{All: true, Match: func(c faultfs.Call) bool { return c.Path == "c" }}, 2},
	} {
		n := 0
		for ; ; n++ {
			f := fresh(t)
			tc.fault.N, tc.fault.Err = n, syscall.EIO
			f.Arm(tc.fault)
			err := program(f)
			if !f.Fired() {
				if err != nil {
					t.Errorf("%s %d: %v without a fault", tc.name, n, err)
				}
				break
			}
			if last := f.Calls()[len(f.Calls())-1]; err == nil && last.Kind != "close" || err != nil && !errors.Is(err, syscall.EIO) {
				t.Errorf("%s %d: %v", tc.name, n, err)
			}
		}
		if n != tc.want {
			t.Errorf("%s: %d calls failed, want %d", tc.name, n, tc.want)
		}
	}
}

func TestShortAndSticky(t *testing.T) {
	f := fresh(t)
	file, err := f.Create("/r/a")
	if err != nil {
		t.Fatal(err)
	}
	f.Arm(faultfs.Fault{Err: syscall.ENOSPC, Short: true, Sticky: true})
	for range 2 {
		if n, err := file.Write([]byte("1234")); n != 2 || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("short write: %d, %v", n, err)
		}
	}
	f.Disarm()
	if n, err := file.Write([]byte("56")); n != 2 || err != nil {
		t.Errorf("after Disarm: %d, %v", n, err)
	}
	if fi, _ := file.Stat(); fi.Size() != 6 || !f.Fired() {
		t.Errorf("size %d", fi.Size())
	}
}

func TestManyAtOnce(t *testing.T) {
	f := fresh(t)
	var hooked sync.Map
	f.Hook(func(c faultfs.Call) { hooked.Store(c.Path, true) })
	f.Arm(faultfs.Fault{N: 5, Err: syscall.EIO})
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() { errs[i] = f.WriteFile(fmt.Sprintf("/r/%d", i), nil, time.Now()) })
	}
	wg.Wait()
	failed := 0
	for i, err := range errs {
		if err != nil {
			failed++
		}
		if _, ok := hooked.Load(fmt.Sprint(i)); !ok {
			t.Errorf("the hook missed call %d", i)
		}
	}
	if failed != 1 || len(f.Calls()) != 20 {
		t.Errorf("%d failed of %d", failed, len(f.Calls()))
	}
}

package fileblob

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"myfsio/blob"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

// waitGathered returns when n callers wait for the next round.
func (g *group) waitGathered(n int) {
	for gathered := -1; gathered != n; runtime.Gosched() {
		g.mu.Lock()
		gathered = 0
		if g.next != nil {
			gathered = g.next.size
		}
		g.mu.Unlock()
	}
}

// TestGroup lets one call run, gathers five callers behind it, and then one more behind those.
func TestGroup(t *testing.T) {
	var g group
	boom := errors.New("boom")
	began, release := make(chan struct{}), make(chan error)
	calls := 0 // only one call runs at a time
	do := func() error {
		return g.do(func() error {
			calls++
			began <- struct{}{}
			return <-release
		})
	}
	var wg sync.WaitGroup
	errs := make([]error, 7)
	start := func(i int) { wg.Go(func() { errs[i] = do() }) }
	start(0)
	<-began
	for i := 1; i <= 5; i++ {
		start(i)
	}
	g.waitGathered(5)
	release <- nil
	<-began
	start(6) // came after the second call began: not served by it
	g.waitGathered(1)
	release <- boom
	<-began
	release <- nil
	wg.Wait()
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
	for i, err := range errs {
		if want := i >= 1 && i <= 5; (err == boom) != want || err != nil && err != boom {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// TestCommitsShareTheDirectorySync stops one commit in its sync of the directory until ten more wait behind it,
// all in the same directory: two syncs serve all eleven.
func TestCommitsShareTheDirectorySync(t *testing.T) {
	for _, tc := range []struct {
		name string
		fail int // the sync that fails, -1: none
	}{{"no error", -1}, {"the first sync fails", 0}, {"the second sync fails", 1}} {
		t.Run(tc.name, func(t *testing.T) { shareSync(t, tc.fail) })
	}
}

func shareSync(t *testing.T, fail int) {
	const others = 10
	isSync := func(c faultfs.Call) bool { return c.Kind == "syncdir" }
	fsys := faultfs.New(memfs.New(), "/blobs/07")
	s, err := Open(Options{FS: fsys, Dir: "/blobs", Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	fsys.Forget()
	if fail >= 0 {
		fsys.Arm(faultfs.Fault{N: fail, Err: syscall.EIO, Match: isSync})
	}
	began, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	fsys.Hook(func(c faultfs.Call) {
		if isSync(c) {
			once.Do(func() { close(began); <-release })
		}
	})
	errs := make([]error, 1+others)
	var wg sync.WaitGroup
	start := func(i int) { wg.Go(func() { errs[i] = putByte(s, byte(i)) }) }
	start(0)
	<-began
	for i := 1; i <= others; i++ {
		start(i)
	}
	s.shards[7].sync.waitGathered(others)
	close(release)
	wg.Wait()

	syncs := 0
	for _, c := range fsys.Calls() {
		if isSync(c) {
			syncs++
		}
	}
	if syncs != 2 {
		t.Errorf("%d syncs", syncs)
	}
	for i, err := range errs {
		round := min(i, 1)
		if failed := errors.Is(err, syscall.EIO); failed != (round == fail) || !failed && err != nil {
			t.Errorf("%d: %v", i, err)
		}
		b, oerr := s.Open(context.Background(), blob.ID{0: byte(i), 15: 7})
		if (oerr == nil) != (err == nil) {
			t.Errorf("%d: committed with %v, opened with %v", i, err, oerr)
		}
		if oerr == nil {
			b.Close()
		}
	}
	if err := putByte(s, 100); err != nil {
		t.Errorf("the next commit: %v", err)
	}
}

func putByte(s *Store, first byte) error {
	w, err := s.Create(context.Background(), blob.ID{0: first, 15: 7}, -1)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte("x")); err != nil {
		return err
	}
	return w.Commit(context.Background())
}

// TestIdleFilesAreForgotten bounds what is remembered of placed files.
func TestIdleFilesAreForgotten(t *testing.T) {
	s, err := Open(Options{FS: memfs.New(), Dir: "/blobs"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxIdle * 2 {
		w, err := s.CreateAt(context.Background(), blob.ID{0: byte(i), 1: byte(i >> 8), 15: 7}, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.shards[7].live); n > maxIdle {
		t.Errorf("%d files are remembered", n)
	}
}

package audit

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

var errDisk = errors.New("the disk fails")

// faulty is a disk that fails from the nth call on, for a number of calls. A write that fails writes half.
type faulty struct {
	osDisk
	mu       sync.Mutex
	calls    []string
	from     int // 0: never
	many     int
	onSync   func()
	failKind string // only calls of this kind fail and count, "" for all
}

func (d *faulty) call(kind string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failKind != "" && kind != d.failKind {
		return nil
	}
	d.calls = append(d.calls, kind)
	if n := len(d.calls); d.from > 0 && n >= d.from && n < d.from+d.many {
		return fmt.Errorf("%s: %w", kind, errDisk)
	}
	return nil
}

// arm makes the nth call from now fail, and many-1 after it; 0 heals the disk.
func (d *faulty) arm(n, many int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls, d.from, d.many = nil, n, many
}

func (d *faulty) count(kind string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if c == kind {
			n++
		}
	}
	return n
}

func (d *faulty) Mkdir(dir string) error {
	if err := d.call("mkdir"); err != nil {
		return err
	}
	return d.osDisk.Mkdir(dir)
}

func (d *faulty) List(dir string) (map[string]int64, error) {
	if err := d.call("list"); err != nil {
		return nil, err
	}
	return d.osDisk.List(dir)
}

func (d *faulty) Append(path string) (file, error) {
	if err := d.call("append"); err != nil {
		return nil, err
	}
	f, err := d.osDisk.Append(path)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d}, nil
}

func (d *faulty) Remove(path string) error {
	if err := d.call("remove"); err != nil {
		return err
	}
	return d.osDisk.Remove(path)
}

func (d *faulty) SyncDir(dir string) error {
	if err := d.call("syncdir"); err != nil {
		return err
	}
	return d.osDisk.SyncDir(dir)
}

type faultyFile struct {
	file
	d *faulty
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if err := f.d.call("write"); err != nil {
		n, _ := f.file.Write(b[:len(b)/2])
		return n, err
	}
	return f.file.Write(b)
}

func (f *faultyFile) Sync() error {
	if f.d.onSync != nil {
		f.d.onSync()
	}
	if err := f.d.call("sync"); err != nil {
		return err
	}
	return f.file.Sync()
}

func (f *faultyFile) Size() (int64, error) {
	if err := f.d.call("size"); err != nil {
		return 0, err
	}
	return f.file.Size()
}

func (f *faultyFile) LastByte(size int64) (byte, error) {
	if err := f.d.call("lastbyte"); err != nil {
		return 0, err
	}
	return f.file.LastByte(size)
}

// TestEveryCallFailsOnce: one failing call loses nothing, tears at most one line, and is not even noticed.
func TestEveryCallFailsOnce(t *testing.T) {
	for n := 1; ; n++ {
		fx := newFixture(t, Options{MaxBytes: 600, MaxTotal: 100_000})
		d := fx.disk
		fx.change("before")
		d.arm(n, 1)
		for i := range 6 { // over the end of a file
			fx.change(fmt.Sprint("during-", i))
		}
		fired := len(d.calls) >= n
		d.arm(0, 0)
		fx.change("after")
		if h := fx.log.Health(); h.Err != nil || h.Lost != 0 {
			t.Errorf("call %d: %+v", n, h)
		}
		text, torn := fx.text()
		for _, want := range []string{"before", "during-0", "during-1", "during-2", "during-3", "during-4", "during-5", "after"} {
			if !strings.Contains(text, `"`+want+`"`) {
				t.Errorf("call %d: %s is missing", n, want)
			}
		}
		if torn > 1 {
			t.Errorf("call %d: %d torn lines", n, torn)
		}
		if !fired {
			return
		}
	}
}

// TestDiskStaysAway: what is lost is counted, logged once, and told in the file when the disk is back.
func TestDiskStaysAway(t *testing.T) {
	for _, kind := range []string{"write", "sync", "append", "list", "syncdir"} {
		fx := newFixture(t, Options{})
		d := fx.disk
		if kind != "syncdir" && kind != "append" && kind != "list" {
			fx.change("before")
		}
		d.failKind = kind
		d.arm(1, 1<<30)
		for i := range 5 {
			fx.change(fmt.Sprint("lost-", i))
			fx.log.Refused(Refusal{AccessKey: fmt.Sprint("K", i), SourceIP: "192.0.2.1", Code: "X"})
		}
		if h := fx.log.Health(); !errors.Is(h.Err, errDisk) || h.Lost < 5 {
			t.Errorf("%s: while away: %+v", kind, h)
		}
		if n := strings.Count(fx.logged(), "\n"); n != 1 || !strings.Contains(fx.logged(), "cannot be written") {
			t.Errorf("%s: log while away: %s", kind, fx.logged())
		}
		d.arm(0, 0)
		fx.change("after")
		fx.change("after all")
		lost := fx.log.Health().Lost
		if h := fx.log.Health(); h.Err != nil {
			t.Errorf("%s: when back: %+v", kind, h)
		}
		text, _ := fx.text()
		if !strings.Contains(text, `"after"`) || strings.Count(text, `"kind":"lost","count":`+fmt.Sprint(lost)+`,"since"`) != 1 {
			t.Errorf("%s: %d lost, file: %s", kind, lost, text)
		}
		if n := strings.Count(fx.logged(), "\n"); n != 2 {
			t.Errorf("%s: log when back: %s", kind, fx.logged())
		}
	}
}

// TestOldFilesStay: a file that cannot be removed is reported, and costs no line.
func TestOldFilesStay(t *testing.T) {
	fx := newFixture(t, Options{MaxBytes: 300, MaxTotal: 600})
	fx.disk.failKind = "remove"
	fx.disk.arm(1, 1<<30)
	for i := range 20 {
		fx.change(fmt.Sprint("e", i))
	}
	text, _ := fx.text()
	if h := fx.log.Health(); !errors.Is(h.Err, errDisk) || h.Lost != 0 || strings.Count(text, "\n") != 20 {
		t.Errorf("%+v, %d lines", h, strings.Count(text, "\n"))
	}
}

func TestOpenFails(t *testing.T) {
	for n := 1; n < 20; n++ {
		fx := newFixture(t, Options{})
		fx.change("a")
		fx.tear(`{"kind":"cha`)
		d := &faulty{from: n, many: 1}
		l, err := Open(Options{Dir: fx.dir, disk: d})
		if err == nil {
			l.Close()
			if len(d.calls) >= n && d.calls[n-1] != "sync" {
				t.Errorf("call %d (%s) failed and nobody noticed", n, d.calls[n-1])
			}
			if n == 1 {
				t.Error("no call failed")
			}
			return
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("call %d: %v", n, err)
		}
	}
}

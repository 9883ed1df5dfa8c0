// Package faultfs decorates a file system for tests: it records every call in order, fails the nth of
// them, and lets a test stop or look in the middle.
//
// The usual test runs a program again and again with n = 0, 1, 2, … until no call failed:
//
//	for n := 0; ; n++ {
//		fsys := faultfs.New(base, root)
//		fsys.Arm(faultfs.Fault{N: n, Err: syscall.EIO})
//		... run the program; expect an error, an unharmed state, and that the next operation works ...
//		if !fsys.Fired() {
//			break
//		}
//	}
package faultfs

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"myfsio/vfs"
)

// Call is one call. Kind is the method's name in lower case. Path is relative to the root given to New, with
// slashes; To is the second path of link and rename.
type Call struct{ Kind, Path, To string }

// String returns the kind and the paths with spaces between them.
func (c Call) String() string {
	if c.To != "" {
		return c.Kind + " " + c.Path + " " + c.To
	}
	return c.Kind + " " + c.Path
}

// mutating are the kinds that change something or promise that it lasts, and can fail.
var mutating = map[string]bool{
	"create": true, "openwrite": true, "writefile": true, "link": true, "rename": true, "remove": true,
	"removedir": true, "mkdir": true, "chtimes": true, "syncdir": true, "syncall": true,
	"write": true, "writeat": true, "syncdata": true, "truncate": true, "preallocate": true,
}

// Mutating reports whether the call changes something, or promises that it lasts.
func (c Call) Mutating() bool { return mutating[c.Kind] }

// Fault says which call fails and how. A failing call does nothing, but for close, which closes, and a short write.
type Fault struct {
	N      int             // the call that fails, counted from 0 at Arm
	Err    error           // what it returns
	All    bool            // count every call, not only mutating ones
	Match  func(Call) bool // where set, count only the calls that it is true for
	Short  bool            // a failing write writes the first half of its bytes
	Sticky bool            // every counted call after the first failure fails too
}

func (f *Fault) counts(c Call) bool {
	return c.Kind != "writeback" && (f.All || c.Mutating()) && (f.Match == nil || f.Match(c))
}

// script is what an FS, its files and its confined children share.
type script struct {
	root string

	mu    sync.Mutex // guards the rest
	calls []Call
	fault *Fault
	seen  int // counted calls since Arm
	fired bool
	hook  func(Call)
}

// step records a call and returns the error it must fail with, and whether a write is to be short.
func (s *script) step(kind, path, to string) (short bool, err error) {
	c := Call{Kind: kind, Path: s.rel(path), To: s.rel(to)}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	if f := s.fault; f != nil && f.counts(c) {
		if s.seen == f.N || s.seen > f.N && f.Sticky {
			s.fired = true
			short, err = f.Short, &fs.PathError{Op: kind, Path: path, Err: f.Err}
		}
		s.seen++
	}
	hook := s.hook
	s.mu.Unlock()
	if hook != nil {
		hook(c)
	}
	return short, err
}

func (s *script) fail(kind, path, to string) error {
	_, err := s.step(kind, path, to)
	return err
}

func (s *script) rel(path string) string {
	if path == "" {
		return ""
	}
	if rel, err := filepath.Rel(s.root, path); err == nil {
		path = rel
	}
	return filepath.ToSlash(path)
}

// FS is a decorated file system. Its methods may be called at the same time. Its files do not
// give their operating system's file away, so that no read or write goes unseen.
type FS struct {
	base vfs.FS
	s    *script
}

var (
	_ vfs.FS       = (*FS)(nil)
	_ vfs.Confiner = (*FS)(nil)
)

// New decorates base. Recorded paths are relative to root.
func New(base vfs.FS, root string) *FS { return &FS{base, &script{root: root}} }

// Arm sets the fault and starts counting at 0.
func (f *FS) Arm(fault Fault) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.fault, f.s.seen, f.s.fired = &fault, 0, false
}

// Disarm ends the fault. Fired keeps its answer.
func (f *FS) Disarm() {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.fault = nil
}

// Fired reports whether a call has failed since Arm.
func (f *FS) Fired() bool {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return f.s.fired
}

// Calls returns the calls since New or Forget, in order.
func (f *FS) Calls() []Call {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return append([]Call(nil), f.s.calls...)
}

// Forget empties the record.
func (f *FS) Forget() {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.calls = nil
}

// Hook sets a function that is told of every call before it happens, on the caller's goroutine and without a
// lock, so it may block, and may look at the disk. Nil ends it.
func (f *FS) Hook(hook func(Call)) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.hook = hook
}

// Confine implements vfs.Confiner where the base does; the child shares record and fault.
func (f *FS) Confine(root string) (vfs.ClosableFS, error) {
	c, ok := f.base.(vfs.Confiner)
	if !ok {
		return nil, &fs.PathError{Op: "confine", Path: root, Err: errors.ErrUnsupported}
	}
	if err := f.s.fail("confine", root, ""); err != nil {
		return nil, err
	}
	base, err := c.Confine(root)
	if err != nil {
		return nil, err
	}
	return &confined{FS{base, f.s}, base}, nil
}

type confined struct {
	FS
	base vfs.ClosableFS
}

func (c *confined) Close() error { return c.base.Close() }

func (f *FS) wrap(path string, file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &faultFile{file, path, f.s}, nil
}

// Create implements vfs.FS.
func (f *FS) Create(path string) (vfs.File, error) {
	if err := f.s.fail("create", path, ""); err != nil {
		return nil, err
	}
	file, err := f.base.Create(path)
	return f.wrap(path, file, err)
}

// OpenWrite implements vfs.FS.
func (f *FS) OpenWrite(path string) (vfs.File, bool, error) {
	if err := f.s.fail("openwrite", path, ""); err != nil {
		return nil, false, err
	}
	file, created, err := f.base.OpenWrite(path)
	file, err = f.wrap(path, file, err)
	return file, created, err
}

// Open implements vfs.FS.
func (f *FS) Open(path string) (vfs.File, error) {
	if err := f.s.fail("open", path, ""); err != nil {
		return nil, err
	}
	file, err := f.base.Open(path)
	return f.wrap(path, file, err)
}

// WriteFile implements vfs.FS.
func (f *FS) WriteFile(path string, data []byte, mtime time.Time) error {
	if err := f.s.fail("writefile", path, ""); err != nil {
		return err
	}
	return f.base.WriteFile(path, data, mtime)
}

// Link implements vfs.FS.
func (f *FS) Link(oldPath, newPath string) error {
	if err := f.s.fail("link", oldPath, newPath); err != nil {
		return err
	}
	return f.base.Link(oldPath, newPath)
}

// Rename implements vfs.FS.
func (f *FS) Rename(oldPath, newPath string) error {
	if err := f.s.fail("rename", oldPath, newPath); err != nil {
		return err
	}
	return f.base.Rename(oldPath, newPath)
}

// Remove implements vfs.FS.
func (f *FS) Remove(path string) error {
	if err := f.s.fail("remove", path, ""); err != nil {
		return err
	}
	return f.base.Remove(path)
}

// RemoveDir implements vfs.FS.
func (f *FS) RemoveDir(path string) error {
	if err := f.s.fail("removedir", path, ""); err != nil {
		return err
	}
	return f.base.RemoveDir(path)
}

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(path string) error {
	if err := f.s.fail("mkdir", path, ""); err != nil {
		return err
	}
	return f.base.Mkdir(path)
}

// ReadDir implements vfs.FS.
func (f *FS) ReadDir(path string) ([]fs.DirEntry, error) {
	if err := f.s.fail("readdir", path, ""); err != nil {
		return nil, err
	}
	return f.base.ReadDir(path)
}

// Lstat implements vfs.FS.
func (f *FS) Lstat(path string) (fs.FileInfo, error) {
	if err := f.s.fail("lstat", path, ""); err != nil {
		return nil, err
	}
	return f.base.Lstat(path)
}

// Chtimes implements vfs.FS.
func (f *FS) Chtimes(path string, mtime time.Time) error {
	if err := f.s.fail("chtimes", path, ""); err != nil {
		return err
	}
	return f.base.Chtimes(path, mtime)
}

// SyncDir implements vfs.FS.
func (f *FS) SyncDir(path string) error {
	if err := f.s.fail("syncdir", path, ""); err != nil {
		return err
	}
	return f.base.SyncDir(path)
}

// SyncAll implements vfs.FS.
func (f *FS) SyncAll(path string) error {
	if err := f.s.fail("syncall", path, ""); err != nil {
		return err
	}
	return f.base.SyncAll(path)
}

package pebblekv

import (
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guardFS stands between Pebble and the file system and makes a failed write of the log or of the
// manifest look like a crash.
//
// Pebble cannot carry on after such a failure: it panics in the middle of the log's rotation, holding
// locks, or asks its logger to end the process. guardFS therefore keeps the error for
// itself ([guardFS.failed]), tells Pebble that all is well, and from then on lets nothing reach the log,
// the manifest or the directory: the disk stays as a power cut at that moment would have left it. The DB
// acknowledges nothing any more, serves reads from what it has, and opens the
// directory again for the next Update, as it would after a crash.
//
// The same happens when Pebble asks for the end of the process for other reasons, see logger.
//
// Tables are written under fresh names, so their errors are Pebble's own to handle (it tries again), and
// a guard that has failed still lets them through until it is detached.
type guardFS struct {
	vfs.FS
	err atomic.Pointer[error]

	mu       sync.RWMutex // read: during a vital operation and while a file is made; write: to detach
	detached bool
}

// failed returns the error that froze the file system, nil while there was none.
func (g *guardFS) failed() error {
	if p := g.err.Load(); p != nil {
		return *p
	}
	return nil
}

func (g *guardFS) frozen() bool { return g.err.Load() != nil }

// freeze keeps the first error.
func (g *guardFS) freeze(err error) { g.err.CompareAndSwap(nil, &err) }

// detach waits for operations under way and forbids making files from then on, so that another instance
// may use the directory.
func (g *guardFS) detach() {
	g.mu.Lock()
	g.detached = true
	g.mu.Unlock()
}

// vital reports whether Pebble cannot survive a failed write of the named file.
func (g *guardFS) vital(name string) bool {
	base := g.FS.PathBase(name)
	return strings.HasSuffix(base, ".log") || strings.HasPrefix(base, "MANIFEST-") || strings.HasPrefix(base, "marker.")
}

// keep decides the fate of the result of a vital operation that made a file.
func (g *guardFS) keep(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		g.freeze(err)
		return nullFile{}, nil
	}
	return &guardFile{File: f, fs: g}, nil
}

// quiet runs a vital operation unless frozen; its error freezes.
func (g *guardFS) quiet(fn func() error) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if !g.frozen() {
		if err := fn(); err != nil {
			g.freeze(err)
		}
	}
	return nil
}

// make runs fn, which makes a file, unless it must not.
func (g *guardFS) make(name string, fn func() (vfs.File, error)) (vfs.File, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	vital := g.vital(name)
	switch {
	case vital && g.frozen():
		return nullFile{}, nil
	case g.detached:
		return nil, g.failed()
	}
	f, err := fn()
	if vital {
		return g.keep(f, err)
	}
	return f, err
}

func (g *guardFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.make(name, func() (vfs.File, error) { return g.FS.Create(name, c) })
}

func (g *guardFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return g.make(name, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, c, opts...) })
}

func (g *guardFS) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.make(newname, func() (vfs.File, error) { return g.FS.ReuseForWrite(oldname, newname, c) })
}

// OpenDir opens a directory, which Pebble does to sync it.
func (g *guardFS) OpenDir(name string) (vfs.File, error) { return g.keep(g.FS.OpenDir(name)) }

// Link and Rename are used for names of files that exist; frozen, they fail.
func (g *guardFS) Link(oldname, newname string) error {
	if err := g.failed(); err != nil {
		return err
	}
	return g.FS.Link(oldname, newname)
}

func (g *guardFS) Rename(oldname, newname string) error {
	if err := g.failed(); err != nil {
		return err
	}
	return g.FS.Rename(oldname, newname)
}

// Remove leaves everything in place once frozen: what Pebble believes to be obsolete is not.
func (g *guardFS) Remove(name string) error {
	switch {
	case g.frozen():
		return nil
	case strings.HasPrefix(g.FS.PathBase(name), "marker."):
		return g.quiet(func() error { return g.FS.Remove(name) })
	}
	return g.FS.Remove(name)
}

func (g *guardFS) RemoveAll(name string) error {
	if g.frozen() {
		return nil
	}
	return g.FS.RemoveAll(name)
}

// Lock does nothing: the DB holds the directory's lock over all instances.
func (g *guardFS) Lock(string) (io.Closer, error) { return nullFile{}, nil }

func (g *guardFS) Unwrap() vfs.FS { return g.FS }

// guardFile is a vital file or a directory.
type guardFile struct {
	vfs.File
	fs *guardFS
}

func (f *guardFile) Write(p []byte) (int, error) {
	_ = f.fs.quiet(func() error { _, err := f.File.Write(p); return err })
	return len(p), nil
}

func (f *guardFile) WriteAt(p []byte, off int64) (int, error) {
	_ = f.fs.quiet(func() error { _, err := f.File.WriteAt(p, off); return err })
	return len(p), nil
}

func (f *guardFile) Sync() error     { return f.fs.quiet(f.File.Sync) }
func (f *guardFile) SyncData() error { return f.fs.quiet(f.File.SyncData) }

func (f *guardFile) SyncTo(n int64) (full bool, err error) {
	err = f.fs.quiet(func() error { full, err = f.File.SyncTo(n); return err })
	return full, err
}

// Stat is asked for the size of a log that is used again, where an error would end the process.
func (f *guardFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		f.fs.freeze(err)
		return nullInfo{}, nil
	}
	return info, nil
}

// Close closes the file in any case.
func (f *guardFile) Close() error {
	if err := f.File.Close(); err != nil {
		f.fs.freeze(err)
	}
	return nil
}

// nullFile takes the place of a file that could not be made.
type nullFile struct{ vfs.File }

func (nullFile) Write(p []byte) (int, error)            { return len(p), nil }
func (nullFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nullFile) Preallocate(_, _ int64) error           { return nil }
func (nullFile) Sync() error                            { return nil }
func (nullFile) SyncData() error                        { return nil }
func (nullFile) SyncTo(int64) (bool, error)             { return true, nil }
func (nullFile) Prefetch(_, _ int64) error              { return nil }
func (nullFile) Fd() uintptr                            { return vfs.InvalidFd }
func (nullFile) Stat() (vfs.FileInfo, error)            { return nullInfo{}, nil }
func (nullFile) Close() error                           { return nil }

// nullInfo describes an empty file.
type nullInfo struct{ vfs.FileInfo }

func (nullInfo) Size() int64 { return 0 }

// Package memfs is a file system in memory that can be cloned as a crash would leave it.
//
// It is Pebble's crashable MemFS seen through vfs.FS, so that the metadata store and the file engine
// can live on one disk and lose power at one moment: give [FS.Pebble] to the one and the FS to the other.
//
// MemFS keeps names and bytes; synced and unsynced ones are its business. Three things it lacks are kept in
// a table beside it:
//
//   - times set with Chtimes (or WriteFile). They hold until the next write, and survive a crash.
//   - the identity of files, so that two names of one file are known as such. After a crash each name is a
//     file of its own, for MemFS keeps the bytes apart, and a name may have gone back to an older file.
//   - a size after Truncate: the bytes behind it are zeroed, and the size counts from then on. It
//     becomes durable with SyncData, like the bytes. Pebble's view of such a file keeps the zeros.
//
// There are no symbolic links, and directories cannot be renamed.
package memfs

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"

	"myfsio/vfs"
)

// FS is a file system in memory. Paths have slashes; there is no working directory, so "a" is "/a".
// Its methods may be called at the same time.
type FS struct {
	mem *pebblevfs.MemFS

	mu    sync.Mutex // makes every call one step, and guards the rest
	nodes map[string]*node
	last  uint64
}

// node is what the table knows of one file; all its names share it.
type node struct {
	id     uint64
	mtime  time.Time // set by Chtimes; valid while MemFS's own time is still at
	at     time.Time
	size   int64 // after Truncate, -1: MemFS's own size
	synced int64 // size at the last SyncData
}

var _ vfs.FS = (*FS)(nil)

// New returns an empty file system.
func New() *FS {
	return &FS{mem: pebblevfs.NewCrashableMem(), nodes: map[string]*node{}}
}

// Pebble returns the file system below, for a Pebble store on the same disk.
func (f *FS) Pebble() pebblevfs.FS { return f.mem }

// CrashClone returns the disk as a crash at this moment might leave it: what was synced, and of every 4 KiB
// block and name that was not synced, percent in a hundred, drawn from seed. 0 leaves exactly what was
// synced. (MemFS draws in the order of a map, so a seed makes draws likely, not repeatable.)
func (f *FS) CrashClone(seed uint64, percent int) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	rng := rand.New(rand.NewPCG(seed, 0))
	mem := f.mem.CrashClone(pebblevfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng})
	clone := &FS{mem: mem, nodes: map[string]*node{}, last: f.last}
	for name, n := range f.nodes {
		fi, err := mem.Stat(name)
		if err != nil {
			continue
		}
		c := *n
		clone.last++
		c.id = clone.last
		if c.size = c.synced; rng.IntN(100) < percent {
			c.size = n.size
		}
		c.size = min(c.size, fi.Size())
		c.synced = c.size
		clone.nodes[name] = &c
	}
	return clone
}

// node returns what is known of the file at name.
func (f *FS) node(name string) *node {
	n := f.nodes[name]
	if n == nil {
		f.last++
		n = &node{id: f.last, size: -1, synced: -1}
		f.nodes[name] = n
	}
	return n
}

func clean(name string) string { return path.Clean("/" + name) }

// fault gives err the path and the meaning that vfs.FS promises.
func fault(op, name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if err == nil {
		return nil
	}
	if strings.HasSuffix(err.Error(), "not a directory") {
		err = syscall.ENOTDIR
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// kind is what a name must stand for.
type kind int

const (
	absent kind = iota // nothing, in a directory that exists
	file
	directory
)

// expect fails unless there is a want at name.
func (f *FS) expect(name string, want kind) error {
	fi, err := f.mem.Stat(name)
	switch {
	case want == absent && err == nil:
		return syscall.EEXIST
	case want == absent && errors.Is(err, fs.ErrNotExist):
		if name == "/" {
			return syscall.EEXIST
		}
		return f.expect(path.Dir(name), directory)
	case err != nil:
		return err
	case want == file && fi.IsDir():
		return syscall.EISDIR
	case want == directory && !fi.IsDir():
		return syscall.ENOTDIR
	}
	return nil
}

// Create implements vfs.FS.
func (f *FS) Create(name string) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.create(clean(name))
}

func (f *FS) create(name string) (*memFile, error) {
	if err := f.expect(name, absent); err != nil {
		return nil, fault("create", name, err)
	}
	base, err := f.mem.Create(name, pebblevfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fault("create", name, err)
	}
	delete(f.nodes, name)
	n := f.node(name)
	n.mtime = time.Now() // MemFS gives a file no time before its first write
	return &memFile{fs: f, base: base, n: n}, nil
}

// OpenWrite implements vfs.FS.
func (f *FS) OpenWrite(name string) (vfs.File, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	err := f.expect(name, file)
	if errors.Is(err, fs.ErrNotExist) {
		file, err := f.create(name)
		return file, err == nil, err
	}
	if err != nil {
		return nil, false, fault("open", name, err)
	}
	base, err := f.mem.OpenReadWrite(name, pebblevfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, false, fault("open", name, err)
	}
	return &memFile{fs: f, base: base, n: f.node(name)}, false, nil
}

// Open implements vfs.FS.
func (f *FS) Open(name string) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	base, err := f.mem.Open(name)
	if err != nil {
		return nil, fault("open", name, err)
	}
	return &memFile{fs: f, base: base, n: f.node(name)}, nil
}

// WriteFile implements vfs.FS.
func (f *FS) WriteFile(name string, data []byte, mtime time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	file, err := f.create(name)
	if err != nil {
		return err
	}
	defer file.base.Close()
	if _, err := file.base.Write(slices.Clone(data)); err != nil {
		return fault("write", name, err)
	}
	return f.chtimes(name, mtime)
}

// Link implements vfs.FS.
func (f *FS) Link(oldName, newName string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	oldName, newName = clean(oldName), clean(newName)
	if err := f.expect(oldName, file); err != nil {
		return fault("link", oldName, err)
	}
	if err := f.expect(newName, absent); err != nil {
		return fault("link", newName, err)
	}
	if err := f.mem.Link(oldName, newName); err != nil {
		return fault("link", newName, err)
	}
	f.nodes[newName] = f.node(oldName)
	return nil
}

// Rename implements vfs.FS, for files.
func (f *FS) Rename(oldName, newName string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	oldName, newName = clean(oldName), clean(newName)
	if err := f.expect(oldName, file); err != nil {
		return fault("rename", oldName, err)
	}
	err := f.expect(newName, file)
	if errors.Is(err, fs.ErrNotExist) {
		err = f.expect(newName, absent)
	} else if err == nil && f.node(oldName) == f.node(newName) {
		return nil
	}
	if err != nil {
		return fault("rename", newName, err)
	}
	if err := f.mem.Rename(oldName, newName); err != nil {
		return fault("rename", newName, err)
	}
	f.nodes[newName] = f.node(oldName)
	delete(f.nodes, oldName)
	return nil
}

// Remove implements vfs.FS.
func (f *FS) Remove(name string) error { return f.remove(clean(name), file) }

// RemoveDir implements vfs.FS.
func (f *FS) RemoveDir(name string) error { return f.remove(clean(name), directory) }

func (f *FS) remove(name string, want kind) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.expect(name, want)
	if err == nil {
		err = f.mem.Remove(name) // refuses a directory that is not empty
	}
	if err != nil {
		return fault("remove", name, err)
	}
	delete(f.nodes, name)
	return nil
}

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	if err := f.expect(name, absent); err != nil {
		return fault("mkdir", name, err)
	}
	return fault("mkdir", name, f.mem.MkdirAll(name, 0o777))
}

// ReadDir implements vfs.FS.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	if err := f.expect(name, directory); err != nil {
		return nil, fault("readdir", name, err)
	}
	names, err := f.mem.List(name)
	if err != nil {
		return nil, fault("readdir", name, err)
	}
	slices.Sort(names)
	entries := make([]fs.DirEntry, len(names))
	for i, base := range names {
		fi, err := f.lstat(path.Join(name, base))
		if err != nil {
			return nil, err
		}
		entries[i] = fs.FileInfoToDirEntry(fi)
	}
	return entries, nil
}

// Lstat implements vfs.FS.
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lstat(clean(name))
}

func (f *FS) lstat(name string) (fs.FileInfo, error) {
	fi, err := f.mem.Stat(name)
	if err != nil {
		return nil, fault("lstat", name, err)
	}
	return info{fi, path.Base(name), *f.node(name)}, nil
}

// Chtimes implements vfs.FS.
func (f *FS) Chtimes(name string, mtime time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.chtimes(clean(name), mtime)
}

func (f *FS) chtimes(name string, mtime time.Time) error {
	fi, err := f.mem.Stat(name)
	if err != nil {
		return fault("chtimes", name, err)
	}
	n := f.node(name)
	n.mtime, n.at = mtime, fi.ModTime()
	return nil
}

// SyncDir implements vfs.FS.
func (f *FS) SyncDir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name = clean(name)
	if err := f.expect(name, directory); err != nil {
		return fault("syncdir", name, err)
	}
	return f.sync(name)
}

func (f *FS) sync(name string) error {
	base, err := f.mem.Open(name)
	if err != nil {
		return fault("sync", name, err)
	}
	defer base.Close()
	return fault("sync", name, base.Sync())
}

// SyncAll implements vfs.FS.
func (f *FS) SyncAll(string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.syncTree("/")
}

func (f *FS) syncTree(name string) error {
	if err := f.sync(name); err != nil {
		return err
	}
	if f.expect(name, directory) != nil {
		n := f.node(name)
		n.synced = n.size
		return nil
	}
	names, err := f.mem.List(name)
	for _, base := range names {
		if err == nil {
			err = f.syncTree(path.Join(name, base))
		}
		if errors.Is(err, fs.ErrNotExist) { // Pebble removes files meanwhile
			err = nil
		}
	}
	return err
}

// info is MemFS's description of a file, corrected by the table.
type info struct {
	fs.FileInfo
	name string
	n    node
}

func (i info) Name() string   { return i.name }
func (i info) FileID() uint64 { return i.n.id }

func (i info) Size() int64 {
	if i.n.size >= 0 {
		return i.n.size
	}
	return i.FileInfo.Size()
}

func (i info) ModTime() time.Time {
	if t := i.FileInfo.ModTime(); !i.n.at.Equal(t) || i.n.mtime.IsZero() {
		return t
	}
	return i.n.mtime
}

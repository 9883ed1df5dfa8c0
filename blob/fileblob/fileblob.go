// Package fileblob keeps blobs as plain files on a vfs.FS.
//
// # Layout
//
//	Dir/<xx>/<32 hexadecimal digits of the id>
//
// where xx are the last two digits of the id, which are random: 256 directories share the names evenly. They are
// made by Open, so that writing a blob never makes a directory. Files with other names, or in another
// directory than theirs, are foreign: List passes them over and nothing touches them.
//
// # Durability
//
// A blob is written at its final name, since nothing refers to it before Commit. Commit syncs the bytes
// (fdatasync) and then the directory. Writers that commit in one directory at one time share the sync of the
// directory. A crash leaves unfinished files; they are listed, and whoever keeps the references removes
// them by age. Remove is not synced: a removed blob may come back with a crash, and be removed again.
// With Options.Sync unset nothing is synced at all and the operating system decides what a crash leaves.
//
// # Unfinished blobs
//
// What this process is still writing cannot be opened, removed or listed. This is kept in memory: other processes on
// the same directory, and this one after a crash, see a file like any other. A file that could not be
// removed after a failed write stays hidden from Open, but is listed, so that it is removed in time.
package fileblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"myfsio/blob"
	"myfsio/vfs"
)

// Options say where and how blobs are kept.
type Options struct {
	FS   vfs.FS
	Dir  string // made where it is missing
	Sync bool   // Commit and Trim return when everything is durable; false: they never sync
}

// Store is a blob.Store of files. It is a blob.Placer and a blob.Linker too.
type Store struct {
	fs     vfs.FS
	dir    string
	sync   bool
	shards [256]shard
}

var (
	_ blob.Store  = (*Store)(nil)
	_ blob.Placer = (*Store)(nil)
	_ blob.Linker = (*Store)(nil)
)

// shard is one of the directories.
type shard struct {
	dir  string
	sync group

	// mu guards live. It is held over the opening and removing of files, so that what is in live and what is
	// on the disk agree: for writing by what makes a file, for reading by Open.
	mu   sync.RWMutex
	live map[blob.ID]*entry
}

// entry is what this process knows of a file beyond its being there.
type entry struct {
	state   state
	writers int  // of a placed file: pieces being written
	durable bool // of a placed file: its name is known to be durable
	removed bool // of a placed file: it was removed under its writers
}

type state uint8

const (
	creating  state = iota // written with Create
	unopened               // written with CreateAt, no piece committed yet
	committed              // written with CreateAt, at least one piece committed
	dead                   // given up, but the file could not be removed
)

// Open opens the store in o.Dir and makes its directories, durably with o.Sync.
func Open(o Options) (*Store, error) {
	s := &Store{fs: o.FS, dir: o.Dir, sync: o.Sync}
	if err := vfs.MkdirAll(s.fs, s.dir); err != nil {
		return nil, fmt.Errorf("fileblob: %w", err)
	}
	for i := range s.shards {
		sh := &s.shards[i]
		sh.dir = filepath.Join(s.dir, fmt.Sprintf("%02x", i))
		sh.live = map[blob.ID]*entry{}
		if err := s.fs.Mkdir(sh.dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("fileblob: %w", err)
		}
	}
	// Also when all were there: an earlier Open may have been stopped before it could sync them.
	for _, dir := range []string{s.dir, filepath.Dir(s.dir)} {
		if !s.sync {
			break
		}
		if err := s.fs.SyncDir(dir); err != nil {
			return nil, fmt.Errorf("fileblob: %w", err)
		}
	}
	return s, nil
}

// Close implements blob.Store. There is nothing to close.
func (s *Store) Close() error { return nil }

func (s *Store) shard(id blob.ID) *shard { return &s.shards[id[len(id)-1]] }

func (sh *shard) path(id blob.ID) string { return filepath.Join(sh.dir, id.String()) }

// Path implements blob.Linker.
func (s *Store) Path(id blob.ID) string { return s.shard(id).path(id) }

// hidden reports whether id must not be opened. It needs mu.
func (sh *shard) hidden(id blob.ID) bool {
	e := sh.live[id]
	return e != nil && e.state != committed
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, id blob.ID) (blob.Blob, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := s.open(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blob.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	b := &openBlob{f, fi.Size(), fi.ModTime()}
	if vfs.OSFile(f) != nil {
		return plainBlob{b}, nil
	}
	return b, nil
}

func (s *Store) open(id blob.ID) (vfs.File, error) {
	sh := s.shard(id)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if sh.hidden(id) {
		return nil, blob.ErrNotFound
	}
	return s.fs.Open(sh.path(id))
}

// Remove implements blob.Store. It unlinks the file and syncs nothing.
func (s *Store) Remove(ctx context.Context, id blob.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh := s.shard(id)
	if done, err := s.removePlain(sh, id); done {
		return err
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.live[id]
	if e != nil && e.state == creating {
		return nil
	}
	if err := s.unlink(sh.path(id)); err != nil {
		return err
	}
	if e != nil {
		e.removed = true
		delete(sh.live, id)
	}
	return nil
}

// removePlain removes a file that nobody writes; Open may go on meanwhile.
func (s *Store) removePlain(sh *shard, id blob.ID) (done bool, err error) {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if sh.live[id] != nil {
		return false, nil
	}
	return true, s.unlink(sh.path(id))
}

func (s *Store) unlink(path string) error {
	if err := s.fs.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// openBlob is an open file.
type openBlob struct {
	vfs.File
	size  int64
	mtime time.Time
}

func (b *openBlob) Size() int64        { return b.size }
func (b *openBlob) ModTime() time.Time { return b.mtime }

// plainBlob is an open file of the operating system.
type plainBlob struct{ *openBlob }

var _ blob.Filer = plainBlob{}

// File implements blob.Filer; it returns an *os.File.
func (b plainBlob) File() io.ReadSeeker { return vfs.OSFile(b.openBlob.File) }

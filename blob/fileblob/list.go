package fileblob

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"iter"

	"myfsio/blob"
)

// List implements blob.Store. The order is that of the last byte of the id, then of the id. One
// directory's names at a time are in memory.
func (s *Store) List(ctx context.Context, after blob.ID) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		first := 0
		if !after.IsZero() {
			first = int(after[len(after)-1])
		}
		for i := first; i < len(s.shards); i++ {
			if i > first {
				after = blob.ID{} // a later directory, from its start
			}
			if !s.listShard(ctx, i, after, yield) {
				return
			}
		}
	}
}

// listShard yields one directory's blobs and reports whether to go on.
func (s *Store) listShard(ctx context.Context, i int, after blob.ID, yield func(blob.Info, error) bool) bool {
	sh := &s.shards[i]
	entries, err := s.fs.ReadDir(sh.dir)
	if err != nil {
		return yield(blob.Info{}, err) && false
	}
	for _, d := range entries {
		id, ok := ownName(d, byte(i))
		if !ok || bytes.Compare(id[:], after[:]) <= 0 || sh.writing(id) {
			continue
		}
		err := ctx.Err()
		var fi fs.FileInfo
		if err == nil {
			fi, err = d.Info()
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
			continue
		case err != nil:
			return yield(blob.Info{}, err) && false
		case !yield(blob.Info{ID: id, Size: fi.Size(), ModTime: fi.ModTime()}, nil):
			return false
		}
	}
	return true
}

// ownName returns the id of a file that the store may have made in directory last.
func ownName(d fs.DirEntry, last byte) (blob.ID, bool) {
	id, err := blob.ParseID(d.Name())
	return id, err == nil && id.String() == d.Name() && id[len(id)-1] == last && d.Type().IsRegular()
}

// writing reports whether this process is writing a blob that cannot be opened yet.
func (sh *shard) writing(id blob.ID) bool {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	e := sh.live[id]
	return e != nil && (e.state == creating || e.state == unopened)
}

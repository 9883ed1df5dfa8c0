package fileblob

import (
	"context"
	"errors"
	"io/fs"

	"myfsio/blob"
	"myfsio/vfs"
)

// maxIdle bounds what a shard remembers of placed files that nobody writes just now. Who is
// forgotten pays one more sync of the directory with the next piece.
const maxIdle = 128

var errNegative = errors.New("fileblob: negative offset or size")

// CreateAt implements blob.Placer.
func (s *Store) CreateAt(ctx context.Context, id blob.ID, off, sizeHint int64) (blob.Writer, error) {
	if off < 0 {
		return nil, errNegative
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sh := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.live[id]
	if e != nil && e.state != unopened && e.state != committed {
		return nil, blob.ErrExists
	}
	f, created, err := s.fs.OpenWrite(sh.path(id))
	if err != nil {
		return nil, err
	}
	if e == nil {
		e = &entry{state: committed} // by an earlier process, or forgotten
		if created {
			e.state = unopened
		}
		sh.live[id] = e
	}
	e.writers++
	p := &piece{writer{s: s, sh: sh, id: id, e: e, f: f, hint: sizeHint, off: off}}
	p.goDirect()
	return p, nil
}

// piece writes a part of a file that others write too.
type piece struct{ writer }

// Commit implements blob.Writer.
func (p *piece) Commit(ctx context.Context) error {
	if p.done {
		return errDone
	}
	err := p.finish(ctx)
	if err == nil && p.s.sync && !p.nameDurable() {
		err = p.s.syncDir(p.sh)
	}
	p.sh.mu.Lock()
	defer p.sh.mu.Unlock()
	if err == nil && p.e.removed {
		err = blob.ErrNotFound
	}
	if err == nil {
		p.e.state = committed
		p.e.durable = p.s.sync
	}
	_ = p.release() // what remains is hidden, and listed
	return err
}

func (p *piece) nameDurable() bool {
	p.sh.mu.RLock()
	defer p.sh.mu.RUnlock()
	return p.e.durable
}

// Abort implements blob.Writer.
func (p *piece) Abort() error {
	if p.done {
		return nil
	}
	p.done = true
	_ = p.f.Close() // nobody wants the bytes
	p.sh.mu.Lock()
	defer p.sh.mu.Unlock()
	return p.release()
}

// release ends the piece. The last one of a file without a committed piece removes the file. It needs mu.
func (p *piece) release() error {
	e := p.e
	if e.writers--; e.writers > 0 || e.removed {
		return nil
	}
	if e.state == committed {
		p.sh.forget(maxIdle)
		return nil
	}
	if err := p.s.unlink(p.sh.path(p.id)); err != nil {
		e.state = dead
		return err
	}
	delete(p.sh.live, p.id)
	return nil
}

// forget drops what is remembered of idle files where it is more than limit. It needs mu.
func (sh *shard) forget(limit int) {
	for id, e := range sh.live {
		if len(sh.live) <= limit {
			return
		}
		if e.state == committed && e.writers == 0 {
			delete(sh.live, id)
		}
	}
}

// Trim implements blob.Placer.
func (s *Store) Trim(ctx context.Context, id blob.ID, size int64) error {
	if size < 0 {
		return errNegative
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := s.openTrim(id)
	if err != nil {
		return err
	}
	err = f.Truncate(size)
	if err == nil && s.sync {
		err = f.SyncData()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// openTrim opens a blob that is there for writing. It looks first, because OpenWrite would make it.
func (s *Store) openTrim(id blob.ID) (vfs.File, error) {
	sh := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.hidden(id) {
		return nil, blob.ErrNotFound
	}
	if _, err := s.fs.Lstat(sh.path(id)); errors.Is(err, fs.ErrNotExist) {
		return nil, blob.ErrNotFound
	} else if err != nil {
		return nil, err
	}
	if e := sh.live[id]; e != nil && e.writers == 0 {
		delete(sh.live, id) // a trimmed blob is whole: nothing will be placed in it
	}
	f, _, err := s.fs.OpenWrite(sh.path(id))
	return f, err
}

package fileblob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"myfsio/blob"
	"myfsio/vfs"
)

// Sizes in bytes.
const (
	preallocateFrom = 8 << 20  // a smaller blob is laid out in one go by the time it is synced; it gains nothing
	preallocateStep = 64 << 20 // a size is a promise: reserve no more than this ahead of the bytes
	writeBackStep   = 4 << 20  // begin to write to the disk every so often, so that the sync at the end is short
	copyBuffer      = 256 << 10
	directFrom      = 1 << 20 // a larger blob is written past the system's cache, where it can be
)

// Create implements blob.Store.
func (s *Store) Create(ctx context.Context, id blob.ID, sizeHint int64) (blob.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sh := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.live[id] != nil {
		return nil, blob.ErrExists
	}
	f, err := s.fs.Create(sh.path(id))
	if errors.Is(err, fs.ErrExist) {
		return nil, blob.ErrExists
	}
	if err != nil {
		return nil, err
	}
	e := &entry{state: creating}
	sh.live[id] = e
	w := &writer{s: s, sh: sh, id: id, e: e, f: f, hint: sizeHint, whole: true}
	w.goDirect()
	return w, nil
}

// writer writes a blob, or a piece of one from off.
type writer struct {
	s     *Store
	sh    *shard
	id    blob.ID
	e     *entry
	f     vfs.File
	hint  int64
	off   int64 // where in the file the piece begins
	whole bool  // nobody else writes to the file

	direct bool // writes go past the cache, as long as they are aligned

	n        int64 // bytes written
	reserved int64 // bytes preallocated
	flushed  int64 // bytes whose way to the disk was begun
	err      error // of the first failed write
	done     bool
}

var errDone = errors.New("fileblob: used after Commit or Abort")

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if err := w.prepare(int64(len(p))); err != nil {
		return 0, err
	}
	n, err := w.put(p)
	w.wrote(int64(n), err)
	return n, err
}

// goDirect chooses the way past the cache for a large blob that is going to be synced anyway: the sync is then short,
// and the cache keeps what is read.
func (w *writer) goDirect() {
	w.direct = w.s.sync && w.hint >= directFrom && w.off%vfs.DirectAlign == 0 && vfs.Direct(w.f, true)
}

// put writes p behind what is written. The first piece that is not aligned (usually the end of the
// blob), and a file system that takes no direct writes after all, end the direct way.
func (w *writer) put(p []byte) (n int, err error) {
	at := w.off + w.n
	if w.direct {
		if k := aligned(p); k > 0 {
			n, err = w.f.WriteAt(p[:k], at)
			if err != nil && !errors.Is(err, syscall.EINVAL) || n == len(p) {
				return n, err
			}
		}
		w.direct = false
		vfs.Direct(w.f, false)
	}
	m, err := w.f.WriteAt(p[n:], at+int64(n))
	return n + m, err
}

// aligned returns how many bytes of p can be written directly: none unless p begins at an aligned address.
func aligned(p []byte) int {
	if len(p) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(p)))%vfs.DirectAlign != 0 {
		return 0
	}
	return len(p) &^ (vfs.DirectAlign - 1)
}

// prepare gets ready for size more bytes.
func (w *writer) prepare(size int64) error {
	if w.done {
		return errDone
	}
	if w.err != nil {
		return w.err
	}
	if w.hint < preallocateFrom || w.n+size <= w.reserved || w.reserved >= w.hint {
		return nil
	}
	step := min(w.hint-w.reserved, preallocateStep)
	w.err = w.f.Preallocate(w.off+w.reserved, step)
	w.reserved += step
	return w.err
}

// wrote counts what was written.
func (w *writer) wrote(n int64, err error) {
	w.n += n
	if w.err = err; err != nil || !w.s.sync || w.direct {
		w.flushed = w.n
		return
	}
	if size := w.n - w.flushed; size >= writeBackStep {
		w.f.WriteBack(w.off+w.flushed, size)
		w.flushed = w.n
	}
}

// ReadFrom implements io.ReaderFrom. From a file to a file the kernel copies by itself.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	src, limit := r, int64(-1)
	l, limited := r.(*io.LimitedReader)
	if limited {
		src, limit = l.R, l.N
	}
	dst := vfs.OSFile(w.f)
	if _, ok := src.(*os.File); !ok || dst == nil {
		return io.CopyBuffer(struct{ io.Writer }{w}, r, make([]byte, copyBuffer))
	}
	if w.direct { // the kernel copies by way of the cache
		w.direct = false
		vfs.Direct(w.f, false)
	}
	if _, err := dst.Seek(w.off+w.n, io.SeekStart); err != nil {
		return 0, err
	}
	var total int64
	for limit != 0 {
		step := int64(writeBackStep)
		if limited {
			step = min(step, limit)
		}
		if err := w.prepare(step); err != nil {
			return total, err
		}
		n, err := dst.ReadFrom(&io.LimitedReader{R: src, N: step})
		w.wrote(n, err)
		total += n
		if limited {
			limit -= n
			l.N -= n
		}
		if err != nil || n == 0 {
			return total, err
		}
	}
	return total, nil
}

// finish makes the bytes durable and closes the file.
func (w *writer) finish(ctx context.Context) error {
	if w.done {
		return errDone
	}
	err := ctx.Err()
	if err == nil {
		err = w.err
	}
	if err == nil && w.whole && w.reserved > w.n {
		err = w.f.Truncate(w.n) // the promise was longer: free the rest
	}
	if err == nil && w.s.sync {
		err = w.f.SyncData()
	}
	w.done = true
	if cerr := w.f.Close(); err == nil {
		err = cerr
	}
	return err
}

// Commit implements blob.Writer.
func (w *writer) Commit(ctx context.Context) error {
	if w.done {
		return errDone
	}
	err := w.finish(ctx)
	if err == nil && w.s.sync {
		err = w.s.syncDir(w.sh)
	}
	if err != nil {
		_ = w.discard() // what remains is hidden, and listed
		return err
	}
	w.sh.mu.Lock()
	defer w.sh.mu.Unlock()
	delete(w.sh.live, w.id)
	return nil
}

// Abort implements blob.Writer.
func (w *writer) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	_ = w.f.Close() // nobody wants the bytes
	return w.discard()
}

// discard removes the file. Where that fails the id stays hidden.
func (w *writer) discard() error {
	w.sh.mu.Lock()
	defer w.sh.mu.Unlock()
	err := w.s.unlink(w.sh.path(w.id))
	if err != nil {
		w.e.state = dead
		return err
	}
	delete(w.sh.live, w.id)
	return nil
}

// syncDir makes the names in sh durable, together with all who want it at this moment.
func (s *Store) syncDir(sh *shard) error {
	return sh.sync.do(func() error { return s.fs.SyncDir(sh.dir) })
}

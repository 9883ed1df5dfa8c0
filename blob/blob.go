// Package blob stores immutable bytes by id.
//
// A blob is written once, becomes durable with Commit, and is then only read and at
// last removed. Nothing in this package knows of buckets or keys; what refers to
// a blob is the business of the metadata. The engines are blob/fileblob and
// blob/memblob (tests), later blob/radosblob; blob/blobtest states what each must do.
package blob

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"sync/atomic"
	"time"
)

// ErrNotFound is returned for an id that is not there.
var ErrNotFound = errors.New("blob: not found")

// ErrExists is returned by Create for an id that is there.
var ErrExists = errors.New("blob: exists")

// ID names a blob: 8 bytes of nanoseconds since 1970, big endian, then 8 random bytes.
// Ids of one process rise strictly, so that rows keyed by them are appended at the
// end of the metadata store.
type ID [16]byte

// IsZero reports whether the id is unset.
func (id ID) IsZero() bool { return id == ID{} }

// String returns 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String wrote.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return id, errors.New("blob: an id has 32 hexadecimal digits")
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, errors.New("blob: an id has 32 hexadecimal digits")
	}
	return id, nil
}

// Time returns when the id was made.
func (id ID) Time() time.Time { return time.Unix(0, int64(binary.BigEndian.Uint64(id[:8]))) }

// IDs makes ids. The zero value is ready; it may be used by many goroutines.
type IDs struct{ last atomic.Uint64 }

// New returns a fresh id, greater than all that this IDs made before.
func (g *IDs) New(now time.Time) ID {
	var n uint64
	for {
		last := g.last.Load()
		n = max(uint64(now.UnixNano()), last+1)
		if g.last.CompareAndSwap(last, n) {
			break
		}
	}
	var id ID
	binary.BigEndian.PutUint64(id[:8], n)
	rand.Read(id[8:]) // never fails, see crypto/rand
	return id
}

// Info describes a stored blob.
type Info struct {
	ID      ID
	Size    int64     // bytes
	ModTime time.Time // of its last write
}

// Writer writes one blob. It belongs to one goroutine. One of Commit and Abort
// must be called; Abort after Commit does nothing. A Writer may be an io.ReaderFrom too.
type Writer interface {
	io.Writer
	// Commit makes the bytes and the name durable. After an error, be it of Commit or of an earlier Write, the
	// blob is as if aborted.
	Commit(ctx context.Context) error
	// Abort gives the blob up and frees its space.
	Abort() error
}

// Blob is an open blob. ReadAt may be called by many goroutines at once. A blob that
// was removed stays readable until it is closed.
type Blob interface {
	io.ReaderAt
	Size() int64
	ModTime() time.Time
	Close() error
}

// Filer is the ability of a Blob that is a plain file: File returns it (an *os.File), for sendfile and copy_file_range. The
// caller must not close it. Its read position belongs to this Blob alone.
type Filer interface{ File() io.ReadSeeker }

// Store keeps blobs. Its methods may be called at the same time.
type Store interface {
	// Create begins blob id. sizeHint (bytes, -1 unknown) lets the engine preallocate; it does not bind.
	// Nobody can open the blob before Commit. It fails with ErrExists where id is there or is being written.
	Create(ctx context.Context, id ID, sizeHint int64) (Writer, error)
	// Open opens a committed blob, or returns ErrNotFound.
	Open(ctx context.Context, id ID) (Blob, error)
	// Remove deletes the blob; of an absent one: no error. It need not be durable: what is
	// removed twice stays removed. A blob that this process is still writing with Create is absent.
	Remove(ctx context.Context, id ID) error
	// List yields every blob once, in an order of the engine's own, starting behind the blob after, which
	// need not be there any more (the zero ID: from the start). Blobs that come or go meanwhile may or may
	// not be seen. An unfinished Create left by a crash is listed too. An error is yielded once, last.
	List(ctx context.Context, after ID) iter.Seq2[Info, error]
	// Close releases the store; writers and blobs still open become invalid.
	Close() error
}

// Placer is the optional ability to write one blob piece by piece at offsets: a multipart upload
// becomes one contiguous blob without copying. Pieces may be written at the same time as long as they do
// not overlap. The blob can be opened as soon as one piece is committed; what was never written reads as zero.
type Placer interface {
	// CreateAt begins a piece of blob id at offset off (bytes, 0 or more), creating the blob where it is absent.
	// Commit makes this piece durable; it fails with ErrNotFound where the blob was removed meanwhile.
	// Abort leaves the blob and its other pieces alone; what the aborted piece wrote may remain, and may have
	// made the blob longer, until it is written again or trimmed. A blob of which no piece was committed
	// goes with its last aborted piece. It fails with ErrExists while id is being written with Create.
	CreateAt(ctx context.Context, id ID, off, sizeHint int64) (Writer, error)
	// Trim sets the size of the blob, durably: it cuts what is behind, or adds zeros. No piece may be
	// in writing. It fails with ErrNotFound where Open would.
	Trim(ctx context.Context, id ID, size int64) error
}

// Linker is the optional ability to show a blob as a plain file.
type Linker interface {
	// Path returns the file of blob id, for a hard link. The file may be absent.
	Path(id ID) string
}

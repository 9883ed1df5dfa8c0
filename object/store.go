package object

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

// Defaults of Config.
const (
	DefaultInline      = 16 << 10 // bytes
	DefaultMinPartSize = 5 << 20  // bytes
)

// Config is what a Store is made of.
type Config struct {
	KV    kv.DB
	Blobs blob.Store
	// Inline is the largest body, in bytes, that lives in the metadata store; 0 means
	// DefaultInline, negative none.
	Inline int
	// MinPartSize is the least size of a part but the last; 0 means DefaultMinPartSize.
	MinPartSize int64
	// Keys finds the keys of encrypted objects; nil: only those of customers (SSE-C) are at hand.
	Keys *seal.Keys
	// Encrypt says that new objects may be encrypted with keys of the server (SSE-S3) or the KMS (SSE-KMS). Else who asks for it is refused, also
	// when it is the bucket's setting that asks.
	Encrypt bool
	// DefaultSort is used where encryption is asked for and no algorithm named: seal.S3 (also when 0), or seal.KMS.
	DefaultSort seal.Sort
	// View says whether changes are queued for the plain-file view.
	View bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger // nil: none
}

// Store is the buckets and objects over one metadata store and one blob store. Its methods may be called at the
// same time. It starts nothing of its own: the workers of package work call its upkeep methods. The
// owner closes the engines after the last call returned.
type Store struct {
	kv      kv.DB
	blobs   blob.Store
	inline  int
	minPart int64
	view    bool
	keys    *seal.Keys
	encrypt bool
	// defaultSort is Config.DefaultSort.
	defaultSort seal.Sort

	now   func() time.Time
	log   *slog.Logger
	ids   blob.IDs
	slots slots
	pins  pins
	// suspects wait for who takes them by Suspects.
	suspects suspects
	// settling are the sets of annotations that copies are writing.
	settling settling
	// signals wake the workers; see Signals.
	signals Signals
}

// Signals are channels with room for one token: a commit that queued work for a worker puts one in.
type Signals struct {
	View     chan struct{}
	Reclaim  chan struct{}
	Assemble chan struct{}
	Events   chan struct{}
	Suspects chan struct{}
}

// New makes a store over empty or existing engines and checks the version of the schema.
func New(ctx context.Context, c Config) (*Store, error) {
	s := &Store{
		kv: c.KV, blobs: c.Blobs, inline: c.Inline, minPart: c.MinPartSize, view: c.View, keys: c.Keys, encrypt: c.Encrypt, defaultSort: c.DefaultSort, now: c.Now, log: c.Log,
		slots:    slots{uploads: map[id]*uploadSlots{}, reserved: map[blob.ID]bool{}},
		pins:     pins{blobs: map[blob.ID]int{}},
		settling: settling{sets: map[id]bool{}},
		signals:  Signals{View: make(chan struct{}, 1), Reclaim: make(chan struct{}, 1), Assemble: make(chan struct{}, 1), Events: make(chan struct{}, 1), Suspects: make(chan struct{}, 1)},
	}
	if s.inline == 0 {
		s.inline = DefaultInline
	}
	if s.minPart == 0 {
		s.minPart = DefaultMinPartSize
	}
	if s.keys == nil {
		s.keys = &seal.Keys{}
	}
	if s.defaultSort == 0 {
		s.defaultSort = seal.S3
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, s.checkSchema(ctx)
}

// checkSchema writes the schema version into an empty store and refuses another one.
func (s *Store) checkSchema(ctx context.Context) error {
	key := append(row(tSchema, 6), "schema"...)
	found := ""
	err := s.kv.View(ctx, func(r kv.Reader) error {
		v, err := r.Get(key)
		found = string(v)
		return ignoreAbsent(err)
	})
	switch {
	case err != nil:
		return err
	case found == schema:
		return nil
	case found != "":
		return fmt.Errorf("the metadata has schema %q and this program knows %q: use the program that wrote it, or a newer one", found, schema)
	}
	return s.kv.Update(ctx, func(t kv.Txn) error {
		t.Put(key, []byte(schema))
		return nil
	})
}

// Signals returns the channels that wake workers.
func (s *Store) Signals() Signals { return s.signals }

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func ignoreAbsent(err error) error {
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	return err
}

// internal gives an engine's error its kind; one that has a kind, and a context's, pass.
func internal(err error, what string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, errRecord) {
		return fault.Wrap(fault.Corrupted, err, "The stored metadata is damaged. Run myfsio fsck.")
	}
	return fault.Wrap(fault.Internal, err, "We encountered an internal error. Please try again. (%s)", what)
}

// update runs a commit and wakes the workers it queued work for.
func (s *Store) update(ctx context.Context, fn func(*txn) error) error {
	var t txn
	err := s.kv.Update(ctx, func(kt kv.Txn) error {
		t = txn{Txn: kt, s: s, reclaim: t.reclaim[:0]}
		if err := fn(&t); err != nil {
			return err
		}
		t.flush()
		return nil
	})
	if err != nil {
		return internal(err, "commit")
	}
	if t.viewed {
		wake(s.signals.View)
	}
	if t.reclaimed {
		wake(s.signals.Reclaim)
	}
	if t.assembled {
		wake(s.signals.Assemble)
	}
	if t.told {
		wake(s.signals.Events)
	}
	return nil
}

// viewDB runs fn on one state of the metadata.
func (s *Store) viewDB(ctx context.Context, fn func(kv.Reader) error) error {
	return internal(s.kv.View(ctx, fn), "read")
}

// slots is which parts of which uploads are being written in place, see multipart.go.
type slots struct {
	mu       sync.Mutex
	uploads  map[id]*uploadSlots
	reserved map[blob.ID]bool // see reserve
}

package pebblekv

import (
	"io"
	"log/slog"
	"runtime"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options say where and how to keep the store.
type Options struct {
	// Dir is the directory of the store, made when it is not there. Required.
	Dir string
	// FS is the file system; nil is that of the host.
	FS vfs.FS
	// Sync makes Update wait until its changes are on disk. Without it a crash of the machine may lose the last
	// updates, never their order; a crash of the process loses at most what the log had not yet handed to the system.
	Sync bool
	// CacheBytes bounds the cache of table blocks; 0 is 32 MiB. Beside it the store uses 32 MiB for
	// changes on their way to disk; more than that is taken from the cache for the time.
	CacheBytes int64
	// Logger takes Pebble's own log at debug level, and warnings; nil discards.
	Logger *slog.Logger

	memTable uint64 // bytes, 0 is memTableBytes; small in tests, so that they see flushes and compactions
}

const (
	defaultCacheBytes = 32 << 20

	// memTableBytes: a table of 16 MiB takes some 10^4 rows with small bodies; larger ones would save little, as
	// rows of objects are written once. One fills up while one is used again; writes wait when four exist, which
	// bounds what Open must replay to well under a second.
	memTableBytes = 16 << 20
	memTables     = 4

	// format is what an older program must know to read the store. It is the newest that the library does
	// not call experimental; raising it forbids going back to an older program.
	format = pebble.FormatValueSeparation
)

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1}))
	}
	if o.memTable == 0 {
		o.memTable = memTableBytes
	}
	return o
}

// pebble returns Pebble's options.
//
// Values stay inside the tables: separation into value files is still among the library's experimental options, and
// gains little here, because bodies of small objects lie under keys that only grow, so that compactions
// move their tables instead of rewriting them.
func (o Options) pebble(fs *guardFS, cache *pebble.Cache) *pebble.Options {
	log := logger{o.Logger, fs}
	p := &pebble.Options{
		FS:                          fs,
		Cache:                       cache,
		Merger:                      merger,
		FormatMajorVersion:          format,
		Logger:                      log,
		EventListener:               listener(log),
		MemTableSize:                o.memTable,
		MemTableStopWritesThreshold: memTables,
		// Two sublevels make a compaction due, so reads meet few; writes stop only when
		// compactions are hopelessly behind.
		L0CompactionThreshold: 2,
		L0StopWritesThreshold: 32,
		LBaseMaxBytes:         64 << 20,
		BytesPerSync:          1 << 20,
		// A log that is not synced by Update is pushed to the disk as it grows.
		WALBytesPerSync: 1 << 20,
		// The manifest is read by Open.
		MaxManifestFileSize: 8 << 20,
		MaxOpenFiles:        1000,
		CompactionConcurrencyRange: func() (int, int) {
			return 1, min(4, max(1, runtime.GOMAXPROCS(0)))
		},
	}
	for i := range p.Levels {
		p.Levels[i] = pebble.LevelOptions{
			BlockSize:      8 << 10, // some ten rows
			IndexBlockSize: 64 << 10,
			// 10 bits a key: one in a hundred Gets of absent keys reads a block in vain. On the last level too, because
			// most PUTs ask for a key that is not there.
			FilterPolicy: bloom.FilterPolicy(10),
			Compression:  func() *sstable.CompressionProfile { return sstable.SnappyCompression },
		}
	}
	return p
}

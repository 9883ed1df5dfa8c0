// Package server puts MyFSIO together: it opens the engines, the store, the identities and the fronts as the
// configuration asks, starts them in order, and stops them in the opposite order. It is the only package that names
// concrete engines.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"myfsio/blob"
	"myfsio/blob/fileblob"
	"myfsio/kms"
	"myfsio/kv"
	"myfsio/kv/pebblekv"
	"myfsio/object"
	"myfsio/vfs"
	"myfsio/view"
	"myfsio/work"
	"myfsio/work/project"
)

// SystemDir is the directory below the storage root that is the server's own.
const SystemDir = ".myfsio.sys"

// DataConfig says how a data directory is opened.
type DataConfig struct {
	Root        string // STORAGE_ROOT
	Sync        bool   // DURABILITY=sync
	PlainFiles  bool   // PLAIN_FILES
	MinPartSize int64  // MULTIPART_MIN_PART_SIZE
	Keys        KeysConfig
	Log         *slog.Logger
	Load        *work.Load // of the server that serves from it; nil for tools
}

// Data is an open data directory: one process at a time has it.
type Data struct {
	Store     *object.Store
	Blobs     blob.Store
	Tree      *view.Tree         // nil without PlainFiles
	Projector *project.Projector // nil without PlainFiles
	Crashed   bool               // the last process did not end orderly
	Keyring   *kms.Keyring       // nil without KMS_ENABLED
	Master    *kms.Master        // nil without a master key

	db   kv.DB
	made object.Config // of Store
	log  *slog.Logger
}

// OpenData opens the data directory, making it when it is not there. It does not start anything; the caller closes it.
func OpenData(ctx context.Context, c DataConfig) (*Data, error) {
	sys := filepath.Join(c.Root, SystemDir)
	if err := os.MkdirAll(sys, 0o755); err != nil {
		return nil, fmt.Errorf("the storage root cannot be made: %w", err)
	}
	db, err := pebblekv.Open(pebblekv.Options{Dir: filepath.Join(sys, "meta"), Sync: c.Sync, Logger: c.Log})
	if errors.Is(err, pebblekv.ErrLocked) {
		return nil, fmt.Errorf("%s is in use by another MyFSIO process: stop that one first, or set STORAGE_ROOT to another directory", c.Root)
	}
	if err != nil {
		return nil, fmt.Errorf("the metadata cannot be opened: %w", err)
	}
	d := &Data{db: db, log: c.Log}
	if err := d.open(ctx, &c, sys); err != nil {
		return nil, errors.Join(err, d.closeEngines())
	}
	return d, nil
}

func (d *Data) open(ctx context.Context, c *DataConfig, sys string) error {
	blobs, err := fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: filepath.Join(sys, "blobs"), Sync: c.Sync})
	if err != nil {
		return fmt.Errorf("the bytes cannot be opened: %w", err)
	}
	d.Blobs = blobs
	d.made = object.Config{KV: d.db, Blobs: d.Blobs, MinPartSize: c.MinPartSize, View: c.PlainFiles, Log: c.Log}
	if err := d.encryption(&c.Keys, &d.made, c.Log); err != nil {
		return err
	}
	d.Store, err = object.New(ctx, d.made)
	if err != nil {
		return err
	}
	if c.PlainFiles {
		if err := d.openView(c); err != nil {
			return err
		}
	}
	d.Crashed, err = d.Store.Begin(ctx)
	return err
}

func (d *Data) openView(c *DataConfig) error {
	tree, err := view.Open(view.Options{FS: vfs.OS{}, Root: c.Root})
	if err != nil {
		return fmt.Errorf("the plain-file view cannot be opened: %w", err)
	}
	d.Tree = tree
	if err := tree.Sweep(); err != nil {
		return err
	}
	d.Projector, err = project.New(project.Config{Store: d.Store, Tree: tree, Blobs: d.Blobs, Now: time.Now, Log: c.Log, Load: c.Load})
	return err
}

// viewTimeout is how long Close works on the plain-file view. What is left then is made at the next start.
const viewTimeout = 10 * time.Second

// Close ends the use of the data directory in order: the view is brought up to date, and the end noted.
func (d *Data) Close(ctx context.Context) error {
	err := d.closeView(ctx)
	if err == nil {
		err = d.Store.End(ctx)
	}
	return errors.Join(err, d.closeEngines())
}

func (d *Data) closeView(ctx context.Context) error {
	if d.Projector == nil {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	err := d.Projector.Drain(bounded)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		d.log.Info("plain files are still to be made; the next start goes on with them")
		return nil
	}
	return err
}

func (d *Data) closeEngines() error {
	var errs []error
	if d.Tree != nil {
		errs = append(errs, d.Tree.Close())
	}
	if d.Blobs != nil {
		errs = append(errs, d.Blobs.Close())
	}
	return errors.Join(append(errs, d.db.Close())...)
}

// ready reports whether the metadata can be read.
func (d *Data) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return d.db.View(ctx, func(kv.Reader) error { return nil })
}

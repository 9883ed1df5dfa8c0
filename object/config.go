package object

import (
	"context"
	"errors"

	"myfsio/fault"
	"myfsio/kv"
)

// ConfigKind is a sort of configuration document of a bucket. Its value is part of the format.
type ConfigKind byte

// The kinds.
const (
	ConfigCORS      ConfigKind = 'c'
	ConfigWebsite   ConfigKind = 'w'
	ConfigLifecycle ConfigKind = 'l'
)

// MaxConfig is the largest configuration document, in bytes.
const MaxConfig = 1 << 20

// configs says of each kind what S3's error for its absence is.
var configs = map[ConfigKind]struct{ code, msg string }{
	ConfigCORS:      {"NoSuchCORSConfiguration", "The CORS configuration does not exist"},
	ConfigWebsite:   {"NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"},
	ConfigLifecycle: {"NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"},
}

func (k ConfigKind) check() error {
	if _, ok := configs[k]; !ok {
		return fault.New(fault.InvalidArgument, "There is no configuration of kind %q.", byte(k))
	}
	return nil
}

func (k ConfigKind) absent() error {
	return &fault.Error{Kind: fault.NoSuchConfig, Code: configs[k].code, Msg: configs[k].msg}
}

// Config returns a configuration document of a bucket as it was given, or an error of kind NoSuchConfig.
func (s *Store) Config(ctx context.Context, bucket string, kind ConfigKind) (doc []byte, err error) {
	if err := kind.check(); err != nil {
		return nil, err
	}
	err = s.viewDB(ctx, func(r kv.Reader) error {
		doc = nil
		b, err := glanceBucket(r, bucket)
		if err != nil {
			return err
		}
		v, err := r.Get(configKey(b.ID, kind))
		if errors.Is(err, kv.ErrNotFound) {
			return kind.absent()
		}
		doc = append([]byte(nil), v...)
		return err
	})
	return doc, err
}

// SetConfig stores a configuration document of 1 to MaxConfig bytes, which is the caller's to check.
func (s *Store) SetConfig(ctx context.Context, bucket string, kind ConfigKind, doc []byte) error {
	if err := kind.check(); err != nil {
		return err
	}
	if len(doc) == 0 || len(doc) > MaxConfig {
		return fault.New(fault.InvalidArgument, "A configuration document has 1 to %d bytes.", MaxConfig)
	}
	return s.update(ctx, func(t *txn) error {
		b, err := glanceBucket(t, bucket)
		if err != nil {
			return err
		}
		t.Put(configKey(b.ID, kind), doc)
		return nil
	})
}

// DeleteConfig removes a configuration document; that there is none is no error.
func (s *Store) DeleteConfig(ctx context.Context, bucket string, kind ConfigKind) error {
	if err := kind.check(); err != nil {
		return err
	}
	return s.update(ctx, func(t *txn) error {
		b, err := glanceBucket(t, bucket)
		if err != nil {
			return err
		}
		t.Delete(configKey(b.ID, kind))
		return nil
	})
}

// dropConfigs removes all documents of a bucket, also those of kinds that a newer program knows.
func (t *txn) dropConfigs(bucket uint64) error {
	var keys [][]byte
	for p, err := range kv.Scan(t, kv.Prefix(inBucket(tConfig, bucket, 0))) {
		if err != nil {
			return err
		}
		keys = append(keys, append([]byte(nil), p.Key...))
	}
	for _, k := range keys {
		t.Delete(k)
	}
	return nil
}

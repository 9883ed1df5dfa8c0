package object

import (
	"context"
	"errors"
	"slices"

	"myfsio/fault"
	"myfsio/kv"
)

// ConfigKind is a sort of configuration document of a bucket. Its value is part of the format.
type ConfigKind byte

// The kinds.
const (
	ConfigCORS         ConfigKind = 'c'
	ConfigEncryption   ConfigKind = 'e'
	ConfigLogging      ConfigKind = 'g'
	ConfigInventory    ConfigKind = 'i'
	ConfigLifecycle    ConfigKind = 'l'
	ConfigNotification ConfigKind = 'n'
	ConfigReplication  ConfigKind = 'r'
	ConfigTagging      ConfigKind = 't'
	ConfigWebsite      ConfigKind = 'w'
)

// MaxConfig is the largest configuration document, in bytes.
const MaxConfig = 1 << 20

// configKinds says of each kind which feature it is, and what S3's error for its absence is. The place of a kind is part of the format.
var configKinds = [...]struct {
	kind      ConfigKind
	code, msg string
}{
	{ConfigCORS, "NoSuchCORSConfiguration", "The CORS configuration does not exist"},
	{ConfigWebsite, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"},
	{ConfigLifecycle, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"},
	{ConfigNotification, "NoSuchConfiguration", "The notification configuration does not exist"},
	{ConfigEncryption, "ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found"},
	{ConfigTagging, "NoSuchTagSet", "The TagSet does not exist"},
	{ConfigLogging, "NoSuchConfiguration", "The logging configuration does not exist"},
	{ConfigReplication, "ReplicationConfigurationNotFoundError", "The replication configuration was not found"},
	{ConfigInventory, "NoSuchConfiguration", "The specified configuration does not exist."},
}

// place returns where in configKinds the kind stands, -1 for none.
func (k ConfigKind) place() int {
	for i := range configKinds {
		if configKinds[i].kind == k {
			return i
		}
	}
	return -1
}

func (k ConfigKind) check() error {
	if k.place() < 0 {
		return fault.New(fault.InvalidArgument, "There is no configuration of kind %q.", byte(k))
	}
	return nil
}

func (k ConfigKind) absent() error {
	c := &configKinds[k.place()]
	return &fault.Error{Kind: fault.NoSuchConfig, Code: c.code, Msg: c.msg}
}

// features tells which documents a bucket has: a bit for each kind, and one that says that the others are kept.
type features uint64

const (
	featuresKept features = 1 << 63
	// beforeFeatures are the kinds that a bucket may have whose record is from before features were kept.
	beforeFeatures = 1<<0 | 1<<1 | 1<<2
)

func (k ConfigKind) feature() features {
	if i := k.place(); i >= 0 {
		return 1 << i
	}
	return 0
}

// Has reports whether the bucket has a document of the kind, without a look at it. Of a bucket that an older program made it says that there
// is one where there may be.
func (b *Bucket) Has(k ConfigKind) bool {
	have := b.features
	if have&featuresKept == 0 {
		have = beforeFeatures
	}
	return have&k.feature() != 0
}

// countFeatures finds out what a bucket from before features were kept has.
func countFeatures(r kv.Reader, bucket uint64) (features, error) {
	f := featuresKept
	for p, err := range kv.Scan(r, kv.Prefix(inBucket(tConfig, bucket, 0))) {
		if err != nil {
			return f, err
		}
		f |= ConfigKind(p.Key[len(p.Key)-1]).feature()
	}
	return f, nil
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
		if !b.Has(kind) {
			return kind.absent()
		}
		v, err := r.Get(configKey(b.ID, kind))
		if errors.Is(err, kv.ErrNotFound) {
			return kind.absent()
		}
		doc = slices.Clone(v)
		return err
	})
	return doc, err
}

// BucketConfig describes a bucket and returns its configuration document of a kind, nil when it has none: both of one moment, which
// two calls of HeadBucket and Config are not where a bucket is removed and made again.
func (s *Store) BucketConfig(ctx context.Context, bucket string, kind ConfigKind) (b Bucket, doc []byte, err error) {
	if err := kind.check(); err != nil {
		return b, nil, err
	}
	err = s.viewDB(ctx, func(r kv.Reader) (err error) {
		doc = nil
		if b, err = getBucket(r, bucket); err != nil || !b.Has(kind) {
			return err
		}
		v, err := r.Get(configKey(b.ID, kind))
		if errors.Is(err, kv.ErrNotFound) {
			return nil
		}
		doc = slices.Clone(v)
		return err
	})
	return b, doc, err
}

// SetConfig stores a configuration document of 1 to MaxConfig bytes, which is the caller's to check.
func (s *Store) SetConfig(ctx context.Context, bucket string, kind ConfigKind, doc []byte) error {
	if len(doc) == 0 || len(doc) > MaxConfig {
		return fault.New(fault.InvalidArgument, "A configuration document has 1 to %d bytes.", MaxConfig)
	}
	return s.changeConfig(ctx, bucket, kind, func([]byte) ([]byte, error) { return doc, nil })
}

// ChangeConfig replaces a configuration document by what change makes of it, in one commit: for documents that hold several
// configurations. There is none before when old is empty, and none afterwards when change returns an empty one. change may run again, and
// keeps no part of old.
func (s *Store) ChangeConfig(ctx context.Context, bucket string, kind ConfigKind, change func(old []byte) ([]byte, error)) error {
	return s.changeConfig(ctx, bucket, kind, func(old []byte) ([]byte, error) {
		doc, err := change(old)
		if err == nil && len(doc) > MaxConfig {
			err = fault.New(fault.InvalidArgument, "A configuration document has at most %d bytes.", MaxConfig)
		}
		return doc, err
	})
}

// DeleteConfig removes a configuration document; that there is none is no error.
func (s *Store) DeleteConfig(ctx context.Context, bucket string, kind ConfigKind) error {
	return s.changeConfig(ctx, bucket, kind, func([]byte) ([]byte, error) { return nil, nil })
}

// changeConfig stores the document that change returns, or removes it when that is empty, and keeps the bucket's features.
func (s *Store) changeConfig(ctx context.Context, bucket string, kind ConfigKind, change func(old []byte) ([]byte, error)) error {
	if err := kind.check(); err != nil {
		return err
	}
	return s.update(ctx, func(t *txn) error {
		b, err := getBucket(t, bucket)
		if err != nil {
			return err
		}
		old, err := t.Get(configKey(b.ID, kind))
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		doc, err := change(old)
		if err != nil {
			return err
		}
		before := b.features
		if b.features&featuresKept == 0 {
			if b.features, err = countFeatures(t, b.ID); err != nil {
				return err
			}
		}
		if len(doc) > 0 {
			b.features |= kind.feature()
			t.Put(configKey(b.ID, kind), doc)
		} else {
			b.features &^= kind.feature()
			t.Delete(configKey(b.ID, kind))
		}
		if b.features != before {
			t.Put(bucketKey(bucket), b.encode())
		}
		return nil
	})
}

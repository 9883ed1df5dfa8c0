package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"myfsio/config"
	"myfsio/kms"
	"myfsio/object"
	"myfsio/object/encrypt"
	"myfsio/seal"
)

// KeysConfig says where the keys of encryption are, and what they may be used for.
type KeysConfig struct {
	config.Encryption
	DataKeyMin, DataKeyMax int // bytes of a data key that the KMS makes
}

// openKeys opens the keys. The master key is made when encryption or the KMS is on and there is none. When both are off it is opened where it
// is there: what was encrypted before can still be read. ring is nil without KMS_ENABLED, master without a master key.
func openKeys(c *KeysConfig, log *slog.Logger) (keys *seal.Keys, master *kms.Master, ring *kms.Keyring, err error) {
	keys = &seal.Keys{}
	_, err = os.Stat(c.MasterKeyPath)
	missing := errors.Is(err, fs.ErrNotExist)
	if c.MasterKeyPath == "" || missing && !c.Enabled && !c.KMSEnabled {
		return keys, nil, nil, nil
	}
	master, err = kms.OpenMaster(kms.MasterOptions{Path: c.MasterKeyPath, Needed: []string{c.KMSKeysPath}, Log: log})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the master key cannot be opened: %w", err)
	}
	if missing {
		log.Warn("a master key was made: back it up, nothing that is encrypted can be read without it", "file", c.MasterKeyPath)
	}
	keys.Masters = master
	if !c.KMSEnabled {
		return keys, master, nil, nil
	}
	ring, err = kms.Open(kms.Options{Path: c.KMSKeysPath, Master: master, DataKeyMin: c.DataKeyMin, DataKeyMax: c.DataKeyMax, Log: log})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the keys of the KMS cannot be opened: %w", err)
	}
	keys.KMS = ring
	return keys, master, ring, nil
}

// encryption puts the keys into the configuration of the store.
func (d *Data) encryption(c *KeysConfig, into *object.Config, log *slog.Logger) (err error) {
	into.Keys, d.Master, d.Keyring, err = openKeys(c, log)
	into.Encrypt = c.Enabled
	if into.DefaultSort = seal.S3; c.DefaultAlgorithm == encrypt.KMS {
		into.DefaultSort = seal.KMS
	}
	return err
}

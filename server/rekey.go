package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"myfsio/config"
	"myfsio/kms"
)

// Rekey makes a new master key and wraps the keys of the KMS with it, all or none. Former master keys stay in files beside it, for the
// objects whose keys they wrap. A server that runs goes on with the old one until it is started anew.
func Rekey(cfg *config.Config, log *slog.Logger, out io.Writer) error {
	path, keys := cfg.Encryption.MasterKeyPath, cfg.Encryption.KMSKeysPath
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no master key at %s yet: the first start with encryption makes one", path)
	}
	master, err := kms.OpenMaster(kms.MasterOptions{Path: path, Needed: []string{keys}, Log: log})
	if err != nil {
		return err
	}
	ring, err := kms.Open(kms.Options{Path: keys, Master: master, Log: log})
	if err != nil {
		return err
	}
	old, _, err := master.Current()
	if err != nil {
		return err
	}
	id, err := master.Rotate(ring.Rekey)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The master key is now %x; %d keys of the KMS are wrapped with it.\n", id, len(ring.Keys()))
	fmt.Fprintf(out, "Keep %s.%x: objects that were written before need it. Back up both, and restart the server.\n", path, old)
	fmt.Fprintf(out, "POST /admin/encryption/rewrap/run then puts those objects under the new key; its status tells when the old one may go.\n")
	return nil
}

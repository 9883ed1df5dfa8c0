package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"myfsio/logs"
)

// SecretKey returns the key kept in root/.myfsio.sys/config/.secret, making it when there is none: 32 random
// bytes in base64, readable by the owner alone, durable when SecretKey returns. Of several
// processes that start at once one makes the key and all return it. A file that is there and empty is an error.
func SecretKey(root string) (logs.Secret, error) {
	dir := filepath.Join(root, ".myfsio.sys", "config")
	path := filepath.Join(dir, ".secret")
	key, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := makeSecret(dir, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make %s: %w", path, err)
	}
	return readSecret(path)
}

func readSecret(path string) (logs.Secret, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return "", fmt.Errorf("%s is empty: restore it from a backup, or remove it when iam.json is not encrypted", path)
	}
	return logs.Secret(key), nil
}

// makeSecret writes a new key beside path and links it there, which fails where there is a key already.
func makeSecret(dir, path string) error {
	var key [32]byte
	rand.Read(key[:])                         // never fails, see crypto/rand
	f, err := os.CreateTemp(dir, ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(base64.RawURLEncoding.EncodeToString(key[:]))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

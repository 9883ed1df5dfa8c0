package server

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/config"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/seal"
)

// Keys are opened as the settings ask; what was encrypted once can be read as long as its keys are there.
func TestKeys(t *testing.T) {
	root := t.TempDir()
	keyFile, ring := filepath.Join(root, "keys", "master.key"), filepath.Join(root, "keys", "kms_keys.json")
	ctx := t.Context()
	with := func(enabled, kms bool, fn func(*Data)) {
		t.Helper()
		d, err := OpenData(ctx, DataConfig{Root: root, PlainFiles: true, MinPartSize: 1, Log: slog.New(slog.DiscardHandler), Keys: KeysConfig{
			Encryption: config.Encryption{Enabled: enabled, KMSEnabled: kms, MasterKeyPath: keyFile, KMSKeysPath: ring, DefaultAlgorithm: "AES256"}}})
		if err != nil {
			t.Fatal(err)
		}
		fn(d)
		if err := d.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	put := func(d *Data, key string, sort seal.Sort) error {
		_, err := d.Store.Put(ctx, object.PutObject{Bucket: "box", Key: key, Seal: &object.Sealing{Sort: sort}, Body: object.Body{Reader: strings.NewReader("hello"), Size: 5}})
		return err
	}
	get := func(d *Data, key string) error {
		r, err := d.Store.Open(ctx, object.GetObject{Bucket: "box", Key: key})
		if err != nil {
			return err
		}
		defer r.Close()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, []byte("hello")) {
			t.Errorf("%s is %q, %v", key, got, err)
		}
		return nil
	}
	want := func(err error, kind fault.Kind) {
		t.Helper()
		if kind == fault.Internal && err != nil || kind != fault.Internal && !fault.Is(err, kind) {
			t.Errorf("error %v, want kind %d", err, kind)
		}
	}
	const none = fault.Internal
	with(false, false, func(d *Data) {
		if _, err := d.Store.CreateBucket(ctx, object.CreateBucket{Name: "box"}); err != nil {
			t.Fatal(err)
		}
		want(put(d, "s3", seal.S3), fault.InvalidRequest)
	})
	if _, err := os.Stat(keyFile); err == nil {
		t.Error("a master key was made that nobody asked for")
	}
	with(true, false, func(d *Data) {
		want(put(d, "s3", seal.S3), none)
		want(put(d, "kms", seal.KMS), fault.InvalidRequest)
		if d.Keyring != nil {
			t.Error("there are keys of the KMS")
		}
	})
	if info, err := os.Stat(keyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the master key: %v, %v", info, err)
	}
	with(true, true, func(d *Data) {
		want(put(d, "kms", seal.KMS), none)
		want(get(d, "kms"), none)
		want(get(d, "s3"), none)
	})
	with(false, true, func(d *Data) {
		want(put(d, "new", seal.KMS), fault.InvalidRequest)
		want(get(d, "kms"), none)
		want(get(d, "s3"), none)
	})
	with(false, false, func(d *Data) {
		want(put(d, "new", seal.S3), fault.InvalidRequest)
		want(get(d, "kms"), fault.InvalidRequest)
		want(get(d, "s3"), none)
	})
	if err := os.Rename(keyFile, keyFile+".away"); err != nil {
		t.Fatal(err)
	}
	with(false, false, func(d *Data) { want(get(d, "s3"), fault.InvalidState) })
	_, err := OpenData(ctx, DataConfig{Root: root, Log: slog.New(slog.DiscardHandler), Keys: KeysConfig{
		Encryption: config.Encryption{Enabled: true, KMSEnabled: true, MasterKeyPath: keyFile, KMSKeysPath: ring}}})
	if err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("a master key that is missing: %v", err)
	}
}

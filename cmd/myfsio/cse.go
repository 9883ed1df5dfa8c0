package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"myfsio/cse"
)

// clientSide are the commands of encryption by the client, which need no configuration and no server.
var clientSide = map[string]struct {
	args int
	run  func(f *flags, out io.Writer) error
}{
	"new-key":      {1, newKey},
	"encrypt-file": {3, encryptFile},
	"decrypt-file": {3, decryptFile},
}

// newKey writes a random key to the file args[0], which must not be there.
func newKey(f *flags, _ io.Writer) error {
	return writeNew(f.rest[0], []byte(cse.GenerateKey().Base64()+"\n"))
}

func readKey(path string) (cse.Key, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return cse.Key{}, err
	}
	defer clear(b)
	key, err := cse.ParseKey(string(b))
	if err != nil {
		return key, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// metaFile is where the user metadata of a file stands unless --meta says otherwise.
func (f *flags) metaFile(file string) string {
	if f.meta != "" {
		return f.meta
	}
	return file + ".meta.json"
}

// encryptFile encrypts args[1] under the key in args[0] to args[2], and writes the user metadata to upload with it.
func encryptFile(f *flags, out io.Writer) error {
	key, err := readKey(f.rest[0])
	if err != nil {
		return err
	}
	plain, err := os.ReadFile(f.rest[1])
	if err != nil {
		return err
	}
	body, meta, err := cse.EncryptForUpload(plain, key, nil)
	if err != nil {
		return err
	}
	doc, err := json.MarshalIndent(meta, "", "  ")
	if err != nil {
		return err
	}
	target, side := f.rest[2], f.metaFile(f.rest[2])
	if err := writeNew(target, body); err != nil {
		return err
	}
	if err := writeNew(side, append(doc, '\n')); err != nil {
		return errors.Join(err, os.Remove(target))
	}
	fmt.Fprintf(out, "Upload %s with the metadata in %s: aws s3api put-object --body %s --metadata file://%s …\n", target, side, target, side)
	return nil
}

// decryptFile decrypts args[1] under the key in args[0] to args[2].
func decryptFile(f *flags, _ io.Writer) error {
	key, err := readKey(f.rest[0])
	if err != nil {
		return err
	}
	meta, err := readMeta(f.metaFile(f.rest[1]))
	if err != nil {
		return err
	}
	body, err := os.ReadFile(f.rest[1])
	if err != nil {
		return err
	}
	plain, err := cse.DecryptFromDownload(body, meta, key)
	if err != nil {
		return err
	}
	return writeNew(f.rest[2], plain)
}

// readMeta reads user metadata: an object of strings, or the answer of head-object, which has one as its Metadata.
func readMeta(path string) (map[string]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var answer struct{ Metadata map[string]string }
	if json.Unmarshal(b, &answer) == nil && answer.Metadata != nil {
		return answer.Metadata, nil
	}
	var meta map[string]string
	if err := json.Unmarshal(b, &meta); err != nil {
		return nil, fmt.Errorf("%s is neither a JSON object of strings nor the answer of head-object: %w", path, err)
	}
	return meta, nil
}

// writeNew writes a file that must not be there, for its owner alone.
func writeNew(path string, b []byte) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	if err = errors.Join(err, w.Sync(), w.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"sync"
)

// encryptedPrefix begins an encrypted file; a Fernet token follows.
const encryptedPrefix = "MYFSIO_IAM_ENC:"

// file is iam.json with what is derived from it.
type file struct {
	doc       Document
	encrypted bool
	old       bool      // version 1, or in clear where it should be encrypted
	renew     sync.Once // for an old one

	ready sync.Once // for what Store.index fills, which a change does without
	index
}

func newFile() *file { return &file{} }

// codec turns the bytes of the file into a file and back.
type codec struct {
	encrypt bool // write encrypted even what was read in clear
	haveKey bool
	key     func() *fernet
}

func (c codec) decode(b []byte) (*file, error) {
	f := newFile()
	if rest, ok := bytes.CutPrefix(bytes.TrimSpace(b), []byte(encryptedPrefix)); ok {
		if !c.haveKey {
			return nil, errors.New("it is encrypted, and there is no SECRET_KEY")
		}
		f.encrypted = true
		var ok bool
		if b, ok = c.key().decrypt(string(rest)); !ok {
			return nil, errors.New("it cannot be decrypted: SECRET_KEY is not the one that it was encrypted with")
		}
	}
	if err := json.Unmarshal(b, &f.doc); err != nil {
		return nil, maskSyntax(err)
	}
	f.old = c.encrypt && !f.encrypted || isV1(b)
	f.doc.markLegacy()
	return f, nil
}

// maskSyntax drops what encoding/json quotes from the file.
func maskSyntax(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return errors.New("it is not valid JSON")
	}
	return err
}

func isV1(b []byte) bool {
	var v struct{ Version *int }
	return json.Unmarshal(b, &v) == nil && (v.Version == nil || *v.Version == 1)
}

func (c codec) encode(f *file) ([]byte, error) {
	b, err := json.Marshal(f.doc)
	if err != nil {
		return nil, err
	}
	if c.encrypt || f.encrypted {
		return []byte(encryptedPrefix + c.key().encrypt(b)), nil
	}
	var out bytes.Buffer
	err = json.Indent(&out, b, "", "  ")
	return out.Bytes(), err
}

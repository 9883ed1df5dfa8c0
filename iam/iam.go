// Package iam knows the users, their access keys and what they may do.
//
// Users live in one JSON file, iam.json, that people and other processes may edit: an edit acts on
// the next request (see docstore). Version 2 of the format is written, versions 1 and 2 are read; whatever the
// file holds that this package does not know is kept when it is written again.
//
//	{"version": 2, "users": [{
//	    "user_id": "u-0123456789abcdef", "display_name": "…", "enabled": true, "expires_at": "2031-05-01T12:00:00+00:00",
//	    "access_keys": [{"access_key": "…", "secret_key": "…", "status": "active", "created_at": "…"}],
//	    "policies": [{"bucket": "*", "actions": ["list", "read"], "prefix": "notes/"}]}]}
//
// With a SECRET_KEY the file is encrypted: the prefix MYFSIO_IAM_ENC: and a Fernet token.
//
// An entry of "policies" may also be an AWS document, {"Version": …, "Statement": …}. All entries of a user
// are compiled into one policy when the file is read (see package policy), so that a request costs a look-up.
//
// An administrator is a user with an entry for all buckets, without a prefix, that holds the action "iam:*". In a file
// where nobody does, as 0.4 may have left it, the users who hold "*" there are administrators.
//
// Sessions are temporary credentials in a sealed token; nothing is stored of them (see Store.Issue).
//
// What cannot be understood never grants: an expiry that cannot be read has passed, a status that is not "active" is
// not, a policy of an unknown shape or a malformed document allows nothing.
package iam

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"myfsio/docstore"
	"myfsio/fault"
	"myfsio/iam/policy"
	"myfsio/logs"
)

// Options say where users live. Path is needed.
type Options struct {
	Path           string      // iam.json
	SecretKey      logs.Secret // decrypts and encrypts the file; "" for neither
	Encrypt        bool        // encrypt a file that is in clear: SECRET_KEY was given on purpose
	AdminAccessKey string      // of the administrator made at the first start or by ResetAdmin; "" for a random one
	AdminSecretKey logs.Secret // likewise
	Log            *slog.Logger
	Now            func() time.Time // default time.Now
}

// Store is the users. Its methods may be called at the same time.
type Store struct {
	docs  *docstore.Store[file]
	log   *slog.Logger
	now   func() time.Time
	dummy []byte

	sealer   cipher.AEAD // of session tokens
	sessions sessionCache

	legacy   sync.Once // to warn of administrators by the rule of 0.4
	warnedMu sync.Mutex
	warned   map[[32]byte]bool // malformed documents that were logged

	compiledMu sync.Mutex
	compiled   map[[32]byte]*policy.Policy // of the state in force, by User.policySum
}

// Admin is the key of an administrator that was just made.
type Admin struct {
	AccessKey string
	SecretKey logs.Secret
	Given     bool // both keys came from the settings: no need to show them
}

// Open reads the users. When there is no file it makes one with an administrator, whose key it
// returns this once; of several processes that start together one makes it. It fails for a
// file that is damaged or that SecretKey does not decrypt, and leaves that file alone.
func Open(o Options) (*Store, *Admin, error) {
	s, err := open(o, false)
	if err != nil {
		return nil, nil, err
	}
	var made *Admin
	if !s.docs.Exists() {
		err = s.docs.Update(func(f *file) error {
			made = nil
			if len(f.doc.Users) > 0 {
				return nil
			}
			made = newAdmin(o)
			f.doc.Users = []User{s.adminUser(made)}
			return nil
		})
		if err != nil {
			return nil, nil, fmt.Errorf("make the first administrator: %w", err)
		}
	}
	s.file()
	return s, made, nil
}

func open(o Options, fresh bool) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o755); err != nil {
		return nil, err
	}
	c := codec{encrypt: o.Encrypt && o.SecretKey != "", key: sync.OnceValue(func() *fernet { return newFernet(o.SecretKey) })}
	c.haveKey = o.SecretKey != ""
	docs, err := docstore.Open(docstore.Options[file]{
		Path: o.Path, Decode: c.decode, Encode: c.encode, New: newFile, Fresh: fresh, Max: 64 << 20, Log: o.Log, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	s := &Store{docs: docs, log: o.Log, now: o.Now, dummy: make([]byte, 43), sealer: newSealer(o.SecretKey), warned: map[[32]byte]bool{}}
	rand.Read(s.dummy) // never fails, see crypto/rand
	return s, nil
}

// file returns the file in force. One in an old form is first written in the new one, once.
func (s *Store) file() *file {
	f := s.docs.Get()
	if f.old {
		f.renew.Do(func() {
			if err := s.docs.Update(func(*file) error { return nil }); err != nil {
				s.log.Error("the users could not be written in their new form", "fault", err)
			}
		})
		f = s.docs.Get()
	}
	f.ready.Do(func() { s.index(f) })
	return f
}

// Fault returns why iam.json on the disk is not in force, nil when it is.
func (s *Store) Fault() error { return s.docs.Fault() }

// Lookup finds an access key. For one that is not known it reports false and returns a credential with
// a random secret, so that verifying takes as long as with a known key.
func (s *Store) Lookup(accessKey string) (Credential, bool) {
	c, ok := s.file().keys[accessKey]
	if !ok {
		return s.nobody(accessKey), false
	}
	return *c, true
}

// nobody is the credential of a key that is not known.
func (s *Store) nobody(accessKey string) Credential {
	return Credential{Principal: Principal{AccessKey: accessKey}, secret: s.dummy}
}

// Authenticate proves a user by the secret itself, in constant time. Errors: UnknownKey, BadSignature for a
// wrong secret, and those of Credential.Check.
func (s *Store) Authenticate(accessKey, secret string) (Principal, error) {
	c, known := s.Lookup(accessKey)
	got, want := sha256.Sum256([]byte(secret)), sha256.Sum256(c.secret)
	right := subtle.ConstantTimeCompare(got[:], want[:]) == 1
	switch {
	case !known:
		return Principal{}, fault.New(fault.UnknownKey, "The access key does not exist.")
	case !right:
		return Principal{}, fault.New(fault.BadSignature, "The secret key is not right.")
	}
	if err := c.Check(s.now()); err != nil {
		return Principal{}, err
	}
	return c.Principal, nil
}

// Users returns the users in the order of the file. They are shared and must not be changed.
func (s *Store) Users() []User { return s.file().doc.Users }

// Update changes the users, durably; the change acts on the next request. fn may run again and has no other
// effects. Its error is returned as it is. Users with the same id or access key are refused with InvalidArgument.
func (s *Store) Update(fn func(*Document) error) error {
	return s.docs.Update(func(f *file) error {
		if err := fn(&f.doc); err != nil {
			return err
		}
		f.doc.markLegacy()
		return f.doc.unique()
	})
}

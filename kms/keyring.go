package kms

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"myfsio/docstore"
)

// Options describe a Keyring. Path and Master are needed.
type Options struct {
	Path       string // of kms_keys.json
	Master     *Master
	DataKeyMin int // bytes of a data key, default 1
	DataKeyMax int // default and at most 1024
	Log        *slog.Logger
	Now        func() time.Time // default time.Now
}

// Keyring is the keys of the server. Its methods may be called at the same time, also by other processes on the same file.
// What changed is durable when a method returns.
type Keyring struct {
	docs   *docstore.Store[document]
	master *Master
	path   string
	lo, hi int
	log    *slog.Logger
	now    func() time.Time
}

// Open reads the keys. It fails, and changes nothing, when the file is damaged, and when the master key is not the one that the keys were wrapped with.
func Open(o Options) (*Keyring, error) {
	k := &Keyring{master: o.Master, path: o.Path, lo: max(o.DataKeyMin, 1), hi: o.DataKeyMax, log: o.Log, now: o.Now}
	if k.hi <= 0 || k.hi > maxRandom {
		k.hi = maxRandom
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if k.now == nil {
		k.now = time.Now
	}
	if info, err := os.Stat(o.Path); err == nil && info.Mode().Perm()&0o077 != 0 {
		k.log.Warn("the keys can be read by others: chmod 600", "file", o.Path, "mode", info.Mode().Perm().String())
	}
	var err error
	k.docs, err = docstore.Open(docstore.Options[document]{Path: o.Path, Decode: decode, Log: k.log, Now: k.now})
	if err != nil {
		return nil, err
	}
	return k, k.check(k.docs.Get(), true)
}

// check makes sure that the master key is the one of the keys. A single key that does not open is told of in the log; it stays as it is.
func (k *Keyring) check(d *document, tell bool) error {
	master, err := k.masterOf(d)
	if err != nil {
		return err
	}
	var good, bad int
	for _, key := range d.Keys {
		m, err := key.open(master, key.MaterialVersion)
		if clear(m[:]); err == nil {
			good++
			continue
		}
		if bad++; tell {
			k.log.Error("the material of a key does not open; restore it from a backup", "file", k.path, "key", key.KeyID)
		}
	}
	if bad > 0 && good == 0 {
		id := masterID(master)
		return fmt.Errorf("the keys of %s were not wrapped with the master key %x: restore the right one from a backup", k.path, id)
	}
	return nil
}

// masterOf returns the master key that the document's keys are wrapped with.
func (k *Keyring) masterOf(d *document) ([32]byte, error) {
	if d.MasterKeyID == "" {
		_, master, err := k.master.Current()
		return master, err
	}
	id, err := hex.DecodeString(d.MasterKeyID)
	if err != nil || len(id) != 8 {
		return [32]byte{}, fmt.Errorf("the MasterKeyId of %s is not 16 hexadecimal digits", k.path)
	}
	return k.master.Find([8]byte(id))
}

// get returns the document in force. It must not be changed.
func (k *Keyring) get() *document { return k.docs.Get() }

// Fault returns why the file on the disk is not what is in force, nil when it is.
func (k *Keyring) Fault() error { return k.docs.Fault() }

// change is one run of update: the document, the master key that wraps its material, and the time that holds for all of it.
type change struct {
	*document
	master [32]byte
	now    time.Time
}

// update changes the document.
func (k *Keyring) update(fn func(c change) error) error {
	return k.docs.Update(func(d *document) error {
		if err := k.check(d, false); err != nil {
			return err
		}
		master, err := k.masterOf(d)
		if err != nil {
			return err
		}
		now := k.now()
		d.purge(now)
		if err := d.sealClear(master); err != nil {
			return err
		}
		id := masterID(master)
		d.MasterKeyID = hex.EncodeToString(id[:])
		return fn(change{d, master, now})
	})
}

// Purge removes the keys whose waiting time is over at now, with their material. Without such keys it writes nothing.
func (k *Keyring) Purge(now time.Time) error {
	err := k.docs.Update(func(d *document) error {
		if !d.purge(now) {
			return errNothing
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

var errNothing = errors.New("kms: nothing to do")

// resolve finds a key by its id, its ARN, or an alias by name or ARN.
func (k *Keyring) resolve(d *document, name string) (*key, error) {
	found, err := d.lookup(name, k.now())
	if err != nil {
		k.purgeDue(d)
	}
	return found, err
}

// lookup is resolve without effects.
func (d *document) lookup(name string, now time.Time) (*key, error) {
	id, isARN := strings.CutPrefix(name, arnPrefix)
	isAlias := strings.HasPrefix(id, aliasPrefix)
	if name == "" || len(name) > len(arnPrefix)+maxStoredID || isARN && !isAlias && !strings.HasPrefix(id, "key/") {
		return nil, refuse(Validation, "The key id is not valid.")
	}
	if isAlias {
		a := d.alias(id)
		if a == nil {
			return nil, refuse(NotFound, "Alias %s is not found.", arnPrefix+id)
		}
		id = a.TargetKeyID
	} else if isARN {
		id = strings.TrimPrefix(id, "key/")
	}
	if found := d.find(id, now); found != nil {
		return found, nil
	}
	return nil, refuse(NotFound, "Key '%s' does not exist", arnPrefix+"key/"+id)
}

// purgeDue removes what is due from the file: a key whose time is over has been asked for.
func (k *Keyring) purgeDue(d *document) {
	now := k.now()
	for _, key := range d.Keys {
		if key.due(now) {
			if err := k.Purge(now); err != nil {
				k.log.Error("keys whose time is over are still in the file", "file", k.path, "error", err)
			}
			return
		}
	}
}

// usable says why a key may not be used now.
func (k *key) usable() error {
	switch {
	case k.KeyState == statePending:
		return refuse(InvalidState, "%s is pending deletion.", k.Arn)
	case !k.Enabled || k.KeyState == stateDisabled:
		return refuse(Disabled, "%s is disabled.", k.Arn)
	case k.KeyState != stateEnabled && k.KeyState != "":
		return refuse(InvalidState, "%s is in the state %q.", k.Arn, k.KeyState)
	}
	return nil
}

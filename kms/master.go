package kms

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// MasterOptions describe the master key. Path is needed.
type MasterOptions struct {
	Path string // of the file
	// Needed are files that are worthless without the key. Where the key is missing and one of them is there, no new key is
	// made: somebody has to bring the old one back.
	Needed []string
	Log    *slog.Logger // default none
}

// Master is the master key in force, and the former ones. Its methods may be called at the same time.
type Master struct {
	path string
	log  *slog.Logger
	step func(string) error // tests: before each call of the file system

	mu      sync.Mutex
	current [8]byte
	keys    map[[8]byte][32]byte
}

// masterFile bounds the bytes of a file with a master key.
const masterFile = 1 << 10

// OpenMaster reads the master key, and makes it when there is none: 32 random bytes in base64, durable and readable by the owner alone.
// Of several processes that start at once one makes the key and all have it. A file that others can read is warned of.
func OpenMaster(o MasterOptions) (*Master, error) {
	return openMaster(o, func(string) error { return nil })
}

func openMaster(o MasterOptions, step func(string) error) (*Master, error) {
	m := &Master{path: o.Path, log: o.Log, step: step, keys: map[[8]byte][32]byte{}}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	key, err := m.read(o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = m.first(o.Needed)
	}
	if err != nil {
		return nil, err
	}
	m.current = masterID(key)
	m.keys[m.current] = key
	return m, nil
}

// first makes the key.
func (m *Master) first(needed []string) (key [32]byte, err error) {
	for _, path := range needed {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return key, fmt.Errorf("the master key %s is missing, and %s needs it: restore it from a backup", m.path, path)
		}
	}
	if err := os.MkdirAll(filepath.Dir(m.path), 0o700); err != nil {
		return key, err
	}
	rand.Read(key[:]) // never fails, see crypto/rand
	if err := m.write(m.path, key); err != nil && !errors.Is(err, fs.ErrExist) {
		return key, fmt.Errorf("make the master key %s: %w", m.path, err)
	}
	return m.read(m.path) // perhaps another process made it
}

// masterID names a key for ever and tells nothing about it.
func masterID(key [32]byte) [8]byte {
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte("myfsio master key id"))
	return [8]byte(h.Sum(nil))
}

// Current returns the master key in force and its id.
func (m *Master) Current() (id [8]byte, key [32]byte, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current, m.keys[m.current], nil
}

// Find returns the master key of an id: the one in force, or a former one from its file.
func (m *Master) Find(id [8]byte) ([32]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if key, ok := m.keys[id]; ok {
		return key, nil
	}
	for _, path := range []string{m.side(id), m.path} { // m.path: another process may have rotated it
		key, err := m.read(path)
		if err == nil && masterID(key) == id {
			m.keys[id] = key
			return key, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return [32]byte{}, err
		}
	}
	return [32]byte{}, fmt.Errorf("the master key %x is neither in %s nor in %s: restore it from a backup", id, m.path, m.side(id))
}

// Changed reports whether the file has another key than the one in force here: another process rotated it, and this one goes on with the old key until
// it is started anew.
func (m *Master) Changed() (bool, error) {
	key, err := m.read(m.path)
	defer clear(key[:])
	if err != nil {
		return false, err
	}
	current, old, err := m.Current()
	clear(old[:])
	return masterID(key) != current, err
}

// Former returns the ids of the master keys that have files of their own and are not in force, in the order of the ids. That the files are
// good is not looked at.
func (m *Master) Former() ([][8]byte, error) {
	entries, err := os.ReadDir(filepath.Dir(m.path)) // sorted
	if err != nil {
		return nil, err
	}
	current, key, err := m.Current()
	clear(key[:])
	var out [][8]byte
	for _, e := range entries {
		text, side := strings.CutPrefix(e.Name(), filepath.Base(m.path)+".")
		id, bad := hex.DecodeString(text)
		if side && bad == nil && len(id) == len(current) && [8]byte(id) != current {
			out = append(out, [8]byte(id))
		}
	}
	return out, err
}

// side is the file of a key by its id.
func (m *Master) side(id [8]byte) string { return m.path + "." + hex.EncodeToString(id[:]) }

// Rotate makes a new master key and returns its id. rewrap is called when the key can be found and is not yet in force: it must move what is wrapped at once to
// the new key ([Keyring.Rekey]); when it fails the old key stays in force, and both can be found. Former keys stay in files of their own, for
// [seal.Keys.Rewrap] to need at its own pace.
func (m *Master) Rotate(rewrap func(id [8]byte) error) (id [8]byte, err error) {
	var key [32]byte
	rand.Read(key[:]) // never fails, see crypto/rand
	id = masterID(key)
	old, oldKey, _ := m.Current()
	for _, k := range [][32]byte{oldKey, key} {
		if err := m.write(m.side(masterID(k)), k); err != nil && !errors.Is(err, fs.ErrExist) {
			return old, err
		}
	}
	if err := rewrap(id); err != nil {
		return old, err
	}
	temp, err := m.temp(m.path, key)
	if err != nil {
		return old, err
	}
	if err := m.replace(temp); err != nil {
		os.Remove(temp)
		return old, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current, m.keys[id] = id, key
	return id, m.syncDir(m.path)
}

func (m *Master) replace(temp string) error {
	if err := m.step("rename"); err != nil {
		return err
	}
	return os.Rename(temp, m.path)
}

// read reads a file with a key. Its errors show nothing of it.
func (m *Master) read(path string) (key [32]byte, err error) {
	if err := m.step("read"); err != nil {
		return key, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return key, err
	}
	if !info.Mode().IsRegular() || info.Size() > masterFile {
		return key, fmt.Errorf("%s is no file with a master key", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return key, err
	}
	defer clear(text)
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	defer clear(b)
	if err != nil || len(b) != len(key) {
		return key, fmt.Errorf("%s is damaged: a master key is 32 bytes in base64. Restore it from a backup", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		m.log.Warn("the master key can be read by others: chmod 600", "file", path, "mode", info.Mode().Perm().String())
	}
	return [32]byte(b), nil
}

// write makes the file of a key, whole from its first moment; fs.ErrExist when there is one.
func (m *Master) write(path string, key [32]byte) error {
	temp, err := m.temp(path, key)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := m.step("link"); err != nil {
		return err
	}
	if err := os.Link(temp, path); err != nil {
		return err
	}
	return m.syncDir(path)
}

// temp makes a durable file of the key beside path.
func (m *Master) temp(path string, key [32]byte) (string, error) {
	if err := m.step("temp"); err != nil {
		return "", err
	}
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text()[:10]+".tmp")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key[:]))
	if err == nil {
		err = m.step("sync")
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(name)
		return "", err
	}
	return name, nil
}

func (m *Master) syncDir(path string) error {
	if err := m.step("syncdir"); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

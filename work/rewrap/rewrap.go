// Package rewrap puts what is wrapped with former master keys under the one in force, so that a former key can be removed one day.
//
// A walk goes through the buckets by name, in each through the unfinished uploads and then through the versions, and re-wraps 80 bytes of each record
// that needs it (see object.Store.Rewrap): the bodies are neither read nor written. The keys of the KMS, which `myfsio rekey` moves at once, are moved
// first where that was cut off. SSE-KMS and SSE-C do not depend on the master key otherwise; their envelopes are counted.
//
// Where a walk stands is kept in a file and survives the process: the next run goes on from there, as long as the master key is the same. Nothing new
// is wrapped with a former key, so a walk that is complete has found all there is, in however many runs.
package rewrap

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"sync"
	"time"

	"myfsio/docstore"
	"myfsio/object"
	"myfsio/seal"
	"myfsio/work"
)

// Masters are the master keys.
type Masters interface {
	seal.Masters
	// Former returns the ids of the keys that are kept and not in force.
	Former() ([][8]byte, error)
	// Changed reports that another key than the one in force here will be in force from the next start on.
	Changed() (bool, error)
}

// Keyring is the keys of the KMS.
type Keyring interface {
	// MasterID is the master key that they are wrapped with.
	MasterID() ([8]byte, error)
	// Rekey wraps all of them with this one, or none.
	Rekey(id [8]byte) error
}

// Unknown is a Keyring that cannot be opened: as long as it is so, no former key is told to be removable.
type Unknown struct{ Err error }

// MasterID implements Keyring.
func (u Unknown) MasterID() ([8]byte, error) { return [8]byte{}, u.Err }

// Rekey implements Keyring.
func (u Unknown) Rekey([8]byte) error { return u.Err }

// Config is what a Rewrapper needs.
type Config struct {
	Store   *object.Store
	Masters Masters
	Keyring Keyring // nil: there is no KMS
	State   string  // file that keeps where a walk stands, and what the last one found
	Page    int     // rows of one commit, at most object.MaxListKeys; 0 means DefaultPage
	Load    *work.Load
	Log     *slog.Logger
	Now     func() time.Time // default time.Now
}

// DefaultPage keeps a commit with nothing but envelopes to re-wrap below a millisecond or two.
const DefaultPage = 100

// Rewrapper re-wraps. Its Run runs once at a time; the other methods may be called at any time.
type Rewrapper struct {
	Config
	docs *docstore.Store[state]

	mu   sync.Mutex
	stop context.CancelFunc // of the run under way; nil: none
}

// state is the file.
type state struct {
	Walk *walk  `json:"walk,omitempty"` // one that is not complete
	Last *Count `json:"last,omitempty"` // what the last complete one found
}

// walk is where a walk stands, and what it found so far.
type walk struct {
	Bucket  string `json:"bucket"` // "": before the first
	Done    bool   `json:"done"`   // with Bucket
	Uploads bool   `json:"uploads_done"`
	Key     string `json:"key"` // behind it
	ID      string `json:"id"`  // behind this upload or version of Key
	Count
}

// Count is how many envelopes were found under which keys.
type Count struct {
	MasterKey string  `json:"master_key_id"` // in force during the walk
	Ended     float64 `json:"ended_at"`      // seconds since 1970
	Rows      int64   `json:"records_scanned"`
	Damaged   int64   `json:"damaged_records"` // whose envelopes are not known
	Keys      []Use   `json:"keys"`
}

// Use is how many envelopes are under a key.
type Use struct {
	Type      string `json:"type"`             // SSE-S3, SSE-KMS, SSE-C
	ID        string `json:"key_id,omitempty"` // of the master key, or of the key of the KMS; none for SSE-C
	Envelopes int64  `json:"envelopes"`
}

// under is how many envelopes the master key wraps.
func (c *Count) under(id string) (n int64) {
	for _, u := range c.Keys {
		if u.Type == seal.S3.String() && u.ID == id {
			n += u.Envelopes
		}
	}
	return n
}

func (c *Count) add(w object.Wrapper, n int64) {
	for i := range c.Keys {
		if u := &c.Keys[i]; u.Type == w.Sort.String() && u.ID == w.ID {
			u.Envelopes += n
			return
		}
	}
	c.Keys = append(c.Keys, Use{w.Sort.String(), w.ID, n})
	sort.Slice(c.Keys, func(i, j int) bool {
		a, b := &c.Keys[i], &c.Keys[j]
		return a.Type < b.Type || a.Type == b.Type && a.ID < b.ID
	})
}

// New opens the state. A walk under another master key than the one in force is forgotten.
func New(c Config) (*Rewrapper, error) {
	if c.Page == 0 {
		c.Page = DefaultPage
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	docs, err := docstore.Open(docstore.Options[state]{Path: c.State, Fresh: true, Log: c.Log, Now: c.Now})
	if err != nil {
		return nil, err
	}
	r := &Rewrapper{Config: c, docs: docs}
	id, err := r.current()
	if err != nil {
		return nil, err
	}
	if w := docs.Get().Walk; w != nil && w.MasterKey != id {
		err = docs.Update(func(s *state) error { s.Walk = nil; return nil })
	}
	return r, err
}

// current is the id of the master key in force, as text.
func (r *Rewrapper) current() (string, error) {
	id, key, err := r.Masters.Current()
	clear(key[:])
	return hex.EncodeToString(id[:]), err
}

// Status is what administrators see beside the run under way.
type Status struct {
	MasterKey  string   `json:"master_key_id"`
	KMSKey     string   `json:"kms_master_key_id,omitempty"` // that wraps the keys of the KMS
	Restart    bool     `json:"restart_needed"`              // another master key is waiting for it: until then nothing is re-wrapped
	Unfinished bool     `json:"unfinished"`                  // a walk stands somewhere and will go on with the next run
	Last       *Count   `json:"last_complete,omitempty"`
	Former     []Former `json:"former_keys"`
}

// Former is a master key that is kept and not in force.
type Former struct {
	ID        string `json:"key_id"`
	Envelopes *int64 `json:"envelopes"` // under it, when the last complete walk passed; null: no walk was complete under the key in force
	// Removable says that nothing here needs the key: a complete walk found no envelope under it and no record that cannot be read, and the
	// KMS is not wrapped with it. Backups of the metadata may need it all the same.
	Removable bool `json:"removable"`
}

// Status tells how the keys are used.
func (r *Rewrapper) Status() (Status, error) {
	s := Status{Former: []Former{}}
	var err error
	if s.MasterKey, err = r.current(); err != nil {
		return s, err
	}
	if s.Restart, err = r.Masters.Changed(); err != nil {
		return s, err
	}
	kmsKnown := true
	if r.Keyring != nil {
		id, err := r.Keyring.MasterID()
		if kmsKnown = err == nil; kmsKnown {
			s.KMSKey = hex.EncodeToString(id[:])
		}
	}
	doc := r.docs.Get()
	s.Unfinished, s.Last = doc.Walk != nil, doc.Last
	former, err := r.Masters.Former()
	for _, id := range former {
		f := Former{ID: hex.EncodeToString(id[:])}
		if s.Last != nil && s.Last.MasterKey == s.MasterKey {
			n := s.Last.under(f.ID)
			f.Envelopes = &n
			f.Removable = n == 0 && kmsKnown && !s.Restart && s.Last.Damaged == 0 && s.KMSKey != f.ID && s.MasterKey != f.ID
		}
		s.Former = append(s.Former, f)
	}
	return s, err
}

// Stop ends the run under way soon, and reports whether there was one. What it did is done; the next run goes on from there.
func (r *Rewrapper) Stop() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop == nil {
		return false
	}
	r.stop()
	return true
}

// stoppable is ctx until Stop.
func (r *Rewrapper) stoppable(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop = cancel
	return ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stop = nil
		cancel()
	}
}

// followKMS moves the keys of the KMS to the master key in force, where a change of it was cut off.
func (r *Rewrapper) followKMS(dry bool) (moved bool, err error) {
	if r.Keyring == nil {
		return false, nil
	}
	id, key, err := r.Masters.Current()
	clear(key[:])
	if err != nil {
		return false, err
	}
	if at, err := r.Keyring.MasterID(); err != nil || at == id {
		return false, err
	}
	if dry {
		return true, nil
	}
	if err := r.Keyring.Rekey(id); err != nil {
		return false, fmt.Errorf("the keys of the KMS: %w", err)
	}
	return true, nil
}

// save keeps where a walk stands; nil: it ended, and last is what it found.
func (r *Rewrapper) save(w *walk, last *Count) error {
	return r.docs.Update(func(s *state) error {
		if s.Walk = w; last != nil {
			s.Last = last
		}
		return nil
	})
}

var errRestart = errors.New("the master key was changed while the server runs: restart the server first")

var errStopped = errors.New("rewrap: stopped")

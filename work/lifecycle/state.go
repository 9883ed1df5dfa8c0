package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"myfsio/object"
)

// state is lifecycle_state.json: when the last scheduled run began and, while it is not at its end, where it stands.
type state struct {
	Started time.Time `json:"started,omitzero"`
	At      *cursor   `json:"at,omitempty"`
}

// cursor is where a run stands. What is before it is done.
type cursor struct {
	Bucket string `json:"bucket"`           // what comes before it in the order of names is done; "" at the begin
	ID     uint64 `json:"id,omitempty"`     // of the bucket
	Rules  string `json:"rules,omitempty"`  // digest of the configuration that the rest is about
	Phase  phase  `json:"phase,omitempty"`  //
	Prefix string `json:"prefix,omitempty"` // in hex, as keys need not be text
	Key    string `json:"key,omitempty"`    // in hex
	Stamp  string `json:"stamp,omitempty"`  // in hex, or the id of an upload
	// Done is what was done in the bucket so far.
	Done Execution `json:"done,omitzero"`
}

// phase is what a run goes through in a bucket.
type phase int

const (
	versions phase = iota
	uploads
)

// restart stands at the begin of a bucket.
func (c *cursor) restart(bucket string, id uint64, digest string) {
	*c = cursor{Bucket: bucket, ID: id, Rules: digest}
}

// digest tells one plan for a bucket from another.
func digest(doc []byte, v object.Versioning) string {
	sum := sha256.Sum256(append([]byte{byte(v)}, doc...))
	return hex.EncodeToString(sum[:16])
}

// to moves on to the next prefix, or stays in it.
func (c *cursor) to(p phase, prefix, key, stamp string) {
	c.Phase, c.Prefix, c.Key, c.Stamp = p, hex.EncodeToString([]byte(prefix)), hex.EncodeToString([]byte(key)), stamp
}

// text reads what is kept in hex. A state that somebody spoiled begins the prefix anew.
func text(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		return ""
	}
	return string(b)
}

func stampOf(s string) (out [16]byte) {
	if b, err := hex.DecodeString(s); err == nil && len(b) == len(out) {
		copy(out[:], b)
	}
	return out
}

// saveEvery is how often a run keeps where it stands.
const saveEvery = 5 * time.Second

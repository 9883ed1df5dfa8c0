package crash

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
)

// version is one version of an object, as it must come back.
type version struct {
	id     string // version id; empty without versions, and while no answer told it
	marker bool   // a delete marker: nothing of the rest
	seed   uint64 // of the body
	parts  []int  // sizes; several for an upload in parts
	upload bool   // uploaded in parts, which shows in the ETag
	kind   string // Content-Type
	note   string // user metadata
	sealed sealing
}

// sealing is how a version is encrypted.
type sealing uint8

const (
	inClear sealing = iota
	byServer
	byKMS
	byCustomer
)

// customerKey is the key that byCustomer stands for, in base64.
const customerKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// write adds what a request has to say that encrypts so; read what one has to say that reads it or sends a part; source, that copies from it.
func (s sealing) write(h map[string][]string) {
	switch s {
	case byServer:
		h["X-Amz-Server-Side-Encryption"] = []string{"AES256"}
	case byKMS:
		h["X-Amz-Server-Side-Encryption"] = []string{"aws:kms"}
	}
	s.read(h)
}

func (s sealing) read(h map[string][]string) { s.customer(h, "X-Amz-") }

func (s sealing) source(h map[string][]string) { s.customer(h, "X-Amz-Copy-Source-") }

func (s sealing) customer(h map[string][]string, prefix string) {
	if s == byCustomer {
		h[prefix+"Server-Side-Encryption-Customer-Algorithm"] = []string{"AES256"}
		h[prefix+"Server-Side-Encryption-Customer-Key"] = []string{customerKey}
	}
}

// shown is the header of an answer about what is encrypted so.
func (s sealing) shown() (name, value string) {
	switch s {
	case byServer:
		return "X-Amz-Server-Side-Encryption", "AES256"
	case byKMS:
		return "X-Amz-Server-Side-Encryption", "aws:kms"
	case byCustomer:
		return "X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256"
	}
	return "X-Amz-Server-Side-Encryption", ""
}

func (v *version) size() int {
	n := 0
	for _, p := range v.parts {
		n += p
	}
	return n
}

func (v *version) body() []byte {
	b := make([]byte, v.size())
	var key [32]byte
	for i := range 8 {
		key[i] = byte(v.seed >> (8 * i))
	}
	rand.NewChaCha8(key).Read(b)
	return b
}

// part is the body of the part with this index.
func (v *version) part(i int) []byte {
	at := 0
	for _, n := range v.parts[:i] {
		at += n
	}
	return v.body()[at : at+v.parts[i]]
}

func (v *version) etag() string {
	if v.marker {
		return ""
	}
	if !v.upload {
		sum := md5.Sum(v.body())
		return `"` + hex.EncodeToString(sum[:]) + `"`
	}
	all := md5.New()
	for i := range v.parts {
		sum := md5.Sum(v.part(i))
		all.Write(sum[:])
	}
	return fmt.Sprintf(`"%x-%d"`, all.Sum(nil), len(v.parts))
}

// key is one key of one writer, and what is known of it. history is newest first; without versions it has one entry
// or none.
type key struct {
	bucket    string
	versioned bool
	name      string
	history   []version
	pending   *change // sent, and not answered
	open      *upload // begun, and not completed
}

// change is what a request may have done.
type change struct {
	what  string
	after []version
}

// upload is an upload in parts under way.
type upload struct {
	id    string
	made  version
	etags []string // of the answered parts
}

// latest is the current version, nil when there is none or a marker.
func (k *key) latest() *version {
	if len(k.history) == 0 || k.history[0].marker {
		return nil
	}
	return &k.history[0]
}

// with is the history after v was added.
func (k *key) with(v version) []version {
	if !k.versioned {
		return []version{v}
	}
	return append([]version{v}, k.history...)
}

// settle takes the pending change as done.
func (k *key) settle() {
	k.history, k.pending = k.pending.after, nil
}

// sizes that matter: empty, inside a metadata record, around its limit, blobs.
func randomSize(rng *rand.Rand) int {
	switch n := rng.IntN(100); {
	case n < 5:
		return 0
	case n < 45:
		return rng.IntN(4 << 10)
	case n < 70:
		return 16<<10 - 2 + rng.IntN(5)
	case n < 97:
		return 17<<10 + rng.IntN(100<<10)
	default:
		return 1 << 20
	}
}

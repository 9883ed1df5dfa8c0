package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// cachedKeys bounds each of the two generations of a keyCache.
const cachedKeys = 1024

// signingKey is the HMAC of one secret, day, region and service.
type signingKey struct{ macs sync.Pool }

// newKey derives a signing key.
func newKey(secret []byte, day, region, service string) *signingKey {
	k := make([]byte, 0, 4+len(secret))
	k = append(append(k, "AWS4"...), secret...)
	sum := k
	for _, step := range [...]string{day, region, service, terminator} {
		m := hmac.New(sha256.New, sum)
		m.Write([]byte(step))
		sum = m.Sum(nil)
	}
	clear(k)
	return &signingKey{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, sum) }}}
}

// sign appends the HMAC of msg to dst.
func (k *signingKey) sign(dst, msg []byte) []byte {
	m := k.macs.Get().(hash.Hash)
	m.Reset()
	m.Write(msg)
	dst = m.Sum(dst)
	k.macs.Put(m)
	return dst
}

// keyCache remembers derived keys by a hash of what they come from, so that no secret is in
// it. It holds two generations: the young one grows to cachedKeys and then becomes the old one.
type keyCache struct {
	mu         sync.RWMutex
	young, old map[[32]byte]*signingKey
}

func (c *keyCache) get(secret []byte, day, region, service string) *signingKey {
	id := keyID(secret, day, region, service)
	c.mu.RLock()
	k, young := c.young[id]
	if !young {
		k = c.old[id]
	}
	c.mu.RUnlock()
	if young {
		return k
	}
	if k == nil {
		k = newKey(secret, day, region, service)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= cachedKeys || c.young == nil {
		c.young, c.old = make(map[[32]byte]*signingKey), c.young
	}
	c.young[id] = k
	return k
}

// keyID hashes the fields, each with its length before it.
func keyID(secret []byte, day, region, service string) [32]byte {
	var fixed [256]byte
	b := binary.AppendUvarint(fixed[:0], uint64(len(secret)))
	b = append(b, secret...)
	for _, s := range [...]string{day, region, service} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	id := sha256.Sum256(b)
	clear(b)
	return id
}

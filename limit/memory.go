package limit

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"sync"
	"time"
)

// Options of a Memory.
type Options struct {
	Rates   []Rate           // by class; it is not copied
	Clients int              // how many pairs of class and client are remembered; default 100,000, at most 16 million
	Now     func() time.Time // default time.Now
}

// The table has twice as many slots as clients, in sets that are searched as a whole, so that few sets overflow.
const (
	ways       = 16
	shards     = 256
	maxClients = 1 << 24
)

// Memory is a Limiter within this process. Its memory is fixed: 32 bytes a slot, two slots a client, and it needs no
// goroutine. When there is no room, it forgets the client whose bucket would be full soonest: who uses a
// thousand addresses once each cannot make it forget who has used up an allowance.
type Memory struct {
	rates []Rate
	now   func() time.Time
	start time.Time
	seed  maphash.Seed
	sets  []set
	locks [shards]lock
}

// lock guards every set whose number is its own modulo shards. It fills a cache line.
type lock struct {
	sync.Mutex
	_ [56]byte
}

type set [ways]slot

// slot is one client of one class. It holds no pointer, so the collector does not look at the table.
type slot struct {
	key  key
	full time.Duration // since start: when the bucket is full again; a slot with a past time is free
}

// key is a class and a network. kind keeps the sorts of clients apart.
type key struct {
	a, b  uint64
	class Class
	kind  uint8
}

const (
	kindIPv4 = 4
	kindIPv6 = 6
	kindName = 1 // not an address: the hash of the text
)

// NewMemory returns a limiter of full buckets.
func NewMemory(o Options) *Memory {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Clients <= 0 {
		o.Clients = 100_000
	}
	slots := 2 * min(o.Clients, maxClients)
	n := 1 << bits.Len(uint((slots-1)/ways)) // a power of two
	return &Memory{rates: o.Rates, now: o.Now, start: o.Now(), seed: maphash.MakeSeed(), sets: make([]set, n)}
}

// Take implements Limiter. A class beyond the table counts as class 0.
func (m *Memory) Take(_ context.Context, c Class, client string) (time.Duration, bool) {
	if int(c) >= len(m.rates) {
		c = 0
	}
	if len(m.rates) == 0 || !m.rates[c].Limited() {
		return 0, true
	}
	k := m.key(c, client)
	step, n := m.rates[c].Step(), m.rates[c].N
	now := m.now().Sub(m.start)
	i := m.hash(k) & uint64(len(m.sets)-1)
	mu := &m.locks[i%shards]
	mu.Lock()
	defer mu.Unlock()
	s := m.sets[i].find(k, now)
	full := max(s.full, now)
	// The bucket holds a request when, with it, no more than n are missing.
	if wait := full - now - step*time.Duration(n-1); wait > 0 {
		return wait, false
	}
	s.key, s.full = k, full+step
	return 0, true
}

// find returns the slot of k, or the one to use for it, emptied.
func (s *set) find(k key, now time.Duration) *slot {
	least := &s[0]
	for i := range s {
		if s[i].key == k {
			return &s[i]
		}
		if s[i].full < least.full {
			least = &s[i]
		}
	}
	*least = slot{key: k, full: now}
	return least
}

func (m *Memory) key(c Class, client string) key {
	p := Network(client)
	if !p.IsValid() {
		return key{a: maphash.String(m.seed, client), class: c, kind: kindName}
	}
	k := key{class: c, kind: kindIPv6}
	if p.Addr().Is4() {
		k.kind = kindIPv4
	}
	b := p.Addr().As16()
	k.a, k.b = binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	return k
}

// hash is keyed, so that nobody can choose addresses that share a set.
func (m *Memory) hash(k key) uint64 {
	var b [18]byte
	binary.LittleEndian.PutUint64(b[:], k.a)
	binary.LittleEndian.PutUint64(b[8:], k.b)
	b[16], b[17] = byte(k.class), k.kind
	return maphash.Bytes(m.seed, b[:])
}

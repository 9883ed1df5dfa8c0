// Package lockout slows down those who guess secrets.
//
// A [Table] counts failed proofs per access key and source address. Max failures within Window lock that key for that
// address until the oldest of them leaves the window; a right proof clears the count. Because the address is part of
// what is counted, a stranger who knows the administrator's access key locks himself out, not the administrator. IPv6 addresses count by
// their /64, since one machine owns all of it; IPv4 addresses in IPv6 form count as IPv4.
//
// The table is in memory and bounded: [MaxEntries] pairs. A newcomer in a full table takes the place of the pair
// that failed least recently and is not locked; only when all are locked does he take that of the one locked first. So nobody
// frees himself from a lockout by failing elsewhere many times, short of being locked everywhere else.
package lockout

import (
	"container/list"
	"crypto/sha256"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"myfsio/limit"
)

// MaxEntries bounds the pairs of access key and address in a Table.
const MaxEntries = 10_000

const (
	defaultMax    = 5
	defaultWindow = 15 * time.Minute
	maxMarks      = 64 // times remembered of one pair; failures beyond share them
	longKey       = 64 // bytes of an access key that are kept as they are
)

// Table counts failures. Its fields are set before first use. It is used by pointer, by many goroutines; a nil Table
// locks nobody out.
type Table struct {
	Max    int              // failures that lock; default 5
	Window time.Duration    // in which they count; default 15 minutes
	Now    func() time.Time // default time.Now

	size   atomic.Int64 // of entries, to pass by quickly while nobody fails
	mu     sync.Mutex   // of all below
	pairs  map[pair]*list.Element
	open   list.List // *entry; least recent failure first
	locked list.List // *entry; first locked first
}

type pair struct {
	accessKey string
	source    netip.Addr
}

type entry struct {
	pair   pair
	marks  []mark // oldest first
	locked bool   // which list it is in
}

// mark is n failures in short succession, the first at the time at.
type mark struct {
	at time.Time
	n  int
}

// Locked reports whether the access key is locked for an address, and for how much longer.
func (t *Table) Locked(accessKey, ip string) (time.Duration, bool) {
	if t == nil || t.size.Load() == 0 {
		return 0, false
	}
	p, now := pairOf(accessKey, ip), t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	el, ok := t.pairs[p]
	if !ok {
		return 0, false
	}
	left := t.remaining(el.Value.(*entry), now)
	return left, left > 0
}

// Failed counts a failed proof.
func (t *Table) Failed(accessKey, ip string) {
	if t == nil {
		return
	}
	p, now := pairOf(accessKey, ip), t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() { t.size.Store(int64(len(t.pairs))) }()
	el, ok := t.pairs[p]
	if !ok {
		el = t.add(p, now)
	}
	e := el.Value.(*entry)
	t.record(e, now)
	t.file(el, e, t.remaining(e, now) > 0)
}

// Succeeded clears the count of a right proof.
func (t *Table) Succeeded(accessKey, ip string) {
	if t == nil || t.size.Load() == 0 {
		return
	}
	p := pairOf(accessKey, ip)
	t.mu.Lock()
	defer t.mu.Unlock()
	if el, ok := t.pairs[p]; ok {
		t.drop(el)
		t.size.Store(int64(len(t.pairs)))
	}
}

// pairOf is what counts of a key and an address. Addresses that are none count as one.
func pairOf(accessKey, ip string) pair {
	if len(accessKey) > longKey {
		sum := sha256.Sum256([]byte(accessKey))
		accessKey = string(sum[:]) + "hashed"
	}
	a, _ := netip.ParseAddr(ip)
	return pair{accessKey, limit.Sender(a).Addr()}
}

// add makes an entry and first, where there is no place left, drops another.
func (t *Table) add(p pair, now time.Time) *list.Element {
	if t.pairs == nil {
		t.pairs = make(map[pair]*list.Element)
	}
	t.forget(now)
	if len(t.pairs) >= MaxEntries {
		victim := t.open.Front()
		if victim == nil {
			victim = t.locked.Front()
		}
		t.drop(victim)
	}
	el := t.open.PushBack(&entry{pair: p})
	t.pairs[p] = el
	return el
}

// forget drops a few of the entries whose failures have all left the window, and gives up the precedence of one
// that is not locked any more.
func (t *Table) forget(now time.Time) {
	for _, l := range [...]*list.List{&t.open, &t.locked} {
		for range 4 {
			el := l.Front()
			if el == nil {
				break
			}
			e := el.Value.(*entry)
			if now.Sub(e.marks[len(e.marks)-1].at) < t.window() {
				break
			}
			t.drop(el)
		}
	}
	if el := t.locked.Front(); el != nil && t.remaining(el.Value.(*entry), now) <= 0 {
		e := el.Value.(*entry)
		t.locked.Remove(el)
		e.locked = false
		t.pairs[e.pair] = t.open.PushFront(e)
	}
}

func (t *Table) drop(el *list.Element) {
	e := el.Value.(*entry)
	delete(t.pairs, e.pair)
	t.listOf(e).Remove(el)
}

func (t *Table) listOf(e *entry) *list.List {
	if e.locked {
		return &t.locked
	}
	return &t.open
}

// file puts an entry that failed just now into its place.
func (t *Table) file(el *list.Element, e *entry, locked bool) {
	switch {
	case locked && e.locked: // keeps its place: that of when it was locked
	case locked != e.locked:
		t.listOf(e).Remove(el)
		e.locked = locked
		t.pairs[e.pair] = t.listOf(e).PushBack(e)
	default:
		t.open.MoveToBack(el)
	}
}

// record adds a failure. What left the window goes; of many failures the last Max count.
func (t *Table) record(e *entry, now time.Time) {
	for len(e.marks) > 0 && now.Sub(e.marks[0].at) >= t.window() {
		e.marks = e.marks[1:]
	}
	if last := len(e.marks) - 1; last >= 0 && t.max() > maxMarks && now.Sub(e.marks[last].at) < t.window()/maxMarks {
		e.marks[last].n++
		return
	}
	if len(e.marks) >= min(t.max(), maxMarks) {
		e.marks = e.marks[1:]
	}
	e.marks = append(e.marks, mark{now, 1})
}

// remaining is how long e is locked from now on, 0 or less when it is not: until so many failures have left the
// window that fewer than max are in it.
func (t *Table) remaining(e *entry, now time.Time) time.Duration {
	n := 0
	for i := len(e.marks) - 1; i >= 0; i-- {
		if n += e.marks[i].n; n >= t.max() {
			return e.marks[i].at.Add(t.window()).Sub(now)
		}
	}
	return 0
}

func (t *Table) max() int {
	if t.Max <= 0 {
		return defaultMax
	}
	return t.Max
}

func (t *Table) window() time.Duration {
	if t.Window <= 0 {
		return defaultWindow
	}
	return t.Window
}

func (t *Table) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}

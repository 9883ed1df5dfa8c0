package lockout

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a time that the tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time       { return c.t }
func (c *clock) pass(d time.Duration) { c.t = c.t.Add(d) }
func newTable() (*Table, *clock)      { c := &clock{time.Unix(1e9, 0)}; return &Table{Now: c.now}, c }
func fail(t *Table, key, ip string, n int) {
	for range n {
		t.Failed(key, ip)
	}
}

func locked(t *Table, key, ip string) bool { _, is := t.Locked(key, ip); return is }

func TestLocks(t *testing.T) {
	tab, c := newTable()
	fail(tab, "k", "192.0.2.1", 4)
	if locked(tab, "k", "192.0.2.1") {
		t.Error("locked after four failures")
	}
	c.pass(time.Minute)
	tab.Failed("k", "192.0.2.1")
	if left, is := tab.Locked("k", "192.0.2.1"); !is || left != 14*time.Minute {
		t.Errorf("after five failures: %v, %v", left, is)
	}
	c.pass(14*time.Minute - 1)
	if left, is := tab.Locked("k", "192.0.2.1"); !is || left != 1 {
		t.Errorf("at the end: %v, %v", left, is)
	}
	c.pass(1)
	if locked(tab, "k", "192.0.2.1") {
		t.Error("still locked")
	}
	tab.Failed("k", "192.0.2.1") // the one of a minute later still counts
	if locked(tab, "k", "192.0.2.1") {
		t.Error("locked by two failures")
	}
}

// The window slides: five failures within it lock, wherever it begins.
func TestSlides(t *testing.T) {
	tab, c := newTable()
	for i := range 20 {
		tab.Failed("k", "::1")
		c.pass(4 * time.Minute)
		if locked(tab, "k", "::1") {
			t.Fatalf("locked by slow failures, at %d", i)
		}
	}
	fail(tab, "k", "::1", 2)
	if !locked(tab, "k", "::1") {
		t.Error("five within the window do not lock")
	}
}

func TestSuccessClears(t *testing.T) {
	tab, _ := newTable()
	fail(tab, "k", "192.0.2.1", 4)
	tab.Succeeded("k", "192.0.2.1")
	fail(tab, "k", "192.0.2.1", 4)
	if locked(tab, "k", "192.0.2.1") {
		t.Error("failures before a success count")
	}
	tab.Succeeded("other", "192.0.2.1")
	tab.Failed("k", "192.0.2.1")
	if !locked(tab, "k", "192.0.2.1") {
		t.Error("the success of another key clears")
	}
}

// A stranger who hammers the administrator's key locks only himself out.
func TestStranger(t *testing.T) {
	tab, _ := newTable()
	fail(tab, "admin", "203.0.113.9", 1000)
	for _, home := range []string{"192.0.2.1", "127.0.0.1", "2001:db8::1", "203.0.113.10"} {
		if locked(tab, "admin", home) {
			t.Errorf("the administrator is locked out at %s", home)
		}
	}
	if !locked(tab, "admin", "203.0.113.9") || locked(tab, "other", "203.0.113.9") {
		t.Error("not the key at the stranger's address is locked")
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"", "@", true},
		{"", "192.0.2.1", false},
	} {
		if got := pairOf("k", c.a) == pairOf("k", c.b); got != c.same {
			t.Errorf("%s and %s count as one: %t", c.a, c.b, got)
		}
	}
	long := strings.Repeat("x", 1<<14)
	if p := pairOf(long, ""); len(p.accessKey) > longKey || p == pairOf(long+"x", "") {
		t.Error("long access keys are kept or run together")
	}
}

// Failing with many other keys does not free a locked one.
func TestFlood(t *testing.T) {
	tab, c := newTable()
	fail(tab, "admin", "203.0.113.9", 5)
	fail(tab, "half", "203.0.113.9", 4)
	for i := range 3 * MaxEntries {
		tab.Failed(fmt.Sprint("unknown", i), "203.0.113.9")
		c.pass(time.Millisecond)
	}
	if n := len(tab.pairs); n != MaxEntries {
		t.Errorf("%d entries", n)
	}
	if !locked(tab, "admin", "203.0.113.9") {
		t.Error("a flood frees a locked key")
	}
	// Only when all are locked the one locked first goes.
	for i := range MaxEntries {
		fail(tab, fmt.Sprint("locked", i), "203.0.113.9", 5)
	}
	if tab.open.Len() != 0 || tab.locked.Len() != MaxEntries {
		t.Errorf("%d open, %d locked", tab.open.Len(), tab.locked.Len())
	}
	if locked(tab, "admin", "203.0.113.9") || !locked(tab, "locked0", "203.0.113.9") {
		t.Error("not the one locked first went")
	}
	c.pass(15 * time.Minute)
	for i := range MaxEntries / 3 {
		tab.Failed(fmt.Sprint("new", i), "192.0.2.1")
	}
	if n := tab.locked.Len(); n != 0 {
		t.Errorf("%d that have passed are still there", n)
	}
}

// What the table answers is what a list of all failures tells, for few and for many attempts.
func TestModel(t *testing.T) {
	for _, max := range []int{1, 3, 64, 200} {
		rng := rand.New(rand.NewPCG(1, uint64(max)))
		c := &clock{time.Unix(1e9, 0)}
		tab := &Table{Max: max, Window: 64 * time.Minute, Now: c.now}
		var times []time.Time
		for range 20_000 {
			c.pass(time.Duration(rng.Int64N(int64(2*64*time.Minute) / int64(max))))
			switch rng.IntN(400) {
			case 0:
				tab.Succeeded("k", "::1")
				times = nil
			default:
				tab.Failed("k", "::1")
				times = append(times, c.t)
			}
			inWindow, slack := 0, 0
			for _, at := range times {
				if age := c.t.Sub(at); age < 64*time.Minute {
					inWindow++
					if max > maxMarks && age >= 62*time.Minute {
						slack++
					}
				}
			}
			if is := locked(tab, "k", "::1"); is && inWindow < max || !is && inWindow-slack >= max {
				t.Fatalf("max %d: locked %t with %d of them in the window", max, is, inWindow)
			}
		}
	}
}

func TestNone(t *testing.T) {
	var tab *Table
	tab.Failed("k", "::1")
	tab.Succeeded("k", "::1")
	if locked(tab, "k", "::1") {
		t.Error("no table locks")
	}
}

func TestTogether(t *testing.T) {
	tab := &Table{}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 500 {
				key := fmt.Sprint(j % (i + 3))
				tab.Failed(key, "::1")
				tab.Locked(key, "::1")
				tab.Succeeded(key, "::1")
			}
		})
	}
	wg.Wait()
	if tab.size.Load() != int64(len(tab.pairs)) {
		t.Error("the size is wrong")
	}
}

func BenchmarkLocked(b *testing.B) {
	tab := &Table{}
	tab.Failed("other", "192.0.2.1")
	b.ReportAllocs()
	for b.Loop() {
		tab.Locked("k", "2001:db8::1")
	}
}

package limit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

func fixture(o Options) (*Memory, *clock) {
	c := &clock{time.Unix(1e9, 0)}
	o.Now = c.now
	return NewMemory(o), c
}

// takes counts how many of n requests pass.
func takes(t *testing.T, m *Memory, c Class, client string, n int) (passed int) {
	for range n {
		retry, ok := m.Take(t.Context(), c, client)
		if ok {
			passed++
		}
		if ok == (retry > 0) {
			t.Fatalf("retry %v, ok %v", retry, ok)
		}
	}
	return passed
}

func TestWholeAllowanceAtOnceThenEvenly(t *testing.T) {
	for _, r := range []Rate{{1, time.Second}, {7, time.Minute}, {60, time.Minute}, {50000, time.Minute}, {3, 24 * time.Hour}, {1000, time.Microsecond}} {
		t.Run(fmt.Sprint(r), func(t *testing.T) {
			m, c := fixture(Options{Rates: []Rate{r}})
			if got := takes(t, m, 0, "192.0.2.1", r.N+10); got != r.N {
				t.Fatalf("%d passed at once, want %d", got, r.N)
			}
			retry, _ := m.Take(t.Context(), 0, "192.0.2.1")
			if retry != r.Step() {
				t.Errorf("retry %v, want %v", retry, r.Step())
			}
			c.advance(retry - 1)
			if got := takes(t, m, 0, "192.0.2.1", 2); got != 0 && r.Step() > 1 {
				t.Errorf("%d passed too early", got)
			}
			c.advance(1)
			if got := takes(t, m, 0, "192.0.2.1", 2); got != 1 {
				t.Errorf("%d passed after retry, want 1", got)
			}
			c.advance(10 * r.Per)
			if got := takes(t, m, 0, "192.0.2.1", r.N+10); got != r.N {
				t.Errorf("%d passed after a rest, want %d", got, r.N)
			}
		})
	}
}

func TestHammeringDoesNotDelay(t *testing.T) {
	m, c := fixture(Options{Rates: []Rate{{10, time.Second}}})
	passed := takes(t, m, 0, "a", 100)
	for range 1000 {
		c.advance(10 * time.Millisecond)
		passed += takes(t, m, 0, "a", 5)
	}
	if passed != 10+100 {
		t.Errorf("%d passed in ten seconds, want the first 10 and 10 a second", passed)
	}
}

func TestWhoSharesAnAllowance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "64:ff9b::c000:201", true},
		{"64:ff9b::c000:201", "64:ff9b::c000:202", false},
		{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"::c000:201", "192.0.2.1", false},
		{"", "", true},
		{"", "@", false},
	} {
		m, _ := fixture(Options{Rates: []Rate{{1, time.Minute}, {1, time.Minute}}})
		if takes(t, m, 0, tt.a, 1) != 1 || (takes(t, m, 0, tt.b, 1) == 0) != tt.same {
			t.Errorf("%q and %q: want shared %v", tt.a, tt.b, tt.same)
		}
		if takes(t, m, 1, tt.b, 1) != 1 {
			t.Errorf("%q: another class is counted too", tt.b)
		}
	}
}

func TestNoLimit(t *testing.T) {
	m, _ := fixture(Options{Rates: []Rate{{1, time.Minute}, {0, time.Minute}, {5, 0}}})
	if got := takes(t, m, 1, "a", 1000) + takes(t, m, 2, "a", 1000); got != 2000 {
		t.Errorf("%d passed without a limit, want all", got)
	}
	if takes(t, m, 9, "a", 2) != 1 || takes(t, m, 0, "a", 1) != 0 {
		t.Error("a class beyond the table does not count as class 0")
	}
	if m := NewMemory(Options{}); takes(t, m, 0, "a", 10) != 10 {
		t.Error("a table without rates refuses")
	}
}

func TestFloodOfAddressesForgetsNoOffender(t *testing.T) {
	m, c := fixture(Options{Rates: []Rate{{100, time.Minute}}, Clients: 1000})
	if takes(t, m, 0, "192.0.2.1", 100) != 100 {
		t.Fatal("not allowed")
	}
	for i := range 200_000 {
		m.Take(t.Context(), 0, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
		if i%100 == 0 {
			c.advance(time.Millisecond)
		}
	}
	if got := takes(t, m, 0, "192.0.2.1", 100); got > 4 {
		t.Errorf("%d passed after a flood; two seconds give three", got)
	}
	if n := len(m.sets) * ways; n > 4*1000 {
		t.Errorf("%d slots for 1000 clients", n)
	}
}

// TestRemembersAsManyAsPromised fills the table to its promise with clients that have all used their allowance.
func TestRemembersAsManyAsPromised(t *testing.T) {
	m, _ := fixture(Options{Rates: []Rate{{1, time.Hour}}})
	name := func(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255) }
	for i := range 100_000 {
		m.Take(t.Context(), 0, name(i))
	}
	forgotten := 0
	for i := range 100_000 {
		if _, ok := m.Take(t.Context(), 0, name(i)); ok {
			forgotten++
		}
	}
	if forgotten > 100 {
		t.Errorf("%d of 100000 forgotten", forgotten)
	}
}

func TestManyAtOnce(t *testing.T) {
	m, _ := fixture(Options{Rates: []Rate{{1000, time.Hour}}})
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if _, ok := m.Take(t.Context(), 0, "2001:db8::1"); ok {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if passed.Load() != 1000 {
		t.Errorf("%d passed, want 1000", passed.Load())
	}
}

func TestTakeAllocatesNothing(t *testing.T) {
	m := NewMemory(Options{Rates: []Rate{{1000, time.Minute}}})
	for _, client := range []string{"192.0.2.1", "2001:db8::1", "fe80::1%eth0", "@"} {
		if n := testing.AllocsPerRun(1000, func() { m.Take(t.Context(), 0, client) }); n != 0 {
			t.Errorf("%s: %v allocations", client, n)
		}
	}
}

func FuzzNetwork(f *testing.F) {
	for _, s := range []string{"", "1.2.3.4", "::1%a", "64:ff9b::1.2.3.4", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := Network(s)
		if p.IsValid() && (p != p.Masked() || p.Addr().Zone() != "" || p.Addr().Is4In6()) {
			t.Errorf("%q: %v", s, p)
		}
	})
}

func BenchmarkTake(b *testing.B) {
	m := NewMemory(Options{Rates: []Rate{{50000, time.Minute}}})
	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		client := fmt.Sprintf("10.0.0.%d", n.Add(1))
		for pb.Next() {
			m.Take(b.Context(), 0, client)
		}
	})
}

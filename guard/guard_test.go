package guard

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"myfsio/fault"
)

// names is a DNS server: by the first label of a name, the addresses of each answer in turn; the last one stays.
type names struct {
	mu    sync.Mutex
	table map[string][][]string
	asked map[string]int // A questions by label
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(ours)
		return theirs, nil
	}}
}

// serve answers questions in the form of DNS over TCP.
func (n *names) serve(c net.Conn) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		q := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		a := n.answer(q)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...)); err != nil {
			return
		}
	}
}

func (n *names) answer(q []byte) []byte {
	end := 12
	for q[end] != 0 {
		end += 1 + int(q[end])
	}
	label := string(q[13 : 13+q[12]])
	kind := binary.BigEndian.Uint16(q[end+1:])
	records := [][]byte{}
	for _, s := range n.next(label, kind == 1) {
		addr := netip.MustParseAddr(s)
		if addr.Is4() != (kind == 1) || kind != 1 && kind != 28 {
			continue
		}
		// a pointer to the question's name, the type, class IN, a time to live of 0, and the address
		r := binary.BigEndian.AppendUint16([]byte{0xc0, 12}, kind)
		r = append(r, 0, 1, 0, 0, 0, 0)
		r = binary.BigEndian.AppendUint16(r, uint16(len(addr.AsSlice())))
		records = append(records, append(r, addr.AsSlice()...))
	}
	a := append([]byte{}, q[0], q[1], 0x84, 0, 0, 1, 0, byte(len(records)), 0, 0, 0, 0)
	a = append(a, q[12:end+5]...)
	for _, r := range records {
		a = append(a, r...)
	}
	return a
}

func (n *names) next(label string, counts bool) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	answers := n.table[label]
	if len(answers) == 0 {
		return nil
	}
	i := n.asked[label]
	if counts {
		n.asked[label]++
	}
	return answers[min(i, len(answers)-1)]
}

// target is a server on loopback that counts requests.
func target(t *testing.T, h http.HandlerFunc) (port string, hits func() int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		mu.Unlock()
		if h != nil {
			h(w, r)
		}
	}))
	t.Cleanup(s.Close)
	_, port, _ = net.SplitHostPort(s.Listener.Addr().String())
	return port, func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func get(g *Guard, url string) error {
	resp, err := g.Client().Get(url)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func refused(err error) bool {
	return errors.Is(err, ErrRefused) && fault.Is(err, fault.InvalidArgument)
}

func TestAddressIsCheckedWhenConnecting(t *testing.T) {
	port, hits := target(t, nil)
	n := &names{asked: map[string]int{}, table: map[string][][]string{
		"loop": {{"127.0.0.1"}}, "meta": {{"169.254.169.254"}}, "meta6": {{"fd00:ec2::254"}},
		"zero": {{"0.0.0.0"}}, "mixed": {{"169.254.169.254", "127.0.0.1"}}, "private": {{"10.255.255.1"}},
	}}
	for _, tt := range []struct {
		host         string
		strict, open bool // refused without and with AllowInternal
	}{
		{"loop.example", true, false},
		{"meta.example", true, true},
		{"meta6.example", true, true},
		{"zero.example", true, true},
		{"mixed.example", true, false}, // the allowed address of two is used
		{"127.0.0.1", true, false},
		{"[::ffff:127.0.0.1]", true, false},
		{"[64:ff9b::127.0.0.1]", true, true}, // allowed, and nothing is there: not tried below
		{"localhost", true, false},
		{"metadata.google.internal", true, true},
		{"METADATA.google.internal.", true, true},
		{"0x7f000001", true, true},
		{"2130706433", true, true},
		{"127.1", true, true},
	} {
		strict := New(Options{Resolver: n.resolver()})
		if err := get(strict, "http://"+tt.host+":"+port); refused(err) != tt.strict {
			t.Errorf("%s: %v, want refused %v", tt.host, err, tt.strict)
		}
		if strings.HasPrefix(tt.host, "[64:") {
			continue
		}
		open := New(Options{AllowInternal: true, Resolver: n.resolver()})
		if err := get(open, "http://"+tt.host+":"+port); refused(err) != tt.open || err != nil && !tt.open {
			t.Errorf("%s with AllowInternal: %v, want refused %v", tt.host, err, tt.open)
		}
		open.Close()
	}
	if hits() != 5 {
		t.Errorf("%d requests arrived, want the 5 that are allowed", hits())
	}
	if err := get(New(Options{Resolver: n.resolver()}), "http://private.example"); !refused(err) {
		t.Errorf("a private address: %v", err)
	}
}

// TestRebinding gives a name an allowed address first and a forbidden one when it is asked again.
func TestRebinding(t *testing.T) {
	port, hits := target(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	n := &names{asked: map[string]int{}, table: map[string][][]string{"hook": {{"127.0.0.1"}, {"169.254.169.254"}}}}
	g := New(Options{AllowInternal: true, Resolver: n.resolver()})
	if err := get(g, "http://hook.example:"+port); err != nil {
		t.Fatal(err)
	}
	if err := get(g, "http://hook.example:"+port); !refused(err) {
		t.Errorf("the second address: %v", err)
	}
	if hits() != 1 {
		t.Errorf("%d requests arrived", hits())
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	inner, hits := target(t, nil)
	port, _ := target(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:"+inner, http.StatusFound)
	})
	g := New(Options{AllowInternal: true})
	resp, err := g.Client().Post("http://127.0.0.1:"+port, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusFound || hits() != 0 {
		t.Errorf("status %d, %d requests at the other end", resp.StatusCode, hits())
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxyPort, hits := target(t, nil)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:"+proxyPort)
	t.Setenv("NO_PROXY", "")
	n := &names{asked: map[string]int{}, table: map[string][][]string{"hook": {{"127.0.0.1"}}}}
	port, direct := target(t, nil)
	if err := get(New(Options{AllowInternal: true, Resolver: n.resolver()}), "http://hook.example:"+port); err != nil || hits() != 0 || direct() != 1 {
		t.Errorf("%v; %d by the proxy, %d direct", err, hits(), direct())
	}
}

func TestCheckURL(t *testing.T) {
	for _, tt := range []struct {
		url          string
		strict, open bool // good without and with AllowInternal
	}{
		{"https://hooks.example/path?q=1", true, true},
		{"http://hooks.example:8080", true, true},
		{"https://xn--bcher-kva.example", true, true},
		{"https://1.1.1.1", true, true},
		{"https://[2606:4700::1111]:8443/", true, true},
		{"http://localhost:9000", false, true},
		{"http://minio.local", false, true},
		{"http://10.0.0.1", false, true},
		{"http://[::1]:80", false, true},
		{"http://[fe80::1%25eth0]/", false, true},
		{"http://169.254.169.254/latest/meta-data", false, false},
		{"http://[fd00:ec2::254]/", false, false},
		{"http://[::ffff:a9fe:a9fe]/", false, false},
		{"http://metadata.google.internal/", false, false},
		{"http://instance-data", false, false},
		{"http://0/", false, false},
		{"http://127.1/", false, false},
		{"http://0x7f.1/", false, false},
		{"http://017700000001/", false, false},
		{"http://１２７.0.0.1/", false, false},
		{"http://bücher.example/", false, false},
		{"ftp://hooks.example", false, false},
		{"file:///etc/passwd", false, false},
		{"gopher://x", false, false},
		{"//hooks.example", false, false},
		{"hooks.example", false, false},
		{"", false, false},
		{"http://", false, false},
		{"http://.", false, false},
		{"http://:80", false, false},
		{"http://user@hooks.example", false, false},
		{"http://user:secret@hooks.example", false, false},
		{"http://hooks.example:0", false, false},
		{"http://hooks.example:65536", false, false},
		{"http://hooks.example\r\nX: y", false, false},
		{"http://" + strings.Repeat("a", 5000), false, false},
	} {
		for allow, want := range map[bool]bool{false: tt.strict, true: tt.open} {
			err := New(Options{AllowInternal: allow}).CheckURL(tt.url)
			if (err == nil) != want || err != nil && !refused(err) {
				t.Errorf("%.60s, internal %v: %v", tt.url, allow, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats a password: %v", err)
			}
		}
	}
}

// TestRequestsAreCheckedToo uses the client without CheckURL before.
func TestRequestsAreCheckedToo(t *testing.T) {
	g := New(Options{AllowInternal: true})
	for _, url := range []string{"http://u:p@127.0.0.1:1", "http://127.0.0.1:0"} {
		if err := get(g, url); !refused(err) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := g.DialContext(t.Context(), "udp", "127.0.0.1:53"); !refused(err) {
		t.Errorf("udp: %v", err)
	}
	if _, err := g.DialContext(t.Context(), "tcp", "127.0.0.1"); !refused(err) {
		t.Errorf("no port: %v", err)
	}
}

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		body string
		ok   bool
	}{{"", true}, {"1234", true}, {"12345", false}, {strings.Repeat("x", 1<<20), false}} {
		b, err := Read(&http.Response{Body: io.NopCloser(strings.NewReader(tt.body))}, 4)
		if (err == nil) != tt.ok || len(b) > 4 {
			t.Errorf("%d bytes: %q, %v", len(tt.body), b, err)
		}
	}
}

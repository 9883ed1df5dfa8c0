package server

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// accept returns the server's and the client's end of a connection.
func accept(t *testing.T, b *bounded) (*conn, net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	c, err := b.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*conn), client
}

func boundedOn(t *testing.T, connections int, stall time.Duration) *bounded {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	b := newBounded(ln, connections, stall)
	t.Cleanup(func() { b.Close() })
	return b
}

func TestReadFromSendsPieces(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), (2*sendPiece+4096)/16)
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, limit := range map[string]int64{"whole": -1, "limited": sendPiece + 100, "limit beyond the end": int64(len(want)) + 10} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		c, client := accept(t, boundedOn(t, 1, time.Minute))
		expect := want
		var src io.Reader = f
		if limit >= 0 {
			src = &io.LimitedReader{R: f, N: limit}
			expect = want[:min(limit, int64(len(want)))]
		}
		sent := make(chan error, 1)
		go func() {
			n, err := c.ReadFrom(src)
			if err == nil && n != int64(len(expect)) {
				t.Errorf("%s: says %d bytes, not %d", name, n, len(expect))
			}
			c.Close()
			sent <- err
		}()
		got, err := io.ReadAll(client)
		if err != nil || !bytes.Equal(got, expect) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(expect), err)
		}
		if err := <-sent; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.Close()
	}
}

// TestStalledClientIsCut: a client that takes nothing cannot hold a connection.
func TestStalledClientIsCut(t *testing.T) {
	c, _ := accept(t, boundedOn(t, 1, 50*time.Millisecond))
	c.SetWriteBuffer(4096)
	piece := make([]byte, 1<<20)
	for {
		if _, err := c.Write(piece); err != nil {
			if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
				t.Errorf("%v, want a timeout", err)
			}
			return
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	b := boundedOn(t, 1, time.Minute)
	first, _ := accept(t, b)
	second, err := net.Dial("tcp", b.Addr().String()) // the kernel takes it; Accept must not
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	accepted := make(chan struct{})
	go func() {
		if c, err := b.Accept(); err == nil {
			c.Close()
		}
		close(accepted)
	}()
	select {
	case <-accepted:
		t.Fatal("a second connection was accepted while the first was open")
	case b.slots <- struct{}{}:
		t.Fatal("a slot was free")
	default:
	}
	first.Close()
	first.Close() // once more gives back nothing
	<-accepted
	if len(b.slots) != 0 {
		t.Errorf("%d slots are taken by nobody", len(b.slots))
	}
	b.Close()
	if _, err := b.Accept(); err == nil {
		t.Error("a closed listener accepted")
	}
}

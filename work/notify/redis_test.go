package notify

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"myfsio/guard"
	"myfsio/kv/memkv"
)

// TestRedisStream adds events to a stream of a real Redis server, which goes away and comes back.
func TestRedisStream(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("there is no redis-server here")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	server := func() (stop func()) {
		_, port, _ := net.SplitHostPort(address)
		cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return func() { cmd.Process.Kill(); cmd.Wait() }
	}
	length := func() string {
		c, err := redis.Dial("tcp", address)
		if err != nil {
			return ""
		}
		defer c.Close()
		c.Do("SELECT", 2)
		entries, _ := redis.Values(c.Do("XRANGE", "events", "-", "+"))
		all := ""
		for _, e := range entries {
			e, _ := redis.Values(e, nil)
			fields, _ := redis.StringMap(e[1], nil)
			_, seq, _ := strings.Cut(fields["event"], `"sequencer":"000000000000000`)
			seq, _, _ = strings.Cut(seq, `"`)
			all += seq + " "
		}
		return all
	}
	wait := func(want string) {
		t.Helper()
		deadline := time.Now().Add(20 * time.Second)
		for !strings.HasSuffix(length(), want) { // the last one before the end may come again
			if time.Now().After(deadline) {
				t.Fatalf("the stream holds %q, want %q", length(), want)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	g := guard.New(guard.Options{AllowInternal: true})
	defer g.Close()
	o := newOutbox()
	w := start(t, o, newReceivers(), memkv.New(), func(c *Config) {
		c.Dial, c.FirstPause, c.LastPause = g.DialContext, 10*time.Millisecond, 10*time.Millisecond
	})
	defer w.stop()
	o.point("box", "redis://"+address+"/2?stream=events")
	for range 3 {
		o.add("box", "k")
	}
	stop := server()
	wait("1 2 3 ")
	stop()
	o.add("box", "k")
	stop = server()
	defer stop()
	wait("4 ")
}

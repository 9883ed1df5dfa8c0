package notify

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

// talker is a connection whose other side says these bytes, and nothing more.
type talker struct {
	net.Conn
	in io.Reader
}

func (t talker) Read(p []byte) (int, error) { return t.in.Read(p) }

func through(says string, body func([]byte) (int, error)) (string, error) {
	b, err := io.ReadAll(framed(talker{in: strings.NewReader(says)}, nil, body))
	return string(b), err
}

func TestFrames(t *testing.T) {
	for _, c := range []struct {
		body func([]byte) (int, error)
		says string
		pass string // what is let through; all of it when ""
	}{
		{redisBody, "+OK\r\n$3\r\na\nb\r\n-ERR no\r\n:12\r\n$-1\r\n$0\r\n\r\n", ""},
		{redisBody, "+OK\r\n$9223372036854775807\r\nx", "+OK\r\n"},
		{redisBody, "$16385\r\n", "-"},
		{redisBody, "*9999999\r\n", "-"},
		{redisBody, "$-2\r\n", "-"},
		{redisBody, "$3\r\nabcd\r\n", "-"},
		{redisBody, "+OK\n", "-"},
		{redisBody, "+O\rK\r\n", "-"},
		{redisBody, "\r\n", "-"},
		{redisBody, "+" + strings.Repeat("x", maxLine) + "\r\n", "-"},
		{natsBody, "INFO {\"a\": 1}\r\nPING\r\nPONG\r\n+OK\r\n-ERR 'Stale Connection'\r\nMSG a 1 2\r\nhi\r\nMSG a 1 reply 0\r\n\r\nHMSG a 1 1 2\r\nhi\r\n", ""},
		{natsBody, "PING\r\nMSG a 1 9223372036854775807\r\nx", "PING\r\n"},
		{natsBody, "HMSG a 1 1 16385\r\n", "-"},
		{natsBody, "MSG a 1 -1\r\n", "-"},
		{natsBody, "MSG a 1  2\r\nhi\r\n", "-"},
		{natsBody, "MSG a\t1 2\r\nhi\r\n", "-"},
		{natsBody, "msg a 1 2\r\nhi\r\n", "-"},
		{natsBody, "MSG 2\r\nhi\r\n", "-"},
		{natsBody, "PINGMSG a 1 999999999\r\n", "-"},
		{natsBody, "PING x\r\n", "-"},
		{natsBody, "INFO\r\n", "-"},
		{natsBody, " PING\r\n", "-"},
		{natsBody, "MSG a 1 2\r\nhi!!PING\r\n", "-"},
	} {
		got, err := through(c.says, c.body)
		want, refused := c.says, c.pass != ""
		if refused {
			want = strings.TrimPrefix(c.pass, "-")
		}
		if got != want || refused != errors.Is(err, errFrame) {
			t.Errorf("of %.60q came %.60q, %v", c.says, got, err)
		}
	}
}

// FuzzFrames: what is let through is whole frames from the front of what was said.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("MSG a 1 2\r\nhi\r\n$3\r\nabc\r\n"))
	f.Add([]byte("+OK\r\n$-1\r\nHMSG a 1 99 99\r\n"))
	f.Fuzz(func(t *testing.T, says []byte) {
		for _, body := range []func([]byte) (int, error){redisBody, natsBody} {
			got, err := through(string(says), body)
			if !strings.HasPrefix(string(says), got) || got != "" && !strings.HasSuffix(got, "\r\n") || err == nil && got != string(says) {
				t.Fatalf("%q, %v", got, err)
			}
		}
	})
}

// TestHostileServers: a server that a user chose can refuse, and nothing worse. The clients of both protocols, by themselves, make room for
// as many bytes as a server announces.
func TestHostileServers(t *testing.T) {
	const greeting = "INFO {\"proto\": 1, \"headers\": true, \"max_payload\": 1048576}\r\n"
	for _, c := range []struct{ url, hello, answer string }{
		{"redis://HOST/1?stream=s", "", "$9223372036854775807\r\nx"},
		{"redis://HOST/0?stream=s", "", "*9223372036854775807\r\nx"},
		{"redis://HOST/0?stream=s", "", "$999999999999\r\nx"},
		{"nats://HOST/s", greeting, "PONG\r\nMSG a 1 9223372036854775807\r\nx"},
		{"nats://HOST/s", greeting, "PONG\r\nHMSG a 1 1 9223372036854775807\r\nx"},
		{"nats://HOST/s", greeting, "PONG\r\nMSG _INBOX.x 1 999999999999\r\nx"},
		{"nats://HOST/s", greeting, strings.Repeat("x", 1<<20)},
		{"nats://HOST/s", strings.Repeat("INFO ", 1<<20), ""},
		{"nats://HOST/s", "INFO nothing\r\n", ""},
		{"nats://HOST/s", "INFO {\"tls_required\": true}\r\n", "no TLS"},
		{"tls://HOST/s", greeting, "PONG\r\n"},
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go serveOnce(ln, c.hello, c.answer)
		u, err := url.Parse(strings.Replace(c.url, "HOST", ln.Addr().String(), 1))
		if err != nil {
			t.Fatal(err)
		}
		var s sink = &stream{dial: new(net.Dialer).DialContext, url: u}
		if isNATS(u) {
			s = &subject{dial: new(net.Dialer).DialContext, url: u, room: 1}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := s.send(ctx, &queuedItem{item: item{Body: []byte("{}")}}); err == nil {
			t.Errorf("%s took an event with %.60q", u, c.answer)
		} else if ctx.Err() != nil {
			t.Errorf("%s held an event up with %.60q", u, c.answer)
		}
		s.close()
		cancel()
		ln.Close()
	}
}

// serveOnce answers the first bytes of a client.
func serveOnce(ln net.Listener, hello, answer string) {
	conn, err := ln.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	io.WriteString(conn, hello)
	r := bufio.NewReader(conn)
	if _, err := r.ReadBytes('\n'); err != nil {
		return
	}
	io.WriteString(conn, answer)
	io.Copy(io.Discard, r)
}

package notify

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"myfsio/guard"
	"myfsio/internal/natsd"
	"myfsio/kv/memkv"
)

// natsWorld is a notifier that sends to a real nats-server.
type natsWorld struct {
	*world
	t   *testing.T
	srv *natsd.Server
}

func newNATSWorld(t *testing.T, url, conf string, change func(*Config), client ...nats.Option) *natsWorld {
	g := guard.New(guard.Options{AllowInternal: true})
	t.Cleanup(g.Close)
	srv := natsd.New(t, conf, client...)
	o := newOutbox()
	w := &natsWorld{t: t, srv: srv, world: start(t, o, newReceivers(), memkv.New(), func(c *Config) {
		c.Dial, c.FirstPause, c.LastPause, c.Timeout = g.DialContext, 10*time.Millisecond, 10*time.Millisecond, 2*time.Second
		if change != nil {
			change(c)
		}
	})}
	t.Cleanup(w.stop)
	url = strings.Replace(url, "HOST", srv.Address, 1)
	if err := CheckTarget(g, url); err != nil {
		t.Fatal(err)
	}
	o.point("box", url)
	return w
}

// wait waits until the stream holds the events of these sequence numbers, in this order.
func (w *natsWorld) wait(want string) {
	w.t.Helper()
	var got string
	for end := time.Now().Add(time.Minute); got != want; time.Sleep(10 * time.Millisecond) {
		got = ""
		all, err := w.srv.Messages("events")
		for _, m := range all {
			if id := m.Header.Get(nats.MsgIdHdr); !strings.Contains(string(m.Data), `"sequencer":"`+id[:16]+`"`) || len(id) != 32 {
				w.t.Fatalf("the id %s of %s", id, m.Data)
			}
			got += strings.TrimLeft(m.Header.Get(nats.MsgIdHdr)[:16], "0") + " "
		}
		if time.Now().After(end) {
			w.t.Fatalf("the stream holds %q (%v), want %q; queues %+v\n%s", got, err, want, w.n.Queues(), w.srv.Log())
		}
	}
}

// refused waits until an event waits because of an error.
func (w *natsWorld) refused(want string) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		q := w.n.Queues()
		if len(q) == 1 && strings.Contains(q[0].Error, want) {
			if strings.Contains(fmt.Sprint(q), "sesame") {
				w.t.Errorf("a secret shows in %+v", q)
			}
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("queues: %+v, want the error %q", q, want)
		}
	}
}

// TestNATSStream: an event is taken when a stream has it, and only then; the server goes away and comes back.
func TestNATSStream(t *testing.T) {
	w := newNATSWorld(t, "nats://HOST/s3.box", "", nil)
	w.add("box", "k")
	w.refused("refused")
	w.srv.Start()
	w.refused("no stream of JetStream takes the subject s3.box")
	err := w.srv.Do(func(conn *nats.Conn, _ jetstream.JetStream) error {
		sub, err := conn.Subscribe("s3.>", func(m *nats.Msg) { m.Respond([]byte("thanks")) })
		if err == nil {
			w.refused("something that is no stream")
			err = sub.Unsubscribe()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.srv.Stream("events", "s3.>")
	w.wait("1 ")
	w.add("box", "k")
	w.add("box", "k")
	w.wait("1 2 3 ")
	w.srv.Kill()
	w.add("box", "k")
	w.srv.Start()
	w.wait("1 2 3 4 ")
}

// TestNATSRepeats: an event that comes again stands in the stream once.
func TestNATSRepeats(t *testing.T) {
	w := newNATSWorld(t, "nats://HOST/s3.box", "", nil)
	w.srv.Start()
	w.srv.Stream("events", "s3.>")
	w.add("box", "k")
	w.wait("1 ")
	w.mu().Lock()
	w.last = 0 // the outbox did not hear that its row was moved
	w.mu().Unlock()
	w.add("box", "k")
	w.add("box", "k")
	w.wait("1 2 ")
}

// TestNATSRights: who may connect, and who may not.
func TestNATSRights(t *testing.T) {
	user := "authorization { users: [{user: u, password: \"open sesame\", permissions: {publish: [\"s3.>\", \"$JS.>\"]}}] }"
	for name, c := range map[string]struct {
		url, conf, want string
		client          nats.Option
	}{
		"password":       {"nats://u:open%20sesame@HOST/s3.box", user, "", nats.UserInfo("u", "open sesame")},
		"wrong password": {"nats://u:sesame@HOST/s3.box", user, "uthorization", nats.UserInfo("u", "open sesame")},
		"no password":    {"nats://HOST/s3.box", user, "uthorization", nats.UserInfo("u", "open sesame")},
		"wrong subject":  {"nats://u:open%20sesame@HOST/other.box", user, "ermissions", nats.UserInfo("u", "open sesame")},
		"token":          {"nats://sesame@HOST/s3.box", "authorization { token: sesame }", "", nats.Token("sesame")},
		"wrong token":    {"nats://sesames@HOST/s3.box", "authorization { token: sesame }", "uthorization", nats.Token("sesame")},
	} {
		t.Run(name, func(t *testing.T) {
			w := newNATSWorld(t, c.url, c.conf, nil, c.client)
			w.srv.Start()
			w.srv.Stream("events", "s3.>", "other.>")
			w.add("box", "k")
			if c.want == "" {
				w.wait("1 ")
			} else {
				w.refused(c.want)
			}
		})
	}
}

// TestNATSOverTLS: tls:// insists on it, nats:// takes it when the server does.
func TestNATSOverTLS(t *testing.T) {
	pool, files := certificate(t)
	roots := nats.Secure(&tls.Config{RootCAs: pool})
	trust := func(c *Config) { c.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12} }
	for name, c := range map[string]struct {
		url, conf, want string
		change          func(*Config)
		client          []nats.Option
	}{
		"tls":             {"tls://sesame@HOST/s3.box", "authorization { token: sesame }\n" + files, "", trust, []nats.Option{roots, nats.Token("sesame")}},
		"asked for":       {"nats://HOST/s3.box", files, "", trust, []nats.Option{roots}},
		"not offered":     {"tls://HOST/s3.box", "", "does not offer TLS", trust, nil},
		"unknown signer":  {"tls://HOST/s3.box", files, "certificate", nil, []nats.Option{roots}},
		"unknown signer2": {"nats://HOST/s3.box", files, "certificate", nil, []nats.Option{roots}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newNATSWorld(t, c.url, c.conf, c.change, c.client...)
			w.srv.Start()
			w.srv.Stream("events", "s3.>")
			w.add("box", "k")
			if c.want == "" {
				w.wait("1 ")
			} else {
				w.refused(c.want)
			}
		})
	}
}

// certificate makes one for 127.0.0.1, and the lines of a configuration that name its files.
func certificate(t *testing.T) (*x509.CertPool, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{"cert": cert, "key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool, fmt.Sprintf("tls { cert_file: %q, key_file: %q }", filepath.Join(dir, "cert"), filepath.Join(dir, "key"))
}

// TestSecretsOfURLs: what administrators see of a failure has no password.
func TestSecretsOfURLs(t *testing.T) {
	for in, want := range map[string]string{
		"nats://u:sesame@h:4222/s": "nats://h:4222/s", "tls://sesame@h/s": "tls://h/s", "nats://h/s": "nats://h/s",
		"redis://h/0?stream=a%20b": "redis://h/0?stream=a%20b", "https://h/x?y=%zz": "https://h/x?y=%zz",
	} {
		if got := shown(in); got != want {
			t.Errorf("%s is shown as %s", in, got)
		}
	}
	w := start(t, newOutbox(), newReceivers(), memkv.New(), func(c *Config) { c.MaxAge = time.Nanosecond })
	defer w.stop()
	w.point("box", "nats://u:sesame@127.0.0.1:1/s")
	w.add("box", "k")
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		page, _, err := w.n.Failures(context.Background(), 10, "")
		if err != nil || time.Now().After(end) {
			t.Fatalf("%+v %v", page, err)
		}
		if len(page) == 1 {
			if strings.Contains(fmt.Sprint(page), "sesame") {
				t.Errorf("%+v", page)
			}
			return
		}
	}
}

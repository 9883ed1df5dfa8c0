package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"myfsio/guard"
)

// sink is the way to one destination.
type sink interface {
	// send returns nil when the destination took the event. Its errors are shown to administrators.
	send(ctx context.Context, it *queuedItem) error
	// parallel is how many calls of send there may be at the same time.
	parallel() int
	// host names the destination in the log, without what in a URL may be a secret.
	host() string
	close()
}

// sink returns the way to an item's destination.
func (n *Notifier) sink(it *item) sink {
	u, err := url.Parse(it.URL)
	switch {
	case err == nil && isRedis(u):
		return &stream{dial: n.cfg.Dial, tls: n.cfg.TLS, url: u}
	case err == nil && isNATS(u):
		return &subject{dial: n.cfg.Dial, tls: n.cfg.TLS, url: u, room: n.cfg.Parallel}
	}
	w := &webhook{n: n, secret: n.Secret(it.Bucket, it.URL)}
	if err == nil {
		w.name = u.Host
	}
	return w
}

// CheckTarget reports why a URL cannot be a destination. It resolves no names.
func CheckTarget(g *guard.Guard, target string) error {
	u, err := url.Parse(target)
	switch {
	case err == nil && isRedis(u):
		if _, _, err := streamOf(u); err != nil {
			return err
		}
		return g.CheckURL("http" + strings.TrimPrefix(target, u.Scheme))
	case err == nil && isNATS(u):
		if _, err := subjectOf(u); err != nil {
			return err
		}
		plain := url.URL{Scheme: "http", Host: u.Host} // the guard refuses passwords, which NATS wants
		return g.CheckURL(plain.String())
	}
	return g.CheckURL(target)
}

// shown is a URL without the password or token that it may hold.
func shown(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.User == nil {
		return target
	}
	u.User = nil
	return u.String()
}

// Names of the headers of a request.
const (
	SignatureHeader = "X-MyFSIO-Signature"
	deliveryHeader  = "X-MyFSIO-Delivery" // the same when an event is sent again
	eventHeader     = "X-MyFSIO-Event"
)

// Secret returns the text that keys the signatures of what is sent for a bucket to a URL, "" when requests are not signed.
func (n *Notifier) Secret(bucket, url string) string {
	if len(n.cfg.Secret) == 0 {
		return ""
	}
	h := hmac.New(sha256.New, n.cfg.Secret)
	fmt.Fprintf(h, "myfsio webhook 1\n%s\n%s", bucket, url)
	return hex.EncodeToString(h.Sum(nil))
}

// Sign returns the value of SignatureHeader for a body that is sent at a time. The key is the text of the secret as it is.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret, t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	io.WriteString(h, t)
	io.WriteString(h, ".")
	h.Write(body)
	return h.Sum(nil)
}

// Verify is what a receiver does with the header and the body of a request: it reports whether the holder of the secret sent
// this body, less than tolerance ago.
func Verify(secret, header string, body []byte, now time.Time, tolerance time.Duration) bool {
	t, v1, _ := strings.Cut(header, ",")
	t, okT := strings.CutPrefix(t, "t=")
	v1, okV := strings.CutPrefix(v1, "v1=")
	sec, err := strconv.ParseInt(t, 10, 64)
	got, hexErr := hex.DecodeString(v1)
	if !okT || !okV || err != nil || hexErr != nil || secret == "" {
		return false
	}
	age := now.Sub(time.Unix(sec, 0))
	return age < tolerance && age > -tolerance && hmac.Equal(got, mac(secret, t, body))
}

// webhook is a destination that takes POST requests.
type webhook struct {
	n      *Notifier
	secret string
	name   string
}

// maxAnswer is how much of an answer is read, in bytes, so that the connection can be used again.
const maxAnswer = 64 << 10

func (w *webhook) send(ctx context.Context, it *queuedItem) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, it.URL, bytes.NewReader(it.Body))
	if err != nil {
		return errors.New("the URL cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "MyFSIO-Notify/1.0")
	req.Header.Set(deliveryHeader, hex.EncodeToString(it.id[:]))
	req.Header.Set(eventHeader, it.Event)
	if w.secret != "" {
		req.Header.Set(SignatureHeader, Sign(w.secret, w.n.cfg.Now(), it.Body))
	}
	resp, err := w.n.cfg.Client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL, which may hold a secret
		}
		return err
	}
	guard.Read(resp, maxAnswer) // its status is all that counts
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("the answer was %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}

func (w *webhook) parallel() int { return w.n.cfg.Parallel }
func (w *webhook) host() string  { return w.name }
func (w *webhook) close()        {}

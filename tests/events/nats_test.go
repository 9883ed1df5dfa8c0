package events

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"myfsio/internal/natsd"
	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

// TestKillNATS kills nats-server, and every other time MyFSIO as well: a stream holds each committed change once, in order per key.
func TestKillNATS(t *testing.T) {
	srv := natsd.New(t, "authorization { token: sesame }", nats.Token("sesame"))
	srv.Start()
	srv.Stream("events", "s3.>")
	s, err := daemon.New(t.TempDir(), "ALLOW_INTERNAL_ENDPOINTS=true", "RATE_LIMIT_OBJECT_OPS=100000000 per minute", "RATE_LIMIT_BUCKET_OPS=100000000 per minute")
	check(t, err)
	defer s.Kill()
	check(t, s.Start())
	for _, q := range []signed.Request{
		{Method: "PUT", Bucket: bucket},
		{Method: "PUT", Bucket: bucket, Query: url.Values{"versioning": {""}}, Body: []byte("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")},
		{Method: "PUT", Bucket: bucket, Query: url.Values{"notification": {""}}, Header: http.Header{"Content-Type": {"application/json"}},
			Body: []byte(`{"TopicConfigurations":[{"TopicArn":"nats://sesame@` + srv.Address + `/s3.box","Events":["s3:ObjectCreated:*","s3:ObjectRemoved:*"]}]}`)},
	} {
		_, err := client(s).Do(t.Context(), q)
		check(t, err)
	}
	for i := range rounds(t) {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() { write(ctx, client(s), w) })
		}
		time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
		srv.Kill()
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		if i%2 == 1 {
			s.Kill()
		}
		srv.Start()
		cancel()
		wg.Wait()
		if i%2 == 1 {
			check(t, s.Start())
		}
	}
	check(t, s.Stop()) // what a writer no longer waits for may be committed until then
	check(t, s.Start())
	want := committed(t, s)
	var r *receiver
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if r = stored(t, srv); r.holds(want) || time.Now().After(end) {
			break
		}
	}
	r.judge(t, want)
	if r.again > 0 {
		t.Errorf("the stream holds %d events twice", r.again)
	}
}

// stored is what a receiver that reads the stream from its begin gets.
func stored(t *testing.T, srv *natsd.Server) *receiver {
	t.Helper()
	all, err := srv.Messages("events")
	check(t, err)
	r := newReceiver()
	for _, m := range all {
		r.take(m.Data)
	}
	return r
}

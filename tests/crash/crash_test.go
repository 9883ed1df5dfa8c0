package crash

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

const (
	writers       = 5
	keysPerWriter = 6       // in each bucket
	maxBytes      = 1 << 30 // of the data directory in the end; what lives in it is a few MiB
)

func TestMain(m *testing.M) {
	code := m.Run()
	daemon.Cleanup()
	os.Exit(code)
}

// number is a setting of the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// run is one test over one data directory.
type run struct {
	server  *daemon.Server
	rng     *rand.Rand
	writers []*writer
	acks    atomic.Int64
}

func TestKill(t *testing.T) {
	rounds := uint64(60)
	if testing.Short() {
		rounds = 10
	}
	rounds = number(t, "MYFSIO_CRASH_ROUNDS", rounds)
	seed := number(t, "MYFSIO_CRASH_SEED", uint64(time.Now().UnixNano()))
	dir, err := os.MkdirTemp("", "myfsio-crash-")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rounds with MYFSIO_CRASH_SEED=%d", rounds, seed)
	r := &run{rng: rand.New(rand.NewPCG(seed, 0))}
	if r.server, err = daemon.New(dir, "MULTIPART_MIN_PART_SIZE="+strconv.Itoa(minPart), "ENCRYPTION_ENABLED=true", "KMS_ENABLED=true",
		"RATE_LIMIT_DEFAULT=100000000 per minute", "RATE_LIMIT_BUCKET_OPS=100000000 per minute",
		"RATE_LIMIT_OBJECT_OPS=100000000 per minute", "RATE_LIMIT_HEAD_OPS=100000000 per minute"); err != nil {
		t.Fatal(err)
	}
	for i := range writers {
		r.writers = append(r.writers, newWriter(i, keysPerWriter, seed, nil, &r.acks))
	}
	err = r.all(t.Context(), int(rounds))
	r.server.Kill()
	if err != nil {
		t.Fatalf("%v\nthe data is kept in %s\nthe server said: %s", err, dir, r.server.Output())
	}
	t.Logf("%d answered requests", r.acks.Load())
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}

func (r *run) all(ctx context.Context, rounds int) error {
	for i := range rounds {
		if err := r.round(ctx, i); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
	}
	if err := r.start(); err != nil {
		return err
	}
	if err := r.verify(ctx, true); err != nil {
		return fmt.Errorf("in the end: %w", err)
	}
	if err := r.oneKey(ctx); err != nil {
		return fmt.Errorf("with one master key: %w", err)
	}
	if err := r.server.Stop(); err != nil {
		return err
	}
	if err := verifyFiles(r.server, r.writers); err != nil {
		return err
	}
	if _, err := r.server.Run(ctx, "fsck", "--deep"); err != nil {
		return err
	}
	return r.small()
}

// round starts the server, judges what the last round left, lets the writers work, and kills it.
func (r *run) round(ctx context.Context, i int) error {
	if i%10 == 9 { // a kill during the start
		if err := r.server.Launch(); err != nil {
			return err
		}
		time.Sleep(time.Duration(r.rng.IntN(40_000)) * time.Microsecond)
		r.server.Kill()
	}
	if i%25 == 24 {
		if err := r.server.Fsck(ctx); err != nil {
			return err
		}
	}
	if i%4 == 2 {
		if _, err := r.server.Run(ctx, "rekey"); err != nil {
			return err
		}
	}
	if err := r.start(); err != nil {
		return err
	}
	if i == 0 {
		if err := r.buckets(ctx); err != nil {
			return err
		}
	}
	if err := r.verify(ctx, i%10 == 0); err != nil {
		return err
	}
	if i%50 == 49 { // an orderly end between the kills
		if err := r.server.Stop(); err != nil {
			return err
		}
		if err := verifyFiles(r.server, r.writers); err != nil {
			return err
		}
		if err := r.start(); err != nil {
			return err
		}
	}
	if i%2 == 0 {
		go r.rewrap(ctx)
	}
	return r.work(ctx)
}

// start starts the server and gives the writers new connections.
func (r *run) start() error {
	if err := r.server.Start(); err != nil {
		return err
	}
	c := client(r.server)
	for _, w := range r.writers {
		w.client = c
	}
	return nil
}

func (r *run) buckets(ctx context.Context) error {
	c := r.writers[0].client
	for _, b := range []string{plainBucket, versionedBucket} {
		if _, err := c.Do(ctx, signed.Request{Method: "PUT", Bucket: b}); err != nil {
			return err
		}
	}
	doc := `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`
	if err := r.admin(ctx, "POST", "/kms/keys", `{"KeyId": "`+kmsKey+`"}`, nil); err != nil {
		return err
	}
	_, err := c.Do(ctx, signed.Request{Method: "PUT", Bucket: versionedBucket, Query: map[string][]string{"versioning": {""}}, Body: []byte(doc)})
	return err
}

// each runs fn for all writers at once.
func (r *run) each(fn func(*writer) error) error {
	errs := make([]error, len(r.writers))
	var wg sync.WaitGroup
	for i, w := range r.writers {
		wg.Go(func() { errs[i] = fn(w) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (r *run) verify(ctx context.Context, thorough bool) error {
	l, err := look(ctx, r.writers[0].client)
	if err != nil {
		return err
	}
	return r.each(func(w *writer) error { return w.verify(ctx, l, thorough) })
}

// work lets the writers work until a random number of answers has come, and a moment longer.
func (r *run) work(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	until := r.acks.Load() + int64(r.rng.IntN(120))
	moment := time.Duration(r.rng.IntN(3000)) * time.Microsecond
	done := make(chan error, 1)
	go func() { done <- r.each(func(w *writer) error { return w.run(ctx) }) }()
	for r.acks.Load() < until {
		select {
		case err := <-done: // too early: an error, or the server ended by itself
			return errors.Join(errors.New("the writers stopped"), err)
		case <-time.After(200 * time.Microsecond):
		}
	}
	time.Sleep(moment)
	r.server.Kill()
	return <-done
}

// small wants the data directory to be bounded: what was replaced has to go.
func (r *run) small() error {
	var total int64
	err := filepath.WalkDir(r.server.Data(), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err == nil && total > maxBytes {
		err = fmt.Errorf("the data directory has grown to %d bytes", total)
	}
	return err
}

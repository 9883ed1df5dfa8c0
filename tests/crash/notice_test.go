package crash

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"myfsio/tests/daemon"
)

// TestNotices judges the judge: whatever is changed in what it expects, it has to find a fault.
func TestNotices(t *testing.T) {
	r := &run{rng: rand.New(rand.NewPCG(1, 2))}
	s, err := daemon.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	r.server = s
	if err := r.startSmall(t, s); err != nil {
		t.Fatal(err)
	}
	w := r.writers[0]
	plain, versioned := w.keys[0], w.keys[1]
	for _, k := range []*key{plain, versioned, versioned} {
		if err := w.put(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.begin(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	if err := w.goOn(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	if err := r.verify(t.Context(), true); err != nil {
		t.Fatalf("nothing is wrong yet: %v", err)
	}
	for name, change := range map[string]func(p, v *key){
		"a body":               func(p, _ *key) { p.history[0].seed++ },
		"a size":               func(p, _ *key) { p.history[0].parts[0]++ },
		"a content type":       func(p, _ *key) { p.history[0].kind = "x" },
		"metadata":             func(p, _ *key) { p.history[0].note = "x" },
		"an object gone":       func(p, _ *key) { p.history = p.with(version{marker: true})[:0] },
		"an old version":       func(_, v *key) { v.history[1].note = "x" },
		"a version gone":       func(_, v *key) { v.history = v.history[:1] },
		"a version id":         func(_, v *key) { v.history[1].id = "x" },
		"a marker":             func(_, v *key) { v.history = v.with(version{marker: true}) },
		"neither old nor new":  func(p, _ *key) { p.pending = &change{what: "put", after: p.with(w.fresh(5))}; p.history[0].seed++ },
		"an upload gone":       func(p, _ *key) { p.open.id = "x" },
		"a part of an upload":  func(p, _ *key) { p.open.etags[0] = "x" },
		"a part not there yet": func(p, _ *key) { p.open.etags = append(p.open.etags, "x") },
	} {
		p, v := clone(plain), clone(versioned)
		change(p, v)
		w.keys = []*key{p, v}
		if err := r.verify(t.Context(), true); err == nil {
			t.Errorf("%s: no fault found", name)
		}
	}
	w.keys = []*key{plain, versioned}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := verifyFiles(s, r.writers); err != nil {
		t.Error(err)
	}
	stranger := filepath.Join(s.Data(), plainBucket, "stranger")
	if err := os.WriteFile(stranger, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if verifyFiles(s, r.writers) == nil {
		t.Error("a file of no object: no fault found")
	}
}

// startSmall starts the server with one writer and the buckets.
func (r *run) startSmall(t *testing.T, s *daemon.Server) error {
	s.Env = []string{"MULTIPART_MIN_PART_SIZE=32768", "ENCRYPTION_ENABLED=true", "KMS_ENABLED=true"}
	r.writers = []*writer{newWriter(0, 1, 1, nil, &r.acks)}
	if err := r.start(); err != nil {
		return err
	}
	return r.buckets(t.Context())
}

// clone copies a key so that a change to it is its own.
func clone(k *key) *key {
	c := *k
	c.history = nil
	for _, v := range k.history {
		v.parts = append([]int{}, v.parts...)
		c.history = append(c.history, v)
	}
	if k.open != nil {
		open := *k.open
		open.etags = append([]string{}, open.etags...)
		c.open = &open
	}
	return &c
}

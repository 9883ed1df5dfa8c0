// Package blobtest states what a blob.Store must do. The test of an engine, or of a decorator, is
//
//	blobtest.Run(t, func(t *testing.T) blob.Store { return … })
//
// Optional abilities are tested where the store has them.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"myfsio/blob"
)

// Run runs the suite. open returns an empty store of its own for each test; Run closes it.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	for _, tc := range []struct {
		name string
		run  func(*suite)
	}{
		{"sizes", (*suite).sizes},
		{"size hints", (*suite).sizeHints},
		{"read at", (*suite).readAt},
		{"read from", (*suite).readFrom},
		{"abort", (*suite).abort},
		{"commit refused", (*suite).commitRefused},
		{"unfinished", (*suite).unfinished},
		{"exists", (*suite).exists},
		{"remove", (*suite).remove},
		{"list", (*suite).list},
		{"many writers", (*suite).manyWriters},
		{"one id, many writers", (*suite).oneID},
		{"filer", (*suite).filer},
		{"pieces", (*suite).pieces},
		{"aborted pieces", (*suite).abortedPieces},
		{"pieces at once", (*suite).piecesAtOnce},
		{"pieces of a removed blob", (*suite).piecesRemoved},
		{"pieces and whole blobs", (*suite).piecesAndWhole},
		{"trim", (*suite).trim},
		{"random programs", (*suite).random},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store := open(t)
			s := &suite{T: t, Store: store, rng: rand.New(rand.NewPCG(1, 2))}
			s.placer, _ = store.(blob.Placer)
			tc.run(s)
			s.must(store.Close())
		})
	}
}

// suite is one test with its store.
type suite struct {
	*testing.T
	blob.Store
	placer blob.Placer // nil where the store is none
	ids    blob.IDs
	rng    *rand.Rand
}

var ctx = context.Background()

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) id() blob.ID { return s.ids.New(time.Now()) }

// bytes returns n random bytes.
func (s *suite) bytes(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(s.rng.Uint32())
	}
	return p
}

func (s *suite) create(id blob.ID, hint int64) blob.Writer {
	s.Helper()
	w, err := s.Create(ctx, id, hint)
	s.must(err)
	return w
}

// write writes data in pieces of odd sizes.
func (s *suite) write(w blob.Writer, data []byte) {
	s.Helper()
	for len(data) > 0 {
		n := min(len(data), 1+s.rng.IntN(300_000))
		m, err := w.Write(data[:n])
		s.must(err)
		if m != n {
			s.Fatalf("Write took %d of %d bytes without an error", m, n)
		}
		data = data[n:]
	}
}

func (s *suite) put(data []byte) blob.ID {
	s.Helper()
	id := s.id()
	w := s.create(id, int64(len(data)))
	s.write(w, data)
	s.must(w.Commit(ctx))
	return id
}

func (s *suite) open(id blob.ID) blob.Blob {
	s.Helper()
	b, err := s.Open(ctx, id)
	s.must(err)
	return b
}

func readAll(b blob.Blob) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
}

// expect checks the bytes of a blob; nil means that it must not be there.
func (s *suite) expect(id blob.ID, want []byte) {
	s.Helper()
	if want == nil {
		s.absent(id)
		return
	}
	b := s.open(id)
	defer b.Close()
	if b.Size() != int64(len(want)) {
		s.Fatalf("%v has %d bytes, want %d", id, b.Size(), len(want))
	}
	got, err := readAll(b)
	s.must(err)
	if !bytes.Equal(got, want) {
		s.Fatalf("%v has wrong bytes, first at %d", id, diff(got, want))
	}
}

func (s *suite) absent(id blob.ID) {
	s.Helper()
	b, err := s.Open(ctx, id)
	if err == nil {
		b.Close()
	}
	if !errors.Is(err, blob.ErrNotFound) {
		s.Fatalf("Open of an absent blob: %v", err)
	}
}

// diff returns the first index where a and b differ.
func diff(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// infos lists everything behind after.
func (s *suite) infos(after blob.ID) []blob.Info {
	s.Helper()
	var infos []blob.Info
	for info, err := range s.List(ctx, after) {
		s.must(err)
		infos = append(infos, info)
	}
	return infos
}

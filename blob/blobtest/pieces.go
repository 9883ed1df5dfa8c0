package blobtest

import (
	"bytes"
	"errors"
	"sync"

	"myfsio/blob"
)

func (s *suite) needPlacer() {
	if s.placer == nil {
		s.Skip("not a Placer")
	}
}

func (s *suite) createAt(id blob.ID, off int64) blob.Writer {
	s.Helper()
	w, err := s.placer.CreateAt(ctx, id, off, -1)
	s.must(err)
	return w
}

// place writes and commits a piece.
func (s *suite) place(id blob.ID, off int64, data []byte) {
	s.Helper()
	w := s.createAt(id, off)
	s.write(w, data)
	s.must(w.Commit(ctx))
}

func (s *suite) pieces() {
	s.needPlacer()
	id := s.id()
	s.place(id, 200_000, bytes.Repeat([]byte{3}, 1000))
	want := make([]byte, 201_000)
	copy(want[200_000:], bytes.Repeat([]byte{3}, 1000))
	s.expect(id, want) // holes read as zero
	open := s.open(id)
	defer open.Close()
	s.place(id, 0, bytes.Repeat([]byte{1}, 100_000))
	copy(want, bytes.Repeat([]byte{1}, 100_000))
	s.expect(id, want)
	w, err := s.placer.CreateAt(ctx, id, 100_000, 5<<20) // a hint that is too large
	s.must(err)
	s.write(w, bytes.Repeat([]byte{2}, 100_000))
	s.must(w.Commit(ctx))
	copy(want[100_000:], bytes.Repeat([]byte{2}, 100_000))
	s.expect(id, want)
	if open.Size() != 201_000 {
		s.Errorf("the size of an open blob: %d", open.Size())
	}
	if _, err := s.placer.CreateAt(ctx, id, -1, -1); err == nil {
		s.Error("CreateAt at a negative offset worked")
	}
	if infos := s.infos(blob.ID{}); len(infos) != 1 || infos[0].ID != id || infos[0].Size != 201_000 {
		s.Errorf("listed %v", infos)
	}
}

func (s *suite) abortedPieces() {
	s.needPlacer()
	id := s.id()
	one, two := s.createAt(id, 0), s.createAt(id, 10)
	s.write(one, []byte("0123456789"))
	s.write(two, []byte("abcde"))
	s.absent(id) // no piece is committed
	s.must(one.Abort())
	s.must(one.Abort())
	s.absent(id)
	s.must(two.Abort())
	s.absent(id)
	if infos := s.infos(blob.ID{}); len(infos) != 0 {
		s.Errorf("aborted pieces left %v", infos)
	}

	s.place(id, 10, []byte("abcde"))
	w := s.createAt(id, 0)
	s.write(w, []byte("xxxxxxxxxx"))
	s.must(w.Abort())
	s.place(id, 0, []byte("0123456789")) // the range can be written again
	s.expect(id, []byte("0123456789abcde"))
	w = s.createAt(id, 15)
	s.write(w, []byte("yyy"))
	s.must(w.Abort())
	s.must(s.placer.Trim(ctx, id, 15))
	s.expect(id, []byte("0123456789abcde"))
	if err := w.Commit(ctx); err == nil {
		s.Error("Commit after Abort worked")
	}
	if _, err := w.Write([]byte("z")); err == nil {
		s.Error("Write after Abort worked")
	}
}

func (s *suite) piecesAtOnce() {
	s.needPlacer()
	const pieces, size = 16, 50_000
	id := s.id()
	want := s.bytes(pieces * size)
	var wg sync.WaitGroup
	for i := range pieces {
		wg.Go(func() {
			w, err := s.placer.CreateAt(ctx, id, int64(i*size), size)
			if err != nil {
				s.Error(err)
				return
			}
			for half := range 2 {
				at := i*size + half*size/2
				if _, err := w.Write(want[at : at+size/2]); err != nil {
					s.Error(err)
				}
			}
			if err := w.Commit(ctx); err != nil {
				s.Error(err)
			}
		})
	}
	wg.Wait()
	s.expect(id, want)
}

func (s *suite) piecesRemoved() {
	s.needPlacer()
	id := s.id()
	s.place(id, 0, []byte("first"))
	w := s.createAt(id, 5)
	s.write(w, []byte("second"))
	s.must(s.Remove(ctx, id))
	s.absent(id)
	if err := w.Commit(ctx); !errors.Is(err, blob.ErrNotFound) {
		s.Errorf("Commit of a piece of a removed blob: %v", err)
	}
	s.absent(id)
	old := s.createAt(id, 0)
	s.must(s.Remove(ctx, id))
	s.place(id, 0, []byte("new"))
	s.must(old.Abort()) // of the removed one: the new one stays
	s.expect(id, []byte("new"))
}

func (s *suite) piecesAndWhole() {
	s.needPlacer()
	id := s.id()
	w := s.create(id, -1)
	if _, err := s.placer.CreateAt(ctx, id, 0, -1); !errors.Is(err, blob.ErrExists) {
		s.Errorf("CreateAt during Create: %v", err)
	}
	s.write(w, []byte("whole"))
	s.must(w.Commit(ctx))
	s.place(id, 5, []byte(" and more"))
	s.expect(id, []byte("whole and more"))

	id = s.id()
	piece := s.createAt(id, 0)
	if _, err := s.Create(ctx, id, -1); !errors.Is(err, blob.ErrExists) {
		s.Errorf("Create during CreateAt: %v", err)
	}
	s.must(piece.Commit(ctx))
	s.expect(id, []byte{})
}

func (s *suite) trim() {
	s.needPlacer()
	id := s.id()
	if err := s.placer.Trim(ctx, id, 0); !errors.Is(err, blob.ErrNotFound) {
		s.Errorf("Trim of an absent blob: %v", err)
	}
	s.absent(id)
	w := s.createAt(id, 0)
	if err := s.placer.Trim(ctx, id, 0); !errors.Is(err, blob.ErrNotFound) {
		s.Errorf("Trim of a blob without a committed piece: %v", err)
	}
	s.write(w, []byte("0123456789"))
	s.must(w.Commit(ctx))
	for _, size := range []int{10, 7, 9, 9, 0, 3} {
		s.must(s.placer.Trim(ctx, id, int64(size)))
		want := map[int]string{10: "0123456789", 7: "0123456", 9: "0123456\x00\x00", 0: "", 3: "\x00\x00\x00"}[size]
		s.expect(id, []byte(want))
	}
	if err := s.placer.Trim(ctx, id, -1); err == nil {
		s.Error("Trim to a negative size worked")
	}
	s.place(id, 2, []byte("ab"))
	s.expect(id, []byte("\x00\x00ab"))
}

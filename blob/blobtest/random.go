package blobtest

import (
	"math/rand/v2"

	"myfsio/blob"
)

// model is the slow, obvious store that random programs are compared with.
type model struct {
	blobs map[blob.ID][]byte // what can be opened
	open  []openWriter
}

// openWriter is a blob or a piece being written. Pieces end with the step that began them, or stay
// within a slot of the blob that nobody else writes to.
type openWriter struct {
	id   blob.ID
	w    blob.Writer
	data []byte
	at   int // of a piece, -1: a whole blob
}

const (
	slots    = 4     // pieces of a placed blob
	slotSize = 3_000 // bytes
)

// random runs programs of random steps and compares the whole store after each.
func (s *suite) random() {
	for seed := range uint64(8) {
		s.rng = rand.New(rand.NewPCG(seed, 7))
		m := &model{blobs: map[blob.ID][]byte{}}
		for _, info := range s.infos(blob.ID{}) {
			s.must(s.Remove(ctx, info.ID))
		}
		for step := range 150 {
			s.step(m)
			if step%10 == 0 {
				s.compare(m)
			}
		}
		for len(m.open) > 0 {
			s.end(m, s.rng.IntN(len(m.open)), s.rng.IntN(2) == 0)
		}
		s.compare(m)
	}
}

func (s *suite) step(m *model) {
	s.Helper()
	switch n := s.rng.IntN(10); {
	case n < 3:
		id := s.id()
		m.open = append(m.open, openWriter{id: id, w: s.create(id, int64(s.rng.IntN(10_000)-1)), at: -1})
	case n < 5 && len(m.open) > 0:
		o := &m.open[s.rng.IntN(len(m.open))]
		data := s.bytes(s.rng.IntN(slotSize))
		if o.at >= 0 {
			data = data[:min(len(data), slotSize-len(o.data))]
		}
		s.write(o.w, data)
		o.data = append(o.data, data...)
	case n < 7 && len(m.open) > 0:
		s.end(m, s.rng.IntN(len(m.open)), s.rng.IntN(3) > 0)
	case n < 8:
		for id := range m.blobs { // any
			if !m.writing(id) {
				s.must(s.Remove(ctx, id))
				delete(m.blobs, id)
			}
			break
		}
	case s.placer != nil:
		s.stepPlaced(m)
	}
}

func (m *model) writing(id blob.ID) bool {
	for _, o := range m.open {
		if o.id == id {
			return true
		}
	}
	return false
}

// stepPlaced places all slots of a new blob at once, in any order, and ends them in any order.
func (s *suite) stepPlaced(m *model) {
	id := s.id()
	for _, slot := range s.rng.Perm(slots) {
		if s.rng.IntN(3) > 0 {
			at := slot * slotSize
			m.open = append(m.open, openWriter{id: id, w: s.createAt(id, int64(at)), at: at})
		}
	}
}

// end commits or aborts writer i. A piece that has written something is always committed: what it would
// leave behind is not defined.
func (s *suite) end(m *model, i int, commit bool) {
	s.Helper()
	o := m.open[i]
	m.open = append(m.open[:i], m.open[i+1:]...)
	if !commit && (o.at < 0 || len(o.data) == 0) {
		s.must(o.w.Abort())
		return
	}
	s.must(o.w.Commit(ctx))
	if o.at < 0 {
		m.blobs[o.id] = append([]byte{}, o.data...)
		return
	}
	old := m.blobs[o.id]
	size := max(len(old), o.at+len(o.data))
	if len(o.data) == 0 {
		size = len(old)
	}
	data := make([]byte, size)
	copy(data, old)
	copy(data[min(o.at, size):], o.data)
	m.blobs[o.id] = data
}

// compare compares the store with the model. A blob with pieces still in writing is passed over, since
// they write in place.
func (s *suite) compare(m *model) {
	s.Helper()
	listed := map[blob.ID]int64{}
	for _, info := range s.infos(blob.ID{}) {
		listed[info.ID] = info.Size
	}
	for id, data := range m.blobs {
		size, ok := listed[id]
		delete(listed, id)
		if m.writing(id) {
			continue
		}
		s.expect(id, data)
		if !ok || size != int64(len(data)) {
			s.Fatalf("%v is listed with %d bytes (%v), want %d", id, size, ok, len(data))
		}
	}
	for id := range listed {
		if !m.writing(id) {
			s.Fatalf("%v is listed and should be gone", id)
		}
	}
}

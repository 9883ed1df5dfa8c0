package object

import (
	"context"
	"encoding/binary"

	"myfsio/blob"
	"myfsio/kv"
	"myfsio/seal"
)

// Pieces that were appended to a body have rows of their own behind its manifest, so that an append writes one of them and not the list of all. A piece
// that was put together with those before it has no place of its own any more.

// open makes the manifest of a finished body one that pieces can follow.
func (m *manifest) open(sealed bool) {
	m.appended, m.own, m.spread = true, len(m.parts), len(m.extents) > 0
	for i := range m.parts {
		m.parts[i].sealed = sealed
	}
}

// storedSize is how many bytes the part takes in a blob.
func (p *partRecord) storedSize() int64 {
	if p.sealed && p.size > 0 {
		return seal.EncryptedSize(p.size)
	}
	return p.size
}

// loadTail reads the pieces, and lays the extents out: one for each part that has bytes, in order. i is the id of the manifest.
func (m *manifest) loadTail(r kv.Reader, i id) error {
	m.own, m.spread = len(m.parts), len(m.extents) > 0
	at := int64(0) // in the blob with the id of the manifest
	lay := func(p *partRecord) {
		if size := p.storedSize(); size > 0 {
			m.extents = append(m.extents, extent{blob: i, off: at, size: size})
			at += size
		}
	}
	for k := range m.parts {
		if !m.spread {
			lay(&m.parts[k])
		}
	}
	for row, err := range kv.Scan(r, kv.Prefix(idKey(tTail, i))) {
		if err != nil {
			return err
		}
		var p partRecord
		if err := p.decode(row.Value); err != nil || len(row.Key) != 19 {
			return errRecord
		}
		if p.at.size > 0 {
			m.extents = append(m.extents, p.at)
		} else {
			lay(&p)
		}
		m.numbers = append(m.numbers, int(binary.BigEndian.Uint16(row.Key[17:])))
		m.parts = append(m.parts, p)
	}
	return nil
}

// has reports whether all of the blobs hold extents of the body.
func (m *manifest) has(blobs []blob.ID) bool {
	held := map[blob.ID]bool{}
	for _, x := range m.extents {
		held[x.blob] = true
	}
	for _, b := range blobs {
		if !held[b] {
			return false
		}
	}
	return true
}

// count numbers the parts of a body with pieces from 1, as readers ask for them.
func (m *manifest) count() {
	for i := range m.numbers {
		if m.appended {
			m.numbers[i] = i + 1
		}
	}
}

// deleteManifest removes a manifest with its pieces.
func (t *txn) deleteManifest(i id, m *manifest) {
	t.Delete(idKey(tManifest, i))
	if m.appended {
		for _, n := range m.numbers[m.own:] {
			t.Delete(tailKey(i, n))
		}
	}
}

// settleTail records that the extents of seen, those of an earlier look at m, lie side by side in the blob to by now. The manifest gets its id.
func (t *txn) settleTail(m *manifest, from, to id, seen int, sealed bool) {
	if from != to {
		t.deleteManifest(from, m)
		m.gathered(sealed)
		t.Put(idKey(tManifest, to), m.encode())
	}
	for k := m.own; k < len(m.parts); k++ {
		p := &m.parts[k]
		if from == to && (k >= seen || p.at.size == 0) {
			continue
		}
		if k < seen {
			p.at = extent{}
		}
		t.Put(tailKey(to, m.numbers[k]), p.encode(nil))
	}
}

// gathered makes the parts of the manifest's own row lie side by side.
func (m *manifest) gathered(sealed bool) {
	m.spread = false
	for i := range m.parts[:m.own] {
		m.parts[i].sealed, m.parts[i].at = sealed, extent{}
	}
}

// loose is how many of the extents, and of their bytes, lie elsewhere than in the blob of the first, and how many bytes lie there.
func (m *manifest) loose() (n int, bytes, front int64) {
	for _, x := range m.extents {
		if x.blob == m.extents[0].blob {
			front += x.size
			continue
		}
		n++
		bytes += x.size
	}
	return n, bytes, front
}

// TrimShown cuts off what lies behind the end of the blob that the file of a key shows, as Show told, unless the key has another body by now, or somebody
// writes there. It fails with blob.ErrNotFound when the blob is gone.
func (s *Store) TrimShown(ctx context.Context, bucket, key string, want *Shown) error {
	p, ok := s.blobs.(blob.Placer)
	if !ok || !s.reserve(want.Blob) {
		return nil
	}
	defer s.release(want.Blob)
	now, err := s.Show(ctx, bucket, key)
	if err != nil || now.Blob != want.Blob || now.Size != want.Size {
		return err
	}
	return p.Trim(ctx, want.Blob, want.Size)
}

// reserve makes the caller the only one who writes behind the end of a blob, or cuts it, until release. It reports false where somebody else does, or may be
// writing parts of an upload there.
func (s *Store) reserve(b blob.ID) bool {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if s.slots.reserved[b] {
		return false
	}
	for _, us := range s.slots.uploads {
		if us.blobs[b] {
			return false
		}
	}
	s.slots.reserved[b] = true
	return true
}

func (s *Store) release(b blob.ID) {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	delete(s.slots.reserved, b)
}

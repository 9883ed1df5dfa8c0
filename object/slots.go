package object

import (
	"context"

	"myfsio/blob"
	"myfsio/kv"
)

// A multipart upload in parts of one size becomes one contiguous blob without copying: part n is written at
// (n-1) x stride of a blob that the parts share. The stride is the size of the largest part seen; a part that is larger than it
// begins a new shared blob, and the few parts written before keep their places in the old one. A part
// number that has bytes already is never written over: its new bytes go to a blob of their own. So an upload holds on to
// at most one older copy of each part.

// uploadSlots is what this process knows of one upload's shared blob.
type uploadSlots struct {
	users   int // parts being written; forgotten at 0
	blob    blob.ID
	stride  int64
	blobs   map[blob.ID]bool // shared ones that parts were begun in
	taken   map[int]bool     // part numbers that have bytes, anywhere, or are being written
	loading chan struct{}
}

// claim chooses where part n of size bytes, as they are stored, goes. release must be called when the part's commit is over; kept
// says that a row refers to it.
func (s *Store) claim(ctx context.Context, u id, n int, size int64) (at place, release func(kept bool), err error) {
	own := place{id: s.newID()}
	if _, ok := s.blobs.(blob.Placer); !ok || size <= 0 {
		return own, func(bool) {}, nil
	}
	us, err := s.slotsOf(ctx, u)
	if err != nil {
		return own, nil, err
	}
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if us.taken[n] || int64(n)*max(us.stride, size) > MaxObjectSize {
		return own, func(bool) { s.leave(u, us) }, nil
	}
	if size > us.stride {
		us.blob, us.stride = own.id, size
	}
	if s.slots.reserved[us.blob] { // the upload ended, and the blob is an object's
		return own, func(bool) { s.leave(u, us) }, nil
	}
	us.taken[n], us.blobs[us.blob] = true, true
	shared := us.blob
	return place{id: shared, off: int64(n-1) * us.stride, shared: true}, func(kept bool) {
		s.slots.mu.Lock()
		if !kept {
			delete(us.taken, n)
		}
		s.slots.mu.Unlock()
		s.leave(u, us)
	}, nil
}

func (s *Store) leave(u id, us *uploadSlots) {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if us.users--; us.users == 0 && s.slots.uploads[u] == us {
		delete(s.slots.uploads, u)
	}
}

// slotsOf returns the upload's slots, read from its parts when this process does not know them.
func (s *Store) slotsOf(ctx context.Context, u id) (*uploadSlots, error) {
	s.slots.mu.Lock()
	us := s.slots.uploads[u]
	if us != nil {
		us.users++
		s.slots.mu.Unlock()
		<-us.loading
		return us, nil
	}
	us = &uploadSlots{users: 1, blobs: map[blob.ID]bool{}, taken: map[int]bool{}, loading: make(chan struct{})}
	s.slots.uploads[u] = us
	s.slots.mu.Unlock()
	err := s.loadSlots(ctx, u, us)
	close(us.loading)
	if err != nil {
		s.leave(u, us)
		return nil, err
	}
	return us, nil
}

// loadSlots finds the shared blob of the newest stride among the parts.
func (s *Store) loadSlots(ctx context.Context, u id, us *uploadSlots) error {
	return s.viewDB(ctx, func(r kv.Reader) error {
		return eachPart(r, u, func(n int, p *partRecord) error {
			us.taken[n] = true
			if !p.shared {
				return nil
			}
			if stride := strideOf(n, p); p.at.blob == us.blob {
				us.stride = max(us.stride, stride)
			} else if us.blob.IsZero() || stamp(p.at.blob) > stamp(us.blob) {
				us.blob, us.stride = p.at.blob, stride
			}
			return nil
		})
	})
}

// strideOf returns the stride a shared part was placed by; its size where it is the first.
func strideOf(n int, p *partRecord) int64 {
	if n == 1 {
		return p.at.size
	}
	return p.at.off / int64(n-1)
}

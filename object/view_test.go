package object_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"myfsio/blob"
	"myfsio/fault"
	"myfsio/object"
)

// compareView follows the queue of the plain-file view and demands that it shows the current versions and nothing else. assembled
// says that no body may be left out for being in several pieces.
func (w *world) compareView(assembled bool) error {
	if err := w.followView(assembled); err != nil {
		return err
	}
	left := map[[2]string]bool{}
	for at := range w.view {
		left[at] = true
	}
	for _, b := range w.m.ListBuckets(object.ListBuckets{}).Buckets {
		for _, key := range nasty {
			at := [2]string{b.Name, key}
			r, err := w.m.Open(object.GetObject{Bucket: b.Name, Key: key, Customer: w.keyOf(b.Name, key, "", false)})
			if fault.Is(err, fault.Corrupted) { // what its file is says nothing
				delete(left, at)
			}
			if err != nil {
				continue
			}
			if shown, ok := w.view[at]; !ok || shown != nil && !bytes.Equal(shown, r.Data) {
				return fmt.Errorf("%s/%.20q is not shown as it is: %v, %d bytes of %d", b.Name, key, ok, len(shown), len(r.Data))
			}
			delete(left, at)
		}
	}
	for at := range left {
		return fmt.Errorf("%.20q is shown and is not there", at)
	}
	return nil
}

// followView does what the worker of the view does.
func (w *world) followView(assembled bool) error {
	for mark := (object.Mark{}); ; {
		changes, err := w.s.ViewChanges(w.ctx, mark, 5)
		if err != nil {
			return err
		}
		var done []object.Mark
		for _, c := range changes {
			if mark = c.At; c.Key != "" {
				if err := w.show(c, assembled); err != nil {
					return err
				}
			}
			done = append(done, c.At)
		}
		if err := w.s.ViewDone(w.ctx, done); err != nil {
			return err
		}
		if len(changes) < 5 {
			return nil
		}
	}
}

func (w *world) show(c object.ViewChange, assembled bool) error {
	at := [2]string{c.Bucket, c.Key}
	s, err := w.s.Show(w.ctx, c.Bucket, c.Key)
	if err != nil {
		return err
	}
	switch {
	case !s.Exists:
		delete(w.view, at)
	case s.Damaged:
	case s.Parts && assembled:
		return fmt.Errorf("%.20q is still in pieces", at)
	case s.Parts:
		w.view[at] = nil
	case s.Blob.IsZero():
		w.view[at] = append([]byte{}, s.Inline...)
		return w.unveil(at, &s)
	default:
		data, err := readBlob(w.cfg.Blobs, w, s.Blob)
		if err != nil {
			return err
		}
		if int64(len(data)) != s.Size {
			return fmt.Errorf("%.20q has %d bytes and its blob %d", at, s.Size, len(data))
		}
		w.view[at] = data
		return w.unveil(at, &s)
	}
	return nil
}

// unveil puts what is in an encrypted object in the place of its ciphertext.
func (w *world) unveil(at [2]string, s *object.Shown) error {
	if !s.Sealed {
		return nil
	}
	got, err := w.read(object.GetObject{Bucket: at[0], Key: at[1], Customer: w.keyOf(at[0], at[1], "", false)}, false)
	if err != nil {
		return err
	}
	if int64(len(w.view[at])) != s.Size || len(got.Data) > 16 && bytes.Contains(w.view[at], got.Data[:16]) {
		return fmt.Errorf("%.20q has %d bytes and is shown with %d", at, len(got.Data), len(w.view[at]))
	}
	w.view[at] = got.Data
	return nil
}

func readBlob(blobs blob.Store, w *world, id blob.ID) ([]byte, error) {
	b, err := blobs.Open(w.ctx, id)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
}

// Work is signalled, and a signal is never waited for.
func TestSignals(t *testing.T) {
	w := memWorld(t)
	for _, op := range []string{"createBucket", "put", "delete", "put", "put"} {
		if err := w.run(step{op: op, size: 200, opt: 31<<8 | 15<<28 | 0xFF0}); err != nil {
			t.Fatal(err)
		}
	}
	sig := w.s.Signals()
	for name, c := range map[string]chan struct{}{"view": sig.View, "reclaim": sig.Reclaim} {
		if len(c) != 1 {
			t.Errorf("%d tokens for the worker of %s", len(c), name)
		}
	}
	if len(sig.Assemble) != 0 {
		t.Error("there is nothing to assemble")
	}
}

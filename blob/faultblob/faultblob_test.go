package faultblob_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/blobtest"
	"myfsio/blob/faultblob"
	"myfsio/blob/fileblob"
	"myfsio/blob/memblob"
	"myfsio/vfs"
)

// bare hides the optional abilities of a store.
type bare struct{ blob.Store }

func TestSuiteWithoutFaults(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) blob.Store{
		"mem":  func(t *testing.T) blob.Store { return memblob.New() },
		"bare": func(t *testing.T) blob.Store { return bare{memblob.New()} },
		"file": func(t *testing.T) blob.Store {
			s, err := fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T) blob.Store {
				s, _ := faultblob.New(open(t))
				return s
			})
		})
	}
}

func TestAbilities(t *testing.T) {
	file, err := fileblob.Open(fileblob.Options{FS: vfs.OS{}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	linker := struct {
		blob.Store
		blob.Linker
	}{file, file}
	for name, tc := range map[string]struct {
		base           blob.Store
		placer, linker bool
	}{
		"file": {file, true, true}, "mem": {memblob.New(), true, false},
		"linker": {linker, false, true}, "bare": {bare{memblob.New()}, false, false},
	} {
		s, _ := faultblob.New(tc.base)
		_, isPlacer := s.(blob.Placer)
		_, isLinker := s.(blob.Linker)
		if isPlacer != tc.placer || isLinker != tc.linker {
			t.Errorf("%s: placer %v, linker %v", name, isPlacer, isLinker)
		}
	}
}

// program makes one call of every kind, one blob after the other, and returns the errors it met.
func program(s blob.Store) (errs []error) {
	ctx := context.Background()
	var ids blob.IDs
	id, placed := ids.New(time.Now()), ids.New(time.Now())
	note := func(err error) bool {
		if err != nil {
			errs = append(errs, err)
		}
		return err == nil
	}
	write := func(w blob.Writer, err error) {
		if !note(err) {
			return
		}
		_, err = w.Write([]byte("x"))
		if note(err) && note(w.Commit(ctx)) {
			return
		}
		note(w.Abort())
	}
	write(s.Create(ctx, id, 1))
	p := s.(blob.Placer)
	write(p.CreateAt(ctx, placed, 0, 1))
	note(p.Trim(ctx, placed, 1))
	if b, err := s.Open(ctx, id); note(err) {
		_, err = b.ReadAt(make([]byte, 1), 0)
		note(err)
		note(b.Close())
	}
	note(s.Remove(ctx, id))
	for _, err := range s.List(ctx, blob.ID{}) {
		note(err)
	}
	return errs
}

func TestEveryCallFailsOnce(t *testing.T) {
	boom := errors.New("boom")
	want := "create write commit createat write commit trim open readat remove list"
	n := 0
	for ; ; n++ {
		s, faults := faultblob.New(memblob.New())
		faults.Arm(n, boom)
		errs := program(s)
		if !faults.Fired() {
			if got := strings.Join(faults.Calls(), " "); got != want || len(errs) != 0 {
				t.Errorf("calls: %s, errors %v", got, errs)
			}
			break
		}
		if !slices.Contains(errs, boom) {
			t.Errorf("%d: errors %v", n, errs)
		}
	}
	if n != len(strings.Fields(want)) {
		t.Errorf("%d calls failed", n)
	}
}

func TestFailedWriteIsNotCommitted(t *testing.T) {
	ctx := context.Background()
	s, faults := faultblob.New(memblob.New())
	id := (&blob.IDs{}).New(time.Now())
	w, err := s.Create(ctx, id, 1)
	if err != nil {
		t.Fatal(err)
	}
	faults.Arm(0, errors.New("boom"))
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("the write passed")
	}
	if err := w.Commit(ctx); err == nil {
		t.Error("Commit passed after a failed write")
	}
	if _, err := s.Open(ctx, id); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Open: %v", err)
	}
}

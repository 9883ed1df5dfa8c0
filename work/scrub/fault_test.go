package scrub_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/kv"
	"myfsio/kv/faultkv"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/vfs"
	"myfsio/vfs/faultfs"
	"myfsio/work"
	"myfsio/work/reclaim"
	"myfsio/work/scrub"
)

// switched is a DB that can be replaced by another under a Store.
type switched struct{ kv.DB }

func (s *switched) UpdateLazy(ctx context.Context, fn func(kv.Txn) error) error {
	return kv.UpdateLazy(ctx, s.DB, fn)
}

var errInjected = errors.New("injected")

// trouble makes the nth call of an engine fail, and tells afterwards whether it came to that.
type trouble func(n int) (calm func() (fired bool))

// shaky is a farm whose engines can fail.
func shaky(t *testing.T, f *finds) (h *house, troubles map[string]trouble) {
	t.Helper()
	sound, root := memkv.New(), inMemory(t)
	db, files := &switched{sound}, faultfs.New(vfs.OS{}, root)
	h = farmOver(t, f, root, files, db)
	metadata := func(sticky bool) trouble {
		return func(n int) func() bool {
			faulty := faultkv.New(sound, faultkv.Plan{Nth: int64(n + 1), Sticky: sticky, Err: errInjected})
			db.DB = faulty
			return func() bool { db.DB = sound; return faulty.Fired() }
		}
	}
	return h, map[string]trouble{
		"metadata": metadata(false), "metadata for good": metadata(true),
		"files": func(n int) func() bool {
			files.Arm(faultfs.Fault{N: n, Err: errInjected, All: true})
			return func() bool { files.Disarm(); return files.Fired() }
		},
	}
}

// each calls do with rising places until it reports that there was no such call: every place when MYFSIO_TEST_PLANT is set, else some of them.
func each(do func(n int) (fired bool)) {
	_, all := os.LookupEnv("MYFSIO_TEST_PLANT")
	for n := 0; do(n); n++ {
		if !all {
			n += n / 3
		}
	}
}

// TestScanFails: whatever call of an engine fails, a scan touches nothing that is good, serves nothing that is rotten, and the next one does the rest.
func TestScanFails(t *testing.T) {
	for _, name := range []string{"metadata", "metadata for good", "files"} {
		t.Run(name, func(t *testing.T) {
			each(func(n int) bool {
				f := &finds{Handler: slog.DiscardHandler, seen: map[string]string{}}
				h, troubles := shaky(t, f)
				want, vs, before := h.plantAll(1)
				calm := troubles[name](n)
				h.scan(work.Ask{AutoHeal: true, Full: true})
				fired := calm()
				h.unharmed(before, 1)
				h.scan(work.Ask{AutoHeal: true, Full: true})
				h.ok(h.p.Drain(h.ctx))
				// What was on its way to be healed is marked, and called so.
				delete(f.seen, scrub.Corrupted+" plain/"+key("no-row", 0))
				h.compare(f, want)
				h.unharmed(before, 1)
				h.judgeAll(1, vs)
				return fired && !t.Failed()
			})
		})
	}
}

// TestCollectionFails: the same of the collection of garbage, though the reference rows of what is good are lost.
func TestCollectionFails(t *testing.T) {
	for _, name := range []string{"metadata", "metadata for good", "files"} {
		t.Run(name, func(t *testing.T) {
			each(func(n int) bool {
				h, troubles := shaky(t, &finds{Handler: slog.DiscardHandler, seen: map[string]string{}})
				h.sow(1)
				h.ok(h.p.Drain(h.ctx))
				var marks []object.Mark
				for range 3 {
					marks = append(marks, h.stray())
				}
				h.rows('x', drop)
				before := h.naive()
				g := &reclaim.Garbage{Store: h.s, Blobs: h.blobs, Tree: h.tree, Root: h.root, Born: h.s.NewMark(), TempAge: time.Minute, UploadAge: time.Hour,
					Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().Add(time.Hour) }}
				calm := troubles[name](n)
				first := g.Collect(h.ctx, work.Ask{}, func(reclaim.Collection) {})
				fired := calm()
				h.unharmed(before, 1)
				second := g.Collect(h.ctx, work.Ask{}, func(reclaim.Collection) {})
				if len(second.Errors) > 0 || first.Orphans+second.Orphans != 3 {
					t.Errorf("place %d: %+v, then %+v", n, first, second)
				}
				h.unharmed(before, 1)
				for _, m := range marks {
					if _, err := h.blobs.Open(h.ctx, m); !errors.Is(err, blob.ErrNotFound) {
						t.Errorf("place %d: a stray stays: %v", n, err)
					}
				}
				return fired && !t.Failed()
			})
		})
	}
}

// stray writes a blob that no record has.
func (h *house) stray() object.Mark {
	h.Helper()
	id := h.s.NewMark()
	w, err := h.blobs.Create(h.ctx, id, 5)
	h.ok(err)
	_, err = w.Write([]byte(strings.Repeat("s", 5)))
	h.ok(err)
	h.ok(w.Commit(h.ctx))
	return id
}

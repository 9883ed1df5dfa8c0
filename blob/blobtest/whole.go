package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"myfsio/blob"
)

func (s *suite) sizes() {
	blobs := map[blob.ID][]byte{}
	for _, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 5 << 20} {
		data := s.bytes(n)
		before := time.Now().Add(-time.Minute)
		id := s.put(data)
		blobs[id] = data
		b := s.open(id)
		if mtime := b.ModTime(); mtime.Before(before) || mtime.After(time.Now().Add(time.Minute)) {
			s.Errorf("%d bytes: last change at %v", n, mtime)
		}
		s.must(b.Close())
	}
	for id, data := range blobs {
		s.expect(id, data)
	}
}

func (s *suite) sizeHints() {
	for _, n := range []int{0, 10, 3 << 20} {
		for _, hint := range []int64{-1, 0, 1, 2 << 20, 70 << 20} {
			data := s.bytes(n)
			id := s.id()
			w := s.create(id, hint)
			s.write(w, data)
			s.must(w.Commit(ctx))
			s.expect(id, data)
		}
	}
}

func (s *suite) readAt() {
	data := s.bytes(1000)
	b := s.open(s.put(data))
	defer b.Close()
	for _, tc := range []struct {
		off, n int
		want   int
		err    error
	}{
		{0, 10, 10, nil}, {990, 10, 10, nil}, {990, 11, 10, io.EOF}, {1000, 1, 0, io.EOF},
		{2000, 1, 0, io.EOF}, {0, 2000, 1000, io.EOF}, {500, 0, 0, nil},
	} {
		p := make([]byte, tc.n)
		n, err := b.ReadAt(p, int64(tc.off))
		if err == io.EOF && tc.off+tc.n == len(data) {
			err = nil // io.ReaderAt allows both
		}
		if n != tc.want || err != tc.err {
			s.Errorf("ReadAt %d of %d: %d, %v", tc.off, tc.n, n, err)
			continue
		}
		if n > 0 && !bytes.Equal(p[:n], data[tc.off:tc.off+n]) {
			s.Errorf("ReadAt %d of %d: wrong bytes", tc.off, tc.n)
		}
	}
	if _, err := b.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
		s.Errorf("ReadAt of a negative offset: %v", err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := make([]byte, 100)
			if _, err := b.ReadAt(p, int64(i*100)); err != nil || !bytes.Equal(p, data[i*100:i*100+100]) {
				s.Errorf("ReadAt by many: %v", err)
			}
		})
	}
	wg.Wait()
}

// readFrom copies from readers of several kinds with io.Copy, which lets the writer choose the way.
func (s *suite) readFrom() {
	data := s.bytes(9<<20 + 123)
	path := filepath.Join(s.TempDir(), "source")
	s.must(os.WriteFile(path, data, 0o666))
	for _, from := range []struct {
		name   string
		reader func(f *os.File) io.Reader
		want   []byte
	}{
		{"file", func(f *os.File) io.Reader { return f }, data},
		{"limited file", func(f *os.File) io.Reader { return io.LimitReader(f, 5<<20+1) }, data[:5<<20+1]},
		{"nothing", func(f *os.File) io.Reader { return io.LimitReader(f, 0) }, data[:0]},
		{"limit behind the end", func(f *os.File) io.Reader { return io.LimitReader(f, 1<<40) }, data},
		{"other", func(f *os.File) io.Reader { return struct{ io.Reader }{f} }, data},
	} {
		f, err := os.Open(path)
		s.must(err)
		id := s.id()
		w := s.create(id, 2<<20)
		s.write(w, []byte("head"))
		if n, err := io.Copy(w, from.reader(f)); err != nil || n != int64(len(from.want)) {
			s.Fatalf("%s: copied %d, %v", from.name, n, err)
		}
		s.write(w, []byte("tail"))
		s.must(w.Commit(ctx))
		s.must(f.Close())
		s.expect(id, []byte("head"+string(from.want)+"tail"))
	}
}

func (s *suite) abort() {
	id := s.id()
	w := s.create(id, 10)
	s.write(w, []byte("gone"))
	s.must(w.Abort())
	s.must(w.Abort())
	s.absent(id)
	if infos := s.infos(blob.ID{}); len(infos) != 0 {
		s.Errorf("an aborted blob is listed: %v", infos)
	}
	if _, err := w.Write([]byte("x")); err == nil {
		s.Error("Write after Abort worked")
	}
	if err := w.Commit(ctx); err == nil {
		s.Error("Commit after Abort worked")
	}
	w = s.create(id, 10) // the id is free again
	s.write(w, []byte("kept"))
	s.must(w.Commit(ctx))
	s.must(w.Abort())
	s.expect(id, []byte("kept"))
	if _, err := w.Write([]byte("x")); err == nil {
		s.Error("Write after Commit worked")
	}
	if err := w.Commit(ctx); err == nil {
		s.Error("a second Commit worked")
	}
	s.expect(id, []byte("kept"))
}

func (s *suite) commitRefused() {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	id := s.id()
	w := s.create(id, -1)
	s.write(w, []byte("x"))
	if err := w.Commit(cancelled); !errors.Is(err, context.Canceled) {
		s.Errorf("Commit with a cancelled context: %v", err)
	}
	s.must(w.Abort())
	s.absent(id)
	if infos := s.infos(blob.ID{}); len(infos) != 0 {
		s.Errorf("it left %v", infos)
	}
}

func (s *suite) unfinished() {
	id := s.id()
	w := s.create(id, 4)
	s.absent(id)
	s.write(w, []byte("data"))
	s.absent(id)
	s.must(s.Remove(ctx, id))
	s.must(w.Commit(ctx))
	s.expect(id, []byte("data"))
	s.absent(s.id())
}

func (s *suite) exists() {
	id := s.put([]byte("first"))
	if _, err := s.Create(ctx, id, 1); !errors.Is(err, blob.ErrExists) {
		s.Errorf("Create of a blob that is there: %v", err)
	}
	s.expect(id, []byte("first"))
	id = s.id()
	w := s.create(id, 1)
	if _, err := s.Create(ctx, id, 1); !errors.Is(err, blob.ErrExists) {
		s.Errorf("Create of a blob that is being written: %v", err)
	}
	s.write(w, []byte("x"))
	s.must(w.Commit(ctx))
	s.expect(id, []byte("x"))
}

func (s *suite) remove() {
	data := s.bytes(100_000)
	id := s.put(data)
	other := s.put([]byte("other"))
	b := s.open(id)
	s.must(s.Remove(ctx, id))
	s.absent(id)
	if got, err := readAll(b); err != nil || !bytes.Equal(got, data) {
		s.Errorf("a blob removed while open: %v", err)
	}
	s.must(b.Close())
	s.must(s.Remove(ctx, id))
	s.must(s.Remove(ctx, s.id()))
	s.expect(other, []byte("other"))
	w := s.create(id, 1) // the id is free again
	s.must(w.Commit(ctx))
	s.expect(id, []byte{})
}

func (s *suite) list() {
	if infos := s.infos(blob.ID{}); len(infos) != 0 {
		s.Fatalf("an empty store lists %v", infos)
	}
	sizes := map[blob.ID]int64{}
	for i := range 300 {
		sizes[s.put(s.bytes(i%7))] = int64(i % 7)
	}
	all := s.infos(blob.ID{})
	seen := map[blob.ID]bool{}
	for _, info := range all {
		if size, ok := sizes[info.ID]; !ok || seen[info.ID] || size != info.Size || info.ModTime.IsZero() {
			s.Errorf("listed %v: wrong, or twice", info)
		}
		seen[info.ID] = true
	}
	if len(all) != len(sizes) {
		s.Fatalf("listed %d of %d", len(all), len(sizes))
	}
	for i := 0; i < len(all); i += 13 {
		if i%2 == 0 { // resume behind a blob that is gone as well
			s.must(s.Remove(ctx, all[i].ID))
		}
		rest := s.infos(all[i].ID)
		if len(rest) != len(all)-i-1 || len(rest) > 0 && rest[0].ID != all[i+1].ID {
			s.Fatalf("behind %d: %d of %d", i, len(rest), len(all)-i-1)
		}
		all = s.infos(blob.ID{})
	}
	for range s.List(ctx, blob.ID{}) { // stopping early is fine
		break
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	var last error
	for _, err := range s.List(cancelled, blob.ID{}) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		s.Errorf("List with a cancelled context: %v", last)
	}
}

func (s *suite) manyWriters() {
	var wg sync.WaitGroup
	datas := make([][]byte, 16)
	ids := make([]blob.ID, len(datas))
	for i := range datas {
		datas[i] = s.bytes(10_000 * i)
		ids[i] = s.id()
	}
	for i, data := range datas {
		wg.Go(func() {
			w, err := s.Create(ctx, ids[i], int64(len(data)))
			if err != nil {
				s.Error(err)
				return
			}
			for half := range 2 {
				if _, err := w.Write(data[half*len(data)/2 : (half+1)*len(data)/2]); err != nil {
					s.Error(err)
				}
			}
			if i%4 == 3 {
				err = w.Abort()
			} else {
				err = w.Commit(ctx)
			}
			if err != nil {
				s.Error(err)
			}
		})
	}
	wg.Wait()
	for i, id := range ids {
		if i%4 == 3 {
			datas[i] = nil
		}
		s.expect(id, datas[i])
	}
}

// oneID lets many create one id; exactly one may.
func (s *suite) oneID() {
	id := s.id()
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		wg.Go(func() {
			w, err := s.Create(ctx, id, 1)
			if errors.Is(err, blob.ErrExists) {
				return
			}
			if err == nil {
				_, err = w.Write([]byte("x"))
			}
			if err == nil {
				err = w.Commit(ctx)
			}
			mu.Lock()
			defer mu.Unlock()
			won++
			if err != nil {
				s.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		s.Errorf("%d writers made one blob", won)
	}
	s.expect(id, []byte("x"))
}

func (s *suite) filer() {
	data := s.bytes(1000)
	id := s.put(data)
	one, two := s.open(id), s.open(id)
	defer one.Close()
	defer two.Close()
	for _, b := range []blob.Blob{one, two} {
		f, ok := b.(blob.Filer)
		if !ok {
			s.Skip("not a file")
		}
		if _, ok := f.File().(*os.File); !ok {
			s.Errorf("File is a %T", f.File())
		}
		if _, err := f.File().Seek(500, io.SeekStart); err != nil {
			s.Error(err)
		}
		if got, err := io.ReadAll(f.File()); err != nil || !bytes.Equal(got, data[500:]) {
			s.Errorf("read %d bytes, %v", len(got), err)
		}
	}
}

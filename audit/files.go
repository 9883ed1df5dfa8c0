package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"myfsio/vfs"
)

// name is the name of a file of the log: a day and a number within it.
type name struct {
	day string // 2026-01-31
	n   int
}

var nameForm = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)(?:\.([1-9]\d{0,5}))?\.jsonl$`)

func parseName(s string) (name, bool) {
	m := nameForm.FindStringSubmatch(s)
	if m == nil {
		return name{}, false
	}
	n, _ := strconv.Atoi(m[2])
	return name{m[1], n}, true
}

func (n name) String() string {
	if n.n == 0 {
		return n.day + ".jsonl"
	}
	return fmt.Sprintf("%s.%d.jsonl", n.day, n.n)
}

func (n name) compare(o name) int { return cmp.Or(cmp.Compare(n.day, o.day), cmp.Compare(n.n, o.n)) }

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// disk is what the log needs of the file system.
type disk interface {
	// Mkdir makes a directory for its owner alone, with a durable name; one that is there is made so.
	Mkdir(dir string) error
	// List returns the sizes of the regular files in dir by name.
	List(dir string) (map[string]int64, error)
	// Append opens a file for its owner alone at its end, and makes it where there is none.
	Append(path string) (file, error)
	Open(path string) (readFile, error)
	Remove(path string) error
	SyncDir(dir string) error
}

type file interface {
	io.WriteCloser
	Sync() error
	Size() (int64, error)
	// LastByte returns the last byte of a file that is not empty.
	LastByte(size int64) (byte, error)
}

type readFile interface {
	io.ReaderAt
	io.Closer
	Size() (int64, error)
}

type osDisk struct{}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

func (f osFile) LastByte(size int64) (byte, error) {
	var b [1]byte
	_, err := f.ReadAt(b[:], size-1)
	return b[0], err
}

func (osDisk) Mkdir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return os.Chmod(dir, 0o700)
	}
	if err != nil {
		return err
	}
	return vfs.OS{}.SyncDir(filepath.Dir(dir))
}

func (osDisk) List(dir string) (map[string]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int64, len(entries))
	for _, e := range entries {
		if fi, err := e.Info(); err == nil && fi.Mode().IsRegular() {
			sizes[e.Name()] = fi.Size()
		}
	}
	return sizes, nil
}

func (osDisk) Append(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) Open(path string) (readFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) Remove(path string) error { return os.Remove(path) }
func (osDisk) SyncDir(dir string) error { return vfs.OS{}.SyncDir(dir) }

// list returns the files of the log, oldest first, with their sizes.
func list(d disk, dir string) (names []name, sizes map[name]int64, err error) {
	all, err := d.List(dir)
	if err != nil {
		return nil, nil, err
	}
	sizes = make(map[name]int64, len(all))
	for s, size := range all {
		if n, ok := parseName(s); ok {
			names, sizes[n] = append(names, n), size
		}
	}
	slices.SortFunc(names, name.compare)
	return names, sizes, nil
}

// writer appends to the newest file, and begins a new one when the day is over or the file is full. It is not safe
// for use at the same time.
type writer struct {
	disk     disk
	dir      string
	maxBytes int64
	maxTotal int64

	open file // nil: to be opened
	name name
	size int64
	torn bool  // the file may end in the middle of a line
	trim error // why old files could not be removed, nil when they were
}

// write appends whole lines; with sync they are durable when it returns, and so is the name of the file. After an
// error any part of them may be there.
func (w *writer) write(now time.Time, lines []byte, sync bool) error {
	err := w.ready(now, int64(len(lines)))
	if err == nil && w.torn {
		err = w.append([]byte{'\n'})
		w.torn = err != nil
	}
	if err == nil {
		w.torn = true // until the last byte of lines is known to be written
		if err = w.append(lines); err == nil {
			w.torn = false
		}
	}
	if err == nil && sync {
		err = w.open.Sync()
	}
	if err != nil {
		w.close() // the next call starts afresh, and sees how the file ends
	}
	return err
}

func (w *writer) append(b []byte) error {
	n, err := w.open.Write(b)
	w.size += int64(n)
	return err
}

func (w *writer) close() error {
	if w.open == nil {
		return nil
	}
	err := w.open.Close()
	w.open = nil
	return err
}

// ready makes open the file to write n bytes to.
func (w *writer) ready(now time.Time, n int64) error {
	today := max(dayOf(now), w.name.day) // a clock that is set back does not reopen yesterday
	if w.open != nil && w.name.day == today && (w.size == 0 || w.size+n <= w.maxBytes) {
		return nil
	}
	w.close()
	names, sizes, err := list(w.disk, w.dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = w.disk.Mkdir(w.dir); err == nil {
			names, sizes, err = list(w.disk, w.dir)
		}
	}
	if err != nil {
		return err
	}
	next := name{day: today}
	if len(names) > 0 {
		last := names[len(names)-1]
		next = name{day: max(today, last.day)}
		if next.day == last.day {
			next.n = last.n
			if size := sizes[last]; size > 0 && size+n > w.maxBytes {
				next.n++
			}
		}
	}
	if err := w.use(next); err != nil {
		return err
	}
	w.trim = w.removeOld(names, sizes)
	return nil
}

// resume opens the newest file, if there is one, and ends a line that a crash has torn.
func (w *writer) resume() error {
	names, sizes, err := list(w.disk, w.dir)
	if err != nil || len(names) == 0 {
		return err
	}
	if err := w.use(names[len(names)-1]); err != nil {
		return err
	}
	if w.torn {
		if err := w.append([]byte{'\n'}); err != nil {
			return err
		}
		w.torn = false
		if err := w.open.Sync(); err != nil {
			return err
		}
	}
	w.trim = w.removeOld(names, sizes)
	return nil
}

// use opens a file and makes its name durable.
func (w *writer) use(n name) error {
	f, err := w.disk.Append(filepath.Join(w.dir, n.String()))
	if err != nil {
		return err
	}
	size, err := f.Size()
	var end byte = '\n'
	if err == nil && size > 0 {
		end, err = f.LastByte(size)
	}
	if err == nil && size == 0 {
		err = w.disk.SyncDir(w.dir)
	}
	if err != nil {
		f.Close()
		return err
	}
	w.open, w.name, w.size, w.torn = f, n, size, end != '\n'
	return nil
}

// removeOld removes the oldest files until all, with a full newest one, keep to maxTotal.
func (w *writer) removeOld(names []name, sizes map[name]int64) error {
	total := w.maxBytes
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == w.name {
			continue
		}
		if total += sizes[names[i]]; total <= w.maxTotal {
			continue
		}
		if err := w.disk.Remove(filepath.Join(w.dir, names[i].String())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

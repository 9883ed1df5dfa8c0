package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"myfsio/fault"
)

// Bounds of one Read.
const (
	maxLimit   = 1000
	maxScanned = 32 << 20 // bytes of files
	chunk      = 64 << 10
)

// Page is lines of the log, the newest first, as they stand in the file.
type Page struct {
	Lines []json.RawMessage
	Next  string // where to go on; "" at the end of the log. A page may be short, or empty, and still have one.
}

// Read returns up to limit lines (default 100, at most 1000) that are older than before, a Page's Next; "" begins at
// the newest. It reads from the ends of files, and lines that a crash has torn are passed over.
func (l *Log) Read(ctx context.Context, limit int, before string) (Page, error) {
	if limit <= 0 {
		limit = 100
	}
	limit = min(limit, maxLimit)
	from, end := name{day: "9999-99-99"}, int64(-1)
	if before != "" {
		var err error
		if from, end, err = parseCursor(before); err != nil {
			return Page{}, err
		}
	}
	names, _, err := list(l.o.disk, l.o.Dir)
	if err != nil {
		return Page{}, fault.Wrap(fault.Internal, err, "the audit log cannot be read")
	}
	p := Page{}
	budget := int64(maxScanned)
	for _, n := range slices.Backward(names) {
		if n.compare(from) > 0 {
			continue
		}
		at := int64(-1)
		if n == from {
			at = end
		}
		if at, err = l.readFile(ctx, &p, n, at, limit, &budget); err != nil {
			return Page{}, fault.Wrap(fault.Internal, err, "the audit log cannot be read")
		}
		if at > 0 {
			p.Next = fmt.Sprintf("%s@%d", n, at)
			return p, nil
		}
		if len(p.Lines) == limit || budget <= 0 {
			if n != names[0] {
				p.Next = fmt.Sprintf("%s@0", n)
			}
			return p, nil
		}
	}
	return p, nil
}

func parseCursor(s string) (name, int64, error) {
	file, offset, _ := strings.Cut(s, "@")
	n, ok := parseName(file)
	at, err := strconv.ParseInt(offset, 10, 64)
	if !ok || err != nil || at < 0 {
		return name{}, 0, fault.New(fault.InvalidArgument, "the marker is not one that a listing of the audit log has returned")
	}
	return n, at, nil
}

// readFile adds lines of one file that end at or before end (-1: its own) and returns where it stopped: 0 when it is done.
func (l *Log) readFile(ctx context.Context, p *Page, n name, end int64, limit int, budget *int64) (int64, error) {
	f, err := l.o.disk.Open(filepath.Join(l.o.Dir, n.String()))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // removed meanwhile
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return 0, err
	}
	if end < 0 || end > size {
		end = size
	}
	b := backward{f: f, start: end}
	for len(p.Lines) < limit {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if b.end() == 0 || b.read > *budget {
			break
		}
		line, err := b.next()
		if err != nil {
			return 0, err
		}
		if body, whole := bytes.CutSuffix(line, []byte{'\n'}); whole && len(body) > 0 && len(line) <= maxLine && json.Valid(body) {
			p.Lines = append(p.Lines, bytes.Clone(body))
		}
	}
	*budget -= b.read
	return b.end(), nil
}

// backward reads a file line by line from an offset to its beginning.
type backward struct {
	f     io.ReaderAt
	start int64  // where buf begins in the file
	buf   []byte // what was read and not returned yet
	read  int64
}

// end is the offset behind what next will return.
func (b *backward) end() int64 { return b.start + int64(len(b.buf)) }

// next returns the line before the last one returned, with its newline where it has one, until the next call. Of a line longer than
// the log writes it returns some part.
func (b *backward) next() ([]byte, error) {
	for {
		i := bytes.LastIndexByte(b.buf[:max(0, len(b.buf)-1)], '\n')
		if i >= 0 || b.start == 0 || len(b.buf) > maxLine {
			line := b.buf[i+1:]
			b.buf = b.buf[:i+1]
			return line, nil
		}
		if err := b.fill(); err != nil {
			return nil, err
		}
	}
}

func (b *backward) fill() error {
	n := min(chunk, b.start)
	buf := make([]byte, n, n+int64(len(b.buf)))
	if _, err := io.ReadFull(io.NewSectionReader(b.f, b.start-n, n), buf); err != nil {
		return err
	}
	b.buf, b.start, b.read = append(buf, b.buf...), b.start-n, b.read+n
	return nil
}

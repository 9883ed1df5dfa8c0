package worker

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"

	"myfsio/query"
)

// object is the object as the server gives it.
type object struct {
	at    io.ReaderAt
	size  int64
	stats *counts
}

// open returns the bytes from offset on, without compression.
func (o *object) open(c query.Compression, off int64) (io.Reader, error) {
	raw := counter{io.NewSectionReader(o.at, off, o.size-off), &o.stats.scanned}
	var r io.Reader = bufio.NewReaderSize(raw, query.MaxRead)
	switch c {
	case query.Gzip:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, badStream(err, "GZIP")
		}
		r = &unpacked{z, "GZIP"}
	case query.Bzip2:
		r = &unpacked{bzip2.NewReader(r), "BZIP2"}
	}
	return counter{r, &o.stats.processed}, nil
}

// unpacked gives errors of decompression their code.
type unpacked struct {
	r    io.Reader
	name string
}

// Read implements io.Reader.
func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && err != io.EOF {
		err = badStream(err, u.name)
	}
	return n, err
}

func badStream(err error, name string) error {
	var structural bzip2.StructuralError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return query.Errorf("TruncatedInput", "Object decompression failed. Check that the object is properly compressed using the format specified in the request: %s ends too early.", name)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &structural):
		return query.Errorf("InvalidCompressionFormat", "Object decompression failed. Check that the object is properly compressed using the format specified in the request: %s.", name)
	}
	var e interface{ Error() string } = err
	if bytes.HasPrefix([]byte(e.Error()), []byte("flate:")) {
		return query.Errorf("InvalidCompressionFormat", "Object decompression failed. Check that the object is properly compressed using the format specified in the request: %s.", name)
	}
	return err
}

// newSource returns the source of a query's input.
func newSource(q *query.Query, o *object) (source, error) {
	switch q.In.Format {
	case query.CSV:
		return newCSV(q, o)
	case query.JSON:
		return newJSON(q, o)
	}
	return newParquet(o)
}

// window is the part of the object that a scan range means: records that begin in [start, end).
func window(s *query.Scan, size int64) (start, end int64) {
	switch {
	case s == nil:
		return 0, size
	case s.Start < 0:
		return max(0, size-s.End), size
	case s.End < 0:
		return min(s.Start, size), size
	}
	return min(s.Start, size), min(s.End, size-1) + 1
}

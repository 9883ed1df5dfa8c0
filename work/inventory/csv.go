package inventory

import (
	"compress/gzip"
	"strconv"
	"strings"
	"time"

	"myfsio/object"
	"myfsio/s3/wire"
)

// csvSheet writes lines of CSV without a header, each field in quotes, compressed by gzip.
type csvSheet struct {
	gz   *gzip.Writer
	cols []column
	n    int64
	line []byte // used again
}

func (s *csvSheet) size() int64 { return s.n }

func (s *csvSheet) row(e *object.Entry) error {
	b := s.line[:0]
	for i := range s.cols {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		v := s.cols[i].value(e)
		if s.cols[i].key {
			v.s = wire.EncodeKey(v.s)
		}
		b = append(appendCSV(b, v), '"')
	}
	s.line = append(b, '\n')
	s.n += int64(len(s.line))
	_, err := s.gz.Write(s.line)
	return err
}

func appendCSV(b []byte, v value) []byte {
	switch v.kind {
	case number:
		return strconv.AppendInt(b, v.n, 10)
	case instant:
		return append(b, wire.FormatTime(time.UnixMilli(v.n))...)
	}
	return append(b, strings.ReplaceAll(v.s, `"`, `""`)...)
}

func (s *csvSheet) close() error { return s.gz.Close() }

package inventory

import (
	"io"

	"github.com/parquet-go/parquet-go"

	"myfsio/object"
)

// A row group is in memory until it is complete; it has as many rows, or as many bytes before compression, at most.
const (
	groupRows  = 100_000
	groupBytes = 16 << 20
)

// parquetSheet writes a file of Parquet.
type parquetSheet struct {
	w       *parquet.Writer
	cols    []column // in the order of the file
	row1    [1]parquet.Row
	n       int64
	inGroup int64 // rows
	began   int64 // n at the begin of the group
}

// newParquet begins a file. The order of its columns is that of their names.
func newParquet(to io.Writer, cols []column) *parquetSheet {
	group := parquet.Group{}
	for _, c := range cols {
		group[c.parquet] = c.node()
	}
	schema := parquet.NewSchema("s3.inventory", group)
	s := &parquetSheet{w: parquet.NewWriter(to, schema, parquet.Compression(&parquet.Snappy)), cols: make([]column, len(cols))}
	for _, c := range cols {
		leaf, _ := schema.Lookup(c.parquet)
		s.cols[leaf.ColumnIndex] = c
	}
	s.row1[0] = make(parquet.Row, len(cols))
	return s
}

func (c *column) node() parquet.Node {
	var n parquet.Node
	switch c.kind {
	case boolean:
		n = parquet.Leaf(parquet.BooleanType)
	case number:
		n = parquet.Leaf(parquet.Int64Type)
	case instant:
		n = parquet.Timestamp(parquet.Millisecond)
	default:
		n = parquet.String()
	}
	if !c.needed {
		n = parquet.Optional(n)
	}
	return n
}

func (s *parquetSheet) size() int64 { return s.n }

func (s *parquetSheet) row(e *object.Entry) error {
	for i := range s.cols {
		v := s.cols[i].value(e)
		s.n += int64(len(v.s)) + 8
		s.row1[0][i] = v.parquet().Level(0, s.cols[i].level(v), i)
	}
	if _, err := s.w.WriteRows(s.row1[:]); err != nil {
		return err
	}
	if s.inGroup++; s.inGroup >= groupRows || s.n-s.began >= groupBytes {
		s.inGroup, s.began = 0, s.n
		return s.w.Flush()
	}
	return nil
}

// level is the definition level of a value.
func (c *column) level(v value) int {
	if c.needed || v.kind == none {
		return 0
	}
	return 1
}

func (v value) parquet() parquet.Value {
	switch v.kind {
	case none:
		return parquet.NullValue()
	case boolean:
		return parquet.BooleanValue(v.n != 0)
	case number, instant:
		return parquet.Int64Value(v.n)
	}
	return parquet.ByteArrayValue([]byte(v.s))
}

func (s *parquetSheet) close() error { return s.w.Close() }

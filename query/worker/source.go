package worker

import (
	"io"
	"sync/atomic"

	"myfsio/query"
)

// A column is a value of each record that the statement uses.
type column struct {
	id    int    // its place in the rows; DuckDB knows it as k<id>
	name  string // of the last step of its path, for results
	path  []step // of JSON and Parquet; none is the whole record
	field int    // of CSV, from 0
	typ   columnType
	form  form
	cast  string // type that DuckDB makes of the text, for numbers that are neither int64 nor float64
}

// columnType is how values of a column are given to DuckDB.
type columnType uint8

const (
	text columnType = iota
	number
	float
	truth
	timestamp // microseconds since 1970
	date      // days since 1970
)

// form is what the text of a column is.
type form uint8

const (
	fValue  form = iota // the value
	fJSON               // JSON, as it stands in the object
	fRecord             // the whole record: JSON, or the fields of a CSV record as appendField writes them
)

// kind is what the planner knows of a column.
func (c *column) kind() kind {
	if c.cast != "" {
		return kNumber
	}
	switch c.typ {
	case number, float:
		return kNumber
	case truth:
		return kBool
	case timestamp, date:
		return kTime
	}
	return kUntyped
}

// source reads the records of an object. Its methods are called in this order: column and expand while
// the statement is looked through, types once, rows once.
type source interface {
	// column returns the column that a path means, the same one for the same arguments. raw asks for the value as it stands, to be
	// written to the results and nothing else.
	column(path []step, raw bool) (*column, error)
	// expand returns the columns that * means beside others.
	expand() ([]*column, error)
	// types finds the types of all columns.
	types() error
	// rows reads all records. It stops when emit returns an error, and returns it. emit keeps the batch.
	rows(emit func(*batch) error) error
	// columns are those asked for.
	columns() []*column
}

// batch is some records, column by column.
type batch struct {
	n    int
	cols []values
}

// values are those of one column in a batch.
type values struct {
	typ   columnType
	valid []bool
	nums  []int64 // number, truth, timestamp and date
	reals []float64
	data  []byte // text
	start []uint32
	size  []uint32
}

// Bounds of a batch: DuckDB's chunk, and bytes of text.
const (
	batchRows  = 2048
	batchBytes = 1 << 20
)

func newBatch(cols []*column) *batch {
	b := &batch{cols: make([]values, len(cols))}
	for i, c := range cols {
		v := &b.cols[i]
		v.typ = c.typ
		v.valid = make([]bool, 0, batchRows)
		switch c.typ {
		case text:
			v.start, v.size = make([]uint32, 0, batchRows), make([]uint32, 0, batchRows)
		case float:
			v.reals = make([]float64, 0, batchRows)
		default:
			v.nums = make([]int64, 0, batchRows)
		}
	}
	return b
}

// full reports whether the batch takes no further record.
func (b *batch) full() bool {
	if b.n >= batchRows {
		return true
	}
	total := 0
	for i := range b.cols {
		total += len(b.cols[i].data)
	}
	return total >= batchBytes
}

func (v *values) null() {
	v.valid = append(v.valid, false)
	switch v.typ {
	case text:
		v.start, v.size = append(v.start, 0), append(v.size, 0)
	case float:
		v.reals = append(v.reals, 0)
	default:
		v.nums = append(v.nums, 0)
	}
}

func (v *values) text(b []byte) {
	v.valid = append(v.valid, true)
	v.start, v.size = append(v.start, uint32(len(v.data))), append(v.size, uint32(len(b)))
	v.data = append(v.data, b...)
}

func (v *values) num(n int64) { v.valid, v.nums = append(v.valid, true), append(v.nums, n) }

func (v *values) real(f float64) { v.valid, v.reals = append(v.valid, true), append(v.reals, f) }

func (v *values) truth(b bool) {
	if b {
		v.num(1)
	} else {
		v.num(0)
	}
}

// catalog keeps the columns of a source.
type catalog struct{ list []*column }

func (c *catalog) columns() []*column { return c.list }

// add gives a new column its place.
func (c *catalog) add(col column) (*column, error) {
	if len(c.list) >= maxColumns {
		return nil, query.Errorf("OverMaxColumn", "The number of columns in the result is more than %d.", maxColumns)
	}
	col.id = len(c.list)
	c.list = append(c.list, &col)
	return &col, nil
}

// maxColumns bounds the columns that one statement uses.
const maxColumns = 4096

// appendField adds a field to the text of a CSV record: its length in four bytes of six bits each, as printable characters, and the field.
func appendField(b, field []byte) []byte {
	n := len(field)
	b = append(b, '0'+byte(n>>18&63), '0'+byte(n>>12&63), '0'+byte(n>>6&63), '0'+byte(n&63))
	return append(b, field...)
}

// nextField takes the first field off.
func nextField(b []byte) (field, rest []byte) {
	n := int(b[0]-'0')<<18 | int(b[1]-'0')<<12 | int(b[2]-'0')<<6 | int(b[3]-'0')
	return b[4 : 4+n], b[4+n:]
}

// counts are the bytes so far. They are read while they change.
type counts struct{ scanned, processed, returned atomic.Int64 }

// counter counts the bytes that pass a reader.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

// Read implements io.Reader.
func (c counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

//go:build cgo && !noselect

package worker

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"myfsio/query"
)

// parquetSource reads Parquet: of every row group only the columns that are used.
type parquetSource struct {
	catalog
	file *parquet.File
	by   map[string]*column
	read []leaf // by column id
}

// leaf is how a column is read.
type leaf struct {
	index  int                  // of the leaf column; -1 for a nested value
	put    func(*values, value) // of a leaf
	schema *parquet.Schema      // of the field that holds a nested value
	path   []step               // from that field
}

// value is what parquet gives for one row.
type value = parquet.Value

// newParquet reads the footer.
func newParquet(o *object) (src source, err error) {
	defer recovered(&err)
	at := countedAt{o}
	f, err := parquet.OpenFile(at, o.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<20))
	if err != nil {
		return nil, badParquet(err)
	}
	for i := range f.Metadata().RowGroups {
		for j := range f.Metadata().RowGroups[i].Columns {
			if codec := f.Metadata().RowGroups[i].Columns[j].MetaData.Codec; !codecs[codec] {
				return nil, query.Errorf("ParquetUnsupportedCompressionCodec", "The specified Parquet compression codec is not supported: %s", codec)
			}
		}
	}
	return &parquetSource{file: f, by: map[string]*column{}}, nil
}

// codecs are those that can be read. The library reads LZ4_RAW wrongly: a page that it expands into a buffer of its own is lost, and what
// was in the other buffer is taken for it. S3 itself knows the first three.
var codecs = map[format.CompressionCodec]bool{format.Uncompressed: true, format.Snappy: true, format.Gzip: true, format.Zstd: true, format.Brotli: true}

// countedAt counts what is read of the object.
type countedAt struct{ o *object }

// ReadAt implements io.ReaderAt.
func (c countedAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.o.at.ReadAt(p, off)
	c.o.stats.scanned.Add(int64(n))
	c.o.stats.processed.Add(int64(n))
	return n, err
}

// recovered makes an error of a panic: the library panics on some files that are damaged.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = badParquet(fmt.Errorf("%v", p))
	}
}

func badParquet(err error) error {
	var lost *sourceError
	if errors.As(err, &lost) {
		return err
	}
	text := err.Error()
	if len(text) > 200 {
		text = text[:200]
	}
	return query.Errorf("ParquetParsingError", "Error parsing Parquet file. Check the file and try again: %s", strings.ToValidUTF8(text, "?"))
}

func (s *parquetSource) column(path []step, raw bool) (*column, error) {
	if len(path) == 0 {
		return nil, nil
	}
	field, err := s.field(s.file.Root(), path[0])
	if err != nil {
		return nil, err
	}
	id := field.Name()
	for _, p := range path[1:] {
		id += "\x00" + p.name + "\x00" + strconv.Itoa(p.index)
	}
	if c := s.by[id]; c != nil {
		return c, nil
	}
	c := column{name: field.Name(), path: path}
	if last := path[len(path)-1]; last.name != "" && len(path) > 1 {
		c.name = last.name
	}
	l := leaf{index: -1}
	at := field
	for _, p := range path[1:] {
		if at.Leaf() || at.Repeated() || p.name == "" {
			break // into a list, which is known when it is read
		}
		if at, err = s.field(at, p); err != nil {
			return nil, err
		}
	}
	if at.Leaf() && at.Optional() || at.Leaf() && at.Required() {
		if flat(field, at, len(path)) {
			l.index = at.Index()
			c.typ, c.cast, l.put = parquetType(at.Type())
		}
	}
	if l.index < 0 {
		l.schema = parquet.NewSchema("row", parquet.Group{field.Name(): field})
		l.path = append([]step{{name: field.Name()}}, path[1:]...)
		c.form = fJSON
	}
	added, err := s.add(c)
	if err != nil {
		return nil, err
	}
	s.read = append(s.read, l)
	s.by[id] = added
	return added, nil
}

// flat reports whether there is one value of the leaf in each row.
func flat(field, leaf *parquet.Column, steps int) bool {
	return leaf.MaxRepetitionLevel() == 0 && len(leaf.Path()) == steps
}

// field finds a member by name, exactly or in another case.
func (s *parquetSource) field(of *parquet.Column, p step) (*parquet.Column, error) {
	var found *parquet.Column
	for _, c := range of.Columns() {
		if p.name == c.Name() {
			return c, nil
		}
		if strings.EqualFold(p.name, c.Name()) {
			if found != nil {
				return nil, query.Errorf("AmbiguousFieldName", "The field name matches to multiple fields in the file: %s", p.name)
			}
			found = c
		}
	}
	if found == nil {
		return nil, query.Errorf("EvaluatorBindingDoesNotExist", "A column name or a path provided does not exist in the SQL expression: %s", p.name)
	}
	return found, nil
}

func (s *parquetSource) expand() ([]*column, error) {
	var out []*column
	for _, f := range s.file.Root().Columns() {
		c, err := s.column([]step{{name: f.Name()}}, false)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (s *parquetSource) types() error { return nil }

func (s *parquetSource) rows(emit func(*batch) error) (err error) {
	defer recovered(&err)
	for _, g := range s.file.RowGroups() {
		if err := s.group(g, emit); err != nil {
			return err
		}
	}
	return nil
}

// group reads a row group.
func (s *parquetSource) group(g parquet.RowGroup, emit func(*batch) error) error {
	readers := make([]columnReader, len(s.read))
	defer func() {
		for _, r := range readers {
			if r != nil {
				r.Close()
			}
		}
	}()
	for i, l := range s.read {
		if l.index >= 0 {
			readers[i] = &leafReader{pages: g.ColumnChunks()[l.index].Pages(), put: l.put}
			continue
		}
		conv, err := parquet.Convert(l.schema, s.file.Schema())
		if err != nil {
			return badParquet(err)
		}
		readers[i] = &nestedReader{rows: parquet.ConvertRowGroup(g, conv).Rows(), schema: l.schema, path: l.path}
	}
	for left := g.NumRows(); left > 0; {
		b := newBatch(s.list)
		b.n = int(min(left, batchRows))
		if len(s.read) > 0 {
			b.n = min(b.n, max(1, batchRows/len(s.read)*4))
		}
		for i, r := range readers {
			if err := r.fill(&b.cols[i], b.n); err != nil {
				return badParquet(err)
			}
		}
		left -= int64(b.n)
		if err := emit(b); err != nil {
			return err
		}
	}
	return nil
}

// columnReader gives the values of a column in a row group.
type columnReader interface {
	fill(v *values, n int) error
	io.Closer
}

// leafReader reads one leaf, with one value a row.
type leafReader struct {
	pages parquet.Pages
	page  parquet.ValueReader
	put   func(*values, value)
	buf   [256]value
	have  []value
}

func (r *leafReader) fill(v *values, n int) error {
	for n > 0 {
		if len(r.have) == 0 {
			if err := r.more(); err != nil {
				return err
			}
			continue
		}
		m := min(n, len(r.have))
		for _, x := range r.have[:m] {
			if x.IsNull() {
				v.null()
			} else {
				r.put(v, x)
			}
		}
		if len(v.data) > maxFrameText {
			return errors.New("a page has more text than can be held")
		}
		r.have, n = r.have[m:], n-m
	}
	return nil
}

// maxFrameText bounds the text of one column in a batch.
const maxFrameText = 256 << 20

func (r *leafReader) more() error {
	if r.page == nil {
		p, err := r.pages.ReadPage()
		if err != nil {
			return noEOF(err)
		}
		r.page = p.Values()
	}
	n, err := r.page.ReadValues(r.buf[:])
	r.have = r.buf[:n]
	if err == io.EOF {
		r.page = nil
		return nil
	}
	return err
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close implements io.Closer.
func (r *leafReader) Close() error { return r.pages.Close() }

// nestedReader reads whole fields and writes what a path leads to as JSON.
type nestedReader struct {
	rows   parquet.Rows
	schema *parquet.Schema
	path   []step
	buf    [1]parquet.Row
}

func (r *nestedReader) fill(v *values, n int) error {
	for range n {
		if m, err := r.rows.ReadRows(r.buf[:]); m == 0 {
			return noEOF(err)
		}
		row := map[string]any{}
		if err := r.schema.Reconstruct(&row, r.buf[0]); err != nil {
			return err
		}
		doc, err := json.Marshal(readable(row))
		if err != nil {
			return err
		}
		if x := follow(doc, r.path); x == nil || x[0] == 'n' {
			v.null()
		} else {
			v.text(x)
		}
	}
	return nil
}

// readable makes text of the bytes in a nested value, where they are text, and a map that JSON can write of every map.
func readable(v any) any {
	if b, ok := v.([]byte); ok {
		if utf8.Valid(b) {
			return string(b)
		}
		return v
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		return readable(r.Elem().Interface())
	case reflect.Map:
		out := make(map[string]any, r.Len())
		for it := r.MapRange(); it.Next(); {
			out[fmt.Sprint(readable(it.Key().Interface()))] = readable(it.Value().Interface())
		}
		return out
	case reflect.Slice:
		if r.IsNil() {
			return nil
		}
		out := make([]any, r.Len())
		for i := range out {
			out[i] = readable(r.Index(i).Interface())
		}
		return out
	}
	return v
}

// Close implements io.Closer.
func (r *nestedReader) Close() error { return r.rows.Close() }

// parquetType says how values of a type are given to DuckDB: as what, the type DuckDB makes of it if another, and how.
func parquetType(t parquet.Type) (columnType, string, func(*values, value)) {
	if l := t.LogicalType(); l != nil {
		if typ, cast, put := logicalType(l.Value); put != nil {
			return typ, cast, put
		}
	}
	return physicalType(t)
}

func logicalType(l format.LogicalTypeValue) (columnType, string, func(*values, value)) {
	switch l := l.(type) {
	case *format.DecimalType:
		scale := min(max(int(l.Scale), 0), 38)
		return text, "DECIMAL(38," + strconv.Itoa(scale) + ")", func(v *values, x value) { v.text([]byte(decimal(x, scale))) }
	case *format.DateType:
		return date, "", func(v *values, x value) { v.num(int64(x.Int32())) }
	case *format.TimestampType:
		unit := int64(time.Microsecond)
		if l.Unit.Value != nil {
			unit = int64(l.Unit.Value.Duration())
		}
		if unit < int64(time.Microsecond) {
			return timestamp, "", func(v *values, x value) { v.num(x.Int64() / 1000) }
		}
		return timestamp, "", func(v *values, x value) { v.num(x.Int64() * (unit / 1000)) }
	case *format.TimeType:
		unit := time.Microsecond
		if l.Unit.Value != nil {
			unit = l.Unit.Value.Duration()
		}
		return text, "", func(v *values, x value) {
			v.text(time.Unix(0, 0).UTC().Add(time.Duration(whole(x))*unit).AppendFormat(nil, "15:04:05.999999"))
		}
	case *format.IntType:
		if l.IsSigned {
			break
		}
		if l.BitWidth == 64 {
			return text, "HUGEINT", func(v *values, x value) { v.text(strconv.AppendUint(nil, x.Uint64(), 10)) }
		}
		return number, "", func(v *values, x value) { v.num(int64(x.Uint32())) }
	case *format.UUIDType:
		return text, "", func(v *values, x value) { v.text(uuid(x.ByteArray())) }
	}
	return text, "", nil
}

func physicalType(t parquet.Type) (columnType, string, func(*values, value)) {
	switch t.Kind() {
	case parquet.Boolean:
		return truth, "", func(v *values, x value) { v.truth(x.Boolean()) }
	case parquet.Int32, parquet.Int64:
		return number, "", func(v *values, x value) { v.num(whole(x)) }
	case parquet.Float:
		return float, "", func(v *values, x value) { v.real(float64(x.Float())) }
	case parquet.Double:
		return float, "", func(v *values, x value) { v.real(x.Double()) }
	case parquet.Int96:
		return timestamp, "", func(v *values, x value) {
			d := x.Int96() // nanoseconds of the day, and a Julian day
			v.num((int64(d[2])-2440588)*86400e6 + int64(uint64(d[1])<<32|uint64(d[0]))/1000)
		}
	}
	return text, "", func(v *values, x value) {
		b := x.ByteArray()
		if !utf8.Valid(b) {
			b = base64.StdEncoding.AppendEncode(nil, b)
		}
		v.text(b)
	}
}

func whole(x value) int64 {
	if x.Kind() == parquet.Int32 {
		return int64(x.Int32())
	}
	return x.Int64()
}

// decimal writes an unscaled number with its point.
func decimal(x value, scale int) string {
	n := new(big.Int)
	switch x.Kind() {
	case parquet.Int32, parquet.Int64:
		n.SetInt64(whole(x))
	default:
		b := x.ByteArray()
		n.SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
		}
	}
	return pointed(n.Text(10), scale)
}

func uuid(b []byte) []byte {
	if len(b) != 16 {
		return hex.AppendEncode(nil, b)
	}
	out := make([]byte, 0, 36)
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			out = append(out, '-')
		}
		out = hex.AppendEncode(out, part)
	}
	return out
}

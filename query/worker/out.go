package worker

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"myfsio/jsondoc"
	"myfsio/query"
)

// outKind is how a result is written.
type outKind uint8

const (
	oText outKind = iota
	oNumber
	oBool
	oTime
	oJSON   // a JSON value as it stood
	oRecord // a whole record
)

// encoder writes results. Each is text as DuckDB writes it, nil for NULL.
type encoder struct {
	out     query.Output
	csv     bool // the input is CSV
	cols    []outColumn
	kinds   []outKind
	header  []string // of CSV input
	keys    [][]byte // of JSON, with quotes and colon
	names   [][]byte // the same for fields of whole CSV records
	special string   // bytes that make a field be quoted
	buf     []byte
	send    func([]byte) error
}

func newEncoder(q *query.Query, cols []outColumn, kinds []outKind, header []string, send func([]byte) error) *encoder {
	e := &encoder{out: q.Out, csv: q.In.Format == query.CSV, cols: cols, kinds: kinds, header: header, send: send,
		special: q.Out.Field + q.Out.Record + q.Out.Quote + "\r\n"}
	for _, c := range cols {
		e.keys = append(e.keys, append(appendJSON(nil, []byte(c.name)), ':'))
	}
	return e
}

// maxPiece is about how many bytes of results are sent at once.
const maxPiece = 128 << 10

// row writes one result.
func (e *encoder) row(vals [][]byte) error {
	start := len(e.buf)
	if e.out.Format == query.CSV {
		e.csvRow(vals)
	} else {
		e.jsonRow(vals)
	}
	if len(e.buf)-start > query.MaxRecord {
		return errRecord()
	}
	e.buf = append(e.buf, e.out.Record...)
	if len(e.buf) >= maxPiece {
		return e.flush()
	}
	return nil
}

// flush sends what is written.
func (e *encoder) flush() error {
	if len(e.buf) == 0 {
		return nil
	}
	err := e.send(e.buf)
	e.buf = e.buf[:0]
	return err
}

func (e *encoder) csvRow(vals [][]byte) {
	first := true
	field := func(b []byte) {
		if !first {
			e.buf = append(e.buf, e.out.Field...)
		}
		first = false
		e.field(b)
	}
	for i, v := range vals {
		switch k := e.kinds[i]; {
		case k == oRecord && e.csv:
			for len(v) > 0 {
				var f []byte
				f, v = nextField(v)
				field(f)
			}
		case k == oRecord && len(v) > 0 && v[0] == '{':
			each(v, func(_, val []byte) bool {
				field(plainJSON(val))
				return true
			})
		case k == oJSON || k == oRecord:
			field(plainJSON(v))
		default:
			field(settled(v, k))
		}
	}
}

// plainJSON is a JSON value as a field of CSV.
func plainJSON(v []byte) []byte {
	switch {
	case len(v) == 0 || v[0] == 'n':
		return nil
	case v[0] == '"':
		return unquote(v)
	}
	return v
}

// settled puts a value of DuckDB into the form of S3 Select.
func settled(v []byte, k outKind) []byte {
	switch k {
	case oNumber:
		if i := bytes.IndexByte(v, '.'); i >= 0 && bytes.IndexByte(v, 'e') < 0 {
			v = bytes.TrimRight(v, "0")
			if v[len(v)-1] == '.' {
				v = v[:len(v)-1]
			}
		}
	case oTime:
		if i := bytes.IndexByte(v, ' '); i >= 0 {
			out := append(append(append([]byte{}, v[:i]...), 'T'), v[i+1:]...)
			return append(out, 'Z')
		}
	}
	return v
}

// field writes a field of CSV.
func (e *encoder) field(b []byte) {
	if !e.out.Always && !bytes.ContainsAny(b, e.special) {
		e.buf = append(e.buf, b...)
		return
	}
	e.buf = append(e.buf, e.out.Quote...)
	for len(b) > 0 {
		if bytes.HasPrefix(b, []byte(e.out.Quote)) || bytes.HasPrefix(b, []byte(e.out.Escape)) {
			e.buf = append(e.buf, e.out.Escape...)
		}
		_, n := utf8.DecodeRune(b)
		e.buf = append(e.buf, b[:n]...)
		b = b[n:]
	}
	e.buf = append(e.buf, e.out.Quote...)
}

func (e *encoder) jsonRow(vals [][]byte) {
	if len(vals) == 1 && e.kinds[0] == oRecord {
		switch v := vals[0]; {
		case v == nil:
			e.buf = append(e.buf, "{}"...)
		case e.csv:
			e.csvRecord(v)
		case len(v) > 0 && v[0] == '{':
			e.buf = append(e.buf, v...)
		default:
			e.buf = append(append(append(e.buf, `{"_1":`...), v...), '}')
		}
		return
	}
	e.buf = append(e.buf, '{')
	first := true
	for i, v := range vals {
		if v == nil && (e.kinds[i] == oJSON || e.kinds[i] == oRecord || e.cols[i].missing) {
			continue // is not there in the record
		}
		if !first {
			e.buf = append(e.buf, ',')
		}
		first = false
		e.buf = append(e.buf, e.keys[i]...)
		e.buf = e.json(v, e.kinds[i])
	}
	e.buf = append(e.buf, '}')
}

// json writes one value.
func (e *encoder) json(v []byte, k outKind) []byte {
	switch {
	case v == nil:
		return append(e.buf, "null"...)
	case k == oRecord && e.csv:
		e.csvRecord(v)
		return e.buf
	case k == oJSON, k == oRecord, k == oBool:
		return append(e.buf, v...)
	case k == oNumber && (v[len(v)-1] >= '0' && v[len(v)-1] <= '9'): // not inf or nan
		return append(e.buf, settled(v, k)...)
	}
	return appendJSON(e.buf, settled(v, k))
}

// csvRecord writes a whole CSV record as a JSON object.
func (e *encoder) csvRecord(v []byte) {
	e.buf = append(e.buf, '{')
	for i := 0; len(v) > 0; i++ {
		var f []byte
		f, v = nextField(v)
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		if i == len(e.names) {
			name := "_" + strconv.Itoa(i+1)
			if i < len(e.header) {
				name = e.header[i]
			}
			e.names = append(e.names, append(appendJSON(nil, []byte(name)), ':'))
		}
		e.buf = append(e.buf, e.names[i]...)
		e.buf = appendJSON(e.buf, f)
	}
	e.buf = append(e.buf, '}')
}

// appendJSON writes a JSON string.
func appendJSON(b, s []byte) []byte {
	plain := true
	for _, c := range s {
		if c < 0x20 || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain && utf8.Valid(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	return append(b, jsondoc.MustEncode(string(s))...)
}

package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"myfsio/fault"
	"myfsio/query"
)

// jsonSource reads JSON: lines, or a document.
type jsonSource struct {
	catalog
	document bool
	comp     query.Compression
	o        *object
	from     []step // see lexed
	start    int64
	end      int64
	seen     map[string]*column
	keys     []string // of the first record, for *
}

func newJSON(q *query.Query, o *object) (*jsonSource, error) {
	s := &jsonSource{document: q.In.Document, comp: q.In.Compression, o: o, seen: map[string]*column{}}
	s.start, s.end = window(q.Scan, o.size)
	return s, nil
}

// column finds a column by its path.
func (s *jsonSource) column(path []step, raw bool) (*column, error) {
	var id strings.Builder
	for _, p := range path {
		if p.name != "" {
			id.WriteString("." + strconv.Quote(p.name))
		} else {
			id.WriteString("[" + strconv.Itoa(p.index) + "]")
		}
	}
	c := column{path: path, name: "_1"}
	if n := len(path); n > 0 && path[n-1].name != "" {
		c.name = path[n-1].name
	}
	// FROM s3object[*].a.b calls the records b.
	own := len(s.from) > 0 && len(path) > 0 && path[0].name != "" && strings.EqualFold(path[0].name, s.from[len(s.from)-1].name)
	if own {
		c.path = path[1:]
	}
	switch {
	case raw && len(path) == 0:
		c.form = fRecord
	case raw:
		c.form = fJSON
	}
	key := id.String() + " " + strconv.Itoa(int(c.form))
	if old := s.seen[key]; old != nil {
		return old, nil
	}
	added, err := s.add(c)
	s.seen[key] = added
	return added, err
}

// expand returns the members of the first record.
func (s *jsonSource) expand() ([]*column, error) {
	if s.keys == nil {
		s.keys = []string{}
		err := s.each(s.sample(), func(rec []byte) error {
			if len(rec) > 0 && rec[0] == '{' {
				each(rec, func(key, _ []byte) bool {
					s.keys = append(s.keys, string(unquote(key)))
					return true
				})
			}
			return errEnough
		})
		if err != nil && err != errEnough {
			return nil, err
		}
	}
	var out []*column
	for _, k := range s.keys {
		c, err := s.column([]step{{name: k}}, false)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, query.Errorf("ParseAsteriskIsNotAloneInSelectList", "Other expressions are not allowed in the SELECT list when * is used without an object before it.")
	}
	return out, nil
}

// errEnough ends a reading early.
var errEnough = errors.New("enough")

// sampleBytes is how much is read to find types.
const sampleBytes = 8 << 20

// sample is the object for a look at its first records, which does not count.
func (s *jsonSource) sample() *object {
	return &object{at: s.o.at, size: s.o.size, stats: new(counts)}
}

// types looks at the first records: a column of whole numbers, of numbers, of truth values; all else is text.
func (s *jsonSource) types() error {
	typed := make([]*column, 0, len(s.list))
	for _, c := range s.list {
		if c.form == fValue {
			typed = append(typed, c)
		}
	}
	if len(typed) == 0 {
		return nil
	}
	found := make([]columnType, len(typed))
	known := make([]bool, len(typed))
	total := 0
	err := s.each(s.sample(), func(rec []byte) error {
		for i, c := range typed {
			v := follow(rec, c.path)
			if v == nil || v[0] == 'n' {
				continue
			}
			t := typeOf(v)
			if known[i] {
				t = both(found[i], t)
			}
			found[i], known[i] = t, true
		}
		if total += len(rec); total > sampleBytes {
			return errEnough
		}
		return nil
	})
	for i, c := range typed {
		c.typ = found[i] // text for one that was never seen
	}
	var told *fault.Error
	if err == errEnough || errors.As(err, &told) {
		return nil // what is wrong is told when the records are read
	}
	return err
}

func typeOf(v []byte) columnType {
	switch c := v[0]; {
	case c == 't' || c == 'f':
		return truth
	case c == '-' || c >= '0' && c <= '9':
		if _, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return number
		}
		return float
	}
	return text
}

// both is the type that has room for values of two.
func both(a, b columnType) columnType {
	switch {
	case a == b:
		return a
	case (a == number || a == float) && (b == number || b == float):
		return float
	}
	return text
}

// each calls f with every record of o.
func (s *jsonSource) each(o *object, f func(rec []byte) error) error {
	from := s.start
	if from > 0 {
		from--
	}
	r, err := o.open(s.comp, from)
	if err != nil {
		return err
	}
	j := &jsonReader{r: bufio.NewReaderSize(r, 256<<10), limit: query.MaxRecord, pos: from}
	if b, _ := j.r.Peek(3); from == 0 && string(b) == "\uFEFF" {
		j.r.Discard(3)
		j.pos += 3
	}
	if s.start > 0 {
		for {
			piece, err := j.r.ReadSlice('\n')
			j.pos += int64(len(piece))
			if err == bufio.ErrBufferFull {
				continue
			}
			if err != nil {
				return endOf(err)
			}
			break
		}
	}
	if s.document {
		return s.documents(j, f)
	}
	for {
		if _, err := j.peek(); err != nil {
			return endOf(err)
		}
		if s.comp == query.Plain && j.pos >= s.end {
			return nil
		}
		v, err := j.value()
		if err != nil {
			return endOf(err)
		}
		if err := s.records(v, s.from, f); err != nil {
			return err
		}
	}
}

// documents reads a document. Of an array at its top every element is a record.
func (s *jsonSource) documents(j *jsonReader, f func(rec []byte) error) error {
	for {
		c, err := j.peek()
		if err != nil {
			return endOf(err)
		}
		if c != '[' {
			j.limit = maxDocument
			v, err := j.value()
			if err != nil {
				return endOf(err)
			}
			if err := s.records(v, s.from, f); err != nil {
				return err
			}
			continue
		}
		if err := s.array(j, f); err != nil {
			return err
		}
	}
}

// array reads the elements of an array one by one.
func (s *jsonSource) array(j *jsonReader, f func(rec []byte) error) error {
	from := s.from
	if len(from) > 0 && from[0].all {
		from = from[1:]
	}
	j.r.ReadByte()
	j.pos++
	for i := 0; ; i++ {
		c, err := j.peek()
		if err == nil && c == ']' {
			j.r.ReadByte()
			j.pos++
			return nil
		}
		if err == nil && i > 0 {
			if c != ',' {
				return j.bad()
			}
			j.r.ReadByte()
			j.pos++
		}
		if err == nil {
			var v []byte
			if v, err = j.value(); err == nil {
				err = s.records(v, from, f)
			}
		}
		if err == io.EOF {
			return j.bad()
		}
		if err != nil {
			return err
		}
	}
}

// records calls f with what path leads to from v.
func (s *jsonSource) records(v []byte, path []step, f func(rec []byte) error) error {
	for i, p := range path {
		if !p.all {
			if v = follow(v, path[i:i+1]); v == nil {
				return f(nil) // a record without anything in it
			}
			continue
		}
		if v[0] != '[' {
			continue // [*] of one value is that value
		}
		var err error
		each(v, func(_, val []byte) bool {
			err = s.records(val, path[i+1:], f)
			return err == nil
		})
		return err
	}
	if len(v) > query.MaxRecord {
		return errRecord()
	}
	return f(v)
}

func (s *jsonSource) rows(emit func(*batch) error) error {
	b := newBatch(s.list)
	n := int64(0)
	err := s.each(s.o, func(rec []byte) error {
		n++
		for i, c := range s.list {
			if err := putJSON(&b.cols[i], c, follow(rec, c.path)); err != nil {
				return query.Errorf("ValueParseFailure", "Record %d: %s is %s, while the first records of the object have another type there.", n, c.name, err)
			}
		}
		b.n++
		if !b.full() {
			return nil
		}
		done := b
		b = newBatch(s.list)
		return emit(done)
	})
	if err == nil && b.n > 0 {
		err = emit(b)
	}
	return err
}

// putJSON adds a value. Its error is a word for what the value is.
func putJSON(v *values, c *column, raw []byte) error {
	if raw == nil || c.form == fValue && raw[0] == 'n' {
		v.null()
		return nil
	}
	switch {
	case c.form != fValue:
		v.text(compact(raw))
	case c.typ == text && raw[0] == '"':
		v.text(unquote(raw))
	case c.typ == text:
		v.text(compact(raw))
	case c.typ == truth && (raw[0] == 't' || raw[0] == 'f'):
		v.truth(raw[0] == 't')
	case c.typ == number && typeOf(raw) == number:
		n, _ := strconv.ParseInt(string(raw), 10, 64)
		v.num(n)
	case c.typ == float && (typeOf(raw) == number || typeOf(raw) == float):
		f, _ := strconv.ParseFloat(string(raw), 64)
		v.real(f)
	default:
		return errors.New(map[columnType]string{text: "text or an object", number: "a whole number", float: "a number", truth: "true or false"}[typeOf(raw)])
	}
	return nil
}

// compact takes white space out of nested JSON where there may be any.
func compact(raw []byte) []byte {
	if raw[0] != '{' && raw[0] != '[' || bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	var b bytes.Buffer
	json.Compact(&b, raw) // is valid
	return b.Bytes()
}

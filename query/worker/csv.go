package worker

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"myfsio/query"
)

// csvSource reads CSV. Every value is text.
type csvSource struct {
	catalog
	in    query.CSVInput
	comp  query.Compression
	o     *object
	rd    *csvReader
	names []string // of the header
	first [][]byte // the fields of the first record, when there is no header
	any   bool     // there is a first record
	start int64
	end   int64
	whole *column
	by    map[int]*column
}

// newCSV opens the object and reads its first record.
func newCSV(q *query.Query, o *object) (*csvSource, error) {
	s := &csvSource{in: q.In.CSV, comp: q.In.Compression, o: o, by: map[int]*column{}}
	s.start, s.end = window(q.Scan, o.size)
	r, err := o.open(s.comp, 0)
	if err != nil {
		return nil, err
	}
	s.rd = newCSVReader(r, &s.in)
	if err := s.rd.skipMark(); err != nil {
		return nil, err
	}
	ok, err := s.rd.next()
	if err != nil {
		return nil, err
	}
	switch {
	case !ok:
	case s.in.Header == query.UseHeader:
		for _, f := range s.rd.fields {
			s.names = append(s.names, string(f))
		}
	case s.in.Header == query.NoHeader:
		s.any = true
	}
	for _, f := range s.rd.fields {
		s.first = append(s.first, bytes.Clone(f))
	}
	return s, s.seek()
}

// seek goes to the first record of a scan range.
func (s *csvSource) seek() error {
	if s.start <= 0 {
		return nil
	}
	s.any = false
	d := int64(len(s.in.Record))
	from := max(0, s.start-d)
	r, err := s.o.open(s.comp, from)
	if err != nil {
		return err
	}
	s.rd = newCSVReader(r, &s.in)
	s.rd.pos = from
	return s.rd.skipRecord()
}

// column finds a column by name, or by its place as _1. A name in the header counts more than a place.
func (s *csvSource) column(path []step, raw bool) (*column, error) {
	if len(path) == 0 {
		if !raw {
			return nil, nil
		}
		if s.whole == nil {
			c, err := s.add(column{name: "_1", form: fRecord})
			s.whole = c
			return c, err
		}
		return s.whole, nil
	}
	if len(path) > 1 || path[0].name == "" {
		return nil, query.Errorf("InvalidTableAlias", "The SQL expression contains an unknown table alias, or a path, which CSV has none of: %s", path[0].name)
	}
	i, err := s.find(path[0].name)
	if err != nil {
		return nil, err
	}
	if c := s.by[i]; c != nil {
		return c, nil
	}
	name := "_" + strconv.Itoa(i+1)
	if i < len(s.names) {
		name = s.names[i]
	}
	c, err := s.add(column{name: name, field: i})
	s.by[i] = c
	return c, err
}

// find returns the place of a column.
func (s *csvSource) find(name string) (int, error) {
	found := -1
	for i, n := range s.names {
		if n == name {
			return i, nil
		}
		if strings.EqualFold(n, name) {
			if found >= 0 {
				return 0, query.Errorf("AmbiguousFieldName", "The field name matches to multiple fields in the file: %s", name)
			}
			found = i
		}
	}
	if found >= 0 {
		return found, nil
	}
	if num, ok := strings.CutPrefix(name, "_"); ok {
		if i, err := strconv.Atoi(num); err == nil && i >= 1 && i <= maxFields {
			return i - 1, nil
		}
		return 0, query.Errorf("InvalidColumnIndex", "The column index in the SQL expression is not valid: %s", name)
	}
	if s.in.Header != query.UseHeader {
		return 0, query.Errorf("InvalidColumnIndex", "The column %s is not known: without a header that is used, columns are _1, _2 and so on.", name)
	}
	return 0, query.Errorf("MissingHeaders", "Some headers in the query are missing from the file. Check the file and try again: %s", name)
}

// maxFields bounds the fields of a record.
const maxFields = 1 << 16

func (s *csvSource) expand() ([]*column, error) {
	n := len(s.first)
	if n == 0 {
		n = 1
	}
	var out []*column
	for i := range n {
		c := s.by[i]
		if c == nil {
			name := "_" + strconv.Itoa(i+1)
			if i < len(s.names) {
				name = s.names[i]
			}
			var err error
			if c, err = s.add(column{name: name, field: i}); err != nil {
				return nil, err
			}
			s.by[i] = c
		}
		out = append(out, c)
	}
	return out, nil
}

func (s *csvSource) types() error { return nil }

// header gives the names of the fields of whole records.
func (s *csvSource) header() []string { return s.names }

func (s *csvSource) rows(emit func(*batch) error) error {
	b := newBatch(s.list)
	for first := s.any; ; first = false {
		fields := s.rd.fields
		if !first {
			ok, err := s.rd.next()
			if err != nil {
				return err
			}
			if !ok || s.rd.began >= s.end && s.comp == query.Plain {
				break
			}
			fields = s.rd.fields
		}
		s.put(b, fields)
		if b.full() {
			if err := emit(b); err != nil {
				return err
			}
			b = newBatch(s.list)
		}
	}
	if b.n > 0 {
		return emit(b)
	}
	return nil
}

// put adds a record to a batch.
func (s *csvSource) put(b *batch, fields [][]byte) {
	for i, c := range s.list {
		v := &b.cols[i]
		switch {
		case c.form == fRecord:
			v.valid = append(v.valid, true)
			start := len(v.data)
			for _, f := range fields {
				v.data = appendField(v.data, f)
			}
			v.start, v.size = append(v.start, uint32(start)), append(v.size, uint32(len(v.data)-start))
		case c.field < len(fields):
			v.text(fields[c.field])
		default:
			v.null()
		}
	}
	b.n++
}

// csvReader cuts text into records and fields. Fields may begin with a quote; inside quotes the escape character takes the
// next quote or escape for what it is.
type csvReader struct {
	r      *bufio.Reader
	record []byte // delimiter of records
	field  []byte
	quote  []byte
	escape []byte
	note   []byte // that begins a comment
	multi  bool   // quotes may hold a delimiter of records
	auto   bool   // \r\n ends a record as well
	pos    int64  // of the next byte
	began  int64  // the place of the record
	line   []byte
	fields [][]byte
	ends   []int // of the fields, in text
	text   []byte
	count  int64 // records so far
}

func newCSVReader(r io.Reader, in *query.CSVInput) *csvReader {
	return &csvReader{r: bufio.NewReaderSize(r, 256<<10), record: []byte(in.Record), field: []byte(in.Field), quote: []byte(in.Quote),
		escape: []byte(in.Escape), note: []byte(in.Comment), multi: in.QuotedRecords, auto: in.Record == "\n"}
}

// skipMark skips a byte order mark.
func (c *csvReader) skipMark() error {
	if b, _ := c.r.Peek(3); string(b) == "\uFEFF" {
		c.r.Discard(3)
		c.pos += 3
	}
	return nil
}

// skipRecord leaves the rest of a record.
func (c *csvReader) skipRecord() error {
	_, err := c.readLine(c.line[:0])
	if err == io.EOF {
		return nil
	}
	return err
}

// readLine adds the bytes up to the next delimiter of records, and that, to line.
func (c *csvReader) readLine(line []byte) ([]byte, error) {
	last := c.record[len(c.record)-1]
	for {
		piece, err := c.r.ReadSlice(last)
		line = append(line, piece...)
		c.pos += int64(len(piece))
		if len(line) > query.MaxRecord+len(c.record) {
			return line, errRecord()
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil:
			return line, err
		case bytes.HasSuffix(line, c.record):
			return line, nil
		}
	}
}

func errRecord() error {
	return query.Errorf("OverMaxRecordSize", "The character number in one record is more than our max threshold, maxCharsPerRecord: %d", query.MaxRecord)
}

// next reads a record into fields, which are valid until the next call. Empty lines and comments are no records.
func (c *csvReader) next() (bool, error) {
	for {
		c.began = c.pos
		line, err := c.readLine(c.line[:0])
		c.line = line
		if err != nil && err != io.EOF || len(line) == 0 {
			return false, endOf(err)
		}
		whole := err == nil
		body := c.strip(line, whole)
		if len(body) == 0 || len(c.note) > 0 && bytes.HasPrefix(body, c.note) {
			if !whole {
				return false, nil
			}
			continue
		}
		c.count++
		if !utf8.Valid(body) {
			return false, query.Errorf("InvalidTextEncoding", "Invalid encoding type. The file must be in UTF-8: record %d is not.", c.count)
		}
		if bytes.IndexByte(body, c.quote[0]) < 0 || !bytes.Contains(body, c.quote) {
			return true, c.plain(body)
		}
		return true, c.quoted(body, whole)
	}
}

func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// strip takes the delimiter off.
func (c *csvReader) strip(line []byte, whole bool) []byte {
	if whole {
		line = line[:len(line)-len(c.record)]
	}
	if c.auto && len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	return line
}

// plain splits a record without quotes.
func (c *csvReader) plain(body []byte) error {
	c.fields = c.fields[:0]
	for {
		i := bytes.Index(body, c.field)
		if i < 0 {
			c.fields = append(c.fields, body)
			break
		}
		c.fields = append(c.fields, body[:i])
		body = body[i+len(c.field):]
	}
	return c.bounded()
}

func (c *csvReader) bounded() error {
	if len(c.fields) > maxFields {
		return query.Errorf("OverMaxColumn", "The number of columns in the record is more than %d.", maxFields)
	}
	return nil
}

// quoted splits a record with quotes, and reads on when one goes over the end of the line.
func (c *csvReader) quoted(body []byte, whole bool) error {
	c.text, c.ends = c.text[:0], c.ends[:0]
	for i := 0; ; {
		if bytes.HasPrefix(body[i:], c.quote) {
			var closed bool
			for i, closed = c.inside(body, i+len(c.quote)); !closed; i, closed = c.inside(body, i) {
				if !c.multi || !whole {
					return query.Errorf("CSVUnescapedQuote", "There is an unescaped quote while parsing the CSV file. Check the file and try again: record %d.", c.count)
				}
				var err error
				if body, whole, err = c.goOn(); err != nil {
					return err
				}
			}
		}
		// What stands between a closing quote and the delimiter belongs to the field as it is.
		n := bytes.Index(body[i:], c.field)
		if n < 0 {
			c.text = append(c.text, body[i:]...)
			c.ends = append(c.ends, len(c.text))
			break
		}
		c.text = append(c.text, body[i:i+n]...)
		c.ends = append(c.ends, len(c.text))
		i += n + len(c.field)
	}
	c.fields = c.fields[:0]
	from := 0
	for _, end := range c.ends {
		c.fields = append(c.fields, c.text[from:end])
		from = end
	}
	return c.bounded()
}

// goOn adds the next line to the record.
func (c *csvReader) goOn() (body []byte, whole bool, err error) {
	start := len(c.line)
	line, err := c.readLine(c.line)
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	if !utf8.Valid(line[start:]) {
		return nil, false, query.Errorf("InvalidTextEncoding", "Invalid encoding type. The file must be in UTF-8: record %d is not.", c.count)
	}
	c.line, whole = line, err == nil
	return c.strip(line, whole), whole, nil
}

// inside adds to text what stands in quotes from i on, and returns where it stopped: behind the closing quote, or at the end of b.
func (c *csvReader) inside(b []byte, i int) (int, bool) {
	same := bytes.Equal(c.quote, c.escape)
	for i < len(b) {
		rest := b[i:]
		after := rest[min(len(rest), len(c.escape)):]
		switch {
		case !same && bytes.HasPrefix(rest, c.escape) && (bytes.HasPrefix(after, c.quote) || bytes.HasPrefix(after, c.escape)):
			_, n := utf8.DecodeRune(after)
			c.text = append(c.text, after[:n]...)
			i += len(c.escape) + n
		case !bytes.HasPrefix(rest, c.quote):
			c.text = append(c.text, b[i])
			i++
		case same && bytes.HasPrefix(rest[len(c.quote):], c.quote):
			c.text = append(c.text, c.quote...)
			i += 2 * len(c.quote)
		default:
			return i + len(c.quote), true
		}
	}
	return i, false
}

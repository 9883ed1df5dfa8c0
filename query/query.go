package query

import (
	"time"
	"unicode/utf8"

	"myfsio/fault"
)

// Bounds of S3 Select.
const (
	MaxExpression = 256 << 10 // bytes of the SQL
	MaxRecord     = 1 << 20   // bytes of one record of the input or the result
)

// Format is how records are written.
type Format uint8

// The formats.
const (
	CSV Format = iota
	JSON
	Parquet // input only
)

// Compression is how the whole object is compressed.
type Compression uint8

// The compressions.
const (
	Plain Compression = iota
	Gzip
	Bzip2
)

// Header is what the first record of a CSV object is.
type Header uint8

// What the first record is.
const (
	NoHeader     Header = iota // a record like others
	IgnoreHeader               // skipped
	UseHeader                  // the names of the columns
)

// Query is one SQL query over one object. It is sent to the worker as it is.
type Query struct {
	Expression string
	In         Input
	Out        Output
	Scan       *Scan     `json:",omitempty"` // nil: the whole object
	Now        time.Time // what UTCNOW() answers
	Size       int64     // of the object in bytes; set by Start
	Limits     Limits    // set by Start
}

// Input says how to read the object.
type Input struct {
	Format      Format
	Compression Compression
	CSV         CSVInput
	Document    bool // JSON: the object is one document, not a sequence of records
	// QuotedText takes a literal '"text"' for the JSON string "text", as the first version of MyFSIO did.
	QuotedText bool
}

// CSVInput are the delimiters of a CSV object. An empty string stands for the default, except Comment: "" is none.
type CSVInput struct {
	Header        Header
	Field         string // default ,
	Record        string // default \n, and then \r\n as well
	Quote         string // default "
	Escape        string // default "
	Comment       string
	QuotedRecords bool // a record delimiter in quotes belongs to the field
}

// Output says how to write results.
type Output struct {
	Format Format // CSV or JSON
	Record string // default \n
	Field  string // default ,
	Quote  string // default "
	Escape string // default the quote
	Always bool   // quote every field
}

// Scan is a range of the object in bytes: records that begin in it are processed. -1 stands for no bound;
// only a bound End means the last End bytes.
type Scan struct{ Start, End int64 }

// Limits are what one worker may use.
type Limits struct {
	Memory int64 // bytes that DuckDB may hold; the process gets a fixed amount more
	CPU    int   // seconds of processor time
}

// Stats count bytes so far.
type Stats struct{ Scanned, Processed, Returned int64 }

// Errorf returns the error of a client with a code of S3 Select.
func Errorf(code, format string, args ...any) *fault.Error {
	e := fault.New(fault.InvalidRequest, format, args...)
	e.Code = code
	return e
}

// Complete fills in the defaults and checks what can be checked without the object.
func (q *Query) Complete() error {
	switch {
	case q.Expression == "":
		return Errorf("MissingRequiredParameter", "The SelectRequest entity is missing a required parameter: Expression.")
	case len(q.Expression) > MaxExpression:
		return Errorf("ExpressionTooLong", "The SQL expression is too long: the maximum byte-length is %d.", MaxExpression)
	case !utf8.ValidString(q.Expression):
		return Errorf("InvalidTextEncoding", "The SQL expression is not UTF-8.")
	}
	if err := q.In.complete(); err != nil {
		return err
	}
	if err := q.Out.complete(); err != nil {
		return err
	}
	return q.checkScan()
}

func (q *Query) checkScan() error {
	s, in := q.Scan, &q.In
	switch {
	case s == nil:
		return nil
	case in.Format == Parquet || in.Compression != Plain || in.Format == JSON && in.Document:
		return Errorf("UnsupportedScanRangeInput", "A scan range is for uncompressed CSV and JSON lines only.")
	case in.Format == CSV && in.CSV.QuotedRecords:
		return Errorf("UnsupportedScanRangeInput", "A scan range cannot be used with AllowQuotedRecordDelimiter.")
	case s.Start < 0 && s.End < 0, s.Start >= 0 && s.End >= 0 && s.Start > s.End:
		return Errorf("InvalidScanRange", "The scan range is not valid: give Start, End or both, with Start not behind End.")
	}
	return nil
}

func (in *Input) complete() error {
	if in.Format == Parquet && in.Compression != Plain {
		return Errorf("InvalidCompressionFormat", "A Parquet object is compressed inside: CompressionType must be NONE.")
	}
	if in.Format != CSV {
		return nil
	}
	c := &in.CSV
	fill(&c.Field, ",")
	fill(&c.Record, "\n")
	fill(&c.Quote, `"`)
	fill(&c.Escape, c.Quote)
	for _, d := range []struct {
		name, value string
		max         int
	}{{"FieldDelimiter", c.Field, 1}, {"RecordDelimiter", c.Record, 2}, {"QuoteCharacter", c.Quote, 1},
		{"QuoteEscapeCharacter", c.Escape, 1}, {"Comments", c.Comment, 1}} {
		if err := checkDelimiter(d.name, d.value, d.max); err != nil {
			return err
		}
	}
	if c.Field == c.Record || c.Field == c.Quote || c.Record == c.Quote {
		return Errorf("InvalidRequestParameter", "FieldDelimiter, RecordDelimiter and QuoteCharacter must differ.")
	}
	return nil
}

// checkDelimiter takes up to most characters. They may be outside ASCII.
func checkDelimiter(name, value string, most int) error {
	if !utf8.ValidString(value) || utf8.RuneCountInString(value) > most {
		return Errorf("InvalidRequestParameter", "The value of a parameter in the SelectRequest element is not valid: %s has at most %d characters.", name, most)
	}
	return nil
}

func (o *Output) complete() error {
	if o.Format == Parquet {
		return Errorf("InvalidRequestParameter", "Results are written as CSV or JSON.")
	}
	fill(&o.Record, "\n")
	fill(&o.Field, ",")
	fill(&o.Quote, `"`)
	fill(&o.Escape, o.Quote)
	for _, d := range []struct {
		name, value string
		max         int
	}{{"RecordDelimiter", o.Record, 2}, {"FieldDelimiter", o.Field, 1}, {"QuoteCharacter", o.Quote, 1}, {"QuoteEscapeCharacter", o.Escape, 1}} {
		if err := checkDelimiter(d.name, d.value, d.max); err != nil {
			return err
		}
	}
	return nil
}

func fill(s *string, def string) {
	if *s == "" {
		*s = def
	}
}

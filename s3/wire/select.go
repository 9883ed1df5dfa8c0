package wire

import (
	"strconv"
	"strings"
)

// Select is the body of SelectObjectContent, in XML and JSON. Values are as the client wrote them.
type Select struct {
	Expression      string
	ExpressionType  string
	RequestProgress struct{ Enabled bool }
	Input           SelectInput  `json:"InputSerialization"`
	Output          SelectOutput `json:"OutputSerialization"`
	ScanRange       *SelectRange
}

// SelectRange is a ScanRange. A bound that is nil was not given.
type SelectRange struct{ Start, End *int64 }

// SelectInput is an InputSerialization. Exactly one of CSV, JSON and Parquet should be there.
type SelectInput struct {
	CompressionType string
	CSV             *SelectCSVInput
	JSON            *SelectJSONInput
	Parquet         *struct{}
}

// SelectCSVInput says how to read CSV.
type SelectCSVInput struct {
	FileHeaderInfo             string
	Comments                   string
	QuoteEscapeCharacter       string
	RecordDelimiter            string
	FieldDelimiter             string
	QuoteCharacter             string
	AllowQuotedRecordDelimiter *bool // nil: not given
}

// SelectJSONInput says how to read JSON.
type SelectJSONInput struct{ Type string }

// SelectOutput is an OutputSerialization. One of CSV and JSON should be there.
type SelectOutput struct {
	CSV  *SelectCSVOutput
	JSON *SelectJSONOutput
}

// SelectCSVOutput says how to write CSV.
type SelectCSVOutput struct {
	QuoteFields          string
	QuoteEscapeCharacter string
	RecordDelimiter      string
	FieldDelimiter       string
	QuoteCharacter       string
}

// SelectJSONOutput says how to write JSON.
type SelectJSONOutput struct{ RecordDelimiter string }

// ParseSelectJSON reads the body in JSON.
func ParseSelectJSON(body []byte) (s Select, err error) {
	return s, DecodeJSON(body, &s)
}

// ParseSelectXML reads the body in XML. Delimiters are not trimmed: they may be white space.
func ParseSelectXML(body []byte) (Select, error) {
	root, err := parseRoot(body, "SelectObjectContentRequest", "SelectRequest")
	if err != nil {
		return Select{}, err
	}
	s := Select{ExpressionType: root.Value("ExpressionType")}
	if e := root.Child("Expression"); e != nil {
		s.Expression = e.Text
	}
	ok := true
	if e := root.Child("RequestProgress"); e != nil {
		s.RequestProgress.Enabled = boolean(e.Value("Enabled"), &ok)
	}
	if e := root.Child("ScanRange"); e != nil {
		s.ScanRange = &SelectRange{Start: whole(e, "Start", &ok), End: whole(e, "End", &ok)}
	}
	if e := root.Child("InputSerialization"); e != nil {
		s.Input = selectInput(e, &ok)
	}
	if e := root.Child("OutputSerialization"); e != nil {
		s.Output = selectOutput(e)
	}
	if !ok {
		return Select{}, ErrMalformedXML()
	}
	return s, nil
}

func selectInput(e *Element, ok *bool) SelectInput {
	in := SelectInput{CompressionType: e.Value("CompressionType")}
	if c := e.Child("CSV"); c != nil {
		in.CSV = &SelectCSVInput{
			FileHeaderInfo: c.Value("FileHeaderInfo"), Comments: c.raw("Comments"), QuoteEscapeCharacter: c.raw("QuoteEscapeCharacter"),
			RecordDelimiter: c.raw("RecordDelimiter"), FieldDelimiter: c.raw("FieldDelimiter"), QuoteCharacter: c.raw("QuoteCharacter"),
		}
		if c.Child("AllowQuotedRecordDelimiter") != nil {
			b := boolean(c.Value("AllowQuotedRecordDelimiter"), ok)
			in.CSV.AllowQuotedRecordDelimiter = &b
		}
	}
	if j := e.Child("JSON"); j != nil {
		in.JSON = &SelectJSONInput{Type: j.Value("Type")}
	}
	if e.Child("Parquet") != nil {
		in.Parquet = &struct{}{}
	}
	return in
}

func selectOutput(e *Element) (out SelectOutput) {
	if c := e.Child("CSV"); c != nil {
		out.CSV = &SelectCSVOutput{
			QuoteFields: c.Value("QuoteFields"), QuoteEscapeCharacter: c.raw("QuoteEscapeCharacter"),
			RecordDelimiter: c.raw("RecordDelimiter"), FieldDelimiter: c.raw("FieldDelimiter"), QuoteCharacter: c.raw("QuoteCharacter"),
		}
	}
	if j := e.Child("JSON"); j != nil {
		out.JSON = &SelectJSONOutput{RecordDelimiter: j.raw("RecordDelimiter")}
	}
	return out
}

// raw returns the text of the first child of that name as it stands.
func (e *Element) raw(name string) string {
	if c := e.Child(name); c != nil {
		return c.Text
	}
	return ""
}

// boolean reads a truth value; an empty one is false.
func boolean(s string, ok *bool) bool {
	switch strings.ToLower(s) {
	case "true":
		return true
	case "false", "":
	default:
		*ok = false
	}
	return false
}

// whole reads a number that may be absent.
func whole(e *Element, name string, ok *bool) *int64 {
	v := e.Value(name)
	if v == "" {
		return nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	*ok = *ok && err == nil
	return &n
}
